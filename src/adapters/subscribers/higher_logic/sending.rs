//! A batch of records on its way: in one request, or by halves where the community refuses the batch for one of them.

use std::ops::Range;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use http::{HeaderMap, HeaderValue};
use secrecy::ExposeSecret as _;
use serde_json::Value;
use tokio::time::Instant;

use super::answer::{self, BatchAnswer, RecordAnswer};
use super::settings::{PushApi, PushSettings};
use super::v1;
use crate::adapters::http::{HttpClient, HttpError, HttpLimits};
use crate::adapters::subscribers::SendFailure;
use crate::domain::deliveries::row::FlightEnd;

/// All requests for a batch together take no longer.
const LONGEST: Duration = Duration::from_secs(32);

/// So many bytes are in one request at most.
const MOST_BYTES: usize = 1024 * 1024;

/// Where so many records in a row are refused and none is taken, the cause is not in the records.
const MOST_REFUSED: u32 = 10;

/// A request without an answer may still be worked at there. Nothing is sent for so long, so that it does not come after what is newer.
const AFTER_SILENCE: Duration = Duration::from_secs(10);

/// Something that is sent, or not.
pub(super) trait PushRecord: Sync {
    /// Its key there.
    fn id(&self) -> &str;

    /// How it ends without a request, if it does.
    fn without_request(&self) -> Option<FlightEnd>;
}

/// Where records of a kind are sent, below the base address.
#[derive(Debug, Clone, Copy)]
pub(super) struct PushPath {
    pub(super) v2: &'static str,
    pub(super) v1: &'static str,
}

/// The way to the Push API.
pub(super) struct PushSender {
    pub(super) settings: PushSettings,
    http: HttpClient,
    /// So many records in a row were refused, since one was taken.
    refused_in_a_row: AtomicU32,
}

impl PushSender {
    /// Fails when the machine's TLS certificate store cannot be opened.
    pub(super) fn new(limits: HttpLimits, settings: PushSettings) -> Result<PushSender, HttpError> {
        Ok(PushSender { settings, http: HttpClient::new(limits)?, refused_in_a_row: AtomicU32::new(0) })
    }

    /// Tells of these, each once. `write` writes a batch in the words of the API.
    pub(super) async fn tell<R: PushRecord>(
        &self,
        path: PushPath,
        records: &[R],
        write: impl Fn(&[&R]) -> Vec<Value> + Sync,
    ) -> Result<Vec<FlightEnd>, SendFailure> {
        let mut ends: Vec<Option<FlightEnd>> = records.iter().map(PushRecord::without_request).collect();
        let sent: Vec<usize> =
            (0..records.len()).filter(|at| ends.get(*at).is_some_and(Option::is_none)).collect();
        let deadline = Instant::now() + LONGEST;
        let whole = 0..sent.len();
        let mut parts: Vec<Range<usize>> =
            Some(whole).filter(|whole| !whole.is_empty()).into_iter().collect();
        let mut trouble = None;
        while let Some(part) = parts.pop() {
            let places = sent.get(part.clone()).unwrap_or_default();
            let batch: Vec<&R> = places.iter().filter_map(|at| records.get(*at)).collect();
            let answer = tokio::time::timeout_at(deadline, self.post(path, &batch, write(&batch))).await;
            let answer = answer.unwrap_or_else(|_| Err(silent()));
            match answer {
                Ok(BatchAnswer::Each(answers)) => {
                    for (at, answer) in places.iter().zip(answers) {
                        put(&mut ends, *at, self.end(answer));
                    }
                }
                Ok(BatchAnswer::NotAsWhole(word)) if batch.len() <= 1 => match self.refused(word) {
                    Ok(end) => places.iter().for_each(|at| put(&mut ends, *at, end.clone())),
                    Err(failure) => {
                        trouble = Some(failure);
                        break;
                    }
                },
                Ok(BatchAnswer::NotAsWhole(_)) => {
                    let middle = part.start + part.len() / 2;
                    parts.extend([middle..part.end, part.start..middle]);
                }
                Err(failure) => {
                    trouble = Some(failure);
                    break;
                }
            }
        }
        let is_anything_known = sent.iter().any(|at| ends.get(*at).is_some_and(Option::is_some));
        match trouble {
            Some(failure) if !is_anything_known => Err(failure),
            trouble => {
                let said = match trouble {
                    Some(SendFailure::Failed { said, .. }) => said,
                    Some(SendFailure::TooLarge) | None => "no answer".to_owned(),
                };
                Ok(ends
                    .into_iter()
                    .map(|end| end.unwrap_or_else(|| FlightEnd::NoAnswer(said.clone())))
                    .collect())
            }
        }
    }

    fn end(&self, answer: RecordAnswer) -> FlightEnd {
        match answer {
            RecordAnswer::Taken => {
                self.refused_in_a_row.store(0, Ordering::Relaxed);
                FlightEnd::Confirmed("accepted")
            }
            RecordAnswer::NotNow(word) => FlightEnd::NotNow(word.to_owned()),
            RecordAnswer::Refused(word) => {
                self.refused(word).unwrap_or_else(|_| FlightEnd::NotNow(word.to_owned()))
            }
        }
    }

    /// One record is refused, and would be the next time, unless all of them are.
    fn refused(&self, word: &'static str) -> Result<FlightEnd, SendFailure> {
        if self.refused_in_a_row.fetch_add(1, Ordering::Relaxed) < MOST_REFUSED {
            return Ok(FlightEnd::Refused(word.to_owned()));
        }
        Err(SendFailure::Failed { said: format!("every record is refused: {word}"), retry_after: None })
    }

    async fn post<R: PushRecord>(
        &self,
        path: PushPath,
        batch: &[&R],
        records: Vec<Value>,
    ) -> Result<BatchAnswer, SendFailure> {
        let (path, body) = match self.settings.api {
            PushApi::V2 => (path.v2, Value::Array(records)),
            PushApi::V1 => (path.v1, v1::envelope(self.settings.tenant_code.as_deref(), records)),
        };
        let body = serde_json::to_vec(&body).unwrap_or_default();
        if body.len() > MOST_BYTES {
            return Ok(BatchAnswer::NotAsWhole("too_large"));
        }
        let mut url = self.settings.url.clone();
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.pop_if_empty().push(path);
        }
        let answer = self.http.post_json(url, self.headers()?, body.into()).await.map_err(failed)?;
        let ids: Vec<&str> = batch.iter().map(|record| record.id()).collect();
        match self.settings.api {
            PushApi::V2 => answer::of_v2(&answer, &ids),
            PushApi::V1 => answer::of_v1(&answer, &ids),
        }
    }

    fn headers(&self) -> Result<HeaderMap, SendFailure> {
        let value = |text: &str| {
            let mut value = HeaderValue::from_str(text).map_err(|_| SendFailure::Failed {
                said: "the key cannot be sent".to_owned(),
                retry_after: None,
            })?;
            value.set_sensitive(true);
            Ok(value)
        };
        let settings = &self.settings;
        let mut headers = HeaderMap::new();
        headers.insert(settings.key_header.clone(), value(settings.api_key.expose_secret())?);
        if let (PushApi::V2, Some(code)) = (settings.api, &settings.tenant_code) {
            headers.insert("tenantcode", value(code)?);
        }
        Ok(headers)
    }
}

fn put(ends: &mut [Option<FlightEnd>], at: usize, end: FlightEnd) {
    if let Some(place) = ends.get_mut(at) {
        *place = Some(end);
    }
}

fn silent() -> SendFailure {
    let said = "no answer within the time limit".to_owned();
    SendFailure::Failed { said, retry_after: Some(AFTER_SILENCE) }
}

fn failed(error: HttpError) -> SendFailure {
    match error {
        HttpError::TimedOut => silent(),
        error => SendFailure::Failed { said: error.to_string(), retry_after: None },
    }
}
