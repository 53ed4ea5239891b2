//! Administration with Novi as the AMS: what Novi lacks is said, its things have names, and roles of today are compared.

use super::gateway::Gate;
use super::*;
use crate::admin::guards;
use crate::world::{Page, eventually};

/// Of the staff, and so an administrator.
const ADA: &str = "ada.quill@assoc.example";
const LENA: &str = "lena.dahl@people.example";
const ANNUAL_MEETING: &str = "4f000000-0001-4aaa-8bbb-000000000001";
const HOOK_SECRET: &str = "a-secret-of-22-letters-or-more";

async fn gate() -> Gate {
    let directory = "hook_secrets = [{ env = \"HOOK_SECRET\" }]\n[admin]\nroles = [\"staff\"]";
    Gate::start_with(&[], directory, Vec::new()).await
}

/// Ada, who has opened administration.
async fn ada(gate: &Gate) -> Visitor {
    let mut ada = gate.visitor();
    gate.sign_in(&mut ada, ADA, "/_gate/admin/mapping").await.expect(200);
    ada
}

async fn sent(gate: &Gate, ada: &mut Visitor, path: &str, fields: &[(&str, &str)]) -> Page {
    let page = ada.get(gate.url("/_gate/admin/mapping")).await.expect(200);
    let (token, revision) = guards(&page);
    let fields: Vec<_> =
        [("token", &*token), ("revision", &*revision)].iter().chain(fields).copied().collect();
    ada.post(gate.url(&format!("/_gate/admin{path}")), &fields).await
}

#[tokio::test(flavor = "multi_thread")]
async fn what_novi_does_not_have_is_said_where_it_is_asked_for() {
    let gate = gate().await;
    let mut ada = ada(&gate).await;
    for path in ["/mapping", "/mapping/rule"] {
        let page = ada.get(gate.url(&format!("/_gate/admin{path}"))).await.expect(200);
        assert!(
            page.text.contains("Novi has no security roles and no certifications."),
            "{path}: {}",
            page.text
        );
    }
    // A rule that comes by another way is shown, so that it can be taken away, and never comes into force.
    let rule =
        [("c0.kind", "security_role"), ("c0.security_role", "Press"), ("role", "press"), ("do", "save")];
    sent(&gate, &mut ada, "/mapping/rules", &rule).await.expect(303);
    let shown = ada.get(gate.url("/_gate/admin/mapping")).await.expect(200);
    assert!(shown.text.contains("id=\"security_role\"") && shown.text.contains("Press"), "{}", shown.text);
    let refused = sent(&gate, &mut ada, "/preview/publish", &[("note", "")]).await;
    assert_eq!(refused.status.as_u16(), 409, "{}", refused.text);
    assert!(refused.text.contains("Novi has none"), "{}", refused.text);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_addresses_to_enter_at_novi_are_there_to_copy_with_where_they_belong() {
    let gate = gate().await;
    let mut ada = ada(&gate).await;
    let page = ada.get(gate.url("/_gate/admin/links")).await.expect(200);
    for (id, path) in [
        ("callback", "/_gate/callback".to_owned()),
        ("slo", "/_gate/slo".to_owned()),
        ("hook", format!("/_gate/hooks/{HOOK_SECRET}")),
    ] {
        assert_eq!(page.attribute(&format!("id=\"{id}\""), "value"), Some(gate.url(&path)), "{}", page.text);
        assert!(page.text.contains(&format!("data-copy=\"{id}\"")), "{}", page.text);
    }
    for says in ["gear icon, SSO Clients", "gear icon, API Keys", "/log-out", "commas and no spaces"] {
        assert!(page.text.contains(says), "{says}: {}", page.text);
    }
    // It is the address at which the gateway listens to Novi.
    let hook = page.attribute("id=\"hook\"", "value").unwrap();
    ada.get(hook).await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_is_called_by_its_name_wherever_people_read_of_it() {
    let gate = gate().await;
    let mut ada = ada(&gate).await;
    let rule =
        [("c0.kind", "event"), ("c0.event", ANNUAL_MEETING), ("role", "annual_meeting"), ("do", "save")];
    sent(&gate, &mut ada, "/mapping/rules", &rule).await.expect(303);
    sent(&gate, &mut ada, "/mapping/refresh", &[]).await.expect(303);

    // In the preview, in what the person is told, and in the tester.
    let preview = crate::admin::previewed_at(&mut ada, &gate.url("/_gate/admin/preview")).await;
    assert!(preview.text.contains("Event Annual Meeting"), "{}", preview.text);
    sent(&gate, &mut ada, "/preview/publish", &[("note", "")]).await.expect(303);
    let mut lena = gate.visitor();
    gate.sign_in(&mut lena, LENA, "/members").await;
    let told = eventually("Lena is told of the event by its name", async || {
        let told = lena.get(gate.url("/_gate/me")).await.expect(200).text;
        told.contains("Registered for event Annual Meeting").then_some(told)
    })
    .await;
    assert!(!told.contains(ANNUAL_MEETING), "{told}");
    let tried = ada.get(gate.url(&format!("/_gate/admin/people?who={LENA}"))).await.expect(200);
    assert!(tried.text.contains("Registered for event Annual Meeting"), "{}", tried.text);
    assert!(!tried.text.contains(&format!("event {ANNUAL_MEETING}")), "{}", tried.text);

    // And among the rosters of the status page.
    let status = ada.get(gate.url("/_gate/admin/status")).await.expect(200);
    assert!(status.text.contains("Event Annual Meeting"), "{}", status.text);
}

#[tokio::test(flavor = "multi_thread")]
async fn roles_of_a_wordpress_are_compared_by_e_mail_and_by_the_id_that_a_plugin_keeps() {
    let gate = gate().await;
    let mut ada = ada(&gate).await;
    // Three who are on file because they have signed in.
    for email in [DANAS_EMAIL, "nils.frost@people.example", "marek.holt@acmebuilders.example"] {
        let mut visitor = gate.visitor();
        gate.sign_in(&mut visitor, email, "/members").await;
    }
    // AMS Connect: member and non-member, by e-mail. Nils left since.
    let users = "user_login,user_email,roles\n\
        dana,Dana.Ruiz@people.example,\"subscriber,member,safety_chair\"\n\
        marek,marek.holt@acmebuilders.example,\"subscriber,member\"\n\
        nils,nils.frost@people.example,\"subscriber,member\"\n\
        gone,nobody@people.example,member\n";
    let page = sent(&gate, &mut ada, "/migrate", &[("users", users)]).await.expect(200);
    for says in ["Gains non_member", "Loses member", "nils.frost@people.example", "No record"] {
        assert!(page.text.contains(says), "{says}: {}", page.text);
    }
    assert!(!page.text.contains("dana</"), "Dana keeps what she has: {}", page.text);

    // A plugin for OpenID Connect: the subject stands beside the user, whose address is an old one.
    let users = format!(
        "user_login,user_email,roles,openid-connect-generic-subject-identity\n\
         dana,old@elsewhere.example,subscriber,{DANA}\n\
         {MAREK},,\"subscriber,member\",\n"
    );
    let page = sent(&gate, &mut ada, "/migrate", &[("users", &users)]).await.expect(200);
    assert!(page.text.contains("Gains safety_chair") && page.text.contains("Gains member"), "{}", page.text);
    assert!(page.text.contains("On committee Safety as Chair"), "{}", page.text);
    assert!(!page.text.contains("No record") && !page.text.contains(MAREK), "{}", page.text);
}
