//! When each membership on a record is active, and which one a decision is named after.

use std::cmp::Ordering;

use jiff::civil::Date;

use super::span::{Edges, Span};
use crate::domain::record::Membership;
use crate::domain::rule::Rules;
use crate::domain::time::{AmsDate, FOREVER, TimeZone, Timestamp, Unreadable, last_day};

/// One membership that counts, in time.
#[derive(Debug, Clone)]
pub(super) struct Term<'a> {
    pub(super) membership: &'a Membership,
    /// When it is active; `None`: never.
    pub(super) span: Option<Span>,
    /// When it ends, if that is known.
    pub(super) end: Result<Option<End>, Unreadable>,
}

/// The end of a membership.
#[derive(Debug, Clone, Copy)]
pub(super) struct End {
    /// First instant that no longer counts.
    at: Timestamp,
    /// The end day, where the AMS gave a day.
    day: Option<Date>,
}

impl<'a> Term<'a> {
    /// Reads one membership. Any date on it that cannot be read leaves it uncertain, whether or not the date is used.
    pub(super) fn new(membership: &'a Membership, rules: &Rules) -> Term<'a> {
        let end = end(membership, rules);
        let span = match start(membership, rules) {
            Ok(None) => None,
            start => {
                let certain = !dates(membership).into_iter().any(AmsDate::is_unreadable);
                Edges::new(certain).from(start).to(end.map(|end| end.map(|end| end.at))).span()
            }
        };
        Term { membership, span, end }
    }

    /// Active for certain at `t`.
    pub(super) fn is_active(&self, t: Timestamp) -> bool {
        self.span.is_some_and(|span| span.certain && span.contains(t))
    }

    /// The last day in `zone`. `None`: open-ended, or not known.
    pub(super) fn last_day(&self, zone: &TimeZone) -> Option<Date> {
        let end = self.end.ok().flatten()?;
        Some(end.day.unwrap_or_else(|| last_day(end.at, zone)))
    }

    /// Orders by who comes first as the primary membership: ends last, open-ended last of all; ties by lowest code.
    pub(super) fn precedence(&self, other: &Term<'_>, zone: &TimeZone) -> Ordering {
        let end = |term: &Term<'_>| term.end.ok().flatten();
        let later = match (end(self), end(other)) {
            (None, None) => Ordering::Equal,
            (None, Some(_)) => Ordering::Less,
            (Some(_), None) => Ordering::Greater,
            (Some(mine), Some(theirs)) => theirs.at.cmp(&mine.at).then_with(|| {
                if mine.at == FOREVER {
                    other.last_day(zone).cmp(&self.last_day(zone))
                } else {
                    Ordering::Equal
                }
            }),
        };
        later.then_with(|| by_label(label(self.membership), label(other.membership)))
    }
}

/// What a membership is called: its code, else its name.
pub(super) fn label(membership: &Membership) -> Option<&str> {
    let filled = |text: &'_ Option<String>| text.as_ref().is_some_and(|text| !text.trim().is_empty());
    let text = if filled(&membership.code) { &membership.code } else { &membership.type_name };
    text.as_deref().map(str::trim).filter(|text| !text.is_empty())
}

/// Every date that a membership carries.
pub(super) fn dates(membership: &Membership) -> [&AmsDate; 5] {
    [
        &membership.join_date,
        &membership.effective_date,
        &membership.expire_date,
        &membership.grace_expire_date,
        &membership.terminate_date,
    ]
}

/// Whether this membership counts at all under `rules`.
pub(super) fn counts(membership: &Membership, rules: &Rules) -> bool {
    rules.count_inherited || !membership.inherited
}

/// The first active instant. `Ok(None)`: no start date, so never active (design §4).
pub(super) fn start(membership: &Membership, rules: &Rules) -> Result<Option<Timestamp>, Unreadable> {
    let effective = membership.effective_date.start(&rules.time_zone);
    if rules.honor_effective_date {
        return effective;
    }
    let join = membership.join_date.start(&rules.time_zone);
    match (effective?, join?) {
        (Some(effective), Some(join)) => Ok(Some(effective.min(join))),
        (effective, join) => Ok(effective.or(join)),
    }
}

/// Where the membership ends. `Ok(None)`: open-ended.
fn end(membership: &Membership, rules: &Rules) -> Result<Option<End>, Unreadable> {
    let zone = &rules.time_zone;
    let mut end = read_end(&membership.expire_date, zone)?;
    if rules.honor_grace
        && let Some(grace) = read_end(&membership.grace_expire_date, zone)?
        && end.is_none_or(|end| grace.at > end.at || (grace.at == end.at && grace.day > end.day))
    {
        end = Some(grace);
    }
    if let Some(terminated) = membership.terminate_date.start(zone)?
        && end.is_none_or(|end| terminated < end.at)
    {
        end = Some(End { at: terminated, day: None });
    }
    Ok(end)
}

fn read_end(date: &AmsDate, zone: &TimeZone) -> Result<Option<End>, Unreadable> {
    let day = if let AmsDate::Day(day) = date { Some(*day) } else { None };
    Ok(date.end(zone)?.map(|at| End { at, day }))
}

/// Without regard to case first; a membership without any name comes last.
fn by_label(mine: Option<&str>, theirs: Option<&str>) -> Ordering {
    match (mine, theirs) {
        (Some(mine), Some(theirs)) => {
            let fold =
                |text: &'_ str| text.bytes().map(|byte| byte.to_ascii_lowercase()).collect::<Vec<u8>>();
            fold(mine).cmp(&fold(theirs)).then_with(|| mine.cmp(theirs))
        }
        (mine, theirs) => theirs.is_some().cmp(&mine.is_some()),
    }
}
