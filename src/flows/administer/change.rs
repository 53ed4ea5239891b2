//! Why a change of what administrators publish is refused, whichever mapping it is.

use crate::adapters::store::StoreError;
use crate::adapters::toml_reading::Problem;
use crate::domain::faults::MappingFault;
use crate::domain::mapping::{Draft, Edit};
use crate::domain::rule::Rules;

/// Why a change of a mapping was refused. Nothing has changed then.
#[derive(Debug, Clone, thiserror::Error)]
pub enum ChangeError<Content = Rules> {
    /// Somebody else was faster. The draft as it is now is there, so that both can be compared.
    #[error("the draft was changed meanwhile")]
    Conflict {
        /// Who, and when. `None`: it is not known any more.
        last: Option<Edit>,
        /// What there is now.
        now: Box<Draft<Content>>,
    },
    /// The file cannot be used: every problem, with its place.
    #[error("the file has {} problems", .0.len())]
    Refused(Vec<Problem>),
    /// The rules cannot be used: everything that makes them unsound.
    #[error("the rules have {} faults", .0.len())]
    Unsound(Vec<MappingFault>),
    /// Nobody that we know could enter administration any more.
    #[error("nobody who is known would hold a role that lets into administration")]
    LockOut,
    /// The draft says what is published already.
    #[error("nothing differs from what is published")]
    Unchanged,
    /// There is no such version.
    #[error("there is no version {0}")]
    NoVersion(u64),
    /// Our fault.
    #[error(transparent)]
    Store(#[from] StoreError),
}
