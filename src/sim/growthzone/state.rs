//! Everything that the simulator remembers, behind one lock that is never held across a wait.

use std::collections::{HashMap, HashSet};
use std::io;

use jiff::Timestamp;
use jiff::civil::Date;

use super::directory::Directory;
use super::endpoint::Endpoint;
use super::people::Contact;
use super::settings::{Credentials, Settings};
use super::standing::{Standing, View};
use super::switches::Switches;
use crate::sim::control::{Clock, Common};
use crate::sim::openid::{Client, Grants, Keys, Lifetimes};
use crate::sim::serving::{Limiter, origin};

/// Seconds after which the calendar is looked at again.
const EVERY: i64 = 60;

/// The whole of it.
#[derive(Debug)]
pub struct State {
    /// Its address without a slash at the end.
    pub(super) base: String,
    pub(super) slo_url: Option<String>,
    pub(super) site_url: Option<String>,
    pub(super) switches: Switches,
    pub(super) common: Common<Endpoint>,
    pub(super) directory: Directory,
    pub(super) credentials: Credentials,
    pub(super) grants: Grants,
    pub(super) keys: Keys,
    pub(super) limiter: Limiter,
    /// Numbers of those who have consented.
    pub(super) consents: HashSet<String>,
    seen: HashMap<String, Standing>,
    looked_at: Option<Timestamp>,
}

impl State {
    pub(super) fn new(settings: Settings, base: &str) -> io::Result<State> {
        let clock = Clock::starting(settings.today, &settings.switches.time_zone);
        let mut state = State {
            base: origin(base)?,
            slo_url: settings.slo_url,
            site_url: settings.site_url,
            directory: Directory::new(settings.people, clock.now()),
            common: Common::new(clock),
            switches: settings.switches,
            credentials: settings.credentials,
            grants: Grants::default(),
            keys: Keys::default(),
            limiter: Limiter::default(),
            consents: HashSet::new(),
            seen: HashMap::new(),
            looked_at: None,
        };
        state.settle();
        Ok(state)
    }

    pub(super) fn now(&self) -> Timestamp {
        self.common.clock.now()
    }

    /// Today for the association.
    pub(super) fn today(&self) -> Date {
        self.common.clock.today(&self.switches.time_zone)
    }

    pub(super) fn view(&self) -> View<'_> {
        View { directory: &self.directory, switches: &self.switches, now: self.now() }
    }

    pub(super) fn client(&self) -> Client {
        let Credentials { client_id, client_secret, .. } = self.credentials.clone();
        Client {
            id: client_id,
            other_id: Some("another-client".to_owned()),
            secret: client_secret,
            redirect_uris: self.switches.redirect_uris.clone(),
            only_https: false,
        }
    }

    pub(super) fn lifetimes(&self) -> Lifetimes {
        let Switches { session_ttl, code_ttl, token_ttl, .. } = self.switches;
        Lifetimes::new(session_ttl, code_ttl, token_ttl)
    }

    /// Changes a contact. False if there is none with this number.
    pub(super) fn edit(&mut self, id: &str, change: impl FnOnce(&mut Contact)) -> bool {
        let Some(before) = self.directory.find(id).cloned() else { return false };
        let mut after = before.clone();
        change(&mut after);
        let new_id = after.contact_id.clone();
        let mut apart = after.clone();
        apart.registrations.clone_from(&before.registrations);
        if !self.switches.lists_touch {
            apart.lists.clone_from(&before.lists);
        }
        let is_told = apart != before;
        self.directory.edit(id, |contact| *contact = after);
        if is_told {
            let now = self.now();
            self.directory.touch(&new_id, now);
        }
        self.look_again();
        true
    }

    pub(super) fn add(&mut self, contact: Contact) {
        let (id, now) = (contact.contact_id.clone(), self.now());
        self.directory.add(contact);
        self.directory.touch(&id, now);
        self.look_again();
    }

    /// Takes a contact off the file, and everything that it was handed out.
    pub(super) fn remove(&mut self, id: &str) -> bool {
        if self.directory.find(id).is_none() {
            return false;
        }
        let now = self.now();
        self.directory.remove(id, now);
        self.grants.end_where(|grant| grant.holder == id);
        self.look_again();
        true
    }

    /// Whatever was edited counts at once.
    pub(super) fn look_again(&mut self) {
        self.looked_at = None;
        self.settle();
    }

    /// Brings the feed of changes up to date with what the calendar or an organization has changed.
    pub(super) fn settle(&mut self) {
        let now = self.now();
        let elapsed = self.looked_at.map(|last| now.duration_since(last).as_secs());
        if elapsed.is_some_and(|elapsed| (0..EVERY).contains(&elapsed)) {
            return;
        }
        self.looked_at = Some(now);
        let view = self.view();
        let standings = view.directory.contacts.iter().map(|it| (it.contact_id.clone(), view.standing(it)));
        let standings: HashMap<String, Standing> = standings.collect();
        let mut touched = Vec::new();
        for (id, standing) in &standings {
            let Some(before) = self.seen.get(id).filter(|before| *before != standing) else { continue };
            let is_inherited = before.is_inherited || standing.is_inherited;
            let (switches, changed) = (&self.switches, self.directory.changed_at(id));
            let touches = if is_inherited {
                switches.delta_by_organization
            } else {
                switches.lapse_touch && changed < now
            };
            if touches {
                touched.push(id.clone());
            }
        }
        touched.iter().for_each(|id| self.directory.touch(id, now));
        self.seen = standings;
    }
}
