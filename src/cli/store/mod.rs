//! `membergate store`: copies, backups and upgrades of what the gateway keeps.
//!
//! Rows travel sealed as they are, and are compared when they have arrived. Nobody is signed out by it.

mod restore;
mod telling;

use std::io::Write;
use std::path::{Path, PathBuf};

use clap::Subcommand;

use telling::{tell, told};

use super::shared::{CommandFailure, because, runtime};
use crate::adapters::clock::{Clock as _, SystemClock};
use crate::adapters::store::transfer;
use crate::app::{self, Upgraded};
use crate::config::settings::StorePlace;
use crate::config::{self, Env, Settings};

/// What to do with the store.
#[derive(Debug, Subcommand)]
pub enum StoreCommand {
    /// Copies a store into another that is empty, and compares every row. The gateway may run meanwhile; what it writes after the
    /// copy has begun is not in it.
    #[command(
        after_help = "Example:\n  membergate store copy --from membergate.sqlite --to postgres://membergate@localhost/membergate\n\nThe copy opens with the secret keys of the original. The password of a database is read from PGPASSWORD; a server on another machine is reached over TLS."
    )]
    Copy {
        /// The store that is read: a file, or the URL of a database.
        #[arg(long, value_name = "URL|PATH")]
        from: String,
        /// The store that is filled. It must be empty.
        #[arg(long, value_name = "URL|PATH")]
        to: String,
    },
    /// Copies the store of the configuration into a file that can be restored. The gateway may run meanwhile.
    #[command(after_help = "Example:\n  membergate store backup /backup/membergate-2026-11-30.sqlite")]
    Backup {
        /// The file. It must not be there yet.
        file: PathBuf,
    },
    /// Puts a backup in the place of the store of the configuration. The gateway must not run.
    ///
    /// It says how many sessions would live again that have ended since the backup was made.
    #[command(
        after_help = "Example:\n  membergate store restore /backup/membergate-2026-11-30.sqlite --end-sessions"
    )]
    Restore(restore::Restore),
    /// Brings the tables of a store that an older release wrote to this release. The gateway must not run.
    ///
    /// A file is kept as it was, under another name. Of a database, take a backup first.
    #[command(after_help = "Example:\n  membergate store upgrade --config membergate.toml")]
    Upgrade,
}

/// Runs one of them.
pub fn run(
    command: StoreCommand,
    config: &Path,
    env: &dyn Env,
    out: &mut dyn Write,
) -> Result<(), CommandFailure> {
    match command {
        StoreCommand::Copy { from, to } => {
            let named = |text: &str| {
                app::named_store(text, env.variable("PGPASSWORD").map(Into::into)).map_err(because)
            };
            copy(&named(&from)?, &named(&to)?, out)
        }
        StoreCommand::Backup { file } => {
            let settings = settings(config, env)?;
            backup(&settings, &file, out)
        }
        StoreCommand::Restore(asked) => restore::run(&asked, &settings(config, env)?, out),
        StoreCommand::Upgrade => upgrade(&settings(config, env)?, out),
    }
}

fn settings(config: &Path, env: &dyn Env) -> Result<Settings, CommandFailure> {
    config::load(config, env).map_err(CommandFailure::Configuration)
}

fn copy(from: &StorePlace, to: &StorePlace, out: &mut dyn Write) -> Result<(), CommandFailure> {
    let copied = runtime()?.block_on(async {
        let source = app::read_store(from).await?;
        let target = app::fill_store(to).await?;
        let copied = transfer::copy(&*source, &*target).await?;
        target.finish().await?;
        Ok(copied)
    });
    tell(&copied.map_err(told)?, out)?;
    writeln!(out, "Every row was read back from {to} and is the same.")?;
    Ok(writeln!(out, "It opens with the same `store.secret_keys`.")?)
}

fn backup(settings: &Settings, file: &Path, out: &mut dyn Write) -> Result<(), CommandFailure> {
    let target = StorePlace::File(file.to_owned());
    copy(&settings.store.place, &target, out)?;
    Ok(writeln!(out, "Keep it apart from the secret keys: whoever has both can read it.")?)
}

fn upgrade(settings: &Settings, out: &mut dyn Write) -> Result<(), CommandFailure> {
    let location = &settings.store.place;
    match app::upgrade_store(&settings.store, SystemClock.now()).map_err(told)? {
        Upgraded::Nothing => writeln!(out, "{location} is of this release; there is nothing to do.")?,
        Upgraded::From(backup) => {
            writeln!(out, "{location} is of this release now.")?;
            if let Some(backup) = backup {
                let backup = backup.display();
                writeln!(out, "What it was before is in {backup}; an older release opens that.")?;
            }
        }
    }
    Ok(())
}
