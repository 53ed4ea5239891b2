//! What fields offer to choose from: what the AMS lists, what was seen on records, and roles that are in use.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::domain::catalogue::{Catalogue, Unlisted};
use crate::domain::condition::{ChoiceList, ConditionField, Holds, KINDS};
use crate::domain::fold;
use crate::domain::names::ListedNames;
use crate::domain::rule::{CORE_ROLES, Condition, Rules};
use crate::domain::supplied::Supplied;
use crate::flows::administer::mapping::catalogue::Offered;
use crate::web::admin::fields::{List, people};
use crate::web::admin::kinds::list_id;
use crate::web::admin::state::Admin;
use crate::web::admin::words::when;

/// What a page that edits rules offers to choose from, and compares with what was chosen.
#[derive(Default)]
pub struct Offers {
    /// What fields offer.
    pub lists: Vec<List>,
    /// When the lists of the AMS were read; empty: never.
    pub as_of: String,
    /// The lists of the AMS.
    pub catalogue: Option<Arc<Catalogue>>,
    /// What things on them are called.
    pub names: Arc<ListedNames>,
    /// What the AMS can be asked for.
    pub supplied: Supplied,
}

impl Offers {
    /// What there is for these rules.
    pub fn of(admin: &Admin, rules: &Rules) -> Offers {
        let offered = admin.services.catalogues.offered();
        let as_of = offered.catalogue.as_ref().map(|listed| when(listed.as_of, &admin.zone()));
        let mut lists = vec![roles(rules), time_zones()];
        lists.extend(of_conditions(&offered));
        let names = admin.services.catalogues.names();
        let Offered { catalogue, supplied, .. } = offered;
        Offers { lists, as_of: as_of.unwrap_or_default(), catalogue, names, supplied }
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
            items.push((
                one.code,
                if offered.supplied.lists.contains(&choices) { one.label } else { counted() },
            ));
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
