//! The page on which a mapping is tried on a person.

use askama::Template;
use http::StatusCode;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use crate::domain::rule::{Role, Rules};
use crate::domain::time::{self, TimeZone, Timestamp};
use crate::flows::administer::people::Found;
use crate::flows::administer::people::trial::{Change, Trial};
use crate::web::admin::fields::Field;
use crate::web::admin::people::{boxed, told};
use crate::web::admin::shell::Shell;
use crate::web::pages::{Forms, Page};

/// A role with its name for people.
#[derive(Clone, Debug)]
pub struct Held {
    /// The role.
    pub role: String,
    /// What people call it.
    pub label: String,
}

/// A rule with its reason.
#[derive(Clone, Debug)]
pub struct Reason {
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
pub struct Step {
    /// The instant, in words.
    pub says: String,
    /// Tries it.
    pub href: String,
}

/// A person, tried.
#[derive(Clone, Debug)]
pub struct Person {
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
    pub roles: Vec<Held>,
    /// Every rule.
    pub reasons: Vec<Reason>,
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
    pub person: Option<Person>,
    /// Other instants.
    pub steps: Vec<Step>,
    /// Administrators may look at the site as this person sees it.
    pub may_view: bool,
    /// Answers other than 200.
    pub status: StatusCode,
}

impl Person {
    /// What a trial gave.
    pub fn new(found: &Found, trial: &Trial, rules: &Rules, is_now: bool, zone: &TimeZone) -> Person {
        let (record, decision) = (&found.record, &trial.decision);
        let mut warnings: Vec<String> = record.warnings.iter().chain(&decision.warnings).cloned().collect();
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
        let held = |role: &Role| Held { role: role.to_string(), label: rules.label_of(role).to_string() };
        Person {
            name: record.profile.name.clone(),
            id: record.id.to_string(),
            number: record.profile.record_number.clone().unwrap_or_default(),
            email: record.profile.email.clone().unwrap_or_default(),
            as_of: told(record.as_of, zone),
            from_memory: found.instead_of.is_some(),
            at: if is_now { format!("Now, {}", told(trial.at, zone)) } else { told(trial.at, zone) },
            admitted: decision.admitted,
            membership,
            roles: decision.roles.iter().map(held).collect(),
            reasons: decision
                .trace
                .iter()
                .map(|verdict| Reason {
                    rule: verdict.rule.to_string(),
                    role: verdict.role.to_string(),
                    matched: verdict.matched,
                    because: verdict.because.clone(),
                })
                .collect(),
            changes: trial.changes.iter().map(|change| (told(change.at, zone), in_words(change))).collect(),
            warnings,
            said: found
                .said
                .as_ref()
                .and_then(|said| serde_json::to_string_pretty(said).ok())
                .unwrap_or_default(),
        }
    }
}

fn named(kind: Option<&str>) -> String {
    kind.map(|kind| format!(" ({kind})")).unwrap_or_default()
}

fn in_words(change: &Change) -> String {
    let list = |roles: &std::collections::BTreeSet<Role>| {
        roles.iter().map(Role::as_str).collect::<Vec<_>>().join(", ")
    };
    let gained = (!change.gained.is_empty()).then(|| format!("gains {}", list(&change.gained)));
    let lost = (!change.lost.is_empty()).then(|| format!("loses {}", list(&change.lost)));
    let both: Vec<String> = gained.into_iter().chain(lost).collect();
    if both.is_empty() { "membership type or last day changes".to_owned() } else { both.join("; ") }
}

/// Instants worth a look: now, each next change, and the turns of the year.
pub fn steps(who: &str, draft: bool, now: Timestamp, trial: &Trial, zone: &TimeZone) -> Vec<Step> {
    let mapping = if draft { "draft" } else { "published" };
    let who = utf8_percent_encode(who, NON_ALPHANUMERIC);
    let step = |says: String, at: Option<Timestamp>| {
        let at = at.map(|at| format!("&at={}", utf8_percent_encode(&boxed(at, zone), NON_ALPHANUMERIC)));
        Step {
            says,
            href: format!("/_gate/admin/people?who={who}&mapping={mapping}{}", at.unwrap_or_default()),
        }
    };
    // A date box knows minutes; the next full one is past the change.
    let minute = jiff::SignedDuration::from_secs(59);
    let next = trial.changes.first().map(|change| {
        step(
            format!("Next change, {}", told(change.at, zone)),
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

impl Page for PeoplePage {
    const STYLE: &'static str = crate::web::admin::state::STYLE;
    const SCRIPT: &'static str = crate::web::admin::state::SCRIPT;
    const FORMS: Forms = Forms::ToUs;

    fn status(&self) -> StatusCode {
        self.status
    }

    #[cfg(test)]
    fn samples() -> Vec<(&'static str, Self)> {
        let reason = |rule: &str, role: &str, matched, because: &str| Reason {
            rule: rule.to_owned(),
            role: role.to_owned(),
            matched,
            because: because.to_owned(),
        };
        let person = Person {
            name: "Zoë <b>O’Hara</b>".to_owned(),
            id: "b3a1c0de-0001-4222-8333-444455550001".to_owned(),
            number: "100481".to_owned(),
            email: "zoe@people.example".to_owned(),
            as_of: "4 March 2026, 10:42".to_owned(),
            from_memory: false,
            at: "Now, 4 March 2026, 10:42".to_owned(),
            admitted: true,
            membership: "Member (INDIV), to 31 December 2026".to_owned(),
            roles: vec![
                Held { role: "education".to_owned(), label: "Education committee".to_owned() },
                Held { role: "member".to_owned(), label: "Member".to_owned() },
            ],
            reasons: vec![
                reason("member", "member", true, "Member: Individual runs to 31 December 2026."),
                reason("Education committee", "education", true, "On committee EDU, to 30 June 2026."),
                reason("staff", "staff", false, "Does not have the security role Staff."),
            ],
            changes: vec![("1 July 2026, 00:00".to_owned(), "loses education".to_owned())],
            warnings: vec!["committee FIN: the start date cannot be read".to_owned()],
            said: "{\n  \"individual\": { \"id\": \"b3a1c0de\" }\n}".to_owned(),
        };
        let page = |person: Option<Person>, mend: Option<&str>| PeoplePage {
            shell: crate::web::admin::tests::samples::shell(crate::web::admin::shell::Room::People),
            who: Field::text("who", "Who", if mend.is_some() { "nobody@people.example" } else { "" })
                .hint("An e-mail address, a record number or an AMS id.")
                .required()
                .mend(mend.map(str::to_owned)),
            at: Field::text("at", "When (optional)", "")
                .kind("datetime-local")
                .hint("Empty: now. In the association’s time zone."),
            draft: false,
            steps: person
                .iter()
                .map(|_| Step {
                    says: "1 January 2027".to_owned(),
                    href: "/_gate/admin/people?who=x".to_owned(),
                })
                .collect(),
            may_view: true,
            person,
            status: if mend.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK },
        };
        let from_memory = Person {
            from_memory: true,
            said: String::new(),
            admitted: false,
            roles: Vec::new(),
            ..person.clone()
        };
        vec![
            ("people_empty", page(None, None)),
            ("people_full", page(Some(person), None)),
            ("people_from_memory", page(Some(from_memory), None)),
            ("people_error", page(None, Some("The AMS knows nobody by that."))),
        ]
    }
}
