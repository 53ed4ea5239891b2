//! What a wrong answer of re:Members looks like.

use serde_json::json;

use super::switches::Switches;
use crate::sim::serving::{self, Answer, Own};
use crate::sim::switches::Fault;

/// Faults that replace the answer, so that nothing is looked up. Nothing for the faults that spoil a real one.
pub(super) fn instead(fault: Fault, switches: &Switches) -> Option<Answer> {
    let wrong_shape = json!({ "pageNumber": "one", "dataList": 42, "uri": [], "appToken": {} });
    let empty_list = json!({ "pageNumber": 1, "dataList": [] });
    serving::instead(
        fault,
        Own { wrong_shape, empty_list, login: "/account/login.aspx", retry_after: switches.retry_after },
    )
}

/// The answer to a call that was one too many.
pub(super) fn too_many(wait: i64, switches: &Switches) -> Answer {
    serving::too_many(wait, switches.retry_after)
}
