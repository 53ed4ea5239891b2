//! Versions of the mapping: the list, one of them beside another, putting an older one in force again, and the roles that outlive their rule.

pub(crate) mod page;
#[cfg(test)]
mod tests;

use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::{get, post};
use axum::{Extension, Router};

use super::answers::{Answer, PageError, page};
use super::caller::{Called, Caller};
use super::done::Done;
use super::draft::{name, told, which, who_was_faster};
use super::fields::Pager;
use super::menu;
use super::shell::{Note, Shell, Tone};
use super::state::{Admin, reads, writes};
use super::version_line::VersionLine;
use super::words::differences;
use crate::domain::rule::Role;
use crate::flows::administer::mapping::{ChangeError, Which};
use page::{ComparisonPage, VersionsPage};

/// Versions on one page.
const PER_PAGE: usize = 50;

/// Its addresses.
pub fn routes() -> Router<Admin> {
    Router::new()
        .route(menu::VERSIONS.path, reads(get(show)))
        .route("/_gate/admin/versions/compare", reads(get(compare)))
        .route("/_gate/admin/versions/restore", writes(post(restore)))
        .route("/_gate/admin/versions/roles", writes(post(release)))
}

/// Shows the list.
pub async fn show(State(admin): State<Admin>, Extension(caller): Called) -> Answer {
    list(&admin, &caller, caller.shell(menu::VERSIONS), None).await
}

async fn list(admin: &Admin, caller: &Caller, shell: Shell, locked_out: Option<u64>) -> Answer {
    let heads = admin.administer.mapping.versions().await?;
    let (current, given) = admin.administer.mapping.given_by_patterns().await?;
    let zone = admin.zone();
    let number = caller.asked("page").and_then(|page| page.parse().ok()).unwrap_or(0);
    let shown = heads.iter().skip(usize::saturating_mul(number, PER_PAGE)).take(PER_PAGE);
    page(&VersionsPage {
        shell,
        lines: shown.map(|head| VersionLine::of(head, current, &zone)).collect(),
        pager: Pager::new(number, PER_PAGE, heads.len(), |page| {
            format!("{}?page={page}", menu::VERSIONS.path)
        }),
        locked_out,
        current,
        given: given.iter().map(Role::to_string).collect(),
    })
}

/// Shows how two mappings differ: `?a=3&b=draft`.
pub async fn compare(State(admin): State<Admin>, Extension(caller): Called) -> Answer {
    let pair = caller.asked("a").and_then(which).zip(caller.asked("b").and_then(which));
    let (a, b) = pair.ok_or(PageError::NotFound)?;
    let mapping = &admin.administer.mapping;
    let diff = mapping.compare(a, b).await?;
    let current = mapping.published().version;
    page(&ComparisonPage {
        shell: caller.shell(menu::VERSIONS),
        names: (name(a), name(b)),
        differences: differences(&diff, &admin.services.catalogues.names()),
        file: mapping.export(b).await?,
        later: caller.asked("b").unwrap_or_default().to_owned(),
        restore: match b {
            Which::Version(number) if number != current => Some(number),
            _ => None,
        },
    })
}

/// Puts an older version in force again.
pub async fn restore(State(admin): State<Admin>, Extension(caller): Called) -> Answer {
    let number = caller.sent("number").parse().map_err(|_| PageError::NotFound)?;
    let error = match admin.administer.mapping.restore(&caller.actor, number, caller.ticked("despite")).await
    {
        Ok(_) => return caller.done(menu::VERSIONS, Done::Restored),
        Err(error @ (ChangeError::NoVersion(_) | ChangeError::Store(_))) => return Err(error.into()),
        Err(error) => error,
    };
    let text = match &error {
        ChangeError::Conflict { last, .. } => {
            format!(
                "{}, so nothing was restored. Look, then try again.",
                who_was_faster(&admin, last.as_ref())
            )
        }
        ChangeError::Unchanged => "That version says what is in force already.".to_owned(),
        other => told(other),
    };
    let note = Note::new(Tone::Bad, text);
    let shell = caller.shell(menu::VERSIONS).with(Some(note)).status(StatusCode::CONFLICT);
    list(&admin, &caller, shell, matches!(error, ChangeError::LockOut).then_some(number)).await
}

/// Stops managing the chosen roles.
pub async fn release(State(admin): State<Admin>, Extension(caller): Called) -> Answer {
    let chosen = caller.form.iter().filter(|(name, _)| name == "role");
    let roles = chosen.filter_map(|(_, role)| Role::parse(role).ok()).collect();
    let version = caller.sent("version").parse().map_err(|_| PageError::NotFound)?;
    let text = match admin.administer.mapping.release(&caller.actor, version, &roles).await {
        Ok(_) => return caller.done(menu::VERSIONS, Done::RolesReleased),
        Err(ChangeError::Unchanged) => {
            "Nothing was changed: no role was chosen, or the mapping gives each of them to somebody now."
        }
        Err(ChangeError::Conflict { .. }) => {
            "Another version came into force meanwhile, so nothing was changed. Look, then try again."
        }
        Err(error) => return Err(error.into()),
    };
    let note = Note::new(Tone::Bad, text);
    let shell = caller.shell(menu::VERSIONS).with(Some(note)).status(StatusCode::CONFLICT);
    list(&admin, &caller, shell, None).await
}
