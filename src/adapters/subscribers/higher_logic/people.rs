//! People on their way: what is sent of each, and of the companies beside them.

use std::collections::BTreeSet;

use serde_json::Value;

use super::sending::{PushPath, PushRecord};
use super::settings::PushApi;
use super::{HigherLogic, told, v1, v2};
use crate::adapters::subscribers::SendFailure;
use crate::domain::community::{RemovedContact, ToldContact, ToldOrganization};
use crate::domain::deliveries::row::{Flight, FlightEnd};
use crate::domain::deliveries::state::State;

const PATH: PushPath = PushPath { v2: "contactinfo", v1: "members" };

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

    fn organization(&self) -> Option<&ToldOrganization> {
        let PersonRecord::Present(told) = self else { return None };
        told.profile.organization.as_ref().filter(|organization| organization.has_record)
    }
}

impl PushRecord for PersonRecord {
    fn id(&self) -> &str {
        match self {
            PersonRecord::Present(told) => &told.id,
            PersonRecord::Removed(removed) => &removed.id,
            PersonRecord::Unknown | PersonRecord::Unreadable => "",
        }
    }

    fn without_request(&self) -> Option<FlightEnd> {
        match self {
            PersonRecord::Present(_) | PersonRecord::Removed(_) => None,
            PersonRecord::Unknown => Some(FlightEnd::Confirmed("never_told")),
            PersonRecord::Unreadable => Some(FlightEnd::NotNow("unreadable_here".to_owned())),
        }
    }
}

impl HigherLogic {
    /// Tells of these people, each once.
    pub(super) async fn tell(&self, flights: &[Flight]) -> Result<Vec<FlightEnd>, SendFailure> {
        let records: Vec<PersonRecord> =
            flights.iter().map(|flight| PersonRecord::of(&flight.state)).collect();
        self.sender.tell(PATH, &records, |batch| self.records(batch)).await
    }

    /// First the companies of these people, each once, then the people.
    fn records(&self, batch: &[&PersonRecord]) -> Vec<Value> {
        let api = self.sender.settings.api;
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
}
