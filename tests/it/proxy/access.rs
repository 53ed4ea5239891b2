//! Who gets to the site, as whom, and what everybody else is told.

use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode};

use super::plane::{HOST, Plane, status};

#[tokio::test(flavor = "multi_thread")]
async fn a_public_page_comes_through() {
    let plane = Plane::start().await;
    let answer = plane.get("/echo?x=1", "").await;
    assert_eq!(status(&answer), 200, "{answer}");
    assert!(answer.contains("GET /echo?x=1 HTTP/1.1\r\n"), "{answer}");
    assert!(answer.contains("host: library.example\r\n"), "{answer}");
    assert!(answer.contains("x-forwarded-for: 127.0.0.1\r\n"), "{answer}");
    assert!(answer.contains("x-forwarded-proto: http\r\n"), "{answer}");
    assert!(!answer.contains("membergate-"), "{answer}");
    plane.drain().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stranger_is_sent_to_sign_in_and_a_program_is_told_so() {
    let plane = Plane::start().await;
    let page = "Accept: text/html\r\n";
    let answer = plane.get("/members/a?b=c", page).await;
    assert_eq!(status(&answer), 302, "{answer}");
    assert!(answer.contains("location: /_gate/login?return_to=%2Fmembers%2Fa%3Fb%3Dc\r\n"), "{answer}");
    assert!(answer.contains("cache-control: no-store\r\n"), "{answer}");

    for fields in
        ["", "Accept: application/json\r\n", "Accept: text/html\r\nX-Requested-With: XMLHttpRequest\r\n"]
    {
        let answer = plane.get("/members", fields).await;
        assert_eq!(status(&answer), 401, "{answer}");
        assert!(answer.contains("content-type: application/json\r\n"), "{answer}");
        assert!(answer.contains(r#""login":"/_gate/login""#), "{answer}");
        assert!(!answer.contains("location:"), "{answer}");
    }
    let post = |fields: &str, body: &str| {
        let length = body.len();
        format!(
            "POST /members HTTP/1.1\r\nHost: {HOST}\r\nConnection: close\r\nAccept: text/html\r\n\
             Content-Length: {length}\r\n{fields}\r\n{body}"
        )
    };
    let form = format!("Content-Type: application/x-www-form-urlencoded\r\nOrigin: http://{HOST}\r\n");
    let answer = plane.raw(post(&form, "a=b")).await;
    assert!(answer.contains("control plane: POST /_gate/keep-form"), "{answer}");
    let answer = plane.raw(post("Content-Type: multipart/form-data; boundary=x\r\n", "--x--")).await;
    assert_eq!(status(&answer), 401, "{answer}");
    assert!(plane.site.heads().is_empty(), "the site has seen nothing of all this");
    plane.drain().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_member_is_introduced_to_the_site() {
    let plane = Plane::start().await;
    let (cookie, _) = plane.sign_in().await;
    let answer = plane.get("/members/echo", &format!("{cookie}Cookie: theme=dark\r\n")).await;
    assert_eq!(status(&answer), 200, "{answer}");
    assert!(answer.contains("membergate-id: b3a1\r\n"), "{answer}");
    assert!(answer.contains("membergate-name: Zo%C3%AB %C3%85ngstr%C3%B6m\r\n"), "{answer}");
    assert!(answer.contains("membergate-email: zoe@people.example\r\n"), "{answer}");
    assert!(answer.contains("membergate-roles: member,subscriber\r\n"), "{answer}");
    assert!(answer.contains("membergate-member: true\r\n"), "{answer}");
    assert!(answer.contains("cookie: theme=dark\r\n"), "{answer}");
    assert!(!answer.contains("membergate="), "the session cookie stays with us: {answer}");
    assert!(answer.contains("cache-control: private\r\n"), "{answer}");

    let assertion =
        answer.split("membergate-assertion: ").nth(1).and_then(|rest| rest.split("\r\n").next()).unwrap();
    let jwks: jsonwebtoken::jwk::JwkSet =
        serde_json::from_value((*plane.gate.keyring.jwks()).clone()).unwrap();
    let mut validation = Validation::new(Algorithm::EdDSA);
    validation.set_audience(&["library"]);
    validation.set_issuer(&["http://library.example"]);
    let key = DecodingKey::from_jwk(&jwks.keys[0]).unwrap();
    let claims = decode::<serde_json::Value>(assertion, &key, &validation).unwrap().claims;
    assert_eq!(claims["name"], "Zoë Ångström");
    assert_eq!(claims["roles"], serde_json::json!(["member", "subscriber"]));
    assert_eq!(
        (&claims["membership_type"], &claims["membership_code"]),
        (&"Corporate Gold".into(), &"CORPGOLD".into())
    );
    assert!(claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap() <= 60);
    assert!(claims["jti"].as_str().unwrap().len() >= 22);

    // Known on public pages too, and refused where a role is missing.
    assert!(plane.get("/echo", &cookie).await.contains("membergate-id: b3a1"));
    let answer = plane.get("/board", &format!("{cookie}Accept: text/html\r\n")).await;
    assert_eq!(status(&answer), 403, "{answer}");
    assert!(answer.contains("Board"), "the missing role is named: {answer}");
    plane.drain().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_ended_or_never_was_opens_nothing() {
    let plane = Plane::start().await;
    let (cookie, key) = plane.sign_in().await;
    assert_eq!(status(&plane.get("/members", &cookie).await), 200);
    let doubled = format!("{cookie}Cookie: membergate=x\r\n");
    assert_eq!(status(&plane.get("/members", &doubled).await), 401, "two session cookies are none");
    plane.gate.visits.end(&key).await.unwrap();
    let seen = plane.site.heads().len();
    let long = "x".repeat(60_000);
    let guessed = "A".repeat(43);
    for value in ["", "x", "../..", "%00", "=", &guessed, &long] {
        let answer = plane.get("/members", &format!("Cookie: membergate={value}\r\n")).await;
        assert!([401, 431].contains(&status(&answer)), "{answer}");
    }
    assert_eq!(status(&plane.get("/members", &cookie).await), 401);
    assert_eq!(plane.site.heads().len(), seen, "the site has seen none of it");
    plane.drain().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn our_own_addresses_never_reach_the_site() {
    let plane = Plane::start().await;
    for target in ["/%5fgate/login", "/%5Fga%74e/x", "/x/../_gate/login", "//_gate/login", "/%255fgate/login"]
    {
        let answer = plane.get(target, "").await;
        assert_eq!(status(&answer), 400, "written in another way than as it is: {target}");
    }
    for target in ["/_gate", "/_gate/login?return_to=%2F", "/_GATE/x"] {
        let answer = plane.get(target, "").await;
        assert!(answer.contains(&format!("control plane: GET {target}")), "{answer}");
        assert!(answer.contains("cache-control: no-store"), "{answer}");
    }
    assert!(plane.site.heads().is_empty());
    assert_eq!(status(&plane.get("/_gateway", "").await), 200);
    plane.drain().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_trusted_proxy_tells_who_the_visitor_is() {
    let plane =
        Plane::with(|snapshot| snapshot.settings.trusted_proxies = vec!["127.0.0.0/8".parse().unwrap()])
            .await;
    let told = "X-Forwarded-For: 198.51.100.1, 203.0.113.9\r\nX-Forwarded-Proto: https\r\nX-Forwarded-Host: evil\r\n";
    let answer = plane.get("/echo", told).await;
    assert!(answer.contains("x-forwarded-for: 203.0.113.9\r\n"), "{answer}");
    assert!(answer.contains("x-forwarded-proto: https\r\n"), "{answer}");
    assert!(answer.contains("x-forwarded-host: library.example\r\n"), "{answer}");
    plane.drain().await;
}
