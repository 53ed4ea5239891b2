//! The page on which a mapping is tried on a person.

use askama::Template;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use crate::domain::preview::PersonName;
use crate::domain::rule::{Role, Rules};
use crate::domain::time::{self, TimeZone, Timestamp};
use crate::flows::administer::people::FoundPerson;
use crate::flows::administer::people::trial::{RoleChange, Trial};
use crate::web::admin::fields::Field;
use crate::web::admin::shell::{Shell, admin_pages};
use crate::web::admin::words::when;

/// A role with its name for people.
#[derive(Clone, Debug)]
pub struct RoleLabel {
    /// The role.
    pub role: String,
    /// What people call it.
    pub label: String,
}

/// A rule with its reason.
#[derive(Clone, Debug)]
pub struct RuleReason {
    /// The rule.
    pub rule: String,
    /// The role.
    pub role: String,
    /// It gave the role.
    pub matched: bool,
    /// Why, or why not.
    pub because: String,
}

/// Another instant, a click away.
#[derive(Clone, Debug)]
pub struct TimeLink {
    /// The instant, in words.
    pub says: String,
    /// Tries it.
    pub href: String,
}

/// A person, tried.
#[derive(Clone, Debug)]
pub struct TriedPerson {
    /// The name.
    pub name: String,
    /// The AMS's id.
    pub id: String,
    /// The AMS's number.
    pub number: String,
    /// The e-mail address.
    pub email: String,
    /// When the record was read.
    pub as_of: String,
    /// The AMS was not reachable: this is what was known before.
    pub from_memory: bool,
    /// The instant, in words.
    pub at: String,
    /// May sign in.
    pub admitted: bool,
    /// In a sentence.
    pub membership: String,
    /// Roles.
    pub roles: Vec<RoleLabel>,
    /// Every rule.
    pub reasons: Vec<RuleReason>,
    /// What time changes: when, and what.
    pub changes: Vec<(String, String)>,
    /// What was not understood.
    pub warnings: Vec<String>,
    /// The record as the AMS gives it.
    pub said: String,
}

/// The page.
#[derive(Clone, Debug, Template)]
#[template(path = "admin/people/page.html")]
pub struct PeoplePage {
    /// Around the page.
    pub shell: Shell,
    /// Who.
    pub who: Field,
    /// When.
    pub at: Field,
    /// By the draft instead of what is in force.
    pub draft: bool,
    /// Who was found.
    pub person: Option<TriedPerson>,
    /// Other instants.
    pub links: Vec<TimeLink>,
    /// Several people go by what was typed: name, number, and where the person is tried.
    pub choices: Vec<(String, String, String)>,
    /// Administrators may look at the site as this person sees it.
    pub may_view: bool,
}

impl TriedPerson {
    /// What a trial gave.
    pub fn new(
        found: &FoundPerson,
        trial: &Trial,
        rules: &Rules,
        is_now: bool,
        zone: &TimeZone,
    ) -> TriedPerson {
        let (record, decision) = (&found.record, &trial.decision);
        let mut warnings: Vec<String> =
            record.warnings.iter().map(|warning| &warning.said).chain(&decision.warnings).cloned().collect();
        warnings.sort();
        warnings.dedup();
        if trial.incomplete {
            warnings.insert(0, "Parts of the record that the mapping asks for were not read. What rests on them grants nothing.".to_owned());
        }
        let kind = decision.membership_type.as_ref().or(decision.membership_code.as_ref());
        let membership = match (decision.member, kind, decision.membership_expires) {
            (false, ..) => "Not a member".to_owned(),
            (true, kind, None) => format!("Member{}, without end", named(kind.map(String::as_str))),
            (true, kind, Some(last)) => {
                format!("Member{}, to {}", named(kind.map(String::as_str)), time::in_words(last))
            }
        };
        let held =
            |role: &Role| RoleLabel { role: role.to_string(), label: rules.label_of(role).to_string() };
        TriedPerson {
            name: record.profile.name.clone(),
            id: record.id.to_string(),
            number: record.profile.record_number.clone().unwrap_or_default(),
            email: record.profile.email.clone().unwrap_or_default(),
            as_of: when(record.as_of(), zone),
            from_memory: found.instead_of.is_some(),
            at: if is_now { format!("Now, {}", when(trial.at, zone)) } else { when(trial.at, zone) },
            admitted: decision.admitted,
            membership,
            roles: decision.roles.iter().map(held).collect(),
            reasons: decision
                .trace
                .iter()
                .map(|verdict| RuleReason {
                    rule: verdict.rule.to_string(),
                    role: verdict.role.to_string(),
                    matched: verdict.matched,
                    because: verdict.because.clone(),
                })
                .collect(),
            changes: trial.changes.iter().map(|change| (when(change.at, zone), in_words(change))).collect(),
            warnings,
            said: found
                .said
                .as_ref()
                .and_then(|said| serde_json::to_string_pretty(said).ok())
                .unwrap_or_default(),
        }
    }
}

/// The people to choose from.
pub fn choices(names: &[PersonName], draft: bool) -> Vec<(String, String, String)> {
    let mapping = if draft { "draft" } else { "published" };
    let choice = |person: &PersonName| {
        let who = utf8_percent_encode(person.id.as_str(), NON_ALPHANUMERIC);
        let number = person.record_number.clone().unwrap_or_default();
        (person.name.clone(), number, format!("/_gate/admin/people?who={who}&mapping={mapping}"))
    };
    names.iter().map(choice).collect()
}

fn named(kind: Option<&str>) -> String {
    kind.map(|kind| format!(" ({kind})")).unwrap_or_default()
}

fn in_words(change: &RoleChange) -> String {
    let list = |roles: &std::collections::BTreeSet<Role>| {
        roles.iter().map(Role::as_str).collect::<Vec<_>>().join(", ")
    };
    let gained = (!change.gained.is_empty()).then(|| format!("gains {}", list(&change.gained)));
    let lost = (!change.lost.is_empty()).then(|| format!("loses {}", list(&change.lost)));
    let both: Vec<String> = gained.into_iter().chain(lost).collect();
    if both.is_empty() { "membership type or last day changes".to_owned() } else { both.join("; ") }
}

/// An instant as a browser's date box reads it.
pub fn boxed(at: Timestamp, zone: &TimeZone) -> String {
    let civil = zone.to_datetime(at);
    format!("{}T{:02}:{:02}", civil.date(), civil.hour(), civil.minute())
}

/// Instants worth a look: now, each next change, and the turns of the year.
pub fn links(who: &str, draft: bool, now: Timestamp, trial: &Trial, zone: &TimeZone) -> Vec<TimeLink> {
    let mapping = if draft { "draft" } else { "published" };
    let who = utf8_percent_encode(who, NON_ALPHANUMERIC);
    let step = |says: String, at: Option<Timestamp>| {
        let at = at.map(|at| format!("&at={}", utf8_percent_encode(&boxed(at, zone), NON_ALPHANUMERIC)));
        TimeLink {
            says,
            href: format!("/_gate/admin/people?who={who}&mapping={mapping}{}", at.unwrap_or_default()),
        }
    };
    // A date box knows minutes; the next full one is past the change.
    let minute = jiff::SignedDuration::from_secs(59);
    let next = trial.changes.first().map(|change| {
        step(
            format!("Next change, {}", when(change.at, zone)),
            Some(change.at.saturating_add(minute).unwrap_or(change.at)),
        )
    });
    let year = zone.to_datetime(now).year();
    let new_year = |year: i16| {
        let day = jiff::civil::Date::new(year, 1, 1).ok()?.to_zoned(zone.clone()).ok()?;
        Some(step(format!("1 January {year}"), Some(day.timestamp())))
    };
    let later = [1, 2].into_iter().filter_map(|more| new_year(year.checked_add(more)?));
    [step("Now".to_owned(), None)].into_iter().chain(next).chain(later).collect()
}

admin_pages!(PeoplePage);
