//! One person: what was confirmed, what waits, and what should be told now, line by line.

use super::CommunityStanding;
use crate::adapters::store::StoreError;
use crate::adapters::subscribers::higher_logic::told;
use crate::domain::community::{FactKind, FactRow, GroupReasons, Untold, compared, untold};
use crate::domain::deliveries::row::{Delivery, Phase};
use crate::domain::deliveries::state::State;
use crate::domain::record::{IndividualId, Record};
use crate::domain::time::Timestamp;
use crate::flows::deliveries::look::LookedAt;

/// What one of the states says as a whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ToldSide {
    /// Nothing.
    Nothing,
    /// That the person is gone.
    Removed,
    /// What the lines say.
    Present,
}

impl ToldSide {
    pub(super) fn of(state: Option<&State>) -> ToldSide {
        match state {
            None => ToldSide::Nothing,
            Some(State::Removed | State::RemovedAs { .. }) => ToldSide::Removed,
            Some(State::Present { .. }) => ToldSide::Present,
        }
    }
}

/// What should be told of a person now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DesiredNow {
    /// This.
    Known(ToldSide),
    /// What was told before: something is not known.
    AsBefore,
    /// Nothing, and nothing was told before.
    Untold(Untold),
    /// Nothing: the person is not on file, and nothing was told before.
    NotOnFile,
}

/// A line, with the reason where it is a group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PersonFact {
    /// The line.
    pub row: FactRow,
    /// Why the person is in the group or is not; empty for other lines.
    pub because: String,
}

/// How one person stands.
#[derive(Debug, Clone)]
pub struct PersonStanding {
    /// Who.
    pub id: IndividualId,
    /// What the person is called. `None`: nothing is on file.
    pub name: Option<String>,
    /// What is kept of the telling. `None`: nothing was told.
    pub telling: Option<Delivery>,
    /// What the community has confirmed.
    pub there: ToldSide,
    /// What waits to be told. `Nothing`: nothing waits.
    pub waits: ToldSide,
    /// What should be told now.
    pub here: DesiredNow,
    /// From then on time alone makes it another.
    pub holds_until: Option<Timestamp>,
    /// Line by line.
    pub facts: Vec<PersonFact>,
}

impl CommunityStanding {
    /// One person.
    ///
    /// # Errors
    /// The store gives no answer.
    pub async fn person(&self, id: &IndividualId) -> Result<PersonStanding, StoreError> {
        let parts = self.parts();
        let now = parts.clock.now();
        let record = parts.directory.record(&parts.environment, id).await?;
        let row = parts.store.delivery_rows(self.rows(), std::slice::from_ref(id)).await?.pop();
        let person = LookedAt { id: id.clone(), record, row, gone: None };
        let plan = self.looking(now).plan(&person);
        let holds_until = plan.as_ref().and_then(|plan| plan.desired.holds_until);
        let desired = plan.and_then(|plan| plan.desired.state);
        let believed = person.record.clone().map(|record| parts.beliefs.believed(record, now));
        let here = self.desired_now(&person, desired.as_ref(), believed.as_ref(), now);
        let row = person.row.as_ref();
        let confirmed = row.and_then(|row| row.confirmed.as_ref()).map(|known| &known.state);
        let waiting = row.filter(|row| row.phase != Phase::Settled).map(|row| &row.desired);
        let stays = match here {
            DesiredNow::AsBefore => row.map(|row| &row.desired),
            _ => desired.as_ref(),
        };
        let [there, waits, now_told] = [confirmed, waiting, stays].map(|state| state.and_then(told));
        let rows = compared(there.as_ref(), waits.as_ref(), now_told.as_ref(), &self.zone());
        let facts = self.with_reasons(rows, believed.as_ref(), now);
        Ok(PersonStanding {
            id: id.clone(),
            name: believed.map(|record| record.profile.name.clone()),
            there: ToldSide::of(confirmed),
            waits: ToldSide::of(waiting),
            here,
            holds_until,
            facts,
            telling: person.row,
        })
    }

    fn desired_now(
        &self,
        person: &LookedAt,
        desired: Option<&State>,
        believed: Option<&Record>,
        now: Timestamp,
    ) -> DesiredNow {
        match (desired, &person.row, believed) {
            (Some(state), ..) => DesiredNow::Known(ToldSide::of(Some(state))),
            (None, Some(_), _) => DesiredNow::AsBefore,
            (None, None, Some(record)) => DesiredNow::Untold(untold(&self.mapping(), record, now)),
            (None, None, None) => DesiredNow::NotOnFile,
        }
    }

    fn with_reasons(&self, rows: Vec<FactRow>, record: Option<&Record>, now: Timestamp) -> Vec<PersonFact> {
        let (mapping, names) = (self.mapping(), self.parts().beliefs.grounds().names());
        let reasons = record.map(|record| GroupReasons::new(&mapping, record, &names, now));
        let fact = |row: FactRow| {
            let of_group = reasons.as_ref().filter(|_| row.kind == FactKind::Group);
            PersonFact { because: of_group.map(|reasons| reasons.of(&row.name)).unwrap_or_default(), row }
        };
        rows.into_iter().map(fact).collect()
    }
}
