//! Reads an export of WordPress users: whatever tool made it, whatever it calls its columns.
//!
//! Known to work: `wp user list --format=csv`, exports that split several roles by comma, semicolon or bar, and exports of
//! the database with PHP's way of writing capabilities.

use std::collections::BTreeSet;

use super::WordPressUser;
use crate::domain::guid::is_guid;

/// The export cannot be used. The administrator's to mend.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ExportFault {
    /// Not a text that we read.
    #[error("the export is not UTF-8 text; save it as CSV in UTF-8")]
    NotText,
    /// Nothing but perhaps a heading.
    #[error("the export has no users in it")]
    Empty,
    /// No column tells the roles.
    #[error("the export has no column with roles; name it `roles`")]
    NoRoles,
    /// No column tells who it is.
    #[error(
        "the export has no column that says who a user is; name one `user_email`, `record_number` or `ams_id`"
    )]
    NoSign,
    /// A line breaks the rules of CSV, such as a quote that is never closed.
    #[error("line {0} of the export cannot be read as CSV")]
    BadLine(u64),
}

/// Names of columns, in lower case and without anything but letters and digits.
const LOGIN: &[&str] = &["userlogin", "login", "username", "displayname", "name"];
const EMAIL: &[&str] = &["useremail", "email", "emailaddress", "mail"];
const ROLES: &[&str] = &["roles", "role", "userroles", "userrole", "wpcapabilities", "capabilities"];
const AMS_ID: &[&str] = &[
    "amsid",
    "individualid",
    "rememberid",
    "remembersid",
    "impexiumid",
    // Novi's, and the subject that plugins for OAuth and OpenID Connect keep of it.
    "uniqueid",
    "customeruniqueid",
    "noviuniqueid",
    "noviid",
    "openidconnectgenericsubjectidentity",
    "subjectidentity",
    "subject",
    "sub",
];
const RECORD_NUMBER: &[&str] =
    &["recordnumber", "amsrecordnumber", "remembersrecordnumber", "impexiumrecordnumber", "membernumber"];

/// Reads the users, in the order of the export. A line with a user who cannot be found by anything is kept: it is reported.
pub fn read_users(export: &[u8]) -> Result<Vec<WordPressUser>, ExportFault> {
    let text = std::str::from_utf8(export).map_err(|_| ExportFault::NotText)?;
    // Spreadsheets put a byte order mark before UTF-8.
    let text = text.trim_start_matches('\u{feff}');
    let mut reader =
        csv::ReaderBuilder::new().delimiter(delimiter(text)).flexible(true).from_reader(text.as_bytes());
    let heading = reader.headers().map_err(|_| ExportFault::BadLine(1))?;
    let columns: Vec<String> = heading.iter().map(folded).collect();
    let column = |names: &[&str]| {
        // In the order of the names: the surest one counts where a file has several.
        names.iter().find_map(|name| columns.iter().position(|column| column == name))
    };
    let of_any_prefix = || columns.iter().position(|column| column.ends_with("capabilities"));
    let (login, email, number, id) = (column(LOGIN), column(EMAIL), column(RECORD_NUMBER), column(AMS_ID));
    if columns.iter().all(String::is_empty) {
        return Err(ExportFault::Empty);
    }
    let roles = column(ROLES).or_else(of_any_prefix).ok_or(ExportFault::NoRoles)?;
    if email.is_none() && number.is_none() && id.is_none() {
        return Err(ExportFault::NoSign);
    }
    let mut users = Vec::new();
    for row in reader.records() {
        let row =
            row.map_err(|error| ExportFault::BadLine(error.position().map_or(0, csv::Position::line)))?;
        let cell = |at: Option<usize>| {
            let text = row.get(at?)?.trim();
            (!text.is_empty()).then(|| text.to_owned())
        };
        if row.iter().all(|cell| cell.trim().is_empty()) {
            continue;
        }
        let (email, login) = (cell(email), cell(login));
        // Some plugins for OAuth name the user by the subject.
        let by_login = || login.clone().filter(|login| is_guid(login));
        users.push(WordPressUser {
            ams_id: cell(id).or_else(by_login),
            login: login.or_else(|| email.clone()).unwrap_or_default(),
            email,
            record_number: cell(number),
            roles: roles_in(row.get(roles).unwrap_or_default()),
        });
    }
    if users.is_empty() { Err(ExportFault::Empty) } else { Ok(users) }
}

/// What separates the columns: whichever the heading has most of.
fn delimiter(text: &str) -> u8 {
    let heading = text.lines().next().unwrap_or_default();
    let count = |mark: u8| heading.bytes().filter(|byte| *byte == mark).count();
    [b',', b';', b'\t'].into_iter().rev().max_by_key(|mark| count(*mark)).unwrap_or(b',')
}

fn folded(name: &str) -> String {
    name.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_ascii_lowercase()
}

/// The roles in a cell. Several are split at a comma, semicolon, bar or line; PHP writes
/// `a:1:{s:10:"subscriber";b:1;}`, where `b:0` is one that the user does not have.
fn roles_in(cell: &str) -> BTreeSet<String> {
    if cell.trim_start().starts_with("a:") && cell.contains('{') {
        let parts: Vec<&str> = cell.split('"').collect();
        // Odd parts stand in quotes; each is followed by the part that says whether it holds.
        let quoted = parts.iter().skip(1).step_by(2);
        let after = parts.iter().skip(2).step_by(2);
        let held = quoted.zip(after).filter(|(_, after)| after.starts_with(";b:1"));
        return held.filter_map(|(role, _)| slug(role)).collect();
    }
    cell.split([',', ';', '|', '\n']).filter_map(slug).collect()
}

/// A role as its slug: exports for people write `Education chair`.
fn slug(role: &str) -> Option<String> {
    let role = role.trim().to_lowercase().replace(' ', "_");
    (!role.is_empty() && role != "none").then_some(role)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn roles(user: &WordPressUser) -> Vec<&str> {
        user.roles.iter().map(String::as_str).collect()
    }

    #[test]
    fn an_export_is_read_whatever_its_columns_are_called() {
        let check = |export: &str| {
            let users = read_users(export.as_bytes()).unwrap();
            assert_eq!(users.len(), 1, "{export}");
            assert_eq!(users[0].email.as_deref(), Some("dana@reef.example"), "{export}");
            assert_eq!(roles(&users[0]), ["member", "subscriber"], "{export}");
        };
        check(
            "ID,user_login,display_name,user_email,user_registered,roles\n7,dana,Dana,dana@reef.example,2020-01-01,\"subscriber,member\"\n",
        );
        check("\u{feff}Username;E-mail;Role\r\ndana;dana@reef.example;Subscriber|Member\r\n");
        check("Email Address\tUser Role\ndana@reef.example\tmember;subscriber\n\n");
        check(
            "user_email,x7_capabilities\ndana@reef.example,\"a:3:{s:10:\"\"subscriber\"\";b:1;s:6:\"\"member\"\";b:1;s:6:\"\"editor\"\";b:0;}\"\n",
        );
    }

    #[test]
    fn a_line_break_in_quotes_and_a_short_line_do_no_harm() {
        let export = "user_login,bio,user_email,record_number,roles\na,\"two\nlines\",a@reef.example,17,editor\nb,,b@reef.example\n";
        let users = read_users(export.as_bytes()).unwrap();
        assert_eq!((users[0].record_number.as_deref(), roles(&users[0])), (Some("17"), vec!["editor"]));
        assert_eq!((users[1].login.as_str(), roles(&users[1])), ("b", vec![]));
    }

    #[test]
    fn an_export_that_cannot_be_used_says_what_is_missing() {
        let check = |export: &[u8], fault: ExportFault| assert_eq!(read_users(export), Err(fault));
        check(b"", ExportFault::Empty);
        check(b"user_email,roles\n", ExportFault::Empty);
        check(b"user_email\na@reef.example\n", ExportFault::NoRoles);
        check(b"user_login,roles\na,editor\n", ExportFault::NoSign);
        check(b"user_email,roles\n\xff\xfe,editor\n", ExportFault::NotText);
    }
}
