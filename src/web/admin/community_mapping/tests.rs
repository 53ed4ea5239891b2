//! Samples of the pages.

use std::sync::Arc;

use super::group::{GroupPage, TypedGroup};
use super::page::*;
use super::preview::{CommunityFindings, CommunityPreviewPage, CommunityPreviewPeople};
use super::versions::{CommunityComparisonPage, CommunityVersionsPage};
use super::*;
use crate::config::sample;
use crate::domain::community::{CommunityPreview, GroupMoves, NamedPeople};
use crate::domain::names::ListedNames;
use crate::domain::preview::PersonName;
use crate::domain::record::IndividualId;
use crate::domain::time::TimeZone;
use crate::web::admin::directory;
use crate::web::admin::draft::DraftBar;
use crate::web::admin::fields::{Field, FieldErrors, Pager};
use crate::web::admin::mapping::rule::form::TypedRule;
use crate::web::admin::people_lists::PersonLink;
use crate::web::admin::preview_view::PreviewView;
use crate::web::admin::tests::{check, samples};
use crate::web::admin::version_line::VersionLine;

const BARE: &str = "time_zone = \"UTC\"\n# </textarea><i>\n";

fn draft(edited: bool) -> DraftBar {
    DraftBar {
        revision: 12,
        published: "Version 7, by Jane Marlowe on 3 March 2026, 10:42".to_owned(),
        edited: edited.then(|| "Sam Osei changed it on 4 March 2026, 09:05".to_owned()),
        pages: PAGES,
    }
}

fn wrong() -> Vec<FileProblem> {
    let problems = community_file::parse("tme_zone = \"UTC\"\n[[group]]\nid = \"x\"\n").unwrap_err();
    problems.iter().map(FileProblem::of).collect()
}

fn changes() -> Vec<Difference> {
    line_differences(&line_changes("a = 1\n\nold\n", "a = 1\n\nnew <b>\nmore\n"))
}

#[test]
fn every_sample_of_the_draft_renders() {
    let sample = |text: &str, edited| {
        let (mapping, names) = (community_file::parse(text).unwrap(), ListedNames::default());
        CommunityMappingPage {
            shell: samples::shell(menu::COMMUNITY_MAPPING),
            draft: draft(edited),
            groups: mapping.groups.iter().map(|group| GroupLine::of(group, &names)).collect(),
            who: who_in_words(&mapping.who, &names),
            sent: sent_in_words(&mapping),
            keeps_back: Vec::new(),
            form: TextForm { revision: 12, text: text.to_owned(), wrong: Vec::new() },
            clash: None,
        }
    };
    let refused = CommunityMappingPage {
        form: TextForm {
            revision: 12,
            text: "tme_zone = \"UTC\"\n[[group]]\nid = \"x\"\n".into(),
            wrong: wrong(),
        },
        ..sample(BARE, false)
    };
    let clash = CommunityMappingPage {
        clash: Some(("Sam Osei changed the draft at 09:05".to_owned(), changes())),
        keeps_back: wrong(),
        ..sample(sample::COMMUNITY, true)
    };
    check(vec![
        ("community_mapping_empty", sample(BARE, false)),
        ("community_mapping_full", sample(sample::COMMUNITY, true)),
        ("community_mapping_refused", refused),
        ("community_mapping_conflict", clash),
    ]);
}

#[test]
fn every_sample_of_a_new_group_renders() {
    let new = |typed: &TypedGroup, errors: &FieldErrors| {
        GroupPage::new(samples::shell(menu::COMMUNITY_MAPPING), typed, errors, samples::offers())
    };
    let typed = TypedGroup {
        id: "committee-EDU".to_owned(),
        name: "Education <b>M".to_owned(),
        of_type: "Committee".to_owned(),
        place: "{position}".to_owned(),
        when: samples::rules().rules.last().map(TypedRule::from).unwrap(),
        ..TypedGroup::default()
    };
    let errors = [("id", "Give it a key."), ("rule", "Two groups of one id differ.")];
    let errors = errors.map(|(name, says)| (name.to_owned(), says.to_owned())).into();
    check(vec![
        ("community_group_empty", new(&TypedGroup::default(), &FieldErrors::new())),
        ("community_group_full", new(&typed, &FieldErrors::new())),
        ("community_group_error", new(&typed, &errors)),
    ]);
}

fn named(count: usize) -> NamedPeople {
    let person = |n: usize| PersonName {
        name: format!("Person {n:03} <b>M"),
        record_number: Some(format!("{}", 100_000 + n)),
        id: IndividualId::parse(&format!("p-{n}")).unwrap(),
    };
    NamedPeople { count, people: (0..count.min(70)).map(|n| Arc::new(person(n))).collect() }
}

fn preview() -> CommunityPreview {
    let education = GroupMoves {
        name: "Education <b>Committee".to_owned(),
        gained: named(312),
        lost: named(4),
        other_role: 1,
        undecided: 7,
    };
    let unread = GroupMoves { undecided: 1, ..GroupMoves::default() };
    CommunityPreview {
        people: 10_244,
        members: 8_412,
        affected: 317,
        gaining: 312,
        losing: 5,
        holders: 9_000,
        membership: GroupMoves { lost: named(1), ..GroupMoves::default() },
        groups: [("committee-EDU".to_owned(), education), ("chapter-{code}".to_owned(), unread)].into(),
        unreadable: 2,
        ..CommunityPreview::default()
    }
}

#[test]
fn every_sample_of_the_preview_renders() {
    let sample = |state| CommunityPreviewPage {
        shell: samples::shell(menu::COMMUNITY_MAPPING),
        draft: draft(true),
        differences: changes(),
        state,
        keeps_back: Vec::new(),
        on_file: directory::completeness(&samples::directory(), &TimeZone::UTC),
        note: Field::text("note", "What is this change for? (optional)", ""),
    };
    let done = |preview: CommunityPreview| {
        let about = directory::everybody(&samples::directory(), preview.people, preview.members);
        PreviewView::Done(Box::new(CommunityFindings::new(&preview, about, "4 March 2026, 09:06".into())))
    };
    let empty =
        CommunityPreviewPage { differences: Vec::new(), draft: draft(false), ..sample(PreviewView::Nothing) };
    let running = PreviewView::Running {
        done: 41_000,
        total: 100_000,
        says: "41,000 of 100,000 people looked at".into(),
    };
    let many = CommunityPreview { losing: 900, ..preview() };
    check(vec![
        ("community_preview_empty", empty),
        ("community_preview_running", sample(running)),
        ("community_preview_full", sample(done(preview()))),
        ("community_preview_braked", sample(done(many))),
        ("community_preview_nobody", sample(done(CommunityPreview { people: 90, ..Default::default() }))),
        ("community_preview_error", sample(PreviewView::Failed("The store did not answer.".into()))),
        (
            "community_preview_kept_back",
            CommunityPreviewPage { keeps_back: wrong(), ..sample(done(preview())) },
        ),
    ]);
}

#[test]
fn every_sample_of_its_people_renders() {
    check(vec![(
        "community_preview_people",
        CommunityPreviewPeople {
            shell: samples::shell(menu::COMMUNITY_MAPPING),
            says: "312 people gain Education".to_owned(),
            people: named(3).people.iter().map(|one| PersonLink::known(one)).collect(),
            unnamed: 12,
            pager: Pager::new(1, 50, 120, |n| format!("?page={n}")),
        },
    )]);
}

#[test]
fn every_sample_of_the_versions_renders() {
    let line = |number: u64, who: &str, note: &str| VersionLine {
        number,
        when: format!("{number} March 2026, 10:42"),
        who: who.to_owned(),
        emergency: false,
        note: note.to_owned(),
        current: number == 2,
        before: number.checked_sub(1).filter(|before| *before > 0),
    };
    let lines = vec![
        line(2, "Jane Marlowe", "Education <b>again</b>"),
        line(1, "Operator", "Taken from the community file at the first start"),
    ];
    let versions = |lines: Vec<VersionLine>, has_draft| CommunityVersionsPage {
        shell: samples::shell(menu::COMMUNITY_MAPPING),
        revision: 12,
        has_draft,
        pager: Pager::new(0, 50, lines.len(), |_| String::new()),
        lines,
    };
    check(vec![
        ("community_versions_empty", versions(lines[1..].to_vec(), false)),
        ("community_versions_full", versions(lines, true)),
    ]);
    let comparison = |names: (&str, &str), differences| CommunityComparisonPage {
        shell: samples::shell(menu::COMMUNITY_MAPPING),
        names: (names.0.to_owned(), names.1.to_owned()),
        differences,
        file: BARE.to_owned(),
        later: "3".to_owned(),
    };
    check(vec![
        ("community_comparison_empty", comparison(("version 3", "version 3"), Vec::new())),
        ("community_comparison_full", comparison(("version 2", "version 3"), changes())),
    ]);
}

#[test]
fn a_preview_says_how_many_gain_and_lose_each_group() {
    let found = CommunityFindings::new(&preview(), String::new(), String::new());
    let said: Vec<&str> = found.groups.iter().map(|group| group.says.as_str()).collect();
    assert_eq!(
        said,
        [
            "1 person loses membership at the community",
            "Nobody gains or loses chapter-{code}",
            "312 people gain Education <b>Committee, 4 lose it",
        ]
    );
    assert!(!found.is_braked && !found.is_nothing);
}
