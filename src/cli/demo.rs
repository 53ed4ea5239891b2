//! `membergate demo`: a simulated re:Members, Novi or GrowthZone, the gateway, a sample site and a simulated Higher Logic, all on loopback.
//!
//! The gateway in it is the one that `serve` runs; only its AMS, its site and its community are not real.

mod association;
mod community;

use std::io::Write;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use self::association::SimulatedAms;
use self::community::SimulatedCommunity;
use super::shared::{CommandFailure, because, runtime, told_to_end};
use crate::adapters::clock::SystemClock;
use crate::adapters::keys::random;
use crate::adapters::keys::secret::SecretKey;
use crate::app::App;
use crate::config::env::Given;
use crate::config::{self, Settings};
use crate::sim::control::ControlListener;
use crate::sim::people::PASSWORD;
use crate::sim::site::{SampleSite, Teller};
use crate::telemetry::{Format, logs};

pub use self::association::DemoAms;

/// Runs the demo until it is told to end.
pub fn run(
    port: u16,
    ams: DemoAms,
    format: Option<Format>,
    out: &mut dyn Write,
) -> Result<(), CommandFailure> {
    runtime()?.block_on(async {
        let demo = Demo::start(port, ams, format).await?;
        demo.introduce(out)?;
        told_to_end().await?;
        demo.stop().await;
        Ok(())
    })
}

struct Demo {
    port: u16,
    ams: SimulatedAms,
    control: ControlListener,
    site: SampleSite,
    community: SimulatedCommunity,
    gate: App,
    folder: Folder,
}

impl Demo {
    async fn start(port: u16, ams: DemoAms, format: Option<Format>) -> Result<Demo, CommandFailure> {
        let taken = |error| move |port| because(format!("port {port} of this machine is not free: {error}"));
        let origin = format!("http://localhost:{port}");
        let address = loopback(port, 1)?;
        let ams = SimulatedAms::start(ams, address, &origin).await?;
        let ams = ams.map_err(|error| taken(error)(address.port()))?;
        let address = loopback(port, 3)?;
        let control = ams.listen(address).await.map_err(|error| taken(error)(address.port()))?;
        let address = loopback(port, 2)?;
        let jwks = format!("{origin}/_gate/oidc/jwks");
        let teller = Teller { jwks, issuer: origin.clone(), site: "library".to_owned() };
        let site = SampleSite::start_told_by(address, Some(teller))
            .await
            .map_err(|error| taken(error)(address.port()))?;
        let address = loopback(port, 4)?;
        let community = SimulatedCommunity::start(address, &origin, &ams.profile_page()).await?;
        let community = community.map_err(|error| taken(error)(address.port()))?;

        let folder = Folder::new()?;
        let settings = settings(port, &ams, &site, &community, &folder)?;
        logs::start(settings.log.level, format.unwrap_or(settings.log.format)).map_err(because)?;
        let gate = App::start_at(settings, Arc::new(SystemClock)).await.map_err(because)?;
        Ok(Demo { port, ams, control, site, community, gate, folder })
    }

    fn introduce(&self, out: &mut dyn Write) -> std::io::Result<()> {
        let port = self.port;
        writeln!(out, "\nThe demo is running. Nothing in it leaves this machine.\n")?;
        writeln!(out, "  Start here     http://localhost:{port}/")?;
        writeln!(out, "  Members' page  http://localhost:{port}/members")?;
        writeln!(out, "  Needs a role   http://localhost:{port}/education")?;
        writeln!(out, "  Who am I?      http://localhost:{port}/_gate/me")?;
        writeln!(out, "  Administration http://localhost:{port}/_gate/admin   (as staff)")?;
        writeln!(
            out,
            "  The AMS        {}   (its own \"Log out\" ends the session here too)",
            self.ams.profile_page()
        )?;
        writeln!(
            out,
            "  Its control    {}/   (lapse somebody, make calls fail, move the time, see which calls came)",
            self.control.base_url()
        )?;
        writeln!(
            out,
            "  The community  {0}/   (Higher Logic: sign in there too; what it is told: {0}/admin)",
            self.community.base_url()
        )?;
        writeln!(
            out,
            "\nChanges travel by themselves: open http://localhost:{port}/people, and leave it open. At the AMS's control"
        )?;
        writeln!(
            out,
            "lapse somebody. The page shows it without a click there, and so does the community, within {}.",
            self.ams.delay()
        )?;
        writeln!(out, "\nWho can sign in, all with the password `{PASSWORD}`:\n")?;
        for (login, what) in self.ams.cast() {
            writeln!(out, "  {login:<36} {what}")?;
        }
        writeln!(out, "\nThe login page lists the rest. Press Ctrl-C to end the demo.")?;
        out.flush()
    }

    async fn stop(self) {
        self.gate.stop().await;
        self.community.stop().await;
        self.site.stop().await;
        self.ams.stop().await;
        drop(self.folder);
    }
}

fn settings(
    port: u16,
    ams: &SimulatedAms,
    site: &SampleSite,
    community: &SimulatedCommunity,
    folder: &Folder,
) -> Result<Settings, CommandFailure> {
    let text = ams
        .configuration()
        .replace("{port}", &port.to_string())
        .replace("{ams}", &ams.base_url())
        .replace("{site}", &site.base_url())
        .replace("{community}", &community.base_url())
        .replace("{people}", &site.people_endpoint())
        .replace("{store}", &folder.0.join("demo.sqlite").display().to_string());
    let (rules_file, rules) = ams.rules();
    let (community_file, told) = ams.community();
    let given = Given::default()
        .file("demo/membergate.toml", &text)
        .file(Path::new("demo").join(rules_file), rules)
        .file(Path::new("demo").join(community_file), told)
        .variable("SECRET_KEY", &SecretKey::generate().map_err(because)?);
    let variables = ams.variables().into_iter().chain(SimulatedCommunity::variables());
    let given = variables.fold(given, |given, (name, value)| given.variable(name, &value));
    config::load(Path::new("demo/membergate.toml"), &given).map_err(CommandFailure::Configuration)
}

fn loopback(port: u16, further: u16) -> Result<SocketAddr, CommandFailure> {
    let port = port.checked_add(further).ok_or_else(|| because("there are no four ports above that one"))?;
    Ok(SocketAddr::from(([127, 0, 0, 1], port)))
}

/// A folder for the demo's store, gone with the demo.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Result<Folder, CommandFailure> {
        let name: String = random::token().map_err(because)?.chars().take(12).collect();
        let path = std::env::temp_dir().join(format!("membergate-demo-{name}"));
        std::fs::create_dir(&path)?;
        Ok(Folder(path))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // What is left behind holds invented people, sealed with a key that nobody has.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
