//! Stories of one person's own lists that come back empty or shorter: what the AMS says counts at once, what it no longer says when a second
//! reading agrees while the AMS is well.

use jiff::SignedDuration;
use membergate::sim::re_members::{Endpoint, Scope};
use membergate::sim::switches::Fault;
use serde_json::json;

use crate::directory::{holds, in_step, settled, signed_in, within_minutes};
use crate::operations::value;
use crate::world::{CHAIR, Plan, RULES, SECOND_MEMBERSHIP, STAFF, World};

/// The people of the cast, but the staff.
const EVERYBODY: [&str; 22] = [
    CHAIR,
    SECOND_MEMBERSHIP,
    BUYER,
    "priya.raman@people.example",
    "gus.fenwick@people.example",
    "marisol.okafor@harborlabs.example",
    "bram.teller@people.example",
    "ines.carvalho@people.example",
    "otto.brandt@people.example",
    "ada.quill@acme.example",
    "una.strand@people.example",
    "dora.vale@people.example",
    "nils.frost@people.example",
    "walt.ember@people.example",
    "lena.moss@people.example",
    "zoe.ohara@people.example",
    "mika.tanaka@people.example",
    "ewan.stark@people.example",
    "carla.reyes@people.example",
    "hugo.bellamy@people.example",
    "rhea.lindholm@people.example",
    "tess.trialler@people.example",
];

const BUYER: &str = "noor.haddad@people.example";

/// A purchase gives a role, and the staff administers.
async fn world() -> World {
    let rule = "\n[[rule]]\nrole = \"webinar\"\nwhen = [{ purchase = \"WEB1\" }]\n";
    let more = "[admin]\nroles = [\"staff\"]\n".to_owned();
    // As long as nobody knows the zone of the feed, it names one change for hours, and whoever changes twice is read once an hour.
    let directory = format!("{}\nfeed_zone = \"America/New_York\"", in_step().directory);
    World::planned(Plan { rules: format!("{RULES}{rule}"), more, directory, ..in_step() }).await
}

/// Time passes, and the feed names these people again and again, so that each is read.
async fn minutes_pass(world: &World, minutes: i64, named: &[&str]) {
    for turn in 0..minutes {
        for email in named {
            world.people().edit_person(email, |it| it.title = Some(format!("Turn {turn}")));
        }
        world.forward(SignedDuration::from_mins(1));
        // While nothing is due, the directory looks again once a second.
        tokio::time::sleep(std::time::Duration::from_millis(600)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_that_is_suddenly_empty_takes_nothing_from_anybody_and_a_refund_is_in_force_within_minutes() {
    let world = world().await;
    let bought = world.people().person(BUYER).unwrap().purchases;
    world.people().edit_person(SECOND_MEMBERSHIP, |tomas| tomas.purchases.clone_from(&bought));
    let (mut noor, mut tomas) = (signed_in(&world, BUYER).await, signed_in(&world, SECOND_MEMBERSHIP).await);
    settled(&world).await;
    assert!(holds(&world, &mut noor, "webinar").await && holds(&world, &mut tomas, "webinar").await);
    world.people().update_switches(|switches| {
        switches.fault = Fault::EmptyList;
        switches.fault_on = Scope::Only(Endpoint::Purchases);
    });
    let before = world.people().calls(Endpoint::Purchases);
    for _ in 0..12 {
        minutes_pass(&world, 1, &[BUYER, SECOND_MEMBERSHIP]).await;
        assert!(holds(&world, &mut noor, "webinar").await && holds(&world, &mut tomas, "webinar").await);
    }
    let calls = world.people().calls(Endpoint::Purchases) - before;
    assert!(calls > 3, "{calls}: each was read twice");
    // A new sign-in is no second reading either.
    let mut again = signed_in(&world, BUYER).await;
    assert!(holds(&world, &mut again, "webinar").await);
    assert!(value(&world, "directory_held_absences").await > Some(0));
    world.people().update_switches(|switches| switches.fault = Fault::None);
    within_minutes(&world, 12, "nothing is held any more", async || {
        (value(&world, "directory_held_absences").await == Some(0)).then_some(())
    })
    .await;
    assert!(holds(&world, &mut noor, "webinar").await && holds(&world, &mut tomas, "webinar").await);
    // The AMS is well, and one of them has the money back.
    world.people().edit_person(BUYER, |noor| noor.purchases.clear());
    within_minutes(&world, 8, "the refund is in force", async || {
        (!holds(&world, &mut noor, "webinar").await).then_some(())
    })
    .await;
    assert!(!holds(&world, &mut again, "webinar").await);
    assert!(holds(&world, &mut tomas, "webinar").await);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_ams_says_is_cancelled_counts_with_the_first_reading() {
    let world = world().await;
    let mut noor = signed_in(&world, BUYER).await;
    settled(&world).await;
    minutes_pass(&world, 3, &[]).await;
    let before = world.people().calls(Endpoint::Purchases);
    world.people().edit_person(BUYER, |noor| {
        let line = json!({ "productCode": "WEB1", "purchaseDate": "2026-01-05", "status": "Refunded" });
        noor.overrides.insert("purchases".to_owned(), json!([line]));
    });
    within_minutes(&world, 5, "the role is gone", async || {
        (!holds(&world, &mut noor, "webinar").await).then_some(())
    })
    .await;
    assert!(world.people().calls(Endpoint::Purchases) <= before + 2, "one reading was enough");
}

/// What everybody lacks at once is held until somebody who knows better says so.
#[tokio::test(flavor = "multi_thread")]
async fn memberships_that_all_are_gone_are_held_until_an_administrator_releases_them() {
    let world = world().await;
    let (mut jane, mut tomas) = (signed_in(&world, CHAIR).await, signed_in(&world, SECOND_MEMBERSHIP).await);
    let mut sam = signed_in(&world, STAFF).await;
    settled(&world).await;
    // Others who might have memberships have lost them too.
    for email in EVERYBODY {
        assert!(world.people().edit_person(email, |it| {
            it.overrides.insert("memberships".to_owned(), json!([]));
        }));
    }
    within_minutes(&world, 15, "both are held", async || {
        (value(&world, "directory_held_absences").await >= Some(2)).then_some(())
    })
    .await;
    assert!(holds(&world, &mut jane, "member").await && holds(&world, &mut tomas, "member").await);
    let page = sam.get(world.url("/_gate/admin/status")).await.expect(200);
    assert!(page.text.contains("People’s own lists"), "{}", page.text);
    let token = page.attribute("name=\"token\"", "value").unwrap();
    let fields = [("token", &*token), ("roster", "own_lists"), ("confirmed", "yes")];
    sam.post(world.url("/_gate/admin/status/release"), &fields).await.expect(303);
    within_minutes(&world, 5, "they are members no longer", async || {
        let are = holds(&world, &mut jane, "member").await || holds(&world, &mut tomas, "member").await;
        (!are).then_some(())
    })
    .await;
}

/// What everybody has lacks its dates for a while.
#[tokio::test(flavor = "multi_thread")]
async fn rows_that_lose_everything_but_their_codes_take_nothing_from_anybody() {
    let world = world().await;
    let mut visitors = vec![signed_in(&world, CHAIR).await, signed_in(&world, SECOND_MEMBERSHIP).await];
    settled(&world).await;
    for email in EVERYBODY {
        assert!(world.people().edit_person(email, |it| {
            let rows = it.memberships.iter().map(|it| json!({ "code": it.code }));
            let rows = rows.collect::<Vec<_>>();
            it.overrides.insert("memberships".to_owned(), json!(rows));
        }));
    }
    for _ in 0..12 {
        minutes_pass(&world, 1, &[CHAIR, SECOND_MEMBERSHIP]).await;
        for visitor in &mut visitors {
            assert!(holds(&world, visitor, "member").await);
        }
    }
    assert!(value(&world, "directory_held_absences").await > Some(0));
    for email in EVERYBODY {
        world.people().edit_person(email, |it| drop(it.overrides.remove("memberships")));
    }
    within_minutes(&world, 20, "nothing is held any more", async || {
        (value(&world, "directory_held_absences").await == Some(0)).then_some(())
    })
    .await;
    for visitor in &mut visitors {
        assert!(holds(&world, visitor, "member").await);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn people_whose_memberships_end_together_all_lose_the_role_and_nobody_else_does() {
    let world = world().await;
    let mut members = Vec::new();
    for email in &EVERYBODY[..9] {
        let mut visitor = signed_in(&world, email).await;
        if holds(&world, &mut visitor, "member").await {
            members.push((*email, visitor));
        }
    }
    assert!(members.len() > 4, "too few members for the story: {}", members.len());
    settled(&world).await;
    let (stays, mut leave) = (members.remove(0), members);
    for (email, _) in &leave {
        world.people().edit_person(email, |it| it.memberships.clear());
    }
    within_minutes(&world, 20, "all of them have lost the role", async || {
        for (_, visitor) in &mut leave {
            if holds(&world, visitor, "member").await {
                return None;
            }
        }
        Some(())
    })
    .await;
    let (_, mut visitor) = stays;
    assert!(holds(&world, &mut visitor, "member").await);
}
