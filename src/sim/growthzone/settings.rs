//! What a simulator is started with.

use std::net::{Ipv4Addr, SocketAddr};

use jiff::civil::Date;

use super::people::{People, cast};
use super::switches::Switches;
use crate::sim::control::today;

/// What a simulator is started with. [`Settings::demo`] has a value for everything.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Where to listen; port 0 takes any free one.
    pub listen: SocketAddr,
    /// The address by which browsers and clients reach it; none: the bound address.
    pub public_base: Option<String>,
    /// Where its logout sends the browser if the call does not say. None: it shows a page.
    pub slo_url: Option<String>,
    /// The website to which the Info Hub has a link.
    pub site_url: Option<String>,
    /// Who is on file.
    pub people: People,
    /// The position of every switch at the start.
    pub switches: Switches,
    /// The day on which the clock starts, at noon of the association; none: now.
    pub today: Option<Date>,
    /// What a client must know.
    pub credentials: Credentials,
}

/// What the vendor hands out for one association.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Credentials {
    /// Of the client for single sign-on.
    pub client_id: String,
    /// Of the client for single sign-on.
    pub client_secret: String,
    /// Sent behind `ApiKey`.
    pub api_key: String,
    /// Names the association where somebody who is no staff signs in by password.
    pub tenant_key: String,
}

impl Credentials {
    /// The values of the demo. They open nothing but a simulator.
    pub fn demo() -> Credentials {
        Credentials {
            client_id: "membergate-demo".to_owned(),
            client_secret: "demo-growthzone-client-secret".to_owned(),
            api_key: "demo-growthzone-api-key".to_owned(),
            tenant_key: "sample".to_owned(),
        }
    }
}

impl Settings {
    /// Any free port of loopback, the named cast as of today, every switch at its default.
    pub fn demo() -> Settings {
        Settings::demo_on(None)
    }

    /// The same, with the clock and the cast on another day.
    pub fn demo_on(day: Option<Date>) -> Settings {
        let switches = Switches::default();
        Settings {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            public_base: None,
            slo_url: None,
            site_url: None,
            people: cast(day.unwrap_or_else(|| today(&switches.time_zone))),
            switches,
            today: day,
            credentials: Credentials::demo(),
        }
    }
}
