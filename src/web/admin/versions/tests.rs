//! Samples of the list, and of one version beside another.

use super::page::*;
use super::*;
use crate::web::admin::tests::{check, samples};

#[test]
fn every_sample_of_the_list_renders() {
    let line = |number: u64, who: &str, note: &str| VersionLine {
        number,
        when: format!("{number} March 2026, 10:42"),
        who: who.to_owned(),
        emergency: number == 2,
        note: note.to_owned(),
        current: number == 3,
        before: number.checked_sub(1).filter(|before| *before > 0),
    };
    let lines = vec![
        line(3, "Jane Marlowe", "Version 1, restored"),
        line(2, "Emergency access", "Staff got lost <b>again</b>"),
        line(1, "Operator", ""),
    ];
    let page = |lines: Vec<VersionLine>| VersionsPage {
        shell: samples::shell(menu::VERSIONS),
        pager: Pager::new(0, PER_PAGE, lines.len(), |_| String::new()),
        lines,
        locked_out: None,
        current: 3,
        given: Vec::new(),
    };
    let given =
        |page| VersionsPage { given: vec!["chapter_austin".to_owned(), "chapter_rome".to_owned()], ..page };
    let refused = VersionsPage { locked_out: Some(1), ..page(lines.clone()) };
    let refused = VersionsPage {
        shell: Shell { break_glass: true, ..refused.shell.clone().status(StatusCode::CONFLICT) },
        ..refused
    };
    check(vec![
        ("versions_empty", page(lines[2..].to_vec())),
        ("versions_full", given(page(lines))),
        ("versions_error", refused),
    ]);
}

#[test]
fn every_sample_of_a_comparison_renders() {
    let page = |differences, restore| ComparisonPage {
        shell: samples::shell(menu::VERSIONS),
        names: ("version 2".to_owned(), "version 3".to_owned()),
        differences,
        file: crate::adapters::rules_file::print(&samples::rules()),
        later: "3".to_owned(),
        restore,
    };
    check(vec![
        ("comparison_empty", page(Vec::new(), None)),
        ("comparison_full", page(samples::differences(), Some(3))),
    ]);
}
