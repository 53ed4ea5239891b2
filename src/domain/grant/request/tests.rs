//! Requests in order and out of order, as tables.

use super::*;
use crate::domain::client::{ClientId, Proof};

const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
const CALLBACK: &str = "https://site.example/cb?x=1";

fn clients() -> Clients {
    let client = |id: &str, proof| Client {
        redirect_uris: vec![
            ClientAddress::parse(CALLBACK).unwrap(),
            ClientAddress::parse("https://site.example/other").unwrap(),
        ],
        scopes: Scopes::from([Scope::OpenId, Scope::Profile, Scope::Roles]),
        default_scopes: Scopes::from([Scope::Profile]),
        ..Client::new(ClientId::parse(id).unwrap(), proof)
    };
    Clients::new([client("web", Proof::Secret(vec![[0; 32]])), client("app", Proof::Public)], false)
}

/// A request of `client`, changed: `name=value` sets, `name` takes away, `+name=value` adds.
fn asked(client: &str, changes: &[&str]) -> Parameters {
    let mut pairs: Vec<(String, String)> = [
        ("client_id", client),
        ("redirect_uri", CALLBACK),
        ("response_type", "code"),
        ("scope", "openid profile"),
        ("state", "s 1"),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .to_vec();
    for change in changes {
        let (name, value) =
            change.split_once('=').map_or((*change, None), |(name, value)| (name, Some(value)));
        let plain = name.strip_prefix('+');
        if plain.is_none() {
            pairs.retain(|(other, _)| other != name);
        }
        if let Some(value) = value {
            pairs.push((plain.unwrap_or(name).to_owned(), value.to_owned()));
        }
    }
    Parameters(pairs)
}

#[track_caller]
fn check_answer(client: &str, changes: &[&str], expect: &str) {
    let answer = match check(&clients(), &asked(client, changes)) {
        Ok(_) => "ok".to_owned(),
        Err(Refusal::OnOurPage(why)) => format!("page: {why}"),
        Err(Refusal::AtTheClient(to, error, _)) => {
            assert_eq!(to.address.as_str(), CALLBACK);
            format!("{} {}", error.as_str(), to.state.as_deref().unwrap_or("-"))
        }
    };
    assert_eq!(answer, expect, "{client} {changes:?}");
}

#[test]
fn before_client_and_address_are_known_nobody_is_sent_anywhere() {
    check_answer("nobody", &[], "page: the client is not known");
    check_answer("WEB", &[], "page: the client is not known");
    check_answer("web", &["client_id"], "page: the client is not known");
    check_answer("web", &["+client_id=web"], "page: a parameter is repeated");
    check_answer("web", &["redirect_uri"], "page: the redirect address is not one of the client's");
    check_answer(
        "web",
        &["redirect_uri=https://site.example/cb"],
        "page: the redirect address is not one of the client's",
    );
    check_answer(
        "web",
        &["redirect_uri=https://evil.example"],
        "page: the redirect address is not one of the client's",
    );
    check_answer("web", &["+redirect_uri=https://site.example/other"], "page: a parameter is repeated");
}

#[test]
fn after_that_a_refusal_travels_to_the_client_with_its_state() {
    check_answer("web", &[], "ok");
    check_answer("web", &["+state=s2"], "invalid_request -");
    check_answer("web", &["response_type"], "invalid_request s 1");
    check_answer("web", &["+response_type=code"], "invalid_request s 1");
    for other in ["token", "id_token", "code id_token", "code token", "none"] {
        check_answer("web", &[&format!("response_type={other}")], "unsupported_response_type s 1");
    }
    check_answer("web", &["response_mode=fragment"], "invalid_request s 1");
    check_answer("web", &["response_mode=form_post"], "ok");
    check_answer("web", &["scope=email"], "invalid_scope s 1");
    check_answer("web", &["scope=read write"], "invalid_scope s 1");
    check_answer("web", &["scope=openid,profile"], "invalid_scope s 1");
    check_answer("web", &["request=eyJ"], "request_not_supported s 1");
    check_answer("web", &["request_uri=https://site.example/r"], "request_uri_not_supported s 1");
    check_answer("web", &["registration={}"], "registration_not_supported s 1");
    check_answer("web", &["prompt=none login"], "invalid_request s 1");
    check_answer("web", &["prompt=create"], "invalid_request s 1");
    for age in ["-1", "x", "1.5", "+1", "99999999999"] {
        check_answer("web", &[&format!("max_age={age}")], "invalid_request s 1");
    }
    check_answer("web", &[&format!("nonce={}", "n".repeat(super::LONGEST + 1))], "invalid_request s 1");
    check_answer("web", &[&format!("state={}", "n".repeat(super::LONGEST + 1))], "invalid_request -");
    check_answer(
        "web",
        &["claims={\"userinfo\":{}}", "login_hint=a", "ui_locales=fr", "display=popup", "x=y"],
        "ok",
    );
}

/// S-67, CVE-2024-23647.
#[test]
fn a_public_client_cannot_leave_out_pkce_and_nobody_may_weaken_it() {
    let challenge = format!("code_challenge={CHALLENGE}");
    let s256 = "code_challenge_method=S256";
    for client in ["web", "app"] {
        check_answer(client, &[&challenge, s256], "ok");
        check_answer(client, &[&challenge], "invalid_request s 1");
        check_answer(client, &[&challenge, "code_challenge_method=plain"], "invalid_request s 1");
        check_answer(client, &[s256], "invalid_request s 1");
        check_answer(client, &["code_challenge=short", s256], "invalid_request s 1");
        check_answer(client, &[&challenge, s256, &format!("+{challenge}")], "invalid_request s 1");
    }
    check_answer("app", &[], "invalid_request s 1");
}

/// RFC 6749 §3.3 and §10.12.
#[test]
fn a_request_without_openid_is_plain_oauth_and_needs_a_state() {
    let pkce = [&format!("code_challenge={CHALLENGE}"), "code_challenge_method=S256"];
    for (change, scopes) in [
        ("scope=profile", &[Scope::Profile][..]),
        ("scope=roles profile basic", &[Scope::Profile, Scope::Roles]),
        ("scope", &[Scope::Profile]),
        ("scope=", &[Scope::Profile]),
    ] {
        for client in ["web", "app"] {
            let changes: Vec<&str> = [change].into_iter().chain(pkce).collect();
            let authorization = check(&clients(), &asked(client, &changes)).unwrap();
            assert_eq!(authorization.scopes, scopes.iter().copied().collect(), "{client} {change}");
            let changes: Vec<&str> = changes.into_iter().chain(["state"]).collect();
            check_answer(client, &changes, "invalid_request -");
        }
        check_answer("app", &[change], "invalid_request s 1");
        check_answer(
            "web",
            &[change, "redirect_uri=https://site.example/cb"],
            "page: the redirect address is not one of the client's",
        );
    }
    check_answer("web", &["state"], "ok");
}

#[test]
fn scopes_that_are_unknown_or_not_the_clients_are_left_out() {
    let parameters = asked("web", &["scope=openid profile email groups offline_access roles"]);
    let authorization = check(&clients(), &parameters).unwrap();
    assert_eq!(authorization.scopes, Scopes::from([Scope::OpenId, Scope::Profile, Scope::Roles]));
}

#[test]
fn what_is_kept_across_a_sign_in_is_the_same_request() {
    let parameters = asked("web", &["id_token_hint=eyJ", "x=y", "nonce=n&1", "max_age=60", "prompt=login"]);
    let again = Parameters::parse(parameters.kept().as_bytes());
    let (one, other) = (check(&clients(), &parameters).unwrap(), check(&clients(), &again).unwrap());
    assert_eq!(format!("{one:?}"), format!("{other:?}"));
    assert_eq!(again.one("id_token_hint"), Ok(None));
}

#[test]
fn a_person_signs_in_where_that_is_needed_and_never_where_it_is_forbidden() {
    use Next::*;
    let at = |second: i64| Timestamp::from_second(second).unwrap();
    let (jane, nils) = (IndividualId::parse("jane").unwrap(), IndividualId::parse("nils").unwrap());
    let now = at(1000);
    // (prompt and max_age; when Jane's session began; whom the client expects; when it was first asked) → next
    for (changes, began, expected, resumed, next) in [
        (&[][..], None, None, None, SignIn),
        (&[], Some(0), None, None, Decide),
        (&[], Some(0), Some(&jane), None, Decide),
        (&[], Some(0), Some(&nils), None, SignInAgain),
        (&[], Some(900), Some(&nils), Some(800), LoginRequired),
        (&["prompt=none"], None, None, None, LoginRequired),
        (&["prompt=none"], Some(0), None, None, Decide),
        (&["prompt=none"], Some(0), Some(&nils), None, LoginRequired),
        (&["prompt=none", "max_age=10"], Some(0), None, None, LoginRequired),
        (&["prompt=login"], None, None, None, SignInAgain),
        (&["prompt=login"], None, None, Some(998), SignIn),
        (&["max_age=10"], None, None, None, SignInAgain),
        (&["max_age=10"], None, None, Some(998), SignIn),
        (&["prompt=login"], Some(999), None, None, SignInAgain),
        (&["prompt=login"], Some(999), None, Some(998), Decide),
        (&["prompt=login"], Some(997), None, Some(998), SignInAgain),
        (&["prompt=select_account"], Some(999), None, None, SignInAgain),
        (&["prompt=consent"], Some(0), None, None, Decide),
        (&["max_age=999"], Some(0), None, None, SignInAgain),
        (&["max_age=1000"], Some(0), None, None, Decide),
        (&["max_age=0"], Some(999), None, Some(998), Decide),
        (&["max_age=0"], Some(1000), None, None, Decide),
        (&["max_age=0"], Some(999), None, None, SignInAgain),
    ] {
        let authorization = check(&clients(), &asked("web", changes)).unwrap();
        let signed_in = began.map(|began| SignInState { individual: &jane, began: at(began) });
        let answer = authorization.next(signed_in, expected, resumed.map(at), now);
        assert_eq!(answer, next, "{changes:?} {began:?} {expected:?} {resumed:?}");
    }
}
