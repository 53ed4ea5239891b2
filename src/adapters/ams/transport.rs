//! One call to an AMS, within the budget: no token logic, no meaning.
//!
//! A call that broke, or that the AMS failed at or put off, is made once more; but for a form every call here may be repeated.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::header::RETRY_AFTER;
use http::{HeaderMap, StatusCode};
use url::Url;

use crate::adapters::ams::AmsError;
use crate::adapters::budget::{Budget, Busy, Priority};
use crate::adapters::http::{HttpAnswer, HttpClient, HttpError};

/// A wait that the AMS asks for is sat out up to this long; a longer one is told to the caller.
const LONGEST_PATIENCE: Duration = Duration::from_secs(5);

/// What is sent. Its address and headers hold tokens, so it has no `Debug`.
#[derive(Clone)]
pub(in crate::adapters::ams) struct Call {
    pub(in crate::adapters::ams) url: Url,
    pub(in crate::adapters::ams) headers: HeaderMap,
    pub(in crate::adapters::ams) sent: CallBody,
}

/// What a call sends beside its address.
#[derive(Clone)]
pub(in crate::adapters::ams) enum CallBody {
    /// Nothing: GET.
    Nothing,
    /// A JSON document: POST.
    Document(Bytes),
    /// The fields of a form, once and never again: POST. What it carries may work once only.
    Form(Bytes),
    /// Nothing: DELETE.
    Removal,
}

/// The client and the budget that every call draws on.
#[derive(Debug, Clone)]
pub(in crate::adapters::ams) struct Transport {
    http: HttpClient,
    budget: Arc<Budget>,
}

impl Transport {
    pub(in crate::adapters::ams) fn new(http: HttpClient, budget: Arc<Budget>) -> Transport {
        Transport { http, budget }
    }

    /// Makes the call, and makes it again when that may help. The answer is neither 429 nor 5xx.
    pub(in crate::adapters::ams) async fn send(
        &self,
        call: &Call,
        priority: Priority,
    ) -> Result<HttpAnswer, AmsError> {
        match self.once(call, priority).await {
            Err(error) if is_worth_repeating(&error, call) => self.once(call, priority).await,
            outcome => outcome,
        }
    }

    async fn once(&self, call: &Call, priority: Priority) -> Result<HttpAnswer, AmsError> {
        self.budget.start(priority).await.map_err(|Busy| AmsError::Busy)?;
        let (url, headers) = (call.url.clone(), call.headers.clone());
        let answer = match &call.sent {
            CallBody::Nothing => self.http.get(url, headers).await,
            CallBody::Document(document) => self.http.post_json(url, headers, document.clone()).await,
            CallBody::Form(form) => self.http.post_form_with(url, headers, form.clone()).await,
            CallBody::Removal => self.http.delete(url, headers).await,
        };
        let answer = answer.map_err(failure)?;
        if answer.status == StatusCode::TOO_MANY_REQUESTS {
            let retry_after = retry_after(&answer.headers);
            self.budget.throttle(retry_after).await;
            return Err(AmsError::RateLimited { retry_after });
        }
        self.budget.ease().await;
        if answer.status.is_server_error() {
            return Err(AmsError::Failed(answer.status.as_u16()));
        }
        Ok(answer)
    }
}

fn is_worth_repeating(error: &AmsError, call: &Call) -> bool {
    match error {
        AmsError::Unreachable(_) | AmsError::Failed(_) if matches!(call.sent, CallBody::Form(_)) => false,
        AmsError::Unreachable(_) | AmsError::Failed(_) => true,
        AmsError::RateLimited { retry_after } => retry_after.is_none_or(|wait| wait <= LONGEST_PATIENCE),
        _ => false,
    }
}

fn failure(error: HttpError) -> AmsError {
    match error {
        HttpError::Broken(_) | HttpError::TimedOut => AmsError::Unreachable(error.to_string()),
        HttpError::Redirected | HttpError::TooLarge(_) => AmsError::Unreadable(error.to_string()),
    }
}

/// Seconds, as the AMS is said to write it; a date is not understood, and the budget then chooses the pause.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let seconds = headers.get(RETRY_AFTER)?.to_str().ok()?.trim().parse().ok()?;
    Some(Duration::from_secs(seconds))
}
