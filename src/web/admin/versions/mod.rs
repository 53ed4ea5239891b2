//! Versions of the mapping: the list, one of them beside another, and putting an older one in force again.

use askama::Template;
use axum::body::Body;
use axum::extract::State;
use axum::http::{Response, StatusCode};
use axum::routing::{get, post};
use axum::{Extension, Router};

use crate::domain::mapping::VersionHead;
use crate::domain::time::TimeZone;
use crate::flows::administer::mapping::{ChangeError, Which};
use crate::web::admin::draft::{told, which, who_was_faster};
use crate::web::admin::fields::Pager;
use crate::web::admin::guard::{Called, Caller};
use crate::web::admin::shell::{Note, Room, Shell, Tone};
use crate::web::admin::state::{Admin, reads, writes};
use crate::web::admin::words::{Difference, differences, when};
use crate::web::pages::{Forms, Page, respond};
use crate::web::state::answer;

/// Versions on one page.
const PER_PAGE: usize = 50;

/// A version in the list.
#[derive(Clone, Debug)]
pub struct Line {
    /// Its number.
    pub number: u64,
    /// When it was published.
    pub when: String,
    /// By whom.
    pub who: String,
    /// By emergency access.
    pub emergency: bool,
    /// What the publisher wrote.
    pub note: String,
    /// It is in force.
    pub current: bool,
    /// The one before it.
    pub before: Option<u64>,
}

impl Line {
    fn of(head: &VersionHead, current: u64, zone: &TimeZone) -> Line {
        let restored = head.restored_from.map(|from| format!("Version {from}, restored"));
        let note = Some(head.note.trim()).filter(|note| !note.is_empty()).map(str::to_owned);
        Line {
            number: head.number,
            when: when(head.published.at, zone),
            who: head.published.by.name.clone(),
            emergency: head.published.by.door == crate::flows::administer::Door::BreakGlass,
            note: restored.into_iter().chain(note).collect::<Vec<_>>().join(". "),
            current: head.number == current,
            before: head.number.checked_sub(1).filter(|before| *before > 0),
        }
    }
}

/// The list.
#[derive(Clone, Debug, Template)]
#[template(path = "admin/versions/page.html")]
pub struct VersionsPage {
    /// Around the page.
    pub shell: Shell,
    /// Newest first.
    pub lines: Vec<Line>,
    /// The others.
    pub pager: Pager,
    /// Restoring this one was refused because nobody could enter any more; only an operator may go on.
    pub locked_out: Option<u64>,
    /// Answers other than 200.
    pub status: StatusCode,
}

/// One version, or how two differ.
#[derive(Clone, Debug, Template)]
#[template(path = "admin/versions/comparison.html")]
pub struct ComparisonPage {
    /// Around the page.
    pub shell: Shell,
    /// What is compared: the earlier one, then the later one.
    pub names: (String, String),
    /// How they differ.
    pub differences: Vec<Difference>,
    /// The later one as a rules file.
    pub file: String,
    /// The later one as an address names it.
    pub later: String,
    /// The number to restore, when the later one is an older version.
    pub restore: Option<u64>,
}

/// Its addresses.
pub fn routes() -> Router<Admin> {
    Router::new()
        .route(Room::Versions.path(), reads(get(show)))
        .route("/_gate/admin/versions/compare", reads(get(compare)))
        .route("/_gate/admin/versions/restore", writes(post(restore)))
}

/// Shows the list.
pub async fn show(State(admin): State<Admin>, Extension(caller): Called) -> Response<Body> {
    list(&admin, &caller, None, StatusCode::OK, None).await
}

async fn list(
    admin: &Admin,
    caller: &Caller,
    note: Option<Note>,
    status: StatusCode,
    locked_out: Option<u64>,
) -> Response<Body> {
    let heads = match admin.administer.mapping.versions().await {
        Ok(heads) => heads,
        Err(error) => return caller.broken(&error),
    };
    let (zone, current) = (admin.zone(), admin.administer.mapping.published().version);
    let page = caller.asked("page").and_then(|page| page.parse().ok()).unwrap_or(0);
    let shown = heads.iter().skip(usize::saturating_mul(page, PER_PAGE)).take(PER_PAGE);
    answer(respond(&VersionsPage {
        shell: caller.shell(Room::Versions).with(note),
        lines: shown.map(|head| Line::of(head, current, &zone)).collect(),
        pager: Pager::new(page, PER_PAGE, heads.len(), |page| {
            format!("{}?page={page}", Room::Versions.path())
        }),
        locked_out,
        status,
    }))
}

/// Shows how two mappings differ: `?a=3&b=draft`.
pub async fn compare(State(admin): State<Admin>, Extension(caller): Called) -> Response<Body> {
    let pair = caller.asked("a").and_then(which).zip(caller.asked("b").and_then(which));
    let Some((a, b)) = pair else { return caller.not_found() };
    let mapping = &admin.administer.mapping;
    let found = async { Ok::<_, ChangeError>((mapping.compare(a, b).await?, mapping.export(b).await?)) };
    let current = mapping.published().version;
    match found.await {
        Ok((diff, file)) => answer(respond(&ComparisonPage {
            shell: caller.shell(Room::Versions),
            names: (name(a), name(b)),
            differences: differences(&diff),
            file,
            later: caller.asked("b").unwrap_or_default().to_owned(),
            restore: match b {
                Which::Version(number) if number != current => Some(number),
                _ => None,
            },
        })),
        Err(ChangeError::NoVersion(_)) => caller.not_found(),
        Err(error) => caller.broken(&error),
    }
}

fn name(which: Which) -> String {
    match which {
        Which::Draft => "the draft".to_owned(),
        Which::Published => "what is in force".to_owned(),
        Which::Version(number) => format!("version {number}"),
    }
}

/// Puts an older version in force again.
pub async fn restore(State(admin): State<Admin>, Extension(caller): Called) -> Response<Body> {
    let Ok(number) = caller.sent("number").parse() else { return caller.not_found() };
    match admin.administer.mapping.restore(&caller.actor, number, caller.ticked("despite")).await {
        Ok(_) => caller.go("/_gate/admin/versions?done=restored"),
        Err(ChangeError::NoVersion(_)) => caller.not_found(),
        Err(ChangeError::Store(error)) => caller.broken(&error),
        Err(error) => {
            let text = match &error {
                ChangeError::Conflict { last, .. } => {
                    format!(
                        "{}, so nothing was restored. Look, then try again.",
                        who_was_faster(&admin, last.as_ref())
                    )
                }
                ChangeError::Unchanged => "That version says what is in force already.".to_owned(),
                other => told(other),
            };
            let locked_out = matches!(error, ChangeError::LockOut).then_some(number);
            list(&admin, &caller, Some(Note::new(Tone::Bad, text)), StatusCode::CONFLICT, locked_out).await
        }
    }
}

impl Page for VersionsPage {
    const STYLE: &'static str = crate::web::admin::state::STYLE;
    const SCRIPT: &'static str = crate::web::admin::state::SCRIPT;
    const FORMS: Forms = Forms::ToUs;

    fn status(&self) -> StatusCode {
        self.status
    }

    #[cfg(test)]
    fn samples() -> Vec<(&'static str, Self)> {
        use crate::web::admin::tests::samples;
        let line = |number: u64, who: &str, note: &str| Line {
            number,
            when: format!("{number} March 2026, 10:42"),
            who: who.to_owned(),
            emergency: number == 2,
            note: note.to_owned(),
            current: number == 3,
            before: number.checked_sub(1).filter(|before| *before > 0),
        };
        let lines = vec![
            line(3, "Jane Marlowe", "Version 1, restored"),
            line(2, "Emergency access", "Staff got lost <b>again</b>"),
            line(1, "Operator", ""),
        ];
        let page = |lines: Vec<Line>| VersionsPage {
            shell: samples::shell(Room::Versions),
            pager: Pager::new(0, PER_PAGE, lines.len(), |_| String::new()),
            lines,
            locked_out: None,
            status: StatusCode::OK,
        };
        let refused =
            VersionsPage { locked_out: Some(1), status: StatusCode::CONFLICT, ..page(lines.clone()) };
        let refused = VersionsPage { shell: Shell { break_glass: true, ..refused.shell.clone() }, ..refused };
        vec![
            ("versions_empty", page(lines[2..].to_vec())),
            ("versions_full", page(lines)),
            ("versions_error", refused),
        ]
    }
}

impl Page for ComparisonPage {
    const STYLE: &'static str = crate::web::admin::state::STYLE;
    const SCRIPT: &'static str = crate::web::admin::state::SCRIPT;
    const FORMS: Forms = Forms::ToUs;

    fn status(&self) -> StatusCode {
        StatusCode::OK
    }

    #[cfg(test)]
    fn samples() -> Vec<(&'static str, Self)> {
        use crate::web::admin::tests::samples;
        let page = |differences, restore| ComparisonPage {
            shell: samples::shell(Room::Versions),
            names: ("version 2".to_owned(), "version 3".to_owned()),
            differences,
            file: crate::adapters::rules_file::print(&samples::rules()),
            later: "3".to_owned(),
            restore,
        };
        vec![
            ("comparison_empty", page(Vec::new(), None)),
            ("comparison_full", page(samples::differences(), Some(3))),
        ]
    }
}
