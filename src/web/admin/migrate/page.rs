//! The page that compares WordPress users with the mapping.

use askama::Template;

use crate::flows::administer::migrate::{MigratedRole, Report};
use crate::web::admin::fields::{grouped, people};
use crate::web::admin::shell::{Shell, admin_pages};

/// Users shown; a spreadsheet from the command line has all of them.
const SHOWN: usize = 500;

/// A user whose roles would change, or of whom nothing can be said.
#[derive(Clone, Debug)]
pub struct UserLine {
    /// Login name.
    pub login: String,
    /// E-mail address.
    pub email: String,
    /// What becomes of the user.
    pub fate: &'static str,
    /// Roles that come or go, each with its reasons.
    pub differences: Vec<(bool, String, String)>,
}

/// What a comparison found.
#[derive(Clone, Debug)]
pub struct Findings {
    /// A number with what it counts.
    pub sums: Vec<(&'static str, String)>,
    /// Role, gained by, lost by.
    pub roles: Vec<(String, String, String)>,
    /// Users worth a look.
    pub lines: Vec<UserLine>,
    /// How many more there are; empty: none.
    pub more: String,
}

/// The page.
#[derive(Clone, Debug, Template)]
#[template(path = "admin/migrate/page.html")]
pub struct MigratePage {
    /// Around the page.
    pub shell: Shell,
    /// The export as it was sent, while there is something to mend about it.
    pub text: String,
    /// What to mend.
    pub mend: Option<String>,
    /// Compare with the draft instead of what is in force.
    pub draft: bool,
    /// What was found.
    pub found: Option<Findings>,
}

impl Findings {
    /// A report in words.
    pub fn of(report: &Report) -> Findings {
        let sums = &report.sums;
        let worth = report.lines.iter().filter(|line| line.fate != MigratedRole::Same);
        let count = worth.clone().count();
        let mut roles: Vec<&String> = sums.gained.keys().chain(sums.lost.keys()).collect();
        roles.sort();
        roles.dedup();
        let of = |lists: &std::collections::BTreeMap<String, usize>, role: &String| {
            grouped(lists.get(role).copied().unwrap_or(0))
        };
        Findings {
            sums: vec![
                ("Users in the export", grouped(sums.users)),
                ("Keep their roles", grouped(sums.same)),
                ("Roles change", grouped(sums.differ)),
                ("Not admitted by the AMS", grouped(sums.not_admitted)),
                ("Without a record here", grouped(sums.not_found)),
            ],
            roles: roles
                .into_iter()
                .map(|role| (role.clone(), of(&sums.gained, role), of(&sums.lost, role)))
                .collect(),
            lines: worth
                .take(SHOWN)
                .map(|line| UserLine {
                    login: line.login.clone(),
                    email: line.email.clone().unwrap_or_default(),
                    fate: match line.fate {
                        MigratedRole::Same => "Same",
                        MigratedRole::Differs => "Changes",
                        MigratedRole::NotAdmitted => "Not admitted",
                        MigratedRole::NotFound => "No record",
                        MigratedRole::Several => "Several records",
                    },
                    differences: line
                        .differences
                        .iter()
                        .map(|one| (one.gained, one.role.clone(), one.because.join(" ")))
                        .collect(),
                })
                .collect(),
            more: if count > SHOWN { people(count - SHOWN) } else { String::new() },
        }
    }
}

admin_pages!(MigratePage);
