//! The client of GrowthZone against the simulated one, over real sockets, and the gateway in front of it.

mod click_through;
mod directory;
mod gateway;
mod people;
mod records;
mod sign_in;

use std::sync::Arc;

use membergate::adapters::ams::allowed_hosts::AllowedHosts;
use membergate::adapters::ams::growthzone::{GrowthZone, GrowthZoneHost, StatusWords};
use membergate::adapters::ams::{Ams as _, AmsError, Keep, LoginStart};
use membergate::adapters::budget::{Budget, MemoryLedger, Priority};
use membergate::adapters::clock::SystemClock;
use membergate::adapters::http::{HttpClient, HttpLimits};
use membergate::domain::budget::Rate;
use membergate::domain::parts::Part;
use membergate::domain::record::{IndividualId, Parts, Record};
use membergate::domain::rule::Code;
use membergate::sim::growthzone::{self as sim, Simulator};
use membergate::sim::people::PASSWORD;
use url::Url;

use crate::world::{Page, Visitor};

pub const DANA: &str = "1001001";
pub const MAREK: &str = "1001002";
pub const NOOR: &str = "1001015";
pub const ACME: &str = "1000042";
const CALLBACK: &str = "https://www.acme.example/_gate/callback";

/// A simulator without its rate limit, and a client of it.
pub struct World {
    pub sim: Simulator,
    pub client: GrowthZone,
}

impl World {
    pub async fn start(switches: &[&str]) -> World {
        World::with(switches, |_| {}).await
    }

    pub async fn with(switches: &[&str], change: impl FnOnce(&mut GrowthZoneHost)) -> World {
        let mut settings = sim::Settings::demo();
        for switch in ["rate_limit=off"].iter().chain(switches) {
            settings.switches.set(switch).unwrap();
        }
        let sim = Simulator::start(settings).await.unwrap();
        let rate = Rate::new(1_000, 100_000);
        let budget = Arc::new(Budget::new(rate, Arc::<MemoryLedger>::default(), Arc::new(SystemClock)));
        let http = HttpClient::new(HttpLimits::default()).unwrap();
        let mut host = host("production", &sim.base_url());
        change(&mut host);
        let client = GrowthZone::new(host, http, budget, Arc::new(SystemClock));
        World { sim, client }
    }

    pub fn switch(&self, assignment: &str) {
        self.sim.control().set_switch(assignment).unwrap();
    }

    pub fn calls(&self, endpoint: sim::Endpoint) -> u64 {
        self.sim.control().calls(endpoint)
    }

    /// Begins a login, as the gateway does for a browser.
    pub async fn begin(&self) -> LoginStart {
        self.client.begin(&Url::parse(CALLBACK).unwrap(), "the-state").await.unwrap()
    }

    /// Signs a browser in at the Info Hub; the parameters with which it comes back.
    pub async fn come_back(&self, location: &Url, username: &str) -> String {
        let mut visitor = Visitor::new(&[]);
        let back = to_the_return(&mut visitor, location, username).await;
        back.query().unwrap().to_owned()
    }

    /// A whole sign-in.
    pub async fn sign_in(&self, username: &str) -> Result<Record, AmsError> {
        let LoginStart { location, keep } = self.begin().await;
        let parameters = self.come_back(&location, username).await;
        self.redeem(&parameters, &keep).await
    }

    pub async fn redeem(&self, parameters: &str, keep: &Keep) -> Result<Record, AmsError> {
        let arrival = self.client.arrival(parameters, keep).unwrap();
        Ok(self.client.redeem(&arrival, everything(), Priority::Person).await?.record)
    }

    pub async fn read(&self, id: &str) -> Record {
        self.try_read(id).await.unwrap().unwrap()
    }

    pub async fn try_read(&self, id: &str) -> Result<Option<Record>, AmsError> {
        self.client.read(&IndividualId::parse(id).unwrap(), everything(), Priority::Refresh).await
    }
}

/// From the login's address over form and consent to the address of the return.
pub async fn to_the_return(visitor: &mut Visitor, location: impl AsRef<str>, username: &str) -> Url {
    let asked = visitor.get(location).await;
    let form = asked.location().unwrap_or_else(|| panic!("no login: {}", asked.text));
    let sent = visitor.post(form, &[("username", username), ("password", PASSWORD)]).await;
    let page = visitor.get(sent.location().unwrap_or_else(|| panic!("{}", sent.text))).await;
    let page = granted(visitor, page).await;
    page.location().unwrap_or_else(|| panic!("{}", page.text))
}

/// Answers the question for consent, if that is what the page asks.
pub async fn granted(visitor: &mut Visitor, page: Page) -> Page {
    if !page.text.contains("id=\"grant\"") {
        return page;
    }
    visitor.post(page.url.as_str(), &[("grant", "yes")]).await
}

pub fn everything() -> Parts {
    let mut parts = Parts {
        security_roles: true,
        custom_fields: true,
        registrations: true,
        purchases: true,
        certifications: true,
        relationships: true,
        groups: true,
        ..Parts::default()
    };
    for list in ["Safety Committee", "Board"] {
        parts.add(Part::Committees, Code::parse(list).as_ref());
    }
    parts
}

pub fn host(name: &str, base: &str) -> GrowthZoneHost {
    let credentials = sim::Credentials::demo();
    let url = Url::parse(base).unwrap();
    let named = format!("{}:{}", url.host_str().unwrap(), url.port().unwrap());
    GrowthZoneHost {
        name: name.into(),
        hosts: AllowedHosts::parse(&[named], true).unwrap(),
        host: url,
        client_id: credentials.client_id,
        client_secret: credentials.client_secret.into(),
        api_key: credentials.api_key.into(),
        metadata: None,
        nonce_required: false,
        statuses: StatusWords::default(),
        canary: None,
    }
}
