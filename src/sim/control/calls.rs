//! The log of the calls that a simulator got: counts by kind, and the latest ones. It holds no secret.

use std::collections::{BTreeMap, VecDeque};

use jiff::Timestamp;
use serde::Serialize;

/// So many of the latest calls are kept.
const MOST_CALLS: usize = 10_000;

/// How many calls of one kind came, and what became of them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct CallCount {
    /// All of them.
    pub calls: u64,
    /// Answered with 429.
    pub refused: u64,
    /// Answered with another error, or not at all.
    pub failed: u64,
}

/// One call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CallLine {
    /// Counts the calls since the start; the first is 1.
    pub number: u64,
    /// When it came, by the simulator's clock.
    pub at: Timestamp,
    /// Its kind.
    pub kind: &'static str,
    /// Whether it was a page for people, which no limit counts.
    pub portal: bool,
    /// The environment that it was for.
    pub environment: &'static str,
    /// What was asked for; whatever may be a secret is left out.
    pub asked: String,
    /// The status of the answer; none: the answer never came.
    pub status: Option<u16>,
}

/// The calls since the start, or since the counts were reset.
#[derive(Debug, Clone, Serialize)]
pub struct CallReport {
    /// When counting began.
    pub since: Timestamp,
    /// The present time, by the same clock.
    pub now: Timestamp,
    /// All calls of the interface, without the pages for people.
    pub calls: u64,
    /// Those that were refused with 429.
    pub refused: u64,
    /// How many came, by kind.
    pub kinds: BTreeMap<&'static str, CallCount>,
    /// The latest ones, newest first.
    pub latest: Vec<CallLine>,
}

/// Counts calls, and keeps the latest.
#[derive(Debug)]
pub struct CallLog {
    since: Timestamp,
    number: u64,
    kinds: BTreeMap<&'static str, CallCount>,
    api: CallCount,
    latest: VecDeque<CallLine>,
}

impl CallLog {
    /// No call has come.
    pub fn new(since: Timestamp) -> CallLog {
        let (kinds, latest) = (BTreeMap::new(), VecDeque::new());
        CallLog { since, number: 0, kinds, api: CallCount::default(), latest }
    }

    /// Enters a call; its number is given by the log.
    pub fn note(&mut self, line: CallLine) {
        self.number += 1;
        let count = |count: &mut CallCount| {
            count.calls += 1;
            match line.status {
                Some(429) => count.refused += 1,
                Some(status) if status < 400 => {}
                _ => count.failed += 1,
            }
        };
        count(self.kinds.entry(line.kind).or_default());
        if !line.portal {
            count(&mut self.api);
        }
        if self.latest.len() == MOST_CALLS {
            self.latest.pop_front();
        }
        self.latest.push_back(CallLine { number: self.number, ..line });
    }

    /// The count of one kind.
    pub fn of(&self, kind: &str) -> CallCount {
        self.kinds.get(kind).copied().unwrap_or_default()
    }

    /// The count of the interface, without the pages for people.
    pub fn of_interface(&self) -> CallCount {
        self.api
    }

    /// The counts, and the latest `most` calls, of one kind only if it is given, after the call with the number `after`.
    pub fn report(&self, now: Timestamp, kind: Option<&str>, after: u64, most: usize) -> CallReport {
        let wanted = |line: &&CallLine| line.number > after && kind.is_none_or(|kind| line.kind == kind);
        CallReport {
            since: self.since,
            now,
            calls: self.api.calls,
            refused: self.api.refused,
            kinds: self.kinds.clone(),
            latest: self.latest.iter().rev().filter(wanted).take(most).cloned().collect(),
        }
    }

    /// Sets all counts to nothing. Numbers go on.
    pub fn reset(&mut self, now: Timestamp) {
        *self = CallLog { number: self.number, ..CallLog::new(now) };
    }
}
