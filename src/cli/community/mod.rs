//! `membergate community`: what would be sent to the community at Higher Logic, sending it, and how it stands.
//!
//! The store is opened beside a gateway that runs, as `check` opens it. `plan` and `status` only read it, and nobody else is asked.

mod sync;
mod telling;
mod tool;

use std::io::Write;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use clap::Subcommand;
use tokio::runtime::Runtime;

use self::telling::Teller;
use self::tool::CommunityTool;
use super::explain::AnswerFormat;
use super::shared::{CommandFailure, because, runtime};
use crate::adapters::clock::{SharedClock, SystemClock};
use crate::adapters::store::StoreError;
use crate::config::{self, Env, Settings};

/// The figures are waited for without end, so that the answer is whole.
const PATIENCE: Duration = Duration::from_secs(24 * 3600);

/// What to do with the community.
#[derive(Debug, Subcommand)]
pub enum CommunityCommand {
    /// Shows who would be sent now, what of them and why, and what the brake would do. Changes nothing and sends nothing.
    ///
    /// It rests on what the store has of people and asks no AMS. It may run beside a gateway. People are named by their ids, and of a profile only
    /// the fields that change are named.
    #[command(
        after_help = "Examples:\n  membergate community plan --config membergate.toml\n  membergate community plan --format json | grep '\"kind\":\"person\"'"
    )]
    Plan {
        /// How the answer is written. `json`: one line for each person, each group, and the sum.
        #[arg(long, value_enum, default_value_t)]
        format: AnswerFormat,
    },
    /// Sends what there is to send, until nothing waits, and says how far it is.
    ///
    /// If a gateway runs on the store, it sends by itself, and this command waits with it. Otherwise it sends from here, by what the store has of
    /// people. It fails if somebody is refused, if the brake or an administrator has stopped the sending, or if nothing goes on any longer.
    #[command(
        after_help = "Examples:\n  membergate community sync --config membergate.toml\n  membergate community sync --give-up-after 600 --format json"
    )]
    Sync {
        /// It ends after so many seconds in which nothing was confirmed, refused or looked at.
        #[arg(long, value_name = "SECONDS", default_value_t = 120)]
        give_up_after: u64,
        /// How the answer is written. `json`: one line for each step, each person who is refused, and the end.
        #[arg(long, value_enum, default_value_t)]
        format: AnswerFormat,
    },
    /// Shows how the community stands: its groups, the first run, who is refused, and the last day. Changes nothing.
    #[command(
        after_help = "Examples:\n  membergate community status --config membergate.toml\n  membergate community status --format json"
    )]
    Status {
        /// How the answer is written. `json`: one line for each group, for each person who is refused, for each quarter of an hour, and so on.
        #[arg(long, value_enum, default_value_t)]
        format: AnswerFormat,
    },
}

/// Runs one of them.
pub(super) fn run(
    command: CommunityCommand,
    config: &Path,
    env: &dyn Env,
    out: &mut dyn Write,
) -> Result<(), CommandFailure> {
    let settings = config::load(config, env).map_err(CommandFailure::Configuration)?;
    run_at(command, settings, Arc::new(SystemClock), out)
}

/// The same with settings that were read before, by this clock.
///
/// # Errors
/// What was asked for was not done, and why.
pub fn run_at(
    command: CommunityCommand,
    settings: Settings,
    clock: SharedClock,
    out: &mut dyn Write,
) -> Result<(), CommandFailure> {
    let runtime = runtime()?;
    let tool = CommunityTool::open(settings, clock, &runtime)?;
    match command {
        CommunityCommand::Plan { format } => plan(&tool, &runtime, &mut Teller::new(out, format)),
        CommunityCommand::Sync { give_up_after, format } => {
            let patience = Duration::from_secs(give_up_after);
            runtime.block_on(sync::run(&tool, patience, &mut Teller::new(out, format)))
        }
        CommunityCommand::Status { format } => status(&tool, &runtime, &mut Teller::new(out, format)),
    }
}

/// Why a plan was not told to its end.
#[derive(Debug, thiserror::Error)]
enum PlanFailure {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Told(#[from] CommandFailure),
}

fn plan(tool: &CommunityTool, runtime: &Runtime, teller: &mut Teller<'_>) -> Result<(), CommandFailure> {
    let zone = tool.standing.zone();
    let planned = runtime.block_on(tool.standing.plan(|people| {
        for contact in &people {
            teller.contact(contact, &zone)?;
        }
        Ok::<(), PlanFailure>(())
    }));
    let summary = planned.map_err(|failure| match failure {
        PlanFailure::Store(error) => because(error),
        PlanFailure::Told(failure) => failure,
    })?;
    teller.figures(&summary.figures)?;
    teller.plan_summary(&summary, &zone)
}

fn status(tool: &CommunityTool, runtime: &Runtime, teller: &mut Teller<'_>) -> Result<(), CommandFailure> {
    let zone = tool.standing.zone();
    let asked = async {
        let counted = tool.standing.figures(PATIENCE).await?;
        Ok::<_, StoreError>((tool.standing.status().await?, counted))
    };
    let (status, answer) = runtime.block_on(asked).map_err(because)?;
    if let Some(counted) = &answer.counted {
        teller.figures(&counted.figures)?;
    }
    teller.status(&status, &zone)
}
