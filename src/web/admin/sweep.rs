//! Reading every member from the AMS: starting, stopping, and how far it is.

use super::Admin;
use super::preview_page::SweepBar;

/// How the reading stands.
pub fn bar(admin: &Admin) -> Option<SweepBar> {
    let _ = admin;
    None
}
