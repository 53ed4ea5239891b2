//! When a purchase holds: lines that were bought, less those that were taken back (docs/roles.md, "Purchases").

use super::found::{Found, is};
use super::span::{Span, between, counted};
use crate::domain::record::{Purchase, Quantity};
use crate::domain::rule::Code;
use crate::domain::time::{TimeZone, Timestamp, end_of_day_after};

/// Adds to `spans` when the person has bought `product`.
pub(super) fn spans(
    product: &Code,
    valid_days: Option<u32>,
    lines: &[Purchase],
    zone: &TimeZone,
    spans: &mut Vec<Span>,
) {
    if is_unknown(product, lines) {
        spans.push(Span::UNKNOWN);
        return;
    }
    let left = left(product, lines, zone);
    for (index, line) in lines.iter().enumerate() {
        let found = match is(product, &line.product) {
            Found::Yes if !left.contains(&index) => Found::No,
            _ if line.cancelled => Found::No,
            found => found,
        };
        spans.extend(found.and_then(|| {
            let date = &line.purchase_date;
            let end = match valid_days {
                Some(days) => counted(date, zone, |day| end_of_day_after(day, days, zone)),
                None => Ok(None),
            };
            between(date.start(zone), end)
        }));
    }
}

/// Nobody can tell what is left of a product when a line does not say how many, or a return not when.
pub(super) fn is_unknown(product: &Code, lines: &[Purchase]) -> bool {
    of(product, lines).any(|(_, line)| match line.quantity {
        Quantity::Unreadable => true,
        Quantity::Units(units) => {
            units < 0 && (line.purchase_date.is_absent() || line.purchase_date.is_unreadable())
        }
    })
}

/// The lines of which something is left. A return takes back the latest lines before it, unit by unit, in the order of the
/// purchase dates and then of the list; what it would take beyond them is dropped.
fn left(product: &Code, lines: &[Purchase], zone: &TimeZone) -> Vec<usize> {
    // Of a line without a readable date nobody knows that it came before a return; it stays, and stays unknown.
    let mut left: Vec<usize> = Vec::new();
    let mut dated: Vec<(Timestamp, usize, i64)> = Vec::new();
    for (index, line) in of(product, lines) {
        let Quantity::Units(units) = line.quantity else { continue };
        match line.purchase_date.start(zone) {
            Ok(at) => dated.push((at.unwrap_or(Timestamp::MIN), index, units)),
            Err(_) if units > 0 => left.push(index),
            Err(_) => {}
        }
    }
    dated.sort_unstable();
    let mut bought: Vec<(usize, i64)> = Vec::new();
    for (_, index, units) in dated {
        if units > 0 {
            bought.push((index, units));
        }
        let mut back = units.min(0).unsigned_abs();
        while back > 0
            && let Some((index, units)) = bought.pop()
        {
            let rest = units.unsigned_abs().saturating_sub(back);
            back = back.saturating_sub(units.unsigned_abs());
            if rest > 0 {
                bought.push((index, i64::try_from(rest).unwrap_or(i64::MAX)));
            }
        }
    }
    left.extend(bought.into_iter().map(|(index, _)| index));
    left
}

/// The lines about a product that were not cancelled, with their place in the list.
fn of<'a>(product: &'a Code, lines: &'a [Purchase]) -> impl Iterator<Item = (usize, &'a Purchase)> {
    let lines = lines.iter().enumerate();
    lines.filter(|(_, line)| !line.cancelled && product.matches(&line.product))
}
