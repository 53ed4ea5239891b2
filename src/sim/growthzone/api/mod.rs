//! The interface: what each call under `/api` answers.

pub(super) mod contacts;
pub(super) mod events;
pub(super) mod groups;
pub(super) mod me;
pub(super) mod memberships;
pub(super) mod overview;
