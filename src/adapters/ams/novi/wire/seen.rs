//! Which fields of a record this site has ever sent. A key may hide fields (docs/ams/novi.md, "Key"), and what is hidden is no absence: a
//! field that was never sent for anybody is not known of anybody.

use std::collections::BTreeSet;
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde_json::Value;

use crate::adapters::ams::json::JsonEntry;

/// A field on which decisions rest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::adapters::ams) enum MemberField {
    Active,
    Approved,
    MemberStatus,
    MemberType,
    EffectiveMemberType,
    Groups,
    Committees,
    CustomFields,
    ParentCustomer,
    AccountEmail,
}

impl MemberField {
    /// All of them.
    pub(in crate::adapters::ams) const ALL: [MemberField; 10] = [
        MemberField::Active,
        MemberField::Approved,
        MemberField::MemberStatus,
        MemberField::MemberType,
        MemberField::EffectiveMemberType,
        MemberField::Groups,
        MemberField::Committees,
        MemberField::CustomFields,
        MemberField::ParentCustomer,
        MemberField::AccountEmail,
    ];

    /// As the interface writes it.
    pub(in crate::adapters::ams) fn name(self) -> &'static str {
        match self {
            MemberField::Active => "Active",
            MemberField::Approved => "Approved",
            MemberField::MemberStatus => "MemberStatus",
            MemberField::MemberType => "MemberType",
            MemberField::EffectiveMemberType => "EffectiveMemberType",
            MemberField::Groups => "Groups",
            MemberField::Committees => "Committees",
            MemberField::CustomFields => "CustomFields",
            MemberField::ParentCustomer => "ParentCustomerUniqueID",
            MemberField::AccountEmail => "AccountEmail",
        }
    }

    /// What cannot be decided without it.
    pub(in crate::adapters::ams) fn needed_for(self) -> &'static str {
        match self {
            MemberField::Active => "whether somebody may sign in",
            MemberField::Approved | MemberField::MemberStatus => "who is a member",
            MemberField::MemberType => "whether a membership is inherited",
            MemberField::EffectiveMemberType => "membership types",
            MemberField::Groups => "groups",
            MemberField::Committees => "committees",
            MemberField::CustomFields => "custom fields",
            MemberField::ParentCustomer => "relationships",
            MemberField::AccountEmail => "who has a user account",
        }
    }
}

/// The fields that were sent for somebody.
#[derive(Debug, Default)]
pub(in crate::adapters::ams) struct MemberFieldsSeen(Mutex<BTreeSet<MemberField>>);

impl MemberFieldsSeen {
    /// As if each had been sent: for a file, which has all there is.
    pub(in crate::adapters::ams) fn all() -> MemberFieldsSeen {
        MemberFieldsSeen(Mutex::new(MemberField::ALL.into()))
    }

    /// Learns from a record.
    pub(in crate::adapters::ams) fn note(&self, member: &JsonEntry<'_>) {
        let mut seen = self.seen();
        if seen.len() < MemberField::ALL.len() {
            // An empty text may be the mark of a field that is not there; an empty list is an answer.
            let says = |field: &MemberField| {
                !matches!(member.get(field.name()), None | Some(Value::String(_)))
                    || member.text(field.name()).is_ok_and(|text| text.is_some())
            };
            seen.extend(MemberField::ALL.into_iter().filter(says));
        }
    }

    /// Whether it was ever sent.
    pub(in crate::adapters::ams) fn has(&self, field: MemberField) -> bool {
        self.seen().contains(&field)
    }

    fn seen(&self) -> MutexGuard<'_, BTreeSet<MemberField>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
