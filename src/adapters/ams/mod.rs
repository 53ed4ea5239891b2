//! (to be written)

pub mod wire;
