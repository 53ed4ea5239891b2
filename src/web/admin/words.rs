//! Instants, differences and sentences as administrators read them.

use super::kinds;
use crate::domain::budget::CallKind;
use crate::domain::line_diff::LineChange;
use crate::domain::mapping::{Edit, MappingDiff, setting_words};
use crate::domain::names::ListedNames;
use crate::domain::rule::Rule;
use crate::domain::time::{TimeZone, Timestamp};

/// `3 March 2026, 10:42` in the association's time zone.
pub fn when(at: Timestamp, zone: &TimeZone) -> String {
    zone.to_datetime(at).strftime("%-d %B %Y, %H:%M").to_string()
}

/// What calls to the AMS are for, after their number.
pub fn call_kind(kind: CallKind) -> &'static str {
    match kind {
        CallKind::Token => "for tokens",
        CallKind::SignIn => "for sign-ins",
        CallKind::Person => "somebody waits for",
        CallKind::Canary => "to try the AMS",
        CallKind::Refresh => "to read people again",
        CallKind::Catalogue => "for lists",
        CallKind::Sweep => "to read all members",
    }
}

/// With a capital letter.
pub fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

/// `Sam Osei changed the draft at 10:42`, with the day when it is not today.
pub fn changed(edit: Option<&Edit>, now: Timestamp, zone: &TimeZone) -> String {
    let Some(edit) = edit else { return "Somebody changed the draft meanwhile".to_owned() };
    let (then, today) = (zone.to_datetime(edit.at), zone.to_datetime(now).date());
    if then.date() == today {
        format!("{} changed the draft at {}", edit.by.name, then.strftime("%H:%M"))
    } else {
        format!("{} changed the draft on {}", edit.by.name, when(edit.at, zone))
    }
}

/// A difference between two mappings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// The class in the style sheet.
    pub class: &'static str,
    /// `+`, `−`, `~`.
    pub sign: &'static str,
    /// What a screen reader says in its place.
    pub spoken: &'static str,
    /// In words.
    pub text: String,
}

/// The differences, settings first.
pub fn differences(diff: &MappingDiff, names: &ListedNames) -> Vec<Difference> {
    let added = |text| Difference { class: "in", sign: "+", spoken: "Added:", text };
    let removed = |text| Difference { class: "out", sign: "−", spoken: "Removed:", text };
    let changed = |text| Difference { class: "change", sign: "~", spoken: "Changed:", text };
    let value = |value: &Option<String>| match value.as_deref() {
        None => "nothing".to_owned(),
        Some("true") => "on".to_owned(),
        Some("false") => "off".to_owned(),
        Some(other) => other.to_owned(),
    };
    let settings = diff.settings.iter().map(|change| {
        changed(format!(
            "{}: {} → {}",
            setting_words(change.key),
            value(&change.before),
            value(&change.after)
        ))
    });
    let rules = diff.added.iter().map(|rule| added(in_words(rule, names)));
    let gone = diff.removed.iter().map(|rule| removed(in_words(rule, names)));
    let other = diff.changed.iter().map(|(before, after)| {
        let (before, after) = (in_words(before, names), in_words(after, names));
        changed(format!("{before} — now: {after}"))
    });
    let order = diff
        .reordered
        .then(|| changed("The rules stand in another order; nobody’s roles depend on it".to_owned()));
    settings.chain(rules).chain(gone).chain(other).chain(order).collect()
}

/// Lines that were added and removed.
pub fn line_differences(changes: &[LineChange]) -> Vec<Difference> {
    let difference = |change: &LineChange| {
        let text = format!("Line {}: {}", change.line, change.text.trim_end());
        let (class, sign, spoken) = match change.is_added {
            true => ("in", "+", "Added:"),
            false => ("out", "−", "Removed:"),
        };
        Difference { class, sign, spoken, text }
    };
    let told = changes.iter().filter(|change| !change.text.trim().is_empty());
    told.map(difference).collect()
}

/// A rule in one line.
pub fn in_words(rule: &Rule, names: &ListedNames) -> String {
    let asks: Vec<String> = rule.when.iter().map(|condition| kinds::line(condition, names)).collect();
    let label = rule.label.as_deref().map(|label| format!(" “{label}”")).unwrap_or_default();
    let asks = if asks.is_empty() { "nobody".to_owned() } else { asks.join(" and ") };
    format!("{asks} → {}{label}", rule.role)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::audit::Actor;

    #[test]
    fn a_conflict_names_who_and_when() {
        let zone = TimeZone::get("America/New_York").unwrap();
        let at: Timestamp = "2026-03-04T15:42:00Z".parse().unwrap();
        let edit = Edit { by: Actor { name: "Sam Osei".into(), ..Actor::operator() }, at };
        let says = |hours| changed(Some(&edit), at + jiff::SignedDuration::from_hours(hours), &zone);
        assert_eq!(says(1), "Sam Osei changed the draft at 10:42");
        assert_eq!(says(24), "Sam Osei changed the draft on 4 March 2026, 10:42");
        assert_eq!(changed(None, at, &zone), "Somebody changed the draft meanwhile");
    }

    #[test]
    fn every_difference_is_told() {
        let before = super::super::tests::samples::rules();
        let mut after = before.clone();
        after.honor_grace = false;
        after.member = None;
        after.rules.remove(0);
        after.rules[0].when.push(crate::domain::rule::Condition::Member);
        let told: Vec<String> = differences(&MappingDiff::between(&before, &after), &ListedNames::default())
            .into_iter()
            .map(|it| it.text)
            .collect();
        assert_eq!(
            told,
            [
                "Honor grace period: on → off",
                "Role of members: member → nothing",
                "Membership type CORPGOLD → gold",
                "Committee EDU (any seat) → education “Education committee” — now: Committee EDU (any seat) and Is a member → education “Education committee”",
            ]
        );
    }
}
