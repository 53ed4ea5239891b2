//! The simulated AMS of a demo, whichever it is.

use std::io;
use std::net::SocketAddr;

use clap::ValueEnum;

use crate::adapters::keys::random;
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

/// What ends the address at which the gateway is told of changes.
pub(super) struct HookSecret(String);

/// A running simulator.
pub(super) enum SimulatedAms {
    /// re:Members.
    Remembers(re_members::Simulator),
    /// Novi.
    Novi(novi::Simulator, HookSecret),
    /// GrowthZone.
    GrowthZone(growthzone::Simulator),
}

impl SimulatedAms {
    /// Starts one for the gateway at this origin. The inner error is about the address.
    pub(super) async fn start(
        which: DemoAms,
        listen: SocketAddr,
        origin: &str,
    ) -> Result<io::Result<SimulatedAms>, CommandFailure> {
        let slo_url = format!("{origin}/_gate/slo");
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
                let secret = random::token().map_err(because)?;
                let hook = format!("webhook_url={origin}/_gate/hooks/{secret}");
                settings.switches.set(&hook).map_err(because)?;
                let started = novi::Simulator::start(settings).await;
                started.map(|ams| SimulatedAms::Novi(ams, HookSecret(secret)))
            }
            DemoAms::GrowthZone => {
                let mut settings = growthzone::Settings::demo();
                settings.site_url = Some(origin.to_owned());
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
            SimulatedAms::Novi(ams, _) => ams.control().listen(address).await,
            SimulatedAms::GrowthZone(ams) => ams.control().listen(address).await,
        }
    }

    /// Where it is.
    pub(super) fn base_url(&self) -> String {
        match self {
            SimulatedAms::Remembers(ams) => ams.base_url(),
            SimulatedAms::Novi(ams, _) => ams.base_url(),
            SimulatedAms::GrowthZone(ams) => ams.base_url(),
        }
    }

    /// The page on which it has its own way out.
    pub(super) fn profile_page(&self) -> String {
        match self {
            SimulatedAms::Remembers(ams) => format!("{}/my-profile", ams.base_url()),
            SimulatedAms::Novi(ams, _) => format!("{}/", ams.base_url()),
            SimulatedAms::GrowthZone(ams) => format!("{}/", ams.base_url()),
        }
    }

    /// Who is worth trying.
    pub(super) fn cast(&self) -> &'static [(&'static str, &'static str)] {
        match self {
            SimulatedAms::Remembers(_) => REMEMBERS_CAST,
            SimulatedAms::Novi(..) => NOVI_CAST,
            SimulatedAms::GrowthZone(_) => GROWTHZONE_CAST,
        }
    }

    /// The gateway's configuration, with names in braces to fill in.
    pub(super) fn configuration(&self) -> &'static str {
        match self {
            SimulatedAms::Remembers(_) => include_str!("../../../config/demo/membergate.toml"),
            SimulatedAms::Novi(..) => include_str!("../../../config/demo/novi.toml"),
            SimulatedAms::GrowthZone(_) => include_str!("../../../config/demo/growthzone.toml"),
        }
    }

    /// How soon a change is in force elsewhere.
    pub(super) fn delay(&self) -> &'static str {
        match self {
            SimulatedAms::Novi(..) => "a few seconds: Novi calls the gateway",
            SimulatedAms::Remembers(_) => "three minutes",
            SimulatedAms::GrowthZone(_) => "three minutes (GrowthZone says `drop` for it)",
        }
    }

    /// Its rules file: how the configuration calls it, and what it says.
    pub(super) fn rules(&self) -> (&'static str, &'static str) {
        match self {
            SimulatedAms::Remembers(_) => ("rules.toml", include_str!("../../../config/demo/rules.toml")),
            SimulatedAms::Novi(..) => {
                ("novi-rules.toml", include_str!("../../../config/demo/novi-rules.toml"))
            }
            SimulatedAms::GrowthZone(_) => {
                ("growthzone-rules.toml", include_str!("../../../config/demo/growthzone-rules.toml"))
            }
        }
    }

    /// Its community file: how the configuration calls it, and what it says.
    pub(super) fn community(&self) -> (&'static str, &'static str) {
        match self {
            SimulatedAms::Remembers(_) => {
                ("community.toml", include_str!("../../../config/demo/community.toml"))
            }
            SimulatedAms::Novi(..) => {
                ("novi-community.toml", include_str!("../../../config/demo/novi-community.toml"))
            }
            SimulatedAms::GrowthZone(_) => {
                ("growthzone-community.toml", include_str!("../../../config/demo/growthzone-community.toml"))
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
            SimulatedAms::Novi(_, HookSecret(hook_secret)) => {
                let own = novi::Credentials::demo(Environment::Production);
                vec![
                    ("CLIENT_ID", own.client_id),
                    ("CLIENT_SECRET", own.client_secret),
                    ("API_KEY", own.api_key),
                    ("HOOK_SECRET", hook_secret.clone()),
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
            SimulatedAms::Novi(ams, _) => ams.stop().await,
            SimulatedAms::GrowthZone(ams) => ams.stop().await,
        }
    }
}
