//! Certificate and key of a listener.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

/// Certificate and key are of no use. The operator's to mend.
#[derive(Debug, thiserror::Error)]
pub enum TlsFault {
    /// A file cannot be read, or has nothing of the kind in it.
    #[error("nothing usable can be read from {0}: {1}")]
    File(PathBuf, String),
    /// The key is not the certificate's.
    #[error("certificate and key do not fit: {0}")]
    Pair(#[from] rustls::Error),
}

/// Reads PEM files: the certificate with its chain, and its private key. HTTP/2 is offered before HTTP/1.1.
pub fn load(certificate: &Path, key: &Path) -> Result<ServerConfig, TlsFault> {
    let fault = |path: &Path| {
        let path = path.to_owned();
        move |error: rustls::pki_types::pem::Error| TlsFault::File(path, error.to_string())
    };
    let chain = CertificateDer::pem_file_iter(certificate)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .map_err(fault(certificate))?;
    let key = PrivateKeyDer::from_pem_file(key).map_err(fault(key))?;
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(chain, key)?;
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(config)
}
