//! Everything that speaks HTTP to a visitor. Decisions are made in `domain`, work is done in `flows`.

pub mod admin;
pub mod arrived;
pub mod client_kind;
pub mod cookies;
pub mod forms;
pub mod identity;
pub mod log;
pub mod login;
pub mod logout;
pub mod me;
pub mod missing_roles;
pub mod oidc;
pub mod operations;
pub mod pages;
pub mod paths;
pub mod present;
pub mod proxy;
pub mod refusal_log;
pub mod round;
pub mod routes;
pub mod state;
pub mod view_as;
