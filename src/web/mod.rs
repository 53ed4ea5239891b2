//! Everything that speaks HTTP to a visitor. Decisions are made in `domain`, work is done in `flows`.

pub mod pages;
pub mod proxy;
