//! Samples of the pages.

use std::sync::Arc;
use std::time::Duration;

use jiff::SignedDuration;

use super::person_page::CommunityPersonPage;
use super::*;
use crate::adapters::store::deliveries::DeliveryCounts;
use crate::domain::community::{FactKind, FactRow, GroupFigures, SyncCount, Untold};
use crate::domain::deliveries::brake::Stop;
use crate::domain::deliveries::day::{DeliveryDay, DeliveryEnd};
use crate::domain::deliveries::row::{ConfirmedState, Delivery, LastAnswer, Phase};
use crate::domain::deliveries::state::State as PersonState;
use crate::domain::deliveries::subscriber::{MappingPair, PassUnderWay, SubscriberName, SubscriberState};
use crate::domain::time::{TimeZone, Timestamp};
use crate::flows::community_standing::{
    CommunityStatus, CountedFigures, DesiredNow, FiguresAnswer, FirstRunProgress, PersonFact, PersonStanding,
    ToldSide,
};
use crate::flows::deliveries::SubscriberStatus;
use crate::web::admin::tests::{check, samples};

fn now() -> Timestamp {
    "2026-03-04T15:42:00Z".parse().unwrap()
}

fn ago(minutes: i64) -> Timestamp {
    now() - SignedDuration::from_mins(minutes)
}

fn zone() -> TimeZone {
    TimeZone::get("America/New_York").unwrap()
}

fn row(phase: Phase) -> Delivery {
    let state = PersonState::Present { said: "{}".to_owned(), holds: Default::default() };
    Delivery {
        individual: IndividualId::parse("B3A1C0DE-1").unwrap(),
        desired: state.clone(),
        version: 7,
        confirmed: Some(ConfirmedState { state, version: 6, at: ago(90) }),
        holds_until: None,
        phase,
        is_open: false,
        fence: 1,
        failures: 0,
        since: ago(2),
        lost_at: None,
        gone_at: None,
        is_forgotten: false,
        answer: Some(LastAnswer { at: ago(1), version: 6, said: "refused_email_address".to_owned() }),
    }
}

fn refused() -> Delivery {
    row(Phase::SetAside { since: ago(1), reason: "refused_email_address".to_owned() })
}

fn count(here: u64, there: u64, joining: u64, leaving: u64, changing: u64, refused: u64) -> SyncCount {
    SyncCount { here, there, joining, leaving, changing, refused }
}

fn counted() -> CountedFigures {
    let group = |name: &str, of_type: Option<&str>, count| GroupFigures {
        name: name.to_owned(),
        community_type: of_type.map(str::to_owned),
        count,
    };
    let mut figures = crate::domain::community::CommunityFigures {
        people: count(10_244, 10_240, 5, 1, 12, 1),
        members: count(8_412, 8_409, 3, 0, 0, 0),
        not_known: 3,
        not_asked_for: 120,
        not_admitted: 9,
        ..Default::default()
    };
    figures.groups.insert("MEMBERS".to_owned(), group("MEMBERS", None, count(8_412, 8_409, 3, 0, 0, 0)));
    let education = group("Education <b>M</b>", Some("Committee"), count(41, 40, 2, 1, 0, 1));
    figures.groups.insert("committee-EDU".to_owned(), education);
    CountedFigures::sample(figures, now(), Duration::from_millis(700))
}

fn day() -> DeliveryDay {
    let mut day = DeliveryDay::default();
    let confirmed = |seconds: i64| DeliveryEnd::Confirmed(SignedDuration::from_secs(seconds));
    day.note(&vec![confirmed(40); 800], ago(23 * 60));
    day.note(&[confirmed(2), confirmed(3), confirmed(300)], ago(300));
    day.note(&[confirmed(1), DeliveryEnd::Refused], ago(1));
    day
}

fn status(
    counts: DeliveryCounts,
    state: SubscriberState,
    first_run: Option<FirstRunProgress>,
) -> CommunityStatus {
    let telling = SubscriberStatus {
        name: SubscriberName::higher_logic(),
        counts,
        state: state.clone(),
        failure: None,
        set_aside: Vec::new(),
    };
    CommunityStatus { telling, people: 10_376, first_run, day: state.day.steps(now()), now: now() }
}

#[test]
fn every_sample_renders() {
    let run = |ended: Option<Timestamp>, an_hour: Option<u64>| FirstRunProgress {
        began: ago(75),
        ended,
        confirmed: 4_000,
        refused: 2,
        of: 10_376,
        is_whole: false,
        an_hour,
        left: an_hour.map(|_| SignedDuration::from_mins(96)),
    };
    let pass = PassUnderWay {
        began: ago(75),
        environment: "production".to_owned(),
        mapping: MappingPair { roles: 1, own: 1 },
        after: 1,
        seen: 5_000,
        is_first: true,
    };
    let nothing = status(DeliveryCounts::default(), SubscriberState::default(), None);
    let mut silent = status(
        DeliveryCounts { settled: 4_000, pending: 6_000, set_aside: 2, ..DeliveryCounts::default() },
        SubscriberState { pass: Some(pass), day: day(), ..SubscriberState::default() },
        Some(run(None, Some(3_981))),
    );
    silent.telling.failure = Some((ago(3), "status 503".to_owned()));
    let mut done = status(
        DeliveryCounts { settled: 10_226, pending: 17, set_aside: 1, ..DeliveryCounts::default() },
        SubscriberState {
            day: day(),
            stopped: Some(Stop::ManyLose { since: ago(20), losers: 312, holders: 8_412 }),
            ..SubscriberState::default()
        },
        Some(run(Some(ago(9)), None)),
    );
    done.telling.set_aside = vec![refused()];
    let first = FiguresAnswer { counted: None, counting: Some(2_500) };
    let known = FiguresAnswer { counted: Some(Arc::new(counted())), counting: None };
    let again = FiguresAnswer { counted: Some(Arc::new(counted())), counting: Some(2_500) };
    let page = |status: &CommunityStatus, figures: &FiguresAnswer| {
        CommunityPage::new(samples::shell(menu::COMMUNITY), who_field(""), status, figures, &zone())
    };
    check(vec![
        ("community_empty", page(&nothing, &first)),
        ("community_first_run", page(&silent, &again)),
        ("community_full", page(&done, &known)),
    ]);
}

#[test]
fn every_sample_of_a_person_renders() {
    let fact = |kind, name: &str, there: &str, here: &str, because: &str| PersonFact {
        row: FactRow {
            kind,
            name: name.to_owned(),
            there: (!there.is_empty()).then(|| there.to_owned()),
            waits: (!here.is_empty()).then(|| here.to_owned()),
            here: (!here.is_empty()).then(|| here.to_owned()),
        },
        because: because.to_owned(),
    };
    let person = |telling: Option<Delivery>, here: DesiredNow, facts: Vec<PersonFact>| PersonStanding {
        id: IndividualId::parse("B3A1C0DE-1").unwrap(),
        name: Some("Zoë <b>Marlowe</b>".to_owned()),
        there: if telling.is_some() { ToldSide::Present } else { ToldSide::Nothing },
        waits: if facts.is_empty() { ToldSide::Nothing } else { ToldSide::Present },
        telling,
        here,
        holds_until: Some("2026-07-01T04:00:00Z".parse().unwrap()),
        facts,
    };
    let facts = vec![
        fact(FactKind::Profile, "Given name", "Zoë", "Zoë", ""),
        fact(FactKind::Profile, "Biography", &"long ".repeat(60), &"long ".repeat(60), ""),
        fact(FactKind::Membership, "Member", "no", "yes", ""),
        fact(
            FactKind::Group,
            "MEMBERS",
            "",
            "Members (security group)",
            "Member: Individual runs to 31 December 2026.",
        ),
        fact(
            FactKind::Group,
            "committee-EDU",
            "Education (Committee community), as Chair",
            "",
            "Not on committee EDU.",
        ),
    ];
    let page = |person: Option<PersonStanding>, choices: Vec<PersonName>| CommunityPersonPage {
        shell: samples::shell(menu::COMMUNITY),
        who: who_field("marlowe"),
        person: person.map(|person| StandingPerson::new(&person, &SubscriberName::higher_logic(), &zone())),
        choices: super::choices(&choices),
    };
    let known = DesiredNow::Known(ToldSide::Present);
    let name = PersonName {
        name: "Jane Marlowe".to_owned(),
        id: IndividualId::parse("b3a1-c0de").unwrap(),
        record_number: Some("100481".to_owned()),
    };
    check(vec![
        ("community_person_differs", page(Some(person(Some(refused()), known, facts)), Vec::new())),
        (
            "community_person_same",
            page(Some(person(Some(row(Phase::Settled)), known, Vec::new())), Vec::new()),
        ),
        (
            "community_person_untold",
            page(Some(person(None, DesiredNow::Untold(Untold::NotKnown), Vec::new())), Vec::new()),
        ),
        ("community_person_choose", page(None, vec![name])),
    ]);
}
