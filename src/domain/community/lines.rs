//! The groups of a person at one instant: which are certain, and which may be.

use std::collections::BTreeMap;

use super::person::ToldLine;
use super::{CODE, CommunityMapping, CompiledRule, GroupKind, GroupMapping, GroupRole, NAME};
use crate::domain::roles::{Evidence, EvidenceEntry, GrantedBy, RuleEvidence};

/// So many lines are told of a person at most; the first by id.
const MOST_LINES: usize = 500;

/// The groups of a person at one instant.
pub(super) struct GroupsAt<'m> {
    /// What is certain, by id and role.
    pub(super) lines: Vec<ToldLine>,
    /// Ids of groups that the person may be in, or in another role.
    open: Vec<String>,
    /// Groups for each code, of which a code may fit that is not known.
    open_patterns: Vec<&'m GroupMapping>,
    /// Whether the conditions of `who` hold. `None`: it is not known.
    pub(super) who: Option<bool>,
}

impl<'m> GroupsAt<'m> {
    /// `known`: what was told before, for roles that were not told by the AMS.
    pub(super) fn of(mapping: &'m CommunityMapping, evidence: &Evidence<'_>, known: &[ToldLine]) -> Self {
        let mut groups = GroupsAt {
            lines: Vec::new(),
            open: Vec::new(),
            open_patterns: Vec::new(),
            who: Some(mapping.who.when.is_empty()),
        };
        let mut found: BTreeMap<(String, Option<String>), ToldLine> = BTreeMap::new();
        for of_rule in &evidence.rules {
            match mapping.compiled.get(of_rule.rule) {
                Some(CompiledRule::Who) if !of_rule.entries.is_empty() => groups.who = Some(true),
                Some(CompiledRule::Who) => groups.who = None,
                Some(CompiledRule::Group(index)) => {
                    let Some(group) = mapping.groups.get(*index) else { continue };
                    for line in lines_of(mapping, group, of_rule, known) {
                        let key = (line.id.clone(), line.role.clone());
                        match found.get_mut(&key) {
                            Some(there) => join(there, &line),
                            None => drop(found.insert(key, line)),
                        }
                    }
                    if of_rule.is_open {
                        groups.open.push(id_of(mapping, group, of_rule));
                    }
                }
                None => {}
            }
        }
        for rule in &evidence.open_patterns {
            if let Some(CompiledRule::Group(index)) = mapping.compiled.get(*rule) {
                groups.open_patterns.extend(mapping.groups.get(*index));
            }
        }
        // Beside a role the mere place says nothing.
        let has_role: Vec<String> =
            found.keys().filter(|(_, role)| role.is_some()).map(|(id, _)| id.clone()).collect();
        groups.lines = found
            .into_iter()
            .filter(|((id, role), _)| role.is_some() || !has_role.contains(id))
            .map(|(_, line)| line)
            .take(MOST_LINES)
            .collect();
        groups
    }

    /// Whether the person may be in this group, or in another role, for all that is known.
    pub(super) fn is_open(&self, id: &str) -> bool {
        self.open.iter().any(|open| open == id)
            || self.open_patterns.iter().any(|group| group.can_have_id(id) || group.id == id)
    }

    /// The groups that the person may be in, by id; of those for each code of which the code is not known, by the id of the mapping.
    pub(super) fn open_ids(&self) -> impl Iterator<Item = &str> {
        let patterns = self.open_patterns.iter().map(|group| group.id.as_str());
        self.open.iter().map(String::as_str).chain(patterns)
    }

    /// Whether the person may be in this group of the mapping, for all that is known.
    pub(super) fn may_hold(&self, group: &GroupMapping) -> bool {
        self.open_ids().any(|id| id == group.id || group.can_have_id(id))
    }

    /// Whether anything is open.
    pub(super) fn has_doubt(&self) -> bool {
        !self.open.is_empty() || !self.open_patterns.is_empty()
    }
}

/// The lines that a group gives.
fn lines_of(
    mapping: &CommunityMapping,
    group: &GroupMapping,
    of_rule: &RuleEvidence<'_>,
    known: &[ToldLine],
) -> Vec<ToldLine> {
    let id = id_of(mapping, group, of_rule);
    let lines = of_rule.entries.iter().map(|entry| ToldLine {
        role: role_of(group, &entry.by, known.iter().filter(|line| line.id == id)),
        name: name_of(group, &entry.by, &code_of(mapping, of_rule), &id),
        community_type: match &group.kind {
            GroupKind::SecurityGroup => None,
            GroupKind::Community(of_type) => Some(of_type.clone()),
        },
        member: group.member,
        joined: joined(mapping, entry),
        since: entry.since,
        until: entry.until,
        id: id.clone(),
    });
    lines.collect()
}

fn joined(mapping: &CommunityMapping, entry: &EvidenceEntry<'_>) -> Option<jiff::Timestamp> {
    entry.by.joined(&mapping.rules.time_zone).or(entry.since)
}

/// What the `*` of the group's pattern stands for, as the AMS writes it.
fn code_of(mapping: &CommunityMapping, of_rule: &RuleEvidence<'_>) -> String {
    let pattern = mapping.rules.rules.get(of_rule.rule).and_then(|rule| rule.patterns().next());
    let star = pattern.zip(of_rule.code.as_ref()).and_then(|((.., pattern), code)| {
        let star = pattern.star_as_written(code.as_str())?;
        Some(star.to_owned())
    });
    star.unwrap_or_default()
}

fn id_of(mapping: &CommunityMapping, group: &GroupMapping, of_rule: &RuleEvidence<'_>) -> String {
    group.id.replace(CODE, &code_of(mapping, of_rule))
}

fn name_of(group: &GroupMapping, by: &GrantedBy<'_>, code: &str, id: &str) -> String {
    let said = by.name().map(str::trim).filter(|name| !name.is_empty());
    let name = said.unwrap_or(if code.is_empty() { id } else { code });
    group.name.replace(CODE, code).replace(NAME, name)
}

fn role_of<'k>(
    group: &GroupMapping,
    by: &GrantedBy<'_>,
    mut known: impl Iterator<Item = &'k ToldLine>,
) -> Option<String> {
    let (code, name) = by.position();
    let said = match &group.role {
        GroupRole::None => None,
        GroupRole::Fixed(text) => return Some(text.clone()),
        GroupRole::PositionName => name.or(code),
        GroupRole::PositionCode => code,
    };
    if group.role != GroupRole::None && by.is_position_unread() {
        return known.find_map(|line| line.role.clone());
    }
    said.map(str::trim).filter(|text| !text.is_empty()).map(str::to_owned)
}

/// Two entries that give one line: from the first begin to the last end.
fn join(line: &mut ToldLine, other: &ToldLine) {
    line.joined = [line.joined, other.joined].into_iter().flatten().min();
    line.since = line.since.zip(other.since).map(|(one, other)| one.min(other));
    line.until = line.until.zip(other.until).map(|(one, other)| one.max(other));
}
