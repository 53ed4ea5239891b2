//! What may go wrong while somebody waits.

use membergate::sim::re_members::{Endpoint, Scope};
use membergate::sim::switches::Fault;

use super::{a_minute_later, at_the_ams, in_line, place, scarce, tokens_shown, until_in, waits};
use crate::world::{CHAIR, UNAPPROVED, World, eventually};

fn fail(world: &World, fault: Fault) {
    world.people().update_switches(|switches| {
        switches.fault = fault;
        switches.fault_on = Scope::Api;
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn while_the_ams_gives_no_answer_places_stay_and_the_page_says_so() {
    let world = scarce(6).await;
    let mut line = Vec::new();
    for n in 0..3 {
        // The minute has room for three more.
        let (mut visitor, landed) = at_the_ams(&world, &format!("/members?before={n}")).await;
        visitor.open(landed).await.expect(200);
    }
    for n in 0..3 {
        line.push(in_line(&world, &format!("/members?n={n}")).await);
    }
    fail(&world, Fault::Unavailable);
    a_minute_later(&world);
    let (visitor, page) = &mut line[0];
    let told = eventually("the page says so", async || {
        let told = visitor.open(page.url.as_str()).await.expect(200);
        (!told.text.contains("id=\"silent\" hidden")).then_some(told)
    })
    .await;
    assert!(told.text.contains("is not answering just now"), "{}", told.text);
    let calls = world.people().api_calls();
    for (visitor, page) in &mut line {
        let told = visitor.open(page.url.as_str()).await.expect(200);
        assert!(waits(&told), "{}", told.url);
    }
    assert!(world.people().api_calls() - calls <= 2, "one of them tries now and then, not everybody");
    fail(&world, Fault::None);
    a_minute_later(&world);
    for (n, (visitor, page)) in line.iter_mut().enumerate() {
        assert_eq!(until_in(visitor, page).await.url.as_str(), world.url(&format!("/members?n={n}")));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_is_refused_after_the_wait_is_replaced_by_itself_and_was_no_refusal() {
    let world = scarce(8).await;
    for _ in 0..5 {
        let (mut visitor, landed) = at_the_ams(&world, "/members?before").await;
        visitor.open(landed).await.expect(200);
    }
    let (mut visitor, waiting) = in_line(&world, "/members?a=1").await;
    let (_, behind) = in_line(&world, "/members?b=1").await;
    assert_eq!(place(&behind), 2);
    let shown = tokens_shown(&world);
    // Only the token is refused; the AMS finds everybody else.
    world.people().fail_next(Scope::Only(Endpoint::FindBySsoToken), Fault::NoContent, 1);
    a_minute_later(&world);
    let page = until_in(&mut visitor, &waiting).await.expect(200);
    assert_eq!(page.url.as_str(), world.url("/members?a=1"), "{}", page.text);
    let way: Vec<&str> = page.trail.iter().map(|url| url.path()).collect();
    assert!(way.iter().any(|path| path.ends_with("/account/login.aspx")), "by way of the AMS: {way:?}");
    assert_eq!(tokens_shown(&world) - shown, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_is_refused_twice_ends_the_wait() {
    let world = scarce(8).await;
    for _ in 0..5 {
        let (mut visitor, landed) = at_the_ams(&world, "/members?before").await;
        visitor.open(landed).await.expect(200);
    }
    let (mut visitor, waiting) = in_line(&world, "/members?a=1").await;
    world.people().fail_next(Scope::Only(Endpoint::FindBySsoToken), Fault::NoContent, 2);
    a_minute_later(&world);
    let page = until_in(&mut visitor, &waiting).await.expect(403);
    assert!(page.text.contains("not confirmed"), "{}", page.text);
    assert!(visitor.cookie("localhost", "membergate-waiting").is_none());
    a_minute_later(&world);
    let again = page.attribute("class=\"button\"", "href").unwrap();
    visitor.open(page.url.join(&again).unwrap()).await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_is_refused_while_the_ams_finds_nobody_is_kept() {
    let world = World::start().await;
    world.visitor().sign_in(CHAIR, world.url("/members")).await.expect(200);
    let (mut visitor, landed) = at_the_ams(&world, "/members?a=1").await;
    fail(&world, Fault::NoContent);
    let waiting = visitor.open(landed).await.expect(200);
    assert!(waits(&waiting), "{} {}", waiting.url, waiting.text);
    for _ in 0..20 {
        assert!(waits(&visitor.open(waiting.url.as_str()).await), "nothing is decided");
    }
    fail(&world, Fault::None);
    a_minute_later(&world);
    assert_eq!(until_in(&mut visitor, &waiting).await.url.as_str(), world.url("/members?a=1"));
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_is_not_admitted_is_told_so_at_their_turn() {
    let world = scarce(3).await;
    let mut visitor = world.visitor();
    let form = visitor.open(world.url("/members")).await.expect(200);
    let landed = visitor.log_in_at_the_ams(UNAPPROVED, &form).await;
    let waiting = visitor.open(landed).await.expect(200);
    a_minute_later(&world);
    until_in(&mut visitor, &waiting).await.expect(403);
    assert!(visitor.cookie("localhost", "membergate-waiting").is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_place_is_worth_nothing_in_another_browser_without_its_cookie() {
    let world = scarce(3).await;
    let (first, waiting) = in_line(&world, "/members?a=1").await;
    let mut thief = world.visitor();
    let page = thief.open(waiting.url.as_str()).await.expect(200);
    assert!(page.url.path().ends_with("/account/login.aspx"), "{}", page.url);
    // Changed, it opens nothing.
    let cookie = first.cookie("localhost", "membergate-waiting").unwrap();
    let (secret, sealed) = cookie.split_once('.').unwrap();
    for forged in [format!("{secret}.{}", &sealed[1..]), format!("{}.{sealed}", "A".repeat(43))] {
        thief.plant("localhost", "membergate-waiting", &forged);
        let page = thief.open(waiting.url.as_str()).await.expect(200);
        assert!(page.url.path().ends_with("/account/login.aspx"), "{}", page.url);
    }
    assert!(!cookie.contains("sso") && sealed.len() > 100);
}
