//! What is answered: JSON in re:Members' envelope, errors in the shape that the switch says, pages, redirects.

use askama::Template;
use axum::body::Body;
use http::{HeaderName, HeaderValue, Response, StatusCode, header};
use serde_json::{Value, json};

use super::switches::{EndOfList, ErrorBody, Switches};
use super::webhooks::EchoCheck;
use crate::sim::switches::Fault;

#[derive(Debug)]
pub(super) struct Answer {
    status: StatusCode,
    headers: Vec<(HeaderName, String)>,
    content: Content,
    /// What has to be asked before this may be answered.
    echo: Option<Box<EchoCheck>>,
}

#[derive(Debug)]
enum Content {
    Nothing,
    Json(Value),
    Html(String),
    /// An error text; its shape is a switch.
    Error(String),
}

/// Which page of a list is asked for, and how the answer goes wrong.
#[derive(Clone, Copy)]
pub(super) struct Page {
    /// From 1.
    pub(super) number: usize,
    pub(super) fault: Fault,
}

/// What a handler makes: the early way out and the usual one are both answers.
pub(super) type Handled = Result<Answer, Answer>;

impl Answer {
    fn new(status: StatusCode, content: Content) -> Answer {
        Answer { status, headers: Vec::new(), content, echo: None }
    }

    pub(super) fn json(value: Value) -> Answer {
        Answer::new(StatusCode::OK, Content::Json(value))
    }

    pub(super) fn html(status: StatusCode, page: String) -> Answer {
        Answer::new(status, Content::Html(page))
    }

    pub(super) fn page_of(status: StatusCode, template: &impl Template) -> Answer {
        match template.render() {
            Ok(page) => Answer::html(status, page),
            Err(error) => Answer::error(StatusCode::INTERNAL_SERVER_ERROR, &error.to_string()),
        }
    }

    pub(super) fn error(status: StatusCode, text: &str) -> Answer {
        Answer::new(status, Content::Error(text.to_owned()))
    }

    pub(super) fn nothing(status: StatusCode) -> Answer {
        Answer::new(status, Content::Nothing)
    }

    pub(super) fn redirect(to: String) -> Answer {
        Answer::nothing(StatusCode::FOUND).with(header::LOCATION, to)
    }

    pub(super) fn unauthorized() -> Answer {
        Answer::error(
            StatusCode::UNAUTHORIZED,
            "Authorization has been denied: a token is missing, invalid or expired.",
        )
    }

    pub(super) fn not_found() -> Answer {
        Answer::error(StatusCode::NOT_FOUND, "No record was found.")
    }

    pub(super) fn with(mut self, name: HeaderName, value: String) -> Answer {
        self.headers.push((name, value));
        self
    }

    pub(super) fn status(&self) -> StatusCode {
        self.status
    }

    /// This answer, if the callback says back what it was asked.
    pub(super) fn after(mut self, echo: EchoCheck) -> Answer {
        self.echo = Some(Box::new(echo));
        self
    }

    pub(super) fn take_echo(&mut self) -> Option<EchoCheck> {
        self.echo.take().map(|echo| *echo)
    }

    /// A page of a list; what no items look like is a switch.
    pub(super) fn page(switches: &Switches, page: Page, items: impl Iterator<Item = Value>) -> Answer {
        let size = switches.page_size as usize;
        let gone = usize::from(page.fault == Fault::ShiftedRows && page.number > 1);
        let before = size.saturating_mul(page.number - 1).saturating_add(gone);
        Answer::rows(switches, page, items.skip(before).take(size).collect())
    }

    /// A page of these items.
    pub(super) fn rows(switches: &Switches, page: Page, mut items: Vec<Value>) -> Answer {
        if page.fault == Fault::HalfRows {
            items = items.into_iter().step_by(2).collect();
        }
        let page = page.number;
        if !items.is_empty() {
            return Answer::json(json!({ "pageNumber": page, "dataList": items }));
        }
        match switches.end_of_list {
            EndOfList::EmptyList => Answer::json(json!({ "pageNumber": page, "dataList": [] })),
            EndOfList::NoContent => Answer::nothing(StatusCode::NO_CONTENT),
            EndOfList::NotFound => Answer::not_found(),
            EndOfList::BadRequest => Answer::error(StatusCode::BAD_REQUEST, "The page does not exist."),
        }
    }

    /// The answer on the wire.
    pub(super) fn into_response(self, switches: &Switches) -> Response<Body> {
        const JSON: &str = "application/json; charset=utf-8";
        let (kind, text) = match self.content {
            Content::Nothing => ("", String::new()),
            Content::Json(value) => (JSON, value.to_string()),
            Content::Html(page) => ("text/html; charset=utf-8", page),
            Content::Error(text) => match switches.error_body {
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
