//! What holds for every page: each renders its samples through [`check`]. With `MEMBERGATE_PAGES=folder` at build time the
//! samples are also written there, to be looked at.

pub(super) mod samples;

use http::header;

use super::plain::{Plain, PlainPage};
use super::shell::{SCRIPT, STYLE};
use crate::web::pages::{Frame, Page, policy_names, respond};

/// Renders these samples, and holds them to the promises of every page.
pub(super) fn check<P: Page>(samples: Vec<(&str, P)>) {
    for (name, page) in samples {
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
fn every_sample_of_a_plain_page_renders() {
    let frame = Frame {
        association: "Harbour Association".to_owned(),
        site: None,
        home: "/".to_owned(),
        again: None,
        request_id: "7QK2-M0XF".to_owned(),
    };
    for (says, status, heading) in [
        (Plain::Emergency("t0ken".to_owned()), 200, "Emergency access"),
        (Plain::LinkUsed, 410, "This link was used before"),
        (Plain::LinkExpired, 410, "This link is too old"),
        (Plain::LinkUnknown, 404, "There is no such link"),
        (Plain::Forged, 403, "We did not accept that form"),
        (Plain::Switching("staging".to_owned()), 202, "Switching the AMS environment"),
    ] {
        let response = respond(&PlainPage::new(frame.clone(), says));
        assert_eq!(response.status(), status, "{heading}");
        let html = String::from_utf8(response.body().to_vec()).unwrap();
        assert!(html.contains(&format!("<h1>{heading}</h1>")), "{html}");
    }
}

#[test]
fn style_sheet_and_script_stay_small() {
    assert!(STYLE.len() < 20 * 1024, "{}", STYLE.len());
    assert!(SCRIPT.len() < 3 * 1024, "{}", SCRIPT.len());
}
