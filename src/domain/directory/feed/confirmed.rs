//! What the feed says by naming nobody: that a part has not changed since it was read.

use super::Feed;
use crate::domain::directory::settings::{Coverage, FeedSettings};
use crate::domain::parts::Part;
use crate::domain::record::IndividualId;
use crate::domain::time::Timestamp;

impl Feed {
    /// Who is to be read again, and since when.
    pub fn to_read(&self) -> impl Iterator<Item = (&IndividualId, Timestamp)> {
        let waiting = self.named.iter().filter(|(_, naming)| naming.read.is_none());
        waiting.map(|(id, naming)| (id, naming.wanted))
    }

    /// From when on this person is to be read again, if so.
    pub fn wants(&self, id: &IndividualId) -> Option<Timestamp> {
        self.named.get(id).filter(|naming| naming.read.is_none()).map(|naming| naming.wanted)
    }

    /// Whether all changes of this part since it was read at `read` would have been named, and none was.
    pub fn has_no_news(
        &self,
        settings: &FeedSettings,
        id: &IndividualId,
        part: Part,
        read: Timestamp,
    ) -> bool {
        self.covers(settings, part)
            && self.chain.is_some_and(|chain| chain <= read)
            && self.wants(id).is_none_or(|wanted| wanted <= read)
    }

    /// The instant as of which the feed confirms a part that was read at `read`, if that is later. A read counts from its beginning.
    pub fn confirms(
        &self,
        settings: &FeedSettings,
        id: &IndividualId,
        part: Part,
        read: Timestamp,
    ) -> Option<Timestamp> {
        let polled = self.polled?;
        let is_unbroken = self.chain.is_some_and(|chain| chain <= read) && read < polled.began;
        // Those that the last poll named may have changed since they were read.
        let is_quiet = self
            .named
            .get(id)
            .is_none_or(|it| it.read.is_some() && it.polled.is_none_or(|at| at < polled.began));
        (self.covers(settings, part) && is_unbroken && is_quiet).then_some(polled.began)
    }

    /// Whether the feed is believed to tell of changes of this part.
    pub fn covers(&self, settings: &FeedSettings, part: Part) -> bool {
        let is_told = match settings.coverage {
            Coverage::Profiles => part == Part::Profile,
            Coverage::Everything => true,
        };
        is_told && !self.ended.contains_key(&part)
    }
}
