//! People with very long lists in the AMS: they get in at once, and the rest of their record follows by itself.

use membergate::sim::people::{Purchase, Registration};
use membergate::sim::re_members::Endpoint;
use serde_json::{Value, json};

use crate::world::{CHAIR, NON_MEMBER, Plan, World, eventually};

const RULES: &str = r#"
time_zone = "America/New_York"
everyone = "subscriber"
member = "member"
non_member = "non_member"

[[rule]]
role = "reader"
label = "Reader of the yearbook"
when = [{ purchase = "YEARBOOK" }]

[[rule]]
role = "speaker"
label = "Speaker"
when = [{ event = "SUMMIT26" }]

[[rule]]
role = "newcomer"
label = "Newcomer"
when = [{ not = { purchase = "YEARBOOK" } }]
"#;

const ACCESS: &str = r#"
[[site.access]]
path = "/members"
any_of = ["reader"]

[[site.access]]
path = "/"
require = "public"
"#;

async fn world(switches: &[&'static str]) -> World {
    let switches = ["rate_limit=off"].iter().chain(switches).copied().collect();
    let plan = Plan { rules: RULES.to_owned(), access: ACCESS.to_owned(), switches, ..Plan::default() };
    let world = World::planned(plan).await;
    world.people().edit_person(CHAIR, |jane| {
        let purchase = |n: usize| Purchase {
            product_code: if n == 1499 { "YEARBOOK".to_owned() } else { format!("BOOK-{n}") },
            order_number: format!("O-{n}"),
            purchase_date: Some("2020-01-01T00:00:00".to_owned()),
            ..Purchase::default()
        };
        jane.purchases = (0..1500).map(purchase).collect();
        let registration = |n: usize| Registration {
            event: if n == 499 { "SUMMIT26".to_owned() } else { format!("EVENT-{n}") },
            registration_date: Some("2020-01-01T00:00:00".to_owned()),
            registration_number: format!("R-{n}"),
            ..Registration::default()
        };
        jane.registrations = (0..500).map(registration).collect();
    });
    world
}

fn roles(me: &Value) -> Vec<&str> {
    me["roles"].as_array().unwrap().iter().map(|it| it["role"].as_str().unwrap()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn lists_that_are_asked_for_by_code_take_a_few_calls_however_long_they_are() {
    for switches in [&[][..], &["list_filters_ignore_case=off"]] {
        let world = world(switches).await;
        let mut jane = world.visitor();
        jane.sign_in(CHAIR, world.url("/members")).await.expect(200);
        let asked = world.people().call_report(20);
        assert!(
            asked.latest.iter().any(|call| call.asked.ends_with("Purchases/1?productCode=YEARBOOK")),
            "{asked:?}"
        );
        assert!(
            asked.latest.iter().any(|call| call.asked.ends_with("Registrations/1?eventCode=SUMMIT26")),
            "{asked:?}"
        );
        let tokens = world.people().calls(Endpoint::WebApiUrl) + world.people().calls(Endpoint::Authenticate);
        assert!(world.people().api_calls() - tokens <= 6, "{asked:?}");
        let me = jane.get(world.url("/_gate/me")).await.json();
        assert_eq!(
            (roles(&me), &me["still_reading"]),
            (vec!["member", "reader", "speaker", "subscriber"], &json!([]))
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_has_lists_that_are_too_long_gets_in_is_told_so_and_the_roles_follow() {
    let world = world(&["list_filters=ignored"]).await;
    // The rest is not read before somebody has seen what is said meanwhile.
    let mut jane = world.visitor();
    world.people().set_switch("latency=30ms").unwrap();
    let refused = jane.sign_in(CHAIR, world.url("/members")).await.expect(403);
    assert!(
        refused.text.contains("Some of your registrations and purchases are still being read"),
        "{}",
        refused.text
    );
    assert!(refused.text.contains("http-equiv=\"refresh\""), "it looks again by itself");
    let me = jane.get(world.url("/_gate/me")).await.json();
    assert_eq!(roles(&me), ["member", "subscriber"], "neither the role nor what its absence would give");
    assert_eq!(me["still_reading"], json!(["registrations", "purchases"]));
    assert!(me["notice"].as_str().unwrap().contains("still being read"));

    world.people().set_switch("latency=0ms").unwrap();
    eventually("the page opens, without a new login", async || {
        (jane.get(world.url("/members")).await.status == 200).then_some(())
    })
    .await;
    let me = jane.get(world.url("/_gate/me")).await.json();
    assert_eq!(
        (roles(&me), &me["still_reading"]),
        (vec!["member", "reader", "speaker", "subscriber"], &json!([]))
    );

    // Signing in once more takes nothing away, though the lists are as long as before.
    let mut again = world.visitor();
    again.sign_in(CHAIR, world.url("/members")).await.expect(200);
    // Others are not concerned.
    let mut nils = world.visitor();
    nils.sign_in(NON_MEMBER, world.url("/members")).await.expect(403);
    assert_eq!(
        roles(&nils.get(world.url("/_gate/me")).await.json()),
        ["newcomer", "non_member", "subscriber"]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_ams_that_refuses_to_be_asked_by_code_is_asked_for_all() {
    let world = world(&["list_filters=refused"]).await;
    let mut nils = world.visitor();
    nils.sign_in(NON_MEMBER, world.url("/members")).await.expect(403);
    let me = nils.get(world.url("/_gate/me")).await.json();
    assert_eq!(
        (roles(&me), &me["still_reading"]),
        (vec!["newcomer", "non_member", "subscriber"], &json!([]))
    );
    let mut jane = world.visitor();
    jane.sign_in(CHAIR, world.url("/members")).await.expect(403);
    eventually("the roles follow", async || {
        let me = jane.get(world.url("/_gate/me")).await.json();
        (roles(&me) == ["member", "reader", "speaker", "subscriber"]).then_some(())
    })
    .await;
}
