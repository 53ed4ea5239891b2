//! Clients that an administrator registers in the browser: from the form to a sign-in, and to their end.

use jiff::SignedDuration;
use serde_json::Value;

use super::OpenIdWorld;
use super::party::{VERIFIER, basic};
use crate::admin::STAFF;
use crate::world::{CHAIR, NON_MEMBER, Page, Plan, RULES, Visitor, eventually};

const CLIENTS: &str = "/_gate/admin/clients";

/// Sam of the staff, at the page of clients.
pub struct Office {
    pub provider: OpenIdWorld,
    sam: Visitor,
}

impl Office {
    pub async fn open() -> Office {
        let plan = Plan { more: "[admin]\nroles = [\"staff\"]\n".to_owned(), ..Plan::default() };
        let provider = OpenIdWorld::planned(plan, "").await;
        let mut sam = provider.visitor();
        sam.sign_in(STAFF, provider.world.url(CLIENTS)).await.expect(200);
        Office { provider, sam }
    }

    pub async fn page(&mut self, path: &str) -> Page {
        self.sam.get(self.provider.world.url(&format!("{CLIENTS}{path}"))).await.expect(200)
    }

    /// Sends the form of a page, with `fields` in the place of those that it had.
    async fn send(&mut self, page: &Page, to: &str, fields: &[(&str, &str)]) -> Page {
        let value = |name: &str| page.attribute(&format!("name=\"{name}\""), "value");
        let kept =
            [("token", value("token")), ("existing", value("existing")), ("revision", value("revision"))];
        let kept: Vec<_> = kept.iter().filter_map(|(name, value)| Some((*name, value.as_deref()?))).collect();
        let all: Vec<_> = kept.into_iter().chain(fields.iter().copied()).collect();
        self.sam.post(self.provider.world.url(&format!("{CLIENTS}/{to}")), &all).await
    }

    pub async fn register(&mut self, id: &str, more: &[(&str, &str)]) -> Page {
        let form = self.page("/client").await;
        let redirect_uri = format!("{}/cb?x=1", self.provider.party.base);
        let told = format!("{}/backchannel", self.provider.party.base);
        let mut fields = vec![
            ("id", id),
            ("name", "The <b>forum"),
            ("kind", "secret"),
            ("redirect_uris", redirect_uri.as_str()),
            ("back_channel_logout_uri", told.as_str()),
            ("who", "everybody"),
            ("scope", "email"),
            ("scope", "roles"),
            ("scope", "offline_access"),
            ("algorithm", "ES256"),
        ];
        for (name, value) in more {
            fields.retain(|(other, _)| other != name);
            fields.push((name, value));
        }
        self.send(&form, "save", &fields).await
    }

    async fn registered(&mut self, id: &str) -> String {
        secret(&self.register(id, &[]).await.expect(200))
    }

    /// What the token endpoint says to a sign-in with this secret; the last code is used.
    async fn exchange(&self, id: &str, secret: &str) -> (Visitor, Page) {
        let (visitor, code) =
            self.provider.code(CHAIR, id, &["scope=openid email roles offline_access"]).await;
        let redirect_uri = format!("{}/cb?x=1", self.provider.party.base);
        let fields = [
            ("grant_type", "authorization_code"),
            ("code", &*code),
            ("redirect_uri", &redirect_uri),
            ("code_verifier", VERIFIER),
        ];
        (visitor, self.provider.call("/_gate/oidc/token", Some(&basic(id, secret)), &fields).await)
    }

    async fn refresh(&self, id: &str, secret: &str, tokens: &Value) -> Page {
        let fields =
            [("grant_type", "refresh_token"), ("refresh_token", tokens["refresh_token"].as_str().unwrap())];
        self.provider.call("/_gate/oidc/token", Some(&basic(id, secret)), &fields).await
    }

    /// Whether a secret is good, asked without a code.
    async fn is_good(&self, id: &str, secret: &str) -> bool {
        let fields = [("grant_type", "refresh_token"), ("refresh_token", "x")];
        let answer = self.provider.call("/_gate/oidc/token", Some(&basic(id, secret)), &fields).await;
        answer.json()["error"] == "invalid_grant"
    }
}

pub fn secret(page: &Page) -> String {
    page.attribute("id=\"secret\"", "value").unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_registered_in_the_browser_signs_people_in_and_its_secret_is_shown_once() {
    let mut office = Office::open().await;
    let shown = office.register("forum", &[]).await.expect(200);
    let secret = secret(&shown);
    assert!(secret.len() >= 43 && shown.header("cache-control") == Some("no-store"));
    for told in ["value=\"forum\"", "/.well-known/openid-configuration", "/_gate/oidc/token"] {
        assert!(shown.text.contains(told), "{told}: {}", shown.text);
    }

    let (mut jane, answer) = office.exchange("forum", &secret).await;
    let tokens = answer.expect(200).json();
    let (header, claims) = office.provider.verify(tokens["id_token"].as_str().unwrap(), "forum").await;
    assert_eq!(header.alg, jsonwebtoken::Algorithm::ES256);
    assert_eq!(claims["roles"].as_array().unwrap().len(), 3);
    assert!(claims.get("name").is_none(), "the scope `profile` was not ticked");

    // It is told of the logout, and the page says that it was.
    jane.get(office.provider.world.url("/_gate/logout")).await.expect(303);
    office.provider.party.told(1).await;
    let mut sam = office.sam;
    let url = office.provider.world.url(CLIENTS);
    let list = eventually("the message is noted", async || {
        let list = sam.get(&url).await.expect(200);
        list.text.contains(">Delivered<").then_some(list)
    })
    .await;
    assert!(list.text.contains("The &#60;b&#62;forum") && list.text.contains("Is told of logouts"));

    // Nobody sees the secret again: not in the pages, nor in the log of who did what, nor in the store.
    let audit = sam.get(office.provider.world.url("/_gate/admin/audit")).await.expect(200);
    assert!(audit.text.contains("Added an OpenID client") && audit.text.contains("secrets: 1"));
    let edit = sam.get(office.provider.world.url(&format!("{CLIENTS}/client?id=forum"))).await.expect(200);
    for page in [&list, &audit, &edit] {
        assert!(!page.text.contains(&secret));
    }
    for file in std::fs::read_dir(office.provider.world.folder.path()).unwrap() {
        let bytes = std::fs::read(file.unwrap().path()).unwrap();
        assert!(!bytes.windows(secret.len()).any(|window| window == secret.as_bytes()));
    }
}

#[tokio::test(flavor = "multi_thread")]
pub(crate) async fn a_registered_client_outlives_a_restart_and_a_reload() {
    let mut office = Office::open().await;
    let secret = office.registered("forum").await;
    office.provider.world.close_gate().await;
    office.provider.world.open_gate().await;
    assert!(office.is_good("forum", &secret).await);
    office.provider.world.gate().reload(&office.provider.world.settings()).unwrap();
    assert!(office.is_good("forum", &secret).await);
    assert!(office.is_good("wiki", super::party::SECRET).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_secret_and_the_one_before_are_good_until_the_old_one_is_ended() {
    let mut office = Office::open().await;
    let first = office.registered("forum").await;
    let edit = office.page("/client?id=forum").await;
    let second = secret(&office.send(&edit, "secret", &[("id", "forum"), ("do", "new")]).await.expect(200));
    assert!(office.is_good("forum", &first).await && office.is_good("forum", &second).await);
    // The same page once more: a reload of the browser makes no third secret.
    office.send(&edit, "secret", &[("id", "forum"), ("do", "new")]).await.expect(409);

    let edit = office.page("/client?id=forum").await;
    assert!(edit.text.contains("Two secrets are good"));
    office.send(&edit, "secret", &[("id", "forum"), ("do", "end")]).await.expect(303);
    assert!(!office.is_good("forum", &first).await && office.is_good("forum", &second).await);
    assert!(!office.is_good("forum", "").await && !office.is_good("wiki", &second).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_removed_client_is_nobody_at_once() {
    let mut office = Office::open().await;
    let secret = office.registered("forum").await;
    let (mut jane, answer) = office.exchange("forum", &secret).await;
    let tokens = answer.expect(200).json();
    office.provider.userinfo(&tokens["access_token"]).await.expect(200);
    let edit = office.page("/client?id=forum").await;
    office.send(&edit, "remove", &[("id", "forum")]).await.expect(303);
    office.provider.userinfo(&tokens["access_token"]).await.expect(401);
    assert_eq!(office.refresh("forum", &secret, &tokens).await.expect(401).json()["error"], "invalid_client");
    let page = jane.get(office.provider.ask("forum", &[])).await.expect(400);
    assert!(page.location().is_none());
    assert!(!office.page("").await.text.contains(">forum<"));
    // One of the same name later is another: tokens of the first do not come back with it.
    let secret = office.registered("forum").await;
    office.provider.userinfo(&tokens["access_token"]).await.expect(401);
    assert_eq!(office.refresh("forum", &secret, &tokens).await.expect(400).json()["error"], "invalid_grant");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_counts_for_tokens_that_are_out() {
    let mut office = Office::open().await;
    let secret = office.registered("forum").await;
    let (_jane, answer) = office.exchange("forum", &secret).await;
    let tokens = answer.expect(200).json();
    let base = office.provider.party.base.clone();
    let redirect_uri = format!("{base}/cb?x=1");
    let change = |who: &'static str, role: &'static str| {
        [
            ("name", "Forum"),
            ("redirect_uris", redirect_uri.as_str()),
            ("who", who),
            ("role", role),
            ("scope", "offline_access"),
            ("algorithm", "ES256"),
        ]
    };
    let edit = office.page("/client?id=forum").await;
    office.send(&edit, "save", &change("everybody", "")).await.expect(303);
    let info = office.provider.userinfo(&tokens["access_token"]).await.expect(200).json();
    assert!(info.get("email").is_none() && info.get("roles").is_none(), "{info}");
    let tokens = office.refresh("forum", &secret, &tokens).await.expect(200).json();
    assert_eq!(tokens["scope"], "openid offline_access");

    let edit = office.page("/client?id=forum").await;
    office.send(&edit, "save", &change("roles", "staff")).await.expect(303);
    office.provider.userinfo(&tokens["access_token"]).await.expect(401);
    assert_eq!(office.refresh("forum", &secret, &tokens).await.expect(400).json()["error"], "invalid_grant");
    let mut jane = office.provider.visitor();
    let refused = jane.sign_in(CHAIR, office.provider.ask("forum", &["scope=openid"])).await.expect(403);
    assert!(refused.text.contains("Forum is only for:"), "{}", refused.text);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_administrators_and_one_client_and_the_slower_one_changes_nothing() {
    let mut office = Office::open().await;
    let secret = office.registered("forum").await;
    let old = office.page("/client?id=forum").await;
    let redirect_uri = format!("{}/cb?x=1", office.provider.party.base);
    let fields = |name| {
        [
            ("name", name),
            ("redirect_uris", redirect_uri.as_str()),
            ("who", "everybody"),
            ("algorithm", "RS256"),
        ]
    };
    office.send(&old, "save", &fields("First")).await.expect(303);
    for (to, more) in [("save", None), ("remove", Some(("id", "forum"))), ("secret", Some(("id", "forum")))] {
        let all: Vec<_> = fields("Second").into_iter().chain(more).collect();
        let told = office.send(&old, to, &all).await.expect(409);
        assert!(told.text.contains("Somebody changed that client meanwhile"), "{to}: {}", told.text);
    }
    let list = office.page("").await.text;
    assert!(list.contains("First") && !list.contains("Second"));
    assert!(office.is_good("forum", &secret).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_does_not_fit_is_told_and_nothing_is_registered() {
    let mut office = Office::open().await;
    for (more, status, told) in [
        (&[("id", "wiki")][..], 422, "Another client or a site has this name"),
        (&[("id", "library")], 422, "Another client or a site has this name"),
        (&[("id", "the forum")], 422, "such as forum"),
        (&[("redirect_uris", "http://forum.example/cb")], 422, "it must be https"),
        (&[("redirect_uris", "https://forum.example/*")], 422, "compared exactly"),
        (&[("who", "roles")], 422, "Tick at least one role"),
        (&[("who", "")], 422, "Tick at least one role"),
        (&[("algorithm", "none")], 422, ""),
    ] {
        let page = office.register("forum", more).await.expect(status);
        assert!(page.text.contains(told), "{more:?}: {}", page.text);
        assert!(page.attribute("id=\"secret\"", "value").is_none());
    }
    assert!(!office.page("").await.text.contains("The &#60;b&#62;forum"));
    // The configuration's own clients are shown, and cannot be changed here.
    assert!(office.page("").await.text.contains("Harbour Wiki"));
    office.sam.get(office.provider.world.url(&format!("{CLIENTS}/client?id=wiki"))).await.expect(404);
    let form = office.page("/client").await;
    for to in ["remove", "secret"] {
        office.send(&form, to, &[("id", "wiki"), ("revision", "1"), ("do", "new")]).await.expect(409);
    }
    assert!(office.is_good("wiki", super::party::SECRET).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_configuration_comes_first_when_it_takes_a_name_over() {
    let mut office = Office::open().await;
    let secret = office.registered("forum").await;
    let base = office.provider.party.base.clone();
    let before = office.provider.world.plan.more.clone();
    let client = format!(
        "\n[[oidc.client]]\nid = \"forum\"\nname = \"Of the file\"\nredirect_uris = [\"{base}/second\"]\nsecret = {{ env = \"WIKI_SECRET\" }}\n"
    );
    let site = "\n[[site]]\nname = \"forum\"\nurl = \"http://forum.localhost:{port}\"\nupstream = \"http://127.0.0.1:1\"\n";
    for taken in [client.as_str(), site] {
        office.provider.world.plan.more = format!("{before}{taken}");
        office.provider.world.gate().reload(&office.provider.world.settings()).unwrap();
        assert!(!office.is_good("forum", &secret).await, "{taken}");
        assert!(office.page("").await.text.contains("Not in force"), "{taken}");
        office.provider.world.plan.more.clone_from(&before);
        office.provider.world.gate().reload(&office.provider.world.settings()).unwrap();
        assert!(office.is_good("forum", &secret).await, "{taken}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_public_client_has_no_secret_and_must_use_pkce() {
    let mut office = Office::open().await;
    office.register("tides", &[("kind", "public")]).await.expect(303);
    let (_visitor, code) = office.provider.code(NON_MEMBER, "tides", &["scope=openid email"]).await;
    let redirect_uri = format!("{}/cb?x=1", office.provider.party.base);
    let fields = [
        ("grant_type", "authorization_code"),
        ("client_id", "tides"),
        ("code", &*code),
        ("redirect_uri", &redirect_uri),
        ("code_verifier", VERIFIER),
    ];
    office.provider.call("/_gate/oidc/token", None, &fields).await.expect(200);
    let page = office
        .provider
        .visitor()
        .get(office.provider.ask("tides", &["code_challenge", "code_challenge_method"]))
        .await;
    assert_eq!(super::party::parameters(&page.location().unwrap())["error"], "invalid_request");
    let edit = office.page("/client?id=tides").await;
    assert!(!edit.text.contains("Make a new secret"));
    office.send(&edit, "secret", &[("id", "tides"), ("do", "new")]).await.expect(409);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_cannot_hear_is_seen_on_the_pages() {
    let mut office = Office::open().await;
    let secret = office.registered("forum").await;
    let (mut jane, answer) = office.exchange("forum", &secret).await;
    answer.expect(200);
    office.provider.party.answer_with(&[500; 9]);
    jane.get(office.provider.world.url("/_gate/slo")).await.expect(303);
    office.provider.party.told(1).await;
    let (clients, status) =
        (office.provider.world.url(CLIENTS), office.provider.world.url("/_gate/admin/status"));
    let mut sam = office.sam;
    eventually("the failure is seen", async || {
        let list = sam.get(&clients).await.expect(200).text;
        (list.contains("Does not answer yet") && list.contains("the client answered 500")).then_some(())
    })
    .await;
    assert!(sam.get(&status).await.expect(200).text.contains("A client does not answer"));
    // After half a day it is given up, and that is said for a week.
    eventually("given up", async || {
        office.provider.world.forward(SignedDuration::from_hours(9));
        office.provider.party.answer_with(&[500; 9]);
        sam.sign_in_again(STAFF, &office.provider.world).await;
        sam.get(&clients).await.text.contains("Given up").then_some(())
    })
    .await;
    assert!(sam.get(&status).await.expect(200).text.contains("Not every client was told"));
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_provider_the_page_says_how_to_get_one() {
    let world = crate::admin::world().await;
    let mut sam = world.visitor();
    let page = sam.sign_in(STAFF, world.url(CLIENTS)).await.expect(200);
    assert!(page.text.contains("switched off") && page.text.contains("<code>[oidc]</code>"));
    sam.get(world.url(&format!("{CLIENTS}/client"))).await.expect(303);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_preview_says_who_could_no_longer_sign_in_to_a_client() {
    let mut office = Office::open().await;
    office.provider.visitor().sign_in(NON_MEMBER, office.provider.world.url("/members")).await.expect(403);
    // No page asks for this role; only the forum will.
    let draft = RULES.replace("everyone = \"subscriber\"", "everyone = \"reader\"");
    let files = office.sam.get(office.provider.world.url("/_gate/admin/files")).await.expect(200);
    let value = |name: &str| files.attribute(&format!("name=\"{name}\""), "value").unwrap();
    let fields = [("token", &*value("token")), ("revision", &value("revision")), ("text", &draft)];
    office.sam.post(office.provider.world.url("/_gate/admin/files/import"), &fields).await.expect(303);
    let told = "2 people can no longer open a page or sign in to a site";
    let before = crate::admin::previewed(&office.provider.world, &mut office.sam).await;
    assert!(!before.text.contains(told), "{}", before.text);
    office.register("forum", &[("who", "roles"), ("role", "subscriber")]).await.expect(200);
    // What was found before is not kept for long.
    office.provider.world.forward(SignedDuration::from_mins(11));
    let after = crate::admin::previewed(&office.provider.world, &mut office.sam).await;
    assert!(after.text.contains(told), "{}", after.text);
}
