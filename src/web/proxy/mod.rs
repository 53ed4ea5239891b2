//! The data plane: one request from a visitor to a site and back, its phases in order.
//!
//! Each core has a `Worker` of its own; they share the `Gate`, which holds snapshots and no locks. Kept out: sockets
//! (`serve`), what may be reached (`domain::access`), who is asking (`flows::visit`), and our own pages (control plane).

mod answer;
mod body;
mod client_address;
mod control;
mod cookies;
mod headers;
mod intake;
mod meter;
mod streams;
mod upgrade;
mod visitor;

use std::cell::{Cell, RefCell};
use std::net::IpAddr;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use http::{HeaderValue, Method, Request, Response, StatusCode, Uri};
use hyper::body::Incoming;

pub use body::{Body, BodyError};
pub use client_address::client_address;
pub use control::Control;
pub use headers::REQUEST_ID;
pub use meter::Meter;

use crate::adapters::clock::SharedClock;
use crate::adapters::keys::keyring::Keyring;
use crate::adapters::keys::{CryptographyFailed, random};
use crate::adapters::upstream::{Endpoints, Upstreams};
use crate::domain::access::{Access, Permit, Site, Sites, decide};
use crate::domain::network::Network;
use crate::domain::return_to::is_ours;
use crate::flows::person::PublishedRules;
use crate::flows::visit::Visits;
use crate::web::arrived::{Arrived, Association};
use crate::web::client_kind::{ClientKind, client_kind};
use crate::web::identity::Stamps;
use crate::web::pages::Notice;
use crate::web::paths;
use intake::{Target, Upgrade};
use streams::{Question, Streams};
use visitor::Who;

/// Limits of the data plane.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// Proxies before us whose `X-Forwarded-For` and `X-Forwarded-Proto` are believed. Default: none.
    pub trusted_proxies: Vec<Network>,
    /// Largest form that is kept across a sign-in, in bytes. Default: 64 KiB.
    pub form_limit: u64,
    /// How long a request waits for a new record when the one at hand is too old to be believed. Default: 10 s.
    pub refresh_wait: Duration,
    /// How long an answer may go without a byte. WebSockets are exempt. Default: 5 min.
    pub stream_idle: Duration,
    /// The host at which we are an OpenID Provider; two more addresses are ours there. Default: none.
    pub provider_host: Option<Arc<str>>,
}

impl Default for Settings {
    fn default() -> Settings {
        Settings {
            trusted_proxies: Vec::new(),
            form_limit: 64 * 1024,
            refresh_wait: Duration::from_secs(10),
            stream_idle: Duration::from_secs(300),
            provider_host: None,
        }
    }
}

/// Everything that a reload replaces, as one piece.
pub struct Snapshot {
    /// The sites.
    pub sites: Sites,
    /// Where each of them is reached.
    pub endpoints: Endpoints,
    /// Limits.
    pub settings: Settings,
    /// Who runs the sites.
    pub association: Arc<Association>,
}

/// What all cores share.
pub struct Gate {
    /// Sites and settings in force.
    pub snapshot: ArcSwap<Snapshot>,
    /// Sessions.
    pub visits: Arc<Visits>,
    /// The mapping in force.
    pub rules: PublishedRules,
    /// Signs assertions.
    pub keyring: Arc<Keyring>,
    /// Tells the time.
    pub clock: SharedClock,
    /// Our own pages.
    pub control: Control,
    /// Counters.
    pub meter: Meter,
}

/// The visitor's end of a connection.
#[derive(Debug, Clone, Copy)]
pub struct Peer {
    /// Its address.
    pub address: IpAddr,
    /// Whether we ended TLS.
    pub is_secure: bool,
}

/// The data plane on one core.
pub struct Worker {
    gate: Arc<Gate>,
    upstreams: Upstreams,
    stamps: RefCell<Stamps>,
    streams: Streams,
    /// Request ids of this core begin with it.
    core_id: String,
    requests: Cell<u64>,
}

/// One request, as far as it is known.
struct Context {
    snapshot: Arc<Snapshot>,
    site: Option<Arc<Site>>,
    host: Arc<str>,
    client: IpAddr,
    is_secure: bool,
    request_id: HeaderValue,
}

impl Context {
    /// What our own pages are told.
    fn arrived(&self, site: &Arc<Site>) -> Arrived {
        Arrived {
            site: Arc::clone(site),
            association: Arc::clone(&self.snapshot.association),
            request_id: self.request_id_text().into(),
            client_address: self.client,
        }
    }

    fn request_id_text(&self) -> &str {
        self.request_id.to_str().unwrap_or_default()
    }
}

impl Worker {
    /// A worker for the core of the current thread.
    pub fn new(gate: Arc<Gate>) -> Result<Rc<Worker>, CryptographyFailed> {
        let upstreams = Upstreams::new(Arc::clone(&gate.meter.upstream), headers::trailers);
        let core_id = random::token()?.chars().filter(char::is_ascii_alphanumeric).take(10).collect();
        Ok(Rc::new(Worker {
            gate,
            upstreams,
            stamps: RefCell::default(),
            streams: Streams::default(),
            core_id,
            requests: Cell::new(0),
        }))
    }

    /// Looks after open streams and idle connections; never ends by itself.
    pub async fn tend(self: Rc<Worker>) {
        let mut period = tokio::time::interval(streams::PERIOD);
        period.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            period.tick().await;
            self.streams.ask(&self.gate);
            self.upstreams.sweep();
        }
    }

    /// The counters, which connections share.
    pub fn meter(&self) -> &Meter {
        &self.gate.meter
    }

    /// Answers one request.
    pub async fn answer(self: Rc<Worker>, peer: Peer, request: Request<Incoming>) -> Response<Body> {
        let kind = client_kind(request.headers());
        let mut context = self.context(peer, &request);
        self.gate.meter.requests.inc();
        match self.phases(&mut context, kind, request).await {
            Ok(response) => response,
            Err(notice) => answer::notice(&context, kind, &notice),
        }
    }

    fn context(&self, peer: Peer, request: &Request<Incoming>) -> Context {
        let snapshot = self.gate.snapshot.load_full();
        let trusted = &snapshot.settings.trusted_proxies;
        let (client, is_secure) = if trusted.is_empty() {
            (peer.address.to_canonical(), peer.is_secure)
        } else {
            let secure = client_address::came_secure(peer.address, request.headers(), trusted);
            (client_address(peer.address, request.headers(), trusted), peer.is_secure || secure)
        };
        let number = self.requests.get();
        self.requests.set(number + 1);
        let request_id = HeaderValue::from_str(&format!("{}-{number:x}", self.core_id));
        let request_id = request_id.unwrap_or_else(|_| HeaderValue::from_static("unnamed"));
        Context { snapshot, site: None, host: "".into(), client, is_secure, request_id }
    }

    /// Find the site, find the visitor, decide, and act on the decision.
    async fn phases(
        self: &Rc<Worker>,
        context: &mut Context,
        kind: ClientKind,
        request: Request<Incoming>,
    ) -> Result<Response<Body>, Notice> {
        let reject = |notice: Notice| {
            self.gate.meter.rejected.inc();
            notice
        };
        let target = Target::read(&request).map_err(reject)?;
        context.host = Arc::from(target.host.as_str());
        let path = target.path().map_err(reject)?;
        let sharing = context.snapshot.sites.on_host(&target.host);
        let is_provider = context.snapshot.settings.provider_host.as_deref() == Some(&*target.host);
        if is_ours(path.as_str()) || is_provider && paths::is_discovery(path.as_str()) {
            let found = context.snapshot.sites.find(&target.host, &path).or(sharing.first());
            let site = Arc::clone(found.ok_or(Notice::UnknownSite).map_err(reject)?);
            context.site = Some(Arc::clone(&site));
            return self.gate.control.answer(context, &site, request).await;
        }
        let found =
            context.snapshot.sites.find(&target.host, &path).ok_or(Notice::UnknownSite).map_err(reject)?;
        let site = Arc::clone(found);
        context.site = Some(Arc::clone(&site));
        let upgrade = Upgrade::read(&request).map_err(reject)?;
        let is_foreign = upgrade == Upgrade::WebSocket && upgrade::is_foreign(request.headers(), &site);

        let method = request.method().clone();
        let mut who = match is_foreign {
            true => Who::Stranger,
            false => {
                let now = self.gate.clock.now();
                Who::read(&self.gate, request.headers(), &site, &target.host, now).await
            }
        };
        // A public page does not wait for the AMS.
        let is_open =
            |who: &Who| matches!(decide(&site, &path, method.as_str(), who.visitor()), Access::Granted(_));
        if matches!(who, Who::Stale(_)) && !is_open(&who) {
            who = who.refreshed(&self.gate, &context.snapshot, &target.host).await;
        }
        match decide(&site, &path, method.as_str(), who.visitor()) {
            Access::Granted(permit) => self.forward(context, &target, &permit, &who, upgrade, request).await,
            Access::SignIn if is_foreign => Ok(answer::foreign_socket(context)),
            Access::SignIn => match who {
                Who::Unknown => Err(Notice::Busy { retry_after: 5 }),
                Who::Stale(_) => Err(Notice::AmsDown { retry_after: 15, again: again(&target, &method) }),
                Who::Stranger | Who::SignedIn(..) => {
                    self.gate.meter.sign_in.inc();
                    self.sign_in(context, &site, kind, &target, request).await
                }
            },
            Access::Refused(require) => {
                self.gate.meter.refused.inc();
                match &who {
                    Who::SignedIn(_, held) => {
                        Err(answer::refused(&self.gate, &context.snapshot, &held.standing, require))
                    }
                    _ => Err(Notice::Broken),
                }
            }
        }
    }

    async fn sign_in(
        &self,
        context: &Context,
        site: &Arc<Site>,
        kind: ClientKind,
        target: &Target,
        request: Request<Incoming>,
    ) -> Result<Response<Body>, Notice> {
        let is_read = matches!(*request.method(), Method::GET | Method::HEAD);
        let limit = context.snapshot.settings.form_limit;
        match kind {
            ClientKind::Navigation if is_read => Ok(answer::to_login(context, &target.path_and_query)),
            ClientKind::Navigation
                if answer::is_form_to_keep(request.method(), request.headers(), site, limit) =>
            {
                self.gate.control.keep_form(context, site, request).await
            }
            ClientKind::Navigation => Err(Notice::FormNotKept { login: answer::login_url(None) }),
            ClientKind::Program => Err(Notice::SignInRequired { login: answer::login_url(None) }),
        }
    }

    async fn forward(
        self: &Rc<Worker>,
        context: &Context,
        target: &Target,
        permit: &Permit<'_>,
        who: &Who,
        upgrade: Upgrade,
        mut request: Request<Incoming>,
    ) -> Result<Response<Body>, Notice> {
        let visitor_upgrade = (upgrade == Upgrade::WebSocket).then(|| hyper::upgrade::on(&mut request));
        let method = request.method().clone();
        let uri = Uri::from(target.path_and_query.clone());
        self.prepare(context, target, permit, who, &mut request)?;
        if visitor_upgrade.is_some() {
            upgrade::ask(request.headers_mut());
        }
        *request.uri_mut() = uri.clone();
        let sent = self.upstreams.send(permit, &context.snapshot.endpoints, request).await;
        let mut response = sent.map_err(|error| {
            self.gate.meter.upstream_failed.inc();
            let site = &*permit.site().name;
            tracing::warn!(request.id = context.request_id_text(), site, %error, "The site gave no answer");
            answer::of_upstream(&error)
        })?;
        self.gate.meter.proxied.inc();

        let question = match who {
            Who::SignedIn(live, _) => Some(Box::new(Question {
                live: Arc::clone(live),
                site: Arc::clone(&permit.site().name),
                host: Arc::clone(&context.host),
                method,
                uri,
            })),
            _ => None,
        };
        if response.status() == StatusCode::SWITCHING_PROTOCOLS {
            return match visitor_upgrade {
                Some(visitor) if upgrade::is_agreed(&response) => {
                    Ok(upgrade::join(self, response, visitor, question))
                }
                // Nobody asked for that.
                _ => Err(Notice::SiteDown),
            };
        }
        headers::response(response.headers_mut(), question.is_some());
        Ok(response.map(|body| Body::Site(body, body::Watch::new(Rc::clone(self), question))))
    }

    /// Turns the visitor's header section into ours: claims out, facts in.
    fn prepare(
        &self,
        context: &Context,
        target: &Target,
        permit: &Permit<'_>,
        who: &Who,
        request: &mut Request<Incoming>,
    ) -> Result<(), Notice> {
        let endpoint = context.snapshot.endpoints.get(&permit.site().name);
        let via = headers::Via {
            client: context.client,
            is_secure: context.is_secure,
            authority: &target.authority,
            upstream_host: endpoint.filter(|e| !e.preserve_host).map(|e| e.authority()),
            request_id: &context.request_id,
        };
        request.extensions_mut().clear();
        *request.version_mut() = headers::UPSTREAM_VERSION;
        headers::request(request.headers_mut(), &via);
        if let Who::SignedIn(live, held) = who {
            let (now, signer) = (self.gate.clock.now(), self.gate.keyring.signer());
            let mut stamps = self.stamps.borrow_mut();
            let key = live.session().key;
            stamps.stamp(request.headers_mut(), permit, key, held, now, &signer).map_err(|error| {
                tracing::error!(request.id = context.request_id_text(), %error, "An assertion could not be signed");
                Notice::Broken
            })?;
        }
        Ok(())
    }
}

/// The address that a page tries again by itself; only what is safe to repeat.
fn again(target: &Target, method: &Method) -> String {
    let is_read = matches!(*method, Method::GET | Method::HEAD);
    if is_read { target.path_and_query.to_string() } else { "/".to_owned() }
}
