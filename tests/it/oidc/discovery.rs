//! What clients can find out about the provider.

use super::OpenIdWorld;

#[tokio::test(flavor = "multi_thread")]
async fn the_discovery_document_says_what_is_there() {
    let provider = OpenIdWorld::start().await;
    let url = provider.world.url("/.well-known/openid-configuration");
    let page = provider.visitor().get(&url).await.expect(200);
    assert_eq!(page.header("content-type"), Some("application/json"));
    let document = page.json();
    assert_eq!(document["issuer"], provider.issuer());
    for endpoint in ["authorization", "token", "userinfo", "end_session", "revocation"] {
        let address = document[format!("{endpoint}_endpoint")].as_str().unwrap().to_owned();
        assert!(address.starts_with(&provider.issuer()), "{address}");
        assert_ne!(provider.visitor().get(&address).await.status, 404, "{address}");
    }
    assert_eq!(document["prompt_values_supported"], serde_json::json!(["none", "login", "select_account"]));
    assert_eq!(document["response_types_supported"], serde_json::json!(["code"]));
    assert_eq!(document["code_challenge_methods_supported"], serde_json::json!(["S256"]));
    for (name, value) in [
        ("request_parameter_supported", false),
        ("request_uri_parameter_supported", false),
        ("claims_parameter_supported", false),
        ("authorization_response_iss_parameter_supported", true),
        ("backchannel_logout_supported", true),
        ("backchannel_logout_session_supported", true),
    ] {
        assert_eq!(document[name], value, "{name}");
    }
    let oauth = provider.visitor().get(provider.world.url("/.well-known/oauth-authorization-server")).await;
    assert_eq!(oauth.expect(200).json(), document);
    let jwks = provider.visitor().get(document["jwks_uri"].as_str().unwrap()).await.expect(200);
    assert_eq!(jwks.header("access-control-allow-origin"), Some("*"));
    for key in jwks.json()["keys"].as_array().unwrap() {
        assert!(key.get("d").is_none() && key["use"] == "sig" && key["kid"].is_string(), "{key}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_provider_is_at_the_issuers_host_alone() {
    let provider = OpenIdWorld::start().await;
    let mut visitor = crate::world::Visitor::new(&[("other.localhost", provider.world.address())]);
    let at = |path: &str| format!("http://other.localhost:{}{path}", provider.world.address().port());
    for path in ["/_gate/oidc/authorize", "/_gate/oidc/logout", "/_gate/oidc/userinfo", "/_gate/oidc/onward"]
    {
        visitor.get(at(path)).await.expect(404);
    }
    // There it is the site's own address, and needs a sign-in like any other of its pages.
    let own = visitor.get(at("/.well-known/openid-configuration")).await;
    assert_ne!(own.status, 200);
    visitor.get(at("/_gate/oidc/jwks")).await.expect(200);
}
