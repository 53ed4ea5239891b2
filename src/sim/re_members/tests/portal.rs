//! Stories of a browser: signing in, silently coming back, signing out.

use jiff::SignedDuration;

use super::*;

const LOGIN: &str = "/account/login.aspx?RedirectUrl=https%3A%2F%2Fwww.acme.example%2F_gate%2Fcallback%3Fstate%3Dabc%26x%3D%2525";
const BACK: &str = "https://www.acme.example/_gate/callback?state=abc&x=%25&UserId=";
const JANE: &str = "jane.marlowe@harborlabs.example";

#[tokio::test]
async fn a_member_signs_in_and_comes_back_with_id_and_token() {
    let world = World::with(&[]).await;
    let page = world.open(LOGIN, None).await.text().await.unwrap();
    for id in ["txtLoginUserName", "txtLoginPassword", "LoginButton"] {
        assert!(page.contains(&format!("id=\"main_content_Login_{id}\"")), "{page}");
    }
    assert!(page.contains("not a real login") && page.contains("reload=timezone") && !page.contains(JANE));

    let (_, back) = world.sign_in(&format!("{LOGIN}&reload=timezone"), JANE).await;
    let jane = world.control().person(JANE).unwrap();
    assert!(back.starts_with(&format!("{BACK}{}&sso=", jane.id)), "{back}");

    let tokens = world.handshake(Environment::Production).await;
    let found = world.only(&tokens, &format!("/Individuals/FindbySSOToken/{}", sso(&back))).await;
    assert_eq!(found["id"], json!(jane.id));
    assert_eq!(found["user"]["isApproved"], true);
    assert_eq!(found["memberships"][0]["code"], "INDIV");
    assert_eq!(world.control().logins().len(), 1);
    assert!(!world.control().logins()[0].silent);
    // The visitor's own token will do in place of the integration's.
    let own = Tokens { user: sso(&back).to_owned(), ..tokens };
    assert_eq!(world.get(&own, &format!("/Individuals/Profile/{}/1", jane.id)).await.0, 200);
}

#[tokio::test]
async fn a_mistake_stays_on_the_page_and_what_was_typed_is_escaped() {
    let world = World::with(&[]).await;
    for (email, password) in
        [(JANE, "wrong"), ("\"><script>alert(1)</script>", PASSWORD), ("walt.ember@people.example", "")]
    {
        let response = world.fill_in(LOGIN, email, password).await;
        assert_eq!(response.status(), StatusCode::OK);
        assert!(response.headers().get(SET_COOKIE).is_none());
        let page = response.text().await.unwrap();
        assert!(page.contains("role=\"alert\"") && !page.contains("<script>alert"), "{page}");
    }
    assert!(world.control().logins().is_empty());
}

#[tokio::test]
async fn a_live_session_comes_straight_back_with_a_fresh_token() {
    let world = World::with(&[]).await;
    let (cookie, first) = world.sign_in(LOGIN, JANE).await;
    let again = world.open(LOGIN, Some(&cookie)).await;
    assert_eq!(again.status(), StatusCode::FOUND);
    let second = location(&again);
    assert!(second.starts_with(BACK) && sso(&first) != sso(&second));
    assert!(world.control().logins()[1].silent);

    world.control().end_portal_sessions();
    assert_eq!(world.open(LOGIN, Some(&cookie)).await.status(), StatusCode::OK);

    let (cookie, _) = world.sign_in(LOGIN, JANE).await;
    world.control().advance(SignedDuration::from_hours(12));
    assert_eq!(world.open(LOGIN, Some(&cookie)).await.status(), StatusCode::OK);
}

#[tokio::test]
async fn a_token_signs_in_a_new_browser_but_does_not_change_who_is_signed_in() {
    let world = World::with(&[]).await;
    let token = world.control().issue_sso(Environment::Production, "tomas.lindqvist@people.example").unwrap();
    let tomas = world.control().person("100482").unwrap();
    let with_token = format!("{LOGIN}&sso={token}");

    let fresh = world.open(&with_token, None).await;
    assert!(location(&fresh).contains(&tomas.id));
    let profile = world.open("/my-profile", Some(&cookie(&fresh))).await.text().await.unwrap();
    assert!(profile.contains("Tomas Lindqvist"));

    let (janes, _) = world.sign_in(LOGIN, JANE).await;
    let kept = world.open(&with_token, Some(&janes)).await;
    assert!(!location(&kept).contains(&tomas.id));
    let profile = world.open(&format!("/my-profile?sso={token}"), Some(&janes)).await.text().await.unwrap();
    assert!(profile.contains("Jane Marlowe") && profile.contains(">Log out</a>"));
}

#[tokio::test]
async fn logging_out_ends_the_session_and_goes_to_the_single_logout_url() {
    let slo = |settings: &mut Settings| settings.slo_url = Some("https://www.acme.example/_gate/slo".into());
    let world = World::with_settings(&[], slo).await;
    let (cookie, _) = world.sign_in(LOGIN, JANE).await;
    let out = world.open("/account/logout.aspx", Some(&cookie)).await;
    assert_eq!(location(&out), "https://www.acme.example/_gate/slo");
    assert_eq!(world.open(LOGIN, Some(&cookie)).await.status(), StatusCode::OK, "the form again");

    world.control().set_switch("logout_action=on").unwrap();
    let out = world.open("/account/logout.aspx", None).await;
    assert_eq!(location(&out), "https://www.acme.example/_gate/slo?Action=Logout");

    let nowhere = World::with(&[]).await;
    let page = nowhere.open("/Account/Logout.aspx", None).await.text().await.unwrap();
    assert!(page.contains("You are logged out"));
}

#[tokio::test]
async fn a_browser_is_sent_back_only_where_allowed() {
    let world = World::with(&["redirect_allow_list=https://www.acme.example,http://localhost:8080"]).await;
    let check = async |target: &str, expected: u16| {
        let path = format!("/account/login.aspx?RedirectUrl={target}");
        assert_eq!(world.open(&path, None).await.status().as_u16(), expected, "{target}");
    };
    check("https%3A%2F%2Fwww.acme.example%2Fx", 200).await;
    check("http://localhost:8080/x", 200).await;
    check("http://localhost:8081/x", 400).await;
    check("https://www.acme.example.evil.example/", 400).await;
    world.control().set_switch("redirect_allow_list=off").unwrap();
    check("https://evil.example/", 200).await;
    check("javascript:alert(1)", 400).await;
    check("//evil.example", 400).await;
}

#[tokio::test]
async fn who_is_not_approved_is_turned_away_only_where_switched() {
    let world = World::with(&[]).await;
    for person in ["una.strand@people.example", "dora.vale@people.example", "mika.tanaka@people.example"] {
        world.sign_in(LOGIN, person).await;
    }
    world.control().set_switch("login_checks_approval=on").unwrap();
    for person in ["una.strand@people.example", "dora.vale@people.example"] {
        assert_eq!(world.fill_in(LOGIN, person, PASSWORD).await.status(), StatusCode::OK, "{person}");
    }
    world.sign_in(LOGIN, "mika.tanaka@people.example").await;
    world.sign_in(LOGIN, "carla@signin.example").await;
}

#[tokio::test]
async fn the_demo_lists_who_can_sign_in_and_escapes_names() {
    let world = World::with(&["show_people=on"]).await;
    let page = world.open(LOGIN, None).await.text().await.unwrap();
    assert!(page.contains("&#60;b&#62;Zoë&#60;/b&#62; 🌊") && !page.contains("<b>Zoë"));
    assert!(page.contains(JANE) && page.contains(PASSWORD));
    assert!(
        !page.contains("Walt Ember") && !page.contains("Trialler") && !page.contains("gateway_integration")
    );
    let staging = world.open(&format!("/staging{LOGIN}"), None).await.text().await.unwrap();
    assert!(
        staging.contains("Trialler")
            && staging.contains("action=\"/staging/account/login.aspx?RedirectUrl=https%3A")
    );
    // A click on a name fills in the e-mail and keeps the way back.
    let link =
        page.split("href=\"").nth(1).and_then(|rest| rest.split('"').next()).unwrap().replace("&#38;", "&");
    let filled = world.open(&link, None).await.text().await.unwrap();
    assert!(filled.contains(&format!("value=\"{JANE}\"")) && filled.contains("RedirectUrl=https%3A"));
}
