//! The data plane, as visitors, sites and attackers meet it.

mod access;
mod attacks;
mod encrypted;
pub mod plane;
mod site;
mod streaming;
