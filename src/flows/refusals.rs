//! How many tokens the AMS has refused, by the address they came from. Each costs a call of a budget that is small, and
//! nobody but a forger presents many.

use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use moka::sync::Cache;

/// Refusals that an address may have within [`SPAN`]. Many people share one address at a conference, but few are refused.
const MOST: u32 = 10;

/// Refusals are forgotten this long after the first of them.
const SPAN: Duration = Duration::from_secs(600);

/// Addresses kept in mind; beyond that the longest unseen is forgotten.
const ADDRESSES: u64 = 100_000;

/// Counts refusals.
#[derive(Debug)]
pub struct Refusals(Cache<IpAddr, Arc<AtomicU32>>);

impl Default for Refusals {
    fn default() -> Refusals {
        Refusals(Cache::builder().max_capacity(ADDRESSES).time_to_live(SPAN).build())
    }
}

impl Refusals {
    /// Whether an address has had its share.
    pub fn are_too_many(&self, address: IpAddr) -> bool {
        self.0.get(&whose(address)).is_some_and(|count| count.load(Ordering::Relaxed) >= MOST)
    }

    /// One more.
    pub fn note(&self, address: IpAddr) {
        self.0.get_with(whose(address), Arc::default).fetch_add(1, Ordering::Relaxed);
    }
}

/// Whoever has one IPv6 address has the 2^64 of its network.
fn whose(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(v6) => IpAddr::V6((u128::from(v6) >> 64 << 64).into()),
        v4 => v4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_stopped_after_ten_refusals_and_others_are_not() {
        let refusals = Refusals::default();
        let (forger, other) = ("2001:db8::1".parse().unwrap(), "2001:db8:0:1::1".parse().unwrap());
        for _ in 0..10 {
            assert!(!refusals.are_too_many(forger));
            refusals.note(forger);
        }
        assert!(refusals.are_too_many(forger));
        assert!(refusals.are_too_many("2001:db8::ffff".parse().unwrap()));
        assert!(!refusals.are_too_many(other));
    }
}
