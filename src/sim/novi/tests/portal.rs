//! Stories of a browser at the site itself.

use jiff::SignedDuration;

use super::*;

#[tokio::test]
async fn a_mistake_stays_on_the_page_and_what_was_typed_is_escaped() {
    let world = World::with(&[]).await;
    for (email, password) in [
        (DANAS_EMAIL, "wrong"),
        ("\"><script>alert(1)</script>", PASSWORD),
        ("dora.vale@people.example", PASSWORD),
        ("office.ines@people.example", PASSWORD),
    ] {
        let response = world.fill_in("/login", email, password).await;
        assert_eq!(response.status(), StatusCode::OK, "{email}");
        assert!(response.headers().get(SET_COOKIE).is_none());
        let page = response.text().await.unwrap();
        assert!(page.contains("role=\"alert\"") && !page.contains("<script>alert"), "{page}");
        assert!(page.contains("not a real login"));
    }
}

#[tokio::test]
async fn the_form_leads_only_to_addresses_of_the_site() {
    let world = World::with(&[]).await;
    for (asked, expected) in [
        ("%2Foauth%2Fauthorize%3Fa%3D1", "/oauth/authorize?a=1"),
        ("https%3A%2F%2Fevil.example", "/"),
        ("%2F%2Fevil.example", "/"),
        ("%2F%5Cevil.example", "/"),
    ] {
        let path = format!("/login?returnUrl={asked}");
        let response = world.fill_in(&path, DANAS_EMAIL, PASSWORD).await;
        assert_eq!(location(&response), expected, "{asked}");
    }
}

#[tokio::test]
async fn a_browser_is_forgotten_by_time_by_hand_and_with_the_account() {
    let world = World::with(&["session_ttl=30m"]).await;
    let knows = async |browser: &str| {
        world.open("/", Some(browser)).await.text().await.unwrap().contains("Dana Ruiz")
    };
    let browser = world.browser(DANAS_EMAIL).await;
    assert!(knows(&browser).await && !knows("SimulatedNovi=x").await);
    world.control().advance(SignedDuration::from_mins(30));
    assert!(!knows(&browser).await);
    let browser = world.browser(DANAS_EMAIL).await;
    assert_eq!(world.control().end_tokens("browsers"), 2);
    assert!(!knows(&browser).await);
    let browser = world.browser(DANAS_EMAIL).await;
    world.control().act(DANA, "deactivate", &json!({}));
    assert!(!knows(&browser).await);
}

#[tokio::test]
async fn logging_out_forgets_the_browser_and_goes_where_the_site_says() {
    let world = World::with(&[]).await;
    let browser = world.browser(DANAS_EMAIL).await;
    let out = world.open("/log-out", Some(&browser)).await;
    assert_eq!((out.status(), cookie(&out)), (StatusCode::OK, "SimulatedNovi=".to_owned()));
    assert!(out.text().await.unwrap().contains("You are logged out"));
    assert!(
        location(&world.open(&world.authorize_path("openid"), Some(&browser)).await).starts_with("/login")
    );

    let slo = |settings: &mut Settings| settings.slo_url = Some("https://www.acme.example/_gate/slo".into());
    let world = World::with_settings(&[], slo).await;
    let asked = "/log-out?post_logout_redirect_uri=https%3A%2F%2Fwww.acme.example%2Fbye";
    assert_eq!(location(&world.open(asked, None).await), "https://www.acme.example/_gate/slo");
    world.set("log_out_returns=on");
    assert_eq!(location(&world.open(asked, None).await), "https://www.acme.example/bye");
    let odd = "/log-out?post_logout_redirect_uri=javascript%3Ax";
    assert_eq!(location(&world.open(odd, None).await), "https://www.acme.example/_gate/slo");
}

#[tokio::test]
async fn who_is_not_approved_signs_in_unless_the_form_checks() {
    let world = World::with(&[]).await;
    world.browser("una.strand@people.example").await;
    world.set("login_checks_approval=on");
    let refused = world.fill_in("/login", "una.strand@people.example", PASSWORD).await;
    assert!(refused.text().await.unwrap().contains("waits for approval"));
    world.browser(DANAS_EMAIL).await;
}

#[tokio::test]
async fn the_demo_lists_who_can_sign_in_and_escapes_names() {
    let world = World::with(&[]).await;
    assert!(!world.open("/login", None).await.text().await.unwrap().contains("Who can sign in"));
    world.set("show_people=on");
    let page = world.open("/login?returnUrl=%2Fx", None).await.text().await.unwrap();
    assert!(page.contains("&#60;b&#62;Zoë&#60;/b&#62; 🌊") && !page.contains("<b>Zoë"));
    assert!(page.contains(DANAS_EMAIL) && page.contains(PASSWORD));
    assert!(!page.contains("Dora") && !page.contains("Per Lund") && !page.contains("Trialler"));
    // A click on a name fills in the e-mail and keeps the way back.
    let link =
        page.split("href=\"").nth(1).and_then(|rest| rest.split('"').next()).unwrap().replace("&#38;", "&");
    let filled = world.open(&link, None).await.text().await.unwrap();
    assert!(filled.contains("value=\"office@delta.example\"") && filled.contains("returnUrl=%2Fx"), "{link}");
}
