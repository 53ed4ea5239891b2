//! `[directory]`: how the records of people are kept in step with the AMS.

use secrecy::SecretString;

use super::raw;
use super::values::Resolving;
use crate::domain::directory::feed_zone::FeedZone;
use crate::domain::directory::settings::{Coverage, FeedSettings};
use crate::domain::directory::settings::{DirectorySettings, PeopleOnFile};
use crate::domain::time::TimeZone;

const ZONE: &str = "Write \"auto\", or an IANA name such as \"America/New_York\"";

impl Resolving<'_, '_> {
    /// With the secrets of hooks. `association`: the zone of the role mapping.
    pub(super) fn directory(
        &mut self,
        said: raw::Directory,
        association: TimeZone,
    ) -> Option<(DirectorySettings, Vec<SecretString>)> {
        let in_step = said.in_step.or(|| true);
        let people = [("members", PeopleOnFile::Members), ("signed_in", PeopleOnFile::SignedIn)];
        let people = self.choice(said.people, PeopleOnFile::Members, &people);
        let coverage = [("profiles", Coverage::Profiles), ("everything", Coverage::Everything)];
        let coverage = self.choice(said.feed_covers, Coverage::Profiles, &coverage);
        let zone = self.optional(said.feed_zone, Resolving::feed_zone);
        let roster_every = self.duration(said.roster_every, "5m");
        let sweep_every = self.duration(said.sweep_every, "1h");
        let hook_secrets = self.hook_secrets(said.hook_secrets);
        let forget_after = self.duration(said.forget_after, "720h");
        let settings = DirectorySettings {
            in_step: in_step?,
            people: people?,
            feed: FeedSettings { coverage: coverage?, zone: zone?.unwrap_or(FeedZone::Auto), association },
            roster_every: roster_every?.into_inner(),
            sweep_every: sweep_every?.into_inner(),
            forget_after: forget_after?.into_inner(),
        };
        Some((settings, hook_secrets?))
    }

    fn feed_zone(&mut self, text: raw::Text) -> Option<FeedZone> {
        match text.get_ref().as_str() {
            "auto" => Some(FeedZone::Auto),
            name => match TimeZone::get(name) {
                Ok(zone) => Some(FeedZone::Fixed(zone)),
                Err(_) => self.refuse(text.span(), format!("`{name}` is not a time zone"), ZONE),
            },
        }
    }
}
