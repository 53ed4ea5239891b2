//! The gateway in front of a site, with Novi as its AMS: from the first click to the last.

use std::ops::Deref;

use jiff::SignedDuration;
use membergate::adapters::keys::secret::SecretKey;
use membergate::adapters::store::sqlite::SqliteStore;
use membergate::flows::directory::kept_rosters;
use membergate::sim::novi::people::{Customer, CustomerType, Purchase, Seat, generate};
use serde_json::json;

use super::*;
use crate::guarded::{GuardedSite, GuardedSiteSettings, roles, with, without};
use crate::world::{Page, SECRET_KEY, eventually, free_address};

const RULES: &str = r#"
time_zone = "America/New_York"
everyone = "subscriber"
member = "member"
non_member = "non_member"

[[rule]]
role = "safety_chair"
label = "Chair of the safety committee"
when = [{ committee = "Safety", positions = ["Chair"] }, { member = true }]

[[rule]]
role = "staff"
label = "Staff"
when = [{ group = "Staff" }]

[[rule]]
role = "course"
label = "Has bought the course"
when = [{ purchase = "5f000000-0001-4aaa-8bbb-000000000001" }]
"#;

pub struct Gate {
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
        Gate::start_with(switches, "in_step = false", Vec::new()).await
    }

    /// With more people on file.
    pub async fn start_with(switches: &[&str], directory: &str, more: Vec<Customer>) -> Gate {
        let address = free_address();
        let mut settings = sim::Settings::demo();
        settings.people.people.extend(more);
        settings.slo_url = Some(format!("http://localhost:{}/_gate/slo", address.port()));
        for switch in ["rate_limit=off"].iter().chain(switches) {
            settings.switches.set(switch).unwrap();
        }
        let sim = Simulator::start(settings).await.unwrap();
        let credentials = sim::Credentials::demo(Environment::Production);
        let ams = format!(
            r#"[ams]
kind = "novi"
calls_per_second = 1000
calls_per_minute = 100000
[ams.production]
site = "{ams}"
client_id = "{client_id}"
client_secret = {{ env = "CLIENT_SECRET" }}
api_key = {{ env = "API_KEY" }}
canary = "{DANA}"
"#,
            ams = sim.base_url(),
            client_id = credentials.client_id,
        );
        let variables = [
            ("CLIENT_SECRET", &*credentials.client_secret),
            ("API_KEY", &*credentials.api_key),
            ("HOOK_SECRET", "a-secret-of-22-letters-or-more"),
        ];
        let settings = GuardedSiteSettings {
            ams: &ams,
            directory,
            rules: RULES,
            other_host: None,
            variables: &variables,
            community: "",
        };
        Gate { at: GuardedSite::start(address, settings).await, sim }
    }

    /// From a page to Novi's form, filled in; tells where Novi leads the browser then.
    async fn to_the_return(&self, visitor: &mut Visitor, email: &str, path: &str) -> Url {
        let form = visitor.open(self.url(path)).await.expect(200);
        assert_eq!(form.url.path(), "/login", "no login was asked for: {}", form.url);
        let sent = visitor.post(form.url.as_str(), &[("email", email), ("password", PASSWORD)]).await;
        let back = visitor.get(sent.location().unwrap_or_else(|| panic!("{}", sent.text))).await;
        back.location().unwrap_or_else(|| panic!("{}", back.text))
    }

    pub async fn sign_in(&self, visitor: &mut Visitor, email: &str, path: &str) -> Page {
        let back = self.to_the_return(visitor, email, path).await;
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
    let page = world.sign_in(&mut dana, DANAS_EMAIL, "/members?year=2026#april").await.expect(200);
    assert_eq!(
        (page.url.path(), page.url.query(), page.url.fragment()),
        ("/members", Some("year=2026"), Some("april"))
    );
    let me = dana.get(world.url("/_gate/me")).await.expect(200);
    assert_eq!(roles(&me), ["member", "safety_chair", "subscriber"]);
    assert!(me.text.contains("Individual"), "the reason names the membership: {}", me.text);

    // Ours ends Novi's session too, and Novi leads back over the Single Logout URL.
    let stolen = dana.cookie("localhost", "membergate").unwrap().clone();
    let page = dana.open(world.url("/_gate/logout")).await.expect(200);
    let paths: Vec<&str> = page.trail.iter().map(Url::path).collect();
    assert_eq!(paths, ["/_gate/logout", "/log-out", "/_gate/slo", "/"]);
    let mut thief = world.visitor();
    thief.plant("localhost", "membergate", &stolen);
    thief.get(world.url("/_gate/me")).await.expect(401);
    let asked = dana.open(world.url("/members")).await;
    assert_eq!(asked.url.path(), "/login", "Novi asks for a password again");

    // And the other way round: signed out at Novi, signed out here.
    world.sign_in(&mut dana, DANAS_EMAIL, "/members").await.expect(200);
    dana.open(format!("{}/log-out", world.sim.base_url())).await.expect(200);
    assert!(!world.is_signed_in(&mut dana).await);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn each_gets_what_the_record_says_and_nobody_more() {
    let world = Gate::start(&[]).await;
    for (email, status, expect) in [
        ("marek.holt@acmebuilders.example", 200, &["member", "subscriber"][..]),
        ("nils.frost@people.example", 403, &["non_member", "subscriber"]),
        ("una.strand@people.example", 403, &["non_member", "subscriber"]),
        ("greta.fenwick@people.example", 403, &["non_member", "subscriber"]),
        ("ada.quill@assoc.example", 200, &["non_member", "staff", "subscriber"]),
    ] {
        let mut visitor = world.visitor();
        world.sign_in(&mut visitor, email, "/members").await.expect(status);
        assert_eq!(roles(&visitor.get(world.url("/_gate/me")).await.expect(200)), expect, "{email}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_return_with_anything_wrong_about_it_gives_no_session() {
    let world = Gate::start(&[]).await;
    let again = async |change: &dyn Fn(Url) -> Url| {
        let mut visitor = world.visitor();
        let back = world.to_the_return(&mut visitor, DANAS_EMAIL, "/members").await;
        let page = visitor.get(change(back)).await;
        assert!(!world.is_signed_in(&mut visitor).await, "{} {}", page.url, page.text);
        page
    };
    // A return without a state, with a foreign or a doubled one, or with another code.
    again(&|url| without(&url, "state")).await;
    again(&|url| with(without(&url, "state"), "state", &"A".repeat(43))).await;
    again(&|url| with(url, "state", &"A".repeat(43))).await;
    again(&|url| with(without(&url, "code"), "code", "another")).await;
    again(&|url| with(url, "code", "another")).await;
    // Of another provider.
    again(&|url| with(url, "iss", "https://elsewhere.example")).await;
    // In another browser.
    let mut mine = world.visitor();
    let back = world.to_the_return(&mut mine, DANAS_EMAIL, "/members").await;
    let mut other = world.visitor();
    other.get(back.as_str()).await;
    assert!(!world.is_signed_in(&mut other).await);
    // Twice.
    mine.open(back.as_str()).await.expect(200);
    assert!(world.is_signed_in(&mut mine).await);
    let mut late = mine.clone();
    late.forget("localhost", "membergate");
    late.get(back.as_str()).await;
    assert!(!world.is_signed_in(&mut late).await);
    // Tokens that are wrong in themselves.
    for flaw in [
        "bad_signature",
        "unsigned",
        "other_algorithm",
        "issuer",
        "audience",
        "nonce",
        "expired",
        "no_subject",
        "other_subject",
    ] {
        world.sim.control().set_switch(&format!("id_token_flaw={flaw}")).unwrap();
        again(&|url| url).await;
    }
    // Everything is well again, for everybody.
    world.sim.control().set_switch("id_token_flaw=none").unwrap();
    let mut visitor = world.visitor();
    world.sign_in(&mut visitor, DANAS_EMAIL, "/members").await.expect(200);
    assert!(world.is_signed_in(&mut visitor).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_in_none_of_the_permitted_groups_is_told_so() {
    let world = Gate::start(&["permitted_groups=Board"]).await;
    let mut nils = world.visitor();
    let page = world.sign_in(&mut nils, "nils.frost@people.example", "/members").await.expect(403);
    assert!(page.text.contains("This account cannot be used here"), "{}", page.text);
    assert!(!world.is_signed_in(&mut nils).await);
    let mut dana = world.visitor();
    world.sign_in(&mut dana, DANAS_EMAIL, "/members").await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deactivation_and_a_lapse_are_in_force_without_a_new_sign_in() {
    let world = Gate::start(&[]).await;
    let (mut dana, mut marek) = (world.visitor(), world.visitor());
    world.sign_in(&mut dana, DANAS_EMAIL, "/members").await.expect(200);
    world.sign_in(&mut marek, "marek.holt@acmebuilders.example", "/members").await.expect(200);
    assert!(world.sim.control().act(DANA, "deactivate", &json!({})));
    assert!(world.sim.control().act("c0a1c0de-0001-4222-8333-444455550001", "lapse", &json!({})));
    world.clock.forward(SignedDuration::from_mins(20));
    world.sim.control().advance(SignedDuration::from_mins(20));
    eventually("the company's lapse reaches its staff", async || {
        let me = marek.get(world.url("/_gate/me")).await;
        (me.status == 200 && roles(&me) == ["non_member", "subscriber"]).then_some(())
    })
    .await;
    eventually("who is deactivated is signed out", async || {
        (dana.get(world.url("/_gate/me")).await.status == 401).then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_committee_of_more_than_a_thousand_is_a_roster_too() {
    let settings = sim::Settings::demo();
    let today = membergate::sim::control::today(&settings.switches.time_zone);
    let seat = Seat { committee: "Safety".into(), status: "Active".into(), ..Seat::default() };
    let people = generate(1_400, 1, today).filter(|person| person.customer_type == CustomerType::Person);
    let members: Vec<Customer> = people.map(|it| Customer { committees: vec![seat.clone()], ..it }).collect();
    assert!(members.len() > 1_100, "{}", members.len());
    let world = Gate::start_with(&[], "in_step = true", members.clone()).await;
    let key = SecretKey::parse(SECRET_KEY).unwrap().into();
    let store = SqliteStore::open(&world.folder.path().join("gate.sqlite"), &key).unwrap();
    let roster = eventually("the roster has been read", async || {
        kept_rosters(&store, "novi-production").await.unwrap().into_values().next()
    })
    .await;
    assert!(roster.people().len() >= members.len(), "{}", roster.people().len());
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_purchase_is_in_force_without_a_new_sign_in_although_it_changes_no_record() {
    let world = Gate::start_with(&[], "in_step = true", Vec::new()).await;
    let mut dana = world.visitor();
    world.sign_in(&mut dana, DANAS_EMAIL, "/members").await.expect(200);
    let bought = world.sim.control().customer(NOOR).unwrap().purchases.into_iter();
    let bought = bought.map(|it| Purchase { order: format!("{}-again", it.order), ..it }).collect::<Vec<_>>();
    assert!(world.sim.control().edit_customer(DANA, |it| it.purchases.extend(bought)));
    let mut passed = SignedDuration::ZERO;
    eventually("the purchase counts", async || {
        let step = SignedDuration::from_secs(20);
        world.clock.forward(step);
        world.sim.control().advance(step);
        passed += step;
        let me = dana.get(world.url("/_gate/me")).await.expect(200);
        roles(&me).contains(&"course".to_owned()).then_some(())
    })
    .await;
    // Once a day everybody's lists are read anyway.
    assert!(passed < SignedDuration::from_hours(3), "{passed:#}");
    world.stop().await;
}
