//! How complete the directory is, in words: on the preview, the overview and the status page.

use super::fields::{grouped, people};
use super::words::when;
use crate::domain::directory::settings::PeopleOnFile;
use crate::domain::time::TimeZone;
use crate::flows::directory::DirectoryStatus;

/// In a few sentences: who is on file, and how far the reading of everybody has come.
pub fn completeness(status: &DirectoryStatus, zone: &TimeZone) -> String {
    if !status.in_step {
        return "Only people who have signed in are on file, and the AMS is asked about each of them alone: the configuration says so \
                (directory.in_step)."
            .to_owned();
    }
    let to_read = match status.to_read {
        0 => String::new(),
        count => format!(" {} waiting to be read again.", are(count)),
    };
    if status.coverage == PeopleOnFile::SignedIn {
        return format!(
            "Only people who have signed in are on file: the configuration says so (directory.people).{to_read}"
        );
    }
    let swept = match status.last_sweep {
        Some((at, count)) => {
            let count = usize::try_from(count).unwrap_or(usize::MAX);
            format!("All members were last read from {} on: {}. ", when(at, zone), people(count))
        }
        None => "The members have not been read to the last one yet; who is missing here may be on a page to come. ".to_owned(),
    };
    let page = match status.sweep_page {
        Some((page, Some(pages))) => {
            format!("The reading under way is at page {page} of {}.", pages.max(page))
        }
        Some((page, None)) => format!("The reading under way is at page {page}."),
        None => "The reading begins shortly.".to_owned(),
    };
    format!("{swept}{page}{to_read}")
}

/// "1 person is", "2,000 people are".
fn are(count: usize) -> String {
    let verb = if count == 1 { "is" } else { "are" };
    format!("{} {verb}", people(count))
}

/// Who a preview is about: "the 8,412 members and 210 others on file".
pub fn everybody(status: &DirectoryStatus, looked_at: usize, members: usize) -> String {
    let is_whole = status.in_step && status.coverage == PeopleOnFile::Members;
    if !is_whole {
        return format!("{} who have signed in", people(looked_at));
    }
    let noun = if members == 1 { "member" } else { "members" };
    match looked_at.saturating_sub(members) {
        0 => format!("{} {noun}", grouped(members)),
        1 => format!("{} {noun} and 1 other on file", grouped(members)),
        others => format!("{} {noun} and {} others on file", grouped(members), grouped(others)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::web::admin::tests::samples;

    #[test]
    fn what_is_on_file_is_said_for_each_kind_of_directory() {
        let whole = samples::directory();
        let begun =
            DirectoryStatus { last_sweep: None, sweep_page: Some((3, None)), to_read: 0, ..whole.clone() };
        let new = DirectoryStatus { sweep_page: None, ..begun.clone() };
        let signed_in = DirectoryStatus { coverage: PeopleOnFile::SignedIn, to_read: 1, ..whole.clone() };
        let alone = DirectoryStatus { in_step: false, ..whole.clone() };
        let said =
            [&whole, &begun, &new, &signed_in, &alone].map(|status| completeness(status, &TimeZone::UTC));
        insta::assert_snapshot!(said.join("\n"));
        let about = |status, members| everybody(status, 8622, members);
        assert_eq!(about(&whole, 8412), "8,412 members and 210 others on file");
        assert_eq!(about(&whole, 8622), "8,622 members");
        assert_eq!(about(&whole, 8621), "8,621 members and 1 other on file");
        assert_eq!(about(&signed_in, 8412), "8,622 people who have signed in");
        assert_eq!(about(&alone, 8412), "8,622 people who have signed in");
    }
}
