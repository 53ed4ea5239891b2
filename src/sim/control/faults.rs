//! Faults that were planned: where, for how many answers or for how long.

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use crate::sim::switches::{Fault, Setting};

/// A fault to plan.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct FaultPlan<S> {
    /// Which answers go wrong.
    pub scope: S,
    /// How.
    pub fault: Fault,
    /// So many of them; none: all.
    pub times: Option<u32>,
    /// For so long; none: without end.
    pub lasting: Option<SignedDuration>,
    /// Every n-th of them.
    pub every: u32,
}

/// A planned fault, for people.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FaultLine {
    /// Its number.
    pub id: u64,
    /// How answers go wrong.
    pub fault: String,
    /// Which.
    pub on: String,
    /// How many are left.
    pub left: Option<u32>,
    /// Until when.
    pub until: Option<Timestamp>,
    /// Every n-th.
    pub every: u32,
}

#[derive(Debug)]
struct Planned<S> {
    id: u64,
    plan: FaultPlan<S>,
    until: Option<Timestamp>,
    seen: u32,
}

/// The faults that are due, the earliest planned first.
#[derive(Debug)]
pub struct PlannedFaults<S> {
    last_id: u64,
    planned: Vec<Planned<S>>,
}

impl<S> Default for PlannedFaults<S> {
    fn default() -> PlannedFaults<S> {
        PlannedFaults { last_id: 0, planned: Vec::new() }
    }
}

impl<S: Setting> PlannedFaults<S> {
    /// Plans a fault from now on, and gives its number.
    pub fn plan(&mut self, plan: FaultPlan<S>, now: Timestamp) -> u64 {
        self.last_id += 1;
        let until = plan.lasting.and_then(|lasting| now.checked_add(lasting).ok());
        self.planned.push(Planned { id: self.last_id, plan, until, seen: 0 });
        self.last_id
    }

    /// The fault of an answer that `covers` tells to be concerned.
    pub fn next(&mut self, now: Timestamp, covers: impl Fn(&S) -> bool) -> Option<Fault> {
        self.forget_past(now);
        for planned in &mut self.planned {
            if !covers(&planned.plan.scope) {
                continue;
            }
            planned.seen = planned.seen.wrapping_add(1);
            if !planned.seen.is_multiple_of(planned.plan.every.max(1)) {
                continue;
            }
            if let Some(left) = &mut planned.plan.times {
                *left -= 1;
            }
            return Some(planned.plan.fault);
        }
        None
    }

    /// Those that are still due.
    pub fn lines(&mut self, now: Timestamp) -> Vec<FaultLine> {
        self.forget_past(now);
        let line = |it: &Planned<S>| FaultLine {
            id: it.id,
            fault: it.plan.fault.show(),
            on: it.plan.scope.show(),
            left: it.plan.times,
            until: it.until,
            every: it.plan.every,
        };
        self.planned.iter().map(line).collect()
    }

    /// Takes one back, or all. False: there was none.
    pub fn clear(&mut self, id: Option<u64>) -> bool {
        let before = self.planned.len();
        self.planned.retain(|planned| id.is_some_and(|id| planned.id != id));
        self.planned.len() < before
    }

    fn forget_past(&mut self, now: Timestamp) {
        let is_due = |it: &Planned<S>| it.plan.times != Some(0) && it.until.is_none_or(|until| now < until);
        self.planned.retain(is_due);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_comes_so_often_or_for_so_long_and_the_first_planned_goes_first() {
        let mut faults = PlannedFaults::<bool>::default();
        let at = |second: i64| Timestamp::from_second(second).unwrap();
        let plan = FaultPlan { scope: true, fault: Fault::Closed, times: Some(2), lasting: None, every: 1 };
        faults.plan(plan, at(0));
        let lasting = Some(SignedDuration::from_secs(10));
        let id = faults.plan(FaultPlan { fault: Fault::Hang, times: None, lasting, ..plan }, at(0));
        assert_eq!(faults.next(at(1), |_| false), None);
        let came: Vec<Option<Fault>> =
            (1..=4).map(|second| faults.next(at(second), |scope| *scope)).collect();
        assert_eq!(came, [Some(Fault::Closed), Some(Fault::Closed), Some(Fault::Hang), Some(Fault::Hang)]);
        assert_eq!(faults.lines(at(9)).len(), 1);
        assert_eq!(faults.next(at(10), |_| true), None);
        assert!(!faults.clear(Some(id)), "it is past");
        faults.plan(FaultPlan { every: 3, times: None, ..plan }, at(10));
        let third: Vec<bool> = (0..6).map(|_| faults.next(at(11), |_| true).is_some()).collect();
        assert_eq!(third, [false, false, true, false, false, true]);
        assert!(faults.clear(None));
    }
}
