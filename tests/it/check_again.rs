//! "I have just renewed: check again": who may not open a page is read at once, if he or she asks for it.

use jiff::SignedDuration;
use membergate::sim::re_members::Endpoint;
use reqwest::Method;

use crate::world::{CHAIR, NON_MEMBER, World};

#[tokio::test(flavor = "multi_thread")]
async fn somebody_who_has_just_renewed_opens_the_page_by_asking_us_to_check_again() {
    let world = World::start().await;
    let mut nils = world.visitor();
    let page = "/members?year=2026&x=%2F";
    let refused = nils.sign_in(NON_MEMBER, world.url(page)).await.expect(403);
    assert!(refused.text.contains("I have just renewed: check again"), "{}", refused.text);
    let wanted = refused.attribute("name=\"page\"", "value").unwrap();
    assert_eq!(wanted, world.url(page));

    let reads = || world.people().calls(Endpoint::Profile);
    let memberships = world.people().person(CHAIR).unwrap().memberships;
    assert!(world.people().edit_person(NON_MEMBER, |nils| nils.memberships = memberships));
    let before = reads();
    nils.get(world.url(page)).await.expect(403);
    let checked = nils.post(world.url("/_gate/check-again"), &[("page", &wanted)]).await.expect(303);
    assert_eq!(checked.location().unwrap().as_str(), wanted);
    nils.get(world.url(page)).await.expect(200);
    assert_eq!(reads(), before + 1);

    // Within the minute nobody is asked again.
    let again = nils.post(world.url("/_gate/check-again"), &[("page", &wanted)]).await.expect(429);
    assert!(
        again.text.contains("less than a minute ago") && again.text.contains("year=2026"),
        "{}",
        again.text
    );
    assert_eq!(reads(), before + 1);
    world.forward(SignedDuration::from_secs(61));
    nils.post(world.url("/_gate/check-again"), &[("page", &wanted)]).await.expect(303);
    assert_eq!(reads(), before + 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn only_a_page_of_the_site_itself_can_ask_and_it_leads_nowhere_else() {
    let world = World::start().await;
    let mut nils = world.visitor();
    nils.sign_in(NON_MEMBER, world.url("/members")).await.expect(403);
    let before = world.people().api_calls();
    let (url, form) = (world.url("/_gate/check-again"), Some("page=%2Fmembers".to_owned()));
    let typed = ("content-type", "application/x-www-form-urlencoded");
    for headers in [
        vec![typed],
        vec![typed, ("origin", "https://evil.example")],
        vec![typed, ("origin", "null"), ("sec-fetch-site", "same-origin")],
        vec![typed, ("sec-fetch-site", "cross-site")],
    ] {
        nils.request(Method::POST, &url, &headers, form.clone()).await.expect(400);
    }
    nils.get(&url).await.expect(405);
    assert_eq!(world.people().api_calls(), before);
    // Somebody who is not signed in goes to the page, which knows what to do; any other address leads home.
    let mut stranger = world.visitor();
    for (page, to) in
        [("/members", "/members"), ("https://evil.example/", "/"), ("//evil.example", "/"), ("", "/")]
    {
        let sent = stranger.post(&url, &[("page", page)]).await.expect(303);
        assert_eq!(sent.location().unwrap().as_str(), world.url(to), "{page}");
    }
    assert_eq!(world.people().api_calls(), before);
}

#[tokio::test(flavor = "multi_thread")]
async fn while_the_ams_gives_no_answer_nobody_is_worse_off_for_asking() {
    let world = World::start().await;
    let mut nils = world.visitor();
    nils.sign_in(NON_MEMBER, world.url("/members")).await.expect(403);
    world.people().set_switch("fault=unavailable").unwrap();
    let page = world.url("/members");
    let told = nils.post(world.url("/_gate/check-again"), &[("page", &page)]).await.expect(503);
    assert!(told.text.contains("We could not check just now"), "{}", told.text);
    nils.get(world.url("/_gate/me")).await.expect(200);
    world.people().set_switch("fault=none").unwrap();
    world.forward(SignedDuration::from_secs(61));
    nils.post(world.url("/_gate/check-again"), &[("page", &page)]).await.expect(303);
}
