//! The library's pages. Who the visitor is comes from the gateway's headers and from nothing else.

use askama::Template;
use axum::extract::Form;
use axum::response::{Html, IntoResponse, Response};
use http::{HeaderMap, StatusCode, Uri};

use super::assertion::{self, Assertion};
use super::probes::pairs;

pub(super) const STYLE: &str = include_str!("../../../assets/sample_site.css");
const SCRIPT: &str = include_str!("../../../assets/sample_site.js");
pub(super) const FOLLOW: &str = include_str!("../../../assets/sample_site_people.js");

/// Who the site was told is asking.
pub(super) struct Visitor {
    id: String,
    pub(super) name: String,
    email: String,
    roles: Vec<String>,
    member: bool,
}

impl Visitor {
    /// Nobody without an id: the other headers mean nothing alone.
    pub(super) fn from(headers: &HeaderMap) -> Option<Self> {
        let text = |name| {
            let bytes = headers.get(name).map_or(&[][..], |value| value.as_bytes());
            String::from_utf8_lossy(bytes).into_owned()
        };
        let id = text("membergate-id");
        let roles = text("membergate-roles");
        let roles = roles.split([',', ' ']).filter(|role| !role.is_empty()).map(str::to_owned).collect();
        let member = matches!(text("membergate-member").as_str(), "true" | "yes" | "1");
        let (name, email) = (text("membergate-name"), text("membergate-email"));
        (!id.is_empty()).then_some(Self { id, name, email, roles, member })
    }
}

#[derive(Template)]
#[template(path = "sample_site/home.html")]
struct Home {
    visitor: Option<Visitor>,
}

/// The public front page.
pub(super) async fn home(headers: HeaderMap) -> Response {
    page(StatusCode::OK, &Home { visitor: Visitor::from(&headers) })
}

#[derive(Template)]
#[template(path = "sample_site/members.html")]
struct Members {
    visitor: Option<Visitor>,
    headers: Vec<(String, String)>,
    assertion: Option<Assertion>,
}

/// The members' page: all that the site knows, and how it came to know it.
pub(super) async fn members(headers: HeaderMap) -> Response {
    let token = headers.get("membergate-assertion").and_then(|value| value.to_str().ok());
    let assertion = token.and_then(assertion::read);
    let visitor = Visitor::from(&headers);
    // The gateway's own come first; apart from that the order is kept.
    let mut headers = pairs(&headers);
    headers.sort_by_key(|(name, _)| !name.starts_with("membergate-"));
    page(StatusCode::OK, &Members { visitor, headers, assertion })
}

#[derive(Template)]
#[template(path = "sample_site/minutes.html")]
struct Minutes {
    visitor: Option<Visitor>,
    address: String,
}

/// A page with a query and fragments, to see that a login comes back to the very place.
pub(super) async fn minutes(uri: Uri, headers: HeaderMap) -> Response {
    page(StatusCode::OK, &Minutes { visitor: Visitor::from(&headers), address: uri.to_string() })
}

#[derive(Template)]
#[template(path = "sample_site/message.html")]
struct Message {
    visitor: Option<Visitor>,
    title: &'static str,
    text: &'static str,
    fields: Vec<(String, String)>,
}

/// A page for one role only.
pub(super) async fn education(headers: HeaderMap) -> Response {
    let text = "The education committee plans courses here. The gateway lets in only those who hold the role that \
                its configuration asks for.";
    message(StatusCode::OK, &headers, "Education committee", text, Vec::new())
}

/// A page for everybody.
pub(super) async fn public(headers: HeaderMap) -> Response {
    let text = "Everybody may read this page: opening hours, the way to the reading room, and house rules.";
    message(StatusCode::OK, &headers, "Visiting the library", text, Vec::new())
}

/// Says which fields arrived.
pub(super) async fn ask(headers: HeaderMap, Form(fields): Form<Vec<(String, String)>>) -> Response {
    let text = "This is what the library received:";
    message(StatusCode::OK, &headers, "Your question has arrived", text, fields)
}

/// Any other address.
pub(super) async fn missing(headers: HeaderMap) -> Response {
    message(
        StatusCode::NOT_FOUND,
        &headers,
        "Not in our catalogue",
        "There is no page at this address.",
        Vec::new(),
    )
}

fn message(
    status: StatusCode,
    headers: &HeaderMap,
    title: &'static str,
    text: &'static str,
    fields: Vec<(String, String)>,
) -> Response {
    page(status, &Message { visitor: Visitor::from(headers), title, text, fields })
}

pub(super) fn page(status: StatusCode, template: &impl Template) -> Response {
    match template.render() {
        Ok(html) => (status, [("cache-control", "no-store")], Html(html)).into_response(),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}
