//! Simulated association management systems and a simulated community that speak real HTTP, and a sample site, for the demo and for
//! the tests.
//!
//! Invariant: nothing here imports anything of the gateway, and nothing but the command line and the tests imports
//! this. A field that we misspell in the client must not agree with itself.

pub mod control;
pub mod growthzone;
pub mod higher_logic;
pub mod novi;
pub mod people;
pub mod re_members;
pub mod site;
pub mod switches;

mod dice;
mod guid;
mod openid;
mod serving;
#[cfg(test)]
mod tests;
mod websocket;
