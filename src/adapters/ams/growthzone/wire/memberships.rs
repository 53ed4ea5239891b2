//! Memberships of a person: the rows of their own, what a contact's status adds, and what organizations give.

use std::collections::BTreeMap;

use serde_json::Value;

use super::date;
use super::status::{self, ContactStanding, StatusWords};
use crate::adapters::ams::json::{JsonEntry, Malformed, each_or};
use crate::domain::record::Membership;
use crate::domain::standing::MembershipStanding::{self, Active, Unknown};

/// Names of types by their numbers.
pub(in crate::adapters::ams) type TypeNames = BTreeMap<String, String>;

/// The rows of one contact. One that cannot be understood might be of any type, and might be active.
pub(in crate::adapters::ams) fn rows(
    rows: &[Value],
    words: &StatusWords,
    types: &TypeNames,
    warnings: &mut Vec<String>,
) -> Vec<Membership> {
    let nameless = || Membership { standing: Some(Unknown), ..Membership::default() };
    each_or(rows.iter().collect(), "membership", warnings, |one, said| row(one, words, types, said), nameless)
}

fn row(
    row: &Value,
    words: &StatusWords,
    types: &TypeNames,
    warnings: &mut Vec<String>,
) -> Result<Membership, Malformed> {
    let row = JsonEntry::of(row).ok_or(Malformed)?;
    let standing = status::of_membership(&row, words, warnings);
    Ok(Membership {
        code: row.text("Level")?,
        type_name: named(&row)?.or_else(|| types.get(&type_number(&row)?).cloned()),
        standing: Some(standing),
        join_date: date(&row, "EstablishedDate"),
        effective_date: date(&row, "StartDate"),
        expire_date: date(&row, "ExpirationDate"),
        grace_expire_date: date(&row, "GracePeriodExpirationDate"),
        ..Membership::default()
    })
}

/// `Type` is a status or the class of an icon, never the name.
fn named(row: &JsonEntry<'_>) -> Result<Option<String>, Malformed> {
    for name in ["MembershipType", "MembershipTypeName", "PackageName"] {
        if let Some(said) = row.text(name)? {
            return Ok(Some(said));
        }
    }
    Ok(None)
}

fn type_number(row: &JsonEntry<'_>) -> Option<String> {
    row.text("MembershipTypeId").ok().flatten()
}

/// Whether a row names its type by number only.
pub(in crate::adapters::ams) fn lacks_name(row: &Value) -> bool {
    JsonEntry::of(row).is_some_and(|row| matches!(named(&row), Ok(None)) && type_number(&row).is_some())
}

/// Whether a status of a contact rests on an organization, as far as its own rows tell.
pub(in crate::adapters::ams) fn is_inherited(
    standing: Option<ContactStanding>,
    own: Option<&[Membership]>,
) -> bool {
    standing == Some(ContactStanding::Standing(Active))
        && !own.unwrap_or_default().iter().any(|own| own.standing == Some(Active))
}

/// All memberships. `own`: the rows of the person, if they are known; `given`: those of the person's organizations.
///
/// The status of the contact is what counts: a row of its own never says more than that.
pub(in crate::adapters::ams) fn joined(
    standing: Option<ContactStanding>,
    own: Option<Vec<Membership>>,
    given: Vec<Membership>,
    warnings: &mut Vec<String>,
) -> Vec<Membership> {
    let inherits = is_inherited(standing, own.as_deref());
    let mut all = own.unwrap_or_default();
    let of_contact = match standing {
        Some(ContactStanding::Standing(standing)) => standing,
        Some(ContactStanding::NoMember) => MembershipStanding::Ended,
        Some(ContactStanding::Deleted) => return Vec::new(),
        None => {
            warnings.push("The contact does not say how it stands; no membership counts.".to_owned());
            Unknown
        }
    };
    if of_contact == Active {
        if inherits {
            let given = given.into_iter().filter(|one| one.standing == Some(Active));
            let mut given: Vec<Membership> = given.map(|one| Membership { inherited: true, ..one }).collect();
            if given.is_empty() {
                given.push(Membership { standing: Some(Active), inherited: true, ..Membership::default() });
            }
            all.extend(given);
        }
        return all;
    }
    let is_no_member = standing == Some(ContactStanding::NoMember);
    let says_more = |own: &Membership| {
        matches!(own.standing, Some(Active | MembershipStanding::Grace)) && own.standing != Some(of_contact)
    };
    for own in all.iter_mut().filter(|own| says_more(own)) {
        warnings.push(
            "A membership says that it is active, and its contact does not; it does not count.".to_owned(),
        );
        own.standing = Some(if is_no_member { Unknown } else { of_contact });
    }
    if !is_no_member && !all.iter().any(|own| own.standing == Some(of_contact)) {
        all.push(Membership { standing: Some(of_contact), ..Membership::default() });
    }
    all
}
