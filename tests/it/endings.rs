//! Every way in which a sign-in can end without a session, and what the person does then: each page is read, and its main link
//! or its own retry followed as a browser would.

use std::time::Duration;

use jiff::SignedDuration;
use membergate::sim::people::Environment;
use membergate::sim::re_members::{Endpoint, Scope};
use membergate::sim::switches::Fault;
use rusqlite::Connection;

use crate::oidc::OpenIdWorld;
use crate::world::{CHAIR, NON_MEMBER, Page, UNAPPROVED, Visitor, World};

const NOBODYS_TOKEN: &str = "00000000-1111-4222-8333-444455556666";

/// What a sign-in meets.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Trouble {
    Ams(Fault),
    Store,
    TokenRefused,
    OtherPerson,
    Used,
    Malformed,
    Expired,
    NoCookies,
    ForeignState,
    NotAdmitted,
}

impl Trouble {
    /// Whether it is over by itself after a while.
    fn passes(self) -> bool {
        matches!(self, Trouble::Ams(_) | Trouble::Store)
    }

    /// Whether what the person brought is kept, and tried again at their place in line.
    fn waits(self) -> bool {
        self == Trouble::Ams(Fault::TooMany)
    }
}

const ALL: [Trouble; 19] = [
    Trouble::Ams(Fault::ServerError),
    Trouble::Ams(Fault::Unavailable),
    Trouble::Ams(Fault::HtmlOk),
    Trouble::Ams(Fault::WrongShape),
    Trouble::Ams(Fault::Redirect),
    Trouble::Ams(Fault::Unauthorized),
    Trouble::Ams(Fault::TooMany),
    Trouble::Ams(Fault::TruncatedJson),
    Trouble::Ams(Fault::HalfClosed),
    Trouble::Ams(Fault::Closed),
    Trouble::Store,
    Trouble::TokenRefused,
    Trouble::OtherPerson,
    Trouble::Used,
    Trouble::Malformed,
    Trouble::Expired,
    Trouble::NoCookies,
    Trouble::ForeignState,
    Trouble::NotAdmitted,
];

/// Every answer of the AMS's interface goes wrong in this way from now on.
fn fail(world: &World, fault: Fault) {
    world.people().update_switches(|switches| {
        switches.fault = fault;
        switches.fault_on = Scope::Api;
    });
}

/// The return address that the AMS was given, which a forger completes.
fn return_address(form: &Page) -> String {
    form.url.query_pairs().find(|(name, _)| name == "RedirectUrl").unwrap().1.into_owned()
}

async fn forged(visitor: &mut Visitor, world: &World, token: &str) -> Page {
    let form = visitor.open(world.url("/members?a=1")).await;
    let id = world.people().person(CHAIR).unwrap().id;
    visitor.open(format!("{}&UserId={id}&sso={token}", return_address(&form))).await
}

/// Meets the trouble while signing in for `page`; the trouble is over afterwards.
async fn meets(trouble: Trouble, world: &World, visitor: &mut Visitor, page: &str) -> Page {
    let form = visitor.open(world.url(page)).await.expect(200);
    match trouble {
        Trouble::Ams(fault) => {
            let landed = visitor.log_in_at_the_ams(CHAIR, &form).await;
            fail(world, fault);
            let ended = visitor.open(landed).await;
            fail(world, Fault::None);
            ended
        }
        Trouble::Store => {
            let landed = visitor.log_in_at_the_ams(CHAIR, &form).await;
            let store = Connection::open(world.folder.path().join("gate.sqlite")).unwrap();
            store.busy_timeout(Duration::from_secs(5)).unwrap();
            store.execute_batch("BEGIN IMMEDIATE").unwrap();
            let ended = visitor.open(landed).await;
            store.execute_batch("ROLLBACK").unwrap();
            ended
        }
        Trouble::TokenRefused => forged(visitor, world, NOBODYS_TOKEN).await,
        Trouble::OtherPerson => {
            let token = world.people().issue_sso(Environment::Production, NON_MEMBER).unwrap();
            forged(visitor, world, &token).await
        }
        Trouble::Used => {
            let landed = visitor.log_in_at_the_ams(CHAIR, &form).await;
            visitor.clone().open(&landed).await.expect(200);
            visitor.open(landed).await
        }
        Trouble::Malformed => visitor.open(format!("{}&UserId=x&sso=y", return_address(&form))).await,
        Trouble::Expired => {
            let landed = visitor.log_in_at_the_ams(CHAIR, &form).await;
            world.forward(SignedDuration::from_mins(61));
            visitor.open(landed).await
        }
        Trouble::NoCookies => {
            let landed = visitor.log_in_at_the_ams(CHAIR, &form).await;
            visitor.cookies.retain(|(_, name), _| !name.starts_with("membergate"));
            visitor.open(landed).await
        }
        Trouble::ForeignState => {
            let mut other = world.visitor();
            let form = other.open(world.url(page)).await;
            let landed = other.log_in_at_the_ams(CHAIR, &form).await;
            visitor.open(landed).await
        }
        Trouble::NotAdmitted => {
            let landed = visitor.log_in_at_the_ams(UNAPPROVED, &form).await;
            visitor.open(landed).await
        }
    }
}

/// The address of the page's own retry, and after how many seconds.
fn retry_of(page: &Page) -> Option<(u16, String)> {
    let content = page.attribute("http-equiv=\"refresh\"", "content")?;
    let (seconds, url) = content.split_once(";url=").unwrap();
    Some((seconds.parse().unwrap(), page.url.join(url).unwrap().to_string()))
}

/// Follows an address, and signs in where that is asked for.
async fn follow(visitor: &mut Visitor, address: &str) -> Page {
    let page = visitor.open(address).await;
    if page.url.path().ends_with("/account/login.aspx") {
        let landed = visitor.log_in_at_the_ams(CHAIR, &page).await;
        return visitor.open(landed).await;
    }
    page
}

fn main_link(page: &Page) -> String {
    assert!(!page.text.contains("href=\"\""), "{}", page.text);
    let link = page.attribute("class=\"button\"", "href").or(page.attribute("id=\"again\"", "href"));
    let link = link.unwrap_or_else(|| panic!("{}", page.text));
    page.url.join(&link).unwrap().to_string()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_ending_of_a_sign_in_has_a_next_step_that_works() {
    for trouble in ALL {
        let world = World::start().await;
        let mut visitor = world.visitor();
        let ended = meets(trouble, &world, &mut visitor, "/members?a=1").await;
        let page = if trouble.waits() { "/_gate/waiting" } else { "/_gate/login/failed" };
        assert_eq!(ended.url.path(), page, "{trouble:?}: {}", ended.text);
        let is_error = ended.status.is_client_error() || ended.status.is_server_error();
        assert_eq!(is_error, !trouble.waits(), "{trouble:?}");
        assert!(!ended.text.contains("sso="), "{trouble:?}");
        let retry = retry_of(&ended);
        assert_eq!(retry.is_some(), trouble.passes(), "{trouble:?}: {}", ended.text);
        assert_eq!(
            ended.header("retry-after").is_some(),
            trouble.passes() && !trouble.waits(),
            "{trouble:?}"
        );
        // The trouble is over.
        world.forward(SignedDuration::from_mins(11));
        let mut ways = vec![main_link(&ended)];
        ways.extend(retry.map(|(_, address)| address));
        for way in ways {
            let page = follow(&mut visitor.clone(), &way).await;
            assert!(page.status == 200, "{trouble:?}: {way} leads to {} {}", page.url, page.text);
            let is_known =
                !matches!(trouble, Trouble::NoCookies | Trouble::ForeignState | Trouble::NotAdmitted);
            let wanted = if is_known { "/members?a=1" } else { "/" };
            assert_eq!(page.url.as_str(), world.url(wanted), "{trouble:?}");
        }
    }
}

/// A browser that keeps no cookies is told so, however often it tries, and is not sent round in circles.
#[tokio::test(flavor = "multi_thread")]
async fn without_cookies_the_page_says_so_each_time() {
    let world = World::start().await;
    let mut address = world.url("/members");
    for _ in 0..4 {
        let mut visitor = world.visitor();
        let form = visitor.open(&address).await.expect(200);
        let landed = visitor.log_in_at_the_ams(CHAIR, &form).await;
        let ended = world.visitor().open(landed).await.expect(400);
        assert!(ended.text.contains("cookies"), "{}", ended.text);
        assert!(retry_of(&ended).is_none());
        address = main_link(&ended);
    }
}

/// The page tries again by itself, each time a little later, and not for ever.
#[tokio::test(flavor = "multi_thread")]
async fn while_the_ams_is_down_the_page_tries_again_by_itself_but_not_for_ever() {
    let world = World::start().await;
    let mut jane = world.visitor();
    let form = jane.open(world.url("/members?a=1#b")).await.expect(200);
    let mut address = jane.log_in_at_the_ams(CHAIR, &form).await;
    fail(&world, Fault::Unavailable);
    let mut waits = Vec::new();
    for _ in 0..40 {
        let page = jane.open(&address).await.expect(503);
        let Some((seconds, again)) = retry_of(&page) else { break };
        waits.push(seconds);
        address = again;
    }
    assert_eq!(waits.len(), 20, "{waits:?}");
    assert!(waits.iter().all(|wait| (20..=180).contains(wait)), "{waits:?}");
    assert!(waits.last() > waits.first(), "{waits:?}");
    // The person still can, and comes to the page.
    let last = jane.open(&address).await.expect(503);
    fail(&world, Fault::None);
    world.forward(SignedDuration::from_mins(2));
    let page = follow(&mut jane, &main_link(&last)).await.expect(200);
    assert_eq!(page.url.as_str(), world.url("/members?a=1#b"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clients_request_that_failed_for_a_while_goes_on_by_itself() {
    for trouble in [Trouble::Ams(Fault::Unavailable), Trouble::Ams(Fault::TooMany), Trouble::Store] {
        let provider = OpenIdWorld::start().await;
        let mut visitor = provider.visitor();
        let asked = provider.ask("wiki", &[]);
        let path = asked.strip_prefix(&provider.world.url("")).unwrap();
        let ended = meets(trouble, &provider.world, &mut visitor, path).await;
        for way in [main_link(&ended), retry_of(&ended).unwrap().1] {
            provider.world.forward(SignedDuration::from_mins(2));
            let page = follow(&mut visitor.clone(), &way).await.expect(200);
            assert!(
                page.url.as_str().starts_with(&format!("{}/cb?x=1&code=", provider.party.base)),
                "{}",
                page.url
            );
        }
    }
    // The person is signed in, and the store fails when the code is to be kept.
    let provider = OpenIdWorld::start().await;
    let (mut jane, _) = provider.code(CHAIR, "wiki", &[]).await;
    let store = Connection::open(provider.world.folder.path().join("gate.sqlite")).unwrap();
    store.execute_batch("BEGIN IMMEDIATE").unwrap();
    let ended = jane.open(provider.ask("wiki", &[])).await.expect(503);
    let silent = jane.open(provider.ask("wiki", &["prompt=none"])).await;
    assert!(silent.url.as_str().contains("error=server_error"), "nobody sees a page: {}", silent.url);
    store.execute_batch("ROLLBACK").unwrap();
    for way in [main_link(&ended), retry_of(&ended).unwrap().1] {
        let page = jane.open(way).await.expect(200);
        assert!(page.url.as_str().contains("code="), "{}", page.url);
    }
}

/// 250 browsers, each with an attempt of its own and a token that the AMS does not know, come back at once.
#[tokio::test(flavor = "multi_thread")]
async fn of_250_forged_returns_at_once_ten_reach_the_ams_and_the_others_wait() {
    let world = World::start().await;
    let id = world.people().person(CHAIR).unwrap().id;
    let mut forgers = Vec::new();
    for n in 0..250 {
        let mut forger = world.visitor();
        let form = forger.open(world.url("/members")).await;
        let token = format!("{n:08x}-1111-4222-8333-444455556666");
        forgers.push((forger, format!("{}&UserId={id}&sso={token}", return_address(&form))));
    }
    world.people().update_switches(|switches| switches.latency = Duration::from_secs(2));
    let mut returns = tokio::task::JoinSet::new();
    for (mut forger, address) in forgers {
        // On a new connection: the old one may have been idle for too long.
        let cookies = std::mem::take(&mut forger.cookies);
        forger = world.visitor();
        forger.cookies = cookies;
        returns.spawn(async move { forger.open(address).await.status.as_u16() });
    }
    let statuses = returns.join_all().await;
    // Nobody else waits, so the first of those who do may have had a turn already.
    let reached = world.people().calls(Endpoint::FindBySsoToken);
    assert!((10..=15).contains(&reached), "{reached}");
    let count = |status: u16| statuses.iter().filter(|it| **it == status).count();
    assert_eq!((count(403), count(200)), (10, 240), "the others wait, behind everybody else");
}

#[tokio::test(flavor = "multi_thread")]
async fn two_hundred_honest_people_behind_one_address_all_get_in() {
    let world = World::start().await;
    let mut people = Vec::new();
    for _ in 0..200 {
        let mut visitor = world.visitor();
        let form = visitor.open(world.url("/members")).await;
        let landed = visitor.log_in_at_the_ams(CHAIR, &form).await;
        people.push((visitor, landed));
    }
    let mut returns = tokio::task::JoinSet::new();
    for (mut visitor, landed) in people {
        let cookies = std::mem::take(&mut visitor.cookies);
        visitor = world.visitor();
        visitor.cookies = cookies;
        returns.spawn(async move {
            let mut page = visitor.open(landed).await.expect(200);
            for _ in 0..100 {
                if page.url.path() != "/_gate/waiting" {
                    break;
                }
                tokio::time::sleep(Duration::from_millis(100)).await;
                page = visitor.open(page.url.as_str()).await.expect(200);
            }
            page.url.path().to_owned()
        });
    }
    let ends = returns.join_all().await;
    assert!(ends.iter().all(|end| end == "/members"), "{ends:?}");
}
