//! Records: readings are joined, pages confirm, and what is forgotten is gone.

use super::*;
use crate::domain::parts::Part;
use crate::domain::record::{Certification, CommitteeSeat, Purchase};

/// A reading of one list alone, with this code in it.
fn list(person: &str, part: Part, code: &str, as_of: Timestamp) -> Record {
    let mut reading = record(person, as_of);
    reading.registrations = None;
    reading.contact = None;
    let code = code.to_owned();
    match part {
        Part::Committees => {
            reading.committees = Some(vec![CommitteeSeat { committee: code, ..CommitteeSeat::default() }]);
        }
        Part::Purchases => {
            reading.purchases = Some(vec![Purchase { product: code, ..Purchase::default() }]);
        }
        Part::Certifications => {
            reading.certifications = Some(vec![Certification { code, ..Certification::default() }]);
        }
        other => panic!("{other:?}"),
    }
    let mut reading = reading.read_at(as_of);
    Part::ALL.into_iter().filter(|other| *other != part).for_each(|other| reading.confirmed.set(other, None));
    reading
}

async fn held(store: &dyn Store, person: &str) -> Record {
    store.record("production", &id(person)).await.unwrap().unwrap()
}

pub(super) async fn readings_are_joined_whichever_comes_first(place: &dyn Place) {
    let store = place.open();
    let whole = record(DANA, at(10));
    let seats = |minute| list(DANA, Part::Committees, &format!("EDU{minute}"), at(minute));
    let orders = [
        ("production", [&whole, &seats(5), &seats(12)]),
        ("staging", [&seats(12), &seats(5), &whole]),
        ("sandbox", [&seats(5), &whole, &seats(12)]),
    ];
    let mut expected = whole.clone();
    expected.committees.clone_from(&seats(12).committees);
    expected.confirmed.set(Part::Committees, Some(at(12)));
    for (environment, readings) in orders {
        let mut kept = None;
        for reading in readings {
            kept = Some(store.put_record(environment, reading, at(20)).await.unwrap());
        }
        assert_eq!(kept.as_ref(), Some(&expected), "{environment}");
        assert_eq!(store.record(environment, &id(DANA)).await, Ok(Some(expected.clone())), "{environment}");
    }
    assert_eq!(store.record("demo", &id(DANA)).await, Ok(None));
    assert_eq!(store.record("production", &id(OMAR)).await, Ok(None));
    // What was written under a clock that was ahead gives way.
    store.put_record("production", &record(OMAR, at(90)), at(90)).await.unwrap();
    let kept = store.put_record("production", &record(OMAR, at(21)), at(21)).await.unwrap();
    assert_eq!((kept.as_of(), held(&*store, OMAR).await.as_of()), (at(21), at(21)));
}

pub(super) async fn a_session_begins_with_all_that_is_known(place: &dyn Place) {
    let store = place.open();
    let seats = list(DANA, Part::Committees, "EDU", at(-5));
    store.put_record("production", &seats, at(-5)).await.unwrap();
    let begun = store.begin_session(&session(1, DANA), &record(DANA, at(0))).await.unwrap();
    assert_eq!((begun.as_of(), &begun.committees), (at(0), &seats.committees));
    let (_, stored) = store.session(&key(1)).await.unwrap().unwrap();
    assert_eq!(stored, begun);
}

pub(super) async fn of_readings_at_the_same_time_none_is_lost(place: &dyn Place) {
    let store = place.open();
    let parts = [Part::Committees, Part::Purchases, Part::Certifications];
    let readings = || {
        (0..20_i64).map(|n| {
            let part = parts[usize::try_from(n).unwrap() % parts.len()];
            list(DANA, part, &format!("C{n}"), at(n))
        })
    };
    let mut tasks = tokio::task::JoinSet::new();
    for reading in readings() {
        let store = store.clone();
        tasks.spawn(async move {
            // Half of them come on a page with others, who are written by several at once, too.
            if reading.committees.is_some() {
                let page: Vec<Record> =
                    (0..9).map(|n| record(&format!("m-{n}"), at(n))).chain([reading]).collect();
                assert_eq!(store.put_records("production", &page, at(60)).await.unwrap().len(), 10);
            } else {
                store.put_record("production", &reading, at(60)).await.unwrap();
            }
        });
    }
    tasks.join_all().await;
    let held = held(&*store, DANA).await;
    let latest = |part| readings().rfind(|reading| reading.confirmed.of(part).is_some()).unwrap();
    assert_eq!(held.committees, latest(Part::Committees).committees);
    assert_eq!(held.purchases, latest(Part::Purchases).purchases);
    assert_eq!(held.certifications, latest(Part::Certifications).certifications);
    assert_eq!(store.count_records("production").await, Ok(10));
}

pub(super) async fn a_page_of_people_is_kept_together(place: &dyn Place) {
    let store = place.open();
    let seats = list("m-7", Part::Committees, "EDU", at(3));
    store.put_record("production", &seats, at(3)).await.unwrap();
    // More than one transaction takes, and one person twice.
    let mut page: Vec<Record> = (0..600).map(|n| record(&format!("m-{n}"), at(1))).collect();
    page.push(list("m-8", Part::Purchases, "WEB1", at(2)));
    page.swap(9, 600);
    let kept = store.put_records("production", &page, at(5)).await.unwrap();
    let of = |name: &str| kept.iter().rfind(|record| record.id == id(name)).unwrap();
    assert_eq!(of("m-7").committees, seats.committees);
    assert_eq!((of("m-7").as_of(), of("m-8").as_of()), (at(3), at(2)));
    assert!(of("m-8").purchases.is_some());
    assert_eq!(held(&*store, "m-8").await, *of("m-8"));
    assert_eq!(store.count_records("production").await, Ok(600));
    assert_eq!(store.put_records("production", &[], at(5)).await, Ok(Vec::new()));
    assert_eq!(store.find_records("production", "m-599").await.unwrap(), [record("m-599", at(1))]);
}

pub(super) async fn a_page_without_news_confirms_what_it_brings(place: &dyn Place) {
    let store = place.open();
    for person in [DANA, OMAR] {
        begin(&*store, &Session { key: key(person.as_bytes()[0]), ..session(1, person) }).await;
    }
    let of_page = [Part::Profile, Part::Memberships, Part::Committees];
    let confirm = async |person: &str, parts: &[Part], minute| {
        store.confirm_records("production", &[id(person), id("nobody")], parts, at(minute)).await.unwrap();
    };
    confirm(DANA, &of_page, 5).await;
    // A slow page, and one that brings something else.
    confirm(DANA, &of_page, 4).await;
    confirm(DANA, &[Part::Registrations, Part::Purchases], 3).await;
    let mut expected = record(DANA, at(0));
    for (part, minute) in [(Part::Profile, 5), (Part::Memberships, 5), (Part::Registrations, 3)] {
        expected.confirmed.set(part, Some(at(minute)));
    }
    assert_eq!(held(&*store, DANA).await, expected);
    assert_eq!(expected.as_of(), at(5));
    assert_eq!(store.find_records("production", DANA).await, Ok(vec![expected.clone()]));
    assert_eq!(store.session(&key(DANA.as_bytes()[0])).await.unwrap().unwrap().1, expected);
    let mut page: Vec<Record> =
        store.records("production", 0, 9).await.unwrap().open().map(Result::unwrap).collect();
    page.sort_by(|a, b| a.id.cmp(&b.id));
    assert_eq!(page, [expected.clone(), record(OMAR, at(0))]);
    assert_eq!(store.count_records("production").await, Ok(2), "nobody becomes known by it");
    // The next reading takes it in: what it does not bring stays confirmed.
    let seats = list(DANA, Part::Committees, "EDU", at(6));
    let kept = store.put_record("production", &seats, at(6)).await.unwrap();
    expected.committees = seats.committees;
    expected.confirmed.set(Part::Committees, Some(at(6)));
    assert_eq!(kept, expected);
    drop(store);
    assert_eq!(held(&*place.open(), DANA).await, expected);
}

pub(super) async fn who_is_confirmed_is_not_purged(place: &dyn Place) {
    let store = place.open();
    for person in [DANA, OMAR, "m-3"] {
        store.put_record("production", &record(person, at(0)), at(0)).await.unwrap();
    }
    let parts = [Part::Profile];
    store.confirm_records("production", &[id(DANA)], &parts, at(30)).await.unwrap();
    store.confirm_records("production", &[id(OMAR)], &[Part::Memberships], at(30)).await.unwrap();
    store.purge(&Purge { records_before: at(20), ..purge_at(at(40)) }).await.unwrap();
    // Whatever a page confirms of somebody, they are still in the AMS.
    assert_eq!(store.count_records("production").await, Ok(2));
    for person in [DANA, OMAR] {
        assert_eq!(held(&*store, person).await.as_of(), at(30), "{person}");
    }
    assert_eq!(store.record("production", &id("m-3")).await, Ok(None));
}

pub(super) async fn a_record_is_forgotten_unless_somebody_is_signed_in_with_it(place: &dyn Place) {
    let store = place.open();
    begin(&*store, &session(1, DANA)).await;
    store.put_record("production", &record(OMAR, at(0)), at(0)).await.unwrap();
    store.put_record("staging", &record(OMAR, at(0)), at(0)).await.unwrap();
    let forget = async |person: &str| store.forget_record("production", &id(person)).await.unwrap();
    assert!(!forget(DANA).await);
    assert!(store.session(&key(1)).await.unwrap().is_some());
    assert!(forget(OMAR).await && !forget(OMAR).await);
    assert_eq!(store.record("production", &id(OMAR)).await, Ok(None));
    assert!(store.find_records("production", OMAR).await.unwrap().is_empty());
    assert!(store.record("staging", &id(OMAR)).await.unwrap().is_some());
    store.end_session(&key(1)).await.unwrap();
    assert!(forget(DANA).await);
}
