//! The order of turns by tables and by properties.

use proptest::prelude::*;

use super::*;

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(1_800_000_000 + seconds).unwrap()
}

fn key(number: i64) -> PlaceKey {
    let mut key = [0; 32];
    key[..8].copy_from_slice(&number.to_be_bytes());
    PlaceKey(key)
}

/// A line in which places are taken and left as in the store.
#[derive(Default)]
struct TestLine {
    waiters: Vec<Waiter>,
    next: i64,
}

impl TestLine {
    fn join(&mut self, network: u8, device: Option<u8>) -> i64 {
        self.next += 1;
        let rounds = || self.waiters.iter().map(|waiter| waiter.place);
        let last = rounds().filter(|it| it.network.0[0] == network).map(|it| it.round).max();
        let place = WaitingPlace {
            key: key(self.next),
            number: self.next,
            round: round(rounds().map(|it| it.round).min(), last),
            network: WaitingNetwork([network; 32]),
            known: device.map(|device| KnownVisitor([device; 32])),
        };
        self.waiters.push(Waiter { place, expected: at(0), is_behind: false });
        self.next
    }

    /// The numbers in the order of turns.
    fn order(&self, now: Timestamp, flood_turns: Option<u64>) -> Vec<i64> {
        let order = Order::of(&self.waiters, now, flood_turns);
        let mut there: Vec<(usize, i64)> = self
            .waiters
            .iter()
            .filter(|waiter| waiter.is_there(now))
            .map(|waiter| (order.ahead_of(&waiter.place.key).unwrap(), waiter.place.number))
            .collect();
        there.sort_unstable();
        assert!(there.iter().enumerate().all(|(at, (ahead, _))| at == *ahead), "{there:?}");
        there.into_iter().map(|(_, number)| number).collect()
    }

    fn leave(&mut self, number: i64) -> Waiter {
        let at = self.waiters.iter().position(|waiter| waiter.place.number == number).unwrap();
        self.waiters.remove(at)
    }
}

#[test]
fn turns_come_in_the_order_of_coming() {
    let mut line = TestLine::default();
    for network in [1, 2, 1, 1, 3, 2] {
        line.join(network, None);
    }
    assert_eq!(line.order(at(0), None), [1, 2, 3, 4, 5, 6]);
}

#[test]
fn whoever_does_not_ask_is_passed_over_and_goes_first_on_coming_back() {
    let mut line = TestLine::default();
    for _ in 0..3 {
        line.join(1, None);
    }
    line.waiters[1].expected = at(30);
    line.waiters[2].expected = at(30);
    assert_eq!(line.order(at(14), None), [1, 2, 3]);
    assert_eq!(line.order(at(15), None), [2, 3]);
    let order = Order::of(&line.waiters, at(15), None);
    assert_eq!((order.ahead_of(&key(1)), order.len()), (Some(0), 2));
    line.waiters[0].expected = at(20);
    assert_eq!(line.order(at(16), None), [1, 2, 3]);
}

#[test]
fn networks_take_turns_once_one_holds_more_than_fifty_places() {
    let mut line = TestLine::default();
    for _ in 0..50 {
        line.join(1, None);
    }
    for _ in 0..3 {
        line.join(2, None);
    }
    assert_eq!(line.order(at(0), None)[..3], [1, 2, 3]);
    line.join(1, None);
    assert_eq!(line.order(at(0), None)[..7], [1, 51, 2, 52, 3, 53, 4]);
    // Forty turns later somebody comes from a third network. Nobody is owed for the time before.
    for _ in 0..40 {
        let next = line.order(at(0), None)[0];
        line.leave(next);
    }
    for _ in 0..60 {
        line.join(1, None);
    }
    let late = line.join(3, None);
    let order = line.order(at(0), None);
    assert!(order.iter().position(|number| *number == late).unwrap() <= 1, "{order:?}");
}

#[test]
fn who_is_behind_comes_after_all_others() {
    let mut line = TestLine::default();
    for network in [1, 2, 1, 3] {
        line.join(network, None);
    }
    line.waiters[0].is_behind = true;
    line.waiters[2].is_behind = true;
    assert_eq!(line.order(at(0), None), [2, 4, 1, 3]);
    let order = Order::of(&line.waiters, at(0), None);
    assert_eq!((order.len(), order.in_front()), (4, 2));
}

#[test]
fn in_a_flood_every_second_turn_is_for_a_device_that_has_signed_in_before() {
    let mut line = TestLine::default();
    for network in 1..=6 {
        line.join(network, None);
    }
    line.join(7, Some(1));
    line.join(8, Some(2));
    // A copy of a device's cookie is worth nothing beside it.
    line.join(9, Some(1));
    assert_eq!(line.order(at(0), Some(0)), [7, 1, 8, 2, 3, 4, 5, 6, 9]);
    assert_eq!(line.order(at(0), Some(1)), [1, 7, 2, 8, 3, 4, 5, 6, 9]);
    assert_eq!(line.order(at(0), None), [1, 2, 3, 4, 5, 6, 7, 8, 9]);
}

#[test]
fn browsers_ask_often_at_the_head_and_seldom_at_the_end() {
    for (wait, again) in [(0, 2), (20, 2), (60, 6), (290, 29), (1_800, 30)] {
        let again_in = ask_again_in(SignedDuration::from_secs(wait));
        assert_eq!(again_in, SignedDuration::from_secs(again), "{wait}");
    }
}

#[test]
fn nobody_is_given_a_place_for_more_than_half_an_hour() {
    for (wait, again) in [(0, None), (1_800, None), (1_801, Some(60)), (3_600, Some(1_800))] {
        let told = come_again_in(SignedDuration::from_secs(wait));
        assert_eq!(told, again.map(SignedDuration::from_secs), "{wait}");
    }
}

/// What happens to a line: somebody comes, or the next has a turn.
fn happenings() -> impl Strategy<Value = Vec<Option<(u8, Option<u8>)>>> {
    let comes = (0..5u8, prop::option::of(0..4u8));
    prop::collection::vec(prop::option::weighted(0.7, comes), 1..300)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    #[test]
    fn within_a_network_the_order_is_kept_and_no_place_is_lost(happenings in happenings(), seed in 0..5u8) {
        let mut line = TestLine::default();
        // One network holds very many, so that networks take turns from the beginning in some cases.
        for _ in 0..(u32::from(seed) * 20) {
            line.join(0, None);
        }
        let mut given = Vec::new();
        for happening in happenings {
            match happening {
                Some((network, device)) => {
                    line.join(network, device);
                }
                None => {
                    if let Some(next) = line.order(at(0), None).first().copied() {
                        given.push(line.leave(next).place);
                    }
                }
            }
        }
        while let Some(next) = line.order(at(0), None).first().copied() {
            given.push(line.leave(next).place);
        }
        prop_assert_eq!(given.len(), usize::try_from(line.next).unwrap());
        for network in 0..5u8 {
            let numbers: Vec<i64> =
                given.iter().filter(|place| place.network.0[0] == network).map(|place| place.number).collect();
            prop_assert!(numbers.is_sorted(), "{:?}", numbers);
        }
    }

    #[test]
    fn while_networks_take_turns_none_has_two_more_than_another_that_waits(
        sizes in prop::collection::vec(60..90usize, 2..5)
    ) {
        let mut line = TestLine::default();
        for (network, size) in sizes.iter().enumerate() {
            for _ in 0..*size {
                line.join(u8::try_from(network).unwrap(), None);
            }
        }
        let mut turns = vec![0usize; sizes.len()];
        while sizes.iter().zip(&turns).any(|(size, turns)| size - turns > 50) {
            let next = line.order(at(0), None)[0];
            turns[usize::from(line.leave(next).place.network.0[0])] += 1;
            let (least, most) = (turns.iter().min().unwrap(), turns.iter().max().unwrap());
            prop_assert!(most - least <= 1, "{:?}", turns);
        }
    }

    #[test]
    fn in_a_flood_everybody_has_a_turn_and_the_known_have_half(strangers in 1..80i64, known in 1..30u8, turns in 0..2u64) {
        let mut line = TestLine::default();
        for n in 0..strangers {
            line.join(u8::try_from(n % 200).unwrap(), None);
        }
        for device in 0..known {
            line.join(201, Some(device));
        }
        let order = line.order(at(0), Some(turns));
        prop_assert_eq!(order.len(), usize::try_from(strangers).unwrap() + usize::from(known));
        let last_known = order.iter().rposition(|number| *number > strangers).unwrap();
        prop_assert!(last_known < 2 * usize::from(known) + 1);
        let first = order.iter().copied().filter(|number| *number <= strangers).collect::<Vec<_>>();
        prop_assert!(first.is_sorted());
    }
}
