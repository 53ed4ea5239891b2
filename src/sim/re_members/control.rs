//! What is re:Members' own in the control: who is on file, what can be done to people, and its tokens.

use serde_json::{Value, json};

use super::edits;
use super::endpoint::Endpoint;
use super::state::{Login, State};
use super::switches::Switches;
use super::tokens::Kind;
use crate::sim::control::{
    self, Collection, Common, Refusal, Simulated, actions, kinds_called, read, replace, take, with,
};
use crate::sim::people::{Environment, Event, Person};

/// A handle on a running simulator of re:Members.
pub type Control = control::Control<State>;

actions! {
    "lapse", "Their memberships ended yesterday; of one code only, if it is given.";
    "renew", "Their memberships begin or go on for a year from today; of one code only, if it is given.";
    "approve", "Staff approve the login.";
    "disapprove", "Staff take the approval of the login back.";
    "issue_token", "Answers with a token such as staff mail out, made without a login.";
    "merge_into", "The record goes up in another one, which is given: the id of this one is gone.";
}

const COLLECTIONS: &[Collection] = &[
    Collection { name: "people", key: "recordNumber", actions: ACTIONS },
    Collection { name: "organizations", key: "recordNumber", actions: &[] },
    Collection { name: "committees", key: "code", actions: &[] },
    Collection { name: "events", key: "code", actions: &[] },
];

const TOKENS: &[(&str, &[Kind])] = &[
    ("interface", &[Kind::Access, Kind::App, Kind::User]),
    ("sso", &[Kind::Sso]),
    ("browsers", &[Kind::Session]),
];

impl Simulated for State {
    type Endpoint = Endpoint;
    type Switches = Switches;

    fn title(&self) -> String {
        "simulated re:Members".to_owned()
    }

    fn addresses(&self) -> Vec<(&'static str, String)> {
        vec![
            ("production", self.portal(Environment::Production)),
            ("staging", self.portal(Environment::Staging)),
        ]
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
            "people" => with(&directory.people, text),
            "organizations" => with(&directory.organizations, text),
            "committees" => with(&directory.committees, text),
            "events" => with(&directory.events, text),
            _ => Vec::new(),
        }
    }

    fn entry(&self, collection: &str, key: &str) -> Option<Value> {
        let directory = &self.directory;
        match collection {
            "people" => directory.find_anywhere(key).map(|it| json!(it)),
            "organizations" => directory.organization(key).map(|it| json!(it)),
            "committees" => directory.committees.iter().find(|it| it.code == key).map(|it| json!(it)),
            "events" => directory.events.iter().find(|it| it.code == key).map(|it| json!(it)),
            _ => None,
        }
    }

    fn put(&mut self, collection: &str, key: &str, entry: Value) -> Result<bool, Refusal> {
        let directory = &mut self.directory;
        match collection {
            "people" => self.put_person(key, read(entry)?),
            "organizations" => Ok(replace(&mut directory.organizations, read(entry)?, |it| {
                it.record_number == key || it.id.eq_ignore_ascii_case(key)
            })),
            "committees" => Ok(replace(&mut directory.committees, read(entry)?, |it| it.code == key)),
            "events" => Ok(replace(&mut directory.events, read(entry)?, |it| it.code == key)),
            _ => Err(Refusal::Unknown(format!("collection {collection}"))),
        }
    }

    fn remove(&mut self, collection: &str, key: &str) -> bool {
        let directory = &mut self.directory;
        match collection {
            "people" => {
                let id = directory.find_anywhere(key).map(|person| person.id.clone());
                id.is_some_and(|id| {
                    self.remove_person(&id);
                    true
                })
            }
            "organizations" => {
                take(&mut directory.organizations, |it| it.record_number == key || it.id == key)
            }
            "committees" => take(&mut directory.committees, |it| it.code == key),
            "events" => take(&mut directory.events, |it| it.code == key),
            _ => false,
        }
    }

    fn act(&mut self, key: &str, action: &str, arguments: Value) -> Result<Value, Refusal> {
        let argument = |name: &str| arguments.get(name).and_then(Value::as_str);
        let person = self.directory.find_anywhere(key).cloned();
        let person = person.ok_or_else(|| Refusal::Unknown(format!("{key} in people")))?;
        let (today, code) = (self.today(), argument("code"));
        match action {
            "lapse" => self.edit_memberships(&person, code, |it| edits::lapse(it, today)),
            "renew" => self.edit_memberships(&person, code, |it| edits::renew(it, today)),
            "approve" => self.set_approved(&person, true),
            "disapprove" => self.set_approved(&person, false),
            "issue_token" => {
                let environment = match argument("environment") {
                    Some("staging") => Environment::Staging,
                    _ => Environment::Production,
                };
                let now = self.now();
                return Ok(json!({ "sso": self.tokens.issue(Kind::Sso, environment, &person.id, now) }));
            }
            "merge_into" => {
                let into = argument("into").and_then(|into| self.directory.find_anywhere(into)).cloned();
                let into = into.ok_or_else(|| Refusal::Wrong("`into` names nobody".to_owned()))?;
                self.merge_people(&person.id, &into.id);
                return Ok(json!(into));
            }
            _ => return Err(Refusal::Unknown(format!("action {action}"))),
        }?;
        Ok(self.entry("people", key).unwrap_or_default())
    }

    fn token_kinds(&self) -> &'static [&'static str] {
        &["interface", "sso", "browsers"]
    }

    fn reset_counts(&mut self) {
        let now = self.now();
        self.traffic.app_tokens.clear();
        self.common.calls.reset(now);
    }

    fn expire_tokens(&mut self, kind: Option<&str>) -> usize {
        let kinds = kinds_called(TOKENS, kind);
        self.tokens.revoke_where(|grant| kinds.contains(&grant.kind))
    }
}

/// What a test in this process does in the types of the simulator, instead of JSON.
impl Control {
    /// A person of production by id, record number or e-mail.
    pub fn person(&self, key: &str) -> Option<Person> {
        self.lock().directory.find(Environment::Production, key).cloned()
    }

    /// Changes a person, by id, record number or e-mail, and marks the record as changed now. False: no such person.
    pub fn edit_person(&self, key: &str, change: impl FnOnce(&mut Person)) -> bool {
        self.lock().edit_person(key, change)
    }

    /// Changes the list of events.
    pub fn edit_events(&self, change: impl FnOnce(&mut Vec<Event>)) {
        change(&mut self.lock().directory.events);
    }

    /// Puts a person on file.
    pub fn add_person(&self, person: Person) {
        self.lock().add_person(person);
    }

    /// Takes a person off the file, and their tokens with them.
    pub fn remove_person(&self, id: &str) {
        self.lock().remove_person(id);
    }

    /// Does an action to a person, without arguments. False: no such person, or nothing to do.
    pub fn act(&self, key: &str, action: &str) -> bool {
        Simulated::act(&mut *self.lock(), key, action, json!({})).is_ok()
    }

    /// Merges two records: the old id is gone, the new record has changed.
    pub fn merge(&self, old_id: &str, new_id: &str) -> bool {
        self.lock().merge_people(old_id, new_id)
    }

    /// How many different `AppToken` values were sent, good or bad.
    pub fn app_tokens_seen(&self) -> usize {
        self.lock().traffic.app_tokens.len()
    }

    /// The latest logins, oldest first, with the `sso` of each.
    pub fn logins(&self) -> Vec<Login> {
        self.lock().logins.iter().cloned().collect()
    }

    /// A token such as staff mail out: made without a login, good for this person.
    pub fn issue_sso(&self, environment: Environment, key: &str) -> Option<String> {
        let mut state = self.lock();
        let holder = state.directory.find(environment, key)?.id.clone();
        let now = state.now();
        Some(state.tokens.issue(Kind::Sso, environment, &holder, now))
    }

    /// Ends every `AppToken` and `UserToken`, as a restart of the real service might.
    pub fn revoke_app_tokens(&self) {
        self.lock().expire_tokens(Some("interface"));
    }

    /// Signs every browser out of the portal.
    pub fn end_portal_sessions(&self) {
        self.lock().expire_tokens(Some("browsers"));
    }
}
