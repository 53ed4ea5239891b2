//! From a record to roles (docs/roles.md): which are held at an instant, why, and until when time alone keeps it so.
//!
//! Pure: record + rules + instant → decision. It cannot fail; what cannot be understood grants nothing, with a warning.
//! A condition is true, false or unknown. Unknown is what an unread part or an unreadable date leaves open; neither it
//! nor its negation grants anything. [`decide`] is for the path of a request, [`explain`] for people.

mod conditions;
mod decision;
mod doubt;
mod evidence;
mod found;
mod granted_by;
mod lines;
mod membership;
mod naming;
mod purchases;
mod reasons;
mod span;
mod timeline;
mod warnings;

#[cfg(test)]
pub(crate) mod tests;

use std::collections::BTreeSet;

use super::names::ListedNames;
use super::record::Record;
use super::rule::{Role, Rules};
use super::time::Timestamp;
pub use decision::{Decision, Verdict};
pub use doubt::RoleDoubt;
pub use evidence::{Evidence, EvidenceEntry, EvidenceTimeline, MembershipCourse, RuleEvidence};
pub use granted_by::GrantedBy;
use timeline::{Outcome, Timeline};

/// Decides which roles the person of `record` holds at `now`. Writes no reasons; see [`explain`].
pub fn decide(record: &Record, rules: &Rules, now: Timestamp) -> Decision {
    if refusal(record).is_some() {
        return refused(record, rules);
    }
    let timeline = Timeline::new(record, rules);
    let outcome = timeline.at(now);
    decision(&timeline, &outcome, now)
}

/// The roles of [`decide`] alone, for going through very many people. `None`: the AMS refuses this person.
pub fn granted(record: &Record, rules: &Rules, now: Timestamp) -> Option<BTreeSet<Role>> {
    granted_with_membership(record, rules, now).map(|(roles, _)| roles)
}

/// As [`granted`], and whether the person is a member.
pub fn granted_with_membership(
    record: &Record,
    rules: &Rules,
    now: Timestamp,
) -> Option<(BTreeSet<Role>, bool)> {
    admits(record).then(|| {
        let timeline = Timeline::new(record, rules);
        let outcome = timeline.at(now);
        (timeline.roles(&outcome), outcome.member)
    })
}

/// What [`decide`] leaves open because something is not known.
pub fn doubt(record: &Record, rules: &Rules, now: Timestamp) -> RoleDoubt {
    // The AMS refuses somebody only by saying so, so nothing is open then.
    if admits(record) { Timeline::new(record, rules).doubt_at(now) } else { RoleDoubt::default() }
}

/// Decides as [`decide`] does, and gives the reason of each rule.
pub fn explain(record: &Record, rules: &Rules, now: Timestamp) -> Decision {
    explain_by_name(record, rules, &ListedNames::default(), now)
}

/// As [`explain`], with the names of what rules hold by id or code.
pub fn explain_by_name(record: &Record, rules: &Rules, names: &ListedNames, now: Timestamp) -> Decision {
    if let Some(why) = refusal(record) {
        return Decision { trace: reasons::refused(rules, why), ..refused(record, rules) };
    }
    let timeline = Timeline::new(record, rules);
    let outcome = timeline.at(now);
    Decision { trace: reasons::trace(&timeline, &outcome, names, now), ..decision(&timeline, &outcome, now) }
}

/// The reasons of [`explain_by_name`] alone, for a decision that is at hand.
pub fn reasons(record: &Record, rules: &Rules, names: &ListedNames, now: Timestamp) -> Vec<Verdict> {
    if let Some(why) = refusal(record) {
        return reasons::refused(rules, why);
    }
    let timeline = Timeline::new(record, rules);
    reasons::trace(&timeline, &timeline.at(now), names, now)
}

/// Whether the AMS admits this person at all, whatever the mapping says.
pub fn admits(record: &Record) -> bool {
    refusal(record).is_none()
}

/// Why the AMS keeps this person out, if it does. Only an explicit word of the AMS does.
fn refusal(record: &Record) -> Option<&'static str> {
    if record.is_deceased {
        Some("The AMS marks this person as deceased.")
    } else if record.is_approved == Some(false) {
        Some("The AMS has not approved this person's login.")
    } else {
        None
    }
}

fn refused(record: &Record, rules: &Rules) -> Decision {
    Decision {
        admitted: false,
        member: false,
        roles: BTreeSet::new(),
        membership_type: None,
        membership_code: None,
        membership_expires: None,
        holds_until: None,
        trace: Vec::new(),
        warnings: warnings::of(record, rules),
    }
}

/// Longest name or code that a decision shows: it travels in headers. Bytes.
const LONGEST_SHOWN: usize = 256;

/// A text cut to what a decision shows, at the end of a character.
fn shown(text: &str) -> String {
    text.get(..text.floor_char_boundary(LONGEST_SHOWN)).unwrap_or_default().to_owned()
}

fn decision(timeline: &Timeline<'_>, outcome: &Outcome, now: Timestamp) -> Decision {
    let rules = timeline.rules;
    let (name, code) = timeline.type_of(outcome);
    Decision {
        admitted: true,
        member: outcome.member,
        roles: timeline.roles(outcome),
        membership_type: name.map(shown),
        membership_code: code.map(shown),
        membership_expires: timeline.expires(outcome),
        holds_until: timeline.holds_until(outcome, now),
        trace: Vec::new(),
        warnings: warnings::of(timeline.record, rules),
    }
}
