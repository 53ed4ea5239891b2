//! The preview of the community's mapping: who gains and loses which group, and the form that publishes it.

use askama::Template;
use axum::Extension;
use axum::extract::State;
use axum::http::StatusCode;

use super::place::{PAGES, VERSIONS, draft_bar, mapping};
use crate::domain::community::{CommunityPreview, GroupMoves, NamedPeople};
use crate::domain::deliveries::brake;
use crate::flows::administer::mapping::{ChangeError, Which};
use crate::flows::administer::preview_runs::{PreviewState, Previewed};
use crate::web::admin::answers::{Answer, PageError, json_answer, page};
use crate::web::admin::caller::{Called, Caller};
use crate::web::admin::done::Done;
use crate::web::admin::draft::{DraftBar, told, who_was_faster};
use crate::web::admin::fields::{Field, Pager, grouped, people};
use crate::web::admin::file_problem::FileProblem;
use crate::web::admin::people_lists::{MovedPeople, PersonLink, SHOWN};
use crate::web::admin::preview_view::{PreviewView, progress_json};
use crate::web::admin::shell::{Note, Shell, Tone, admin_pages};
use crate::web::admin::state::Admin;
use crate::web::admin::words::{Difference, line_differences, when};
use crate::web::admin::{directory, menu};

/// So many people are shown without a click.
const FEW: usize = 7;

/// People on a page of a long list.
const PER_PAGE: usize = 100;

/// The membership, where lists are named by group. No group has a blank at its end.
const MEMBERSHIP: &str = "membership ";
/// Who is sent at all.
const SENT: &str = "sent ";

/// What a preview says of one group, or of the membership.
#[derive(Clone, Debug)]
pub struct GroupFindings {
    /// "312 people gain the community Education, 4 lose it".
    pub says: String,
    /// The key of the group; empty for what is none.
    pub id: String,
    /// Who gains and who loses it.
    pub moved: Vec<MovedPeople>,
    /// What else is to be said, in sentences.
    pub more: Vec<String>,
    /// "7 people not decided"; empty: nobody.
    pub undecided: String,
    /// So few are moved that they are shown at once.
    pub is_open: bool,
}

/// What a preview found.
#[derive(Clone, Debug)]
pub struct CommunityFindings {
    /// Who it is about: "8,412 members".
    pub about: String,
    /// How many of them gain and lose something, in words.
    pub moves: String,
    /// People affected.
    pub affected: String,
    /// Who becomes a member or is one no longer, and who is sent; then the groups.
    pub groups: Vec<GroupFindings>,
    /// So many more groups change.
    pub other_groups: usize,
    /// The brake would stop the deliveries.
    pub is_braked: bool,
    /// Who could not be read.
    pub unreadable: usize,
    /// For which instant.
    pub at: String,
    /// Nobody is affected, as far as is known.
    pub is_nothing: bool,
}

impl CommunityFindings {
    /// Puts an answer into words.
    pub fn new(preview: &CommunityPreview, about: String, at: String) -> CommunityFindings {
        let of = |key: &str, moves: &GroupMoves, thing: &str, is_group: bool| {
            let says = sentence_of(moves, thing);
            let id = if is_group { key.to_owned() } else { String::new() };
            let undecided = match moves.undecided {
                0 => String::new(),
                count => format!("{} not decided", people(count)),
            };
            let is_open = moves.gained.count + moves.lost.count < FEW;
            let (moved, more) = (moved(key, moves), more(moves));
            (!says.is_empty()).then_some(GroupFindings { says, id, moved, more, undecided, is_open })
        };
        let membership = of(MEMBERSHIP, &preview.membership, "membership at the community", false);
        let sent = of(SENT, &preview.sent, "their place among those who are sent", false);
        let groups = preview.groups.iter().filter_map(|(id, moves)| {
            let name = if moves.name.is_empty() { id } else { &moves.name };
            of(id, moves, name, true)
        });
        CommunityFindings {
            about,
            moves: moves(preview.gaining, preview.losing),
            affected: grouped(preview.affected),
            groups: membership.into_iter().chain(sent).chain(groups).collect(),
            other_groups: preview.other_groups,
            is_braked: brake::are_too_many(preview.losing as u64, preview.holders as u64),
            unreadable: preview.unreadable,
            at,
            is_nothing: preview.is_nothing(),
        }
    }
}

/// "12 gain a place and 1 loses one".
fn moves(gaining: usize, losing: usize) -> String {
    match (gaining, losing) {
        (0, 0) => "nobody gains or loses a place".to_owned(),
        (_, 0) => format!("{} a place", verb(gaining, "gains", "gain")),
        (0, _) => format!("{} a place", verb(losing, "loses", "lose")),
        _ => format!("{} a place and {} one", verb(gaining, "gains", "gain"), verb(losing, "loses", "lose")),
    }
}

fn verb(count: usize, one: &str, many: &str) -> String {
    format!("{} {}", grouped(count), if count == 1 { one } else { many })
}

/// "312 people gain Education, 4 lose it". Empty: nobody gains or loses it, and all is known.
fn sentence_of(moves: &GroupMoves, thing: &str) -> String {
    let GroupMoves { gained, lost, other_role, undecided, .. } = moves;
    let gain = if gained.count == 1 { "gains" } else { "gain" };
    let lose = if lost.count == 1 { "loses" } else { "lose" };
    match (gained.count, lost.count) {
        (0, 0) if *other_role == 0 && *undecided == 0 => String::new(),
        (0, 0) => format!("Nobody gains or loses {thing}"),
        (_, 0) => format!("{} {gain} {thing}", people(gained.count)),
        (0, _) => format!("{} {lose} {thing}", people(lost.count)),
        _ => format!("{} {gain} {thing}, {} {lose} it", people(gained.count), grouped(lost.count)),
    }
}

fn moved(key: &str, moves: &GroupMoves) -> Vec<MovedPeople> {
    let of = |side: &str, says: &str, list: &NamedPeople| {
        (list.count > 0).then(|| MovedPeople {
            says: format!("{} {says}", people(list.count)),
            role: String::new(),
            people: list.people.iter().take(SHOWN).map(|person| PersonLink::known(person)).collect(),
            all: (list.people.len() > SHOWN).then(|| {
                let all = if list.count > list.people.len() { "The first" } else { "All" };
                let key = percent_encoding::utf8_percent_encode(key, percent_encoding::NON_ALPHANUMERIC);
                (
                    format!("/_gate/admin/community/mapping/preview/people?side={side}&group={key}"),
                    format!("{all} {}", people(list.people.len())),
                )
            }),
        })
    };
    let (gain, lose) = match (moves.gained.count, moves.lost.count) {
        (1, 1) => ("gains it", "loses it"),
        (1, _) => ("gains it", "lose it"),
        (_, 1) => ("gain it", "loses it"),
        _ => ("gain it", "lose it"),
    };
    of("gained", gain, &moves.gained).into_iter().chain(of("lost", lose, &moves.lost)).collect()
}

fn more(moves: &GroupMoves) -> Vec<String> {
    let role = (moves.other_role > 0).then(|| {
        let verb = if moves.other_role == 1 { "stays and is" } else { "stay and are" };
        format!("{} {verb} sent in another role.", people(moves.other_role))
    });
    let undecided = (moves.undecided > 0).then(|| {
        format!(
            "Of {} it cannot be said yet: something that the draft looks at was not read. Nothing is taken from them, and they gain it once it is read, if it fits.",
            people(moves.undecided)
        )
    });
    role.into_iter().chain(undecided).collect()
}

/// The preview.
#[derive(Clone, Debug, Template)]
#[template(path = "admin/community_mapping/preview.html")]
pub struct CommunityPreviewPage {
    /// Around the page.
    pub shell: Shell,
    /// How the draft stands.
    pub draft: DraftBar,
    /// What the draft changes in the text.
    pub differences: Vec<Difference>,
    /// How far.
    pub state: PreviewView<CommunityFindings>,
    /// What keeps the draft from coming into force.
    pub keeps_back: Vec<FileProblem>,
    /// How complete the directory is.
    pub on_file: String,
    /// What the administrator writes about the version.
    pub note: Field,
}

impl CommunityPreviewPage {
    /// The form that publishes is shown.
    fn is_to_publish(&self) -> bool {
        matches!(self.state, PreviewView::Done(_)) && self.keeps_back.is_empty()
    }

    /// Seconds after which a page without scripts comes again.
    fn comes_again(&self) -> Option<u32> {
        matches!(self.state, PreviewView::Running { .. }).then_some(1)
    }
}

/// All who gain or lose one thing, page by page.
#[derive(Clone, Debug, Template)]
#[template(path = "admin/community_mapping/people.html")]
pub struct CommunityPreviewPeople {
    /// Around the page.
    pub shell: Shell,
    /// "120 people gain Education".
    pub says: String,
    /// One page of them.
    pub people: Vec<PersonLink>,
    /// So many are not named.
    pub unnamed: usize,
    /// The others.
    pub pager: Pager,
}

admin_pages!(CommunityPreviewPage, CommunityPreviewPeople);

/// Shows the preview of the draft; begins it when nobody has yet.
pub async fn show(State(admin): State<Admin>, Extension(caller): Called) -> Answer {
    page(&shown(&admin, &caller).await?)
}

async fn shown(admin: &Admin, caller: &Caller) -> Result<CommunityPreviewPage, PageError> {
    let community = mapping(admin)?;
    let draft = community.draft().await?;
    let (state, keeps_back) = if draft.edited.is_some() {
        let found = |done: &Previewed<CommunityPreview>| {
            let (status, preview) = (admin.services.directory.status(), &done.preview);
            let about = directory::everybody(&status, preview.people, preview.members);
            CommunityFindings::new(preview, about, when(done.at, &admin.zone()))
        };
        let state = PreviewView::of(community.preview(draft.revision).await?, found);
        (state, community.problems(&draft.rules.text).await?)
    } else {
        (PreviewView::Nothing, Vec::new())
    };
    Ok(CommunityPreviewPage {
        shell: caller.shell(menu::COMMUNITY_MAPPING).with(admin.outage()),
        draft: draft_bar(admin, &community, &draft).await?,
        differences: line_differences(&community.compare(Which::Published, Which::Draft).await?),
        state,
        keeps_back: keeps_back.iter().map(FileProblem::of).collect(),
        on_file: directory::completeness(&admin.services.directory.status(), &admin.zone()),
        note: Field::text("note", "What is this change for? (optional)", caller.sent("note"))
            .hint("Shown in the list of versions."),
    })
}

/// How far it is, for the page's script.
pub async fn how_far(State(admin): State<Admin>, Extension(caller): Called) -> Answer {
    let revision = caller.asked("revision").and_then(|text| text.parse().ok()).ok_or(PageError::NotFound)?;
    json_answer(progress_json(&mapping(&admin)?.preview(revision).await?))
}

/// All who gain or lose one thing, as far as they are named.
pub async fn people_of(State(admin): State<Admin>, Extension(caller): Called) -> Answer {
    let community = mapping(&admin)?;
    let draft = community.draft().await?;
    let PreviewState::Done(found) = community.preview(draft.revision).await? else {
        return caller.go_to(PAGES.preview);
    };
    let group = caller.asked("group").unwrap_or_default();
    let (moves, thing) = match group {
        MEMBERSHIP => (Some(&found.preview.membership), "membership"),
        SENT => (Some(&found.preview.sent), "their place among those who are sent"),
        id => {
            let moves = found.preview.groups.get(id);
            (moves, moves.map(|moves| moves.name.as_str()).filter(|name| !name.is_empty()).unwrap_or(id))
        }
    };
    let moves = moves.ok_or(PageError::NotFound)?;
    let side = caller.asked("side").unwrap_or_default();
    let (list, words) = match side {
        "gained" => (&moves.gained, "gain"),
        "lost" => (&moves.lost, "lose"),
        _ => return Err(PageError::NotFound),
    };
    let number = caller.asked("page").and_then(|page| page.parse().ok()).unwrap_or(0);
    let key = percent_encoding::utf8_percent_encode(group, percent_encoding::NON_ALPHANUMERIC);
    let address =
        |page| format!("/_gate/admin/community/mapping/preview/people?side={side}&group={key}&page={page}");
    let shown = list.people.iter().skip(usize::saturating_mul(number, PER_PAGE)).take(PER_PAGE);
    page(&CommunityPreviewPeople {
        shell: caller.shell(menu::COMMUNITY_MAPPING),
        says: format!("{} {words} {thing}", people(list.count)),
        people: shown.map(|person| PersonLink::known(person)).collect(),
        unnamed: list.count.saturating_sub(list.people.len()),
        pager: Pager::new(number, PER_PAGE, list.people.len(), address),
    })
}

/// Puts the draft in force, at once.
pub async fn publish(State(admin): State<Admin>, Extension(caller): Called) -> Answer {
    let published = mapping(&admin)?.publish(&caller.actor, caller.revision(), caller.sent("note")).await;
    let text = match published {
        Ok(_) => {
            let done = Done::CommunityPublished.key();
            return caller.go_to(&format!("{}?done={done}", VERSIONS));
        }
        Err(ChangeError::Store(error)) => return Err(error.into()),
        Err(ChangeError::Conflict { last, .. }) => {
            let who = who_was_faster(&admin, last.as_ref());
            format!("{who}, so nothing was published. Below is the preview of the draft as it is now.")
        }
        Err(ChangeError::Refused(_)) => "The draft was refused, and nothing was published.".to_owned(),
        Err(error) => told(&error),
    };
    let shown = shown(&admin, &caller).await?;
    let shell = shown.shell.with(Some(Note::new(Tone::Bad, text))).status(StatusCode::CONFLICT);
    page(&CommunityPreviewPage { shell, ..shown })
}
