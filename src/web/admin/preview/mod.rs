//! Working out a preview, showing how far it is, and publishing.

pub mod page;

use axum::body::Body;
use axum::extract::State;
use axum::http::{Response, StatusCode};
use axum::routing::{get, post};
use axum::{Extension, Router};
use serde_json::json;

use crate::adapters::store::StoreError;
use crate::domain::mapping::Draft;
use crate::domain::rule::{Role, Rules};
use crate::domain::unmet::{Unmet, unmet};
use crate::flows::administer::mapping::ChangeError;
use crate::flows::administer::preview::{PreviewState, Previewed};
use crate::web::admin::answers::json_answer;
use crate::web::admin::draft::{bar, told, who_was_faster};
use crate::web::admin::fields::{Field, Pager, grouped, people};
use crate::web::admin::guard::{Called, Caller};
use crate::web::admin::offers;
use crate::web::admin::preview::page::{Named, Outcome, PreviewPage, PreviewPeople, State as Shown};
use crate::web::admin::shell::{Note, Room, Tone};
use crate::web::admin::state::{Admin, reads, writes};
use crate::web::admin::sweep;
use crate::web::admin::words::{differences, sentence, when};
use crate::web::pages::respond;
use crate::web::state::answer;

/// People on a page of a long list.
const PER_PAGE: usize = 100;

/// Its addresses.
pub fn routes() -> Router<Admin> {
    Router::new()
        .route(Room::Preview.path(), reads(get(show)))
        .route("/_gate/admin/preview/progress", reads(get(how_far)))
        .route("/_gate/admin/preview/people", reads(get(people_of)))
        .route("/_gate/admin/preview/publish", writes(post(publish)))
        .route("/_gate/admin/preview/sweep", writes(post(sweep::start)))
        .route("/_gate/admin/preview/sweep/stop", writes(post(sweep::stop)))
        .route("/_gate/admin/preview/sweep/progress", reads(get(sweep::how_far)))
}

/// Shows the preview of the draft; begins it when nobody has yet.
pub async fn show(State(admin): State<Admin>, Extension(caller): Called) -> Response<Body> {
    shown(&admin, &caller, |page| page).await.unwrap_or_else(|error| caller.broken(&error))
}

async fn shown(
    admin: &Admin,
    caller: &Caller,
    with: impl FnOnce(PreviewPage) -> PreviewPage + Send,
) -> Result<Response<Body>, StoreError> {
    let draft = admin.administer.mapping.draft().await?;
    let state = state(admin, &draft).await?;
    let published = admin.administer.mapping.published();
    let diff = crate::domain::mapping::MappingDiff::between(&published.rules, &draft.rules);
    let mut shell = caller.shell(Room::Preview).with(offers::outage(admin));
    shell.notes.extend(unmet_notes(admin, caller, &draft.rules));
    let page = PreviewPage {
        shell,
        draft: bar(admin, &draft).await?,
        differences: differences(&diff),
        state,
        sweep: sweep::bar(admin),
        note: Field::text("note", "What is this change for? (optional)", caller.sent("note"))
            .hint("Shown in the list of versions."),
        locked_out: false,
        status: StatusCode::OK,
    };
    Ok(answer(respond(&with(page))))
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

async fn state(admin: &Admin, draft: &Draft) -> Result<Shown, StoreError> {
    if draft.edited.is_none() {
        return Ok(Shown::Nothing);
    }
    Ok(match admin.administer.previews.preview(draft.revision).await? {
        PreviewState::Running { done, total } => Shown::Running { done, total, says: progress(done, total) },
        // The page that comes next asks for the other revision.
        PreviewState::Outdated { .. } => Shown::Running { done: 0, total: 0, says: progress(0, 0) },
        PreviewState::Failed(error) => {
            tracing::error!(%error, "A preview could not be finished");
            Shown::Failed("The people whom we know could not be read.".to_owned())
        }
        PreviewState::Done(done) => {
            let at = when(done.at, &admin.zone());
            let published = admin.administer.mapping.published();
            Shown::Done(Box::new(Outcome::new(
                &done.preview,
                done.revision,
                at,
                &published.rules,
                &draft.rules,
            )))
        }
    })
}

fn progress(done: usize, total: usize) -> String {
    format!("{} of {} looked at", grouped(done), people(total))
}

/// How far it is, for the page's script.
pub async fn how_far(State(admin): State<Admin>, Extension(caller): Called) -> Response<Body> {
    let Some(revision) = caller.asked("revision").and_then(|text| text.parse().ok()) else {
        return caller.not_found();
    };
    let (running, done, total) = match admin.administer.previews.preview(revision).await {
        Ok(PreviewState::Running { done, total }) => (true, done, total),
        Ok(_) => (false, 0, 0),
        Err(error) => return caller.broken(&error),
    };
    json_answer(json!({ "running": running, "done": done, "total": total, "says": progress(done, total) }))
}

/// All who gain or lose one thing.
pub async fn people_of(State(admin): State<Admin>, Extension(caller): Called) -> Response<Body> {
    let found = match last(&admin).await {
        Ok(Some(found)) => found,
        Ok(None) => return caller.go("/_gate/admin/preview"),
        Err(error) => return caller.broken(&error),
    };
    let preview = &found.preview;
    let role = caller.asked("role").and_then(|role| Role::parse(role).ok());
    let of_role = |lists: &std::collections::BTreeMap<_, crate::domain::preview::People>| {
        role.as_ref().and_then(|role| lists.get(role)).cloned().unwrap_or_default()
    };
    let side = caller.asked("side").unwrap_or_default();
    let (list, words) = match side {
        "gained" => (of_role(&preview.gained), "gain"),
        "lost" => (of_role(&preview.lost), "lose"),
        "lose-access" => (preview.lose_access.clone(), "can no longer open a page or sign in to a site"),
        "gain-access" => (preview.gain_access.clone(), "can open more pages, or sign in to more sites"),
        _ => return caller.not_found(),
    };
    let role = role.map(|role| role.to_string()).unwrap_or_default();
    let page = caller.asked("page").and_then(|page| page.parse().ok()).unwrap_or(0);
    let address = |page| format!("/_gate/admin/preview/people?side={side}&role={role}&page={page}");
    let shown = list.iter().skip(usize::saturating_mul(page, PER_PAGE)).take(PER_PAGE);
    answer(respond(&PreviewPeople {
        shell: caller.shell(Room::Preview),
        says: format!("{} {words} {role}", people(list.len())).trim().to_owned(),
        people: shown.map(|person| Named::of(person)).collect(),
        pager: Pager::new(page, PER_PAGE, list.len(), address),
    }))
}

async fn last(admin: &Admin) -> Result<Option<std::sync::Arc<Previewed>>, StoreError> {
    let draft = admin.administer.mapping.draft().await?;
    match admin.administer.previews.preview(draft.revision).await? {
        PreviewState::Done(found) => Ok(Some(found)),
        _ => Ok(None),
    }
}

/// Puts the draft in force.
pub async fn publish(State(admin): State<Admin>, Extension(caller): Called) -> Response<Body> {
    let (note, despite) = (caller.sent("note"), caller.ticked("despite"));
    let error = match admin.administer.mapping.publish(&caller.actor, caller.revision(), note, despite).await
    {
        Ok(_) => return caller.go("/_gate/admin/versions?done=published"),
        Err(ChangeError::Store(error)) => return caller.broken(&error),
        Err(error) => error,
    };
    let locked_out = matches!(error, ChangeError::LockOut);
    let text = match &error {
        ChangeError::Conflict { last, .. } => {
            let who = who_was_faster(&admin, last.as_ref());
            Some(format!("{who}, so nothing was published. Below is the preview of the draft as it is now."))
        }
        ChangeError::LockOut => None,
        other => Some(told(other)),
    };
    let with = |mut page: PreviewPage| {
        page.shell.notes.extend(text.map(|text| Note::new(Tone::Bad, text)));
        PreviewPage { locked_out, status: StatusCode::CONFLICT, ..page }
    };
    shown(&admin, &caller, with).await.unwrap_or_else(|error| caller.broken(&error))
}
