//! Stories of an AMS that fails for a day, or answers lists that lack people: who is signed in keeps what he or she has.

use std::collections::BTreeMap;
use std::pin::pin;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use jiff::SignedDuration;
use membergate::sim::re_members::{Endpoint, Scope};
use membergate::sim::switches::Fault;
use tracing::Level;
use tracing::field::{Field, Visit};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt};

use crate::directory::{holds, in_step, roles, settled, signed_in, within_minutes};
use crate::operations::value;
use crate::world::{CHAIR, NON_MEMBER, Plan, SECOND_MEMBERSHIP, STAFF, Visitor, World, eventually};

/// Lines of the log by what they say. Tests beside this one have threads of their own, and are not heard.
#[derive(Clone, Default)]
struct Heard(Arc<Mutex<BTreeMap<String, usize>>>);

struct Said(String);

impl Visit for Said {
    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        if field.name() == "message" {
            self.0 = format!("{value:?}");
        }
    }
}

impl<S: tracing::Subscriber> Layer<S> for Heard {
    fn on_event(&self, event: &tracing::Event<'_>, _: Context<'_, S>) {
        if *event.metadata().level() <= Level::INFO && event.metadata().target().starts_with("membergate") {
            let mut said = Said(String::new());
            event.record(&mut said);
            *self.0.lock().unwrap().entry(said.0).or_default() += 1;
        }
    }
}

impl Heard {
    fn lines(&self) -> usize {
        self.0.lock().unwrap().values().sum()
    }
}

/// Waits for something that needs real time, while that of timers stands still.
async fn patiently<T>(work: impl Future<Output = T>) -> T {
    let mut work = pin!(work);
    loop {
        let a_moment = tokio::task::spawn_blocking(|| std::thread::sleep(Duration::from_micros(200)));
        tokio::select! {
            biased;
            done = &mut work => return done,
            _ = a_moment => {}
        }
    }
}

async fn fail(world: &World, fault: Fault, on: Scope) {
    world.people().update_switches(|switches| (switches.fault, switches.fault_on) = (fault, on));
}

const DAY_MINUTES: usize = 23 * 60;

#[tokio::test]
async fn a_day_of_an_ams_that_fails_takes_nothing_locks_nobody_out_and_does_not_fill_the_log() {
    let heard = Heard::default();
    let _here = tracing::subscriber::set_default(tracing_subscriber::registry().with(heard.clone()));
    let world = World::planned(in_step()).await;
    let (mut jane, mut nils) = (signed_in(&world, CHAIR).await, signed_in(&world, NON_MEMBER).await);
    settled(&world).await;
    for fault in [Fault::Status(404), Fault::EmptyList, Fault::ServerError] {
        fail(&world, fault, Scope::Api).await;
        let (lines, calls) = (heard.lines(), world.people().api_calls());
        tokio::time::pause();
        for minute in 0..DAY_MINUTES {
            world.forward(SignedDuration::from_mins(1));
            // An AMS that fails is asked every five seconds; with all of them the day would take too long.
            tokio::time::advance(Duration::from_millis(500)).await;
            // No timer runs on by itself while a thread is at work.
            tokio::task::spawn_blocking(|| std::thread::sleep(Duration::from_millis(6))).await.unwrap();
            if minute % 60 == 0 {
                patiently(async {
                    for (visitor, role) in [(&mut jane, "education_chair"), (&mut nils, "non_member")] {
                        let held = roles(&world, visitor).await;
                        assert!(held.iter().any(|one| one == role), "{fault:?} {minute}: {held:?}");
                    }
                })
                .await;
            }
        }
        tokio::time::resume();
        let made = world.people().api_calls() - calls;
        assert!(made > 100, "{fault:?}: the AMS was asked {made} times");
        // The directory, the canary, and whoever asks for them: each once a minute.
        let said = heard.lines() - lines;
        assert!(said < 3 * DAY_MINUTES, "{fault:?}: {said} lines, {:?}", heard.0.lock().unwrap());
        // More attempts than one address may fail with.
        for _ in 0..12 {
            let mut stranger = world.visitor();
            stranger.sign_in(SECOND_MEMBERSHIP, world.url("/_gate/login?return_to=%2F")).await;
        }
        fail(&world, Fault::None, Scope::Api).await;
        world.forward(SignedDuration::from_secs(61));
        let well = std::time::Instant::now();
        let mut tomas = eventually("a new sign-in", async || {
            let mut tomas = world.visitor();
            let page = tomas.sign_in(SECOND_MEMBERSHIP, world.url("/_gate/login?return_to=%2F")).await;
            (page.status == 200).then_some(tomas)
        })
        .await;
        assert!(holds(&world, &mut tomas, "member").await, "{fault:?}");
        eventually("the feed is asked again, and answers", async || {
            value(&world, "directory_feed_age_seconds").await.filter(|age| *age < 20)
        })
        .await;
        assert!(well.elapsed() < Duration::from_secs(10), "{fault:?}: {:?}", well.elapsed());
        // All is read again before the next day begins.
        for _ in 0..40 {
            world.forward(SignedDuration::from_mins(2));
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        assert!(holds(&world, &mut jane, "education_chair").await, "{fault:?}");
    }
}

/// People of the cast who get a seat.
const SEATED: [&str; 12] = [
    CHAIR,
    SECOND_MEMBERSHIP,
    "priya.raman@people.example",
    "gus.fenwick@people.example",
    "marisol.okafor@harborlabs.example",
    "bram.teller@people.example",
    "ines.carvalho@people.example",
    "noor.haddad@people.example",
    "otto.brandt@people.example",
    "walt.ember@people.example",
    "lena.moss@people.example",
    "zoe.ohara@people.example",
];

async fn with_seats(plan: Plan) -> (World, Vec<Visitor>) {
    let world = World::planned(plan).await;
    let mut seats = world.people().person(CHAIR).unwrap().committees;
    seats.retain(|seat| seat.committee == "EDU");
    for email in SEATED {
        assert!(world.people().edit_person(email, |it| it.committees.clone_from(&seats)), "{email}");
    }
    settled(&world).await;
    let mut visitors = Vec::new();
    for email in &SEATED[..4] {
        visitors.push(signed_in(&world, email).await);
    }
    (world, visitors)
}

async fn all_hold(world: &World, visitors: &mut [Visitor]) -> bool {
    for visitor in visitors {
        if !holds(world, visitor, "education_chair").await {
            return false;
        }
    }
    true
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_that_shift_while_they_are_read_take_nobody_off_a_list() {
    let plan = Plan { switches: vec!["rate_limit=off", "page_size=3"], ..in_step() };
    let (world, mut visitors) =
        with_seats(Plan { directory: format!("{}\nsweep_every = \"15m\"", plan.directory), ..plan }).await;
    assert!(all_hold(&world, &mut visitors).await);
    for endpoint in [Endpoint::CommitteeMembers, Endpoint::MembersAll] {
        let before = world.people().calls(endpoint);
        fail(&world, Fault::ShiftedRows, Scope::Only(endpoint)).await;
        for _ in 0..30 {
            world.forward(SignedDuration::from_mins(2));
            tokio::time::sleep(Duration::from_millis(350)).await;
            assert!(all_hold(&world, &mut visitors).await, "{endpoint:?}");
        }
        assert!(world.people().calls(endpoint) > before + 3, "{endpoint:?}: its pages were read");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_roster_that_is_held_counts_when_an_administrator_releases_it() {
    let more = "[admin]\nroles = [\"staff\"]\n".to_owned();
    let (world, mut visitors) = with_seats(Plan { more, ..in_step() }).await;
    let mut sam = signed_in(&world, STAFF).await;
    assert!(all_hold(&world, &mut visitors).await);
    // The committee is dissolved, and nobody's own list can be asked for.
    fail(&world, Fault::Status(404), Scope::Only(Endpoint::Profile)).await;
    for email in SEATED {
        world.people().edit_person(email, |it| it.committees.clear());
    }
    within_minutes(&world, 40, "the absences are held", async || {
        (value(&world, "directory_held_absences").await > Some(0)).then_some(())
    })
    .await;
    assert!(all_hold(&world, &mut visitors).await);
    let page = sam.get(world.url("/_gate/admin/status")).await.expect(200);
    let token = page.attribute("name=\"token\"", "value").unwrap();
    let fields = [("token", &*token), ("roster", "committee/EDU"), ("confirmed", "yes")];
    let unconfirmed = &fields[..2];
    sam.post(world.url("/_gate/admin/status/release"), unconfirmed).await.expect(303);
    assert!(all_hold(&world, &mut visitors).await, "nothing was confirmed");
    sam.post(world.url("/_gate/admin/status/release"), &fields).await.expect(303);
    // Whoever was read alone after the last reading but one is on the list until the next.
    within_minutes(&world, 20, "nobody is on the committee", async || {
        for visitor in &mut visitors {
            if holds(&world, visitor, "education_chair").await {
                return None;
            }
        }
        Some(())
    })
    .await;
    assert_eq!(value(&world, "directory_held_absences").await, Some(0));
    let audit = sam.get(world.url("/_gate/admin/audit")).await.expect(200);
    assert!(audit.text.contains("Let held absences count"), "{}", audit.text);
}
