//! Samples of the preview, and of the people whom it lists.

use super::page::*;
use super::*;
use crate::domain::preview::Preview;
use crate::web::admin::draft::DraftBar;
use crate::web::admin::tests::{check, samples};

#[test]
fn every_sample_of_the_preview_renders() {
    let sample = |state| PreviewPage {
        shell: samples::shell(menu::PREVIEW),
        draft: DraftBar {
            revision: 12,
            edited: Some("Sam Osei changed it on 4 March 2026, 09:05".into()),
            published: "Version 7".into(),
            ..DraftBar::default()
        },
        differences: samples::differences(),
        state,
        awaited: None,
        on_file: directory::completeness(&samples::directory(), &crate::domain::time::TimeZone::UTC),
        note: Field::text("note", "What is this change for? (optional)", ""),
        locked_out: false,
    };
    let done = |preview: Preview| {
        let at = "4 March 2026, 09:06".into();
        let about = directory::everybody(&samples::directory(), preview.people, preview.members);
        PreviewView::Done(Box::new(PreviewFindings::new(&preview, about, at)))
    };
    let empty = PreviewPage {
        differences: Vec::new(),
        draft: DraftBar { edited: None, ..sample(PreviewView::Nothing).draft },
        ..sample(PreviewView::Nothing)
    };
    let running = sample(PreviewView::Running {
        done: 41_000,
        total: 100_000,
        says: "41,000 of 100,000 people looked at".into(),
    });
    check(vec![
        ("preview_empty", empty),
        ("preview_running", running),
        ("preview_full", sample(done(samples::preview()))),
        (
            "preview_nobody",
            sample(done(Preview {
                people: 100_000,
                members: 98_000,
                administrators: 2,
                ..Preview::default()
            })),
        ),
        ("preview_error", sample(PreviewView::Failed("The store did not answer.".into()))),
        (
            "preview_awaited",
            PreviewPage {
                awaited: Some(AwaitedView {
                    asked: "Jane Doe published this draft on 4 March 2026, 09:06".into(),
                    done: 209,
                    total: 240,
                    says: "209 of 240 people who are signed in have been read".into(),
                }),
                ..sample(done(samples::preview()))
            },
        ),
        ("preview_locked_out", PreviewPage { locked_out: true, ..sample(done(samples::preview())) }),
    ]);
}

#[test]
fn every_sample_of_its_people_renders() {
    let page = |people: &AffectedPeople, says: &str, pager| PreviewPeople {
        shell: samples::shell(menu::PREVIEW),
        says: says.to_owned(),
        people: people.iter().map(|one| PersonLink::of(one)).collect(),
        pager,
    };
    let gained = samples::preview().gained.into_values().next().unwrap();
    check(vec![
        ("preview_people_empty", page(&Vec::new(), "Nobody gains education", Pager::default())),
        (
            "preview_people_full",
            page(&gained, "120 people gain education", Pager::new(1, 50, 120, |n| format!("?page={n}"))),
        ),
    ]);
}
