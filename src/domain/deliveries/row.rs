//! One person at one subscriber: what it should know, what it has confirmed, and how far the telling is.
//!
//! A version is a number that grows with each change of the state; a state that is sent again has the number that it had. The subscriber takes no
//! version below one that it has, so an old message that arrives late does nothing. A row is sent by one worker at a time; what a worker that lost
//! its turn says is not taken.

use serde::{Deserialize, Serialize};

use super::retry::row_wait;
use super::state::{Desired, State};
use crate::domain::record::IndividualId;
use crate::domain::time::Timestamp;

/// The greatest version: every JSON reader holds it exactly.
pub const GREATEST_VERSION: u64 = (1 << 53) - 1;

/// What the subscriber has confirmed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConfirmedState {
    /// The state.
    pub state: State,
    /// Its version.
    pub version: u64,
    /// When.
    pub at: Timestamp,
}

/// How far a row is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// The subscriber knows what it should.
    Settled,
    /// It is to be told.
    Pending {
        /// Not before.
        at: Timestamp,
    },
    /// It is being told.
    InFlight {
        /// Which version.
        version: u64,
        /// What that says.
        sent: State,
        /// If nothing has been heard by then, it is sent again.
        until: Timestamp,
    },
    /// It does not take it, and another try would not help.
    SetAside {
        /// Since when.
        since: Timestamp,
        /// In the subscriber's words.
        reason: String,
    },
}

/// The latest answer of a subscriber, for administrators.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LastAnswer {
    /// When.
    pub at: Timestamp,
    /// To which version.
    pub version: u64,
    /// In a word.
    pub said: String,
}

/// A row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Delivery {
    /// Whose it is.
    pub individual: IndividualId,
    /// What the subscriber should know.
    pub desired: State,
    /// The version of that.
    pub version: u64,
    /// What it has confirmed.
    pub confirmed: Option<ConfirmedState>,
    /// From then on time alone makes something else desired.
    pub holds_until: Option<Timestamp>,
    /// How far it is.
    pub phase: Phase,
    /// Something else than what is confirmed may have arrived there.
    pub is_open: bool,
    /// Grows each time the row is taken.
    pub fence: u64,
    /// Failures in a row.
    pub failures: u32,
    /// Since when the subscriber does not know what it should.
    pub since: Timestamp,
    /// When the person last lost something that no known date takes away.
    pub lost_at: Option<Timestamp>,
    /// The AMS no longer knew the person then, or the person was erased. A record that was read later undoes it.
    pub gone_at: Option<Timestamp>,
    /// The row goes once the subscriber has confirmed the removal.
    pub is_forgotten: bool,
    /// The latest answer.
    pub answer: Option<LastAnswer>,
}

/// What a look at a person says about the row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// Who.
    pub individual: IndividualId,
    /// What is desired.
    pub desired: Desired,
    /// The AMS does not know the person any longer, as of then.
    pub gone_at: Option<Timestamp>,
    /// The person is not on file any longer, so the row goes too.
    pub is_forgotten: bool,
}

/// A row on its way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Flight {
    /// Whose.
    pub individual: IndividualId,
    /// The number under which it was taken.
    pub fence: u64,
    /// The version.
    pub version: u64,
    /// What it says.
    pub state: State,
}

/// What came of sending a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FlightEnd {
    /// The subscriber knows it now, or has no use for it. In a word.
    Confirmed(&'static str),
    /// It has a greater version than ours.
    Superseded(u64),
    /// It does not take it now. In a word.
    NotNow(String),
    /// It does not take it, and would not the next time. In a word.
    Refused(String),
    /// It gave no answer to the whole request. Nothing is known of this row.
    NoAnswer(String),
}

/// What becomes of a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RowAfter {
    /// It stays as it is.
    AsItWas,
    /// It is this from now on.
    Changed(Box<Delivery>),
    /// It goes.
    Erased,
}

impl RowAfter {
    fn of(row: Delivery) -> RowAfter {
        RowAfter::Changed(Box::new(row))
    }
}

/// The next version after `before`.
fn next_version(before: u64, now: Timestamp) -> u64 {
    let clock = u64::try_from(now.as_millisecond()).unwrap_or_default();
    before.saturating_add(1).max(clock)
}

impl Plan {
    /// What becomes of the row of this person, if there is one.
    pub fn applied_to(&self, row: Option<&Delivery>, now: Timestamp) -> RowAfter {
        let holds_until = self.desired.holds_until;
        let Some(before) = row else {
            let Some(state) = &self.desired.state else { return RowAfter::AsItWas };
            return RowAfter::of(Delivery {
                individual: self.individual.clone(),
                desired: state.clone(),
                version: next_version(0, now),
                confirmed: None,
                holds_until,
                phase: Phase::Pending { at: now },
                is_open: false,
                fence: 0,
                failures: 0,
                since: now,
                lost_at: None,
                gone_at: self.gone_at,
                is_forgotten: self.is_forgotten,
                answer: None,
            });
        };
        let mut row = Delivery { holds_until, is_forgotten: self.is_forgotten, ..before.clone() };
        if let Some(state) = &self.desired.state {
            row.gone_at = self.gone_at;
            if row.desired.loses_to(state, now) {
                row.lost_at = Some(now);
            }
            row.desire(state.clone(), now);
        }
        match &row.phase {
            Phase::Settled if row.is_forgotten => RowAfter::Erased,
            _ if row == *before => RowAfter::AsItWas,
            _ => RowAfter::of(row),
        }
    }

    /// Whether it takes something away that no known date takes away.
    pub fn takes_away(&self, row: Option<&Delivery>, now: Timestamp) -> bool {
        let (Some(row), Some(after)) = (row, &self.desired.state) else { return false };
        row.desired.loses_to(after, now)
    }
}

impl Delivery {
    fn desire(&mut self, state: State, now: Timestamp) {
        let is_news = !self.desired.says_as(&state);
        self.desired = state;
        if !is_news {
            return;
        }
        self.version = next_version(self.version, now);
        match &self.phase {
            // The present flight ends first: one at a time.
            Phase::InFlight { .. } => {}
            Phase::Settled => self.since = now,
            Phase::Pending { .. } | Phase::SetAside { .. } => {}
        }
        if !matches!(self.phase, Phase::InFlight { .. }) {
            self.failures = 0;
            self.phase = if self.is_known() { Phase::Settled } else { Phase::Pending { at: now } };
        }
    }

    /// Whether the subscriber certainly knows what it should.
    fn is_known(&self) -> bool {
        !self.is_open && self.confirmed.as_ref().is_some_and(|known| known.state.says_as(&self.desired))
    }

    /// From when it may be taken.
    pub fn due_at(&self) -> Option<Timestamp> {
        match &self.phase {
            Phase::Pending { at } => Some(*at),
            Phase::InFlight { until, .. } => Some(*until),
            Phase::Settled | Phase::SetAside { .. } => None,
        }
    }

    /// Takes the row, until then, if it is due.
    pub fn take(&mut self, now: Timestamp, until: Timestamp) -> Option<Flight> {
        if self.due_at().is_none_or(|at| at > now) {
            return None;
        }
        self.fence += 1;
        self.is_open = true;
        let (version, state) = (self.version, self.desired.clone());
        self.phase = Phase::InFlight { version, sent: state.clone(), until };
        Some(Flight { individual: self.individual.clone(), fence: self.fence, version, state })
    }

    /// What becomes of the row when a flight has ended. An answer to a flight that is not the present one counts for nothing.
    pub fn settled(&self, fence: u64, end: &FlightEnd, now: Timestamp, dice: f64) -> RowAfter {
        let Phase::InFlight { version, sent, .. } = &self.phase else { return RowAfter::AsItWas };
        if fence != self.fence {
            return RowAfter::AsItWas;
        }
        let (version, sent) = (*version, sent.clone());
        let mut row = self.clone();
        let note = |said: &str| Some(LastAnswer { at: now, version, said: said.to_owned() });
        let is_overtaken = row.version != version;
        match end {
            FlightEnd::Confirmed(said) => {
                row.answer = note(said);
                row.confirmed = Some(ConfirmedState { state: sent, version, at: now });
                (row.is_open, row.failures) = (false, 0);
                if row.is_known() {
                    if row.is_forgotten {
                        return RowAfter::Erased;
                    }
                    row.phase = Phase::Settled;
                } else {
                    row.phase = Phase::Pending { at: now };
                }
            }
            FlightEnd::Superseded(theirs) => {
                row.answer = note("superseded");
                row.failures += 1;
                let wait = if row.failures > 1 { row_wait(row.failures, dice) } else { Default::default() };
                row.version = row.version.max(next_version(*theirs, now));
                row.phase = Phase::Pending { at: now.saturating_add(wait).unwrap_or(now) };
                if row.version > GREATEST_VERSION {
                    row.version = version;
                    row.phase = Phase::SetAside { since: now, reason: "version".to_owned() };
                }
            }
            FlightEnd::Refused(reason) if !is_overtaken => {
                row.answer = note(reason);
                row.phase = Phase::SetAside { since: now, reason: reason.clone() };
            }
            FlightEnd::NotNow(said) if !is_overtaken => {
                row.answer = note(said);
                row.failures += 1;
                let at = now.saturating_add(row_wait(row.failures, dice)).unwrap_or(now);
                row.phase = Phase::Pending { at };
            }
            // Something newer is to be told, which is tried at once.
            FlightEnd::Refused(said) | FlightEnd::NotNow(said) => {
                row.answer = note(said);
                row.failures = 0;
                row.phase = Phase::Pending { at: now };
            }
            FlightEnd::NoAnswer(said) => {
                row.answer = note(said);
                row.phase = Phase::Pending { at: now };
            }
        }
        RowAfter::of(row)
    }

    /// Sends what is desired once more, as something new: whatever was changed there by hand is put right. A flight that is under way ends first.
    pub fn send_again(&mut self, now: Timestamp) {
        if matches!(self.phase, Phase::InFlight { .. }) {
            return;
        }
        if self.phase == Phase::Settled {
            self.since = now;
        }
        self.version = next_version(self.version, now);
        (self.is_open, self.failures) = (true, 0);
        self.phase = Phase::Pending { at: now };
    }
}
