//! One request, taken apart without regard to case: environment, path, query, headers, body.

use axum::body::Bytes;
use http::{HeaderMap, Method, StatusCode, header};
use http_body_util::{BodyExt, Limited};
use hyper::body::Incoming;
use percent_encoding::percent_decode_str;
use serde_json::Value;

use super::answer::{Answer, Page};
use super::tokens::Grant;
use crate::sim::people::Environment;
use crate::sim::switches::Fault;

const LARGEST_BODY: usize = 64 * 1024;

/// Parameters whose values are no secrets.
const SHOWN: &[&str] = &[
    "includeDetails",
    "loadPrimaryOrgDetails",
    "loadRelationships",
    "updateTokenUsage",
    "includeInactive",
    "productCode",
    "purchasedSince",
    "eventCode",
    "relationshipName",
    "membershipTypeCode",
    "includeMembership",
    "includeMembershipRenewalUrl",
    "includeEmail",
    "includeCustomFields",
    "expiringFrom",
    "expiringTo",
    "Term",
    "positionCodes",
    "sessionCode",
    "registeredSince",
    "cancelledSince",
];

/// A request, and what its route made of it.
pub(super) struct Call {
    pub(super) environment: Environment,
    pub(super) method: Method,
    /// Decoded segments without the prefix of the environment, in the case in which they were written.
    pub(super) path: Vec<String>,
    /// What the placeholders of the route stand for.
    pub(super) arguments: Vec<(&'static str, String)>,
    /// Whose `UserToken` it is; only calls that passed authorization have one.
    pub(super) caller: Option<Grant>,
    /// How the answer goes wrong; lists look at it.
    pub(super) fault: Fault,
    headers: HeaderMap,
    query: Vec<(String, String)>,
    body: Bytes,
}

impl Call {
    pub(super) async fn read(request: http::Request<Incoming>) -> Result<Call, Answer> {
        let (parts, body) = request.into_parts();
        let body = Limited::new(body, LARGEST_BODY).collect().await;
        let body =
            body.map_err(|_| Answer::error(StatusCode::PAYLOAD_TOO_LARGE, "The request is too large."))?;
        let decoded = |segment: &str| percent_decode_str(segment).decode_utf8_lossy().into_owned();
        let mut path: Vec<String> =
            parts.uri.path().split('/').filter(|segment| !segment.is_empty()).map(decoded).collect();
        let staging = path.first().is_some_and(|first| first.eq_ignore_ascii_case("staging"));
        if staging {
            path.remove(0);
        }
        let query = parts.uri.query().unwrap_or_default().as_bytes();
        Ok(Call {
            environment: if staging { Environment::Staging } else { Environment::Production },
            method: parts.method,
            path,
            arguments: Vec::new(),
            caller: None,
            fault: Fault::None,
            headers: parts.headers,
            query: url::form_urlencoded::parse(query).into_owned().collect(),
            body: body.to_bytes(),
        })
    }

    /// The call as it may be shown: tokens and addresses of people are left out, and parameters that nobody knows.
    pub(super) fn shown(&self) -> String {
        let secret = |segment: &&String| {
            self.arguments.iter().any(|(name, value)| *name == "sso" && value == *segment)
                || segment.contains('@')
        };
        let path: Vec<&str> =
            self.path.iter().map(|segment| if secret(&segment) { "…" } else { segment.as_str() }).collect();
        let known = |name: &str| SHOWN.iter().any(|known| known.eq_ignore_ascii_case(name));
        let query: Vec<String> = self
            .query
            .iter()
            .map(|(name, value)| if known(name) { format!("{name}={value}") } else { "…".to_owned() })
            .collect();
        let sign = if query.is_empty() { "" } else { "?" };
        format!("{} /{}{sign}{}", self.method, path.join("/"), query.join("&"))
    }

    /// A placeholder of the route.
    pub(super) fn argument(&self, name: &str) -> &str {
        self.arguments.iter().find(|(known, _)| *known == name).map_or("", |(_, value)| value)
    }

    /// The page number: the last segment if there is one, else 1.
    pub(super) fn page(&self) -> Result<Page, Answer> {
        let page = |number| Page { number, fault: self.fault };
        match self.argument("page") {
            "" => Ok(page(1)),
            number => match number.parse() {
                Ok(number) if number > 0 => Ok(page(number)),
                _ => Err(Answer::error(StatusCode::BAD_REQUEST, "The page number is not valid.")),
            },
        }
    }

    /// A query parameter that is present and not empty.
    pub(super) fn query(&self, name: &str) -> Option<&str> {
        let named = |(known, _): &&(String, String)| known.eq_ignore_ascii_case(name);
        self.query.iter().find(named).map(|(_, value)| value.as_str()).filter(|value| !value.is_empty())
    }

    /// A query parameter that says `true`.
    pub(super) fn asks(&self, name: &str) -> bool {
        self.query(name).is_some_and(|value| value.eq_ignore_ascii_case("true"))
    }

    pub(super) fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default().trim()
    }

    pub(super) fn cookie(&self, name: &str) -> Option<&str> {
        let lines = self.headers.get_all(header::COOKIE).iter().filter_map(|line| line.to_str().ok());
        let mut pairs = lines.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
        pairs.find(|(known, _)| *known == name).map(|(_, value)| value)
    }

    /// The members of the body, be it a JSON object or a form.
    pub(super) fn members(&self) -> Result<Vec<(String, String)>, Answer> {
        if self.header("content-type").to_ascii_lowercase().starts_with("application/x-www-form-urlencoded") {
            return Ok(url::form_urlencoded::parse(&self.body).into_owned().collect());
        }
        match serde_json::from_slice(&self.body) {
            Ok(Value::Object(members)) => {
                let text = |value: Value| value.as_str().map(str::to_owned);
                Ok(members.into_iter().filter_map(|(name, value)| Some((name, text(value)?))).collect())
            }
            _ => Err(Answer::error(StatusCode::BAD_REQUEST, "The request body is not a JSON object.")),
        }
    }
}
