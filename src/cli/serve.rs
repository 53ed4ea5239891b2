//! `membergate serve`: runs the gateway, and turns signals into draining and reloading.

use std::path::Path;

use tokio::signal::unix::{SignalKind, signal};

use super::shared::{CommandFailure, because, runtime};
use crate::app::App;
use crate::config::{self, Env, Settings};
use crate::telemetry::{Format, logs};

/// Runs the gateway until it is told to end.
pub fn run(file: &Path, env: &dyn Env, format: Option<Format>) -> Result<(), CommandFailure> {
    let settings = config::load(file, env).map_err(CommandFailure::Configuration)?;
    logs::start(settings.log.level, format.unwrap_or(settings.log.format)).map_err(because)?;
    runtime()?.block_on(async {
        let mut terminate = signal(SignalKind::terminate())?;
        let mut hang_up = signal(SignalKind::hangup())?;
        let sites = sites_of(&settings);
        let mut app = App::start(settings).await.map_err(because)?;
        tracing::info!(address = %app.address(), operations = %app.operations(), sites, "Ready");
        loop {
            tokio::select! {
                _ = terminate.recv() => break,
                interrupted = tokio::signal::ctrl_c() => {
                    interrupted?;
                    break;
                }
                _ = hang_up.recv() => reload(&app, file, env),
                error = app.store_lost() => {
                    app.stop().await;
                    return Err(because(error));
                }
                () = app.restart_asked() => app = started_again(app, file, env).await?,
            }
        }
        tracing::info!("Draining");
        app.stop().await;
        tracing::info!("Ended");
        Ok(())
    })
}

/// Each site with the address that its visitors use.
fn sites_of(settings: &Settings) -> String {
    let sites = settings.sites.iter().map(|site| format!("{} {}", site.site.name, site.site.origin));
    sites.collect::<Vec<_>>().join(", ")
}

/// Starts the gateway again. If the configuration has been broken since, the old gateway goes on.
async fn started_again(app: App, file: &Path, env: &dyn Env) -> Result<App, CommandFailure> {
    let settings = match config::load(file, env) {
        Ok(settings) => settings,
        Err(problems) => {
            for problem in problems {
                tracing::error!(%problem, "The configuration is wrong, so the gateway does not start again");
            }
            return Ok(app);
        }
    };
    app.stop().await;
    let sites = sites_of(&settings);
    let app = App::start(settings).await.map_err(because)?;
    tracing::info!(address = %app.address(), operations = %app.operations(), sites, "Ready again");
    Ok(app)
}

/// Reads the configuration again. A bad one is reported and changes nothing.
fn reload(app: &App, file: &Path, env: &dyn Env) {
    match config::load(file, env) {
        Ok(settings) => match app.reload(&settings) {
            Ok(()) => tracing::info!("The configuration was read again"),
            Err(error) => {
                app.note_refused_reload();
                tracing::error!(%error, "The new configuration was refused; the old one stays in force")
            }
        },
        Err(problems) => {
            app.note_refused_reload();
            for problem in problems {
                tracing::error!(%problem, "The new configuration is wrong; the old one stays in force");
            }
        }
    }
}
