//! A batch of people on its way: in one request, or by halves where the community refuses the batch for one of them.

use std::collections::BTreeSet;
use std::ops::Range;
use std::sync::atomic::Ordering;
use std::time::Duration;

use http::{HeaderMap, HeaderValue};
use secrecy::ExposeSecret as _;
use serde_json::Value;
use tokio::time::Instant;

use super::answer::{self, BatchAnswer, RecordAnswer};
use super::{HigherLogic, PushApi, told, v1, v2};
use crate::adapters::http::HttpError;
use crate::adapters::subscribers::SendFailure;
use crate::domain::community::{RemovedContact, ToldContact, ToldOrganization};
use crate::domain::deliveries::row::{Flight, FlightEnd};
use crate::domain::deliveries::state::State;

/// All requests for a batch together take no longer.
const LONGEST: Duration = Duration::from_secs(32);

/// So many bytes are in one request at most.
const MOST_BYTES: usize = 1024 * 1024;

/// Where so many records in a row are refused and none is taken, the cause is not in the records.
const MOST_REFUSED: u32 = 10;

/// A request without an answer may still be worked at there. Nothing is sent for so long, so that it does not come after what is newer.
const AFTER_SILENCE: Duration = Duration::from_secs(10);

/// What is sent of one person.
enum PersonRecord {
    Present(Box<ToldContact>),
    Removed(RemovedContact),
    /// Nothing: the community never heard of the person.
    Unknown,
    /// What is stored cannot be read; it is replaced when the person is next looked at.
    Unreadable,
}

impl PersonRecord {
    fn of(state: &State) -> PersonRecord {
        match state {
            State::Removed => PersonRecord::Unknown,
            State::RemovedAs { said } => {
                serde_json::from_str(said).map_or(PersonRecord::Unreadable, PersonRecord::Removed)
            }
            State::Present { .. } => {
                told(state).map_or(PersonRecord::Unreadable, |told| PersonRecord::Present(Box::new(told)))
            }
        }
    }

    fn id(&self) -> &str {
        match self {
            PersonRecord::Present(told) => &told.id,
            PersonRecord::Removed(removed) => &removed.id,
            PersonRecord::Unknown | PersonRecord::Unreadable => "",
        }
    }

    fn organization(&self) -> Option<&ToldOrganization> {
        let PersonRecord::Present(told) = self else { return None };
        told.profile.organization.as_ref().filter(|organization| organization.has_record)
    }
}

impl HigherLogic {
    /// Tells of these people, each once.
    pub(super) async fn tell(&self, flights: &[Flight]) -> Result<Vec<FlightEnd>, SendFailure> {
        let records: Vec<PersonRecord> =
            flights.iter().map(|flight| PersonRecord::of(&flight.state)).collect();
        let mut ends: Vec<Option<FlightEnd>> = records.iter().map(end_without_request).collect();
        let sent: Vec<usize> =
            (0..records.len()).filter(|at| ends.get(*at).is_some_and(Option::is_none)).collect();
        let deadline = Instant::now() + LONGEST;
        let whole = 0..sent.len();
        let mut parts: Vec<Range<usize>> =
            Some(whole).filter(|whole| !whole.is_empty()).into_iter().collect();
        let mut trouble = None;
        while let Some(part) = parts.pop() {
            let places = sent.get(part.clone()).unwrap_or_default();
            let batch: Vec<&PersonRecord> = places.iter().filter_map(|at| records.get(*at)).collect();
            let answer = tokio::time::timeout_at(deadline, self.post(&batch)).await;
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

    async fn post(&self, batch: &[&PersonRecord]) -> Result<BatchAnswer, SendFailure> {
        let records = self.records(batch);
        let (path, body) = match self.settings.api {
            PushApi::V2 => ("contactinfo", Value::Array(records)),
            PushApi::V1 => ("members", v1::envelope(self.settings.tenant_code.as_deref(), records)),
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

    /// First the companies of these people, each once, then the people.
    fn records(&self, batch: &[&PersonRecord]) -> Vec<Value> {
        let api = self.settings.api;
        let mut seen: BTreeSet<&str> = batch.iter().map(|record| record.id()).collect();
        let companies = batch.iter().filter_map(|record| record.organization());
        let companies: Vec<&ToldOrganization> =
            companies.filter(|company| seen.insert(&company.id)).collect();
        let companies = companies.into_iter().map(|company| match api {
            PushApi::V2 => v2::company(company),
            PushApi::V1 => v1::company(company),
        });
        let people = batch.iter().filter_map(|record| match (api, record) {
            (PushApi::V2, PersonRecord::Present(told)) => Some(v2::person(told)),
            (PushApi::V1, PersonRecord::Present(told)) => Some(v1::person(told)),
            (PushApi::V2, PersonRecord::Removed(removed)) => Some(v2::removed(removed)),
            (PushApi::V1, PersonRecord::Removed(removed)) => Some(v1::removed(removed)),
            (_, PersonRecord::Unknown | PersonRecord::Unreadable) => None,
        });
        companies.chain(people).collect()
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

fn end_without_request(record: &PersonRecord) -> Option<FlightEnd> {
    match record {
        PersonRecord::Present(_) | PersonRecord::Removed(_) => None,
        PersonRecord::Unknown => Some(FlightEnd::Confirmed("never_told")),
        PersonRecord::Unreadable => Some(FlightEnd::NotNow("unreadable_here".to_owned())),
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
