//! Finding people among the records that we hold.
//!
//! A port of its own beside `Store`: nothing on the way of a visitor looks for people by their names.

use super::StoreError;
use crate::adapters::BoxFuture;
use crate::domain::record::{IndividualId, Record};

/// Finds records.
pub trait FindPeople: Send + Sync + 'static {
    /// The record of one person.
    fn record<'a>(
        &'a self,
        environment: &'a str,
        id: &'a IndividualId,
    ) -> BoxFuture<'a, Result<Option<Record>, StoreError>>;

    /// The records that carry this e-mail address, record number or id; rarely more than one. At most ten.
    fn find<'a>(
        &'a self,
        environment: &'a str,
        text: &'a str,
    ) -> BoxFuture<'a, Result<Vec<Record>, StoreError>>;
}
