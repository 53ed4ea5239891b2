//! The audit log: who did what, when, before and after; filtered, page by page, and to take home.

pub(crate) mod page;
#[cfg(test)]
mod tests;

use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::get;
use axum::{Extension, Router};
use jiff::SignedDuration;
use jiff::civil::Date;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use super::answers::{Answer, download, page};
use super::audit_line::AuditLine;
use super::caller::{Called, Caller};
use super::fields::FieldErrors;
use super::menu;
use super::state::{Admin, reads};
use crate::domain::audit::{Action, Filter};
use crate::domain::time::{TimeZone, Timestamp};
use page::{AuditPage, fields};

/// Its addresses.
pub fn routes() -> Router<Admin> {
    Router::new()
        .route(menu::AUDIT.path, reads(get(show)))
        .route("/_gate/admin/audit/download", reads(get(take_home)))
}

/// Shows a page of the log.
pub async fn show(State(admin): State<Admin>, Extension(caller): Called) -> Answer {
    let zone = admin.zone();
    let (filter, errors) = filter(&caller, &zone);
    let before = caller.asked("before").and_then(|number| number.parse().ok());
    let found = admin.administer.audit.list(&filter, before).await?;
    let status = if errors.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    page(&AuditPage {
        shell: caller.shell(menu::AUDIT).status(status),
        fields: fields(|name| caller.asked(name).unwrap_or_default(), &errors),
        action: caller.asked("action").unwrap_or_default().to_owned(),
        lines: found.entries.iter().map(|kept| AuditLine::of(kept, &zone)).collect(),
        query: query(&caller),
        older: found.next,
        filtered: filter != Filter::default(),
    })
}

/// Gives the wanted entries as a table. That somebody took them is written down first.
pub async fn take_home(State(admin): State<Admin>, Extension(caller): Called) -> Answer {
    let (filter, errors) = filter(&caller, &admin.zone());
    if !errors.is_empty() {
        return caller.go(menu::AUDIT);
    }
    let audit = &admin.administer.audit;
    audit.record(&caller.actor, Action::AuditDownloaded, "the audit log", None, None).await?;
    download(audit.download(&filter).await?, "text/csv; charset=utf-8", "audit-log.csv")
}

fn filter(caller: &Caller, zone: &TimeZone) -> (Filter, FieldErrors) {
    let mut errors = FieldErrors::new();
    let text = |name: &str| caller.asked(name).map(str::trim).filter(|text| !text.is_empty());
    let mut day = |name: &str, after: i64| -> Option<Timestamp> {
        let date = text(name)?.parse::<Date>().ok();
        let date = date.and_then(|date| date.checked_add(SignedDuration::from_hours(24 * after)).ok());
        let start = date.and_then(|date| date.to_zoned(zone.clone()).ok());
        if start.is_none() {
            errors.insert(name.to_owned(), "Write a day such as 2026-03-31.".to_owned());
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
        errors,
    )
}

/// The filter as it stands in the address.
fn query(caller: &Caller) -> String {
    let names = ["action", "actor", "text", "since", "until"];
    let given = names
        .iter()
        .filter_map(|name| caller.asked(name).filter(|value| !value.is_empty()).map(|value| (name, value)));
    given.map(|(name, value)| format!("&{name}={}", utf8_percent_encode(value, NON_ALPHANUMERIC))).collect()
}
