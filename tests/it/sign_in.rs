//! Signing in through re:Members, and every way in which that can fail.

use membergate::sim::re_members::Endpoint;

use crate::world::{
    CHAIR, DECEASED, MARKUP, NON_MEMBER, Plan, SECOND_MEMBERSHIP, UNAPPROVED, Visitor, World,
};

fn roles(page: &crate::world::Page) -> Vec<String> {
    let me = page.json();
    me["roles"].as_array().unwrap().iter().map(|r| r["role"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread")]
pub(crate) async fn a_stranger_opens_a_members_page_signs_in_and_lands_on_that_very_page() {
    let world = World::start().await;
    let mut jane = world.visitor();
    let page = jane.sign_in(CHAIR, world.url("/members/minutes?year=2026&q=a%20b#april")).await.expect(200);
    assert_eq!(page.url.as_str(), world.url("/members/minutes?year=2026&q=a%20b#april"));
    let me = jane.get(world.url("/_gate/me")).await.expect(200);
    assert_eq!(roles(&me), ["education_chair", "member", "subscriber"]);
    assert_eq!(me.json()["name"], "Jane Marlowe");
    let reason = me.json()["roles"][0]["because"].as_str().unwrap().to_owned();
    assert!(reason.contains("EDU"), "{reason}");
    // The AMS's token stands in no address that the site or a later page could see.
    assert!(!page.url.as_str().contains("sso"));
}

#[tokio::test(flavor = "multi_thread")]
async fn somebody_who_is_signed_in_at_the_ams_already_bounces_straight_back() {
    let world = World::start().await;
    let mut jane = world.visitor();
    jane.sign_in(CHAIR, world.url("/members")).await.expect(200);
    jane.forget("localhost", "membergate");
    let page = jane.open(world.url("/education#top")).await.expect(200);
    assert_eq!(page.url.as_str(), world.url("/education#top"));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_second_membership_counts() {
    let world = World::start().await;
    let mut tomas = world.visitor();
    tomas.sign_in(SECOND_MEMBERSHIP, world.url("/members")).await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn somebody_who_is_not_entitled_is_told_what_is_missing() {
    let world = World::start().await;
    let mut nils = world.visitor();
    let page = nils.sign_in(NON_MEMBER, world.url("/education")).await.expect(403);
    assert!(page.text.contains("Chair of the education committee"), "{}", page.text);
    assert!(page.text.contains("https://www.harbour.example/renew"), "{}", page.text);
    assert!(page.text.contains("Nils Frost"), "{}", page.text);
    let json = nils.fetch(world.url("/education")).await.expect(403).json();
    assert_eq!(json["error"], "not_entitled");
    nils.get(world.url("/public")).await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn whom_the_ams_does_not_admit_gets_no_session() {
    let world = World::start().await;
    for email in [UNAPPROVED, DECEASED] {
        let mut visitor = world.visitor();
        visitor.sign_in(email, world.url("/members")).await.expect(403);
        assert!(visitor.cookie("localhost", "membergate").is_none(), "{email}");
        visitor.get(world.url("/_gate/me")).await.expect(401);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_with_markup_is_text_everywhere() {
    let world = World::start().await;
    let mut zoe = world.visitor();
    let page = zoe.sign_in(MARKUP, world.url("/members")).await;
    assert!(!page.text.contains("<b>"), "{}", page.text);
    let refused = zoe.get(world.url("/education")).await.expect(403);
    assert!(!refused.text.contains("<b>"), "{}", refused.text);
}

/// Starts twenty attempts in one browser, as a browser does that restores its tabs.
async fn twenty_tabs(world: &World, visitor: &mut Visitor) -> Vec<(String, crate::world::Page)> {
    let mut tabs = Vec::new();
    for n in 0..20 {
        let url = world.url(&format!("/members/minutes?tab={n}#t{n}"));
        tabs.push((url.clone(), visitor.open(&url).await.expect(200)));
    }
    tabs
}

#[tokio::test(flavor = "multi_thread")]
pub(crate) async fn twenty_tabs_opened_at_once_all_end_on_their_own_page() {
    let world = World::start().await;
    let mut jane = world.visitor();
    let tabs = twenty_tabs(&world, &mut jane).await;
    for (url, form) in tabs {
        let landed = jane.log_in_at_the_ams(CHAIR, &form).await;
        assert_eq!(jane.open(landed).await.expect(200).url.as_str(), url);
    }
    // One sign-in was enough: the tabs that came later found the person signed in.
    assert_eq!(world.people().calls(Endpoint::FindBySsoToken), 1);
    assert_eq!(jane.cookies.keys().filter(|(_, name)| name.starts_with("membergate-login-")).count(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn login_attempts_are_capped_and_the_oldest_makes_room() {
    let world = World::start().await;
    let mut jane = world.visitor();
    let first = jane.open(world.url("/members?first")).await.expect(200);
    for n in 0..30 {
        jane.open(world.url(&format!("/members?n={n}"))).await.expect(200);
    }
    let open = jane.cookies.keys().filter(|(_, name)| name.starts_with("membergate-login-")).count();
    assert_eq!(open, 24);
    let landed = jane.log_in_at_the_ams(CHAIR, &first).await;
    jane.open(landed).await.expect(400);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_return_that_this_browser_did_not_ask_for_gives_no_session() {
    let world = World::start().await;
    let mut attacker = world.visitor();
    let form = attacker.open(world.url("/members")).await;
    let landed = attacker.log_in_at_the_ams(CHAIR, &form).await;
    // Login forgery: the victim is made to open the attacker's return address.
    let mut victim = world.visitor();
    let page = victim.open(&landed).await.expect(400);
    assert!(!page.url.as_str().contains("sso"), "{}", page.url);
    assert!(victim.cookies.is_empty());
    // The victim has an attempt of his own under way, with the attacker's token in it.
    let own = victim.open(world.url("/members")).await;
    let own_return = own.url.query_pairs().find(|(name, _)| name == "RedirectUrl").unwrap().1.into_owned();
    let tail = landed.split_once("UserId=").unwrap().1;
    let forged = format!("{own_return}&UserId={tail}");
    let state = landed.split("state=").nth(1).unwrap().split('&').next().unwrap();
    victim.open(format!("{forged}&state={state}")).await.expect(400);
    assert!(victim.cookie("localhost", "membergate").is_none(), "a doubled state");
}

#[tokio::test(flavor = "multi_thread")]
pub(crate) async fn a_return_is_used_once() {
    let world = World::start().await;
    let mut jane = world.visitor();
    let form = jane.open(world.url("/members")).await;
    let landed = jane.log_in_at_the_ams(CHAIR, &form).await;
    let attempt = jane.clone();
    jane.get(&landed).await.expect(303);
    // With the session: gone back to in the history, harmless.
    let again = jane.get(&landed).await.expect(303);
    assert_eq!(again.location().unwrap().as_str(), world.url("/"));
    // The same browser as it was before, attempt cookie and all.
    let page = attempt.clone().open(&landed).await.expect(400);
    assert!(page.text.contains("used"), "{}", page.text);
    assert_eq!(world.people().calls(Endpoint::FindBySsoToken), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_is_used_once_even_with_a_fresh_state() {
    let world = World::start().await;
    let mut jane = world.visitor();
    let form = jane.open(world.url("/members")).await;
    let landed = jane.log_in_at_the_ams(CHAIR, &form).await;
    jane.get(&landed).await.expect(303);
    let mut thief = world.visitor();
    let own = thief.open(world.url("/members")).await;
    let own_return = own.url.query_pairs().find(|(name, _)| name == "RedirectUrl").unwrap().1.into_owned();
    let tail = landed.split_once("UserId=").unwrap().1;
    let page = thief.open(format!("{own_return}&UserId={tail}")).await.expect(400);
    assert!(thief.cookie("localhost", "membergate").is_none(), "{}", page.text);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_of_somebody_else_proves_nothing() {
    let world = World::start().await;
    let mut mallory = world.visitor();
    let own = mallory.open(world.url("/members")).await;
    let own_return = own.url.query_pairs().find(|(name, _)| name == "RedirectUrl").unwrap().1.into_owned();
    let nils = world.people().person(NON_MEMBER).unwrap();
    let jane = world.people().person(CHAIR).unwrap();
    let sso = world.people().issue_sso(membergate::sim::people::Environment::Production, NON_MEMBER).unwrap();
    let page = mallory.open(format!("{own_return}&UserId={}&sso={sso}", jane.id)).await.expect(403);
    assert!(mallory.cookie("localhost", "membergate").is_none(), "{}", page.text);
    assert_ne!(nils.id, jane.id);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_ams_or_a_mailed_link_starts_a_normal_login() {
    let world = World::start().await;
    let mut jane = world.visitor();
    let sso = world.people().issue_sso(membergate::sim::people::Environment::Production, CHAIR).unwrap();
    let id = world.people().person(CHAIR).unwrap().id;
    let page = jane.open(world.url(&format!("/_gate/callback?UserId={id}&sso={sso}"))).await.expect(200);
    assert!(page.url.path().ends_with("login.aspx"), "{}", page.url);
    assert!(jane.cookie("localhost", "membergate").is_none());
    assert_eq!(world.people().calls(Endpoint::FindBySsoToken), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_attempt_expires_after_an_hour() {
    let world = World::start().await;
    let mut jane = world.visitor();
    let form = jane.open(world.url("/members?x=1")).await;
    world.forward(jiff::SignedDuration::from_mins(61));
    let landed = jane.log_in_at_the_ams(CHAIR, &form).await;
    let page = jane.open(&landed).await.expect(400);
    assert!(page.text.contains("/_gate/login?return_to=%2Fmembers%3Fx%3D1"), "{}", page.text);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_malformed_return_is_refused() {
    let world = World::start().await;
    let guid = "b3a1c0de-1111-4222-8333-444455556666";
    for tail in [
        String::new(),
        "&UserId=&sso=".to_owned(),
        format!("&UserId={guid}"),
        format!("&sso={guid}"),
        format!("&UserId={guid}&sso=../../Profile"),
        format!("&UserId={guid}&sso={guid}&sso={guid}"),
        format!("&UserId={guid}&UserId={guid}&sso={guid}"),
        format!("&UserId={guid}&sso={}", "a".repeat(10_000)),
    ] {
        let mut visitor = world.visitor();
        let own = visitor.open(world.url("/members")).await;
        let own_return =
            own.url.query_pairs().find(|(name, _)| name == "RedirectUrl").unwrap().1.into_owned();
        let page = visitor.open(format!("{own_return}{tail}")).await;
        assert!(page.status.is_client_error(), "{tail}: {}", page.status);
        assert!(visitor.cookie("localhost", "membergate").is_none(), "{tail}");
    }
    assert_eq!(world.people().calls(Endpoint::FindBySsoToken), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn return_addresses_of_other_sites_end_at_home() {
    let world = World::start().await;
    let mut jane = world.visitor();
    jane.sign_in(CHAIR, world.url("/members")).await.expect(200);
    for elsewhere in
        ["https%3A%2F%2Fevil.example", "%2F%2Fevil.example", "%2F%5Cevil.example", "%2F_gate%2Flogout"]
    {
        let page = jane.get(world.url(&format!("/_gate/login?return_to={elsewhere}"))).await.expect(303);
        assert_eq!(page.location().unwrap().as_str(), world.url("/"), "{elsewhere}");
    }
}

/// S-31: somebody has planted a session in Jane's browser, a live one of his own or an invented one.
#[tokio::test(flavor = "multi_thread")]
async fn a_planted_session_is_worth_nothing_and_is_replaced() {
    let world = World::start().await;
    let mut nils = world.visitor();
    nils.sign_in(NON_MEMBER, world.url("/account")).await;
    let live = nils.cookie("localhost", "membergate").unwrap().clone();
    let invented = "A23456789012345678901234567890123456789012B".to_owned();
    for planted in [live, invented] {
        let mut jane = world.visitor();
        let form = jane.open(world.url("/members")).await.expect(200);
        jane.plant("localhost", "membergate", &planted);
        let landed = jane.log_in_at_the_ams(CHAIR, &form).await;
        jane.open(&landed).await.expect(200);
        assert_ne!(*jane.cookie("localhost", "membergate").unwrap(), planted);
        assert_eq!(jane.get(world.url("/_gate/me")).await.expect(200).json()["name"], "Jane Marlowe");
        // Whoever planted it is not signed in as Jane, nor as anybody any more.
        nils.plant("localhost", "membergate", &planted);
        nils.get(world.url("/_gate/me")).await.expect(401);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn staging_people_sign_in_only_where_staging_is_live() {
    let world = World::planned(Plan { live: "staging", ..Plan::default() }).await;
    let mut tess = world.visitor();
    let page = tess.sign_in("tess.trialler@people.example", world.url("/account")).await;
    assert_eq!(page.url.as_str(), world.url("/account"));
    assert!(page.trail.iter().any(|url| url.path().starts_with("/staging/")), "{:?}", page.trail);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sign_in_that_begins_at_the_host_with_a_final_dot_ends_at_the_site() {
    let world = World::start().await;
    let dotted = |path: &str| world.url(path).replace("localhost", "localhost.");
    for begins in ["/members", "/_gate/login?return_to=%2Fmembers"] {
        let mut jane =
            crate::world::Visitor::new(&[("localhost", world.address()), ("localhost.", world.address())]);
        let page = jane.sign_in(CHAIR, dotted(begins)).await.expect(200);
        assert_eq!(page.url.as_str(), world.url("/members"));
        // The session is at the origin; from the other spelling the way leads there, without another sign-in.
        let page = jane.open(dotted("/members")).await.expect(200);
        assert_eq!(page.url.as_str(), world.url("/members"));
    }
}
