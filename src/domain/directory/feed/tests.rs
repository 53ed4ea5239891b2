//! The feed against a simulated one that reads instants in a zone of its own.

use proptest::prelude::*;

use super::*;
use crate::domain::directory::feed_zone::FeedZone;
use crate::domain::directory::settings::Coverage;
use crate::domain::time::TimeZone;

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(1_800_000_000 + seconds).unwrap()
}

fn id(number: usize) -> IndividualId {
    IndividualId::parse(&format!("p{number}")).unwrap()
}

fn ids(numbers: impl IntoIterator<Item = usize>) -> BTreeSet<IndividualId> {
    numbers.into_iter().map(id).collect()
}

fn settings(association: &str) -> FeedSettings {
    let association = TimeZone::get(association).unwrap();
    FeedSettings { coverage: Coverage::Everything, zone: FeedZone::Auto, association }
}

impl FeedNews {
    fn who(&self) -> BTreeSet<IndividualId> {
        self.to_read.keys().cloned().collect()
    }
}

fn poll(
    feed: &mut Feed,
    settings: &FeedSettings,
    now: Timestamp,
    named: &BTreeSet<IndividualId>,
) -> FeedNews {
    let question = feed.question(settings, now);
    feed.take(question, named, None)
}

#[test]
fn a_poll_begins_where_the_last_good_one_did_less_the_overlap() {
    let settings = settings("UTC");
    let mut feed = Feed::default();
    let first = feed.question(&settings, at(0));
    assert_eq!((first.since, first.asked), (at(0) - OVERLAP, at(0) - OVERLAP));
    feed.take(first, &BTreeSet::new(), None);
    // Two polls failed, and their answers never came here.
    feed.question(&settings, at(60));
    feed.question(&settings, at(120));
    assert_eq!(feed.question(&settings, at(180)).since, at(0) - OVERLAP);
    assert_eq!(feed.question(&settings, at(86_400)).since, at(0) - OVERLAP, "however long ago");
    let second = feed.question(&settings, at(180));
    feed.take(second, &BTreeSet::new(), Some(at(150)));
    assert_eq!(feed.question(&settings, at(240)).since, at(150) - OVERLAP, "as far as the feed says");
}

#[test]
fn a_part_has_no_news_while_nobody_was_named_whose_change_is_still_to_be_read() {
    let settings = settings("UTC");
    let mut feed = Feed::default();
    poll(&mut feed, &settings, at(0), &ids([]));
    let has_no_news = |feed: &Feed, read: i64| feed.has_no_news(&settings, &id(1), Part::Purchases, at(read));
    assert!(has_no_news(&feed, 30));
    assert!(!has_no_news(&feed, -1_000), "nobody has asked what has changed since");
    poll(&mut feed, &settings, at(60), &ids([1]));
    assert!(!has_no_news(&feed, 30) && feed.wants(&id(1)) == Some(at(60)));
    feed.note_read(&id(1), at(55));
    assert!(!has_no_news(&feed, 55), "that read began before the change was named");
    assert!(has_no_news(&feed, 70), "it was read since, even if another part of that reading is in doubt");
    feed.note_read(&id(1), at(70));
    assert!(has_no_news(&feed, 70) && feed.wants(&id(1)).is_none());
    // The chain is broken.
    let late = FeedQuestion { began: at(9_000), since: at(8_000), asked: at(8_000) };
    feed.take(late, &ids([]), None);
    assert!(!has_no_news(&feed, 70));
    let profiles = FeedSettings { coverage: Coverage::Profiles, ..settings.clone() };
    assert!(!feed.has_no_news(&profiles, &id(1), Part::Purchases, at(9_001)), "the feed does not tell of it");
}

#[test]
fn whoever_is_named_is_read_once_for_one_change_and_again_for_another() {
    let settings = settings("UTC");
    let mut feed = Feed::default();
    let one = ids([1]);
    assert_eq!(poll(&mut feed, &settings, at(0), &one).who(), one);
    assert_eq!(poll(&mut feed, &settings, at(60), &one).who(), ids([]), "not read yet");
    assert_eq!(feed.to_read().collect::<Vec<_>>(), [(&id(1), at(0))]);
    feed.note_read(&id(1), at(-1));
    assert_eq!(feed.to_read().count(), 1, "that read began before the change was named");
    feed.note_read(&id(1), at(61));
    for seconds in [120, 180, 240] {
        assert_eq!(poll(&mut feed, &settings, at(seconds), &one).who(), ids([]), "{seconds}");
    }
    // This answer reaches back to second 60: nothing changed after the read.
    assert_eq!(poll(&mut feed, &settings, at(300), &ids([])).who(), ids([]));
    assert_eq!(poll(&mut feed, &settings, at(360), &one).who(), one, "another change");
    feed.note_read(&id(1), at(361));
    for seconds in [420, 480, 540, 600] {
        assert_eq!(poll(&mut feed, &settings, at(seconds), &one).who(), ids([]), "{seconds}");
    }
    assert_eq!(
        poll(&mut feed, &settings, at(660), &ids([])).who(),
        one,
        "named for longer than one change is"
    );
    feed.note_read(&id(1), at(661));
    poll(&mut feed, &settings, at(720), &one);
    feed.note_read(&id(1), at(721));
    let again = (13..100).find(|minute| !poll(&mut feed, &settings, at(60 * minute), &one).who().is_empty());
    assert_eq!(again, Some(73), "once an hour, as long as it goes on");
    feed.note_read(&id(1), at(6_001));
    assert_eq!(feed.hint(&id(1), at(6_002)).who(), one, "a hook tells of one change");
    assert_eq!(feed.hint(&id(1), at(6_003)).who(), ids([]));
}

#[test]
fn a_part_is_confirmed_by_an_unbroken_chain_of_polls_that_do_not_name_the_person() {
    let settings = settings("UTC");
    let confirms = |feed: &Feed, number, read| feed.confirms(&settings, &id(number), Part::Committees, read);
    let mut feed = Feed::default();
    assert_eq!(confirms(&feed, 1, at(0)), None);
    for minute in 0..10 {
        poll(&mut feed, &settings, at(60 * minute), &BTreeSet::new());
    }
    assert_eq!(confirms(&feed, 1, at(-180)), Some(at(540)));
    assert_eq!(confirms(&feed, 1, at(-181)), None, "before the first question");
    assert_eq!(confirms(&feed, 1, at(540)), None, "a read that is as new says more");
    // An hour without polls is made up for.
    poll(&mut feed, &settings, at(4_000), &ids([1]));
    assert_eq!((confirms(&feed, 1, at(0)), confirms(&feed, 2, at(0))), (None, Some(at(4_000))));
    poll(&mut feed, &settings, at(4_300), &BTreeSet::new());
    assert_eq!(confirms(&feed, 1, at(0)), None, "named and not read");
    feed.note_read(&id(1), at(4_301));
    poll(&mut feed, &settings, at(4_360), &BTreeSet::new());
    assert_eq!(confirms(&feed, 1, at(4_301)), Some(at(4_360)));
    // A question that does not reach back to the last poll leaves a gap longer than the overlap.
    let late = FeedQuestion { began: at(5_000), since: at(4_361), asked: at(4_361) };
    feed.take(late, &BTreeSet::new(), None);
    assert_eq!((feed.unbroken_since(), confirms(&feed, 1, at(4_301))), (Some(at(4_361)), None));
    let profiles = FeedSettings { coverage: Coverage::Profiles, ..settings.clone() };
    assert_eq!(feed.confirms(&profiles, &id(1), Part::Profile, at(4_400)), Some(at(5_000)));
    assert_eq!(feed.confirms(&profiles, &id(1), Part::Memberships, at(4_400)), None);
}

#[test]
fn a_clock_that_was_set_back_is_asked_past() {
    let settings = settings("UTC");
    let mut feed = Feed::default();
    poll(&mut feed, &settings, at(86_400), &ids([1]));
    feed.note_read(&id(1), at(86_401));
    let question = feed.question(&settings, at(0));
    assert_eq!(question.since, at(0) - LOOK_BACK);
    assert_eq!(feed.take(question, &ids([1]), None).who(), ids([1]), "read under another clock");
    assert_eq!(feed.unbroken_since(), Some(at(0) - LOOK_BACK));
    assert_eq!(feed.question(&settings, at(60)).since, at(0) - OVERLAP);
}

#[test]
fn one_change_of_which_the_feed_did_not_tell_ends_the_belief_for_its_kind() {
    let settings = settings("UTC");
    for (named_at, ended) in [(None, true), (Some(120), false), (Some(600), false)] {
        let mut feed = Feed::default();
        for minute in 0..20 {
            let named = if named_at == Some(minute * 60) { ids([1]) } else { ids([]) };
            let news = poll(&mut feed, &settings, at(minute * 60), &named);
            assert_eq!(!news.ended.is_empty(), ended && minute == 12, "{named_at:?} {minute}");
            if minute == 9 {
                feed.note_change(&settings, &id(1), Part::Committees, at(60), at(540));
            }
        }
        assert_eq!(feed.covers(&settings, Part::Committees), !ended);
        assert!(feed.covers(&settings, Part::Registrations));
        assert_eq!(feed.ended().keys().copied().collect::<Vec<_>>().len(), usize::from(ended));
    }
    let mut young = Feed::default();
    poll(&mut young, &settings, at(600), &ids([]));
    young.note_change(&settings, &id(1), Part::Committees, at(0), at(601));
    assert!(poll(&mut young, &settings, at(1_200), &ids([])).ended.is_empty(), "nobody asked then");
}

#[test]
fn more_people_than_can_be_told_apart_are_a_matter_for_a_sweep() {
    let settings = settings("UTC");
    let mut feed = Feed::default();
    let news = poll(&mut feed, &settings, at(0), &ids(0..=MOST_NAMED));
    assert!(news.is_too_much && news.who().is_empty());
    assert_eq!((feed.unbroken_since(), feed.to_read().count()), (None, 0));
    assert_eq!(feed.question(&settings, at(60)).since, at(0) - OVERLAP);
}

/// An AMS that reads instants in `zone`, and the gateway beside it, minute by minute.
struct FeedWorld {
    feed: Feed,
    settings: FeedSettings,
    zone: TimeZone,
    /// When each person changed, in order.
    changes: Vec<(i64, usize)>,
    reads: BTreeMap<usize, Vec<i64>>,
    /// Who is to be read, and when.
    due: BTreeMap<IndividualId, Timestamp>,
    pages: usize,
}

impl FeedWorld {
    fn new(association: &str, zone: &str, mut changes: Vec<(i64, usize)>) -> FeedWorld {
        changes.sort_unstable();
        let zone = TimeZone::get(zone).unwrap();
        let settings = settings(association);
        let (feed, reads, due) = (Feed::default(), BTreeMap::new(), BTreeMap::new());
        FeedWorld { feed, settings, zone, changes, reads, due, pages: 0 }
    }

    fn answer(&self, question: FeedQuestion) -> BTreeSet<IndividualId> {
        let text = TimeZone::UTC.to_datetime(question.asked);
        let since = self.zone.to_ambiguous_timestamp(text).compatible().unwrap();
        let changed = self.changes.iter().filter(|(when, _)| (since..=question.began).contains(&at(*when)));
        changed.map(|(_, number)| id(*number)).collect()
    }

    fn minute(&mut self, minute: i64) {
        let now = minute * 60;
        self.read_until(at(now));
        let question = self.feed.question(&self.settings, at(now));
        let named = self.answer(question);
        self.pages += named.len();
        let mut to_read = self.feed.take(question, &named, None).to_read;
        if minute % 60 == 59 {
            let look = self.feed.look(&self.settings, at(now + 10));
            let tried = look.trial.map(|trial| self.answer(trial));
            let named = self.answer(look.question);
            to_read.extend(self.feed.take_look(look, named, tried.as_ref()).to_read);
        }
        for (id, from) in to_read {
            let due = self.due.entry(id).or_insert(from);
            *due = from.min(*due);
        }
    }

    /// Reads those whose time has come, each a few seconds after it.
    fn read_until(&mut self, now: Timestamp) {
        const A_FEW: SignedDuration = SignedDuration::from_secs(4);
        let (due, later): (BTreeMap<_, _>, _) =
            std::mem::take(&mut self.due).into_iter().partition(|(_, from)| *from + A_FEW <= now);
        self.due = later;
        for (id, from) in due {
            let read = from + A_FEW;
            self.feed.note_read(&id, read);
            let seconds = read.duration_since(at(0)).as_secs();
            self.reads.entry(id.as_str()[1..].parse().unwrap()).or_default().push(seconds);
        }
    }

    /// How long the change at `when` waited for a read.
    fn waited(&self, when: i64, number: usize) -> Option<i64> {
        let reads = self.reads.get(&number)?;
        reads.iter().find(|read| **read >= when).map(|read| read - when)
    }
}

#[test]
fn the_zone_is_found_by_looking_back() {
    use ZoneReading::{AnyZone, Earlier, Later};
    // One person changes each seven minutes, each once.
    let changes: Vec<(i64, usize)> =
        (0..200).map(|number| (number * 420 + 30, usize::try_from(number).unwrap())).collect();
    for (association, zone, reading, longest, most) in [
        ("America/New_York", "UTC", Later, 140, 2),
        ("America/New_York", "America/New_York", Earlier, 140, 1),
        ("Europe/Berlin", "UTC", Earlier, 140, 1),
        ("Europe/Berlin", "Europe/Berlin", Later, 140, 2),
        // A third zone, further behind than both: the second look back finds that somebody was missed.
        ("Europe/Berlin", "America/New_York", AnyZone, 7_400, 6),
        ("UTC", "UTC", Later, 140, 1),
    ] {
        let mut world = FeedWorld::new(association, zone, changes.clone());
        for minute in 0..6 * 60 {
            world.minute(minute);
        }
        assert_eq!(world.feed.zone_reading(), reading, "{association} {zone}");
        for (when, number) in world.changes.iter().filter(|(when, _)| *when < 5 * 3_600) {
            let waited = world.waited(*when, *number);
            assert!(
                waited.is_some_and(|waited| waited <= longest),
                "{association} {zone} {when}: {waited:?}"
            );
        }
        // While the zone is not known, one change is named for hours: it is read again each hour and when that ends.
        let reads = world.reads.values().map(Vec::len).max();
        assert!(reads.is_some_and(|reads| reads <= most), "{association} {zone}: {reads:?}");
    }
}

#[test]
fn a_feed_is_stored_as_it_is() {
    let mut world = FeedWorld::new(
        "America/New_York",
        "UTC",
        (0..20).map(|n| (i64::try_from(n).unwrap() * 300, n)).collect(),
    );
    (0..70).for_each(|minute| world.minute(minute));
    let stored = serde_json::to_string(&world.feed).unwrap();
    assert_eq!(serde_json::from_str::<Feed>(&stored).unwrap(), world.feed);
}

proptest! {
    #![proptest_config(ProptestConfig { max_shrink_iters: 100, ..ProptestConfig::with_cases(24) })]

    /// Where the AMS reads instants in UTC or in the association's zone, every change leads to a read, and nothing is confirmed past a
    /// change that was not read.
    #[test]
    fn no_change_is_lost_and_none_is_confirmed_away(
        changes in proptest::collection::vec((0_i64..4 * 3_600, 0_usize..6), 0..40),
        association in 0_usize..3,
        is_utc in any::<bool>(),
        lost in proptest::collection::btree_set(0_i64..240, 0..60),
    ) {
        let association = ["America/New_York", "Europe/Berlin", "UTC"][association];
        let mut world = FeedWorld::new(association, if is_utc { "UTC" } else { association }, changes);
        for minute in (0..300).filter(|minute| !lost.contains(minute)) {
            world.minute(minute);
            for number in 0..6 {
                let read = world.reads.get(&number).and_then(|reads| reads.last()).copied().unwrap_or(0);
                let confirmed = world.feed.confirms(&world.settings, &id(number), Part::Purchases, at(read));
                if let Some(confirmed) = confirmed {
                    let hidden = world.changes.iter().find(|(when, of)| {
                        *of == number && *when > read && at(*when) <= confirmed
                    });
                    prop_assert_eq!(hidden, None, "minute {}", minute);
                }
            }
        }
        for (when, number) in &world.changes {
            prop_assert!(world.waited(*when, *number).is_some(), "{} {}", when, number);
        }
    }
}
