//! What is true about members, roles, sessions and access.
//!
//! Invariant: nothing here does I/O, reads a clock, or knows HTTP or the store. Time is an argument.

pub mod access;
pub(crate) mod assertion_size;
pub mod association;
pub(crate) mod audit;
pub(crate) mod base64url;
pub mod budget;
pub(crate) mod calendar;
pub(crate) mod catalogue;
pub(crate) mod claims;
pub(crate) mod client;
pub mod clock_jumps;
pub(crate) mod code;
pub mod community;
pub(crate) mod condition;
pub mod contact;
pub mod deliveries;
pub(crate) mod device;
pub mod directory;
pub(crate) mod faults;
pub(crate) mod fold;
pub(crate) mod grant;
pub(crate) mod guid;
pub(crate) mod line_diff;
pub(crate) mod mapping;
pub mod names;
pub(crate) mod network;
pub(crate) mod outcome;
pub mod parts;
pub mod path;
pub(crate) mod preview;
pub mod record;
pub(crate) mod require;
pub mod return_to;
pub mod roles;
pub mod rule;
pub mod session;
pub(crate) mod spelling;
pub mod standing;
pub mod supplied;
pub mod time;
pub(crate) mod unmet;
pub mod waiting;
