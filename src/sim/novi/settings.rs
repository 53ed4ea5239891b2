//! What a simulator is started with.

use std::net::{Ipv4Addr, SocketAddr};

use jiff::civil::Date;

use super::people::{People, cast};
use super::switches::Switches;
use crate::sim::control::today;
use crate::sim::people::Environment;

/// What a simulator is started with. [`Settings::demo`] has a value for everything.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Where the production site listens; port 0 takes any free one.
    pub listen: SocketAddr,
    /// Where the staging site listens.
    pub staging_listen: SocketAddr,
    /// The address by which browsers and clients reach the production site; none: the bound address.
    pub public_base: Option<String>,
    /// Where `/log-out` sends the browser. None: it shows a page.
    pub slo_url: Option<String>,
    /// Who is on file.
    pub people: People,
    /// The position of every switch at the start.
    pub switches: Switches,
    /// The day on which the clock starts, at noon of the association; none: now.
    pub today: Option<Date>,
    /// What a client of the production site must know.
    pub production: Credentials,
    /// What a client of the staging site must know.
    pub staging: Credentials,
}

/// What the back office of a site hands out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Credentials {
    /// Of the client for single sign-on.
    pub client_id: String,
    /// Of the client for single sign-on; a key for HMAC-SHA256 in base64.
    pub client_secret: String,
    /// Sent as it is, behind `Basic`.
    pub api_key: String,
    /// Signs hooks.
    pub hook_secret: String,
}

impl Credentials {
    /// The values of the demo. They open nothing but a simulator.
    pub fn demo(environment: Environment) -> Credentials {
        let (client_id, client_secret, api_key, hook_secret) = match environment {
            Environment::Production => (
                "0c1d9e64-7c1a-4b3f-9a53-3f3a5a3b2d10",
                "ZGVtby1ub3ZpLXByb2R1Y3Rpb24tY2xpZW50LXNlY3I=",
                "ZGVtby1ub3ZpLXByb2R1Y3Rpb24tYXBpLWtleS0wMDA=",
                "demo-novi-production-hooks",
            ),
            Environment::Staging => (
                "5b2f0a11-1d3e-4c58-8f0b-6f9f5d1c7e20",
                "ZGVtby1ub3ZpLXN0YWdpbmctY2xpZW50LXNlY3JldC0=",
                "ZGVtby1ub3ZpLXN0YWdpbmctYXBpLWtleS0wMDAwMDA=",
                "demo-novi-staging-hooks",
            ),
        };
        Credentials {
            client_id: client_id.to_owned(),
            client_secret: client_secret.to_owned(),
            api_key: api_key.to_owned(),
            hook_secret: hook_secret.to_owned(),
        }
    }
}

impl Settings {
    /// Any free ports of loopback, the named cast as of today, every switch at its default.
    pub fn demo() -> Settings {
        Settings::demo_on(None)
    }

    /// The same, with the clock and the cast on another day.
    pub fn demo_on(day: Option<Date>) -> Settings {
        let switches = Switches::default();
        let free = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        Settings {
            listen: free,
            staging_listen: free,
            public_base: None,
            slo_url: None,
            people: cast(day.unwrap_or_else(|| today(&switches.time_zone))),
            switches,
            today: day,
            production: Credentials::demo(Environment::Production),
            staging: Credentials::demo(Environment::Staging),
        }
    }
}
