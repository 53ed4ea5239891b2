//! A notice as a response: a page for a person, JSON for a program.

use askama::Template;
use bytes::Bytes;
use http::{HeaderValue, Response, StatusCode, header};

use super::answer::{problem, respond, status};
use super::notice::{Notice, spell_seconds};
use super::words::{self, Words};
use super::{Forms, Frame, Page};
use crate::web::paths;

impl Notice {
    /// The notice for a person.
    pub fn html(&self, frame: &Frame) -> Response<Bytes> {
        self.with_headers(frame, respond(&NoticePage::new(self, frame)))
    }

    /// The notice for a program: `{"error", "message", "request_id", "login"}`.
    pub fn json(&self, frame: &Frame) -> Response<Bytes> {
        let sentence = words::of(self, frame).sentence;
        self.with_headers(frame, problem(self.outcome(), &sentence, &frame.request_id, self.login()))
    }

    fn with_headers(&self, frame: &Frame, mut response: Response<Bytes>) -> Response<Bytes> {
        let headers = response.headers_mut();
        if let Some(retry) = self.retry() {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(retry.spread(&frame.request_id)));
        }
        if let Self::MethodNotAllowed { allow } = self {
            headers.insert(header::ALLOW, HeaderValue::from_static(allow));
        }
        response
    }
}

/// The page of a notice.
#[derive(Template)]
#[template(path = "notice.html")]
pub(super) struct NoticePage {
    frame: Frame,
    words: Words,
    /// Shown as a list under the sentence.
    missing: Vec<String>,
    /// The page to which somebody comes back who asks us to check again.
    check_again: Option<String>,
    status: StatusCode,
    /// Seconds, the same in words, and the address, when the page tries again by itself.
    retry: Option<(u16, String, String)>,
}

impl NoticePage {
    pub(super) fn new(notice: &Notice, frame: &Frame) -> Self {
        let missing = match notice {
            Notice::Refused(refused) => refused.missing.labels().to_vec(),
            _ => Vec::new(),
        };
        let check_again = frame.again.clone().filter(|_| matches!(notice, Notice::Refused(_)));
        let by_itself = notice.retry().filter(|retry| retry.by_itself);
        let retry = by_itself.and_then(|it| {
            let seconds = it.spread(&frame.request_id);
            Some((seconds, spell_seconds(seconds), frame.again.clone()?))
        });
        let words = words::of(notice, frame);
        let status = status(notice.outcome());
        Self { frame: frame.clone(), words, missing, check_again, status, retry }
    }
}

impl Page for NoticePage {
    fn forms(&self) -> Forms {
        if self.check_again.is_some() { Forms::ToUs } else { Forms::None }
    }

    fn status(&self) -> StatusCode {
        self.status
    }
}
