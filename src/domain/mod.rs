//! What is true about members, roles, sessions and access.
//!
//! Invariant: nothing here does I/O, reads a clock, or knows HTTP or the store. Time is an argument.

pub mod access;
pub mod assertion_size;
pub mod association;
pub mod audit;
pub mod base64url;
pub mod budget;
pub mod catalogue;
pub mod claims;
pub mod client;
pub mod code;
pub mod condition;
pub mod device;
pub mod faults;
pub mod fold;
pub mod grant;
pub mod mapping;
pub mod network;
pub mod outcome;
pub mod path;
pub mod preview;
pub mod record;
pub mod require;
pub mod return_to;
pub mod roles;
pub mod rule;
pub mod session;
pub mod spelling;
pub mod time;
pub mod unmet;
pub mod waiting;
