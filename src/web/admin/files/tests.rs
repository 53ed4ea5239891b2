//! Samples of the page.

use super::page::*;
use super::*;
use crate::web::admin::tests::{check, samples};

#[test]
fn every_sample_renders() {
    let page = |text: &str, wrong, status| FilesPage {
        shell: samples::shell(menu::FILES).status(status),
        revision: 12,
        text: text.to_owned(),
        wrong,
    };
    let wrong = vec![FileProblem {
        line: 1,
        column: 1,
        what: "unknown key `tme_zone`".to_owned(),
        remedy: "Did you mean `time_zone`".to_owned(),
    }];
    check(vec![
        ("files_empty", page("", Vec::new(), StatusCode::OK)),
        (
            "files_error",
            page("tme_zone = \"UTC\"\n# </textarea><i>", wrong, StatusCode::UNPROCESSABLE_ENTITY),
        ),
    ]);
}
