//! Who is on a committee and who is registered for an event.

use jiff::SignedDuration;
use membergate::adapters::ams::reading::{AmsReading as _, RosterAnswer, RosterCursor, RosterScope};
use membergate::adapters::budget::Priority;
use membergate::domain::directory::roster::{RosterEntry, RosterReading};
use membergate::domain::directory::roster_name::RosterName;
use membergate::domain::record::CommitteeSeat;
use membergate::domain::rule::Code;
use membergate::sim::people::{EventSession, Registration};
use membergate::sim::re_members::{Endpoint, Scope};
use membergate::sim::switches::Fault;

use super::{ENDS, JANE, committee};
use crate::ams::World;

fn event(code: &str) -> RosterName {
    RosterName::event(Code::parse(code).unwrap())
}

/// All pages of a roster, and how often was asked. `Err`: there is no list.
async fn read(world: &World, name: &RosterName, scope: RosterScope) -> Result<RosterReading, bool> {
    let (mut at, mut all) = (RosterCursor::START, RosterReading::default());
    for _ in 0..200 {
        let answer = world.production.roster(name, scope, at, Priority::Sweep).await.unwrap();
        let (reading, next) = match answer {
            RosterAnswer::Page { reading, next } => (reading, next),
            RosterAnswer::NoList { ends_lists_so } => return Err(ends_lists_so),
        };
        all.rows.extend(reading.rows);
        all.cancelled.extend(reading.cancelled);
        match next {
            Some(next) => at = next,
            None => return Ok(all),
        }
    }
    panic!("{name} does not end");
}

async fn whole(world: &World, name: &RosterName) -> RosterReading {
    read(world, name, RosterScope::Whole).await.unwrap()
}

fn seat(entry: &RosterEntry) -> &CommitteeSeat {
    match entry {
        RosterEntry::Seat(seat) => seat,
        RosterEntry::Registration(_) => panic!("a committee has seats"),
    }
}

fn seats(reading: &RosterReading) -> Vec<(&str, &CommitteeSeat)> {
    let mut seats: Vec<_> =
        reading.rows.iter().map(|row| (row.person.as_str(), seat(&row.line.entry))).collect();
    seats.sort_by_key(|(person, _)| *person);
    seats
}

fn numbers(reading: &RosterReading) -> Vec<&str> {
    let mut numbers: Vec<&str> = reading.rows.iter().filter_map(|row| row.line.number.as_deref()).collect();
    numbers.sort_unstable();
    numbers
}

fn cancelled(reading: &RosterReading) -> Vec<&str> {
    reading.cancelled.iter().filter_map(|one| one.number.as_deref()).collect()
}

/// Jane, her guest Lena, Gus who has cancelled, Priya who has cancelled a session; the latest three are of today.
fn fill(world: &World) {
    let control = world.sim.control();
    let at = |hours: i64| {
        let local =
            (control.now() - SignedDuration::from_hours(hours)).to_zoned(control.switches().time_zone);
        Some(local.strftime("%Y-%m-%dT%H:%M:%S").to_string())
    };
    let registration = |number: &str, hours: i64| Registration {
        event: "ANNUAL26".into(),
        registration_number: number.into(),
        registration_date: at(hours),
        ..Registration::default()
    };
    for (person, registration) in [
        ("100481", registration("R-1", 24 * 30)),
        (
            "lena.moss@people.example",
            Registration { guest_of: Some("100481".into()), ..registration("R-2", 24 * 30) },
        ),
        ("100484", Registration { cancellation_date: at(1), ..registration("R-3", 24 * 20) }),
        (
            "100483",
            Registration {
                sessions: vec![EventSession { code: "S1".into(), cancellation_date: at(2) }],
                ..registration("R-4", 2)
            },
        ),
    ] {
        assert!(control.edit_person(person, |it| it.registrations = vec![registration]));
    }
    assert!(control.edit_person("100487", |it| it.registrations.clear()));
}

#[tokio::test]
async fn a_committee_comes_whole_however_its_pages_end() {
    let world = World::start().await;
    let once = whole(&world, &committee("EDU")).await;
    let all = seats(&once);
    let jane = all.iter().find(|(person, _)| *person == JANE).unwrap().1;
    assert_eq!((jane.committee.as_str(), jane.position.as_deref()), ("EDU", Some("CHAIR")));
    assert!(all.len() >= 2 && !jane.start_date.is_absent());
    for size in [1, 2, 100] {
        world.switch(&format!("page_size={size}"));
        for end in ENDS {
            world.switch(&format!("end_of_list={end}"));
            let again = whole(&world, &committee("edu")).await;
            assert_eq!(seats(&again).len(), all.len(), "{size}, {end}");
        }
    }
}

#[tokio::test]
async fn a_committee_may_be_asked_for_by_name_and_may_lack_dates() {
    let world = World::start().await;
    let by_name = whole(&world, &committee("education COMMITTEE")).await;
    let seat = seats(&by_name)[0].1;
    assert_eq!(
        (seat.committee.as_str(), seat.committee_name.as_deref()),
        ("EDU", Some("Education Committee"))
    );
    world.sim.control().reset_counts();
    whole(&world, &committee("Education Committee")).await;
    assert_eq!(world.sim.control().calls(Endpoint::CommitteeCatalogue), 0, "its code is remembered");
    world.switch("roster_dates=off");
    let without = whole(&world, &committee("EDU")).await;
    assert!(seats(&without).iter().all(|(_, seat)| seat.start_date.is_absent() && seat.end_date.is_absent()));
    world.switch("ended_seats_listed=on");
    assert!(seats(&whole(&world, &committee("FIN")).await).iter().any(|(person, _)| *person == JANE));
}

#[tokio::test]
async fn a_roster_that_is_not_known_is_not_an_empty_one() {
    let world = World::start().await;
    for name in [committee("NOWHERE"), event("NOWHERE"), committee(".."), event(".")] {
        assert_eq!(read(&world, &name, RosterScope::Whole).await, Err(false), "{name}");
    }
    // A committee with nobody on it answers as lists end here; whether they do is known once one has ended.
    let empty = async |end: &str| {
        world.switch(&format!("end_of_list={end}"));
        read(&world, &committee("FIN"), RosterScope::Whole).await
    };
    assert_eq!(empty("empty_list").await, Ok(RosterReading::default()));
    for end in ["no_content", "not_found", "bad_request"] {
        assert_eq!(empty(end).await, Err(false), "{end}");
        world.switch("page_size=1");
        whole(&world, &committee("EDU")).await;
        assert_eq!(empty(end).await, Err(true), "{end}");
    }
}

#[tokio::test]
async fn an_event_has_its_registrants_without_guests_and_its_cancellations() {
    let world = World::start().await;
    fill(&world);
    for size in [1, 100] {
        world.switch(&format!("page_size={size}"));
        for (end, guests) in ENDS.into_iter().zip(["own_id", "host_id", "absent", "own_id"]) {
            world.switch(&format!("end_of_list={end}"));
            world.switch(&format!("guest_rows={guests}"));
            let reading = whole(&world, &event("annual26")).await;
            assert_eq!(numbers(&reading), ["R-1", "R-3", "R-4"], "{size}, {end}, {guests}");
            assert_eq!(cancelled(&reading), ["R-3"], "a session alone is no cancellation of the event");
        }
    }
    world.switch("cancelled_stay_listed=off");
    let reading = whole(&world, &event("ANNUAL26")).await;
    assert_eq!((numbers(&reading), cancelled(&reading)), (vec!["R-1", "R-4"], vec!["R-3"]));
    let RosterEntry::Registration(first) = &reading.rows[0].line.entry else { panic!("a registration") };
    assert!(!first.event_start.is_absent() && !first.event_end.is_absent(), "as the list of events has it");
}

#[tokio::test]
async fn what_is_new_is_asked_for_in_either_zone_and_where_filters_are_not_understood() {
    for zone in ["association", "utc"] {
        for filters in ["honored", "ignored", "refused"] {
            for end in ENDS {
                let world = World::start().await;
                fill(&world);
                world.switch(&format!("since_zone={zone}"));
                world.switch(&format!("since_filters={filters}"));
                world.switch(&format!("end_of_list={end}"));
                let since = world.sim.control().now() - SignedDuration::from_hours(3);
                let reading = read(&world, &event("ANNUAL26"), RosterScope::Since(since)).await.unwrap();
                let all = numbers(&reading);
                assert!(all.contains(&"R-4"), "{zone}, {filters}, {end}: {all:?}");
                assert_eq!(cancelled(&reading), ["R-3"], "{zone}, {filters}, {end}");
                assert_eq!(all.contains(&"R-1"), filters != "honored", "{zone}, {filters}, {end}");
            }
        }
    }
}

#[tokio::test]
async fn nothing_new_is_not_taken_for_a_refusal_nor_a_mishap_for_nothing_new() {
    let world = World::start().await;
    fill(&world);
    let future = RosterScope::Since(world.sim.control().now() + SignedDuration::from_hours(48));
    let nothing = Ok(RosterReading::default());
    assert_eq!(read(&world, &event("ANNUAL26"), future).await, nothing);
    world.switch("end_of_list=bad_request");
    assert_eq!(
        read(&world, &event("ANNUAL26"), future).await,
        nothing,
        "the filter is known to be understood"
    );
    let fresh = World::start().await;
    fresh.switch("end_of_list=bad_request");
    fill(&fresh);
    assert_eq!(read(&fresh, &event("ANNUAL26"), future).await, nothing, "it was asked");
    let fresh = World::start().await;
    fill(&fresh);
    fresh.sim.control().fail_next(Scope::Only(Endpoint::EventRegistrations), Fault::Status(404), 1);
    assert_eq!(read(&fresh, &event("ANNUAL26"), future).await, Err(false));
}
