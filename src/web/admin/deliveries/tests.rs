//! Samples of the page.

use std::collections::BTreeMap;

use super::page::*;
use super::*;
use crate::adapters::store::deliveries::DeliveryCounts;
use crate::domain::deliveries::brake::Stop;
use crate::domain::deliveries::row::{ConfirmedState, Delivery, LastAnswer, Phase};
use crate::domain::deliveries::state::State as PersonState;
use crate::domain::deliveries::subscriber::{MappingPair, PassDone, PassUnderWay, SubscriberState};
use crate::domain::time::{TimeZone, Timestamp};
use crate::flows::deliveries::{DeliveryStanding, PersonDelivery, SubscriberStatus};
use crate::web::admin::tests::{check, samples};

fn now() -> Timestamp {
    "2026-03-04T15:42:00Z".parse().unwrap()
}

fn row(phase: Phase) -> Delivery {
    let state = PersonState::Present {
        said: "{}".to_owned(),
        holds: BTreeMap::from([("education <b>M".to_owned(), None), ("member".to_owned(), Some(now()))]),
    };
    Delivery {
        individual: IndividualId::parse("b3a1c0de-1").unwrap(),
        desired: state.clone(),
        version: 7,
        confirmed: Some(ConfirmedState { state, version: 6, at: now() }),
        holds_until: None,
        phase,
        is_open: false,
        fence: 1,
        failures: 0,
        since: now(),
        lost_at: None,
        gone_at: None,
        is_forgotten: false,
        answer: Some(LastAnswer { at: now(), version: 6, said: "no_account".to_owned() }),
    }
}

#[test]
fn every_sample_renders() {
    let status = |name: &str, counts: DeliveryCounts, state: SubscriberState| SubscriberStatus {
        name: SubscriberName::wordpress(name),
        counts,
        state,
        failure: None,
        set_aside: Vec::new(),
    };
    let done = PassDone {
        at: now(),
        environment: "production".to_owned(),
        mapping: MappingPair { roles: 7, own: 0 },
        seen: 10_244,
    };
    let good = status(
        "library",
        DeliveryCounts { settled: 10_244, holders: 8_000, ..DeliveryCounts::default() },
        SubscriberState { done: Some(done), ..SubscriberState::default() },
    );
    let pass = PassUnderWay {
        began: now(),
        environment: "production".to_owned(),
        mapping: MappingPair { roles: 7, own: 0 },
        after: 4_000,
        seen: 4_000,
        is_first: true,
    };
    let first = SubscriberStatus {
        failure: Some((now(), "status 503".to_owned())),
        ..status(
            "news",
            DeliveryCounts {
                settled: 12,
                pending: 3_988,
                failing: 2,
                oldest: Some(now()),
                ..Default::default()
            },
            SubscriberState { pass: Some(pass), ..SubscriberState::default() },
        )
    };
    let refused = row(Phase::SetAside { since: now(), reason: "email_taken".to_owned() });
    let braked = SubscriberStatus {
        set_aside: vec![refused.clone()],
        ..status(
            "shop",
            DeliveryCounts { settled: 100, set_aside: 1, ..DeliveryCounts::default() },
            SubscriberState {
                stopped: Some(Stop::ManyLose { since: now(), losers: 312, holders: 8_412 }),
                ..SubscriberState::default()
            },
        )
    };
    let event = Delivery {
        individual: IndividualId::parse("event:annual26").unwrap(),
        ..row(Phase::SetAside { since: now(), reason: "refused_title".to_owned() })
    };
    let calendar = SubscriberStatus {
        name: SubscriberName::higher_logic_calendar(),
        set_aside: vec![event],
        ..braked.clone()
    };
    let subscribers = vec![good, first, braked, calendar];
    let standing = DeliveryStanding { subscribers, people: 10_300, now: now() };
    let zone = TimeZone::get("America/New_York").unwrap();
    let people = [
        PersonDelivery { subscriber: SubscriberName::wordpress("library"), row: Some(refused), now: None },
        PersonDelivery {
            subscriber: SubscriberName::wordpress("news"),
            row: Some(row(Phase::Settled)),
            now: Some(PersonState::Removed),
        },
        PersonDelivery { subscriber: SubscriberName::wordpress("shop"), row: None, now: None },
    ];
    let page = |standing: Option<&DeliveryStanding>, person: bool| DeliveriesPage {
        shell: samples::shell(menu::DELIVERIES),
        cards: standing.iter().flat_map(|of| of.subscribers.iter().map(|one| card(one, of, &zone))).collect(),
        who: Field::text("who", "Person", ""),
        person: person.then(|| PersonAtSubscribers {
            name: "Jane Marlowe".to_owned(),
            id: "b3a1c0de-1".to_owned(),
            is_event: false,
            rows: person_rows(&people, &zone),
        }),
    };
    check(vec![
        ("deliveries_empty", page(None, false)),
        ("deliveries_full", page(Some(&standing), false)),
        ("deliveries_of_one", page(Some(&standing), true)),
    ]);
}
