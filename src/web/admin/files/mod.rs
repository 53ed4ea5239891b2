//! The mapping as a file: export, and import into the draft. A file that is refused changes nothing, and says why and where.

use askama::Template;
use axum::body::Body;
use axum::extract::State;
use axum::http::{Response, StatusCode};
use axum::routing::{get, post};
use axum::{Extension, Router};

use crate::flows::administer::mapping::ChangeError;
use crate::web::admin::answers::download;
use crate::web::admin::draft::{told, which, who_was_faster};
use crate::web::admin::guard::{Called, Caller};
use crate::web::admin::shell::{Note, Room, Shell, Tone};
use crate::web::admin::state::{Admin, reads, writes};
use crate::web::admin::words::sentence;
use crate::web::pages::{Forms, Page, respond};
use crate::web::state::answer;

/// What is wrong in a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wrong {
    /// Line, from 1.
    pub line: usize,
    /// Column, from 1.
    pub column: usize,
    /// What is wrong.
    pub what: String,
    /// What to do about it.
    pub remedy: String,
}

/// Import and export.
#[derive(Clone, Debug, Template)]
#[template(path = "admin/files/page.html")]
pub struct FilesPage {
    /// Around the page.
    pub shell: Shell,
    /// The revision of the draft that an import replaces.
    pub revision: u64,
    /// The text as it was sent.
    pub text: String,
    /// Why it was refused.
    pub wrong: Vec<Wrong>,
    /// Answers other than 200.
    pub status: StatusCode,
}

/// Its addresses.
pub fn routes() -> Router<Admin> {
    Router::new()
        .route(Room::Files.path(), reads(get(show)))
        .route("/_gate/admin/files/export", reads(get(export)))
        .route("/_gate/admin/files/import", writes(post(import)))
}

/// Shows the page.
pub async fn show(State(admin): State<Admin>, Extension(caller): Called) -> Response<Body> {
    page(&admin, &caller, None, Vec::new(), StatusCode::OK).await
}

async fn page(
    admin: &Admin,
    caller: &Caller,
    note: Option<Note>,
    wrong: Vec<Wrong>,
    status: StatusCode,
) -> Response<Body> {
    match admin.administer.mapping.draft().await {
        Ok(draft) => answer(respond(&FilesPage {
            shell: caller.shell(Room::Files).with(note),
            revision: draft.revision,
            text: caller.sent("text").to_owned(),
            wrong,
            status,
        })),
        Err(error) => caller.broken(&error),
    }
}

/// Takes a file into the draft.
pub async fn import(State(admin): State<Admin>, Extension(caller): Called) -> Response<Body> {
    let text = caller.sent("text").replace("\r\n", "\n");
    match admin.administer.mapping.import(&caller.actor, caller.revision(), &text).await {
        Ok(_) => caller.go("/_gate/admin/mapping?done=imported"),
        Err(ChangeError::Store(error)) => caller.broken(&error),
        Err(ChangeError::Refused(problems)) => {
            let wrong = problems.iter().map(|problem| Wrong {
                line: problem.line,
                column: problem.column,
                what: sentence(&problem.what),
                remedy: problem.remedy.clone(),
            });
            let wrong = wrong.collect();
            page(&admin, &caller, None, wrong, StatusCode::UNPROCESSABLE_ENTITY).await
        }
        Err(ChangeError::Conflict { last, .. }) => {
            let who = who_was_faster(&admin, last.as_ref());
            let text = format!(
                "{who}, so nothing was imported. Your file is below; importing it again replaces that draft."
            );
            page(&admin, &caller, Some(Note::new(Tone::Bad, text)), Vec::new(), StatusCode::CONFLICT).await
        }
        Err(error) => {
            let note = Note::new(Tone::Bad, told(&error));
            page(&admin, &caller, Some(note), Vec::new(), StatusCode::CONFLICT).await
        }
    }
}

/// Gives a mapping as a file to keep: `?which=draft`.
pub async fn export(State(admin): State<Admin>, Extension(caller): Called) -> Response<Body> {
    let Some(which) = caller.asked("which").and_then(which) else { return caller.not_found() };
    match admin.administer.mapping.export(which).await {
        Ok(text) => download(text, "application/toml; charset=utf-8", "rules.toml"),
        Err(ChangeError::NoVersion(_)) => caller.not_found(),
        Err(error) => caller.broken(&error),
    }
}

impl Page for FilesPage {
    const STYLE: &'static str = crate::web::admin::state::STYLE;
    const SCRIPT: &'static str = crate::web::admin::state::SCRIPT;
    const FORMS: Forms = Forms::ToUs;

    fn status(&self) -> StatusCode {
        self.status
    }

    #[cfg(test)]
    fn samples() -> Vec<(&'static str, Self)> {
        let page = |text: &str, wrong, status| FilesPage {
            shell: crate::web::admin::tests::samples::shell(Room::Files),
            revision: 12,
            text: text.to_owned(),
            wrong,
            status,
        };
        let wrong = vec![Wrong {
            line: 1,
            column: 1,
            what: "`tme_zone` is not a key of the rules file".to_owned(),
            remedy: "Did you mean `time_zone`?".to_owned(),
        }];
        vec![
            ("files_empty", page("", Vec::new(), StatusCode::OK)),
            (
                "files_error",
                page("tme_zone = \"UTC\"\n# </textarea><i>", wrong, StatusCode::UNPROCESSABLE_ENTITY),
            ),
        ]
    }
}
