//! Why a site gave no answer, and whose fault that is.

use super::limits::{MAX_ANSWER_HEAD, MAX_FIELDS};

/// Why a site gave no answer.
#[derive(Debug, thiserror::Error)]
pub enum UpstreamError {
    /// No connection. The site's fault.
    #[error("the site cannot be reached: {0}")]
    Unreachable(#[source] std::io::Error),
    /// The name has no address, or nobody says which. The site's fault, or that of the name service.
    #[error("the site's name cannot be looked up: {0}")]
    NameUnknown(#[source] std::io::Error),
    /// No connection within the limit; with the addresses that were tried. The site's fault.
    #[error("the site took too long to accept a connection at {0}")]
    ConnectTimeout(String),
    /// No end of the TLS handshake within the limit. The site's fault.
    #[error("the site took too long to agree on encryption")]
    HandshakeTimeout,
    /// No TLS session, or a certificate that is not trusted. The site's fault.
    #[error("no secure connection to the site: {0}")]
    Untrusted(#[source] std::io::Error),
    /// Connected, but no header section within the limit. The site's fault.
    #[error("the site took too long to answer")]
    HeadersTimeout,
    /// The connection broke before the answer began. The site's fault.
    #[error("the site broke off: {0}")]
    Broken(#[source] hyper::Error),
    /// The answer cannot be read, or read in one way only. The site's fault.
    #[error("the site's answer is not valid HTTP: {0}")]
    NotHttp(#[source] hyper::Error),
    /// The body is coded in a way that we have not asked for, so that it would arrive as another one. The site's fault.
    #[error("the site's answer has a transfer coding other than `chunked`, or several")]
    UnknownCoding,
    /// The header section of the answer is larger than we take. The site's fault.
    #[error(
        "the header section of the site's answer has more than {MAX_FIELDS} fields or {MAX_ANSWER_HEAD} bytes"
    )]
    AnswerTooLarge,
    /// The site has changed the protocol without being asked. The site's fault.
    #[error("the site switched to another protocol without being asked")]
    UnaskedUpgrade,
    /// The visitor's body ended early or broke. The visitor's fault.
    #[error("the visitor's request broke off")]
    RequestBroken,
    /// The visitor sent the body too slowly. The visitor's fault.
    #[error("the visitor sent the request too slowly")]
    RequestSlow,
    /// Every connection is in use and the queue is full or slow. Our fault, or a slow site's.
    #[error("too many requests are waiting for the site")]
    Busy,
    /// The client's network uses all the connections that it may use at a time. The visitor's fault, or of others in its network.
    #[error("too many requests of one network are waiting for the site")]
    NetworkBusy,
    /// The permit names a site that has no upstream. Our fault.
    #[error("the site has no upstream")]
    NoUpstream,
}
