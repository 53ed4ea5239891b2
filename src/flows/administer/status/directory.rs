//! The directory in the hands of administrators: how it stands, and absences that are held until somebody has seen them.

use std::sync::Arc;

use crate::adapters::store::StoreError;
use crate::domain::audit::Action;
use crate::flows::administer::{Actor, Audit};
use crate::flows::directory::{DirectoryStatus, DirectoryUpdater, HeldAbsences, HeldPlace};

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

    /// Lets absences count that are held in this place. `false`: none are held there any more.
    pub async fn release(&self, actor: &Actor, place: &HeldPlace) -> Result<bool, StoreError> {
        let Some(held) = self.held(place) else { return Ok(false) };
        let about = match place {
            HeldPlace::Roster(name) => name.to_string(),
            HeldPlace::Sweep => "all members".to_owned(),
            HeldPlace::OwnLists => "people's own lists".to_owned(),
        };
        let before = format!("{} people held since {}", held.people, held.since);
        // Written down first: nobody loses a role by a hand that nobody knows.
        self.audit.record(actor, Action::AbsencesReleased, about, Some(before), None).await?;
        self.updater.release(place).await?;
        Ok(true)
    }

    fn held(&self, place: &HeldPlace) -> Option<HeldAbsences> {
        let status = self.updater.status();
        match place {
            HeldPlace::Roster(name) => status.rosters.into_iter().find(|roster| roster.name == *name)?.held,
            HeldPlace::Sweep => status.sweep_held,
            HeldPlace::OwnLists => status.own_lists_held,
        }
    }
}
