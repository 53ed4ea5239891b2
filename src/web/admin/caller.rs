//! Who asks, and what was sent.

use std::sync::Arc;

use axum::Extension;
use axum::http::StatusCode;

use super::answers::Answer;
use super::done::Done;
use super::menu::MenuItem;
use super::shell::{Note, Shell, Tone};
use crate::domain::session::SessionKey;
use crate::flows::administer::{Actor, AdmittedBy};
use crate::web::arrived::Arrived;
use crate::web::state::see_other;

/// Who asks, and what was sent. It exists only for administrators, and for forms of our own.
#[derive(Debug)]
pub struct Caller {
    /// The request.
    pub arrived: Arrived,
    /// The administrator.
    pub actor: Actor,
    /// The emergency session, if that is the way in.
    pub emergency: Option<SessionKey>,
    /// The session of the site, if there is one.
    pub session: Option<SessionKey>,
    /// The anti-forgery token of this session.
    pub token: String,
    /// There is a community.
    pub has_community: bool,
    /// The query.
    pub query: Vec<(String, String)>,
    /// The form.
    pub form: Vec<(String, String)>,
}

/// How handlers take a caller.
pub type Called = Extension<Arc<Caller>>;

impl Caller {
    /// What surrounds a page, with what has just been done.
    pub fn shell(&self, item: MenuItem) -> Shell {
        let done = self.asked("done").and_then(Done::says).map(|text| Note::new(Tone::Good, text));
        Shell {
            association: self.arrived.association.name.clone(),
            who: self.actor.name.clone(),
            break_glass: self.actor.admitted_by == AdmittedBy::BreakGlass,
            token: self.token.clone(),
            item,
            has_community: self.has_community,
            notes: done.into_iter().collect(),
            request_id: self.arrived.request_id.to_string(),
            status: StatusCode::OK,
        }
    }

    /// A value of the query.
    pub fn asked(&self, name: &str) -> Option<&str> {
        value(&self.query, name)
    }

    /// A value of the form; empty when it was not sent.
    pub fn sent(&self, name: &str) -> &str {
        value(&self.form, name).unwrap_or_default()
    }

    /// Whether a box was ticked.
    pub fn ticked(&self, name: &str) -> bool {
        value(&self.form, name).is_some()
    }

    /// The revision of the draft that the form was made from. One that cannot be read is no revision of any draft.
    pub fn revision(&self) -> u64 {
        self.sent("revision").parse().unwrap_or(u64::MAX)
    }

    /// Goes to a page of the menu.
    pub fn go(&self, item: MenuItem) -> Answer {
        self.go_to(item.path)
    }

    /// Goes to a page of the menu, which says what was done.
    pub fn done(&self, item: MenuItem, done: Done) -> Answer {
        self.go_to(&format!("{}?done={}", item.path, done.key()))
    }

    /// The same, at one part of the page.
    pub fn done_at(&self, item: MenuItem, done: Done, part: &str) -> Answer {
        self.go_to(&format!("{}?done={}#{part}", item.path, done.key()))
    }

    /// Goes to an address of ours.
    pub fn go_to(&self, path: &str) -> Answer {
        Ok(see_other(&format!("{}{path}", self.arrived.site.origin)))
    }
}

/// A value by its name.
pub fn value<'a>(pairs: &'a [(String, String)], name: &str) -> Option<&'a str> {
    pairs.iter().find(|(key, _)| key == name).map(|(_, value)| &**value)
}
