//! What the listener knows about a request before anybody looks into it. Handlers find it in the request's extensions.

use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use http::{HeaderMap, header};

use super::pages::Frame;
use super::refusal_log::RefusalLog;
use crate::domain::access::{Site, Sites};
use crate::domain::association::Association;
use crate::domain::return_to::ReturnTo;

/// A request that has arrived at a site of ours.
#[derive(Debug, Clone)]
pub struct Arrived {
    /// The site, found by host and path prefix.
    pub site: Arc<Site>,
    /// All sites, for what concerns more than one.
    pub sites: Arc<Sites>,
    /// Who runs it.
    pub association: Arc<Association>,
    /// Names this request in the log, on our pages and to the site.
    pub request_id: Arc<str>,
    /// The visitor's address, seen through trusted proxies.
    pub client_address: IpAddr,
    /// The address that was asked for, if it was only read and can be read again.
    pub again: Option<String>,
    /// Where it is written down that this request was refused.
    pub refusal_log: Arc<RefusalLog>,
    /// Whether that has been done; each request has one line.
    pub is_logged: Arc<AtomicBool>,
}

/// Path and query to which a form was being posted. Only the data plane can say so.
#[derive(Debug, Clone)]
pub struct PostedTo(pub String);

impl Arrived {
    /// Whether the public address is https; cookies are then `Secure` and carry the `__Host-` prefix.
    pub fn is_secure(&self) -> bool {
        self.site.origin.starts_with("https:")
    }

    /// A page of the site as an absolute address, from the configured origin and nothing else.
    pub fn address_of(&self, page: &ReturnTo) -> String {
        format!("{}{page}", self.site.origin)
    }

    /// The site's home as an absolute address.
    pub fn home_address(&self) -> String {
        format!("{}{}", self.site.origin, self.site.home)
    }

    /// Where the AMS is to send a browser that has logged out there.
    pub fn single_logout_address(&self) -> String {
        format!("{}{}", self.site.origin, super::paths::SINGLE_LOGOUT)
    }

    /// Whether the browser says that a page of this very site sent this (Fetch Metadata, W3C; `Origin`, RFC 6454). Silence is a no.
    pub fn is_sent_from_here(&self, headers: &HeaderMap) -> bool {
        let text = |name: &str| headers.get(name).map(|value| value.to_str().unwrap_or("?"));
        let origin = text(header::ORIGIN.as_str()).map(|origin| origin == self.site.origin);
        let site = text("sec-fetch-site").map(|site| site == "same-origin");
        origin.or(site).is_some() && origin.unwrap_or(true) && site.unwrap_or(true)
    }

    /// What our pages show around their text.
    pub fn frame(&self) -> Frame {
        Frame {
            association: self.association.name.clone(),
            site: Some(self.site.title.clone()),
            home: self.site.home.clone(),
            again: self.again.clone(),
            request_id: self.request_id.to_string(),
        }
    }
}
