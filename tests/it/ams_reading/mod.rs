//! What the directory reads of re:Members, against the simulator: each unknown in each of its positions.

mod people;
mod rosters;

use std::sync::Arc;
use std::time::Duration;

use membergate::adapters::ams::re_members::{Environment, ReMembers};
use membergate::adapters::ams::reading::{AmsReading as _, RosterCursor, RosterScope};
use membergate::adapters::ams::{Ams as _, AmsError};
use membergate::adapters::budget::{Budget, MemoryLedger, Priority};
use membergate::adapters::clock::SystemClock;
use membergate::adapters::http::{HttpClient, HttpLimits};
use membergate::domain::budget::Rate;
use membergate::domain::directory::roster_name::RosterName;
use membergate::domain::record::IndividualId;
use membergate::domain::rule::Code;
use membergate::domain::time::Timestamp;
use membergate::sim::people::{Environment as SimulatedEnvironment, Event};
use membergate::sim::re_members::Scope;
use membergate::sim::switches::Fault;

use crate::ams::{World, environment};
use people::{everybody, ids};

const JANE: &str = "b3a1c0de-0001-4222-8333-444455550001";
const ENDS: [&str; 4] = ["empty_list", "no_content", "not_found", "bad_request"];

fn committee(code: &str) -> RosterName {
    RosterName::committee(Code::parse(code).unwrap())
}

#[tokio::test]
async fn every_fault_is_an_error_and_half_an_answer_is_at_most_half_a_list() {
    let world = World::start().await;
    world.switch("page_size=2");
    let control = world.sim.control();
    let complete = ids(&everybody(&world).await.0).len();
    let (edu, at, sweep) = (committee("EDU"), RosterCursor::START, Priority::Sweep);
    for fault in [
        Fault::ServerError,
        Fault::Unavailable,
        Fault::HtmlOk,
        Fault::WrongShape,
        Fault::TruncatedJson,
        Fault::HalfClosed,
        Fault::Closed,
        Fault::Redirect,
    ] {
        control.update_switches(|switches| (switches.fault, switches.fault_on) = (fault, Scope::Api));
        assert!(world.production.everybody(1, sweep).await.is_err(), "{fault:?}");
        assert!(world.production.changed_since(Timestamp::MIN, 1, sweep).await.is_err(), "{fault:?}");
        assert!(world.production.roster(&edu, RosterScope::Whole, at, sweep).await.is_err(), "{fault:?}");
    }
    for fault in [Fault::HalfRows, Fault::ShiftedRows] {
        control.update_switches(|switches| switches.fault = fault);
        let found = ids(&everybody(&world).await.0).len();
        assert!(found < complete, "{fault:?}: {found} of {complete}");
    }
}

#[tokio::test]
async fn webhooks_are_registered_deliver_and_name_whom_they_are_about() {
    let world = World::start().await;
    let (sender, mut delivered) = tokio::sync::mpsc::unbounded_channel();
    let router = axum::Router::new().fallback(move |body: axum::body::Bytes| {
        let sender = sender.clone();
        // The story may be over.
        async move { drop(sender.send(body)) }
    });
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let callback = url::Url::parse(&format!("http://{}/_gate/hooks/S3cret", listener.local_addr().unwrap()));
    let serving = tokio::spawn(async move { axum::serve(listener, router).await });
    let (ams, callback) = (&world.production, callback.unwrap());
    let hooks = ams.register_hooks(&callback, &"S3cret".into()).await.unwrap();
    assert_eq!(ams.hooks().await.unwrap().as_ref(), Some(&hooks));
    assert!(hooks.iter().all(|hook| !format!("{hook:?}").contains("S3cret")));

    assert!(world.sim.control().edit_person(JANE, |jane| jane.committees.clear()));
    let body = tokio::time::timeout(Duration::from_secs(20), delivered.recv()).await.unwrap().unwrap();
    assert_eq!(ams.hinted(&body), [IndividualId::parse(JANE).unwrap()]);

    for hook in &hooks {
        ams.remove_hook(&hook.id).await.unwrap();
    }
    assert_eq!(ams.hooks().await.unwrap(), Some(Vec::new()));
    world.switch("hooks_listed=off");
    assert_eq!(ams.hooks().await.unwrap(), None);
    serving.abort();
}

#[tokio::test]
async fn the_canary_is_whom_the_configuration_names_else_the_own_user() {
    let world = World::start().await;
    let client = |canary: Option<&str>| {
        let base = world.sim.base_url();
        let own = environment("production", &world.sim, &base, SimulatedEnvironment::Production);
        let canary = canary.map(|id| IndividualId::parse(id).unwrap());
        let http = HttpClient::new(HttpLimits::default()).unwrap();
        let rate = Rate::new(1_000, 100_000);
        let budget = Budget::new(rate, Arc::<MemoryLedger>::default(), Arc::new(SystemClock));
        ReMembers::new(Environment { canary, ..own }, http, Arc::new(budget), Arc::new(SystemClock))
    };
    let (own, named) = (client(None), client(Some(JANE)));
    assert_eq!((own.canary(&[]).await, named.canary(&[]).await), (Ok(true), Ok(true)));
    world.sim.control().remove_person(JANE);
    let other = [IndividualId::parse("b3a1c0de-0002-4222-8333-444455550002").unwrap()];
    assert_eq!((own.canary(&[]).await, named.canary(&other).await), (Ok(true), Ok(false)));
}

#[tokio::test]
async fn events_are_read_to_the_end_of_the_list_however_it_ends() {
    let world = World::start().await;
    world.switch("page_size=2");
    let control = world.sim.control();
    control.edit_events(|events| {
        let more = (0..5).map(|number| Event { code: format!("E{number}"), ..events[0].clone() });
        let more: Vec<Event> = more.collect();
        events.extend(more);
    });
    let all = async || {
        let mut codes = Vec::new();
        for page in 1..20 {
            let answer = world.production.events(page, Priority::Catalogue).await?;
            codes.extend(answer.events.into_iter().map(|event| event.code));
            assert_eq!(answer.unreadable, 0);
            if answer.is_last {
                return Ok::<_, AmsError>(codes);
            }
        }
        panic!("the list does not end");
    };
    for end in ENDS {
        world.switch(&format!("end_of_list={end}"));
        assert_eq!(all().await.unwrap(), ["ANNUAL26", "WEBINAR1", "E0", "E1", "E2", "E3", "E4"], "{end}");
    }
    for fault in [Fault::ServerError, Fault::HtmlOk, Fault::WrongShape, Fault::TruncatedJson, Fault::Closed] {
        control.update_switches(|switches| (switches.fault, switches.fault_on) = (fault, Scope::Api));
        assert!(all().await.is_err(), "{fault:?}");
    }
    control.update_switches(|switches| switches.fault = Fault::None);
    // No list was seen to end with a 400, so it says nothing; an empty list does.
    control.edit_events(Vec::clear);
    assert_eq!(all().await, Err(AmsError::Failed(400)));
    world.switch("end_of_list=empty_list");
    assert_eq!(all().await.unwrap(), [] as [&str; 0]);
}
