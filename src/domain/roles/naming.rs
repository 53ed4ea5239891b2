//! What things of a record are called in reasons and warnings.

use crate::domain::record::Membership;

/// Text as it may appear in a reason: never an e-mail address.
pub(super) fn name(text: &str) -> &str {
    match text.trim() {
        "" => "without a name",
        text if text.contains('@') => "(an address)",
        text => text,
    }
}

/// What a membership is called in a sentence: the name for people, else its code.
pub(super) fn membership_name(membership: &Membership) -> Option<&str> {
    let said = [membership.type_name.as_deref(), membership.code.as_deref()];
    said.into_iter().flatten().find(|text| !text.trim().is_empty()).map(name)
}
