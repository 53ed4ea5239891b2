//! Stories of a website that signs people in, and of a browser at the Info Hub.

use jiff::SignedDuration;
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode};

use super::*;
use crate::sim::openid::Flaw;
use crate::sim::switches::Setting as _;

#[tokio::test]
async fn a_stranger_signs_in_at_the_info_hub_and_the_client_learns_who_it_is() {
    let world = World::with(&["consent=on"]).await;
    let metadata: Value =
        world.open("/openid/well-known/openid-configuration", None).await.json().await.unwrap();
    let base = world.simulator.base_url();
    assert_eq!(metadata["issuer"], format!("{base}/"));
    assert_eq!(metadata["jwks_uri"], format!("{base}/openid/well-known/jwks"));
    assert_eq!(metadata["id_token_signing_alg_values_supported"], json!(["RS256"]));
    assert_eq!(world.open("/.well-known/openid-configuration", None).await.status(), StatusCode::NOT_FOUND);

    let path = world.authorize_path(ALL);
    let to_login = location(&world.open(&path, None).await);
    let signed_in = world.sign_in(&to_login, "druiz", PASSWORD).await;
    assert_eq!(location(&signed_in), path);
    let browser = cookie(&signed_in);
    let question = world.page(&path, Some(&browser)).await;
    assert!(question.contains("membergate-demo") && question.contains("value=\"Grant\""), "{question}");
    let denied = came_back(&world.post(&path, Some(&browser), &[("grant", "no")]).await);
    assert_eq!(denied[0], ("error".to_owned(), "access_denied".to_owned()));
    let back = came_back(&world.post(&path, Some(&browser), &[("grant", "yes")]).await);
    assert_eq!((back[0].0.as_str(), back[1].1.as_str()), ("code", "the-state"));
    assert_eq!(world.come_back(&path, &browser).await[0].0, "code", "the consent is remembered");
    assert!(world.control().act(DANA, "forget_consent", &json!({})));
    assert!(world.page(&path, Some(&browser)).await.contains("value=\"Grant\""));

    let (status, tokens) = world.redeem(&back[0].1, VERIFIER).await;
    assert_eq!(
        (status, &tokens["token_type"], &tokens["expires_in"]),
        (200, &json!("bearer"), &json!(2_678_400))
    );
    let claims = claims(text(&tokens["id_token"]));
    assert_eq!((&claims["iss"], &claims["nonce"]), (&json!(format!("{base}/")), &json!("the-nonce")));
    let (_, info) = world.as_person(&tokens, "/oauth/userinfo").await;
    assert_eq!((&info["sub"], &info["ContactId"]), (&claims["sub"], &json!(1_001_001)));
    assert_eq!((&info["given_name"], &info["MemTypes"]), (&json!("Dana"), &json!("Individual")));
    let (_, me) = world.as_person(&tokens, "/api/login/aboutme").await;
    assert_eq!((&me["ContactId"], &me["AllRoles"]), (&info["ContactId"], &json!("Member")));
    let (_, own) = world.as_person(&tokens, "/API/Contacts/root/claims").await;
    let own = own["Claims"].as_array().unwrap().clone();
    assert!(own.contains(&json!({ "Name": "ContactId", "Value": DANA })));
    assert!(own.contains(&json!({ "Name": "Username", "Value": "druiz" })));
    // With the key both calls tell of the association.
    assert_eq!(world.ok("/api/login/aboutme").await.get("ContactId"), None);
    let refresh = [("grant_type", "refresh_token"), ("refresh_token", text(&tokens["refresh_token"]))];
    assert_eq!(world.redeem_with(&refresh).await.0, 200);
    world.set("refresh_tokens=off");
    assert_eq!(world.tokens_of_a_second_login().await.get("refresh_token"), None);
}

/// One client is shown a code of the other.
#[tokio::test]
async fn a_code_is_good_only_for_the_client_that_asked_for_it_unless_the_switch_says_otherwise() {
    let world = World::with(&[]).await;
    let browser = world.browser("druiz").await;
    let other = super::authorize_path("another-client", ALL);
    let back = world.come_back(&other, &browser).await;
    let (status, answer) = world.redeem(&back[0].1, VERIFIER).await;
    assert_eq!((status, &answer["error"]), (400, &json!("invalid_grant")));
    world.set("code_client=off");
    let back = world.come_back(&other, &browser).await;
    let (status, tokens) = world.redeem(&back[0].1, VERIFIER).await;
    assert_eq!((status, &claims(text(&tokens["id_token"]))["aud"]), (200, &json!("another-client")));
}

#[tokio::test]
async fn a_logout_leads_only_to_the_addresses_that_the_switch_names() {
    let world = World::with(&["logout_confirms=never"]).await;
    let logout = async |to: &str| {
        world.open(&format!("/oauth/logout?post_logout_redirect_uri=https://site.example/{to}"), None).await
    };
    assert_eq!(location(&logout("anywhere").await), "https://site.example/anywhere");
    world.set("post_logout_uris=https://site.example/bye,https://site.example/end");
    assert_eq!(location(&logout("end").await), "https://site.example/end");
    for other in ["anywhere", "end/", "Bye"] {
        assert_eq!(logout(other).await.status(), StatusCode::OK, "{other}");
    }
}

impl World {
    async fn tokens_of_a_second_login(&self) -> Value {
        self.set("consent=off");
        self.tokens("mholt", ALL).await
    }
}

#[tokio::test]
async fn an_answer_comes_in_the_query_or_as_a_form() {
    let world = World::with(&[]).await;
    let browser = world.browser("druiz").await;
    let path = world.authorize_path(ALL);
    let by_form = format!("{path}&response_mode=form_post");
    let page = world.page(&by_form, Some(&browser)).await;
    assert!(page.contains(&format!("action=\"{CALLBACK}\"")) && page.contains("name=\"code\""), "{page}");
    assert!(page.contains("name=\"state\" value=\"the-state\""));
    world.set("response_mode=query");
    assert_eq!(world.come_back(&by_form, &browser).await[0].0, "code");
    world.set("response_mode=form_post");
    assert!(world.page(&path, Some(&browser)).await.contains("name=\"code\""));
    world.set("response_mode=asked");
    assert_eq!(world.come_back(&path, &browser).await[0].0, "code");

    let odd = path.replace("response_type=code", "response_type=token");
    assert_eq!(
        world.come_back(&odd, &browser).await[0],
        ("error".into(), "unsupported_response_type".into())
    );
    world.set("error_parameter=errorCode");
    assert_eq!(world.come_back(&odd, &browser).await[0].0, "errorCode");
    let wrong = path.replace("membergate-demo", "another");
    assert_eq!(world.open(&wrong, Some(&browser)).await.status(), StatusCode::BAD_REQUEST);
    world.set("redirect_uris=https://x.example/cb");
    assert_eq!(world.open(&path, Some(&browser)).await.status(), StatusCode::BAD_REQUEST);
    world.set(&format!("redirect_uris=https://x.example/cb,{CALLBACK}"));
    assert_eq!(world.come_back(&path, &browser).await[0].0, "code");
}

#[tokio::test]
async fn a_code_is_good_once_and_for_whoever_proves_itself() {
    let world = World::with(&["code_ttl=1m"]).await;
    let refused = (400, json!({ "error": "invalid_grant" }));
    let code = world.code("druiz", ALL).await;
    assert_eq!(world.redeem(&code, "").await.0, 200, "nobody looks at the verifier");
    assert_eq!(world.redeem(&code, "").await, refused);
    world.set("pkce=checked");
    let code = world.code("druiz", ALL).await;
    assert_eq!(world.redeem(&code, "another").await, refused);
    let code = world.code("druiz", ALL).await;
    world.control().advance(SignedDuration::from_secs(61));
    assert_eq!(world.redeem(&code, VERIFIER).await, refused);
    let code = world.code("druiz", ALL).await;
    world.control().edit_contact(DANA, |it| it.login = None);
    assert_eq!(world.redeem(&code, VERIFIER).await, refused);
    let code = world.code("mholt", ALL).await;
    world.set("token_auth=basic");
    assert_eq!(world.redeem(&code, VERIFIER).await, (401, json!({ "error": "invalid_client" })));
    world.set("token_auth=post");
    assert_eq!(world.redeem(&code, VERIFIER).await.0, 200);
}

#[tokio::test]
async fn a_password_is_taken_where_the_switch_says() {
    let world = World::with(&[]).await;
    let mut fields = vec![
        ("grant_type", "password"),
        ("username", "druiz"),
        ("password", PASSWORD),
        ("tenantKey", "sample"),
        ("scopes", "openid"),
    ];
    let unsupported = json!({ "error": "unsupported_grant_type" });
    assert_eq!(world.redeem_with(&fields).await, (400, unsupported));
    world.set("password_grant=on");
    let (status, tokens) = world.redeem_with(&fields).await;
    assert_eq!((status, tokens["id_token"].is_string()), (200, true));
    fields[3].1 = "another";
    assert_eq!(world.redeem_with(&fields).await, (400, json!({ "error": "invalid_grant" })));
    fields[3].1 = "sample";
    fields[2].1 = "a guess";
    assert_eq!(world.redeem_with(&fields).await.0, 400);
}

#[tokio::test]
async fn userinfo_and_the_calls_about_oneself_differ_as_the_switches_say() {
    let world = World::with(&[]).await;
    let tokens = world.tokens("nhaddad", ALL).await;
    let info = async || world.as_person(&tokens, "/oauth/userinfo").await.1;
    let me = async || world.as_person(&tokens, "/api/login/aboutme").await.1;
    assert_eq!(info().await["MemTypes"], "Individual,Individual");
    world.set("mem_types_separator=|");
    assert_eq!(info().await["MemTypes"], "Individual|Individual");
    world.set("claim_case=lower");
    assert_eq!((&info().await["contactid"], info().await.get("ContactId")), (&json!(1_001_015), None));
    world.set("claim_case=upper");
    assert_eq!(info().await["GIVEN_NAME"], "Noor");
    world.set("claim_case=seen");
    for switch in ["userinfo_email=off", "userinfo_contact_id=off", "userinfo_mem_types=off"] {
        world.set(switch);
    }
    let bare = info().await;
    assert_eq!((bare.get("email"), bare.get("ContactId"), bare.get("MemTypes")), (None, None, None));
    assert_eq!(me().await["ContactId"], 1_001_015);
    world.set("contact_ids_agree=off");
    assert_eq!(me().await["ContactId"], 999_999);
    world.set("aboutme_contact_id=off");
    assert_eq!(me().await.get("ContactId"), None);

    let before = info().await["sub"].clone();
    world.set("subject_version=2");
    assert_ne!(info().await["sub"], before);
    let other = world.tokens("mholt", ALL).await;
    assert_eq!(
        claims(text(&other["id_token"]))["sub"],
        world.as_person(&other, "/oauth/userinfo").await.1["sub"]
    );
    world.set("nonce_returned=off");
    assert_eq!(claims(text(&world.tokens("mholt", ALL).await["id_token"])).get("nonce"), None);
    world.set("issuer_answered=https://elsewhere.example");
    world.set("token_endpoint_answered=https://elsewhere.example/token");
    let metadata: Value =
        world.open("/openid/well-known/openid-configuration", None).await.json().await.unwrap();
    assert_eq!(metadata["issuer"], "https://elsewhere.example");
    assert_eq!(metadata["token_endpoint"], "https://elsewhere.example/token");
}

#[tokio::test]
async fn each_flaw_makes_an_id_token_that_is_not_believed() {
    let world = World::with(&[]).await;
    let key = async || {
        let keys: Value = world.open("/openid/well-known/jwks", None).await.json().await.unwrap();
        let key = &keys["keys"][0];
        DecodingKey::from_rsa_components(text(&key["n"]), text(&key["e"])).unwrap()
    };
    let first = key().await;
    let subject =
        world.as_person(&world.tokens("druiz", ALL).await, "/oauth/userinfo").await.1["sub"].clone();
    let believed = async |key: &DecodingKey| {
        let token = world.tokens("druiz", "openid").await["id_token"].as_str()?.to_owned();
        let mut rules = Validation::new(Algorithm::RS256);
        rules.set_audience(&[Credentials::demo().client_id]);
        rules.set_issuer(&[world.url("/")]);
        // The clock of the simulator is not that of this machine.
        rules.validate_exp = false;
        let claims = decode::<Value>(&token, key, &rules).ok()?.claims;
        let now = world.control().now().as_second();
        let in_time = claims["exp"].as_i64()? > now && claims["iat"].as_i64()? <= now;
        let is_hers = claims["sub"] == subject && claims["nonce"] == "the-nonce" && claims["aud"].is_string();
        (in_time && is_hers).then_some(())
    };
    for flaw in Flaw::values().split(" | ") {
        world.set(&format!("id_token_flaw={flaw}"));
        assert_eq!(believed(&first).await.is_some(), flaw == "none", "{flaw}");
    }
    world.set("id_token_flaw=none");
    world.set("signing_key=2");
    assert!(believed(&first).await.is_none() && believed(&key().await).await.is_some());
}

#[tokio::test]
async fn the_info_hub_knows_a_browser_for_a_while_and_links_to_the_website() {
    let site = |settings: &mut Settings| settings.site_url = Some("https://www.acme.example/".into());
    let world = World::with_settings(&["session_ttl=30m", "token_ttl=10m"], site).await;
    let browser = world.browser("druiz").await;
    let hub = world.page("/", Some(&browser)).await;
    assert!(hub.contains("Dana Ruiz") && hub.contains("https://www.acme.example/_gate/login?url=/"), "{hub}");
    let tokens = world.tokens("druiz", ALL).await;
    assert_eq!(world.as_person(&tokens, "/oauth/userinfo").await.0, 200);
    world.control().advance(SignedDuration::from_mins(10));
    assert_eq!(world.as_person(&tokens, "/oauth/userinfo").await.0, 401);
    world.control().advance(SignedDuration::from_mins(20));
    assert!(world.page("/", Some(&browser)).await.contains("not signed in"));
    for (username, password) in [
        ("druiz", "wrong"),
        ("dana.ruiz@people.example", PASSWORD),
        ("\"><script>alert(1)</script>", PASSWORD),
    ] {
        let page = world.sign_in("/login", username, password).await;
        assert_eq!(page.status(), StatusCode::OK, "{username}");
        let page = page.text().await.unwrap();
        assert!(page.contains("role=\"alert\"") && !page.contains("<script>alert"), "{page}");
    }
    let elsewhere = world.sign_in("/login?returnUrl=%2F%2Fevil.example", "druiz", PASSWORD).await;
    assert_eq!(location(&elsewhere), "/");

    world.browser("eostrow").await;
    world.set("dropped_sign_in=off");
    assert_eq!(world.sign_in("/login", "eostrow", PASSWORD).await.status(), StatusCode::OK);
    world.browser("druiz").await;
    assert!(!world.page("/login", None).await.contains("Who can sign in"));
    world.set("show_people=on");
    let page = world.page("/login", None).await;
    assert!(
        page.contains("&#60;b&#62;Zoë&#60;/b&#62;") && page.contains("druiz") && !page.contains("Per Lund")
    );
}

#[tokio::test]
async fn logging_out_asks_first_where_the_switch_says() {
    let world = World::with(&[]).await;
    let path = "/oauth/logout?post_logout_redirect_uri=https%3A%2F%2Fwww.acme.example%2Fbye&id_token_hint=x";
    let browser = world.browser("druiz").await;
    assert!(world.page(path, Some(&browser)).await.contains("Log out?"));
    let out = world.post(path, Some(&browser), &[]).await;
    assert_eq!(
        (location(&out), cookie(&out)),
        ("https://www.acme.example/bye".into(), "SimulatedGrowthZone=".into())
    );
    assert!(world.page("/", Some(&browser)).await.contains("not signed in"));
    let browser = world.browser("druiz").await;
    world.set("logout_confirms=never");
    assert_eq!(location(&world.open(path, Some(&browser)).await), "https://www.acme.example/bye");
    assert!(world.page("/oauth/logout", None).await.contains("You are logged out"));
    let odd = world.page("/oauth/logout?post_logout_redirect_uri=javascript%3Ax", None).await;
    assert!(odd.contains("You are logged out"));
}
