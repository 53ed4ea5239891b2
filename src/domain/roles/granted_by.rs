//! An entry of a record by which a condition holds, in the few words that those need who tell of it.

use super::membership;
use crate::domain::record::{CommitteeSeat, GroupPlace, Membership, Registration};
use crate::domain::time::{FOREVER, TimeZone, Timestamp};

/// An entry of a record by which a condition holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GrantedBy<'r> {
    /// A seat on a committee.
    Seat(&'r CommitteeSeat),
    /// A membership.
    Membership(&'r Membership),
    /// A place in a group.
    Group(&'r GroupPlace),
    /// A registration for an event.
    Registration(&'r Registration),
    /// Something that has a name and nothing else that matters here.
    Named(&'r str),
    /// Something that says only that the condition holds, or may.
    Undated,
}

impl<'r> GrantedBy<'r> {
    /// What people call it.
    pub fn name(&self) -> Option<&'r str> {
        match self {
            GrantedBy::Seat(seat) => seat.committee_name.as_deref(),
            GrantedBy::Membership(one) => membership::type_name(one).or_else(|| membership::code(one)),
            GrantedBy::Group(place) => place.group_name.as_deref(),
            GrantedBy::Named(name) => Some(name),
            GrantedBy::Registration(_) | GrantedBy::Undated => None,
        }
    }

    /// When the person first joined, where that may lie before the present term.
    pub fn joined(&self, zone: &TimeZone) -> Option<Timestamp> {
        let GrantedBy::Membership(membership) = self else { return None };
        membership.join_date.start(zone).ok().flatten().filter(|at| *at != FOREVER)
    }

    /// Code and name of the position held.
    pub fn position(&self) -> (Option<&'r str>, Option<&'r str>) {
        match self {
            GrantedBy::Seat(seat) => (seat.position.as_deref(), seat.position_name.as_deref()),
            _ => (None, None),
        }
    }

    /// Whether the position held was not told.
    pub fn is_position_unread(&self) -> bool {
        matches!(self, GrantedBy::Seat(seat) if seat.position_unread)
    }

    /// People put themselves there, so that it leaves nothing open that is still to be read.
    pub(super) fn is_self_joinable(&self) -> bool {
        match self {
            GrantedBy::Seat(seat) => seat.self_joinable,
            GrantedBy::Group(place) => place.self_joinable,
            _ => false,
        }
    }
}
