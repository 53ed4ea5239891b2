//! What fields offer to choose from: what the AMS lists, what was seen on records, and roles that are in use.

use axum::Extension;
use axum::body::Body;
use axum::extract::State;
use axum::http::Response;

use super::state::Admin;
use super::guard::Called;
use super::fields::Tile;
use super::fields::{List, grouped, people};
use super::shell::{Note, Room, Tone};
use super::words::when;
use crate::domain::audit::Action;
use crate::domain::catalogue::Tally;
use crate::domain::fold;
use crate::domain::rule::{CORE_ROLES, Rules};
use crate::domain::time;
use crate::flows::administer::mapping::catalogue::{Offered, RefreshFailed};

/// The lists of a page that edits these rules, and when those of the AMS were read; empty: never.
pub fn lists(admin: &Admin, rules: &Rules) -> (Vec<List>, String) {
    let offered = admin.desk.catalogues.offered();
    let as_of = offered.catalogue.as_ref().map(|listed| when(listed.as_of, &admin.zone()));
    let mut lists = vec![roles(rules), time_zones()];
    lists.extend(of_the_ams(&offered));
    (lists, as_of.unwrap_or_default())
}

fn of_the_ams(offered: &Offered) -> Vec<List> {
    let seen = &offered.seen;
    let counted = |tally: &Tally| -> Vec<(String, String)> {
        let named =
            tally.values().map(|one| (one.code.clone(), format!("{} ({})", one.label, people(one.people))));
        named.collect()
    };
    let listed = offered.catalogue.as_deref();
    // What stands on records but is no longer listed can still be asked for.
    let with_seen = |mut items: Vec<(String, String)>, tally: &Tally| {
        let more = tally
            .values()
            .filter(|one| !items.iter().any(|(code, _)| fold::folded(code) == fold::folded(&one.code)));
        let more: Vec<_> = more.map(|one| (one.code.clone(), one.label.clone())).collect();
        items.extend(more);
        items
    };
    let committees =
        listed.map(|it| it.committees.iter().map(|one| (one.code.clone(), one.label.clone())).collect());
    let relationships =
        listed.map(|it| it.relationships.iter().map(|one| (one.code.clone(), one.label.clone())).collect());
    let events = listed.map(|it| {
        let named = it.events.iter().map(|one| {
            let first = one.first_day.map(|first| format!(", {}", time::in_words(first))).unwrap_or_default();
            (one.code.clone(), format!("{}{first}", one.label))
        });
        named.collect()
    });
    let mut fields: Vec<(String, String)> = listed
        .map(|it| it.custom_fields.iter().map(|one| (one.name.clone(), one.label.clone())).collect())
        .unwrap_or_default();
    for one in seen.custom_fields.values() {
        if !fields.iter().any(|(name, _)| fold::folded(name) == fold::folded(&one.name)) {
            fields.push((one.name.clone(), one.label.clone()));
        }
    }
    let listed_values = listed.into_iter().flat_map(|it| &it.custom_fields);
    let mut values: Vec<(String, String)> = listed_values
        .chain(seen.custom_fields.values())
        .flat_map(|field| field.values.iter().map(|value| (value.clone(), field.label.clone())))
        .collect();
    values.sort();
    values.dedup_by(|one, other| one.0 == other.0);
    let list = |id, items| List { id, items };
    vec![
        list("list-committee", with_seen(committees.unwrap_or_default(), &seen.committees)),
        list("list-position", counted(&seen.positions)),
        list("list-event", with_seen(events.unwrap_or_default(), &seen.events)),
        list("list-relationship", with_seen(relationships.unwrap_or_default(), &seen.relationships)),
        list("list-custom-field", fields),
        list("list-field-value", values),
        list("list-membership-type", counted(&seen.membership_types)),
        list("list-security-role", counted(&seen.security_roles)),
        list("list-product", counted(&seen.products)),
        list("list-certification", counted(&seen.certifications)),
    ]
}

fn roles(rules: &Rules) -> List {
    let core = CORE_ROLES
        .iter()
        .filter(|_| rules.manage_core_roles)
        .map(|role| ((*role).to_owned(), (*role).to_owned()));
    let managed = rules.managed_roles();
    let managed = managed.iter().map(|role| (role.to_string(), rules.label_of(role).to_string()));
    List { id: "list-role", items: managed.chain(core).collect() }
}

fn time_zones() -> List {
    const COMMON: [&str; 16] = [
        "America/New_York",
        "America/Chicago",
        "America/Denver",
        "America/Phoenix",
        "America/Los_Angeles",
        "America/Anchorage",
        "Pacific/Honolulu",
        "America/Toronto",
        "America/Halifax",
        "America/Vancouver",
        "Europe/London",
        "Europe/Dublin",
        "Europe/Paris",
        "Europe/Oslo",
        "Australia/Sydney",
        "UTC",
    ];
    List { id: "list-time-zone", items: COMMON.map(|zone| (zone.to_owned(), zone.to_owned())).into() }
}

/// What pages say when the AMS did not answer the last time that its lists were asked for.
pub fn outage(admin: &Admin) -> Option<Note> {
    let (at, _) = admin.desk.catalogues.offered().failed?;
    let at = when(at, &admin.zone());
    Some(Note::new(
        Tone::Warn,
        format!("The AMS did not answer on {at}. These pages work with what was read before."),
    ))
}

/// Numbers for the overview.
pub async fn tiles(admin: &Admin) -> Vec<Tile> {
    let status = admin.desk.overview.status().await;
    let zone = admin.zone();
    let answered = status.ams.last_success;
    let failing =
        status.ams.last_failure.as_ref().is_some_and(|(at, _)| answered.is_none_or(|good| good < *at));
    vec![
        Tile {
            name: "People we know",
            big: status.known.map_or_else(|| "?".to_owned(), grouped),
            says: super::sweep::bar(admin).map(|bar| bar.says).unwrap_or_default(),
            href: Room::Preview.path(),
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
                    status.budget.last_minute,
                    status.budget.per_minute
                ),
                None => format!("Environment {}.", status.ams.environment),
            },
            href: Room::Status.path(),
        },
    ]
}

/// Reads the lists of the AMS anew.
pub async fn refresh(State(admin): State<Admin>, Extension(caller): Called) -> Response<Body> {
    let audit = &admin.administer.audit;
    if let Err(error) = audit.record(&caller.actor, Action::CatalogueRefreshed, "", None, None).await {
        return caller.broken(&error);
    }
    match admin.desk.catalogues.refresh().await {
        Ok(()) => caller.go("/_gate/admin/mapping?done=refreshed"),
        Err(RefreshFailed::Ams(error)) => {
            tracing::warn!(request_id = %caller.arrived.request_id, "The lists of the AMS could not be read: {error}");
            // The page says so itself, as long as it lasts.
            caller.go(Room::Mapping.path())
        }
        Err(RefreshFailed::Store(error)) => caller.broken(&error),
    }
}
