//! Samples of the page.

use super::page::*;
use crate::domain::supplied::AmsPlaces;
use crate::web::admin::menu;
use crate::web::admin::tests::{check, samples};

#[test]
fn every_sample_renders() {
    let shell = samples::shell(menu::LINKS);
    let origin = "https://library.harbour.example";
    let page =
        |shell, places, hook| LinksPage::new(shell, "Library & Archive".to_owned(), origin, places, hook);
    let places = AmsPlaces { credentials: &[("api_key", "Behind <b>API Keys</b>.")], ..AmsPlaces::default() };
    let mut full = page(samples::shell(menu::LINKS), places, Some("S3cret-of-the-hooks"));
    full.site_own.push(discovery(origin));
    let without = AmsPlaces { hook: None, ..AmsPlaces::default() };
    let without = page(samples::shell(menu::LINKS), without, Some("S3cret-of-the-hooks"));
    check(vec![
        ("links_empty", page(shell, AmsPlaces::default(), None)),
        ("links_full", full),
        ("links_without_webhooks", without),
    ]);
}
