//! One request on one core, its phases in order: find the site, find the visitor, decide, and act on the decision.

use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use http::header::{CACHE_CONTROL, STRICT_TRANSPORT_SECURITY};
use http::{HeaderValue, Request, Response, Uri};
use hyper::body::Incoming;

use super::asked::{Asked, RequestVerdict};
use super::body::Body;
use super::context::{Context, SitePath, is_read};
use super::declined::Declined;
use super::early::Unread;
use super::gate::Peer;
use super::headers::REQUEST_ID;
use super::intake::{Handling, Rejected, Target, Upgrade};
use super::worker::Worker;
use super::{answer, upgrade, verify, view};
use crate::adapters::upstream::Upload;
use crate::domain::access::Site;
use crate::web::arrived::{Arrived, PostedTo};
use crate::web::client_kind::{ClientKind, client_kind, is_speculative};
use crate::web::pages::Notice;
use crate::web::{log, paths};

impl Worker {
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
        let SitePath { path, site, is_ours } = SitePath::find(&context.snapshot, &target).map_err(reject)?;
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
            return self.own_page(context, &site, request).await;
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
            RequestVerdict::Granted(permit) => {
                self.forward(context, &target, &permit, &who, handling, request).await
            }
            RequestVerdict::Refused(standing, require) => {
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
            RequestVerdict::Unknown(error) => {
                Err(Declined::because(Notice::Unavailable(answer::SOON), error))
            }
            RequestVerdict::Stale => Err(Notice::AmsDown(answer::LATER).into()),
            RequestVerdict::ForeignSocket => Ok(self.foreign_socket(context)),
            RequestVerdict::SignIn if is_speculative(request.headers()) => Ok(self.fetched_ahead(context)),
            RequestVerdict::SignIn => {
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

    /// Hands a request for one of our own addresses to the control plane.
    async fn own_page(
        &self,
        context: &Context,
        site: &Arc<Site>,
        mut request: Request<Upload>,
    ) -> Result<Response<Body>, Declined> {
        let arrived = self.arrived(context, site);
        request.extensions_mut().insert(arrived.clone());
        let answered = self.gate.control.answer(request).await;
        let response = answered.map_err(|error| Declined::because(Notice::Broken, &error))?;
        log::answered(&arrived, response.status());
        let mut response = response.map(Body::Control);
        let headers = response.headers_mut();
        headers.insert(REQUEST_ID, context.request_id.clone());
        if !headers.contains_key(CACHE_CONTROL) {
            headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        }
        Ok(response)
    }

    /// Hands over a form that was posted without a session.
    async fn keep_form(
        &self,
        context: &Context,
        site: &Arc<Site>,
        mut request: Request<Upload>,
    ) -> Result<Response<Body>, Declined> {
        let original = std::mem::replace(request.uri_mut(), Uri::from_static(paths::KEEP_FORM));
        let page = original.path_and_query().map(ToString::to_string).unwrap_or_default();
        request.extensions_mut().insert(PostedTo(page));
        self.own_page(context, site, request).await
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
                self.keep_form(context, site, request).await
            }
            ClientKind::Navigation => Err(Notice::FormNotKept { login: answer::login_url(None) }.into()),
            ClientKind::Program => Err(Notice::SignInRequired { login: answer::login_url(None) }.into()),
        }
    }
}
