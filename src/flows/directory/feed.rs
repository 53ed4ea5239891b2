//! The change feed: polls, and looks back. Whoever it names is read again.

use std::collections::BTreeSet;

use super::beliefs::AFTER_CHANGE;
use super::{DirectoryUpdater, Hitch};
use crate::adapters::ams::AmsError;
use crate::adapters::budget::Priority;
use crate::domain::directory::feed::{FeedNews, MOST_NAMED};
use crate::domain::directory::plan::WhyRead;
use crate::domain::directory::settings::PeopleOnFile;
use crate::domain::record::IndividualId;
use crate::domain::time::Timestamp;

/// A feed that goes on is broken: so many pages have more people than one answer may name.
const MOST_PAGES: u32 = 2_000;

impl DirectoryUpdater {
    pub(super) async fn poll_feed(&self, priority: Priority) -> Result<(), Hitch> {
        let now = self.parts.clock.now();
        let question = self.parts.beliefs.state().feed.question(self.parts.beliefs.feed_settings(), now);
        let named = self.changed(question.asked, priority).await?;
        let news = self.parts.beliefs.state().feed.take(question, &named, None);
        self.follow(news, now);
        Ok(self.keep_feed().await?)
    }

    pub(super) async fn look_back(&self, priority: Priority) -> Result<(), Hitch> {
        let now = self.parts.clock.now();
        let look = self.parts.beliefs.state().feed.look(self.parts.beliefs.feed_settings(), now);
        let named = self.changed(look.question.asked, priority).await?;
        let tried = match look.trial {
            Some(trial) => Some(self.changed(trial.asked, priority).await?),
            None => None,
        };
        let news = self.parts.beliefs.state().feed.take_look(look, named, tried.as_ref());
        self.follow(news, now);
        Ok(self.keep_feed().await?)
    }

    /// All pages, or nothing: half an answer would move the watermark past what it lacks. Only where more people are named than are read
    /// one by one, the rest does not matter.
    async fn changed(&self, asked: Timestamp, priority: Priority) -> Result<BTreeSet<IndividualId>, Hitch> {
        let mut named = BTreeSet::new();
        for page in 1..=MOST_PAGES {
            let answer = self.parts.ams.changed_since(asked, page, priority).await?;
            named.extend(answer.people);
            if answer.is_last || named.len() > MOST_NAMED {
                return Ok(named);
            }
        }
        Err(Hitch::Ams(AmsError::Unreadable("the change feed does not end".to_owned())))
    }

    fn follow(&self, news: FeedNews, now: Timestamp) {
        if !news.ended.is_empty() {
            let parts: Vec<&str> = news.ended.iter().map(|part| part.name()).collect();
            tracing::warn!(
                parts = parts.join(", "),
                "The AMS's change feed does not tell of all changes of these parts"
            );
        }
        if news.missed > 0 {
            tracing::warn!(
                people = news.missed,
                "The change feed was asked too late an instant; it is asked earlier from now on"
            );
        }
        let known = self.index();
        let mut state = self.parts.beliefs.state();
        if news.is_too_much {
            tracing::warn!(
                "The change feed names more people than are read one by one; the next sweep reads them"
            );
            state.is_sweep_urgent = true;
        }
        if !news.to_read.is_empty() {
            state.named_at = Some(now);
        }
        for (id, from) in &news.to_read {
            if self.parts.settings.people == PeopleOnFile::Members || known.has(id) {
                state.changed_seats.name(id, now);
                state.want(id, WhyRead::Changed, *from, AFTER_CHANGE);
            }
        }
    }
}
