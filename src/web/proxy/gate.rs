//! What the workers of all cores share, and who is at the other end of a connection.

use std::net::IpAddr;
use std::sync::Arc;

use arc_swap::ArcSwap;

use super::control::Control;
use super::meter::Meter;
use super::snapshot::Snapshot;
use crate::adapters::clock::SharedClock;
use crate::flows::keyring::Keyring;
use crate::flows::long_addresses::LongAddresses;
use crate::flows::person::PublishedRules;
use crate::flows::visit::Visits;
use crate::web::refusal_log::RefusalLog;

/// What all cores share.
pub struct Gate {
    /// Sites and settings in force.
    pub snapshot: ArcSwap<Snapshot>,
    /// Sessions.
    pub visits: Arc<Visits>,
    /// Addresses that are too long to travel through a sign-in.
    pub long: Arc<LongAddresses>,
    /// The mapping in force.
    pub rules: PublishedRules,
    /// Signs assertions.
    pub keyring: Arc<Keyring>,
    /// Tells the time.
    pub clock: SharedClock,
    /// Our own pages.
    pub control: Control,
    /// Counters.
    pub meter: Meter,
    /// Where refused requests are written down.
    pub refusal_log: Arc<RefusalLog>,
}

/// The visitor's end of a connection.
#[derive(Debug, Clone, Copy)]
pub struct Peer {
    /// Its address.
    pub address: IpAddr,
    /// Whether we ended TLS.
    pub is_secure: bool,
    /// Whether its network has no more connections than it may have.
    pub is_welcome: bool,
}
