//! What follows from a record and those above it in the family tree: status word, type, groups.

use jiff::Timestamp;

use super::dates;
use super::directory::Directory;
use super::people::{Beneficiaries, Customer, Group, MemberType};
use super::switches::Switches;
use crate::sim::switches::lists;

/// A longer family tree is not walked: it is a circle.
const MOST_GENERATIONS: usize = 8;

const CURRENT: &str = "current";
const GRACE: &str = "grace_period";

/// Who has which membership.
#[derive(Debug)]
pub(super) struct Standing<'a> {
    /// The status word: the one of the membership that counts.
    pub(super) status: &'a str,
    /// The record's own type.
    pub(super) own: Option<&'a MemberType>,
    /// The type that applies.
    pub(super) effective: Option<&'a MemberType>,
    /// From which record the benefits are inherited.
    pub(super) from: Option<&'a Customer>,
}

/// A place in a group.
#[derive(Debug)]
pub(super) struct Place<'a> {
    pub(super) group: &'a Group,
    /// As a beneficiary, through another record.
    pub(super) inheriting: bool,
    pub(super) since: Option<&'a str>,
}

/// Everything that a standing follows from.
#[derive(Clone, Copy)]
pub(super) struct View<'a> {
    pub(super) directory: &'a Directory,
    pub(super) switches: &'a Switches,
    pub(super) now: Timestamp,
}

impl<'a> View<'a> {
    pub(super) fn standing(self, customer: &'a Customer) -> Standing<'a> {
        let own = customer.member_type.as_deref().and_then(|name| self.directory.member_type(name));
        let status = self.own_status(customer, own);
        let inherited =
            if has_benefits(status) || customer.status.is_some() { None } else { self.inherited(customer) };
        match inherited {
            Some((from, effective, status)) => {
                Standing { status, own, effective: Some(effective), from: Some(from) }
            }
            None => Standing { status, own, effective: own, from: None },
        }
    }

    fn own_status(self, customer: &'a Customer, own: Option<&MemberType>) -> &'a str {
        if let Some(word) = &customer.status {
            return word;
        }
        let Some(own) = own else { return "non_member" };
        let date = |text: &Option<String>| {
            text.as_deref().and_then(|text| dates::instant(text, &self.switches.time_zone))
        };
        if date(&customer.member_since).is_some_and(|since| since > self.now) {
            return "pending";
        }
        let Some(expires) = date(&customer.membership_expires) else { return CURRENT };
        let end = dates::end_of(expires, self.switches);
        if self.now < end {
            return CURRENT;
        }
        let grace = dates::after(&end.to_zoned(self.switches.time_zone.clone()), own.grace_days.into());
        if self.now < grace { GRACE } else { "expired" }
    }

    /// The nearest record above whose type gives its benefits on.
    fn inherited(self, customer: &'a Customer) -> Option<(&'a Customer, &'a MemberType, &'a str)> {
        let mut below = customer;
        for _ in 0..MOST_GENERATIONS {
            let above = self.directory.find(below.parent.as_deref()?)?;
            let own = above.member_type.as_deref().and_then(|name| self.directory.member_type(name));
            let status = self.own_status(above, own);
            if let Some(own) = own.filter(|own| own.inherited && above.active && has_benefits(status)) {
                return (!own.limited_seats || customer.has_seat).then_some((above, own, status));
            }
            below = above;
        }
        None
    }

    /// The groups of a record, in the order of the list of groups.
    pub(super) fn places(self, customer: &'a Customer, standing: &Standing<'a>) -> Vec<Place<'a>> {
        let place = |group: &'a Group| {
            if let Some(since) = self.is_member(group, customer, standing) {
                return Some(Place { group, inheriting: false, since });
            }
            let from = standing.from.filter(|_| group.beneficiaries == Beneficiaries::FamilyInheriting)?;
            let since = self.is_member(group, from, &self.standing(from))?;
            Some(Place { group, inheriting: true, since })
        };
        self.directory.groups.iter().filter_map(place).collect()
    }

    /// Since when somebody is in a group by own right.
    fn is_member(
        self,
        group: &Group,
        customer: &'a Customer,
        standing: &Standing<'a>,
    ) -> Option<Option<&'a str>> {
        if let Some(entry) = customer.groups.iter().find(|it| it.group.eq_ignore_ascii_case(&group.name)) {
            return Some(entry.join_date.as_deref());
        }
        let by_status = standing.from.is_none() && group.statuses.iter().any(|it| it == standing.status);
        by_status.then_some(customer.member_since.as_deref())
    }

    /// Whether a record is in one of these groups, with commas between.
    pub(super) fn is_in_one_of(self, customer: &'a Customer, groups: &str) -> bool {
        let standing = self.standing(customer);
        let places = self.places(customer, &standing);
        places.iter().any(|place| lists(groups, &place.group.name))
    }
}

fn has_benefits(status: &str) -> bool {
    matches!(status, CURRENT | GRACE)
}
