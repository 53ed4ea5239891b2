//! What is answered: JSON, errors in the shape that a switch says, pages, redirects.

use askama::Template;
use axum::body::Body;
use http::{Extensions, HeaderName, HeaderValue, Response, StatusCode, header};
use serde_json::{Value, json};

use crate::sim::switches::ErrorBody;

/// An answer that is not written yet.
#[derive(Debug)]
pub struct Answer {
    status: StatusCode,
    headers: Vec<(HeaderName, String)>,
    content: Content,
    /// What a simulator has to do before this may be answered.
    pub extensions: Extensions,
}

#[derive(Debug)]
enum Content {
    Nothing,
    Json(Value),
    Html(String),
    /// An error text; its shape is a switch.
    Error(String),
}

/// What a handler makes: the early way out and the usual one are both answers.
pub type Handled = Result<Answer, Answer>;

impl Answer {
    fn new(status: StatusCode, content: Content) -> Answer {
        Answer { status, headers: Vec::new(), content, extensions: Extensions::new() }
    }

    /// 200 with JSON.
    pub fn json(value: Value) -> Answer {
        Answer::json_with(StatusCode::OK, value)
    }

    /// JSON with another status.
    pub fn json_with(status: StatusCode, value: Value) -> Answer {
        Answer::new(status, Content::Json(value))
    }

    /// A page.
    pub fn html(status: StatusCode, page: String) -> Answer {
        Answer::new(status, Content::Html(page))
    }

    /// A page from its template.
    pub fn page_of(status: StatusCode, template: &impl Template) -> Answer {
        match template.render() {
            Ok(page) => Answer::html(status, page),
            Err(error) => Answer::error(StatusCode::INTERNAL_SERVER_ERROR, &error.to_string()),
        }
    }

    /// An error of the interface.
    pub fn error(status: StatusCode, text: &str) -> Answer {
        Answer::new(status, Content::Error(text.to_owned()))
    }

    /// No body.
    pub fn nothing(status: StatusCode) -> Answer {
        Answer::new(status, Content::Nothing)
    }

    /// 302.
    pub fn redirect(to: String) -> Answer {
        Answer::nothing(StatusCode::FOUND).with(header::LOCATION, to)
    }

    /// 401.
    pub fn unauthorized() -> Answer {
        Answer::error(
            StatusCode::UNAUTHORIZED,
            "Authorization has been denied: a token is missing, invalid or expired.",
        )
    }

    /// 404 for an id that is not on file.
    pub fn not_found() -> Answer {
        Answer::error(StatusCode::NOT_FOUND, "No record was found.")
    }

    /// 404 or 405 for a call that no route takes.
    pub fn no_resource(status: StatusCode) -> Answer {
        Answer::error(status, "No resource was found that matches the request.")
    }

    /// One more header.
    pub fn with(mut self, name: HeaderName, value: String) -> Answer {
        self.headers.push((name, value));
        self
    }

    /// The status so far.
    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// The answer on the wire.
    pub fn into_response(self, error_body: ErrorBody) -> Response<Body> {
        const JSON: &str = "application/json; charset=utf-8";
        let (kind, text) = match self.content {
            Content::Nothing => ("", String::new()),
            Content::Json(value) => (JSON, value.to_string()),
            Content::Html(page) => ("text/html; charset=utf-8", page),
            Content::Error(text) => match error_body {
                ErrorBody::JsonString => (JSON, json!(text).to_string()),
                ErrorBody::Object => (JSON, json!({ "message": text }).to_string()),
                ErrorBody::Text => ("text/plain; charset=utf-8", text),
                ErrorBody::Empty => ("", String::new()),
            },
        };
        let mut response = Response::new(Body::from(text));
        *response.status_mut() = self.status;
        let headers = response.headers_mut();
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
        if !kind.is_empty() {
            headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
        }
        for (name, value) in self.headers {
            // Every value is an encoded address, a cookie or a number of ours; one that is not fit for a header is left out.
            if let Ok(value) = HeaderValue::from_str(&value) {
                headers.append(name, value);
            }
        }
        response
    }
}
