//! A client that asks for roles is told when somebody loses them: without a visit, and only when it is certain.

use std::time::Duration;

use jiff::SignedDuration;
use membergate::sim::re_members::Scope;
use membergate::sim::switches::Fault;
use serde_json::Value;

use super::OpenIdWorld;
use super::party::{SECRET, VERIFIER, basic, claims, parameters};
use crate::directory::{in_step, settled, within_minutes};
use crate::world::{CHAIR, LAST_DAY, Page, Plan, Visitor, eventually};

const TOKEN: &str = "/_gate/oidc/token";
const SCOPE: &str = "scope=openid roles offline_access";

/// Two clients beside the usual ones, which ask for a role and want to hear.
const ASKING: &str = r#"
[[oidc.client]]
id = "chairs"
redirect_uris = ["{base}/cb?x=1"]
back_channel_logout_uri = "{base}/backchannel"
secret = { env = "WIKI_SECRET" }
scopes = ["openid", "roles", "offline_access"]
any_of = ["education_chair"]

[[oidc.client]]
id = "members"
redirect_uris = ["{base}/cb?x=1"]
back_channel_logout_uri = "{base}/backchannel"
secret = { env = "WIKI_SECRET" }
scopes = ["openid", "roles", "offline_access"]
any_of = ["member"]
"#;

impl OpenIdWorld {
    /// Signs somebody who is signed in here in to one more client, and exchanges the code.
    async fn tokens_at(&self, visitor: &mut Visitor, client: &str) -> Value {
        let landed = visitor.get(self.ask(client, &[SCOPE])).await.expect(303).location().unwrap();
        let code = parameters(&landed)["code"].clone();
        let redirect_uri = format!("{}/cb?x=1", self.party.base);
        let fields = [
            ("grant_type", "authorization_code"),
            ("code", &*code),
            ("redirect_uri", &redirect_uri),
            ("code_verifier", VERIFIER),
        ];
        self.call(TOKEN, Some(&basic(client, SECRET)), &fields).await.expect(200).json()
    }

    async fn renewed_at(&self, client: &str, tokens: &Value) -> Page {
        let token = tokens["refresh_token"].as_str().unwrap();
        let fields = [("grant_type", "refresh_token"), ("refresh_token", token)];
        self.call(TOKEN, Some(&basic(client, SECRET)), &fields).await
    }

    /// The client was told of this sign-in, and its tokens are worth nothing; the session goes on, here and at the wiki.
    async fn assert_ended_at(&self, client: &str, tokens: &Value, told: &str) {
        let (_, token) = self.verify(told, client).await;
        let id_token = claims(tokens["id_token"].as_str().unwrap());
        assert_eq!((&token["sub"], &token["sid"]), (&id_token["sub"], &id_token["sid"]));
        assert!(token["sub"].is_string() && token["sid"].is_string());
        let refused = self.renewed_at(client, tokens).await.expect(400).json();
        assert_eq!(refused["error"], "invalid_grant");
    }
}

#[tokio::test(flavor = "multi_thread")]
pub(crate) async fn a_seat_that_ends_in_the_ams_ends_the_sign_in_where_it_is_asked_for_and_nowhere_else() {
    let provider = OpenIdWorld::planned(in_step(), ASKING).await;
    let world = &provider.world;
    settled(world).await;
    let (mut jane, wiki) = provider.tokens(CHAIR, &[SCOPE]).await;
    let chairs = provider.tokens_at(&mut jane, "chairs").await;
    let members = provider.tokens_at(&mut jane, "members").await;
    provider.renewed_at("chairs", &chairs).await.expect(200);

    world.people().edit_person(CHAIR, |jane| jane.committees.clear());
    let told = within_minutes(world, 20, "the client is told", async || {
        provider.party.logout_tokens().into_iter().next()
    })
    .await;
    provider.assert_ended_at("chairs", &chairs, &told).await;
    provider.renewed_at("wiki", &wiki).await.expect(200);
    provider.renewed_at("members", &members).await.expect(200);
    jane.get(world.url("/_gate/me")).await.expect(200);

    // When the session ends the others are told, and the one that knows it already is not.
    jane.get(world.url("/_gate/logout")).await.expect(303);
    let mut all = eventually("the others are told", async || {
        let told = provider.party.logout_tokens();
        (told.len() >= 3).then_some(told)
    })
    .await;
    all.sort_by_key(|token| claims(token)["aud"].to_string());
    let told: Vec<Value> = all.iter().map(|token| claims(token)["aud"].clone()).collect();
    assert_eq!(told, ["chairs", "members", "wiki"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_date_that_passes_ends_the_sign_in_although_nobody_reads_anything_and_after_a_restart_too() {
    for restarts in [false, true] {
        let session = "idle = \"99h\"\nabsolute = \"999h\"\nstale_limit = \"72h\"".to_owned();
        let mut provider = OpenIdWorld::planned(Plan { session, ..Plan::default() }, ASKING).await;
        let (mut rhea, wiki) = provider.tokens(LAST_DAY, &[SCOPE]).await;
        let members = provider.tokens_at(&mut rhea, "members").await;
        provider.renewed_at("members", &members).await.expect(200);
        // The AMS says nothing from here on.
        provider.world.people().update_switches(|switches| {
            (switches.fault, switches.fault_on) = (Fault::ServerError, Scope::Api);
        });
        if restarts {
            provider.world.close_gate().await;
        }
        provider.world.forward(SignedDuration::from_hours(24));
        if restarts {
            provider.world.open_gate().await;
        }
        let told =
            eventually("the client is told", async || provider.party.logout_tokens().into_iter().next())
                .await;
        provider.assert_ended_at("members", &members, &told).await;
        provider.renewed_at("wiki", &wiki).await.expect(200);
        assert_eq!(provider.party.logout_tokens().len(), 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_ams_that_answers_nothing_or_an_empty_list_ends_no_sign_in() {
    let provider = OpenIdWorld::planned(in_step(), ASKING).await;
    let world = &provider.world;
    settled(world).await;
    let (mut jane, _) = provider.tokens(CHAIR, &[SCOPE]).await;
    let chairs = provider.tokens_at(&mut jane, "chairs").await;
    let members = provider.tokens_at(&mut jane, "members").await;
    for fault in [Fault::ServerError, Fault::EmptyList] {
        world.people().update_switches(|switches| {
            (switches.fault, switches.fault_on) = (fault, Scope::Api);
        });
        // Longer than anything is believed.
        for _ in 0..30 {
            world.forward(SignedDuration::from_hours(1));
            tokio::time::sleep(Duration::from_millis(250)).await;
        }
        assert_eq!(provider.party.logout_tokens().len(), 0, "{fault:?}");
        world.people().update_switches(|switches| switches.fault = Fault::None);
        // The grants are still there.
        for (client, tokens) in [("chairs", &chairs), ("members", &members)] {
            within_minutes(world, 20, "the tokens are good again", async || {
                (provider.renewed_at(client, tokens).await.status == 200).then_some(())
            })
            .await;
        }
        assert_eq!(provider.party.logout_tokens().len(), 0, "{fault:?}");
    }
}
