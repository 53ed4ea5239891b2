//! What is Novi's own in the control: who is on file, what was sent, and its tokens.

use serde_json::{Value, json};

use super::actions;
use super::endpoint::Endpoint;
use super::hooks::{Hook, Manner, Post, SentHook};
use super::people::Customer;
use super::state::State;
use super::switches::{HookOrder, Switches};
use crate::sim::control::{self, Action, Collection, Common, Refusal, Simulated, read, replace, take, with};
use crate::sim::openid::GRANT_NAMES;
use crate::sim::people::{Environment, relative_dates};

/// A handle on a running simulator of Novi.
pub type Control = control::Control<State>;

const NONE: &[Action] = &[];

const COLLECTIONS: &[Collection] = &[
    Collection { name: "people", key: "uniqueId", actions: actions::ACTIONS },
    Collection { name: "memberTypes", key: "name", actions: NONE },
    Collection { name: "groups", key: "name", actions: NONE },
    Collection { name: "committees", key: "name", actions: NONE },
    Collection { name: "events", key: "name", actions: NONE },
    Collection { name: "products", key: "name", actions: NONE },
    Collection { name: "hooks", key: "number", actions: NONE },
];

impl Simulated for State {
    type Endpoint = Endpoint;
    type Switches = Switches;

    fn title(&self) -> String {
        "simulated Novi".to_owned()
    }

    fn addresses(&self) -> Vec<(&'static str, String)> {
        let base = |environment| self.site(environment).base.clone();
        vec![("production", base(Environment::Production)), ("staging", base(Environment::Staging))]
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
            "people" => with(&directory.customers, text),
            "memberTypes" => with(&directory.member_types, text),
            "groups" => with(&directory.groups, text),
            "committees" => with(&directory.committees, text),
            "events" => with(&directory.events, text),
            "products" => with(&directory.products, text),
            "hooks" => with(self.outbox.sent(), text),
            _ => Vec::new(),
        }
    }

    fn entry(&self, collection: &str, key: &str) -> Option<Value> {
        let directory = &self.directory;
        match collection {
            "people" => directory.find_anyhow(key).map(|it| json!(it)),
            "memberTypes" => directory.member_type(key).map(|it| json!(it)),
            "groups" => directory.group(key).map(|it| json!(it)),
            "committees" => directory.committee(key).map(|it| json!(it)),
            "events" => directory.event(key).map(|it| json!(it)),
            "products" => directory.product(key).map(|it| json!(it)),
            "hooks" => self.outbox.sent().find(|it| key.parse() == Ok(it.number)).map(|it| json!(it)),
            _ => None,
        }
    }

    fn put(&mut self, collection: &str, key: &str, entry: Value) -> Result<bool, Refusal> {
        if collection == "people" {
            return self.put_customer(key, read(entry)?);
        }
        let directory = &mut self.directory;
        macro_rules! named {
            ($list:ident) => {
                replace(&mut directory.$list, read(entry)?, |it| {
                    it.name.eq_ignore_ascii_case(key) || it.unique_id.eq_ignore_ascii_case(key)
                })
            };
        }
        let is_new = match collection {
            "memberTypes" => named!(member_types),
            "groups" => named!(groups),
            "committees" => named!(committees),
            "events" => named!(events),
            "products" => named!(products),
            "hooks" => return Err(Refusal::Wrong("hooks are sent, not put".to_owned())),
            _ => return Err(Refusal::Unknown(format!("collection {collection}"))),
        };
        self.journal.edited();
        self.settle();
        Ok(is_new)
    }

    fn remove(&mut self, collection: &str, key: &str) -> bool {
        if collection == "people" {
            let id = self.directory.find_anyhow(key).map(|it| it.unique_id.clone());
            return id.is_some_and(|id| self.remove(&id));
        }
        let directory = &mut self.directory;
        macro_rules! named {
            ($list:ident) => {
                take(&mut directory.$list, |it| {
                    it.name.eq_ignore_ascii_case(key) || it.unique_id.eq_ignore_ascii_case(key)
                })
            };
        }
        let was_there = match collection {
            "memberTypes" => named!(member_types),
            "groups" => named!(groups),
            "committees" => named!(committees),
            "events" => named!(events),
            "products" => named!(products),
            _ => false,
        };
        self.journal.edited();
        self.settle();
        was_there
    }

    fn act(&mut self, key: &str, action: &str, mut arguments: Value) -> Result<Value, Refusal> {
        let id = self.directory.find_anyhow(key).map(|it| it.unique_id.clone());
        let id = id.ok_or_else(|| Refusal::Unknown(format!("{key} in people")))?;
        relative_dates(&mut arguments, self.today());
        actions::act(self, &id, action, &arguments)?;
        Ok(actions::after(self, &id))
    }

    fn token_kinds(&self) -> &'static [&'static str] {
        GRANT_NAMES
    }

    fn expire_tokens(&mut self, kind: Option<&str>) -> usize {
        let mut end = |environment| self.site_mut(environment).grants.end_called(kind);
        end(Environment::Production) + end(Environment::Staging)
    }
}

impl State {
    fn put_customer(&mut self, key: &str, customer: Customer) -> Result<bool, Refusal> {
        if customer.unique_id.trim().is_empty() {
            return Err(Refusal::Wrong("a record needs uniqueId".to_owned()));
        }
        let replaced = self.directory.find_anyhow(key).map(|it| it.unique_id.clone());
        let other = self.directory.find(&customer.unique_id).map(|it| &it.unique_id);
        if other.is_some() && other != replaced.as_ref() {
            return Err(Refusal::Wrong(format!("{} belongs to somebody else", customer.unique_id)));
        }
        match replaced {
            Some(id) => {
                self.edit(&id, |known| *known = customer);
                Ok(false)
            }
            None => {
                self.add(customer);
                Ok(true)
            }
        }
    }
}

impl Post for Control {
    fn manner(&self) -> Option<Manner> {
        let mut state = self.lock();
        state.settle();
        let Switches { hook_delay: delay, hook_attempts: attempts, hook_signature: signature, .. } =
            state.switches;
        (!state.outbox.is_empty()).then_some(Manner { delay, attempts, signature })
    }

    fn take(&self) -> Vec<Hook> {
        let mut state = self.lock();
        let mut hooks = state.outbox.take();
        if state.switches.hook_order == HookOrder::Reversed {
            hooks.reverse();
        }
        hooks
    }

    fn note(&self, hook: &Hook, attempts: u32, status: Option<u16>) {
        let mut state = self.lock();
        let now = state.now();
        state.outbox.note(hook, now, attempts, status);
    }
}

/// What a test in this process does in the types of the simulator, instead of JSON.
impl Control {
    /// A record by id, number or e-mail.
    pub fn customer(&self, key: &str) -> Option<Customer> {
        self.lock().directory.find_anyhow(key).cloned()
    }

    /// Changes a record, by id, number or e-mail. False: no such record.
    pub fn edit_customer(&self, key: &str, change: impl FnOnce(&mut Customer)) -> bool {
        let mut state = self.lock();
        let id = state.directory.find_anyhow(key).map(|it| it.unique_id.clone());
        id.is_some_and(|id| state.edit(&id, change))
    }

    /// Does an action to a record; the arguments are a JSON object. False: no such record, or nothing to do.
    pub fn act(&self, key: &str, action: &str, arguments: &Value) -> bool {
        Simulated::act(&mut *self.lock(), key, action, arguments.clone()).is_ok()
    }

    /// The hooks that were sent, oldest first.
    pub fn hooks_sent(&self) -> Vec<SentHook> {
        self.lock().outbox.sent().cloned().collect()
    }
}
