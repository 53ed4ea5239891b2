//! Everything that the simulator remembers, behind one lock that is never held across a wait.

use std::io;
use std::sync::Arc;

use jiff::Timestamp;
use jiff::civil::Date;
use tokio::sync::Notify;

use super::directory::Directory;
use super::endpoint::Endpoint;
use super::hooks::{Event, Hook, Outbox, Webhook};
use super::ids;
use super::journal::Journal;
use super::people::Customer;
use super::settings::{Credentials, Settings};
use super::standing::View;
use super::switches::{DeactivatedHook, Switches};
use crate::sim::control::{Clock, Common};
use crate::sim::openid::{Client, Grants, Keys, Lifetimes};
use crate::sim::people::Environment;
use crate::sim::serving::{Limiter, origin};

/// One of the two sites: nothing that it hands out counts at the other.
#[derive(Debug)]
pub(super) struct Site {
    /// Its address without a slash at the end.
    pub(super) base: String,
    pub(super) credentials: Credentials,
    pub(super) grants: Grants,
    pub(super) keys: Keys,
    pub(super) limiter: Limiter,
    pub(super) webhooks: Vec<Webhook>,
}

impl Site {
    fn new(base: &str, credentials: Credentials) -> io::Result<Site> {
        Ok(Site {
            base: origin(base)?,
            credentials,
            grants: Grants::default(),
            keys: Keys::default(),
            limiter: Limiter::default(),
            webhooks: Vec::new(),
        })
    }
}

/// The whole of it.
#[derive(Debug)]
pub struct State {
    pub(super) slo_url: Option<String>,
    pub(super) switches: Switches,
    pub(super) common: Common<Endpoint>,
    pub(super) directory: Directory,
    pub(super) journal: Journal,
    pub(super) outbox: Outbox,
    /// Wakes whoever sends hooks.
    pub(super) wake: Arc<Notify>,
    production: Site,
    staging: Site,
}

impl State {
    pub(super) fn new(settings: Settings, production: &str, staging: &str) -> io::Result<State> {
        let clock = Clock::starting(settings.today, &settings.switches.time_zone);
        let mut state = State {
            slo_url: settings.slo_url,
            directory: Directory::new(settings.people, clock.now()),
            common: Common::new(clock),
            switches: settings.switches,
            journal: Journal::default(),
            outbox: Outbox::default(),
            wake: Arc::default(),
            production: Site::new(production, settings.production)?,
            staging: Site::new(staging, settings.staging)?,
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

    pub(super) fn site(&self, environment: Environment) -> &Site {
        match environment {
            Environment::Production => &self.production,
            Environment::Staging => &self.staging,
        }
    }

    pub(super) fn site_mut(&mut self, environment: Environment) -> &mut Site {
        match environment {
            Environment::Production => &mut self.production,
            Environment::Staging => &mut self.staging,
        }
    }

    pub(super) fn view(&self) -> View<'_> {
        View { directory: &self.directory, switches: &self.switches, now: self.now() }
    }

    /// The client of a site, as its back office has it.
    pub(super) fn client(&self, environment: Environment) -> Client {
        let Credentials { client_id, client_secret, .. } = self.site(environment).credentials.clone();
        Client {
            other_id: None,
            id: client_id,
            secret: client_secret,
            redirect_uris: self.switches.redirect_uris.clone(),
            only_https: self.switches.https_redirects,
        }
    }

    pub(super) fn lifetimes(&self) -> Lifetimes {
        let Switches { session_ttl, code_ttl, access_token_ttl, .. } = self.switches;
        Lifetimes::new(session_ttl, code_ttl, access_token_ttl)
    }

    /// A record of a site, by the id that the site shows.
    pub(super) fn record(&self, environment: Environment, id: &str) -> Option<&Customer> {
        self.directory.find(&ids::at(environment, id)).filter(|it| it.exists_in(environment))
    }

    /// The issuer of a site.
    pub(super) fn issuer(&self, environment: Environment) -> String {
        let slash = if self.switches.issuer_slash { "/" } else { "" };
        format!("{}{slash}", self.site(environment).base)
    }

    /// Changes a record, marks it as changed, and tells the receivers of hooks. False if there is none with this id.
    pub(super) fn edit(&mut self, id: &str, change: impl FnOnce(&mut Customer)) -> bool {
        let before = self.directory.find(id).cloned();
        let Some(before) = before else { return false };
        self.directory.edit(id, change);
        let Some(after) = self.directory.find(id).cloned() else { return false };
        if before.unique_id != after.unique_id || !self.is_quiet(&before, &after) {
            self.touch(&after.unique_id);
            let deactivated = before.active && !after.active;
            let event = match self.switches.deactivated_hook {
                DeactivatedHook::Removed if deactivated => Event::Removed,
                _ => Event::Updated,
            };
            self.tell(&after, event);
        }
        self.journal.edited();
        self.settle();
        true
    }

    /// Whether a change is none of the record itself: registrations and purchases never are, groups and committees by switch.
    fn is_quiet(&self, before: &Customer, after: &Customer) -> bool {
        let mut after = after.clone();
        after.registrations.clone_from(&before.registrations);
        after.purchases.clone_from(&before.purchases);
        if !self.switches.lists_touch {
            after.groups.clone_from(&before.groups);
            after.committees.clone_from(&before.committees);
        }
        after == *before
    }

    pub(super) fn add(&mut self, customer: Customer) {
        self.directory.add(customer.clone());
        self.touch(&customer.unique_id);
        self.tell(&customer, Event::Created);
        self.journal.edited();
        self.settle();
    }

    /// Takes a record off the file, and everything that it was handed out.
    pub(super) fn remove(&mut self, id: &str) -> bool {
        let Some(customer) = self.directory.find(id).cloned() else { return false };
        self.directory.remove(id);
        for site in [&mut self.production, &mut self.staging] {
            site.grants.end_where(|grant| grant.holder.eq_ignore_ascii_case(id));
        }
        self.tell(&customer, Event::Removed);
        self.journal.edited();
        self.settle();
        true
    }

    pub(super) fn touch(&mut self, id: &str) {
        let now = self.now();
        self.directory.touch(id, now);
    }

    /// Brings the log of changes up to date, and whatever else follows from a change of a membership.
    pub(super) fn settle(&mut self) {
        let now = self.now();
        for activity in self.journal.look(&self.directory, &self.switches, now) {
            let touches = match activity.from {
                Some(_) => self.switches.inherited_touch,
                None => self.switches.lapse_touch && self.directory.changed_at(&activity.member) < now,
            };
            let customer = self.directory.find(&activity.member).filter(|_| touches).cloned();
            if let Some(customer) = customer {
                self.touch(&customer.unique_id);
                self.tell(&customer, Event::Updated);
            }
        }
    }

    /// Puts a hook into the outbox for everybody who wants it.
    pub(super) fn tell(&mut self, customer: &Customer, event: Event) {
        for environment in [Environment::Production, Environment::Staging] {
            if !customer.exists_in(environment) {
                continue;
            }
            let site = self.site(environment);
            let of_key = self.switches.webhook_url.iter().filter(|_| environment == Environment::Production);
            let registered = site.webhooks.iter().filter(|it| it.wants(event)).map(|it| &it.url);
            let hooks: Vec<Hook> = of_key
                .chain(registered)
                .map(|url| Hook {
                    event,
                    entity: ids::at(environment, &customer.unique_id),
                    url: url.clone(),
                    secret: site.credentials.hook_secret.clone(),
                })
                .collect();
            for hook in hooks {
                for _ in 0..self.switches.hook_times {
                    self.outbox.put(hook.clone());
                }
            }
        }
        self.wake.notify_one();
    }
}
