//! What fields offer to choose from: what the AMS lists, what was seen on records, and roles that are in use.

use std::collections::BTreeSet;
use std::sync::Arc;

use axum::Extension;
use axum::body::Body;
use axum::extract::State;
use axum::http::Response;

use super::fields::Tile;
use super::fields::{List, grouped, people};
use super::guard::Called;
use super::kinds::list_id;
use super::shell::{Note, Room, Tone};
use super::state::Admin;
use super::words::when;
use crate::domain::audit::Action;
use crate::domain::catalogue::{Catalogue, Unlisted};
use crate::domain::condition::{ChoiceList, ConditionField, Holds, KINDS};
use crate::domain::fold;
use crate::domain::rule::{CORE_ROLES, Condition, Rules};
use crate::flows::administer::mapping::catalogue::{Offered, RefreshFailed};

/// What a page that edits rules offers to choose from, and compares with what was chosen.
#[derive(Default)]
pub struct Offers {
    /// What fields offer.
    pub lists: Vec<List>,
    /// When the lists of the AMS were read; empty: never.
    pub as_of: String,
    /// The lists of the AMS.
    pub catalogue: Option<Arc<Catalogue>>,
}

impl Offers {
    /// What there is for these rules.
    pub fn of(admin: &Admin, rules: &Rules) -> Offers {
        let offered = admin.desk.catalogues.offered();
        let as_of = offered.catalogue.as_ref().map(|listed| when(listed.as_of, &admin.zone()));
        let mut lists = vec![roles(rules), time_zones()];
        lists.extend(of_conditions(&offered));
        Offers { lists, as_of: as_of.unwrap_or_default(), catalogue: offered.catalogue }
    }

    /// What may be a mistake in a condition, in sentences.
    pub fn doubt(&self, condition: &Condition) -> Option<String> {
        let Unlisted { committee, meant } = self.catalogue.as_ref()?.unlisted(condition)?;
        let meant = meant.map(|meant| format!(" Did you mean {meant}?")).unwrap_or_default();
        Some(format!("{committee} is not on your AMS’s list of committees.{meant}"))
    }
}

/// One list for each field of a condition that offers something.
fn of_conditions(offered: &Offered) -> Vec<List> {
    let fields = KINDS.iter().flat_map(|kind| kind.fields);
    let list = |field: &ConditionField| {
        let items = match (field.choices, field.holds) {
            (Some(choices), _) => items(offered, choices),
            (None, Holds::Word(words)) => {
                words.iter().map(|word| ((*word).to_owned(), (*word).to_owned())).collect()
            }
            (None, _) => return None,
        };
        Some(List { id: list_id(field).into(), items })
    };
    fields.filter_map(list).collect()
}

/// What the AMS lists, and what stands on records: what is no longer listed can still be asked for.
fn items(offered: &Offered, choices: ChoiceList) -> Vec<(String, String)> {
    let listed = offered.catalogue.as_ref().map(|listed| listed.choices(choices)).unwrap_or_default();
    let mut known = BTreeSet::new();
    let mut items = Vec::new();
    for one in listed {
        if known.insert(fold::folded(&one.code)) {
            items.push((one.code, one.label));
        }
    }
    for one in offered.seen.choices(choices) {
        if known.insert(fold::folded(&one.code)) {
            let counted = || format!("{} ({})", one.label, people(one.people));
            items.push((one.code, if choices.are_listed() { one.label } else { counted() }));
        }
    }
    items
}

fn roles(rules: &Rules) -> List {
    let core = CORE_ROLES
        .iter()
        .filter(|_| rules.manage_core_roles)
        .map(|role| ((*role).to_owned(), (*role).to_owned()));
    let managed = rules.managed_roles();
    let managed = managed.iter().map(|role| (role.to_string(), rules.label_of(role).to_string()));
    List { id: "list-role".into(), items: managed.chain(core).collect() }
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
    List { id: "list-time-zone".into(), items: COMMON.map(|zone| (zone.to_owned(), zone.to_owned())).into() }
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
