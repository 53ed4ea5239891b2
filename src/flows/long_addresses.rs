//! Where a sign-in leads, when the address is too long to travel in addresses and cookies.
//!
//! The address then lies in the store for a while, and the browser gets a key: its handle stands in the address, the rest in a
//! cookie of that name. So nobody reads an address by what stands in a history or a log, and another browser does not read it at
//! all. As much of the address as fits travels too, for the case that the rest is lost.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use jiff::SignedDuration;
use tokio::sync::Semaphore;

use crate::adapters::clock::SharedClock;
use crate::adapters::keys::CryptographyFailed;
use crate::adapters::keys::random::{self, TOKEN_CHARS};
use crate::adapters::keys::seal;
use crate::adapters::store::StoreError;
use crate::adapters::store::sessions::{LongAddressKey, Sessions};
use crate::domain::network::ClientNetwork;
use crate::domain::return_to::{self, ReturnTo};

/// How long an address is kept.
pub const LIVES: SignedDuration = SignedDuration::from_mins(15);

/// Characters of a key that name its cookie and stand in addresses.
const HANDLE_CHARS: usize = 12;

/// Writes under way at once. Strangers cause them, and sign-ins need the store too.
const MOST_WRITES: usize = 16;

/// How long a write waits for its turn; then only what fits is carried.
const LONGEST_WAIT: Duration = Duration::from_secs(2);

/// What a browser has of an address that is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Key(String);

impl Key {
    /// From a cookie. `None`: it cannot be one.
    pub fn parse(text: &str) -> Option<Key> {
        random::key_of(text).map(|_| Key(text.to_owned()))
    }

    /// What the cookie holds.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Names the cookie, and stands in addresses.
    pub fn handle(&self) -> &str {
        self.0.get(..HANDLE_CHARS).unwrap_or(&self.0)
    }
}

/// Whether a text can be a key's handle.
pub fn is_handle(text: &str) -> bool {
    text.len() == HANDLE_CHARS
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
}

/// Where a sign-in leads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Destination {
    /// The page, or as much of its address as fits.
    pub page: ReturnTo,
    /// Finds the whole address.
    pub key: Option<Key>,
    /// Something of the address is lost.
    pub is_cut: bool,
}

impl Destination {
    /// A page whose address fits.
    pub fn whole(page: ReturnTo) -> Destination {
        Destination { page, key: None, is_cut: false }
    }
}

/// Why a text is not kept.
#[derive(Debug, thiserror::Error)]
pub enum NotKept {
    /// Too many are being written. Nobody's fault.
    #[error("too many addresses are being kept")]
    Busy,
    /// Our fault.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// No random numbers. Our fault.
    #[error(transparent)]
    Cryptography(#[from] CryptographyFailed),
}

/// Keeps long addresses.
pub struct LongAddresses {
    store: Arc<dyn Sessions>,
    clock: SharedClock,
    writes: Semaphore,
}

impl LongAddresses {
    /// Over a store.
    pub fn new(store: Arc<dyn Sessions>, clock: SharedClock) -> LongAddresses {
        LongAddresses { store, clock, writes: Semaphore::new(MOST_WRITES) }
    }

    /// Keeps a text for a browser at `host` that comes from `address`.
    pub async fn keep(&self, host: &str, address: IpAddr, text: &str) -> Result<Key, NotKept> {
        let turn = tokio::time::timeout(LONGEST_WAIT, self.writes.acquire()).await;
        let Ok(Ok(_turn)) = turn else { return Err(NotKept::Busy) };
        let (key, now) = (Key(random::token()?), self.clock.now());
        let network = ClientNetwork::of(address).address();
        self.store.keep_address(digest(host, &key), network, text, now, now + LIVES).await?;
        Ok(key)
    }

    /// The text, if it is still kept.
    pub async fn find(&self, host: &str, key: &Key) -> Result<Option<String>, StoreError> {
        self.store.kept_address(digest(host, key), self.clock.now()).await
    }

    /// Makes a page fit for travelling. What cannot be kept is cut, and the log says why.
    pub async fn pack(&self, host: &str, address: IpAddr, page: ReturnTo) -> Destination {
        if page.fits() {
            return Destination::whole(page);
        }
        match self.keep(host, address, page.as_str()).await {
            Ok(key) => Destination { page: page.cut(), key: Some(key), is_cut: false },
            Err(error) => {
                tracing::warn!(%error, "A return address was cut");
                Destination { page: page.cut(), key: None, is_cut: true }
            }
        }
    }

    /// Makes what a visitor asked for fit for travelling, whatever its length. `None`: it is no page of the site.
    pub async fn pack_text(&self, host: &str, address: IpAddr, text: &str) -> Option<Destination> {
        match ReturnTo::parse(text) {
            Ok(page) => Some(self.pack(host, address, page).await),
            Err(_) if text.len() > return_to::LONGEST => {
                let path = text.split(['?', '#']).next().unwrap_or_default();
                let page = ReturnTo::parse(path).or_else(|_| ReturnTo::parse("/")).ok()?;
                Some(Destination { is_cut: true, ..self.pack(host, address, page).await })
            }
            Err(_) => None,
        }
    }

    /// The page of a destination, and whether something of its address is lost.
    pub async fn unpack(&self, host: &str, destination: Destination) -> (ReturnTo, bool) {
        let Destination { page, key, is_cut } = destination;
        let Some(key) = key else { return (page, is_cut) };
        match self.find(host, &key).await {
            Ok(text) => match text.and_then(|text| ReturnTo::parse(&text).ok()) {
                Some(whole) => (whole, is_cut),
                None => (page, true),
            },
            Err(error) => {
                tracing::error!(%error, "A return address was not read from the store");
                (page, true)
            }
        }
    }
}

fn digest(host: &str, key: &Key) -> LongAddressKey {
    LongAddressKey(random::digest(&seal::context(&[b"long address", host.as_bytes(), key.0.as_bytes()])))
}

/// A destination as bytes, for the seal of an attempt: the key, if there is one, and the page.
pub(super) fn write(destination: &Destination, to: &mut Vec<u8>) {
    to.extend_from_slice(if destination.is_cut { b"!" } else { b"" });
    to.extend_from_slice(destination.key.as_ref().map_or("", Key::as_str).as_bytes());
    to.extend_from_slice(destination.page.as_str().as_bytes());
}

/// Reads what [`write`] wrote: a page begins with a slash, and no key does.
pub(super) fn read(bytes: &[u8]) -> Option<Destination> {
    let text = std::str::from_utf8(bytes).ok()?;
    let (is_cut, text) = text.strip_prefix('!').map_or((false, text), |text| (true, text));
    let (key, page) = match text.starts_with('/') {
        true => (None, text),
        false => {
            let (key, page) = text.split_at_checked(TOKEN_CHARS)?;
            (Some(Key::parse(key)?), page)
        }
    };
    Some(Destination { page: ReturnTo::parse(page).ok()?, key, is_cut })
}
