//! Who is affected by a draft, and that publishing does just that, for sessions that are live too.

use std::collections::BTreeSet;
use std::sync::atomic::AtomicU32;
use std::sync::atomic::Ordering::Relaxed;

use proptest::prelude::*;

use super::*;
use crate::domain::roles;
use crate::domain::roles::tests::properties::{a_record, an_instant, some_rules};
use crate::domain::session::{Session, SessionKey, SessionLimits};
use crate::flows::canary::Canary;
use crate::flows::refresh::Refresh;
use crate::flows::tests::{NoAms, alone};
use crate::flows::visit::{Presence, Visits};

fn visits(world: &World, running: &Running) -> Visits {
    let (store, rules): (Arc<dyn Store>, _) = (running.store.clone(), Arc::clone(&running.rules));
    let clock: SharedClock = world.clock.clone();
    let day = SignedDuration::from_hours(24 * 365);
    let limits =
        SessionLimits { idle: day, absolute: day, refresh_after: day, stale_limit: day, store_gone: day };
    let (grounds, beliefs) = alone(limits);
    let ams = Arc::new(NoAms("production"));
    let canary = Canary::new(ams.clone(), Arc::clone(&clock));
    let (refresh, _queue) = Refresh::new(
        ams,
        store.clone(),
        store.clone(),
        beliefs,
        canary,
        Arc::clone(&rules),
        Arc::clone(&clock),
    );
    Visits::new(store, rules, grounds, "production", clock, Arc::new(refresh))
}

const HOST: &str = "www.acme.example";

async fn sign_in(world: &World, visits: &Visits, record: &Record) -> Arc<crate::flows::visit::Live> {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let mut key = [0; 32];
    key[..4].copy_from_slice(&NEXT.fetch_add(1, Relaxed).to_be_bytes());
    let now = world.clock.now();
    let session = Session {
        key: SessionKey(key),
        individual: record.id.clone(),
        environment: "production".to_owned(),
        host: HOST.to_owned(),
        created: now,
        last_seen: now,
        device: None,
        viewer: None,
        logout_hint: None,
    };
    visits.begin(session, Arc::new(record.clone())).await.unwrap()
}

fn roles_now(world: &World, visits: &Visits, live: &crate::flows::visit::Live) -> BTreeSet<Role> {
    match visits.presence(live, HOST, world.clock.now()) {
        Presence::Present(held) => held.standing.decision.roles.clone(),
        other => panic!("{other:?}"),
    }
}

fn role(text: &str) -> Role {
    Role::parse(text).unwrap()
}

#[tokio::test]
async fn a_live_session_has_the_role_at_the_next_request_and_a_rollback_takes_it_away() {
    let world = World::new();
    let running = world.start().await;
    let visits = visits(&world, &running);
    running.know(&person("dana", "Staff")).await;
    let omar = sign_in(&world, &visits, &person("omar", "Press")).await;
    assert!(!roles_now(&world, &visits, &omar).contains(&role("press")));

    let dana = administrator("dana");
    let draft = running.mapping().import(&dana, 1, WITH_PRESS).await.unwrap();
    let previewed = running.previewed(draft.revision).await;
    let names: Vec<&str> =
        previewed.preview.gained[&role("press")].iter().map(|it| it.name.as_str()).collect();
    assert_eq!((names, previewed.preview.people, previewed.preview.administrators), (vec!["omar"], 2, 1));
    assert!(!roles_now(&world, &visits, &omar).contains(&role("press")), "a preview changes nothing");

    running.mapping().publish(&dana, draft.revision, "", false).await.unwrap();
    assert!(roles_now(&world, &visits, &omar).contains(&role("press")));
    running.mapping().restore(&dana, 1, false).await.unwrap();
    assert!(!roles_now(&world, &visits, &omar).contains(&role("press")));
}

#[tokio::test]
async fn a_preview_shows_progress_at_once_and_is_of_one_revision() {
    let world = World::new();
    let running = world.start().await;
    for number in 0..40 {
        running.know(&person(&format!("p{number}"), "Press")).await;
    }
    let dana = administrator("dana");
    let draft = running.mapping().import(&dana, 1, WITH_PRESS).await.unwrap();
    let previews = &running.administer.previews;
    let first = previews.preview(draft.revision).await.unwrap();
    assert!(matches!(first, PreviewState::Running { total: 40, .. }), "{first:?}");
    let previewed = running.previewed(draft.revision).await;
    assert_eq!((previewed.preview.affected, previewed.version), (40, 1));
    assert!(Arc::ptr_eq(&running.previewed(draft.revision).await, &previewed), "the answer is kept");

    let next = running.mapping().import(&dana, draft.revision, LOCKED).await.unwrap();
    let outdated = previews.preview(draft.revision).await.unwrap();
    assert!(matches!(outdated, PreviewState::Outdated));
    assert_eq!(running.previewed(next.revision).await.preview.administrators, 0);
    world.pass(3);
    assert_eq!(
        running.previewed(next.revision).await.at,
        world.clock.now(),
        "an old answer is worked out again"
    );
}

#[tokio::test]
async fn a_preview_can_be_stopped_and_begun_again() {
    let world = World::new();
    let running = world.start().await;
    for number in 0..40 {
        running.know(&person(&format!("p{number}"), "Press")).await;
    }
    let draft = running.mapping().import(&administrator("dana"), 1, WITH_PRESS).await.unwrap();
    running.administer.previews.preview(draft.revision).await.unwrap();
    running.administer.previews.cancel();
    assert_eq!(running.previewed(draft.revision).await.preview.people, 40);
    running.administer.close().await;
}

#[tokio::test]
async fn a_record_that_cannot_be_opened_is_counted_and_one_that_was_read_in_part_is_told() {
    let world = World::new();
    let running = world.start().await;
    running.know(&person("dana", "Staff")).await;
    running.know(&Record { committees: None, ..person("omar", "Press") }).await;
    let connection = rusqlite::Connection::open(world.directory.path().join("m.sqlite")).unwrap();
    connection
        .execute(
            "INSERT INTO records (environment, person, as_of, sealed) VALUES ('production', zeroblob(32), 0, x'00')",
            [],
        )
        .unwrap();
    let text = format!("{FILE}\n[[rule]]\nrole = \"edu\"\nwhen = [{{ committee = \"EDU\" }}]\n");
    let draft = running.mapping().import(&administrator("dana"), 1, &text).await.unwrap();
    let preview = &running.previewed(draft.revision).await.preview;
    assert_eq!((preview.people, preview.unreadable, preview.incomplete), (2, 1, 1));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    /// The pure half, over many more cases, is beside `domain::preview`.
    #[test]
    fn what_the_preview_said_is_what_publishing_does(
        records in proptest::collection::vec(a_record(), 1..6),
        (before, after) in (some_rules(), some_rules()),
        now in an_instant(),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(story(records, sound(before), sound(after), now));
    }
}

/// A mapping that a rules file can hold, and that does not lock out the last administrator.
fn sound(rules: Rules) -> Rules {
    let staff = super::rules(FILE).rules;
    let rules_of = rules.rules.into_iter().filter(|rule| !rule.when.is_empty()).chain(staff).collect();
    Rules { rules: rules_of, ..rules }
}

async fn story(records: Vec<Record>, before: Rules, after: Rules, now: Timestamp) {
    let world = World::new();
    *world.clock.0.lock().unwrap() = now;
    let running = world.start_with(&rules_file::print(&before)).await;
    let visits = visits(&world, &running);
    let id = |number: usize| IndividualId::parse(&format!("person-{number}")).unwrap();
    let records =
        records.into_iter().enumerate().map(|(n, record)| Record { id: id(n), ..record }.read_at(now));
    let staff = person("dana", "Staff").read_at(now);
    let records: Vec<Record> = records.chain([staff]).collect();
    let mut people = Vec::new();
    for record in &records {
        people.push(sign_in(&world, &visits, record).await);
    }
    let roles_of_all = || people.iter().map(|live| roles_now(&world, &visits, live)).collect::<Vec<_>>();
    let before_roles = roles_of_all();
    let draft =
        running.mapping().import(&administrator("dana"), 1, &rules_file::print(&after)).await.unwrap();
    let said = running.previewed(draft.revision).await.preview.clone();
    assert_eq!(roles_of_all(), before_roles);
    let published = running.mapping().publish(&administrator("dana"), draft.revision, "", false).await;
    assert_eq!(matches!(published, Err(ChangeError::Unchanged)), before == after, "{published:?}");
    for ((record, was), is) in records.iter().zip(before_roles).zip(roles_of_all()) {
        let lists = |lists: &std::collections::BTreeMap<Role, crate::domain::preview::AffectedPeople>| {
            let of = lists.iter().filter(|(_, people)| people.iter().any(|it| it.id == record.id));
            of.map(|(role, _)| role.clone()).collect::<BTreeSet<_>>()
        };
        let (gained, lost) = (lists(&said.gained), lists(&said.lost));
        let foretold: BTreeSet<Role> =
            was.union(&gained).filter(|role| !lost.contains(role)).cloned().collect();
        assert_eq!(is, foretold, "{}", record.id);
        assert_eq!(is, roles::decide(record, &after, now).roles);
    }
}
