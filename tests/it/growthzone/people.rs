//! Every row of the cast under one mapping: member or not, status, type and roles.

use std::collections::BTreeMap;
use std::sync::Arc;

use membergate::adapters::ams::growthzone::ContactStanding;
use membergate::adapters::ams::reading::{AmsReading as _, RosterAnswer, RosterCursor, RosterScope};
use membergate::adapters::rules_file;
use membergate::domain::directory::overlay::with_rosters;
use membergate::domain::directory::roster::{Roster, RosterReading};
use membergate::domain::directory::roster_name::RosterName;
use membergate::domain::rule::{Role, Rules};
use membergate::domain::standing::MembershipStanding;
use membergate::domain::{roles, time::Timestamp};

use super::*;

const RULES: &str = r#"
time_zone = "America/New_York"
member = "member"
non_member = "non_member"
rule = [
  { role = "active", when = [{ membership_status = "active" }] },
  { role = "lapsed", when = [{ membership_status = "lapsed" }] },
  { role = "pending", when = [{ membership_status = "pending" }] },
  { role = "never", when = [{ membership_status = "never" }] },
  { role = "business", when = [{ membership_type = "Business" }] },
  { role = "gold", when = [{ membership_type = "Gold" }] },
  { role = "regular", when = [{ membership_type = "Regular" }] },
  { role = "chair", when = [{ committee = "Safety Committee", positions = ["Chair"] }] },
  { role = "safety", when = [{ committee = "31" }] },
  { role = "board", when = [{ group = "Board" }] },
  { role = "safety_list", when = [{ group = "Safety Committee" }] },
  { role = "news", when = [{ group = "Newsletter" }] },
  { role = "off_board", when = [{ not = { group = "Board" } }] },
  { role = "west", when = [{ custom_field = "Region", value = "West" }] },
  { role = "of_acme", when = [{ relationship = "Staff", organization = "1000042" }] },
  { role = "owner", when = [{ relationship = "Primary" }] },
  { role = "attendee", when = [{ event = "501" }] },
  { role = "planner", when = [{ certification = "Certified Planner" }] },
  { role = "master", when = [{ certification = "Master Planner" }] },
]
"#;

/// The last digits of the ContactId, who it is, and what is decided.
const TABLE: &[(&str, &str)] = &[
    (
        "001 Dana, own membership, chair, was on the board",
        "member: active chair off_board regular safety safety_list west",
    ),
    ("002 Marek, active through Acme", "member: active business gold of_acme off_board"),
    ("003 Greta, of two organizations, one dropped", "member: active business gold of_acme off_board owner"),
    ("004 Ravi, of a dropped organization", "non_member: never off_board"),
    ("005 Emil, dropped", "non_member: lapsed off_board"),
    ("006 Gus, expired, in grace: the word says active", "member: active off_board regular"),
    ("007 Otto, expired long ago, only staff end it", "member: active off_board regular"),
    ("008 Una, waits for approval", "non_member: off_board pending"),
    ("009 Bram, suspended", "non_member: lapsed off_board"),
    ("010 Cora, courtesy", "non_member: off_board"),
    ("011 Nils, no member, has put himself on a list", "non_member: never off_board"),
    ("012 Wren, a word that nobody knows", "non_member: off_board"),
    ("013 Pia, shares her address", "member: active off_board regular"),
    ("014 Per, shares it", "non_member: never off_board"),
    (
        "015 Noor, certified, attends, one membership dropped and one not",
        "member: active attendee off_board planner regular",
    ),
    ("016 Karim, has cancelled", "non_member: never off_board"),
    ("017 Ada, staff of the association", "non_member: never off_board"),
    ("018 Zoë, letters from everywhere", "non_member: never off_board"),
    ("019 Ivo, a broken record", "non_member: off_board"),
];

async fn roster(world: &World, name: &RosterName, at: Timestamp) -> Arc<Roster> {
    let (mut whole, mut cursor) = (RosterReading::default(), Some(RosterCursor::START));
    while let Some(from) = cursor {
        let asked = world.client.roster(name, RosterScope::Whole, from, Priority::Sweep).await.unwrap();
        let RosterAnswer::Page { reading, next } = asked else { panic!("no list") };
        whole.rows.extend(reading.rows);
        cursor = next;
    }
    Arc::new(Roster::first(whole, at))
}

fn decided(record: &Record, rules: &Rules, now: Timestamp) -> String {
    let decision = roles::decide(record, rules, now);
    if !decision.admitted {
        return "not admitted".to_owned();
    }
    let built_in = if decision.member { "member" } else { "non_member" };
    let others = decision.roles.iter().map(Role::as_str).filter(|role| *role != built_in);
    format!("{built_in}: {}", others.collect::<Vec<_>>().join(" "))
}

async fn all(world: &World, rules: &str) -> BTreeMap<String, String> {
    let rules = rules_file::parse(rules).unwrap();
    let now = world.sim.control().now();
    let event = RosterName::event(Code::parse("501").unwrap());
    let rosters = [(event.clone(), roster(world, &event, now).await)].into();
    let mut all = BTreeMap::new();
    for (who, _) in TABLE {
        let record = world.read(&format!("1001{}", &who[..3])).await;
        let believed = with_rosters(&record, &rosters, Timestamp::MIN);
        all.insert((*who).to_owned(), decided(&believed, &rules, now));
    }
    all
}

fn expected() -> BTreeMap<String, String> {
    TABLE.iter().map(|(who, what)| ((*who).to_owned(), (*what).to_owned())).collect()
}

/// Who is decided otherwise, and how.
fn changed(now: BTreeMap<String, String>) -> Vec<(String, String)> {
    let expect = expected();
    let others = now.into_iter().filter(|(who, what)| expect[who] != *what);
    others.map(|(who, what)| (who[..3].to_owned(), what)).collect()
}

fn of(rows: &[(&str, &str)]) -> Vec<(String, String)> {
    rows.iter().map(|(who, what)| ((*who).to_owned(), (*what).to_owned())).collect()
}

#[tokio::test]
async fn every_person_of_the_cast_is_decided() {
    for switches in [
        &[][..],
        &["empty_strings=off", "date_sentinel=off"],
        &["lists=bare", "total=off"],
        &["page_size=2", "largest_page=2"],
        &["largest_page=30", "over_largest=refused"],
        // The lists of a person are asked for as those of an organization.
        &["missing_endpoints=person_groups"],
    ] {
        let world = World::start(switches).await;
        assert_eq!(all(&world, RULES).await, expected(), "{switches:?}");
    }
}

#[tokio::test]
async fn a_rule_about_positions_is_unknown_where_the_list_does_not_tell_them() {
    let world = World::start(&["roster_details=off"]).await;
    let dana = "member: active off_board regular safety safety_list west";
    assert_eq!(changed(all(&world, RULES).await), of(&[("001", dana)]));
    // Not even its negation holds.
    let rules = RULES.replace(
        "[{ committee = \"Safety Committee\", positions = [\"Chair\"] }]",
        "[{ not = { committee = \"Safety Committee\", positions = [\"Chair\"] } }]",
    );
    let now = all(&world, &rules).await;
    assert!(!now["001 Dana, own membership, chair, was on the board"].contains("chair"), "{now:?}");
    assert!(now["013 Pia, shares her address"].contains("chair"), "{now:?}");
}

#[tokio::test]
async fn where_a_module_is_not_there_its_conditions_are_unknown() {
    let world = World::start(&["missing_endpoints=certifications,notes_and_fields"]).await;
    let without = [
        ("001", "member: active chair off_board regular safety safety_list"),
        ("015", "member: active attendee off_board regular"),
    ];
    assert_eq!(changed(all(&world, RULES).await), of(&without));
    let world = World::start(&["missing_endpoints=contact_orgs"]).await;
    let without = [("002", "member: active off_board"), ("003", "member: active off_board")];
    assert_eq!(changed(all(&world, RULES).await), of(&without), "the type that is inherited is not known");
    let world = World::start(&["missing_endpoints=person_groups,org_groups"]).await;
    let now = all(&world, RULES).await;
    assert!(now.values().all(|what| !what.contains("off_board") && !what.contains("safety")), "{now:?}");
}

#[tokio::test]
async fn the_switches_of_a_mapping_change_what_they_say_and_nothing_else() {
    let world = World::start(&[]).await;
    let own = changed(all(&world, &format!("count_inherited = false\n{RULES}")).await);
    let without = [
        ("002", "non_member: never of_acme off_board"),
        ("003", "non_member: never of_acme off_board owner"),
    ];
    assert_eq!(own, of(&without));
    // Words and dates: Gus and Otto have expired.
    let strict = changed(all(&world, &format!("strict_dates = true\n{RULES}")).await);
    assert_eq!(strict.iter().map(|(who, _)| who.as_str()).collect::<Vec<_>>(), ["006", "007"]);
    assert!(strict.iter().all(|(_, what)| what.starts_with("non_member")), "{strict:?}");
}

#[tokio::test]
async fn the_configuration_says_what_other_words_mean() {
    let world = World::with(&[], |host| {
        let active = ContactStanding::Standing(MembershipStanding::Active);
        assert!(
            host.statuses.add("Courtesy", active)
                && host.statuses.add("sabbatical", ContactStanding::NoMember)
        );
    })
    .await;
    let now = changed(all(&world, RULES).await);
    assert_eq!(
        now,
        of(&[("010", "member: active off_board regular"), ("012", "non_member: never off_board")])
    );
}

#[tokio::test]
async fn who_is_deleted_is_not_admitted() {
    let world = World::start(&[]).await;
    for mark in [("Status", "Deleted".into()), ("IsDeleted", true.into()), ("IsDeleted", "perhaps".into())] {
        let (name, value): (&str, serde_json::Value) = mark;
        assert!(world.sim.control().edit_contact(DANA, |contact| {
            contact.overrides = [(name.to_owned(), value)].into_iter().collect();
        }));
        assert_eq!(world.read(DANA).await.is_approved, Some(false), "{name}");
    }
}
