//! Dates as the records have them: civil time of the association's zone, unless they carry an offset.

use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan, Zoned};

use super::switches::Switches;

/// The instant of a date, if it is one.
pub(super) fn instant(text: &str, zone: &TimeZone) -> Option<Timestamp> {
    if let Ok(instant) = text.parse::<Timestamp>() {
        return Some(instant);
    }
    let civil: DateTime = text.parse().ok()?;
    Some(civil.to_zoned(zone.clone()).ok()?.timestamp())
}

/// The same of a parameter, which may also be written as in the United States.
pub(super) fn parameter(text: &str, zone: &TimeZone) -> Option<Timestamp> {
    let american = || {
        let date = jiff::civil::Date::strptime("%m/%d/%Y", text).ok()?;
        Some(date.to_zoned(zone.clone()).ok()?.timestamp())
    };
    instant(text, zone).or_else(american)
}

/// A date as an answer has it. What is no date is shown as it is.
pub(super) fn shown(text: &str, switches: &Switches) -> String {
    let civil: Option<DateTime> = text.parse::<Timestamp>().is_err().then(|| text.parse().ok()).flatten();
    let zoned = civil.and_then(|civil| civil.to_zoned(switches.time_zone.clone()).ok());
    match zoned {
        Some(zoned) if switches.dates_have_offset => format!("{text}{}", zoned.strftime("%:z")),
        _ => text.to_owned(),
    }
}

/// An instant as an answer has it, with so many digits after the second.
pub(super) fn stamp(at: Timestamp, digits: usize, switches: &Switches) -> String {
    let zoned = at.to_zoned(switches.time_zone.clone());
    let fraction: String = format!("{:09}", zoned.subsec_nanosecond()).chars().take(digits).collect();
    let offset = if switches.dates_have_offset { zoned.strftime("%:z").to_string() } else { String::new() };
    format!("{}.{fraction}{offset}", zoned.strftime("%Y-%m-%dT%H:%M:%S"))
}

/// When a membership with this last day ends.
pub(super) fn end_of(expires: Timestamp, switches: &Switches) -> Timestamp {
    let zoned = expires.to_zoned(switches.time_zone.clone());
    let is_midnight = zoned.time() == jiff::civil::Time::midnight();
    if !is_midnight || !switches.expiry_day_counts {
        return expires;
    }
    after(&zoned, 1)
}

/// So many days later, at the same time of day.
pub(super) fn after(zoned: &Zoned, days: i64) -> Timestamp {
    zoned.checked_add(days.days()).map_or(Timestamp::MAX, |later| later.timestamp())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_of_the_zone_of_the_association_unless_they_say_otherwise() {
        let on = Switches::default();
        let off = Switches { dates_have_offset: false, ..Switches::default() };
        assert_eq!(shown("2026-12-31T00:00:00", &on), "2026-12-31T00:00:00-05:00");
        assert_eq!(shown("2026-06-30T15:19:07.1830001", &on), "2026-06-30T15:19:07.1830001-04:00");
        assert_eq!(shown("2026-12-31T00:00:00", &off), "2026-12-31T00:00:00");
        assert_eq!(shown("2026-12-31T00:00:00Z", &on), "2026-12-31T00:00:00Z");
        assert_eq!(shown("soon", &on), "soon");
        let zone = &on.time_zone;
        let of = |text: &str| parameter(text, zone).map(|it| it.to_string());
        assert_eq!(of("06/30/2026").as_deref(), Some("2026-06-30T04:00:00Z"));
        assert_eq!(of("2026-06-30").as_deref(), Some("2026-06-30T04:00:00Z"));
        assert_eq!(of("2026-06-30T10:00:00+02:00").as_deref(), Some("2026-06-30T08:00:00Z"));
        assert_eq!(of("yesterday"), None);
        let at = of("2026-06-30T10:00:00.25Z").unwrap().parse().unwrap();
        assert_eq!(stamp(at, 7, &on), "2026-06-30T06:00:00.2500000-04:00");
        assert_eq!(stamp(at, 2, &off), "2026-06-30T06:00:00.25");
    }

    #[test]
    fn the_last_day_counts_where_the_switch_says_so() {
        let on = Switches::default();
        let off = Switches { expiry_day_counts: false, ..Switches::default() };
        let day = instant("2026-10-31T00:00:00", &on.time_zone).unwrap();
        assert_eq!(end_of(day, &on).to_string(), "2026-11-01T04:00:00Z");
        assert_eq!(end_of(day, &off), day);
        let noon = instant("2026-10-31T12:00:00", &on.time_zone).unwrap();
        assert_eq!(end_of(noon, &on), noon);
    }
}
