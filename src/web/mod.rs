//! Everything that speaks HTTP to a visitor. Decisions are made in `domain`, work is done in `flows`.

pub mod arrived;
pub mod client_kind;
pub mod cookies;
pub mod identity;
pub mod pages;
pub mod paths;
pub mod proxy;
