//! The mapping as a file: export, and import into the draft. A file that is refused changes nothing, and says why and where.

pub(crate) mod page;
#[cfg(test)]
mod tests;

use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::{get, post};
use axum::{Extension, Router};

use super::answers::{Answer, PageError, download, page};
use super::caller::{Called, Caller};
use super::done::Done;
use super::draft::{told, which, who_was_faster};
use super::file_problem::FileProblem;
use super::menu;
use super::shell::{Note, Tone};
use super::state::{Admin, reads, writes};
use crate::flows::administer::mapping::ChangeError;
use page::FilesPage;

/// Its addresses.
pub fn routes() -> Router<Admin> {
    Router::new()
        .route(menu::FILES.path, reads(get(show)))
        .route("/_gate/admin/files/export", reads(get(export)))
        .route("/_gate/admin/files/import", writes(post(import)))
}

/// Shows the page.
pub async fn show(State(admin): State<Admin>, Extension(caller): Called) -> Answer {
    form(&admin, &caller, StatusCode::OK, None, Vec::new()).await
}

async fn form(
    admin: &Admin,
    caller: &Caller,
    status: StatusCode,
    note: Option<String>,
    wrong: Vec<FileProblem>,
) -> Answer {
    let draft = admin.administer.mapping.draft().await?;
    page(&FilesPage {
        shell: caller.shell(menu::FILES).with(note.map(|text| Note::new(Tone::Bad, text))).status(status),
        revision: draft.revision,
        text: caller.sent("text").to_owned(),
        wrong,
    })
}

/// Takes a file into the draft.
pub async fn import(State(admin): State<Admin>, Extension(caller): Called) -> Answer {
    let text = caller.sent("text").replace("\r\n", "\n");
    let error = match admin.administer.mapping.import(&caller.actor, caller.revision(), &text).await {
        Ok(_) => return caller.done(menu::MAPPING, Done::Imported),
        Err(ChangeError::Store(error)) => return Err(error.into()),
        Err(ChangeError::Refused(problems)) => {
            let wrong = problems.iter().map(FileProblem::of).collect();
            return form(&admin, &caller, StatusCode::UNPROCESSABLE_ENTITY, None, wrong).await;
        }
        Err(error) => error,
    };
    let note = match &error {
        ChangeError::Conflict { last, .. } => {
            let who = who_was_faster(&admin, last.as_ref());
            format!(
                "{who}, so nothing was imported. Your file is below; importing it again replaces that draft."
            )
        }
        other => told(other),
    };
    form(&admin, &caller, StatusCode::CONFLICT, Some(note), Vec::new()).await
}

/// Gives a mapping as a file to keep: `?which=draft`.
pub async fn export(State(admin): State<Admin>, Extension(caller): Called) -> Answer {
    let which = caller.asked("which").and_then(which).ok_or(PageError::NotFound)?;
    let text = admin.administer.mapping.export(which).await?;
    download(text, "application/toml; charset=utf-8", "rules.toml")
}
