//! What fields offer to choose from: what the AMS lists, what was seen on records, and roles that are in use.

use super::Admin;
use super::fields::List;
use super::shell::Note;
use crate::domain::rule::{CORE_ROLES, Rules};

/// The lists of a page that edits these rules, and when those of the AMS were read.
pub fn lists(admin: &Admin, rules: &Rules) -> (Vec<List>, String) {
    let _ = admin;
    (vec![roles(rules), time_zones()], String::new())
}

/// What every page says while the AMS does not answer.
pub fn outage(admin: &Admin) -> Option<Note> {
    let _ = admin;
    None
}

fn roles(rules: &Rules) -> List {
    let core = CORE_ROLES
        .iter()
        .filter(|_| rules.manage_core_roles)
        .map(|role| ((*role).to_owned(), (*role).to_owned()));
    let managed = rules.managed_roles();
    let managed = managed.iter().map(|role| (role.to_string(), rules.label_of(role).to_string()));
    List { id: "list-role", items: managed.chain(core).collect() }
}

fn time_zones() -> List {
    const COMMON: [&str; 16] = [
        "America/New_York",
        "America/Chicago",
        "America/Denver",
        "America/Phoenix",
        "America/Los_Angeles",
        "America/Anchorage",
        "Pacific/Honolulu",
        "America/Toronto",
        "America/Halifax",
        "America/Vancouver",
        "Europe/London",
        "Europe/Dublin",
        "Europe/Paris",
        "Europe/Oslo",
        "Australia/Sydney",
        "UTC",
    ];
    List { id: "list-time-zone", items: COMMON.map(|zone| (zone.to_owned(), zone.to_owned())).into() }
}

/// Numbers for the overview.
pub async fn tiles(admin: &Admin) -> Vec<super::overview::Tile> {
    let _ = admin;
    Vec::new()
}
