//! What the directory asks: rosters, everybody, who has changed.

use jiff::SignedDuration;
use membergate::adapters::ams::reading::{AmsReading as _, RosterAnswer, RosterCursor, RosterScope};
use membergate::domain::directory::roster::{RosterEntry, RosterRow};
use membergate::domain::directory::roster_name::RosterName;
use membergate::domain::time::Timestamp;
use membergate::sim::growthzone::Endpoint;
use serde_json::json;

use super::*;

fn code(text: &str) -> Code {
    Code::parse(text).unwrap()
}

async fn rows(world: &World, name: RosterName) -> Vec<RosterRow> {
    let (mut rows, mut at) = (Vec::new(), Some(RosterCursor::START));
    while let Some(cursor) = at {
        let answer = world.client.roster(&name, RosterScope::Whole, cursor, Priority::Sweep).await.unwrap();
        let RosterAnswer::Page { reading, next } = answer else { panic!("{answer:?}") };
        rows.extend(reading.rows);
        at = next;
    }
    rows
}

async fn changes(world: &World, since: Timestamp) -> Vec<String> {
    let mut named = Vec::new();
    for number in 1..=40 {
        let page = world.client.changed_since(since, number, Priority::Sweep).await.unwrap();
        named.extend(page.people.iter().map(ToString::to_string));
        if page.is_last {
            named.sort();
            named.dedup();
            return named;
        }
    }
    panic!("the feed does not end: {named:?}");
}

#[tokio::test]
async fn a_list_is_read_by_name_or_number_page_by_page() {
    for switches in [&[][..], &["largest_page=1"], &["total=off"], &["lists=bare", "total=off"]] {
        let world = World::start(switches).await;
        for number in 1..=6 {
            assert!(world.sim.control().act(
                &format!("10010{number:02}"),
                "join_list",
                &json!({ "list": "Board" })
            ));
        }
        let by_name = rows(&world, RosterName::committee(code("board"))).await;
        assert_eq!(by_name, rows(&world, RosterName::committee(code("32"))).await, "{switches:?}");
        assert_eq!(by_name.len(), 6, "{switches:?}: {by_name:?}");
        let chair = rows(&world, RosterName::committee(code("Safety Committee"))).await;
        let [RosterRow { person, line }] = chair.as_slice() else { panic!("{chair:?}") };
        let RosterEntry::Seat(seat) = &line.entry else { panic!("{line:?}") };
        assert_eq!((person.as_str(), seat.position_name.as_deref()), (DANA, Some("Chair")));
        assert!(!seat.self_joinable && !seat.position_unread && !seat.start_date.is_absent());
    }
}

#[tokio::test]
async fn a_list_on_which_people_put_themselves_grants_nothing() {
    let world = World::start(&[]).await;
    let news = rows(&world, RosterName::committee(code("Newsletter"))).await;
    assert!(matches!(&news[0].line.entry, RosterEntry::Seat(seat) if seat.self_joinable), "{news:?}");
}

#[tokio::test]
async fn the_bare_event_is_nobody_and_the_cancelled_stay_with_their_mark() {
    for switches in [&[][..], &["bare_event=off"], &["largest_page=1"]] {
        let world = World::start(switches).await;
        assert_eq!(rows(&world, RosterName::event(code("Empty Evening"))).await, [], "{switches:?}");
        let meeting = rows(&world, RosterName::event(code("Annual Meeting"))).await;
        let of = |id: &str| {
            let found = meeting.iter().find(|row| row.person.as_str() == id);
            let RosterEntry::Registration(it) = &found.unwrap().line.entry else { panic!("{meeting:?}") };
            (it.cancelled, it.event.clone())
        };
        assert_eq!(of(NOOR), (false, "Annual Meeting".to_owned()), "under the name that the rule has");
        assert!(of("1001016").0);
    }
}

#[tokio::test]
async fn a_roster_that_is_not_there_is_no_list() {
    let world = World::start(&[]).await;
    let ask = async |name: RosterName| {
        world.client.roster(&name, RosterScope::Whole, RosterCursor::START, Priority::Sweep).await.unwrap()
    };
    let none = RosterAnswer::NoList { ends_lists_so: false };
    assert_eq!(ask(RosterName::committee(code("Nowhere"))).await, none);
    assert_eq!(ask(RosterName::committee(code(".."))).await, none);
    world.switch("missing_endpoints=group_members,attendees");
    assert_eq!(ask(RosterName::committee(code("Board"))).await, none);
    assert_eq!(ask(RosterName::event(code("501"))).await, none);
}

#[tokio::test]
async fn everybody_comes_once_and_their_memberships_are_those_of_the_person_alone() {
    for switches in
        [&[][..], &["largest_page=7"], &["largest_page=30", "over_largest=refused"], &["total=off"]]
    {
        let world = World::start(switches).await;
        // His organization is known, and so its type.
        let marek = world.read(MAREK).await;
        let mut people = Vec::new();
        for number in 1.. {
            let page = world.client.everybody(number, Priority::Sweep).await.unwrap();
            assert_eq!(page.brings, [Part::Memberships]);
            people.extend(page.people);
            if page.is_last {
                break;
            }
        }
        assert_eq!(people.len(), 19, "{switches:?}: nobody twice, and no organization");
        let of = |id: &str| people.iter().find(|record| record.id.as_str() == id).unwrap();
        assert_eq!(of(MAREK).memberships, marek.memberships, "{switches:?}");
        assert!(of(MAREK).confirmed.of(Part::Memberships).is_some());
        assert_eq!(of("1001003").confirmed.of(Part::Memberships), None, "whose type nobody knows yet");
        for number in ["01", "05", "06", "08", "10", "15"] {
            let id = format!("10010{number}");
            assert_eq!(of(&id).memberships, world.read(&id).await.memberships, "{switches:?}, {id}");
        }
    }
}

#[tokio::test]
async fn a_change_is_named_whichever_parameter_the_feed_looks_at() {
    for switches in [
        &[][..],
        &["delta_parameter=since"],
        &["largest_page=2"],
        &["total=off"],
        &["largest_page=2", "total=off"],
    ] {
        let world = World::start(&[&["time_zone=UTC"], switches].concat()).await;
        world.sim.control().advance(SignedDuration::from_mins(5));
        let since = world.sim.control().now();
        world.sim.control().advance(SignedDuration::from_mins(1));
        let changed: Vec<String> = (1..=7).map(|number| format!("10010{number:02}")).collect();
        for id in &changed {
            assert!(world.sim.control().act(id, "rename", &json!({ "firstName": "Another" })), "{id}");
        }
        assert_eq!(changes(&world, since).await, changed, "{switches:?}");
        // And again, with what was learnt.
        assert_eq!(changes(&world, since).await, changed, "{switches:?}");
        world.sim.control().advance(SignedDuration::from_mins(1));
        assert_eq!(changes(&world, world.sim.control().now()).await, [""; 0], "{switches:?}");
    }
}

#[tokio::test]
async fn a_feed_that_looks_at_no_instant_is_none() {
    let world = World::start(&["delta_parameter=none"]).await;
    let now = world.sim.control().now();
    assert!(world.client.changed_since(now, 1, Priority::Sweep).await.is_err());
}

#[tokio::test]
async fn whoever_is_removed_is_named_and_so_are_the_people_of_a_changed_organization() {
    let world = World::start(&["time_zone=UTC"]).await;
    world.read(MAREK).await;
    world.sim.control().advance(SignedDuration::from_mins(5));
    let since = world.sim.control().now();
    world.sim.control().advance(SignedDuration::from_mins(1));
    assert!(world.sim.control().act("1001018", "merge_into", &json!({ "into": DANA })));
    assert!(world.sim.control().act(ACME, "drop", &json!({})));
    world.sim.control().advance(SignedDuration::from_mins(1));
    let named = changes(&world, since).await;
    for id in [DANA, MAREK, "1001003", "1001018"] {
        assert!(named.contains(&id.to_owned()), "{id}: {named:?}");
    }
    assert!(!named.contains(&ACME.to_owned()), "an organization is nobody");
    // What was known of it is asked again.
    let before = world.calls(Endpoint::ContactMemberships);
    assert!(world.read(MAREK).await.memberships.iter().all(|it| !it.inherited));
    assert!(world.calls(Endpoint::ContactMemberships) > before);
    assert_eq!(world.try_read("1001018").await, Ok(None));
}
