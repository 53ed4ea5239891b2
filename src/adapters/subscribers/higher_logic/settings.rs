//! How the Push API is reached.

use std::time::Duration;

use secrecy::SecretString;
use url::Url;

use crate::adapters::http::HttpLimits;

/// Limits of a request.
pub(super) const LIMITS: HttpLimits =
    HttpLimits { connect: Duration::from_secs(5), total: Duration::from_secs(20), body: 1024 * 1024 };

/// So many records are in one request, unless the configuration says otherwise.
pub const BATCH: u16 = 50;

/// So many records are in one request at most.
pub const LARGEST_BATCH: u16 = 500;

/// The header in which the key is sent to each API, unless the configuration says otherwise.
pub const KEY_HEADERS: [(PushApi, &str); 2] = [(PushApi::V2, "ApiKey"), (PushApi::V1, "x-api-key")];

/// Which Push API is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PushApi {
    /// Version 2: push alone.
    V2,
    /// Version 1: beside a login that makes people by claims.
    V1,
}

/// How the community is reached.
#[derive(Debug, Clone)]
pub struct PushSettings {
    /// Which API.
    pub api: PushApi,
    /// Its base address, without a slash at the end of its path.
    pub url: Url,
    /// The key.
    pub api_key: SecretString,
    /// The header in which the key is sent.
    pub key_header: http::HeaderName,
    /// The tenant; version 1 needs it.
    pub tenant_code: Option<String>,
    /// So many records are in one request.
    pub batch: u16,
}
