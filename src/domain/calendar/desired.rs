//! What the community should know of one event.

use super::{CalendarEvent, CalendarMapping, ToldEvent, WithdrawnEvent, plain_text, safe_html};
use crate::domain::time::{AmsDate, FOREVER, SINCE_EVER, TimeZone, Timestamp, end_of_day};

/// So many bytes of a line are told at most.
const LONGEST_LINE: usize = 250;

/// What the community should know of an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CalendarEntry {
    /// It does not stand there.
    Withdrawn(WithdrawnEvent),
    /// It stands there.
    Present(Box<ToldEvent>),
}

/// What the community should know of an event that the AMS lists; `before`: what it was told, unless the entry was withdrawn. `None`: what it was
/// told before, if anything.
///
/// An event that is over stays as it is, for it took place; only one that is moved counts again.
pub fn desired(
    mapping: &CalendarMapping,
    event: &CalendarEvent,
    before: Option<&ToldEvent>,
    now: Timestamp,
) -> Option<CalendarEntry> {
    let is_over = |told: &ToldEvent| told.ends <= now;
    let is_shown = match event.is_public {
        _ if event.is_cancelled || !mapping.wants(&event.code) => false,
        Some(is_public) => is_public,
        // The AMS does not say.
        None => return None,
    };
    if !is_shown {
        return before
            .filter(|told| !is_over(told))
            .map(|told| CalendarEntry::Withdrawn(WithdrawnEvent::of(told)));
    }
    let told = told(mapping, event)?;
    let stays = match before {
        None => is_over(&told) && !mapping.past,
        Some(before) => is_over(&told) && is_over(before),
    };
    (!stays).then(|| CalendarEntry::Present(Box::new(told)))
}

/// `None`: it is not known when the event is.
fn told(mapping: &CalendarMapping, event: &CalendarEvent) -> Option<ToldEvent> {
    let zone = event.zone.as_ref().unwrap_or(&mapping.time_zone);
    let begins = known(event.begin.start(zone).ok()??)?;
    let ends = ends(event, zone)?;
    if ends < begins {
        return None;
    }
    let line = |text: &Option<String>| text.as_deref().and_then(line);
    let instant = |date: &AmsDate| date.start(zone).ok().flatten().and_then(known);
    let mut place = event.place.clone();
    for part in [
        &mut place.name,
        &mut place.address,
        &mut place.city,
        &mut place.state,
        &mut place.postal_code,
        &mut place.country,
    ] {
        *part = line(part);
    }
    Some(ToldEvent {
        id: event.code.clone(),
        title: line(&event.name).unwrap_or_else(|| event.code.clone()),
        description: event.description.as_deref().map(safe_html).filter(|text| !text.is_empty()),
        kind: mapping.kind.clone(),
        begins,
        ends,
        zone: zone.iana_name().unwrap_or("UTC").to_owned(),
        registration_opens: instant(&event.registration_opens),
        registration_closes: last(&event.registration_closes, zone),
        price: line(&event.price),
        place,
        link: event.link.clone().filter(|link| link.len() <= 2_000),
    })
}

/// The last instant of an event. Without an end it lasts to the end of the day on which it begins.
fn ends(event: &CalendarEvent, zone: &TimeZone) -> Option<Timestamp> {
    if event.end.is_absent() {
        let day = event.begin.day(zone).ok()??;
        return Some(before(end_of_day(day, zone)));
    }
    last(&event.end, zone)
}

/// The last instant that counts: an end day counts to its end, a time is exact.
fn last(date: &AmsDate, zone: &TimeZone) -> Option<Timestamp> {
    match date {
        AmsDate::Day(day) => known(before(end_of_day(*day, zone))),
        AmsDate::Instant(instant) => Some(*instant),
        date => known(date.end(zone).ok()??),
    }
}

fn before(end: Timestamp) -> Timestamp {
    end.checked_sub(jiff::SignedDuration::from_millis(1)).unwrap_or(end)
}

fn known(at: Timestamp) -> Option<Timestamp> {
    (at != FOREVER && at != SINCE_EVER).then_some(at)
}

/// Plain text on one line, cut where it is too long.
fn line(text: &str) -> Option<String> {
    let text = plain_text(text);
    let mut end = text.len().min(LONGEST_LINE);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    let text = text.get(..end).unwrap_or_default().trim();
    (!text.is_empty()).then(|| text.to_owned())
}
