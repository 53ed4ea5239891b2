//! Working out a preview, showing how far it is, and publishing.

pub(crate) mod page;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::{get, post};
use axum::{Extension, Router};
use serde_json::json;

use super::answers::{Answer, PageError, json_answer, page};
use super::caller::{Called, Caller};
use super::done::Done;
use super::draft::{bar, told, who_was_faster};
use super::fields::{Field, Pager, grouped, people};
use super::people_lists::PersonLink;
use super::preview_view::{PreviewView, progress_json};
use super::shell::{Note, Tone};
use super::state::{Admin, reads, writes};
use super::words::{differences, sentence, when};
use super::{directory, menu};
use crate::adapters::store::StoreError;
use crate::domain::mapping::{Draft, MappingDiff};
use crate::domain::preview::AffectedPeople;
use crate::domain::rule::{Role, Rules};
use crate::domain::unmet::{Unmet, unmet};
use crate::flows::administer::mapping::ChangeError;
use crate::flows::administer::preview::RolePreview;
use crate::flows::administer::preview_runs::PreviewState;
use crate::flows::directory::SignedInProgress;
use page::{AwaitedView, PreviewFindings, PreviewPage, PreviewPeople};

/// People on a page of a long list.
const PER_PAGE: usize = 100;

/// Its addresses.
pub fn routes() -> Router<Admin> {
    Router::new()
        .route(menu::PREVIEW.path, reads(get(show)))
        .route("/_gate/admin/preview/progress", reads(get(how_far)))
        .route("/_gate/admin/preview/people", reads(get(people_of)))
        .route("/_gate/admin/preview/awaited", reads(get(how_far_read)))
        .route("/_gate/admin/preview/publish", writes(post(publish)))
        .route("/_gate/admin/preview/withdraw", writes(post(withdraw)))
}

/// Shows the preview of the draft; begins it when nobody has yet.
pub async fn show(State(admin): State<Admin>, Extension(caller): Called) -> Answer {
    page(&shown(&admin, &caller).await?)
}

async fn shown(admin: &Admin, caller: &Caller) -> Result<PreviewPage, StoreError> {
    let draft = admin.administer.mapping.draft().await?;
    let state = state(admin, &draft).await?;
    let published = admin.administer.mapping.published();
    let mut shell = caller.shell(menu::PREVIEW).with(admin.outage());
    shell.notes.extend(unmet_notes(admin, caller, &draft.rules));
    Ok(PreviewPage {
        shell,
        draft: bar(admin, &draft).await?,
        differences: differences(
            &MappingDiff::between(&published.rules, &draft.rules),
            &admin.services.catalogues.names(),
        ),
        state,
        awaited: awaited(admin, &draft),
        on_file: directory::completeness(&admin.services.directory.status(), &admin.zone()),
        note: Field::text("note", "What is this change for? (optional)", caller.sent("note"))
            .hint("Shown in the list of versions."),
        locked_out: false,
    })
}

/// Roles that sites, clients or the administration ask for and this mapping would grant to nobody.
fn unmet_notes(admin: &Admin, caller: &Caller, rules: &Rules) -> Vec<Note> {
    let sites = caller.arrived.sites.all().map(|site| &**site);
    let listed = admin.clients.as_ref().map(|clients| clients.list()).unwrap_or_default();
    let clients = listed.iter().map(|one| &one.client);
    let found = unmet(sites, clients, &admin.administer.settings.roles, rules);
    let text = |one: &Unmet| format!("{}. {}.", sentence(&one.says()), one.remedy());
    found.iter().map(|one| Note::new(Tone::Warn, text(one))).collect()
}

async fn state(admin: &Admin, draft: &Draft) -> Result<PreviewView<PreviewFindings>, StoreError> {
    if draft.edited.is_none() {
        return Ok(PreviewView::Nothing);
    }
    let state = admin.administer.previews.preview(draft.revision).await?;
    Ok(PreviewView::of(state, |done| {
        let at = when(done.at, &admin.zone());
        let status = admin.services.directory.status();
        let about = directory::everybody(&status, done.preview.people, done.preview.members);
        PreviewFindings::new(&done.preview, about, at)
    }))
}

/// How far it is, for the page's script.
pub async fn how_far(State(admin): State<Admin>, Extension(caller): Called) -> Answer {
    let revision = caller.asked("revision").and_then(|text| text.parse().ok()).ok_or(PageError::NotFound)?;
    json_answer(progress_json(&admin.administer.previews.preview(revision).await?))
}

/// All who gain or lose one thing.
pub async fn people_of(State(admin): State<Admin>, Extension(caller): Called) -> Answer {
    let Some(found) = last(&admin).await? else { return caller.go(menu::PREVIEW) };
    let preview = &found.preview;
    let role = caller.asked("role").and_then(|role| Role::parse(role).ok());
    let of_role = |lists: &BTreeMap<_, AffectedPeople>| {
        role.as_ref().and_then(|role| lists.get(role)).cloned().unwrap_or_default()
    };
    let side = caller.asked("side").unwrap_or_default();
    let (list, words) = match side {
        "gained" => (of_role(&preview.gained), "gain"),
        "lost" => (of_role(&preview.lost), "lose"),
        "lose-access" => (preview.lose_access.clone(), "can no longer open a page or sign in to a site"),
        "gain-access" => (preview.gain_access.clone(), "can open more pages, or sign in to more sites"),
        _ => return Err(PageError::NotFound),
    };
    let role = role.map(|role| role.to_string()).unwrap_or_default();
    let number = caller.asked("page").and_then(|page| page.parse().ok()).unwrap_or(0);
    let address = |page| format!("/_gate/admin/preview/people?side={side}&role={role}&page={page}");
    let shown = list.iter().skip(usize::saturating_mul(number, PER_PAGE)).take(PER_PAGE);
    page(&PreviewPeople {
        shell: caller.shell(menu::PREVIEW),
        says: format!("{} {words} {role}", people(list.len())).trim().to_owned(),
        people: shown.map(|person| PersonLink::of(person)).collect(),
        pager: Pager::new(number, PER_PAGE, list.len(), address),
    })
}

async fn last(admin: &Admin) -> Result<Option<Arc<RolePreview>>, StoreError> {
    let draft = admin.administer.mapping.draft().await?;
    match admin.administer.previews.preview(draft.revision).await? {
        PreviewState::Done(found) => Ok(Some(found)),
        _ => Ok(None),
    }
}

/// How far people who are signed in have been read for the draft, if it waits for that.
fn awaited(admin: &Admin, draft: &Draft) -> Option<AwaitedView> {
    let publication = draft.awaited.as_ref()?;
    let progress = admin.administer.mapping.read_for_awaited();
    let asked = &publication.asked;
    Some(AwaitedView {
        asked: format!("{} published this draft on {}", asked.by.name, when(asked.at, &admin.zone())),
        done: progress.map_or(0, |progress| progress.people - progress.unread),
        total: progress.map_or(0, |progress| progress.people),
        says: read_so_far(progress),
    })
}

fn read_so_far(progress: Option<SignedInProgress>) -> String {
    match progress {
        None => "What has to be read is being found out".to_owned(),
        Some(SignedInProgress { people: total, unread }) => {
            format!("{} of {} who are signed in have been read", grouped(total - unread), people(total))
        }
    }
}

/// How far that is, for the page's script.
pub async fn how_far_read(State(admin): State<Admin>, Extension(_): Called) -> Answer {
    let draft = admin.administer.mapping.draft().await?;
    let awaited = awaited(&admin, &draft);
    let (running, AwaitedView { done, total, says, .. }) = (awaited.is_some(), awaited.unwrap_or_default());
    json_answer(json!({ "running": running, "done": done, "total": total, "says": says }))
}

/// The draft no longer comes into force by itself.
pub async fn withdraw(State(admin): State<Admin>, Extension(caller): Called) -> Answer {
    match admin.administer.mapping.withdraw(&caller.actor, caller.revision()).await {
        Ok(()) => caller.done(menu::PREVIEW, Done::Withdrawn),
        Err(error @ ChangeError::Store(_)) => Err(error.into()),
        Err(error) => refused(&admin, &caller, error).await,
    }
}

/// Puts the draft in force: at once, or as soon as what it newly looks at has been read.
pub async fn publish(State(admin): State<Admin>, Extension(caller): Called) -> Answer {
    let (note, despite) = (caller.sent("note"), caller.ticked("despite"));
    let (mapping, actor, revision) = (&admin.administer.mapping, &caller.actor, caller.revision());
    let published = if despite || caller.sent("when") == "now" {
        mapping.publish(actor, revision, note, despite).await.map(Some)
    } else {
        mapping.publish_once_read(actor, revision, note).await
    };
    match published {
        Ok(Some(_)) => caller.done(menu::VERSIONS, Done::Published),
        Ok(None) => caller.done(menu::PREVIEW, Done::Awaited),
        Err(error @ ChangeError::Store(_)) => Err(error.into()),
        Err(error) => refused(&admin, &caller, error).await,
    }
}

async fn refused(admin: &Admin, caller: &Caller, error: ChangeError) -> Answer {
    let text = match &error {
        ChangeError::Conflict { last, .. } => {
            let who = who_was_faster(admin, last.as_ref());
            Some(format!("{who}, so nothing was published. Below is the preview of the draft as it is now."))
        }
        ChangeError::LockOut => None,
        other => Some(told(other)),
    };
    let shown = shown(admin, caller).await?;
    let note = text.map(|text| Note::new(Tone::Bad, text));
    let shell = shown.shell.with(note).status(StatusCode::CONFLICT);
    page(&PreviewPage { shell, locked_out: matches!(error, ChangeError::LockOut), ..shown })
}
