//! How far a preview is, as its page shows it.

use super::fields::{grouped, people};
use crate::flows::administer::preview_runs::{PreviewState, Previewed};

/// How far it is.
#[derive(Clone, Debug)]
pub enum PreviewView<Findings> {
    /// The draft is what is published.
    Nothing,
    /// So many of so many people.
    Running {
        /// Done.
        done: usize,
        /// Of these.
        total: usize,
        /// In words.
        says: String,
    },
    /// It broke off, and why.
    Failed(String),
    /// Done.
    Done(Box<Findings>),
}

impl<Findings> PreviewView<Findings> {
    /// A preview that was asked for; `found` puts an answer into words.
    pub fn of<Found>(
        state: PreviewState<Found>,
        found: impl FnOnce(&Previewed<Found>) -> Findings,
    ) -> PreviewView<Findings> {
        match state {
            PreviewState::Running { done, total } => {
                PreviewView::Running { done, total, says: progress(done, total) }
            }
            // The page that comes next asks for the other revision.
            PreviewState::Outdated => PreviewView::Running { done: 0, total: 0, says: progress(0, 0) },
            PreviewState::Failed(error) => {
                tracing::error!(%error, "A preview could not be finished");
                PreviewView::Failed("The people on file could not be read.".to_owned())
            }
            PreviewState::Done(done) => PreviewView::Done(Box::new(found(&done))),
        }
    }
}

/// "41,000 of 100,000 people looked at".
pub fn progress(done: usize, total: usize) -> String {
    format!("{} of {} looked at", grouped(done), people(total))
}

/// The same as JSON for the page's script.
pub fn progress_json<Found>(state: &PreviewState<Found>) -> serde_json::Value {
    let (running, done, total) = match state {
        PreviewState::Running { done, total } => (true, *done, *total),
        _ => (false, 0, 0),
    };
    serde_json::json!({ "running": running, "done": done, "total": total, "says": progress(done, total) })
}
