//! OpenID clients: registering, changing and removing them, and new secrets.
//!
//! `form` reads what was typed; `list_page`, `client_page` and `secret_page` are pages alone.

pub mod client_page;
pub mod form;
pub mod list_page;
pub mod secret_page;

use axum::body::Body;
use axum::extract::State;
use axum::http::{Response, StatusCode};
use axum::routing::{MethodRouter, get, post};
use axum::{Extension, Router};
use secrecy::ExposeSecret as _;

use crate::domain::client::{Client, ClientId};
use crate::flows::administer::clients::{ClientError, NewSecret, OpenIdClients};
use crate::web::admin::guard::{Called, Caller};
use crate::web::admin::mapping::rule::form::Mends;
use crate::web::admin::shell::{Note, Room, Tone};
use crate::web::admin::state::{Admin, reads, writes};
use crate::web::pages::respond;
use crate::web::state::answer;
use client_page::{ClientPage, Existing, Offered};
use form::TypedClient;
use list_page::ClientsPage;
use secret_page::SecretPage;

/// Its addresses.
pub fn routes() -> Router<Admin> {
    // A page with a secret cannot be loaded again.
    let posts = |route: MethodRouter<Admin>| writes(route.get(shown_before));
    Router::new()
        .route(Room::Clients.path(), reads(get(show)))
        .route("/_gate/admin/clients/client", reads(get(edit)))
        .route("/_gate/admin/clients/save", posts(post(save)))
        .route("/_gate/admin/clients/secret", posts(post(secret)))
        .route("/_gate/admin/clients/remove", writes(post(remove)))
}

/// Shows every client, and how the logout messages to them fare.
pub async fn show(State(admin): State<Admin>, Extension(caller): Called) -> Response<Body> {
    list(&admin, &caller, None).await
}

async fn list(admin: &Admin, caller: &Caller, note: Option<Note>) -> Response<Body> {
    let status = if note.is_some() { StatusCode::CONFLICT } else { StatusCode::OK };
    let shell = caller.shell(Room::Clients).with(note);
    let Some(clients) = &admin.clients else {
        return answer(respond(&ClientsPage::switched_off(shell)));
    };
    match clients.deliveries().await {
        Ok(told) => {
            let (rules, zone) = (admin.gate.rules.load(), admin.zone());
            let list = clients.list();
            answer(respond(&ClientsPage::new(shell, &list, &told, &rules.rules, &zone, status)))
        }
        Err(error) => caller.broken(&error),
    }
}

/// Shows the form of a client, or an empty one.
pub async fn edit(State(admin): State<Admin>, Extension(caller): Called) -> Response<Body> {
    let Some(clients) = &admin.clients else { return caller.go(Room::Clients.path()) };
    let Some(id) = caller.asked("id") else {
        return form_again(&admin, &caller, clients, None, &TypedClient::default(), &Mends::new());
    };
    match clients.find(id) {
        Some(registered) => {
            let typed = TypedClient::from(&registered.client);
            let existing = Existing::of(&registered);
            form_again(&admin, &caller, clients, Some(existing), &typed, &Mends::new())
        }
        None => caller.not_found(),
    }
}

/// Takes the form of a client.
pub async fn save(State(admin): State<Admin>, Extension(caller): Called) -> Response<Body> {
    let Some(clients) = &admin.clients else { return caller.go(Room::Clients.path()) };
    let typed = TypedClient::read(&caller.form);
    let now = clients.find(caller.sent("existing"));
    // The form keeps the revision that it was made from, so that a change in between is still found.
    let existing = now.as_ref().map(|now| Existing { revision: caller.revision(), ..Existing::of(now) });
    let again = |mends: &Mends| form_again(&admin, &caller, clients, existing.clone(), &typed, mends);
    let client = match typed.client(now.as_ref().map(|now| &now.client)) {
        Ok(client) => client,
        Err(mends) => return again(&mends),
    };
    if now.is_none() && !caller.sent("existing").is_empty() {
        return refused(&admin, &caller, &ClientError::Unknown).await;
    }
    let Some(existing) = &existing else {
        return match clients.add(&caller.actor, client.clone()).await {
            Ok(Some(secret)) => shown_once(&caller, clients, &client, &secret),
            Ok(None) => caller.go("/_gate/admin/clients?done=client-saved"),
            Err(error @ ClientError::Taken(_)) => again(&Mends::from([("id".to_owned(), told(&error))])),
            Err(error) => refused(&admin, &caller, &error).await,
        };
    };
    match clients.change(&caller.actor, existing.revision, client).await {
        Ok(()) => caller.go("/_gate/admin/clients?done=client-saved"),
        Err(error) => refused(&admin, &caller, &error).await,
    }
}

/// Makes a new secret, or lets the old ones end.
pub async fn secret(State(admin): State<Admin>, Extension(caller): Called) -> Response<Body> {
    let Some((clients, id)) = named(&admin, &caller) else { return caller.not_found() };
    if caller.sent("do") == "end" {
        return match clients.end_old_secrets(&caller.actor, &id, caller.revision()).await {
            Ok(()) => caller.go("/_gate/admin/clients?done=secret-ended"),
            Err(error) => refused(&admin, &caller, &error).await,
        };
    }
    let Some(now) = clients.find(id.as_str()) else {
        return refused(&admin, &caller, &ClientError::Unknown).await;
    };
    match clients.new_secret(&caller.actor, &id, caller.revision()).await {
        Ok(secret) => shown_once(&caller, clients, &now.client, &secret),
        Err(error) => refused(&admin, &caller, &error).await,
    }
}

/// Removes a client.
pub async fn remove(State(admin): State<Admin>, Extension(caller): Called) -> Response<Body> {
    let Some((clients, id)) = named(&admin, &caller) else { return caller.not_found() };
    match clients.remove(&caller.actor, &id, caller.revision()).await {
        Ok(()) => caller.go("/_gate/admin/clients?done=client-removed"),
        Err(error) => refused(&admin, &caller, &error).await,
    }
}

fn named<'a>(admin: &'a Admin, caller: &Caller) -> Option<(&'a OpenIdClients, ClientId)> {
    Some((admin.clients.as_deref()?, ClientId::parse(caller.sent("id")).ok()?))
}

fn form_again(
    admin: &Admin,
    caller: &Caller,
    clients: &OpenIdClients,
    existing: Option<Existing>,
    typed: &TypedClient,
    mends: &Mends,
) -> Response<Body> {
    let offered = Offered::new(&admin.gate.rules.load().rules, typed);
    let page =
        ClientPage::new(caller.shell(Room::Clients), clients.issuer(), existing, typed, offered, mends);
    answer(respond(&page))
}

fn shown_once(
    caller: &Caller,
    clients: &OpenIdClients,
    client: &Client,
    secret: &NewSecret,
) -> Response<Body> {
    let shell = caller.shell(Room::Clients);
    answer(respond(&SecretPage::new(shell, clients.issuer(), client, secret.expose_secret())))
}

/// The page with a secret cannot be loaded once more.
pub async fn shown_before(Extension(caller): Called) -> Response<Body> {
    caller.go(Room::Clients.path())
}

/// The list again, with what went wrong; what fails on our side is told plainly and logged.
async fn refused(admin: &Admin, caller: &Caller, error: &ClientError) -> Response<Body> {
    match error {
        ClientError::Store(_) | ClientError::Cryptography(_) => caller.broken(error),
        _ => list(admin, caller, Some(Note::new(Tone::Bad, told(error)))).await,
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
