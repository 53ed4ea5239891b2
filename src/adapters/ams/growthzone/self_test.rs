//! Which of the calls that decisions need this association and this key have (docs/ams/growthzone.md, "Answers").

use super::api::ApiReply;
use super::wire::status;
use super::{GrowthZone, wire};
use crate::adapters::ams::AmsError;
use crate::adapters::ams::catalogue::{SelfTest, Untested};
use crate::adapters::ams::json::JsonEntry;
use crate::adapters::ams::paging::ListReply;
use crate::adapters::budget::Priority;

/// Lists of the association, and what needs them.
const LISTS: [(&str, &str); 5] = [
    ("memberships/types", "the names of membership types"),
    ("memberships/all", "the sweep over all memberships"),
    ("groups/all", "the rosters of groups and committees"),
    ("events/all", "events"),
    ("contacts/delta", "changes without delay"),
];

impl GrowthZone {
    /// Reads the login's metadata, one known person or else somebody, and the beginning of each list.
    pub(super) async fn tested(&self) -> Result<SelfTest, AmsError> {
        let protection = self.openid.reachable().await?;
        let mut test = SelfTest::default();
        // How the login is protected, as far as that can be told before somebody has signed in.
        let challenge = if protection.checks_challenge {
            "the login, which says that it checks code challenges"
        } else {
            "the login, which does not say that it checks code challenges"
        };
        let nonce = if self.nonce_required {
            "a nonce, or nobody signs in"
        } else {
            "a nonce, or nobody signs in, once one has come back"
        };
        test.arrives.extend([challenge, nonce].map(str::to_owned));
        let mut note = |comes: bool, what: &str, needed_for: &str| match comes {
            true => test.arrives.push(what.to_owned()),
            false => {
                test.missing.push(Untested { what: what.to_owned(), needed_for: needed_for.to_owned() });
            }
        };
        let person = match &self.canary {
            Some(id) => {
                let hidden =
                    || AmsError::Unreadable("the key of the interface does not show the `canary`".to_owned());
                Some(self.contact(id, Priority::Person).await?.ok_or_else(hidden)?)
            }
            None => {
                let rows = self.anybody(Priority::Person).await?;
                let is_individual = |row: &serde_json::Value| {
                    JsonEntry::of(row).is_some_and(|row| wire::is_individual(&row) == Some(true))
                };
                rows.into_iter().find(is_individual)
            }
        };
        let person = person.as_ref().and_then(JsonEntry::of);
        let says_status =
            |person: JsonEntry<'_>| status::of_contact(&person, &self.statuses, &mut Vec::new()).is_some();
        note(person.is_some_and(says_status), "the status of a contact", "who is a member");
        if let Some(id) = person.and_then(|person| wire::id_in(&person, "ContactId")) {
            for (path, what, needed_for) in [
                (
                    format!("contacts/person/{id}/memberships"),
                    "contacts/person/…/memberships",
                    "types and dates of memberships",
                ),
                (format!("contacts/person/{id}/groups"), "contacts/person/…/groups", "groups and committees"),
                (
                    format!("ContactOverview/{id}/ContactOrgs/"),
                    "ContactOverview/…/ContactOrgs",
                    "relationships and types of inherited memberships",
                ),
                (
                    format!("ContactOverview/{id}/Certifications/"),
                    "ContactOverview/…/Certifications",
                    "certifications",
                ),
                (format!("contacts/{id}/NotesAndFields"), "contacts/…/NotesAndFields", "custom fields"),
            ] {
                let reply = self.api.get(&path, &[], Priority::Person).await?;
                note(matches!(reply, ApiReply::Body(_)), what, needed_for);
            }
        }
        for (path, needed_for) in LISTS {
            let reply = self.list(path, &[], Priority::Person).page(0).await?;
            note(matches!(reply, ListReply::Rows(_)), path, needed_for);
        }
        test.read = usize::from(person.is_some());
        Ok(test)
    }
}
