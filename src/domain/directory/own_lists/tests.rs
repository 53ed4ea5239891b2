//! What a reading that lacks something changes at once, and what only the second one does.

use jiff::civil::{Date, date};
use proptest::collection::vec;
use proptest::prelude::*;

use super::*;
use crate::domain::code::Code;
use crate::domain::parts::{Codes, Confirmed, Partly, ReadCodes};
use crate::domain::record::{IndividualId, Profile, Quantity};

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(1_800_000_000 + seconds).unwrap()
}

/// Nobody, with lists that are empty, read at `at`.
fn nobody(seconds: i64) -> Record {
    let record = Record {
        id: IndividualId::parse("1").unwrap(),
        confirmed: Confirmed::default(),
        profile: Profile::default(),
        contact: None,
        is_approved: None,
        is_deceased: false,
        memberships: Vec::new(),
        security_roles: Vec::new(),
        custom_fields: Vec::new(),
        committees: Some(Vec::new()),
        registrations: Some(Vec::new()),
        purchases: Some(Vec::new()),
        certifications: Some(Vec::new()),
        relationships: Some(Vec::new()),
        groups: Some(Vec::new()),
        partly: Partly::default(),
        warnings: Vec::new(),
    };
    record.read_at(at(seconds))
}

fn day(day: Date) -> AmsDate {
    AmsDate::Day(day)
}

fn membership(code: &str, from: Date, to: Date) -> Membership {
    Membership {
        code: Some(code.to_owned()),
        effective_date: day(from),
        expire_date: day(to),
        ..Membership::default()
    }
}

fn purchase(product: &str, on: i8) -> Purchase {
    Purchase {
        product: product.to_owned(),
        purchase_date: day(date(2026, 3, on)),
        quantity: Quantity::Units(1),
        cancelled: false,
    }
}

/// Somebody with something in each part.
fn jane() -> Record {
    Record {
        memberships: vec![
            membership("REG", date(2026, 1, 1), date(2027, 12, 31)),
            membership("STU", date(2020, 1, 1), date(2020, 12, 31)),
        ],
        security_roles: vec!["Staff".to_owned()],
        custom_fields: vec![CustomField { name: "topics".to_owned(), value: "ocean".to_owned() }],
        committees: Some(vec![CommitteeSeat {
            committee: "EDU".to_owned(),
            position: Some("CHAIR".to_owned()),
            start_date: day(date(2026, 1, 1)),
            ..CommitteeSeat::default()
        }]),
        registrations: Some(vec![Registration {
            event: "A26".to_owned(),
            registration_date: day(date(2026, 2, 1)),
            ..Registration::default()
        }]),
        purchases: Some(vec![purchase("WEB1", 1), purchase("WEB1", 2), purchase("WEB2", 3)]),
        certifications: Some(vec![Certification {
            code: "CPA".to_owned(),
            expire_date: day(date(2028, 1, 1)),
            cancelled: false,
        }]),
        groups: Some(vec![GroupPlace {
            group: "G1".to_owned(),
            start_date: day(date(2026, 1, 1)),
            ..GroupPlace::default()
        }]),
        relationships: Some(vec![Relationship {
            name: "Employee".to_owned(),
            organization: Some("20011".to_owned()),
            ..Relationship::default()
        }]),
        ..nobody(0)
    }
}

fn lost(reading: &Record, known: &Record) -> BTreeSet<Part> {
    lost_parts(reading, known, &TimeZone::UTC, at(-86_400))
}

fn kept(mut reading: Record, known: &Record) -> Record {
    let lost = lost(&reading, known);
    keep(&mut reading, known, &lost, &TimeZone::UTC);
    reading
}

#[test]
fn empty_lists_lose_every_part_and_what_is_kept_is_as_it_was() {
    let all: BTreeSet<Part> = Part::ALL.into_iter().filter(|part| *part != Part::Profile).collect();
    assert_eq!(lost(&nobody(60), &jane()), all);
    let kept = kept(nobody(60), &jane());
    for part in &all {
        assert_eq!(kept.confirmed.of(*part), Some(at(0)), "{part:?}");
    }
    assert_eq!(kept.confirmed.of(Part::Profile), Some(at(60)));
    // The membership that ended in 2020 is missed by nobody.
    assert_eq!(kept.memberships, jane().memberships[..1]);
    assert_eq!(kept.purchases, jane().purchases);
    assert_eq!(kept.committees, jane().committees);
    assert_eq!((kept.security_roles, kept.custom_fields), (jane().security_roles, jane().custom_fields));
    assert_eq!(kept.relationships, jane().relationships);
}

#[test]
fn what_a_reading_says_counts_at_once() {
    type Change = Box<dyn FnMut(&mut Record)>;
    let over = |mut change: Change| {
        let mut reading = Record { confirmed: nobody(60).confirmed, ..jane() };
        change(&mut reading);
        (lost(&reading, &jane()), reading)
    };
    let says: [(&str, Change); 8] = [
        ("the term has ended", Box::new(|it| it.memberships[0].expire_date = day(date(2026, 6, 30)))),
        ("the word for it is another", {
            let said = Some(MembershipStanding::Ended);
            Box::new(move |it| {
                let code = it.memberships[0].code.take();
                it.memberships[0] = Membership { code, standing: said, ..Membership::default() };
            })
        }),
        ("the membership is cancelled", Box::new(|it| it.memberships[0].cancelled = true)),
        ("the next term is another row of that code", {
            Box::new(|it| it.memberships[0] = membership("REG", date(2027, 1, 1), date(2028, 12, 31)))
        }),
        ("another position", {
            Box::new(|it| it.committees.as_mut().unwrap()[0].position = Some("MEMBER".to_owned()))
        }),
        ("another value", Box::new(|it| it.custom_fields[0].value = "land".to_owned())),
        ("a purchase is cancelled", Box::new(|it| it.purchases.as_mut().unwrap()[0].cancelled = true)),
        ("the old membership is gone", Box::new(|it| drop(it.memberships.pop()))),
    ];
    for (what, change) in says {
        let (lost, reading) = over(change);
        assert_eq!(lost, BTreeSet::new(), "{what}");
        assert_eq!(kept(reading.clone(), &jane()), reading, "{what}");
    }
}

#[test]
fn a_shorter_list_and_a_row_that_says_nothing_are_losses_and_new_rows_stay() {
    let mut reading = Record { confirmed: nobody(60).confirmed, ..jane() };
    // One of two lines, a row without its dates, and something new.
    let purchases = vec![purchase("WEB1", 2), purchase("WEB2", 3), purchase("NEW", 9)];
    reading.purchases = Some(purchases);
    reading.memberships[0] = Membership { code: Some("reg".to_owned()), ..Membership::default() };
    let lost = lost(&reading, &jane());
    assert_eq!(lost, BTreeSet::from([Part::Memberships, Part::Purchases]));
    let kept = kept(reading, &jane());
    assert_eq!(kept.memberships, jane().memberships, "in the order that they had");
    let all = [purchase("WEB1", 1), purchase("WEB1", 2), purchase("WEB2", 3), purchase("NEW", 9)];
    assert_eq!(kept.purchases.unwrap(), all);
}

#[test]
fn entries_that_are_over_are_missed_by_nobody_and_bare_ones_are_counted_apart() {
    let count = |part| count_missed(&jane(), part, &TimeZone::UTC, at(0));
    assert_eq!(count(Part::Memberships), MissedEntries { full: 1, all: 1 });
    assert_eq!(count(Part::Purchases), MissedEntries { full: 3, all: 3 });
    assert_eq!(count(Part::Relationships), MissedEntries { full: 0, all: 1 });
    assert_eq!(count(Part::Profile), MissedEntries::default());
}

#[test]
fn what_is_too_old_is_not_kept_and_a_reading_of_other_codes_loses_nothing() {
    assert_eq!(lost_parts(&nobody(60), &jane(), &TimeZone::UTC, at(1)), BTreeSet::new());
    let mut read = ReadCodes::default();
    read.add(&Code::parse("WEB3").unwrap());
    let mut some = nobody(60);
    some.partly.set(Part::Purchases, Some(read));
    assert!(!lost(&some, &jane()).contains(&Part::Purchases));
    // What it was asked about is missed, and nothing else.
    let mut read = ReadCodes::default();
    let web1 = Code::parse("WEB1").unwrap();
    read.add(&web1);
    read.note_asked(&Codes::These(vec![web1]));
    some.partly.set(Part::Purchases, Some(read));
    assert!(lost(&some, &jane()).contains(&Part::Purchases));
    assert_eq!(kept(some, &jane()).purchases, Some(vec![purchase("WEB1", 1), purchase("WEB1", 2)]));
}

#[test]
fn a_second_reading_counts_only_if_the_ams_has_shown_that_it_is_well_or_somebody_released_it() {
    let (none, lost) = (BTreeSet::new(), BTreeSet::from([Part::Purchases]));
    let mut losses = OwnLosses::default();
    assert_eq!(losses.take(&nobody(0), &lost, &none, at(0)), lost);
    assert_eq!(losses.second_time(&lost, at(59)), none);
    assert_eq!(losses.second_time(&lost, at(60)), lost);
    assert_eq!(losses.take(&nobody(60), &lost, &none, at(60)), lost);
    assert_eq!(losses.doubted_since(), Some(at(0)));
    assert_eq!(losses.clone().take(&nobody(90), &lost, &lost, at(90)), none, "shown");
    losses.release();
    assert_eq!(losses.take(&nobody(90), &lost, &none, at(90)), none, "released");
    assert!(losses.is_empty());
    // It is there again: the next loss begins from the start.
    losses.take(&nobody(100), &lost, &none, at(100));
    losses.take(&jane(), &none, &none, at(120));
    assert_eq!(losses.take(&nobody(200), &lost, &lost, at(200)), lost);
}

fn some_purchases() -> impl Strategy<Value = Vec<Purchase>> {
    let one = ("[ABC]", 1..4_i8, prop::bool::weighted(0.2), prop::bool::weighted(0.2));
    vec(one, 0..6).prop_map(|lines| {
        let line = |(product, on, cancelled, is_bare): (String, i8, bool, bool)| {
            let purchase = Purchase { cancelled, ..purchase(&product, on) };
            if is_bare { Purchase { purchase_date: AmsDate::Absent, ..purchase } } else { purchase }
        };
        lines.into_iter().map(line).collect()
    })
}

proptest! {
    /// Nothing that counts is lost unless the reading says something else of the same code; whatever it says is there; and what is kept
    /// lacks nothing more.
    #[test]
    fn nothing_is_lost_by_silence_and_nothing_that_is_said_is_lost(known in some_purchases(), read in some_purchases()) {
        let known = Record { purchases: Some(known), ..nobody(0) };
        let reading = Record { purchases: Some(read.clone()), ..nobody(60) };
        let kept = kept(reading, &known);
        let kept = kept.purchases.unwrap();
        let known = known.purchases.unwrap();
        let count = |list: &[Purchase], one: &Purchase| list.iter().filter(|other| *other == one).count();
        for one in known.iter().filter(|one| !one.cancelled) {
            let is_said = |new: &Purchase| {
                let is_new = count(&read, new) > count(&known, new);
                new.product == one.product && is_new && (new.cancelled || !new.purchase_date.is_absent())
            };
            let is_as_good = one.purchase_date.is_absent() && read.iter().any(|new| {
                new.product == one.product && !new.cancelled && new.purchase_date.is_absent()
            });
            let is_kept = count(&kept, one) >= count(&known, one);
            prop_assert!(is_kept || is_as_good || read.iter().any(is_said), "{one:?} of {known:?} in {read:?} gives {kept:?}");
        }
        for said in read.iter().filter(|said| said.cancelled || !said.purchase_date.is_absent()) {
            prop_assert!(count(&kept, said) >= count(&read, said));
        }
        let again = Record { purchases: Some(kept), ..nobody(120) };
        let known = Record { purchases: Some(known), ..nobody(0) };
        prop_assert_eq!(lost(&again, &known), BTreeSet::new());
    }

    /// Whatever comes when, nothing counts that was not shown at a second reading a minute after another; and two readings are enough.
    #[test]
    fn it_takes_two_readings_and_a_sign_of_health(readings in vec((0_i64..600, any::<bool>(), any::<bool>()), 1..12)) {
        let (none, some) = (BTreeSet::new(), BTreeSet::from([Part::Purchases]));
        let mut losses = OwnLosses::default();
        let mut lacking: Vec<i64> = Vec::new();
        for (seconds, lacks, is_shown) in readings {
            let lost = if lacks { &some } else { &none };
            let held = losses.take(&nobody(seconds), lost, if is_shown { &some } else { &none }, at(seconds));
            if lacks && held.is_empty() {
                prop_assert!(is_shown && lacking.iter().any(|first| seconds - first >= 60));
            }
            if lacks && !held.is_empty() { lacking.push(seconds) } else { lacking.clear() }
        }
        losses.take(&nobody(600), &some, &none, at(600));
        prop_assert_eq!(losses.take(&nobody(660), &some, &some, at(660)), none);
    }
}
