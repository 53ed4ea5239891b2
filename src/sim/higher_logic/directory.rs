//! Who and what is on file.

use std::collections::BTreeMap;

use aws_lc_rs::digest::{SHA256, digest};
use jiff::Timestamp;

use super::model::{Contact, ContactList, Group, GroupKind, Item, Trail};
use super::switches::{Switches, names};
use crate::sim::guid;

/// Everything by its key, case included.
#[derive(Debug, Default)]
pub(super) struct Directory {
    pub(super) contacts: BTreeMap<String, Contact>,
    /// Security groups and communities: a key is one or the other.
    pub(super) groups: BTreeMap<String, Group>,
    pub(super) meetings: BTreeMap<String, Item>,
    pub(super) products: BTreeMap<String, Item>,
    pub(super) lists: BTreeMap<String, ContactList>,
    /// By the key of the contact; there is one for a contact that was not let in, too.
    pub(super) trails: BTreeMap<String, Trail>,
}

impl Directory {
    /// Whether somebody counts as a member: the pushed flag, or an active group whose people do.
    pub(super) fn is_member(&self, contact: &Contact, switches: &Switches, now: Timestamp) -> bool {
        let benefits =
            |group: &Group| group.kind == GroupKind::Security && provides_benefits(group, switches);
        let mut groups = contact.active(now).filter_map(|it| self.groups.get(&it.group));
        contact.status() == "Active" && (contact.flag("isMember") == Some(true) || groups.any(benefits))
    }

    /// Groups of a kind.
    pub(super) fn of_kind(&self, kind: GroupKind) -> impl Iterator<Item = &Group> {
        self.groups.values().filter(move |it| it.kind == kind)
    }

    /// A contact by Higher Logic's own key.
    pub(super) fn by_guid(&self, guid: &str) -> Option<&Contact> {
        self.contacts.values().find(|it| it.contact_key.eq_ignore_ascii_case(guid))
    }

    /// Those who are in a group at an instant, by last name.
    pub(super) fn members(&self, group: &str, now: Timestamp) -> Vec<&Contact> {
        let is_in = |it: &&Contact| it.active(now).any(|line| line.group == group);
        let mut members: Vec<&Contact> = self.contacts.values().filter(is_in).collect();
        members.sort_by_key(|it| (it.text("lastName").to_lowercase(), it.text("firstName").to_lowercase()));
        members
    }
}

/// Whether whoever is in a group counts as a member.
pub(super) fn provides_benefits(group: &Group, switches: &Switches) -> bool {
    group.provides_member_benefits || names(switches.benefit_groups.as_ref(), &group.key)
}

/// Higher Logic's own key of a thing; the same in every run.
pub(super) fn guid_of(what: &str, key: &str) -> String {
    let digest = digest(&SHA256, format!("{what} {key}").as_bytes());
    let mut bytes = [0; 16];
    bytes.iter_mut().zip(digest.as_ref()).for_each(|(byte, from)| *byte = *from);
    guid::from_bytes(bytes)
}
