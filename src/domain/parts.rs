//! Parts of a record that cost calls of their own: which are needed, and how much of them was read.
//!
//! Of a part that was not read whole it is known about which codes all was read. What lies beyond is unknown: it grants nothing,
//! and keeps negated conditions from granting (docs/roles.md, "What is unknown").

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::code::Code;
use super::time::Timestamp;

/// A part of a record. Which parts a call brings is a fact about the call, never about the row that came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Part {
    /// Who the person is, and whether the AMS approves of the person.
    Profile,
    /// Memberships.
    Memberships,
    /// Security roles.
    SecurityRoles,
    /// Custom fields.
    CustomFields,
    /// Committee seats.
    Committees,
    /// Event registrations.
    Registrations,
    /// Purchases.
    Purchases,
    /// Certifications.
    Certifications,
    /// Relationships.
    Relationships,
    /// Groups.
    Groups,
}

impl Part {
    /// All of them.
    pub const ALL: [Part; 10] = [
        Part::Profile,
        Part::Memberships,
        Part::SecurityRoles,
        Part::CustomFields,
        Part::Committees,
        Part::Registrations,
        Part::Purchases,
        Part::Certifications,
        Part::Relationships,
        Part::Groups,
    ];

    /// Those that come with every individual.
    pub const OF_THE_INDIVIDUAL: [Part; 4] =
        [Part::Profile, Part::Memberships, Part::SecurityRoles, Part::CustomFields];

    /// Those that are lists, which may cost calls of their own and of which one may know only some codes.
    pub const LISTS: [Part; 6] = [
        Part::Committees,
        Part::Registrations,
        Part::Purchases,
        Part::Certifications,
        Part::Relationships,
        Part::Groups,
    ];

    /// What people call it.
    pub fn name(self) -> &'static str {
        match self {
            Part::Profile => "profile",
            Part::Memberships => "memberships",
            Part::SecurityRoles => "security roles",
            Part::CustomFields => "custom fields",
            Part::Committees => "committees",
            Part::Registrations => "registrations",
            Part::Purchases => "purchases",
            Part::Certifications => "certifications",
            Part::Relationships => "relationships",
            Part::Groups => "groups",
        }
    }
}

/// When each part of a record was last confirmed: by a reading, or by something else that shows that nothing has changed since.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Confirmed([Option<Timestamp>; Part::ALL.len()]);

impl Confirmed {
    /// These parts, all at one instant.
    pub fn at(at: Timestamp, parts: impl IntoIterator<Item = Part>) -> Confirmed {
        let mut confirmed = Confirmed::default();
        parts.into_iter().for_each(|part| confirmed.set(part, Some(at)));
        confirmed
    }

    /// When a part was confirmed. `None`: it was never read.
    pub fn of(&self, part: Part) -> Option<Timestamp> {
        self.0.get(part as usize).copied().flatten()
    }

    /// Says when a part was confirmed.
    pub fn set(&mut self, part: Part, at: Option<Timestamp>) {
        if let Some(place) = self.0.get_mut(part as usize) {
            *place = at;
        }
    }

    /// A part that was read is confirmed once more, unless it was later.
    pub fn confirm(&mut self, part: Part, at: Timestamp) {
        if let Some(before) = self.of(part) {
            self.set(part, Some(before.max(at)));
        }
    }
}

/// Which entries of a part are asked about.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Codes {
    /// Whatever code they have.
    #[default]
    All,
    /// Those with these codes.
    These(Vec<Code>),
}

impl Codes {
    fn add(&mut self, code: Option<&Code>) {
        match (&mut *self, code.filter(|code| code.stars() == 0)) {
            (Codes::These(codes), Some(code)) if !codes.contains(code) => codes.push(code.clone()),
            (Codes::These(_), Some(_)) => {}
            // A pattern may stand for any code.
            _ => *self = Codes::All,
        }
    }
}

/// The parts that are needed, beside profile and memberships, which always are.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Parts {
    /// Security roles.
    pub security_roles: bool,
    /// Custom fields.
    pub custom_fields: bool,
    /// Committee seats.
    pub committees: bool,
    /// Event registrations.
    pub registrations: bool,
    /// Purchases.
    pub purchases: bool,
    /// Certifications.
    pub certifications: bool,
    /// Relationships.
    pub relationships: bool,
    /// Groups.
    pub groups: bool,
    /// On which committees, if seats are needed.
    pub seats: Codes,
    /// For which events, if registrations are needed.
    pub events: Codes,
    /// Of which products, if purchases are needed.
    pub products: Codes,
}

impl Parts {
    /// Whether it is among them.
    pub fn has(&self, part: Part) -> bool {
        match part {
            Part::Profile | Part::Memberships => true,
            Part::SecurityRoles => self.security_roles,
            Part::CustomFields => self.custom_fields,
            Part::Committees => self.committees,
            Part::Registrations => self.registrations,
            Part::Purchases => self.purchases,
            Part::Certifications => self.certifications,
            Part::Relationships => self.relationships,
            Part::Groups => self.groups,
        }
    }

    /// The codes about which a part is asked.
    pub fn codes(&self, part: Part) -> &Codes {
        const ALL: &Codes = &Codes::All;
        match part {
            Part::Committees => &self.seats,
            Part::Registrations => &self.events,
            Part::Purchases => &self.products,
            _ => ALL,
        }
    }

    /// Those that are needed, in their order.
    pub fn each(&self) -> impl Iterator<Item = Part> {
        Part::ALL.into_iter().filter(|part| self.has(*part))
    }

    /// The lists among them, in their order.
    pub fn lists(&self) -> impl Iterator<Item = Part> {
        Part::LISTS.into_iter().filter(|part| self.has(*part))
    }

    /// Whether whoever has read these has read the others too.
    pub fn cover(&self, others: &Parts) -> bool {
        others.each().all(|part| {
            self.has(part)
                && match (self.codes(part), others.codes(part)) {
                    (Codes::All, _) => true,
                    (Codes::These(_), Codes::All) => false,
                    (Codes::These(ours), Codes::These(theirs)) => {
                        theirs.iter().all(|code| ours.contains(code))
                    }
                }
        })
    }

    /// Those among them that only a read of the person brings, where no roster does: the lists, and security roles.
    pub fn of_one_person(&self) -> impl Iterator<Item = Part> {
        self.security_roles.then_some(Part::SecurityRoles).into_iter().chain(self.lists())
    }

    /// Leaves a part out.
    pub fn remove(&mut self, part: Part) {
        match part {
            Part::Profile | Part::Memberships => {}
            Part::SecurityRoles => self.security_roles = false,
            Part::CustomFields => self.custom_fields = false,
            Part::Committees => self.committees = false,
            Part::Registrations => self.registrations = false,
            Part::Purchases => self.purchases = false,
            Part::Certifications => self.certifications = false,
            Part::Relationships => self.relationships = false,
            Part::Groups => self.groups = false,
        }
    }

    /// Adds what a condition looks at: a part, and a code in it if it names one.
    pub fn add(&mut self, part: Part, code: Option<&Code>) {
        let is_new = !self.has(part);
        let flag = match part {
            Part::Profile | Part::Memberships => return,
            Part::SecurityRoles => &mut self.security_roles,
            Part::CustomFields => &mut self.custom_fields,
            Part::Committees => &mut self.committees,
            Part::Registrations => &mut self.registrations,
            Part::Purchases => &mut self.purchases,
            Part::Certifications => &mut self.certifications,
            Part::Relationships => &mut self.relationships,
            Part::Groups => &mut self.groups,
        };
        *flag = true;
        let codes = match part {
            Part::Committees => &mut self.seats,
            Part::Registrations => &mut self.events,
            Part::Purchases => &mut self.products,
            _ => return,
        };
        if is_new {
            *codes = Codes::These(Vec::new());
        }
        codes.add(code);
    }
}

/// The codes of a part about which all was read, folded.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReadCodes {
    codes: BTreeSet<String>,
    /// Nobody asked about others. Otherwise the reading was cut short.
    is_all_asked: bool,
}

impl ReadCodes {
    /// All about this code was read.
    pub fn add(&mut self, code: &Code) {
        self.codes.insert(code.folded().to_owned());
    }

    /// These were the codes that were asked about: the reading was not cut short if each of them was read.
    pub fn note_asked(&mut self, codes: &Codes) {
        self.is_all_asked = match codes {
            Codes::All => false,
            Codes::These(codes) => codes.iter().all(|code| self.has(code)),
        };
    }

    /// Whether all about this code was read.
    pub fn has(&self, code: &Code) -> bool {
        code.stars() == 0 && self.has_folded(code.folded())
    }

    /// As [`ReadCodes::has`], for a code that is folded.
    pub fn has_folded(&self, code: &str) -> bool {
        self.codes.contains(code)
    }

    /// Whether this reading takes the place of an earlier one. `None`: of one of the whole part. Codes that nobody asks about any longer are
    /// forgotten; those that a reading did not come to are not.
    pub fn replaces(&self, earlier: Option<&ReadCodes>) -> bool {
        self.is_all_asked || earlier.is_some_and(|earlier| self.codes.is_superset(&earlier.codes))
    }
}

/// The parts that were read, but not whole.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Partly {
    committees: Option<ReadCodes>,
    registrations: Option<ReadCodes>,
    purchases: Option<ReadCodes>,
    certifications: Option<ReadCodes>,
    relationships: Option<ReadCodes>,
    groups: Option<ReadCodes>,
}

impl Partly {
    /// What was read of a part. `None`: it is not among those that were read in part.
    pub fn of(&self, part: Part) -> Option<&ReadCodes> {
        match part {
            Part::Committees => self.committees.as_ref(),
            Part::Registrations => self.registrations.as_ref(),
            Part::Purchases => self.purchases.as_ref(),
            Part::Certifications => self.certifications.as_ref(),
            Part::Relationships => self.relationships.as_ref(),
            Part::Groups => self.groups.as_ref(),
            Part::Profile | Part::Memberships | Part::SecurityRoles | Part::CustomFields => None,
        }
    }

    /// Says what was read of a part; `None`: it is whole, or was not read at all.
    pub fn set(&mut self, part: Part, read: Option<ReadCodes>) {
        let place = match part {
            Part::Committees => &mut self.committees,
            Part::Registrations => &mut self.registrations,
            Part::Purchases => &mut self.purchases,
            Part::Certifications => &mut self.certifications,
            Part::Relationships => &mut self.relationships,
            Part::Groups => &mut self.groups,
            Part::Profile | Part::Memberships | Part::SecurityRoles | Part::CustomFields => return,
        };
        *place = read;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(text: &str) -> Code {
        Code::parse(text).unwrap()
    }

    #[test]
    fn the_codes_of_all_conditions_are_asked_about_and_a_pattern_asks_about_all() {
        let mut parts = Parts::default();
        parts.add(Part::Purchases, Some(&code("WEB1")));
        parts.add(Part::Purchases, Some(&code("WEB1")));
        parts.add(Part::Purchases, Some(&code("WEB2")));
        parts.add(Part::Committees, Some(&code("EDU")));
        assert_eq!(parts.products, Codes::These(vec![code("WEB1"), code("WEB2")]));
        assert_eq!(parts.lists().collect::<Vec<_>>(), [Part::Committees, Part::Purchases]);
        parts.add(Part::Purchases, Some(&code("WEB*")));
        parts.add(Part::Purchases, Some(&code("WEB4")));
        assert_eq!(parts.products, Codes::All);
    }

    #[test]
    fn a_code_was_read_whatever_its_case_and_a_pattern_never() {
        let mut read = ReadCodes::default();
        read.add(&code("Web1"));
        assert!(read.has(&code(" WEB1 ")) && !read.has(&code("WEB2")) && !read.has(&code("WEB*")));
    }
}
