//! What one person's own lists no longer have, when that counts, and what is believed meanwhile.
//!
//! A reading of one person may lack entries that were there because they were taken away, or because the AMS answered with an empty or a
//! shorter list. Whatever the reading says counts at once: a row that ended, a row that changed, a new row of the same code. Only that a
//! row is not there any more counts when a second reading agrees. Kept out: whether the AMS is well meanwhile (`flows::witnesses`).

use std::collections::{BTreeMap, BTreeSet};

use super::absence::{Absence, AbsenceVerdict};
use crate::domain::fold;
use crate::domain::parts::Part;
use crate::domain::record::{
    Certification, CommitteeSeat, CustomField, GroupPlace, Membership, Purchase, Record, Registration,
    Relationship,
};
use crate::domain::standing::MembershipStanding;
use crate::domain::time::{AmsDate, TimeZone, Timestamp};

/// The parts of a reading that lack entries which were there before and of which the reading says nothing. What was confirmed before
/// `oldest` is not believed any longer, and so is not missed either.
pub fn lost_parts(reading: &Record, known: &Record, zone: &TimeZone, oldest: Timestamp) -> BTreeSet<Part> {
    let at = reading.as_of();
    let mut trial = reading.clone();
    let is_replaced = |part: &Part| {
        let (Some(here), Some(there)) = (reading.confirmed.of(*part), known.confirmed.of(*part)) else {
            return false;
        };
        // A reading that was cut short does not replace one that tells more (`Record::over`).
        let tells_all = reading.partly.of(*part).is_none_or(|read| read.replaces(known.partly.of(*part)));
        there >= oldest && there < here && tells_all
    };
    let replaced = Part::ALL.into_iter().filter(is_replaced);
    replaced.filter(|part| put_back(&mut trial, known, *part, zone, at)).collect()
}

/// Puts back what these parts of a reading have lost. What it says stays; each part has the age that it had before.
pub fn keep(reading: &mut Record, known: &Record, parts: &BTreeSet<Part>, zone: &TimeZone) {
    let at = reading.as_of();
    for part in parts {
        if put_back(reading, known, *part, zone, at) {
            reading.confirmed.set(*part, known.confirmed.of(*part));
        }
    }
}

/// How many entries would be missed if they were not there.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct MissedEntries {
    /// Those that say more than what they are about: they show where rows have lost everything else.
    pub full: usize,
    /// All of them.
    pub all: usize,
}

/// How many entries of a part would be missed if they were not there at `at`.
pub fn count_missed(record: &Record, part: Part, zone: &TimeZone, at: Timestamp) -> MissedEntries {
    fn count<E: OwnEntry>(entries: &[E], zone: &TimeZone, at: Timestamp) -> MissedEntries {
        let missed = || entries.iter().filter(|entry| !entry.is_over(zone, at) && !entry.about().is_empty());
        MissedEntries { full: missed().filter(|entry| !entry.is_bare()).count(), all: missed().count() }
    }
    match part {
        Part::Profile => MissedEntries::default(),
        Part::Memberships => count(&record.memberships, zone, at),
        Part::SecurityRoles => count(&record.security_roles, zone, at),
        Part::CustomFields => count(&record.custom_fields, zone, at),
        Part::Committees => count(record.committees.as_deref().unwrap_or_default(), zone, at),
        Part::Registrations => count(record.registrations.as_deref().unwrap_or_default(), zone, at),
        Part::Purchases => count(record.purchases.as_deref().unwrap_or_default(), zone, at),
        Part::Certifications => count(record.certifications.as_deref().unwrap_or_default(), zone, at),
        Part::Relationships => count(record.relationships.as_deref().unwrap_or_default(), zone, at),
        Part::Groups => count(record.groups.as_deref().unwrap_or_default(), zone, at),
    }
}

/// What one part of somebody lacks.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct OwnLoss {
    absence: Absence,
    /// A second reading agreed, and the AMS did not show that it is well.
    is_doubted: bool,
}

/// The losses of one person that do not count yet.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OwnLosses {
    parts: BTreeMap<Part, OwnLoss>,
    /// An administrator has seen these: they count with the next reading that lacks them too.
    released: BTreeSet<Part>,
}

impl OwnLosses {
    /// Those of `lost` that a reading at `at` lacks for the second time, long enough after the first.
    pub fn second_time(&self, lost: &BTreeSet<Part>, at: Timestamp) -> BTreeSet<Part> {
        let is_second = |part: &Part| self.parts.get(part).is_some_and(|loss| loss.absence.is_second(at));
        lost.iter().copied().filter(|part| is_second(part) && !self.released.contains(part)).collect()
    }

    /// Takes a reading at `at` that lacks something in `lost`; all other losses of its parts have come back. `shown`: those parts of which
    /// the AMS has just shown, with somebody else's, that it answers them well. Gives back what is not to be believed yet.
    pub fn take(
        &mut self,
        reading: &Record,
        lost: &BTreeSet<Part>,
        shown: &BTreeSet<Part>,
        at: Timestamp,
    ) -> BTreeSet<Part> {
        self.parts.retain(|part, _| lost.contains(part) || reading.confirmed.of(*part).is_none());
        let mut held = BTreeSet::new();
        for part in lost {
            let loss = self.parts.entry(*part).or_default();
            let is_second = loss.absence.is_second(at);
            let verdict = loss.absence.not_found(!is_second || shown.contains(part), at);
            loss.is_doubted = verdict == AbsenceVerdict::SaysNothing;
            if verdict == AbsenceVerdict::Counts || self.released.contains(part) {
                self.parts.remove(part);
            } else {
                held.insert(*part);
            }
        }
        self.released.retain(|part| self.parts.contains_key(part));
        held
    }

    /// An administrator has seen them.
    pub fn release(&mut self) {
        self.released = self.parts.keys().copied().collect();
    }

    /// The parts that lack something.
    pub fn parts(&self) -> impl Iterator<Item = Part> {
        self.parts.keys().copied()
    }

    /// Nothing is lost.
    pub fn is_empty(&self) -> bool {
        self.parts.is_empty()
    }

    /// Since when something has been lost of which not even a second reading is believed.
    pub fn doubted_since(&self) -> Option<Timestamp> {
        self.parts.values().filter(|loss| loss.is_doubted).filter_map(|loss| loss.absence.since()).min()
    }

    /// Whether a reading tells of any of them.
    pub fn are_told_of(&self, reading: &Record) -> bool {
        self.parts.keys().any(|part| reading.confirmed.of(*part).is_some())
    }
}

/// Entries of one kind, as one person's list has them.
trait OwnEntry: Clone + PartialEq {
    /// What the entry is about; blank: the AMS did not say.
    fn about(&self) -> String;

    /// It says nothing but what it is about: a row from which everything else is missing.
    fn is_bare(&self) -> bool;

    /// It is cancelled or has ended by `at`, so nobody misses it.
    fn is_over(&self, zone: &TimeZone, at: Timestamp) -> bool;
}

/// Puts entries back into one part of a reading. `false`: it lacks none.
fn put_back(reading: &mut Record, known: &Record, part: Part, zone: &TimeZone, at: Timestamp) -> bool {
    // About other codes the reading says nothing, and nobody asks about them any longer.
    let codes = reading.partly.of(part).cloned();
    let is_asked = |about: &str| codes.as_ref().is_none_or(|codes| codes.has_folded(about));
    fn list<E: OwnEntry>(
        read: &mut Option<Vec<E>>,
        known: Option<&[E]>,
        is_asked: impl Fn(&str) -> bool,
        zone: &TimeZone,
        at: Timestamp,
    ) -> bool {
        let (Some(read), Some(known)) = (read, known) else { return false };
        let known: Vec<E> = known.iter().filter(|entry| is_asked(&entry.about())).cloned().collect();
        refill(read, &known, zone, at)
    }
    match part {
        Part::Profile => false,
        Part::Memberships => refill(&mut reading.memberships, &known.memberships, zone, at),
        Part::SecurityRoles => refill(&mut reading.security_roles, &known.security_roles, zone, at),
        Part::CustomFields => refill(&mut reading.custom_fields, &known.custom_fields, zone, at),
        Part::Committees => list(&mut reading.committees, known.committees.as_deref(), is_asked, zone, at),
        Part::Registrations => {
            list(&mut reading.registrations, known.registrations.as_deref(), is_asked, zone, at)
        }
        Part::Purchases => list(&mut reading.purchases, known.purchases.as_deref(), is_asked, zone, at),
        Part::Certifications => {
            list(&mut reading.certifications, known.certifications.as_deref(), is_asked, zone, at)
        }
        Part::Relationships => {
            list(&mut reading.relationships, known.relationships.as_deref(), is_asked, zone, at)
        }
        Part::Groups => list(&mut reading.groups, known.groups.as_deref(), is_asked, zone, at),
    }
}

fn refill<E: OwnEntry>(read: &mut Vec<E>, known: &[E], zone: &TimeZone, at: Timestamp) -> bool {
    if read == known {
        return false;
    }
    // One by one: two lines that are the same are two.
    let mut new: Vec<bool> = vec![true; read.len()];
    let mut lost: Vec<(usize, String, &E)> = Vec::new();
    for (place, entry) in known.iter().enumerate() {
        let same = read.iter().zip(&mut new).find(|(one, is_new)| **is_new && *one == entry);
        if let Some((_, is_new)) = same {
            *is_new = false;
        } else if !entry.is_over(zone, at) {
            lost.push((place, entry.about(), entry));
        }
    }
    let are_new = read.iter().zip(&new).filter(|(_, is_new)| **is_new).map(|(entry, _)| entry);
    let (bare, said): (Vec<&E>, Vec<&E>) = are_new.partition(|entry| entry.is_bare());
    let said: BTreeSet<String> = said.into_iter().map(OwnEntry::about).collect();
    let bare: BTreeSet<String> = bare.into_iter().map(OwnEntry::about).collect();
    // A bare row is as good as one that was bare before.
    lost.retain(|(_, about, entry)| {
        let is_told = said.contains(about) || entry.is_bare() && bare.contains(about);
        !about.is_empty() && !is_told
    });
    if lost.is_empty() {
        return false;
    }
    let missed: BTreeSet<&String> = lost.iter().map(|(_, about, _)| about).collect();
    let mut is_new = new.into_iter();
    read.retain(|entry| {
        !(is_new.next().unwrap_or(false) && entry.is_bare() && missed.contains(&entry.about()))
    });
    for (place, _, entry) in &lost {
        read.insert((*place).min(read.len()), (*entry).clone());
    }
    true
}

fn has_ended(end: &AmsDate, zone: &TimeZone, at: Timestamp) -> bool {
    matches!(end.end(zone), Ok(Some(end)) if end <= at)
}

/// Folded; the name where there is no code.
fn code_or(code: Option<&str>, name: Option<&str>) -> String {
    let said = |text: &str| Some(fold::folded(text)).filter(|folded| !folded.is_empty());
    code.and_then(said).or_else(|| name.and_then(said)).unwrap_or_default()
}

impl OwnEntry for Membership {
    fn about(&self) -> String {
        code_or(self.code.as_deref(), self.type_name.as_deref())
    }

    fn is_bare(&self) -> bool {
        let Membership { join_date, effective_date, expire_date, grace_expire_date, terminate_date, .. } =
            self;
        let dates = [join_date, effective_date, expire_date, grace_expire_date, terminate_date];
        let says_how_it_stands = !matches!(self.standing, None | Some(MembershipStanding::Unknown));
        !self.cancelled && !says_how_it_stands && dates.into_iter().all(AmsDate::is_absent)
    }

    fn is_over(&self, zone: &TimeZone, at: Timestamp) -> bool {
        if let Some(standing) = self.standing {
            // Its dates do not end it.
            return self.cancelled || standing == MembershipStanding::Ended;
        }
        let mut ends = [&self.expire_date, &self.grace_expire_date].into_iter().filter(|it| !it.is_absent());
        let is_past = |end: &AmsDate| has_ended(end, zone, at);
        let has_end = !self.expire_date.is_absent() || !self.grace_expire_date.is_absent();
        self.cancelled || is_past(&self.terminate_date) || has_end && ends.all(is_past)
    }
}

impl OwnEntry for CommitteeSeat {
    fn about(&self) -> String {
        code_or(Some(&self.committee), self.committee_name.as_deref())
    }

    fn is_bare(&self) -> bool {
        let has_dates = !self.start_date.is_absent() || !self.end_date.is_absent();
        !self.cancelled && !has_dates && self.position.is_none() && self.position_name.is_none()
    }

    fn is_over(&self, zone: &TimeZone, at: Timestamp) -> bool {
        self.cancelled || has_ended(&self.end_date, zone, at)
    }
}

impl OwnEntry for Registration {
    fn about(&self) -> String {
        fold::folded(&self.event)
    }

    fn is_bare(&self) -> bool {
        let dates = [&self.registration_date, &self.event_start, &self.event_end];
        !self.cancelled && dates.into_iter().all(AmsDate::is_absent)
    }

    fn is_over(&self, _: &TimeZone, _: Timestamp) -> bool {
        self.cancelled
    }
}

impl OwnEntry for Purchase {
    fn about(&self) -> String {
        fold::folded(&self.product)
    }

    fn is_bare(&self) -> bool {
        !self.cancelled && self.purchase_date.is_absent()
    }

    fn is_over(&self, _: &TimeZone, _: Timestamp) -> bool {
        self.cancelled
    }
}

impl OwnEntry for Certification {
    fn about(&self) -> String {
        fold::folded(&self.code)
    }

    fn is_bare(&self) -> bool {
        !self.cancelled && self.expire_date.is_absent()
    }

    fn is_over(&self, zone: &TimeZone, at: Timestamp) -> bool {
        self.cancelled || has_ended(&self.expire_date, zone, at)
    }
}

impl OwnEntry for Relationship {
    fn about(&self) -> String {
        let name = fold::folded(&self.name);
        let of = self.organization.as_deref().map(fold::folded).unwrap_or_default();
        // No folded text has a line break.
        if name.is_empty() { name } else { format!("{name}\n{of}") }
    }

    fn is_bare(&self) -> bool {
        !self.cancelled && self.start_date.is_absent() && self.end_date.is_absent()
    }

    fn is_over(&self, zone: &TimeZone, at: Timestamp) -> bool {
        self.cancelled || has_ended(&self.end_date, zone, at)
    }
}

impl OwnEntry for GroupPlace {
    fn about(&self) -> String {
        code_or(Some(&self.group), self.group_name.as_deref())
    }

    fn is_bare(&self) -> bool {
        !self.cancelled && self.start_date.is_absent() && self.end_date.is_absent()
    }

    fn is_over(&self, zone: &TimeZone, at: Timestamp) -> bool {
        self.cancelled || has_ended(&self.end_date, zone, at)
    }
}

impl OwnEntry for CustomField {
    fn about(&self) -> String {
        fold::folded(&self.name)
    }

    fn is_bare(&self) -> bool {
        false
    }

    fn is_over(&self, _: &TimeZone, _: Timestamp) -> bool {
        fold::is_blank(&self.value)
    }
}

/// A security role.
impl OwnEntry for String {
    fn about(&self) -> String {
        fold::folded(self)
    }

    fn is_bare(&self) -> bool {
        false
    }

    fn is_over(&self, _: &TimeZone, _: Timestamp) -> bool {
        false
    }
}

#[cfg(test)]
mod tests;
