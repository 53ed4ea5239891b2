//! `membergate sim higherlogic`.

use std::io::Write;
use std::net::SocketAddr;

use clap::Args;

use super::options::{opened, unheard};
use crate::cli::shared::{CommandFailure, because, runtime, told_to_end};
use crate::sim::higher_logic::{Credentials, SIGN_IN_PATH, Settings, Simulator, Switches};
use crate::sim::switches;

/// How a Higher Logic is run.
#[derive(Debug, Args)]
pub struct HigherLogicOptions {
    /// Where it listens.
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:8082")]
    pub listen: SocketAddr,
    /// Sets one of the switches listed below. May be given several times.
    #[arg(long = "switch", value_name = "NAME=VALUE")]
    pub switches: Vec<String>,
    /// A second listener by which a test or a person changes people, switches, faults and the time while it runs, and reads what was
    /// received. Nobody is asked to sign in there: keep it on loopback.
    #[arg(long, value_name = "ADDR")]
    pub control: Option<SocketAddr>,
    /// The address by which browsers reach it, if that is not where it listens.
    #[arg(long, value_name = "URL")]
    pub public_base: Option<String>,
}

/// Examples, and all switches.
pub(super) fn after_help() -> String {
    format!(
        "Examples:\n  membergate sim higherlogic --listen 127.0.0.1:8082 --control 127.0.0.1:8092\n  \
         curl -H 'ApiKey: demo-higher-logic-api-key' -H 'Content-Type: application/json' http://127.0.0.1:8082/v2/contactinfo -d \
         '[{{\"ContactDetails\": {{\"ContactId\": \"10432\", \"FirstName\": \"Ada\", \"LastName\": \"Okafor\"}}}}]'\n  \
         curl http://127.0.0.1:8092/state\n  membergate sim higherlogic --switch queue_delay=30s --switch answer=items\n  \
         membergate sim higherlogic --switch op_discovery=http://localhost:8080/.well-known/openid-configuration\n\nNobody is on \
         file until somebody is pushed. What else the control can do is in docs/simulator.md, what is believed of Higher Logic in \
         docs/higher-logic-simulator.md.\n\nSwitches and their defaults:\n{}",
        switches::help(&Switches::default().lines())
    )
}

/// Runs a Higher Logic until it is told to end.
pub(super) fn run(asked: HigherLogicOptions, out: &mut dyn Write) -> Result<(), CommandFailure> {
    let control = asked.control;
    let settings = settings(asked)?;
    runtime()?.block_on(async {
        let address = settings.listen;
        let (credentials, switches) = (settings.credentials.clone(), settings.switches.clone());
        let simulator =
            Simulator::start(settings).await.map_err(|error| unheard(address, error, "--listen"))?;
        let control = opened(simulator.control(), control).await?;
        let base = simulator.base_url();
        writeln!(out, "A simulated Higher Logic at {base}, its administration at {base}/admin")?;
        if let Some(control) = &control {
            writeln!(out, "Its control, for whoever can reach it, is at {}", control.base_url())?;
        }
        write!(out, "{}", access(&base, &credentials, &switches))?;
        out.flush()?;
        told_to_end().await?;
        simulator.stop().await;
        Ok(())
    })
}

/// How it is reached, and with which keys.
fn access(base: &str, own: &Credentials, switches: &Switches) -> String {
    let named = |value: &Option<String>| value.clone().unwrap_or_default();
    let (client_id, client_secret) = (named(&switches.client_id), named(&switches.client_secret));
    format!(
        "\nPush v2:   {base}/v2   key: {}\nPush v1:   {base}/push/v1   key: {}   tenant code: {}\nRead side: {base}/api/v2.0   \
         HLIAMKey: {}   HLPassword: {}\nSign-in:   client {client_id}   secret: {client_secret}   redirect address: \
         {base}{SIGN_IN_PATH}\n\nIn the configuration of a gateway, with a community.toml beside it (`membergate check \
         --print-sample=community`):\n\n{}\nIn the shell that starts it:\n\nexport MEMBERGATE_HIGHER_LOGIC_KEY='{}'\nexport \
         MEMBERGATE_COMMUNITY_SECRET='{client_secret}'\n\n",
        own.api_key,
        own.gateway_key,
        own.tenant_code,
        own.iam_key,
        own.password,
        section(base, &client_id),
        own.api_key,
    )
}

/// What makes a gateway tell the simulator of people, and sign them in at it.
fn section(base: &str, client_id: &str) -> String {
    format!(
        r#"[higher_logic]
url = "{base}/v2"
api_key = {{ env = "MEMBERGATE_HIGHER_LOGIC_KEY" }}

[[oidc.client]]
id = "{client_id}"
preset = "higher_logic"
community = "{base}"
secret = {{ env = "MEMBERGATE_COMMUNITY_SECRET" }}
"#
    )
}

fn settings(asked: HigherLogicOptions) -> Result<Settings, CommandFailure> {
    let switches = Switches::parse(asked.switches.iter().map(String::as_str)).map_err(because)?;
    let HigherLogicOptions { listen, public_base, .. } = asked;
    Ok(Settings { listen, public_base, switches, ..Settings::demo() })
}

#[cfg(test)]
mod tests {
    use std::path::Path;
    use std::time::Duration;

    use clap::Parser;

    use super::*;
    use crate::config::env::Given;
    use crate::config::{load, sample};

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        higher_logic: HigherLogicOptions,
    }

    fn asked(arguments: &str) -> Result<Settings, CommandFailure> {
        let line = Line::try_parse_from(["higherlogic"].into_iter().chain(arguments.split_whitespace()));
        settings(line.map_err(because)?.higher_logic)
    }

    #[test]
    fn the_command_line_says_how_the_simulator_behaves() {
        let settings =
            asked("--listen 127.0.0.1:9 --switch queue-delay=30s --switch op_discovery=http://a.example");
        let settings = settings.unwrap();
        assert_eq!((settings.listen.port(), settings.switches.queue_delay), (9, Duration::from_secs(30)));
        assert_eq!(settings.switches.op_discovery.as_deref(), Some("http://a.example"));
        for (arguments, part) in [
            ("--switch answer", "name=value"),
            ("--switch colour=red", "there is no switch"),
            ("--switch answer=perhaps", "empty | items | batch"),
            ("--people a.json", "--people"),
        ] {
            let error = asked(arguments).unwrap_err().to_string();
            assert!(error.contains(part), "{arguments}: {error}");
        }
    }

    #[test]
    fn the_keys_that_it_prints_are_those_that_it_takes() {
        let settings = asked("--switch client_id=other").unwrap();
        let text = access("http://127.0.0.1:8082", &settings.credentials, &settings.switches);
        let own = Credentials::demo();
        for part in [own.api_key, own.gateway_key, own.iam_key, "client other ".to_owned()] {
            assert!(text.contains(&part), "{text}");
        }
        let secret = settings.switches.client_secret.unwrap();
        let text = format!(
            "{}[[site]]\nname = \"www\"\nurl = \"https://www.acme.example\"\nupstream = \"http://127.0.0.1:3000\"\n[oidc]\n{}",
            sample::ESSENTIALS,
            section("http://127.0.0.1:8082", "other")
        );
        let machine = Given::default()
            .file("etc/rules.toml", sample::RULES)
            .file("etc/community.toml", sample::COMMUNITY)
            .file("etc/gate.toml", &text)
            .variable("SECRET", "secret")
            .variable("SECRET_KEY", &"A".repeat(43))
            .variable("MEMBERGATE_COMMUNITY_SECRET", &secret)
            .variable("MEMBERGATE_HIGHER_LOGIC_KEY", &settings.credentials.api_key);
        let gateway = load(Path::new("etc/gate.toml"), &machine).unwrap();
        let client = gateway.oidc.unwrap().clients.remove(0);
        assert_eq!(client.id.as_str(), "other");
        assert_eq!(
            client.redirect_uris[0].as_str(),
            "http://127.0.0.1:8082/HigherLogic/Security/OAuth/Authentication.aspx"
        );
        assert_eq!(gateway.higher_logic.unwrap().push.url.as_str(), "http://127.0.0.1:8082/v2");
    }
}
