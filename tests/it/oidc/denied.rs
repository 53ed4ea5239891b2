//! A person who lacks the client's roles: told here, with a way back, instead of being sent to and fro.

use url::Url;

use super::OpenIdWorld;
use super::party::{answer, parameters};
use crate::world::{CHAIR, NON_MEMBER, Page, Plan};

/// The link of a page whose label begins so.
fn link(page: &Page, label: &str) -> Url {
    let text = page.text.replace("&#38;", "&").replace("&amp;", "&");
    let until = text.find(&format!(">{label}")).unwrap_or_else(|| panic!("no `{label}`: {text}"));
    let from = text[..until].rfind("href=\"").unwrap() + 6;
    let address = text[from..until].split('"').next().unwrap();
    page.url.join(address).unwrap()
}

async fn refused(provider: &OpenIdWorld, changes: &[&str]) -> (crate::world::Visitor, Page) {
    let mut nils = provider.visitor();
    let page = nils.sign_in(NON_MEMBER, provider.ask("shop", changes)).await.expect(403);
    (nils, page)
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_lacks_the_clients_roles_reads_which_one_and_can_go_on() {
    let provider = OpenIdWorld::start().await;
    let (mut nils, page) = refused(&provider, &[]).await;
    assert_eq!(page.url.path(), "/_gate/oidc/authorize", "nobody was sent to the client");
    for told in ["<li>Member</li>", "shop is only for:", "Nils", "Reference:", "Renew or upgrade"] {
        assert!(page.text.contains(told), "{told}: {}", page.text);
    }
    // The link back ends at the client, with all that it needs to know what happened.
    let back = link(&page, "Go back to shop");
    assert!(back.as_str().starts_with(&format!("{}/cb?x=1&", provider.party.base)), "{back}");
    let told = parameters(&back);
    assert_eq!(
        (told["error"].as_str(), told["state"].as_str(), told["iss"].as_str()),
        ("access_denied", "st ate&1", provider.issuer().as_str())
    );
    assert!(!told.contains_key("code"));
    let landed = nils.open(&back).await.expect(200);
    assert_eq!(landed.url, back, "there the way ends");
    // The other client takes everybody.
    assert!(answer(&nils.open(provider.ask("wiki", &[])).await).contains_key("code"));
}

#[tokio::test(flavor = "multi_thread")]
async fn from_the_refusal_another_account_signs_in() {
    let provider = OpenIdWorld::start().await;
    let (mut browser, page) = refused(&provider, &[]).await;
    let form = browser.open(link(&page, "Use another account")).await;
    assert!(form.url.path().ends_with("/account/login.aspx"), "{:?}", form.trail);
    let landed = browser.log_in_at_the_ams(CHAIR, &form).await;
    let told = answer(&browser.open(landed).await.expect(200));
    assert!(told.contains_key("code") && told["state"] == "st ate&1", "{told:?}");
}

/// The AMS does not send browsers back, so only a whole logout helps.
#[tokio::test(flavor = "multi_thread")]
async fn where_the_ams_would_let_the_same_person_through_the_refusal_signs_out() {
    let provider = OpenIdWorld::planned(Plan::default(), "ams_logout_returns = false").await;
    let (_, page) = refused(&provider, &[]).await;
    assert!(!page.text.contains("Use another account"));
    assert_eq!(link(&page, "Sign out").path(), "/_gate/logout");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_takes_forms_gets_the_refusal_in_a_form() {
    let provider = OpenIdWorld::start().await;
    let (mut nils, page) = refused(&provider, &["response_mode=form_post"]).await;
    let form = nils.get(link(&page, "Go back to shop")).await.expect(200);
    assert_eq!(form.attribute("form method", "action"), Some(format!("{}/cb?x=1", provider.party.base)));
    assert_eq!(form.attribute("name=\"error\"", "value").as_deref(), Some("access_denied"));
    assert_eq!(form.attribute("name=\"iss\"", "value"), Some(provider.issuer()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_wants_no_page_is_told_at_once() {
    let provider = OpenIdWorld::start().await;
    let (mut nils, _) = refused(&provider, &[]).await;
    let page = nils.get(provider.ask("shop", &["prompt=none"])).await.expect(303);
    assert_eq!(parameters(&page.location().unwrap())["error"], "access_denied");

    let client = |base: &str| {
        format!(
            r#"
[[oidc.client]]
id = "club"
redirect_uris = ["{base}/cb?x=1"]
secret = {{ env = "WIKI_SECRET" }}
any_of = ["member"]
refusal = "redirect"
"#
        )
    };
    let base = "http://127.0.0.1:1";
    let provider = OpenIdWorld::planned(Plan::default(), &client(base)).await;
    let (mut nils, _) = refused(&provider, &[]).await;
    let ask = provider.ask("club", &[&format!("redirect_uri={base}/cb?x=1")]);
    let page = nils.get(ask).await.expect(303);
    let told = parameters(&page.location().unwrap());
    assert_eq!((told["error"].as_str(), told["state"].as_str()), ("access_denied", "st ate&1"));
}
