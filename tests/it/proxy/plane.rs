//! The data plane on real sockets, with one site behind it and an AMS that is never asked.

use std::net::SocketAddr;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use crate::world::alone;
use arc_swap::ArcSwap;
use membergate::adapters::BoxFuture;
use membergate::adapters::ams::{Ams, AmsError, Arrival, ArrivalFault, Keep, LoginStart, ProvenPerson};
use membergate::adapters::budget::Priority;
use membergate::adapters::clock::{Clock, SharedClock, SystemClock};
use membergate::adapters::keys::random::SessionSecret;
use membergate::adapters::keys::secret::SecretKeys;
use membergate::adapters::store::sqlite::SqliteStore;
use membergate::adapters::upstream::{Endpoint, Trust, UpstreamLimits};
use membergate::domain::access::{AccessRule, Require, Site, Sites};
use membergate::domain::association::Association;
use membergate::domain::path::{PathPattern, PathPolicy};
use membergate::domain::record::{IndividualId, Membership, Parts, Profile, Record};
use membergate::domain::rule::{Role, Rules};
use membergate::domain::session::{LogoutHint, Session, SessionKey, SessionLimits};
use membergate::domain::time::{AmsDate, TimeZone};
use membergate::flows::canary::Canary;
use membergate::flows::keyring::Keyring;
use membergate::flows::long_addresses::LongAddresses;
use membergate::flows::person::Published;
use membergate::flows::refresh::Refresh;
use membergate::flows::visit::Visits;
use membergate::serve::{self, Listener, Serving};
use membergate::web::proxy::{Control, Gate, Meter, ProxySettings, Snapshot};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use url::Url;

use super::site::FakeSite;

pub const HOST: &str = "library.example";

/// The AMS of these tests: nobody signs in here, and nothing is read again.
struct Silent;

impl Ams for Silent {
    fn environment(&self) -> &str {
        "test"
    }
    fn begin<'a>(&'a self, _: &'a Url, _: &'a str) -> BoxFuture<'a, Result<LoginStart, AmsError>> {
        Box::pin(async { Err(AmsError::Busy) })
    }
    fn logout(&self, _: Option<&LogoutHint>, return_to: &str) -> Url {
        Url::parse(return_to).unwrap()
    }
    fn arrival(&self, _: &str, _: &Keep) -> Result<Arrival, ArrivalFault> {
        Err(ArrivalFault::Missing)
    }
    fn calls_of_sign_in(&self, _: Parts) -> usize {
        1
    }
    fn redeem<'a>(
        &'a self,
        _: &'a Arrival,
        _: Parts,
        _: Priority,
    ) -> BoxFuture<'a, Result<ProvenPerson, AmsError>> {
        Box::pin(async { Err(AmsError::Busy) })
    }
    fn canary<'a>(&'a self, _: &'a [IndividualId]) -> BoxFuture<'a, Result<bool, AmsError>> {
        Box::pin(async { Err(AmsError::Busy) })
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

pub struct Plane {
    pub address: SocketAddr,
    pub site: FakeSite,
    pub gate: Arc<Gate>,
    pub rules: Arc<ArcSwap<Published>>,
    serving: Serving,
    _folder: tempfile::TempDir,
}

pub fn limits() -> UpstreamLimits {
    UpstreamLimits {
        headers: Duration::from_millis(400),
        connect: Duration::from_millis(400),
        ..UpstreamLimits::default()
    }
}

/// Members have the role `member`; everybody has `subscriber`.
pub fn rules(member: &str) -> Rules {
    let mut rules = Rules::new(TimeZone::UTC);
    rules.member = Some(Role::parse(member).unwrap());
    rules.everyone = Some(Role::parse("subscriber").unwrap());
    rules
}

fn access() -> Vec<AccessRule> {
    let rule = |path: &str, require| AccessRule {
        path: PathPattern::parse(path).unwrap(),
        methods: Vec::new(),
        require,
    };
    let role = |role: &str| Require::AnyOf(vec![Role::parse(role).unwrap()]);
    vec![
        rule("/members", role("member")),
        rule("/board", role("board")),
        rule("/account", Require::SignedIn),
        AccessRule { methods: vec!["DELETE".into()], ..rule("/", Require::SignedIn) },
        rule("/", Require::Public),
    ]
}

impl Plane {
    pub async fn start() -> Plane {
        Plane::with(|_| {}).await
    }

    pub async fn with(change: impl FnOnce(&mut Snapshot)) -> Plane {
        Plane::listening(None, Duration::from_millis(800), change).await
    }

    /// At another host than [`HOST`].
    pub async fn listening_at(host: &str) -> Plane {
        Plane::with(|snapshot| {
            let mut site = (**snapshot.sites.on_host(HOST).first().unwrap()).clone();
            (site.host, site.origin) = (host.into(), format!("http://{host}"));
            snapshot.sites = Arc::new(Sites::new([site]));
        })
        .await
    }

    /// With limits towards visitors that a test can reach.
    pub async fn limited(
        limit: impl FnOnce(&mut serve::ListenerSettings),
        change: impl FnOnce(&mut Snapshot),
    ) -> Plane {
        Plane::serving(
            None,
            |settings| {
                settings.header = Duration::from_secs(10);
                limit(settings);
            },
            change,
        )
        .await
    }

    /// As web servers use it: they keep connections for a while, and ask at `/_gate/verify`.
    pub async fn behind_web_servers() -> Plane {
        Plane::behind_web_servers_with(|_| {}).await
    }

    pub async fn behind_web_servers_with(change: impl FnOnce(&mut Snapshot)) -> Plane {
        Plane::listening(None, Duration::from_secs(30), |snapshot| {
            snapshot.settings.forward_auth_proxies = vec!["127.0.0.1".parse().unwrap()];
            change(snapshot);
        })
        .await
    }

    /// Behind TLS, with the certificate of `tests/it/proxy/tls`.
    pub async fn secure() -> Plane {
        Plane::secure_with(|_| {}).await
    }

    pub async fn secure_with(change: impl FnOnce(&mut Snapshot)) -> Plane {
        let certificate = serve::tls::load(&tls("site.pem"), &tls("site.key")).unwrap();
        Plane::listening(
            Some(Arc::new(ArcSwap::from_pointee(certificate))),
            Duration::from_millis(800),
            change,
        )
        .await
    }

    async fn listening(
        tls: Option<Arc<ArcSwap<rustls::ServerConfig>>>,
        header: Duration,
        change: impl FnOnce(&mut Snapshot),
    ) -> Plane {
        Plane::serving(tls, |settings| settings.header = header, change).await
    }

    async fn serving(
        tls: Option<Arc<ArcSwap<rustls::ServerConfig>>>,
        limit: impl FnOnce(&mut serve::ListenerSettings),
        change: impl FnOnce(&mut Snapshot),
    ) -> Plane {
        let site = FakeSite::start().await;
        let folder = tempfile::tempdir().unwrap();
        let key = SecretKeys::generate().unwrap();
        let store = Arc::new(SqliteStore::open(&folder.path().join("store"), &key).unwrap());
        let clock: SharedClock = Arc::new(SystemClock);
        let keyring = Keyring::ensure(store.clone(), Arc::new(SystemClock)).await.unwrap();
        let rules = Arc::new(ArcSwap::from_pointee(Published::new(1, rules("member"))));
        let hours = jiff::SignedDuration::from_hours;
        let session_limits = SessionLimits {
            idle: hours(1),
            absolute: hours(8),
            refresh_after: hours(2),
            stale_limit: hours(4),
            store_gone: hours(1),
        };
        let long = Arc::new(LongAddresses::new(store.clone(), clock.clone()));
        let (grounds, beliefs) = alone(session_limits);
        let canary = Canary::new(Arc::new(Silent), clock.clone());
        let (refresh, _queue) = Refresh::new(
            Arc::new(Silent),
            store.clone(),
            store.clone(),
            beliefs,
            canary,
            rules.clone(),
            clock.clone(),
        );
        let visits = Visits::new(store, rules.clone(), grounds, "test", clock.clone(), Arc::new(refresh));
        let control = axum::Router::new().fallback(async |request: axum::extract::Request| {
            format!("control plane: {} {}", request.method(), request.uri())
        });
        let mut snapshot = Snapshot {
            sites: Arc::new(Sites::new([Site {
                name: "library".into(),
                title: "Library".into(),
                origin: format!("http://{HOST}"),
                host: HOST.into(),
                prefix: PathPattern::parse("/").unwrap(),
                home: "/".into(),
                paths: PathPolicy::default(),
                access: access(),
            }])),
            endpoints: [("library".into(), endpoint(site.address, limits()))].into(),
            settings: ProxySettings::default(),
            association: Arc::new(Association {
                name: "Society of Examples".into(),
                renew_url: None,
                contact: None,
            }),
        };
        change(&mut snapshot);
        let gate = Arc::new(Gate {
            snapshot: ArcSwap::from_pointee(snapshot),
            visits: Arc::new(visits),
            long,
            rules: rules.clone(),
            keyring: Arc::new(keyring),
            clock,
            control: Control::new(control, tokio::runtime::Handle::current()),
            meter: Meter::default(),
            refusal_log: Arc::default(),
        });
        let listener = Listener { address: "127.0.0.1:0".parse().unwrap(), tls };
        let mut settings = serve::ListenerSettings {
            threads: NonZeroUsize::MIN,
            drain: Duration::from_secs(2),
            ..serve::ListenerSettings::default()
        };
        limit(&mut settings);
        let serving = serve::start(&[listener], settings, &gate).unwrap();
        Plane { address: serving.addresses()[0], site, gate, rules, serving, _folder: folder }
    }

    /// A member with a live session; gives the cookie and the session's key.
    pub async fn sign_in(&self) -> (String, SessionKey) {
        let now = SystemClock.now();
        let secret = SessionSecret::new().unwrap();
        let individual = IndividualId::parse("b3a1").unwrap();
        let membership = Membership {
            code: Some("CORPGOLD".into()),
            type_name: Some("Corporate Gold".into()),
            effective_date: AmsDate::Instant("2020-01-01T05:00:00Z".parse().unwrap()),
            ..Membership::default()
        };
        let record = Record {
            id: individual.clone(),
            confirmed: Default::default(),
            profile: Profile {
                name: "Zoë Ångström".into(),
                email: Some("zoe@people.example".into()),
                ..Profile::default()
            },
            contact: None,
            is_approved: Some(true),
            is_deceased: false,
            memberships: vec![membership],
            security_roles: Vec::new(),
            custom_fields: Vec::new(),
            committees: None,
            registrations: None,
            purchases: None,
            certifications: None,
            relationships: None,
            groups: None,
            partly: Default::default(),
            warnings: Vec::new(),
        }
        .read_at(now);
        let session = Session {
            key: secret.key(),
            individual,
            environment: "test".into(),
            host: HOST.into(),
            created: now,
            last_seen: now,
            device: None,
            viewer: None,
            logout_hint: None,
        };
        self.gate.visits.begin(session, Arc::new(record)).await.unwrap();
        (format!("Cookie: membergate={}\r\n", secret.cookie_text()), secret.key())
    }

    pub async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.address).await.unwrap()
    }

    /// Connects from another address of this machine, which counts as another visitor.
    pub async fn connect_from(&self, address: &str) -> TcpStream {
        let socket = tokio::net::TcpSocket::new_v4().unwrap();
        socket.bind(SocketAddr::new(address.parse().unwrap(), 0)).unwrap();
        socket.connect(self.address).await.unwrap()
    }

    /// Sends bytes and reads until the gate closes.
    pub async fn raw(&self, bytes: impl AsRef<[u8]>) -> String {
        let mut stream = self.connect().await;
        stream.write_all(bytes.as_ref()).await.unwrap();
        let mut answer = Vec::new();
        let read = stream.read_to_end(&mut answer);
        // A reset after an early refusal is fine; what was read before it counts.
        let _ = tokio::time::timeout(Duration::from_secs(10), read).await.expect("the gate closes");
        String::from_utf8_lossy(&answer).into_owned()
    }

    /// A GET on a connection of its own. `fields` are whole lines with their CRLF.
    pub async fn get(&self, target: &str, fields: &str) -> String {
        self.raw(format!("GET {target} HTTP/1.1\r\nHost: {HOST}\r\nConnection: close\r\n{fields}\r\n")).await
    }

    pub async fn drain(self) {
        self.serving.drain().await;
    }
}

/// A file made for these tests; its authority has no key any more.
pub fn tls(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/proxy/tls").join(name)
}

pub fn endpoint(address: SocketAddr, limits: UpstreamLimits) -> Arc<Endpoint> {
    let url = Url::parse(&format!("http://{address}")).unwrap();
    Arc::new(Endpoint::new(&url, &Trust::Platform, limits).unwrap())
}

/// An address at which nobody listens, while the socket lives: it is bound, so that no other test is given the port.
pub fn nobody() -> (tokio::net::TcpSocket, SocketAddr) {
    let socket = tokio::net::TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let address = socket.local_addr().unwrap();
    (socket, address)
}

/// Status of a raw answer.
#[track_caller]
pub fn status(answer: &str) -> u16 {
    let code = answer.split(' ').nth(1).and_then(|code| code.parse().ok());
    code.unwrap_or_else(|| panic!("no status: {answer:?}"))
}

/// Reads until `end` has come.
pub async fn read_until(stream: &mut TcpStream, end: &str) -> String {
    let mut seen = String::new();
    let mut buffer = [0; 4096];
    while !seen.contains(end) {
        let read = tokio::time::timeout(Duration::from_secs(10), stream.read(&mut buffer)).await;
        let read = read.unwrap_or_else(|_| panic!("waited in vain for {end:?}, saw {seen:?}")).unwrap();
        assert!(read > 0, "closed before {end:?}, saw {seen:?}");
        seen.push_str(&String::from_utf8_lossy(&buffer[..read]));
    }
    seen
}
