//! Who has changed (docs/ams/growthzone.md, "Changes").
//!
//! The feed looks at one of two parameters, or at none. A change of an organization may change all of its people. The feed does not name
//! them, so the organization is asked who they are.

use std::sync::atomic::Ordering;

use jiff::SignedDuration;
use jiff::tz::TimeZone;

use super::GrowthZone;
use super::memory::DeltaQuestion;
use super::wire::lists::{self, FeedRow};
use crate::adapters::ams::AmsError;
use crate::adapters::ams::paging::ListReply;
use crate::adapters::ams::reading::ChangedPage;
use crate::adapters::budget::Priority;
use crate::domain::time::{AmsDate, Timestamp};

/// The parameter for the instant, in the order in which they are tried.
const PARAMETERS: [&str; 2] = ["modifiedSince", "since"];
/// A change so much older than asked for shows that the parameter is not looked at; stamps have no zone.
const TOO_OLD: SignedDuration = SignedDuration::from_hours(50);
/// So many organizations are asked about for one page.
const ORGANIZATIONS: usize = 20;

impl GrowthZone {
    pub(super) async fn changes(
        &self,
        asked: Timestamp,
        page: u32,
        priority: Priority,
    ) -> Result<ChangedPage, AmsError> {
        let mut question = self.feed.question(asked, page);
        let mut people = Vec::new();
        if question.organizations.is_empty()
            && let Some(offset) = question.next
        {
            for change in self.changes_of(&mut question, asked, offset, priority).await? {
                match change.is_organization {
                    true => {
                        self.organizations.forget(&change.contact);
                        question.organizations.push(change.contact);
                    }
                    false => people.push(change.contact),
                }
            }
        }
        let rest = question.organizations.split_off(question.organizations.len().min(ORGANIZATIONS));
        for organization in std::mem::replace(&mut question.organizations, rest) {
            people.extend(self.people_of(&organization, priority).await?);
        }
        people.sort();
        people.dedup();
        let is_last = question.next.is_none() && question.organizations.is_empty();
        self.feed.keep(asked, question);
        Ok(ChangedPage { people, is_last })
    }

    /// The next rows that were not there before.
    async fn changes_of(
        &self,
        question: &mut DeltaQuestion,
        asked: Timestamp,
        offset: usize,
        priority: Priority,
    ) -> Result<Vec<FeedRow>, AmsError> {
        let written = asked.to_zoned(TimeZone::UTC).strftime("%Y-%m-%dT%H:%M:%S").to_string();
        loop {
            let at = self.feed.parameter.load(Ordering::Relaxed);
            let no_parameter =
                || AmsError::Unreadable("`contacts/delta` does not look at any instant".to_owned());
            let parameter = PARAMETERS.get(at).ok_or_else(no_parameter)?;
            let since = question.since.clone().unwrap_or_else(|| written.clone());
            let top = self.lists.rows_of_a_page().to_string();
            // Its own `top` has no sign before it; a feed that pages as other lists do looks at theirs.
            let query = [(*parameter, since.as_str()), ("top", top.as_str())];
            let found = match self.list("contacts/delta", &query, priority).page(offset).await? {
                ListReply::Rows(page) => page,
                ListReply::Missing => return Err(AmsError::Failed(404)),
                ListReply::Forbidden => return Err(AmsError::CredentialsRefused),
            };
            let changes = lists::changes(&found.rows);
            if changes.iter().any(|change| is_too_old(change, asked)) {
                tracing::warn!(parameter, "The AMS's feed of changes does not look at this parameter");
                self.feed.parameter.store(at + 1, Ordering::Relaxed);
                *question = DeltaQuestion { next: Some(0), ..DeltaQuestion::default() };
                continue;
            }
            let new: Vec<FeedRow> = changes
                .into_iter()
                .filter(|change| question.seen.insert((change.contact.clone(), change.stamp.clone())))
                .collect();
            let stamps = new.iter().filter_map(|change| change.stamp.clone());
            question.greatest = stamps.chain(question.greatest.take()).max();
            question.next = match (new.is_empty(), found.next) {
                // The same rows again: it is asked from the last change on.
                (true, Some(_)) if question.since != question.greatest => {
                    question.since.clone_from(&question.greatest);
                    Some(0)
                }
                (true, _) => None,
                (false, next) => next,
            };
            return Ok(new);
        }
    }
}

fn is_too_old(change: &FeedRow, asked: Timestamp) -> bool {
    let at = match &change.at {
        AmsDate::Instant(at) => *at,
        AmsDate::Local(local) => match local.to_zoned(TimeZone::UTC) {
            Ok(at) => at.timestamp(),
            Err(_) => return false,
        },
        AmsDate::Day(day) => match day.to_zoned(TimeZone::UTC) {
            Ok(at) => at.timestamp(),
            Err(_) => return false,
        },
        _ => return false,
    };
    asked.duration_since(at) > TOO_OLD
}
