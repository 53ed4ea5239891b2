//! Stories of the directory: what changes in the AMS comes by itself, for few calls, and what the AMS does not say takes nothing from
//! anybody.

use jiff::SignedDuration;
use membergate::sim::re_members::{Endpoint, Scope};
use membergate::sim::switches::Fault;

use crate::world::{CHAIR, NON_MEMBER, Plan, SECOND_MEMBERSHIP, STAFF, Visitor, World, eventually};

/// A directory that is kept in step, within the limits of the AMS.
pub fn in_step() -> Plan {
    Plan {
        directory: "in_step = true".to_owned(),
        session: "idle = \"99h\"\nabsolute = \"999h\"".to_owned(),
        ..Plan::default()
    }
}

pub async fn roles(world: &World, visitor: &mut Visitor) -> Vec<String> {
    let page = visitor.get(world.url("/_gate/me")).await;
    if page.status != 200 {
        return vec![format!("status {}", page.status.as_u16())];
    }
    let roles = page.json()["roles"].as_array().unwrap().clone();
    roles.iter().map(|role| role["role"].as_str().unwrap().to_owned()).collect()
}

pub async fn holds(world: &World, visitor: &mut Visitor, role: &str) -> bool {
    roles(world, visitor).await.iter().any(|held| held == role)
}

/// Time passes in steps of so many seconds, until the answer is there.
pub async fn within_minutes<T>(
    world: &World,
    minutes: i64,
    what: &str,
    mut ask: impl AsyncFnMut() -> Option<T>,
) -> T {
    for _ in 0..minutes * 4 {
        if let Some(answer) = ask().await {
            return answer;
        }
        world.forward(SignedDuration::from_secs(15));
        tokio::time::sleep(std::time::Duration::from_millis(250)).await;
    }
    panic!("not within {minutes} minutes: {what}");
}

/// All members have been listed once, and the rosters read.
pub async fn settled(world: &World) {
    within_minutes(world, 30, "the rosters are read and everybody is listed", async || {
        let people = world.people();
        let rosters = people.calls(Endpoint::CommitteeMembers) > 0;
        (rosters && people.calls(Endpoint::MembersAll) > 1 && people.calls(Endpoint::ChangedSince) > 0)
            .then_some(())
    })
    .await;
}

pub async fn signed_in(world: &World, email: &str) -> Visitor {
    let mut visitor = world.visitor();
    visitor.sign_in(email, world.url("/_gate/login?return_to=%2F")).await.expect(200);
    visitor
}

#[tokio::test(flavor = "multi_thread")]
async fn somebody_who_signs_in_costs_one_call_where_the_rosters_are_fresh() {
    let world = World::planned(in_step()).await;
    settled(&world).await;
    let before = world.people().calls(Endpoint::Committees);
    let mut jane = signed_in(&world, CHAIR).await;
    assert!(holds(&world, &mut jane, "education_chair").await);
    assert_eq!(world.people().calls(Endpoint::FindBySsoToken), 1);
    assert_eq!(
        world.people().calls(Endpoint::Committees),
        before,
        "the roster tells who is on the committee"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_seat_that_is_given_and_taken_is_in_force_within_minutes_and_nobody_signs_in_for_it() {
    let world = World::planned(in_step()).await;
    let (mut sam, mut jane) = (signed_in(&world, STAFF).await, signed_in(&world, CHAIR).await);
    settled(&world).await;
    assert!(!holds(&world, &mut sam, "education_chair").await);
    let seat = world.people().person(CHAIR).unwrap().committees;
    world.people().edit_person(STAFF, |sam| sam.committees.clone_from(&seat));
    within_minutes(&world, 12, "the new chair has the role", async || {
        holds(&world, &mut sam, "education_chair").await.then_some(())
    })
    .await;
    world.people().edit_person(CHAIR, |jane| jane.committees.clear());
    within_minutes(&world, 15, "the old chair has lost it", async || {
        (!holds(&world, &mut jane, "education_chair").await).then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_the_feed_names_is_read_again() {
    let world = World::planned(in_step()).await;
    let mut sam = signed_in(&world, STAFF).await;
    settled(&world).await;
    assert!(holds(&world, &mut sam, "staff").await);
    // No roster and no page of everybody tells of security roles.
    world.people().edit_person(STAFF, |sam| sam.security_roles.clear());
    within_minutes(&world, 10, "the role is gone", async || {
        (!holds(&world, &mut sam, "staff").await).then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_ams_that_answers_nonsense_takes_nothing_from_anybody() {
    let world = World::planned(in_step()).await;
    let (mut jane, mut nils) = (signed_in(&world, CHAIR).await, signed_in(&world, NON_MEMBER).await);
    settled(&world).await;
    for fault in [
        Fault::Status(404),
        Fault::EmptyList,
        Fault::NoContent,
        Fault::HtmlOk,
        Fault::ServerError,
        Fault::WrongShape,
        Fault::HalfRows,
        Fault::Closed,
    ] {
        world.people().update_switches(|switches| {
            switches.fault = fault;
            switches.fault_on = Scope::Api;
        });
        for _ in 0..8 {
            world.forward(SignedDuration::from_secs(90));
            tokio::time::sleep(std::time::Duration::from_millis(300)).await;
            assert!(holds(&world, &mut jane, "education_chair").await, "{fault:?}");
            assert!(holds(&world, &mut nils, "non_member").await, "{fault:?}");
        }
        world.people().update_switches(|switches| switches.fault = Fault::None);
        world.forward(SignedDuration::from_mins(6));
        tokio::time::sleep(std::time::Duration::from_secs(2)).await;
    }
    assert!(holds(&world, &mut jane, "education_chair").await);
    // It is well again, and nobody is locked out.
    let mut tomas = signed_in(&world, SECOND_MEMBERSHIP).await;
    assert!(holds(&world, &mut tomas, "member").await);
}

#[tokio::test(flavor = "multi_thread")]
async fn somebody_who_is_really_gone_is_signed_out() {
    let world = World::planned(in_step()).await;
    let mut sam = signed_in(&world, STAFF).await;
    settled(&world).await;
    let id = world.people().person(STAFF).unwrap().id;
    world.people().remove_person(&id);
    assert!(holds(&world, &mut sam, "staff").await);
    // Nothing tells of somebody who is no longer there; half of `stale_limit` later the record is old enough to be looked at.
    world.forward(SignedDuration::from_hours(13));
    within_minutes(&world, 20, "the session is over", async || {
        (roles(&world, &mut sam).await == ["status 401"]).then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_known_of_rosters_survives_a_restart() {
    let mut world = World::planned(in_step()).await;
    settled(&world).await;
    let mut jane = signed_in(&world, CHAIR).await;
    assert!(holds(&world, &mut jane, "education_chair").await);
    world.close_gate().await;
    world.people().update_switches(|switches| {
        switches.fault = Fault::Unavailable;
        switches.fault_on = Scope::Api;
    });
    world.open_gate().await;
    eventually("the chair is still one, without an answer of the AMS", async || {
        holds(&world, &mut jane, "education_chair").await.then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clock_that_goes_back_signs_nobody_out() {
    let world = World::planned(in_step()).await;
    let mut jane = signed_in(&world, CHAIR).await;
    settled(&world).await;
    for by in [SignedDuration::from_mins(-10), SignedDuration::from_hours(-1)] {
        world.clock.jump(by);
        for _ in 0..20 {
            assert!(holds(&world, &mut jane, "education_chair").await, "{by:?}");
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_roster_of_which_the_ams_says_nothing_takes_nobody_off_it() {
    let world = World::planned(in_step()).await;
    let mut jane = signed_in(&world, CHAIR).await;
    settled(&world).await;
    for fault in [Fault::Status(404), Fault::Status(400), Fault::NoContent] {
        world.people().update_switches(|switches| {
            switches.fault = fault;
            switches.fault_on = Scope::Only(Endpoint::CommitteeMembers);
        });
        let before = world.people().calls(Endpoint::CommitteeMembers);
        for _ in 0..12 {
            world.forward(SignedDuration::from_secs(75));
            tokio::time::sleep(std::time::Duration::from_millis(300)).await;
            assert!(holds(&world, &mut jane, "education_chair").await, "{fault:?}");
        }
        assert!(world.people().calls(Endpoint::CommitteeMembers) > before, "{fault:?}: it was asked for");
    }
}

/// The record is old enough to be said so with each request; the AMS is not asked for it, and neither is a worker.
#[tokio::test(flavor = "multi_thread")]
async fn a_request_of_somebody_whom_the_directory_sees_to_costs_no_call() {
    let world = World::planned(in_step()).await;
    let mut sam = signed_in(&world, STAFF).await;
    settled(&world).await;
    world.forward(SignedDuration::from_mins(40));
    tokio::time::sleep(std::time::Duration::from_secs(1)).await;
    let reads = world.people().calls(Endpoint::Profile);
    for _ in 0..50 {
        assert!(holds(&world, &mut sam, "staff").await);
    }
    assert_eq!(world.people().calls(Endpoint::Profile), reads);
}
