//! What would be sent, about which people and why, if it were planned now. Nothing is written, and nobody but the store is asked.

use super::CommunityStanding;
use super::figures::phase_of;
use super::person::ToldSide;
use super::walk::StandingWalk;
use crate::adapters::store::StoreError;
use crate::adapters::subscribers::higher_logic::told;
use crate::domain::community::{
    CommunityFigures, CommunityMapping, FactChange, FactKind, FactRow, GroupReasons, SyncPhase, compared,
    untold,
};
use crate::domain::deliveries::brake::{self, Stop, TOGETHER};
use crate::domain::deliveries::row::{Delivery, Phase, Plan};
use crate::domain::deliveries::state::State;
use crate::domain::names::ListedNames;
use crate::domain::record::{IndividualId, Record};
use crate::domain::time::Timestamp;
use crate::flows::deliveries::look::LookedAt;

/// What would be sent of a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PlannedKind {
    /// The person, for the first time.
    New,
    /// The person, with something else than before.
    Changed,
    /// The removal.
    Removed,
    /// The same once more: an administrator asked for it, or it is not certain that it arrived.
    Again,
}

/// A person who would be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlannedContact {
    /// Who.
    pub id: IndividualId,
    /// What.
    pub kind: PlannedKind,
    /// The lines that become another.
    pub facts: Vec<FactRow>,
    /// Why: a sentence for each group that is gained or lost, by its key, or one for a removal, without a key.
    pub because: Vec<(String, String)>,
    /// From then on time alone makes it another.
    pub holds_until: Option<Timestamp>,
    /// The community refuses it as things are, in its words.
    pub refused: Option<String>,
    /// The person would lose something that no known date takes away.
    pub loses: bool,
}

/// What the brake would do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BrakeOutlook {
    /// Nothing. So many would lose something, of so many who hold something.
    Goes(u64, u64),
    /// It would stop everything: so many would lose something, of so many who hold something.
    WouldStop(u64, u64),
    /// It is stopped already.
    Stopped(Stop),
}

/// All of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlanSummary {
    /// When this was.
    pub at: Timestamp,
    /// So many people were looked at.
    pub people: usize,
    /// Something would be sent of so many of them; those who are refused as things are do not count.
    pub planned: usize,
    /// How each group would stand.
    pub figures: CommunityFigures,
    /// What the brake would do.
    pub brake: BrakeOutlook,
}

impl CommunityStanding {
    /// Looks at everybody; `tell` hears of those who would be sent, page by page. Opens records on the caller's thread.
    ///
    /// # Errors
    /// The store gives no answer, or `tell` fails.
    pub async fn plan<E: From<StoreError>>(
        &self,
        mut tell: impl FnMut(Vec<PlannedContact>) -> Result<(), E>,
    ) -> Result<PlanSummary, E> {
        let parts = self.parts();
        let at = parts.clock.now();
        let (looking, mapping) = (self.looking(at), self.mapping());
        let names = parts.directory.catalogue(&parts.environment).await?;
        let names = names.as_ref().map(ListedNames::from).unwrap_or_default();
        let mut figures = CommunityFigures::of(&mapping);
        let (mut people, mut planned, mut losers) = (0, 0, 0);
        let mut walk = StandingWalk::new(parts, self.rows());
        while let Some(page) = walk.next().await? {
            people += page.len();
            let mut told_of = Vec::new();
            for person in page {
                let plan = looking.plan(&person);
                let believed = || person.record.clone().map(|record| parts.beliefs.believed(record, at));
                let looked = LookedPerson { person: &person, plan: plan.as_ref(), at };
                if !looked.note(&mut figures) {
                    if let Some(record) = believed() {
                        figures.note_untold(untold(&mapping, &record, at));
                    }
                    continue;
                }
                losers += u64::from(looked.loses());
                if let Some(kind) = looked.kind() {
                    let record = believed();
                    let contact = looked.contact(kind, &mapping, record.as_ref(), &names);
                    planned += usize::from(contact.refused.is_none());
                    told_of.push(contact);
                }
            }
            tell(told_of)?;
        }
        let brake = self.brake_outlook(losers, at).await?;
        Ok(PlanSummary { at, people, planned, figures, brake })
    }

    /// As the planner weighs it.
    async fn brake_outlook(&self, more: u64, at: Timestamp) -> Result<BrakeOutlook, StoreError> {
        let store = &self.parts().store;
        let state = store.subscriber(self.name()).await?;
        if let Some(stop) = state.stopped {
            return Ok(BrakeOutlook::Stopped(stop));
        }
        let lately = at.checked_sub(TOGETHER).unwrap_or(at);
        let since = state.counts_from.map_or(lately, |from| from.max(lately));
        let counts = store.count_deliveries(self.rows(), since).await?;
        let losers = counts.losers + more;
        Ok(match more > 0 && brake::are_too_many(losers, counts.holders) {
            true => BrakeOutlook::WouldStop(losers, counts.holders),
            false => BrakeOutlook::Goes(losers, counts.holders),
        })
    }
}

/// A person with the plan.
struct LookedPerson<'a> {
    person: &'a LookedAt,
    plan: Option<&'a Plan>,
    at: Timestamp,
}

impl LookedPerson<'_> {
    fn row(&self) -> Option<&Delivery> {
        self.person.row.as_ref()
    }

    /// What is to be told: as planned, else as before.
    fn desired(&self) -> Option<&State> {
        let planned = self.plan.and_then(|plan| plan.desired.state.as_ref());
        planned.or_else(|| self.row().map(|row| &row.desired))
    }

    fn confirmed(&self) -> Option<&State> {
        self.row().and_then(|row| row.confirmed.as_ref()).map(|known| &known.state)
    }

    /// Whether the plan says the same as the row.
    fn is_planned_already(&self) -> bool {
        self.row().is_some_and(|row| self.desired().is_some_and(|desired| row.desired.says_as(desired)))
    }

    fn refusal(&self) -> Option<String> {
        let row = self.row().filter(|_| self.is_planned_already())?;
        if let Phase::SetAside { reason, .. } = &row.phase { Some(reason.clone()) } else { None }
    }

    fn loses(&self) -> bool {
        self.plan.is_some_and(|plan| plan.takes_away(self.row(), self.at))
    }

    /// `false`: nothing was told of the person, and nothing is to be told.
    fn note(&self, figures: &mut CommunityFigures) -> bool {
        let Some(desired) = self.desired() else { return false };
        let phase = match self.row().filter(|_| self.is_planned_already()) {
            Some(row) => phase_of(row),
            None => SyncPhase::Waits,
        };
        let there = self.confirmed().and_then(told);
        figures.note(told(desired).as_ref(), there.as_ref(), phase);
        true
    }

    /// What would be sent. `None`: the community knows what it should.
    fn kind(&self) -> Option<PlannedKind> {
        let desired = self.desired()?;
        let is_known = self.confirmed().is_some_and(|known| known.says_as(desired));
        let waits = self.row().is_none_or(|row| !matches!(row.phase, Phase::Settled));
        match (is_known, ToldSide::of(Some(desired)), ToldSide::of(self.confirmed())) {
            (true, ..) => waits.then_some(PlannedKind::Again),
            // Of somebody who was never there nothing has to be taken away.
            (false, ToldSide::Removed | ToldSide::Nothing, ToldSide::Nothing)
                if *desired == State::Removed =>
            {
                None
            }
            (false, ToldSide::Removed | ToldSide::Nothing, _) => Some(PlannedKind::Removed),
            (false, ToldSide::Present, ToldSide::Present) => Some(PlannedKind::Changed),
            (false, ToldSide::Present, _) => Some(PlannedKind::New),
        }
    }

    fn contact(
        &self,
        kind: PlannedKind,
        mapping: &CommunityMapping,
        record: Option<&Record>,
        names: &ListedNames,
    ) -> PlannedContact {
        let (there, here) = (self.confirmed().and_then(told), self.desired().and_then(told));
        let zone = &mapping.rules().time_zone;
        let mut facts = compared(there.as_ref(), None, here.as_ref(), zone);
        facts.retain(|fact| fact.change() != FactChange::Same);
        let because = match (kind, record) {
            (PlannedKind::Removed, record) => vec![(String::new(), self.why_removed(record).to_owned())],
            (_, None) => Vec::new(),
            (_, Some(record)) => {
                let reasons = GroupReasons::new(mapping, record, names, self.at);
                let groups = facts.iter().filter(|fact| fact.kind == FactKind::Group);
                groups.map(|fact| (fact.name.clone(), reasons.of(&fact.name))).collect()
            }
        };
        PlannedContact {
            id: self.person.id.clone(),
            kind,
            facts,
            because,
            holds_until: self.plan.and_then(|plan| plan.desired.holds_until),
            refused: self.refusal(),
            loses: self.loses(),
        }
    }

    fn why_removed(&self, record: Option<&Record>) -> &'static str {
        match record {
            None => "The person is not on file any longer.",
            Some(record) if record.is_deceased => "The AMS marks this person as deceased.",
            Some(_) => "The AMS does not know the person any longer.",
        }
    }
}
