//! The page of live sessions.

use std::collections::BTreeSet;

use askama::Template;

use crate::web::admin::fields::{Field, people};
use crate::web::admin::shell::{Shell, admin_pages};

/// A session on the page.
#[derive(Clone, Debug)]
pub struct SessionLine {
    /// Found by; a digest of what the browser has.
    pub key: String,
    /// The person's id.
    pub id: String,
    /// The person.
    pub name: String,
    /// The person's address.
    pub email: String,
    /// The browser.
    pub device: String,
    /// The site's host.
    pub host: String,
    /// Since when.
    pub since: String,
    /// Last seen.
    pub seen: String,
    /// Roles held now.
    pub roles: Vec<String>,
    /// Who impersonates this person; empty: nobody.
    pub viewer: String,
    /// It is the administrator's own.
    pub own: bool,
}

/// The list.
#[derive(Clone, Debug, Template)]
#[template(path = "admin/sessions/page.html")]
pub struct SessionsPage {
    /// Around the page.
    pub shell: Shell,
    /// Whose sessions.
    pub of: Field,
    /// Only this person's are listed, by name and id.
    pub person: Option<(String, String)>,
    /// Several people go by what was typed: name, number, and where the person's sessions are.
    pub choices: Vec<(String, String, String)>,
    /// Latest first.
    pub lines: Vec<SessionLine>,
    /// Where older ones are.
    pub older: Option<String>,
}

impl SessionsPage {
    fn says(&self) -> String {
        match &self.person {
            Some((name, _)) => format!("Sessions of {name}"),
            None => "Live sessions".to_owned(),
        }
    }

    fn count(&self) -> String {
        let names: BTreeSet<&str> = self.lines.iter().map(|line| &*line.id).collect();
        let sessions = self.lines.len();
        format!(
            "{sessions} {} of {} on this page, latest first.",
            if sessions == 1 { "session" } else { "sessions" },
            people(names.len())
        )
    }
}

admin_pages!(SessionsPage);
