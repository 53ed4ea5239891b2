//! Which events stand in the calendar, what it says of them, and what takes one away.

use std::collections::BTreeSet;

use jiff::SignedDuration;
use proptest::prelude::*;

use super::*;

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// Noon of the day in New York.
fn noon(day: &str) -> Timestamp {
    at(&format!("{day}T16:00:00Z"))
}

fn mapping() -> CalendarMapping {
    CalendarMapping {
        only_codes: Vec::new(),
        kind: Some("Conference".to_owned()),
        past: false,
        time_zone: TimeZone::get("America/New_York").unwrap(),
    }
}

fn local(text: &str) -> AmsDate {
    AmsDate::Local(text.parse().unwrap())
}

fn day(text: &str) -> AmsDate {
    AmsDate::Day(text.parse().unwrap())
}

/// From 21 May, 8:00, to 23 May, 17:00.
fn annual() -> CalendarEvent {
    CalendarEvent {
        code: "ANNUAL26".to_owned(),
        name: Some("Annual  Meeting".to_owned()),
        description: Some("<p onclick='x()'>Come <b>all</b>!<script>bad()</script>".to_owned()),
        begin: local("2026-05-21T08:00:00"),
        end: local("2026-05-23T17:00:00"),
        is_public: Some(true),
        link: Some("https://events.example/annual".to_owned()),
        ..CalendarEvent::default()
    }
}

fn sent(event: &CalendarEvent) -> ToldEvent {
    match desired(&mapping(), event, None, noon("2026-01-01")) {
        Some(CalendarEntry::Present(told)) => *told,
        other => panic!("{other:?}"),
    }
}

/// In a word, what is desired.
fn word(event: &CalendarEvent, before: Option<&ToldEvent>, now: Timestamp) -> &'static str {
    match desired(&mapping(), event, before, now) {
        None => "as before",
        Some(CalendarEntry::Withdrawn(withdrawn)) => {
            assert_eq!(withdrawn.id, "ANNUAL26");
            "withdrawn"
        }
        Some(CalendarEntry::Present(told)) if Some(&*told) == before => "the same",
        Some(CalendarEntry::Present(_)) => "present",
    }
}

#[test]
fn an_event_in_full() {
    let told = sent(&annual());
    assert_eq!((told.id.as_str(), told.title.as_str()), ("ANNUAL26", "Annual Meeting"));
    assert_eq!((told.begins, told.ends), (at("2026-05-21T12:00:00Z"), at("2026-05-23T21:00:00Z")));
    assert_eq!((told.zone.as_str(), told.kind.as_deref()), ("America/New_York", Some("Conference")));
    assert_eq!(told.description.as_deref(), Some("<p>Come <b>all</b>!</p>"));
    assert_eq!(told.link.as_deref(), Some("https://events.example/annual"));
}

#[test]
fn the_zone_of_the_event_counts_before_that_of_the_association() {
    let zone = TimeZone::get("Europe/Berlin").unwrap();
    let told = sent(&CalendarEvent { zone: Some(zone), ..annual() });
    assert_eq!((told.begins, told.zone.as_str()), (at("2026-05-21T06:00:00Z"), "Europe/Berlin"));
}

#[test]
fn days_without_a_time_are_whole_days() {
    for (begin, end, ends) in [
        (day("2026-05-21"), day("2026-05-22"), "2026-05-23T03:59:59.999Z"),
        (day("2026-05-21"), AmsDate::Absent, "2026-05-22T03:59:59.999Z"),
        (local("2026-05-21T08:00:00"), AmsDate::Absent, "2026-05-22T03:59:59.999Z"),
        (day("2026-05-21"), local("2026-05-21T10:00:00"), "2026-05-21T14:00:00Z"),
    ] {
        let told = sent(&CalendarEvent { begin, end, ..annual() });
        assert_eq!(told.ends, at(ends));
    }
}

#[test]
fn only_what_is_public_and_takes_place_stands_there() {
    let told = sent(&annual());
    let (before, after) = (noon("2026-05-20"), noon("2026-05-24"));
    let private = CalendarEvent { is_public: Some(false), ..annual() };
    let silent = CalendarEvent { is_public: None, ..annual() };
    let cancelled = CalendarEvent { is_cancelled: true, ..annual() };
    let cancelled_silent = CalendarEvent { is_cancelled: true, is_public: None, ..annual() };
    let dateless = CalendarEvent { begin: AmsDate::Unreadable("soon".to_owned()), ..annual() };
    let endless = CalendarEvent { end: AmsDate::OpenEnded, ..annual() };
    let backwards = CalendarEvent { end: day("2026-05-01"), ..annual() };
    let renamed = CalendarEvent { name: Some("Meeting".to_owned()), ..annual() };
    for (what, event, never, known, over) in [
        ("public", annual(), "present", "the same", "as before"),
        ("renamed", renamed, "present", "present", "as before"),
        ("private", private, "as before", "withdrawn", "as before"),
        ("not said", silent, "as before", "as before", "as before"),
        ("cancelled", cancelled, "as before", "withdrawn", "as before"),
        ("cancelled, not said", cancelled_silent, "as before", "withdrawn", "as before"),
        ("a date that cannot be read", dateless, "as before", "as before", "as before"),
        ("no end", endless, "as before", "as before", "as before"),
        ("an end before the begin", backwards, "as before", "as before", "as before"),
    ] {
        assert_eq!(word(&event, None, before), never, "{what}, never told");
        assert_eq!(word(&event, Some(&told), before), known, "{what}, told");
        assert_eq!(word(&event, Some(&told), after), over, "{what}, over");
    }
}

#[test]
fn an_event_that_was_over_before_it_was_seen_is_told_only_if_asked_for() {
    let after = noon("2026-05-24");
    assert_eq!(word(&annual(), None, after), "as before");
    let asked = CalendarMapping { past: true, ..mapping() };
    assert!(matches!(desired(&asked, &annual(), None, after), Some(CalendarEntry::Present(_))));
}

#[test]
fn an_event_that_is_moved_counts_again() {
    let told = sent(&annual());
    let on = |day: &str| CalendarEvent {
        begin: local(&format!("{day}T08:00:00")),
        end: local(&format!("{day}T17:00:00")),
        ..annual()
    };
    assert_eq!(word(&on("2026-06-01"), Some(&told), noon("2026-05-24")), "present", "from the past to later");
    assert_eq!(word(&on("2026-05-02"), Some(&told), noon("2026-05-20")), "present", "to a day that is over");
    assert_eq!(word(&on("2026-05-02"), Some(&told), noon("2026-05-24")), "as before", "both are over");
}

#[test]
fn codes_are_chosen_by_patterns() {
    let wanted = ["ANNUAL*", "gala"].map(|code| Code::parse(code).unwrap()).to_vec();
    let mapping = CalendarMapping { only_codes: wanted, ..mapping() };
    for (code, is_wanted) in
        [("ANNUAL26", true), ("annual", true), ("Gala", true), ("GALA26", false), ("X", false)]
    {
        assert_eq!(mapping.wants(code), is_wanted, "{code}");
    }
    let told = sent(&annual());
    let other = CalendarEvent { code: "OTHER".to_owned(), ..annual() };
    let entry = desired(&mapping, &other, Some(&told), noon("2026-05-20"));
    assert!(matches!(entry, Some(CalendarEntry::Withdrawn(_))), "what the file no longer wants goes");
}

#[test]
fn a_subject_is_one_for_codes_that_are_alike_and_nobodys_id() {
    let of = |code: &str| subject(code).map(|id| id.to_string());
    assert_eq!(of("Annual 26").as_deref(), Some("event:annual%2026"));
    assert_eq!(of(" ANNUAL  26 "), of("annual 26"));
    assert_eq!(of("50%").as_deref(), Some("event:50%25"));
    assert_ne!(of("50%25"), of("50%"));
    assert_eq!((of(""), of(&"x".repeat(200))), (None, None));
    assert!(is_event(&subject("X").unwrap()));
    assert!(!is_event(&IndividualId::parse("0a0b0c0d-1111-4222-8333-999999999999").unwrap()));
}

#[test]
fn what_is_missing_counts_the_second_time_and_where_it_is_much_an_hour_later() {
    let ids = |count: usize| -> BTreeSet<IndividualId> {
        (0..count).map(|number| subject(&format!("E{number}")).unwrap()).collect()
    };
    let later = |minutes: i64| noon("2026-05-01") + SignedDuration::from_mins(minutes);
    for (count, soon) in [(1, true), (FEW_MISSING, true), (FEW_MISSING + 1, false), (40, false)] {
        let mut missing = MissingEvents::default();
        assert_eq!(missing.take(ids(count), later(0)).len(), 0, "{count}");
        assert_eq!(missing.waiting(), count);
        assert_eq!(missing.take(ids(count), later(1)).len(), 0, "{count}: too soon");
        let gone = missing.take(ids(count), later(10)).len();
        assert_eq!(gone, if soon { count } else { 0 }, "{count}");
        if !soon {
            assert_eq!(missing.take(ids(count), later(60)).len(), count, "{count}");
        }
        assert_eq!(missing.waiting(), 0);
    }
    let mut missing = MissingEvents::default();
    missing.take(ids(2), later(0));
    assert_eq!(missing.take(BTreeSet::new(), later(5)).len(), 0);
    assert_eq!(missing.take(ids(2), later(10)).len(), 0, "it was there in between");
    assert_eq!(missing.take(ids(2), later(-600)).len(), 0, "the clock was set back");
    assert_eq!(missing.take(ids(2), later(-590)).len(), 2);
}

#[test]
fn html_keeps_a_few_tags_and_nothing_that_can_do_anything() {
    for (said, safe) in [
        ("plain & simple", "plain & simple"),
        ("a < b > c", "a &lt; b &gt; c"),
        ("<P CLASS=x>Hello<br/>you</P>", "<p>Hello<br>you</p>"),
        ("<ul><li>one<li>two</ul>tail", "<ul><li>one<li>two</li></li></ul>tail"),
        ("<script>alert(1)</script>after", "after"),
        ("<SCRIPT src=x>alert(1)", ""),
        ("<style>p{}</style >x<iframe src=y></iframe>z", "xz"),
        ("<img src=x onerror=alert(1)>pic", "pic"),
        (
            "<a href=\"https://a.example/?x=1&amp;y=2\" onclick=z>go</a>",
            "<a href=\"https://a.example/?x=1&amp;y=2\">go</a>",
        ),
        ("<a href='javascript:alert(1)'>go</a>", "go"),
        (
            "<a href='https://a.example/\"onclick=x'>go</a>",
            "<a href=\"https://a.example/&quot;onclick=x\">go</a>",
        ),
        ("<a data-href=javascript:x href=mailto:a@b.example>go", "<a href=\"mailto:a@b.example\">go</a>"),
        ("<b>bold", "<b>bold</b>"),
        ("</div></b>x", "x"),
        ("<!-- <script>x</script> -->y<!DOCTYPE html>z", "yz"),
        ("<p title=\"a>b\">x", "<p>x</p>"),
        ("<p", ""),
        ("1 <2 and <3", "1 &lt;2 and &lt;3"),
    ] {
        assert_eq!(safe_html(said), safe, "{said}");
    }
    assert_eq!(plain_text(" A\u{0}\n<b>big</b> <script>x()</script>day "), "A big day");
}

proptest! {
    #[test]
    fn whatever_is_said_only_known_tags_come_out(
        said in prop_oneof![
            ".{0,60}",
            "(<|>|/|!|--|\"|'|=| |script|a |p|b|href|https://x|javascript:|on|x){0,40}",
        ],
    ) {
        let safe = safe_html(&said);
        let mut rest = safe.as_str();
        let mut open = Vec::new();
        while let Some(at) = rest.find(['<', '>']) {
            rest = &rest[at..];
            let end = rest.find('>').expect("what is open closes");
            let tag = &rest[1..end];
            rest = &rest[end + 1..];
            match tag.strip_prefix('/') {
                Some(name) => prop_assert_eq!(open.pop(), Some(name.to_owned())),
                None if tag == "br" || tag == "hr" => {}
                None => {
                    let name = tag.split(' ').next().unwrap();
                    let is_plain = tag == name || (name == "a" && tag.starts_with("a href=\"") && tag.matches('"').count() == 2);
                    let is_safe = !tag.to_lowercase().contains("href=\"javascript");
                    prop_assert!(is_plain && is_safe && name != "script", "{}", safe);
                    open.push(name.to_owned());
                }
            }
        }
        prop_assert!(open.is_empty());
        prop_assert_eq!(safe_html(&safe), safe.clone(), "twice is once");
        prop_assert!(!plain_text(&said).contains('\n'));
    }
}
