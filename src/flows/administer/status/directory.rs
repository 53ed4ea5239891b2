//! The directory in the hands of administrators: how it stands, and absences that are held until somebody has seen them.

use std::sync::Arc;

use crate::adapters::store::StoreError;
use crate::domain::audit::Action;
use crate::domain::directory::roster_name::RosterName;
use crate::flows::administer::{Actor, Audit};
use crate::flows::directory::{DirectoryStatus, DirectoryUpdater, HeldAbsences};

/// The directory, as administrators see it.
pub struct DirectoryDesk {
    pub(in crate::flows::administer) updater: Arc<DirectoryUpdater>,
    pub(in crate::flows::administer) audit: Audit,
}

impl DirectoryDesk {
    /// How it stands. Makes no call to the AMS.
    pub fn status(&self) -> DirectoryStatus {
        self.updater.status()
    }

    /// Lets absences count that are held: those from a roster, or those from the sweep over everybody (`None`). `false`: none are held
    /// there any more.
    pub async fn release(&self, actor: &Actor, roster: Option<&RosterName>) -> Result<bool, StoreError> {
        let Some(held) = self.held(roster) else { return Ok(false) };
        let about = roster.map_or_else(|| "all members".to_owned(), ToString::to_string);
        let before = format!("{} people held since {}", held.people, held.since);
        // Written down first: nobody loses a role by a hand that nobody knows.
        self.audit.record(actor, Action::AbsencesReleased, about, Some(before), None).await?;
        self.updater.release(roster).await?;
        Ok(true)
    }

    fn held(&self, roster: Option<&RosterName>) -> Option<HeldAbsences> {
        let status = self.updater.status();
        match roster {
            Some(name) => status.rosters.into_iter().find(|roster| roster.name == *name)?.held,
            None => status.sweep_held,
        }
    }
}
