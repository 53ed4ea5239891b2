//! What ordinary readings show, while the AMS gives no answer to a question of our own.

use std::sync::Mutex;

use super::*;
use crate::adapters::clock::Clock;
use crate::adapters::keys::secret::SecretKeys;
use crate::adapters::rules_file;
use crate::adapters::store::sqlite::SqliteStore;
use crate::domain::record::{Profile, Purchase};
use crate::domain::session::SessionLimits;
use crate::domain::time::AmsDate;
use crate::flows::tests::{NoAms, alone};

const RULES: &str =
    "time_zone = \"UTC\"\nmember = \"member\"\n[[rule]]\nrole = \"web\"\nwhen = [{ purchase = \"WEB1\" }]\n";

const JANUARY: AmsDate = AmsDate::Day(jiff::civil::date(2026, 1, 5));

struct Hand(Mutex<Timestamp>);

impl Clock for Hand {
    fn now(&self) -> Timestamp {
        *self.0.lock().unwrap()
    }
}

struct Stage {
    clock: Arc<Hand>,
    witnesses: Witnesses,
    rules: Rules,
    _folder: tempfile::TempDir,
}

impl Stage {
    fn new() -> Stage {
        let clock = Arc::new(Hand(Mutex::new(Timestamp::from_second(1_800_000_000).unwrap())));
        let hours = SignedDuration::from_hours;
        let (_, beliefs) = alone(SessionLimits {
            idle: hours(1),
            absolute: hours(8),
            refresh_after: hours(2),
            stale_limit: hours(4),
            store_gone: hours(1),
        });
        let folder = tempfile::tempdir().unwrap();
        let directory =
            SqliteStore::open(&folder.path().join("m.sqlite"), &SecretKeys::generate().unwrap()).unwrap();
        let ams: Arc<NoAms> = Arc::new(NoAms("test"));
        let canary = Canary::new(ams.clone(), clock.clone());
        let witnesses = Witnesses::new(ams, Arc::new(directory), beliefs, canary, clock.clone());
        Stage { clock, witnesses, rules: rules_file::parse(RULES).unwrap(), _folder: folder }
    }

    /// Somebody who bought these products, as they are read now.
    fn reading(&self, id: &str, products: &[Purchase]) -> Record {
        Record {
            id: IndividualId::parse(id).unwrap(),
            confirmed: Default::default(),
            profile: Profile::default(),
            contact: None,
            is_approved: None,
            is_deceased: false,
            memberships: Vec::new(),
            security_roles: Vec::new(),
            custom_fields: Vec::new(),
            committees: None,
            registrations: None,
            purchases: Some(products.to_vec()),
            certifications: None,
            relationships: None,
            groups: None,
            partly: Default::default(),
            warnings: Vec::new(),
        }
        .read_at(self.clock.now())
    }

    fn learn(&self, reading: &Record, known: &Record, lost: &[Part]) {
        self.witnesses.learn(reading, known, &lost.iter().copied().collect(), &self.rules);
    }

    async fn shows(&self, besides: &str) -> bool {
        let besides = IndividualId::parse(besides).unwrap();
        self.witnesses.show(Part::Purchases, &besides, "test", &self.rules).await
    }

    fn pass(&self, seconds: i64) {
        *self.clock.0.lock().unwrap() += SignedDuration::from_secs(seconds);
    }
}

fn bought(purchase_date: AmsDate) -> Purchase {
    Purchase { product: "WEB1".to_owned(), purchase_date, quantity: Default::default(), cancelled: false }
}

#[tokio::test]
async fn somebody_elses_reading_of_the_last_minute_shows_that_the_ams_is_well() {
    let stage = Stage::new();
    assert!(!stage.shows("a").await, "nobody has been read, and the AMS gives no answer");
    let before = stage.reading("b", &[bought(JANUARY)]);
    stage.pass(10);
    stage.learn(&stage.reading("b", &[bought(JANUARY)]), &before, &[]);
    assert!(stage.shows("a").await);
    assert!(!stage.shows("b").await, "nobody speaks for themselves");
    stage.pass(59);
    assert!(stage.shows("a").await);
    stage.pass(2);
    assert!(!stage.shows("a").await, "it was too long ago");
}

#[tokio::test]
async fn a_reading_that_lacks_something_shows_nothing_and_undoes_what_was_shown() {
    let stage = Stage::new();
    let before = stage.reading("b", &[bought(JANUARY)]);
    stage.pass(10);
    let after = stage.reading("b", &[bought(JANUARY)]);
    stage.learn(&after, &before, &[]);
    stage.learn(&stage.reading("c", &[]), &before, &[Part::Purchases]);
    assert!(!stage.shows("a").await);
    stage.learn(&after, &stage.reading("b", &[]), &[]);
    assert!(!stage.shows("a").await, "whoever had nothing there has nothing to lose");
    stage.learn(&after, &stage.reading("b", &[bought(AmsDate::Absent)]), &[]);
    assert!(!stage.shows("a").await, "a row that says little does not show that it lacks anything");
    stage.learn(&Record { purchases: None, ..after.clone() }.read_at(stage.clock.now()), &before, &[]);
    assert!(!stage.shows("a").await, "that reading was not about purchases");
    stage.learn(&after, &before, &[]);
    assert!(stage.shows("a").await);
}
