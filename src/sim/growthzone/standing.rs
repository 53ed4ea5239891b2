//! What follows from memberships and from organizations to which somebody is related: the status of a contact.

use jiff::Timestamp;

use super::dates;
use super::directory::Directory;
use super::people::{Contact, EndType, Membership};
use super::switches::Switches;

pub(super) const ACTIVE: &str = "Active";
const DROPPED: &str = "Dropped";
const NON_MEMBER: &str = "Non Member";

/// Words in the order in which one counts before another.
const RANK: &[&str] = &[ACTIVE, "Courtesy", "Pending Approval", "Suspended", DROPPED];

/// The status of a contact.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Standing {
    pub(super) word: String,
    /// Only through an organization.
    pub(super) is_inherited: bool,
}

/// Everything that a standing follows from.
#[derive(Clone, Copy)]
pub(super) struct View<'a> {
    pub(super) directory: &'a Directory,
    pub(super) switches: &'a Switches,
    pub(super) now: Timestamp,
}

impl View<'_> {
    /// The word of one membership.
    pub(super) fn of_membership(self, it: &Membership) -> &str {
        if let Some(word) = &it.status {
            return word;
        }
        let end = it.grace_period_expiration_date.as_ref().or(it.expiration_date.as_ref());
        let end = end.and_then(|end| dates::end_of(end, &self.switches.time_zone));
        let is_over = it.end_type == EndType::Duration && end.is_some_and(|end| end <= self.now);
        if is_over { DROPPED } else { ACTIVE }
    }

    fn own(self, contact: &Contact) -> &str {
        let words = contact.memberships.iter().map(|it| self.of_membership(it));
        let rank = |word: &&str| RANK.iter().position(|known| known == word).unwrap_or(RANK.len());
        words.min_by_key(rank).unwrap_or(NON_MEMBER)
    }

    /// A contact is active by a membership of its own or of an organization to which it is related.
    pub(super) fn standing(self, contact: &Contact) -> Standing {
        if let Some(word) = &contact.status {
            return Standing { word: word.clone(), is_inherited: false };
        }
        let own = self.own(contact);
        let related = contact.organizations.iter().filter_map(|it| self.directory.find(&it.organization));
        let is_inherited = own != ACTIVE && related.into_iter().any(|it| self.own(it) == ACTIVE);
        Standing { word: if is_inherited { ACTIVE } else { own }.to_owned(), is_inherited }
    }
}

/// MembershipStatusTypeId on contacts: a flag each.
pub(super) fn contact_number(word: &str) -> u32 {
    match word {
        "Pending Approval" => 1,
        ACTIVE => 2,
        "Courtesy" => 4,
        NON_MEMBER => 8,
        DROPPED | "Suspended" => 16,
        _ => 64,
    }
}

/// MembershipStatusTypeId on memberships, which has other numbers.
pub(super) fn membership_number(word: &str) -> u32 {
    match word {
        "Pending Approval" => 1,
        ACTIVE => 2,
        "Courtesy" => 4,
        DROPPED => 5,
        "Suspended" => 6,
        _ => 99,
    }
}
