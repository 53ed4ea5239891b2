//! Writes a report for people, as JSON for programs, and as CSV for a spreadsheet.

use std::fmt::Write as _;

use super::{MigratedRole, Report, ReportLine};

impl Report {
    /// For people: the sums, then each user whose roles change or who needs a look.
    pub fn to_text(&self) -> String {
        let sums = &self.sums;
        let mut text = format!(
            "{} users: {} stay as they are, {} change, {} without a record of their own, {} not admitted by the AMS\n",
            sums.users, sums.same, sums.differ, sums.not_found, sums.not_admitted
        );
        for (words, roles) in [("gain", &sums.gained), ("lose", &sums.lost)] {
            for (role, count) in roles {
                // Writing into a string cannot fail, here and below.
                let _ = writeln!(text, "  {count} {words} {role}");
            }
        }
        for line in self.lines.iter().filter(|line| line.fate != MigratedRole::Same) {
            let _ = writeln!(text, "\n{}: {}", line.title(), line.fate.words());
            for difference in &line.differences {
                let sign = if difference.gained { '+' } else { '-' };
                let _ = writeln!(text, "  {sign} {}: {}", difference.role, difference.because.join(" "));
            }
            for warning in &line.warnings {
                let _ = writeln!(text, "  ! {warning}");
            }
        }
        text
    }

    /// For programs: sums and lines.
    pub fn to_json(&self) -> Result<String, serde_json::Error> {
        serde_json::to_string_pretty(self)
    }

    /// For a spreadsheet (RFC 4180): one line for each role that comes or goes, and one for each user without any.
    pub fn to_csv(&self) -> Result<Vec<u8>, csv::Error> {
        let mut rows = csv::Writer::from_writer(Vec::new());
        rows.write_record([
            "login", "email", "ams_id", "fate", "change", "role", "because", "kept", "warnings",
        ])?;
        for line in &self.lines {
            let email = line.email.clone().unwrap_or_default();
            let id = line.id.clone().unwrap_or_default();
            let (kept, warnings) = (line.kept.join("|"), line.warnings.join(" "));
            let mut row = |change: &str, role: &str, because: &str| {
                let cells =
                    [&line.login, &email, &id, line.fate.words(), change, role, because, &kept, &warnings];
                rows.write_record(cells.map(harmless))
            };
            if line.differences.is_empty() {
                row("", "", "")?;
            }
            for difference in &line.differences {
                let change = if difference.gained { "gains" } else { "loses" };
                row(change, &difference.role, &difference.because.join(" "))?;
            }
        }
        rows.into_inner().map_err(|error| error.into_error().into())
    }
}

/// A spreadsheet takes a cell that begins so for a formula, and what is in it comes from elsewhere.
fn harmless(cell: &str) -> String {
    let is_formula = cell.starts_with(['=', '+', '-', '@', '\t', '\r']);
    format!("{}{cell}", if is_formula { "'" } else { "" })
}

impl ReportLine {
    /// What people call the user.
    fn title(&self) -> String {
        match &self.email {
            Some(email) if *email != self.login => format!("{} ({email})", self.login),
            _ => self.login.clone(),
        }
    }
}

impl MigratedRole {
    /// In words.
    pub fn words(&self) -> &'static str {
        match self {
            MigratedRole::Same => "stays as it is",
            MigratedRole::Differs => "changes",
            MigratedRole::NotAdmitted => "not admitted by the AMS: no roles and no session",
            MigratedRole::NotFound => "no record is known",
            MigratedRole::Several => "several records carry this e-mail address",
        }
    }
}
