//! The page that says how the community stands.

use askama::Template;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use super::day::{DayPicture, lasted};
use super::person_page;
use crate::domain::community::{GroupFigures, SyncCount};
use crate::domain::deliveries::brake::Stop;
use crate::domain::deliveries::row::{Delivery, Phase};
use crate::domain::time::TimeZone;
use crate::flows::community_standing::{CommunityStatus, CountedFigures, FiguresAnswer, FirstRunProgress};
use crate::web::admin::fields::{Field, Tile, grouped, people};
use crate::web::admin::shell::{Note, Shell, Tone, admin_pages};
use crate::web::admin::words::when;

/// So many groups are shown.
const MOST_SHOWN: usize = 1_000;

/// Where the mapping is changed.
pub const MAPPING: &str = "/_gate/admin/community/mapping";

/// A group, or members, or everybody, in figures.
#[derive(Clone, Debug)]
pub struct FiguresRow {
    /// What it is called.
    pub name: String,
    /// Its key, where that is another; may be empty.
    pub key: String,
    /// What it is at the community; may be empty.
    pub kind: String,
    /// Should be in it.
    pub here: String,
    /// Are in it.
    pub there: String,
    /// On the way, and which way.
    pub pending: String,
    /// Refused.
    pub refused: String,
}

/// How far the first run is.
#[derive(Clone, Debug)]
pub struct FirstRunCard {
    /// In a word or two.
    pub word: &'static str,
    /// How it is.
    pub tone: Tone,
    /// So many.
    pub done: u64,
    /// Of so many.
    pub of: u64,
    /// The facts.
    pub facts: Vec<(&'static str, String)>,
}

/// Somebody who is refused.
#[derive(Clone, Debug)]
pub struct RefusedRow {
    /// The id.
    pub id: String,
    /// The person's page.
    pub href: String,
    /// Since when.
    pub since: String,
    /// Why, in the community's words.
    pub why: String,
}

/// The page.
#[derive(Clone, Debug, Template)]
#[template(path = "admin/community/page.html")]
pub struct CommunityPage {
    /// Around the page.
    pub shell: Shell,
    /// Who is looked for.
    pub who: Field,
    /// The most important numbers.
    pub tiles: Vec<Tile>,
    /// The first run, if it has begun.
    pub first_run: Option<FirstRunCard>,
    /// Members and everybody.
    pub sums: Vec<FiguresRow>,
    /// The groups.
    pub groups: Vec<FiguresRow>,
    /// There are more groups.
    pub has_more: bool,
    /// When that was counted, or how far the counting is.
    pub counted: String,
    /// The last day.
    pub day: DayPicture,
    /// Who is refused.
    pub refused: Vec<RefusedRow>,
    /// There are more of them.
    pub more_refused: u64,
}

impl CommunityPage {
    /// As it stands.
    pub fn new(
        shell: Shell,
        who: Field,
        status: &CommunityStatus,
        figures: &FiguresAnswer,
        zone: &TimeZone,
    ) -> CommunityPage {
        let telling = &status.telling;
        let counted = figures.counted.as_deref();
        let known = counted.map(|counted| &counted.figures);
        let groups = known.iter().flat_map(|figures| &figures.groups);
        let sums = known.iter().flat_map(|figures| {
            [
                row("Everybody", "", String::new(), &figures.people),
                row("Members", "", String::new(), &figures.members),
            ]
        });
        CommunityPage {
            shell: notes(shell, status, zone),
            who,
            tiles: tiles(status, counted),
            first_run: status.first_run.as_ref().map(|run| first_run(run, zone)),
            sums: sums.collect(),
            groups: groups.take(MOST_SHOWN).map(|(key, group)| group_row(key, group)).collect(),
            has_more: known.is_some_and(|it| it.has_more_groups || it.groups.len() > MOST_SHOWN),
            counted: counted_at(figures, status.people, zone),
            day: DayPicture::new(&status.day, zone),
            refused: telling.set_aside.iter().map(|row| refused(row, zone)).collect(),
            more_refused: telling.counts.set_aside.saturating_sub(telling.set_aside.len() as u64),
        }
    }
}

fn number(count: u64) -> String {
    grouped(usize::try_from(count).unwrap_or(usize::MAX))
}

/// What stands in the way, with what to do about it.
fn notes(shell: Shell, status: &CommunityStatus, zone: &TimeZone) -> Shell {
    let stopped = status.telling.state.stopped.as_ref().map(|stop| match stop {
        Stop::ByHand { since } => {
            let text = format!("Nothing is sent: an administrator stopped it on {}. Let it go on under Deliveries.", when(*since, zone));
            Note::new(Tone::Warn, text)
        }
        Stop::ManyLose { since, losers, holders } => {
            let text = format!(
                "Nothing is sent since {}: {} of {} would lose something at once, and no known date says so. Look whether the mapping or the AMS \
                 has changed as you want it, then confirm it under Deliveries.",
                when(*since, zone),
                people(usize::try_from(*losers).unwrap_or(usize::MAX)),
                number(*holders)
            );
            Note::new(Tone::Bad, text)
        }
    });
    let silent = status.telling.failure.as_ref().map(|(since, why)| {
        let text = format!(
            "Higher Logic gives no usable answer since {}: {why}. It is tried again by itself.",
            when(*since, zone)
        );
        Note::new(Tone::Bad, text)
    });
    shell.with(stopped).with(silent)
}

fn tiles(status: &CommunityStatus, counted: Option<&CountedFigures>) -> Vec<Tile> {
    let counts = &status.telling.counts;
    let tile = |name, big: String, says: &str, href| Tile { name, big, says: says.to_owned(), href };
    let mut tiles = vec![
        tile(
            "Known there as they should be",
            number(counts.settled),
            "People that the community has confirmed.",
            "",
        ),
        tile("On their way", number(counts.pending), "People who are told next, or again.", ""),
        tile(
            "Refused",
            number(counts.set_aside),
            "The community does not take them as they are.",
            "#refused",
        ),
    ];
    if let Some(CountedFigures { figures, .. }) = counted {
        let says = match (figures.not_asked_for, figures.not_admitted) {
            (0, 0) => "Something at which the mapping looks has not been read of them. Nothing is sent of them until then.".to_owned(),
            (not_asked, refused) => format!(
                "Something has not been read of them, so nothing is sent until then. Besides, the mapping does not ask for {}, and the AMS does not admit {}.",
                number(not_asked),
                number(refused)
            ),
        };
        tiles.push(Tile { name: "Not known yet", big: number(figures.not_known), says, href: "" });
    }
    tiles
}

fn first_run(run: &FirstRunProgress, zone: &TimeZone) -> FirstRunCard {
    let mut facts = vec![("Began", when(run.began, zone))];
    let mut told = format!("{} of {}", number(run.confirmed), number(run.of));
    if run.refused > 0 {
        told.push_str(&format!(", {} refused", number(run.refused)));
    }
    match (run.ended, run.an_hour, run.left) {
        (Some(ended), ..) => {
            facts.push((
                "Ended",
                format!("{}, after {}", when(ended, zone), lasted(ended.duration_since(run.began))),
            ));
        }
        (None, Some(an_hour), Some(left)) => {
            facts.push(("Confirmed", told));
            facts.push(("Pace", format!("{} an hour", number(an_hour))));
            facts.push(("Takes about", format!("{} more", lasted(left))));
        }
        (None, ..) => {
            facts.push(("Confirmed", told));
            facts.push(("Pace", "Nobody was confirmed lately".to_owned()));
        }
    }
    if !run.is_whole && run.ended.is_none() {
        facts.push(("Of how many", "Not known yet: not everybody has been read and looked at".to_owned()));
    }
    let (tone, word) = match run.ended {
        Some(_) => (Tone::Good, "Done"),
        None => (Tone::Warn, "Under way"),
    };
    FirstRunCard { word, tone, done: run.confirmed + run.refused, of: run.of, facts }
}

fn group_row(key: &str, group: &GroupFigures) -> FiguresRow {
    let kind = group
        .community_type
        .as_ref()
        .map_or_else(|| "Security group".to_owned(), |of| format!("Community: {of}"));
    row(&group.name, if group.name == key { "" } else { key }, kind, &group.count)
}

fn row(name: &str, key: &str, kind: String, count: &SyncCount) -> FiguresRow {
    let ways = [(count.joining, "to come"), (count.leaving, "to go"), (count.changing, "to change")];
    let ways: Vec<String> =
        ways.into_iter().filter(|(of, _)| *of > 0).map(|(of, way)| format!("{} {way}", number(of))).collect();
    FiguresRow {
        name: name.to_owned(),
        key: key.to_owned(),
        kind,
        here: number(count.here),
        there: number(count.there),
        pending: if ways.is_empty() { "0".to_owned() } else { ways.join(", ") },
        refused: number(count.refused),
    }
}

fn counted_at(figures: &FiguresAnswer, people: usize, zone: &TimeZone) -> String {
    let counting = figures.counting.map(|seen| format!("{} of {} people", grouped(seen), grouped(people)));
    match (&figures.counted, counting) {
        (Some(counted), None) => format!("Counted on {}.", when(counted.at, zone)),
        (Some(counted), Some(seen)) => {
            format!("Counted on {}. Newer figures are being counted: {seen} so far.", when(counted.at, zone))
        }
        (None, seen) => {
            format!("It is being counted: {} so far. Look again in a moment.", seen.unwrap_or_default())
        }
    }
}

fn refused(row: &Delivery, zone: &TimeZone) -> RefusedRow {
    let (since, why) = match &row.phase {
        Phase::SetAside { since, reason } => (when(*since, zone), reason.replace('_', " ")),
        _ => (String::new(), String::new()),
    };
    let id = row.individual.to_string();
    let href = format!("{}?who={}", person_page::PATH, utf8_percent_encode(&id, NON_ALPHANUMERIC));
    RefusedRow { id, href, since, why }
}

admin_pages!(CommunityPage);
