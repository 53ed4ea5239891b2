//! Moving from a plugin inside WordPress: where the roles of today differ from what the mapping would give, and why. Pure.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use crate::domain::record::Record;
use crate::domain::roles::{self, Decision};
use crate::domain::rule::{CORE_ROLES, Role, Rules};
use crate::domain::time::Timestamp;

/// A user as WordPress exports one.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct WordPressUser {
    /// Login name, for people to find the user by.
    pub login: String,
    /// E-mail address.
    pub email: Option<String>,
    /// The AMS's id, where the export has a column for it.
    pub ams_id: Option<String>,
    /// The AMS's record number, likewise.
    pub record_number: Option<String>,
    /// Role slugs of today, as they stand in the export.
    pub roles: BTreeSet<String>,
}

/// What becomes of one user.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Fate {
    /// The roles stay as they are.
    Same,
    /// Some change.
    Differs,
    /// The AMS refuses this person, who gets no roles and no session.
    NotAdmitted,
    /// No record goes with this user; he or she is signed in by WordPress alone, or by another e-mail address.
    NotFound,
    /// Several records carry the user's e-mail address; which one it is nobody can say.
    Several,
}

/// A role that comes or goes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// The role.
    pub role: String,
    /// Comes (`true`) or goes.
    pub gained: bool,
    /// Why, in sentences; one for each rule that speaks of the role.
    pub because: Vec<String>,
}

/// One line of the report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Line {
    /// Login name.
    pub login: String,
    /// E-mail address.
    pub email: Option<String>,
    /// The AMS's id, when a record was found.
    pub id: Option<String>,
    /// What becomes of this user.
    pub fate: Fate,
    /// Roles that come or go.
    pub differences: Vec<Difference>,
    /// Roles that the mapping does not manage: the site keeps them as they are.
    pub kept: Vec<String>,
    /// What was not understood in the record, or was not read of it.
    pub warnings: Vec<String>,
}

/// The sums of a report.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Sums {
    /// Users in the export.
    pub users: usize,
    /// Of these, those whose roles stay.
    pub same: usize,
    /// Those whose roles change.
    pub differ: usize,
    /// Those whom the AMS refuses.
    pub not_admitted: usize,
    /// Those without a record, or with several.
    pub not_found: usize,
    /// How many users gain each role.
    pub gained: BTreeMap<String, usize>,
    /// How many lose each role.
    pub lost: BTreeMap<String, usize>,
}

/// The whole report.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Report {
    /// The sums.
    pub sums: Sums,
    /// One line for each user, in the order of the export.
    pub lines: Vec<Line>,
}

/// Finds the record of a user.
pub struct Records {
    records: Vec<Record>,
    by_id: BTreeMap<String, usize>,
    by_number: BTreeMap<String, usize>,
    /// `None`: several people share the address.
    by_email: BTreeMap<String, Option<usize>>,
}

enum Match<'a> {
    One(&'a Record),
    Several,
    None,
}

impl Records {
    /// All known records. Ids and numbers are compared trimmed, everything without regard to case.
    pub fn new(records: Vec<Record>) -> Records {
        let (mut by_id, mut by_number, mut by_email) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
        for (at, record) in records.iter().enumerate() {
            by_id.insert(record.id.as_str().to_owned(), at);
            if let Some(number) = record.profile.record_number.as_deref().and_then(folded) {
                by_number.insert(number, at);
            }
            if let Some(email) = record.profile.email.as_deref().and_then(folded) {
                by_email.entry(email).and_modify(|known| *known = None).or_insert(Some(at));
            }
        }
        Records { records, by_id, by_number, by_email }
    }

    /// By the surest sign that the export has. A sign that leads nowhere is not overruled by a weaker one: the e-mail
    /// address may be somebody else's by now.
    fn find(&self, user: &WordPressUser) -> Match<'_> {
        let at = match (folded_or_none(&user.ams_id), folded_or_none(&user.record_number)) {
            (Some(id), _) => self.by_id.get(&id).copied(),
            (None, Some(number)) => self.by_number.get(&number).copied(),
            (None, None) => match folded_or_none(&user.email).and_then(|email| self.by_email.get(&email)) {
                Some(None) => return Match::Several,
                Some(Some(at)) => Some(*at),
                None => None,
            },
        };
        at.and_then(|at| self.records.get(at)).map_or(Match::None, Match::One)
    }
}

fn folded(text: &str) -> Option<String> {
    let text = text.trim();
    (!text.is_empty()).then(|| text.to_lowercase())
}

fn folded_or_none(text: &Option<String>) -> Option<String> {
    text.as_deref().and_then(folded)
}

/// Compares the roles of today with what `rules` give at `at`.
pub fn compare(users: &[WordPressUser], records: &Records, rules: &Rules, at: Timestamp) -> Report {
    let managed: BTreeSet<String> = rules
        .managed_roles()
        .iter()
        .map(|role| role.as_str().to_owned())
        .filter(|role| rules.manage_core_roles || !CORE_ROLES.contains(&role.as_str()))
        .collect();
    let mut report = Report::default();
    for user in users {
        let line = match records.find(user) {
            Match::One(record) => compared(user, record, rules, &managed, at),
            Match::Several => without_record(user, Fate::Several),
            Match::None => without_record(user, Fate::NotFound),
        };
        report.sums.add(&line);
        report.lines.push(line);
    }
    report
}

fn without_record(user: &WordPressUser, fate: Fate) -> Line {
    Line {
        login: user.login.clone(),
        email: user.email.clone(),
        id: None,
        fate,
        differences: Vec::new(),
        kept: user.roles.iter().cloned().collect(),
        warnings: Vec::new(),
    }
}

fn compared(
    user: &WordPressUser,
    record: &Record,
    rules: &Rules,
    managed: &BTreeSet<String>,
    at: Timestamp,
) -> Line {
    let decision = roles::explain(record, rules, at);
    let given: BTreeSet<String> = decision.roles.iter().map(|role| role.as_str().to_owned()).collect();
    let today: BTreeSet<String> = user.roles.intersection(managed).cloned().collect();
    let given: BTreeSet<String> = given.intersection(managed).cloned().collect();
    let difference = |role: &String, gained| Difference {
        role: role.clone(),
        gained,
        because: because(&decision, role, gained),
    };
    let comes = given.difference(&today).map(|role| difference(role, true));
    let goes = today.difference(&given).map(|role| difference(role, false));
    let differences: Vec<Difference> = comes.chain(goes).collect();
    let fate = match () {
        () if !decision.admitted => Fate::NotAdmitted,
        () if differences.is_empty() => Fate::Same,
        () => Fate::Differs,
    };
    let mut warnings = decision.warnings.clone();
    if record.lacks(rules.parts()) {
        warnings.push("Parts of the record that the mapping asks for were not read.".to_owned());
    }
    Line {
        login: user.login.clone(),
        email: user.email.clone(),
        id: Some(record.id.to_string()),
        fate,
        differences,
        kept: user.roles.difference(managed).cloned().collect(),
        warnings,
    }
}

/// The reasons of the rules that give this role, or of all that do not.
fn because(decision: &Decision, role: &str, gained: bool) -> Vec<String> {
    let speaks = |role_of: &Role| role_of.as_str() == role;
    let verdicts = decision.trace.iter().filter(|verdict| speaks(&verdict.role) && verdict.matched == gained);
    verdicts.map(|verdict| format!("{}: {}", verdict.rule, verdict.because)).collect()
}

impl Sums {
    fn add(&mut self, line: &Line) {
        self.users += 1;
        match line.fate {
            Fate::Same => self.same += 1,
            Fate::Differs => self.differ += 1,
            Fate::NotAdmitted => self.not_admitted += 1,
            Fate::NotFound | Fate::Several => self.not_found += 1,
        }
        for difference in &line.differences {
            let sum = if difference.gained { &mut self.gained } else { &mut self.lost };
            *sum.entry(difference.role.clone()).or_default() += 1;
        }
    }
}
