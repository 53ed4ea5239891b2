//! What the status words of Novi mean (docs/ams/novi.md, "Status").

use crate::adapters::ams::json::JsonEntry;
use crate::domain::fold;
use crate::domain::standing::MembershipStanding;

/// What a status word says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum StatusWord {
    /// How the membership stands; `true`: it comes from a company.
    Standing(MembershipStanding, bool),
    /// There is no membership, and was none.
    None,
}

/// Words, folded, with `_` as a blank. The first four are seen; the others are what such a word would be.
const WORDS: &[(&str, StatusWord)] = &[
    ("current", StatusWord::Standing(MembershipStanding::Active, false)),
    ("inheriting", StatusWord::Standing(MembershipStanding::Active, true)),
    ("grace period", StatusWord::Standing(MembershipStanding::Grace, false)),
    ("non member", StatusWord::None),
    ("grace", StatusWord::Standing(MembershipStanding::Grace, false)),
    ("nonmember", StatusWord::None),
    ("expired", StatusWord::Standing(MembershipStanding::Ended, false)),
    ("lapsed", StatusWord::Standing(MembershipStanding::Ended, false)),
    ("dropped", StatusWord::Standing(MembershipStanding::Ended, false)),
    ("cancelled", StatusWord::Standing(MembershipStanding::Ended, false)),
    ("canceled", StatusWord::Standing(MembershipStanding::Ended, false)),
    ("terminated", StatusWord::Standing(MembershipStanding::Ended, false)),
    ("inactive", StatusWord::Standing(MembershipStanding::Ended, false)),
    ("pending", StatusWord::Standing(MembershipStanding::Pending, false)),
    ("pending approval", StatusWord::Standing(MembershipStanding::Pending, false)),
    ("applicant", StatusWord::Standing(MembershipStanding::Pending, false)),
];

/// What `MemberStatus` says. `None`: it is not there, or hidden. A word that is not known is not active.
pub(super) fn said(entry: &JsonEntry<'_>, warnings: &mut Vec<String>) -> Option<StatusWord> {
    let unknown = Some(StatusWord::Standing(MembershipStanding::Unknown, false));
    let Ok(word) = entry.text("MemberStatus") else {
        warnings.push("`MemberStatus` cannot be understood; no membership counts.".to_owned());
        return unknown;
    };
    let Some(word) = word else {
        warnings.push("`MemberStatus` did not come; no membership counts.".to_owned());
        return None;
    };
    let word = fold::folded(&word.replace(['_', '-'], " "));
    match WORDS.iter().find(|(known, _)| *known == word) {
        Some((_, said)) => Some(*said),
        None => {
            warnings.push(
                "`MemberStatus` is a word that is not known; the membership does not count.".to_owned(),
            );
            unknown
        }
    }
}
