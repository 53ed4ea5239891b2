//! Samples of the preview, and of the people whom it lists.

use super::page::*;
use super::*;
use crate::domain::preview::Preview;
use crate::web::admin::draft::DraftBar;
use crate::web::admin::sweep::SweepBar;
use crate::web::admin::tests::{check, samples};

#[test]
fn every_sample_of_the_preview_renders() {
    let sample = |state| PreviewPage {
        shell: samples::shell(menu::PREVIEW),
        draft: DraftBar {
            revision: 12,
            edited: Some("Sam Osei changed it on 4 March 2026, 09:05".into()),
            published: "Version 7".into(),
        },
        differences: samples::differences(),
        state,
        sweep: Some(SweepBar {
            says: "Every member was read on 1 March 2026, 02:10.".into(),
            running: None,
            hint: "Reading them again brings what has changed since.",
            button: "Read every member again",
        }),
        note: Field::text("note", "What is this change for? (optional)", ""),
        locked_out: false,
    };
    let done = |preview| {
        let at = "4 March 2026, 09:06".into();
        PreviewView::Done(Box::new(PreviewFindings::new(&preview, at)))
    };
    let empty = PreviewPage {
        differences: Vec::new(),
        draft: DraftBar { edited: None, ..sample(PreviewView::Nothing).draft },
        ..sample(PreviewView::Nothing)
    };
    let running = PreviewPage {
        sweep: Some(SweepBar {
            says: "Reading every member from the AMS: 1,200 of 5,300. New findings count at once.".into(),
            running: Some((1200, 5300)),
            ..SweepBar::default()
        }),
        ..sample(PreviewView::Running {
            done: 41_000,
            total: 100_000,
            says: "41,000 of 100,000 people looked at".into(),
        })
    };
    check(vec![
        ("preview_empty", empty),
        ("preview_running", running),
        ("preview_full", sample(done(samples::preview()))),
        (
            "preview_nobody",
            sample(done(Preview { people: 100_000, administrators: 2, ..Preview::default() })),
        ),
        ("preview_error", sample(PreviewView::Failed("The store did not answer.".into()))),
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
