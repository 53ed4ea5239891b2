//! What the AMS can be asked for, of the entries that a condition looks at.

use super::Condition;
use crate::domain::code::Code;

impl Condition {
    /// The code by which it looks for entries of its part, where the AMS can be asked by code.
    pub fn asked_code(&self) -> Option<&Code> {
        match self.plain().0 {
            Condition::Committee { committee, .. } => Some(committee),
            Condition::Event { event, .. } => Some(event),
            Condition::Purchase { product, .. } => Some(product),
            _ => None,
        }
    }
}
