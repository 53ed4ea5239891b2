//! The AMSs that are known: the one place that names them all.
//!
//! A new one is a variant of each enum here, a folder beside this file, and its keys in the configuration.

use std::sync::Arc;

use serde_json::{Map, Value};

use super::growthzone::{self, GrowthZone};
use super::novi::{self, Novi};
use super::re_members::{self, ReMembers};
use super::reading::AmsReading;
use super::{AmsError, NoRecord};
use crate::adapters::ams::contact_wanted::ContactWanted;
use crate::adapters::budget::Budget;
use crate::adapters::clock::SharedClock;
use crate::adapters::http::HttpClient;
use crate::domain::budget::Rate;
use crate::domain::record::Record;
use crate::domain::supplied::Supplied;
use crate::domain::time::Timestamp;

/// Which AMS it is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Kind {
    /// re:Members, formerly Impexium.
    #[default]
    ReMembers,
    /// Novi.
    Novi,
    /// GrowthZone.
    GrowthZone,
}

impl Kind {
    /// Every kind, with its name in files.
    pub const ALL: [(&str, Kind); 3] =
        [(re_members::KIND, Kind::ReMembers), (novi::KIND, Kind::Novi), (growthzone::KIND, Kind::GrowthZone)];

    /// Its name in files.
    pub fn name(self) -> &'static str {
        match self {
            Kind::ReMembers => re_members::KIND,
            Kind::Novi => novi::KIND,
            Kind::GrowthZone => growthzone::KIND,
        }
    }

    /// How often it may be called, unless the configuration says otherwise.
    pub fn rate(self) -> Rate {
        match self {
            Kind::ReMembers => re_members::RATE,
            Kind::Novi => novi::RATE,
            Kind::GrowthZone => growthzone::RATE,
        }
    }

    /// What it knows of people, and what it lists.
    pub fn supplied(self) -> Supplied {
        match self {
            Kind::ReMembers => re_members::SUPPLIES.supplied,
            Kind::Novi => novi::SUPPLIES.supplied,
            Kind::GrowthZone => growthzone::SUPPLIES.supplied,
        }
    }

    /// Reads a line of a file of records: what this AMS says about one individual, in the shapes in which it says it.
    /// A part that stands neither beside the individual nor inside it is absent, not unread.
    pub fn record(self, line: Map<String, Value>, as_of: Timestamp) -> Result<Record, NoRecord> {
        match self {
            Kind::ReMembers => re_members::wire::line::record(line, as_of),
            Kind::Novi => novi::wire::line::record(line, as_of),
            Kind::GrowthZone => growthzone::wire::line::record(line, as_of),
        }
    }
}

/// What one environment of the association's AMS needs, by kind.
#[derive(Debug, Clone)]
pub enum AmsSettings {
    /// re:Members.
    ReMembers(re_members::Environment),
    /// Novi.
    Novi(novi::NoviSite),
    /// GrowthZone.
    GrowthZone(growthzone::GrowthZoneHost),
}

impl AmsSettings {
    /// The environment: `production`, `staging`.
    pub fn name(&self) -> &str {
        match self {
            AmsSettings::ReMembers(environment) => &environment.name,
            AmsSettings::Novi(environment) => &environment.name,
            AmsSettings::GrowthZone(environment) => &environment.name,
        }
    }

    /// Under what is kept what was read there: of each AMS apart, so that another one finds neither sessions nor records.
    pub fn environment(&self) -> String {
        match self {
            AmsSettings::ReMembers(environment) => environment.name.clone(),
            AmsSettings::Novi(environment) => environment.kept_under(),
            AmsSettings::GrowthZone(environment) => environment.kept_under(),
        }
    }

    /// Which AMS it is.
    pub fn kind(&self) -> Kind {
        match self {
            AmsSettings::ReMembers(_) => Kind::ReMembers,
            AmsSettings::Novi(_) => Kind::Novi,
            AmsSettings::GrowthZone(_) => Kind::GrowthZone,
        }
    }

    /// A client that has made no call yet. All clients of an installation share one budget. `reads_contact`: whether it reads what a
    /// profile says for a community ([`Record::contact`]).
    pub fn client(
        self,
        reads_contact: ContactWanted,
        http: HttpClient,
        budget: Arc<Budget>,
        clock: SharedClock,
    ) -> Arc<dyn AmsReading> {
        match self {
            AmsSettings::ReMembers(environment) => {
                Arc::new(ReMembers::new(environment, http, budget, clock).reading_contact(reads_contact))
            }
            AmsSettings::Novi(environment) => {
                Arc::new(Novi::new(environment, http, budget, clock).reading_contact(reads_contact))
            }
            AmsSettings::GrowthZone(environment) => {
                Arc::new(GrowthZone::new(environment, http, budget, clock).reading_contact(reads_contact))
            }
        }
    }

    /// Every key of the environment's section with its value, secrets too: to notice that one has changed.
    pub fn values(&self) -> Vec<(&'static str, Vec<u8>)> {
        match self {
            AmsSettings::ReMembers(environment) => environment.values(),
            AmsSettings::Novi(environment) => environment.values(),
            AmsSettings::GrowthZone(environment) => environment.values(),
        }
    }

    /// Keys of the section `[ams]` that only this kind of AMS has, each with its value.
    pub fn shared_values(&self) -> Vec<(String, Vec<u8>)> {
        match self {
            AmsSettings::ReMembers(_) | AmsSettings::Novi(_) => Vec::new(),
            AmsSettings::GrowthZone(environment) => environment.shared_values(),
        }
    }

    /// What is probably a mistake: the key, what is wrong, and what to do.
    pub fn doubt(&self) -> Option<(&'static str, String, String)> {
        match self {
            AmsSettings::ReMembers(environment) => environment.doubt(),
            AmsSettings::Novi(environment) => environment.doubt(),
            AmsSettings::GrowthZone(environment) => environment.doubt(),
        }
    }

    /// What the operator can do about an error, in terms of the environment's section.
    pub fn remedy(&self, error: &AmsError) -> String {
        match self {
            AmsSettings::ReMembers(environment) => environment.remedy(error),
            AmsSettings::Novi(environment) => environment.remedy(error),
            AmsSettings::GrowthZone(environment) => environment.remedy(error),
        }
    }
}
