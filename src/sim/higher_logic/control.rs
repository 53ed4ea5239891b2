//! What is Higher Logic's own in the control: who is on file, what is pending, what was received.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::{Value, json};

use super::actions;
use super::directory::guid_of;
use super::endpoint::Endpoint;
use super::fields::{CONTACT, DETAILS};
use super::model::{Contact, Fields, Group, GroupKind, Trail};
use super::queue::{IntakeEntry, Staged};
use super::sessions::KINDS;
use super::state::State;
use super::switches::Switches;
use crate::sim::control::{self, Action, Collection, Common, Refusal, Simulated, read, with};

/// A handle on a running simulator of Higher Logic.
pub type Control = control::Control<State>;

const NONE: &[Action] = &[];

const COLLECTIONS: &[Collection] = &[
    Collection { name: "people", key: "contactId", actions: actions::ACTIONS },
    Collection { name: "communities", key: "key", actions: actions::OF_GROUPS },
    Collection { name: "securityGroups", key: "key", actions: NONE },
    Collection { name: "meetings", key: "id", actions: NONE },
    Collection { name: "products", key: "id", actions: NONE },
    Collection { name: "lists", key: "id", actions: NONE },
    Collection { name: "queue", key: "id", actions: NONE },
    Collection { name: "intake", key: "number", actions: NONE },
    Collection { name: "trails", key: "contactId", actions: NONE },
    Collection { name: "state", key: "contactId", actions: NONE },
];

/// What follows from a contact and is shown with it; it cannot be put.
const DERIVED: [&str; 3] = ["status", "effectiveMember", "activeGroups"];

impl Simulated for State {
    type Endpoint = Endpoint;
    type Switches = Switches;

    fn title(&self) -> String {
        "simulated Higher Logic".to_owned()
    }

    fn addresses(&self) -> Vec<(&'static str, String)> {
        vec![("community", self.base.clone()), ("administration", format!("{}/admin", self.base))]
    }

    fn common(&self) -> &Common<Endpoint> {
        &self.common
    }

    fn common_mut(&mut self) -> &mut Common<Endpoint> {
        &mut self.common
    }

    fn switches(&self) -> &Switches {
        &self.switches
    }

    fn switches_mut(&mut self) -> &mut Switches {
        &mut self.switches
    }

    fn collections(&self) -> &'static [Collection] {
        COLLECTIONS
    }

    fn entries(&self, collection: &str, text: &str) -> Vec<Value> {
        let directory = &self.directory;
        match collection {
            "people" => containing(directory.contacts.values().map(|it| self.shown(it)), text),
            "state" => containing(directory.contacts.values().map(|it| self.in_short(it)), text),
            "communities" => with(directory.of_kind(GroupKind::Community), text),
            "securityGroups" => with(directory.of_kind(GroupKind::Security), text),
            "meetings" => with(directory.meetings.values(), text),
            "products" => with(directory.products.values(), text),
            "lists" => with(directory.lists.values(), text),
            "queue" => containing(self.queue.iter().map(pending), text),
            "intake" => with(self.intake.iter(), text),
            "trails" => containing(directory.trails.iter().map(|(id, it)| trail(id, it)), text),
            _ => Vec::new(),
        }
    }

    fn entry(&self, collection: &str, key: &str) -> Option<Value> {
        let directory = &self.directory;
        match collection {
            "people" => directory.contacts.get(key).map(|it| self.shown(it)),
            "state" => directory.contacts.get(key).map(|it| self.in_short(it)),
            "communities" => self.group(key, GroupKind::Community).map(|it| json!(it)),
            "securityGroups" => self.group(key, GroupKind::Security).map(|it| json!(it)),
            "meetings" => directory.meetings.get(key).map(|it| json!(it)),
            "products" => directory.products.get(key).map(|it| json!(it)),
            "lists" => directory.lists.get(key).map(|it| json!(it)),
            "queue" => self.queue.iter().find(|it| it.change.id() == key).map(pending),
            "intake" => self.intake.iter().find(|it| key.parse() == Ok(it.number)).map(|it| json!(it)),
            "trails" => directory.trails.get(key).map(|it| trail(key, it)),
            _ => None,
        }
    }

    fn put(&mut self, collection: &str, key: &str, entry: Value) -> Result<bool, Refusal> {
        match collection {
            "people" => self.put_contact(key, entry),
            "communities" => self.put_group(key, GroupKind::Community, read(entry)?),
            "securityGroups" => self.put_group(key, GroupKind::Security, read(entry)?),
            _ => {
                Err(Refusal::Wrong(format!("{collection} are pushed or come by themselves, and are not put")))
            }
        }
    }

    fn remove(&mut self, collection: &str, key: &str) -> bool {
        let directory = &mut self.directory;
        match collection {
            "people" => directory.contacts.remove(key).is_some(),
            "communities" | "securityGroups" => directory.groups.remove(key).is_some(),
            "meetings" => directory.meetings.remove(key).is_some(),
            "products" => directory.products.remove(key).is_some(),
            "lists" => directory.lists.remove(key).is_some(),
            _ => false,
        }
    }

    fn act(&mut self, key: &str, action: &str, arguments: Value) -> Result<Value, Refusal> {
        actions::act(self, key, action, &arguments)
    }

    fn token_kinds(&self) -> &'static [&'static str] {
        KINDS
    }

    fn expire_tokens(&mut self, kind: Option<&str>) -> usize {
        self.sessions.end(kind)
    }

    fn catch_up(&mut self) {
        self.refresh();
    }
}

/// Entries in which a text occurs.
fn containing(all: impl Iterator<Item = Value>, text: &str) -> Vec<Value> {
    let all: Vec<Value> = all.collect();
    with(&all, text)
}

fn pending(staged: &Staged) -> Value {
    let Staged { push, at, due, change } = staged;
    json!({ "id": change.id(), "what": change.what(), "push": push, "at": at, "due": due })
}

fn trail(id: &str, trail: &Trail) -> Value {
    json!({ "contactId": id, "payload": trail.payload, "receivedAt": trail.received_at, "history": trail.history })
}

/// What somebody is in, for comparison.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct InShort<'a> {
    contact_id: &'a str,
    name: String,
    status: &'static str,
    effective_member: bool,
    /// The roles in each group that counts now, in order.
    active_groups: BTreeMap<&'a str, Vec<&'a str>>,
}

impl State {
    fn short<'a>(&self, contact: &'a Contact) -> InShort<'a> {
        let mut active_groups: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for line in contact.active(self.now()) {
            active_groups.entry(&line.group).or_default().push(&line.role);
        }
        active_groups.values_mut().for_each(|roles| roles.sort_unstable());
        InShort {
            contact_id: &contact.contact_id,
            name: contact.full_name(),
            status: contact.status(),
            effective_member: self.is_member(contact),
            active_groups,
        }
    }

    fn in_short(&self, contact: &Contact) -> Value {
        json!(self.short(contact))
    }

    /// A contact, with what follows from it.
    fn shown(&self, contact: &Contact) -> Value {
        let mut shown = json!(contact);
        let derived = self.in_short(contact);
        if let Some(members) = shown.as_object_mut() {
            for name in DERIVED {
                members.insert(name.to_owned(), derived.get(name).cloned().unwrap_or_default());
            }
        }
        shown
    }

    fn group(&self, key: &str, kind: GroupKind) -> Option<&Group> {
        self.directory.groups.get(key).filter(|it| it.kind == kind)
    }

    fn put_contact(&mut self, key: &str, mut entry: Value) -> Result<bool, Refusal> {
        if let Some(members) = entry.as_object_mut() {
            members.retain(|name, _| !DERIVED.contains(&name.as_str()));
        }
        let mut contact: Contact = read(entry)?;
        if contact.contact_id != key {
            return Err(Refusal::Wrong(format!("`contactId` must be {key:?}")));
        }
        known_fields(&contact.profile)?;
        if let Some(name) = contact.details.keys().find(|name| DETAILS.iter().all(|list| list.name != *name))
        {
            return Err(Refusal::Wrong(format!("there is no list {name:?} of details")));
        }
        if contact.contact_key.is_empty() {
            contact.contact_key = guid_of("contact", key);
        }
        contact.updated_at = self.now();
        Ok(self.directory.contacts.insert(key.to_owned(), contact).is_none())
    }

    fn put_group(&mut self, key: &str, kind: GroupKind, mut group: Group) -> Result<bool, Refusal> {
        let known = self.directory.groups.get(key);
        if group.key != key || known.is_some_and(|known| known.kind != kind || known.kind != group.kind) {
            return Err(Refusal::Wrong("the key and the kind of a group stay as they are".to_owned()));
        }
        group.kind = kind;
        if group.guid.is_empty() {
            group.guid = guid_of("group", key);
        }
        Ok(self.directory.groups.insert(key.to_owned(), group).is_none())
    }
}

fn known_fields(profile: &Fields) -> Result<(), Refusal> {
    let unknown = profile.keys().find(|name| CONTACT.iter().all(|field| field.name != *name));
    unknown.map_or(Ok(()), |name| Err(Refusal::Wrong(format!("there is no field {name:?}"))))
}

/// What a test in this process does in the types of the simulator, instead of JSON.
impl Control {
    /// A contact by its key, case included.
    pub fn contact(&self, id: &str) -> Option<Contact> {
        self.lock().directory.contacts.get(id).cloned()
    }

    /// Whether somebody counts as a member now.
    pub fn is_member(&self, id: &str) -> bool {
        let state = self.lock();
        state.directory.contacts.get(id).is_some_and(|it| state.is_member(it))
    }

    /// The keys of the groups that count for somebody now, each with its role, in order.
    pub fn active_groups(&self, id: &str) -> Vec<(String, String)> {
        let state = self.lock();
        let lines = state.directory.contacts.get(id).map(|it| it.active(state.now()));
        let lines = lines.into_iter().flatten().map(|it| (it.group.clone(), it.role.clone()));
        let mut groups: Vec<(String, String)> = lines.collect();
        groups.sort();
        groups
    }

    /// The number of contacts on file.
    pub fn contacts(&self) -> usize {
        self.lock().directory.contacts.len()
    }

    /// A security group or a community.
    pub fn any_group(&self, key: &str) -> Option<Group> {
        self.lock().directory.groups.get(key).cloned()
    }

    /// What was received about somebody, and what came of it.
    pub fn trail(&self, id: &str) -> Option<Trail> {
        self.lock().directory.trails.get(id).cloned()
    }

    /// The pushes, oldest first.
    pub fn intake(&self) -> Vec<IntakeEntry> {
        self.lock().intake.iter().cloned().collect()
    }

    /// How many records are pending.
    pub fn pending(&self) -> usize {
        self.lock().queue.len()
    }

    /// Does an action to a contact or a community; the arguments are a JSON object. False: it was not done.
    pub fn act(&self, key: &str, action: &str, arguments: &Value) -> bool {
        Simulated::act(&mut *self.lock(), key, action, arguments.clone()).is_ok()
    }
}
