//! Every row of the cast under one mapping: member or not, status, type and roles, as the issue's table of people and rules.

use std::collections::BTreeMap;
use std::sync::Arc;

use membergate::adapters::ams::reading::{AmsReading as _, RosterAnswer, RosterCursor, RosterScope};
use membergate::adapters::rules_file;
use membergate::domain::directory::overlay::with_rosters;
use membergate::domain::directory::roster::Roster;
use membergate::domain::directory::roster_name::RosterName;
use membergate::domain::rule::{Code, Role, Rules};
use membergate::domain::{roles, time::Timestamp};

use super::*;

const RULES: &str = r#"
time_zone = "America/New_York"
member = "member"
non_member = "non_member"
rule = [
  { role = "active", when = [{ membership_status = "active" }] },
  { role = "grace", when = [{ membership_status = "grace" }] },
  { role = "lapsed", when = [{ membership_status = "lapsed" }] },
  { role = "pending", when = [{ membership_status = "pending" }] },
  { role = "never", when = [{ membership_status = "never" }] },
  { role = "corporate", when = [{ membership_type = "Corporate" }] },
  { role = "chair", when = [{ committee = "Safety", positions = ["Chair"] }] },
  { role = "educator", when = [{ committee = "Education" }] },
  { role = "board", when = [{ group = "Board" }] },
  { role = "water", when = [{ group = "Water Section" }] },
  { role = "patron", when = [{ group = "Patron Companies" }] },
  { role = "staff", when = [{ group = "Staff" }] },
  { role = "outsider", when = [{ not = { group = "All Current Members" } }] },
  { role = "west", when = [{ custom_field = "Region", value = "West" }] },
  { role = "of_acme", when = [{ relationship = "Company", organization = "c0a1c0de-0001-4222-8333-444455550001" }] },
  { role = "attendee", when = [{ event = "4f000000-0001-4aaa-8bbb-000000000001" }] },
  { role = "buyer", when = [{ purchase = "5f000000-0001-4aaa-8bbb-000000000001" }] },
]
"#;

/// The last digits of the id, who it is, and what is decided: strictly by what the record says.
const TABLE: &[(&str, &str)] = &[
    (
        "0001 Dana, own membership, chair with a term, a seat that has ended",
        "member: active board chair west",
    ),
    ("0002 Marek, inherits from Acme", "member: active corporate of_acme patron west"),
    ("0003 Greta, in grace", "non_member: grace"),
    ("0004 Emil, expired", "non_member: lapsed outsider"),
    ("0005 Wren, a status word that nobody knows", "non_member: outsider"),
    ("0006 Sonja, has one of the seats", "member: active"),
    ("0007 Tilda, has none", "non_member: never outsider"),
    ("0008 Ravi, whose company has lapsed", "non_member: never outsider"),
    ("0009 Pia, shares her address", "member: active"),
    ("0010 Per, shares it and has no account", "non_member: never outsider"),
    ("0011 Ines, signs in with another address", "member: active"),
    ("0012 Dora, deactivated", "not admitted"),
    ("0013 Una, not approved", "non_member: pending"),
    ("0014 Nils, an account without a membership", "non_member: never outsider"),
    ("0015 Aino, applicant", "non_member: outsider pending"),
    ("0016 Lena, attends; a colleague paid", "non_member: attendee never outsider"),
    ("0017 Karim, has cancelled", "member: active"),
    ("0018 Noor, has bought", "member: active buyer"),
    ("0019 Priya, joins in a week", "non_member: outsider pending"),
    ("0020 Otto, for life, chair from next month on", "member: active"),
    ("0021 Ada, staff and no member", "non_member: never outsider staff"),
    (
        "0022 Hanna, inherits, has a group and a seat of her own",
        "member: active corporate educator of_acme patron water",
    ),
];

async fn roster(world: &World, name: &RosterName, at: Timestamp) -> Arc<Roster> {
    let asked = world.production.roster(name, RosterScope::Whole, RosterCursor::START, Priority::Sweep);
    let RosterAnswer::Page { reading, next: None } = asked.await.unwrap() else { panic!("more than a page") };
    Arc::new(Roster::first(reading, at))
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
    let event = RosterName::event(Code::parse("4f000000-0001-4aaa-8bbb-000000000001").unwrap());
    let rosters = [(event.clone(), roster(world, &event, now).await)].into();
    // So that every field is known to come.
    world.read(DANA).await;
    world.read(MAREK).await;
    let mut all = BTreeMap::new();
    for (who, _) in TABLE {
        let number = &who[..4];
        let record = world.read(&format!("6a6f5f2e-{number}-4222-8333-44445555{number}")).await;
        let believed = with_rosters(&record, &rosters, Timestamp::MIN);
        all.insert((*who).to_owned(), decided(&believed, &rules, now));
    }
    all
}

#[tokio::test]
async fn every_person_of_the_cast_is_decided() {
    let world = World::start(&[]).await;
    let expect: BTreeMap<_, _> =
        TABLE.iter().map(|(who, what)| ((*who).to_owned(), (*what).to_owned())).collect();
    assert_eq!(all(&world, RULES).await, expect);
    // The same where the word for inherited benefits is another one.
    world.switch("api_inheriting=on");
    assert_eq!(all(&world, RULES).await, expect);
}

#[tokio::test]
async fn the_switches_of_a_mapping_change_what_they_say_and_nothing_else() {
    let world = World::start(&[]).await;
    let usual = all(&world, RULES).await;
    let changed = async |setting: &str| -> Vec<(String, String)> {
        let now = all(&world, &format!("{setting}\n{RULES}")).await;
        now.into_iter()
            .filter(|(who, what)| usual[who] != *what)
            .map(|(who, what)| (who[..4].to_owned(), what))
            .collect()
    };
    let of = |rows: &[(&str, &str)]| {
        rows.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect::<Vec<_>>()
    };
    assert_eq!(changed("honor_grace = true").await, of(&[("0003", "member: grace")]));
    assert_eq!(changed("strict_dates = true").await, of(&[]), "all dates agree with the words");
    let own = changed("count_inherited = false").await;
    assert_eq!(own.iter().map(|(who, _)| who.as_str()).collect::<Vec<_>>(), ["0002", "0006", "0022"]);
    assert!(own.iter().all(|(_, what)| what.starts_with("non_member")), "{own:?}");
}
