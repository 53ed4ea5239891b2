//! What the community should know of whom.
