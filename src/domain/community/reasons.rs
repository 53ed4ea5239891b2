//! Why somebody is in a group or is not, and why nothing is told of somebody, in sentences.

use super::figures::Untold;
use super::lines::GroupsAt;
use super::{CODE, CommunityMapping};
use crate::domain::code;
use crate::domain::names::ListedNames;
use crate::domain::parts::Part;
use crate::domain::record::Record;
use crate::domain::roles::{self, EvidenceTimeline, Verdict};
use crate::domain::time::Timestamp;

/// The reasons of one person at one instant.
pub struct GroupReasons<'m> {
    mapping: &'m CommunityMapping,
    verdicts: Vec<Verdict>,
}

impl<'m> GroupReasons<'m> {
    /// Works them out.
    pub fn new(mapping: &'m CommunityMapping, record: &Record, names: &ListedNames, now: Timestamp) -> Self {
        GroupReasons { mapping, verdicts: roles::reasons(record, mapping.rules(), names, now) }
    }

    /// Why the person is in the group of this key or is not: what gives it, else what of it fails. Empty: no group has that key.
    pub fn of(&self, id: &str) -> String {
        let mut because: Vec<(bool, &str)> = Vec::new();
        for (index, group) in
            self.mapping.groups.iter().enumerate().filter(|(_, group)| group.can_have_id(id))
        {
            let template = format!("group-{index}-{CODE}");
            let role = match group.id.split_once(CODE) {
                None => Some(format!("group-{index}")),
                Some((before, after)) => {
                    let star = id.strip_prefix(before).and_then(|rest| rest.strip_suffix(after));
                    star.and_then(code::slug).map(|slug| format!("group-{index}-{slug}"))
                }
            };
            let of_role = |role: &str| self.verdicts.iter().find(|verdict| *verdict.role == *role);
            // No code fits at all, or others do.
            let verdict = role.as_deref().and_then(of_role).or_else(|| of_role(&template));
            because.extend(verdict.map(|verdict| (verdict.matched, &*verdict.because)));
        }
        let is_in = because.iter().any(|(matched, _)| *matched);
        let said: Vec<&str> =
            because.iter().filter(|(matched, _)| *matched == is_in).map(|(_, because)| *because).collect();
        match said.as_slice() {
            [] if self.mapping.groups.iter().any(|group| group.can_have_id(id)) => {
                "Nothing on the record gives it.".to_owned()
            }
            [] => "The community file has no such group.".to_owned(),
            said => said.join(" "),
        }
    }
}

/// Why nothing is told of somebody who was never told of.
pub fn untold(mapping: &CommunityMapping, record: &Record, now: Timestamp) -> Untold {
    if !roles::admits(record) {
        return Untold::NotAdmitted;
    }
    let timeline = EvidenceTimeline::new(record, mapping.rules());
    let evidence = timeline.at(now);
    let groups = GroupsAt::of(mapping, &evidence, &[]);
    match mapping.asks_for(record, groups.who) {
        Some(false) => Untold::NotAskedFor,
        Some(true) if !groups.has_doubt() && !evidence.membership.is_open => {
            let lacks_contact = mapping.looks_at_contact() && record.contact.is_none();
            if lacks_contact || lacks_fields(mapping, record) { Untold::NotKnown } else { Untold::Next }
        }
        _ => Untold::NotKnown,
    }
}

fn lacks_fields(mapping: &CommunityMapping, record: &Record) -> bool {
    !mapping.demographics.is_empty() && !record.has_read(Part::CustomFields, None)
}
