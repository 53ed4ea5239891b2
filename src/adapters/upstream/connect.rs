//! Opening a connection to a site: TCP, and TLS where the address says https.

use std::path::PathBuf;
use std::sync::Arc;

use http::HeaderValue;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use rustls_platform_verifier::BuilderVerifierExt as _;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use url::{Host, Url};

use super::dial::{Dialer, Resolver};
use super::error::UpstreamError;
use super::limits::UpstreamLimits;
use super::stream::Stream;

/// Whose certificates are believed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Trust {
    /// The machine's own store.
    Platform,
    /// The authorities in this PEM file, and no others.
    Bundle(PathBuf),
}

/// Where a site is reached.
pub struct Endpoint {
    host: Host<String>,
    port: u16,
    dialer: Dialer,
    tls: Option<(TlsConnector, ServerName<'static>)>,
    authority: HeaderValue,
    /// Whether the site sees the host that the visitor asked for (the default), or its own.
    pub preserve_host: bool,
    /// Time limits and sizes.
    pub limits: UpstreamLimits,
}

/// The address or certificates of an upstream are of no use. The operator's to mend.
#[derive(Debug, thiserror::Error)]
pub enum EndpointFault {
    /// Not `http://host[:port]` or `https://host[:port]`.
    #[error("`{0}` is not the address of a site: write `http://host:port` or `https://host`, without a path")]
    Address(String),
    /// The certificate file has no certificate, or cannot be read.
    #[error("no certificate can be read from {path}: {reason}")]
    Bundle {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// The machine's certificate store is not usable.
    #[error("the machine's certificate store cannot be used: {0}")]
    Platform(#[from] rustls::Error),
}

impl Endpoint {
    /// Reads the address of a site.
    pub fn new(url: &Url, trust: &Trust, limits: UpstreamLimits) -> Result<Endpoint, EndpointFault> {
        let bad = || EndpointFault::Address(url.to_string());
        let host = url.host_str().ok_or_else(bad)?;
        let port = url.port_or_known_default().ok_or_else(bad)?;
        let only_origin = url.path() == "/" && url.query().is_none() && url.fragment().is_none();
        let no_user = url.username().is_empty() && url.password().is_none();
        if !only_origin || !no_user {
            return Err(bad());
        }
        // An IPv6 address has brackets in an address and none where it is looked up.
        let bare = host.trim_start_matches('[').trim_end_matches(']').to_owned();
        let tls = match url.scheme() {
            "http" => None,
            "https" => {
                let name = ServerName::try_from(bare.clone()).map_err(|_| bad())?;
                let mut config = client_config(trust)?;
                config.alpn_protocols = vec![b"http/1.1".to_vec()];
                Some((TlsConnector::from(Arc::new(config)), name))
            }
            _ => return Err(bad()),
        };
        let authority = url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"));
        let authority = HeaderValue::from_str(&authority).map_err(|_| bad())?;
        let host = url.host().ok_or_else(bad)?.to_owned();
        let dialer = Dialer::new(bare, port);
        Ok(Endpoint { host, port, dialer, tls, authority, preserve_host: true, limits })
    }

    /// With addresses from another place than the operating system.
    #[must_use]
    pub fn with_resolver(mut self, resolver: Arc<dyn Resolver>) -> Endpoint {
        self.dialer.resolver = resolver;
        self
    }

    /// The host of its address.
    pub fn host(&self) -> &Host<String> {
        &self.host
    }

    /// The port of its address, whether written or implied by the scheme.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The site's own host, for when the visitor's is not preserved.
    pub fn authority(&self) -> &HeaderValue {
        &self.authority
    }

    /// Connects and hangs up, to see whether the site is there.
    pub async fn probe(&self) -> Result<(), UpstreamError> {
        self.connect().await.map(drop)
    }

    pub(super) async fn connect(&self) -> Result<Stream, UpstreamError> {
        let tcp = self.dialer.connect(self.limits.connect).await?;
        tcp.set_nodelay(true).map_err(UpstreamError::Unreachable)?;
        let Some((connector, name)) = &self.tls else { return Ok(Stream::plain(tcp)) };
        let tls = timeout(self.limits.tls, connector.connect(name.clone(), tcp))
            .await
            .map_err(|_| UpstreamError::HandshakeTimeout)?
            .map_err(UpstreamError::Untrusted)?;
        Ok(Stream::secure(tls))
    }
}

/// TLS towards a server, by the authorities that are trusted.
pub(in crate::adapters) fn client_config(trust: &Trust) -> Result<ClientConfig, EndpointFault> {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let builder = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions()?;
    Ok(match trust {
        Trust::Platform => builder.with_platform_verifier()?.with_no_client_auth(),
        Trust::Bundle(path) => builder.with_root_certificates(roots(path)?).with_no_client_auth(),
    })
}

fn roots(path: &PathBuf) -> Result<RootCertStore, EndpointFault> {
    let fault = |reason: String| EndpointFault::Bundle { path: path.clone(), reason };
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_file_iter(path).map_err(|e| fault(e.to_string()))? {
        let certificate = certificate.map_err(|e| fault(e.to_string()))?;
        roots.add(certificate).map_err(|e| fault(e.to_string()))?;
    }
    if roots.is_empty() { Err(fault("it holds no certificate".to_owned())) } else { Ok(roots) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_origin_is_the_address_of_a_site() {
        for (url, fits) in [
            ("http://127.0.0.1:9000", true),
            ("http://[::1]:9000/", true),
            ("http://site.example", true),
            ("http://site.example/path", false),
            ("http://site.example/?q", false),
            ("http://user@site.example", false),
            ("ftp://site.example", false),
            ("unix:/run/site", false),
        ] {
            let url = Url::parse(url).unwrap();
            assert_eq!(
                Endpoint::new(&url, &Trust::Platform, UpstreamLimits::default()).is_ok(),
                fits,
                "{url}"
            );
        }
    }

    #[test]
    fn a_file_without_a_certificate_is_refused() {
        let url = Url::parse("https://site.example").unwrap();
        let file = tempfile::NamedTempFile::new().unwrap();
        for path in [file.path().to_owned(), PathBuf::from("/nonexistent.pem")] {
            let refused = Endpoint::new(&url, &Trust::Bundle(path), UpstreamLimits::default());
            assert!(matches!(refused, Err(EndpointFault::Bundle { .. })));
        }
    }
}
