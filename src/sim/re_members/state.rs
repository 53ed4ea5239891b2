//! Everything that the simulator remembers, behind one lock that is never held across a wait.

use std::collections::VecDeque;
use std::io;

use jiff::Timestamp;
use jiff::civil::Date;
use url::Url;

use super::directory::Directory;
use super::endpoint::Endpoint;
use super::settings::{Credentials, Settings};
use super::switches::Switches;
use super::tokens::Tokens;
use super::traffic::Traffic;
use super::webhooks::{Outbox, Webhook};
use crate::sim::control::{Clock, Common};
use crate::sim::people::{Environment, Person, User};

/// Only the latest logins are kept.
const MOST_LOGINS: usize = 1000;

/// One time that the login page sent a browser back with a token.
#[derive(Clone, Debug, PartialEq)]
pub struct Login {
    /// Id of the person.
    pub id: String,
    /// Where.
    pub environment: Environment,
    /// The token that the browser carried back.
    pub sso: String,
    /// When, by the simulator's clock.
    pub at: Timestamp,
    /// No form was filled in: the portal knew the browser, or it brought a token.
    pub silent: bool,
}

/// The whole of it.
#[derive(Debug)]
pub struct State {
    pub(super) base: Url,
    pub(super) slo_url: Option<String>,
    pub(super) switches: Switches,
    pub(super) common: Common<Endpoint>,
    pub(super) directory: Directory,
    pub(super) tokens: Tokens,
    pub(super) traffic: Traffic,
    pub(super) logins: VecDeque<Login>,
    pub(super) webhooks: Vec<Webhook>,
    pub(super) outbox: Outbox,
    production: Credentials,
    staging: Credentials,
}

impl State {
    pub(super) fn new(settings: Settings, base: &str) -> io::Result<State> {
        let refuse = |reason: String| io::Error::new(io::ErrorKind::InvalidInput, reason);
        let base = Url::parse(base).map_err(|reason| refuse(format!("public base {base:?}: {reason}")))?;
        if !matches!(base.scheme(), "http" | "https") || base.query().is_some() || base.fragment().is_some() {
            return Err(refuse(format!(
                "public base {base}: an http or https address without query is needed"
            )));
        }
        let mut people = settings.people;
        for (environment, credentials) in
            [(Environment::Production, &settings.production), (Environment::Staging, &settings.staging)]
        {
            people.people.push(integration_user(environment, credentials));
        }
        Ok(State {
            base,
            slo_url: settings.slo_url,
            common: Common::new(Clock::starting(settings.today, &settings.switches.time_zone)),
            switches: settings.switches,
            directory: Directory::new(people),
            tokens: Tokens::default(),
            traffic: Traffic::default(),
            logins: VecDeque::new(),
            webhooks: Vec::new(),
            outbox: Outbox::default(),
            production: settings.production,
            staging: settings.staging,
        })
    }

    pub(super) fn now(&self) -> Timestamp {
        self.common.clock.now()
    }

    /// Today for the association.
    pub(super) fn today(&self) -> Date {
        self.common.clock.today(&self.switches.time_zone)
    }

    pub(super) fn credentials(&self, environment: Environment) -> &Credentials {
        match environment {
            Environment::Production => &self.production,
            Environment::Staging => &self.staging,
        }
    }

    /// Where an environment's portal is, without a trailing slash.
    pub(super) fn portal(&self, environment: Environment) -> String {
        let base = self.base.as_str().trim_end_matches('/');
        format!("{base}{}", prefix(environment))
    }

    pub(super) fn remember_login(&mut self, login: Login) {
        if self.logins.len() == MOST_LOGINS {
            self.logins.pop_front();
        }
        self.logins.push_back(login);
    }
}

/// The path under which an environment is served.
pub(super) fn prefix(environment: Environment) -> &'static str {
    match environment {
        Environment::Production => "",
        Environment::Staging => "/staging",
    }
}

/// The integration user is a record like any other, in one environment only.
fn integration_user(environment: Environment, credentials: &Credentials) -> Person {
    let (id, record_number) = match environment {
        Environment::Production => ("a0000000-0000-4000-8000-000000000001", "100001"),
        Environment::Staging => ("a0000000-0000-4000-8000-000000000002", "100002"),
    };
    Person {
        id: id.to_owned(),
        record_number: record_number.to_owned(),
        first_name: "Gateway".to_owned(),
        last_name: "Integration".to_owned(),
        email: Some(credentials.user_email.clone()),
        user: Some(User { password: credentials.user_password.clone(), ..User::default() }),
        only_in: Some(environment),
        security_roles: vec!["API".to_owned()],
        ..Person::default()
    }
}
