//! Stories of the line in front of the sign-in: many come at once, and everybody has a turn.

mod flood;
mod line;
mod page;
mod trouble;
mod verified;

use jiff::SignedDuration;
use membergate::sim::re_members::Endpoint;

use crate::world::{CHAIR, Page, Plan, Visitor, World};

/// A world whose AMS allows so many calls in a minute. Tokens of the gateway have been got before, by somebody who signed in.
async fn scarce(per_minute: u32) -> World {
    scarce_as(Plan { calls_per_second: 3, calls_per_minute: per_minute, ..one_call() }).await
}

/// A sign-in costs one call: no rule needs a list about the person.
fn one_call() -> Plan {
    let rules = "time_zone = \"America/New_York\"\neveryone = \"subscriber\"\nmember = \"member\"\n";
    let access = "[[site.access]]\npath = \"/members\"\nany_of = [\"member\"]\n\n[[site.access]]\npath = \"/\"\nrequire = \"public\"\n";
    Plan { rules: rules.to_owned(), access: access.to_owned(), ..Plan::default() }
}

async fn scarce_as(plan: Plan) -> World {
    let world = World::planned(plan).await;
    let page = world.visitor().sign_in(CHAIR, world.url("/members")).await.expect(200);
    assert!(!waits(&page), "{}", page.text);
    world
}

/// The minute is over: as many calls as are allowed may start again.
fn a_minute_later(world: &World) {
    world.forward(SignedDuration::from_secs(61));
}

/// Somebody who has just typed their password, and the address to which the AMS sends them.
async fn at_the_ams(world: &World, page: &str) -> (Visitor, String) {
    let mut visitor = world.visitor();
    let form = visitor.open(world.url(page)).await.expect(200);
    let landed = visitor.log_in_at_the_ams(CHAIR, &form).await;
    (visitor, landed)
}

/// Somebody who has come back from the AMS and waits.
async fn in_line(world: &World, page: &str) -> (Visitor, Page) {
    let (mut visitor, landed) = at_the_ams(world, page).await;
    let waiting = visitor.open(landed).await.expect(200);
    assert!(waits(&waiting), "{} {}", waiting.url, waiting.text);
    (visitor, waiting)
}

fn waits(page: &Page) -> bool {
    page.url.path() == "/_gate/waiting"
}

/// The place that the page tells.
fn place(page: &Page) -> usize {
    let (_, rest) = page.text.split_once("<strong id=\"place\">").unwrap_or_else(|| panic!("{}", page.text));
    rest.split('<').next().unwrap().parse().unwrap()
}

fn tokens_shown(world: &World) -> u64 {
    world.people().calls(Endpoint::FindBySsoToken)
}

/// Loads the page again until it leads on. A snapshot of the line is taken once a second.
async fn until_in(visitor: &mut Visitor, waiting: &Page) -> Page {
    for _ in 0..100 {
        let page = visitor.open(waiting.url.as_str()).await;
        if !waits(&page) {
            return page;
        }
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    panic!("nobody came in within ten seconds");
}
