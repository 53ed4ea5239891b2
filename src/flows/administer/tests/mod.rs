//! Stories of administrators over a real store: nothing is lost, nobody is locked out, and what is said comes true.

mod community;
mod mapping;
mod preview;
mod safety;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use arc_swap::ArcSwap;
use jiff::SignedDuration;
use tempfile::TempDir;

use super::mapping::{ChangeError, Which};
use super::preview::RolePreview;
use super::preview_runs::PreviewState;
use super::*;
use crate::adapters::clock::Clock;
use crate::adapters::keys::secret::SecretKeys;
use crate::adapters::rules_file;
use crate::adapters::store::sqlite::SqliteStore;
use crate::domain::audit::{Action, Filter};
use crate::domain::directory::settings::DirectorySettings;
use crate::domain::record::{IndividualId, Profile, Record};
use crate::domain::session::SessionLimits;
use crate::domain::supplied::Supplied;
use crate::domain::time::{TimeZone, Timestamp};
use crate::flows::directory::Beliefs;
use crate::flows::grounds::Grounds;

/// What every world begins with: staff may administer.
const FILE: &str = r#"time_zone = "America/New_York"
everyone = "subscriber"

[[rule]]
role = "staff"
when = [{ security_role = "Staff" }]
"#;

/// As [`FILE`], with one rule more.
const WITH_PRESS: &str = r#"time_zone = "America/New_York"
everyone = "subscriber"

[[rule]]
role = "staff"
when = [{ security_role = "Staff" }]

[[rule]]
role = "press"
when = [{ security_role = "Press" }]
"#;

/// Nobody is staff any more.
const LOCKED: &str = "time_zone = \"America/New_York\"\neveryone = \"subscriber\"\n";

/// Beliefs of a gateway that asks about each person alone.
fn alone() -> Arc<Beliefs> {
    let limits = SessionLimits {
        idle: SignedDuration::from_hours(1),
        absolute: SignedDuration::from_hours(10),
        refresh_after: SignedDuration::from_mins(15),
        stale_limit: SignedDuration::from_hours(24),
        store_gone: SignedDuration::from_hours(1),
    };
    let settings = DirectorySettings { in_step: false, ..DirectorySettings::usual(TimeZone::UTC) };
    Beliefs::new(Grounds::new(limits), &settings)
}

struct Hand(Mutex<Timestamp>);

impl Clock for Hand {
    fn now(&self) -> Timestamp {
        *self.0.lock().unwrap()
    }
}

struct World {
    directory: TempDir,
    key: SecretKeys,
    clock: Arc<Hand>,
}

/// A running gateway, as far as administration goes.
struct Running {
    administer: Administer,
    rules: PublishedRules,
    store: Arc<dyn Store>,
}

impl World {
    fn new() -> World {
        let key = SecretKeys::generate().unwrap();
        let clock = Arc::new(Hand(Mutex::new("2026-03-01T09:30:00Z".parse().unwrap())));
        World { directory: TempDir::new().unwrap(), key, clock }
    }

    fn pass(&self, minutes: i64) {
        *self.clock.0.lock().unwrap() += SignedDuration::from_mins(minutes);
    }

    async fn start(&self) -> Running {
        self.start_with(FILE).await
    }

    async fn start_with(&self, file: &str) -> Running {
        let store: Arc<dyn Store> =
            Arc::new(SqliteStore::open(&self.directory.path().join("m.sqlite"), &self.key).unwrap());
        let clock: SharedClock = self.clock.clone();
        let published = first_mapping(&*store, &rules(file), &clock).await.unwrap();
        let rules: PublishedRules = Arc::new(ArcSwap::from_pointee(published));
        let settings =
            AdminSettings { roles: [Role::parse("staff").unwrap()].into(), site: None, view_as: false };
        let administer = Administer::new(
            settings,
            store.clone(),
            Arc::clone(&rules),
            Known::new(store.clone(), "production", alone(), Supplied::default()),
            [],
            PublishedClients::default(),
            clock,
        );
        Running { administer, rules, store }
    }
}

impl Running {
    fn mapping(&self) -> &Mapping {
        &self.administer.mapping
    }

    async fn know(&self, record: &Record) {
        self.store.put_record("production", record, record.as_of()).await.unwrap();
    }

    /// The answer of a preview, however long it takes.
    async fn previewed(&self, revision: u64) -> Arc<RolePreview> {
        loop {
            match self.administer.previews.preview(revision).await.unwrap() {
                PreviewState::Done(previewed) => return previewed,
                PreviewState::Running { .. } => tokio::time::sleep(Duration::from_millis(5)).await,
                other => panic!("{other:?}"),
            }
        }
    }

    /// The roles that the mapping in force manages.
    fn managed(&self) -> Vec<String> {
        self.rules.load().managed.roles().iter().map(ToString::to_string).collect()
    }

    /// The actions in the audit log, oldest first.
    async fn actions(&self) -> Vec<Action> {
        let page = self.administer.audit.list(&Filter::default(), None).await.unwrap();
        page.entries.into_iter().rev().map(|kept| kept.entry.action).collect()
    }
}

fn rules(text: &str) -> Rules {
    rules_file::parse(text).unwrap()
}

fn person(name: &str, security_role: &str) -> Record {
    Record {
        id: IndividualId::parse(name).unwrap(),
        confirmed: Default::default(),
        profile: Profile { name: name.to_owned(), ..Profile::default() },
        contact: None,
        is_approved: Some(true),
        is_deceased: false,
        memberships: Vec::new(),
        security_roles: vec![security_role.to_owned()],
        custom_fields: Vec::new(),
        committees: Some(Vec::new()),
        registrations: Some(Vec::new()),
        purchases: Some(Vec::new()),
        certifications: Some(Vec::new()),
        relationships: Some(Vec::new()),
        groups: Some(Vec::new()),
        partly: Default::default(),
        warnings: Vec::new(),
    }
    .read_at("2026-03-01T09:00:00Z".parse().unwrap())
}

fn administrator(name: &str) -> Actor {
    Actor { id: IndividualId::parse(name), name: name.to_owned(), admitted_by: AdmittedBy::Role }
}
