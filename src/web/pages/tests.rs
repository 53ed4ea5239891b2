//! Renders every sample of every page, and holds all of them to the same promises.

use super::*;
use crate::domain::association::ContactPoint;
use crate::domain::outcome::{Blame, Outcome};
use crate::domain::path::PathFault;
use bytes::Bytes;
use http::{Response, header};

/// The frame of all samples. The markup in the names must come out as text.
fn frame() -> Frame {
    Frame {
        association: "Harbour Association".to_owned(),
        site: Some("Library & Archive".to_owned()),
        home: "/".to_owned(),
        again: Some("/_gate/login?return_to=%2Fmembers".to_owned()),
        request_id: "7QK2-M0XF".to_owned(),
    }
}

/// Somebody came from an OpenID client.
fn refused_at_a_client() -> Notice {
    Notice::Refused(Refused {
        name: "Jane Okafor".to_owned(),
        missing: Missing::AnyOf(vec!["Member".to_owned()]),
        renew_url: Some("https://ams.harbour.example/renew".to_owned()),
        contact: None,
        sign_out: "/_gate/logout".to_owned(),
        client: Some(WayBack {
            name: "Harbour <b>Wiki".to_owned(),
            address: "https://wiki.harbour.example/cb?error=access_denied&state=1".to_owned(),
            other_account: Some("/_gate/oidc/authorize?client_id=wiki&prompt=select_account".to_owned()),
        }),
        unread: Vec::new(),
    })
}

/// One of each notice, in the order of the enum.
fn notices() -> Vec<Notice> {
    let again = || "/_gate/login?return_to=%2Fmembers".to_owned();
    let failed = |outcome| Notice::SignInFailed { outcome, again: again() };
    let sign_out = || "/_gate/logout".to_owned();
    vec![
        Notice::SignInRequired { login: again() },
        Notice::FormNotKept { login: again() },
        Notice::Refused(Refused {
            name: "Jane <b>Okafor</b>".to_owned(),
            missing: Missing::AnyOf(vec![
                "Chair of the education committee".to_owned(),
                "Education committee".to_owned(),
            ]),
            renew_url: Some("https://ams.harbour.example/renew".to_owned()),
            contact: Some(ContactPoint::Email("office@harbour.example".to_owned())),
            sign_out: sign_out(),
            client: None,
            unread: Vec::new(),
        }),
        Notice::CheckedLately { page: "https://library.harbour.example/members".to_owned() },
        Notice::NotChecked { page: "https://library.harbour.example/members".to_owned() },
        Notice::NotAdmitted {
            contact: Some(ContactPoint::Web("https://harbour.example/contact".to_owned())),
            sign_out: sign_out(),
        },
        failed(Outcome::AttemptExpired),
        failed(Outcome::NotStartedHere),
        failed(Outcome::TokenRefused),
        failed(Outcome::AlreadyUsed),
        failed(Outcome::WrongPerson),
        Notice::TooManyAttempts(Retry::after(60)),
        Notice::LineFull(Retry::after(400)),
        Notice::SiteNotRegistered {
            why: "the redirect address is not one of the client's",
            contact: Some(ContactPoint::Email("office@harbour.example".to_owned())),
        },
        Notice::NotKnownThere { client: "Harbour Square".to_owned(), retry: Retry::after(60) },
        Notice::LogoutRefused { why: "id_token_hint is not a token of this provider", sign_out: sign_out() },
        Notice::SignedOutHere {
            go_on: "https://shop.acme.example/_gate/slo?round=library&end=ams".to_owned(),
        },
        Notice::BadRequest,
        Notice::RequestSlow,
        Notice::BadAddress(PathFault::Ambiguous),
        Notice::BodyTooLarge,
        Notice::HeadTooLarge,
        Notice::MethodNotAllowed { allow: "GET, HEAD" },
        Notice::ReadOnly { stop: "/_gate/view-as/end".to_owned() },
        Notice::NotFound,
        Notice::UnknownSite,
        Notice::AmsDown(Retry::after(20)),
        Notice::SiteDown,
        Notice::SiteInvalid { why: AnswerFault::TooLarge },
        Notice::SiteSlow,
        Notice::Busy(Retry::after(5)),
        Notice::NetworkBusy(Retry::after(5)),
        Notice::Unavailable(Retry::after(5)),
        Notice::Broken,
    ]
}

fn check<P: Page>(samples: impl IntoIterator<Item = (&'static str, P)>) {
    for (name, page) in samples {
        let response = respond(&page);
        assert_eq!(response.status(), page.status(), "{name}");
        let html = text(&response);
        let referrer = if page.forms() == Forms::None { "no-referrer" } else { "same-origin" };
        assert_eq!(response.headers()[header::REFERRER_POLICY], referrer, "{name}");
        keeps_its_promises(name, &html, &response);
        insta::assert_snapshot!(name, html.replace(STYLE, "/* assets/page.css */"));
    }
}

fn keeps_its_promises(name: &str, html: &str, response: &Response<Bytes>) {
    assert_eq!(response.headers()[header::CACHE_CONTROL], "no-store", "{name}");
    let policy = response.headers()[header::CONTENT_SECURITY_POLICY].to_str().unwrap();
    for (open, close) in [("<style>", "</style>"), ("<script>", "</script>")] {
        for block in html.split(open).skip(1) {
            let block = block.split(close).next().unwrap();
            assert!(answer::policy_names(policy, block), "{name}: the policy blocks our own {open}");
        }
    }
    assert_eq!(
        html.matches("<script").count(),
        html.matches("<script>").count(),
        "{name}: markup got through"
    );
    for forbidden in ["<b>", " style=", " onclick=", "src=", "http://"] {
        assert!(!html.contains(forbidden), "{name} has {forbidden}");
    }
    for needed in ["<html lang=\"en\">", "<main>", "<h1>", "<header>", "<footer>", "width=device-width"] {
        assert!(html.contains(needed), "{name} lacks {needed}");
    }
}

fn text(response: &Response<Bytes>) -> String {
    String::from_utf8(response.body().to_vec()).unwrap()
}

#[test]
fn the_pages_on_the_way_in_and_out_render() {
    let go_url = "/_gate/login/go?return_to=%2Fmembers%3Fa%3D1&x=\"><script>";
    let page = |step| SignInPage { frame: frame(), go_url: go_url.to_owned(), step };
    check([
        ("sign_in", page(Step::Whole)),
        ("sign_in_cut", page(Step::Cut)),
        ("sign_in_cut_signed_in", page(Step::CutSignedIn)),
    ]);
    let go_url = "https://news.harbour.example/_gate/slo?round=library&end=ams".to_owned();
    check([("signing_out", SigningOut { frame: frame(), go_url })]);
    let waiting = |place, wait, is_ams_silent| WaitingPage {
        frame: frame(),
        news: WaitingNews { place, wait, again_in: (wait / 10).clamp(2, 30), is_ams_silent, is_over: false },
        address: "/_gate/waiting?return_to=%2Fmembers%3Fa%3D1".to_owned(),
    };
    check([
        ("waiting", waiting(317, 340, false)),
        ("waiting_at_the_head", waiting(1, 0, false)),
        ("waiting_for_the_ams", waiting(12, 60, true)),
    ]);
    check([("signed_out", SignedOutPage { frame: frame(), sign_in: "/_gate/login".to_owned() })]);
}

#[test]
fn the_pages_about_a_form_that_was_kept_render() {
    let fields = [
        ("subject", "Harbour \"dues\""),
        ("topic", "a"),
        ("topic", "b"),
        (
            "message",
            "x
</form>",
        ),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .to_vec();
    let next_url = "/_gate/login?return_to=%2F_gate%2Fresume%3Fform%3D".to_owned();
    let login = "/_gate/login?return_to=%2F".to_owned();
    check([("kept_form", KeptForm { frame: frame(), fields, next_url, login })]);
    check([("resume_form", ResumeForm { frame: frame(), name: "Jane Okafor".to_owned() })]);
}

#[test]
fn the_pages_of_the_openid_provider_render() {
    let fields = vec![("code", "c0de".to_owned()), ("state", "\"><script>".to_owned())];
    let action = "https://wiki.harbour.example/cb?a=1&b=2".to_owned();
    check([("form_post", FormPost { frame: frame(), action, fields })]);
    let question = |stays_here| SignOutQuestion {
        frame: frame(),
        client: Some("Harbour Wiki <b>".to_owned()),
        stays_here,
        action: "/_gate/oidc/logout".to_owned(),
        answer: "c2VhbGVk".to_owned(),
    };
    check([("sign_out_question", question(false)), ("sign_out_question_stays", question(true))]);
}

#[test]
fn every_notice_renders() {
    let page = |notice: &Notice| notice_page::NoticePage::new(notice, &frame());
    let name = |notice: &Notice| match notice {
        Notice::NotChecked { .. } => "not_checked",
        other => other.outcome().slug(),
    };
    check(notices().iter().map(|notice| (name(notice), page(notice))));
    check([("not_entitled_at_a_client", page(&refused_at_a_client()))]);
}

#[test]
fn a_page_and_its_json_twin_say_the_same() {
    for notice in notices() {
        let (html, json) = (notice.html(&frame()), notice.json(&frame()));
        let twin: serde_json::Value = serde_json::from_slice(json.body()).unwrap();
        assert_eq!(html.status(), json.status());
        assert!(html.status().is_client_error() || html.status().is_server_error());
        assert_eq!(html.headers().get(header::RETRY_AFTER), json.headers().get(header::RETRY_AFTER));
        assert_eq!(twin["error"], notice.outcome().slug());
        assert_eq!(twin["request_id"], frame().request_id);
        // Markup characters are escaped on the page only.
        let start = twin["message"].as_str().unwrap().split(['<', '\'', '&']).next().unwrap();
        assert!(text(&html).contains(start), "{start}");
    }
}

#[test]
fn the_fault_follows_from_the_status() {
    for outcome in notices().iter().map(Notice::outcome) {
        let server = status(outcome).is_server_error();
        match outcome.blame() {
            Blame::Us => assert!(server, "{outcome:?}"),
            Blame::Upstream => assert!(server || outcome == Outcome::WrongPerson, "{outcome:?}"),
            Blame::Visitor => assert!(!server, "{outcome:?}"),
        }
    }
}

#[test]
fn only_what_can_be_repeated_tells_when() {
    let headers = |notice: Notice| notice.html(&frame()).headers().clone();
    let after: u16 =
        headers(Notice::AmsDown(Retry::after(20)))[header::RETRY_AFTER].to_str().unwrap().parse().unwrap();
    assert!((20..=30).contains(&after), "{after}");
    assert_eq!(headers(Notice::MethodNotAllowed { allow: "GET, HEAD" })[header::ALLOW], "GET, HEAD");
    assert!(!headers(Notice::SiteDown).contains_key(header::RETRY_AFTER));
}

#[test]
fn a_frame_without_a_site_is_headed_by_the_association() {
    let frame = Frame { site: None, ..frame() };
    assert_eq!((frame.heading(), frame.initial().as_str()), ("Harbour Association", "H"));
}

#[test]
fn the_style_sheet_stays_small() {
    assert!(STYLE.len() < 6 * 1024, "{}", STYLE.len());
}

/// A page about something that is over soon repeats the request by itself, without scripts, each visitor at another second; any
/// other waits for the person. No link leads to the page's own failure.
#[test]
fn a_page_tries_again_by_itself_only_where_that_may_help() {
    let retry = Retry::after(20);
    let passing = |retry| {
        let each: [fn(Retry) -> Notice; 6] = [
            Notice::AmsDown,
            Notice::Busy,
            Notice::NetworkBusy,
            Notice::TooManyAttempts,
            Notice::Unavailable,
            |retry| Notice::NotKnownThere { client: "Harbour Square".to_owned(), retry },
        ];
        each.map(|notice| notice(retry))
    };
    for notice in passing(retry) {
        let (html, outcome) = (text(&notice.html(&frame())), notice.outcome());
        assert!(html.contains("http-equiv=\"refresh\"") && html.contains("return_to"), "{outcome:?}: {html}");
        let seconds = |request_id: &str| {
            let frame = Frame { request_id: request_id.to_owned(), ..frame() };
            notice.html(&frame).headers()[header::RETRY_AFTER].to_str().unwrap().to_owned()
        };
        let all: std::collections::BTreeSet<String> =
            (0..100).map(|n| seconds(&format!("core-{n:x}"))).collect();
        assert!(all.len() > 8, "{outcome:?} is not spread: {all:?}");
        // What must not be repeated is not: the page then leads home.
        let html = text(&notice.html(&Frame { again: None, ..frame() }));
        assert!(!html.contains("http-equiv=\"refresh\""), "{outcome:?}: {html}");
    }
    for notice in notices()
        .into_iter()
        .filter(|notice| {
            !matches!(
                notice,
                Notice::AmsDown(_)
                    | Notice::Busy(_)
                    | Notice::NetworkBusy(_)
                    | Notice::TooManyAttempts(_)
                    | Notice::LineFull(_)
                    | Notice::NotKnownThere { .. }
                    | Notice::Unavailable(_)
            )
        })
        .chain(passing(retry.by_hand()))
    {
        let html = text(&notice.html(&frame()));
        assert!(!html.contains("http-equiv=\"refresh\""), "{:?}: {html}", notice.outcome());
    }
    for notice in notices() {
        for again in [None, frame().again] {
            let html = text(&notice.html(&Frame { again, ..frame() }));
            assert!(!html.contains("href=\"\""), "{:?}: {html}", notice.outcome());
        }
    }
}
