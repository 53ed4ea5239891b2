//! Changes that travel by themselves: what a subscriber should know of a person, what it has confirmed, and what is sent next.
//!
//! A subscriber is a system elsewhere that is told of people, such as the WordPress of a site. What it is told is a [`state::State`]; each person has one
//! row for each subscriber ([`row::Delivery`]). Nothing here knows what a state says, how it is sent, or where rows are kept.

pub mod brake;
pub mod day;
pub mod retry;
pub mod row;
pub mod state;
pub mod subscriber;
#[cfg(test)]
mod tests;
