//! Reading every member from the AMS: starting, stopping, and how far it is.

use axum::Extension;
use axum::extract::State;
use serde_json::json;

use super::answers::{Answer, json_answer};
use super::caller::Called;
use super::done::Done;
use super::fields::grouped;
use super::menu;
use super::state::Admin;
use super::words::when;
use crate::domain::audit::Action;
use crate::flows::administer::sweep::Doing;

/// How the reading of all members stands.
#[derive(Clone, Debug, Default)]
pub struct SweepBar {
    /// In a sentence.
    pub says: String,
    /// Done, of these; while it runs.
    pub running: Option<(u64, u64)>,
    /// Where it does not run: what reading would bring.
    pub hint: &'static str,
    /// Where it does not run: what its button says.
    pub button: &'static str,
}

/// How the reading stands.
pub fn bar(admin: &Admin) -> Option<SweepBar> {
    let progress = admin.services.sweep.progress().borrow().clone();
    let zone = admin.zone();
    let number = |number: u64| grouped(usize::try_from(number).unwrap_or(usize::MAX));
    let Some(state) = progress.state else {
        return Some(SweepBar {
            says: "Only people who have signed in are known so far.".to_owned(),
            hint: "A preview over all members needs their records.",
            button: "Read every member from the AMS",
            ..SweepBar::default()
        });
    };
    let done = state.listed.saturating_sub(state.left);
    let so_far = format!("{} of {} members", number(done), number(state.listed));
    Some(match progress.doing {
        Doing::Reading if state.next_page.is_some() => SweepBar {
            says: format!("Reading the list of members: {} so far.", number(state.listed)),
            running: Some((0, 0)),
            ..SweepBar::default()
        },
        Doing::Reading => {
            let (says, running) = (format!("Reading from the AMS: {so_far}."), Some((done, state.listed)));
            SweepBar { says, running, ..SweepBar::default() }
        }
        Doing::Waiting(_) => SweepBar {
            says: format!("{so_far} are read. The AMS gives no answer just now; reading goes on by itself."),
            running: Some((done, state.listed)),
            ..SweepBar::default()
        },
        Doing::Idle => {
            let failed = if state.failed > 0 {
                format!(" {} could not be read.", number(state.failed))
            } else {
                String::new()
            };
            match state.finished {
                Some(at) => SweepBar {
                    says: format!(
                        "Every member was read, the last on {}: {}.{failed}",
                        when(at, &zone),
                        number(state.listed)
                    ),
                    hint: "Reading them again brings what has changed since.",
                    button: "Read every member again",
                    ..SweepBar::default()
                },
                None => SweepBar {
                    says: format!("Reading was stopped at {so_far}.{failed}"),
                    hint: "It goes on where it was stopped.",
                    button: "Go on reading",
                    ..SweepBar::default()
                },
            }
        }
    })
}

/// How far it is, for the page's script.
pub async fn how_far(State(admin): State<Admin>) -> Answer {
    let bar = bar(&admin).unwrap_or_default();
    let (done, total) = bar.running.unwrap_or_default();
    json_answer(json!({ "running": bar.running.is_some(), "done": done, "total": total, "says": bar.says }))
}

/// Starts it, or goes on.
pub async fn start(State(admin): State<Admin>, Extension(caller): Called) -> Answer {
    admin.administer.audit.record(&caller.actor, Action::SweepStarted, "", None, None).await?;
    admin.services.sweep.start().await?;
    caller.done(menu::PREVIEW, Done::SweepStarted)
}

/// Stops it where it is.
pub async fn stop(State(admin): State<Admin>, Extension(caller): Called) -> Answer {
    admin.administer.audit.record(&caller.actor, Action::SweepStopped, "", None, None).await?;
    admin.services.sweep.stop();
    caller.done(menu::PREVIEW, Done::SweepStopped)
}
