//! What a subscriber should know of a person at an instant.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::domain::time::Timestamp;

/// What a person holds at the subscriber, by name; with the instant from which known dates alone take it away.
pub type Holdings = BTreeMap<String, Option<Timestamp>>;

/// What a subscriber should know of a person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// The person is not, or no longer, of the association.
    Removed,
    /// The same, of a subscriber that has to be told in words of its own, such as under which key it knows the person.
    RemovedAs {
        /// These, in a canonical form.
        said: String,
    },
    /// The person is there.
    Present {
        /// All that is told, in a canonical form that only the subscriber's own code reads: equal texts say the same.
        said: String,
        /// What that gives the person.
        holds: Holdings,
    },
}

impl State {
    /// Whether both say the same to the subscriber. From when dates take something away is not told.
    pub fn says_as(&self, other: &State) -> bool {
        match (self, other) {
            (State::Removed, State::Removed) => true,
            (State::RemovedAs { said: one }, State::RemovedAs { said: other }) => one == other,
            (State::Present { said: one, .. }, State::Present { said: other, .. }) => one == other,
            _ => false,
        }
    }

    /// What the person holds.
    pub fn holds(&self) -> Option<&Holdings> {
        match self {
            State::Removed | State::RemovedAs { .. } => None,
            State::Present { holds, .. } => Some(holds),
        }
    }

    /// Whether the person holds anything.
    pub fn holds_something(&self) -> bool {
        self.holds().is_some_and(|holds| !holds.is_empty())
    }

    /// Whether `after` takes something away at `now` that no known date takes away.
    pub fn loses_to(&self, after: &State, now: Timestamp) -> bool {
        let stays = |name: &String| after.holds().is_some_and(|holds| holds.contains_key(name));
        let by_date = |end: &Option<Timestamp>| end.is_some_and(|end| end <= now);
        self.holds().into_iter().flatten().any(|(name, end)| !stays(name) && !by_date(end))
    }
}

/// What comes of looking at a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Desired {
    /// What the subscriber should know. `None`: a part at which it looks is not known, and neither is what it was told before.
    pub state: Option<State>,
    /// From then on time alone makes it another.
    pub holds_until: Option<Timestamp>,
}
