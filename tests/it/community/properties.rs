//! Whatever goes wrong on the way, the simulated Higher Logic ends with what is desired, in each way in which it may answer.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use arc_swap::ArcSwap;
use jiff::{SignedDuration, Timestamp};
use membergate::adapters::community_file;
use membergate::adapters::subscribers::higher_logic::{HigherLogic, PushApi, PushSettings};
use membergate::adapters::subscribers::{PeopleSubscriber as _, Subscriber as _};
use membergate::domain::community::{
    CommunityInForce, CommunityText, ToldContact, ToldLine, ToldOrganization, ToldProfile,
};
use membergate::domain::deliveries::row::{Delivery, Flight, FlightEnd, Phase, Plan, RowAfter};
use membergate::domain::deliveries::state::{Desired, State};
use membergate::domain::record::IndividualId;
use membergate::sim::higher_logic::{Scope, Settings, Simulator};
use membergate::sim::switches::Fault;
use proptest::collection::{btree_set, vec};
use proptest::prelude::*;
use proptest::sample::select;

const PEOPLE: usize = 12;
const BATCH: u16 = 5;

/// A way to answer, as the switches of the simulator say it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Mode {
    pub(super) api: PushApi,
    pub(super) switch: &'static str,
    /// It says of whom it refuses; otherwise it drops them without a word.
    pub(super) tells_refusals: bool,
}

const MODES: [Mode; 5] = [
    Mode { api: PushApi::V2, switch: "answer=empty", tells_refusals: false },
    Mode { api: PushApi::V2, switch: "answer=items", tells_refusals: true },
    Mode { api: PushApi::V2, switch: "answer=batch", tells_refusals: true },
    Mode { api: PushApi::V1, switch: "v1_failure=ok", tells_refusals: true },
    Mode { api: PushApi::V1, switch: "v1_failure=bad_request", tells_refusals: true },
];

/// Each of them either does nothing and says so, or does the call, all or half of it, and the answer is lost.
const FAULTS: [Fault; 11] = [
    Fault::ServerError,
    Fault::Unavailable,
    Fault::HtmlOk,
    Fault::Redirect,
    Fault::NoContent,
    Fault::Unauthorized,
    Fault::TooMany,
    Fault::Closed,
    Fault::HalfClosed,
    Fault::HalfDone,
    Fault::Status(502),
];

fn individual(person: usize) -> IndividualId {
    IndividualId::parse(&format!("p-{person}")).unwrap()
}

/// The key is sent as the AMS writes it.
fn key(person: usize) -> String {
    format!("P-{person}")
}

/// What the community should know of somebody. `size`: so many groups, of both kinds; 0: the person is gone.
fn told(person: usize, size: u8, is_bad: bool) -> ToldContact {
    let line = |n: u8| ToldLine {
        id: format!("G{n}"),
        role: n.is_multiple_of(3).then(|| "Chair".to_owned()),
        name: format!("Group {n}"),
        community_type: n.is_multiple_of(2).then(|| "Committee".to_owned()),
        member: false,
        joined: None,
        since: None,
        until: None,
    };
    let organization =
        ToldOrganization { id: "ORG".to_owned(), name: "Clinics".to_owned(), has_record: true };
    ToldContact {
        id: key(person),
        first_name: format!("N{size}"),
        // A person needs both names there.
        last_name: if is_bad { String::new() } else { "Okafor".to_owned() },
        is_member: size > 1,
        groups: (0..size).map(line).collect(),
        profile: ToldProfile {
            organization: size.is_multiple_of(2).then_some(organization),
            ..ToldProfile::default()
        },
        ..ToldContact::default()
    }
}

fn state(community: &HigherLogic, person: usize, size: u8, is_bad: bool, before: Option<&State>) -> State {
    match size {
        0 => community.removed(before),
        size => {
            let said = serde_json::to_string(&told(person, size, is_bad)).unwrap();
            State::Present { said, holds: BTreeMap::new() }
        }
    }
}

pub(super) fn community(mode: Mode, there: &Simulator) -> HigherLogic {
    let own = Settings::demo().credentials;
    let (path, api_key, header) = match mode.api {
        PushApi::V2 => ("v2", own.api_key, "ApiKey"),
        PushApi::V1 => ("push/v1", own.gateway_key, "x-api-key"),
    };
    let settings = PushSettings {
        api: mode.api,
        url: format!("{}/{path}", there.base_url()).parse().unwrap(),
        api_key: api_key.into(),
        key_header: header.parse().unwrap(),
        tenant_code: Some(own.tenant_code),
        batch: BATCH,
    };
    let text = CommunityText { text: "time_zone = \"UTC\"".to_owned() };
    let mapping = Arc::new(community_file::parse(&text.text).unwrap());
    let in_force = CommunityInForce { version: 1, text, mapping };
    HigherLogic::new(settings, Arc::new(ArcSwap::from_pointee(in_force))).unwrap()
}

/// Desires what each round says, sends until every row rests, and compares with what is there.
async fn run(mode: Mode, rounds: &[Vec<u8>], faults: &[Fault], bad: &BTreeSet<usize>) {
    let there = Simulator::start(Settings::demo()).await.unwrap();
    there.control().set_switch(mode.switch).unwrap();
    let community = community(mode, &there);
    let mut faults = faults.iter();
    let mut rows: BTreeMap<usize, Delivery> = BTreeMap::new();
    let mut now: Timestamp = "2026-06-01T00:00:00Z".parse().unwrap();
    for round in rounds {
        for (person, size) in round.iter().enumerate() {
            let before = rows.get(&person);
            let state =
                state(&community, person, *size, bad.contains(&person), before.map(|row| &row.desired));
            let desired = Desired { state: Some(state), holds_until: None };
            let plan = Plan { individual: individual(person), desired, gone_at: None, is_forgotten: false };
            if let RowAfter::Changed(row) = plan.applied_to(before, now) {
                rows.insert(person, *row);
            }
        }
        loop {
            now += SignedDuration::from_hours(2);
            let until = now + SignedDuration::from_mins(1);
            let taken = rows.iter_mut().filter_map(|(person, row)| Some((*person, row.take(now, until)?)));
            let (people, flights): (Vec<usize>, Vec<Flight>) = taken.take(usize::from(BATCH)).unzip();
            if flights.is_empty() {
                break;
            }
            if let Some(fault) = faults.next() {
                there.control().fail_next(Scope::Everything, *fault, 1);
            }
            let lost = || vec![FlightEnd::NoAnswer("fault".to_owned()); flights.len()];
            let ends = community.send(&flights, now).await.unwrap_or_else(|_| lost());
            for ((person, flight), end) in people.iter().zip(&flights).zip(&ends) {
                if let RowAfter::Changed(row) = rows[person].settled(flight.fence, end, now, 0.5) {
                    rows.insert(*person, *row);
                }
            }
        }
        compare(mode, &there, &rows, round, bad);
    }
    there.stop().await;
}

fn compare(
    mode: Mode,
    there: &Simulator,
    rows: &BTreeMap<usize, Delivery>,
    round: &[u8],
    bad: &BTreeSet<usize>,
) {
    for (person, size) in round.iter().enumerate() {
        let contact = there.control().contact(&key(person));
        let Some(row) = rows.get(&person) else { panic!("{mode:?} {person} has no row") };
        if *size == 0 {
            // Version 1 wants both names of whoever is taken out, too.
            let is_refused = bad.contains(&person) && mode.api == PushApi::V1;
            assert!(is_refused || row.phase == Phase::Settled, "{mode:?} {person} {row:?}");
            assert!(contact.is_none_or(|it| it.status() != "Active"), "{mode:?} {person} is still there");
        } else if bad.contains(&person) {
            let is_set_aside = matches!(row.phase, Phase::SetAside { .. });
            assert_eq!(is_set_aside, mode.tells_refusals, "{mode:?} {person} {row:?}");
            assert!(contact.is_none_or(|it| it.text("firstName").is_empty()), "{mode:?} {person} got in");
        } else {
            assert_eq!(row.phase, Phase::Settled, "{mode:?} {person} {row:?}");
            let told = told(person, *size, false);
            let contact = contact.unwrap();
            assert_eq!(contact.status(), "Active", "{mode:?} {person}");
            assert_eq!(contact.text("firstName"), told.first_name, "{mode:?} {person}");
            assert_eq!(there.control().is_member(&key(person)), told.is_member, "{mode:?} {person}");
            let mut groups: Vec<(String, String)> =
                told.groups.into_iter().map(|line| (line.id, line.role.unwrap_or_default())).collect();
            groups.sort();
            assert_eq!(there.control().active_groups(&key(person)), groups, "{mode:?} {person}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(20))]

    #[test]
    fn the_community_ends_with_what_is_desired_whatever_goes_wrong(
        mode in select(MODES.to_vec()),
        rounds in vec(vec(0..6_u8, PEOPLE), 1..4),
        faults in vec(select(FAULTS.to_vec()), 0..12),
        bad in btree_set(0..PEOPLE, 0..3),
    ) {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        runtime.block_on(run(mode, &rounds, &faults, &bad));
    }
}

#[tokio::test]
async fn each_way_to_answer_takes_everybody_but_those_that_it_refuses() {
    for mode in MODES {
        let rounds = [vec![3; PEOPLE], (0..6).chain(0..6).collect(), vec![0; PEOPLE], vec![5; PEOPLE]];
        run(mode, &rounds, &FAULTS, &BTreeSet::from([4, 11])).await;
    }
}
