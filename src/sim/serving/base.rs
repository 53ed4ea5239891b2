//! The address by which a simulator is reached.

use std::io;
use std::net::SocketAddr;

use url::Url;

/// The public base that was asked for, without a slash at the end; else the address at which it listens.
pub fn public_base(asked: Option<&str>, address: SocketAddr) -> String {
    asked.map_or_else(|| format!("http://{address}"), |asked| asked.trim_end_matches('/').to_owned())
}

/// A public base without a path, and without a slash at the end.
pub fn origin(base: &str) -> io::Result<String> {
    let refuse = |reason: String| io::Error::new(io::ErrorKind::InvalidInput, reason);
    let url = Url::parse(base).map_err(|reason| refuse(format!("public base {base:?}: {reason}")))?;
    if !matches!(url.scheme(), "http" | "https") || url.path() != "/" || url.query().is_some() {
        return Err(refuse(format!("public base {base}: an http or https address without path is needed")));
    }
    Ok(base.trim_end_matches('/').to_owned())
}
