//! What was bought: the interface has lists of all orders, and none of one person (docs/ams/novi.md, "Events and purchases").
//!
//! So all orders are read once in a while, and kept by person. While somebody waits only a short list is read to its end.

use std::collections::BTreeMap;
use std::sync::Arc;

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

/// All that was bought, by person, as it was read last.
#[derive(Default)]
pub(super) struct SalesBook {
    current: ArcSwapOption<Sales>,
    renewal: Mutex<()>,
    size: PageSize,
}

struct Sales {
    read_at: Timestamp,
    by_person: BTreeMap<IndividualId, Vec<Purchase>>,
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
                if let Some(by_person) = self.read(api, most, priority).await? {
                    self.current.store(Some(Arc::new(Sales { read_at: now, by_person })));
                }
            }
        }
        // What was read earlier is true as of then.
        let sales = usable().or_else(|| self.current.load_full());
        Ok(sales.map(|sales| (sales.by_person.get(person).cloned().unwrap_or_default(), sales.read_at)))
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
