//! What a page says after a form was done. The address carries the key only.

/// What was done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Done {
    /// The draft was changed.
    Saved,
    /// The draft says that already.
    Unchanged,
    /// A rule was taken out.
    Removed,
    /// The draft was thrown away.
    Discarded,
    /// A file was taken into the draft.
    Imported,
    /// The draft is in force.
    Published,
    /// The draft comes into force by itself.
    Awaited,
    /// The draft no longer comes into force by itself.
    Withdrawn,
    /// The draft of the community is in force.
    CommunityPublished,
    /// The draft says what an older version says.
    VersionTaken,
    /// An older version is in force.
    Restored,
    /// Roles left the list of those that are managed.
    RolesReleased,
    /// The lists of the AMS were read.
    Refreshed,
    /// A session was ended.
    SessionEnded,
    /// All sessions of a person were ended.
    SessionsEnded,
    /// A client was saved.
    ClientSaved,
    /// A client was removed.
    ClientRemoved,
    /// Older secrets of a client were ended.
    SecretsEnded,
    /// Held absences count.
    AbsencesReleased,
    /// A site is told nothing for now.
    DeliveriesStopped,
    /// A site is told again.
    DeliveriesResumed,
    /// Something is sent again.
    SentAgain,
    /// A person was forgotten.
    PersonForgotten,
}

/// Each with its key and its sentences.
const ALL: [(Done, &str, &str); 23] = [
    (Done::Saved, "saved", "Saved to the draft. Nothing changes for anybody until you publish it."),
    (Done::Unchanged, "same", "Nothing was changed."),
    (Done::Removed, "removed", "Removed from the draft. Nothing changes for anybody until you publish it."),
    (Done::Discarded, "discarded", "The draft was discarded. It is again what is published."),
    (Done::Imported, "imported", "The file was taken into the draft. Look at it, then publish it."),
    (Done::Published, "published", "Published. It counts from now on, for people who are signed in too."),
    (
        Done::Awaited,
        "awaited",
        "Published. It comes into force by itself, as soon as the people who are signed in have been read for it.",
    ),
    (Done::Withdrawn, "withdrawn", "The draft does not come into force. It is as it was."),
    (
        Done::CommunityPublished,
        "community",
        "Published. It counts from now on. Everybody is gone through, and the community is told what has changed.",
    ),
    (Done::VersionTaken, "taken", "The draft says what that version says. Look at it, then publish it."),
    (Done::Restored, "restored", "Restored. It counts from now on, for people who are signed in too."),
    (
        Done::RolesReleased,
        "released",
        "The mapping no longer manages these roles, but for those that it gives somebody now.",
    ),
    (Done::Refreshed, "refreshed", "The lists of your AMS were read again."),
    (Done::SessionEnded, "ended", "The session was ended."),
    (Done::SessionsEnded, "all-ended", "All sessions of this person were ended."),
    (Done::ClientSaved, "client-saved", "The client was saved. It counts from now on."),
    (Done::ClientRemoved, "client-removed", "The client was removed, and its tokens ended."),
    (Done::SecretsEnded, "secret-ended", "Only the newest secret is good now."),
    (
        Done::AbsencesReleased,
        "absences-released",
        "These absences count now. Whoever is not there any more loses what rests on it.",
    ),
    (Done::DeliveriesStopped, "stopped", "Stopped. What changes meanwhile is kept and sent later."),
    (Done::DeliveriesResumed, "resumed", "It goes on. What has changed meanwhile is being sent."),
    (Done::SentAgain, "again", "It is being sent again."),
    (Done::PersonForgotten, "forgotten", "The record was erased, and sites are being told."),
];

impl Done {
    /// In addresses.
    pub fn key(self) -> &'static str {
        ALL.iter().find(|(done, ..)| *done == self).map_or("", |(_, key, _)| key)
    }

    /// What the page says.
    pub fn says(key: &str) -> Option<&'static str> {
        ALL.iter().find(|(_, of, _)| *of == key).map(|(.., says)| *says)
    }
}
