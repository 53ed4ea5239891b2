//! A receiver with every fault: in the end it has what is desired, and only what it cannot bear is set aside.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Mutex;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State as AxumState;
use axum::response::{IntoResponse as _, Response};
use axum::routing::post;
use proptest::collection::vec;
use proptest::prelude::*;

use super::*;
use crate::domain::deliveries::row::{Delivery, Phase, Plan, RowAfter};
use crate::domain::record::IndividualId;

/// What becomes of a request.
#[derive(Debug, Clone, Copy)]
enum Fault {
    /// Nothing is stored.
    Status(u16),
    /// All is stored; the answer is an error.
    Stored(u16),
    /// Half is stored; the answer is an error.
    Half,
    /// A page with status 200; nothing is stored.
    Page,
}

/// How a good request is answered.
#[derive(Debug, Clone, Copy)]
enum Way {
    /// 200 and nothing; one bad record spoils the batch with 400.
    Empty,
    /// 200 with one result for each record.
    EachRecord,
    /// Version 1: one verdict.
    Verdict,
}

/// By id: first name, groups and whether it is deleted, as read with names of its own.
type Has = BTreeMap<String, (String, Vec<String>, bool)>;

#[derive(Default)]
struct Receiver {
    has: Mutex<Has>,
    faults: Mutex<VecDeque<Fault>>,
    bad: BTreeSet<String>,
    way: Option<Way>,
}

impl Receiver {
    fn take(&self, record: &Value, is_v1: bool) -> Result<(), String> {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let (details, id) = match is_v1 {
            true => (&record["MemberDetails"], text(&record["MemberDetails"]["LegacyContactKey"])),
            false => (&record["ContactDetails"], text(&record["ContactDetails"]["ContactId"])),
        };
        if self.bad.contains(&id) {
            return Err(id);
        }
        let (lists, key): (&[&str], &str) = if is_v1 {
            (&["SecurityGroups", "CommunityGroups"], "GroupKey")
        } else {
            (&["Groups"], "GroupId")
        };
        let groups = lists.iter().flat_map(|list| record[list].as_array().cloned().unwrap_or_default());
        let groups = groups.map(|group| text(&group[key])).collect();
        let is_deleted =
            if is_v1 { details["IsActive"] == json!(false) } else { details["IsDeleted"] == json!(true) };
        let name = if is_deleted { String::new() } else { text(&details["FirstName"]) };
        self.has.lock().unwrap().insert(id, (name, groups, is_deleted));
        Ok(())
    }

    fn answer(&self, body: &[u8]) -> Response {
        let said: Value = serde_json::from_slice(body).unwrap();
        let is_v1 = said.is_object();
        let records = if is_v1 { said["Items"].as_array() } else { said.as_array() }.unwrap().clone();
        let fault = self.faults.lock().unwrap().pop_front();
        let stored = match fault {
            Some(Fault::Status(_) | Fault::Page) => 0,
            Some(Fault::Half) => records.len() / 2,
            Some(Fault::Stored(_)) | None => records.len(),
        };
        let is_bad = |record: &Value| {
            let key = if is_v1 {
                &record["MemberDetails"]["LegacyContactKey"]
            } else {
                &record["ContactDetails"]["ContactId"]
            };
            self.bad.contains(key.as_str().unwrap())
        };
        let way = self.way.unwrap();
        let spoils = !matches!(way, Way::EachRecord) && records.iter().any(is_bad);
        if fault.is_none() && spoils {
            return match way {
                Way::Verdict => {
                    axum::Json(json!({ "success": false, "count": 0, "errorMessage": "bad" })).into_response()
                }
                _ => StatusCode::BAD_REQUEST.into_response(),
            };
        }
        let results: Vec<Value> = records
            .iter()
            .take(stored)
            .map(|record| match self.take(record, is_v1) {
                Ok(()) => json!({ "success": true, "id": record["ContactDetails"]["ContactId"] }),
                Err(id) => json!({ "success": false, "id": id, "error": "it is bad" }),
            })
            .collect();
        match (fault, way) {
            (Some(Fault::Status(status) | Fault::Stored(status)), _) => {
                StatusCode::from_u16(status).unwrap().into_response()
            }
            (Some(Fault::Half), _) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
            (Some(Fault::Page), _) => axum::response::Html("<html></html>").into_response(),
            (None, Way::Empty) => StatusCode::OK.into_response(),
            (None, Way::EachRecord) => axum::Json(json!({ "results": results })).into_response(),
            (None, Way::Verdict) => {
                axum::Json(json!({ "success": true, "count": results.len() })).into_response()
            }
        }
    }
}

async fn serve(receiver: Arc<Receiver>) -> String {
    let take = async |AxumState(receiver): AxumState<Arc<Receiver>>, body: Bytes| receiver.answer(&body);
    let router = Router::new().route("/push/contactinfo", post(take)).route("/push/members", post(take));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, router.with_state(receiver)).await });
    format!("http://{address}")
}

fn state(person: usize, said: u8) -> State {
    let id = format!("P-{person}");
    if said == 0 {
        let removed = RemovedContact { id, first_name: "X".to_owned(), last_name: "Y".to_owned() };
        return removed_as(&removed);
    }
    let line = |n: u8| ToldLine {
        id: format!("g{n}"),
        role: None,
        name: "G".to_owned(),
        community_type: n.is_multiple_of(2).then(|| "Committee".to_owned()),
        member: false,
        joined: None,
        since: None,
        until: None,
    };
    let mut groups: Vec<ToldLine> = (0..said).map(line).collect();
    groups.sort_by_key(|line| line.community_type.is_some());
    let profile = ToldProfile {
        organization: (said > 2).then(|| ToldOrganization {
            id: "ORG".to_owned(),
            name: "O".to_owned(),
            has_record: true,
        }),
        ..ToldProfile::default()
    };
    let told = ToldContact { id, first_name: format!("N{said}"), groups, profile, ..ToldContact::default() };
    State::Present { said: serde_json::to_string(&told).unwrap(), holds: Default::default() }
}

fn expected(said: u8) -> (String, Vec<String>, bool) {
    let mut groups: Vec<u8> = (0..said).collect();
    groups.sort_by_key(|n| n.is_multiple_of(2));
    let name = if said == 0 { String::new() } else { format!("N{said}") };
    (name, groups.iter().map(|n| format!("g{n}")).collect(), said == 0)
}

/// Desires each round's states, sends until all rows rest, and compares.
async fn run(way: Way, rounds: Vec<Vec<u8>>, faults: Vec<Fault>, bad: BTreeSet<usize>) {
    let bad_ids = bad.iter().map(|person| format!("P-{person}")).collect();
    let receiver =
        Receiver { bad: bad_ids, way: Some(way), faults: Mutex::new(faults.into()), ..Receiver::default() };
    let receiver = Arc::new(receiver);
    let api = if matches!(way, Way::Verdict) { PushApi::V1 } else { PushApi::V2 };
    let community = higher_logic(api, &serve(Arc::clone(&receiver)).await);
    let mut rows: BTreeMap<usize, Delivery> = BTreeMap::new();
    let mut now = at("2026-06-01T00:00:00Z");
    for round in &rounds {
        for (person, said) in round.iter().enumerate() {
            let individual = IndividualId::parse(&format!("P-{person}")).unwrap();
            let desired = Desired { state: Some(state(person, *said)), holds_until: None };
            let plan = Plan { individual, desired, gone_at: None, is_forgotten: false };
            if let RowAfter::Changed(row) = plan.applied_to(rows.get(&person), now) {
                rows.insert(person, *row);
            }
        }
        for _ in 0..200 {
            now += jiff::SignedDuration::from_hours(2);
            let until = now + jiff::SignedDuration::from_mins(1);
            let taken = rows.iter_mut().filter_map(|(person, row)| Some((*person, row.take(now, until)?)));
            let (people, flights): (Vec<usize>, Vec<Flight>) = taken.take(8).unzip();
            if flights.is_empty() {
                break;
            }
            let ends = match community.tell(&flights).await {
                Ok(ends) => ends,
                Err(_) if flights.len() == 1 => vec![FlightEnd::NotNow("fault".to_owned())],
                Err(_) => vec![FlightEnd::NoAnswer("fault".to_owned()); flights.len()],
            };
            assert_eq!(ends.len(), flights.len());
            for ((person, flight), end) in people.iter().zip(&flights).zip(&ends) {
                if let RowAfter::Changed(row) = rows[person].settled(flight.fence, end, now, 0.5) {
                    rows.insert(*person, *row);
                }
            }
        }
    }
    let has = receiver.has.lock().unwrap();
    for (person, said) in rounds.last().unwrap().iter().enumerate() {
        let row = &rows[&person];
        if bad.contains(&person) {
            assert!(matches!(row.phase, Phase::SetAside { .. }), "{person} {row:?}");
        } else {
            assert_eq!(row.phase, Phase::Settled, "{person} {row:?}");
            assert_eq!(has.get(&format!("P-{person}")), Some(&expected(*said)), "{person}");
        }
    }
}

fn a_fault() -> impl Strategy<Value = Fault> {
    prop_oneof![
        proptest::sample::select(vec![401, 403, 429, 500, 503]).prop_map(Fault::Status),
        proptest::sample::select(vec![500, 502]).prop_map(Fault::Stored),
        Just(Fault::Half),
        Just(Fault::Page),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn after_any_faults_the_receiver_has_what_is_desired(
        way in proptest::sample::select(vec![Way::Empty, Way::EachRecord, Way::Verdict]),
        rounds in vec(vec(0..5_u8, 12), 1..4),
        faults in vec(a_fault(), 0..8),
        bad in proptest::collection::btree_set(0..12_usize, 0..3),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(run(way, rounds, faults, bad));
    }
}

#[tokio::test]
async fn one_bad_record_of_version_1_is_found_by_halves_and_the_others_are_taken() {
    run(Way::Verdict, vec![vec![3; 12]], Vec::new(), BTreeSet::from([5])).await;
    run(Way::Empty, vec![vec![3; 12], vec![0; 12]], Vec::new(), BTreeSet::from([0, 11])).await;
}

#[tokio::test]
async fn where_everybody_is_refused_few_are_set_aside() {
    let all = (0..40).map(|person| format!("P-{person}")).collect();
    let receiver = Arc::new(Receiver { bad: all, way: Some(Way::Empty), ..Receiver::default() });
    let community = higher_logic(PushApi::V2, &serve(receiver).await);
    let mut refused = 0;
    for batch in 0..5 {
        let flights: Vec<Flight> = (batch * 8..batch * 8 + 8)
            .map(|person| Flight {
                individual: IndividualId::parse(&format!("P-{person}")).unwrap(),
                fence: 1,
                version: 1,
                state: state(person, 1),
            })
            .collect();
        let ends = community.tell(&flights).await.unwrap_or_default();
        refused += ends.iter().filter(|end| matches!(end, FlightEnd::Refused(_))).count();
    }
    assert_eq!(refused, 10);
}

#[tokio::test]
async fn who_was_never_told_of_is_taken_out_without_a_request_and_silence_is_waited_for() {
    let receiver = Arc::new(Receiver { way: Some(Way::Empty), ..Receiver::default() });
    let community = higher_logic(PushApi::V2, &serve(receiver).await);
    let flight =
        |state| Flight { individual: IndividualId::parse("p").unwrap(), fence: 1, version: 1, state };
    assert_eq!(community.tell(&[flight(State::Removed)]).await, Ok(vec![FlightEnd::Confirmed("never_told")]));
    let unreadable = State::Present { said: "?".to_owned(), holds: Default::default() };
    let ends = community.tell(&[flight(unreadable), flight(state(1, 2))]).await.unwrap();
    assert_eq!(ends[0], FlightEnd::NotNow("unreadable_here".to_owned()));
    assert_eq!(ends[1], FlightEnd::Confirmed("accepted"));
    let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let community = higher_logic(PushApi::V2, &format!("http://{}", silent.local_addr().unwrap()));
    let Err(SendFailure::Failed { retry_after, .. }) = community.tell(&[flight(state(1, 2))]).await else {
        panic!()
    };
    assert_eq!(retry_after, Some(Duration::from_secs(10)));
}
