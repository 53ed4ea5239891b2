//! The simulated AMS of a demo, whichever it is.

use std::io;
use std::net::SocketAddr;

use clap::ValueEnum;

use crate::cli::shared::{CommandFailure, because};
use crate::sim::control::ControlListener;
use crate::sim::people::Environment;
use crate::sim::{growthzone, novi, re_members};

/// Which AMS a demo has.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum DemoAms {
    /// re:Members.
    #[default]
    Remembers,
    /// Novi.
    Novi,
    /// GrowthZone.
    #[value(name = "growthzone")]
    GrowthZone,
}

/// Who is worth trying, by e-mail address and for what.
const REMEMBERS_CAST: &[(&str, &str)] = &[
    ("jane.marlowe@harborlabs.example", "chairs the education committee"),
    ("tomas.lindqvist@people.example", "first membership lapsed, second is current"),
    ("marisol.okafor@harborlabs.example", "member through her employer"),
    ("sam.osei@acme.example", "staff: may open the administration"),
    ("nils.frost@people.example", "not a member: is told what is missing"),
    ("una.strand@people.example", "not approved: is not let in"),
];

const NOVI_CAST: &[(&str, &str)] = &[
    ("dana.ruiz@people.example", "chairs the safety committee"),
    ("marek.holt@acmebuilders.example", "member through his company"),
    ("greta.fenwick@people.example", "expired, and in her grace period"),
    ("ada.quill@assoc.example", "staff: may open the administration"),
    ("nils.frost@people.example", "not a member: is told what is missing"),
    ("una.strand@people.example", "not approved: no member yet"),
];

const GROWTHZONE_CAST: &[(&str, &str)] = &[
    ("druiz", "chairs the safety committee"),
    ("mholt", "member through his company"),
    ("nhaddad", "certified planner, comes to the annual meeting"),
    ("aquill", "staff: may open the administration"),
    ("eostrow", "dropped, and can still sign in: is told what is missing"),
    ("ustrand", "waits for approval: no member yet"),
];

/// A running simulator.
pub(super) enum SimulatedAms {
    /// re:Members.
    Remembers(re_members::Simulator),
    /// Novi.
    Novi(novi::Simulator),
    /// GrowthZone.
    GrowthZone(growthzone::Simulator),
}

impl SimulatedAms {
    /// Starts one. The inner error is about the address.
    pub(super) async fn start(
        which: DemoAms,
        listen: SocketAddr,
        slo_url: String,
    ) -> Result<io::Result<SimulatedAms>, CommandFailure> {
        Ok(match which {
            DemoAms::Remembers => {
                let mut settings = re_members::Settings::demo();
                (settings.listen, settings.slo_url) = (listen, Some(slo_url));
                settings.switches.set("show_people=on").map_err(because)?;
                re_members::Simulator::start(settings).await.map(SimulatedAms::Remembers)
            }
            DemoAms::Novi => {
                let mut settings = novi::Settings::demo();
                (settings.listen, settings.slo_url) = (listen, Some(slo_url));
                settings.switches.set("show_people=on").map_err(because)?;
                novi::Simulator::start(settings).await.map(SimulatedAms::Novi)
            }
            DemoAms::GrowthZone => {
                let mut settings = growthzone::Settings::demo();
                settings.site_url = slo_url.strip_suffix("/_gate/slo").map(str::to_owned);
                (settings.listen, settings.slo_url) = (listen, Some(slo_url));
                settings.switches.set("show_people=on").map_err(because)?;
                growthzone::Simulator::start(settings).await.map(SimulatedAms::GrowthZone)
            }
        })
    }

    /// Opens its control.
    pub(super) async fn listen(&self, address: SocketAddr) -> io::Result<ControlListener> {
        match self {
            SimulatedAms::Remembers(ams) => ams.control().listen(address).await,
            SimulatedAms::Novi(ams) => ams.control().listen(address).await,
            SimulatedAms::GrowthZone(ams) => ams.control().listen(address).await,
        }
    }

    /// Where it is.
    pub(super) fn base_url(&self) -> String {
        match self {
            SimulatedAms::Remembers(ams) => ams.base_url(),
            SimulatedAms::Novi(ams) => ams.base_url(),
            SimulatedAms::GrowthZone(ams) => ams.base_url(),
        }
    }

    /// The page on which it has its own way out.
    pub(super) fn profile_page(&self) -> String {
        match self {
            SimulatedAms::Remembers(ams) => format!("{}/my-profile", ams.base_url()),
            SimulatedAms::Novi(ams) => format!("{}/", ams.base_url()),
            SimulatedAms::GrowthZone(ams) => format!("{}/", ams.base_url()),
        }
    }

    /// Who is worth trying.
    pub(super) fn cast(&self) -> &'static [(&'static str, &'static str)] {
        match self {
            SimulatedAms::Remembers(_) => REMEMBERS_CAST,
            SimulatedAms::Novi(_) => NOVI_CAST,
            SimulatedAms::GrowthZone(_) => GROWTHZONE_CAST,
        }
    }

    /// The gateway's configuration, with names in braces to fill in.
    pub(super) fn configuration(&self) -> &'static str {
        match self {
            SimulatedAms::Remembers(_) => include_str!("../../../config/demo/membergate.toml"),
            SimulatedAms::Novi(_) => include_str!("../../../config/demo/novi.toml"),
            SimulatedAms::GrowthZone(_) => include_str!("../../../config/demo/growthzone.toml"),
        }
    }

    /// Its rules file: how the configuration calls it, and what it says.
    pub(super) fn rules(&self) -> (&'static str, &'static str) {
        match self {
            SimulatedAms::Remembers(_) => ("rules.toml", include_str!("../../../config/demo/rules.toml")),
            SimulatedAms::Novi(_) => {
                ("novi-rules.toml", include_str!("../../../config/demo/novi-rules.toml"))
            }
            SimulatedAms::GrowthZone(_) => {
                ("growthzone-rules.toml", include_str!("../../../config/demo/growthzone-rules.toml"))
            }
        }
    }

    /// What the configuration names of the environment.
    pub(super) fn variables(&self) -> Vec<(&'static str, String)> {
        match self {
            SimulatedAms::Remembers(_) => {
                let own = re_members::Credentials::demo(Environment::Production);
                vec![
                    ("APP_NAME", own.app_name),
                    ("APP_KEY", own.app_key),
                    ("USER_EMAIL", own.user_email),
                    ("USER_PASSWORD", own.user_password),
                ]
            }
            SimulatedAms::Novi(_) => {
                let own = novi::Credentials::demo(Environment::Production);
                vec![
                    ("CLIENT_ID", own.client_id),
                    ("CLIENT_SECRET", own.client_secret),
                    ("API_KEY", own.api_key),
                ]
            }
            SimulatedAms::GrowthZone(_) => {
                let own = growthzone::Credentials::demo();
                vec![
                    ("CLIENT_ID", own.client_id),
                    ("CLIENT_SECRET", own.client_secret),
                    ("API_KEY", own.api_key),
                ]
            }
        }
    }

    /// Ends it.
    pub(super) async fn stop(self) {
        match self {
            SimulatedAms::Remembers(ams) => ams.stop().await,
            SimulatedAms::Novi(ams) => ams.stop().await,
            SimulatedAms::GrowthZone(ams) => ams.stop().await,
        }
    }
}
