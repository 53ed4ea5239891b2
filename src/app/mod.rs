//! The one place that joins the parts: from checked settings to a running gateway, and from new settings to the same gateway.
//!
//! A gateway is built in stages: the store (`stored`), the use cases over it (`use_cases`), the pages and the data plane over
//! those, and last the listeners. What the first stages refuse, nobody has seen yet.

mod error;
mod fixed;
mod locations;
mod openid;
mod parts;
mod stored;
mod use_cases;
mod watch;

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use arc_swap::{ArcSwap, ArcSwapOption};
use prometheus_client::metrics::counter::Counter;
use rustls::ServerConfig;
use tokio::net::TcpListener;
use tokio::runtime::Handle;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::adapters::clock::SharedClock;
use crate::adapters::store::StoreError;
use crate::config::Settings;
use crate::flows::administer::Administer;
use crate::flows::administer::services::AdminServices;
use crate::flows::person::Published;
use crate::serve::{self, Listener, Serving};
use crate::web::proxy::{Control, Gate, Meter, Snapshot};
use crate::web::{operations, routes};
use fixed::Fixed;
use parts::{certificate_end, load_tls, read_tls, serving_of, snapshot_of, warn_of_doubts};
use stored::{Hold, Opened};
use use_cases::UseCases;
use watch::OperatorView;

pub use error::StartError;
pub(crate) use locations::{
    Upgraded, fill_store, lock_store, named_store, read_store, replace_store, upgrade_store,
};
pub(crate) use stored::{open_existing_store, open_store, with_chosen_environment};

/// A running gateway.
pub struct App {
    serving: Serving,
    gate: Arc<Gate>,
    use_cases: UseCases,
    configured_address: SocketAddr,
    operations: SocketAddr,
    watch: Arc<OperatorView>,
    tls: Option<Arc<ArcSwap<ServerConfig>>>,
    fixed: Fixed,
    stop: CancellationToken,
    tasks: TaskTracker,
    // Given up last.
    hold: Hold,
}

impl App {
    /// Starts a gateway on the runtime of the caller, which becomes its control plane. When this returns, it answers. It goes by the
    /// clock of its store, so that all gateways on one store share one time.
    pub async fn start(settings: Settings) -> Result<App, StartError> {
        App::start_with(settings, None).await
    }

    /// As [`App::start`], by this clock.
    pub async fn start_at(settings: Settings, clock: SharedClock) -> Result<App, StartError> {
        App::start_with(settings, Some(clock)).await
    }

    async fn start_with(settings: Settings, clock: Option<SharedClock>) -> Result<App, StartError> {
        let fixed = Fixed::of(&settings)?;
        let (opened, hold) = Opened::open(settings, clock).await?;
        let settings = &opened.settings;
        let tls = settings.listen.tls.as_ref().map(load_tls).transpose()?;
        let snapshot = snapshot_of(settings)?;

        let (use_cases, queue) = UseCases::of(&opened).await?;
        warn_of_doubts(settings, &use_cases.mapping.rules.load().rules);
        let gate = Arc::new(gate_of(&opened, &use_cases, snapshot));
        let watch = Arc::new(OperatorView {
            store: opened.store.clone(),
            resealing: Arc::clone(&opened.resealing),
            gate: Arc::clone(&gate),
            ams: use_cases.upstream.ams.clone(),
            budget: Arc::clone(&use_cases.upstream.budget),
            sign_in: Arc::clone(&use_cases.visiting.sign_in),
            refresh: Arc::clone(&use_cases.visiting.refresh),
            directory: Arc::clone(&use_cases.visiting.directory),
            deliverer: Arc::clone(&use_cases.deliverer),
            clock: Arc::clone(&opened.clock),
            certificate_end: ArcSwapOption::from_pointee(certificate_end(settings)),
            reloads_refused: Counter::default(),
            draining: AtomicBool::new(false),
        });
        if let Some(admin_services) = &use_cases.administration.admin_services {
            admin_services.overview.set_certificate_end(certificate_end(settings));
        }

        let (stop, tasks) = (CancellationToken::new(), TaskTracker::new());
        let operations = answer_operator(settings.listen.operations, &watch, &tasks, &stop).await?;
        use_cases.run(queue, &opened, &tasks, &stop);
        tasks.close();
        let listener = Listener { address: settings.listen.address, tls: tls.clone() };
        let serving = serve::start(&[listener], serving_of(&settings.listen), &gate)?;
        let configured_address = settings.listen.address;
        Ok(App {
            serving,
            gate,
            use_cases,
            configured_address,
            operations,
            watch,
            tls,
            fixed,
            stop,
            tasks,
            hold,
        })
    }

    /// Where it answers visitors.
    pub fn address(&self) -> SocketAddr {
        self.serving.addresses().first().copied().unwrap_or(self.configured_address)
    }

    /// Where it answers its operator.
    pub fn operations(&self) -> SocketAddr {
        self.operations
    }

    /// The use cases about people. `None`: the operator wants no administration.
    pub fn admin_services(&self) -> Option<&Arc<AdminServices>> {
        self.use_cases.administration.admin_services.as_ref()
    }

    /// Administration, if the operator wants it.
    pub fn administer(&self) -> Option<&Arc<Administer>> {
        self.use_cases.administration.administer.as_ref()
    }

    /// Waits until an administrator asks for a new start, because the AMS environment was switched.
    pub async fn restart_asked(&self) {
        self.use_cases.administration.restart.notified().await;
    }

    /// Waits until another gateway has taken over the store. This one writes nothing any longer and must end.
    pub async fn store_lost(&self) -> StoreError {
        self.hold.lost().await;
        StoreError::Superseded
    }

    /// Counts a reload that was refused, here or by whoever read the file.
    pub fn note_refused_reload(&self) {
        self.watch.reloads_refused.inc();
    }

    /// Takes over new settings, or refuses them and changes nothing. Requests under way end as they began.
    pub fn reload(&self, settings: &Settings) -> Result<(), StartError> {
        if let Some(key) = self.fixed.differs_from(&Fixed::of(settings)?) {
            return Err(StartError::NeedsRestart(key));
        }
        let snapshot = snapshot_of(settings)?;
        let certificate = settings.listen.tls.as_ref().map(read_tls).transpose()?;
        // Nothing below can fail: all of it comes into force, or none.
        if let (Some(tls), Some(certificate)) = (&self.tls, certificate) {
            tls.store(Arc::new(certificate));
        }
        match self.administer() {
            Some(administer) => {
                administer.previews.set_sites(settings.sites.iter().map(|site| &site.site));
                administer.tell_of_files(&settings.rules, settings.community_text());
            }
            None => {
                let version = self.gate.rules.load().version + 1;
                let replaced =
                    self.gate.rules.swap(Arc::new(Published::new(version, settings.rules.clone())));
                let lists = Arc::clone(&self.use_cases.mapping.lists);
                self.tasks.spawn(async move {
                    if let Err(error) = lists.keep_replaced(&replaced).await {
                        tracing::error!(%error, "The list of managed roles could not be kept");
                    }
                });
                if let (Some(ground), Some(community)) = (&self.use_cases.community, &settings.higher_logic) {
                    let in_force = ground.in_force();
                    if in_force.text != community.text {
                        ground.swap(community.in_force(in_force.version + 1));
                    }
                }
            }
        }
        warn_of_doubts(settings, &self.gate.rules.load().rules);
        let ends = certificate_end(settings);
        if let Some(admin_services) = self.admin_services() {
            admin_services.overview.set_certificate_end(ends);
        }
        self.watch.certificate_end.store(ends.map(Arc::new));
        self.use_cases.upstream.budget.set_rate(settings.ams.rate);
        self.use_cases.visiting.sign_in.waiting.set_most_of_network(settings.ams.waiting_per_network);
        self.use_cases.visiting.hooks.set_secrets(&settings.hook_secrets);
        self.gate.visits.set_limits(settings.session);
        if let Some(openid) = &self.use_cases.openid {
            openid.take_over(settings);
            let provider = Arc::clone(&openid.provider);
            // A new client may need a key of another kind.
            self.tasks.spawn(async move { provider.prepare().await });
        }
        self.gate.snapshot.store(Arc::new(snapshot));
        Ok(())
    }

    /// Lets requests under way finish within the limit, writes down what memory knows, and ends.
    pub async fn stop(self) {
        self.watch.draining.store(true, Ordering::Release);
        self.serving.drain().await;
        self.stop.cancel();
        if let Some(administer) = &self.use_cases.administration.administer {
            administer.close().await;
        }
        self.tasks.wait().await;
    }
}

/// The data plane, with our own pages behind it.
fn gate_of(opened: &Opened, use_cases: &UseCases, snapshot: Snapshot) -> Gate {
    let openid = use_cases.openid.as_ref();
    let provider = openid.map(|openid| Arc::clone(&openid.provider));
    let clients = openid.and_then(|openid| openid.clients.clone());
    let pages = routes::control(use_cases.services(opened), provider, clients);
    Gate {
        snapshot: ArcSwap::from_pointee(snapshot),
        visits: Arc::clone(&use_cases.visiting.visits),
        long: Arc::clone(&use_cases.visiting.long),
        rules: Arc::clone(&use_cases.mapping.rules),
        keyring: Arc::clone(&opened.keyring),
        clock: Arc::clone(&opened.clock),
        control: Control::new(pages, Handle::current()),
        meter: Meter::default(),
        refusal_log: Arc::default(),
    }
}

/// Answers `/livez`, `/readyz` and `/metrics` until `stop`; gives the address.
async fn answer_operator(
    listening: SocketAddr,
    watch: &Arc<OperatorView>,
    tasks: &TaskTracker,
    stop: &CancellationToken,
) -> Result<SocketAddr, serve::ListenError> {
    let failed = |error| serve::ListenError::Listen(listening, error);
    let listener = TcpListener::bind(listening).await.map_err(failed)?;
    let address = listener.local_addr().map_err(failed)?;
    let answering = axum::serve(listener, operations::router(watch.clone()))
        .with_graceful_shutdown(stop.clone().cancelled_owned());
    tasks.spawn(async move {
        // It retries failed accepts by itself and has no other errors.
        let _ = answering.await;
    });
    Ok(address)
}
