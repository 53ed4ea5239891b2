//! After any sequence of changes, faults, restarts, lost answers and reorderings the receiver knows what it should.

use std::collections::BTreeMap;

use jiff::SignedDuration;
use proptest::collection::vec;
use proptest::prelude::*;

use super::brake;
use super::row::{Delivery, Flight, FlightEnd, Phase, Plan, RowAfter};
use super::state::{Desired, State};
use crate::domain::record::IndividualId;
use crate::domain::time::Timestamp;

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_800_000_000 + second).unwrap()
}

fn state(said: u8) -> State {
    match said {
        0 => State::Removed,
        said => State::Present {
            said: said.to_string(),
            holds: BTreeMap::from([("member".to_owned(), None), (format!("role-{said}"), Some(at(50)))]),
        },
    }
}

fn plan(state: Option<State>) -> Plan {
    Plan {
        individual: IndividualId::parse("jane").unwrap(),
        desired: Desired { state, holds_until: None },
        gone_at: None,
        is_forgotten: false,
    }
}

/// What happens next.
#[derive(Debug, Clone)]
enum Step {
    /// Something else is desired; `None`: it is not known what.
    Desire(Option<u8>),
    /// A worker takes the row, if it is due.
    Take,
    /// A request that is on its way arrives, whichever it is.
    Arrive(usize),
    /// An answer that is on its way arrives.
    Answer(usize),
    /// An answer is lost, and so is a request.
    Lose(usize),
    /// A request meets an error instead of the receiver.
    Fault(usize),
    /// The receiver does not take it, and would not the next time.
    Refuse(usize),
    /// Time passes.
    Wait(i64),
    /// An administrator sends again what was set aside.
    SendAgain,
    /// The receiver was written to by a store that was restored since.
    Foreign,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => proptest::option::weighted(0.8, 0..4_u8).prop_map(Step::Desire),
        6 => Just(Step::Take),
        5 => (0..4_usize).prop_map(Step::Arrive),
        5 => (0..4_usize).prop_map(Step::Answer),
        2 => (0..4_usize).prop_map(Step::Lose),
        2 => (0..4_usize).prop_map(Step::Fault),
        1 => (0..4_usize).prop_map(Step::Refuse),
        4 => (1..120_i64).prop_map(Step::Wait),
        1 => Just(Step::SendAgain),
        1 => Just(Step::Foreign),
    ]
}

/// A receiver that goes by versions, as the protocol says.
#[derive(Default)]
struct Receiver {
    has: Option<(u64, State)>,
    /// Each state that it took as news, in order.
    taken: Vec<State>,
}

impl Receiver {
    fn take(&mut self, flight: &Flight) -> FlightEnd {
        match &self.has {
            Some((version, _)) if *version > flight.version => FlightEnd::Superseded(*version),
            Some((version, _)) if *version == flight.version => FlightEnd::Confirmed("applied"),
            _ => {
                self.has = Some((flight.version, flight.state.clone()));
                self.taken.push(flight.state.clone());
                FlightEnd::Confirmed("applied")
            }
        }
    }
}

#[derive(Default)]
struct World {
    now: i64,
    row: Option<Delivery>,
    receiver: Receiver,
    requests: Vec<Flight>,
    answers: Vec<(u64, FlightEnd)>,
    desired: Option<State>,
    greatest: u64,
    /// Somebody made the receiver hold something, or asked for a state again.
    is_stirred: bool,
}

impl World {
    fn put(&mut self, after: RowAfter) {
        match after {
            RowAfter::AsItWas => {}
            RowAfter::Changed(row) => {
                assert!(row.version >= self.greatest, "a version never shrinks");
                self.greatest = row.version;
                self.row = Some(*row);
            }
            RowAfter::Erased => self.row = None,
        }
    }

    fn settle(&mut self, fence: u64, end: &FlightEnd) {
        if let Some(row) = &self.row {
            let after = row.settled(fence, end, at(self.now), 0.5);
            self.put(after);
        }
    }

    fn take(&mut self) {
        let until = at(self.now + 60);
        let now = at(self.now);
        if let Some(flight) = self.row.as_mut().and_then(|row| row.take(now, until)) {
            self.requests.push(flight);
        }
    }

    fn go(&mut self, step: &Step) {
        let now = at(self.now);
        match step {
            Step::Desire(said) => {
                let desired = said.map(state);
                if desired.is_some() {
                    self.desired.clone_from(&desired);
                }
                let after = plan(desired).applied_to(self.row.as_ref(), now);
                self.put(after);
            }
            Step::Take => self.take(),
            Step::Arrive(which) if !self.requests.is_empty() => {
                let flight = self.requests.remove(which % self.requests.len());
                let end = self.receiver.take(&flight);
                self.answers.push((flight.fence, end));
            }
            Step::Answer(which) if !self.answers.is_empty() => {
                let (fence, end) = self.answers.remove(which % self.answers.len());
                self.settle(fence, &end);
            }
            Step::Lose(which) => {
                if !self.answers.is_empty() {
                    self.answers.remove(which % self.answers.len());
                } else if !self.requests.is_empty() {
                    self.requests.remove(which % self.requests.len());
                }
            }
            Step::Fault(which) if !self.requests.is_empty() => {
                let flight = self.requests.remove(which % self.requests.len());
                let end = if which % 2 == 0 {
                    FlightEnd::NotNow("busy".to_owned())
                } else {
                    FlightEnd::NoAnswer("500".to_owned())
                };
                self.answers.push((flight.fence, end));
            }
            Step::Refuse(which) if !self.requests.is_empty() => {
                let flight = self.requests.remove(which % self.requests.len());
                self.answers.push((flight.fence, FlightEnd::Refused("email_taken".to_owned())));
            }
            Step::Arrive(_) | Step::Answer(_) | Step::Fault(_) | Step::Refuse(_) => {}
            Step::Wait(seconds) => self.now += seconds,
            Step::SendAgain => {
                self.is_stirred = true;
                if let Some(row) = &mut self.row {
                    row.send_again(now);
                    self.greatest = row.version;
                }
            }
            Step::Foreign => {
                self.is_stirred = true;
                if let Some((version, _)) = self.receiver.has {
                    self.receiver.has = Some((version + 5_000_000, state(9)));
                }
            }
        }
        if let Some(row) = &self.row {
            assert_eq!(Some(&row.desired), self.desired.as_ref(), "what is not known changes nothing");
        }
    }

    /// Faults end here.
    fn come_to_rest(&mut self) {
        for _ in 0..40 {
            while !self.requests.is_empty() {
                self.go(&Step::Arrive(0));
            }
            while !self.answers.is_empty() {
                self.go(&Step::Answer(0));
            }
            if matches!(self.row.as_ref().map(|row| &row.phase), Some(Phase::SetAside { .. })) {
                self.go(&Step::SendAgain);
            }
            self.now += 4_000;
            self.go(&Step::Take);
        }
    }
}

proptest! {
    #[test]
    fn the_receiver_ends_with_what_is_desired(steps in vec(step(), 0..60)) {
        let mut world = World::default();
        steps.iter().for_each(|step| world.go(step));
        world.come_to_rest();
        match &world.row {
            None => prop_assert_eq!(&world.desired, &None),
            Some(row) => {
                prop_assert_eq!(&row.phase, &Phase::Settled);
                let has = world.receiver.has.as_ref().map(|(_, state)| state);
                // A writer that we know nothing of is found out by the next change.
                if !steps.iter().any(|step| matches!(step, Step::Foreign)) {
                    prop_assert_eq!(has, world.desired.as_ref());
                }
            }
        }
    }

    /// Whoever restored a store has an older version than the receiver; the first answer says so, and the state arrives all the same.
    #[test]
    fn a_receiver_that_knows_more_is_caught_up_with(ahead in 0..3_600_000_u64) {
        let mut world = World::default();
        world.go(&Step::Desire(Some(1)));
        let version = world.row.as_ref().unwrap().version;
        world.receiver.has = Some((version + ahead, state(9)));
        if ahead == 0 {
            // The same version is the same state.
            return Ok(());
        }
        world.come_to_rest();
        prop_assert_eq!(world.receiver.has.unwrap().1, state(1));
    }

    #[test]
    fn nothing_is_taken_as_news_twice_in_a_row(steps in vec(step(), 0..60)) {
        let mut world = World::default();
        let calm = |step: &&Step| !matches!(step, Step::SendAgain | Step::Foreign | Step::Refuse(_));
        // A retry of a version is no news; a change there and back that may have arrived in between is sent.
        let certain = |step: &&Step| !matches!(step, Step::Lose(_) | Step::Fault(_));
        steps.iter().filter(calm).filter(certain).for_each(|step| {
            // A lease that runs out is an answer that was lost.
            let step = if let Step::Wait(seconds) = step { Step::Wait(seconds % 2) } else { step.clone() };
            world.go(&step);
        });
        while world.now < 60 && !(world.requests.is_empty() && world.answers.is_empty()) {
            world.go(&Step::Arrive(0));
            world.go(&Step::Answer(0));
        }
        let taken = &world.receiver.taken;
        prop_assert!(world.now >= 60 || taken.windows(2).all(|pair| pair[0] != pair[1]), "{:?}", taken);
    }

    #[test]
    fn the_brake_counts_only_what_no_date_takes(lapsed in 0..1_000_u64, dropped in 0..400_u64) {
        let held = |ends: Option<Timestamp>| State::Present {
            said: "held".to_owned(),
            holds: BTreeMap::from([("member".to_owned(), ends)]),
        };
        let bare = State::Present { said: "bare".to_owned(), holds: BTreeMap::new() };
        let midnight = at(0);
        let by_date = (0..lapsed).filter(|_| held(Some(midnight)).loses_to(&bare, midnight)).count();
        let by_word = (0..dropped).filter(|_| held(Some(at(1))).loses_to(&bare, midnight)).count();
        prop_assert_eq!((by_date, by_word as u64), (0, dropped));
        let many = brake::are_too_many(by_date as u64 + by_word as u64, 10_000);
        prop_assert_eq!(many, dropped > 200);
    }
}

#[test]
fn a_change_back_to_what_is_known_there_leaves_the_outbox() {
    let mut world = World::default();
    world.go(&Step::Desire(Some(1)));
    world.come_to_rest();
    world.go(&Step::Desire(Some(2)));
    assert!(matches!(world.row.as_ref().unwrap().phase, Phase::Pending { .. }));
    world.go(&Step::Desire(Some(1)));
    assert_eq!(world.row.as_ref().unwrap().phase, Phase::Settled);
    world.come_to_rest();
    assert_eq!(world.receiver.taken, [state(1)]);
    // Once it may have arrived, the way back is told too.
    world.go(&Step::Desire(Some(2)));
    world.go(&Step::Take);
    world.go(&Step::Desire(Some(1)));
    world.come_to_rest();
    assert_eq!(world.receiver.taken, [state(1), state(2), state(1)]);
}

#[test]
fn a_forgotten_person_is_told_and_then_the_row_goes() {
    let mut world = World::default();
    world.go(&Step::Desire(Some(1)));
    world.come_to_rest();
    let forget = Plan { is_forgotten: true, gone_at: Some(at(world.now)), ..plan(Some(State::Removed)) };
    let after = forget.applied_to(world.row.as_ref(), at(world.now));
    world.put(after);
    world.desired = Some(State::Removed);
    world.come_to_rest();
    assert_eq!((world.row, world.receiver.has.unwrap().1), (None, State::Removed));
}

#[test]
fn only_the_present_flight_counts() {
    let mut row = match plan(Some(state(1))).applied_to(None, at(0)) {
        RowAfter::Changed(row) => *row,
        other => panic!("{other:?}"),
    };
    let first = row.take(at(0), at(60)).unwrap();
    assert_eq!(row.take(at(59), at(120)), None, "one at a time");
    let second = row.take(at(60), at(120)).unwrap();
    let late = FlightEnd::Refused("email_taken".to_owned());
    assert_eq!(row.settled(first.fence, &late, at(61), 0.0), RowAfter::AsItWas);
    assert_eq!(first.version, second.version, "the same state has the same version");
    let busy = FlightEnd::NotNow("busy".to_owned());
    let RowAfter::Changed(waiting) = row.settled(second.fence, &busy, at(61), 0.0) else { panic!() };
    assert_eq!(waiting.due_at(), Some(at(61) + SignedDuration::from_secs(5)));
}
