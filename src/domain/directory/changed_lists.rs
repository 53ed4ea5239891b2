//! Where the change feed covers a list that rosters tell too: after a change either the rosters are read again, or the own list of each person
//! who has changed, whichever takes fewer calls.

use std::collections::BTreeMap;

use super::plan::COVERED_AFTER_CHANGE;
use crate::domain::record::IndividualId;
use crate::domain::time::Timestamp;

/// More people than this are a matter for the rosters, whatever those cost.
const MOST_FOLLOWED: usize = 1_000;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Changed {
    named: Timestamp,
    is_read: bool,
}

/// Who has changed, and whose own list was read since. Kept in memory only: after a restart the feed names those who are still to be read.
#[derive(Debug, Clone, Default)]
pub struct ChangedLists {
    people: BTreeMap<IndividualId, Changed>,
    /// There were too many to be followed one by one; this is when the last of them was named.
    too_many: Option<Timestamp>,
}

impl ChangedLists {
    /// The feed has named somebody.
    pub fn name(&mut self, id: &IndividualId, named: Timestamp) {
        self.people.retain(|_, it| !it.is_read || is_recent(it.named, named));
        if self.people.len() >= MOST_FOLLOWED && !self.people.contains_key(id) {
            self.too_many = Some(named);
            return;
        }
        self.people.insert(id.clone(), Changed { named, is_read: false });
    }

    /// The own list of somebody was read, beginning at `at`.
    pub fn note_read(&mut self, id: &IndividualId, at: Timestamp) {
        if let Some(changed) = self.people.get_mut(id).filter(|it| at >= it.named) {
            changed.is_read = true;
        }
    }

    /// All rosters have been read since `at`.
    pub fn note_rosters(&mut self, at: Timestamp) {
        self.people.retain(|_, it| it.named >= at);
        self.too_many = self.too_many.filter(|named| *named >= at);
    }

    /// Whether the own lists take fewer calls than the rosters, which take `calls`.
    pub fn are_cheaper_than(&self, calls: usize, now: Timestamp) -> bool {
        let counts = |it: &&Changed| !it.is_read || is_recent(it.named, now);
        self.too_many.is_none() && self.people.values().filter(counts).count() < calls
    }

    /// When somebody was named last whose change only a reading of the rosters brings. `calls`: as many as all rosters take.
    pub fn left_to_rosters(&self, calls: usize, now: Timestamp) -> Option<Timestamp> {
        // Own lists that were not read in time are not waited for.
        let is_left =
            |it: &&Changed| !it.is_read && (!self.are_cheaper_than(calls, now) || !is_recent(it.named, now));
        self.people.values().filter(is_left).map(|it| it.named).max().max(self.too_many)
    }
}

fn is_recent(named: Timestamp, now: Timestamp) -> bool {
    now.duration_since(named).abs() < COVERED_AFTER_CHANGE
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;

    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(1_800_000_000 + seconds).unwrap()
    }

    fn id(number: usize) -> IndividualId {
        IndividualId::parse(&format!("p{number}")).unwrap()
    }

    #[test]
    fn a_change_among_big_committees_is_read_from_the_persons_own_list() {
        let mut lists = ChangedLists::default();
        lists.name(&id(1), at(0));
        assert!(lists.are_cheaper_than(8, at(10)) && !lists.are_cheaper_than(1, at(10)));
        assert_eq!(lists.left_to_rosters(8, at(10)), None);
        assert_eq!(lists.left_to_rosters(1, at(10)), Some(at(0)), "one page is as cheap as one list");
        lists.note_read(&id(1), at(-1));
        let late = at(0) + COVERED_AFTER_CHANGE;
        assert_eq!(
            lists.left_to_rosters(8, late),
            Some(at(0)),
            "that read began before the change was named"
        );
        lists.note_read(&id(1), at(5));
        assert_eq!((lists.left_to_rosters(8, late), lists.left_to_rosters(1, late)), (None, None));
    }

    #[test]
    fn many_changes_at_once_are_read_from_the_rosters() {
        let mut lists = ChangedLists::default();
        (0..8).for_each(|number| lists.name(&id(number), at(number as i64)));
        (0..7).for_each(|number| lists.note_read(&id(number), at(20)));
        assert!(!lists.are_cheaper_than(8, at(30)), "those that were read count for a while");
        assert_eq!(lists.left_to_rosters(8, at(30)), Some(at(7)));
        assert!(lists.are_cheaper_than(8, at(0) + COVERED_AFTER_CHANGE + SignedDuration::from_secs(10)));
        lists.note_rosters(at(30));
        assert_eq!(lists.left_to_rosters(1, at(1_000)), None);
        (0..=MOST_FOLLOWED).for_each(|number| lists.name(&id(number), at(40)));
        assert_eq!(lists.left_to_rosters(100_000, at(41)), Some(at(40)), "too many to be followed");
        lists.note_rosters(at(41));
        assert!(lists.are_cheaper_than(8, at(42)));
    }
}
