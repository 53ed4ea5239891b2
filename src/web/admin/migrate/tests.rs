//! Samples of the page.

use super::page::*;
use super::*;
use crate::web::admin::tests::{check, samples};

#[test]
fn every_sample_renders() {
    let status = |is_refused| if is_refused { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let page = |text: &str, mend: Option<&str>, found| MigratePage {
        shell: samples::shell(menu::MIGRATE).status(status(mend.is_some())),
        text: text.to_owned(),
        mend: mend.map(str::to_owned),
        draft: false,
        found,
    };
    let line = |login: &str, fate, differences| UserLine {
        login: login.to_owned(),
        email: format!("{login}@people.example"),
        fate,
        differences,
    };
    let full = Findings {
        sums: vec![
            ("Users in the export", "1,204".into()),
            ("Keep their roles", "1,180".into()),
            ("Roles change", "20".into()),
            ("Without a record here", "4".into()),
        ],
        roles: vec![("education".into(), "2".into(), "0".into()), ("gold".into(), "0".into(), "18".into())],
        lines: vec![
            line(
                "jane",
                "Changes",
                vec![(true, "education".into(), "Education committee: On committee EDU.".into())],
            ),
            line(
                "gus<b>",
                "Changes",
                vec![(false, "gold".into(), "gold: Does not hold the membership CORPGOLD.".into())],
            ),
            line("anna", "No record", Vec::new()),
        ],
        more: "3 people".to_owned(),
    };
    check(vec![
        ("migrate_empty", page("", None, None)),
        ("migrate_full", page("", None, Some(full))),
        (
            "migrate_error",
            page("user_login\nx", Some("The export has no column with roles; name it `roles`."), None),
        ),
    ]);
}
