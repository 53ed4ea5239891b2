//! The one place that joins the parts: from checked settings to a running gateway, and from new settings to the same gateway.

use std::net::SocketAddr;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use arc_swap::ArcSwap;
use rustls::ServerConfig;
use tokio::net::TcpListener;
use tokio::runtime::Handle;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::adapters::BoxFuture;
use crate::adapters::ams::re_members::ReMembers;
use crate::adapters::ams::{Ams, re_members};
use crate::adapters::budget::Budget;
use crate::adapters::clock::SharedClock;
use crate::adapters::http::{HttpClient, HttpError, HttpLimits};
use crate::adapters::keys::CryptographyFailed;
use crate::adapters::keys::keyring::{Keyring, KeyringError};
use crate::adapters::keys::seal::Sealer;
use crate::adapters::store::{SqliteStore, Store, StoreError};
use crate::adapters::upstream::{EndpointFault, Endpoints};
use crate::config::Settings;
use crate::config::settings::{Listen, Tls};
use crate::domain::access::Sites;
use crate::flows::attempts::Attempts;
use crate::flows::person::{Published, PublishedRules};
use crate::flows::refresh::Refresh;
use crate::flows::sign_in::SignIn;
use crate::flows::upkeep;
use crate::flows::visit::Visits;
use crate::serve::tls::TlsFault;
use crate::serve::{self, Listener, Serving};
use crate::telemetry::metrics::{self, Levels};
use crate::web::operations::{self, Operations, Unready};
use crate::web::proxy::{Control, Gate, Meter, Snapshot};
use crate::web::{proxy, routes, state};

/// Why a gateway does not start, or does not take new settings.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The signing keys in the store.
    #[error(transparent)]
    Keys(#[from] KeyringError),
    /// The machine's cryptography.
    #[error(transparent)]
    Cryptography(#[from] CryptographyFailed),
    /// The client for calls to the AMS.
    #[error(transparent)]
    Http(#[from] HttpError),
    /// A site cannot be reached in the way that the settings say.
    #[error("site `{0}`: {1}")]
    Site(Arc<str>, #[source] EndpointFault),
    /// Certificate or key of the listener.
    #[error(transparent)]
    Tls(#[from] TlsFault),
    /// The listeners.
    #[error(transparent)]
    Listen(#[from] serve::StartError),
    /// Settings that only a new start can change.
    #[error("only a restart can change {0}")]
    NeedsRestart(&'static str),
}

/// A running gateway.
pub struct App {
    serving: Serving,
    gate: Arc<Gate>,
    operations: SocketAddr,
    draining: Arc<AtomicBool>,
    tls: Option<Arc<ArcSwap<ServerConfig>>>,
    fixed: Fixed,
    stop: CancellationToken,
    tasks: TaskTracker,
}

/// What a reload cannot change.
#[derive(PartialEq)]
struct Fixed {
    address: SocketAddr,
    operations: SocketAddr,
    has_tls: bool,
    store: std::path::PathBuf,
    environment: String,
}

impl Fixed {
    fn of(settings: &Settings) -> Fixed {
        Fixed {
            address: settings.listen.address,
            operations: settings.listen.operations,
            has_tls: settings.listen.tls.is_some(),
            store: settings.store.path.clone(),
            environment: settings.ams.live.name.clone(),
        }
    }
}

impl App {
    /// Starts a gateway on the runtime of the caller, which becomes its control plane. When this returns, it answers.
    pub async fn start(settings: Settings, clock: SharedClock) -> Result<App, StartError> {
        let fixed = Fixed::of(&settings);
        let (settings, store) = open_store(settings).await?;
        let keyring = Arc::new(Keyring::ensure(&*store, &*clock).await?);
        let attempts = Attempts::new(Sealer::new(&settings.store.secret_key, "login attempt")?);
        let tls = settings.listen.tls.as_ref().map(load_tls).transpose()?;
        let snapshot = snapshot_of(&settings)?;

        let budget = Arc::new(Budget::new(settings.ams.rate));
        let ams = re_members_of(&settings, &budget, &clock)?;
        let rules: PublishedRules =
            Arc::new(ArcSwap::from_pointee(Published { version: 1, rules: settings.rules.clone() }));
        let (refresh, waiting) =
            Refresh::new(Arc::clone(&ams), Arc::clone(&store), Arc::clone(&rules), Arc::clone(&clock));
        let refresh = Arc::new(refresh);
        let visits = Arc::new(Visits::new(
            Arc::clone(&store),
            Arc::clone(&rules),
            settings.session,
            ams.environment(),
            Arc::clone(&clock),
            Arc::clone(&refresh),
        ));
        let sign_in = Arc::new(SignIn::new(
            Arc::clone(&ams),
            Arc::clone(&store),
            Arc::clone(&visits),
            Arc::clone(&rules),
            Arc::clone(&clock),
            attempts,
        ));
        let control = routes::control(state::Gate {
            sign_in: Arc::clone(&sign_in),
            visits: Arc::clone(&visits),
            ams,
            keys: Arc::clone(&keyring),
            rules: Arc::clone(&rules),
            clock: Arc::clone(&clock),
        });
        let gate = Arc::new(Gate {
            snapshot: ArcSwap::from_pointee(snapshot),
            visits: Arc::clone(&visits),
            rules,
            keyring,
            clock: Arc::clone(&clock),
            control: Control::new(control, Handle::current()),
            meter: Meter::default(),
        });

        let (stop, tasks) = (CancellationToken::new(), TaskTracker::new());
        let draining = Arc::new(AtomicBool::new(false));
        let watch = Watch {
            store: Arc::clone(&store),
            gate: Arc::clone(&gate),
            budget,
            sign_in,
            refresh: Arc::clone(&refresh),
            draining: Arc::clone(&draining),
        };
        let operations = TcpListener::bind(fixed.operations)
            .await
            .map_err(|error| serve::StartError::Listen(fixed.operations, error))?;
        let operations_address =
            operations.local_addr().map_err(|error| serve::StartError::Listen(fixed.operations, error))?;
        let answering = axum::serve(operations, operations::router(Arc::new(watch)))
            .with_graceful_shutdown(stop.clone().cancelled_owned());
        tasks.spawn(async move {
            // It retries failed accepts by itself and has no other errors.
            let _ = answering.await;
        });
        tasks.spawn(refresh.run(waiting, stop.clone()));
        tasks.spawn(upkeep::run(visits, Arc::clone(&store), clock, stop.clone()));
        tasks.close();
        let listener = Listener { address: settings.listen.address, tls: tls.clone() };
        let serving = serve::start(&[listener], serving_of(&settings.listen), &gate)?;
        Ok(App { serving, gate, operations: operations_address, draining, tls, fixed, stop, tasks })
    }

    /// Where it answers visitors.
    pub fn address(&self) -> SocketAddr {
        self.serving.addresses().first().copied().unwrap_or(self.fixed.address)
    }

    /// Where it answers its operator.
    pub fn operations(&self) -> SocketAddr {
        self.operations
    }

    /// Takes over new settings, or refuses them and changes nothing. Requests under way end as they began.
    pub fn reload(&self, settings: &Settings) -> Result<(), StartError> {
        let wanted = Fixed::of(settings);
        let moved = [
            (wanted.address != self.fixed.address, "listen.address"),
            (wanted.operations != self.fixed.operations, "listen.operations"),
            (wanted.has_tls != self.fixed.has_tls, "whether the listener has a certificate"),
            (wanted.store != self.fixed.store, "store.path"),
            (wanted.environment != self.fixed.environment, "ams.live"),
        ];
        if let Some((_, what)) = moved.into_iter().find(|(moved, _)| *moved) {
            return Err(StartError::NeedsRestart(what));
        }
        let snapshot = snapshot_of(settings)?;
        let certificate = settings.listen.tls.as_ref().map(read_tls).transpose()?;
        // Nothing below can fail: all of it comes into force, or none.
        if let (Some(tls), Some(certificate)) = (&self.tls, certificate) {
            tls.store(Arc::new(certificate));
        }
        let version = self.gate.rules.load().version + 1;
        self.gate.rules.store(Arc::new(Published { version, rules: settings.rules.clone() }));
        self.gate.visits.set_limits(settings.session);
        self.gate.snapshot.store(Arc::new(snapshot));
        Ok(())
    }

    /// Lets requests under way finish within the limit, writes down what memory knows, and ends.
    pub async fn stop(self) {
        self.draining.store(true, Ordering::Release);
        self.serving.drain().await;
        self.stop.cancel();
        self.tasks.wait().await;
    }
}

/// What the operations listener asks.
struct Watch {
    store: Arc<dyn Store>,
    gate: Arc<Gate>,
    budget: Arc<Budget>,
    sign_in: Arc<SignIn>,
    refresh: Arc<Refresh>,
    draining: Arc<AtomicBool>,
}

impl Operations for Watch {
    fn unready(&self) -> BoxFuture<'_, Vec<Unready>> {
        Box::pin(async {
            let draining = self.draining.load(Ordering::Acquire).then_some(Unready::Draining);
            let store = self.store.ping().await.err().map(|error| Unready::Store(error.to_string()));
            draining.into_iter().chain(store).collect()
        })
    }

    fn metrics(&self) -> String {
        let levels = Levels { sessions: self.gate.visits.count(), ams: self.budget.used() };
        metrics::page(&levels, |registry| {
            self.gate.meter.register(registry);
            self.sign_in.tally.register(registry, "membergate_sign_ins", "Returns from the login, by ending");
            self.refresh.tally.register(registry, "membergate_refreshes", "Records read anew, by ending");
        })
    }
}

async fn open_store(settings: Settings) -> Result<(Settings, Arc<dyn Store>), StoreError> {
    let opening = tokio::task::spawn_blocking(move || {
        let opened = SqliteStore::open(&settings.store.path, &settings.store.secret_key);
        (settings, opened)
    });
    match opening.await {
        Ok((settings, opened)) => Ok((settings, Arc::new(opened?))),
        Err(_) => Err(StoreError::Unavailable("opening it was cut short".to_owned())),
    }
}

fn re_members_of(
    settings: &Settings,
    budget: &Arc<Budget>,
    clock: &SharedClock,
) -> Result<Arc<dyn Ams>, StartError> {
    let http = HttpClient::new(HttpLimits::default())?;
    let live: re_members::Environment = settings.ams.live.clone();
    Ok(Arc::new(ReMembers::new(live, http, Arc::clone(budget), Arc::clone(clock))))
}

fn snapshot_of(settings: &Settings) -> Result<Snapshot, StartError> {
    let mut endpoints = Endpoints::new();
    for site in &settings.sites {
        let name = Arc::clone(&site.site.name);
        let failed = |fault| StartError::Site(Arc::clone(&name), fault);
        if let Some(endpoint) = site.endpoint() {
            endpoints.insert(Arc::clone(&name), Arc::new(endpoint.map_err(failed)?));
        }
    }
    Ok(Snapshot {
        sites: Sites::new(settings.sites.iter().map(|site| site.site.clone())),
        endpoints,
        settings: proxy::Settings {
            trusted_proxies: settings.listen.trusted_proxies.clone(),
            forward_auth_proxies: settings.listen.forward_auth_proxies.clone(),
            stream_idle: settings.listen.stream_timeout,
            ..proxy::Settings::default()
        },
        association: Arc::new(settings.association.clone()),
    })
}

fn serving_of(listen: &Listen) -> serve::Settings {
    let defaults = serve::Settings::default();
    serve::Settings {
        threads: listen.workers.and_then(NonZeroUsize::new).unwrap_or(defaults.threads),
        header: listen.header_timeout,
        idle: listen.idle_timeout,
        connections: listen.max_connections,
        drain: listen.drain_timeout,
        ..defaults
    }
}

fn read_tls(tls: &Tls) -> Result<ServerConfig, TlsFault> {
    serve::tls::load(&tls.certificate, &tls.key)
}

fn load_tls(tls: &Tls) -> Result<Arc<ArcSwap<ServerConfig>>, TlsFault> {
    Ok(Arc::new(ArcSwap::from_pointee(read_tls(tls)?)))
}
