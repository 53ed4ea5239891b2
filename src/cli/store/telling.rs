//! What these commands say: what was copied, and what can be done about an error.

use std::io::Write;

use crate::adapters::store::StoreError;
use crate::adapters::store::transfer::CopiedTable;
use crate::cli::shared::{CommandFailure, because};

/// What was copied, table by table.
pub(super) fn tell(copied: &[CopiedTable], out: &mut dyn Write) -> Result<(), CommandFailure> {
    for CopiedTable { name, rows } in copied.iter().filter(|table| table.rows > 0) {
        writeln!(out, "{name:<20}{rows:>12} {}", if *rows == 1 { "row" } else { "rows" })?;
    }
    Ok(())
}

/// An error of a store with what can be done about it.
pub(super) fn told(error: StoreError) -> CommandFailure {
    let remedy = match &error {
        StoreError::NotEmpty(_) => "Name one that is not there yet or has no tables",
        StoreError::Missing(_) => "Name the store of a gateway that has run",
        StoreError::WrongKey => {
            "Put the key that sealed it into `store.secret_keys`, at the end if it is an older one"
        }
        StoreError::Damaged(_) => "Nothing was changed. Take another backup",
        StoreError::Newer => "Use the release that wrote it",
        StoreError::InUse(_) | StoreError::Superseded => "Stop the gateway first",
        StoreError::Differs(_) => "Nothing was changed. See whether the disk or the database is in order",
        StoreError::File(fault) => fault.remedy(),
        StoreError::Older | StoreError::Unavailable(_) | StoreError::Busy => return because(error),
    };
    because(format!("{error}. {remedy}"))
}
