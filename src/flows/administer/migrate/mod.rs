//! Moving from a plugin inside WordPress: where the roles of today differ from what the mapping would give, and why.
//!
//! `users` reads the export, `report` writes what was found. Nothing here changes anything.

mod report;
mod users;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde::Serialize;

use crate::adapters::store::StoreError;
use crate::adapters::store::directory::Directory;
use crate::domain::names::ListedNames;
use crate::domain::record::Record;
use crate::domain::roles::{self, Decision, Verdict};
use crate::domain::rule::{CORE_ROLES, Rules};
use crate::domain::time::Timestamp;
use crate::flows::directory::Beliefs;

pub use users::read_users;

/// Records opened at one go.
const PAGE: u16 = 500;

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
pub enum MigratedRole {
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
pub struct RoleDifference {
    /// The role.
    pub role: String,
    /// Comes (`true`) or goes.
    pub gained: bool,
    /// Why, in sentences; one for each rule that speaks of the role.
    pub because: Vec<String>,
}

/// One line of the report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ReportLine {
    /// Login name.
    pub login: String,
    /// E-mail address.
    pub email: Option<String>,
    /// The AMS's id, when a record was found.
    pub id: Option<String>,
    /// What becomes of this user.
    pub fate: MigratedRole,
    /// Roles that come or go.
    pub differences: Vec<RoleDifference>,
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
    pub lines: Vec<ReportLine>,
}

/// A comparison under way: records are looked at one after the other, and none is kept.
pub struct UserComparison {
    users: Vec<WordPressUser>,
    rules: Rules,
    at: Timestamp,
    managed: BTreeSet<String>,
    names: Arc<ListedNames>,
    by_sign: BTreeMap<Sign, Vec<usize>>,
    lines: Vec<ReportLine>,
}

/// By what a user is found. Without regard to case.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Sign {
    Id(String),
    RecordNumber(String),
    Email(String),
}

impl Sign {
    /// The surest one that the export has. One that leads nowhere is not overruled by a weaker one: the e-mail address may
    /// be somebody else's by now.
    fn of_user(user: &WordPressUser) -> Option<Sign> {
        let id = folded(&user.ams_id).map(Sign::Id);
        id.or_else(|| folded(&user.record_number).map(Sign::RecordNumber))
            .or_else(|| folded(&user.email).map(Sign::Email))
    }

    fn of_record(record: &Record) -> impl Iterator<Item = Sign> {
        let id = Sign::Id(record.id.as_str().to_lowercase());
        let number = folded(&record.profile.record_number).map(Sign::RecordNumber);
        let email = folded(&record.profile.email).map(Sign::Email);
        [Some(id), number, email].into_iter().flatten()
    }
}

fn folded(text: &Option<String>) -> Option<String> {
    text.as_deref().map(str::trim).filter(|text| !text.is_empty()).map(str::to_lowercase)
}

impl UserComparison {
    /// Of these users with what `rules` give at `at`.
    pub fn new(users: Vec<WordPressUser>, rules: Rules, at: Timestamp) -> UserComparison {
        let managed = rules
            .managed_roles()
            .iter()
            .map(|role| role.as_str().to_owned())
            .filter(|role| rules.manage_core_roles || !CORE_ROLES.contains(&role.as_str()))
            .collect();
        let mut by_sign: BTreeMap<Sign, Vec<usize>> = BTreeMap::new();
        for (at, user) in users.iter().enumerate() {
            if let Some(sign) = Sign::of_user(user) {
                by_sign.entry(sign).or_default().push(at);
            }
        }
        let lines = users.iter().map(|user| without_record(user, MigratedRole::NotFound)).collect();
        UserComparison { users, rules, at, managed, names: Arc::default(), by_sign, lines }
    }

    /// Reasons call things by these names.
    pub fn named(self, names: Arc<ListedNames>) -> UserComparison {
        UserComparison { names, ..self }
    }

    /// Looks at one record.
    pub fn look(&mut self, record: &Record) {
        let found = Sign::of_record(record).filter_map(|sign| self.by_sign.get(&sign));
        let found: BTreeSet<usize> = found.flatten().copied().collect();
        for at in found {
            let (Some(user), Some(line)) = (self.users.get(at), self.lines.get_mut(at)) else { continue };
            *line = match line.fate {
                MigratedRole::NotFound => {
                    let decision = roles::explain_by_name(record, &self.rules, &self.names, self.at);
                    compared(user, record, &decision, &self.rules, &self.managed)
                }
                _ => without_record(user, MigratedRole::Several),
            };
        }
    }

    /// The report, once every record has been looked at.
    pub fn report(self) -> Report {
        let mut sums = Sums::default();
        self.lines.iter().for_each(|line| sums.add(line));
        Report { sums, lines: self.lines }
    }

    /// Looks at everybody on file, as they are believed, and reports.
    pub async fn of_known(
        mut self,
        directory: &dyn Directory,
        environment: &str,
        beliefs: &Arc<Beliefs>,
    ) -> Result<Report, StoreError> {
        let mut after = 0;
        loop {
            let page = directory.records(environment, after, PAGE).await?;
            if page.len == 0 {
                return Ok(self.report());
            }
            after = page.last;
            // Opening is work for a processor, so it is kept off the threads that answer.
            let beliefs = Arc::clone(beliefs);
            let looking = tokio::task::spawn_blocking(move || {
                let at = self.at;
                let mut looks = |record| self.look(&beliefs.believed(record, at));
                page.open().try_for_each(|record| record.map(&mut looks)).map(|()| self)
            });
            let cut_short = |_| StoreError::Unavailable("looking at records was cut short".to_owned());
            self = looking.await.map_err(cut_short)??;
        }
    }
}

fn without_record(user: &WordPressUser, fate: MigratedRole) -> ReportLine {
    ReportLine {
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
    decision: &Decision,
    rules: &Rules,
    managed: &BTreeSet<String>,
) -> ReportLine {
    let given: BTreeSet<String> = decision.roles.iter().map(|role| role.as_str().to_owned()).collect();
    let today: BTreeSet<String> = user.roles.intersection(managed).cloned().collect();
    let given: BTreeSet<String> = given.intersection(managed).cloned().collect();
    let difference = |role: &String, gained| RoleDifference {
        role: role.clone(),
        gained,
        because: because(decision, role, gained),
    };
    let comes = given.difference(&today).map(|role| difference(role, true));
    let goes = today.difference(&given).map(|role| difference(role, false));
    let differences: Vec<RoleDifference> = comes.chain(goes).collect();
    let fate = match () {
        () if !decision.admitted => MigratedRole::NotAdmitted,
        () if differences.is_empty() => MigratedRole::Same,
        () => MigratedRole::Differs,
    };
    let mut warnings = decision.warnings.clone();
    if !record.has_all(&rules.parts()) {
        warnings.push("Parts of the record that the mapping asks for were not read.".to_owned());
    }
    ReportLine {
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
    let verdicts =
        decision.trace.iter().filter(|verdict| *verdict.role == *role && verdict.matched == gained);
    let told = |verdict: &Verdict| match &*verdict.rule {
        name if name == role => verdict.because.clone(),
        name => format!("{name}: {}", verdict.because),
    };
    verdicts.map(told).collect()
}

impl Sums {
    fn add(&mut self, line: &ReportLine) {
        self.users += 1;
        match line.fate {
            MigratedRole::Same => self.same += 1,
            MigratedRole::Differs => self.differ += 1,
            MigratedRole::NotAdmitted => self.not_admitted += 1,
            MigratedRole::NotFound | MigratedRole::Several => self.not_found += 1,
        }
        for difference in &line.differences {
            let sum = if difference.gained { &mut self.gained } else { &mut self.lost };
            *sum.entry(difference.role.clone()).or_default() += 1;
        }
    }
}
