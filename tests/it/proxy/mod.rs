//! The data plane, as visitors, sites and attackers meet it.

mod access;
mod addresses;
mod attacks;
mod early;
mod edge;
mod encrypted;
mod framing;
mod internal_names;
mod kept;
mod paths;
pub mod plane;
pub mod script;
mod site;
mod slow;
mod streaming;
