//! Stories of a website that signs people in by OpenID Connect.

use jiff::SignedDuration;

use super::*;

const ALL: &str = "openid profile email";

#[tokio::test]
async fn a_stranger_signs_in_at_the_site_and_the_client_learns_who_it_is() {
    let world = World::with(&[]).await;
    let metadata = world.open("/.well-known/openid-configuration", None).await.json::<Value>().await.unwrap();
    let base = world.base();
    assert_eq!(metadata["issuer"], base);
    assert_eq!(metadata["authorization_endpoint"], format!("{base}/oauth/authorize"));
    assert_eq!(metadata["end_session_endpoint"], format!("{base}/log-out"));
    assert_eq!(metadata["id_token_signing_alg_values_supported"], json!(["HS256"]));
    assert_eq!(metadata["code_challenge_methods_supported"], json!(["S256"]));

    let path = world.authorize_path(ALL);
    let to_login = location(&world.open(&path, None).await);
    assert!(to_login.starts_with("/login?returnUrl=%2Foauth%2Fauthorize%3F"), "{to_login}");
    assert_eq!(world.open(&to_login, None).await.status(), StatusCode::OK);
    let signed_in = world.fill_in(&to_login, DANAS_EMAIL, PASSWORD).await;
    assert_eq!(location(&signed_in), path);
    let back = world.come_back(&path, &cookie(&signed_in)).await;
    assert_eq!((back[0].0.as_str(), &back[1].1), ("code", &"the-state".to_owned()));

    let (status, tokens) = world.redeem(&back[0].1, VERIFIER).await;
    assert_eq!((status, &tokens["token_type"], &tokens["expires_in"]), (200, &json!("Bearer"), &json!(3600)));
    assert_eq!(tokens.get("refresh_token"), None);
    let claims = claims(text(&tokens["id_token"]));
    assert_eq!(claims["sub"], DANA);
    assert_eq!((&claims["iss"], &claims["aud"]), (&json!(base), &json!(world.credentials().client_id)));
    assert_eq!((&claims["nonce"], &claims["email"]), (&json!("the-nonce"), &json!(DANAS_EMAIL)));
    assert_eq!(claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap(), 3600);
    let (_, info) = world.userinfo(&tokens).await;
    assert_eq!(info["given_name"], "Dana");
    assert_eq!((&info["sub"], &info["member_status"]), (&json!(DANA), &json!("current")));
    assert_eq!(world.member(DANA).await["UniqueID"], DANA);
    assert_eq!(world.control().calls(Endpoint::Token), 1);

    // The site knows the browser now: no form again.
    assert_eq!(world.come_back(&path, &cookie(&signed_in)).await[0].0, "code");
    let form_again = world.open("/login?returnUrl=%2Fx", Some(&cookie(&signed_in))).await;
    assert_eq!(location(&form_again), "/x");
}

#[tokio::test]
async fn a_code_is_good_once_for_its_client_its_address_and_its_verifier() {
    let world = World::with(&["code_ttl=1m"]).await;
    let code = world.code(DANAS_EMAIL, ALL).await;
    assert_eq!(world.redeem(&code, VERIFIER).await.0, 200);
    let refused = (400, json!({ "error": "invalid_grant" }));
    assert_eq!(world.redeem(&code, VERIFIER).await, refused);
    let code = world.code(DANAS_EMAIL, ALL).await;
    assert_eq!(world.redeem(&code, "another verifier").await, refused);
    let code = world.code(DANAS_EMAIL, ALL).await;
    let elsewhere =
        [("grant_type", "authorization_code"), ("code", &code), ("redirect_uri", "https://b.example")];
    assert_eq!(world.redeem_with(&elsewhere).await, refused);
    let code = world.code(DANAS_EMAIL, ALL).await;
    world.control().advance(SignedDuration::from_secs(61));
    assert_eq!(world.redeem(&code, VERIFIER).await, refused);
    let code = world.code(DANAS_EMAIL, ALL).await;
    assert!(world.control().act(DANA, "deactivate", &json!({})));
    assert_eq!(world.redeem(&code, VERIFIER).await, refused);
    let unknown = world.redeem_with(&[("grant_type", "password")]).await;
    assert_eq!(unknown, (400, json!({ "error": "unsupported_grant_type" })));
}

#[tokio::test]
async fn the_challenge_is_checked_ignored_or_required() {
    let world = World::with(&["pkce=ignored"]).await;
    let code = world.code(DANAS_EMAIL, ALL).await;
    assert_eq!(world.redeem(&code, "").await.0, 200);
    let metadata = world.open("/.well-known/openid-configuration", None).await.json::<Value>().await.unwrap();
    assert_eq!(metadata.get("code_challenge_methods_supported"), None);

    let browser = world.browser(DANAS_EMAIL).await;
    let without = world.authorize_path(ALL).replace("code_challenge=", "x=");
    world.set("pkce=checked");
    assert_eq!(world.come_back(&without, &browser).await[0].0, "code");
    world.set("pkce=required");
    let back = world.come_back(&without, &browser).await;
    assert_eq!(back[0], ("error".to_owned(), "invalid_request".to_owned()));
    assert_eq!(back[1].1, "the-state");
}

#[tokio::test]
async fn the_secret_is_taken_where_the_switch_says() {
    let world = World::with(&[]).await;
    let Credentials { client_id, client_secret, .. } = world.credentials();
    let by_form = async |secret: &str| {
        let code = world.code(DANAS_EMAIL, ALL).await;
        let fields = [
            ("grant_type", "authorization_code"),
            ("code", code.as_str()),
            ("redirect_uri", CALLBACK),
            ("code_verifier", VERIFIER),
            ("client_id", &client_id),
            ("client_secret", secret),
        ];
        let request = world.http.post(world.url("/oauth/token"));
        let request = request.header("content-type", "application/x-www-form-urlencoded");
        request.body(form(&fields)).send().await.unwrap().status().as_u16()
    };
    let by_header = async || {
        let code = world.code(DANAS_EMAIL, ALL).await;
        world.redeem(&code, VERIFIER).await.0
    };
    for (switch, header, in_form) in
        [("token_auth=any", 200, 200), ("token_auth=basic", 200, 401), ("token_auth=post", 401, 200)]
    {
        world.set(switch);
        assert_eq!((by_header().await, by_form(&client_secret).await), (header, in_form), "{switch}");
    }
    assert_eq!(by_form("a guess").await, 401);
}

#[tokio::test]
async fn a_wrong_client_or_address_is_400_and_nobody_is_sent_there() {
    let world = World::with(&[]).await;
    let browser = world.browser(DANAS_EMAIL).await;
    let check = async |path: &str, expected: u16| {
        let response = world.open(path, Some(&browser)).await;
        assert_eq!(response.status().as_u16(), expected, "{path}");
        assert!(expected != 400 || response.headers().get(LOCATION).is_none());
    };
    let path = world.authorize_path(ALL);
    check(&path, 302).await;
    check(&path.replace(&world.credentials().client_id, "another"), 400).await;
    check(&path.replace("https%3A%2F%2Fwww.acme.example", "javascript%3A"), 400).await;
    world.set("redirect_uris=https://x.example/cb,https://www.acme.example/_gate/callback");
    check(&path, 302).await;
    check(&path.replace("callback", "callback%2F"), 400).await;
    check(&path.replace("www.acme", "www.evil"), 400).await;
    world.set("redirect_uris=off");
    check(&path.replace("https%3A", "http%3A"), 302).await;
    world.set("https_redirects=on");
    check(&path.replace("https%3A", "http%3A"), 400).await;
    let back = world.come_back(&path.replace("response_type=code", "response_type=token"), &browser).await;
    assert_eq!(back[0].1, "unsupported_response_type");
}

#[tokio::test]
async fn permitted_groups_shut_others_out_and_none_means_everybody() {
    let world = World::with(&[]).await;
    let path = world.authorize_path(ALL);
    let (dana, nils) = (world.browser(DANAS_EMAIL).await, world.browser("nils.frost@people.example").await);
    let marek = world.browser("marek.holt@acmebuilders.example").await;
    assert_eq!(world.come_back(&path, &nils).await[0].0, "code", "no member at all");
    world.set("permitted_groups=Staff,All Current Members");
    for browser in [&dana, &marek] {
        assert_eq!(world.come_back(&path, browser).await[0].0, "code");
    }
    let back = world.come_back(&path, &nils).await;
    assert_eq!(back[0], ("error".to_owned(), "access_denied".to_owned()));
    world.set("not_permitted=page");
    let page = world.open(&path, Some(&nils)).await;
    assert_eq!(page.status(), StatusCode::FORBIDDEN);
    assert!(page.text().await.unwrap().contains("none of the groups"));
}

#[tokio::test]
async fn scopes_bring_claims_or_are_not_looked_at() {
    let world = World::with(&[]).await;
    let tokens = world.tokens(DANAS_EMAIL, "openid").await;
    let (_, info) = world.userinfo(&tokens).await;
    assert_eq!((info.get("name"), info.get("email")), (None, None));
    let tokens = world.tokens(DANAS_EMAIL, "profile").await;
    assert_eq!(tokens.get("id_token"), None, "without openid there is no ID token");

    world.set("scopes=ignored");
    let tokens = world.tokens(DANAS_EMAIL, "").await;
    assert_eq!(claims(text(&tokens["id_token"]))["name"], "Dana Ruiz");

    let odd = world.authorize_path("openid members");
    let browser = world.browser(DANAS_EMAIL).await;
    world.set("scopes=honored");
    assert_eq!(world.come_back(&odd, &browser).await[0].0, "code");
    world.set("scopes=strict");
    assert_eq!(world.come_back(&odd, &browser).await[0].1, "invalid_scope");
    assert_eq!(world.come_back(&world.authorize_path(ALL), &browser).await[0].0, "code");
}

#[tokio::test]
async fn claims_differ_as_the_switches_say() {
    let world = World::with(&[]).await;
    let (ines, marek) = ("ines@signin.example", "marek.holt@acmebuilders.example");
    let of_token = async |email: &str| claims(text(&world.tokens(email, ALL).await["id_token"]));
    let of_info = async |email: &str| world.userinfo(&world.tokens(email, ALL).await).await.1;
    assert_eq!(of_token(ines).await["email"], ines);
    world.set("email_claim=contact");
    assert_eq!(of_token(ines).await["email"], "office.ines@people.example");
    world.set("claims_in_id_token=off");
    assert_eq!(of_token(ines).await.get("email"), None);
    assert_eq!(of_info(ines).await["email"], "office.ines@people.example");

    assert_eq!(of_info(marek).await["member_status"], "inheriting");
    world.set("userinfo_inheriting=off");
    assert_eq!(of_info(marek).await["member_status"], "current");
    world.set("userinfo_member_status=off");
    assert_eq!(of_info(marek).await.get("member_status"), None);

    world.set("nonce_returned=off");
    assert_eq!(of_token(ines).await.get("nonce"), None);
    world.set("issuer_slash=on");
    assert_eq!(of_token(ines).await["iss"], format!("{}/", world.base()));
    let metadata =
        async || world.open("/.well-known/openid-configuration", None).await.json::<Value>().await.unwrap();
    assert_eq!(metadata().await["issuer"], format!("{}/", world.base()));
    world.set("issuer_answered=https://elsewhere.example");
    world.set("token_endpoint_answered=https://elsewhere.example/token");
    let metadata = metadata().await;
    assert_eq!(metadata["issuer"], "https://elsewhere.example");
    assert_eq!(metadata["token_endpoint"], "https://elsewhere.example/token");
}

#[tokio::test]
async fn tokens_end_by_time_by_hand_and_with_the_account() {
    let world = World::with(&["access_token_ttl=10m", "refresh_tokens=on"]).await;
    let tokens = world.tokens(DANAS_EMAIL, ALL).await;
    assert_eq!((world.userinfo(&tokens).await.0, &tokens["expires_in"]), (200, &json!(600)));
    world.control().advance(SignedDuration::from_mins(10));
    assert_eq!(world.userinfo(&tokens).await, (401, json!({ "error": "invalid_token" })));

    let refresh = [("grant_type", "refresh_token"), ("refresh_token", text(&tokens["refresh_token"]))];
    let (status, renewed) = world.redeem_with(&refresh).await;
    assert_eq!((status, world.userinfo(&renewed).await.0), (200, 200));
    assert_eq!(claims(text(&renewed["id_token"])).get("nonce"), None);
    assert_eq!(world.redeem_with(&refresh).await.0, 400, "it is used up");
    world.control().act(DANA, "deactivate", &json!({}));
    assert_eq!(world.userinfo(&renewed).await.0, 401);
    world.control().act(DANA, "activate", &json!({}));
    assert!(world.control().end_tokens("access") >= 2);
    assert_eq!(world.userinfo(&renewed).await.0, 401);
}

#[tokio::test]
async fn the_old_login_hands_out_a_token_that_the_secret_signs() {
    let world = World::with(&[]).await;
    let id = world.credentials().client_id;
    let path = format!("/sso/auth?{}", form(&[("client_id", &id), ("redirect_uri", CALLBACK)]));
    let to_login = location(&world.open(&path, None).await);
    assert!(to_login.starts_with("/login?returnUrl=%2Fsso%2Fauth"), "{to_login}");
    let browser = world.browser(DANAS_EMAIL).await;
    let back = world.come_back(&path, &browser).await;
    assert_eq!((back[0].0.as_str(), &claims(&back[0].1)["sub"]), ("jwt", &json!(DANA)));
    assert_eq!(world.open(&path.replace(&id, "x"), Some(&browser)).await.status(), StatusCode::BAD_REQUEST);
    world.set("permitted_groups=Staff");
    assert_eq!(world.open(&path, Some(&browser)).await.status(), StatusCode::FORBIDDEN);
    world.set("legacy_jwt=off");
    assert_eq!(world.open(&path, Some(&browser)).await.status(), StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn the_staging_site_has_clients_keys_ids_and_people_of_its_own() {
    let world = World::with(&[]).await.at_staging();
    let tokens = world.tokens("trial@staging.example", ALL).await;
    let subject = text(&world.userinfo(&tokens).await.1["sub"]).to_owned();
    assert_eq!(world.member(&subject).await["LastName"], "Trialler");
    assert_eq!(claims(text(&tokens["id_token"]))["iss"], world.simulator.staging_url());
    let dana = world.rows("/api/members?name=Dana%20Ruiz").await;
    assert_ne!(dana[0]["UniqueID"], DANA);
    let production = World { environment: Environment::Production, ..world };
    assert_eq!(production.get(&format!("/api/members/{subject}")).await.0, 404);
    assert_eq!(production.userinfo(&tokens).await.0, 401);
    let foreign = format!("Basic {}", Credentials::demo(Environment::Staging).api_key);
    let request = production.http.get(production.url("/api/members")).header("authorization", foreign);
    assert_eq!(request.send().await.unwrap().status(), StatusCode::UNAUTHORIZED);
}
