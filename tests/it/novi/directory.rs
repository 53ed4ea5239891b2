//! What the directory asks: rosters, everybody, who has changed, hooks.

use jiff::{SignedDuration, Timestamp};
use membergate::adapters::ams::reading::{AmsReading as _, RosterAnswer, RosterCursor, RosterScope};
use membergate::domain::directory::roster::{RosterEntry, RosterRow};
use membergate::domain::directory::roster_name::RosterName;
use membergate::domain::parts::Part;
use membergate::domain::rule::Code;
use serde_json::json;

use super::*;

fn code(text: &str) -> Code {
    Code::parse(text).unwrap()
}

async fn rows(world: &World, name: RosterName) -> Vec<RosterRow> {
    let (mut rows, mut at) = (Vec::new(), Some(RosterCursor::START));
    while let Some(cursor) = at {
        let answer =
            world.production.roster(&name, RosterScope::Whole, cursor, Priority::Sweep).await.unwrap();
        let RosterAnswer::Page { reading, next } = answer else { panic!("{answer:?}") };
        rows.extend(reading.rows);
        at = next;
    }
    rows
}

#[tokio::test]
async fn a_committee_is_read_by_name_or_id_page_by_page() {
    for switches in [&[][..], &["page_size=1", "largest_page=1"]] {
        let world = World::start(switches).await;
        let by_name = rows(&world, RosterName::committee(code("education"))).await;
        let by_id = rows(&world, RosterName::committee(code("3f000000-0002-4aaa-8bbb-000000000002"))).await;
        assert_eq!(by_name, by_id);
        assert!(by_name.len() >= 3, "{by_name:?}");
        let otto =
            by_name.iter().find(|row| row.person.as_str().ends_with("0020-4222-8333-444455550020")).unwrap();
        let RosterEntry::Seat(seat) = &otto.line.entry else { panic!("{otto:?}") };
        assert_eq!(
            (seat.position_name.as_deref(), seat.committee_name.as_deref()),
            (Some("Chair"), Some("Education"))
        );
        assert!(!seat.start_date.is_absent());
    }
}

#[tokio::test]
async fn an_event_has_who_attends_and_not_who_paid_and_marks_the_cancelled() {
    let world = World::start(&[]).await;
    let attendees = rows(&world, RosterName::event(code("Annual Meeting"))).await;
    let of = |id: &str| attendees.iter().filter(|row| row.person.as_str() == id).collect::<Vec<_>>();
    let (lena, karim) = ("6a6f5f2e-0016-4222-8333-444455550016", "6a6f5f2e-0017-4222-8333-444455550017");
    let cancelled =
        |row: &RosterRow| matches!(&row.line.entry, RosterEntry::Registration(it) if it.cancelled);
    assert_eq!(of(lena).iter().map(|row| cancelled(row)).collect::<Vec<_>>(), [false]);
    assert_eq!(of(karim).iter().map(|row| cancelled(row)).collect::<Vec<_>>(), [true]);
    assert!(of(MAREK).is_empty(), "he bought the ticket");
}

#[tokio::test]
async fn a_roster_that_the_site_does_not_list_or_show_is_no_list() {
    let world = World::start(&[]).await;
    let ask = async |name: RosterName| {
        world
            .production
            .roster(&name, RosterScope::Whole, RosterCursor::START, Priority::Sweep)
            .await
            .unwrap()
    };
    let none = RosterAnswer::NoList { ends_lists_so: false };
    assert_eq!(ask(RosterName::committee(code("Nowhere"))).await, none);
    assert_eq!(ask(RosterName::committee(code(".."))).await, none);
    world.switch("event_access=off");
    assert_eq!(ask(RosterName::event(code("Annual Meeting"))).await, none);
}

#[tokio::test]
async fn everybody_comes_in_pages_whatever_size_the_site_gives() {
    for switches in
        [&[][..], &["page_size=7", "largest_page=7"], &["largest_page=30", "over_largest=refused"]]
    {
        let world = World::start(switches).await;
        let mut people = Vec::new();
        for number in 1.. {
            let page = world.production.everybody(number, Priority::Sweep).await.unwrap();
            assert!(page.brings.contains(&Part::Memberships) && page.brings.contains(&Part::Groups));
            people.extend(page.people.into_iter().map(|record| record.id.to_string()));
            if page.is_last {
                break;
            }
        }
        let mut once = people.clone();
        once.sort();
        once.dedup();
        assert_eq!(once.len(), people.len(), "{switches:?}: nobody twice");
        assert!(people.contains(&DANA.to_owned()) && people.contains(&MAREK.to_owned()));
        assert!(
            !people.contains(&"c0a1c0de-0001-4222-8333-444455550001".to_owned()),
            "a company without an account"
        );
    }
}

#[tokio::test]
async fn a_change_is_named_by_one_of_the_two_feeds() {
    for switches in
        [&[][..], &["activity_subject=company"], &["modified_filter=day_only"], &["modified_filter=ignored"]]
    {
        let world = World::start(switches).await;
        world.sim.control().advance(SignedDuration::from_mins(5));
        let since = world.sim.control().now();
        world.sim.control().advance(SignedDuration::from_mins(1));
        // A company lapses, and with it all its staff, whose own records do not change.
        assert!(world.sim.control().act("c0a1c0de-0001-4222-8333-444455550001", "lapse", &json!({})));
        world.sim.control().advance(SignedDuration::from_mins(1));
        let page = world.production.changed_since(since, 1, Priority::Sweep).await.unwrap();
        let named = |id: &str| page.people.iter().any(|person| person.as_str() == id);
        assert!(named(MAREK), "{switches:?}: {:?}", page.people);
        assert!(!named(DANA), "{switches:?}: nothing has changed about her");
        assert!(page.is_last);
    }
}

#[tokio::test]
async fn every_change_is_named_whatever_size_the_site_gives() {
    for switches in [&[][..], &["largest_page=2"], &["largest_page=20", "over_largest=refused"]] {
        let world = World::start(switches).await;
        world.sim.control().advance(SignedDuration::from_mins(5));
        let since = world.sim.control().now();
        world.sim.control().advance(SignedDuration::from_mins(1));
        let changed: Vec<String> =
            (1..=7).map(|number| format!("6a6f5f2e-{number:04}-4222-8333-4444555500{number:02}")).collect();
        for id in &changed {
            assert!(world.sim.control().act(id, "join_group", &json!({ "group": "Water Section" })), "{id}");
        }
        let mut named = Vec::new();
        for number in 1..=20 {
            let page = world.production.changed_since(since, number, Priority::Sweep).await.unwrap();
            named.extend(page.people.iter().map(ToString::to_string));
            if page.is_last {
                break;
            }
        }
        named.sort();
        assert_eq!(named, changed, "{switches:?}");
    }
}

#[tokio::test]
async fn nobody_has_changed_in_a_time_to_come_and_a_site_without_a_log_tells_what_it_can() {
    let world = World::start(&["missing_endpoints=membership_activities"]).await;
    world.sim.control().advance(SignedDuration::from_mins(2));
    let now: Timestamp = world.sim.control().now();
    world.sim.control().advance(SignedDuration::from_mins(2));
    assert!(world.sim.control().act(DANA, "join_group", &json!({ "group": "Water Section" })));
    let changed = world.production.changed_since(now, 1, Priority::Sweep).await.unwrap();
    assert_eq!(changed.people.iter().map(ToString::to_string).collect::<Vec<_>>(), [DANA]);
    let later = now + SignedDuration::from_hours(1);
    assert_eq!(world.production.changed_since(later, 1, Priority::Sweep).await.unwrap().people, []);
}

#[tokio::test]
async fn hooks_are_registered_listed_and_removed() {
    let world = World::start(&[]).await;
    let callback = Url::parse("https://login.acme.example/_gate/hooks/S3cret").unwrap();
    let made = world.production.register_hooks(&callback, &"unused".into()).await.unwrap();
    let listed = world.production.hooks().await.unwrap().unwrap();
    assert_eq!(made, listed);
    assert_eq!(listed[0].calls, "https://login.acme.example/_gate/hooks/…");
    assert_eq!(listed[0].what, "customer.created, customer.updated, customer.removed");
    world.production.remove_hook(&listed[0].id).await.unwrap();
    world.production.remove_hook(&listed[0].id).await.unwrap();
    assert_eq!(world.production.hooks().await.unwrap().unwrap(), []);
    let body = json!({ "event": "customer.updated", "entityUniqueId": DANA }).to_string();
    assert_eq!(world.production.hinted(body.as_bytes())[0].as_str(), DANA);
}
