//! Logs and metrics.

/// Who reads the log.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Format {
    /// People: one line of text for each event.
    #[default]
    Text,
    /// Programs: one JSON object for each event.
    Json,
}
