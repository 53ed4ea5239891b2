//! A broken AMS, at the point where a visitor waits for it: a clear page, no session, no panic, and nothing lost.

use membergate::sim::re_members::Endpoint;

use crate::world::{CHAIR, Plan, World};

/// Each way in which an AMS can fail us, aimed at each call of a sign-in.
#[tokio::test(flavor = "multi_thread")]
async fn whatever_the_ams_answers_a_sign_in_ends_on_a_page_and_works_once_the_ams_does() {
    let faults = [
        "server_error",
        "unavailable",
        "html_ok",
        "wrong_shape",
        "redirect",
        "no_content",
        "truncated_json",
        "half_closed",
        "closed",
    ];
    for endpoint in
        [Endpoint::WebApiUrl, Endpoint::Authenticate, Endpoint::FindBySsoToken, Endpoint::Committees]
    {
        for fault in faults {
            // A list that ends with an empty answer is an empty list (docs/ams/remembers.md, "Pages of a list").
            if endpoint == Endpoint::Committees && fault == "no_content" {
                continue;
            }
            let world = World::start().await;
            let what = format!("{fault} at {}", endpoint.name());
            world.people().set_switch(&format!("fault_on={}", endpoint.name())).unwrap();
            world.people().set_switch(&format!("fault={fault}")).unwrap();
            let mut jane = world.visitor();
            let page = jane.sign_in(CHAIR, world.url("/members?x=1")).await;
            assert!(
                page.status.is_client_error() || page.status.is_server_error(),
                "{what}: {}",
                page.status
            );
            assert!(page.url.path() == "/_gate/login/failed", "{what}: {}", page.url);
            assert!(!page.url.as_str().contains("sso"), "{what}");
            assert!(page.text.contains("Reference"), "{what}: {}", page.text);
            assert!(jane.cookie("localhost", "membergate").is_none(), "{what}");
            // The visitor tries again by the page's own link, once the AMS works; failures are shared for some seconds.
            world.people().set_switch("fault=none").unwrap();
            world.forward(jiff::SignedDuration::from_secs(70));
            let again = jane.open(world.url("/members?x=1")).await;
            assert_eq!(again.url.as_str(), world.url("/members?x=1"), "{what}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_ams_that_names_a_foreign_server_gets_no_credentials() {
    for (switch, value) in [
        ("uri_of_step_1", "https://evil.example/api/v1/signup/authenticate"),
        ("uri_of_step_2", "http://evil.example/api/v1"),
    ] {
        let world = World::planned(Plan::default()).await;
        world.people().set_switch(&format!("{switch}={value}")).unwrap();
        let mut jane = world.visitor();
        let page = jane.sign_in(CHAIR, world.url("/members")).await.expect(503);
        assert!(!page.text.contains("evil"), "{}", page.text);
    }
}
