//! An hour of calls in milliseconds: tasks, a budget of one call a slot, and a clock that is moved.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;
use crate::domain::directory::roster::{Listed, RosterEntry, RosterLine, RosterReading, RosterRow};
use crate::domain::record::CommitteeSeat;
use crate::domain::rule::Code;

const SLOT: SignedDuration = SignedDuration::from_millis(1_500);

fn start() -> Timestamp {
    Timestamp::from_second(1_800_000_000).unwrap()
}

fn seconds(count: i64) -> SignedDuration {
    SignedDuration::from_secs(count)
}

fn name(number: usize) -> RosterName {
    RosterName::committee(Code::parse(&format!("C{number}")).unwrap())
}

fn person(number: usize) -> IndividualId {
    IndividualId::parse(&format!("p{number}")).unwrap()
}

fn roster(number: usize, every: i64, calls: u32) -> Due {
    let task = Task::Roster { name: name(number), with_list: false };
    Due::every(task, Some(start()), seconds(every), calls)
}

/// Works through the tasks until `end`, and notes the greatest age of each, when it ends.
struct Simulation {
    tasks: Vec<Due>,
    now: Timestamp,
    oldest: BTreeMap<Task, SignedDuration>,
    calls: u32,
}

impl Simulation {
    fn new(tasks: Vec<Due>) -> Simulation {
        Simulation { tasks, now: start(), oldest: BTreeMap::new(), calls: 0 }
    }

    fn run(&mut self, length: SignedDuration) {
        let end = self.now + length;
        while self.now < end {
            let task = match next_call(&self.tasks, self.now, SLOT) {
                NextCall::Call(due) => due.task.clone(),
                NextCall::Wait(until) => {
                    assert!(until > self.now, "a wait ends later than now");
                    self.now = until;
                    continue;
                }
                NextCall::Nothing => return,
            };
            let began = self.now;
            let due = self.tasks.iter_mut().find(|due| due.task == task).unwrap();
            self.now += SLOT * i32::try_from(due.calls).unwrap();
            self.calls += due.calls;
            if let Some(last) = due.last {
                let age = self.oldest.entry(task).or_default();
                *age = (*age).max(self.now.duration_since(last));
            }
            due.last = Some(began);
        }
    }

    /// The greatest age of each as a part of its aim.
    fn ratios(&self) -> impl Iterator<Item = f64> {
        self.tasks.iter().map(|due| {
            let waiting = due.last.map_or(SignedDuration::ZERO, |last| self.now.duration_since(last));
            let age = self.oldest.get(&due.task).copied().unwrap_or_default().max(waiting);
            age.as_secs_f64() / due.every.as_secs_f64()
        })
    }
}

#[test]
fn an_hour_in_step_costs_what_its_ages_ask_for() {
    let mut tasks = vec![Due::every(Task::Feed, Some(start()), FEED_EVERY, 1)];
    tasks.push(Due::every(Task::LookBack, Some(start()), LOOK_BACK_EVERY, 1));
    tasks.extend((0..5).map(|number| roster(number, 300, 1)));
    let mut simulation = Simulation::new(tasks);
    simulation.run(seconds(3_600));
    assert!((120..=128).contains(&simulation.calls), "{}", simulation.calls);
    let in_time = SLOT * 2;
    for due in &simulation.tasks {
        let age = simulation.oldest.get(&due.task).copied().unwrap_or_default();
        assert!(age <= due.every + in_time, "{due:?}: {age:#}");
    }
}

#[test]
fn what_does_not_fit_is_stretched_in_proportion() {
    let tasks: Vec<Due> =
        (0..40).map(|number| roster(number, if number < 20 { 60 } else { 300 }, 1)).collect();
    let per_hour = 3_600.0 / SLOT.as_secs_f64();
    let stretched = stretch(calls_an_hour(&tasks), per_hour / 2.0);
    assert!((stretched - 1.2).abs() < 1e-9, "{stretched}");
    assert!((stretch(calls_an_hour(&tasks), per_hour * 2.0) - 1.0).abs() < 1e-9);
    let doubled: Vec<Due> = tasks.into_iter().map(|due| Due { calls: 4, ..due }).collect();
    let expected = stretch(calls_an_hour(&doubled), per_hour);
    let mut simulation = Simulation::new(doubled);
    simulation.run(seconds(7_200));
    for ratio in simulation.ratios() {
        assert!((0.7 * expected..1.5 * expected).contains(&ratio), "{ratio} of {expected}");
    }
}

#[test]
fn who_is_waited_for_goes_first_and_what_failed_pauses() {
    let old = roster(0, 1, 1);
    let awaited = Due { is_awaited: true, last: None, ..roster(1, 300, 1) };
    let now = start() + seconds(100);
    let first = |tasks: &[Due]| match next_call(tasks, now, SLOT) {
        NextCall::Call(due) => Some(due.task.clone()),
        NextCall::Wait(_) | NextCall::Nothing => None,
    };
    assert_eq!(first(&[old.clone(), awaited.clone()]), Some(awaited.task.clone()));
    let failed = Due { failed: Some(now - seconds(14)), ..awaited.clone() };
    assert_eq!(
        first(&[old.clone(), failed.clone()]),
        Some(old.task.clone()),
        "it does not hold up the others"
    );
    let alone = next_call(std::slice::from_ref(&failed), now, SLOT);
    assert_eq!(alone, NextCall::Wait(now + seconds(61)), "a quarter of five minutes");
    let ahead = Due { failed: Some(now + seconds(1_000)), ..awaited.clone() };
    assert_eq!(first(&[ahead]), Some(awaited.task), "a failure that lies ahead is of another clock");
    let never = Due { last: None, ..roster(2, 86_400, 1) };
    assert_eq!(first(&[old, never.clone()]), Some(never.task));
    assert_eq!(next_call(&[], now, SLOT), NextCall::Nothing);
}

#[test]
fn a_read_that_is_wanted_once_is_due_at_once() {
    let task = Task::Person(person(1), WhyRead::Changed);
    let due = [Due::once(task, start(), seconds(120), 1)];
    assert_eq!(next_call(&due, start(), SLOT), NextCall::Call(&due[0]));
    let before = start() - seconds(10);
    assert_eq!(next_call(&due, before, SLOT), NextCall::Wait(start() - SLOT));
}

#[test]
fn a_clock_set_back_or_forward_makes_nothing_wait_for_long() {
    for (jump, most) in [(-600, 615), (-3_600, 615), (86_400, 15), (-30, 345)] {
        let tasks: Vec<Due> = (0..10).map(|number| roster(number, 300, 1)).collect();
        let mut simulation = Simulation::new(tasks);
        simulation.run(seconds(1_000));
        simulation.now += seconds(jump);
        let jumped = simulation.now;
        let mut left: Vec<Task> = simulation.tasks.iter().map(|due| due.task.clone()).collect();
        while !left.is_empty() {
            match next_call(&simulation.tasks, simulation.now, SLOT) {
                NextCall::Call(due) => {
                    let task = due.task.clone();
                    left.retain(|one| *one != task);
                    let due = simulation.tasks.iter_mut().find(|due| due.task == task).unwrap();
                    due.last = Some(simulation.now);
                    simulation.now += SLOT;
                }
                NextCall::Wait(until) => simulation.now = until,
                NextCall::Nothing => panic!("there is always something to do"),
            }
        }
        let took = simulation.now.duration_since(jumped);
        assert!(took <= seconds(most), "{jump}: {took:#}");
    }
}

#[test]
fn the_tasks_for_a_roster_follow_from_how_it_stands() {
    let plan = RosterPlan { every: seconds(300), covered: None, has_increments: false, calls: 2 };
    let row = |number| {
        let entry = RosterEntry::Seat(CommitteeSeat { committee: "C1".into(), ..Default::default() });
        RosterRow { person: person(number), line: RosterLine { number: None, entry } }
    };
    let reading = || RosterReading { rows: (0..20).map(row).collect(), cancelled: Vec::new() };
    let mut held = Roster::first(reading(), start());
    let whole = |name: &RosterName, last, every, with_list| {
        Due::every(Task::Roster { name: name.clone(), with_list }, last, every, 2)
    };
    let committee = name(1);
    let event = RosterName::event(Code::parse("A26").unwrap());
    let since = Due::every(Task::RosterSince(event.clone()), Some(start()), seconds(300), 2);
    let increments = RosterPlan { has_increments: true, ..plan };
    let changed = |seconds_later| RosterPlan {
        covered: Some(Some(start() + seconds(seconds_later))),
        has_increments: true,
        ..plan
    };
    for (name, plan, expected) in [
        (&committee, plan, vec![whole(&committee, Some(start()), seconds(300), false)]),
        (&event, increments, vec![whole(&event, Some(start()), EVENT_WHOLE_EVERY, false), since]),
        (&event, changed(-1), vec![whole(&event, Some(start()), COVERED_EVERY, false)]),
        // What was added and cancelled is enough; a list without such a filter is read whole.
        (
            &event,
            changed(1),
            vec![
                whole(&event, Some(start()), COVERED_EVERY, false),
                Due::every(Task::RosterSince(event.clone()), Some(start()), COVERED_AFTER_CHANGE, 2),
            ],
        ),
        (
            &committee,
            RosterPlan { has_increments: false, ..changed(1) },
            vec![whole(&committee, Some(start()), COVERED_AFTER_CHANGE, false)],
        ),
    ] {
        assert_eq!(roster_tasks(name, Some(&held), plan), expected, "{name}");
    }
    assert_eq!(roster_tasks(&committee, None, plan), [whole(&committee, None, seconds(300), false)]);
    held.read_whole(RosterReading::default(), Listed::Unknown, start() + seconds(300));
    let again = roster_tasks(&committee, Some(&held), plan);
    assert_eq!(again.len(), 1);
    assert_eq!(again[0].task, Task::Roster { name: committee.clone(), with_list: true });
    let wait = NextCall::Wait(start() + seconds(360) - SLOT * 3);
    assert_eq!(next_call(&again, start() + seconds(330), SLOT), wait);
    let few = RosterReading { rows: vec![row(0)], cancelled: Vec::new() };
    held.read_whole(few, Listed::Unknown, start() + seconds(400));
    let reads: Vec<Due> = reads_of_missing(held.absentees(), 1).collect();
    assert_eq!(reads.len(), 19);
    assert!(reads.iter().all(|due| matches!(due.task, Task::Person(_, WhyRead::Held))));
}

proptest! {
    #![proptest_config(ProptestConfig { max_shrink_iters: 100, ..ProptestConfig::with_cases(24) })]

    /// If the mix fits, everything is done within its age and a few slots; else all are stretched alike. Nothing starves.
    #[test]
    fn within_its_age_or_stretched_in_proportion(
        tasks in proptest::collection::vec((20_i64..600, 1_u32..4), 1..60),
        long in 600_i64..3_600,
    ) {
        let mut tasks: Vec<Due> =
            tasks.into_iter().enumerate().map(|(number, (every, calls))| roster(number, every, calls)).collect();
        tasks.push(Due::every(Task::SweepPage, Some(start()), seconds(long), 1));
        let stretched = calls_an_hour(&tasks) / (3_600.0 / SLOT.as_secs_f64());
        let mut simulation = Simulation::new(tasks);
        simulation.run(seconds(3_600));
        for due in &simulation.tasks {
            let waiting = simulation.now.duration_since(due.last.unwrap());
            let age = simulation.oldest.get(&due.task).copied().unwrap_or_default().max(waiting).as_secs_f64();
            let aim = due.every.as_secs_f64();
            let own = (SLOT * i32::try_from(due.calls).unwrap()).as_secs_f64();
            // A few others may come between; where little is left, a whole round of them.
            let (slots, factor) = if stretched <= 0.7 { (10.0, 1.0) } else { (20.0, stretched.max(1.0) * 1.3) };
            let most = aim * factor + own + slots * SLOT.as_secs_f64();
            prop_assert!(age <= most, "{:?}: {} of {}, stretch {}", due, age, most, stretched);
        }
    }
}

#[test]
fn a_long_list_of_events_is_read_less_often_and_sooner_where_a_second_reading_is_awaited() {
    for (calls, is_awaited_again, minutes) in
        [(0, false, 60), (2, false, 60), (20, false, 60), (21, false, 120), (2, true, 10), (41, true, 30)]
    {
        let due = events_task(None, calls, is_awaited_again);
        assert_eq!((due.every, due.calls), (SignedDuration::from_mins(minutes), calls.max(1)), "{calls}");
    }
}
