//! Versions of the community's mapping: the list, one beside another, and taking an older one into the draft.

use askama::Template;
use axum::Extension;
use axum::extract::State;
use axum::http::StatusCode;

use super::place::{VERSIONS, mapping};
use crate::flows::administer::mapping::ChangeError;
use crate::web::admin::answers::{Answer, PageError, page};
use crate::web::admin::caller::{Called, Caller};
use crate::web::admin::done::Done;
use crate::web::admin::draft::{name, told, which, who_was_faster};
use crate::web::admin::fields::Pager;
use crate::web::admin::menu;
use crate::web::admin::shell::{Note, Shell, Tone, admin_pages};
use crate::web::admin::state::Admin;
use crate::web::admin::version_line::VersionLine;
use crate::web::admin::words::{Difference, line_differences};

/// Versions on one page.
const PER_PAGE: usize = 50;

/// The list.
#[derive(Clone, Debug, Template)]
#[template(path = "admin/community_mapping/versions.html")]
pub struct CommunityVersionsPage {
    /// Around the page.
    pub shell: Shell,
    /// The revision of the draft that a version would replace.
    pub revision: u64,
    /// There is a draft.
    pub has_draft: bool,
    /// Newest first.
    pub lines: Vec<VersionLine>,
    /// The others.
    pub pager: Pager,
}

/// One version, or how two differ.
#[derive(Clone, Debug, Template)]
#[template(path = "admin/community_mapping/comparison.html")]
pub struct CommunityComparisonPage {
    /// Around the page.
    pub shell: Shell,
    /// What is compared: the earlier one, then the later one.
    pub names: (String, String),
    /// How they differ.
    pub differences: Vec<Difference>,
    /// The later one as a file.
    pub file: String,
    /// The later one as an address names it.
    pub later: String,
}

admin_pages!(CommunityVersionsPage, CommunityComparisonPage);

/// Shows the list.
pub async fn show(State(admin): State<Admin>, Extension(caller): Called) -> Answer {
    list(&admin, &caller, caller.shell(menu::COMMUNITY_MAPPING)).await
}

async fn list(admin: &Admin, caller: &Caller, shell: Shell) -> Answer {
    let community = mapping(admin)?;
    let (draft, heads, zone) = (community.draft().await?, community.versions().await?, admin.zone());
    let current = heads.first().map_or(0, |head| head.number);
    let number = caller.asked("page").and_then(|page| page.parse().ok()).unwrap_or(0);
    let shown = heads.iter().skip(usize::saturating_mul(number, PER_PAGE)).take(PER_PAGE);
    page(&CommunityVersionsPage {
        shell,
        revision: draft.revision,
        has_draft: draft.edited.is_some(),
        lines: shown.map(|head| VersionLine::of(head, current, &zone)).collect(),
        pager: Pager::new(number, PER_PAGE, heads.len(), |page| format!("{VERSIONS}?page={page}")),
    })
}

/// Shows how two mappings differ: `?a=3&b=draft`.
pub async fn compare(State(admin): State<Admin>, Extension(caller): Called) -> Answer {
    let pair = caller.asked("a").and_then(which).zip(caller.asked("b").and_then(which));
    let (a, b) = pair.ok_or(PageError::NotFound)?;
    let community = mapping(&admin)?;
    page(&CommunityComparisonPage {
        shell: caller.shell(menu::COMMUNITY_MAPPING),
        names: (name(a), name(b)),
        differences: line_differences(&community.compare(a, b).await?),
        file: community.export(b).await?,
        later: caller.asked("b").unwrap_or_default().to_owned(),
    })
}

/// Makes the draft say what a version says.
pub async fn take(State(admin): State<Admin>, Extension(caller): Called) -> Answer {
    let number = caller.sent("number").parse().map_err(|_| PageError::NotFound)?;
    let text = match mapping(&admin)?.take_version(&caller.actor, caller.revision(), number).await {
        Ok(_) => return caller.done(menu::COMMUNITY_MAPPING, Done::VersionTaken),
        Err(error @ (ChangeError::NoVersion(_) | ChangeError::Store(_))) => return Err(error.into()),
        Err(ChangeError::Conflict { last, .. }) => {
            format!("{}, so nothing was done. Look, then try again.", who_was_faster(&admin, last.as_ref()))
        }
        Err(ChangeError::Unchanged) => "The draft says already what that version says.".to_owned(),
        Err(error) => told(&error),
    };
    let note = Note::new(Tone::Bad, text);
    let shell = caller.shell(menu::COMMUNITY_MAPPING).with(Some(note)).status(StatusCode::CONFLICT);
    list(&admin, &caller, shell).await
}
