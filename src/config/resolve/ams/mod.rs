//! `[ams]`: the association management system and the credentials for it.

mod growthzone;
mod novi;
mod re_members;

use std::ops::Range;

use toml::Spanned;

use super::Resolving;
use crate::adapters::ams::growthzone::StatusWords;
use crate::adapters::ams::kinds::{AmsSettings, Kind};
use crate::adapters::toml_reading::Said;
use crate::config::raw;
use crate::config::settings::AmsChoice;
use crate::domain::budget::Rate;

/// Places in the line for one network; a whole conference may sit behind one address.
const WAITING_PER_NETWORK: usize = 500;

/// Which of the two environments is meant.
#[derive(Clone, Copy, PartialEq)]
enum LiveEnvironment {
    Production,
    Staging,
}

impl Resolving<'_, '_> {
    pub(super) fn ams(&mut self, said: Spanned<raw::Ams>) -> Option<AmsChoice> {
        let (span, said) = (said.span(), said.into_inner());
        let kind = self.choice(said.kind, Kind::default(), &Kind::ALL);
        let names = [("production", LiveEnvironment::Production), ("staging", LiveEnvironment::Staging)];
        let live = self.choice(said.live, LiveEnvironment::Production, &names);
        let default = kind.unwrap_or_default().rate();
        let per_second = self.count(said.calls_per_second, default.per_second);
        let per_minute = self.count(said.calls_per_minute, default.per_minute);
        let waiting_per_network = self.count(said.waiting_per_network, WAITING_PER_NETWORK);
        let wanted = |which| live == Some(which);
        let statuses = self.statuses(said.status, kind.unwrap_or_default());
        let production = self.environment(
            kind.unwrap_or_default(),
            said.production,
            "production",
            wanted(LiveEnvironment::Production),
            &statuses,
            &span,
        );
        let staging = self.environment(
            kind.unwrap_or_default(),
            said.staging,
            "staging",
            wanted(LiveEnvironment::Staging),
            &statuses,
            &span,
        );
        kind?;
        statuses?;
        let (live, standby) = match live? {
            LiveEnvironment::Production => (production?, staging?),
            LiveEnvironment::Staging => (staging?, production?),
        };
        Some(AmsChoice {
            live: live?,
            standby,
            rate: Rate { per_day: default.per_day, ..Rate::new(per_second?, per_minute?) },
            waiting_per_network: waiting_per_network?,
        })
    }

    /// Whether a section has keys that mean something for another AMS only; each is a problem.
    fn has_keys_of_another(&mut self, kind: Kind, said: &raw::Environment) -> bool {
        let foreign = match kind {
            Kind::ReMembers => [of_novi(said), of_both(said), of_growthzone(said)].concat(),
            Kind::Novi => [of_re_members(said), of_growthzone(said)].concat(),
            Kind::GrowthZone => [of_re_members(said), of_novi(said)].concat(),
        };
        for (key, other, span) in &foreign {
            self.is_of_another(kind, key, other, span.clone());
        }
        !foreign.is_empty()
    }

    fn is_of_another(&mut self, kind: Kind, key: &str, other: &str, span: Range<usize>) {
        let what = format!("`{key}` is for `kind = \"{other}\"`, and `ams.kind` is \"{}\"", kind.name());
        let remedy = format!("Take it out, or write `kind = \"{other}\"` below `[ams]`");
        self.reading.problem(span, what, remedy);
    }

    /// Outer `None`: a problem. Inner `None`: the environment is not configured and not live either.
    fn environment(
        &mut self,
        kind: Kind,
        said: Said<Spanned<raw::Environment>>,
        name: &str,
        live: bool,
        statuses: &Option<StatusWords>,
        span: &Range<usize>,
    ) -> Option<Option<AmsSettings>> {
        match said {
            Said::Unreadable => None,
            Said::Nothing if live => {
                let what = format!("`[ams.{name}]` is missing, and it is the environment that is live");
                self.reading.missing(span.clone(), what, format!("Add `[ams.{name}]`, or change `ams.live`"));
                None
            }
            Said::Nothing => Some(None),
            Said::Value(said) if self.has_keys_of_another(kind, said.get_ref()) => None,
            Said::Value(said) => match kind {
                Kind::ReMembers => self.re_members(said, name).map(AmsSettings::ReMembers).map(Some),
                Kind::Novi => self.novi(said, name).map(AmsSettings::Novi).map(Some),
                Kind::GrowthZone => {
                    self.growthzone(said, name, statuses.clone()?).map(AmsSettings::GrowthZone).map(Some)
                }
            },
        }
    }
}

/// A key, the kind of AMS for which it means something, and its place.
type ForeignKey = (&'static str, &'static str, Range<usize>);

/// Where a key stands, if it does.
fn place<T>(said: &Said<T>, span: impl Fn(&T) -> Range<usize>) -> Option<Range<usize>> {
    if let Said::Value(value) = said { Some(span(value)) } else { None }
}

fn of_novi(said: &raw::Environment) -> Vec<ForeignKey> {
    let places =
        [("site", place(&said.site, Spanned::span)), ("algorithm", place(&said.algorithm, Spanned::span))];
    places.into_iter().filter_map(|(key, span)| Some((key, "novi", span?))).collect()
}

/// Keys of Novi and of GrowthZone; one of them is named.
fn of_both(said: &raw::Environment) -> Vec<ForeignKey> {
    let places = [
        ("client_id", place(&said.client_id, raw::Source::span)),
        ("client_secret", place(&said.client_secret, raw::Source::span)),
        ("api_key", place(&said.api_key, raw::Source::span)),
    ];
    let meant = if matches!(said.host, Said::Nothing) { "novi" } else { "growthzone" };
    places.into_iter().filter_map(|(key, span)| Some((key, meant, span?))).collect()
}

fn of_growthzone(said: &raw::Environment) -> Vec<ForeignKey> {
    let places = [
        ("host", place(&said.host, Spanned::span)),
        ("metadata_url", place(&said.metadata_url, Spanned::span)),
        ("nonce_required", place(&said.nonce_required, Spanned::span)),
    ];
    places.into_iter().filter_map(|(key, span)| Some((key, "growthzone", span?))).collect()
}

fn of_re_members(said: &raw::Environment) -> Vec<ForeignKey> {
    let hosts = place(&said.allowed_hosts, |hosts| hosts.first().map_or(0..0, Spanned::span));
    let places = [
        ("discovery_url", place(&said.discovery_url, Spanned::span)),
        ("portal", place(&said.portal, Spanned::span)),
        ("allowed_hosts", hosts),
        ("app_name", place(&said.app_name, raw::Source::span)),
        ("app_key", place(&said.app_key, raw::Source::span)),
        ("app_id", place(&said.app_id, raw::Source::span)),
        ("app_password", place(&said.app_password, raw::Source::span)),
        ("user_email", place(&said.user_email, raw::Source::span)),
        ("user_password", place(&said.user_password, raw::Source::span)),
    ];
    places.into_iter().filter_map(|(key, span)| Some((key, "remembers", span?))).collect()
}
