//! The short form of `benches/rush`: many people in the same second, in real time, against an AMS with its limits.

#[path = "../../benches/rush/crowd.rs"]
mod crowd;

use std::time::{Duration, Instant};

use membergate::sim::people::PASSWORD;
use url::Url;

use crate::world::{CHAIR, LAST_DAY, MARKUP, NON_MEMBER, Plan, SECOND_MEMBERSHIP, STAFF, World};
use crowd::{Browser, summary};

/// Twice as many browsers as people: two of each.
const PEOPLE: [&str; 6] = [CHAIR, SECOND_MEMBERSHIP, NON_MEMBER, STAFF, LAST_DAY, MARKUP];

#[tokio::test(flavor = "multi_thread")]
async fn everybody_of_a_crowd_gets_in_and_the_ams_is_never_asked_too_often() {
    let access = "[[site.access]]\npath = \"/\"\nrequire = \"signed_in\"\n".to_owned();
    let rules = "time_zone = \"America/New_York\"\neveryone = \"subscriber\"\n".to_owned();
    let plan = Plan { rules, access, switches: Vec::new(), calls_per_second: 3, ..Plan::default() };
    let world = World::planned(plan).await;
    let client = reqwest::Client::builder().no_proxy().redirect(reqwest::redirect::Policy::none());
    let client = client.resolve("localhost", world.address()).build().unwrap();
    let wanted = Url::parse(&world.url("/members")).unwrap();
    let (begun, patience) = (Instant::now(), Duration::from_secs(60));
    let mut crowd = tokio::task::JoinSet::new();
    for email in PEOPLE.into_iter().chain(PEOPLE) {
        let (mut browser, wanted) = (Browser::new(client.clone(), None), wanted.clone());
        crowd.spawn(async move { browser.sign_in(&wanted, (email, PASSWORD), begun, patience).await });
    }
    let journeys = crowd.join_all().await;
    let all = summary(&journeys);
    println!("{all}");
    assert_eq!((all.entered, all.errors, all.overtaken), (all.people, 0, 0), "{all:?} {journeys:#?}");
    let report = world.people().call_report(100);
    assert_eq!(report.refused, 0, "{report:#?}");
    assert_eq!(report.calls, 12 + 2, "one for each, and two for tokens");
}
