//! The use cases, as verbs over narrow ports. No HTTP types, no HTML: proxy, forward-auth, pages and OpenID Provider need them.

pub mod administer;
pub mod attempts;
pub mod back_channel;
pub mod failures;
pub mod grant;
pub mod keyring;
pub mod known_browsers;
pub mod long_addresses;
pub mod managed_roles;
pub mod person;
pub mod refresh;
pub mod refusals;
pub mod role_lists;
pub mod sign_in;
pub mod tally;
#[cfg(test)]
mod tests;
pub mod upkeep;
pub mod visit;
pub mod waiting;
