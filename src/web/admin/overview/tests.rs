//! Samples of the page.

use super::page::*;
use super::*;
use crate::web::admin::draft::DraftBar;
use crate::web::admin::shell::Shell;
use crate::web::admin::tests::{check, samples};

#[test]
fn every_sample_renders() {
    let tile =
        |name, big: &str, says: &str, href| Tile { name, big: big.to_owned(), says: says.to_owned(), href };
    let tiles = vec![
        tile("Mapping in force", "Version 7", "10 rules, 12 roles", menu::VERSIONS.path),
        tile("People on file", "100,000", "Every member was read on 1 March 2026", menu::PREVIEW.path),
        tile(
            "AMS",
            "Answers",
            "Last answer a minute ago, 12 of 60 calls used this minute",
            menu::STATUS.path,
        ),
    ];
    let line = AuditLine {
        number: 43,
        when: "4 March 2026, 10:42".to_owned(),
        who: "Jane Marlowe".to_owned(),
        admitted_by: "",
        what: "Published the role mapping",
        about: "version 7".to_owned(),
        before: None,
        after: None,
    };
    let page = |lately: Vec<AuditLine>, edited: Option<String>, shell| OverviewPage {
        shell,
        draft: DraftBar {
            revision: 1,
            published: "Version 7, by Jane Marlowe on 3 March 2026, 10:42".to_owned(),
            edited,
            ..DraftBar::default()
        },
        tiles: tiles.clone(),
        is_new: lately.is_empty(),
        lately,
    };
    let shell = || samples::shell(menu::OVERVIEW);
    check(vec![
        ("overview_empty", page(Vec::new(), None, shell())),
        (
            "overview_full",
            page(
                vec![line.clone(), line.clone()],
                Some("Sam Osei changed it on 4 March 2026, 09:05".into()),
                shell(),
            ),
        ),
        (
            "overview_error",
            page(vec![line], None, Shell { break_glass: true, ..shell().with(Some(samples::outage())) }),
        ),
    ]);
}
