//! What a simulator is started with.

use std::net::{Ipv4Addr, SocketAddr};

use jiff::civil::Date;

use super::switches::Switches;
use crate::sim::control::today;
use crate::sim::people::{Environment, People, cast};

/// What a simulator is started with. [`Settings::demo`] has a value for everything.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Where to listen; port 0 takes any free one.
    pub listen: SocketAddr,
    /// The address by which browsers and clients reach it, such as `http://localhost:8081`; none: the bound address.
    pub public_base: Option<String>,
    /// The logout redirect: where `logout.aspx` sends the browser. None: it shows a page.
    pub slo_url: Option<String>,
    /// Who is on file.
    pub people: People,
    /// The position of every switch at the start.
    pub switches: Switches,
    /// The day on which the clock starts, at noon of the association; none: now.
    pub today: Option<Date>,
    /// What a client of the production environment must know.
    pub production: Credentials,
    /// What a client of the staging environment must know.
    pub staging: Credentials,
}

/// The six values that the vendor hands out for one environment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Credentials {
    /// Step 1, and it selects the environment.
    pub app_name: String,
    /// Step 1.
    pub app_key: String,
    /// Step 2; in practice the same as `app_name`.
    pub app_id: String,
    /// Step 2; in practice the same as `app_key`.
    pub app_password: String,
    /// The integration user's e-mail.
    pub user_email: String,
    /// The integration user's password.
    pub user_password: String,
}

impl Credentials {
    /// The values of the demo. They open nothing but a simulator.
    pub fn demo(environment: Environment) -> Credentials {
        let (name, key) = match environment {
            Environment::Production => ("acmeGatewayLIVE", "demoLiveKey00001"),
            Environment::Staging => ("acmeGatewayStaging", "demoStagingKey01"),
        };
        Credentials {
            app_name: name.to_owned(),
            app_key: key.to_owned(),
            app_id: name.to_owned(),
            app_password: key.to_owned(),
            user_email: "gateway_integration@acme.example".to_owned(),
            user_password: format!("{key}-user"),
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
            people: cast(day.unwrap_or_else(|| today(&switches.time_zone))),
            switches,
            today: day,
            production: Credentials::demo(Environment::Production),
            staging: Credentials::demo(Environment::Staging),
        }
    }
}
