//! Records, sweeps over all members, and the AMS's lists.

use super::*;
use crate::domain::catalogue::{Catalogue, Choice};

pub(super) async fn a_slow_answer_does_not_undo_a_fresh_one(place: &dyn Place) {
    let store = place.open();
    for minute in [10, 5] {
        store.put_record("production", &record(DANA, at(minute))).await.unwrap();
    }
    assert_eq!(store.record("production", &id(DANA)).await, Ok(Some(record(DANA, at(10)))));
    assert_eq!(store.record("staging", &id(DANA)).await, Ok(None));
    assert_eq!(store.record("production", &id(OMAR)).await, Ok(None));
}

pub(super) async fn people_are_found_by_what_their_record_carries(place: &dyn Place) {
    let store = place.open();
    let dana = record(DANA, at(0));
    let mut omar = record(OMAR, at(0));
    omar.profile.email = Some("Omar@Reef.example".to_owned());
    omar.profile.record_number = Some("10-442".to_owned());
    for record in [&dana, &omar] {
        store.put_record("production", record).await.unwrap();
    }
    let find = async |environment: &str, text: &str| {
        let found = store.find_records(environment, text).await.unwrap();
        let mut names: Vec<_> = found.into_iter().map(|record| record.id.as_str().to_owned()).collect();
        names.sort();
        names
    };
    for text in ["omar@reef.example", " OMAR@reef.example ", "10-442", OMAR] {
        assert_eq!(find("production", text).await, [OMAR], "{text}");
        assert!(find("staging", text).await.is_empty(), "{text}");
    }
    assert!(find("production", "nobody").await.is_empty());
    omar.profile.email = dana.profile.email;
    let omar = omar.read_at(at(1));
    store.put_record("production", &omar).await.unwrap();
    assert_eq!(find("production", "dana.reyes@reef.example").await, [DANA, OMAR], "a shared address");
    assert!(find("production", "omar@reef.example").await.is_empty(), "an address that is no longer his");
}

pub(super) async fn every_record_of_an_environment_is_on_one_page(place: &dyn Place) {
    let store = place.open();
    let names: Vec<String> = (0..7).map(|n| format!("m-{n}")).collect();
    for name in &names {
        store.put_record("production", &record(name, at(0))).await.unwrap();
        store.put_record("staging", &record("elsewhere", at(0))).await.unwrap();
    }
    let (mut after, mut found) = (0, Vec::new());
    loop {
        let page = store.records("production", after, 3).await.unwrap();
        let (last, len) = (page.last, page.len);
        let opened: Vec<_> = page.open().map(|record| record.unwrap().id.as_str().to_owned()).collect();
        assert_eq!(opened.len(), len);
        if len == 0 {
            break;
        }
        assert!(len <= 3 && last > after);
        after = last;
        found.extend(opened);
    }
    found.sort();
    assert_eq!(found, names);
    assert_eq!(store.count_records("production").await, Ok(7));
}

pub(super) async fn a_sweep_goes_on_after_a_restart(place: &dyn Place) {
    let store = place.open();
    assert_eq!(store.sweep("production").await, Ok(None));
    store.begin_sweep("production", at(0)).await.unwrap();
    let members = [id("m-1"), id("m-2"), id("m-3")];
    assert_eq!(store.add_to_sweep("production", &members[..2], Some(2)).await, Ok(2));
    assert_eq!(store.add_to_sweep("production", &members, None).await, Ok(1), "two were listed before");
    store.take_off_sweep("production", &members[0], false).await.unwrap();
    store.take_off_sweep("production", &members[1], true).await.unwrap();
    store.take_off_sweep("production", &members[1], true).await.unwrap();
    drop(store);
    let store = place.open();
    let state = store.sweep("production").await.unwrap().unwrap();
    assert_eq!((state.started, state.next_page, state.finished), (at(0), None, None));
    assert_eq!((state.listed, state.left, state.failed), (3, 1, 1));
    assert_eq!(store.left_of_sweep("production", 9).await, Ok(vec![id("m-3")]));
    assert_eq!(store.left_of_sweep("staging", 9).await, Ok(Vec::new()));
    store.finish_sweep("production", at(5)).await.unwrap();
    assert_eq!(store.sweep("production").await.unwrap().unwrap().finished, Some(at(5)));
    store.begin_sweep("production", at(9)).await.unwrap();
    let state = store.sweep("production").await.unwrap().unwrap();
    assert_eq!((state.started, state.next_page, state.finished), (at(9), Some(1), None));
    assert_eq!((state.listed, state.left, state.failed), (0, 0, 0));
}

pub(super) async fn the_lists_of_the_ams_are_kept_by_environment(place: &dyn Place) {
    let store = place.open();
    let lists = |minute| Catalogue {
        as_of: at(minute),
        committees: vec![Choice { code: "EDU".into(), label: "Education".into() }],
        events: Vec::new(),
        custom_fields: Vec::new(),
        relationships: Vec::new(),
    };
    assert_eq!(store.catalogue("production").await, Ok(None));
    store.put_catalogue("production", &lists(0)).await.unwrap();
    store.put_catalogue("production", &lists(1)).await.unwrap();
    store.put_catalogue("staging", &lists(2)).await.unwrap();
    drop(store);
    let store = place.open();
    assert_eq!(store.catalogue("production").await, Ok(Some(lists(1))));
    assert_eq!(store.catalogue("staging").await, Ok(Some(lists(2))));
}
