//! The simulated Higher Logic of a demo: it is told of people, and signs them in at the gateway.

use std::io;
use std::net::SocketAddr;

use crate::cli::shared::{CommandFailure, because};
use crate::sim::higher_logic::{Credentials, Settings, Simulator};

/// A running community.
pub(super) struct SimulatedCommunity(Simulator);

impl SimulatedCommunity {
    /// Starts one for the gateway at this origin. `profile_page`: where people change what the AMS has of them. The inner error is about the address.
    pub(super) async fn start(
        listen: SocketAddr,
        origin: &str,
        profile_page: &str,
    ) -> Result<io::Result<SimulatedCommunity>, CommandFailure> {
        let mut settings = Settings { listen, ..Settings::demo() };
        for switch in [
            format!("op_discovery={origin}/.well-known/openid-configuration"),
            "client_id=community".to_owned(),
            format!("edit_profile={profile_page}"),
        ] {
            settings.switches.set(&switch).map_err(because)?;
        }
        Ok(Simulator::start(settings).await.map(SimulatedCommunity))
    }

    /// Where it is.
    pub(super) fn base_url(&self) -> String {
        self.0.base_url()
    }

    /// What the configuration names of the environment.
    pub(super) fn variables() -> Vec<(&'static str, String)> {
        let Settings { switches, credentials: Credentials { api_key, .. }, .. } = Settings::demo();
        vec![("HIGHER_LOGIC_KEY", api_key), ("COMMUNITY_SECRET", switches.client_secret.unwrap_or_default())]
    }

    /// Ends it.
    pub(super) async fn stop(self) {
        self.0.stop().await;
    }
}
