//! Comparing the roles of today's WordPress users with what the mapping would give them. Nothing is kept and nothing changes.

use askama::Template;
use axum::body::Body;
use axum::extract::State;
use axum::http::{Response, StatusCode};
use axum::routing::get;
use axum::{Extension, Router};

use crate::flows::administer::mapping::Which;
use crate::web::admin::fields::{grouped, people};
use crate::web::admin::guard::{Called, Caller};
use crate::web::admin::shell::{Room, Shell};
use crate::web::admin::state::{Admin, reads};

use crate::flows::administer::migrate::{Comparison, Fate, Report, read_users};
use crate::web::pages::{Forms, Page, respond};
use crate::web::state::answer;

/// Users shown; a spreadsheet from the command line has all of them.
const SHOWN: usize = 500;

/// A user whose roles would change, or of whom nothing can be said.
#[derive(Clone, Debug)]
pub struct Line {
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
pub struct Found {
    /// A number with what it counts.
    pub sums: Vec<(&'static str, String)>,
    /// Role, gained by, lost by.
    pub roles: Vec<(String, String, String)>,
    /// Users worth a look.
    pub lines: Vec<Line>,
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
    pub found: Option<Found>,
}

/// Its addresses.
pub fn routes() -> Router<Admin> {
    Router::new().route(Room::Migrate.path(), reads(get(show).post(compare)))
}

/// Shows the form.
pub async fn show(Extension(caller): Called) -> Response<Body> {
    answer(respond(&page(&caller, String::new(), None, None)))
}

/// Compares.
pub async fn compare(State(admin): State<Admin>, Extension(caller): Called) -> Response<Body> {
    let text = caller.sent("users").to_owned();
    let users = match read_users(text.as_bytes()) {
        Ok(users) => users,
        Err(fault) => {
            let mend = format!("{}.", crate::web::admin::words::sentence(&fault.to_string()));
            return answer(respond(&page(&caller, text, Some(mend), None)));
        }
    };
    let which = if caller.sent("mapping") == "draft" { Which::Draft } else { Which::Published };
    let rules = match admin.administer.mapping.rules(which).await {
        Ok(rules) => rules,
        Err(error) => return caller.broken(&error),
    };
    match admin.desk.people.compare(Comparison::new(users, rules, admin.gate.clock.now())).await {
        Ok(report) => answer(respond(&page(&caller, String::new(), None, Some(found(&report))))),
        Err(error) => caller.broken(&error),
    }
}

fn page(caller: &Caller, text: String, mend: Option<String>, found: Option<Found>) -> MigratePage {
    let draft = caller.sent("mapping") == "draft";
    MigratePage { shell: caller.shell(Room::Migrate), text, mend, draft, found }
}

fn found(report: &Report) -> Found {
    let sums = &report.sums;
    let worth = report.lines.iter().filter(|line| line.fate != Fate::Same);
    let count = worth.clone().count();
    let mut roles: Vec<&String> = sums.gained.keys().chain(sums.lost.keys()).collect();
    roles.sort();
    roles.dedup();
    let of = |lists: &std::collections::BTreeMap<String, usize>, role: &String| {
        grouped(lists.get(role).copied().unwrap_or(0))
    };
    Found {
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
            .map(|line| Line {
                login: line.login.clone(),
                email: line.email.clone().unwrap_or_default(),
                fate: match line.fate {
                    Fate::Same => "Same",
                    Fate::Differs => "Changes",
                    Fate::NotAdmitted => "Not admitted",
                    Fate::NotFound => "No record",
                    Fate::Several => "Several records",
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

impl Page for MigratePage {
    const STYLE: &'static str = crate::web::admin::state::STYLE;
    const SCRIPT: &'static str = crate::web::admin::state::SCRIPT;
    const FORMS: Forms = Forms::ToUs;

    fn status(&self) -> StatusCode {
        if self.mend.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK }
    }

    #[cfg(test)]
    fn samples() -> Vec<(&'static str, Self)> {
        let page = |text: &str, mend: Option<&str>, found| MigratePage {
            shell: crate::web::admin::tests::samples::shell(Room::Migrate),
            text: text.to_owned(),
            mend: mend.map(str::to_owned),
            draft: false,
            found,
        };
        let line = |login: &str, fate, differences| Line {
            login: login.to_owned(),
            email: format!("{login}@people.example"),
            fate,
            differences,
        };
        let full = Found {
            sums: vec![
                ("Users in the export", "1,204".into()),
                ("Keep their roles", "1,180".into()),
                ("Roles change", "20".into()),
                ("Without a record here", "4".into()),
            ],
            roles: vec![
                ("education".into(), "2".into(), "0".into()),
                ("gold".into(), "0".into(), "18".into()),
            ],
            lines: vec![
                line(
                    "jane",
                    "Changes",
                    vec![(true, "education".into(), "Education committee: On committee EDU.".into())],
                ),
                line(
                    "gus<b>",
                    "Changes",
                    vec![(false, "gold".into(), "gold: Does not hold the membership CORPGOLD.".into())],
                ),
                line("anna", "No record", Vec::new()),
            ],
            more: "3 people".to_owned(),
        };
        vec![
            ("migrate_empty", page("", None, None)),
            ("migrate_full", page("", None, Some(full))),
            (
                "migrate_error",
                page("user_login\nx", Some("The export has no column with roles; name it `roles`."), None),
            ),
        ]
    }
}
