//! The community's mapping: the draft with its editor, the preview that publishes it, and its versions.

pub(crate) mod group;
pub(crate) mod page;
mod place;
pub(crate) mod preview;
#[cfg(test)]
mod tests;
pub(crate) mod versions;

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
use super::words::{Difference, line_differences};
use crate::adapters::community_file;
use crate::domain::community::CommunityText;
use crate::domain::line_diff::line_changes;
use crate::domain::mapping::Draft;
use crate::flows::administer::mapping::ChangeError;
use page::{CommunityMappingPage, GroupLine, TextForm};
use place::{PAGES, VERSIONS, draft_bar, mapping};

/// Its addresses.
pub fn routes() -> Router<Admin> {
    Router::new()
        .route(menu::COMMUNITY_MAPPING.path, reads(get(show)))
        .route("/_gate/admin/community/mapping/save", writes(post(save)))
        .route("/_gate/admin/community/mapping/group", reads(get(group::show)))
        .route("/_gate/admin/community/mapping/groups", writes(post(group::save)))
        .route(PAGES.discard, writes(post(discard)))
        .route("/_gate/admin/community/mapping/export", reads(get(export)))
        .route(PAGES.preview, reads(get(preview::show)))
        .route("/_gate/admin/community/mapping/preview/progress", reads(get(preview::how_far)))
        .route("/_gate/admin/community/mapping/preview/people", reads(get(preview::people_of)))
        .route("/_gate/admin/community/mapping/publish", writes(post(preview::publish)))
        .route(VERSIONS, reads(get(versions::show)))
        .route("/_gate/admin/community/mapping/versions/compare", reads(get(versions::compare)))
        .route("/_gate/admin/community/mapping/versions/take", writes(post(versions::take)))
}

/// Shows the draft.
pub async fn show(State(admin): State<Admin>, Extension(caller): Called) -> Answer {
    let draft = mapping(&admin)?.draft().await?;
    let form = TextForm::of(&draft);
    page(&draft_page(&admin, &caller, &draft, form).await?)
}

/// Saves the text into the draft. What is refused stays in the form.
pub async fn save(State(admin): State<Admin>, Extension(caller): Called) -> Answer {
    let community = mapping(&admin)?;
    let text = caller.sent("text").replace("\r\n", "\n");
    let error = match community.save(&caller.actor, caller.revision(), &text).await {
        Ok(None) => return caller.done(menu::COMMUNITY_MAPPING, Done::Unchanged),
        Ok(Some(_)) => return caller.done(menu::COMMUNITY_MAPPING, Done::Saved),
        Err(ChangeError::Store(error)) => return Err(error.into()),
        Err(error) => error,
    };
    let draft = community.draft().await?;
    // The form keeps what it was made from, so that a clash is still found.
    let form = TextForm { revision: caller.revision(), text, ..TextForm::default() };
    match error {
        ChangeError::Refused(problems) => {
            let form = TextForm { wrong: problems.iter().map(FileProblem::of).collect(), ..form };
            let mut shown = draft_page(&admin, &caller, &draft, form).await?;
            shown.shell = shown.shell.status(StatusCode::UNPROCESSABLE_ENTITY);
            page(&shown)
        }
        ChangeError::Conflict { last, now } => {
            let differences = line_differences(&line_changes(&now.rules.text, &form.text));
            let form = TextForm { revision: now.revision, ..form };
            let mut shown = draft_page(&admin, &caller, &draft, form).await?;
            shown.shell = shown.shell.status(StatusCode::CONFLICT);
            let clash = Some((who_was_faster(&admin, last.as_ref()), differences));
            page(&CommunityMappingPage { clash, ..shown })
        }
        error => refused(&admin, &caller, told(&error)).await,
    }
}

/// Throws the draft away.
pub async fn discard(State(admin): State<Admin>, Extension(caller): Called) -> Answer {
    match mapping(&admin)?.discard(&caller.actor, caller.revision()).await {
        Ok(_) => caller.done(menu::COMMUNITY_MAPPING, Done::Discarded),
        Err(ChangeError::Store(error)) => Err(error.into()),
        Err(ChangeError::Conflict { last, .. }) => {
            let who = who_was_faster(&admin, last.as_ref());
            refused(&admin, &caller, format!("{who}, so nothing was done. Here is the draft as it is now."))
                .await
        }
        Err(error) => refused(&admin, &caller, told(&error)).await,
    }
}

/// Gives a mapping as a file to keep: `?which=draft`.
pub async fn export(State(admin): State<Admin>, Extension(caller): Called) -> Answer {
    let which = caller.asked("which").and_then(which).ok_or(PageError::NotFound)?;
    let text = mapping(&admin)?.export(which).await?;
    download(text, "application/toml; charset=utf-8", "community.toml")
}

/// The page of the draft with why nothing was done.
async fn refused(admin: &Admin, caller: &Caller, text: String) -> Answer {
    let draft = mapping(admin)?.draft().await?;
    let form = TextForm::of(&draft);
    let mut shown = draft_page(admin, caller, &draft, form).await?;
    shown.shell = shown.shell.with(Some(Note::new(Tone::Bad, text))).status(StatusCode::CONFLICT);
    page(&shown)
}

async fn draft_page(
    admin: &Admin,
    caller: &Caller,
    draft: &Draft<CommunityText>,
    form: TextForm,
) -> Result<CommunityMappingPage, PageError> {
    let community = mapping(admin)?;
    let names = admin.services.catalogues.names();
    let read = community_file::parse(&draft.rules.text).ok();
    let keeps_back = match draft.edited {
        Some(_) => community.problems(&draft.rules.text).await?,
        None => Vec::new(),
    };
    Ok(CommunityMappingPage {
        shell: caller.shell(menu::COMMUNITY_MAPPING).with(admin.outage()),
        draft: draft_bar(admin, &community, draft).await?,
        groups: read.iter().flat_map(|it| &it.groups).map(|group| GroupLine::of(group, &names)).collect(),
        who: read.as_ref().map(|it| page::who_in_words(&it.who, &names)).unwrap_or_default(),
        sent: read.as_ref().map(page::sent_in_words).unwrap_or_default(),
        keeps_back: keeps_back.iter().map(FileProblem::of).collect(),
        form,
        clash: None::<(String, Vec<Difference>)>,
    })
}
