//! The directory on the status page: how it is kept in step, and absences that wait for somebody to look at them.

use jiff::SignedDuration;

use super::page::{RosterTableRow, StatusPart};
use crate::domain::condition::ChoiceList;
use crate::domain::directory::roster_name::{RosterKind, RosterName};
use crate::domain::directory::settings::PeopleOnFile;
use crate::domain::names::ListedNames;
use crate::domain::time::{TimeZone, Timestamp};
use crate::flows::directory::{DirectoryStatus, HeldAbsences, HeldPlace, RosterStatus};
use crate::web::admin::directory::completeness;
use crate::web::admin::fields::{grouped, people};
use crate::web::admin::shell::Tone;
use crate::web::admin::words::when;

/// A poll of the feed comes every minute; one that is so old tells of an outage.
const FEED_LATE: SignedDuration = SignedDuration::from_mins(10);

/// How the directory does, as a part of the gateway.
pub fn part(status: &DirectoryStatus, now: Timestamp, zone: &TimeZone) -> StatusPart {
    let held = held_people(status);
    let is_late = |at: Timestamp| {
        now.duration_since(at) > FEED_LATE.max(SignedDuration::from_mins(stretched(status, 2)))
    };
    let is_silent = status.has_feed && status.polled_at.is_none_or(is_late);
    let (tone, word) = match () {
        () if !status.in_step => (Tone::Warn, "Not kept in step"),
        () if held > 0 => (Tone::Warn, "Absences are held"),
        () if is_silent => (Tone::Warn, "Behind"),
        () if !status.feed_lacks.is_empty() => (Tone::Warn, "The feed lacks changes"),
        () if status.stretch > 1.0 => (Tone::Warn, "Slower than wanted"),
        () => (Tone::Good, "In step"),
    };
    let mut facts = vec![("How complete", completeness(status, zone))];
    if status.in_step {
        facts.insert(0, ("People on file", grouped(status.people)));
        facts.extend(kept_in_step(status, zone));
    }
    let advice = match () {
        () if held > 0 => {
            "The AMS no longer says something of many people, or of some while it seems not to be well. They keep what they have while each \
             of them is asked about. If you know that it is right, release them below."
        }
        () if !status.feed_lacks.is_empty() => {
            "The AMS changed records of which its change feed did not tell. Such changes are found by rosters and sweeps from now on. \
             Set directory.feed_covers to \"profiles\" in the configuration."
        }
        () if status.stretch > 1.0 => {
            "The AMS allows fewer calls than all of this takes, so everything is read less often, in equal shares."
        }
        () => "",
    };
    StatusPart { name: "Directory", tone, word: word.to_owned(), facts, advice: advice.to_owned() }
}

fn kept_in_step(status: &DirectoryStatus, zone: &TimeZone) -> Vec<(&'static str, String)> {
    let or_never = |at: Option<Timestamp>| at.map_or_else(|| "Never".to_owned(), |at| when(at, zone));
    let mut facts = Vec::new();
    if status.has_feed {
        facts.push(("Change feed last asked", or_never(status.polled_at)));
        facts.push(("Without a gap since", or_never(status.unbroken_since)));
        if !status.feed_lacks.is_empty() {
            facts.push(("The feed does not tell of", status.feed_lacks.join(", ")));
        }
    }
    facts.push(("Last webhook", or_never(status.hooked_at)));
    if status.coverage == PeopleOnFile::Members {
        facts.push(("Reading all members takes", hours(status.sweep_every, status.stretch)));
    }
    facts.push(("Calls an hour needed", grouped(whole(status.calls_an_hour))));
    let stretch = match status.stretch > 1.0 {
        true => format!("{:.1} times", status.stretch),
        false => "Not at all".to_owned(),
    };
    facts.push(("Slower than configured", stretch));
    facts
}

/// In a form: people's own lists.
const OWN_LISTS: &str = "own_lists";

/// The place whose key a form sent.
pub fn held_place(key: &str) -> Option<HeldPlace> {
    match key {
        "" => Some(HeldPlace::Sweep),
        OWN_LISTS => Some(HeldPlace::OwnLists),
        name => RosterName::try_from(name.to_owned()).ok().map(HeldPlace::Roster),
    }
}

/// Every roster, and all members and people's own lists if absences from these are held. None is read where each person is asked about alone.
pub fn rows(status: &DirectoryStatus, names: &ListedNames, zone: &TimeZone) -> Vec<RosterTableRow> {
    if !status.in_step {
        return Vec::new();
    }
    let members = status.sweep_held.as_ref().map(|held| RosterTableRow {
        name: "All members".to_owned(),
        key: String::new(),
        people: status.last_sweep.map_or_else(String::new, |(_, count)| count.to_string()),
        confirmed: status.last_sweep.map_or_else(String::new, |(at, _)| when(at, zone)),
        missing: grouped(held.people),
        held: held_since(held, zone),
    });
    let own_lists = status.own_lists_held.as_ref().map(|held| RosterTableRow {
        name: "People’s own lists".to_owned(),
        key: OWN_LISTS.to_owned(),
        people: String::new(),
        confirmed: String::new(),
        missing: grouped(held.people),
        held: held_since(held, zone),
    });
    members
        .into_iter()
        .chain(own_lists)
        .chain(status.rosters.iter().map(|roster| row(roster, names, zone)))
        .collect()
}

fn row(roster: &RosterStatus, names: &ListedNames, zone: &TimeZone) -> RosterTableRow {
    let people = match roster.people {
        None => "Not read yet".to_owned(),
        Some(count) if roster.has_dates => grouped(count),
        // Its rows lack dates, so each person's own list decides.
        Some(count) => format!("{}, without dates", grouped(count)),
    };
    RosterTableRow {
        name: called(&roster.name, names),
        key: roster.name.to_string(),
        people,
        confirmed: roster.confirmed_at.map_or_else(String::new, |at| when(at, zone)),
        missing: grouped(roster.missing),
        held: roster.held.as_ref().map(|held| held_since(held, zone)).unwrap_or_default(),
    }
}

fn called(name: &RosterName, names: &ListedNames) -> String {
    let (kind, list) = match name.kind() {
        RosterKind::Committee => ("Committee", ChoiceList::Committees),
        RosterKind::Event => ("Event", ChoiceList::Events),
    };
    format!("{kind} {}", names.shown(Some(list), name.code().as_str()))
}

fn held_since(held: &HeldAbsences, zone: &TimeZone) -> String {
    format!("{} held since {}", people(held.people), when(held.since, zone))
}

/// How many people keep what they have although they are missing.
fn held_people(status: &DirectoryStatus) -> usize {
    let of_rosters = status.rosters.iter().filter_map(|roster| roster.held.as_ref());
    of_rosters.chain(&status.sweep_held).chain(&status.own_lists_held).map(|held| held.people).sum()
}

fn hours(every: SignedDuration, stretch: f64) -> String {
    let configured = every.as_secs_f64() / 3600.0;
    let hours = |hours: f64| match hours {
        1.0 => "1 hour".to_owned(),
        _ => format!("{hours:.1} hours").replace(".0 hours", " hours"),
    };
    match stretch > 1.0 {
        true => format!("{}; stretched to {}", hours(configured), hours(configured * stretch)),
        false => hours(configured),
    }
}

/// Minutes, stretched.
fn stretched(status: &DirectoryStatus, minutes: i64) -> i64 {
    i64::try_from(whole(status.stretch)).unwrap_or(1).saturating_mul(minutes)
}

/// Rounded up. What is not a number is 0.
fn whole(number: f64) -> usize {
    number.ceil().clamp(0.0, 1e12) as usize
}
