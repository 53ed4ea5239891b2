//! What is GrowthZone's own in the control: who is on file, what can be done to contacts, and its tokens.

use serde_json::{Value, json};

use super::actions;
use super::endpoint::Endpoint;
use super::people::Contact;
use super::state::State;
use super::switches::Switches;
use crate::sim::control::{self, Action, Collection, Common, Refusal, Simulated, read, replace, take, with};
use crate::sim::openid::GRANT_NAMES;
use crate::sim::people::relative_dates;

/// A handle on a running simulator of GrowthZone.
pub type Control = control::Control<State>;

const NONE: &[Action] = &[];

const COLLECTIONS: &[Collection] = &[
    Collection { name: "people", key: "contactId", actions: actions::ACTIONS },
    Collection { name: "membershipTypes", key: "name", actions: NONE },
    Collection { name: "lists", key: "name", actions: NONE },
    Collection { name: "events", key: "name", actions: NONE },
];

impl Simulated for State {
    type Endpoint = Endpoint;
    type Switches = Switches;

    fn title(&self) -> String {
        "simulated GrowthZone".to_owned()
    }

    fn addresses(&self) -> Vec<(&'static str, String)> {
        vec![("production", self.base.clone())]
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
            "people" => with(&directory.contacts, text),
            "membershipTypes" => with(&directory.membership_types, text),
            "lists" => with(&directory.lists, text),
            "events" => with(&directory.events, text),
            _ => Vec::new(),
        }
    }

    fn entry(&self, collection: &str, key: &str) -> Option<Value> {
        let directory = &self.directory;
        match collection {
            "people" => directory.find_anyhow(key).map(|it| json!(it)),
            "membershipTypes" => directory.membership_type(key).map(|it| json!(it)),
            "lists" => directory.list(key).map(|it| json!(it)),
            "events" => directory.event(key).map(|it| json!(it)),
            _ => None,
        }
    }

    fn put(&mut self, collection: &str, key: &str, entry: Value) -> Result<bool, Refusal> {
        let directory = &mut self.directory;
        let is_new = match collection {
            "people" => return self.put_contact(key, read(entry)?),
            "membershipTypes" => {
                replace(&mut directory.membership_types, read(entry)?, |it| it.name.eq_ignore_ascii_case(key))
            }
            "lists" => replace(&mut directory.lists, read(entry)?, |it| it.name.eq_ignore_ascii_case(key)),
            "events" => replace(&mut directory.events, read(entry)?, |it| it.name.eq_ignore_ascii_case(key)),
            _ => return Err(Refusal::Unknown(format!("collection {collection}"))),
        };
        self.look_again();
        Ok(is_new)
    }

    fn remove(&mut self, collection: &str, key: &str) -> bool {
        let directory = &mut self.directory;
        match collection {
            "people" => {
                let id = directory.find_anyhow(key).map(|it| it.contact_id.clone());
                id.is_some_and(|id| self.remove(&id))
            }
            "membershipTypes" => {
                take(&mut directory.membership_types, |it| it.name.eq_ignore_ascii_case(key))
            }
            "lists" => take(&mut directory.lists, |it| it.name.eq_ignore_ascii_case(key)),
            "events" => take(&mut directory.events, |it| it.name.eq_ignore_ascii_case(key)),
            _ => false,
        }
    }

    fn act(&mut self, key: &str, action: &str, mut arguments: Value) -> Result<Value, Refusal> {
        let id = self.directory.find_anyhow(key).map(|it| it.contact_id.clone());
        let id = id.ok_or_else(|| Refusal::Unknown(format!("{key} in people")))?;
        relative_dates(&mut arguments, self.today());
        actions::act(self, &id, action, &arguments)?;
        Ok(actions::after(self, &id))
    }

    fn token_kinds(&self) -> &'static [&'static str] {
        GRANT_NAMES
    }

    fn expire_tokens(&mut self, kind: Option<&str>) -> usize {
        self.grants.end_called(kind)
    }
}

impl State {
    fn put_contact(&mut self, key: &str, contact: Contact) -> Result<bool, Refusal> {
        if contact.contact_id.parse::<u64>().is_err() {
            return Err(Refusal::Wrong("a contact needs a number as contactId".to_owned()));
        }
        let replaced = self.directory.find_anyhow(key).map(|it| it.contact_id.clone());
        let other = self.directory.find(&contact.contact_id).map(|it| &it.contact_id);
        if other.is_some() && other != replaced.as_ref() {
            return Err(Refusal::Wrong(format!("{} belongs to somebody else", contact.contact_id)));
        }
        match replaced {
            Some(id) => {
                self.edit(&id, |known| *known = contact);
                Ok(false)
            }
            None => {
                self.add(contact);
                Ok(true)
            }
        }
    }
}

/// What a test in this process does in the types of the simulator, instead of JSON.
impl Control {
    /// A contact by number, user name or e-mail.
    pub fn contact(&self, key: &str) -> Option<Contact> {
        self.lock().directory.find_anyhow(key).cloned()
    }

    /// Changes a contact, by number, user name or e-mail. False: no such contact.
    pub fn edit_contact(&self, key: &str, change: impl FnOnce(&mut Contact)) -> bool {
        let mut state = self.lock();
        let id = state.directory.find_anyhow(key).map(|it| it.contact_id.clone());
        id.is_some_and(|id| state.edit(&id, change))
    }

    /// Does an action to a contact; the arguments are a JSON object. False: no such contact, or nothing to do.
    pub fn act(&self, key: &str, action: &str, arguments: &Value) -> bool {
        Simulated::act(&mut *self.lock(), key, action, arguments.clone()).is_ok()
    }
}
