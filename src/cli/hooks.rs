//! `membergate hooks`: the webhooks by which the AMS tells the gateway of changes.
//!
//! They only make changes come sooner. Their address ends in a secret of the configuration, which is never printed.

use std::io::Write;
use std::path::Path;
use std::sync::Arc;

use clap::Subcommand;
use secrecy::{ExposeSecret as _, SecretString};
use url::Url;

use super::shared::{CommandFailure, because, runtime};
use crate::adapters::ams::AmsError;
use crate::adapters::ams::reading::{AmsReading, Hook};
use crate::adapters::budget::{Budget, MemoryLedger};
use crate::adapters::clock::SystemClock;
use crate::adapters::http::{HttpClient, HttpLimits};
use crate::config::{self, Env, Settings};
use crate::web::paths::HOOKS;

/// What to do with webhooks.
#[derive(Debug, Subcommand)]
pub enum HooksCommand {
    /// Has the AMS call `/_gate/hooks/SECRET` whenever a person changes, with the first of `directory.hook_secrets`.
    ///
    /// Run it once. When the secret changes, register with the new one, and remove the old ones by their ids.
    #[command(after_help = "Example:\n  membergate hooks register --config membergate.toml")]
    Register {
        /// The site at whose host the gateway is called, by its name. Left out: the first one.
        #[arg(long, value_name = "NAME")]
        site: Option<String>,
    },
    /// Shows which webhooks the AMS has, with those of other applications. What is secret in an address is left out.
    #[command(after_help = "Example:\n  membergate hooks list --config membergate.toml")]
    List,
    /// Removes webhooks: all that call a gateway at one of our sites, or those that are named.
    #[command(
        after_help = "Examples:\n  membergate hooks remove --config membergate.toml\n  membergate hooks remove --config membergate.toml 7d7d7d7d-1111-4222-8333-444455556667"
    )]
    Remove {
        /// Ids of webhooks, as `hooks list` and `hooks register` show them.
        #[arg(value_name = "ID")]
        ids: Vec<String>,
    },
}

/// Runs one of them.
pub fn run(
    hooks: HooksCommand,
    config: &Path,
    env: &dyn Env,
    out: &mut dyn Write,
) -> Result<(), CommandFailure> {
    let settings = config::load(config, env).map_err(CommandFailure::Configuration)?;
    let http = HttpClient::new(HttpLimits::default()).map_err(because)?;
    let clock = Arc::new(SystemClock);
    let budget = Budget::new(settings.ams.rate, Arc::<MemoryLedger>::default(), clock.clone());
    let ams = settings.ams.live.clone().client(settings.reads_contact.into(), http, Arc::new(budget), clock);
    if ams.places().hook.is_none() {
        let name = ams.supplied().ams;
        return Err(because(format!("{name} has no webhooks: it is asked once a minute who has changed")));
    }
    runtime()?.block_on(async {
        match hooks {
            HooksCommand::Register { site } => register(&*ams, &settings, site.as_deref(), out).await,
            HooksCommand::List => list(&*ams, &settings, out).await,
            HooksCommand::Remove { ids } if ids.is_empty() => remove_ours(&*ams, &settings, out).await,
            HooksCommand::Remove { ids } => remove(&*ams, &settings, ids, out).await,
        }
    })
}

async fn register(
    ams: &dyn AmsReading,
    settings: &Settings,
    site: Option<&str>,
    out: &mut dyn Write,
) -> Result<(), CommandFailure> {
    let Some(secret) = settings.hook_secrets.first() else {
        let remedy = r#"write `hook_secrets = [{ env = "MEMBERGATE_HOOK_SECRET" }]` below `[directory]`"#;
        return Err(because(format!("the address of a webhook needs a secret: {remedy}")));
    };
    let callback = callback(settings, site, secret)?;
    let hooks = ams.register_hooks(&callback, secret).await.map_err(|error| told(settings, &error))?;
    shown(&hooks, out)?;
    let count = counted(hooks.len());
    Ok(writeln!(
        out,
        "{count} registered. Webhooks of an earlier registration are still there; see `membergate hooks list`."
    )?)
}

/// The address that the AMS is to call.
fn callback(settings: &Settings, site: Option<&str>, secret: &SecretString) -> Result<Url, CommandFailure> {
    let found = settings.sites.iter().find(|known| site.is_none_or(|name| name == &*known.site.name));
    let found = found.ok_or_else(|| because(format!("there is no site `{}`", site.unwrap_or_default())))?;
    let address = format!("{}{HOOKS}{}", found.site.origin, secret.expose_secret());
    Url::parse(&address).map_err(|_| because(format!("`{}` is not an address", found.site.origin)))
}

async fn list(ams: &dyn AmsReading, settings: &Settings, out: &mut dyn Write) -> Result<(), CommandFailure> {
    let hooks = listed(ams, settings).await?;
    shown(&hooks, out)?;
    Ok(writeln!(out, "{}.", counted(hooks.len()))?)
}

async fn listed(ams: &dyn AmsReading, settings: &Settings) -> Result<Vec<Hook>, CommandFailure> {
    let hooks = ams.hooks().await.map_err(|error| told(settings, &error))?;
    hooks.ok_or_else(|| because("the AMS does not list its webhooks: look into its administration"))
}

async fn remove_ours(
    ams: &dyn AmsReading,
    settings: &Settings,
    out: &mut dyn Write,
) -> Result<(), CommandFailure> {
    let at_our_sites = |hook: &Hook| {
        settings.sites.iter().any(|site| hook.calls.starts_with(&format!("{}{HOOKS}", site.site.origin)))
    };
    let hooks = listed(ams, settings).await?;
    let ours = hooks.into_iter().filter(at_our_sites).map(|hook| hook.id).collect();
    remove(ams, settings, ours, out).await
}

async fn remove(
    ams: &dyn AmsReading,
    settings: &Settings,
    ids: Vec<String>,
    out: &mut dyn Write,
) -> Result<(), CommandFailure> {
    for id in &ids {
        ams.remove_hook(id).await.map_err(|error| told(settings, &error))?;
        writeln!(out, "{id} is removed")?;
    }
    Ok(writeln!(out, "{} removed.", counted(ids.len()))?)
}

fn told(settings: &Settings, error: &AmsError) -> CommandFailure {
    because(format!("{error}. {}.", settings.ams.live.remedy(error)))
}

fn shown(hooks: &[Hook], out: &mut dyn Write) -> Result<(), CommandFailure> {
    for Hook { id, what, calls } in hooks {
        writeln!(out, "{id}  {what}  {calls}")?;
    }
    Ok(())
}

fn counted(count: usize) -> String {
    if count == 1 { "1 webhook".to_owned() } else { format!("{count} webhooks") }
}

#[cfg(feature = "sim")]
#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::env::Given;
    use crate::config::sample;
    use crate::sim::re_members::{Credentials, Settings as SimulatorSettings, Simulator, Switches};

    const SECRET: &str = "Wh4tN0L1n3M4ySh0w-0123456789";

    fn machine(base: &str, directory: &str) -> Given {
        let settings = SimulatorSettings::demo();
        let Credentials { app_name, app_key, user_email, user_password, .. } = settings.production;
        let text = format!(
            r#"
[association]
name = "Acme Society"
[ams]
calls_per_second = 1000
calls_per_minute = 10000
[ams.production]
discovery_url = "{base}/Api/v1/WebApiUrl"
portal = "{base}"
app_name = "{app_name}"
app_key = {{ env = "KEY" }}
user_email = "{user_email}"
user_password = {{ env = "PASSWORD" }}
[store]
path = "gate.sqlite"
secret_keys = [{{ env = "SECRET_KEY" }}]
[[site]]
name = "www"
url = "http://localhost:8080"
upstream = "http://127.0.0.1:3000"
[[site]]
name = "library"
url = "http://library.localhost:8080"
upstream = "http://127.0.0.1:3001"
{directory}
"#
        );
        Given::default()
            .variable("KEY", &app_key)
            .variable("PASSWORD", &user_password)
            .variable("SECRET_KEY", "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8")
            .variable("HOOK_SECRET", SECRET)
            .file("gate.toml", &text)
            .file("rules.toml", sample::RULES)
    }

    const DIRECTORY: &str = r#"
[directory]
hook_secrets = [{ env = "HOOK_SECRET" }]
"#;

    fn asked(hooks: HooksCommand, machine: &Given) -> (String, Result<(), String>) {
        let mut out = Vec::new();
        let ended = run(hooks, Path::new("gate.toml"), machine, &mut out);
        (String::from_utf8(out).unwrap(), ended.map_err(|error| error.to_string()))
    }

    fn simulator(switches: &[&str]) -> (tokio::runtime::Runtime, Simulator) {
        let runtime = runtime().unwrap();
        let switches = ["rate_limit=off"].iter().chain(switches).copied();
        let settings =
            SimulatorSettings { switches: Switches::parse(switches).unwrap(), ..SimulatorSettings::demo() };
        let simulator = runtime.block_on(Simulator::start(settings)).unwrap();
        (runtime, simulator)
    }

    #[test]
    fn webhooks_are_registered_shown_without_their_secret_and_removed() {
        let (_runtime, simulator) = simulator(&[]);
        let machine = machine(&simulator.base_url(), DIRECTORY);
        assert_eq!(asked(HooksCommand::List, &machine), ("0 webhooks.\n".to_owned(), Ok(())));
        let (registered, ended) = asked(HooksCommand::Register { site: None }, &machine);
        assert!(ended.is_ok() && registered.contains("13 webhooks registered."), "{registered} {ended:?}");
        assert!(registered.contains("  Individual.CommitteeUpdated  http://localhost:8080/_gate/hooks/…"));
        assert!(!registered.contains(SECRET));
        let elsewhere = HooksCommand::Register { site: Some("library".into()) };
        assert!(asked(elsewhere, &machine).0.contains("http://library.localhost:8080/_gate/hooks/…"));
        assert!(asked(HooksCommand::List, &machine).0.ends_with("26 webhooks.\n"));

        let id = registered.lines().next().unwrap().split("  ").next().unwrap().to_owned();
        let (removed, ended) = asked(HooksCommand::Remove { ids: vec![id.clone()] }, &machine);
        assert_eq!((removed, ended), (format!("{id} is removed\n1 webhook removed.\n"), Ok(())));
        assert!(
            asked(HooksCommand::Remove { ids: Vec::new() }, &machine).0.ends_with("25 webhooks removed.\n")
        );
        assert_eq!(asked(HooksCommand::List, &machine).0, "0 webhooks.\n");
    }

    #[test]
    fn an_ams_without_webhooks_is_said_to_have_none() {
        let machine = machine("http://127.0.0.1:9", DIRECTORY).file("gate.toml", sample::GROWTHZONE);
        let machine = machine.variable("SECRET", "s").variable("STORE", &"A".repeat(43));
        for hooks in [
            HooksCommand::Register { site: None },
            HooksCommand::List,
            HooksCommand::Remove { ids: vec!["7".into()] },
        ] {
            let (out, ended) = asked(hooks, &machine);
            assert!(out.is_empty() && ended.unwrap_err().starts_with("GrowthZone has no webhooks"), "{out}");
        }
    }

    #[test]
    fn what_keeps_a_command_from_its_work_is_said_with_what_to_do() {
        let (_runtime, simulator) = simulator(&["hooks_listed=off"]);
        let refused = |hooks: HooksCommand, directory: &str| {
            asked(hooks, &machine(&simulator.base_url(), directory)).1.unwrap_err()
        };
        let register = |site: Option<&str>| HooksCommand::Register { site: site.map(str::to_owned) };
        assert!(refused(register(None), "").contains("below `[directory]`"));
        assert_eq!(refused(register(Some("wiki")), DIRECTORY), "there is no site `wiki`");
        assert!(refused(HooksCommand::List, DIRECTORY).contains("does not list its webhooks"));
        assert!(refused(HooksCommand::Remove { ids: Vec::new() }, DIRECTORY).contains("does not list"));
        let nobody = HooksCommand::Remove { ids: vec!["../Individuals".into()] };
        assert!(refused(nobody, DIRECTORY).contains("not a GUID"));
        let short = DIRECTORY.replace("HOOK_SECRET", "KEY");
        assert!(refused(HooksCommand::List, &short).contains("22 to 128 letters"));
        let down = asked(HooksCommand::List, &machine("http://127.0.0.1:9", DIRECTORY)).1.unwrap_err();
        assert!(down.contains("cannot be reached"), "{down}");
    }
}
