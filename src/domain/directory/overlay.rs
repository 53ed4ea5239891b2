//! A record as it is believed: what its own lists said, and where a roster is newer, what that says.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use super::roster::{Roster, RosterEntry, RosterLine, Standing};
use super::roster_name::{RosterKind, RosterName, roster_of};
use crate::domain::parts::{Part, ReadCodes};
use crate::domain::record::{CommitteeSeat, IndividualId, Record, Registration};
use crate::domain::rule::{Code, Rules};
use crate::domain::time::Timestamp;

/// The rosters that are kept. A roster that was never read is not among them.
pub type Rosters = BTreeMap<RosterName, Arc<Roster>>;

/// The record with what the rosters know better: entries of a roster that was read later than the person's own list replace those of its
/// code. Who is not on a roster has none of its code. A part that was never read is known as far as rosters go.
pub fn with_rosters<'r>(record: &'r Record, rosters: &Rosters) -> Cow<'r, Record> {
    let mut believed = Cow::Borrowed(record);
    let of = |kind: RosterKind| rosters.iter().filter(move |(name, _)| name.kind() == kind);
    if let Some(seats) = overlaid(record, RosterKind::Committee, record.committees.as_deref(), of) {
        let record = believed.to_mut();
        record.committees = Some(seats.entries);
        seats.read.note(record, RosterKind::Committee.part());
    }
    if let Some(found) = overlaid(record, RosterKind::Event, record.registrations.as_deref(), of) {
        let record = believed.to_mut();
        record.registrations = Some(found.entries);
        found.read.note(record, RosterKind::Event.part());
    }
    believed
}

/// The instant as of which all is known that the mapping looks at in this part. `None`: some of it is not known at all.
pub fn known_as_of(record: &Record, rosters: &Rosters, rules: &Rules, part: Part) -> Option<Timestamp> {
    let conditions = rules.conditions().filter(|condition| condition.kind().part == Some(part));
    let mut oldest = None;
    for condition in conditions {
        let code = condition.asked_code();
        let own = if record.has_read(part, code) { own_list_at(record, part) } else { None };
        let roster = roster_of(condition).and_then(|name| rosters.get(&name));
        let by_roster = roster.and_then(|roster| known_at(roster, &record.id, own));
        let known = own.max(by_roster)?;
        oldest = Some(oldest.map_or(known, |oldest: Timestamp| oldest.min(known)));
    }
    oldest.or_else(|| own_list_at(record, part))
}

/// When the person's own list was last confirmed.
fn own_list_at(record: &Record, part: Part) -> Option<Timestamp> {
    let is_there = match part {
        Part::Committees => record.committees.is_some(),
        Part::Registrations => record.registrations.is_some(),
        Part::Purchases => record.purchases.is_some(),
        Part::Certifications => record.certifications.is_some(),
        Part::Relationships => record.relationships.is_some(),
    };
    is_there.then_some(record.as_of)
}

/// As of when a roster says how it stands with a person, whose own list was read at `own`. `None`: it does not say.
fn known_at(roster: &Roster, id: &IndividualId, own: Option<Timestamp>) -> Option<Timestamp> {
    match roster.standing(id) {
        Standing::On(_, seen) => roster.has_dates().then_some(seen),
        // Who is missing from one reading only may be on the next; a list of their own that is older than both is not contradicted.
        Standing::Off => own.is_none_or(|own| roster.overrules(own)).then(|| roster.confirmed_at()),
    }
}

/// What an entry of a part says about where it belongs.
trait Entry: Clone + PartialEq {
    fn from_line(line: &RosterLine) -> Option<&Self>;
    fn code(&self) -> &str;
    fn name(&self) -> Option<&str>;
}

impl Entry for CommitteeSeat {
    fn from_line(line: &RosterLine) -> Option<&CommitteeSeat> {
        if let RosterEntry::Seat(seat) = &line.entry { Some(seat) } else { None }
    }

    fn code(&self) -> &str {
        &self.committee
    }

    fn name(&self) -> Option<&str> {
        self.committee_name.as_deref()
    }
}

impl Entry for Registration {
    fn from_line(line: &RosterLine) -> Option<&Registration> {
        if let RosterEntry::Registration(registration) = &line.entry { Some(registration) } else { None }
    }

    fn code(&self) -> &str {
        &self.event
    }

    fn name(&self) -> Option<&str> {
        None
    }
}

struct Overlaid<E> {
    entries: Vec<E>,
    read: ReadSoFar,
}

/// How much of a part is known after the rosters were looked at.
enum ReadSoFar {
    /// As much as before.
    AsBefore,
    /// What rosters and the person's own list tell of these codes, as of the oldest of them.
    These(ReadCodes, Timestamp),
}

impl ReadSoFar {
    fn note(self, record: &mut Record, part: Part) {
        if let ReadSoFar::These(codes, _oldest) = self {
            record.partly.set(part, Some(codes));
        }
    }
}

/// The entries of one part after all rosters of its kind. `None`: nothing changes.
fn overlaid<'a, E: Entry, I: Iterator<Item = (&'a RosterName, &'a Arc<Roster>)>>(
    record: &Record,
    kind: RosterKind,
    own: Option<&[E]>,
    rosters: impl Fn(RosterKind) -> I,
) -> Option<Overlaid<E>> {
    let own_at = own_list_at(record, kind.part());
    let partly = record.partly.of(kind.part());
    let mut entries = own.unwrap_or_default().to_vec();
    let mut read = partly.cloned().unwrap_or_default();
    let mut oldest: Option<Timestamp> = None;
    let mut has_changed = false;
    for (name, roster) in rosters(kind) {
        // A part that was read for other codes only says nothing about this one.
        let own_at = own_at.filter(|_| partly.is_none_or(|read| read.has(name.code())));
        let Some(at) = known_at(roster, &record.id, own_at).filter(|at| own_at.is_none_or(|own| own < *at)) else {
            continue;
        };
        let lines = match roster.standing(&record.id) {
            Standing::On(lines, _) => lines,
            Standing::Off => &[],
        };
        let replaced = is_of(name.code(), roster, own.unwrap_or_default());
        let mut others: Vec<E> = entries.iter().filter(|entry| !replaced(entry)).cloned().collect();
        others.extend(lines.iter().filter_map(E::from_line).cloned());
        if others != entries {
            entries = others;
            has_changed = true;
        }
        if own_at.is_none() {
            read.add(name.code());
            oldest = Some(oldest.map_or(at, |oldest| oldest.min(at)));
        }
    }
    let read = match oldest {
        Some(oldest) if own_at.is_none() || partly.is_some() => ReadSoFar::These(read, oldest),
        _ => ReadSoFar::AsBefore,
    };
    let is_news = has_changed || matches!(read, ReadSoFar::These(..));
    is_news.then_some(Overlaid { entries, read })
}

/// Whether an entry is of this roster. The mapping may name it by its name, which counts only if no entry has that code.
fn is_of<'a, E: Entry>(code: &'a Code, roster: &'a Roster, own: &[E]) -> impl Fn(&E) -> bool + 'a {
    let coded = roster.has_code(code.as_str()) || own.iter().any(|entry| code.matches(entry.code()));
    move |entry: &E| {
        code.matches(entry.code())
            || roster.has_code(entry.code())
            || !coded && entry.name().is_some_and(|name| code.matches(name))
    }
}
