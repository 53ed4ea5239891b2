//! `/_gate/verify`: a web server asks whether a request of a visitor may go on (forward-auth). After a yes it copies our headers
//! into the request; any other answer is shown to the visitor.
//!
//! The verdict is that of the proxy (`asked`); what was asked about is read in `original`. Every answer but a plain yes has a
//! status that denies with every kind of server.

use std::net::IpAddr;
use std::sync::Arc;

use http::header::{CACHE_CONTROL, COOKIE, WWW_AUTHENTICATE};
use http::{HeaderMap, HeaderValue, Request, Response, StatusCode};

use super::asked::{Asked, RequestVerdict};
use super::body::Body;
use super::context::{Context, SitePath, is_read};
use super::declined::Declined;
use super::headers::REQUEST_ID;
use super::intake::Rejected;
use super::original::{Original, Reads, question, reads};
use super::visitor::Who;
use super::worker::Worker;
use super::{answer, cookies, upgrade};
use crate::adapters::keys::CryptographyFailed;
use crate::adapters::upstream::Upload;
use crate::domain::access::{Permit, Site, Sites};
use crate::domain::return_to::is_ours;
use crate::web::client_kind::{ClientKind, is_speculative};
use crate::web::identity::{self, Whose};
use crate::web::pages::{Notice, SESSION_CHALLENGE};
use crate::web::paths;
use crate::web::refusal_log::Reason;

/// Most askers that one core complains of in the log, each once.
const MOST_LOGGED: usize = 256;

/// Whether a request is a question of a web server.
pub(super) fn is_asked(path: &str) -> bool {
    question(path).is_some()
}

impl Worker {
    /// Answers a web server.
    pub(super) async fn verify(
        &self,
        context: &mut Context,
        peer: IpAddr,
        kind: ClientKind,
        request: &Request<Upload>,
    ) -> Response<Body> {
        if !context.snapshot.settings.forward_auth_proxies.iter().any(|network| network.contains(peer)) {
            self.gate.meter.rejected.inc();
            let response = answer::not_a_proxy(context);
            self.log(context, response.status(), Reason::NotAForwardAuthProxy, None);
            return response;
        }
        let response = match self.verified(context, peer, kind, request).await {
            Ok(response) => response,
            Err(declined) => self.declined(context, kind, &declined),
        };
        match reads(request.headers()) {
            Reads::Everything => response,
            Reads::ThreeStatuses => in_three_statuses(response),
        }
    }

    async fn verified(
        &self,
        context: &mut Context,
        peer: IpAddr,
        kind: ClientKind,
        request: &Request<Upload>,
    ) -> Result<Response<Body>, Declined> {
        let reject = |rejected| self.reject(rejected);
        let Original { site: named, target, method } = Original::read(request).map_err(reject)?;
        context.host = Arc::from(target.host.as_str());
        match meant(&context.snapshot.sites, named, &target.host) {
            Meant::ThisHost => {}
            Meant::AnotherHost => return Err(reject(Rejected::QuestionForAnotherSite)),
            Meant::Whichever => self.log_once(
                peer,
                "A web server asks without the name of its site, so it must see to it by itself that no visitor chooses \
                 another site's rules. Let it ask at `/_gate/verify@NAME`",
            ),
        }
        context.read = is_read(&method).then(|| target.path_and_query.clone());
        let SitePath { path, site, .. } = SitePath::find(&context.snapshot, &target).map_err(reject)?;
        context.site = Some(Arc::clone(&site));
        if is_ours(path.literal()) {
            context.read = None;
            // The site has nothing there, and what we have there is not asked for in this way.
            return Err(Notice::NotFound.into());
        }
        let is_foreign = wants_socket(request.headers()) && upgrade::is_foreign(request.headers(), &site);
        let asked = Asked::new(&site, &target, &path, &method, request.headers(), is_foreign);
        let who = asked.who(&self.gate, &context.snapshot).await;
        if who.viewer().is_some() || matches!(who, Who::ViewEnded) {
            // Whoever views the site as another person must see that on every page, and here no page passes through us.
            return Err(Notice::ReadOnly { stop: paths::VIEW_AS_END.to_owned() }.into());
        }
        match asked.verdict(&who) {
            RequestVerdict::Granted(permit) => self
                .granted(context, &permit, &who, request.headers())
                .map_err(|error| Declined::because(Notice::Broken, &error)),
            RequestVerdict::Refused(standing, require) => {
                self.gate.meter.refused.inc();
                let refused = answer::refused(&self.gate, &context.snapshot, standing, require);
                Err(Declined { cause: asked.closed_reading(who.visitor()), ..refused.into() })
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
                let asked = (&method, &target.path_and_query, request.headers());
                match kind {
                    // nginx is told where to sign in whoever asks: a person or a program.
                    _ if reads(request.headers()) == Reads::ThreeStatuses => {
                        // Of this answer it passes on the status alone, or at most the address.
                        let login = answer::login_url(Some(&target.path_and_query));
                        Ok(answer::elsewhere(context, &format!("{}{login}", site.origin)))
                    }
                    ClientKind::Navigation if is_read(&method) => {
                        Ok(answer::to_login(context, &self.gate.long, (&*site, &*site.origin), asked).await)
                    }
                    // The server that asks keeps the body to itself, so there is no form that we could keep.
                    ClientKind::Navigation => Err(Notice::FormNotKept { login: login_at(&site) }.into()),
                    ClientKind::Program => Err(Notice::SignInRequired { login: login_at(&site) }.into()),
                }
            }
        }
    }

    /// Yes, and who it is. What the site may see of the visitor's cookies is said as well.
    fn granted(
        &self,
        context: &Context,
        permit: &Permit<'_>,
        who: &Who,
        asked_with: &HeaderMap,
    ) -> Result<Response<Body>, CryptographyFailed> {
        let mut response = Response::new(Body::empty());
        let headers = response.headers_mut();
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        headers.insert(REQUEST_ID, context.request_id.clone());
        headers.insert(COOKIE, cookies_of_the_site(asked_with));
        identity::blank(headers);
        if let Who::SignedIn(live, held) = who {
            let mapping = self.gate.rules.load();
            let whose = Whose { session: live.session(), held, mapping: &mapping };
            let (now, signer) = (self.gate.clock.now(), self.gate.keyring.signer());
            self.stamps.borrow_mut().stamp(headers, permit, &whose, now, &signer)?;
        }
        self.gate.meter.verified.inc();
        Ok(response)
    }

    /// Says what is wrong with one who asks, once for each.
    fn log_once(&self, peer: IpAddr, what: &str) {
        let mut known = self.odd_askers.borrow_mut();
        if known.len() < MOST_LOGGED && known.insert(peer) {
            tracing::warn!(%peer, "{what}");
        }
    }
}

/// Which site a server means, by the name in its question.
#[derive(Debug, PartialEq, Eq)]
enum Meant {
    /// One at the host that the visitor names.
    ThisHost,
    /// One at another host. A server that passes such a request on would give its own site by another's rules.
    AnotherHost,
    /// It does not say, and there are several. What it tells about the host is believed, as all that it tells.
    Whichever,
}

fn meant(sites: &Sites, named: Option<&str>, host: &str) -> Meant {
    match named {
        Some(name) if sites.named(name).is_some_and(|site| &*site.host == host) => Meant::ThisHost,
        Some(_) => Meant::AnotherHost,
        None if sites.all().any(|site| &*site.host != host) => Meant::Whichever,
        None => Meant::ThisHost,
    }
}

fn login_at(site: &Site) -> String {
    format!("{}{}", site.origin, answer::login_url(None))
}

/// Whether a visitor wants a WebSocket. The key is in every handshake (RFC 6455 §4.1) and, unlike `Upgrade`, it comes through
/// every server that asks.
fn wants_socket(headers: &HeaderMap) -> bool {
    headers.contains_key("sec-websocket-key")
        || super::headers::lists(headers, &http::header::UPGRADE, "websocket")
}

/// The visitor's cookies without ours, in one line; empty when there are none, so that it can be copied in every case.
fn cookies_of_the_site(asked_with: &HeaderMap) -> HeaderValue {
    let lines = asked_with.get_all(COOKIE).iter().map(|line| (COOKIE, line.clone()));
    let mut kept: HeaderMap = lines.fold(HeaderMap::new(), |mut kept, (name, line)| {
        kept.append(name, line);
        kept
    });
    cookies::strip_request(&mut kept);
    kept.remove(COOKIE).unwrap_or_else(|| HeaderValue::from_static(""))
}

/// To nginx everything is 200, 401 or 403; any other status becomes 500 there. It does not read bodies. `Location` stays, for
/// those who send their visitors there.
fn in_three_statuses(mut response: Response<Body>) -> Response<Body> {
    let status = match response.status() {
        StatusCode::OK => StatusCode::OK,
        StatusCode::FOUND | StatusCode::UNAUTHORIZED => StatusCode::UNAUTHORIZED,
        _ => StatusCode::FORBIDDEN,
    };
    *response.status_mut() = status;
    if status == StatusCode::UNAUTHORIZED {
        response.headers_mut().insert(WWW_AUTHENTICATE, SESSION_CHALLENGE);
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_answer_but_yes_denies_with_nginx() {
        for (status, expect) in
            [(200, 200), (302, 401), (401, 401), (403, 403), (400, 403), (421, 403), (503, 403)]
        {
            let mut response = Response::new(Body::empty());
            *response.status_mut() = StatusCode::from_u16(status).unwrap();
            assert_eq!(in_three_statuses(response).status(), expect, "{status}");
        }
    }

    #[test]
    fn the_site_gets_all_cookies_but_ours() {
        for (lines, expect) in
            [(&[][..], ""), (&["membergate=x"], ""), (&["a=b; __Host-membergate=x", "c=d"], "a=b; c=d")]
        {
            let mut headers = HeaderMap::new();
            for line in lines {
                headers.append(COOKIE, HeaderValue::from_static(line));
            }
            assert_eq!(cookies_of_the_site(&headers), expect);
        }
    }
}
