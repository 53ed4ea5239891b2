//! How the directory is kept, as configured.

use jiff::SignedDuration;

use super::feed_zone::FeedZone;
use crate::domain::time::TimeZone;

/// Of which changes the feed tells.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Coverage {
    /// Names, addresses and the like.
    #[default]
    Profiles,
    /// Whatever is on a record.
    Everything,
}

/// What is configured of the feed.
#[derive(Debug, Clone, PartialEq)]
pub struct FeedSettings {
    /// Of which changes it tells.
    pub coverage: Coverage,
    /// In which zone the AMS reads instants.
    pub zone: FeedZone,
    /// The association's zone.
    pub association: TimeZone,
}

/// Which people the directory has records of.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum PeopleOnFile {
    /// Of every member, and of whoever has signed in.
    #[default]
    Members,
    /// Only of people who have signed in.
    SignedIn,
}

/// How the directory is kept.
#[derive(Debug, Clone, PartialEq)]
pub struct DirectorySettings {
    /// It is kept in step; otherwise each person is asked about alone.
    pub in_step: bool,
    /// Which people it has records of.
    pub people: PeopleOnFile,
    /// The change feed.
    pub feed: FeedSettings,
    /// Rosters are read this often where the feed does not cover them.
    pub roster_every: SignedDuration,
    /// A sweep over everybody takes this long where the feed covers profiles only.
    pub sweep_every: SignedDuration,
    /// Whoever is no longer in the AMS is erased after this time.
    pub forget_after: SignedDuration,
}

impl DirectorySettings {
    /// As without a section in the configuration, for an association in this zone.
    pub fn usual(association: TimeZone) -> DirectorySettings {
        DirectorySettings {
            in_step: true,
            people: PeopleOnFile::Members,
            feed: FeedSettings { coverage: Coverage::Profiles, zone: FeedZone::Auto, association },
            roster_every: SignedDuration::from_mins(5),
            sweep_every: SignedDuration::from_hours(1),
            forget_after: SignedDuration::from_hours(24 * 30),
        }
    }
}
