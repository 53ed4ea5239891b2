//! `sub`: the key by which a client knows a person.

use serde::{Deserialize, Serialize};

use crate::domain::record::{IndividualId, Profile};

/// What `sub` is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SubjectForm {
    /// The person's id, in lowercase however the AMS writes it.
    #[default]
    Id,
    /// The key under which a Higher Logic community knows the person: the id exactly as the AMS writes it, since the community tells
    /// upper from lower case. It is told as `legacy_contact_key` too, and the record number as `member_id`.
    CommunityKey,
}

impl SubjectForm {
    /// The key of this person.
    pub fn of<'a>(self, id: &'a IndividualId, profile: &'a Profile) -> &'a str {
        let written = profile.written_id.as_deref().filter(|_| self == SubjectForm::CommunityKey);
        written.unwrap_or(id.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_community_gets_the_id_as_it_is_written_and_others_do_not() {
        let id = IndividualId::parse("B3A1").unwrap();
        let written = Profile { written_id: Some("B3A1".to_owned()), ..Profile::default() };
        let bare = Profile::default();
        for (form, profile, subject) in [
            (SubjectForm::Id, &written, "b3a1"),
            (SubjectForm::Id, &bare, "b3a1"),
            (SubjectForm::CommunityKey, &written, "B3A1"),
            (SubjectForm::CommunityKey, &bare, "b3a1"),
        ] {
            assert_eq!(form.of(&id, profile), subject, "{form:?}");
        }
    }
}
