//! OpenID clients: registering, changing and removing them, and new secrets.
//!
//! `form` reads what was typed; `list_page`, `client_page` and `secret_page` are pages alone.

pub(crate) mod client_page;
pub(crate) mod form;
pub(crate) mod list_page;
pub(crate) mod secret_page;
#[cfg(test)]
mod tests;

use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::{MethodRouter, get, post};
use axum::{Extension, Router};
use secrecy::ExposeSecret as _;

use super::answers::{Answer, PageError, page};
use super::caller::{Called, Caller};
use super::done::Done;
use super::fields::FieldErrors;
use super::menu;
use super::shell::{Note, Tone};
use super::state::{Admin, reads, writes};
use crate::domain::client::{Client, ClientId};
use crate::flows::administer::clients::{ClientError, NewSecret, OpenIdClients};
use client_page::{ClientChoices, ClientPage, Existing};
use form::TypedClient;
use list_page::ClientsPage;
use secret_page::SecretPage;

/// Its addresses.
pub fn routes() -> Router<Admin> {
    // A page with a secret cannot be loaded again.
    let posts = |route: MethodRouter<Admin>| writes(route.get(shown_before));
    Router::new()
        .route(menu::CLIENTS.path, reads(get(show)))
        .route("/_gate/admin/clients/client", reads(get(edit)))
        .route("/_gate/admin/clients/save", posts(post(save)))
        .route("/_gate/admin/clients/secret", posts(post(secret)))
        .route("/_gate/admin/clients/remove", writes(post(remove)))
}

/// Shows every client, and how the logout messages to them fare.
pub async fn show(State(admin): State<Admin>, Extension(caller): Called) -> Answer {
    list(&admin, &caller, None).await
}

async fn list(admin: &Admin, caller: &Caller, note: Option<Note>) -> Answer {
    let status = if note.is_some() { StatusCode::CONFLICT } else { StatusCode::OK };
    let shell = caller.shell(menu::CLIENTS).with(note).status(status);
    let Some(clients) = &admin.clients else { return page(&ClientsPage::switched_off(shell)) };
    let deliveries = clients.deliveries().await?;
    let rules = admin.gate.rules.load();
    page(&ClientsPage::new(shell, &clients.list(), &deliveries, &rules.rules, &admin.zone()))
}

/// Shows the form of a client, or an empty one.
pub async fn edit(State(admin): State<Admin>, Extension(caller): Called) -> Answer {
    let Some(clients) = &admin.clients else { return caller.go(menu::CLIENTS) };
    let (existing, typed) = match caller.asked("id") {
        None => (None, TypedClient::default()),
        Some(id) => {
            let registered = clients.find(id).ok_or(PageError::NotFound)?;
            (Some(Existing::of(&registered)), TypedClient::from(&registered.client))
        }
    };
    form_page(&admin, &caller, clients, existing, &typed, &FieldErrors::new())
}

/// Takes the form of a client.
pub async fn save(State(admin): State<Admin>, Extension(caller): Called) -> Answer {
    let Some(clients) = &admin.clients else { return caller.go(menu::CLIENTS) };
    let typed = TypedClient::read(&caller.form);
    let now = clients.find(caller.sent("existing"));
    // The form keeps the revision that it was made from, so that a change in between is still found.
    let existing = now.as_ref().map(|now| Existing { revision: caller.revision(), ..Existing::of(now) });
    let again = |errors: &FieldErrors| form_page(&admin, &caller, clients, existing.clone(), &typed, errors);
    let client = match typed.client(now.as_ref().map(|now| &now.client)) {
        Ok(client) => client,
        Err(errors) => return again(&errors),
    };
    if now.is_none() && !caller.sent("existing").is_empty() {
        return refused(&admin, &caller, ClientError::Unknown).await;
    }
    let Some(existing) = &existing else {
        return match clients.add(&caller.actor, client.clone()).await {
            Ok(Some(secret)) => shown_once(&caller, clients, &client, &secret),
            Ok(None) => caller.done(menu::CLIENTS, Done::ClientSaved),
            Err(error @ ClientError::Taken(_)) => {
                again(&FieldErrors::from([("id".to_owned(), told(&error))]))
            }
            Err(error) => refused(&admin, &caller, error).await,
        };
    };
    match clients.change(&caller.actor, existing.revision, client).await {
        Ok(()) => caller.done(menu::CLIENTS, Done::ClientSaved),
        Err(error) => refused(&admin, &caller, error).await,
    }
}

/// Makes a new secret, or lets the old ones end.
pub async fn secret(State(admin): State<Admin>, Extension(caller): Called) -> Answer {
    let (clients, id) = named(&admin, &caller)?;
    if caller.sent("do") == "end" {
        return match clients.end_old_secrets(&caller.actor, &id, caller.revision()).await {
            Ok(()) => caller.done(menu::CLIENTS, Done::SecretsEnded),
            Err(error) => refused(&admin, &caller, error).await,
        };
    }
    let Some(now) = clients.find(id.as_str()) else {
        return refused(&admin, &caller, ClientError::Unknown).await;
    };
    match clients.new_secret(&caller.actor, &id, caller.revision()).await {
        Ok(secret) => shown_once(&caller, clients, &now.client, &secret),
        Err(error) => refused(&admin, &caller, error).await,
    }
}

/// Removes a client.
pub async fn remove(State(admin): State<Admin>, Extension(caller): Called) -> Answer {
    let (clients, id) = named(&admin, &caller)?;
    match clients.remove(&caller.actor, &id, caller.revision()).await {
        Ok(()) => caller.done(menu::CLIENTS, Done::ClientRemoved),
        Err(error) => refused(&admin, &caller, error).await,
    }
}

fn named<'a>(admin: &'a Admin, caller: &Caller) -> Result<(&'a OpenIdClients, ClientId), PageError> {
    let id = ClientId::parse(caller.sent("id")).ok();
    admin.clients.as_deref().zip(id).ok_or(PageError::NotFound)
}

fn form_page(
    admin: &Admin,
    caller: &Caller,
    clients: &OpenIdClients,
    existing: Option<Existing>,
    typed: &TypedClient,
    errors: &FieldErrors,
) -> Answer {
    let choices = ClientChoices::new(&admin.gate.rules.load().rules, typed);
    let shell = caller.shell(menu::CLIENTS);
    page(&ClientPage::new(shell, clients.issuer(), existing, typed, choices, errors))
}

fn shown_once(caller: &Caller, clients: &OpenIdClients, client: &Client, secret: &NewSecret) -> Answer {
    let shell = caller.shell(menu::CLIENTS);
    page(&SecretPage::new(shell, clients.issuer(), client, secret.expose_secret()))
}

async fn shown_before(Extension(caller): Called) -> Answer {
    caller.go(menu::CLIENTS)
}

/// The list again, with what went wrong.
async fn refused(admin: &Admin, caller: &Caller, error: ClientError) -> Answer {
    match error {
        ClientError::Store(_) | ClientError::Cryptography(_) => Err(PageError::broken(error)),
        _ => list(admin, caller, Some(Note::new(Tone::Bad, told(&error)))).await,
    }
}

fn told(error: &ClientError) -> String {
    match error {
        ClientError::Taken(_) => "Another client or a site has this name. Choose a different one.".to_owned(),
        ClientError::Unknown => "That client is not there any more. Nothing was changed.".to_owned(),
        ClientError::Conflict => {
            "Somebody changed that client meanwhile. Nothing was changed; open it again and look.".to_owned()
        }
        ClientError::NoSecret => "That client has no secret, because it is public.".to_owned(),
        ClientError::TooMany => format!("{error}. Remove one that is not used."),
        ClientError::Store(_) | ClientError::Cryptography(_) => "Something went wrong here.".to_owned(),
    }
}
