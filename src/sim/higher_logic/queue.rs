//! What was received and is not applied yet, and the journal of what was received.

use std::collections::VecDeque;

use aws_lc_rs::digest::{SHA256, digest};
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use super::record::Change;
use super::switches::{QueueOrder, Switches};

/// So many records wait at most.
pub(super) const MOST_STAGED: usize = 200_000;
/// So many pushes are kept in the journal.
const MOST_ENTRIES: usize = 500;
/// The texts of the journal take so many bytes together; older ones are left out first.
const MOST_BYTES: usize = 32 * 1024 * 1024;

/// A record that waits.
#[derive(Debug)]
pub(super) struct Staged {
    /// The push that brought it.
    pub(super) push: u64,
    pub(super) at: Timestamp,
    pub(super) due: Timestamp,
    pub(super) change: Change,
}

/// The records that wait.
#[derive(Debug, Default)]
pub(super) struct Queue {
    staged: VecDeque<Staged>,
    /// When the latest of them is due.
    last_due: Option<Timestamp>,
    pub(super) last_refresh: Option<Timestamp>,
}

impl Queue {
    pub(super) fn put(&mut self, push: u64, change: Change, switches: &Switches, now: Timestamp) {
        let delay = SignedDuration::try_from(switches.queue_delay).unwrap_or(SignedDuration::MAX);
        let mut due = now.checked_add(delay).unwrap_or(Timestamp::MAX);
        if let Some(rate) = switches.queue_per_minute {
            let between = SignedDuration::from_millis(60_000 / i64::from(rate));
            let after = self.last_due.and_then(|last| last.checked_add(between).ok());
            due = after.map_or(due, |after| due.max(after));
            self.last_due = Some(due);
        }
        self.staged.push_back(Staged { push, at: now, due, change });
    }

    /// Takes what is due.
    pub(super) fn due(&mut self, switches: &Switches, now: Timestamp) -> Vec<Staged> {
        if !switches.queue_runs || self.staged.iter().all(|it| it.due > now) {
            return Vec::new();
        }
        let (mut due, later): (Vec<Staged>, Vec<Staged>) =
            self.staged.drain(..).partition(|it| it.due <= now);
        self.staged = later.into();
        if switches.queue_order == QueueOrder::Reversed {
            due.reverse();
        }
        self.last_refresh = Some(now);
        due
    }

    /// Takes what waits for one contact, due or not.
    pub(super) fn of_contact(&mut self, id: &str) -> Vec<Staged> {
        let is_of = |it: &Staged| matches!(it.change, Change::Contact(_)) && it.change.id() == id;
        let (its, others): (Vec<Staged>, Vec<Staged>) = self.staged.drain(..).partition(is_of);
        self.staged = others.into();
        its
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Staged> {
        self.staged.iter()
    }

    pub(super) fn len(&self) -> usize {
        self.staged.len()
    }
}

/// One push, as it was received.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct IntakeEntry {
    /// Counts the pushes; the first is 1.
    pub number: u64,
    /// When it came, by the simulator's clock.
    pub at: Timestamp,
    /// Its path.
    pub path: String,
    /// The length of its body.
    pub bytes: usize,
    /// The SHA-256 of its body, in hexadecimal.
    pub digest: String,
    /// How many records were taken into the queue.
    pub taken: usize,
    /// The status of the answer, before a fault spoils it.
    pub status: u16,
    /// What was refused or strange.
    pub notes: Vec<String>,
    /// The body; none: it was left out because of its age.
    pub body: Option<String>,
}

/// The latest pushes.
#[derive(Debug, Default)]
pub(super) struct Intake {
    last: u64,
    bytes: usize,
    entries: VecDeque<IntakeEntry>,
}

impl Intake {
    /// Enters a push, and gives its number.
    pub(super) fn enter(&mut self, at: Timestamp, path: &str, body: &[u8]) -> u64 {
        self.last += 1;
        if self.entries.len() >= MOST_ENTRIES
            && let Some(oldest) = self.entries.pop_front()
        {
            self.bytes -= oldest.body.map_or(0, |body| body.len());
        }
        let text = String::from_utf8_lossy(body).into_owned();
        self.bytes += text.len();
        for entry in &mut self.entries {
            if self.bytes <= MOST_BYTES {
                break;
            }
            self.bytes -= entry.body.take().map_or(0, |body| body.len());
        }
        let digest = digest(&SHA256, body).as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
        self.entries.push_back(IntakeEntry {
            number: self.last,
            at,
            path: path.to_owned(),
            bytes: body.len(),
            digest,
            taken: 0,
            status: 200,
            notes: Vec::new(),
            body: Some(text),
        });
        self.last
    }

    /// The entry of a push, to note something.
    pub(super) fn get_mut(&mut self, number: u64) -> Option<&mut IntakeEntry> {
        self.entries.iter_mut().find(|it| it.number == number)
    }

    /// The entries, oldest first.
    pub(super) fn iter(&self) -> impl DoubleEndedIterator<Item = &IntakeEntry> {
        self.entries.iter()
    }
}

#[cfg(test)]
mod tests {
    use super::super::model::Item;
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn change(id: &str) -> Change {
        Change::Meeting(Item { id: id.to_owned(), ..Item::default() })
    }

    fn taken(queue: &mut Queue, switches: &Switches, second: i64) -> Vec<String> {
        queue.due(switches, at(second)).iter().map(|it| it.change.id().to_owned()).collect()
    }

    #[test]
    fn records_leave_when_they_are_due_in_the_order_of_the_switch() {
        let mut switches = Switches::parse(["queue_delay=30s"]).unwrap();
        let mut queue = Queue::default();
        queue.put(1, change("a"), &switches, at(0));
        queue.put(2, change("b"), &switches, at(1));
        queue.put(3, change("c"), &switches, at(20));
        assert_eq!(taken(&mut queue, &switches, 29), [] as [&str; 0]);
        switches.set("queue_order=reversed").unwrap();
        switches.set("queue_runs=off").unwrap();
        assert_eq!(taken(&mut queue, &switches, 31), [] as [&str; 0]);
        switches.set("queue_runs=on").unwrap();
        assert_eq!(taken(&mut queue, &switches, 31), ["b", "a"]);
        assert_eq!((queue.len(), queue.last_refresh), (1, Some(at(31))));
        assert_eq!(taken(&mut queue, &switches, 50), ["c"]);
    }

    #[test]
    fn a_slow_queue_lets_so_many_out_in_a_minute() {
        let switches = Switches::parse(["queue_per_minute=2"]).unwrap();
        let mut queue = Queue::default();
        for id in ["a", "b", "c"] {
            queue.put(1, change(id), &switches, at(0));
        }
        assert_eq!(taken(&mut queue, &switches, 0), ["a"]);
        assert_eq!(taken(&mut queue, &switches, 60), ["b", "c"]);
    }

    #[test]
    fn the_journal_keeps_the_latest_and_leaves_old_texts_out() {
        let mut intake = Intake::default();
        let large = vec![b'x'; MOST_BYTES / 4];
        for _ in 0..6 {
            intake.enter(at(0), "/v2/list", &large);
        }
        let with_text: Vec<bool> = intake.iter().map(|it| it.body.is_some()).collect();
        assert_eq!(with_text, [false, false, true, true, true, true]);
        for _ in 0..MOST_ENTRIES {
            intake.enter(at(0), "/v2/list", b"[]");
        }
        assert_eq!((intake.iter().count(), intake.bytes), (MOST_ENTRIES, 2 * MOST_ENTRIES));
        assert_eq!(intake.iter().next_back().unwrap().number, 6 + MOST_ENTRIES as u64);
        let digest = &intake.iter().next_back().unwrap().digest;
        assert!(digest.starts_with("4f53cda18c2b"), "{digest}");
    }
}
