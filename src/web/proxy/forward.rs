//! The way to the site and back, once a permit is there.

use std::rc::Rc;
use std::sync::Arc;

use http::{Method, Request, Response, StatusCode, Uri, Version};

use super::body::{Body, Watch};
use super::context::Context;
use super::declined::Declined;
use super::intake::{Handling, Target, Upgrade};
use super::internal_names::Names;
use super::streams::Question;
use super::visitor::Who;
use super::worker::Worker;
use super::{answer, headers, upgrade, view};
use crate::adapters::keys::CryptographyFailed;
use crate::adapters::upstream::{Upload, UpstreamError};
use crate::domain::access::Permit;
use crate::domain::network::ClientNetwork;
use crate::web::identity::Whose;
use crate::web::pages::Notice;

impl Worker {
    pub(super) async fn forward(
        self: &Rc<Worker>,
        context: &Context,
        target: &Target,
        permit: &Permit<'_>,
        who: &Who,
        handling: Handling,
        mut request: Request<Upload>,
    ) -> Result<Response<Body>, Declined> {
        let visitor_upgrade =
            (handling.upgrade == Upgrade::WebSocket).then(|| hyper::upgrade::on(&mut request));
        let method = request.method().clone();
        let is_http2 = request.version() == Version::HTTP_2;
        let is_read_whole = method == Method::GET;
        let uri = Uri::from(target.path_and_query.clone());
        self.prepare(context, target, permit, who, &mut request)
            .map_err(|error| Declined::because(Notice::Broken, &error))?;
        if visitor_upgrade.is_some() {
            upgrade::ask(request.headers_mut());
        }
        *request.uri_mut() = uri.clone();
        let client = ClientNetwork::of(context.client);
        let endpoints = &context.snapshot.endpoints;
        let sent = self.upstreams.send(permit, endpoints, client, request, handling.may_repeat).await;
        let mut response = sent.map_err(|error| self.unsent(&error))?;
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
        if let Some(endpoint) = context.snapshot.endpoints.get(&permit.site().name) {
            Names::new(endpoint, permit.site()).make_public(response.headers_mut());
        }
        if response.status() == StatusCode::SWITCHING_PROTOCOLS {
            return match visitor_upgrade {
                Some(visitor) if upgrade::is_agreed(&response) => {
                    Ok(upgrade::join(self, response, visitor, question))
                }
                _ => Err(self.unsent(&UpstreamError::UnaskedUpgrade)),
            };
        }
        headers::response(response.headers_mut(), permit.is_public(), question.is_some());
        let mut watch = Watch::new(Rc::clone(self), question);
        if let (Some(viewer), Who::SignedIn(_, held)) = (who.viewer(), who) {
            let (name, has_body) = (&held.standing.profile.name, is_read_whole);
            watch.append(view::response(&mut response, viewer, name).filter(|_| has_body));
        }
        let mut response = response.map(|body| Body::Site(Some(body), watch));
        if is_http2 {
            // There a visitor can hold up one answer while the connection goes on, so the socket does not show it.
            response.body_mut().watch_reading();
        }
        Ok(response)
    }

    /// Counts that a request got no answer of the site. Where a limit was met or the visitor broke off, that is not the site's fault.
    fn unsent(&self, error: &UpstreamError) -> Declined {
        match error {
            UpstreamError::Busy | UpstreamError::NetworkBusy => self.gate.meter.limits.places.inc(),
            UpstreamError::RequestSlow | UpstreamError::RequestBroken => 0,
            _ => self.gate.meter.upstream_failed.inc(),
        };
        Declined::because(answer::of_upstream(error), error)
    }

    /// Turns the visitor's header section into ours: claims out, facts in.
    fn prepare(
        &self,
        context: &Context,
        target: &Target,
        permit: &Permit<'_>,
        who: &Who,
        request: &mut Request<Upload>,
    ) -> Result<(), CryptographyFailed> {
        let site = permit.site();
        let endpoint = context.snapshot.endpoints.get(&site.name);
        let via = headers::Via {
            client: context.client,
            // Something before us may end TLS and tell us nothing of it; where visitors find the site is known all the same.
            is_secure: context.is_secure || site.is_https(),
            authority: &target.public_authority(site),
            port: site.port(),
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
