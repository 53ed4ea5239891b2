//! The page of somebody who waits: what it says to people, to its script, and to browsers that fetch ahead.

use reqwest::Method;

use super::{a_minute_later, in_line, scarce, waits};
use crate::browser::Browser;

#[tokio::test(flavor = "multi_thread")]
async fn the_page_loads_itself_again_without_scripts_and_tells_a_script_what_is_new() {
    let world = scarce(3).await;
    let (mut visitor, page) = in_line(&world, "/members?a=1#b").await;
    let content = page.attribute("http-equiv=\"refresh\"", "content").unwrap();
    let (seconds, address) = content.split_once(";url=").unwrap();
    assert!((2..=30).contains(&seconds.parse::<u32>().unwrap()), "{content}");
    assert!(waits(&visitor.open(page.url.join(address).unwrap()).await));
    assert!(page.text.contains("aria-live=\"polite\""));
    assert!(!page.text.contains("sso="), "nothing of the token is on the page");
    let news = visitor.fetch(page.url.as_str()).await.expect(200).json();
    assert_eq!((&news["place"], &news["over"]), (&1.into(), &false.into()), "{news}");
    assert!(news["again_in"].as_u64().unwrap() >= 2, "{news}");
    a_minute_later(&world);
    // A script only looks.
    let calls = world.people().api_calls();
    let news = visitor.fetch(page.url.as_str()).await.expect(200).json();
    assert_eq!(news["over"], true, "{news}");
    assert_eq!(world.people().api_calls(), calls);
    assert_eq!(visitor.open(page.url.as_str()).await.url.as_str(), world.url("/members?a=1#b"));
    assert_eq!(visitor.fetch(page.url.as_str()).await.expect(200).json()["over"], true);
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_happens_to_a_place_by_head_or_ahead_of_the_person() {
    let world = scarce(3).await;
    let (mut visitor, page) = in_line(&world, "/members").await;
    a_minute_later(&world);
    let calls = world.people().api_calls();
    let head =
        visitor.request(Method::HEAD, page.url.as_str(), &[("accept", "text/html")], None).await.expect(200);
    assert_eq!((head.header("set-cookie"), head.header("location")), (None, None));
    let ahead = [("accept", "text/html"), ("sec-purpose", "prefetch;prerender")];
    let ahead = visitor.request(Method::GET, page.url.as_str(), &ahead, None).await.expect(503);
    assert_eq!(ahead.header("set-cookie"), None);
    assert_eq!(world.people().api_calls(), calls);
    assert!(!waits(&visitor.open(page.url.as_str()).await), "the turn is still there");
}

/// In a real browser, with scripts: it stays on the page, is told what is new, and comes in by itself.
#[tokio::test(flavor = "multi_thread")]
async fn a_browser_waits_and_comes_in_by_itself() {
    let world = scarce(3).await;
    let (mut first, ahead) = in_line(&world, "/members?ahead").await;
    let browser = Browser::start().await;
    browser.look(1280, 800, false).await;
    browser.open(&world.url("/members?a=1#b")).await;
    browser.wait_for("#main_content_Login_txtLoginUserName").await;
    browser.type_into("#main_content_Login_txtLoginUserName", crate::world::CHAIR).await;
    browser.type_into("#main_content_Login_txtLoginPassword", membergate::sim::people::PASSWORD).await;
    browser.click("#main_content_Login_LoginButton").await;
    browser.wait_for("#place").await;
    assert_eq!(browser.text("#place").await, "2");
    browser.screenshot("waiting").await;
    browser.look(1280, 800, true).await;
    browser.screenshot("waiting_dark").await;
    browser.look(360, 640, false).await;
    browser.screenshot("waiting_phone").await;
    a_minute_later(&world);
    assert!(!waits(&first.open(ahead.url.as_str()).await));
    assert_eq!(browser.wait_for_url("/members?a=1").await, world.url("/members?a=1#b"));
    let complaints = browser.complaints().await;
    // The simulated AMS has no icon.
    let ours: Vec<_> = complaints.iter().filter(|complaint| !complaint.contains("/favicon.ico")).collect();
    assert!(ours.is_empty(), "{ours:?}");
}
