//! What the client remembers between calls, each with the instant at which it was read.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, AtomicUsize};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use arc_swap::ArcSwapOption;
use jiff::SignedDuration;
use serde_json::Value;

use super::wire::places::PlaceDetail;
use crate::adapters::ams::paging::PageStarts;
use crate::domain::record::{IndividualId, Membership};
use crate::domain::time::Timestamp;

/// How long the memberships of an organization, and the ties of a person, are believed for naming a type.
const BELIEVED: SignedDuration = SignedDuration::from_hours(24);
/// More are not kept at a time.
const MOST_KEPT: usize = 100_000;
/// How long lists of lists, events and types are believed; a name that is not on them is looked for again.
const LISTS_LAST: SignedDuration = SignedDuration::from_mins(15);
/// How long what was told of a place is used for a person whose own list does not tell it.
const DETAILS_LAST: SignedDuration = SignedDuration::from_mins(10);
/// So many questions to the feed are under way at a time: the poll, the look back, and its trial.
const MOST_QUESTIONS: usize = 4;

/// What was read of organizations.
#[derive(Default)]
pub(super) struct Organizations {
    memberships: Mutex<BTreeMap<IndividualId, (Timestamp, Vec<Membership>)>>,
    ties: Mutex<BTreeMap<IndividualId, (Timestamp, Vec<IndividualId>)>>,
}

fn held<T>(of: &Mutex<T>) -> MutexGuard<'_, T> {
    of.lock().unwrap_or_else(PoisonError::into_inner)
}

fn is_young(at: Timestamp, now: Timestamp) -> bool {
    now.duration_since(at).abs() < BELIEVED
}

impl Organizations {
    /// A person belongs to these.
    pub(super) fn note_ties(&self, person: &IndividualId, organizations: &[IndividualId], now: Timestamp) {
        let mut ties = held(&self.ties);
        if ties.len() >= MOST_KEPT {
            ties.retain(|_, (at, _)| is_young(*at, now));
        }
        if ties.len() < MOST_KEPT {
            ties.insert(person.clone(), (now, organizations.to_vec()));
        }
    }

    /// To which a person belongs, if that is known.
    pub(super) fn ties(&self, person: &IndividualId, now: Timestamp) -> Option<Vec<IndividualId>> {
        held(&self.ties).get(person).filter(|(at, _)| is_young(*at, now)).map(|(_, ties)| ties.clone())
    }

    /// Who is known to belong to one.
    pub(super) fn people_of(&self, organization: &IndividualId) -> Vec<IndividualId> {
        let ties = held(&self.ties);
        ties.iter()
            .filter(|(_, (_, of))| of.contains(organization))
            .map(|(person, _)| person.clone())
            .collect()
    }

    /// An organization has these memberships.
    pub(super) fn note(&self, organization: IndividualId, memberships: Vec<Membership>, now: Timestamp) {
        let mut known = held(&self.memberships);
        if known.len() >= MOST_KEPT {
            known.retain(|_, (at, _)| is_young(*at, now));
        }
        if known.len() < MOST_KEPT {
            known.insert(organization, (now, memberships));
        }
    }

    /// The memberships of an organization, if they are known.
    pub(super) fn known(&self, organization: &IndividualId, now: Timestamp) -> Option<Vec<Membership>> {
        let known = held(&self.memberships);
        known
            .get(organization)
            .filter(|(at, _)| is_young(*at, now))
            .map(|(_, memberships)| memberships.clone())
    }

    /// An organization has changed: what was read of it says nothing any longer.
    pub(super) fn forget(&self, organization: &IndividualId) {
        held(&self.memberships).remove(organization);
    }
}

/// Lists of the association, as they were read last.
#[derive(Default)]
pub(super) struct KnownLists(Mutex<BTreeMap<&'static str, ShortList>>);

#[derive(Clone)]
struct ShortList {
    read_at: Timestamp,
    rows: Arc<Vec<Value>>,
}

impl KnownLists {
    /// A list that was read lately.
    pub(super) fn young(&self, path: &str, now: Timestamp) -> Option<Arc<Vec<Value>>> {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let young = known.get(path).filter(|list| now.duration_since(list.read_at).abs() < LISTS_LAST);
        young.map(|list| Arc::clone(&list.rows))
    }

    /// A list was read.
    pub(super) fn note(&self, path: &'static str, rows: Arc<Vec<Value>>, read_at: Timestamp) {
        let list = ShortList { read_at, rows };
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(path, list);
    }
}

/// What was told of places on lists.
#[derive(Default)]
pub(super) struct PlaceMemory {
    joinable: Mutex<BTreeMap<String, bool>>,
    told: Mutex<BTreeMap<String, ToldPlaces>>,
}

#[derive(Default)]
struct ToldPlaces {
    read_at: Timestamp,
    by_person: BTreeMap<IndividualId, PlaceDetail>,
    /// From the first page to the last.
    is_whole: bool,
}

impl PlaceMemory {
    /// On which lists people put themselves.
    pub(super) fn note_joinable(&self, lists: BTreeMap<String, bool>) {
        self.joinable.lock().unwrap_or_else(PoisonError::into_inner).extend(lists);
    }

    pub(super) fn joinable(&self, list: &str) -> Option<bool> {
        self.joinable.lock().unwrap_or_else(PoisonError::into_inner).get(list).copied()
    }

    fn told(&self) -> MutexGuard<'_, BTreeMap<String, ToldPlaces>> {
        self.told.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A page of who is on a list was read.
    pub(super) fn note_page(
        &self,
        list: &str,
        is_first: bool,
        is_last: bool,
        rows: &[(IndividualId, Option<PlaceDetail>)],
        now: Timestamp,
    ) {
        let mut told = self.told();
        let known = told.entry(list.to_owned()).or_default();
        if is_first {
            *known = ToldPlaces { read_at: now, ..ToldPlaces::default() };
        }
        known.is_whole = is_last;
        let rows = rows.iter().filter_map(|(person, detail)| Some((person.clone(), detail.clone()?)));
        known.by_person.extend(rows);
    }

    /// Outer `None`: it has to be asked.
    pub(super) fn detail(
        &self,
        list: &str,
        person: &IndividualId,
        now: Timestamp,
    ) -> Option<Option<PlaceDetail>> {
        let told = self.told();
        let young = |known: &&ToldPlaces| now.duration_since(known.read_at).abs() < DETAILS_LAST;
        let known = told.get(list).filter(young)?;
        match known.by_person.get(person) {
            Some(detail) => Some(Some(detail.clone())),
            None => known.is_whole.then_some(None),
        }
    }
}

/// What was read for a sweep.
#[derive(Default)]
pub(super) struct SweepBook {
    pub(super) everybody: PageStarts,
    pub(super) book: ArcSwapOption<MembershipBook>,
    pub(super) renewal: tokio::sync::Mutex<()>,
    /// The list of memberships is asked for by GET; that by POST is not there.
    pub(super) by_get: AtomicBool,
}

/// All memberships, by owner.
pub(super) struct MembershipBook {
    pub(super) read_at: Timestamp,
    pub(super) by_owner: BTreeMap<IndividualId, Vec<Membership>>,
}

/// Which parameter is looked at, and how far each question has come.
#[derive(Default)]
pub(super) struct FeedMemory {
    pub(super) parameter: AtomicUsize,
    questions: Mutex<Vec<(Timestamp, DeltaQuestion)>>,
}

/// One reading of the feed.
#[derive(Debug, Clone, Default)]
pub(super) struct DeltaQuestion {
    /// Where it goes on: after so many rows. `None`: it is at its end.
    pub(super) next: Option<usize>,
    /// Asked from there on, in place of the instant; the feed does not turn its pages.
    pub(super) since: Option<String>,
    /// The greatest stamp so far.
    pub(super) greatest: Option<String>,
    pub(super) seen: BTreeSet<(IndividualId, Option<String>)>,
    /// Changed organizations that are still to be asked.
    pub(super) organizations: Vec<IndividualId>,
}

impl FeedMemory {
    fn questions(&self) -> MutexGuard<'_, Vec<(Timestamp, DeltaQuestion)>> {
        self.questions.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How far a question has come; page 1 begins it.
    pub(super) fn question(&self, asked: Timestamp, page: u32) -> DeltaQuestion {
        let fresh = || DeltaQuestion { next: Some(0), ..DeltaQuestion::default() };
        let known = self.questions().iter().find(|(at, _)| *at == asked).map(|(_, known)| known.clone());
        known.filter(|_| page > 1).unwrap_or_else(fresh)
    }

    /// A page of it was read.
    pub(super) fn keep(&self, asked: Timestamp, question: DeltaQuestion) {
        let mut questions = self.questions();
        questions.retain(|(at, _)| *at != asked);
        if questions.len() >= MOST_QUESTIONS {
            questions.remove(0);
        }
        questions.push((asked, question));
    }
}
