//! Reads the list of events of re:Members for the community's calendar (docs/ams/remembers.md, "Events").

use jiff::civil::Time;
use serde_json::Value;

use crate::adapters::ams::json::JsonEntry;
use crate::adapters::ams::windows_zones;
use crate::domain::calendar::{CalendarEvent, EventPlace};
use crate::domain::fold;
use crate::domain::time::AmsDate;

/// Flags that say that an event does not take place; none of them is documented.
const CANCELLED: [&str; 4] = ["isCancelled", "cancelled", "isCanceled", "canceled"];

/// An event. `None`: it has no code.
pub(crate) fn event(row: &Value) -> Option<CalendarEvent> {
    let entry = JsonEntry::of(row)?;
    let text = |name: &str| entry.text(name).ok().flatten();
    Some(CalendarEvent {
        code: text("eventCode")?,
        name: entry.line("eventName"),
        description: text("eventDescription").or_else(|| text("shortDescription")),
        begin: with_time(entry.date("eventStartDate"), text("eventStartTime")),
        end: with_time(entry.date("eventEndDate"), text("eventEndTime")),
        zone: text("eventTimezone").and_then(|name| windows_zones::zone(&name)),
        place: place(&entry),
        link: entry.web_address("externalUrl"),
        is_public: entry.says("publicEvent"),
        is_cancelled: is_cancelled(&entry),
        // The list says nothing of registration and price.
        ..CalendarEvent::default()
    })
}

/// A day with the time that stands beside it; midnight is no time.
fn with_time(date: AmsDate, time: Option<String>) -> AmsDate {
    let AmsDate::Day(day) = date else { return date };
    match time.map(|text| text.parse::<Time>()) {
        None => date,
        Some(Ok(time)) if time == Time::midnight() => date,
        Some(Ok(time)) => AmsDate::Local(day.to_datetime(time)),
        // When it begins is then not known.
        Some(Err(_)) => AmsDate::Unreadable("a time of day".to_owned()),
    }
}

/// The first place, with its first address.
fn place(entry: &JsonEntry<'_>) -> EventPlace {
    let Some(location) = entry.rows("eventLocations").next() else { return EventPlace::default() };
    let address = location.rows("addresses").find_map(|row| super::contact::address(&row));
    let mut place = EventPlace { name: location.line("name"), ..EventPlace::default() };
    if let Some(address) = address {
        place.address = address.lines.into_iter().next();
        (place.city, place.state) = (address.city, address.state);
        (place.postal_code, place.country) = (address.postal_code, address.country);
    }
    place
}

fn is_cancelled(entry: &JsonEntry<'_>) -> bool {
    let words = ["eventStatus", "status"].into_iter().filter_map(|name| entry.line(name));
    let says_so = |word: String| matches!(&*fold::folded(&word), "cancelled" | "canceled");
    CANCELLED.iter().any(|name| entry.says(name) == Some(true)) || words.into_iter().any(says_so)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_event_of_the_list_is_read_with_time_zone_and_place() {
        let read = event(&json!({
            "eventId": "e1", "eventCode": "ANNUAL26", "eventName": "Annual Meeting", "eventStartDate": "2026-05-21T00:00:00",
            "eventStartTime": "08:00:00", "eventEndDate": "2026-05-23T00:00:00", "eventEndTime": "17:00",
            "eventTimezone": "W. Europe Standard Time", "eventDescription": "<p>Come!</p>", "shortDescription": "Short",
            "publicEvent": "True", "externalUrl": "https://events.example/annual",
            "eventLocations": [{ "name": "Harbor Hall", "description": "", "addresses": [
                { "line1": "1 Quay", "line2": "Hall 2", "city": "Portland", "stateAbbreviation": "ME", "zipcode": "04101",
                  "countryData": { "twoLetterIsoCode": "us" } }] }, { "name": "Annex" }],
        }));
        let read = read.unwrap();
        let local = |text: &str| AmsDate::Local(text.parse().unwrap());
        assert_eq!((read.code.as_str(), read.name.as_deref()), ("ANNUAL26", Some("Annual Meeting")));
        assert_eq!((read.begin, read.end), (local("2026-05-21T08:00:00"), local("2026-05-23T17:00:00")));
        assert_eq!(read.zone.unwrap().iana_name(), Some("Europe/Berlin"));
        assert_eq!((read.is_public, read.is_cancelled), (Some(true), false));
        assert_eq!(read.description.as_deref(), Some("<p>Come!</p>"));
        assert_eq!(read.link.as_deref(), Some("https://events.example/annual"));
        let some = |text: &str| Some(text.to_owned());
        assert_eq!(
            read.place,
            EventPlace {
                name: some("Harbor Hall"),
                address: some("1 Quay"),
                city: some("Portland"),
                state: some("ME"),
                postal_code: some("04101"),
                country: some("US"),
            }
        );
    }

    #[test]
    fn what_an_event_does_not_say_is_not_known() {
        assert_eq!(event(&json!({ "eventName": "Nameless" })), None);
        assert_eq!(event(&json!("nonsense")), None);
        let bare =
            event(&json!({ "eventCode": " X ", "publicEvent": null, "eventTimezone": "Mars Standard Time" }))
                .unwrap();
        let expected = CalendarEvent { code: "X".to_owned(), ..CalendarEvent::default() };
        assert_eq!(bare, expected);
        let dated = |time: &str| {
            let event =
                event(&json!({ "eventCode": "X", "eventStartDate": "2026-05-21", "eventStartTime": time }));
            event.unwrap().begin
        };
        let day = AmsDate::Day("2026-05-21".parse().unwrap());
        assert_eq!((dated(""), dated("00:00:00")), (day.clone(), day));
        assert!(dated("at noon").is_unreadable());
    }

    #[test]
    fn an_event_is_cancelled_by_a_flag_or_a_word() {
        for (said, is_cancelled) in [
            (json!({ "eventCode": "X" }), false),
            (json!({ "eventCode": "X", "isCancelled": true }), true),
            (json!({ "eventCode": "X", "cancelled": "false" }), false),
            (json!({ "eventCode": "X", "eventStatus": "Cancelled" }), true),
            (json!({ "eventCode": "X", "status": "Open" }), false),
        ] {
            assert_eq!(event(&said).unwrap().is_cancelled, is_cancelled, "{said}");
        }
    }
}
