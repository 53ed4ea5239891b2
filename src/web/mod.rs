//! Everything that speaks HTTP to a visitor. Decisions are made in `domain`, work is done in `flows`.

pub mod arrived;
pub mod cookies;
pub mod pages;
pub mod paths;
pub mod proxy;
