//! Switching between the AMS's two environments. Nothing cached may cross over, so the gateway starts again with the other one.

use std::sync::Arc;

use tokio::sync::Notify;

use crate::adapters::clock::SharedClock;
use crate::adapters::store::StoreError;
use crate::adapters::store::administration::{Administration, EnvironmentChoice};
use crate::domain::audit::{Action, Entry};
use crate::flows::administer::Actor;

/// Why there is no switching.
#[derive(Debug, Clone, thiserror::Error)]
pub enum EnvironmentSwitchError {
    /// Only one environment is configured, or the other is asked for by a wrong name. The visitor's fault.
    #[error("there is no other environment of that name")]
    NoSuchEnvironment,
    /// Our fault.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The environments of this gateway.
pub struct Environments {
    pub(in crate::flows::administer) store: Arc<dyn Administration>,
    pub(in crate::flows::administer) clock: SharedClock,
    /// The one that the configuration names as live, with the kind of AMS: a choice does not outlive a change of either.
    pub(in crate::flows::administer) configured: Arc<str>,
    /// The one that people sign in with.
    pub(in crate::flows::administer) live: Arc<str>,
    /// The other one.
    pub(in crate::flows::administer) standby: Option<Arc<str>>,
    pub(in crate::flows::administer) restart: Arc<Notify>,
}

impl Environments {
    /// Writes the choice down and asks for a new start. Every session ends with it: sessions belong to an environment.
    pub async fn switch(&self, actor: &Actor, to: &str) -> Result<(), EnvironmentSwitchError> {
        if self.standby.as_deref() != Some(to) {
            return Err(EnvironmentSwitchError::NoSuchEnvironment);
        }
        let choice = EnvironmentChoice { configured: self.configured.to_string(), chosen: to.to_owned() };
        let entry = Entry {
            at: self.clock.now(),
            actor: actor.clone(),
            action: Action::EnvironmentSwitched,
            about: to.to_owned(),
            before: Some(self.live.to_string()),
            after: Some(to.to_owned()),
        };
        self.store.choose_environment(&choice, &entry).await?;
        tracing::warn!(from = %self.live, to, "An administrator switched the AMS environment; the gateway starts again");
        self.restart.notify_one();
        Ok(())
    }
}

/// Whether the environment that is not the configured one was chosen, and the configuration still says what it said then.
pub async fn is_switched(
    store: &dyn Administration,
    configured: &str,
    other: &str,
) -> Result<bool, StoreError> {
    let choice = store.environment_choice().await?;
    Ok(choice.is_some_and(|choice| choice.configured == configured && choice.chosen == other))
}
