//! Whom the draft would change: while it is worked out, when it is done, and the form that publishes it.

use askama::Template;
use http::StatusCode;

use crate::domain::preview::{People, PersonName, Preview};
use crate::domain::rule::Rules;
use crate::web::admin::fields::{Field, Pager, grouped, people};
use crate::web::admin::mapping::page::DraftBar;
use crate::web::admin::shell::Shell;
use crate::web::admin::words::Difference;
use crate::web::pages::{Forms, Page};

/// Names shown at once; the others are a click away.
pub const SHOWN: usize = 60;

/// A person in a list.
#[derive(Clone, Debug)]
pub struct Named {
    /// The name.
    pub name: String,
    /// The AMS's number; may be empty.
    pub number: String,
    /// Tries this person.
    pub href: String,
}

impl Named {
    /// With a link that tries the draft on the person.
    pub fn of(person: &PersonName) -> Named {
        Named {
            name: if person.name.trim().is_empty() { person.id.to_string() } else { person.name.clone() },
            number: person.record_number.clone().unwrap_or_default(),
            href: format!(
                "/_gate/admin/people?mapping=draft&who={}",
                percent_encoding::utf8_percent_encode(person.id.as_str(), percent_encoding::NON_ALPHANUMERIC)
            ),
        }
    }
}

/// Who gains or loses something.
#[derive(Clone, Debug)]
pub struct Moved {
    /// "2 people gain".
    pub says: String,
    /// The role; empty for pages.
    pub role: String,
    /// The first of them.
    pub people: Vec<Named>,
    /// Where all are listed, when that is more than the first.
    pub all: Option<(String, String)>,
}

/// What a preview found.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// People looked at.
    pub people: String,
    /// People affected.
    pub affected: String,
    /// Administrators after the change.
    pub administrators: usize,
    /// Whose records lack parts.
    pub incomplete: usize,
    /// Whose assertion passes 4 KB, and whose 8 KB; in words.
    pub large: Option<(String, String)>,
    /// Who could not be read.
    pub unreadable: usize,
    /// For which instant.
    pub at: String,
    /// Who loses sight of pages.
    pub lose_access: Option<Moved>,
    /// Who gains sight of pages.
    pub gain_access: Option<Moved>,
    /// By role.
    pub gained: Vec<Moved>,
    /// By role.
    pub lost: Vec<Moved>,
    /// The instant, the revision: what publishing names.
    pub revision: u64,
}

impl Outcome {
    /// Puts an answer into words.
    pub fn new(preview: &Preview, revision: u64, at: String, before: &Rules, after: &Rules) -> Outcome {
        let moved = |side: &str, role: Option<&crate::domain::rule::Role>, verb: &str, list: &People| Moved {
            says: format!("{} {verb}", people(list.len())),
            role: role.map(ToString::to_string).unwrap_or_default(),
            people: list.iter().take(SHOWN).map(|person| Named::of(person)).collect(),
            all: (list.len() > SHOWN).then(|| {
                let role = role.map(|role| format!("&role={role}")).unwrap_or_default();
                (
                    format!("/_gate/admin/preview/people?side={side}{role}"),
                    format!("All {}", people(list.len())),
                )
            }),
        };
        let verb =
            |one: usize, single: &'static str, many: &'static str| if one == 1 { single } else { many };
        let access =
            |side, list: &People, words: &str| (!list.is_empty()).then(|| moved(side, None, words, list));
        let _ = (before, after);
        Outcome {
            people: people(preview.people),
            affected: grouped(preview.affected),
            administrators: preview.administrators,
            incomplete: preview.incomplete,
            large: (preview.large > 0).then(|| {
                let too_large = (preview.too_large > 0).then(|| people(preview.too_large));
                (people(preview.large), too_large.unwrap_or_default())
            }),
            unreadable: preview.unreadable,
            at,
            lose_access: access(
                "lose-access",
                &preview.lose_access,
                "can no longer open a page or sign in to a site",
            ),
            gain_access: access(
                "gain-access",
                &preview.gain_access,
                "can open more pages, or sign in to more sites",
            ),
            gained: preview
                .gained
                .iter()
                .map(|(role, list)| moved("gained", Some(role), verb(list.len(), "gains", "gain"), list))
                .collect(),
            lost: preview
                .lost
                .iter()
                .map(|(role, list)| moved("lost", Some(role), verb(list.len(), "loses", "lose"), list))
                .collect(),
            revision,
        }
    }
}

/// How far it is.
#[derive(Clone, Debug)]
pub enum State {
    /// The draft is what is published.
    Nothing,
    /// So many of so many people.
    Running {
        /// Done.
        done: usize,
        /// Of these.
        total: usize,
        /// In words.
        says: String,
    },
    /// It broke off, and why.
    Failed(String),
    /// Done.
    Done(Box<Outcome>),
}

/// How the reading of all members stands.
#[derive(Clone, Debug, Default)]
pub struct SweepBar {
    /// In a sentence.
    pub says: String,
    /// Done, of these; while it runs.
    pub running: Option<(u64, u64)>,
    /// Where it does not run: what reading would bring.
    pub hint: &'static str,
    /// Where it does not run: what its button says.
    pub button: &'static str,
}

/// The preview.
#[derive(Clone, Debug, Template)]
#[template(path = "admin/preview/page.html")]
pub struct PreviewPage {
    /// Around the page.
    pub shell: Shell,
    /// How the draft stands.
    pub draft: DraftBar,
    /// What the draft changes.
    pub differences: Vec<Difference>,
    /// How far.
    pub state: State,
    /// Reading of all members; `None`: this gateway cannot.
    pub sweep: Option<SweepBar>,
    /// What the administrator writes about the version.
    pub note: Field,
    /// Publishing was refused because nobody could enter any more; only an operator may go on.
    pub locked_out: bool,
    /// Answers other than 200.
    pub status: StatusCode,
}

impl PreviewPage {
    fn is_done(&self) -> bool {
        matches!(self.state, State::Done(_))
    }
}

impl Page for PreviewPage {
    const STYLE: &'static str = crate::web::admin::state::STYLE;
    const SCRIPT: &'static str = crate::web::admin::state::SCRIPT;
    const FORMS: Forms = Forms::ToUs;

    fn status(&self) -> StatusCode {
        self.status
    }

    #[cfg(test)]
    fn samples() -> Vec<(&'static str, Self)> {
        use crate::web::admin::tests::samples;
        let sample = |state, status| PreviewPage {
            shell: samples::shell(crate::web::admin::shell::Room::Preview),
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
            status,
        };
        let done = |preview| {
            let rules = samples::rules();
            State::Done(Box::new(Outcome::new(&preview, 12, "4 March 2026, 09:06".into(), &rules, &rules)))
        };
        let empty = PreviewPage {
            differences: Vec::new(),
            draft: DraftBar { edited: None, ..sample(State::Nothing, StatusCode::OK).draft },
            ..sample(State::Nothing, StatusCode::OK)
        };
        let running = PreviewPage {
            sweep: Some(SweepBar {
                says: "Reading every member from the AMS: 1,200 of 5,300. New findings count at once.".into(),
                running: Some((1200, 5300)),
                ..SweepBar::default()
            }),
            ..sample(
                State::Running {
                    done: 41_000,
                    total: 100_000,
                    says: "41,000 of 100,000 people looked at".into(),
                },
                StatusCode::OK,
            )
        };
        vec![
            ("preview_empty", empty),
            ("preview_running", running),
            ("preview_full", sample(done(samples::preview()), StatusCode::OK)),
            (
                "preview_nobody",
                sample(
                    done(Preview { people: 100_000, administrators: 2, ..Preview::default() }),
                    StatusCode::OK,
                ),
            ),
            ("preview_error", sample(State::Failed("The store did not answer.".into()), StatusCode::OK)),
            (
                "preview_locked_out",
                PreviewPage { locked_out: true, ..sample(done(samples::preview()), StatusCode::CONFLICT) },
            ),
        ]
    }
}

/// All who gain or lose one thing, page by page.
#[derive(Clone, Debug, Template)]
#[template(path = "admin/preview/people.html")]
pub struct PreviewPeople {
    /// Around the page.
    pub shell: Shell,
    /// "120 people gain education".
    pub says: String,
    /// One page of them.
    pub people: Vec<Named>,
    /// The others.
    pub pager: Pager,
}

impl Page for PreviewPeople {
    const STYLE: &'static str = crate::web::admin::state::STYLE;
    const SCRIPT: &'static str = crate::web::admin::state::SCRIPT;
    const FORMS: Forms = Forms::ToUs;

    fn status(&self) -> StatusCode {
        StatusCode::OK
    }

    #[cfg(test)]
    fn samples() -> Vec<(&'static str, Self)> {
        use crate::web::admin::tests::samples;
        let page = |people: &People, says: &str, pager| PreviewPeople {
            shell: samples::shell(crate::web::admin::shell::Room::Preview),
            says: says.to_owned(),
            people: people.iter().map(|one| Named::of(one)).collect(),
            pager,
        };
        let gained = samples::preview().gained.into_values().next().unwrap();
        vec![
            ("preview_people_empty", page(&Vec::new(), "Nobody gains education", Pager::default())),
            (
                "preview_people_full",
                page(&gained, "120 people gain education", Pager::new(1, 50, 120, |n| format!("?page={n}"))),
            ),
        ]
    }
}
