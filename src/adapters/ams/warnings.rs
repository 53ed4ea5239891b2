//! Warnings of a reading, each with the part that it is about.

use crate::domain::parts::Part;
use crate::domain::record::RecordWarning;

/// Reads something of a part, and notes what is said about it.
pub(in crate::adapters::ams) fn noted<T>(
    part: Part,
    warnings: &mut Vec<RecordWarning>,
    read: impl FnOnce(&mut Vec<String>) -> T,
) -> T {
    let mut said = Vec::new();
    let of_part = read(&mut said);
    warnings.extend(said.into_iter().map(|said| RecordWarning { part, said }));
    of_part
}
