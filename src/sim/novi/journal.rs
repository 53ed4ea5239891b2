//! The log of changes of memberships: whatever changes a status word or a type leaves a row, be it an edit or the calendar.

use std::collections::HashMap;

use jiff::Timestamp;

use super::directory::Directory;
use super::standing::View;
use super::switches::Switches;

/// More rows are not kept: the oldest go first.
const MOST: usize = 100_000;

/// Seconds after which the calendar is looked at again.
const EVERY: i64 = 60;

/// What a membership was when it was last looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Seen {
    status: String,
    member_type: Option<String>,
    from: Option<String>,
}

/// One change.
#[derive(Clone, Debug)]
pub(super) struct Activity {
    /// Id of the record.
    pub(super) member: String,
    /// Before.
    pub(super) old_status: String,
    /// After.
    pub(super) new_status: String,
    /// Name of the type before.
    pub(super) old_type: Option<String>,
    /// Name of the type after.
    pub(super) new_type: Option<String>,
    /// Id of the record from which the benefits are or were inherited.
    pub(super) from: Option<String>,
    /// When it was found.
    pub(super) at: Timestamp,
}

/// The log.
#[derive(Debug, Default)]
pub(super) struct Journal {
    seen: HashMap<String, Seen>,
    rows: Vec<Activity>,
    looked_at: Option<Timestamp>,
    is_due: bool,
}

impl Journal {
    /// Something was edited: look again.
    pub(super) fn edited(&mut self) {
        self.is_due = true;
    }

    /// The changes since the last look, which are in the log then; nothing while none is due. The first look finds none.
    pub(super) fn look(
        &mut self,
        directory: &Directory,
        switches: &Switches,
        now: Timestamp,
    ) -> Vec<Activity> {
        let elapsed = self.looked_at.map(|last| now.duration_since(last).as_secs());
        if !self.is_due && elapsed.is_some_and(|elapsed| (0..EVERY).contains(&elapsed)) {
            return Vec::new();
        }
        let is_first = self.looked_at.is_none();
        (self.looked_at, self.is_due) = (Some(now), false);
        let view = View { directory, switches, now };
        let mut found = Vec::new();
        for customer in &directory.customers {
            let standing = view.standing(customer);
            let seen = Seen {
                status: standing.status.to_owned(),
                member_type: standing.effective.map(|it| it.name.clone()),
                from: standing.from.map(|it| it.unique_id.clone()),
            };
            let before = self.seen.insert(customer.unique_id.clone(), seen.clone());
            if is_first || before.as_ref() == Some(&seen) {
                continue;
            }
            let before = before.unwrap_or(Seen { status: String::new(), member_type: None, from: None });
            found.push(Activity {
                member: customer.unique_id.clone(),
                old_status: before.status,
                new_status: seen.status,
                old_type: before.member_type,
                new_type: seen.member_type,
                from: seen.from.or(before.from),
                at: now,
            });
        }
        self.seen.retain(|id, _| directory.find(id).is_some());
        self.rows.extend(found.iter().cloned());
        let over = self.rows.len().saturating_sub(MOST);
        self.rows.drain(..over);
        found
    }

    /// All rows, oldest first.
    pub(super) fn rows(&self) -> &[Activity] {
        &self.rows
    }
}
