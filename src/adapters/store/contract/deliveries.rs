//! What subscribers should know: planned by one, sent by whoever takes it, in order, and never lost.

use std::collections::BTreeMap;

use super::*;
use crate::adapters::store::deliveries::{DeliveryCounts, EndedFlight, RowsOf, SentAgain, SubscriberChange};
use crate::domain::deliveries::brake::Stop;
use crate::domain::deliveries::row::{Flight, FlightEnd, Phase, Plan};
use crate::domain::deliveries::state::{Desired, State};
use crate::domain::deliveries::subscriber::{MappingPair, PassDone, PassUnderWay, SubscriberName};

fn library() -> SubscriberName {
    SubscriberName::wordpress("library")
}

fn of(subscriber: &SubscriberName) -> RowsOf<'_> {
    RowsOf { subscriber, environment: "production" }
}

fn there(said: &str, until: Option<Timestamp>) -> State {
    State::Present { said: said.to_owned(), holds: BTreeMap::from([("member".to_owned(), until)]) }
}

fn plan(person: &str, state: State, holds_until: Option<Timestamp>) -> Plan {
    let desired = Desired { state: Some(state), holds_until };
    Plan { individual: id(person), desired, gone_at: None, is_forgotten: false }
}

async fn lease(store: &dyn Store, holder: &str, now: i64) -> Option<u64> {
    let lease = SubscriberChange::Lease { holder: holder.to_owned(), now: at(now), until: at(now + 1) };
    store.change_subscriber(&library(), lease).await.unwrap()
}

/// Dana waits to be told of.
pub(super) async fn plan_one(store: &dyn Store) {
    let number = lease(store, "one", 0).await.unwrap();
    let plans = vec![plan(DANA, there("a", None), Some(at(9)))];
    assert_eq!(store.plan_deliveries(of(&library()), number, plans, at(0)).await, Ok(true));
}

/// A store in which two people wait to be told of.
async fn planned(place: &dyn Place) -> (Arc<dyn Store>, u64) {
    let store = place.open();
    let number = lease(&*store, "one", 0).await.unwrap();
    let plans = vec![plan(DANA, there("a", None), Some(at(9))), plan(OMAR, there("b", None), None)];
    assert_eq!(store.plan_deliveries(of(&library()), number, plans, at(0)).await, Ok(true));
    (store, number)
}

async fn take(store: &dyn Store, now: i64) -> Vec<Flight> {
    store.take_flights(of(&library()), at(now), at(now + 1), 9).await.unwrap()
}

fn ended(flight: &Flight, end: FlightEnd) -> EndedFlight {
    EndedFlight { individual: flight.individual.clone(), fence: flight.fence, end }
}

async fn settle(store: &dyn Store, ends: Vec<EndedFlight>, now: i64) {
    store.settle_flights(of(&library()), ends, at(now), 0.0).await.unwrap();
}

async fn counts(store: &dyn Store, since: i64) -> DeliveryCounts {
    store.count_deliveries(of(&library()), at(since)).await.unwrap()
}

pub(super) async fn a_row_is_taken_by_one_and_leaves_when_it_is_confirmed(place: &dyn Place) {
    let (store, number) = planned(place).await;
    let flights = take(&*store, 0).await;
    assert_eq!(flights.len(), 2);
    assert_eq!(take(&*store, 0).await, [], "another worker does not get it meanwhile");
    settle(&*store, flights.iter().map(|it| ended(it, FlightEnd::Confirmed("applied"))).collect(), 0).await;
    assert_eq!(take(&*store, 5).await, []);
    let expected = DeliveryCounts { settled: 2, holders: 2, ..DeliveryCounts::default() };
    assert_eq!(counts(&*store, 0).await, expected);
    // The same once more is no news.
    let again = vec![plan(OMAR, there("b", None), None)];
    store.plan_deliveries(of(&library()), number, again, at(5)).await.unwrap();
    assert_eq!(take(&*store, 5).await, []);
    let news = vec![plan(OMAR, there("c", None), None)];
    store.plan_deliveries(of(&library()), number, news, at(6)).await.unwrap();
    let flight = take(&*store, 6).await.remove(0);
    assert!(flight.state == there("c", None) && flights.iter().all(|it| it.version < flight.version));
}

pub(super) async fn of_a_worker_that_lost_its_turn_nothing_counts(place: &dyn Place) {
    let (store, _) = planned(place).await;
    let lost = take(&*store, 0).await;
    drop(store);
    // It was killed; another one goes on.
    let store = place.open();
    let again = take(&*store, 1).await;
    assert_eq!(again.iter().map(|it| it.version).max(), lost.iter().map(|it| it.version).max());
    let refused = |it| ended(it, FlightEnd::Refused("email_taken".to_owned()));
    settle(&*store, lost.iter().map(refused).collect(), 1).await;
    assert_eq!(counts(&*store, 0).await.set_aside, 0);
    settle(&*store, again.iter().map(refused).collect(), 1).await;
    assert_eq!(counts(&*store, 0).await.set_aside, 2);
    let rows = store.set_aside(of(&library()), 9).await.unwrap();
    assert!(
        rows.iter()
            .all(|row| matches!(&row.phase, Phase::SetAside { reason, .. } if reason == "email_taken"))
    );
    assert_eq!(store.send_again(of(&library()), SentAgain::Of(&id(DANA)), at(2)).await, Ok(1));
    assert_eq!(store.send_again(of(&library()), SentAgain::SetAside, at(2)).await, Ok(1));
    assert_eq!(take(&*store, 2).await.len(), 2);
}

pub(super) async fn a_row_that_failed_waits_and_is_counted(place: &dyn Place) {
    let (store, _) = planned(place).await;
    let flights = take(&*store, 0).await;
    settle(&*store, flights.iter().map(|it| ended(it, FlightEnd::NotNow("busy".to_owned()))).collect(), 0)
        .await;
    assert_eq!(take(&*store, 0).await, []);
    let told = counts(&*store, 0).await;
    assert_eq!((told.pending, told.failing, told.oldest), (2, 2, Some(at(0))));
    assert_eq!(take(&*store, 1).await.len(), 2);
}

pub(super) async fn what_ends_is_noted_in_the_day_of_the_subscriber(place: &dyn Place) {
    let (store, number) = planned(place).await;
    let flights = take(&*store, 1).await;
    let [one, other] = flights.as_slice() else { panic!("{flights:?}") };
    settle(&*store, vec![ended(one, FlightEnd::Confirmed("applied"))], 2).await;
    // A second answer to the same flight, one that comes to nothing, and a lease that is renewed meanwhile change nothing.
    settle(&*store, vec![ended(one, FlightEnd::Confirmed("applied"))], 2).await;
    settle(&*store, vec![ended(other, FlightEnd::NotNow("busy".to_owned()))], 2).await;
    lease(&*store, "one", 2).await.unwrap();
    let again = take(&*store, 20).await;
    settle(
        &*store,
        again.iter().map(|it| ended(it, FlightEnd::Refused("email_taken".to_owned()))).collect(),
        20,
    )
    .await;
    drop(store);
    let store = place.open();
    let steps = store.subscriber(&library()).await.unwrap().day.steps(at(20));
    let sums = steps.iter().fold((0, 0), |sum, step| (sum.0 + step.confirmed, sum.1 + step.refused));
    assert_eq!(sums, (1, 1), "it is there after a restart");
    let confirmed = steps.iter().find(|step| step.confirmed > 0).unwrap();
    assert_eq!(confirmed.longest, Some(jiff::SignedDuration::from_mins(2)));
    let ended = SubscriberChange::FirstRunEnded { number, now: at(20) };
    assert_eq!(
        store.change_subscriber(&library(), ended).await,
        Ok(None),
        "somebody plans by a greater number"
    );
}

pub(super) async fn one_plans_at_a_time(place: &dyn Place) {
    let (store, number) = planned(place).await;
    assert_eq!(lease(&*store, "other", 0).await, None);
    let other = lease(&*store, "other", 1).await.unwrap();
    let late = vec![plan(DANA, State::Removed, None)];
    assert_eq!(store.plan_deliveries(of(&library()), number, late, at(1)).await, Ok(false));
    assert_eq!(store.delivery_rows(of(&library()), &[id(DANA)]).await.unwrap()[0].desired, there("a", None));
    let pass = PassUnderWay {
        began: at(1),
        environment: "production".to_owned(),
        mapping: MappingPair { roles: 3, own: 0 },
        after: 7,
        seen: 2,
        is_first: true,
    };
    let note = |number| SubscriberChange::Pass { number, under_way: Some(pass.clone()), done: None };
    assert_eq!(store.change_subscriber(&library(), note(number)).await, Ok(None));
    assert_eq!(store.change_subscriber(&library(), note(other)).await, Ok(Some(other)));
    drop(store);
    let store = place.open();
    assert_eq!(store.subscriber(&library()).await.unwrap().pass, Some(pass), "it goes on after a restart");
    let done = PassDone {
        at: at(2),
        environment: "production".to_owned(),
        mapping: MappingPair { roles: 3, own: 0 },
        seen: 2,
    };
    let end = SubscriberChange::Pass { number: other, under_way: None, done: Some(done.clone()) };
    store.change_subscriber(&library(), end).await.unwrap();
    let kept = store.subscriber(&library()).await.unwrap();
    assert_eq!((kept.pass, kept.done), (None, Some(done)));
    assert_eq!(store.subscriber(&SubscriberName::wordpress("news")).await, Ok(Default::default()));
}

pub(super) async fn nothing_of_a_stopped_subscriber_is_taken(place: &dyn Place) {
    let (store, _) = planned(place).await;
    let flight = take(&*store, 0).await.remove(0);
    let stop = Stop::ManyLose { since: at(0), losers: 300, holders: 400 };
    store.change_subscriber(&library(), SubscriberChange::Stop(stop.clone())).await.unwrap();
    store.change_subscriber(&library(), SubscriberChange::Stop(Stop::ByHand { since: at(1) })).await.unwrap();
    assert_eq!(store.subscriber(&library()).await.unwrap().stopped, Some(stop), "the first reason stays");
    assert_eq!(take(&*store, 2).await, []);
    settle(&*store, vec![ended(&flight, FlightEnd::Confirmed("applied"))], 2).await;
    assert_eq!(counts(&*store, 0).await.settled, 1, "what is on its way comes to its end");
    let resume = async |since| {
        store.change_subscriber(&library(), SubscriberChange::Resume { since: at(since), now: at(3) }).await
    };
    assert_eq!(resume(1).await, Ok(None), "that is not why it is stopped");
    assert_eq!(take(&*store, 3).await, []);
    assert!(resume(0).await.unwrap().is_some());
    assert_eq!(take(&*store, 3).await.len(), 1);
}

pub(super) async fn who_loses_something_is_counted_until_it_is_confirmed(place: &dyn Place) {
    let (store, number) = planned(place).await;
    let bare = State::Present { said: "bare".to_owned(), holds: BTreeMap::new() };
    store.plan_deliveries(of(&library()), number, vec![plan(DANA, bare, None)], at(3)).await.unwrap();
    let told = counts(&*store, 2).await;
    assert_eq!((told.losers, told.holders), (1, 1));
    assert_eq!(counts(&*store, 4).await.losers, 0);
}

pub(super) async fn rows_are_found_by_date_and_by_a_record_that_is_gone(place: &dyn Place) {
    let (store, number) = planned(place).await;
    assert_eq!(store.due_by_date(of(&library()), at(8), 9).await, Ok(vec![]));
    assert_eq!(store.due_by_date(of(&library()), at(9), 9).await, Ok(vec![id(DANA)]));
    store.put_record("production", &record(DANA, at(0)), at(0)).await.unwrap();
    assert_eq!(store.without_record(of(&library()), 9).await, Ok(vec![id(OMAR)]));
    let name = library();
    let elsewhere = RowsOf { subscriber: &name, environment: "staging" };
    assert_eq!(store.without_record(elsewhere, 9).await, Ok(vec![]));
    let forget = Plan { is_forgotten: true, gone_at: Some(at(1)), ..plan(OMAR, State::Removed, None) };
    store.plan_deliveries(of(&library()), number, vec![forget], at(1)).await.unwrap();
    assert_eq!(store.without_record(of(&library()), 9).await, Ok(vec![id(OMAR)]), "until it is confirmed");
    let flights = take(&*store, 1).await;
    settle(&*store, flights.iter().map(|it| ended(it, FlightEnd::Confirmed("applied"))).collect(), 1).await;
    let rows = store.delivery_rows(of(&library()), &[id(OMAR), id(DANA)]).await.unwrap();
    assert_eq!(
        rows.iter().map(|row| &row.individual).collect::<Vec<_>>(),
        [&id(DANA)],
        "nothing is left of Omar"
    );
}

pub(super) async fn all_rows_are_sent_again_once_and_erased_by_environment_or_with_the_subscriber(
    place: &dyn Place,
) {
    let (store, number) = planned(place).await;
    let name = library();
    let many: Vec<Plan> = (0..600).map(|n| plan(&format!("many-{n}"), there("a", None), None)).collect();
    store.plan_deliveries(of(&name), number, many, at(0)).await.unwrap();
    loop {
        let flights = store.take_flights(of(&name), at(0), at(1), 250).await.unwrap();
        if flights.is_empty() {
            break;
        }
        let ends = flights.iter().map(|it| ended(it, FlightEnd::Confirmed("applied"))).collect();
        settle(&*store, ends, 0).await;
    }
    assert_eq!(counts(&*store, 0).await.settled, 602);
    assert_eq!(store.send_again(of(&name), SentAgain::SetAside, at(2)).await, Ok(0));
    assert_eq!(store.send_again(of(&name), SentAgain::All, at(2)).await, Ok(602));
    let told = counts(&*store, 0).await;
    assert_eq!((told.settled, told.pending), (0, 602));
    let elsewhere = RowsOf { subscriber: &name, environment: "staging" };
    let plans = vec![plan(DANA, there("a", None), None)];
    assert_eq!(store.plan_deliveries(elsewhere, number, plans, at(2)).await, Ok(true));
    store.erase_deliveries(of(&name)).await.unwrap();
    let settled = async |of| store.count_deliveries(of, at(0)).await.unwrap().pending;
    assert_eq!((settled(of(&name)).await, settled(elsewhere).await), (0, 1));
    let other = SubscriberName::wordpress("news");
    let stop = SubscriberChange::Stop(Stop::ByHand { since: at(1) });
    store.change_subscriber(&other, stop).await.unwrap();
    let mut kept = store.subscribers().await.unwrap();
    kept.sort();
    assert_eq!(kept, [name.clone(), other.clone()]);
    store.erase_subscriber(&name).await.unwrap();
    assert_eq!(settled(elsewhere).await, 0);
    assert_eq!(store.subscribers().await, Ok(vec![other]));
}
