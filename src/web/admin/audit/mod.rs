//! The audit log: who did what, when, before and after; filtered, page by page, and to take home.

use askama::Template;
use axum::body::Body;
use axum::extract::State;
use axum::http::{Response, StatusCode};
use axum::routing::get;
use axum::{Extension, Router};
use jiff::SignedDuration;
use jiff::civil::Date;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use crate::domain::audit::{Action, Filter, Kept};
use crate::domain::time::{TimeZone, Timestamp};
use crate::flows::administer::Door;
use crate::web::admin::answers::download;
use crate::web::admin::fields::Field;
use crate::web::admin::guard::{Called, Caller};
use crate::web::admin::mapping::rule::form::Mends;
use crate::web::admin::shell::{Room, Shell};
use crate::web::admin::state::{Admin, reads};
use crate::web::admin::words::when;
use crate::web::pages::{Forms, Page, respond};
use crate::web::state::answer;

/// An entry on the page.
#[derive(Clone, Debug)]
pub struct Line {
    /// Its place in the log.
    pub number: u64,
    /// When.
    pub when: String,
    /// Who.
    pub who: String,
    /// By which door, when it was not by a role.
    pub door: &'static str,
    /// What.
    pub what: &'static str,
    /// On what.
    pub about: String,
    /// Before.
    pub before: Option<String>,
    /// After.
    pub after: Option<String>,
}

impl Line {
    /// An entry as people read it.
    pub fn of(kept: &Kept, zone: &TimeZone) -> Line {
        let entry = &kept.entry;
        Line {
            number: kept.number,
            when: when(entry.at, zone),
            who: entry.actor.name.clone(),
            door: match entry.actor.door {
                Door::Role => "",
                Door::BreakGlass => "Emergency",
                Door::Operator => "Command line",
            },
            what: entry.action.words(),
            about: entry.about.clone(),
            before: entry.before.clone(),
            after: entry.after.clone(),
        }
    }
}

/// The log.
#[derive(Clone, Debug, Template)]
#[template(path = "admin/audit/page.html")]
pub struct AuditPage {
    /// Around the page.
    pub shell: Shell,
    /// The filter's fields.
    pub fields: Vec<Field>,
    /// The action that is wanted, by name; empty: every one.
    pub action: String,
    /// Newest first.
    pub lines: Vec<Line>,
    /// The filter as a query.
    pub query: String,
    /// Where older ones are.
    pub older: Option<u64>,
    /// The filter leaves something out.
    pub filtered: bool,
    /// Answers other than 200.
    pub status: StatusCode,
}

/// Its addresses.
pub fn routes() -> Router<Admin> {
    Router::new()
        .route(Room::Audit.path(), reads(get(show)))
        .route("/_gate/admin/audit/download", reads(get(take_home)))
}

/// Shows a page of the log.
pub async fn show(State(admin): State<Admin>, Extension(caller): Called) -> Response<Body> {
    let zone = admin.zone();
    let (filter, mends) = filter(&caller, &zone);
    let before = caller.asked("before").and_then(|number| number.parse().ok());
    let page = match admin.administer.audit.list(&filter, before).await {
        Ok(page) => page,
        Err(error) => return caller.broken(&error),
    };
    let status = if mends.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    answer(respond(&AuditPage {
        shell: caller.shell(Room::Audit),
        fields: fields(|name| caller.asked(name).unwrap_or_default(), &mends),
        action: caller.asked("action").unwrap_or_default().to_owned(),
        lines: page.entries.iter().map(|kept| Line::of(kept, &zone)).collect(),
        query: query(&caller),
        older: page.next,
        filtered: filter != Filter::default(),
        status,
    }))
}

/// Gives the wanted entries as a table. That somebody took them is written down first.
pub async fn take_home(State(admin): State<Admin>, Extension(caller): Called) -> Response<Body> {
    let (filter, mends) = filter(&caller, &admin.zone());
    if !mends.is_empty() {
        return caller.go(Room::Audit.path());
    }
    let audit = &admin.administer.audit;
    let taken = async {
        audit.record(&caller.actor, Action::AuditDownloaded, "the audit log", None, None).await?;
        audit.download(&filter).await
    };
    match taken.await {
        Ok(text) => download(text, "text/csv; charset=utf-8", "audit-log.csv"),
        Err(error) => caller.broken(&error),
    }
}

fn filter(caller: &Caller, zone: &TimeZone) -> (Filter, Mends) {
    let mut mends = Mends::new();
    let text = |name: &str| caller.asked(name).map(str::trim).filter(|text| !text.is_empty());
    let mut day = |name: &str, after: i64| -> Option<Timestamp> {
        let date = text(name)?.parse::<Date>().ok();
        let date = date.and_then(|date| date.checked_add(SignedDuration::from_hours(24 * after)).ok());
        let start = date.and_then(|date| date.to_zoned(zone.clone()).ok());
        if start.is_none() {
            mends.insert(name.to_owned(), "Write a day such as 2026-03-31.".to_owned());
        }
        start.map(|start| start.timestamp())
    };
    let (since, until) = (day("since", 0), day("until", 1));
    let action = text("action").and_then(Action::parse);
    (
        Filter {
            action,
            actor: text("actor").map(str::to_owned),
            text: text("text").map(str::to_owned),
            since,
            until,
        },
        mends,
    )
}

fn fields<'a>(value: impl Fn(&str) -> &'a str, mends: &Mends) -> Vec<Field> {
    let field = |name: &'static str, label, kind| {
        Field::text(name, label, value(name)).kind(kind).mend(mends.get(name).cloned())
    };
    vec![
        field("actor", "Who", "text"),
        field("text", "Mentions", "text"),
        field("since", "From day", "date"),
        field("until", "To day", "date"),
    ]
}

/// The filter as it stands in the address.
fn query(caller: &Caller) -> String {
    let names = ["action", "actor", "text", "since", "until"];
    let given = names
        .iter()
        .filter_map(|name| caller.asked(name).filter(|value| !value.is_empty()).map(|value| (name, value)));
    given.map(|(name, value)| format!("&{name}={}", utf8_percent_encode(value, NON_ALPHANUMERIC))).collect()
}

impl Page for AuditPage {
    const STYLE: &'static str = crate::web::admin::state::STYLE;
    const SCRIPT: &'static str = crate::web::admin::state::SCRIPT;
    const FORMS: Forms = Forms::ToUs;

    fn status(&self) -> StatusCode {
        self.status
    }

    #[cfg(test)]
    fn samples() -> Vec<(&'static str, Self)> {
        let page = |lines: Vec<Line>, mends: &Mends, status| AuditPage {
            shell: crate::web::admin::tests::samples::shell(Room::Audit),
            fields: fields(|name| if name == "actor" && !mends.is_empty() { "Sam" } else { "" }, mends),
            action: String::new(),
            older: (lines.len() > 1).then_some(41),
            lines,
            query: "&actor=Sam".to_owned(),
            filtered: !mends.is_empty(),
            status,
        };
        let line = |number, who: &str, door, what, about: &str, after: Option<&str>| Line {
            number,
            when: "4 March 2026, 10:42".to_owned(),
            who: who.to_owned(),
            door,
            what,
            about: about.to_owned(),
            before: after.map(|_| "member = \"member\"\n".to_owned()),
            after: after.map(str::to_owned),
        };
        let lines = vec![
            line(
                43,
                "Jane <b>Marlowe</b>",
                "",
                "Published the role mapping",
                "version 8",
                Some("member = \"full\"\n"),
            ),
            line(42, "Emergency access", "Emergency", "Opened an emergency link", "", None),
            line(41, "Operator", "Command line", "Made an emergency link", "", None),
        ];
        let mends = Mends::from([("since".to_owned(), "Write a day such as 2026-03-31.".to_owned())]);
        vec![
            ("audit_empty", page(Vec::new(), &Mends::new(), StatusCode::OK)),
            ("audit_full", page(lines, &Mends::new(), StatusCode::OK)),
            ("audit_error", page(Vec::new(), &mends, StatusCode::UNPROCESSABLE_ENTITY)),
        ]
    }
}
