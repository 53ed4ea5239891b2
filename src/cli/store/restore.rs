//! `membergate store restore`.

use std::io::{self, BufRead as _, IsTerminal as _, Write};
use std::path::{Path, PathBuf};

use clap::Args;

use super::telling::{tell, told};
use crate::adapters::clock::{Clock as _, SystemClock};
use crate::adapters::store::StoreError;
use crate::adapters::store::sqlite::snapshot::SqliteSnapshot;
use crate::adapters::store::transfer;
use crate::app;
use crate::cli::shared::{CommandFailure, because, runtime};
use crate::config::Settings;
use crate::flows::restore::{RevivedSessions, restore};

/// What is restored, and what becomes of sessions.
#[derive(Debug, Args)]
pub struct Restore {
    /// The backup.
    file: PathBuf,
    /// Ends the sessions that would live again. Their clients are told.
    #[arg(long, conflicts_with = "keep_sessions")]
    end_sessions: bool,
    /// Lets them live.
    #[arg(long)]
    keep_sessions: bool,
    /// Replaces a database that is not empty. Nothing is left of what it holds; a file is kept under another name in any case.
    #[arg(long)]
    replace: bool,
}

/// Restores.
pub(super) fn run(asked: &Restore, settings: &Settings, out: &mut dyn Write) -> Result<(), CommandFailure> {
    let file = &asked.file;
    let target = &settings.store.place;
    runtime()?.block_on(async {
        // No gateway may begin meanwhile either.
        let _lock = app::lock_store(target).map_err(told)?;
        let backup = whole(file, settings).await.map_err(|error| told_of(file, error))?;
        writeln!(out, "{} is whole, and opens with the secret keys of the configuration.", file.display())?;
        // A store that cannot be read has no sessions that anybody could miss.
        let present = app::read_store(target).await.ok();
        let now = SystemClock.now();
        let returning =
            RevivedSessions::of(&backup, present.as_deref(), &settings.session, now).await.map_err(told)?;
        drop(present);
        let end = if settle(asked, &returning, out)? { returning } else { RevivedSessions::default() };
        let (filling, aside) = app::replace_store(target, asked.replace, now).await.map_err(told)?;
        let copied = restore(&backup, filling, end).await.map_err(told)?;
        tell(&copied, out)?;
        writeln!(out, "Every row was read back from {target} and is the same.")?;
        match aside {
            Some(aside) => Ok(writeln!(out, "The store that was there is now {}.", aside.display())?),
            None => Ok(()),
        }
    })
}

/// A backup that was found whole. Nothing is changed for one that is not.
async fn whole(file: &Path, settings: &Settings) -> Result<SqliteSnapshot, StoreError> {
    let backup = SqliteSnapshot::take(file)?;
    backup.check_pages().await?;
    transfer::open_all(&backup, &settings.store.secret_keys).await?;
    Ok(backup)
}

fn told_of(file: &Path, error: StoreError) -> CommandFailure {
    because(format!("{}: {}", file.display(), told(error)))
}

/// Says which sessions would live again; `true`: they end.
fn settle(asked: &Restore, returning: &RevivedSessions, out: &mut dyn Write) -> Result<bool, CommandFailure> {
    if returning.count() == 0 {
        writeln!(out, "No session comes back to life by it.")?;
        return Ok(false);
    }
    let hosts: Vec<String> =
        returning.by_host().into_iter().map(|(host, count)| format!("{count} at {host}")).collect();
    let (count, hosts) = (returning.count(), hosts.join(", "));
    match count {
        1 => writeln!(out, "1 session that has ended since would live again: {hosts}.")?,
        _ => writeln!(out, "{count} sessions that have ended since would live again: {hosts}.")?,
    }
    if asked.end_sessions || asked.keep_sessions {
        return Ok(asked.end_sessions);
    }
    if !io::stdin().is_terminal() {
        return Err(because(
            "Nothing was changed. Say what becomes of them: --end-sessions or --keep-sessions",
        ));
    }
    write!(out, "End them? [Y/n] ")?;
    out.flush()?;
    let mut answer = String::new();
    io::stdin().lock().read_line(&mut answer)?;
    Ok(!answer.trim().to_lowercase().starts_with('n'))
}
