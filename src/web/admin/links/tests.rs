//! Samples of the page.

use super::page::*;
use crate::web::admin::menu;
use crate::web::admin::tests::{check, samples};

#[test]
fn every_sample_renders() {
    let shell = samples::shell(menu::LINKS);
    let origin = "https://library.harbour.example";
    let page = |shell| LinksPage::new(shell, "Library & Archive".to_owned(), origin);
    let mut full = page(samples::shell(menu::LINKS));
    full.site_own.push(discovery(origin));
    check(vec![("links_empty", page(shell)), ("links_full", full)]);
}
