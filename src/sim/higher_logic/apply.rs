//! What becomes of a record when it leaves the queue. Every record is the whole record: what it leaves out is taken away.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::directory::{Directory, guid_of};
use super::fields::{DETAILS, SOCIAL};
use super::model::{Contact, ContactList, Fields, Group, Item, Membership};
use super::record::{Change, Line, ListChange, ListMode, Record};
use super::switches::{SameEmail, Switches, Tier, names};

/// So many contacts are kept at most.
const MOST_CONTACTS: usize = 200_000;
/// So many lines are kept for each contact; of those that were left, the oldest go first.
const MOST_LINES: usize = 1_000;

/// One record on its way into the directory.
#[derive(Debug)]
pub(super) struct Applying<'a> {
    pub(super) directory: &'a mut Directory,
    pub(super) switches: &'a Switches,
    pub(super) now: Timestamp,
    /// The push that brought it, and when that was.
    pub(super) push: u64,
    pub(super) received_at: Timestamp,
    /// What was refused.
    pub(super) notes: Vec<String>,
}

impl Applying<'_> {
    /// Applies it.
    pub(super) fn apply(&mut self, change: Change) {
        match change {
            Change::Contact(record) => self.contact(*record),
            Change::Meeting(item) => put(&mut self.directory.meetings, item, self.now),
            Change::Product(item) => put(&mut self.directory.products, item, self.now),
            Change::List(change) => self.list(change),
        }
    }

    fn contact(&mut self, mut record: Record) {
        let id = record.contact_id.clone();
        let is_new = !self.directory.contacts.contains_key(&id);
        if is_new && self.directory.contacts.len() >= MOST_CONTACTS {
            self.notes.push(format!("contact {id}: there is room for {MOST_CONTACTS} contacts"));
            return;
        }
        let trail = self.directory.trails.entry(id.clone()).or_default();
        trail.payload = std::mem::take(&mut record.raw);
        trail.received_at = Some(self.received_at);
        if record.deleted {
            return self.delete(&id);
        }
        let was_deleted = self.directory.contacts.get(&id).is_some_and(|it| it.is_deleted);
        if was_deleted && !self.switches.deleted_returns {
            return self.refuse(&id, "it was deleted, and stays so");
        }
        if self.switches.same_email == SameEmail::Refused && self.has_other(&record) {
            return self.refuse(&id, "another contact has its e-mail address");
        }
        if let Some(reason) = self.kept_out(&record.lines) {
            return self.de_sync(&id, reason);
        }
        self.as_the_edition_has(&mut record);
        let lines: Vec<Line> = record.lines.iter().filter(|line| self.admits(&id, line)).cloned().collect();
        let now = self.now;
        let new = || Contact {
            contact_id: id.clone(),
            contact_key: guid_of("contact", &id),
            created_at: now,
            ..Contact::default()
        };
        let contact = self.directory.contacts.entry(id.clone()).or_insert_with(new);
        let mut happened = Vec::new();
        if is_new {
            happened.push("created".to_owned());
        }
        let (was_deleted, was_out) = (std::mem::take(&mut contact.is_deleted), contact.de_synced.take());
        if was_deleted || was_out.is_some() {
            happened.push("came back".to_owned());
        }
        let profile = as_tenant_takes(record.profile, &contact.profile, self.switches);
        let changed = differences(&contact.profile, &profile);
        if !changed.is_empty() && !is_new {
            happened.push(format!("changed: {}", changed.join(", ")));
        }
        contact.profile = profile;
        for list in DETAILS {
            if contact.details.get(list.name) != record.details.get(list.name) && !is_new {
                happened.push(format!("changed: {}", list.name));
            }
        }
        contact.details = record.details;
        happened.extend(line_up(&mut contact.memberships, &lines, now));
        if !happened.is_empty() {
            contact.updated_at = now;
        }
        let trail = self.directory.trails.entry(id).or_default();
        happened.into_iter().for_each(|what| trail.note(now, Some(self.push), what));
    }

    fn delete(&mut self, id: &str) {
        let now = self.now;
        let Some(contact) = self.directory.contacts.get_mut(id) else {
            return self.refuse(id, "there is nobody to delete");
        };
        if !contact.is_deleted {
            contact.is_deleted = true;
            contact.updated_at = now;
            leave_all(&mut contact.memberships, now);
            self.happened(id, "deleted".to_owned());
        }
    }

    /// The tenant's lists of groups keep a contact out: it leaves everything, and is not made if it is not there.
    fn de_sync(&mut self, id: &str, reason: String) {
        let now = self.now;
        if let Some(contact) = self.directory.contacts.get_mut(id) {
            leave_all(&mut contact.memberships, now);
            contact.updated_at = now;
            contact.de_synced = Some(reason.clone());
        }
        self.refuse(id, &reason);
    }

    /// Why a contact with these lines is kept out.
    fn kept_out(&self, lines: &[Line]) -> Option<String> {
        let is_in = |list: Option<&String>| {
            lines.iter().any(|line| line.is_active(self.now) && names(list, &line.group))
        };
        let Switches { limit_by, exclude_by, .. } = self.switches;
        if limit_by.is_some() {
            return (!is_in(limit_by.as_ref())).then(|| "it is in no group of LimitBy".to_owned());
        }
        is_in(exclude_by.as_ref()).then(|| "it is in a group of ExcludeBy".to_owned())
    }

    fn has_other(&self, record: &Record) -> bool {
        let email = |profile: &Fields| profile.get("email").and_then(|it| it.as_str()).map(str::to_lowercase);
        let Some(own) = email(&record.profile) else { return false };
        let mut others = self.directory.contacts.values().filter(|it| it.contact_id != record.contact_id);
        others.any(|it| !it.is_deleted && email(&it.profile).as_ref() == Some(&own))
    }

    /// Takes out what the smaller edition does not have.
    fn as_the_edition_has(&mut self, record: &mut Record) {
        if self.switches.tier == Tier::Full {
            return;
        }
        if !record.lines.is_empty() {
            self.notes.push(format!("contact {}: this edition has no groups", record.contact_id));
        }
        record.lines.clear();
        for list in DETAILS.iter().filter(|list| !list.in_essentials) {
            if record.details.remove(list.name).is_some() {
                self.notes.push(format!("contact {}: this edition has no {}", record.contact_id, list.name));
            }
        }
    }

    /// Whether a line fits its group, which is made if its key is new. If not, that is noted.
    fn admits(&mut self, id: &str, line: &Line) -> bool {
        let Some(kind) = line.kind.or_else(|| self.switches.group_types.kind(&line.group_type)) else {
            let why = format!("line {}: the group type {:?} is not configured", line.group, line.group_type);
            self.refuse(id, &why);
            return false;
        };
        if let Some(known) = self.directory.groups.get(&line.group) {
            if known.kind != kind {
                let why = format!("line {}: the key stands for something of another kind", line.group);
                self.refuse(id, &why);
                return false;
            }
            if known.group_type != line.group_type {
                let note = format!("contact {id}: line {}: the group keeps its type", line.group);
                self.notes.push(note);
            }
            return true;
        }
        let group = Group {
            key: line.group.clone(),
            kind,
            guid: guid_of("group", &line.group),
            name: if line.name.is_empty() { line.group.clone() } else { line.name.clone() },
            group_type: line.group_type.clone(),
            sub_type: line.sub_type.clone(),
            parent: line.parent.clone(),
            hidden: true,
            provides_member_benefits: false,
            created_at: self.now,
        };
        self.directory.groups.insert(line.group.clone(), group);
        true
    }

    fn list(&mut self, change: ListChange) {
        let list = self.directory.lists.entry(change.id.clone()).or_insert_with(|| ContactList {
            name: change.id.clone(),
            id: change.id,
            ..ContactList::default()
        });
        change.name.into_iter().for_each(|name| list.name = name);
        match change.mode {
            ListMode::Replace => list.contacts = change.contacts.into_iter().collect(),
            ListMode::Add => list.contacts.extend(change.contacts),
            ListMode::Remove => change.contacts.iter().for_each(|id| {
                list.contacts.remove(id);
            }),
        }
    }

    /// Notes that something was not done, at the push and at the contact.
    fn refuse(&mut self, id: &str, why: &str) {
        self.notes.push(format!("contact {id}: {why}"));
        self.happened(id, format!("refused: {why}"));
    }

    fn happened(&mut self, id: &str, what: String) {
        self.directory.trails.entry(id.to_owned()).or_default().note(self.now, Some(self.push), what);
    }
}

/// The pushed profile, in which fields that the tenant does not take are as they were.
fn as_tenant_takes(mut pushed: Fields, known: &Fields, switches: &Switches) -> Fields {
    let mut keep = |names: &[&str]| {
        for name in names {
            pushed.remove(*name);
            known.get(*name).into_iter().for_each(|own| {
                pushed.insert((*name).to_owned(), own.clone());
            });
        }
    };
    if !switches.integrate_bio {
        keep(&["bio"]);
    }
    if !switches.integrate_image {
        keep(&["profileImageUrl"]);
    }
    if !switches.integrate_social {
        keep(SOCIAL);
    }
    pushed
}

fn differences<'a>(before: &'a Fields, after: &'a Fields) -> Vec<&'a str> {
    let mut names: Vec<&str> = before.keys().chain(after.keys()).map(String::as_str).collect();
    names.sort_unstable();
    names.dedup();
    names.retain(|name| before.get(*name) != after.get(*name));
    names
}

fn leave_all(memberships: &mut [Membership], now: Timestamp) {
    memberships.iter_mut().filter(|it| it.removed_at.is_none()).for_each(|it| it.removed_at = Some(now));
}

/// Makes the lines what a push says, and tells what happened. Lines that are left stay as inactive rows.
fn line_up(memberships: &mut Vec<Membership>, lines: &[Line], now: Timestamp) -> Vec<String> {
    let mut happened = Vec::new();
    let mut wanted: BTreeMap<(String, String), &Line> = BTreeMap::new();
    for line in lines {
        wanted.insert((line.group.clone(), line.role.clone()), line);
    }
    let said = |group: &str, role: &str| {
        if role.is_empty() { group.to_owned() } else { format!("{group} as {role}") }
    };
    for row in memberships.iter_mut().filter(|it| it.removed_at.is_none()) {
        match wanted.remove(&(row.group.clone(), row.role.clone())) {
            Some(line) => {
                let dates = (line.since, line.begin, line.end);
                if (row.since, row.begin, row.end) != dates {
                    happened.push(format!("other dates in {}", said(&row.group, &row.role)));
                }
                (row.since, row.begin, row.end) = dates;
                row.by_hand = false;
            }
            None if row.by_hand => {}
            None => {
                row.removed_at = Some(now);
                happened.push(format!("left {}", said(&row.group, &row.role)));
            }
        }
    }
    for line in wanted.into_values() {
        happened.push(format!("joined {}", said(&line.group, &line.role)));
        memberships.push(Membership {
            group: line.group.clone(),
            role: line.role.clone(),
            since: line.since,
            begin: line.begin,
            end: line.end,
            joined_at: now,
            removed_at: None,
            by_hand: false,
        });
    }
    while memberships.len() > MOST_LINES
        && let Some(oldest) = memberships.iter().position(|it| it.removed_at.is_some())
    {
        memberships.remove(oldest);
    }
    happened
}

fn put(all: &mut BTreeMap<String, Item>, item: Item, now: Timestamp) {
    let known = all.entry(item.id.clone()).or_default();
    // A deletion says nothing but the id.
    let fields = if item.is_deleted { std::mem::take(&mut known.fields) } else { item.fields };
    *known = Item { id: item.id, is_deleted: item.is_deleted, updated_at: now, fields };
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::model::GroupKind;
    use super::*;

    const NOW: i64 = 1_000;

    /// Applies records one after the other, a second between them.
    fn after(records: &[Record], switches: &Switches) -> Directory {
        let mut directory = Directory::default();
        for (second, record) in (NOW..).zip(records) {
            let now = Timestamp::from_second(second).unwrap();
            let (push, received_at) = (1, now);
            let directory = &mut directory;
            let mut applying = Applying { directory, switches, now, push, received_at, notes: Vec::new() };
            applying.apply(Change::Contact(Box::new(record.clone())));
        }
        directory
    }

    /// What counts: the profile, the details, and the lines that were not left.
    fn standing(directory: &Directory) -> (Fields, usize, Vec<String>) {
        let contact = &directory.contacts["A1"];
        let lines = contact.memberships.iter().filter(|it| it.removed_at.is_none());
        let mut lines: Vec<String> =
            lines.map(|it| format!("{} as {} until {:?}", it.group, it.role, it.end)).collect();
        lines.sort();
        (contact.profile.clone(), contact.details.len(), lines)
    }

    fn record() -> impl Strategy<Value = Record> {
        let line = (0..4_u8, 0..3_u8, proptest::option::of(0..5_000_i64));
        let line = line.prop_map(|(group, role, end)| Line {
            kind: Some(if group == 0 { GroupKind::Security } else { GroupKind::Community }),
            group: format!("G{group}"),
            role: if role == 0 { String::new() } else { format!("R{role}") },
            end: end.map(|end| Timestamp::from_second(end).unwrap()),
            ..Line::default()
        });
        let profile = proptest::collection::btree_map("firstName|bio|title", "[ab]{1,2}", 0..3);
        let lines = proptest::collection::vec(line, 0..5);
        (profile, lines, any::<bool>(), proptest::bool::weighted(0.1)).prop_map(
            |(profile, lines, detailed, deleted)| Record {
                contact_id: "A1".to_owned(),
                deleted,
                profile: profile.into_iter().map(|(name, value)| (name, value.into())).collect(),
                lines,
                details: detailed.then(|| ("orders".to_owned(), Vec::new())).into_iter().collect(),
                ..Record::default()
            },
        )
    }

    proptest! {
        #[test]
        fn only_the_last_record_counts_and_once_more_changes_nothing(
            earlier in proptest::collection::vec(record(), 0..5),
            last in record().prop_map(|it| Record { deleted: false, ..it }),
        ) {
            let switches = Switches::default();
            let alone = after(std::slice::from_ref(&last), &switches);
            let mut all = earlier;
            all.push(last.clone());
            let once = after(&all, &switches);
            prop_assert_eq!(standing(&once), standing(&alone));
            all.push(last);
            let twice = after(&all, &switches);
            prop_assert_eq!(&twice.contacts, &once.contacts);
            prop_assert_eq!(&twice.trails["A1"].history, &once.trails["A1"].history);
        }
    }
}
