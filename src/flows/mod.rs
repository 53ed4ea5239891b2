//! The use cases, as verbs over narrow ports. No HTTP types, no HTML: proxy, forward-auth, pages and OpenID Provider need them.

pub mod administer;
pub(crate) mod attempts;
pub(crate) mod back_channel;
pub mod canary;
pub mod changed_people;
pub(crate) mod community_in_force;
pub mod community_standing;
pub mod deliveries;
pub mod directory;
pub(crate) mod failures;
pub mod grant;
pub mod grounds;
pub mod hooks;
pub mod keyring;
pub mod known_browsers;
pub mod long_addresses;
pub(crate) mod managed_roles;
pub mod person;
pub mod public_events;
pub mod refresh;
pub(crate) mod refusals;
pub(crate) mod resealing;
pub(crate) mod restore;
pub(crate) mod role_lists;
pub mod sign_in;
pub(crate) mod store_watch;
pub(crate) mod tally;
#[cfg(test)]
mod tests;
pub(crate) mod upkeep;
pub mod visit;
pub mod waiting;
mod witnesses;
