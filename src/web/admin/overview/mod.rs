//! Where administrators land: how things stand, what was done lately, and the first steps.

use askama::Template;
use axum::Extension;
use axum::body::Body;
use axum::extract::State;
use axum::http::{Response, StatusCode};

use crate::adapters::store::StoreError;
use crate::domain::audit::Filter;
use crate::web::admin::audit::Line;
use crate::web::admin::draft::bar;
use crate::web::admin::fields::Tile;
use crate::web::admin::guard::Called;
use crate::web::admin::mapping::page::DraftBar;
use crate::web::admin::offers;
use crate::web::admin::shell::{Room, Shell};
use crate::web::admin::state::Admin;
use crate::web::pages::{Forms, Page, respond};
use crate::web::state::answer;

/// Entries shown.
const LATELY: usize = 6;

/// The overview.
#[derive(Clone, Debug, Template)]
#[template(path = "admin/overview/page.html")]
pub struct OverviewPage {
    /// Around the page.
    pub shell: Shell,
    /// How the draft stands.
    pub draft: DraftBar,
    /// Numbers.
    pub tiles: Vec<Tile>,
    /// What was done lately.
    pub lately: Vec<Line>,
    /// Nothing but the first version exists: show the first steps.
    pub is_new: bool,
}

/// Shows it.
pub async fn show(State(admin): State<Admin>, Extension(caller): Called) -> Response<Body> {
    let gathered = async {
        let administer = &admin.administer;
        let draft = bar(&admin, &administer.mapping.draft().await?).await?;
        let published = administer.mapping.published();
        let log = administer.audit.list(&Filter::default(), None).await?;
        let mut tiles = vec![Tile {
            name: "Mapping in force",
            big: format!("Version {}", published.version),
            says: format!(
                "{} rules, {} roles",
                published.rules.rules.len(),
                published.rules.managed_roles().len()
            ),
            href: Room::Versions.path(),
        }];
        tiles.extend(offers::tiles(&admin).await);
        let zone = admin.zone();
        Ok::<_, StoreError>(OverviewPage {
            shell: caller.shell(Room::Overview).with(offers::outage(&admin)),
            is_new: published.version == 1 && draft.edited.is_none(),
            draft,
            tiles,
            lately: log.entries.iter().take(LATELY).map(|kept| Line::of(kept, &zone)).collect(),
        })
    };
    match gathered.await {
        Ok(page) => answer(respond(&page)),
        Err(error) => caller.broken(&error),
    }
}

impl Page for OverviewPage {
    const STYLE: &'static str = crate::web::admin::state::STYLE;
    const SCRIPT: &'static str = crate::web::admin::state::SCRIPT;
    const FORMS: Forms = Forms::ToUs;

    fn status(&self) -> StatusCode {
        StatusCode::OK
    }

    #[cfg(test)]
    fn samples() -> Vec<(&'static str, Self)> {
        use crate::web::admin::tests::samples;
        let tile = |name, big: &str, says: &str, href| Tile {
            name,
            big: big.to_owned(),
            says: says.to_owned(),
            href,
        };
        let tiles = vec![
            tile("Mapping in force", "Version 7", "10 rules, 12 roles", Room::Versions.path()),
            tile("People we know", "100,000", "Every member was read on 1 March 2026", Room::Preview.path()),
            tile(
                "AMS",
                "Answers",
                "Last answer a minute ago, 12 of 60 calls used this minute",
                Room::Status.path(),
            ),
        ];
        let line = Line {
            number: 43,
            when: "4 March 2026, 10:42".to_owned(),
            who: "Jane Marlowe".to_owned(),
            door: "",
            what: "Published the role mapping",
            about: "version 7".to_owned(),
            before: None,
            after: None,
        };
        let page = |lately: Vec<Line>, edited: Option<String>, shell| OverviewPage {
            shell,
            draft: DraftBar {
                revision: 1,
                published: "Version 7, by Jane Marlowe on 3 March 2026, 10:42".to_owned(),
                edited,
            },
            tiles: tiles.clone(),
            is_new: lately.is_empty(),
            lately,
        };
        let shell = || samples::shell(Room::Overview);
        vec![
            ("overview_empty", page(Vec::new(), None, shell())),
            (
                "overview_full",
                page(
                    vec![line.clone(), line.clone()],
                    Some("Sam Osei changed it on 4 March 2026, 09:05".into()),
                    shell(),
                ),
            ),
            (
                "overview_error",
                page(vec![line], None, Shell { break_glass: true, ..shell().with(Some(samples::outage())) }),
            ),
        ]
    }
}
