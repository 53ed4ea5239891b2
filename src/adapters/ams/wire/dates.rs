//! Reads the dates that re:Members writes: without a zone, with 0 to 7 fractional digits, with `Z` or an offset
//! (re:Members fact sheet §4.4).

use jiff::civil::{Date, DateTime, Time};
use jiff::tz::Offset;

use crate::domain::time::AmsDate;

/// Reads one date. Empty text is absent; midnight is a civil date, whatever offset it carries.
pub fn date(text: &str) -> AmsDate {
    let text = text.trim();
    if text.is_empty() {
        return AmsDate::Absent;
    }
    read(text).unwrap_or_else(|| AmsDate::Unreadable(text.chars().take(40).collect()))
}

fn read(text: &str) -> Option<AmsDate> {
    let mut rest = Rest(text.as_bytes());
    let day = rest.day()?;
    if rest.is_empty() {
        return Some(AmsDate::Day(day));
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
        _ if time == Time::midnight() => Some(AmsDate::Day(day)),
        None => Some(AmsDate::Local(local)),
        Some(offset) => offset.to_timestamp(local).ok().map(AmsDate::Instant),
    }
}

struct Rest<'a>(&'a [u8]);

impl Rest<'_> {
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

    fn day(&mut self) -> Option<Date> {
        let year = self.number(4)?;
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
        check("9999-12-31T00:00:00+14:00", "day 9999-12-31");
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
        check("9999-12-31T23:59:59-12:00", "unreadable 9999-12-31T23:59:59-12:00");
        check(&"x".repeat(1000), &format!("unreadable {}", "x".repeat(40)));
        check("２０２６-01-01", "unreadable ２０２６-01-01");
    }
}
