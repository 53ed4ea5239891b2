//! An AMS whose proof lives too short to wait (an OAuth code): it is exchanged on arrival, and the verified person waits. Such an AMS does
//! not exist here yet, so one stands in.

use std::net::IpAddr;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use crate::world::alone;
use arc_swap::ArcSwap;
use jiff::{SignedDuration, Timestamp};
use membergate::adapters::BoxFuture;
use membergate::adapters::ams::{Ams, AmsError, Arrival, ArrivalFault, Keep, LoginStart, ProvenPerson};
use membergate::adapters::budget::{Budget, MemoryLedger, Priority};
use membergate::adapters::clock::Clock as _;
use membergate::adapters::keys::seal::Sealer;
use membergate::adapters::keys::secret::SecretKey;
use membergate::adapters::store::Store;
use membergate::adapters::store::sqlite::SqliteStore;
use membergate::domain::budget::Rate;
use membergate::domain::record::{IndividualId, Parts, Profile, Record};
use membergate::domain::return_to::ReturnTo;
use membergate::domain::session::{LogoutHint, SessionLimits};
use membergate::flows::canary::Canary;
use membergate::flows::long_addresses::Destination;
use membergate::flows::person::Published;
use membergate::flows::refresh::Refresh;
use membergate::flows::sign_in::{Finished, InLine, Polled, Returning, SignIn, SignInSealers};
use membergate::flows::visit::Visits;
use membergate::flows::waiting::{WaitingParts, WaitingRoom};
use secrecy::ExposeSecret as _;
use url::Url;

use crate::world::{MovedClock, RULES, SECRET_KEY};

/// Signs in by a code that it takes once, at once.
struct StandIn {
    budget: Arc<Budget>,
    clock: Arc<MovedClock>,
    exchanged: Mutex<Vec<String>>,
    read: AtomicUsize,
    codes_are_good: AtomicBool,
}

impl StandIn {
    /// The person whose code it is.
    fn exchange(&self, arrival: &Arrival) -> Result<IndividualId, AmsError> {
        let code = arrival.proof.expose_secret();
        let mut exchanged = self.exchanged.lock().unwrap();
        if !self.codes_are_good.load(Ordering::Relaxed) || exchanged.iter().any(|used| used == code) {
            return Err(AmsError::ArrivalRefused);
        }
        exchanged.push(code.to_owned());
        Ok(IndividualId::parse(code.strip_prefix("code-of-").unwrap()).unwrap())
    }
}

impl Ams for StandIn {
    fn environment(&self) -> &str {
        "production"
    }

    fn begin<'a>(&'a self, _: &'a Url, state: &'a str) -> BoxFuture<'a, Result<LoginStart, AmsError>> {
        let location = Url::parse(&format!("https://ams.example/authorize?state={state}")).unwrap();
        Box::pin(async { Ok(LoginStart { location, keep: Keep::new("stand-in", "production", "verifier") }) })
    }

    fn arrival(&self, parameters: &str, keep: &Keep) -> Result<Arrival, ArrivalFault> {
        keep.secrets("stand-in", "production")?;
        let code = url::form_urlencoded::parse(parameters.as_bytes()).find(|(name, _)| name == "code");
        let (_, code) = code.ok_or(ArrivalFault::Missing)?;
        Ok(Arrival {
            proof: code.into_owned().into(),
            kept: Default::default(),
            claimed: None,
            logout_hint: None,
            is_verified: false,
        })
    }

    fn logout(&self, _: Option<&LogoutHint>, return_to: &str) -> Url {
        Url::parse(return_to).unwrap()
    }

    fn calls_of_sign_in(&self, _: Parts) -> usize {
        1
    }

    fn before_wait(&self, arrival: Arrival) -> BoxFuture<'_, Result<Arrival, AmsError>> {
        Box::pin(async move {
            let claimed = Some(self.exchange(&arrival)?);
            Ok(Arrival { claimed, is_verified: true, ..arrival })
        })
    }

    fn redeem<'a>(
        &'a self,
        arrival: &'a Arrival,
        _: Parts,
        priority: Priority,
    ) -> BoxFuture<'a, Result<ProvenPerson, AmsError>> {
        Box::pin(async move {
            self.budget.start(priority).await.map_err(|_| AmsError::Busy)?;
            let id = match &arrival.claimed {
                Some(claimed) if arrival.is_verified => claimed.clone(),
                _ => self.exchange(arrival)?,
            };
            self.read.fetch_add(1, Ordering::Relaxed);
            Ok(ProvenPerson { record: record(id, self.clock.now()), logout_hint: None })
        })
    }

    fn canary<'a>(&'a self, _: &'a [IndividualId]) -> BoxFuture<'a, Result<bool, AmsError>> {
        Box::pin(async { Ok(true) })
    }

    fn read<'a>(
        &'a self,
        _: &'a IndividualId,
        _: Parts,
        _: Priority,
    ) -> BoxFuture<'a, Result<Option<Record>, AmsError>> {
        Box::pin(async { Err(AmsError::Busy) })
    }
}

fn record(id: IndividualId, as_of: Timestamp) -> Record {
    Record {
        id,
        confirmed: Default::default(),
        profile: Profile::default(),
        contact: None,
        is_approved: Some(true),
        is_deceased: false,
        memberships: Vec::new(),
        security_roles: Vec::new(),
        custom_fields: Vec::new(),
        committees: Some(Vec::new()),
        registrations: None,
        purchases: None,
        certifications: None,
        relationships: None,
        groups: None,
        partly: Default::default(),
        warnings: Vec::new(),
    }
    .read_at(as_of)
}

struct Office {
    ams: Arc<StandIn>,
    sign_in: SignIn,
    clock: Arc<MovedClock>,
    _folder: tempfile::TempDir,
}

const HOST: &str = "library.example";

const LIMITS: SessionLimits = SessionLimits {
    idle: SignedDuration::from_hours(2),
    absolute: SignedDuration::from_hours(12),
    refresh_after: SignedDuration::from_mins(15),
    stale_limit: SignedDuration::from_hours(4),
    store_gone: SignedDuration::from_secs(60),
};

impl Office {
    fn open() -> Office {
        let folder = tempfile::tempdir().unwrap();
        let secrets = SecretKey::parse(SECRET_KEY).unwrap().into();
        let store: Arc<dyn Store> =
            Arc::new(SqliteStore::open(&folder.path().join("gate.sqlite"), &secrets).unwrap());
        let keys = store.data_keys();
        let clock = Arc::new(MovedClock::default());
        let budget = Arc::new(Budget::new(Rate::new(1, 1), Arc::<MemoryLedger>::default(), clock.clone()));
        let ams = Arc::new(StandIn {
            budget: budget.clone(),
            clock: clock.clone(),
            exchanged: Mutex::default(),
            read: AtomicUsize::new(0),
            codes_are_good: AtomicBool::new(true),
        });
        let rules = Published::new(1, membergate::adapters::rules_file::parse(RULES).unwrap());
        let rules = Arc::new(ArcSwap::from_pointee(rules));
        let (grounds, beliefs) = alone(LIMITS);
        let canary = Canary::new(ams.clone(), clock.clone());
        let (refresh, _queue) = Refresh::new(
            ams.clone(),
            store.clone(),
            store.clone(),
            beliefs.clone(),
            canary.clone(),
            rules.clone(),
            clock.clone(),
        );
        let visits = Arc::new(Visits::new(
            store.clone(),
            rules.clone(),
            grounds,
            "production",
            clock.clone(),
            Arc::new(refresh),
        ));
        let waiting = WaitingParts {
            ams: ams.clone(),
            budget,
            store: store.clone(),
            rules: rules.clone(),
            clock: clock.clone(),
            canary,
            beliefs,
            most_of_network: 500,
        };
        let waiting = Arc::new(WaitingRoom::new(waiting, &keys).unwrap());
        let sealers = SignInSealers {
            attempts: Sealer::new(&keys, "attempts").unwrap(),
            browsers: Sealer::new(&keys, "browsers").unwrap(),
        };
        let sign_in = SignIn::new(ams.clone(), store, visits, clock.clone(), sealers, waiting);
        Office { ams, sign_in, clock, _folder: folder }
    }

    /// Somebody comes back from the AMS with a code.
    async fn comes_back(&self, person: &str) -> Result<Finished, membergate::flows::sign_in::SignInError> {
        let callback = Url::parse("https://library.example/_gate/callback").unwrap();
        let to = Destination::whole(ReturnTo::parse("/members").unwrap());
        let departure = self.sign_in.begin(HOST, &callback, to, 0, &[]).await.unwrap();
        let state = departure.address.query_pairs().next().unwrap().1.into_owned();
        let parameters = format!("state={state}&code=code-of-{person}");
        let open = [(&*departure.handle, &*departure.sealed)];
        self.sign_in.finish(Returning { parameters: &parameters, open: &open, ..returning(None) }).await
    }
}

fn returning(place: Option<&str>) -> Returning<'_> {
    Returning {
        host: HOST,
        address: IpAddr::from([192, 0, 2, 7]),
        parameters: "",
        user_agent: "",
        open: &[],
        present: None,
        named: &[],
        place,
        device: None,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_is_exchanged_on_arrival_and_the_verified_person_waits() {
    let office = Office::open();
    assert!(matches!(office.comes_back("jane").await, Ok(Finished::SignedIn(_))));
    let Ok(Finished::Waits(InLine { cookie, .. })) = office.comes_back("nils").await else {
        panic!("the minute has no call left")
    };
    assert_eq!(*office.ams.exchanged.lock().unwrap(), ["code-of-jane", "code-of-nils"]);
    // Minutes later no code would be taken.
    office.ams.codes_are_good.store(false, Ordering::Relaxed);
    assert!(matches!(office.sign_in.poll(returning(Some(&cookie))).await, Ok(Polled::Waits(..))));
    assert_eq!(office.ams.read.load(Ordering::Relaxed), 1, "nothing is read before the turn");
    office.clock.forward(SignedDuration::from_secs(61));
    let Ok(Polled::SignedIn(signed_in)) = office.sign_in.poll(returning(Some(&cookie))).await else {
        panic!("it is the turn")
    };
    assert!(signed_in.secret.is_some() && signed_in.device.is_some());
    assert_eq!(office.ams.read.load(Ordering::Relaxed), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_that_is_refused_on_arrival_gets_no_place() {
    let office = Office::open();
    assert!(matches!(office.comes_back("jane").await, Ok(Finished::SignedIn(_))));
    office.ams.codes_are_good.store(false, Ordering::Relaxed);
    assert!(office.comes_back("nils").await.is_err());
    office.clock.forward(SignedDuration::from_secs(61));
    office.ams.codes_are_good.store(true, Ordering::Relaxed);
    // Nobody waits, so the next goes straight in.
    assert!(matches!(office.comes_back("omar").await, Ok(Finished::SignedIn(_))));
}
