//! The change feed: since when to ask, who was named, and what it confirms.
//!
//! Each poll begins where the last good one did, less an overlap; one that fails leaves everything as it was. The feed names people and
//! says nothing about them: whoever is named is read again. `feed_zone` finds out in which zone the AMS reads our instants.

use std::collections::{BTreeMap, BTreeSet};

use jiff::SignedDuration;
use serde::{Deserialize, Serialize};

use super::feed_zone::{ZoneReading, ZoneSearch};
use super::settings::FeedSettings;
use crate::domain::parts::Part;
use crate::domain::record::IndividualId;
use crate::domain::time::Timestamp;

mod confirmed;

/// Polls overlap by this, for clocks that differ and instants cut to the minute.
pub const OVERLAP: SignedDuration = SignedDuration::from_mins(3);

/// Polls name one change for as long as they overlap. A read that begins so long after the first of them is later than whatever the others
/// may still mean: the way from poll to poll, and a minute that instants may be cut to. So one change costs one read.
pub const SETTLED_AFTER: SignedDuration = SignedDuration::from_secs(75);

/// A look back reaches as far, so that in every zone it covers half a day.
pub const LOOK_BACK: SignedDuration = SignedDuration::from_hours(26);

/// A trial of a narrower zone asks about as much.
const TRIAL: SignedDuration = SignedDuration::from_hours(1);

/// Somebody who is named by poll after poll is read again after this time.
const NAMED_ON_AND_ON: SignedDuration = SignedDuration::from_hours(1);

/// The people that the feed has named are remembered for this time.
const REMEMBERED: SignedDuration = SignedDuration::from_hours(48);

/// More people named than this are a matter for a sweep.
pub const MOST_NAMED: usize = 20_000;

/// More changes in doubt than this are enough to tell.
const MOST_SUSPICIONS: usize = 100;

/// What to ask the feed. All its pages are one answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FeedQuestion {
    /// When it was put.
    pub began: Timestamp,
    /// Since when the changes are wanted.
    pub since: Timestamp,
    /// The instant to ask with, to be written as in UTC: the AMS may read it in another zone.
    pub asked: Timestamp,
}

/// A look back, and the trial of a narrower zone that belongs to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FeedLook {
    /// What to ask.
    pub question: FeedQuestion,
    /// What to ask besides.
    pub trial: Option<FeedQuestion>,
}

/// What an answer of the feed has brought.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FeedNews {
    /// Who is to be read again, and was not yet to be; and the instant at which to begin.
    pub to_read: BTreeMap<IndividualId, Timestamp>,
    /// People that the polls should have named and had not.
    pub missed: usize,
    /// Parts of which the feed is no longer believed to tell, beginning now.
    pub ended: Vec<Part>,
    /// It named so many that nothing can be said about single people: a sweep must read them.
    pub is_too_much: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
struct LastPoll {
    began: Timestamp,
    /// Where the next poll begins, less the overlap.
    watermark: Timestamp,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
struct Naming {
    /// A read that begins at this instant or later has what was named.
    wanted: Timestamp,
    /// The first such read.
    read: Option<Timestamp>,
    /// The last poll that named the person. A hook or a look back is none.
    polled: Option<Timestamp>,
    /// No poll since then has left the person out. Polls overlap, and the AMS may read our instants earlier than they are meant, so one
    /// change is named by several; whether there was another shows when they stop.
    goes_on: bool,
}

impl Naming {
    /// When something last named the person.
    fn last(&self) -> Timestamp {
        self.polled.map_or(self.wanted, |polled| polled.max(self.wanted))
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum NamedBy {
    Poll,
    Other,
}

/// A change that was found elsewhere, of which the next poll should tell.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Suspicion {
    id: IndividualId,
    part: Part,
    before: Timestamp,
    found: Timestamp,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Looked {
    began: Timestamp,
    named: BTreeSet<IndividualId>,
}

/// How it stands with the change feed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Feed {
    polled: Option<LastPoll>,
    /// All changes since then have been asked for.
    chain: Option<Timestamp>,
    /// The first poll of the chain. Those that it named may have changed long before.
    chain_began: Option<Timestamp>,
    named: BTreeMap<IndividualId, Naming>,
    looked: Option<Looked>,
    /// People that only the last look back named; the next poll shows whether it was a matter of seconds.
    doubted: BTreeSet<IndividualId>,
    zone: ZoneSearch,
    suspicions: Vec<Suspicion>,
    /// Parts of which the feed does not tell, and since when that is known.
    ended: BTreeMap<Part, Timestamp>,
}

impl Feed {
    /// The next poll.
    pub fn question(&self, settings: &FeedSettings, now: Timestamp) -> FeedQuestion {
        let since = match self.polled {
            // The clock was set back: while it was ahead, the feed was asked about a time to come.
            Some(polled) if polled.began.duration_since(now) > OVERLAP => back(now, LOOK_BACK),
            Some(polled) => back(polled.watermark.min(now), OVERLAP),
            None => back(now, OVERLAP),
        };
        let asked = self.zone.written(&settings.zone, &settings.association, since);
        FeedQuestion { began: now, since, asked }
    }

    /// Takes a whole answer. `until`: how far the feed says that it has told, where it has a time of its own.
    pub fn take(
        &mut self,
        question: FeedQuestion,
        named: &BTreeSet<IndividualId>,
        until: Option<Timestamp>,
    ) -> FeedNews {
        let FeedQuestion { began, since, .. } = question;
        let is_unbroken = self.polled.is_some_and(|last| since <= last.watermark && last.began <= began);
        if !is_unbroken || self.chain.is_none() {
            (self.chain, self.chain_began) = (Some(since), Some(began));
        }
        self.polled = Some(LastPoll { began, watermark: until.unwrap_or(began) });
        let mut news = FeedNews::default();
        self.end_runs(question, named, &mut news);
        for id in named {
            self.name(id, began, NamedBy::Poll, &mut news);
        }
        self.named.retain(|_, it| it.read.is_none() || began.duration_since(it.last()) < REMEMBERED);
        self.judge_suspicions(began, &mut news);
        let doubted = std::mem::take(&mut self.doubted);
        news.missed = doubted.iter().filter(|id| !named.contains(*id)).count();
        if news.missed > 0 {
            self.zone.missed(began);
        }
        self.end_if_too_much(&mut news);
        news
    }

    /// The hourly look back.
    pub fn look(&self, settings: &FeedSettings, now: Timestamp) -> FeedLook {
        let since = back(now, LOOK_BACK);
        let question = FeedQuestion { began: now, since, asked: since };
        let since = back(now, TRIAL);
        let trial = self.zone.trial(&settings.zone, &settings.association, since, now);
        let trial = trial.filter(|_| self.changed_for_certain(since).next().is_some());
        FeedLook { question, trial: trial.map(|asked| FeedQuestion { began: now, since, asked }) }
    }

    /// Takes the answers to a look back and to its trial.
    pub fn take_look(
        &mut self,
        look: FeedLook,
        named: BTreeSet<IndividualId>,
        tried: Option<&BTreeSet<IndividualId>>,
    ) -> FeedNews {
        let began = look.question.began;
        let mut news = FeedNews::default();
        if let (Some(trial), Some(tried)) = (look.trial, tried) {
            let has_told_all = self.changed_for_certain(trial.since).all(|id| tried.contains(id));
            self.zone.tried(has_told_all, began);
        }
        // Whoever the look before did not name has changed since, and the polls should have said so.
        let since = self.looked.as_ref().filter(|looked| looked.began <= began);
        let since = since.filter(|looked| self.chain_began.is_some_and(|chain| chain <= looked.began));
        self.doubted = match since {
            Some(before) => {
                let is_told = |id: &IndividualId| self.has_polled(id, back(before.began, OVERLAP));
                let new = named.difference(&before.named);
                new.filter(|id| !is_told(id)).take(MOST_NAMED).cloned().collect()
            }
            None => BTreeSet::new(),
        };
        for id in self.doubted.clone() {
            self.name(&id, began, NamedBy::Other, &mut news);
        }
        // With more than can be compared the next look begins from nothing.
        self.looked = (named.len() <= MOST_NAMED).then_some(Looked { began, named });
        self.end_if_too_much(&mut news);
        news
    }

    /// Somebody says that this person has changed: a hook.
    pub fn hint(&mut self, id: &IndividualId, at: Timestamp) -> FeedNews {
        let mut news = FeedNews::default();
        self.name(id, at, NamedBy::Other, &mut news);
        self.end_if_too_much(&mut news);
        news
    }

    /// A read of this person that began at `at` has come to its end.
    pub fn note_read(&mut self, id: &IndividualId, at: Timestamp) {
        if let Some(naming) = self.named.get_mut(id)
            && naming.read.is_none()
            && at >= naming.wanted
        {
            naming.read = Some(at);
        }
    }

    /// A roster or a sweep found at `found` that this part of a person differs from what it was at `before`. If the feed told of no change
    /// meanwhile, and the next poll does not either, it is no longer believed to tell of such.
    pub fn note_change(
        &mut self,
        settings: &FeedSettings,
        id: &IndividualId,
        part: Part,
        before: Timestamp,
        found: Timestamp,
    ) {
        let was_asked =
            self.chain.is_some_and(|chain| chain <= before && found.duration_since(before) < REMEMBERED);
        let is_told = self.has_polled(id, before);
        if self.covers(settings, part) && was_asked && !is_told && self.suspicions.len() < MOST_SUSPICIONS {
            self.suspicions.push(Suspicion { id: id.clone(), part, before, found });
        }
    }

    /// When the feed was last asked and answered.
    pub fn polled_at(&self) -> Option<Timestamp> {
        self.polled.map(|polled| polled.began)
    }

    /// When it was last asked about the last 26 hours.
    pub fn looked_at(&self) -> Option<Timestamp> {
        self.looked.as_ref().map(|looked| looked.began)
    }

    /// Since when all changes have been asked for without a gap.
    pub fn unbroken_since(&self) -> Option<Timestamp> {
        self.chain
    }

    /// How early the feed is asked.
    pub fn zone_reading(&self) -> ZoneReading {
        self.zone.reading()
    }

    /// The parts of which it was found not to tell, and since when that is known.
    pub fn ended(&self) -> &BTreeMap<Part, Timestamp> {
        &self.ended
    }

    fn name(&mut self, id: &IndividualId, began: Timestamp, by: NamedBy, news: &mut FeedNews) {
        // What lies ahead was named before the clock was set back.
        let known = self.named.get(id).copied().filter(|known| known.last() <= began);
        let is_poll = by == NamedBy::Poll;
        let polled = if is_poll { Some(began) } else { known.and_then(|known| known.polled) };
        let goes_on = is_poll || known.is_some_and(|known| known.goes_on);
        let is_known = |known: &Naming| match known.read {
            None => true,
            Some(read) => is_poll && known.goes_on && began.duration_since(read) < NAMED_ON_AND_ON,
        };
        let naming = match known.filter(is_known) {
            Some(known) => Naming { polled, goes_on, ..known },
            None => {
                let from = if is_poll { began.checked_add(SETTLED_AFTER).unwrap_or(began) } else { began };
                news.to_read.insert(id.clone(), from);
                Naming { wanted: began, read: None, polled, goes_on }
            }
        };
        self.named.insert(id.clone(), naming);
    }

    /// Somebody that the polls named until now and this answer leaves out has not changed since the instant that it reaches back to; before that,
    /// there may have been a change after the read.
    fn end_runs(&mut self, question: FeedQuestion, named: &BTreeSet<IndividualId>, news: &mut FeedNews) {
        let ended = self.named.iter_mut().filter(|(id, naming)| naming.goes_on && !named.contains(*id));
        for (id, naming) in ended {
            naming.goes_on = false;
            if naming.read.is_some_and(|read| read < question.since) {
                (naming.wanted, naming.read) = (question.began, None);
                news.to_read.insert(id.clone(), question.began);
            }
        }
    }

    /// Whether a poll has named the person, at `since` or later.
    fn has_polled(&self, id: &IndividualId, since: Timestamp) -> bool {
        self.named.get(id).and_then(|naming| naming.polled).is_some_and(|at| at >= since)
    }

    /// Those who are known to have changed since then: a poll named them that was not the first.
    fn changed_for_certain(&self, since: Timestamp) -> impl Iterator<Item = &IndividualId> {
        let first = self.chain_began;
        let is_new = move |naming: &Naming| {
            naming.polled.is_some()
                && naming.wanted >= since
                && first.is_some_and(|first| naming.wanted > first)
        };
        self.named.iter().filter(move |(_, naming)| is_new(naming)).map(|(id, _)| id)
    }

    fn judge_suspicions(&mut self, began: Timestamp, news: &mut FeedNews) {
        let is_ripe = |it: &Suspicion| began.duration_since(it.found) >= OVERLAP;
        let (ripe, left) = std::mem::take(&mut self.suspicions).into_iter().partition(is_ripe);
        self.suspicions = left;
        for Suspicion { id, part, before, .. } in ripe {
            if !self.has_polled(&id, before) && !self.ended.contains_key(&part) {
                news.ended.push(part);
                self.ended.insert(part, began);
            }
        }
    }

    fn end_if_too_much(&mut self, news: &mut FeedNews) {
        if self.named.len() > MOST_NAMED {
            self.named.clear();
            (self.chain, self.chain_began, self.looked) = (None, None, None);
            self.doubted.clear();
            news.to_read.clear();
            news.is_too_much = true;
        }
    }
}

fn back(from: Timestamp, by: SignedDuration) -> Timestamp {
    from.checked_sub(by).unwrap_or(from)
}

#[cfg(test)]
mod tests;
