//! What the AMS said about one individual, in words of our own.
//!
//! No field name of any AMS appears here; `adapters::ams` translates. Parts that were not fetched are `None`, which is
//! not the same as an empty list: a rule that needs a part that was not fetched grants nothing, with a warning. Of a part that was
//! not read whole, `partly` says what was.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use super::code::Code;
use super::contact::{self, Contact};
use super::parts::{Confirmed, Part, Partly};
use super::standing::MembershipStanding;
use super::time::{AmsDate, Timestamp};

pub use super::parts::{Codes, Parts};

/// The AMS's stable key of a person (re:Members GUID, GrowthZone ContactId, Novi UniqueID). Never an e-mail address.
///
/// GUIDs compare without regard to case, so the id is kept in lower case.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct IndividualId(String);

impl IndividualId {
    /// Takes an id as the AMS writes it. Empty, overlong (more than 128 bytes) or unprintable ids are refused.
    pub fn parse(text: &str) -> Option<IndividualId> {
        let text = text.trim();
        let printable = text.bytes().all(|byte| byte.is_ascii_graphic());
        (!text.is_empty() && text.len() <= 128 && printable).then(|| IndividualId(text.to_ascii_lowercase()))
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Display for IndividualId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// All that the AMS said about one individual. A list is there exactly if [`Record::confirmed`] has an instant for it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// The stable key.
    pub id: IndividualId,
    /// When each part was confirmed.
    pub confirmed: Confirmed,
    /// Who the person is, for sites and pages.
    pub profile: Profile,
    /// More about the person, for a community. `None`: nobody asks for it, or what was read does not have it.
    #[serde(default)]
    pub contact: Option<Box<Contact>>,
    /// `None`: the AMS did not say. Only an explicit `false` refuses.
    pub is_approved: Option<bool>,
    /// The AMS marks the person as deceased.
    pub is_deceased: bool,
    /// Every membership, in the order in which the AMS gave them.
    pub memberships: Vec<Membership>,
    /// Names of security roles.
    pub security_roles: Vec<String>,
    /// Custom fields by name.
    pub custom_fields: Vec<CustomField>,
    /// Committee seats.
    pub committees: Option<Vec<CommitteeSeat>>,
    /// Event registrations.
    pub registrations: Option<Vec<Registration>>,
    /// Purchases.
    pub purchases: Option<Vec<Purchase>>,
    /// Certifications.
    pub certifications: Option<Vec<Certification>>,
    /// Relationships to organizations or people.
    pub relationships: Option<Vec<Relationship>>,
    /// Groups.
    pub groups: Option<Vec<GroupPlace>>,
    /// Those of these parts that were not read whole.
    #[serde(default)]
    pub partly: Partly,
    /// What could not be understood while reading, each with its part. Such an entry is kept without a code or name: it grants nothing, and
    /// because it might be anything it keeps negated conditions of its kind from granting.
    pub warnings: Vec<RecordWarning>,
}

/// Something that could not be understood.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecordWarning {
    /// Where it stood. It goes when this part is read again.
    pub part: Part,
    /// What is said about it.
    pub said: String,
}

/// Names and address of a person. Display only: no decision rests on it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Profile {
    /// The id exactly as the AMS writes it, where that is not as [`IndividualId`] has it.
    #[serde(default)]
    pub written_id: Option<String>,
    /// The AMS's human-readable number.
    pub record_number: Option<String>,
    /// Display name.
    pub name: String,
    /// Given name.
    pub first_name: Option<String>,
    /// Family name.
    pub last_name: Option<String>,
    /// Primary e-mail address.
    pub email: Option<String>,
    /// Where this person renews, when the AMS says so.
    pub renewal_url: Option<String>,
}

/// One membership on the record, own or inherited.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Membership {
    /// Code of the membership type, such as `CORPGOLD`.
    pub code: Option<String>,
    /// Display name of the membership type, such as `Corporate Gold`.
    pub type_name: Option<String>,
    /// How it stands, where the AMS says that by a word; its dates then decide nothing by themselves.
    pub standing: Option<MembershipStanding>,
    /// First joined.
    pub join_date: AmsDate,
    /// Start of the term.
    pub effective_date: AmsDate,
    /// End of the term.
    pub expire_date: AmsDate,
    /// End of the grace period.
    pub grace_expire_date: AmsDate,
    /// Ended early.
    pub terminate_date: AmsDate,
    /// Comes from an organization.
    pub inherited: bool,
    /// The AMS says that it was cancelled: it grants nothing.
    pub cancelled: bool,
}

/// A name with a value; several values stand in one text, split at `|` when compared.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CustomField {
    /// The field's key in the AMS.
    pub name: String,
    /// Its value as text.
    pub value: String,
}

/// A seat on a committee.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CommitteeSeat {
    /// The committee's code, not the member's code within it. Empty: the AMS gave none.
    pub committee: String,
    /// The committee's name.
    pub committee_name: Option<String>,
    /// Code of the position held.
    pub position: Option<String>,
    /// Name of the position held.
    pub position_name: Option<String>,
    /// The position was not told: it may be any, or none.
    pub position_unread: bool,
    /// People put themselves on it, or the AMS does not say that they do not: it decides nothing.
    pub self_joinable: bool,
    /// Holds from.
    pub start_date: AmsDate,
    /// Holds to.
    pub end_date: AmsDate,
    /// The AMS says that it was cancelled: it grants nothing.
    pub cancelled: bool,
}

/// A place in a group or on a list.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct GroupPlace {
    /// The group's key in the AMS. Empty: the AMS gave none.
    pub group: String,
    /// The group's name.
    pub group_name: Option<String>,
    /// People put themselves on it, or the AMS does not say that they do not: it decides nothing.
    pub self_joinable: bool,
    /// Holds from.
    pub start_date: AmsDate,
    /// Holds to.
    pub end_date: AmsDate,
    /// Comes from an organization.
    pub inherited: bool,
    /// The AMS says that it was cancelled: it grants nothing.
    pub cancelled: bool,
}

/// A registration for an event.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Registration {
    /// The event's code.
    pub event: String,
    /// When the person registered.
    pub registration_date: AmsDate,
    /// First day of the event.
    pub event_start: AmsDate,
    /// Last day of the event.
    pub event_end: AmsDate,
    /// The AMS says that it was cancelled: it grants nothing.
    pub cancelled: bool,
}

/// One line of what was bought, or of what was taken back.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Purchase {
    /// The product's code.
    pub product: String,
    /// When it was bought.
    pub purchase_date: AmsDate,
    /// How many.
    pub quantity: Quantity,
    /// The AMS says that it was cancelled: it grants nothing and takes nothing back.
    pub cancelled: bool,
}

/// How many of a product a line is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Quantity {
    /// Whole units; a negative number takes earlier ones back.
    Units(i64),
    /// Something is written there that is no whole number.
    Unreadable,
}

impl Default for Quantity {
    /// A line that does not say how many is about one.
    fn default() -> Quantity {
        Quantity::Units(1)
    }
}

/// A certification held.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Certification {
    /// The certification's code.
    pub code: String,
    /// The last day on which it counts.
    pub expire_date: AmsDate,
    /// The AMS says that it was cancelled: it grants nothing.
    pub cancelled: bool,
}

/// A relationship to an organization or a person.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Relationship {
    /// Name of the relationship, such as `Employee`.
    pub name: String,
    /// Record number of the organization.
    pub organization: Option<String>,
    /// Holds from.
    pub start_date: AmsDate,
    /// Holds to.
    pub end_date: AmsDate,
    /// The AMS says that it was cancelled: it grants nothing.
    pub cancelled: bool,
}

impl Record {
    /// The same, read as a whole at one instant: what comes with every individual, and the lists that are there.
    #[must_use]
    pub fn read_at(mut self, at: Timestamp) -> Record {
        let lists = [
            (Part::Committees, self.committees.is_some()),
            (Part::Registrations, self.registrations.is_some()),
            (Part::Purchases, self.purchases.is_some()),
            (Part::Certifications, self.certifications.is_some()),
            (Part::Relationships, self.relationships.is_some()),
            (Part::Groups, self.groups.is_some()),
        ];
        let lists = lists.into_iter().filter(|(_, is_there)| *is_there).map(|(part, _)| part);
        self.confirmed = Confirmed::at(at, Part::OF_THE_INDIVIDUAL.into_iter().chain(lists));
        self
    }

    /// When something about the person was last confirmed.
    pub fn as_of(&self) -> Timestamp {
        Part::ALL.into_iter().filter_map(|part| self.confirmed.of(part)).max().unwrap_or(Timestamp::MIN)
    }

    /// Whether all of a part was read that a condition on `code` looks at; on any code, if there is none.
    pub fn has_read(&self, part: Part, code: Option<&Code>) -> bool {
        let is_there = match part {
            Part::Committees => self.committees.is_some(),
            Part::Registrations => self.registrations.is_some(),
            Part::Purchases => self.purchases.is_some(),
            Part::Certifications => self.certifications.is_some(),
            Part::Relationships => self.relationships.is_some(),
            Part::Groups => self.groups.is_some(),
            Part::Profile | Part::Memberships | Part::SecurityRoles | Part::CustomFields => {
                self.confirmed.of(part).is_some()
            }
        };
        is_there && self.partly.of(part).is_none_or(|read| code.is_some_and(|code| read.has(code)))
    }

    /// Whether all was read that these parts ask for.
    pub fn has_all(&self, parts: &Parts) -> bool {
        parts.each().all(|part| self.has_codes(part, parts.codes(part)))
    }

    /// Whether all about these codes of a part was read.
    pub fn has_codes(&self, part: Part, codes: &Codes) -> bool {
        match codes {
            Codes::All => self.has_read(part, None),
            Codes::These(codes) => codes.iter().all(|code| self.has_read(part, Some(code))),
        }
    }

    /// When the part of these that was confirmed longest ago was confirmed. Parts that were never read do not count.
    pub fn oldest(&self, parts: impl IntoIterator<Item = Part>) -> Timestamp {
        parts.into_iter().filter_map(|part| self.confirmed.of(part)).min().unwrap_or(Timestamp::MIN)
    }

    /// This reading together with an earlier one: each part as it was confirmed last. A part of which this one
    /// read less than was asked does not replace one that tells more. An instant after `now` was written under a wrong clock, and gives way to any.
    #[must_use]
    pub fn over(mut self, earlier: &Record, now: Timestamp) -> Record {
        let there = (&earlier.contact, &earlier.confirmed);
        self.contact = contact::joined((self.contact.take(), &self.confirmed), there, now);
        for part in Part::ALL {
            let Some(then) = earlier.confirmed.of(part) else { continue };
            let tells_more = self.partly.of(part).is_some_and(|here| !here.replaces(earlier.partly.of(part)));
            let is_later = self.confirmed.of(part).is_none_or(|here| then > here && then <= now);
            if is_later || tells_more {
                self.take(part, earlier, then);
            }
        }
        self
    }

    fn take(&mut self, part: Part, from: &Record, confirmed: Timestamp) {
        match part {
            Part::Profile => {
                self.profile.clone_from(&from.profile);
                self.is_approved = from.is_approved;
                self.is_deceased = from.is_deceased;
            }
            Part::Memberships => self.memberships.clone_from(&from.memberships),
            Part::SecurityRoles => self.security_roles.clone_from(&from.security_roles),
            Part::CustomFields => self.custom_fields.clone_from(&from.custom_fields),
            Part::Committees => self.committees.clone_from(&from.committees),
            Part::Registrations => self.registrations.clone_from(&from.registrations),
            Part::Purchases => self.purchases.clone_from(&from.purchases),
            Part::Certifications => self.certifications.clone_from(&from.certifications),
            Part::Relationships => self.relationships.clone_from(&from.relationships),
            Part::Groups => self.groups.clone_from(&from.groups),
        }
        self.warnings.retain(|warning| warning.part != part);
        self.warnings.extend(from.warnings.iter().filter(|warning| warning.part == part).cloned());
        self.partly.set(part, from.partly.of(part).cloned());
        self.confirmed.set(part, Some(confirmed));
    }

    /// The same without what was confirmed before `oldest` and is not believed any longer; without profile and memberships there is
    /// nobody, so these two stay.
    pub fn without_older_than(&self, oldest: Timestamp) -> Cow<'_, Record> {
        let believed = |part: &Part| {
            matches!(part, Part::Profile | Part::Memberships)
                || self.confirmed.of(*part).is_none_or(|at| at >= oldest)
        };
        if Part::ALL.iter().all(believed) {
            return Cow::Borrowed(self);
        }
        let mut record = self.clone();
        for part in Part::ALL.iter().filter(|part| !believed(part)) {
            record.forget(*part);
        }
        Cow::Owned(record)
    }

    fn forget(&mut self, part: Part) {
        match part {
            Part::Profile | Part::Memberships => return,
            Part::SecurityRoles => self.security_roles.clear(),
            Part::CustomFields => self.custom_fields.clear(),
            Part::Committees => self.committees = None,
            Part::Registrations => self.registrations = None,
            Part::Purchases => self.purchases = None,
            Part::Certifications => self.certifications = None,
            Part::Relationships => self.relationships = None,
            Part::Groups => self.groups = None,
        }
        self.warnings.retain(|warning| warning.part != part);
        self.partly.set(part, None);
        self.confirmed.set(part, None);
    }
}

#[cfg(test)]
mod tests;
