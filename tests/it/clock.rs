//! Stories of a clock that is wrong, or put right by much: nobody who is signed in notices.

use jiff::SignedDuration;
use membergate::sim::re_members::{Endpoint, Scope};
use membergate::sim::switches::Fault;

use crate::directory::{holds, in_step, settled, signed_in, within_minutes};
use crate::operations::value;
use crate::world::{CHAIR, NON_MEMBER, Plan, STAFF, World};

const DAY: SignedDuration = SignedDuration::from_hours(24);

/// Limits as nobody has configured them.
fn usual() -> Plan {
    Plan { session: String::new(), ..in_step() }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clock_that_goes_forward_a_day_and_back_signs_nobody_out_and_everything_is_read_again() {
    let world = World::planned(usual()).await;
    let (mut jane, mut nils, mut sam) =
        (signed_in(&world, CHAIR).await, signed_in(&world, NON_MEMBER).await, signed_in(&world, STAFF).await);
    settled(&world).await;
    let before = world.people().calls(Endpoint::Profile);
    world.clock.jump(DAY);
    for _ in 0..20 {
        assert!(holds(&world, &mut jane, "education_chair").await);
        assert!(holds(&world, &mut nils, "non_member").await);
        assert!(holds(&world, &mut sam, "staff").await);
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    let jumped = value(&world, "clock_jump_seconds").await.unwrap();
    assert!((86_399..=86_400).contains(&jumped), "{jumped}");
    within_minutes(&world, 40, "the records are read again", async || {
        assert!(holds(&world, &mut sam, "staff").await);
        assert!(holds(&world, &mut jane, "education_chair").await);
        (world.people().calls(Endpoint::Profile) >= before + 2).then_some(())
    })
    .await;
    world.clock.jump(-DAY);
    for _ in 0..20 {
        assert!(holds(&world, &mut jane, "education_chair").await);
        assert!(holds(&world, &mut sam, "staff").await);
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn with_an_ams_that_is_down_a_jump_forward_takes_nothing_and_time_that_passes_does() {
    let world = World::planned(usual()).await;
    let mut jane = signed_in(&world, CHAIR).await;
    settled(&world).await;
    world.people().update_switches(|switches| {
        switches.fault = Fault::Unavailable;
        switches.fault_on = Scope::Api;
    });
    world.clock.jump(SignedDuration::from_mins(12));
    assert!(holds(&world, &mut jane, "education_chair").await);
    world.clock.jump(DAY);
    assert!(holds(&world, &mut jane, "education_chair").await);
    // The jump is left out of the age, and nothing else.
    for _ in 0..23 {
        world.forward(SignedDuration::from_hours(1));
        assert!(holds(&world, &mut jane, "education_chair").await);
    }
    world.forward(SignedDuration::from_hours(2));
    assert!(!holds(&world, &mut jane, "education_chair").await);
}
