//! Connections of one thread, counted by the network of their client, so that none takes them all.

use std::cell::RefCell;
use std::collections::HashMap;
use std::net::IpAddr;
use std::rc::Rc;

use crate::domain::network::ClientNetwork;

/// The networks that have connections now.
pub(super) struct Networks {
    most: usize,
    counts: Rc<RefCell<HashMap<ClientNetwork, usize>>>,
}

/// How a network stands with one more connection.
pub(super) enum NetworkStanding {
    /// It has no more than it may have. `None`: it is not counted.
    Within(Option<Member>),
    /// It has more; it is told so.
    Over(Member),
    /// It has so many more that it is not even told.
    FarOver,
}

impl Networks {
    /// `most`: connections of one network.
    pub(super) fn new(most: usize) -> Networks {
        Networks { most, counts: Rc::default() }
    }

    /// Counts one more connection, for as long as its `Member` lives. `is_exempt`: it carries the requests of many clients.
    pub(super) fn enter(&self, address: IpAddr, is_exempt: bool) -> NetworkStanding {
        if is_exempt {
            return NetworkStanding::Within(None);
        }
        let network = ClientNetwork::of(address);
        let mut counts = self.counts.borrow_mut();
        let count = counts.entry(network).or_default();
        if *count >= self.most.saturating_mul(2) {
            return NetworkStanding::FarOver;
        }
        *count += 1;
        let member = Member { network, counts: Rc::clone(&self.counts) };
        if *count <= self.most {
            NetworkStanding::Within(Some(member))
        } else {
            NetworkStanding::Over(member)
        }
    }
}

/// One counted connection.
pub(super) struct Member {
    network: ClientNetwork,
    counts: Rc<RefCell<HashMap<ClientNetwork, usize>>>,
}

impl Drop for Member {
    fn drop(&mut self) {
        let mut counts = self.counts.borrow_mut();
        if let Some(count) = counts.get_mut(&self.network) {
            *count -= 1;
            if *count == 0 {
                counts.remove(&self.network);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_is_told_and_then_closed_out_while_others_and_proxies_come_in() {
        let networks = Networks::new(2);
        let enter = |address: &str, is_exempt| networks.enter(address.parse().unwrap(), is_exempt);
        let mut held = vec![enter("192.0.2.1", false), enter("192.0.2.1", false)];
        assert!(held.iter().all(|standing| matches!(standing, NetworkStanding::Within(Some(_)))));
        held.extend([enter("192.0.2.1", false), enter("192.0.2.1", false)]);
        assert!(held[2..].iter().all(|standing| matches!(standing, NetworkStanding::Over(_))));
        assert!(matches!(enter("192.0.2.1", false), NetworkStanding::FarOver));
        assert!(matches!(enter("192.0.2.2", false), NetworkStanding::Within(Some(_))));
        assert!(matches!(enter("192.0.2.1", true), NetworkStanding::Within(None)));
        held.clear();
        assert!(matches!(enter("192.0.2.1", false), NetworkStanding::Within(Some(_))));
        assert!(networks.counts.borrow().is_empty(), "what is gone takes no memory");
    }
}
