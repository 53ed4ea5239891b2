//! Everybody in bulk, and who has changed.

use std::collections::BTreeSet;

use jiff::SignedDuration;
use membergate::adapters::ams::AmsError;
use membergate::adapters::ams::reading::{AmsReading as _, ChangedPage, EverybodyPage};
use membergate::adapters::budget::Priority;
use membergate::domain::parts::Part;
use membergate::domain::record::{IndividualId, Record};
use membergate::domain::time::Timestamp;
use membergate::sim::re_members::Endpoint;

use super::{ENDS, JANE};
use crate::ams::World;

pub async fn everybody(world: &World) -> (Vec<Record>, Vec<Vec<Part>>) {
    let (mut people, mut brings) = (Vec::new(), Vec::new());
    for page in 1..200 {
        let answer: EverybodyPage = world.production.everybody(page, Priority::Sweep).await.unwrap();
        people.extend(answer.people);
        brings.push(answer.brings);
        if answer.is_last {
            return (people, brings);
        }
    }
    panic!("the list does not end");
}

pub fn ids(people: &[Record]) -> BTreeSet<&str> {
    people.iter().map(|record| record.id.as_str()).collect()
}

#[tokio::test]
async fn everybody_comes_with_memberships_and_with_nothing_that_a_row_does_not_say() {
    let world = World::start().await;
    world.switch("page_size=100");
    let (people, brings) = everybody(&world).await;
    assert_eq!(brings[0], [Part::Memberships, Part::CustomFields]);
    let jane = people.iter().find(|record| record.id.as_str() == JANE).unwrap();
    assert_eq!(jane.memberships[0].code.as_deref(), Some("INDIV"));
    assert_eq!(jane.profile.name, "Jane Marlowe");
    let confirmed: Vec<Part> =
        Part::ALL.into_iter().filter(|part| jane.confirmed.of(*part).is_some()).collect();
    assert_eq!(confirmed, [Part::Memberships, Part::CustomFields]);
    assert_eq!((jane.is_approved, &jane.committees), (None, &None));

    for size in [1, 4] {
        world.switch(&format!("page_size={size}"));
        for end in ENDS {
            world.switch(&format!("end_of_list={end}"));
            let (again, _) = everybody(&world).await;
            assert_eq!(ids(&again), ids(&people), "{size}, {end}");
        }
    }
    // It is known how long a page is, so a shorter one needs no call after it.
    world.sim.control().reset_counts();
    everybody(&world).await;
    assert_eq!(world.sim.control().calls(Endpoint::MembersAll), people.len().div_ceil(4) as u64);
    assert!(!people.len().is_multiple_of(4));
    world.switch("page_size=100");
    for flags in ["ignored", "left_out"] {
        world.switch(&format!("include_flags={flags}"));
        let (thin, brings) = everybody(&world).await;
        assert_eq!((ids(&thin), &brings[0]), (ids(&people), &Vec::new()), "{flags}");
        assert!(thin.iter().all(|record| record.confirmed.of(Part::Memberships).is_none()));
    }
    world.switch("include_flags=half");
    let (half, brings) = everybody(&world).await;
    assert!(brings[0].contains(&Part::Memberships));
    let says = |record: &&Record| record.confirmed.of(Part::Memberships).is_some();
    assert_eq!(half.iter().filter(says).count(), half.len().div_ceil(2));
    assert!(half.iter().all(|record| says(&record) != record.memberships.is_empty()));
}

async fn changed(world: &World, asked: Timestamp) -> Result<BTreeSet<String>, AmsError> {
    let mut people = BTreeSet::new();
    for page in 1..200 {
        let ChangedPage { people: some, is_last } =
            world.production.changed_since(asked, page, Priority::Sweep).await?;
        people.extend(some.iter().map(IndividualId::to_string));
        if is_last {
            return Ok(people);
        }
    }
    panic!("the feed does not end");
}

#[tokio::test]
async fn the_feed_names_those_who_have_changed_and_a_failure_is_not_nobody() {
    let world = World::start().await;
    let control = world.sim.control();
    let everybody = changed(&world, Timestamp::MIN).await.unwrap();
    assert!(everybody.len() > 20);
    for size in [2, 7] {
        world.switch(&format!("page_size={size}"));
        for (end, repeats) in ENDS.into_iter().zip(["on", "off", "on", "off"]) {
            world.switch(&format!("end_of_list={end}"));
            world.switch(&format!("changed_since_repeats={repeats}"));
            assert_eq!(changed(&world, Timestamp::MIN).await.unwrap(), everybody, "{size}, {end}");
        }
    }
    // Written as in UTC: where it is read so it is exact, in New York it lies in the future of the wanted instant.
    let now = control.now();
    control.edit_person(JANE, |jane| jane.title = Some("Director".into()));
    world.switch("end_of_list=empty_list");
    world.switch("since_zone=utc");
    assert_eq!(changed(&world, now).await.unwrap(), BTreeSet::from([JANE.to_owned()]));
    world.switch("since_zone=association");
    assert_eq!(changed(&world, now).await.unwrap(), BTreeSet::new());
    assert_eq!(
        changed(&world, now - SignedDuration::from_hours(5)).await.unwrap(),
        BTreeSet::from([JANE.to_owned()])
    );
    world.switch("changed_since_covers=profiles");
    control.edit_person("100482", |it| it.memberships.clear());
    assert_eq!(changed(&world, now - SignedDuration::from_hours(5)).await.unwrap().len(), 1);

    let fresh = World::start().await;
    let future = fresh.sim.control().now() + SignedDuration::from_hours(48);
    assert_eq!(changed(&fresh, future).await, Ok(BTreeSet::new()), "an empty list says what it means");
    for end in ["no_content", "not_found", "bad_request"] {
        fresh.switch(&format!("end_of_list={end}"));
        assert!(changed(&fresh, future).await.is_err(), "{end}");
    }
}
