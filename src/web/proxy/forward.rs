//! The way to the site and back, once a permit is there.

use std::rc::Rc;
use std::sync::Arc;

use http::{Method, Request, Response, StatusCode, Uri};
use hyper::body::Incoming;

use super::body::{Body, Watch};
use super::declined::Declined;
use super::intake::{Target, Upgrade};
use super::streams::Question;
use super::visitor::Who;
use super::worker::{Context, Worker};
use super::{answer, headers, upgrade, view};
use crate::adapters::keys::CryptographyFailed;
use crate::domain::access::Permit;
use crate::web::identity::Whose;
use crate::web::pages::Notice;

impl Worker {
    pub(super) async fn forward(
        self: &Rc<Worker>,
        context: &Context,
        target: &Target,
        permit: &Permit<'_>,
        who: &Who,
        upgrade: Upgrade,
        mut request: Request<Incoming>,
    ) -> Result<Response<Body>, Declined> {
        let visitor_upgrade = (upgrade == Upgrade::WebSocket).then(|| hyper::upgrade::on(&mut request));
        let method = request.method().clone();
        let is_read_whole = method == Method::GET;
        let uri = Uri::from(target.path_and_query.clone());
        self.prepare(context, target, permit, who, &mut request)
            .map_err(|error| Declined::because(Notice::Broken, &error))?;
        if visitor_upgrade.is_some() {
            upgrade::ask(request.headers_mut());
        }
        *request.uri_mut() = uri.clone();
        let sent = self.upstreams.send(permit, &context.snapshot.endpoints, request).await;
        let mut response = sent.map_err(|error| {
            self.gate.meter.upstream_failed.inc();
            Declined::because(answer::of_upstream(&error), &error)
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
                _ => Err(Notice::SiteDown.into()),
            };
        }
        headers::response(response.headers_mut(), question.is_some());
        let mut watch = Watch::new(Rc::clone(self), question);
        if let (Some(viewer), Who::SignedIn(_, held)) = (who.viewer(), who) {
            let (name, has_body) = (&held.standing.profile.name, is_read_whole);
            watch.append(view::response(&mut response, viewer, name).filter(|_| has_body));
        }
        Ok(response.map(|body| Body::Site(body, watch)))
    }

    /// Turns the visitor's header section into ours: claims out, facts in.
    fn prepare(
        &self,
        context: &Context,
        target: &Target,
        permit: &Permit<'_>,
        who: &Who,
        request: &mut Request<Incoming>,
    ) -> Result<(), CryptographyFailed> {
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
        if who.viewer().is_some() {
            view::request(request.headers_mut());
        }
        if let Who::SignedIn(live, held) = who {
            let (now, signer) = (self.gate.clock.now(), self.gate.keyring.signer());
            let mapping = self.gate.rules.load();
            let whose = Whose { session: live.session(), held, mapping: &mapping };
            self.stamps.borrow_mut().stamp(request.headers_mut(), permit, &whose, now, &signer)?;
        }
        Ok(())
    }
}
