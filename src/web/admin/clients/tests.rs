//! Samples of the list, of a client and of a new secret.

use super::client_page::*;
use super::*;
use crate::adapters::store::outbox::DeliveryStatus;
use crate::domain::time::TimeZone;
use crate::flows::administer::clients::ListedClient;
use crate::web::admin::tests::{check, samples};

#[test]
fn every_sample_of_the_list_renders() {
    let (rules, zone) = (samples::rules(), TimeZone::get("America/New_York").unwrap());
    let shell = || samples::shell(menu::CLIENTS);
    let page = |shell, clients: &[ListedClient], told: &[DeliveryStatus]| {
        ClientsPage::new(shell, clients, told, &rules, &zone)
    };
    let (clients, told) = (samples::clients(), samples::deliveries());
    let conflict = Note::new(Tone::Bad, super::told(&super::ClientError::Conflict));
    check(vec![
        ("clients_off", ClientsPage::switched_off(shell())),
        ("clients_empty", page(shell(), &[], &[])),
        ("clients_full", page(shell(), &clients, &told)),
        ("clients_error", page(shell().with(Some(conflict)), &clients[..1], &[])),
    ]);
}

#[test]
fn every_sample_of_a_client_renders() {
    let page = |existing: Option<Existing>, typed: &TypedClient, errors: &FieldErrors| {
        let offered = ClientChoices::new(&samples::rules(), typed);
        let shell = samples::shell(menu::CLIENTS);
        ClientPage::new(shell, "https://library.harbour.example", existing, typed, offered, errors)
    };
    let listed = samples::clients();
    let full = listed.last().unwrap();
    let existing = full.registered.as_ref().map(Existing::of);
    let public = existing.clone().map(|existing| Existing { secrets: 0, ..existing });
    let typed = TypedClient::from(&full.client);
    let broken = TypedClient {
        id: "the <b>forum".to_owned(),
        redirect_uris: "https://forum.harbour.example/*".to_owned(),
        by_role: true,
        ..TypedClient::default()
    };
    check(vec![
        ("client_empty", page(None, &TypedClient::default(), &FieldErrors::new())),
        ("client_full", page(existing, &typed, &FieldErrors::new())),
        ("client_public", page(public, &typed, &FieldErrors::new())),
        ("client_error", page(None, &broken, &broken.client(None).unwrap_err())),
    ]);
}

#[test]
fn every_sample_of_a_secret_renders() {
    let (shell, clients) = (samples::shell(menu::CLIENTS), samples::clients());
    let client = Client { name: "Forum & wiki".to_owned(), ..clients.last().unwrap().client.clone() };
    let issuer = "https://library.harbour.example";
    check(vec![("client_secret", SecretPage::new(shell, issuer, &client, "not-a-secret-but-a-sample"))]);
}
