//! Days in the association's time zone: daylight saving, days without a midnight, and the ends of time.

use super::*;

#[track_caller]
fn runs(zone: &str, start: &str, end: &str, expect_start: &str, expect_end: &str) {
    let person = members([membership("GOLD", start, end)]);
    let before = decide(&person, &rules(zone), at("1700-01-01T00:00:00Z"));
    assert_eq!(
        before.holds_until.map(|t| t.to_string()).unwrap_or("never".into()),
        expect_start,
        "start of {start}"
    );
    let Some(start) = before.holds_until else { return };
    let until = decide(&person, &rules(zone), start).holds_until;
    assert_eq!(until.map(|t| t.to_string()).unwrap_or("never".into()), expect_end, "end of {end}");
}

#[test]
fn a_day_counts_from_its_start_to_its_end_in_the_zone() {
    let zone = "America/New_York";
    runs(zone, "2026-01-15", "2026-01-15", "2026-01-15T05:00:00Z", "2026-01-16T05:00:00Z");
    // The clocks go forward: 23 hours. They go back: 25 hours.
    runs(zone, "2026-03-08", "2026-03-08", "2026-03-08T05:00:00Z", "2026-03-09T04:00:00Z");
    runs(zone, "2026-11-01", "2026-11-01", "2026-11-01T04:00:00Z", "2026-11-02T05:00:00Z");
    // A leap day.
    runs("UTC", "2028-02-29", "2028-02-29", "2028-02-29T00:00:00Z", "2028-03-01T00:00:00Z");
}

#[test]
fn a_day_without_a_midnight_starts_at_the_jump() {
    // Cairo goes from 00:00 to 01:00 on 24 April 2026, so that day begins at 01:00 local time.
    runs("Africa/Cairo", "2026-04-24", "2026-04-24", "2026-04-23T22:00:00Z", "2026-04-24T21:00:00Z");
    runs("Africa/Cairo", "2026-04-23", "2026-04-23", "2026-04-22T22:00:00Z", "2026-04-23T22:00:00Z");
    // Toronto went from 23:30 to 00:30 in 1919: the jump does not begin at midnight.
    runs("America/Toronto", "1919-03-31", "1919-03-31", "1919-03-31T04:30:00Z", "1919-04-01T04:00:00Z");
    // Asuncion went from 00:00 back to 23:00: the day before has 25 hours.
    runs("America/Asuncion", "2024-03-23", "2024-03-23", "2024-03-23T03:00:00Z", "2024-03-24T04:00:00Z");
    // Samoa left out 30 December 2011 altogether.
    runs("Pacific/Apia", "2011-12-29", "2011-12-30", "2011-12-29T10:00:00Z", "2011-12-30T10:00:00Z");
}

#[test]
fn another_time_is_an_instant_and_without_an_offset_read_in_the_zone() {
    let zone = "America/New_York";
    runs(zone, "2026-07-01T12:00:00", "2026-07-02T12:00:00", "2026-07-01T16:00:00Z", "2026-07-02T16:00:00Z");
    runs(
        zone,
        "2026-07-01T12:00:00Z",
        "2026-07-02T12:00:00Z",
        "2026-07-01T12:00:00Z",
        "2026-07-02T12:00:00Z",
    );
    // 02:30 does not exist on the day the clocks go forward; 01:30 comes twice on the day they go back.
    runs(zone, "2026-03-08T02:30:00", "2026-11-01T01:30:00", "2026-03-08T07:30:00Z", "2026-11-01T05:30:00Z");
}

#[test]
fn an_end_at_which_a_day_begins_is_that_day() {
    // Midnight in New York as UTC, and the first instant of a day in Cairo that begins at one o'clock.
    let (new_york, cairo) = ("America/New_York", "Africa/Cairo");
    runs(
        new_york,
        "2026-07-01T04:00:00Z",
        "2026-07-02T04:00:00Z",
        "2026-07-01T04:00:00Z",
        "2026-07-03T04:00:00Z",
    );
    runs(cairo, "2026-04-01", "2026-04-23T22:00:00Z", "2026-03-31T22:00:00Z", "2026-04-24T21:00:00Z");
    // A nanosecond later it is an instant; without an offset it is one too.
    runs(
        new_york,
        "2026-07-01",
        "2026-07-02T04:00:00.000000001Z",
        "2026-07-01T04:00:00Z",
        "2026-07-02T04:00:00.000000001Z",
    );
    runs(cairo, "2026-04-01", "2026-04-24T01:00:00", "2026-03-31T22:00:00Z", "2026-04-23T22:00:00Z");
}

#[test]
fn the_last_day_of_an_instant_is_its_day_in_the_zone() {
    for (end, expect) in [
        ("2026-12-31T23:59:59", "2026-12-31"),
        ("2027-01-01T04:59:59Z", "2026-12-31"),
        ("2027-01-01T05:00:00Z", "2027-01-01"),
        ("2027-01-01T05:00:01Z", "2027-01-01"),
    ] {
        let decision =
            decide(&members([membership("A", "2026-01-01", end)]), &new_york(), at("2026-05-01T00:00:00Z"));
        assert_eq!(decision.membership_expires, Some(expect.parse().unwrap()), "{end}");
    }
}

#[test]
fn dates_at_the_ends_of_time_do_not_panic() {
    let now = "2026-05-01T00:00:00Z";
    check(&members([membership("A", "0001-01-01", "9999-12-31")]), &new_york(), now, "member");
    // As a start it is never, and never is later than a date.
    let joined = Membership { join_date: date("2020-01-01"), ..membership("A", "9999-12-31", "") };
    check(&members([membership("A", "9999-12-31", "")]), &new_york(), now, "non_member");
    check(&members([joined]), &new_york(), now, "member");
    check(
        &members([membership("A", "-009999-01-01", "9999-12-31T23:59:59")]),
        &rules("Pacific/Kiritimati"),
        now,
        "member",
    );
    let registration = Registration {
        event: "E".into(),
        event_start: date("0001-01-01"),
        event_end: date("9999-12-31"),
        ..Registration::default()
    };
    let person = Record { registrations: Some(vec![registration]), ..record() };
    let window =
        |n| Condition::Event { event: code("E"), from_days_before: Some(n), until_days_after: Some(n) };
    for days in [0, 1, 5_000_000, u32::MAX] {
        check(&person, &with_rule(new_york(), vec![window(days)]), now, "granted non_member");
    }
    for now in [Timestamp::MIN, Timestamp::MAX] {
        decide(&members([membership("A", "0001-01-01", "9999-12-31")]), &new_york(), now);
    }
}
