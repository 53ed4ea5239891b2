//! When each membership on a record is active, and which one a decision is named after.

use std::cmp::Ordering;

use jiff::civil::Date;

use super::span::{Span, between};
use crate::domain::fold;
use crate::domain::record::Membership;
use crate::domain::rule::{MembershipStatus, Rules};
use crate::domain::standing::MembershipStanding;
use crate::domain::time::{AmsDate, FOREVER, SINCE_EVER, TimeZone, Timestamp, Unreadable, last_day};

/// One membership that counts, in time.
#[derive(Debug, Clone)]
pub(super) struct Term<'a> {
    pub(super) membership: &'a Membership,
    /// When it is active; `None`: never.
    pub(super) span: Option<Span>,
    /// The first instant at which it no longer counts, if that is known. `Ok(None)`: it has no end.
    pub(super) end: Result<Option<Timestamp>, Unreadable>,
}

impl<'a> Term<'a> {
    /// Reads one membership: the dates that the mapping looks at, and no others.
    pub(super) fn new(membership: &'a Membership, rules: &Rules) -> Term<'a> {
        if let Some(standing) = membership.standing {
            // The last day is shown even if it is past, and names the membership that ends last.
            let end = membership.expire_date.end(&rules.time_zone);
            return Term { membership, span: by_word(membership, standing, rules), end };
        }
        let end = end(membership, &rules.time_zone, rules.honor_grace);
        let span = match start(membership, rules) {
            Ok(None) => None,
            start => between(start, end),
        };
        Term { membership, span, end }
    }

    /// Active for certain at `t`.
    pub(super) fn is_active(&self, t: Timestamp) -> bool {
        self.span.is_some_and(|span| span.certain && span.contains(t))
    }

    /// The last day in `zone`. `None`: open-ended, or not known.
    pub(super) fn last_day(&self, zone: &TimeZone) -> Option<Date> {
        self.end.ok().flatten().map(|end| last_day(end, zone))
    }

    /// Orders by who comes first as the primary membership: ends last, open-ended last of all; ties by lowest code.
    pub(super) fn precedence(&self, other: &Term<'_>) -> Ordering {
        let end = |term: &Term<'_>| term.end.ok().flatten().unwrap_or(FOREVER);
        end(other).cmp(&end(self)).then_with(|| by_code(self.membership, other.membership))
    }
}

/// When a membership is active of which the AMS says how it stands. Its dates count beside that only where the mapping is strict.
fn by_word(membership: &Membership, standing: MembershipStanding, rules: &Rules) -> Option<Span> {
    let is_active = match standing {
        MembershipStanding::Active => true,
        MembershipStanding::Grace => rules.honor_grace,
        MembershipStanding::Pending | MembershipStanding::Ended => false,
        MembershipStanding::Unknown => return Some(Span::UNKNOWN),
    };
    if !is_active {
        return None;
    }
    if !rules.strict_dates {
        return Some(Span::ALWAYS);
    }
    between(start(membership, rules), strict_end(membership, standing, rules))
}

/// The date that ends a membership beside the AMS's word. In grace only the date of grace does.
fn strict_end(
    membership: &Membership,
    standing: MembershipStanding,
    rules: &Rules,
) -> Result<Option<Timestamp>, Unreadable> {
    match standing {
        MembershipStanding::Grace => membership.grace_expire_date.end(&rules.time_zone),
        _ => membership.expire_date.end(&rules.time_zone),
    }
}

/// The code of a membership's type, if there is one.
pub(super) fn code(membership: &Membership) -> Option<&str> {
    membership.code.as_deref().filter(|code| !fold::is_blank(code)).map(str::trim)
}

/// The name of a membership's type, if there is one.
pub(super) fn type_name(membership: &Membership) -> Option<&str> {
    membership.type_name.as_deref().filter(|name| !fold::is_blank(name)).map(str::trim)
}

/// The dates by which `rules` decide when this membership is active, with what they are called.
pub(super) fn dates<'a>(
    membership: &'a Membership,
    rules: &Rules,
    looks_at_grace: bool,
) -> Vec<(&'static str, &'a AmsDate)> {
    if membership.standing.is_some() && !rules.strict_dates {
        return Vec::new();
    }
    let mut dates = vec![("effective date", &membership.effective_date)];
    if !rules.honor_effective_date {
        dates.push(("join date", &membership.join_date));
    }
    dates.push(("expiry date", &membership.expire_date));
    if looks_at_grace || membership.expire_date.is_absent() {
        dates.push(("grace date", &membership.grace_expire_date));
    }
    dates.push(("termination date", &membership.terminate_date));
    dates
}

/// Whether this membership counts at all under `rules`.
pub(super) fn counts(membership: &Membership, rules: &Rules) -> bool {
    !membership.cancelled && (rules.count_inherited || !membership.inherited)
}

/// The first active instant. `Ok(None)`: no start date, so never active.
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

/// Where the membership ends. `Ok(None)`: open-ended. Grace counts where it is honoured, and where there is no other end.
fn end(membership: &Membership, zone: &TimeZone, honor_grace: bool) -> Result<Option<Timestamp>, Unreadable> {
    let mut end = membership.expire_date.end(zone)?;
    if (honor_grace || membership.expire_date.is_absent()) && !membership.grace_expire_date.is_absent() {
        let grace = membership.grace_expire_date.end(zone)?;
        end = match (end, grace) {
            (Some(end), Some(grace)) => Some(end.max(grace)),
            (None, grace) if membership.expire_date.is_absent() => grace,
            _ => None,
        };
    }
    let terminated = membership.terminate_date.start(zone)?.filter(|at| *at != FOREVER);
    if let Some(terminated) = terminated
        && end.is_none_or(|end| terminated < end)
    {
        end = Some(terminated);
    }
    Ok(end)
}

/// The course of one membership, whether or not grace is honoured.
struct Course {
    start: Timestamp,
    /// It has expired or was ended.
    expired: Timestamp,
    /// Its grace period is over too.
    over: Timestamp,
}

impl Course {
    /// `Ok(None)`: it was never active and never will be.
    fn of(membership: &Membership, rules: &Rules) -> Result<Option<Course>, Unreadable> {
        if let Some(standing) = membership.standing {
            return Course::by_word(membership, standing, rules).map(Some);
        }
        let Some(start) = start(membership, rules)? else { return Ok(None) };
        let end = |honor_grace| end(membership, &rules.time_zone, honor_grace);
        let (expired, over) = (end(false)?.unwrap_or(FOREVER), end(true)?.unwrap_or(FOREVER));
        Ok((start < over).then_some(Course { start, expired, over }))
    }

    fn by_word(
        membership: &Membership,
        standing: MembershipStanding,
        rules: &Rules,
    ) -> Result<Course, Unreadable> {
        let (start, end) = if rules.strict_dates {
            let start = start(membership, rules)?.unwrap_or(SINCE_EVER);
            (start, strict_end(membership, standing, rules)?.unwrap_or(FOREVER))
        } else {
            (SINCE_EVER, FOREVER)
        };
        match standing {
            MembershipStanding::Active => Ok(Course { start, expired: end, over: end }),
            MembershipStanding::Grace => Ok(Course { start, expired: start, over: end }),
            MembershipStanding::Pending => Ok(Course { start: FOREVER, expired: FOREVER, over: FOREVER }),
            MembershipStanding::Ended => {
                Ok(Course { start: SINCE_EVER, expired: SINCE_EVER, over: SINCE_EVER })
            }
            MembershipStanding::Unknown => Err(Unreadable),
        }
    }

    fn at(&self, t: Timestamp) -> MembershipStatus {
        if t < self.start {
            MembershipStatus::Pending
        } else if t < self.expired {
            MembershipStatus::Active
        } else if t < self.over {
            MembershipStatus::Grace
        } else {
            MembershipStatus::Lapsed
        }
    }
}

/// Adds to `spans` when this is the status of all these memberships together. One with a date that cannot be read might be anything: it
/// leaves the status unknown, unless another is active.
pub(super) fn status_spans(
    wanted: MembershipStatus,
    terms: &[Term<'_>],
    rules: &Rules,
    spans: &mut Vec<Span>,
) {
    let courses: Vec<_> = terms.iter().map(|term| Course::of(term.membership, rules)).collect();
    let in_doubt = courses.iter().any(Result::is_err);
    let courses: Vec<Course> = courses.into_iter().filter_map(|course| course.ok().flatten()).collect();
    let mut edges: Vec<Timestamp> =
        courses.iter().flat_map(|course| [course.start, course.expired, course.over]).collect();
    edges.extend([SINCE_EVER, FOREVER]);
    edges.sort_unstable();
    edges.dedup();
    let first = spans.len();
    for edge in edges.windows(2) {
        let [start, end] = *edge else { continue };
        let status = courses.iter().map(|course| course.at(start)).min().unwrap_or(MembershipStatus::Never);
        let certain = !in_doubt || status == MembershipStatus::Active;
        if certain && status != wanted {
            continue;
        }
        match spans.get_mut(first..).and_then(<[Span]>::last_mut) {
            Some(last) if last.end == start && last.certain == certain => last.end = end,
            _ => spans.push(Span { start, end, certain }),
        }
    }
}

/// The lowest code first, then the lowest name.
fn by_code(mine: &Membership, theirs: &Membership) -> Ordering {
    lowest(code(mine), code(theirs)).then_with(|| lowest(type_name(mine), type_name(theirs)))
}

/// As codes and names are compared; what is missing comes last.
fn lowest(mine: Option<&str>, theirs: Option<&str>) -> Ordering {
    match (mine, theirs) {
        (Some(mine), Some(theirs)) => {
            fold::folded(mine).cmp(&fold::folded(theirs)).then_with(|| mine.cmp(theirs))
        }
        (mine, theirs) => theirs.is_some().cmp(&mine.is_some()),
    }
}
