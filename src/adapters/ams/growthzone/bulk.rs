//! Everybody in bulk: pages of contacts, joined with all memberships, which are read once for a sweep
//! (docs/ams/growthzone.md, "Everybody").

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use jiff::SignedDuration;
use serde_json::Value;

use super::GrowthZone;
use super::lists::ODataList;
use super::memory::MembershipBook;
use super::wire::{self, memberships};
use crate::adapters::ams::AmsError;
use crate::adapters::ams::json::JsonEntry;
use crate::adapters::ams::paging::ListReply;
use crate::adapters::ams::reading::EverybodyPage;
use crate::adapters::ams::warnings::noted;
use crate::adapters::budget::Priority;
use crate::domain::parts::Part;
use crate::domain::record::{IndividualId, Membership, Record};
use crate::domain::standing::MembershipStanding;
use crate::domain::time::Timestamp;

/// How old the book of memberships may be when a sweep begins, and while it goes on.
const FRESH: SignedDuration = SignedDuration::from_mins(15);
const USABLE: SignedDuration = SignedDuration::from_hours(2);

impl GrowthZone {
    pub(super) async fn everybody_page(
        &self,
        page: u32,
        priority: Priority,
    ) -> Result<EverybodyPage, AmsError> {
        let book = self.book(if page == 1 { FRESH } else { USABLE }, priority).await?;
        let list = self.list("contacts", &[("$orderby", "ContactId")], priority);
        let found = match list.page(self.bulk.everybody.of(page)).await? {
            ListReply::Rows(page) => page,
            ListReply::Missing => return Err(AmsError::Failed(404)),
            ListReply::Forbidden => return Err(AmsError::CredentialsRefused),
        };
        self.bulk.everybody.note(page, found.next);
        let as_of = self.clock.now();
        let people = found.rows.iter().filter_map(|row| self.listed(row, book.as_deref(), as_of)).collect();
        let brings = if book.is_some() { vec![Part::Memberships] } else { Vec::new() };
        Ok(EverybodyPage { people, brings, is_last: found.next.is_none() })
    }

    /// One row of the list of contacts. `None`: it is about no human being.
    fn listed(&self, row: &Value, book: Option<&MembershipBook>, as_of: Timestamp) -> Option<Record> {
        if wire::is_individual(&JsonEntry::of(row)?) != Some(true) {
            return None;
        }
        let wire::ContactRow { mut record, standing } = wire::contact(row, &self.statuses, as_of).ok()?;
        // Names and address come along; first and last name do not, so the profile is not confirmed.
        record.confirmed.set(Part::Profile, None);
        let (Some(book), Some(_)) = (book, standing) else { return Some(record) };
        let own = book.by_owner.get(&record.id).cloned().unwrap_or_default();
        let mut given = Vec::new();
        if memberships::is_inherited(standing, Some(&own)) {
            // Without the person's organizations the type is not known; what was read of the person alone says more.
            let Some(ties) = self.organizations.ties(&record.id, as_of) else { return Some(record) };
            given = ties.iter().filter_map(|of| book.by_owner.get(of)).flatten().cloned().collect();
            if !given.iter().any(|one: &Membership| one.standing == Some(MembershipStanding::Active)) {
                return Some(record);
            }
        }
        let warnings = &mut record.warnings;
        record.memberships =
            noted(Part::Memberships, warnings, |said| memberships::joined(standing, Some(own), given, said));
        record.confirmed.set(Part::Memberships, Some(as_of));
        Some(record)
    }

    /// All memberships, read if they are older than that. `None`: this association does not list them.
    async fn book(
        &self,
        age: SignedDuration,
        priority: Priority,
    ) -> Result<Option<Arc<MembershipBook>>, AmsError> {
        let usable = || {
            let young =
                |book: &Arc<MembershipBook>| self.clock.now().duration_since(book.read_at).abs() < age;
            self.bulk.book.load_full().filter(young)
        };
        if let Some(book) = usable() {
            return Ok(Some(book));
        }
        let _turn = self.bulk.renewal.lock().await;
        if let Some(book) = usable() {
            return Ok(Some(book));
        }
        let read_at = self.clock.now();
        let Some(rows) = self.all_memberships(priority).await? else { return Ok(None) };
        let types = self.names_for(&rows, priority).await?;
        let mut by_owner: BTreeMap<IndividualId, Vec<Value>> = BTreeMap::new();
        for row in rows {
            let owner = JsonEntry::of(&row).and_then(|row| {
                wire::id_in(&row, "ContactId").or_else(|| wire::id_in(&row, "OwnerContactId"))
            });
            if let Some(owner) = owner {
                by_owner.entry(owner).or_default().push(row);
            }
        }
        let by_owner = by_owner
            .into_iter()
            .map(|(owner, rows)| (owner, memberships::rows(&rows, &self.statuses, &types, &mut Vec::new())));
        let book = Arc::new(MembershipBook { read_at, by_owner: by_owner.collect() });
        self.bulk.book.store(Some(Arc::clone(&book)));
        Ok(Some(book))
    }

    /// The list is asked for by sending a document; some have it by asking.
    async fn all_memberships(&self, priority: Priority) -> Result<Option<Vec<Value>>, AmsError> {
        let list = |by_post| ODataList { by_post, ..self.list("memberships/all", &[], priority) };
        if !self.bulk.by_get.load(Ordering::Relaxed)
            && let ListReply::Rows(rows) = list(true).all().await?
        {
            return Ok(Some(rows));
        }
        let rows = list(false).all().await?.rows();
        if rows.is_some() {
            self.bulk.by_get.store(true, Ordering::Relaxed);
        }
        Ok(rows)
    }
}
