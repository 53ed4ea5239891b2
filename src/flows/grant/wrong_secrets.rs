//! Limits on clients' secrets: by network, and by client from networks that have never shown its right secret. So nobody locks a
//! client out from elsewhere, and the server that knows the secret gets in whatever its neighbours do.

use std::net::IpAddr;
use std::time::Duration;

use moka::sync::Cache;

use crate::domain::network::ClientNetwork;
use crate::domain::time::Timestamp;
use crate::flows::failures::{Failures, Try};

/// Wrong secrets of one network within ten minutes, for whichever client.
const BY_NETWORK: usize = 50;
/// Wrong secrets for one client, from all networks that have never shown the right one.
const BY_CLIENT: usize = 200;
/// Pairs of client and network that are known to know the secret, and for how long.
const KNOWN: u64 = 10_000;
const KNOWN_FOR: Duration = Duration::from_secs(30 * 24 * 3600);

/// Counts wrong secrets.
pub(super) struct WrongSecrets {
    by_network: Failures<ClientNetwork>,
    by_client: Failures<String>,
    known: Cache<(String, ClientNetwork), ()>,
}

/// What became of a secret.
pub(super) enum Shown<T> {
    /// It was looked at.
    Judged(T),
    /// There were too many wrong ones.
    TooMany,
}

impl Default for WrongSecrets {
    fn default() -> WrongSecrets {
        WrongSecrets {
            by_network: Failures::new(BY_NETWORK),
            by_client: Failures::new(BY_CLIENT),
            known: Cache::builder().max_capacity(KNOWN).time_to_idle(KNOWN_FOR).build(),
        }
    }
}

impl WrongSecrets {
    /// Lets `judge` look at the secret that was shown for `client`, unless there were too many wrong ones. `judge` says whether it was
    /// right (`Some(true)`), wrong, or not looked at.
    pub(super) fn watch<T>(
        &self,
        address: IpAddr,
        client: &str,
        now: Timestamp,
        judge: impl FnOnce() -> (Option<bool>, T),
    ) -> Shown<T> {
        let network = ClientNetwork::of(address);
        let whose = (client.to_owned(), network);
        if self.known.get(&whose).is_some() {
            let tried = self.by_network.begin(network, now);
            let (right, judged) = judge();
            return match tried {
                Ok(tried) if right != Some(false) => {
                    tried.give_back();
                    Shown::Judged(judged)
                }
                Err(_) if right == Some(false) => Shown::TooMany,
                _ => Shown::Judged(judged),
            };
        }
        let Ok(of_network) = self.by_network.begin(network, now) else { return Shown::TooMany };
        let Ok(of_client) = self.by_client.begin(client.to_owned(), now) else {
            of_network.give_back();
            return Shown::TooMany;
        };
        let (right, judged) = judge();
        if right != Some(false) {
            [of_network, of_client].into_iter().for_each(Try::give_back);
        }
        if right == Some(true) {
            self.known.insert(whose, ());
        }
        Shown::Judged(judged)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wrong_secrets_are_stopped_and_the_server_that_knows_the_right_one_is_not() {
        let secrets = WrongSecrets::default();
        let now = Timestamp::from_second(1_800_000_000).unwrap();
        let show = |address: &str, client: &str, right: bool| {
            let address = address.parse().unwrap();
            matches!(secrets.watch(address, client, now, || (Some(right), ())), Shown::Judged(()))
        };
        assert!(show("192.0.2.1", "wiki", true));
        let wrong = (0..100).filter(|_| show("192.0.2.1", "wiki", false)).count();
        assert_eq!(wrong, BY_NETWORK);
        assert!(show("192.0.2.1", "wiki", true), "its server goes on");
        assert!(!show("192.0.2.1", "shop", true), "a client that nobody there has proved waits");
        let from_all = (0..400u32).filter(|n| show(&format!("2001:db8:{n:x}::1"), "wiki", false)).count();
        assert_eq!(from_all, BY_CLIENT);
        assert!(show("192.0.2.1", "wiki", true), "nobody locks it out from elsewhere");
        let one_network =
            (0..100u32).filter(|n| show(&format!("2001:db8:ffff:1::{n:x}"), "shop", false)).count();
        assert_eq!(one_network, BY_NETWORK, "IPv6 by /64");
    }
}
