//! `membergate explain`: one decision per record, with its reasons, without a network.
//!
//! Streams: a line in, an answer out, and nothing kept between them. A line that is no record gets an answer that names
//! it, in its place, so that answers stay in step with lines; the run goes on and fails at its end.

use std::io::{self, BufRead, BufWriter, Write};
use std::path::{Path, PathBuf};

use serde::Serialize;
use serde_json::Value;

use crate::adapters::ams::NoRecord;
use crate::adapters::ams::kinds::Kind;
use crate::config::{self, Problem};
use crate::domain::record::Record;
use crate::domain::roles::{self, Decision};
use crate::domain::rule::Rules;
use crate::domain::time::Timestamp;

/// No record needs a longer line; what is longer is skipped without being held.
const LONGEST_LINE: usize = 4 << 20;

/// How answers are written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum AnswerFormat {
    /// For people.
    #[default]
    Text,
    /// One JSON object per line.
    Json,
}

/// Why `explain` failed. All but `Output` are for whoever wrote the files.
#[derive(Debug, thiserror::Error)]
pub enum ExplainError {
    /// The rules file cannot be opened or read.
    #[error("cannot read {}: {error}", path.display())]
    RulesFile {
        /// The file.
        path: PathBuf,
        /// What the system said.
        error: io::Error,
    },
    /// The rules file is wrong; every problem in it.
    #[error("{}", lines(.0))]
    Rules(Vec<Problem>),
    /// The records cannot be read on.
    #[error("cannot read the records after line {line}: {error}")]
    Records {
        /// The last line that was read.
        line: u64,
        /// What the system said.
        error: io::Error,
    },
    /// Some lines were no records. Every other line has its decision.
    #[error("{count} of {lines} lines are not records; the first is line {first}")]
    BadLines {
        /// How many.
        count: u64,
        /// Of how many.
        lines: u64,
        /// The first of them, from 1.
        first: u64,
    },
    /// The answers cannot be written.
    #[error("cannot write the answers: {0}")]
    Output(io::Error),
}

/// Decides about each line of `records`, as that kind of AMS writes them, at the instant `at`, in input order. Blank lines are passed over.
pub fn run(
    rules: &Path,
    records: &mut dyn BufRead,
    of: Kind,
    at: Timestamp,
    format: AnswerFormat,
    out: &mut dyn Write,
) -> Result<(), ExplainError> {
    let text = std::fs::read_to_string(rules)
        .map_err(|error| ExplainError::RulesFile { path: rules.to_owned(), error })?;
    let rules = config::rules::parse(&text).map_err(|problems| {
        let file = rules.display().to_string();
        ExplainError::Rules(problems.into_iter().map(|problem| problem.in_file(file.clone())).collect())
    })?;
    stream(&rules, records, of, at, format, out)
}

fn stream(
    rules: &Rules,
    records: &mut dyn BufRead,
    of: Kind,
    at: Timestamp,
    format: AnswerFormat,
    out: &mut dyn Write,
) -> Result<(), ExplainError> {
    let mut out = BufWriter::with_capacity(1 << 16, out);
    let (mut line, mut bad, mut first_bad) = (0, 0, 0);
    let mut buffer = Vec::new();
    loop {
        let read = read_line(records, &mut buffer).map_err(|error| ExplainError::Records { line, error })?;
        let answer = match read {
            Line::End => break,
            Line::TooLong => Err(LineError::TooLong),
            Line::Read if buffer.trim_ascii().is_empty() => {
                line += 1;
                continue;
            }
            Line::Read => decide(&buffer, rules, of, at),
        };
        line += 1;
        if answer.is_err() {
            bad += 1;
            first_bad = if bad == 1 { line } else { first_bad };
        }
        let written = match (&answer, format) {
            (Ok((record, decision)), AnswerFormat::Json) => json(&mut out, record, decision),
            (Ok((record, decision)), AnswerFormat::Text) => self::text(&mut out, record, decision),
            (Err(error), AnswerFormat::Json) => {
                json_line(&mut out, &BadLine { line, error: error.to_string() })
            }
            (Err(error), AnswerFormat::Text) => writeln!(out, "line {line}: {error}\n"),
        };
        if let Err(error) = written {
            return ended(error);
        }
    }
    if let Err(error) = out.flush() {
        return ended(error);
    }
    if bad > 0 { Err(ExplainError::BadLines { count: bad, lines: line, first: first_bad }) } else { Ok(()) }
}

/// A reader that has seen enough and closed the pipe, such as `head`, is no failure.
fn ended(error: io::Error) -> Result<(), ExplainError> {
    if error.kind() == io::ErrorKind::BrokenPipe { Ok(()) } else { Err(ExplainError::Output(error)) }
}

#[derive(Debug, thiserror::Error)]
pub(super) enum LineError {
    #[error("the line is longer than {LONGEST_LINE} bytes")]
    TooLong,
    // The parser's own text names the place and never quotes the line.
    #[error("not valid JSON: {0}")]
    NotJson(#[from] serde_json::Error),
    #[error("not a JSON object")]
    NotAnObject,
    #[error(transparent)]
    NoRecord(#[from] NoRecord),
}

fn decide(line: &[u8], rules: &Rules, of: Kind, at: Timestamp) -> Result<(Record, Decision), LineError> {
    let record = record(line, of, at)?;
    let decision = roles::explain(&record, rules, at);
    Ok((record, decision))
}

/// The record of one line, as this kind of AMS writes it.
pub(super) fn record(line: &[u8], of: Kind, at: Timestamp) -> Result<Record, LineError> {
    let Value::Object(object) = serde_json::from_slice(line)? else { return Err(LineError::NotAnObject) };
    Ok(of.record(object, at)?)
}

pub(super) enum Line {
    Read,
    TooLong,
    End,
}

/// Reads up to and without the newline. A line that is too long is read to its end but not kept.
pub(super) fn read_line(input: &mut dyn BufRead, buffer: &mut Vec<u8>) -> io::Result<Line> {
    buffer.clear();
    let (mut anything, mut too_long) = (false, false);
    loop {
        let chunk = match input.fill_buf() {
            Ok(chunk) => chunk,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        if chunk.is_empty() {
            break;
        }
        anything = true;
        let mut parts = chunk.splitn(2, |byte| *byte == b'\n');
        let part = parts.next().unwrap_or_default();
        let ended = parts.next().is_some();
        too_long |= buffer.len() + part.len() > LONGEST_LINE;
        if !too_long {
            buffer.extend_from_slice(part);
        }
        let used = part.len() + usize::from(ended);
        input.consume(used);
        if ended {
            break;
        }
    }
    Ok(if too_long {
        Line::TooLong
    } else if anything {
        Line::Read
    } else {
        Line::End
    })
}

#[derive(Serialize)]
struct BadLine {
    line: u64,
    error: String,
}

#[derive(Serialize)]
struct AnswerLine<'a> {
    id: &'a str,
    admitted: bool,
    member: bool,
    roles: Vec<&'a str>,
    membership_type: Option<&'a str>,
    membership_code: Option<&'a str>,
    membership_expires: Option<jiff::civil::Date>,
    holds_until: Option<Timestamp>,
    trace: Vec<Because<'a>>,
    warnings: &'a [String],
}

#[derive(Serialize)]
struct Because<'a> {
    rule: &'a str,
    matched: bool,
    because: &'a str,
}

fn json(out: &mut impl Write, record: &Record, decision: &Decision) -> io::Result<()> {
    let reasons = decision.trace.iter();
    let answer = AnswerLine {
        id: record.id.as_str(),
        admitted: decision.admitted,
        member: decision.member,
        roles: decision.roles.iter().map(|role| role.as_str()).collect(),
        membership_type: decision.membership_type.as_deref(),
        membership_code: decision.membership_code.as_deref(),
        membership_expires: decision.membership_expires,
        holds_until: decision.holds_until,
        trace: reasons
            .map(|verdict| Because {
                rule: &verdict.rule,
                matched: verdict.matched,
                because: &verdict.because,
            })
            .collect(),
        warnings: &decision.warnings,
    };
    json_line(out, &answer)
}

fn json_line(out: &mut impl Write, answer: &impl Serialize) -> io::Result<()> {
    serde_json::to_writer(&mut *out, answer)?;
    out.write_all(b"\n")
}

fn text(out: &mut impl Write, record: &Record, decision: &Decision) -> io::Result<()> {
    let roles: Vec<&str> = decision.roles.iter().map(|role| role.as_str()).collect();
    let roles = if roles.is_empty() { "none".into() } else { roles.join(", ") };
    writeln!(out, "{}", record.id)?;
    let kind = decision.membership_type.as_deref().or(decision.membership_code.as_deref());
    let kind = kind.filter(|_| decision.member).map(|kind| format!(", {kind}")).unwrap_or_default();
    let expires = decision.membership_expires.map(|day| format!(", to {day}")).unwrap_or_default();
    let standing = match (decision.admitted, decision.member) {
        (false, _) => "not admitted",
        (true, true) => "member",
        (true, false) => "not a member",
    };
    writeln!(out, "  {standing}{kind}{expires}")?;
    writeln!(out, "  roles: {roles}")?;
    match decision.holds_until {
        Some(until) => writeln!(out, "  until: {until}")?,
        None => writeln!(out, "  until: something other than time changes it")?,
    }
    for verdict in &decision.trace {
        let sign = if verdict.matched { '+' } else { '-' };
        writeln!(out, "  {sign} {}: {}", verdict.rule, verdict.because)?;
    }
    for warning in &decision.warnings {
        writeln!(out, "  ! {warning}")?;
    }
    writeln!(out)
}

fn lines(problems: &[Problem]) -> String {
    problems.iter().map(Problem::to_string).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    const RULES: &str = r#"
        time_zone = "America/New_York"
        member = "member"
        non_member = "non_member"
        [[rule]]
        role = "chair"
        when = [{ committee = "edu", positions = ["CHAIR"] }]
        [[rule]]
        role = "no_press"
        when = [{ not = { security_role = "Press" } }, { not = { purchase = "WEB1" } }]
    "#;

    fn explain(records: &str, format: AnswerFormat) -> (String, Result<(), ExplainError>) {
        let rules = config::rules::parse(RULES).unwrap();
        let mut out = Vec::new();
        let at = "2026-06-01T00:00:00Z".parse().unwrap();
        let ended = stream(&rules, &mut records.as_bytes(), Kind::default(), at, format, &mut out);
        (String::from_utf8(out).unwrap(), ended)
    }

    const CHAIR: &str = r#"{"individual":{"id":"AB","memberships":[{"code":"GOLD","joinDate":"2020-01-01","expireDate":"2026-12-31T00:00:00"}],"committees":[{"committee":{"code":"EDU"},"positionCode":"chair","endDate":"2026-07-31"}]}}"#;

    #[test]
    fn an_answer_has_the_agreed_shape() {
        let (out, ended) = explain(CHAIR, AnswerFormat::Json);
        ended.unwrap();
        insta::assert_snapshot!(out.trim_end(), @r#"{"id":"ab","admitted":true,"member":true,"roles":["chair","member","no_press"],"membership_type":null,"membership_code":"GOLD","membership_expires":"2026-12-31","holds_until":"2026-08-01T04:00:00Z","trace":[{"rule":"member","matched":true,"because":"Member: GOLD runs to 31 December 2026."},{"rule":"non_member","matched":false,"because":"Member: GOLD runs to 31 December 2026."},{"rule":"chair","matched":true,"because":"On committee edu as CHAIR, to 31 July 2026."},{"rule":"no_press","matched":true,"because":"Does not have the security role Press. Did not buy WEB1."}],"warnings":[]}"#);
    }

    #[test]
    fn an_answer_for_people_gives_the_reasons() {
        let (out, ended) = explain(CHAIR, AnswerFormat::Text);
        ended.unwrap();
        insta::assert_snapshot!(out, @r"
        ab
          member, GOLD, to 2026-12-31
          roles: chair, member, no_press
          until: 2026-08-01T04:00:00Z
          + member: Member: GOLD runs to 31 December 2026.
          - non_member: Member: GOLD runs to 31 December 2026.
          + chair: On committee edu as CHAIR, to 31 July 2026.
          + no_press: Does not have the security role Press. Did not buy WEB1.
        ");
    }

    #[test]
    fn a_bad_line_is_named_in_its_place_and_the_rest_is_decided() {
        let lines = [CHAIR, "", "{\"individual\":", "[]", "{}", "{\"individual\":{\"id\":\"\"}}", CHAIR];
        let (out, ended) = explain(&lines.join("\n"), AnswerFormat::Json);
        let answers: Vec<Value> = out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        let bad: Vec<u64> = answers.iter().filter_map(|answer| answer["line"].as_u64()).collect();
        assert_eq!((answers.len(), bad), (6, vec![3, 4, 5, 6]));
        let ended = ended.unwrap_err().to_string();
        assert_eq!(ended, "4 of 7 lines are not records; the first is line 3");
    }

    #[test]
    fn an_endless_line_is_skipped_without_being_held() {
        let long = format!("\"{}\"\n{CHAIR}\n", "x".repeat(LONGEST_LINE));
        let (out, ended) = explain(&long, AnswerFormat::Json);
        assert!(out.starts_with("{\"line\":1,\"error\":\"the line is longer than"), "{out}");
        assert_eq!(out.lines().count(), 2);
        assert!(ended.is_err());
    }

    #[test]
    fn a_part_beside_the_individual_replaces_the_one_inside() {
        let line =
            CHAIR.replace("]}}", "]},\"committees\":{\"pageNumber\":1,\"dataList\":[]},\"comittees\":[]}");
        let (out, _) = explain(&line, AnswerFormat::Json);
        assert!(out.contains(r#""roles":["member","no_press"]"#), "{out}");
        assert!(out.contains("`comittees` is not a part of a record"), "{out}");
    }

    #[test]
    fn a_part_that_cannot_be_understood_grants_nothing_and_denies_nothing() {
        let line = r#"{"individual":{"id":"a"},"purchases":"all of them","committees":[null,7]}"#;
        let (out, _) = explain(line, AnswerFormat::Json);
        assert!(out.contains(r#""roles":["non_member"]"#), "{out}");
        assert!(out.contains("The purchase at place 1 cannot be understood"), "{out}");
        assert!(out.contains("The committee at place 1 cannot be understood"), "{out}");
    }
}
