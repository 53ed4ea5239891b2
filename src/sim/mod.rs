//! (to be written)

pub mod site;
pub mod websocket;
