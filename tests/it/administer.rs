//! Administration without its pages: what is published counts at the next click, and the rules file has no say any more.

use membergate::flows::administer::mapping::{ChangeError, Mapping};
use membergate::flows::administer::{Actor, AdmittedBy};

use crate::world::{CHAIR, Plan, RULES, World};

const STAFF: &str = "sam.osei@acme.example";

async fn world() -> World {
    World::planned(Plan { more: "[admin]\nroles = [\"staff\"]\n".to_owned(), ..Plan::default() }).await
}

fn mapping(world: &World) -> &Mapping {
    &world.gate().administer().unwrap().mapping
}

fn sam() -> Actor {
    Actor { id: None, name: "Sam Osei".to_owned(), admitted_by: AdmittedBy::Role }
}

#[tokio::test(flavor = "multi_thread")]
pub(crate) async fn what_is_published_counts_at_the_next_click_and_a_rollback_takes_it_back() {
    let mut world = world().await;
    let mut jane = world.visitor();
    jane.sign_in(CHAIR, world.url("/education")).await.expect(200);
    world.visitor().sign_in(STAFF, world.url("/members")).await.expect(200);
    let (sam, secretaries) = (sam(), RULES.replace("\"CHAIR\"", "\"SECRETARY\""));

    let draft = mapping(&world).draft().await.unwrap();
    let draft = mapping(&world).import(&sam, draft.revision, &secretaries).await.unwrap();
    jane.get(world.url("/education")).await.expect(200);
    mapping(&world).publish(&sam, draft.revision, "", false).await.unwrap();
    jane.get(world.url("/education")).await.expect(403);
    mapping(&world).restore(&sam, 1, false).await.unwrap();
    jane.get(world.url("/education")).await.expect(200);

    // What the file says now counts neither when it is read again nor after a restart.
    world.plan.rules = secretaries;
    world.gate().reload(&world.settings()).unwrap();
    jane.get(world.url("/education")).await.expect(200);
    world.close_gate().await;
    world.open_gate().await;
    jane.get(world.url("/education")).await.expect(200);
    let versions = mapping(&world).versions().await.unwrap();
    assert_eq!(versions.iter().map(|head| head.number).collect::<Vec<_>>(), [3, 2, 1]);
}

#[tokio::test(flavor = "multi_thread")]
async fn as_long_as_no_administrator_was_ever_seen_nothing_is_published() {
    let world = world().await;
    let mut jane = world.visitor();
    jane.sign_in(CHAIR, world.url("/education")).await.expect(200);
    let sam = sam();
    let revision = mapping(&world).draft().await.unwrap().revision;
    let draft =
        mapping(&world).import(&sam, revision, &RULES.replace("\"CHAIR\"", "\"SECRETARY\"")).await.unwrap();
    let refused = mapping(&world).publish(&sam, draft.revision, "", false).await;
    assert!(matches!(refused, Err(ChangeError::LockOut)), "{refused:?}");
    jane.get(world.url("/education")).await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_administers_is_changed_by_a_restart_only() {
    let mut world = world().await;
    world.plan.more = "[admin]\nroles = [\"member\"]\n".to_owned();
    let refused = world.gate().reload(&world.settings()).unwrap_err();
    assert!(refused.to_string().contains("[admin]"), "{refused}");
}
