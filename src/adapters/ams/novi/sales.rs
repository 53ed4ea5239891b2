//! What was bought: the interface has lists of all orders, and none of one person (docs/ams/novi.md, "Events and purchases").
//!
//! So all orders are read once in a while, and kept by person. While somebody waits only a short list is read to its end. An order changes
//! nobody's record; whose orders differ from one reading to the next is told with the people who have changed.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex as StdMutex, PoisonError};

use arc_swap::ArcSwapOption;
use jiff::SignedDuration;
use tokio::sync::Mutex;

use super::api::NoviApi;
use super::lists::ListRequest;
use super::wire::orders;
use crate::adapters::ams::AmsError;
use crate::adapters::ams::paging::{ListReply, PageSize};
use crate::adapters::budget::Priority;
use crate::domain::record::{IndividualId, Purchase};
use crate::domain::time::Timestamp;

/// Pages that are read while somebody waits.
pub(super) const CALLS_WHILE_SOMEBODY_WAITS: usize = 3;

/// How old the book may be for somebody who is read in the background.
const RENEWED_AFTER: SignedDuration = SignedDuration::from_mins(15);

/// How old it may be for somebody who waits.
const USABLE_FOR: SignedDuration = SignedDuration::from_hours(2);

/// Where there are more lines, they are not kept, and nobody's purchases are known.
const MOST_LINES: usize = 300_000;

/// A book of so many lines is read again while the changes are asked for. A longer one only when somebody is read.
const LINES_WITH_CHANGES: usize = 1_000;

/// Without anybody whose purchases are asked for within this time, no mapping looks at them.
const WANTED_FOR: SignedDuration = SignedDuration::from_hours(26);

/// Who bought something is told for as long as polls overlap, and longer if the polls ask about an earlier time.
const TOLD_FOR: SignedDuration = SignedDuration::from_mins(4);

/// … and at most for this time.
const TOLD_AT_MOST: SignedDuration = SignedDuration::from_hours(26);

/// All that was bought, by person, as it was read last.
#[derive(Default)]
pub(super) struct SalesBook {
    current: ArcSwapOption<Sales>,
    renewal: Mutex<()>,
    size: PageSize,
    news: StdMutex<SalesNews>,
}

struct Sales {
    read_at: Timestamp,
    by_person: BTreeMap<IndividualId, Vec<Purchase>>,
}

/// Whose orders have changed.
#[derive(Default)]
struct SalesNews {
    /// When somebody's purchases were last asked for.
    wanted_at: Option<Timestamp>,
    /// When the orders were last asked for with the changes, with success or without.
    tried_at: Option<Timestamp>,
    /// When it was found of each.
    found: BTreeMap<IndividualId, Timestamp>,
}

impl SalesBook {
    /// What a person bought, and as of when. `None`: it is not known.
    pub(super) async fn of(
        &self,
        api: &NoviApi,
        person: &IndividualId,
        now: Timestamp,
        priority: Priority,
    ) -> Result<Option<(Vec<Purchase>, Timestamp)>, AmsError> {
        self.news().wanted_at = Some(now);
        let somebody_waits = matches!(priority, Priority::SignIn(_) | Priority::Person);
        let oldest = now.checked_sub(if somebody_waits { USABLE_FOR } else { RENEWED_AFTER });
        let oldest = oldest.unwrap_or(Timestamp::MIN);
        let usable = || self.current.load_full().filter(|sales| (oldest..=now).contains(&sales.read_at));
        if usable().is_none() {
            // Whoever reads all orders in the background takes minutes; nobody who waits waits for that.
            let turn =
                if somebody_waits { self.renewal.try_lock().ok() } else { Some(self.renewal.lock().await) };
            if turn.is_some() && usable().is_none() {
                let most = if somebody_waits { CALLS_WHILE_SOMEBODY_WAITS } else { usize::MAX };
                self.renew(api, most, now, priority).await?;
            }
        }
        // What was read earlier is true as of then.
        let sales = usable().or_else(|| self.current.load_full());
        Ok(sales.map(|sales| (sales.by_person.get(person).cloned().unwrap_or_default(), sales.read_at)))
    }

    /// Whose orders have changed since then, as far as it is known. The orders are read again if that takes a few calls only.
    pub(super) async fn changed_since(
        &self,
        api: &NoviApi,
        asked: Timestamp,
        now: Timestamp,
        priority: Priority,
    ) -> BTreeSet<IndividualId> {
        let is_within =
            |at: Timestamp, limit| (SignedDuration::ZERO..limit).contains(&now.duration_since(at));
        let is_wanted = {
            let news = self.news();
            news.wanted_at.is_some_and(|at| is_within(at, WANTED_FOR))
                && !news.tried_at.is_some_and(|at| is_within(at, RENEWED_AFTER))
        };
        let is_due = self.current.load().as_ref().is_some_and(|sales| {
            let lines: usize = sales.by_person.values().map(Vec::len).sum();
            lines <= LINES_WITH_CHANGES && !is_within(sales.read_at, RENEWED_AFTER)
        });
        if is_wanted
            && is_due
            && let Ok(_turn) = self.renewal.try_lock()
        {
            self.news().tried_at = Some(now);
            if let Err(error) = self.renew(api, usize::MAX, now, priority).await {
                // The changes of records are told all the same.
                tracing::debug!(%error, "The orders could not be read again");
            }
        }
        let mut news = self.news();
        news.found.retain(|_, at| is_within(*at, TOLD_AT_MOST));
        let told = news.found.iter().filter(|(_, at)| **at >= asked || is_within(**at, TOLD_FOR));
        told.map(|(id, _)| id.clone()).collect()
    }

    async fn renew(
        &self,
        api: &NoviApi,
        most: usize,
        now: Timestamp,
        priority: Priority,
    ) -> Result<(), AmsError> {
        let Some(by_person) = self.read(api, most, priority).await? else { return Ok(()) };
        let before = self.current.swap(Some(Arc::new(Sales { read_at: now, by_person })));
        let (Some(before), Some(after)) = (before, self.current.load_full()) else { return Ok(()) };
        let differs = |id: &&IndividualId| before.by_person.get(*id) != after.by_person.get(*id);
        let people = before.by_person.keys().chain(after.by_person.keys());
        self.news().found.extend(people.filter(differs).map(|id| (id.clone(), now)));
        Ok(())
    }

    fn news(&self) -> std::sync::MutexGuard<'_, SalesNews> {
        // Nothing panics while it is held.
        self.news.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// All orders. `None`: this key has none, or they take more calls.
    async fn read(
        &self,
        api: &NoviApi,
        most: usize,
        priority: Priority,
    ) -> Result<Option<BTreeMap<IndividualId, Vec<Purchase>>>, AmsError> {
        let list = |path| ListRequest { api, size: &self.size, path, query: &[], priority };
        let ListReply::Rows(Some(rows)) = list(&["orders"]).whole(most).await? else { return Ok(None) };
        let mut lines = orders::lines(&rows);
        if lines.iter().any(orders::OrderLine::lacks_date) {
            let dates = list(&["products", "product-purchases"]).whole(most).await?;
            let ListReply::Rows(Some(dates)) = dates else { return Ok(None) };
            orders::complete(&mut lines, &dates);
        }
        if lines.len() > MOST_LINES {
            tracing::warn!("The AMS has more orders than are kept; nobody's purchases are known");
            return Ok(None);
        }
        Ok(Some(orders::by_person(lines)))
    }
}
