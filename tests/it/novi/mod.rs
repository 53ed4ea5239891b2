//! The client of Novi against the simulated one, over real sockets, and the gateway in front of it.

mod administer;
mod click_through;
mod directory;
mod gateway;
mod people;
mod records;
mod sign_in;

use std::sync::Arc;
use std::time::Duration;

use membergate::adapters::ams::allowed_hosts::AllowedHosts;
use membergate::adapters::ams::novi::{Novi, NoviSite};
use membergate::adapters::ams::openid::IdTokenAlgorithm;
use membergate::adapters::ams::{Ams as _, AmsError, Keep, LoginStart};
use membergate::adapters::budget::{Budget, MemoryLedger, Priority};
use membergate::adapters::clock::SystemClock;
use membergate::adapters::http::{HttpClient, HttpLimits};
use membergate::domain::budget::Rate;
use membergate::domain::record::{IndividualId, Parts, Record};
use membergate::sim::novi::{self as sim, Simulator};
use membergate::sim::people::{Environment, PASSWORD};
use url::Url;

use crate::world::Visitor;

pub const DANA: &str = "6a6f5f2e-0001-4222-8333-444455550001";
pub const MAREK: &str = "6a6f5f2e-0002-4222-8333-444455550002";
pub const NOOR: &str = "6a6f5f2e-0018-4222-8333-444455550018";
pub const DANAS_EMAIL: &str = "dana.ruiz@people.example";
const CALLBACK: &str = "https://www.acme.example/_gate/callback";

/// A simulator without its rate limit, and a client of each of its sites.
pub struct World {
    pub sim: Simulator,
    pub production: Novi,
    pub staging: Novi,
}

impl World {
    pub async fn start(switches: &[&str]) -> World {
        World::with_algorithm(switches, IdTokenAlgorithm::Hs256).await
    }

    pub async fn with_algorithm(switches: &[&str], algorithm: IdTokenAlgorithm) -> World {
        let mut settings = sim::Settings::demo();
        for switch in ["rate_limit=off"].iter().chain(switches) {
            settings.switches.set(switch).unwrap();
        }
        let sim = Simulator::start(settings).await.unwrap();
        let rate = Rate::new(1_000, 100_000);
        let budget = Arc::new(Budget::new(rate, Arc::<MemoryLedger>::default(), Arc::new(SystemClock)));
        let http = HttpClient::new(HttpLimits::default()).unwrap();
        let client = |name: &str, base: &str, of| {
            let site = site(name, base, of, algorithm);
            Novi::new(site, http.clone(), Arc::clone(&budget), Arc::new(SystemClock))
        };
        let production = client("production", &sim.base_url(), Environment::Production);
        let staging = client("staging", &sim.staging_url(), Environment::Staging);
        World { sim, production, staging }
    }

    pub fn switch(&self, assignment: &str) {
        self.sim.control().set_switch(assignment).unwrap();
    }

    /// Begins a login, as the gateway does for a browser.
    pub async fn begin(&self) -> LoginStart {
        self.production.begin(&Url::parse(CALLBACK).unwrap(), "the-state").await.unwrap()
    }

    /// Signs a browser in at the site; the parameters with which it comes back.
    pub async fn come_back(&self, location: &Url, email: &str) -> String {
        let mut visitor = Visitor::new(&[]);
        let asked = visitor.get(location).await;
        let form = asked.location().unwrap_or_else(|| panic!("no login: {}", asked.text));
        let sent = visitor.post(form, &[("email", email), ("password", PASSWORD)]).await;
        let back = visitor.get(sent.location().unwrap_or_else(|| panic!("{}", sent.text))).await;
        back.location().unwrap_or_else(|| panic!("{}", back.text)).query().unwrap().to_owned()
    }

    /// A whole sign-in.
    pub async fn sign_in(&self, email: &str) -> Result<Record, AmsError> {
        let LoginStart { location, keep } = self.begin().await;
        let parameters = self.come_back(&location, email).await;
        self.redeem(&parameters, &keep).await
    }

    pub async fn redeem(&self, parameters: &str, keep: &Keep) -> Result<Record, AmsError> {
        let arrival = self.production.arrival(parameters, keep).unwrap();
        Ok(self.production.redeem(&arrival, everything(), Priority::Person).await?.record)
    }

    pub async fn read(&self, id: &str) -> Record {
        self.try_read(id).await.unwrap().unwrap()
    }

    pub async fn try_read(&self, id: &str) -> Result<Option<Record>, AmsError> {
        self.production.read(&IndividualId::parse(id).unwrap(), everything(), Priority::Refresh).await
    }
}

pub fn everything() -> Parts {
    Parts {
        security_roles: true,
        custom_fields: true,
        committees: true,
        registrations: true,
        purchases: true,
        certifications: true,
        relationships: true,
        groups: true,
        ..Parts::default()
    }
}

pub fn site(name: &str, base: &str, of: Environment, algorithm: IdTokenAlgorithm) -> NoviSite {
    let credentials = sim::Credentials::demo(of);
    let site = Url::parse(base).unwrap();
    let host = format!("{}:{}", site.host_str().unwrap(), site.port().unwrap());
    NoviSite {
        name: name.into(),
        hosts: AllowedHosts::parse(&[host], true).unwrap(),
        site,
        client_id: credentials.client_id,
        client_secret: credentials.client_secret.into(),
        api_key: credentials.api_key.into(),
        algorithm,
        canary: None,
    }
}
