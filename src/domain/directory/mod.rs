//! The directory: which calls keep our copy of the records in step with the AMS, and what of the answers to believe.
//!
//! Statements of the AMS take effect at once: an end date, a cancellation, somebody who is not approved. An absence may be a mishap of
//! the AMS, so it counts only when it was seen twice, and many absences at once are held until each was asked about.

pub mod absence;
pub mod brake;
pub mod changed_lists;
pub mod feed;
pub mod feed_zone;
pub mod overlay;
pub mod own_lists;
pub mod plan;
pub mod roster;
pub mod roster_name;
pub mod settings;
pub mod sweep;
