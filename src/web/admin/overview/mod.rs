//! Where administrators land: how things stand, what was done lately, and the first steps.

pub(crate) mod page;
#[cfg(test)]
mod tests;

use axum::extract::State;
use axum::routing::get;
use axum::{Extension, Router};

use super::answers::{Answer, page};
use super::audit_line::AuditLine;
use super::caller::Called;
use super::draft::bar;
use super::fields::{Tile, grouped};
use super::state::{Admin, reads};
use super::words::when;
use super::{directory, menu};
use crate::domain::audit::Filter;
use page::OverviewPage;

/// Entries shown.
const LATELY: usize = 6;

/// Its address.
pub fn routes() -> Router<Admin> {
    Router::new().route(menu::OVERVIEW.path, reads(get(show)))
}

/// Shows it.
pub async fn show(State(admin): State<Admin>, Extension(caller): Called) -> Answer {
    let administer = &admin.administer;
    let draft = bar(&admin, &administer.mapping.draft().await?).await?;
    let published = administer.mapping.published();
    let log = administer.audit.list(&Filter::default(), None).await?;
    let rules = &published.rules;
    let mut all = vec![Tile {
        name: "Mapping in force",
        big: format!("Version {}", published.version),
        says: format!("{} rules, {} roles", rules.rules.len(), rules.managed_roles().len()),
        href: menu::VERSIONS.path,
    }];
    all.extend(tiles(&admin).await);
    let zone = admin.zone();
    page(&OverviewPage {
        shell: caller.shell(menu::OVERVIEW).with(admin.outage()),
        is_new: published.version == 1 && draft.edited.is_none(),
        draft,
        tiles: all,
        lately: log.entries.iter().take(LATELY).map(|kept| AuditLine::of(kept, &zone)).collect(),
    })
}

/// Numbers for the overview.
async fn tiles(admin: &Admin) -> Vec<Tile> {
    let status = admin.services.overview.status().await;
    let zone = admin.zone();
    let answered = status.ams.last_success;
    let failing =
        status.ams.last_failure.as_ref().is_some_and(|(at, _)| answered.is_none_or(|good| good < *at));
    vec![
        Tile {
            name: "People on file",
            big: status.known.map_or_else(|| "?".to_owned(), grouped),
            says: directory::completeness(&status.directory, &zone),
            href: menu::PREVIEW.path,
        },
        Tile {
            name: "AMS",
            big: if failing {
                "Trouble"
            } else if answered.is_some() {
                "Answers"
            } else {
                "Not asked yet"
            }
            .to_owned(),
            says: match answered {
                Some(at) => format!(
                    "Last answer on {}. {} of {} calls used in the last minute.",
                    when(at, &zone),
                    status.budget.last_minute.iter().sum::<usize>(),
                    status.budget.per_minute
                ),
                None => format!("Environment {}.", status.ams.environment),
            },
            href: menu::STATUS.path,
        },
    ]
}
