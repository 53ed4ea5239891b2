//! What a simulator is started with.

use std::net::{Ipv4Addr, SocketAddr};

use jiff::civil::Date;

use super::switches::Switches;

/// What a simulator is started with. [`Settings::demo`] has a value for everything.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Where it listens; port 0 takes any free one.
    pub listen: SocketAddr,
    /// The address by which browsers and clients reach it; none: the bound address.
    pub public_base: Option<String>,
    /// The position of every switch at the start.
    pub switches: Switches,
    /// The day on which the clock starts, at noon of the association; none: now.
    pub today: Option<Date>,
    /// What a client must know.
    pub credentials: Credentials,
}

/// What Higher Logic's staff hand out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Credentials {
    /// Of Push v2.
    pub api_key: String,
    /// Of Push v1: the API gateway key.
    pub gateway_key: String,
    /// Of Push v1, and of v2 where a switch asks for it.
    pub tenant_code: String,
    /// Of the read side: `HLIAMKey`.
    pub iam_key: String,
    /// Of the read side: `HLPassword`.
    pub password: String,
}

impl Credentials {
    /// The values of the demo. They open nothing but a simulator.
    pub fn demo() -> Credentials {
        Credentials {
            api_key: "demo-higher-logic-api-key".to_owned(),
            gateway_key: "demo-higher-logic-gateway-key".to_owned(),
            tenant_code: "DEMO".to_owned(),
            iam_key: "7d2f4c1e-0a5b-4c3d-8e9f-000000000001".to_owned(),
            password: "demo-higher-logic-password".to_owned(),
        }
    }
}

impl Settings {
    /// Any free port of loopback, nobody on file, every switch at its default.
    pub fn demo() -> Settings {
        Settings::demo_on(None)
    }

    /// The same, with the clock on another day.
    pub fn demo_on(day: Option<Date>) -> Settings {
        Settings {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            public_base: None,
            switches: Switches::default(),
            today: day,
            credentials: Credentials::demo(),
        }
    }
}
