//! `membergate migrate`: what would change for the users of a WordPress site, before anything does.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::Args;

use super::explain::{self, Line};
use super::shared::{CommandFailure, because, kind_named, open_store, runtime};
use crate::adapters::ams::kinds::Kind;
use crate::adapters::clock::{Clock as _, SystemClock};
use crate::config::{self, Env};
use crate::domain::names::ListedNames;
use crate::domain::time::Timestamp;
use crate::flows::administer::migrate::{Report, UserComparison, read_users};
use crate::flows::directory::{Beliefs, kept_rosters};
use crate::flows::grounds::Grounds;

/// What `migrate` compares.
#[derive(Debug, Args)]
pub struct MigrateArguments {
    /// The users with their roles, as WordPress exports them.
    #[arg(long, value_name = "FILE.csv")]
    pub users: PathBuf,
    /// The role mapping.
    #[arg(long, value_name = "FILE")]
    pub rules: PathBuf,
    /// The records, one JSON object on each line, as for `explain`. `-`: standard input. Left out: everybody whose record
    /// the store of the configuration holds.
    #[arg(long, value_name = "FILE.jsonl")]
    pub records: Option<PathBuf>,
    /// Which AMS wrote the records of `--records`: `remembers`, `novi` or `growthzone`.
    #[arg(long, value_name = "KIND", default_value = "remembers", value_parser = kind_named)]
    pub ams: Kind,
    /// The instant for which roles are worked out. Left out: now.
    #[arg(long, value_name = "RFC3339")]
    pub at: Option<Timestamp>,
    /// How the report is written.
    #[arg(long, value_enum, default_value_t)]
    pub format: ReportFormat,
}

/// How a report is written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum ReportFormat {
    /// For people.
    #[default]
    Text,
    /// One JSON document.
    Json,
    /// For a spreadsheet.
    Csv,
}

/// Shown with the command's help.
pub const EXAMPLES: &str = "\
Examples:
  wp user list --fields=user_login,user_email,roles --format=csv > users.csv
  membergate migrate --users users.csv --rules config/rules.toml
  membergate migrate --users users.csv --rules rules.toml --records people.jsonl --format csv > report.csv
  membergate migrate --users users.csv --rules rules.toml --records members.jsonl --ams novi";

/// Compares, and writes the report.
pub fn run(
    asked: &MigrateArguments,
    config: &Path,
    env: &dyn Env,
    out: &mut dyn Write,
) -> Result<(), CommandFailure> {
    let unread = |path: &Path| {
        let path = path.display().to_string();
        move |error: io::Error| because(format!("cannot read {path}: {error}"))
    };
    let export = std::fs::read(&asked.users).map_err(unread(&asked.users))?;
    let users =
        read_users(&export).map_err(|fault| because(format!("{}: {fault}", asked.users.display())))?;
    let rules = std::fs::read_to_string(&asked.rules).map_err(unread(&asked.rules))?;
    let rules = config::rules::parse(&rules).map_err(|problems| {
        let file = asked.rules.display().to_string();
        CommandFailure::Configuration(
            problems.into_iter().map(|problem| problem.in_file(file.clone())).collect(),
        )
    })?;
    let at = asked.at.unwrap_or_else(|| SystemClock.now());
    let comparison = UserComparison::new(users, rules, at);
    let report = match &asked.records {
        None => from_store(comparison, config, env)?,
        Some(path) if path == Path::new("-") => {
            from_lines(comparison, &mut io::stdin().lock(), asked.ams, at)?
        }
        Some(path) => {
            let file = File::open(path).map_err(unread(path))?;
            from_lines(comparison, &mut BufReader::with_capacity(1 << 16, file), asked.ams, at)?
        }
    };
    match asked.format {
        ReportFormat::Text => out.write_all(report.to_text().as_bytes())?,
        ReportFormat::Json => writeln!(out, "{}", report.to_json().map_err(because)?)?,
        ReportFormat::Csv => out.write_all(&report.to_csv().map_err(because)?)?,
    }
    Ok(())
}

fn from_store(comparison: UserComparison, config: &Path, env: &dyn Env) -> Result<Report, CommandFailure> {
    let settings = config::load(config, env).map_err(CommandFailure::Configuration)?;
    let store = open_store(&settings)?;
    let environment = &settings.ams.live.environment();
    let compared = async {
        let grounds = Grounds::new(settings.session);
        grounds.set_rosters(kept_rosters(&*store, environment).await?, false);
        let listed = store.catalogue(environment).await?;
        let names = listed.as_ref().map(ListedNames::from).unwrap_or_default();
        comparison
            .named(Arc::new(names))
            .of_known(&*store, environment, &Beliefs::new(grounds, &settings.directory))
            .await
    };
    runtime()?.block_on(compared).map_err(because)
}

/// A line that is no record stops the comparison: what is missing would look like a loss.
fn from_lines(
    mut comparison: UserComparison,
    records: &mut dyn BufRead,
    of: Kind,
    at: Timestamp,
) -> Result<Report, CommandFailure> {
    let mut buffer = Vec::new();
    for number in 1_u64.. {
        match explain::read_line(records, &mut buffer)? {
            Line::End => break,
            Line::TooLong => return Err(because(format!("line {number} of the records is too long"))),
            Line::Read if buffer.trim_ascii().is_empty() => {}
            Line::Read => {
                let record = explain::record(&buffer, of, at)
                    .map_err(|error| because(format!("line {number} of the records: {error}")))?;
                comparison.look(&record);
            }
        }
    }
    Ok(comparison.report())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::env::Machine;

    const RULES: &str = r#"
time_zone = "America/New_York"
everyone = "subscriber"
member = "member"
non_member = "non_member"

[[rule]]
role = "education_chair"
when = [{ committee = "EDU", positions = ["CHAIR"] }]
"#;

    const RECORDS: &str = r#"
{"individual":{"id":"a1","recordNumber":"17","email":"Dana@reef.example","memberships":[{"code":"GOLD","joinDate":"2020-01-01","expireDate":"2026-12-31T00:00:00"}]},"committees":[{"committee":{"code":"EDU"},"positionCode":"CHAIR"}]}
{"individual":{"id":"a2","email":"omar@reef.example","memberships":[{"code":"GOLD","joinDate":"2020-01-01","expireDate":"2025-12-31T00:00:00"}]}}
{"individual":{"id":"a3","email":"two@reef.example"}}
{"individual":{"id":"a4","email":"TWO@reef.example"}}
{"individual":{"id":"a5","email":"una@reef.example","user":{"isApproved":false}}}
"#;

    const USERS: &str = "user_login,user_email,roles\n\
        dana,dana@reef.example,\"editor,subscriber,member\"\n\
        omar,omar@reef.example,\"subscriber,member\"\n\
        two,two@reef.example,subscriber\n\
        una,una@reef.example,member\n\
        nobody,nobody@reef.example,administrator\n\
        same,,\n\
        =cmd(),dana@reef.example,\"subscriber,member,education_chair\"\n";

    fn migrate(format: ReportFormat) -> String {
        migrated(USERS, RULES, RECORDS, Kind::ReMembers, format)
    }

    fn migrated(users: &str, rules: &str, records: &str, ams: Kind, format: ReportFormat) -> String {
        let folder = tempfile::tempdir().unwrap();
        let file = |name: &str, text: &str| {
            let path = folder.path().join(name);
            std::fs::write(&path, text).unwrap();
            path
        };
        let asked = MigrateArguments {
            users: file("users.csv", users),
            rules: file("rules.toml", rules),
            records: Some(file("people.jsonl", records)),
            ams,
            at: Some("2026-06-01T00:00:00Z".parse().unwrap()),
            format,
        };
        let mut out = Vec::new();
        run(&asked, Path::new("/nowhere"), &Machine, &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn the_report_says_who_changes_and_why() {
        insta::assert_snapshot!(migrate(ReportFormat::Text), @r"
        7 users: 1 stay as they are, 2 change, 3 without a record of their own, 1 not admitted by the AMS
          1 gain education_chair
          1 gain non_member
          2 lose member

        dana (dana@reef.example): changes
          + education_chair: On committee EDU as CHAIR.

        omar (omar@reef.example): changes
          + non_member: Not a member: GOLD ended on 31 December 2025.
          - member: Not a member: GOLD ended on 31 December 2025.

        two (two@reef.example): several records carry this e-mail address

        una (una@reef.example): not admitted by the AMS: no roles and no session
          - member: The AMS has not approved this person's login.

        nobody (nobody@reef.example): no record is known

        same: no record is known
        ");
    }

    #[test]
    fn the_same_report_comes_as_json_and_for_a_spreadsheet() {
        let json: serde_json::Value = serde_json::from_str(&migrate(ReportFormat::Json)).unwrap();
        assert_eq!(json["sums"]["users"], 7);
        assert_eq!(json["lines"][0]["kept"][0], "editor");
        assert_eq!(json["lines"][4]["fate"], "not_found");
        insta::assert_snapshot!(migrate(ReportFormat::Csv), @r"
        login,email,ams_id,fate,change,role,because,kept,warnings
        dana,dana@reef.example,a1,changes,gains,education_chair,On committee EDU as CHAIR.,editor,
        omar,omar@reef.example,a2,changes,gains,non_member,Not a member: GOLD ended on 31 December 2025.,,
        omar,omar@reef.example,a2,changes,loses,member,Not a member: GOLD ended on 31 December 2025.,,
        two,two@reef.example,,several records carry this e-mail address,,,,subscriber,
        una,una@reef.example,a5,not admitted by the AMS: no roles and no session,loses,member,The AMS has not approved this person's login.,,
        nobody,nobody@reef.example,,no record is known,,,,administrator,
        same,,,no record is known,,,,,
        '=cmd(),dana@reef.example,a1,stays as it is,,,,,
        ");
    }

    /// AMS Connect for WP gives Novi's `current` and `inheriting` the role of members and everybody else that of non-members, and knows
    /// people by their e-mail address.
    #[test]
    fn what_ams_connect_gives_for_novi_is_compared_by_e_mail() {
        let rules = "time_zone = \"America/New_York\"\nmember = \"member\"\nnon_member = \"non_member\"\n";
        let member = |id: &str, email: &str, more: &str| {
            format!(
                r#"{{"individual":{{"UniqueID":"6a6f5f2e-000{id}-4222-8333-44445555000{id}","CustomerType":"Person","AccountEmail":"{email}","Active":true,"Approved":true,{more}}}}}"#
            )
        };
        let kind = r#"{"UniqueID":"1f000000-0001-4aaa-8bbb-000000000001","Name":"Individual"}"#;
        let own = |word: &str, until: &str| {
            format!(
                r#""MemberStatus":"{word}","MemberSince":"2019-03-01T00:00:00-05:00","MembershipExpires":"{until}","MemberType":{kind},"EffectiveMemberType":{kind}"#
            )
        };
        let inherits = format!(r#""MemberStatus":"current","MemberType":null,"EffectiveMemberType":{kind}"#);
        let records = [
            member("1", "Dana@people.example", &own("current", "2026-12-31T00:00:00-05:00")),
            member("2", "marek@people.example", &inherits),
            member("3", "greta@people.example", &own("grace_period", "2026-05-20T00:00:00-05:00")),
            member("4", "emil@people.example", &own("expired", "2025-12-31T00:00:00-05:00")),
        ]
        .join("\n");
        let users = "user_login,user_email,roles\n\
            dana,dana@people.example,member\n\
            marek,marek@people.example,member\n\
            greta,greta@people.example,non_member\n\
            emil,emil@people.example,member\n";
        let told = |rules: &str| migrated(users, rules, &records, Kind::Novi, ReportFormat::Text);
        let as_before = told(&format!("{rules}honor_grace = false\n"));
        assert!(as_before.starts_with("4 users: 3 stay as they are, 1 change,"), "{as_before}");
        assert!(as_before.contains("emil (emil@people.example): changes"), "{as_before}");
        // In grace the benefits go on at Novi; AMS Connect does not know the word.
        let with_grace = told(&format!("{rules}honor_grace = true\n"));
        assert!(with_grace.contains("greta (greta@people.example): changes\n  + member:"), "{with_grace}");
    }

    /// Plugins for OAuth keep the subject with the user, which is the record's id.
    #[test]
    fn a_plugin_for_oauth_is_compared_by_the_id_that_it_keeps() {
        const ID: &str = "6a6f5f2e-0001-4222-8333-444455550001";
        let rules = "time_zone = \"UTC\"\nnon_member = \"non_member\"\n";
        let records = format!(
            r#"{{"individual":{{"UniqueID":"{ID}","CustomerType":"Person","AccountEmail":"dana@people.example","Active":true,"Approved":true,"MemberStatus":"non_member"}}}}"#
        );
        let found = |users: &str| {
            let json = migrated(users, rules, &records, Kind::Novi, ReportFormat::Json);
            serde_json::from_str::<serde_json::Value>(&json).unwrap()["lines"][0].clone()
        };
        for users in [
            format!(
                "user_login,user_email,roles,openid-connect-generic-subject-identity\nd,old@people.example,non_member,{ID}\n"
            ),
            format!(
                "user_login,user_email,roles,sub\nd,old@people.example,non_member,{}\n",
                ID.to_uppercase()
            ),
            format!("user_login,user_email,roles,UniqueID\nd,,non_member,{ID}\n"),
            format!("user_login,user_email,roles\n{ID},old@people.example,non_member\n"),
            "user_login,user_email,roles\nd,DANA@people.example,non_member\n".to_owned(),
        ] {
            let line = found(&users);
            assert_eq!((&line["id"], &line["fate"]), (&ID.into(), &"same".into()), "{users}: {line}");
        }
        // An id that leads nowhere is not overruled by an address, which may be somebody else's by now.
        let line = found(
            "user_login,user_email,roles,sub\nd,dana@people.example,non_member,6a6f5f2e-0009-4222-8333-444455550009\n",
        );
        assert_eq!(line["fate"], "not_found", "{line}");
    }
}
