//! `/_gate/admin`: the pages on which administrators work. Each page is a typed struct with a template; what they do is done by
//! `flows::administer`. Kept out: who holds which role, what is written down, how anything is stored.

pub mod fields;
pub mod kinds;
pub mod mapping_page;
pub mod preview_page;
pub mod rule_page;
pub mod shell;
pub mod typed;
pub mod words;

#[cfg(test)]
mod samples;
#[cfg(test)]
mod tests;

/// The style sheet of all these pages.
pub const STYLE: &str = include_str!("../../../assets/admin.css");
/// The script of all these pages; everything works without it.
pub const SCRIPT: &str = include_str!("../../../assets/admin.js");
