//! One request, as far as it is known, and where it goes.

use std::net::IpAddr;
use std::sync::Arc;

use http::uri::PathAndQuery;
use http::{HeaderValue, Method};

use super::intake::{Rejected, Target};
use super::snapshot::Snapshot;
use crate::domain::access::{Located, Site};
use crate::domain::path::{PathFault, RequestPath};
use crate::web::pages::Frame;
use crate::web::paths;

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
    pub(super) fn again(&self, site: &Site) -> Option<String> {
        let read = self.read.as_ref().filter(|read| read.path() != paths::CALLBACK)?;
        read.as_str().starts_with('/').then(|| format!("{}{read}", site.origin))
    }

    pub(super) fn request_id_text(&self) -> &str {
        self.request_id.to_str().unwrap_or_default()
    }
}

/// Whether a method changes nothing, so that a page of ours may repeat the request.
pub(super) fn is_read(method: &Method) -> bool {
    matches!(*method, Method::GET | Method::HEAD)
}

/// Where a request goes.
pub(super) struct SitePath<'t> {
    pub(super) path: RequestPath<'t>,
    /// The site to which every reading of the path leads.
    pub(super) site: Arc<Site>,
    /// Whether the path is an address of ours. It has one reading then.
    pub(super) is_ours: bool,
}

impl<'t> SitePath<'t> {
    /// Reads the path and finds the site, as the proxy and `/_gate/verify` both do.
    pub(super) fn find(snapshot: &Snapshot, target: &'t Target) -> Result<SitePath<'t>, Rejected> {
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
        Ok(SitePath { path, site: site.cloned().ok_or(Rejected::NoSite)?, is_ours })
    }
}
