//! Renders every sample of every page, and holds all of them to the same promises. With `MEMBERGATE_PAGES=folder` at build time the
//! samples are also written there, to be looked at.

pub(super) mod samples;

use http::header;

use super::state::{SCRIPT, STYLE};
use super::*;
use crate::web::pages::{Page, policy_names, respond};

fn check<P: Page>() {
    for (name, page) in P::samples() {
        let response = respond(&page);
        assert_eq!(response.status(), page.status(), "{name}");
        let html = String::from_utf8(response.body().to_vec()).unwrap();
        let policy = response.headers()[header::CONTENT_SECURITY_POLICY].to_str().unwrap();
        assert!(!policy.contains("unsafe") && !policy.contains("https:"), "{policy}");
        for (open, close) in [("<style>", "</style>"), ("<script>", "</script>")] {
            for block in html.split(open).skip(1) {
                let block = block.split(close).next().unwrap();
                assert!(policy_names(policy, block), "{name}: the policy blocks our own {open}");
            }
        }
        for forbidden in ["<b>M", " style=", " onclick=", " src=", "http://"] {
            let body = html.replace(SCRIPT, "");
            assert!(!body.contains(forbidden), "{name} has {forbidden}");
        }
        for needed in
            ["<html lang=\"en\">", "<main id=\"main\">", "<h1>", "<header", "<footer>", "width=device-width"]
        {
            assert!(html.contains(needed), "{name} lacks {needed}");
        }
        every_field_has_a_label(name, &html);
        every_form_carries_the_token(name, &html);
        if let Some(folder) = option_env!("MEMBERGATE_PAGES") {
            std::fs::write(format!("{folder}/{name}.html"), &html).unwrap();
        }
        let short = html.replace(STYLE, "/* assets/admin.css */").replace(SCRIPT, "/* assets/admin.js */");
        let main = short.split_once("<main id=\"main\">").unwrap().1;
        insta::assert_snapshot!(name, main);
    }
}

fn every_field_has_a_label(name: &str, html: &str) {
    for tag in
        html.split('<').filter(|tag| ["input ", "select ", "textarea "].iter().any(|it| tag.starts_with(it)))
    {
        if tag.contains("type=\"hidden\"") || tag.contains("type=\"radio\"") || tag.contains(".not\"") {
            continue;
        }
        let id = tag
            .split_once(" id=\"")
            .unwrap_or_else(|| panic!("{name}: no id: {tag}"))
            .1
            .split('"')
            .next()
            .unwrap();
        assert!(html.contains(&format!("for=\"{id}\"")), "{name}: no label for {id}");
        assert_eq!(html.matches(&format!(" id=\"{id}\"")).count(), 1, "{name}: {id} is there twice");
    }
}

fn every_form_carries_the_token(name: &str, html: &str) {
    for form in
        html.split("<form").skip(1).filter(|form| form.split('>').next().unwrap().contains("\"post\""))
    {
        let form = form.split("</form>").next().unwrap();
        assert!(form.contains("name=\"token\""), "{name}: a form without a token: {form}");
    }
}

#[test]
fn every_sample_of_every_page_renders() {
    check::<mapping::page::MappingPage>();
    check::<mapping::rule::page::RulePage>();
    check::<preview::page::PreviewPage>();
    check::<preview::page::PreviewPeople>();
    check::<overview::OverviewPage>();
    check::<versions::VersionsPage>();
    check::<versions::ComparisonPage>();
    check::<files::FilesPage>();
    check::<audit::AuditPage>();
    check::<people::page::PeoplePage>();
    check::<sessions::SessionsPage>();
    check::<status::StatusPage>();
    check::<links::LinksPage>();
    check::<clients::list_page::ClientsPage>();
    check::<clients::client_page::ClientPage>();
    check::<clients::secret_page::SecretPage>();
    check::<migrate::MigratePage>();
}

#[test]
fn style_sheet_and_script_stay_small() {
    assert!(STYLE.len() < 20 * 1024, "{}", STYLE.len());
    assert!(SCRIPT.len() < 3 * 1024, "{}", SCRIPT.len());
}
