//! (to be written)

pub mod explain;
