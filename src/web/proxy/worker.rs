//! One request on one core, its phases in order: find the site, find the visitor, decide, and act on the decision.

use std::cell::{Cell, RefCell};
use std::collections::HashSet;
use std::net::IpAddr;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Instant;

use http::header::STRICT_TRANSPORT_SECURITY;
use http::uri::PathAndQuery;
use http::{HeaderValue, Method, Request, Response};
use hyper::body::Incoming;

use super::asked::{Asked, Verdict};
use super::body::Body;
use super::declined::Declined;
use super::early::Unread;
use super::intake::{Handling, Rejected, Target, Upgrade};
use super::streams::{self, Streams};
use super::{Gate, Meter, Peer, Snapshot, answer, client_address, headers, upgrade, verify, view};
use crate::adapters::keys::{CryptographyFailed, random};
use crate::adapters::upstream::{Upload, Upstreams};
use crate::domain::access::{Located, Site};
use crate::domain::path::{PathFault, RequestPath};
use crate::web::arrived::Arrived;
use crate::web::client_kind::{ClientKind, client_kind, is_speculative};
use crate::web::identity::Stamps;
use crate::web::pages::{Code, Frame, Notice};
use crate::web::paths;
use crate::web::refusal_log::Reason;

/// The data plane on one core.
pub struct Worker {
    pub(super) gate: Arc<Gate>,
    pub(super) upstreams: Upstreams,
    pub(super) stamps: RefCell<Stamps>,
    pub(super) streams: Streams,
    /// Who asked wrongly at `/_gate/verify`, as far as it was logged.
    pub(super) odd_askers: RefCell<HashSet<IpAddr>>,
    /// Request ids of this core begin with it.
    core_id: String,
    requests: Cell<u64>,
}

/// One request, as far as it is known.
pub(super) struct Context {
    pub(super) snapshot: Arc<Snapshot>,
    pub(super) site: Option<Arc<Site>>,
    pub(super) host: Arc<str>,
    pub(super) client: IpAddr,
    pub(super) is_secure: bool,
    pub(super) request_id: HeaderValue,
    /// What the visitor asked for, if it was only read.
    pub(super) read: Option<PathAndQuery>,
}

impl Context {
    /// What stands around a page of ours.
    pub(super) fn frame(&self) -> Frame {
        let site = self.site.as_ref();
        Frame {
            association: self.snapshot.association.name.clone(),
            site: site.map(|site| site.title.clone()),
            home: site.map_or_else(|| "/".to_owned(), |site| site.home.clone()),
            again: site.and_then(|site| self.again(site)),
            request_id: self.request_id_text().to_owned(),
        }
    }

    /// The address that the visitor read. A return from the AMS cannot be repeated, and holds a token.
    fn again(&self, site: &Site) -> Option<String> {
        let read = self.read.as_ref().filter(|read| read.path() != paths::CALLBACK)?;
        read.as_str().starts_with('/').then(|| format!("{}{read}", site.origin))
    }

    pub(super) fn request_id_text(&self) -> &str {
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
            odd_askers: RefCell::default(),
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
            self.gate.refusal_log.close_windows(Instant::now());
            self.streams.ask(&self.gate);
            self.upstreams.sweep();
            self.gate.meter.limits.tell();
        }
    }

    /// Whether this address carries the requests of many visitors: a proxy before us, or a web server that asks us.
    pub fn is_proxy(&self, address: IpAddr) -> bool {
        let settings = &self.gate.snapshot.load().settings;
        let mut known = settings.trusted_proxies.iter().chain(&settings.forward_auth_proxies);
        known.any(|network| network.contains(address))
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
        let limits = context.snapshot.settings.upload;
        let request = request.map(|body| Upload::new(body, limits));
        let unread = Unread::of(&request);
        let mut response = if verify::is_asked(request.uri().path()) {
            let response = self.verify(&mut context, peer.address, kind, &request).await;
            drop(request);
            response
        } else {
            let answered = if peer.is_welcome {
                self.phases(&mut context, kind, request).await
            } else {
                Err(Declined::from(Notice::NetworkBusy(answer::SOON)))
            };
            match answered {
                Ok(response) => response,
                Err(declined) => self.declined(&context, kind, &declined),
            }
        };
        if unread.is_slow() {
            self.gate.meter.limits.slow_uploads.inc();
            if matches!(response.body(), Body::Control(_)) {
                // A page of ours says that it could not read the form; the reason is known here.
                response = self.declined(&context, kind, &Notice::RequestSlow.into());
            }
        }
        let is_https = context.site.as_ref().is_some_and(|site| site.is_https());
        if let Some(hsts) = context.snapshot.settings.hsts.as_ref().filter(|_| peer.is_secure && is_https) {
            // A site may say more itself.
            response.headers_mut().entry(STRICT_TRANSPORT_SECURITY).or_insert_with(|| hsts.clone());
        }
        unread.announce(&mut response, peer.is_welcome).await;
        response
    }

    fn context<B>(&self, peer: Peer, request: &Request<B>) -> Context {
        let snapshot = self.gate.snapshot.load_full();
        let trusted = &snapshot.settings.trusted_proxies;
        let (client, is_secure) = if trusted.is_empty() {
            (peer.address.to_canonical(), peer.is_secure)
        } else {
            let seen = client_address::came_from(peer.address, request.headers(), trusted);
            (seen.address, peer.is_secure || seen.is_secure)
        };
        let request_id = self.next_request_id();
        let read = is_read(request.method()).then(|| request.uri().path_and_query().cloned()).flatten();
        Context { snapshot, site: None, host: "".into(), client, is_secure, request_id, read }
    }

    pub(super) fn next_request_id(&self) -> HeaderValue {
        let number = self.requests.get();
        self.requests.set(number + 1);
        let request_id = HeaderValue::from_str(&format!("{}-{number:x}", self.core_id));
        request_id.unwrap_or_else(|_| HeaderValue::from_static("unnamed"))
    }

    /// Find the site, find the visitor, decide, and act on the decision.
    async fn phases(
        self: &Rc<Worker>,
        context: &mut Context,
        kind: ClientKind,
        request: Request<Upload>,
    ) -> Result<Response<Body>, Declined> {
        let reject = |rejected| self.reject(rejected);
        let target = Target::read(&request).map_err(reject)?;
        context.host = Arc::from(target.host.as_str());
        let Place { path, site, is_ours } = Place::find(&context.snapshot, &target).map_err(reject)?;
        context.site = Some(Arc::clone(&site));
        if is_ours {
            if is_speculative(request.headers()) {
                return Ok(self.fetched_ahead(context));
            }
            if kind == ClientKind::Navigation
                && is_read(request.method())
                && target.is_at_another_host_name(&site)
                && let Some(there) = answer::at_the_origin(context, &site, &target.path_and_query)
            {
                return Ok(there);
            }
            return self.gate.control.answer(self.arrived(context, &site), context, request).await;
        }
        if !context.snapshot.endpoints.contains_key(&site.name) {
            return Err(reject(Rejected::SiteNotServedHere));
        }
        let upgrade = Upgrade::read(&request).map_err(reject)?;
        let is_foreign = upgrade == Upgrade::WebSocket && upgrade::is_foreign(request.headers(), &site);

        let method = request.method().clone();
        let asked = Asked::new(&site, &target, &path, &method, request.headers(), is_foreign);
        let who = asked.who(&self.gate, &context.snapshot).await;
        if let Some(ended) = view::refuse(context, &who, asked.methods(), kind, upgrade, &target) {
            return ended.map_err(Declined::from);
        }
        let handling = Handling { upgrade, may_repeat: asked.is_idempotent() };
        match asked.verdict(&who) {
            Verdict::Granted(permit) => {
                self.forward(context, &target, &permit, &who, handling, request).await
            }
            Verdict::Refused(standing, require) => {
                self.gate.meter.refused.inc();
                let refused = answer::refused(&self.gate, &context.snapshot, standing, require);
                let refused = Declined { cause: asked.closed_reading(who.visitor()), ..refused.into() };
                match who.viewer() {
                    None => Err(refused),
                    Some(viewer) => {
                        let page = self.declined(context, kind, &refused);
                        Ok(view::mark(page, viewer, &standing.profile.name))
                    }
                }
            }
            Verdict::Unknown => Err(Notice::Busy(answer::SOON).into()),
            Verdict::Stale => Err(Notice::AmsDown(answer::LATER).into()),
            Verdict::ForeignSocket => Ok(self.foreign_socket(context)),
            Verdict::SignIn if is_speculative(request.headers()) => Ok(self.fetched_ahead(context)),
            Verdict::SignIn => {
                self.gate.meter.sign_in.inc();
                self.log_closed_reading(context, kind, asked.closed_reading(who.visitor()));
                self.sign_in(context, &site, kind, &target, request).await
            }
        }
    }

    /// What our own pages are told.
    fn arrived(&self, context: &Context, site: &Arc<Site>) -> Arrived {
        Arrived {
            site: Arc::clone(site),
            sites: Arc::clone(&context.snapshot.sites),
            association: Arc::clone(&context.snapshot.association),
            request_id: context.request_id_text().into(),
            client_address: context.client,
            again: context.again(site),
            refusal_log: Arc::clone(&self.gate.refusal_log),
            is_logged: Arc::new(AtomicBool::new(false)),
        }
    }

    /// A request that a browser sent ahead of the person, where something would begin or end.
    pub(super) fn fetched_ahead(&self, context: &Context) -> Response<Body> {
        let response = answer::fetched_ahead(context);
        self.log(context, response.status(), Reason::Page(Code::FetchedAhead), None);
        response
    }

    /// A WebSocket handshake from a page of another origin.
    pub(super) fn foreign_socket(&self, context: &Context) -> Response<Body> {
        let response = answer::foreign_socket(context);
        self.log(context, response.status(), Reason::ForeignWebSocket, None);
        response
    }

    /// Counts a request that goes nowhere.
    pub(super) fn reject(&self, rejected: Rejected) -> Declined {
        self.gate.meter.rejected.inc();
        Declined::from(rejected)
    }

    async fn sign_in(
        &self,
        context: &Context,
        site: &Arc<Site>,
        kind: ClientKind,
        target: &Target,
        request: Request<Upload>,
    ) -> Result<Response<Body>, Declined> {
        let is_read = is_read(request.method());
        let limit = context.snapshot.settings.form_limit;
        match kind {
            ClientKind::Navigation if is_read => {
                // Its own spelling of the host would start a sign-in that cannot end there.
                let origin = if target.is_spelled_as_configured(site) { "" } else { &site.origin };
                let asked = (request.method(), &target.path_and_query, request.headers());
                Ok(answer::to_login(context, &self.gate.long, (&**site, origin), asked).await)
            }
            ClientKind::Navigation
                if answer::is_form_to_keep(request.method(), request.headers(), site, limit) =>
            {
                self.gate.control.keep_form(self.arrived(context, site), context, request).await
            }
            ClientKind::Navigation => Err(Notice::FormNotKept { login: answer::login_url(None) }.into()),
            ClientKind::Program => Err(Notice::SignInRequired { login: answer::login_url(None) }.into()),
        }
    }
}

/// Whether a method changes nothing, so that a page of ours may repeat the request.
pub(super) fn is_read(method: &Method) -> bool {
    matches!(*method, Method::GET | Method::HEAD)
}

/// Where a request goes.
pub(super) struct Place<'t> {
    pub(super) path: RequestPath<'t>,
    /// The site to which every reading of the path leads.
    pub(super) site: Arc<Site>,
    /// Whether the path is an address of ours. It has one reading then.
    pub(super) is_ours: bool,
}

impl<'t> Place<'t> {
    /// Reads the path and finds the site, as the proxy and `/_gate/verify` both do.
    pub(super) fn find(snapshot: &Snapshot, target: &'t Target) -> Result<Place<'t>, Rejected> {
        let (sites, host) = (&snapshot.sites, target.host.as_str());
        let Located { path, site } =
            sites.locate(host, target.path_and_query.path()).map_err(Rejected::Path)?;
        let is_ours = path.readings().any(|reading| snapshot.settings.is_ours(host, reading));
        if is_ours && !path.has_one_reading() {
            return Err(Rejected::Path(PathFault::Gateway));
        }
        // Where no site covers our own addresses, any of the host's sites can speak for it; where sites read keys and lists of
        // roles, any site at all.
        let site = site.or_else(|| sites.on_host(host).first().filter(|_| is_ours));
        let site = site.or_else(|| sites.all().next().filter(|_| paths::is_for_sites(path.literal())));
        Ok(Place { path, site: site.cloned().ok_or(Rejected::NoSite)?, is_ours })
    }
}
