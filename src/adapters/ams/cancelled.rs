//! Whether an entry was cancelled (docs/roles.md, "What is cancelled").

use serde_json::Value;

use super::json::{JsonEntry, Malformed};
use crate::domain::fold;

/// Flags that say so by themselves.
const FLAGS: [&str; 4] = ["isCancelled", "cancelled", "isCanceled", "canceled"];

/// Status words that mean that the entry no longer counts, folded.
const CANCELLED: [&str; 14] = [
    "cancelled",
    "canceled",
    "waitlist",
    "waitlisted",
    "wait list",
    "refunded",
    "void",
    "voided",
    "suspended",
    "revoked",
    "denied",
    "declined",
    "withdrawn",
    "expired",
];

/// Status words that are known to mean that the entry counts, folded.
const COUNTS: [&str; 14] = [
    "active",
    "approved",
    "attended",
    "closed",
    "complete",
    "completed",
    "confirmed",
    "current",
    "fulfilled",
    "invoiced",
    "open",
    "paid",
    "registered",
    "shipped",
];

/// Whether a flag or the status of this entry says that it was cancelled. A status that is in neither table counts, with a
/// warning.
pub(in crate::adapters::ams) fn is_cancelled(
    entry: &JsonEntry<'_>,
    kind: &str,
    warnings: &mut Vec<String>,
) -> Result<bool, Malformed> {
    for flag in FLAGS {
        if entry.flag(flag)? == Some(true) {
            return Ok(true);
        }
    }
    let status = entry.text("status")?.map(|status| fold::folded(&status)).unwrap_or_default();
    if !status.is_empty() && !CANCELLED.contains(&&*status) && !COUNTS.contains(&&*status) {
        warnings.push(format!("The status of a {kind} is not known; it counts."));
    }
    Ok(CANCELLED.contains(&&*status))
}

/// [`is_cancelled`] for entries that are then left out.
pub(in crate::adapters::ams) fn is_surely_cancelled(entry: &Value) -> bool {
    let cancelled = JsonEntry::of(entry).map(|entry| is_cancelled(&entry, "", &mut Vec::new()));
    matches!(cancelled, Some(Ok(true)))
}
