//! Finding people and going through them, the AMS's lists, and what is kept by name.

use super::*;
use crate::domain::catalogue::{Catalogue, Choice};

pub(super) async fn people_are_found_by_what_their_record_carries(place: &dyn Place) {
    let store = place.open();
    let dana = record(DANA, at(0));
    let mut omar = record(OMAR, at(0));
    omar.profile.email = Some("Omar@Reef.example".to_owned());
    omar.profile.record_number = Some("10-442".to_owned());
    for record in [&dana, &omar] {
        store.put_record("production", record, at(0)).await.unwrap();
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
    store.put_record("production", &omar, at(1)).await.unwrap();
    assert_eq!(find("production", "dana.reyes@reef.example").await, [DANA, OMAR], "a shared address");
    assert!(find("production", "omar@reef.example").await.is_empty(), "an address that is no longer his");
}

pub(super) async fn every_record_of_an_environment_is_on_one_page(place: &dyn Place) {
    let store = place.open();
    let names: Vec<String> = (0..7).map(|n| format!("m-{n}")).collect();
    for name in &names {
        store.put_record("production", &record(name, at(0)), at(0)).await.unwrap();
        store.put_record("staging", &record("elsewhere", at(0)), at(0)).await.unwrap();
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

pub(super) async fn the_lists_of_the_ams_are_kept_by_environment(place: &dyn Place) {
    let store = place.open();
    let lists = |minute| Catalogue {
        as_of: at(minute),
        committees: vec![Choice { code: "EDU".into(), label: "Education".into() }],
        events: Vec::new(),
        custom_fields: Vec::new(),
        relationships: Vec::new(),
        ..Catalogue::default()
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

pub(super) async fn what_is_kept_by_name_is_kept_by_environment_and_over_a_restart(place: &dyn Place) {
    let store = place.open();
    let roster = |code: &str| format!("roster/committee/{code}");
    for (environment, name, state) in [
        ("production", "feed", "first"),
        ("production", "feed", "second"),
        ("production", &roster("EDU"), "[1]"),
        ("production", &roster("BRD%"), "[2]"),
        ("production", &roster("BRD_"), "[3]"),
        ("production", "roster/event/EDU", "[4]"),
        ("staging", &roster("EDU"), "[5]"),
        ("production", "sweep", ""),
    ] {
        store.put_state(environment, name, state.as_bytes()).await.unwrap();
    }
    drop(store);
    let store = place.open();
    let state = async |environment: &str, name: &str| store.state(environment, name).await.unwrap();
    assert_eq!(state("production", "feed").await.as_deref(), Some(&b"second"[..]));
    assert_eq!(state("production", "sweep").await.as_deref(), Some(&b""[..]));
    assert_eq!(state("staging", "feed").await, None);
    let states = async |environment: &str, prefix: &str| {
        let found = store.states(environment, prefix).await.unwrap();
        found.into_iter().map(|(name, state)| (name, String::from_utf8(state).unwrap())).collect::<Vec<_>>()
    };
    let told = |pairs: &[(&str, &str)]| {
        pairs.iter().map(|(code, state)| (roster(code), (*state).to_owned())).collect::<Vec<_>>()
    };
    let committees = states("production", "roster/committee/").await;
    assert_eq!(committees, told(&[("BRD%", "[2]"), ("BRD_", "[3]"), ("EDU", "[1]")]));
    assert_eq!(states("production", &roster("BRD%")).await, told(&[("BRD%", "[2]")]), "no pattern");
    assert_eq!(states("staging", "").await, told(&[("EDU", "[5]")]));
    assert_eq!(states("production", "").await.len(), 6);
    for _ in 0..2 {
        store.remove_state("production", &roster("EDU")).await.unwrap();
    }
    assert_eq!(state("production", &roster("EDU")).await, None);
    assert!(state("staging", &roster("EDU")).await.is_some());
}
