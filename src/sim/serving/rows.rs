//! The rows of a page, where a list is read by an offset.

use serde_json::Value;

use super::call::Call;
use crate::sim::switches::Fault;

/// Up to `size` rows after the first `skip`; some of them are missing where the fault of the call says so.
pub fn rows<T>(
    call: &Call,
    items: &[T],
    skip: usize,
    size: usize,
    show: impl FnMut(&T) -> Value,
) -> Vec<Value> {
    let moved = usize::from(call.fault == Fault::ShiftedRows && skip > 0);
    let step = if call.fault == Fault::HalfRows { 2 } else { 1 };
    items.iter().skip(skip.saturating_add(moved)).take(size).step_by(step).map(show).collect()
}
