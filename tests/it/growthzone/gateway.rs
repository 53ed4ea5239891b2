//! The gateway in front of a site, with GrowthZone as its AMS: from the first click to the last.

use std::ops::Deref;

use jiff::SignedDuration;
use membergate::sim::higher_logic;
use serde_json::json;

use super::*;
use crate::guarded::{GuardedSite, GuardedSiteSettings, roles, with, without};
use crate::world::{eventually, free_address};

const RULES: &str = r#"
time_zone = "America/New_York"
everyone = "subscriber"
member = "member"
non_member = "non_member"

[[rule]]
role = "safety_chair"
label = "Chair of the safety committee"
when = [{ committee = "Safety Committee", positions = ["Chair"] }, { member = true }]

[[rule]]
role = "staff"
label = "Staff"
when = [{ custom_field = "Office", value = "Staff" }]
"#;

struct Gate {
    sim: Simulator,
    at: GuardedSite,
}

impl Deref for Gate {
    type Target = GuardedSite;

    fn deref(&self) -> &GuardedSite {
        &self.at
    }
}

impl Gate {
    async fn start(switches: &[&str]) -> Gate {
        Gate::start_with(switches, "in_step = false", None).await
    }

    async fn start_with(switches: &[&str], directory: &str, other_host: Option<&str>) -> Gate {
        Gate::start_telling(switches, (directory, ""), other_host).await
    }

    /// `community`: what a community is told that the text below `[directory]` goes on to configure.
    async fn start_telling(
        switches: &[&str],
        (directory, community): (&str, &str),
        other_host: Option<&str>,
    ) -> Gate {
        let address = free_address();
        let mut settings = sim::Settings::demo();
        settings.slo_url = Some(format!("http://localhost:{}/_gate/slo", address.port()));
        for switch in ["rate_limit=off"].iter().chain(switches) {
            settings.switches.set(switch).unwrap();
        }
        let sim = Simulator::start(settings).await.unwrap();
        let credentials = sim::Credentials::demo();
        let ams = format!(
            r#"[ams]
kind = "growthzone"
calls_per_second = 1000
calls_per_minute = 100000
[ams.production]
host = "{ams}"
client_id = "{client_id}"
client_secret = {{ env = "CLIENT_SECRET" }}
api_key = {{ env = "API_KEY" }}
canary = "{NOOR}"
"#,
            ams = sim.base_url(),
            client_id = credentials.client_id,
        );
        let variables = [
            ("CLIENT_SECRET", &*credentials.client_secret),
            ("API_KEY", &*credentials.api_key),
            ("PUSH_KEY", "demo-higher-logic-api-key"),
        ];
        let settings = GuardedSiteSettings {
            ams: &ams,
            directory,
            rules: RULES,
            other_host,
            variables: &variables,
            community,
        };
        Gate { at: GuardedSite::start(address, settings).await, sim }
    }

    /// From a page to the Info Hub's form, filled in, and over the question for consent; the last page of the AMS.
    async fn at_the_end_of_the_login(&self, visitor: &mut Visitor, username: &str, path: &str) -> Page {
        let form = visitor.open(self.url(path)).await.expect(200);
        assert_eq!(form.url.path(), "/login", "no login was asked for: {}", form.url);
        let sent = visitor.post(form.url.as_str(), &[("username", username), ("password", PASSWORD)]).await;
        let page = visitor.get(sent.location().unwrap_or_else(|| panic!("{}", sent.text))).await;
        granted(visitor, page).await
    }

    /// Where the AMS leads the browser then.
    async fn to_the_return(&self, visitor: &mut Visitor, username: &str, path: &str) -> Url {
        let page = self.at_the_end_of_the_login(visitor, username, path).await;
        page.location().unwrap_or_else(|| panic!("{}", page.text))
    }

    async fn sign_in(&self, visitor: &mut Visitor, username: &str, path: &str) -> Page {
        let back = self.to_the_return(visitor, username, path).await;
        visitor.open(back).await
    }

    async fn stop(self) {
        self.at.stop().await;
        self.sim.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_member_signs_in_comes_back_to_the_page_and_signs_out_everywhere() {
    let world = Gate::start(&[]).await;
    let mut dana = world.visitor();
    let page = world.sign_in(&mut dana, "druiz", "/members?year=2026#april").await.expect(200);
    assert_eq!(
        (page.url.path(), page.url.query(), page.url.fragment()),
        ("/members", Some("year=2026"), Some("april"))
    );
    let me = dana.get(world.url("/_gate/me")).await.expect(200);
    assert_eq!(roles(&me), ["member", "safety_chair", "subscriber"]);
    assert!(me.text.contains("Individual"), "the reason names the membership: {}", me.text);

    // Ours ends the Info Hub's session too, which leads back over the Single Logout URL.
    let stolen = dana.cookie("localhost", "membergate").unwrap().clone();
    let page = dana.open(world.url("/_gate/logout")).await.expect(200);
    let paths: Vec<&str> = page.trail.iter().map(Url::path).collect();
    assert_eq!(paths, ["/_gate/logout", "/oauth/logout", "/_gate/slo", "/"]);
    // The ID token, which spares the question, goes there and nowhere else.
    let with_token: Vec<&str> =
        page.trail.iter().filter(|url| url.as_str().contains("eyJ")).map(Url::path).collect();
    assert_eq!(with_token, ["/oauth/logout"]);
    let mut thief = world.visitor();
    thief.plant("localhost", "membergate", &stolen);
    thief.get(world.url("/_gate/me")).await.expect(401);
    let asked = dana.open(world.url("/members")).await;
    assert_eq!(asked.url.path(), "/login", "the Info Hub asks for a password again");

    // And the other way round.
    world.sign_in(&mut dana, "druiz", "/members").await.expect(200);
    let asked = dana.open(format!("{}/oauth/logout", world.sim.base_url())).await.expect(200);
    let out = dana.post(asked.url.as_str(), &[]).await;
    dana.open(out.location().unwrap()).await.expect(200);
    assert!(!world.is_signed_in(&mut dana).await);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_logout_ends_the_session_here_even_if_nobody_confirms_it_there() {
    // With a login that gives no ID token there is nothing to show at its logout.
    for switch in ["logout_confirms=always", "id_token_flaw=missing"] {
        let world = Gate::start(&[switch]).await;
        let mut dana = world.visitor();
        world.sign_in(&mut dana, "druiz", "/members").await.expect(200);
        let page = dana.open(world.url("/_gate/logout")).await.expect(200);
        assert_eq!(page.url.path(), "/oauth/logout", "{switch}: it asks first");
        assert!(!world.is_signed_in(&mut dana).await);
        // Whoever says yes comes back.
        let out = dana.post(page.url.as_str(), &[]).await;
        let home = dana.open(out.location().unwrap()).await.expect(200);
        assert_eq!(home.url.path(), "/", "{switch}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_logout_that_visits_other_hosts_first_still_shows_the_id_token() {
    // Whether the host at which it begins is the first or the last of the round.
    for other in ["annex.localhost", "zoo.localhost"] {
        let world = Gate::start_with(&[], "in_step = false", Some(other)).await;
        let mut dana = Visitor::new(&[("localhost", world.address()), (other, world.address())]);
        world.sign_in(&mut dana, "druiz", "/members").await.expect(200);
        let page = dana.open(world.url("/_gate/logout")).await.expect(200);
        let steps: Vec<String> =
            page.trail.iter().map(|url| format!("{}{}", url.host_str().unwrap(), url.path())).collect();
        assert!(steps.contains(&format!("{other}/_gate/slo")), "{steps:?}");
        assert!(page.url.path() == "/", "nobody is asked: {steps:?}");
        let with_token: Vec<&str> =
            page.trail.iter().filter(|url| url.as_str().contains("eyJ")).map(Url::path).collect();
        assert_eq!(with_token, ["/oauth/logout"], "{other}");
        assert!(!world.is_signed_in(&mut dana).await);
        // What was kept for the way is not left in the browser.
        assert!(!dana.has_cookie_named("localhost", "membergate-return-"), "{other}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_after_the_logout_is_the_registered_one_to_the_character() {
    let world = Gate::start(&[]).await;
    let mut dana = world.visitor();
    world.sim.control().set_switch(&format!("post_logout_uris={}", world.url("/_gate/slo"))).unwrap();
    world.sign_in(&mut dana, "druiz", "/members").await.expect(200);
    let page = dana.open(world.url("/_gate/logout")).await.expect(200);
    assert_eq!(page.url.path(), "/");
}

#[tokio::test(flavor = "multi_thread")]
async fn each_gets_what_the_record_says_and_nobody_more() {
    let world = Gate::start(&[]).await;
    for (username, status, expect) in [
        ("mholt", 200, &["member", "subscriber"][..]),
        ("gfenwick", 200, &["member", "subscriber"]),
        ("nfrost", 403, &["non_member", "subscriber"]),
        ("ustrand", 403, &["non_member", "subscriber"]),
        ("eostrow", 403, &["non_member", "subscriber"]),
        ("cwynn", 403, &["non_member", "subscriber"]),
        ("wcalloway", 403, &["non_member", "subscriber"]),
        ("aquill", 200, &["non_member", "staff", "subscriber"]),
    ] {
        let mut visitor = world.visitor();
        world.sign_in(&mut visitor, username, "/members").await.expect(status);
        assert_eq!(roles(&visitor.get(world.url("/_gate/me")).await.expect(200)), expect, "{username}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_login_that_comes_back_by_a_form_is_taken_and_its_tokens_are_not() {
    let world = Gate::start(&["response_mode=form_post"]).await;
    let mut dana = world.visitor();
    let form = world.at_the_end_of_the_login(&mut dana, "druiz", "/members").await;
    let field = |name: &str| form.attribute(&format!("name=\"{name}\""), "value").unwrap();
    let (code, state) = (field("code"), field("state"));
    let fields = [
        ("code", code.as_str()),
        ("state", state.as_str()),
        ("id_token", "a.b.c"),
        ("access_token", "secret"),
    ];
    // From another site no cookie comes along.
    let mut without = world.visitor();
    let taken = without.post(world.url("/_gate/callback"), &fields).await.expect(303);
    let back = taken.location().unwrap();
    assert_eq!(taken.header("cache-control"), Some("no-store"));
    assert_eq!(taken.header("referrer-policy"), Some("no-referrer"));
    let names: Vec<_> = back.query_pairs().map(|(name, _)| name.into_owned()).collect();
    assert_eq!(
        (back.path(), names.as_slice()),
        ("/_gate/callback", &["code".to_owned(), "state".into()][..])
    );
    let page = dana.open(back).await.expect(200);
    assert_eq!(page.url.path(), "/members");
    // What comes twice stays so, and is refused like any such return. Another method is none.
    let twice = [("code", "a"), ("state", "b"), ("state", "c")];
    let back = without.post(world.url("/_gate/callback"), &twice).await.expect(303).location().unwrap();
    assert_eq!(back.query(), Some("code=a&state=b&state=c"));
    let put = world.url("/_gate/callback");
    let put = without.request(reqwest::Method::PUT, &put, &[], None).await.expect(405);
    assert_eq!(put.header("allow"), Some("GET, HEAD, POST"));
    // A form that is too large is none.
    let large = "x".repeat(20_000);
    without.post(world.url("/_gate/callback"), &[("code", large.as_str())]).await.expect(400);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_from_the_info_hub_signs_in_and_leads_to_its_page() {
    let world = Gate::start(&[]).await;
    let mut dana = world.visitor();
    let page = world.sign_in(&mut dana, "druiz", "/_gate/login?url=/members").await.expect(200);
    assert_eq!(page.url.path(), "/members");
    // Elsewhere it leads nobody.
    let page = world.visitor().open(world.url("/_gate/login?url=https://elsewhere.example/")).await;
    assert_eq!(page.url.path(), "/login");
    let page = dana.open(world.url("/_gate/login?url=//elsewhere.example/")).await.expect(200);
    assert_eq!((page.url.host_str(), page.url.path()), (Some("localhost"), "/"));
    // Our own name for the page goes first, wherever it stands.
    for query in ["url=/elsewhere&return_to=/members", "return_to=/members&url=/elsewhere"] {
        let page = dana.open(world.url(&format!("/_gate/login?{query}"))).await.expect(200);
        assert_eq!(page.url.path(), "/members", "{query}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_return_with_anything_wrong_about_it_gives_no_session() {
    let world = Gate::start(&[]).await;
    let again = async |change: &dyn Fn(Url) -> Url| {
        let mut visitor = world.visitor();
        let back = world.to_the_return(&mut visitor, "druiz", "/members").await;
        let page = visitor.get(change(back)).await;
        assert!(!world.is_signed_in(&mut visitor).await, "{} {}", page.url, page.text);
    };
    again(&|url| without(&url, "state")).await;
    again(&|url| with(without(&url, "state"), "state", &"A".repeat(43))).await;
    again(&|url| with(url, "state", &"A".repeat(43))).await;
    again(&|url| with(without(&url, "code"), "code", "another")).await;
    again(&|url| with(url, "code", "another")).await;
    again(&|url| with(url, "error", "access_denied")).await;
    again(&|url| with(without(&url, "code"), "errorCode", "server_error")).await;
    again(&|url| with(url, "iss", "https://elsewhere.example/")).await;
    // In another browser, and twice.
    let mut mine = world.visitor();
    let back = world.to_the_return(&mut mine, "druiz", "/members").await;
    let mut other = world.visitor();
    other.get(back.as_str()).await;
    assert!(!world.is_signed_in(&mut other).await);
    mine.open(back.as_str()).await.expect(200);
    assert!(world.is_signed_in(&mut mine).await);
    let mut late = mine.clone();
    late.forget("localhost", "membergate");
    late.get(back.as_str()).await;
    assert!(!world.is_signed_in(&mut late).await);
    // Tokens that are wrong in themselves; a nonce has come back by now.
    for flaw in [
        "missing",
        "bad_signature",
        "unsigned",
        "other_algorithm",
        "unknown_key",
        "jku",
        "jwk",
        "issuer",
        "audience",
        "two_audiences",
        "nonce",
        "expired",
        "early",
        "no_subject",
        "other_subject",
    ] {
        world.sim.control().set_switch(&format!("id_token_flaw={flaw}")).unwrap();
        again(&|url| url).await;
    }
    world.sim.control().set_switch("id_token_flaw=none").unwrap();
    world.sim.control().set_switch("contact_ids_agree=off").unwrap();
    again(&|url| url).await;
    // Everything is well again, for everybody.
    world.sim.control().set_switch("contact_ids_agree=on").unwrap();
    let mut visitor = world.visitor();
    world.sign_in(&mut visitor, "druiz", "/members").await.expect(200);
    assert!(world.is_signed_in(&mut visitor).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_does_not_grant_access_is_told_so() {
    for switches in [&[][..], &["error_parameter=errorCode"]] {
        let world = Gate::start(switches).await;
        let mut dana = world.visitor();
        let form = dana.open(world.url("/members")).await.expect(200);
        let sent = dana.post(form.url.as_str(), &[("username", "druiz"), ("password", PASSWORD)]).await;
        let question = dana.get(sent.location().unwrap()).await.expect(200);
        let denied = dana.post(question.url.as_str(), &[("grant", "no")]).await;
        let page = dana.open(denied.location().unwrap()).await.expect(403);
        assert!(page.text.contains("This account cannot be used here"), "{}", page.text);
        assert!(!world.is_signed_in(&mut dana).await);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_removal_and_a_drop_are_in_force_without_a_new_sign_in() {
    let world = Gate::start(&[]).await;
    let (mut dana, mut pia) = (world.visitor(), world.visitor());
    world.sign_in(&mut dana, "druiz", "/members").await.expect(200);
    world.sign_in(&mut pia, "plund", "/members").await.expect(200);
    assert!(world.sim.control().act(DANA, "drop", &json!({})));
    assert!(world.sim.control().edit_contact("plund", |contact| {
        contact.overrides = [("Status".to_owned(), json!("Deleted"))].into_iter().collect();
    }));
    world.clock.forward(SignedDuration::from_mins(20));
    world.sim.control().advance(SignedDuration::from_mins(20));
    eventually("a drop is in force", async || {
        let me = dana.get(world.url("/_gate/me")).await;
        (me.status == 200 && roles(&me) == ["non_member", "subscriber"]).then_some(())
    })
    .await;
    eventually("who is deleted is signed out", async || {
        (pia.get(world.url("/_gate/me")).await.status == 401).then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_role_on_a_list_reaches_somebody_who_is_signed_in() {
    let world = Gate::start_with(&["consent=off"], "in_step = true", None).await;
    let mut marek = world.visitor();
    world.sign_in(&mut marek, "mholt", "/members").await.expect(200);
    assert_eq!(roles(&marek.get(world.url("/_gate/me")).await.expect(200)), ["member", "subscriber"]);
    let list = json!({ "list": "Safety Committee", "role": "Chair" });
    assert!(world.sim.control().act(MAREK, "join_list", &list));
    eventually("the chair has the role", async || {
        world.clock.forward(SignedDuration::from_mins(1));
        world.sim.control().advance(SignedDuration::from_mins(1));
        let me = marek.get(world.url("/_gate/me")).await;
        (me.status == 200 && roles(&me).contains(&"safety_chair".to_owned())).then_some(())
    })
    .await;
    world.stop().await;
}

/// No rule has anybody read alone; what a profile says is read all the same, of everybody once.
#[tokio::test(flavor = "multi_thread")]
async fn a_community_knows_every_active_person_and_hears_of_a_drop_sooner_than_in_half_an_hour() {
    const TOLD: &str = r#"
time_zone = "America/New_York"
[who]
only_active = true
[[group]]
id = "MEMBERS"
name = "Members"
as = "security_group"
member = true
when = [{ member = true }]
"#;
    let community = higher_logic::Simulator::start(higher_logic::Settings::demo()).await.unwrap();
    let directory = format!(
        "in_step = true\n[higher_logic]\nurl = \"{}/v2\"\napi_key = {{ env = \"PUSH_KEY\" }}\n",
        community.base_url()
    );
    let world = Gate::start_telling(&["consent=off"], (&directory, TOLD), None).await;
    let (people, there) = (world.sim.control(), community.control());
    let minutes_until = async |what: &str, is_so: &dyn Fn() -> bool| {
        for quarters in 0..480 {
            if is_so() {
                return quarters / 4;
            }
            world.clock.forward(SignedDuration::from_secs(15));
            people.advance(SignedDuration::from_secs(15));
            tokio::time::sleep(std::time::Duration::from_millis(200)).await;
        }
        panic!("not within two hours: {what}");
    };
    minutes_until("whoever is active is there", &|| [DANA, NOOR, MAREK].iter().all(|id| there.is_member(id)))
        .await;
    assert!(there.contact(MAREK).is_some_and(|marek| !marek.text("organizationName").is_empty()));
    assert!(people.act(DANA, "drop", &json!({})));
    let minutes = minutes_until("a drop is known there", &|| !there.is_member(DANA)).await;
    assert!(minutes < 30, "{minutes} minutes");
    assert!(there.contact(DANA).is_some_and(|dana| dana.status() == "Active"), "what she wrote stays");
    world.stop().await;
    community.stop().await;
}
