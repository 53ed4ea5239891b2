//! What a person's profile in the AMS says beyond name and e-mail address, for a community that shows it to others.
//!
//! It is kept only where a subscriber asks for it. Display only: no decision rests on it. Whoever reads an AMS bounds every text and every list.

use serde::{Deserialize, Serialize};

use super::parts::{Confirmed, Part};
use super::time::Timestamp;

/// A profile, as far as a community shows one. What the AMS did not say is `None` or empty.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Contact {
    /// Before the name, such as `Dr.`.
    pub prefix: Option<String>,
    /// Middle name.
    pub middle_name: Option<String>,
    /// After the name, such as `Jr.`.
    pub suffix: Option<String>,
    /// The name by which the person wants to be called.
    pub informal_name: Option<String>,
    /// Credentials after the name, such as `CPA`; several are joined by `, `.
    pub designation: Option<String>,
    /// Job title.
    pub title: Option<String>,
    /// What the person says about themselves.
    pub bio: Option<String>,
    /// Where a picture of the person is: a web address.
    pub photo: Option<String>,
    /// Pages of the person elsewhere.
    pub links: Vec<ContactLink>,
    /// Whether the person wants to be in the directory of members.
    pub show_in_directory: Option<bool>,
    /// E-mail addresses.
    pub emails: Vec<ContactEmail>,
    /// Telephone numbers.
    pub phones: Vec<ContactPhone>,
    /// Postal addresses.
    pub addresses: Vec<ContactAddress>,
    /// The organization to which the person first belongs.
    pub organization: Option<PrimaryOrganization>,
    /// This is a company and no individual.
    pub is_organization: bool,
    /// Whether the person has a user account in the AMS.
    pub has_account: Option<bool>,
    /// Whether the AMS counts the person as active.
    pub is_active: Option<bool>,
    /// It comes from lists of many people alone, which say less than a reading of the person. What is empty was not said.
    pub is_thin: bool,
}

impl Contact {
    /// This profile, read later than `earlier`. A whole one stands for itself, empty or not. Of a thin one, what it says takes the place
    /// of what was there, links each kind by itself; the rest stays. So only a reading of the person takes something away.
    #[must_use]
    pub fn over(self, earlier: &Contact) -> Contact {
        if !self.is_thin {
            return self;
        }
        let is_new = |kind: LinkKind| self.links.iter().any(|link| link.kind == kind);
        let kept = earlier.links.iter().filter(|link| !is_new(link.kind)).cloned();
        let links = self.links.iter().cloned().chain(kept).collect();
        let or = |here: Option<String>, there: &Option<String>| here.or_else(|| there.clone());
        Contact {
            prefix: or(self.prefix, &earlier.prefix),
            middle_name: or(self.middle_name, &earlier.middle_name),
            suffix: or(self.suffix, &earlier.suffix),
            informal_name: or(self.informal_name, &earlier.informal_name),
            designation: or(self.designation, &earlier.designation),
            title: or(self.title, &earlier.title),
            bio: or(self.bio, &earlier.bio),
            photo: or(self.photo, &earlier.photo),
            links,
            show_in_directory: self.show_in_directory.or(earlier.show_in_directory),
            emails: unless_empty(self.emails, &earlier.emails),
            phones: unless_empty(self.phones, &earlier.phones),
            addresses: unless_empty(self.addresses, &earlier.addresses),
            organization: self.organization.or_else(|| earlier.organization.clone()),
            is_organization: self.is_organization || earlier.is_organization,
            has_account: self.has_account.or(earlier.has_account),
            is_active: self.is_active.or(earlier.is_active),
            is_thin: earlier.is_thin,
        }
    }

    /// A row of everybody brings it with the memberships, a reading of the person with the names.
    fn read_at(&self, confirmed: &Confirmed) -> Option<Timestamp> {
        confirmed.of(if self.is_thin { Part::Memberships } else { Part::Profile })
    }
}

/// What two readings of a person say together, each with when its parts were confirmed. Most readings do not have a profile; of two, the
/// later goes over the other. An instant after `now` was written under a wrong clock, and is no later one.
pub(super) fn joined(
    (here, here_at): (Option<Box<Contact>>, &Confirmed),
    (there, there_at): (&Option<Box<Contact>>, &Confirmed),
    now: Timestamp,
) -> Option<Box<Contact>> {
    let (Some(here), Some(there)) = (&here, there) else { return here.or_else(|| there.clone()) };
    let (here_at, there_at) = (here.read_at(here_at), there.read_at(there_at));
    let is_later = here_at.is_none_or(|here| there_at.is_some_and(|there| there > here && there <= now));
    let (later, earlier) = if is_later { (there, here) } else { (here, there) };
    Some(Box::new(Contact::clone(later).over(earlier)))
}

fn unless_empty<T: Clone>(here: Vec<T>, there: &[T]) -> Vec<T> {
    if here.is_empty() { there.to_vec() } else { here }
}

/// A page of a person elsewhere.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ContactLink {
    /// Where.
    pub kind: LinkKind,
    /// Its web address.
    pub url: String,
}

/// Where a person has a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LinkKind {
    /// A site of the person's own.
    Website,
    /// A blog of the person's own.
    Blog,
    /// Facebook.
    Facebook,
    /// LinkedIn.
    LinkedIn,
    /// X, formerly Twitter.
    Twitter,
    /// YouTube.
    YouTube,
    /// Instagram.
    Instagram,
}

/// An e-mail address of a person.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ContactEmail {
    /// The address.
    pub address: String,
    /// What kind of address it is, in the AMS's word, such as `Work`.
    pub kind: Option<String>,
    /// The person's first.
    pub primary: bool,
    /// Whether others may see it.
    pub show_in_directory: Option<bool>,
}

/// A telephone number of a person.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ContactPhone {
    /// The number, with its extension, as the AMS writes it.
    pub number: String,
    /// What kind of number it is, in the AMS's word, such as `Mobile`.
    pub kind: Option<String>,
    /// The person's first.
    pub primary: bool,
    /// Whether others may see it.
    pub show_in_directory: Option<bool>,
}

/// A postal address of a person.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ContactAddress {
    /// Street and number, and what else stands above the city.
    pub lines: Vec<String>,
    /// City.
    pub city: Option<String>,
    /// State or province.
    pub state: Option<String>,
    /// Postal code.
    pub postal_code: Option<String>,
    /// Country: two letters (ISO 3166-1) where the AMS says them, else its name for it.
    pub country: Option<String>,
    /// What kind of address it is, in the AMS's word, such as `Home`.
    pub kind: Option<String>,
    /// The person's first.
    pub primary: bool,
    /// Whether others may see it.
    pub show_in_directory: Option<bool>,
}

/// The organization to which a person first belongs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PrimaryOrganization {
    /// Its key in the AMS, exactly as the AMS writes it.
    pub id: String,
    /// Its name.
    pub name: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn phone(number: &str) -> ContactPhone {
        ContactPhone { number: number.to_owned(), ..ContactPhone::default() }
    }

    fn links(links: &[(LinkKind, &str)]) -> Vec<ContactLink> {
        links.iter().map(|(kind, url)| ContactLink { kind: *kind, url: (*url).to_owned() }).collect()
    }

    #[test]
    fn a_thin_profile_adds_and_replaces_and_takes_nothing_away() {
        let whole = Contact {
            designation: Some("PhD".to_owned()),
            title: Some("Chair".to_owned()),
            links: links(&[(LinkKind::Blog, "old"), (LinkKind::Twitter, "mine")]),
            show_in_directory: Some(false),
            emails: vec![ContactEmail { address: "a@b.example".to_owned(), ..ContactEmail::default() }],
            phones: vec![phone("1"), phone("2")],
            organization: Some(PrimaryOrganization { id: "7".to_owned(), name: "Harbor Labs".to_owned() }),
            has_account: Some(true),
            ..Contact::default()
        };
        let thin = Contact {
            title: Some("President".to_owned()),
            links: links(&[(LinkKind::Blog, "new")]),
            phones: vec![phone("3")],
            is_thin: true,
            ..Contact::default()
        };
        let expected = Contact {
            title: Some("President".to_owned()),
            links: links(&[(LinkKind::Blog, "new"), (LinkKind::Twitter, "mine")]),
            phones: vec![phone("3")],
            ..whole.clone()
        };
        assert_eq!(thin.clone().over(&whole), expected);
        let nothing = Contact { is_thin: true, ..Contact::default() };
        assert_eq!(nothing.clone().over(&whole), whole);
        assert_eq!(thin.clone().over(&nothing), thin, "two thin ones make no whole one");
        assert_eq!(whole.clone().over(&thin), whole);
        assert_eq!(Contact::default().over(&whole), Contact::default(), "a reading of the person takes away");
    }
}
