//! A record and rosters that were read before and after it.

use super::*;
use crate::domain::directory::roster::{Listed, RosterReading, RosterRow};
use crate::domain::parts::Confirmed;
use crate::domain::record::Profile;
use crate::domain::rule::{Condition, Role, Rule};
use crate::domain::time::{AmsDate, TimeZone};

fn at(minutes: i64) -> Timestamp {
    Timestamp::from_second(1_800_000_000 + minutes * 60).unwrap()
}

fn code(text: &str) -> Code {
    Code::parse(text).unwrap()
}

fn seat(committee: &str, day: i8) -> CommitteeSeat {
    let start_date = if day == 0 { AmsDate::Absent } else { AmsDate::Day(jiff::civil::date(2026, 1, day)) };
    let committee_name = Some(format!("Committee {committee}"));
    CommitteeSeat { committee: committee.into(), committee_name, start_date, ..Default::default() }
}

/// Jane, whose own list of committees was read at this minute, if it was.
fn jane(own: Option<(i64, &[CommitteeSeat])>) -> Record {
    let mut record = Record {
        id: IndividualId::parse("jane").unwrap(),
        confirmed: Confirmed::at(at(0), Part::OF_THE_INDIVIDUAL),
        profile: Profile::default(),
        contact: None,
        is_approved: None,
        is_deceased: false,
        memberships: Vec::new(),
        security_roles: Vec::new(),
        custom_fields: Vec::new(),
        committees: own.map(|(_, seats)| seats.to_vec()),
        registrations: None,
        purchases: None,
        certifications: None,
        relationships: None,
        groups: None,
        partly: Default::default(),
        warnings: Vec::new(),
    };
    record.confirmed.set(Part::Committees, own.map(|(minute, _)| at(minute)));
    record
}

fn reading(seats: &[(&str, CommitteeSeat)]) -> RosterReading {
    let row = |(person, seat): &(&str, CommitteeSeat)| RosterRow {
        person: IndividualId::parse(person).unwrap(),
        line: RosterLine { number: None, entry: RosterEntry::Seat(seat.clone()) },
    };
    RosterReading { rows: seats.iter().map(row).collect(), cancelled: Vec::new() }
}

/// A roster under this name, read at these minutes with the same seats.
fn rosters(name: &str, minutes: &[i64], seats: &[(&str, CommitteeSeat)]) -> Rosters {
    let mut roster = Roster::first(reading(seats), at(minutes[0]));
    for minute in &minutes[1..] {
        roster.read_whole(reading(seats), Listed::Unknown, at(*minute));
    }
    Rosters::from([(RosterName::committee(code(name)), Arc::new(roster))])
}

const NEVER: Timestamp = Timestamp::MIN;

#[test]
fn what_was_read_later_counts() {
    let (edu, fin) = (seat("EDU", 1), seat("FIN", 1));
    let new = seat("EDU", 2);
    let others = [("joe", seat("EDU", 3))];
    let with_jane = [("joe", seat("EDU", 3)), ("jane", new.clone())];
    type Seats<'a> = &'a [CommitteeSeat];
    type On<'a> = &'a [(&'a str, CommitteeSeat)];
    type Case<'a> = (&'a str, i64, Seats<'a>, &'a str, &'a [i64], On<'a>, Seats<'a>);
    let cases: [Case<'_>; 9] = [
        (
            "a newer roster has her",
            5,
            &[edu.clone(), fin.clone()],
            "EDU",
            &[6],
            &with_jane,
            &[fin.clone(), new.clone()],
        ),
        ("an older one", 5, std::slice::from_ref(&edu), "EDU", &[4], &with_jane, std::slice::from_ref(&edu)),
        ("as old", 5, std::slice::from_ref(&edu), "EDU", &[5], &with_jane, std::slice::from_ref(&edu)),
        (
            "one newer reading lacks her",
            5,
            std::slice::from_ref(&edu),
            "EDU",
            &[4, 6],
            &others,
            std::slice::from_ref(&edu),
        ),
        (
            "two newer readings lack her",
            5,
            &[edu.clone(), fin.clone()],
            "edu",
            &[6, 7],
            &others,
            std::slice::from_ref(&fin),
        ),
        (
            "by the name of the committee",
            5,
            std::slice::from_ref(&edu),
            "Committee EDU",
            &[6],
            &with_jane,
            std::slice::from_ref(&new),
        ),
        ("by the name, and nobody on it", 5, std::slice::from_ref(&edu), "Committee EDU", &[6, 7], &[], &[]),
        (
            "another committee",
            5,
            std::slice::from_ref(&edu),
            "FIN",
            &[6, 7],
            &[("joe", seat("FIN", 3))],
            std::slice::from_ref(&edu),
        ),
        (
            "without dates her list decides",
            5,
            std::slice::from_ref(&edu),
            "EDU",
            &[6, 7],
            &[("jane", seat("EDU", 0))],
            std::slice::from_ref(&edu),
        ),
    ];
    for (what, minute, own, name, minutes, seats, expected) in cases {
        let record = jane(Some((minute, own)));
        let believed = with_rosters(&record, &rosters(name, minutes, seats), NEVER);
        assert_eq!(believed.committees.as_deref(), Some(expected), "{what}");
        assert_eq!((&believed.partly, &believed.confirmed), (&record.partly, &record.confirmed), "{what}");
        assert_eq!(matches!(believed, Cow::Borrowed(_)), own == expected, "{what}");
    }
}

#[test]
fn a_list_that_was_never_read_is_known_as_far_as_rosters_go() {
    let record = jane(None);
    let mut both = rosters("EDU", &[6], &[("jane", seat("EDU", 1))]);
    both.extend(rosters("FIN", &[5], &[("joe", seat("FIN", 1))]));
    both.extend(rosters("TAX", &[7], &[("jane", seat("TAX", 0))]));
    let believed = with_rosters(&record, &both, NEVER);
    assert_eq!(believed.committees, Some(vec![seat("EDU", 1)]));
    assert_eq!(believed.confirmed.of(Part::Committees), Some(at(5)));
    for (name, is_known) in [("EDU", true), ("FIN", true), ("TAX", false), ("OTHER", false)] {
        assert_eq!(believed.has_read(Part::Committees, Some(&code(name))), is_known, "{name}");
    }
    assert!(!believed.has_read(Part::Committees, None));
    let believed = with_rosters(&record, &both, at(6));
    assert!(
        !believed.has_read(Part::Committees, Some(&code("FIN"))),
        "a roster that is too old is not believed"
    );
    assert!(believed.has_read(Part::Committees, Some(&code("EDU"))));
    assert!(matches!(with_rosters(&record, &Rosters::new(), NEVER), Cow::Borrowed(_)));
}

#[test]
fn a_person_who_is_missing_once_or_held_has_what_was_seen_last() {
    let seats: Vec<(String, CommitteeSeat)> = (0..20).map(|n| (format!("p{n}"), seat("EDU", 1))).collect();
    let mut all: Vec<(&str, CommitteeSeat)> =
        seats.iter().map(|(id, seat)| (id.as_str(), seat.clone())).collect();
    all.push(("jane", seat("EDU", 2)));
    let mut roster = Roster::first(reading(&all), at(6));
    for minute in [7, 8, 9] {
        roster.read_whole(reading(&all[..1]), Listed::Unknown, at(minute));
    }
    let rosters = Rosters::from([(RosterName::committee(code("EDU")), Arc::new(roster))]);
    let never = jane(None);
    let held = with_rosters(&never, &rosters, NEVER);
    assert_eq!(held.committees, Some(vec![seat("EDU", 2)]));
    assert_eq!(held.confirmed.of(Part::Committees), Some(at(6)), "as of the reading that had her");
    let own = jane(Some((7, &[])));
    assert_eq!(
        with_rosters(&own, &rosters, NEVER).committees,
        Some(Vec::new()),
        "her own list is newer than that"
    );
}

#[test]
fn what_the_mapping_looks_at_is_as_old_as_the_oldest_of_it() {
    let committee = |text: &str| Condition::Committee {
        committee: code(text),
        positions: Vec::new(),
        self_subscribed: false,
    };
    let rules = |codes: &[&str]| {
        let mut rules = Rules::new(TimeZone::UTC);
        for text in codes {
            rules.add(Rule::new(Role::parse("r").unwrap(), None, vec![committee(text)]));
        }
        rules
    };
    let mut both = rosters("EDU", &[6], &[("jane", seat("EDU", 1))]);
    both.extend(rosters("FIN", &[7, 8], &[("joe", seat("FIN", 1))]));
    for (own, codes, expected) in [
        (None, &["EDU", "FIN"][..], Some(6)),
        (None, &["FIN"], Some(8)),
        (None, &["FIN", "TAX"], None),
        (Some(1), &["EDU", "FIN"], Some(6)),
        (Some(1), &["EDU", "TAX"], Some(1)),
        (Some(9), &["EDU", "FIN"], Some(9)),
        (Some(2), &[], Some(2)),
    ] {
        let record = jane(own.map(|minute| (minute, &[][..])));
        let known = known_as_of(&record, &both, &rules(codes), Part::Committees);
        assert_eq!(known, expected.map(at), "{own:?} {codes:?}");
    }
}
