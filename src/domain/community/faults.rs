//! What makes a community mapping unsound, and what no mapping may change about a group that the community knows.

use super::{CODE, CommunityMapping, GroupKind, GroupMapping, GroupRole, NAME};
use crate::domain::condition::Condition;
use crate::domain::fold;

/// The longest id, name, type or role of a group, in bytes.
const LONGEST: usize = 256;

/// Under this type a community would become a security group.
const OF_SECURITY_GROUPS: &str = "Membership";

/// Which part of a mapping is unsound. Groups and demographics by index.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CommunityPlace {
    /// A key of a group.
    Group(usize, &'static str),
    /// A key of a demographic.
    Demographic(usize, &'static str),
    /// The conditions of `who`.
    Who,
}

/// One thing that makes a mapping unsound.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommunityFault {
    /// Where.
    pub place: CommunityPlace,
    /// What is wrong, without a full stop.
    pub what: String,
    /// What to do about it, without a full stop.
    pub remedy: String,
}

impl CommunityFault {
    fn of(
        index: usize,
        key: &'static str,
        what: impl Into<String>,
        remedy: impl Into<String>,
    ) -> CommunityFault {
        let place = CommunityPlace::Group(index, key);
        CommunityFault { place, what: what.into(), remedy: remedy.into() }
    }
}

impl CommunityMapping {
    /// Everything that makes this mapping unsound.
    pub fn faults(&self) -> Vec<CommunityFault> {
        let mut faults = Vec::new();
        for (index, group) in self.groups.iter().enumerate() {
            of_texts(index, group, &mut faults);
            of_pattern(index, group, &mut faults);
            of_conditions(CommunityPlace::Group(index, "when"), &group.when, &mut faults);
            let earlier = self.groups.iter().take(index);
            faults.extend(earlier.filter_map(|other| of_two(index, group, other)).take(1));
        }
        for (index, one) in self.demographics.iter().enumerate() {
            let is_taken = self.demographics.iter().take(index).any(|other| {
                other.key == one.key && (other.free_form != one.free_form || other.name != one.name)
            });
            if is_taken {
                faults.push(CommunityFault {
                    place: CommunityPlace::Demographic(index, "key"),
                    what: format!("two demographics of the key `{}` differ in name or form", one.key),
                    remedy: "Write the same for both, or give one another key".to_owned(),
                });
            }
        }
        of_conditions(CommunityPlace::Who, &self.who.when, &mut faults);
        faults
    }
}

/// Groups that the community knows as one of `known`, and that are something else by `after`. What a group is never changes there.
pub fn changed_kinds(known: &[GroupMapping], after: &CommunityMapping) -> Vec<CommunityFault> {
    let mut faults = Vec::new();
    for (index, group) in after.groups.iter().enumerate() {
        let known = known.iter().find(|known| known.id == group.id);
        let Some(known) = known.filter(|known| known.kind != group.kind) else { continue };
        let key = match (&known.kind, &group.kind) {
            (GroupKind::Community(_), GroupKind::Community(_)) => "type",
            _ => "as",
        };
        let what = format!(
            "the group `{}` is {} at the community, which never changes",
            group.id,
            words(&known.kind)
        );
        let remedy = "Write it as before, or make a new group under another id";
        faults.push(CommunityFault::of(index, key, what, remedy));
    }
    faults
}

fn words(kind: &GroupKind) -> String {
    match kind {
        GroupKind::SecurityGroup => "a security group".to_owned(),
        GroupKind::Community(of_type) => format!("a community of the type `{of_type}`"),
    }
}

fn of_texts(index: usize, group: &GroupMapping, faults: &mut Vec<CommunityFault>) {
    let mut texts = vec![("id", group.id.as_str()), ("name", group.name.as_str())];
    if let GroupKind::Community(of_type) = &group.kind {
        texts.push(("type", of_type));
        if fold::folded(of_type) == fold::folded(OF_SECURITY_GROUPS) {
            let what = format!("a community of the type `{of_type}` would become a security group");
            let remedy =
                "Write `as = \"security_group\"` and no `type`, or another type such as \"Committee\"";
            faults.push(CommunityFault::of(index, "type", what, remedy));
        }
        if group.member {
            let remedy = "Leave it out, or give membership by a group with `as = \"security_group\"`";
            faults.push(CommunityFault::of(index, "member", "a community makes nobody a member", remedy));
        }
    }
    if let GroupRole::Fixed(text) = &group.role {
        texts.push(("role", text));
    }
    for (key, text) in texts {
        let what = if text.trim().is_empty() {
            format!("`{key}` is empty")
        } else if text.trim() != text || text.contains(char::is_control) {
            format!("`{key}` begins or ends with a blank, or has one that cannot be seen")
        } else if text.len() > LONGEST {
            format!("`{key}` has more than {LONGEST} bytes")
        } else {
            of_braces(key, text, group)
        };
        if !what.is_empty() {
            faults.push(CommunityFault::of(index, key, what, "Correct it"));
        }
    }
    let asks_position = matches!(group.role, GroupRole::PositionName | GroupRole::PositionCode);
    let has_seat = group.when.iter().any(|condition| matches!(condition, Condition::Committee { .. }));
    if asks_position && !has_seat {
        let remedy = "Ask for a committee in `when`, or write the role as a text of its own";
        faults.push(CommunityFault::of(index, "role", "no condition has a position", remedy));
    }
}

/// What is wrong with what stands in braces; empty: nothing.
fn of_braces(key: &str, text: &str, group: &GroupMapping) -> String {
    let rest = match key {
        "id" => text.replacen(CODE, "", 1),
        "name" if group.is_for_each_code() => text.replace(CODE, "").replace(NAME, ""),
        "name" => text.replace(NAME, ""),
        _ => text.to_owned(),
    };
    if rest.contains(['{', '}']) {
        format!("`{text}` has braces with something that is not known here")
    } else {
        String::new()
    }
}

/// A group for each code needs exactly one pattern.
fn of_pattern(index: usize, group: &GroupMapping, faults: &mut Vec<CommunityFault>) {
    if !group.is_for_each_code() {
        return;
    }
    let patterns: Vec<_> = group
        .when
        .iter()
        .filter_map(|condition| {
            let code = condition.values().code(condition.kind().pattern?)?;
            (code.stars() > 0).then_some((condition, code))
        })
        .collect();
    let mut add = |what: String, remedy: &str| faults.push(CommunityFault::of(index, "when", what, remedy));
    match patterns.as_slice() {
        [(Condition::Not(_), _)] => {
            add(
                "a condition with a pattern cannot be turned round".to_owned(),
                "Take away the `not`, or the `*`",
            );
        }
        [(_, code)] if code.stars() > 1 => {
            add(format!("`{code}` has more than one `*`"), "Leave one of them")
        }
        [_] => {}
        several => {
            let what = match several.len() {
                0 => format!("`{}` has `{{code}}`, and no condition has a pattern", group.id),
                _ => format!("`{}` has `{{code}}`, and several conditions have a pattern", group.id),
            };
            add(what, "Write one `*` in the value of one condition, such as `committee = \"CH-*\"`");
        }
    }
}

fn of_conditions(place: CommunityPlace, when: &[Condition], faults: &mut Vec<CommunityFault>) {
    if when.is_empty() && place != CommunityPlace::Who {
        faults.push(CommunityFault {
            place,
            what: "`when` is empty, so nobody would be in the group".to_owned(),
            remedy: "Say who is in it, such as `when = [{ member = true }]`".to_owned(),
        });
    }
    for condition in when {
        let kind = condition.kind();
        for (key, fault) in kind.condition(&condition.values()).err().into_iter().flatten() {
            let (what, remedy) = fault.says(kind.key, key);
            faults.push(CommunityFault { place, what, remedy });
        }
    }
}

/// Two groups of one id are one group there, so they must be the same thing.
fn of_two(index: usize, group: &GroupMapping, other: &GroupMapping) -> Option<CommunityFault> {
    if group.id != other.id {
        let is_near = fold::folded(&group.id) == fold::folded(&other.id);
        let what = format!("`{}` and `{}` differ in case alone, and are two groups", other.id, group.id);
        return is_near
            .then(|| CommunityFault::of(index, "id", what, "Write both alike, or make them differ more"));
    }
    let what = format!("two entries for the group `{}` say something else of what it is", group.id);
    let differs = (&group.kind, group.member, &group.name) != (&other.kind, other.member, &other.name);
    differs.then(|| {
        CommunityFault::of(index, "id", what, "Write `as`, `type`, `name` and `member` alike in both")
    })
}
