//! Who is affected by the draft: while it is worked out, when it is done, and the form that publishes it.

use askama::Template;

use crate::domain::preview::{AffectedPeople, Preview};
use crate::web::admin::draft::DraftBar;
use crate::web::admin::fields::{Field, Pager, grouped, people};
use crate::web::admin::people_lists::{MovedPeople, PersonLink, SHOWN};
use crate::web::admin::preview_view::PreviewView;
use crate::web::admin::shell::{Shell, admin_pages};
use crate::web::admin::words::Difference;

/// What a preview found.
#[derive(Clone, Debug)]
pub struct PreviewFindings {
    /// Who it is about: "8,412 members".
    pub about: String,
    /// How many of them gain and lose a role, in words.
    pub moves: String,
    /// People affected.
    pub affected: String,
    /// Administrators after the change.
    pub administrators: usize,
    /// Whose records lack parts, in words; empty: nobody's.
    pub incomplete: String,
    /// Whose assertion passes 4 KB, and whose 8 KB; in words.
    pub large: Option<(String, String)>,
    /// Who could not be read.
    pub unreadable: usize,
    /// For which instant.
    pub at: String,
    /// Who loses sight of pages.
    pub lose_access: Option<MovedPeople>,
    /// Who gains sight of pages.
    pub gain_access: Option<MovedPeople>,
    /// By role.
    pub gained: Vec<MovedPeople>,
    /// By role.
    pub lost: Vec<MovedPeople>,
}

impl PreviewFindings {
    /// Puts an answer into words.
    pub fn new(preview: &Preview, about: String, at: String) -> PreviewFindings {
        let moved = |side: &str,
                     role: Option<&crate::domain::rule::Role>,
                     verb: &str,
                     list: &AffectedPeople| MovedPeople {
            says: format!("{} {verb}", people(list.len())),
            role: role.map(ToString::to_string).unwrap_or_default(),
            people: list.iter().take(SHOWN).map(|person| PersonLink::of(person)).collect(),
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
        let access = |side, list: &AffectedPeople, words: &str| {
            (!list.is_empty()).then(|| moved(side, None, words, list))
        };
        PreviewFindings {
            about,
            moves: moves(preview.gaining, preview.losing),
            affected: grouped(preview.affected),
            administrators: preview.administrators,
            incomplete: if preview.incomplete > 0 { people(preview.incomplete) } else { String::new() },
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
        }
    }
}

/// "12 gain a role and 1 loses one".
fn moves(gaining: usize, losing: usize) -> String {
    let verb = |count: usize, one: &str, many: &str| {
        format!("{} {}", grouped(count), if count == 1 { one } else { many })
    };
    match (gaining, losing) {
        (0, 0) => "nobody gains or loses a role".to_owned(),
        (_, 0) => format!("{} a role", verb(gaining, "gains", "gain")),
        (0, _) => format!("{} a role", verb(losing, "loses", "lose")),
        _ => format!("{} a role and {} one", verb(gaining, "gains", "gain"), verb(losing, "loses", "lose")),
    }
}

/// A draft that waits to come into force.
#[derive(Clone, Debug, Default)]
pub struct AwaitedView {
    /// "Jane published this draft on 3 March".
    pub asked: String,
    /// People who have been read for it.
    pub done: usize,
    /// Of these who are signed in.
    pub total: usize,
    /// In words.
    pub says: String,
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
    pub state: PreviewView<PreviewFindings>,
    /// It waits to come into force.
    pub awaited: Option<AwaitedView>,
    /// How complete the directory is.
    pub on_file: String,
    /// What the administrator writes about the version.
    pub note: Field,
    /// Publishing was refused because nobody could enter any more; only an operator may go on.
    pub locked_out: bool,
}

impl PreviewPage {
    /// The form that publishes is shown.
    fn is_to_publish(&self) -> bool {
        matches!(self.state, PreviewView::Done(_)) && self.awaited.is_none()
    }

    /// Seconds after which a page without scripts comes again.
    fn comes_again(&self) -> Option<u32> {
        match self.state {
            PreviewView::Running { .. } => Some(1),
            _ => self.awaited.is_some().then_some(5),
        }
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
    pub people: Vec<PersonLink>,
    /// The others.
    pub pager: Pager,
}

admin_pages!(PreviewPage, PreviewPeople);
