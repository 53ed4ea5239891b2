//! Everything that speaks HTTP to a visitor. Decisions are made in `domain`, work is done in `flows`.

pub(crate) mod admin;
pub(crate) mod arrived;
pub(crate) mod check_again;
pub(crate) mod client_kind;
pub(crate) mod cookies;
pub(crate) mod forms;
pub(crate) mod hooks;
pub(crate) mod identity;
pub(crate) mod log;
pub(crate) mod login;
pub(crate) mod logout;
pub(crate) mod me;
pub(crate) mod missing_roles;
pub(crate) mod oidc;
pub(crate) mod operations;
pub(crate) mod pages;
pub(crate) mod paths;
pub(crate) mod present;
pub mod proxy;
pub(crate) mod refusal_log;
pub(crate) mod round;
pub(crate) mod routes;
pub(crate) mod state;
pub(crate) mod view_as;
