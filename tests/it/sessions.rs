//! Sessions: what keeps them, what ends them, and how roles follow time and the AMS.

use jiff::SignedDuration;
use membergate::sim::re_members::Endpoint;

use crate::oidc::OpenIdWorld;
use crate::world::{CHAIR, LAST_DAY, NON_MEMBER, Page, Plan, RULES, World, eventually};

fn roles(me: &Page) -> Vec<String> {
    me.json()["roles"].as_array().unwrap().iter().map(|r| r["role"].as_str().unwrap().to_owned()).collect()
}

fn hours(hours: i64) -> SignedDuration {
    SignedDuration::from_hours(hours)
}

/// Limits long enough that only the one under test matters. App tokens of the AMS outlive the story.
fn patient(session: &str) -> Plan {
    Plan {
        session: session.to_owned(),
        switches: vec!["rate_limit=off", "app_token_ttl=1000h", "session_ttl=1000h"],
        ..Plan::default()
    }
}

#[tokio::test(flavor = "multi_thread")]
pub(crate) async fn a_restart_signs_nobody_out() {
    let mut world = World::start().await;
    let mut jane = world.visitor();
    jane.sign_in(CHAIR, world.url("/members")).await.expect(200);
    world.close_gate().await;
    world.open_gate().await;
    let me = jane.get(world.url("/_gate/me")).await.expect(200);
    assert_eq!(roles(&me), ["education_chair", "member", "subscriber"]);
    assert_eq!(world.people().calls(Endpoint::FindBySsoToken), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_of_production_is_worth_nothing_once_staging_is_live() {
    let mut world = World::start().await;
    let mut jane = world.visitor();
    jane.sign_in(CHAIR, world.url("/members")).await.expect(200);
    world.close_gate().await;
    world.plan.live = "staging";
    world.open_gate().await;
    jane.get(world.url("/_gate/me")).await.expect(401);
}

#[tokio::test(flavor = "multi_thread")]
pub(crate) async fn idle_and_absolute_limits_end_a_session() {
    let world = World::planned(patient(
        "idle = \"2h\"\nabsolute = \"5h\"\nrefresh_after = \"100h\"\nstale_limit = \"200h\"",
    ))
    .await;
    let mut jane = world.visitor();
    jane.sign_in(CHAIR, world.url("/members")).await.expect(200);
    for _ in 0..4 {
        world.forward(SignedDuration::from_mins(70));
        jane.get(world.url("/members")).await.expect(200);
    }
    // Seen a moment ago, but five hours old.
    world.forward(SignedDuration::from_mins(21));
    jane.get(world.url("/_gate/me")).await.expect(401);

    jane.sign_in_again(CHAIR, &world).await;
    world.forward(SignedDuration::from_mins(121));
    jane.get(world.url("/_gate/me")).await.expect(401);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_membership_that_ends_today_is_over_tomorrow_without_a_login_and_without_a_call() {
    let world = World::planned(patient(
        "idle = \"100h\"\nabsolute = \"100h\"\nrefresh_after = \"90h\"\nstale_limit = \"95h\"",
    ))
    .await;
    let mut rhea = world.visitor();
    rhea.sign_in(LAST_DAY, world.url("/members")).await.expect(200);
    let me = rhea.get(world.url("/_gate/me")).await.expect(200);
    let until: jiff::Timestamp = me.json()["holds_until"].as_str().unwrap().parse().unwrap();
    world.people().reset_counts();
    let left = until.duration_since(world.now());
    world.forward(left - SignedDuration::from_secs(5));
    rhea.get(world.url("/members")).await.expect(200);
    world.forward(SignedDuration::from_secs(6));
    rhea.get(world.url("/members")).await.expect(403);
    assert_eq!(roles(&rhea.get(world.url("/_gate/me")).await), ["non_member", "subscriber"]);
    assert_eq!(world.people().api_calls(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_in_the_ams_is_seen_after_the_refresh_and_never_waited_for() {
    let world = World::planned(patient("refresh_after = \"15m\"")).await;
    let mut jane = world.visitor();
    jane.sign_in(CHAIR, world.url("/education")).await.expect(200);
    world.people().edit_person(CHAIR, |jane| jane.committees.clear());
    jane.get(world.url("/education")).await.expect(200);
    world.forward(SignedDuration::from_mins(16));
    // This request asks for the refresh, and is answered from what is known.
    jane.get(world.url("/education")).await.expect(200);
    eventually("the role is gone", async || {
        (jane.get(world.url("/education")).await.status == 403).then_some(())
    })
    .await;
    assert_eq!(world.people().calls(Endpoint::Profile), 1, "one flight per person");
}

#[tokio::test(flavor = "multi_thread")]
pub(crate) async fn a_membership_that_is_terminated_in_the_ams_is_lost_and_one_that_is_bought_is_gained() {
    let world = World::planned(patient("refresh_after = \"15m\"")).await;
    let (mut jane, mut nils) = (world.visitor(), world.visitor());
    jane.sign_in(CHAIR, world.url("/members")).await.expect(200);
    nils.sign_in(NON_MEMBER, world.url("/members")).await.expect(403);
    let memberships = world.people().person(CHAIR).unwrap().memberships;
    world.people().edit_person(CHAIR, |jane| jane.memberships.clear());
    world.people().edit_person(NON_MEMBER, |nils| nils.memberships = memberships);
    world.forward(SignedDuration::from_mins(16));
    eventually("lost", async || (jane.get(world.url("/members")).await.status == 403).then_some(())).await;
    eventually("gained", async || (nils.get(world.url("/members")).await.status == 200).then_some(())).await;
}

#[tokio::test(flavor = "multi_thread")]
pub(crate) async fn whoever_is_no_longer_admitted_is_signed_out_for_good() {
    let world = World::planned(patient("refresh_after = \"15m\"")).await;
    let mut jane = world.visitor();
    jane.sign_in(CHAIR, world.url("/members")).await.expect(200);
    world.people().edit_person(CHAIR, |jane| {
        if let Some(user) = &mut jane.user {
            user.is_approved = false;
        }
    });
    world.forward(SignedDuration::from_mins(16));
    eventually("signed out", async || (jane.get(world.url("/_gate/me")).await.status == 401).then_some(()))
        .await;
    world.people().edit_person(CHAIR, |jane| {
        if let Some(user) = &mut jane.user {
            user.is_approved = true;
        }
    });
    world.forward(SignedDuration::from_mins(16));
    jane.get(world.url("/_gate/me")).await.expect(401);
    jane.sign_in_again(CHAIR, &world).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_who_vanishes_from_the_ams_is_signed_out_when_it_says_so_twice() {
    let world = World::planned(patient("refresh_after = \"15m\"")).await;
    let mut jane = world.visitor();
    jane.sign_in(CHAIR, world.url("/members")).await.expect(200);
    let id = world.people().person(CHAIR).unwrap().id;
    world.people().remove_person(&id);
    world.forward(SignedDuration::from_mins(16));
    jane.get(world.url("/members")).await.expect(200);
    // About her, and about somebody who is there.
    eventually("asked once", async || (world.people().calls(Endpoint::Profile) >= 2).then_some(())).await;
    jane.get(world.url("/members")).await.expect(200);
    world.forward(SignedDuration::from_mins(2));
    eventually("signed out", async || (jane.get(world.url("/_gate/me")).await.status == 401).then_some(()))
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn while_the_ams_is_down_people_work_on_up_to_the_stale_limit() {
    let mut world = World::planned(patient(
        "idle = \"50h\"\nabsolute = \"60h\"\nrefresh_after = \"15m\"\nstale_limit = \"24h\"",
    ))
    .await;
    let mut jane = world.visitor();
    jane.sign_in(CHAIR, world.url("/members")).await.expect(200);
    world.people().set_switch("fault=unavailable").unwrap();
    world.people().set_switch("fault_on=everything").unwrap();
    world.people().set_switch("fault_every=1").unwrap();
    world.forward(hours(23));
    jane.get(world.url("/members")).await.expect(200);
    // A restart changes nothing about that.
    world.close_gate().await;
    world.open_gate().await;
    jane.get(world.url("/members")).await.expect(200);
    world.forward(hours(2));
    let page = jane.get(world.url("/members")).await.expect(503);
    assert!(page.header("retry-after").is_some(), "{}", page.text);
    // Public pages need no AMS.
    jane.get(world.url("/public")).await.expect(200);
    // It is back: the session goes on where it was.
    world.people().set_switch("fault=none").unwrap();
    world.forward(SignedDuration::from_secs(70));
    eventually("back", async || (jane.get(world.url("/members")).await.status == 200).then_some(())).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn only_the_parts_that_the_mapping_needs_are_fetched() {
    let world = World::start().await;
    world.visitor().sign_in(CHAIR, world.url("/members")).await.expect(200);
    assert!(world.people().calls(Endpoint::Committees) >= 1);
    for endpoint in
        [Endpoint::Registrations, Endpoint::Purchases, Endpoint::Certifications, Endpoint::Relationships]
    {
        assert_eq!(world.people().calls(endpoint), 0, "{}", endpoint.name());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mapping_that_needs_more_has_it_fetched_in_the_background() {
    let mut world = World::start().await;
    let mut ines = world.visitor();
    ines.sign_in("ines.carvalho@people.example", world.url("/account")).await;
    world.plan.rules = format!("{RULES}\n[[rule]]\nrole = \"annual\"\nwhen = [{{ event = \"ANNUAL26\" }}]\n");
    world.gate().reload(&world.settings()).unwrap();
    eventually("the new role", async || {
        let me = ines.get(world.url("/_gate/me")).await.expect(200);
        roles(&me).contains(&"annual".to_owned()).then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn new_rules_count_at_the_next_request() {
    let mut world = World::start().await;
    let mut jane = world.visitor();
    jane.sign_in(CHAIR, world.url("/education")).await.expect(200);
    world.plan.rules = RULES.replace("\"CHAIR\"", "\"SECRETARY\"");
    world.gate().reload(&world.settings()).unwrap();
    jane.get(world.url("/education")).await.expect(403);
}

#[tokio::test(flavor = "multi_thread")]
async fn odd_session_cookies_are_nobody() {
    let world = World::start().await;
    let mut jane = world.visitor();
    jane.sign_in(CHAIR, world.url("/members")).await.expect(200);
    let good = jane.cookie("localhost", "membergate").unwrap().clone();
    let long = "A".repeat(30_000);
    let flipped = if good.starts_with('A') { good.replacen('A', "B", 1) } else { format!("A{}", &good[1..]) };
    for odd in [
        "".to_owned(),
        "x".to_owned(),
        "%00".to_owned(),
        "..".to_owned(),
        good[..42].to_owned(),
        format!("{good}A"),
        format!("\"{good}\""),
        format!("{good}; membergate={good}"),
        format!("x; membergate={good}"),
        good.to_lowercase(),
        flipped,
        long,
    ] {
        let mut stranger = world.visitor();
        stranger.plant("localhost", "membergate", &odd);
        let page = stranger.get(world.url("/members")).await;
        assert!(!page.status.is_success(), "{odd}");
        assert!(!page.text.contains("Jane"), "{odd}");
        let me = stranger.fetch(world.url("/_gate/me")).await;
        assert!(me.status.is_client_error(), "{odd}: {}", me.status);
    }
}

/// S-32: each way in which a session is left, and then the old cookie again, as a thief has it.
#[tokio::test(flavor = "multi_thread")]
async fn after_every_way_out_the_old_cookie_is_worth_nothing() {
    let mut provider = OpenIdWorld::start().await;
    let mut stolen = Vec::new();
    for way in [
        "logout",
        "logout by post",
        "slo",
        "the AMS's page",
        "client",
        "prompt=login",
        "again",
        "another person",
    ] {
        let (mut jane, tokens) = provider.tokens(CHAIR, &[]).await;
        stolen.push((way, jane.cookie("localhost", "membergate").unwrap().clone()));
        let url = |path: &str| provider.world.url(path);
        let form = match way {
            "logout" => jane.open(url("/_gate/logout")).await,
            "logout by post" => jane.post(url("/_gate/logout"), &[]).await,
            "slo" => jane.open(url("/_gate/slo")).await,
            "the AMS's page" => {
                jane.open(format!("{}/account/logout.aspx", provider.world.ams.base_url())).await
            }
            "client" => {
                let hint = tokens["id_token"].as_str().unwrap();
                jane.open(url(&format!("/_gate/oidc/logout?id_token_hint={hint}"))).await
            }
            "prompt=login" | "another person" => jane.open(provider.ask("wiki", &["prompt=login"])).await,
            _ => jane.open(url("/_gate/login?return_to=%2Fmembers&again=1&go=1")).await,
        };
        let who = if way == "another person" { NON_MEMBER } else { CHAIR };
        if form.url.path().ends_with("/account/login.aspx") {
            let landed = jane.log_in_at_the_ams(who, &form).await;
            jane.open(landed).await;
        }
    }
    for restarted in [false, true] {
        if restarted {
            provider.world.close_gate().await;
            provider.world.open_gate().await;
        }
        for (way, cookie) in &stolen {
            let mut thief = provider.visitor();
            thief.plant("localhost", "membergate", cookie);
            let me = thief.get(provider.world.url("/_gate/me")).await;
            assert_eq!(me.status, 401, "{way}, restarted: {restarted}");
            let page = thief.get(provider.world.url("/members")).await;
            assert_eq!(page.status, 302, "{way}, restarted: {restarted}");
            let page = thief.get(provider.ask("wiki", &["prompt=none"])).await.expect(303);
            assert!(page.location().unwrap().query().unwrap().contains("error=login_required"), "{way}");
        }
    }
}
