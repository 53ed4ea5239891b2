//! The community's mapping over time: the text that administrators edit and publish, and what is in force.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::CommunityMapping;

/// The text of a community file, with its comments, as an administrator wrote it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CommunityText {
    /// The text.
    pub text: String,
}

/// The mapping of the community in force. Its number tells what was decided under an older one.
#[derive(Debug, Clone)]
pub struct CommunityInForce {
    /// Grows with each publication.
    pub version: u64,
    /// As it was written.
    pub text: CommunityText,
    /// What it says.
    pub mapping: Arc<CommunityMapping>,
}
