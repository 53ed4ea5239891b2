//! One request, taken apart without regard to case: path, query, headers, body.

use axum::body::Bytes;
use http::{HeaderMap, Method, StatusCode, header};
use http_body_util::{BodyExt, Limited};
use hyper::body::Incoming;
use percent_encoding::percent_decode_str;
use serde_json::Value;

use super::answer::Answer;
use crate::sim::people::Environment;
use crate::sim::switches::Fault;

const LARGEST_BODY: usize = 64 * 1024;

/// A request, and what its route made of it.
#[derive(Debug)]
pub struct Call {
    /// Its method.
    pub method: Method,
    /// Path and query as they came.
    pub target: String,
    /// Decoded segments, in the case in which they were written.
    pub path: Vec<String>,
    /// Which environment it is for; production where there is only one.
    pub environment: Environment,
    /// What the placeholders of the route stand for.
    pub arguments: Vec<(&'static str, String)>,
    /// How the answer goes wrong; lists look at it.
    pub fault: Fault,
    headers: HeaderMap,
    query: Vec<(String, String)>,
    body: Bytes,
}

impl Call {
    /// Reads a request of an environment to its end.
    pub async fn read(request: http::Request<Incoming>, environment: Environment) -> Result<Call, Answer> {
        Call::read_up_to(LARGEST_BODY, request, environment).await
    }

    /// The same, with a body of up to so many bytes.
    pub async fn read_up_to(
        most: usize,
        request: http::Request<Incoming>,
        environment: Environment,
    ) -> Result<Call, Answer> {
        let (parts, body) = request.into_parts();
        let body = Limited::new(body, most).collect().await;
        let body =
            body.map_err(|_| Answer::error(StatusCode::PAYLOAD_TOO_LARGE, "The request is too large."))?;
        let decoded = |segment: &str| percent_decode_str(segment).decode_utf8_lossy().into_owned();
        let path = parts.uri.path().split('/').filter(|segment| !segment.is_empty()).map(decoded).collect();
        let query = parts.uri.query().unwrap_or_default().as_bytes();
        Ok(Call {
            method: parts.method,
            target: parts.uri.path_and_query().map_or_else(|| "/".to_owned(), ToString::to_string),
            path,
            environment,
            arguments: Vec::new(),
            fault: Fault::None,
            headers: parts.headers,
            query: url::form_urlencoded::parse(query).into_owned().collect(),
            body: body.to_bytes(),
        })
    }

    /// The call as it may be shown: segments that are secret or hold an e-mail address are left out, and the values of all
    /// parameters but the `known` ones.
    pub fn shown(&self, is_secret: impl Fn(&str) -> bool, known: &[&str]) -> String {
        let shown = |segment: &String| {
            let hidden = is_secret(segment) || segment.contains('@');
            if hidden { "…".to_owned() } else { segment.clone() }
        };
        let path: Vec<String> = self.path.iter().map(shown).collect();
        let known = |name: &str| known.iter().any(|known| known.eq_ignore_ascii_case(name));
        let query: Vec<String> = self
            .query
            .iter()
            .map(|(name, value)| if known(name) { format!("{name}={value}") } else { "…".to_owned() })
            .collect();
        let sign = if query.is_empty() { "" } else { "?" };
        format!("{} /{}{sign}{}", self.method, path.join("/"), query.join("&"))
    }

    /// A placeholder of the route.
    pub fn argument(&self, name: &str) -> &str {
        self.arguments.iter().find(|(known, _)| *known == name).map_or("", |(_, value)| value)
    }

    /// A query parameter that is present and not empty.
    pub fn query(&self, name: &str) -> Option<&str> {
        let named = |(known, _): &&(String, String)| known.eq_ignore_ascii_case(name);
        self.query.iter().find(named).map(|(_, value)| value.as_str()).filter(|value| !value.is_empty())
    }

    /// A query parameter that says `true`.
    pub fn asks(&self, name: &str) -> bool {
        self.query(name).is_some_and(|value| value.eq_ignore_ascii_case("true"))
    }

    /// A header, trimmed; "" without one.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default().trim()
    }

    /// A cookie.
    pub fn cookie(&self, name: &str) -> Option<&str> {
        let lines = self.headers.get_all(header::COOKIE).iter().filter_map(|line| line.to_str().ok());
        let mut pairs = lines.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
        pairs.find(|(known, _)| *known == name).map(|(_, value)| value)
    }

    /// The texts of the body, be it a JSON object or a form.
    pub fn members(&self) -> Result<Vec<(String, String)>, Answer> {
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

    /// The body as it came.
    pub fn body(&self) -> &[u8] {
        &self.body
    }

    /// The body as JSON.
    pub fn json(&self) -> Result<Value, Answer> {
        serde_json::from_slice(&self.body)
            .map_err(|_| Answer::error(StatusCode::BAD_REQUEST, "The request body is not JSON."))
    }
}
