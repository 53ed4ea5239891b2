//! Showing the draft, and changing what holds for the whole mapping.

pub mod page;
pub mod rule;

use axum::body::Body;
use axum::extract::State;
use axum::http::{Response, StatusCode};
use axum::routing::{get, post};
use axum::{Extension, Router};

use crate::domain::mapping::{Draft, MappingDiff};
use crate::domain::rule::{PrimaryMembership, Role, Rules};
use crate::domain::time::TimeZone;
use crate::flows::administer::mapping::ChangeError;
use crate::web::admin::draft::{bar, told, who_was_faster};
use crate::web::admin::guard::{Called, Caller};
use crate::web::admin::mapping::page::{MappingPage, Settings};
use crate::web::admin::mapping::rule::edited::Edited;
use crate::web::admin::mapping::rule::form::{Mends, typed_role};
use crate::web::admin::offers::{self, Offers};
use crate::web::admin::shell::{Note, Room, Tone};
use crate::web::admin::state::{Admin, reads, writes};
use crate::web::admin::words::differences;
use crate::web::pages::respond;
use crate::web::state::answer;

/// Its addresses.
pub fn routes() -> Router<Admin> {
    Router::new()
        .route(Room::Mapping.path(), reads(get(show)))
        .route("/_gate/admin/mapping/settings", writes(post(save_settings)))
        .route("/_gate/admin/mapping/rule", reads(get(rule::show)))
        .route("/_gate/admin/mapping/rules", writes(post(rule::save)))
        .route("/_gate/admin/mapping/remove", writes(post(remove)))
        .route("/_gate/admin/mapping/discard", writes(post(discard)))
        .route("/_gate/admin/mapping/refresh", writes(post(offers::refresh)))
}

/// Shows the draft.
pub async fn show(State(admin): State<Admin>, Extension(caller): Called) -> Response<Body> {
    match admin.administer.mapping.draft().await {
        Ok(draft) => page(&admin, &caller, &draft, None, |page| page).await,
        Err(error) => caller.broken(&error),
    }
}

/// Saves the switches and built-in roles.
pub async fn save_settings(State(admin): State<Admin>, Extension(caller): Called) -> Response<Body> {
    let draft = match admin.administer.mapping.draft().await {
        Ok(draft) => draft,
        Err(error) => return caller.broken(&error),
    };
    let typed = typed_settings(&caller);
    if let Err(mends) = settings_onto(&draft.rules, &typed) {
        // The form keeps what it was made from, so that a clash is still found.
        let was = caller.sent("was").to_owned();
        return page(&admin, &caller, &draft, Some((typed, mends)), |page| MappingPage { was, ..page }).await;
    }
    let onto = |rules: &Rules| {
        let is_as_seen = Settings::of(rules).line() == caller.sent("was");
        let rules = settings_onto(rules, &typed).ok()?;
        is_as_seen.then_some(rules)
    };
    match admin.administer.mapping.edit(&caller.actor, onto).await {
        Ok(None) => caller.go("/_gate/admin/mapping?done=same"),
        Ok(Some(_)) => caller.go("/_gate/admin/mapping?done=saved"),
        Err(ChangeError::Conflict { last, now }) => {
            let yours = settings_onto(&now.rules, &typed).unwrap_or_else(|_| now.rules.clone());
            let clash = (
                who_was_faster(&admin, last.as_ref()),
                differences(&MappingDiff::between(&now.rules, &yours)),
            );
            page(&admin, &caller, &now, Some((typed, Mends::new())), |page| MappingPage {
                clash: Some(clash),
                status: StatusCode::CONFLICT,
                ..page
            })
            .await
        }
        Err(error) => refused(&admin, &caller, error, Some((typed, Mends::new()))).await,
    }
}

/// Takes a rule out of the draft.
pub async fn remove(State(admin): State<Admin>, Extension(caller): Called) -> Response<Body> {
    let edited = Edited::sent(&caller);
    match admin.administer.mapping.edit(&caller.actor, |rules| edited.remove(rules)).await {
        Ok(_) => caller.go("/_gate/admin/mapping?done=removed"),
        Err(error) => refused(&admin, &caller, error, None).await,
    }
}

/// Throws the draft away.
pub async fn discard(State(admin): State<Admin>, Extension(caller): Called) -> Response<Body> {
    match admin.administer.mapping.discard(&caller.actor, caller.revision()).await {
        Ok(_) => caller.go("/_gate/admin/mapping?done=discarded"),
        Err(error) => refused(&admin, &caller, error, None).await,
    }
}

/// The page of the draft with why nothing was done.
async fn refused(
    admin: &Admin,
    caller: &Caller,
    error: ChangeError,
    typed: Option<(Settings, Mends)>,
) -> Response<Body> {
    let (text, status) = match &error {
        ChangeError::Conflict { last, .. } => {
            let who = who_was_faster(admin, last.as_ref());
            (format!("{who}, so nothing was done. Here is the draft as it is now."), StatusCode::CONFLICT)
        }
        ChangeError::Unsound(_) => (told(&error), StatusCode::UNPROCESSABLE_ENTITY),
        ChangeError::Store(error) => return caller.broken(error),
        _ => (told(&error), StatusCode::CONFLICT),
    };
    match admin.administer.mapping.draft().await {
        Ok(draft) => {
            page(admin, caller, &draft, typed, |mut page| {
                page.shell.notes.push(Note::new(Tone::Bad, text));
                MappingPage { status, ..page }
            })
            .await
        }
        Err(error) => caller.broken(&error),
    }
}

async fn page(
    admin: &Admin,
    caller: &Caller,
    draft: &Draft,
    typed: Option<(Settings, Mends)>,
    with: impl FnOnce(MappingPage) -> MappingPage + Send,
) -> Response<Body> {
    match bar(admin, draft).await {
        Ok(bar) => {
            let offers = Offers::of(admin, &draft.rules);
            let shell = caller.shell(Room::Mapping).with(offers::outage(admin));
            answer(respond(&with(MappingPage::new(shell, bar, &draft.rules, typed, offers))))
        }
        Err(error) => caller.broken(&error),
    }
}

fn typed_settings(caller: &Caller) -> Settings {
    let text = |name: &str| caller.sent(name).to_owned();
    Settings {
        everyone: text("everyone"),
        member: text("member"),
        non_member: text("non_member"),
        time_zone: text("time_zone"),
        honor_effective_date: caller.ticked("honor_effective_date"),
        honor_grace: caller.ticked("honor_grace"),
        count_inherited: caller.ticked("count_inherited"),
        primary_first: caller.sent("primary") == "first",
        manage_core_roles: caller.ticked("manage_core_roles"),
    }
}

fn settings_onto(rules: &Rules, typed: &Settings) -> Result<Rules, Mends> {
    let mut mends = Mends::new();
    let everyone = typed_role(&typed.everyone, "everyone", &mut mends, Role::parse);
    let member = typed_role(&typed.member, "member", &mut mends, Role::parse);
    let non_member = typed_role(&typed.non_member, "non_member", &mut mends, Role::parse);
    let zone = TimeZone::get(typed.time_zone.trim()).ok().filter(|zone| zone.iana_name().is_some());
    if zone.is_none() {
        let say = "There is no such time zone. Write one such as America/New_York or Europe/Oslo.";
        mends.insert("time_zone".into(), say.into());
    }
    match zone {
        Some(time_zone) if mends.is_empty() => Ok(Rules {
            time_zone,
            honor_effective_date: typed.honor_effective_date,
            honor_grace: typed.honor_grace,
            count_inherited: typed.count_inherited,
            primary_membership: if typed.primary_first {
                PrimaryMembership::First
            } else {
                PrimaryMembership::Longest
            },
            everyone,
            member,
            non_member,
            manage_core_roles: typed.manage_core_roles,
            rules: rules.rules.clone(),
        }),
        _ => Err(mends),
    }
}
