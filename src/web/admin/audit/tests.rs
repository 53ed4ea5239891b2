//! Samples of the page.

use super::page::*;
use super::*;
use crate::web::admin::tests::{check, samples};

#[test]
fn every_sample_renders() {
    let page = |lines: Vec<AuditLine>, errors: &FieldErrors, status| AuditPage {
        shell: samples::shell(menu::AUDIT).status(status),
        fields: fields(|name| if name == "actor" && !errors.is_empty() { "Sam" } else { "" }, errors),
        action: String::new(),
        older: (lines.len() > 1).then_some(41),
        lines,
        query: "&actor=Sam".to_owned(),
        filtered: !errors.is_empty(),
    };
    let line = |number, who: &str, admitted_by, what, about: &str, after: Option<&str>| AuditLine {
        number,
        when: "4 March 2026, 10:42".to_owned(),
        who: who.to_owned(),
        admitted_by,
        what,
        about: about.to_owned(),
        before: after.map(|_| "member = \"member\"\n".to_owned()),
        after: after.map(str::to_owned),
    };
    let lines = vec![
        line(
            43,
            "Jane <b>Marlowe</b>",
            "",
            "Published the role mapping",
            "version 8",
            Some("member = \"full\"\n"),
        ),
        line(42, "Emergency access", "Emergency", "Opened an emergency link", "", None),
        line(41, "Operator", "Command line", "Made an emergency link", "", None),
    ];
    let errors = FieldErrors::from([("since".to_owned(), "Write a day such as 2026-03-31.".to_owned())]);
    check(vec![
        ("audit_empty", page(Vec::new(), &FieldErrors::new(), StatusCode::OK)),
        ("audit_full", page(lines, &FieldErrors::new(), StatusCode::OK)),
        ("audit_error", page(Vec::new(), &errors, StatusCode::UNPROCESSABLE_ENTITY)),
    ]);
}
