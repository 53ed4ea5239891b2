//! What the simulated AMS itself reads out of dates: which memberships and other entries hold today.

use jiff::civil::Date;

use crate::sim::people::Membership;

/// The day of a date as re:Members prints it, `2026-01-01T00:00:00`. Nothing for what is no date.
pub(super) fn day(text: &Option<String>) -> Option<Date> {
    text.as_deref()?.get(..10)?.parse().ok()
}

/// Begun (or without a begin) and not over (or without an end).
pub(super) fn holds(start: &Option<String>, end: &Option<String>, today: Date) -> bool {
    day(start).is_none_or(|start| start <= today) && day(end).is_none_or(|end| end >= today)
}

/// The vendor's definition: effective by today, and expiration plus grace not before today (docs/ams/remembers.md, "Memberships").
pub(super) fn is_active(membership: &Membership, today: Date) -> bool {
    let effective = day(&membership.effective_date).or(day(&membership.join_date));
    let end = day(&membership.grace_expire_date).max(day(&membership.expire_date));
    effective.is_none_or(|effective| effective <= today)
        && end.is_none_or(|end| end >= today)
        && day(&membership.terminate_date).is_none_or(|terminated| terminated > today)
}
