//! Showing the draft, and changing what holds for the whole mapping.

pub(crate) mod offers;
pub(crate) mod page;
pub(crate) mod rule;
#[cfg(test)]
mod tests;

use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::{get, post};
use axum::{Extension, Router};

use super::answers::{Answer, page};
use super::caller::{Called, Caller};
use super::done::Done;
use super::draft::{bar, told, who_was_faster};
use super::fields::FieldErrors;
use super::menu;
use super::shell::{Note, Shell, Tone};
use super::state::{Admin, reads, writes};
use super::words::differences;
use crate::adapters::store::StoreError;
use crate::domain::audit::Action;
use crate::domain::mapping::{Draft, MappingDiff};
use crate::domain::rule::{PrimaryMembership, Role, Rules};
use crate::domain::time::TimeZone;
use crate::flows::administer::mapping::ChangeError;
use crate::flows::administer::mapping::catalogue::RefreshFailed;
use offers::Offers;
use page::{MappingPage, MappingSettings};
use rule::edited::Edited;
use rule::form::typed_role;

/// Its addresses.
pub fn routes() -> Router<Admin> {
    Router::new()
        .route(menu::MAPPING.path, reads(get(show)))
        .route("/_gate/admin/mapping/settings", writes(post(save_settings)))
        .route("/_gate/admin/mapping/rule", reads(get(rule::show)))
        .route("/_gate/admin/mapping/rules", writes(post(rule::save)))
        .route("/_gate/admin/mapping/remove", writes(post(remove)))
        .route("/_gate/admin/mapping/discard", writes(post(discard)))
        .route("/_gate/admin/mapping/refresh", writes(post(refresh)))
}

/// What was typed into the settings, and what to mend.
type TypedSettings = Option<(MappingSettings, FieldErrors)>;

/// Shows the draft.
pub async fn show(State(admin): State<Admin>, Extension(caller): Called) -> Answer {
    let draft = admin.administer.mapping.draft().await?;
    page(&draft_page(&admin, caller.shell(menu::MAPPING), &draft, None).await?)
}

/// Saves the switches and built-in roles.
pub async fn save_settings(State(admin): State<Admin>, Extension(caller): Called) -> Answer {
    let draft = admin.administer.mapping.draft().await?;
    let typed = typed_settings(&caller);
    if let Err(errors) = settings_onto(&draft.rules, &typed) {
        // The form keeps what it was made from, so that a clash is still found.
        let was = caller.sent("was").to_owned();
        let shell = caller.shell(menu::MAPPING).status(StatusCode::UNPROCESSABLE_ENTITY);
        let shown = draft_page(&admin, shell, &draft, Some((typed, errors))).await?;
        return page(&MappingPage { was, ..shown });
    }
    let onto = |rules: &Rules| {
        let is_as_seen = MappingSettings::of(rules).line() == caller.sent("was");
        let rules = settings_onto(rules, &typed).ok()?;
        is_as_seen.then_some(rules)
    };
    match admin.administer.mapping.edit(&caller.actor, onto).await {
        Ok(None) => caller.done(menu::MAPPING, Done::Unchanged),
        Ok(Some(_)) => caller.done(menu::MAPPING, Done::Saved),
        Err(ChangeError::Conflict { last, now }) => {
            let yours = settings_onto(&now.rules, &typed).unwrap_or_else(|_| now.rules.clone());
            let changes =
                differences(&MappingDiff::between(&now.rules, &yours), &admin.services.catalogues.names());
            let clash = Some((who_was_faster(&admin, last.as_ref()), changes));
            let shell = caller.shell(menu::MAPPING).status(StatusCode::CONFLICT);
            let shown = draft_page(&admin, shell, &now, Some((typed, FieldErrors::new()))).await?;
            page(&MappingPage { clash, ..shown })
        }
        Err(error) => refused(&admin, &caller, error, Some((typed, FieldErrors::new()))).await,
    }
}

/// Takes a rule out of the draft.
pub async fn remove(State(admin): State<Admin>, Extension(caller): Called) -> Answer {
    let edited = Edited::sent(&caller);
    match admin.administer.mapping.edit(&caller.actor, |rules| edited.remove(rules)).await {
        Ok(_) => caller.done(menu::MAPPING, Done::Removed),
        Err(error) => refused(&admin, &caller, error, None).await,
    }
}

/// Throws the draft away.
pub async fn discard(State(admin): State<Admin>, Extension(caller): Called) -> Answer {
    match admin.administer.mapping.discard(&caller.actor, caller.revision()).await {
        Ok(_) => caller.done(menu::MAPPING, Done::Discarded),
        Err(error) => refused(&admin, &caller, error, None).await,
    }
}

/// Reads the lists of the AMS again.
pub async fn refresh(State(admin): State<Admin>, Extension(caller): Called) -> Answer {
    admin.administer.audit.record(&caller.actor, Action::CatalogueRefreshed, "", None, None).await?;
    match admin.services.catalogues.refresh().await {
        Ok(()) => caller.done(menu::MAPPING, Done::Refreshed),
        Err(RefreshFailed::Ams(error)) => {
            tracing::warn!(request_id = %caller.arrived.request_id, "The lists of the AMS could not be read: {error}");
            // The page says so itself, as long as it lasts.
            caller.go(menu::MAPPING)
        }
        Err(RefreshFailed::Store(error)) => Err(error.into()),
    }
}

/// The page of the draft with why nothing was done.
async fn refused(admin: &Admin, caller: &Caller, error: ChangeError, typed: TypedSettings) -> Answer {
    let (text, status) = match &error {
        ChangeError::Conflict { last, .. } => {
            let who = who_was_faster(admin, last.as_ref());
            (format!("{who}, so nothing was done. Here is the draft as it is now."), StatusCode::CONFLICT)
        }
        ChangeError::Unsound(_) => (told(&error), StatusCode::UNPROCESSABLE_ENTITY),
        ChangeError::Store(_) => return Err(error.into()),
        _ => (told(&error), StatusCode::CONFLICT),
    };
    let draft = admin.administer.mapping.draft().await?;
    let mut shown = draft_page(admin, caller.shell(menu::MAPPING).status(status), &draft, typed).await?;
    shown.shell.notes.push(Note::new(Tone::Bad, text));
    page(&shown)
}

async fn draft_page(
    admin: &Admin,
    shell: Shell,
    draft: &Draft,
    typed: TypedSettings,
) -> Result<MappingPage, StoreError> {
    let (shell, bar) = (shell.with(admin.outage()), bar(admin, draft).await?);
    Ok(MappingPage::new(shell, bar, &draft.rules, typed, Offers::of(admin, &draft.rules)))
}

fn typed_settings(caller: &Caller) -> MappingSettings {
    let text = |name: &str| caller.sent(name).to_owned();
    MappingSettings {
        everyone: text("everyone"),
        member: text("member"),
        non_member: text("non_member"),
        time_zone: text("time_zone"),
        honor_effective_date: caller.ticked("honor_effective_date"),
        honor_grace: caller.ticked("honor_grace"),
        strict_dates: caller.ticked("strict_dates"),
        count_inherited: caller.ticked("count_inherited"),
        primary_first: caller.sent("primary") == "first",
        manage_core_roles: caller.ticked("manage_core_roles"),
    }
}

fn settings_onto(rules: &Rules, typed: &MappingSettings) -> Result<Rules, FieldErrors> {
    let mut errors = FieldErrors::new();
    let everyone = typed_role(&typed.everyone, "everyone", &mut errors, Role::parse);
    let member = typed_role(&typed.member, "member", &mut errors, Role::parse);
    let non_member = typed_role(&typed.non_member, "non_member", &mut errors, Role::parse);
    let zone = TimeZone::get(typed.time_zone.trim()).ok().filter(|zone| zone.iana_name().is_some());
    if zone.is_none() {
        let say = "There is no such time zone. Write one such as America/New_York or Europe/Oslo.";
        errors.insert("time_zone".into(), say.into());
    }
    match zone {
        Some(time_zone) if errors.is_empty() => Ok(Rules {
            time_zone,
            honor_effective_date: typed.honor_effective_date,
            honor_grace: typed.honor_grace,
            strict_dates: typed.strict_dates,
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
        _ => Err(errors),
    }
}
