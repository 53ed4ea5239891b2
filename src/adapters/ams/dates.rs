//! Reads the dates that AMSs write: without a zone, with 0 to 7 fractional digits, with `Z` or an offset
//! (docs/roles.md, "Dates").

use jiff::civil::{Date, DateTime, Time};
use jiff::tz::Offset;

use crate::domain::time::AmsDate;

/// From this year on a date means "no end".
const OPEN_ENDED_YEAR: u64 = 9999;

/// Days that systems write where they have no date: the least one of .NET and of SQL Server, and the zero of spreadsheets.
const PLACEHOLDERS: [Date; 3] =
    [jiff::civil::date(1, 1, 1), jiff::civil::date(1753, 1, 1), jiff::civil::date(1900, 1, 1)];

/// Reads one date. Empty text is absent; midnight is a civil date, whatever offset it carries.
pub(in crate::adapters::ams) fn date(text: &str) -> AmsDate {
    let text = text.trim();
    if text.is_empty() {
        return AmsDate::Absent;
    }
    if is_open_ended(text) {
        return AmsDate::OpenEnded;
    }
    read(text).unwrap_or_else(|| AmsDate::Unreadable(text.chars().take(40).collect()))
}

/// Whether three numbers of a date are a year from 9999 on, a month and a day, in whatever order and with whatever time.
/// No library can represent all of these, and none is asked to.
fn is_open_ended(text: &str) -> bool {
    const OF_A_TIME: &[u8] = b"0123456789:.,+- TtZzAaPpMm";
    let mut rest = Remaining(text.strip_prefix('+').unwrap_or(text).as_bytes());
    let mut numbers = [0; 3];
    let mut separator = None;
    for (place, number) in numbers.iter_mut().enumerate() {
        if place > 0 {
            let next = rest.0.first().copied().filter(|byte| b"-/.".contains(byte));
            if next.is_none() || separator.is_some_and(|separator| Some(separator) != next) {
                return false;
            }
            separator = next;
            rest.0 = rest.0.get(1..).unwrap_or_default();
        }
        let Some(digit) = rest.digit() else { return false };
        *number = u64::from(digit.unsigned_abs());
        while let Some(digit) = rest.digit() {
            *number = number.saturating_mul(10).saturating_add(u64::from(digit.unsigned_abs()));
        }
    }
    let years = numbers.iter().filter(|number| **number >= OPEN_ENDED_YEAR).count();
    let others = numbers.iter().filter(|number| (1..=31).contains(*number)).count();
    let time = rest.0.first().is_none_or(|byte| b"Tt Zz+-".contains(byte));
    (years, others) == (1, 2) && time && rest.0.iter().all(|byte| OF_A_TIME.contains(byte))
}

fn read(text: &str) -> Option<AmsDate> {
    let mut rest = Remaining(text.as_bytes());
    let day = rest.day()?;
    if rest.is_empty() {
        return Some(civil(day));
    }
    if !(rest.take(b'T') || rest.take(b't') || rest.take(b' ')) {
        return None;
    }
    let time = rest.time()?;
    let offset = if rest.is_empty() { None } else { Some(rest.offset()?) };
    if !rest.is_empty() {
        return None;
    }
    let local = DateTime::from_parts(day, time);
    match offset {
        _ if time == Time::midnight() || PLACEHOLDERS.contains(&day) => Some(civil(day)),
        None => Some(AmsDate::Local(local)),
        Some(offset) => offset.to_timestamp(local).ok().map(AmsDate::Instant),
    }
}

fn civil(day: Date) -> AmsDate {
    if PLACEHOLDERS.contains(&day) { AmsDate::Placeholder(day) } else { AmsDate::Day(day) }
}

struct Remaining<'a>(&'a [u8]);

impl Remaining<'_> {
    fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    fn take(&mut self, wanted: u8) -> bool {
        let found = self.0.first() == Some(&wanted);
        if found {
            self.0 = self.0.get(1..).unwrap_or_default();
        }
        found
    }

    fn digit(&mut self) -> Option<i32> {
        let digit = self.0.first().filter(|byte| byte.is_ascii_digit())?;
        self.0 = self.0.get(1..).unwrap_or_default();
        Some(i32::from(digit - b'0'))
    }

    fn number<N: TryFrom<i32>>(&mut self, digits: usize) -> Option<N> {
        let mut number = 0;
        for _ in 0..digits {
            number = number * 10 + self.digit()?;
        }
        N::try_from(number).ok()
    }

    /// A day of the years that have four digits, or six with a sign (ISO 8601, "expanded representation").
    fn day(&mut self) -> Option<Date> {
        let year = match (self.take(b'-'), self.take(b'+')) {
            (false, false) => self.number::<i16>(4)?,
            (minus, _) => {
                let year = self.number::<i16>(6)?;
                if minus { -year } else { year }
            }
        };
        let month = self.take(b'-').then(|| self.number(2))??;
        let day = self.take(b'-').then(|| self.number(2))??;
        Date::new(year, month, day).ok()
    }

    fn time(&mut self) -> Option<Time> {
        let hour = self.number(2)?;
        let minute = self.take(b':').then(|| self.number(2))??;
        let second = if self.take(b':') { self.number(2)? } else { 0 };
        let mut nanosecond = 0;
        if self.take(b'.') {
            let mut unit = 100_000_000;
            nanosecond = self.digit()? * unit;
            while let Some(digit) = self.digit() {
                unit /= 10;
                nanosecond += digit * unit;
            }
        }
        Time::new(hour, minute, second, nanosecond).ok()
    }

    fn offset(&mut self) -> Option<Offset> {
        if self.take(b'Z') || self.take(b'z') {
            return Some(Offset::UTC);
        }
        let sign = if self.take(b'-') { -1 } else { i32::from(self.take(b'+')) };
        let hours: i32 = self.number(2)?;
        let minutes: i32 = if self.is_empty() { 0 } else { (self.take(b':'), self.number(2)?).1 };
        let readable = sign != 0 && hours < 24 && minutes < 60;
        readable.then(|| Offset::from_seconds(sign * (hours * 60 + minutes) * 60).ok())?
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expect: &str) {
        let read = match date(text) {
            AmsDate::Absent => "absent".to_owned(),
            AmsDate::Placeholder(day) => format!("placeholder {day}"),
            AmsDate::OpenEnded => "open-ended".to_owned(),
            AmsDate::Day(day) => format!("day {day}"),
            AmsDate::Local(local) => format!("local {local}"),
            AmsDate::Instant(instant) => format!("instant {instant}"),
            AmsDate::Unreadable(text) => format!("unreadable {text}"),
        };
        assert_eq!(read, expect, "{text}");
    }

    #[test]
    fn midnight_is_a_day_whatever_the_offset() {
        check("2026-12-31", "day 2026-12-31");
        check("2026-12-31T00:00:00", "day 2026-12-31");
        check("2026-12-31T00:00:00.0000000", "day 2026-12-31");
        check("2026-12-31T00:00:00Z", "day 2026-12-31");
        check("2026-12-31T00:00:00.000-05:00", "day 2026-12-31");
        check(" 2026-12-31T00:00 ", "day 2026-12-31");
        check("9998-12-31T00:00:00+14:00", "day 9998-12-31");
        check("+002026-12-31", "day 2026-12-31");
        check("-000044-03-15", "day -000044-03-15");
    }

    #[test]
    fn the_year_9999_or_later_is_open_ended_in_every_spelling() {
        for text in [
            "9999-12-31",
            "9999-01-01T00:00:00",
            "9999-12-31T23:59:59.9999999",
            "9999-12-31T23:59:59.9999999Z",
            "9999-12-31T23:59:59-12:00",
            "9999-12-31T00:00:00+14:00",
            "9999-12-31Z",
            "9999-12-31+05:00",
            "9999-12-31 23:59:60",
            " 9999-12-31T24:00 ",
            "10000-01-01T00:00:00Z",
            "+009999-12-31T23:59:59.999Z",
            "+010000-01-01",
            "+275760-09-13T00:00:00.000Z",
            "99999999999999999999999-01-01",
            "12/31/9999",
            "12/31/9999 11:59:59 PM",
            "31.12.9999 23:59:59",
            "9999/12/31",
        ] {
            check(text, "open-ended");
        }
        for text in [
            "9999",
            "9999-12",
            "9999-12-32",
            "9999-00-10",
            "9999-12/31",
            "-009999-12-310",
            "9999-12-31 soon",
            "x9999-12-31",
        ] {
            check(text, &format!("unreadable {text}"));
        }
        check("9998-12-31T23:59:59-05:00", "instant 9999-01-01T04:59:59Z");
    }

    #[test]
    fn a_date_that_stands_for_no_date_is_absent_with_any_time_and_offset() {
        for day in ["0001-01-01", "1753-01-01", "1900-01-01"] {
            for time in [
                "",
                "T00:00:00",
                "T00:00:00Z",
                "T00:00:00+14:00",
                "T05:00:00",
                "T23:59:59.99-23:00",
                " 12:00",
            ] {
                check(&format!("{day}{time}"), &format!("placeholder {day}"));
            }
        }
        check("1900-01-02", "day 1900-01-02");
        check("1899-12-31T19:00:00-05:00", "instant 1900-01-01T00:00:00Z");
        check("1753-01-01 soon", "unreadable 1753-01-01 soon");
    }

    #[test]
    fn another_time_is_local_or_an_instant() {
        check("2016-12-08T00:00:01", "local 2016-12-08T00:00:01");
        check("2018-02-21T15:19:51.99", "local 2018-02-21T15:19:51.99");
        check("2018-02-21T15:19:51.1234567", "local 2018-02-21T15:19:51.1234567");
        check("2018-02-21 15:19", "local 2018-02-21T15:19:00");
        check("2026-02-21T15:19:07.183Z", "instant 2026-02-21T15:19:07.183Z");
        check("2026-02-21T15:19:07-05:00", "instant 2026-02-21T20:19:07Z");
        check("2026-02-21T15:19:07+0530", "instant 2026-02-21T09:49:07Z");
        check("2026-02-21T00:00:00.0000001Z", "instant 2026-02-21T00:00:00.0000001Z");
    }

    #[test]
    fn what_is_no_date_is_unreadable() {
        check("", "absent");
        check("   ", "absent");
        for text in [
            "soon",
            "12/31/2026",
            "2026-13-01",
            "2026-02-30",
            "2026-1-1",
            "2026-01-01T",
            "2026-01-01T24:00:00",
        ] {
            check(text, &format!("unreadable {text}"));
        }
        for text in
            ["2026-01-01T10:00:00.", "2026-01-01T10:00:00 EST", "2026-01-01T10:00:00+25:00", "2026-01-01X"]
        {
            check(text, &format!("unreadable {text}"));
        }
        check(&"x".repeat(1000), &format!("unreadable {}", "x".repeat(40)));
        check("２０２６-01-01", "unreadable ２０２６-01-01");
    }
}
