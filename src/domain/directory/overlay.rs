//! A record as it is believed: what its own lists said, and where a roster is newer, what that says.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use super::roster::{Roster, RosterEntry, RosterLine, RosterStanding};
use super::roster_name::{RosterKind, RosterName, roster_of};
use crate::domain::parts::{Part, ReadCodes};
use crate::domain::record::{CommitteeSeat, IndividualId, Record, Registration};
use crate::domain::rule::{Code, Rules};
use crate::domain::time::Timestamp;

/// The rosters that are kept. A roster that was never read is not among them.
pub type Rosters = BTreeMap<RosterName, Arc<Roster>>;

/// The record with what the rosters know better: entries of a roster that was read later than the person's own list replace those of its
/// code. Who is not on a roster has none of its code. A part that was never read is known as far as rosters go.
///
/// What was confirmed before `oldest` is not believed: of a roster here, of the record by [`Record::without_older_than`], which goes first.
pub fn with_rosters<'r>(record: &'r Record, rosters: &Rosters, oldest: Timestamp) -> Cow<'r, Record> {
    let mut believed = Cow::Borrowed(record);
    let of = |kind: RosterKind| rosters.iter().filter(move |(name, _)| name.kind() == kind);
    let seats = record.committees.as_deref();
    if let Some(found) = overlaid(record, Part::Committees, seats, of(RosterKind::Committee), oldest) {
        let record = believed.to_mut();
        record.committees = Some(found.entries);
        found.read.note(record, Part::Committees);
    }
    let registrations = record.registrations.as_deref();
    if let Some(found) = overlaid(record, Part::Registrations, registrations, of(RosterKind::Event), oldest) {
        let record = believed.to_mut();
        record.registrations = Some(found.entries);
        found.read.note(record, Part::Registrations);
    }
    believed
}

/// The instant as of which all is known that the mapping looks at in this part. `None`: some of it is not known at all.
pub fn known_as_of(record: &Record, rosters: &Rosters, rules: &Rules, part: Part) -> Option<Timestamp> {
    let conditions = rules.conditions().filter(|condition| condition.kind().part == Some(part));
    let mut oldest = None;
    for condition in conditions {
        let code = condition.asked_code();
        let own = record.confirmed.of(part).filter(|_| record.has_read(part, code));
        let roster = roster_of(condition).and_then(|name| rosters.get(&name));
        let by_roster = roster.and_then(|roster| known_at(roster, &record.id, own));
        let known = own.max(by_roster)?;
        oldest = Some(oldest.map_or(known, |oldest: Timestamp| oldest.min(known)));
    }
    oldest.or_else(|| record.confirmed.of(part))
}

/// As of when a roster says how it stands with a person, whose own list was read at `own`. `None`: it does not say.
fn known_at(roster: &Roster, id: &IndividualId, own: Option<Timestamp>) -> Option<Timestamp> {
    match roster.standing(id) {
        RosterStanding::On(_, seen) => roster.has_dates().then_some(seen),
        // Who is missing from one reading only may be on the next; a list of their own that is older than both is not contradicted.
        RosterStanding::Off => own.is_none_or(|own| roster.overrules(own)).then(|| roster.confirmed_at()),
    }
}

/// What an entry of a part says about where it belongs.
trait PartEntry: Clone + PartialEq {
    fn from_line(line: &RosterLine) -> Option<&Self>;
    fn code(&self) -> &str;
    fn name(&self) -> Option<&str>;
}

impl PartEntry for CommitteeSeat {
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

impl PartEntry for Registration {
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
    /// These codes, as of the oldest reading that tells of them.
    These(ReadCodes, Timestamp),
}

impl ReadSoFar {
    fn note(self, record: &mut Record, part: Part) {
        if let ReadSoFar::These(codes, oldest) = self {
            record.partly.set(part, Some(codes));
            record.confirmed.set(part, Some(oldest));
        }
    }
}

/// The entries of one part after all rosters of its kind. `None`: nothing changes.
fn overlaid<'a, E: PartEntry>(
    record: &Record,
    part: Part,
    own: Option<&[E]>,
    rosters: impl Iterator<Item = (&'a RosterName, &'a Arc<Roster>)>,
    oldest: Timestamp,
) -> Option<Overlaid<E>> {
    let own = own.unwrap_or_default();
    let read_at = record.confirmed.of(part);
    let partly = record.partly.of(part);
    let mut entries = Cow::Borrowed(own);
    let mut read = partly.cloned().unwrap_or_default();
    let mut learnt: Option<Timestamp> = None;
    for (name, roster) in rosters {
        // A list that was read for other codes only says nothing about this one.
        let own_at = read_at.filter(|_| partly.is_none_or(|read| read.has(name.code())));
        let known = known_at(roster, &record.id, own_at).filter(|at| *at >= oldest);
        let Some(at) = known.filter(|at| own_at.is_none_or(|own| own < *at)) else { continue };
        let lines = match roster.standing(&record.id) {
            RosterStanding::On(lines, _) => lines,
            RosterStanding::Off => &[],
        };
        let is_of = is_of(name.code(), roster, own);
        let (replaced, others): (Vec<&E>, Vec<&E>) = entries.iter().partition(|entry| is_of(entry));
        let new: Vec<&E> = lines.iter().filter_map(E::from_line).collect();
        if replaced != new {
            entries = Cow::Owned(others.into_iter().chain(new).cloned().collect());
        }
        if own_at.is_none() {
            read.add(name.code());
            learnt = Some(learnt.map_or(at, |learnt| learnt.min(at)));
        }
    }
    let read = match learnt {
        Some(learnt) => ReadSoFar::These(read, read_at.map_or(learnt, |own| own.min(learnt))),
        None => ReadSoFar::AsBefore,
    };
    let is_news = matches!(entries, Cow::Owned(_)) || learnt.is_some();
    is_news.then(|| Overlaid { entries: entries.into_owned(), read })
}

/// Whether an entry is of this roster. The mapping may name it by its name, which counts only if no entry has that code.
fn is_of<'a, E: PartEntry>(code: &'a Code, roster: &'a Roster, own: &[E]) -> impl Fn(&E) -> bool + 'a {
    let coded = roster.has_code(code.as_str()) || own.iter().any(|entry| code.matches(entry.code()));
    move |entry: &E| {
        code.matches(entry.code())
            || roster.has_code(entry.code())
            || !coded && entry.name().is_some_and(|name| code.matches(name))
    }
}

#[cfg(test)]
mod tests;
