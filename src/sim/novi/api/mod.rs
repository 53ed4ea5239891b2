//! The interface: what each call under `/api` answers.

pub(super) mod catalogues;
pub(super) mod committees;
pub(super) mod events;
pub(super) mod groups;
pub(super) mod members;
pub(super) mod sales;
pub(super) mod webhooks;
pub(super) mod write;
