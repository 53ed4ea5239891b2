//! Which of the fields and lists that decisions need this key shows (docs/ams/novi.md, "Key").

use super::lists::ListRequest;
use super::wire::{MemberField, MemberFieldsSeen};
use super::{Novi, read};
use crate::adapters::ams::AmsError;
use crate::adapters::ams::catalogue::{SelfTest, Untested};
use crate::adapters::ams::json::JsonEntry;
use crate::adapters::ams::paging::{ListReply, PageSize};
use crate::adapters::budget::Priority;

/// The lists that parts of a mapping need.
const LISTS: [(&[&str], &str); 5] = [
    (&["committees"], "committees"),
    (&["events"], "events"),
    (&["orders"], "purchases"),
    (&["groups"], "the list of groups to choose from"),
    (&["membership-activities"], "changes of inherited memberships without delay"),
];

impl Novi {
    /// Reads the login's metadata, one known person or else some people, and the beginning of each list.
    pub(super) async fn tested(&self) -> Result<SelfTest, AmsError> {
        self.openid.reachable().await?;
        let rows = match &self.canary {
            Some(id) => {
                let member = read::member(&self.api, id, Priority::Person).await?;
                vec![member.ok_or_else(|| {
                    AmsError::Unreadable("the key of the interface does not show the `canary`".to_owned())
                })?]
            }
            None => read::anybody(&self.api, Priority::Person).await?,
        };
        let seen = MemberFieldsSeen::default();
        rows.iter().filter_map(JsonEntry::of).for_each(|row| seen.note(&row));
        let mut test = SelfTest { read: rows.len(), ..SelfTest::default() };
        for field in MemberField::ALL {
            if seen.has(field) {
                test.arrives.push(field.name().to_owned());
            } else {
                let what = field.name().to_owned();
                test.missing.push(Untested { what, needed_for: field.needed_for().to_owned() });
            }
        }
        let size = PageSize::default();
        for (path, needed_for) in LISTS {
            let priority = Priority::Person;
            match (ListRequest { api: &self.api, size: &size, path, query: &[], priority }).page(0).await? {
                ListReply::Rows(_) => test.arrives.push(path.join("/")),
                ListReply::Missing | ListReply::Forbidden => {
                    test.missing.push(Untested { what: path.join("/"), needed_for: needed_for.to_owned() });
                }
            }
        }
        Ok(test)
    }
}
