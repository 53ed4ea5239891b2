//! `membergate admin-link`: the way into administration when no role lets in.
//!
//! Whoever may read the store's file and its secret key is the operator; no other proof is asked for. The link works once.

use std::io::Write;
use std::path::Path;
use std::sync::Arc;

use super::shared::{CommandFailure, because, open_store, runtime};
use crate::adapters::clock::SystemClock;
use crate::config::{self, Env, Settings};
use crate::flows::administer::AdminLinks;
use crate::web::paths::ADMIN_EMERGENCY;

/// Makes a link and prints it.
pub fn run(config: &Path, env: &dyn Env, out: &mut dyn Write) -> Result<(), CommandFailure> {
    let settings = config::load(config, env).map_err(CommandFailure::Configuration)?;
    let origin = origin(&settings)?;
    let links = AdminLinks::new(open_store(&settings)?, Arc::new(SystemClock));
    let token = runtime()?.block_on(links.make()).map_err(because)?;
    writeln!(out, "{origin}{ADMIN_EMERGENCY}?token={token}")?;
    writeln!(
        out,
        "\nOpen it in a browser within ten minutes. It works once, and gives access for one hour."
    )?;
    Ok(writeln!(out, "Give it to nobody else: whoever opens it can change who gets which role.")?)
}

/// Where administration is served.
fn origin(settings: &Settings) -> Result<&str, CommandFailure> {
    let Some(admin) = &settings.admin else {
        return Err(because(
            "there is no `[admin]` section in the configuration, so there is no administration",
        ));
    };
    let wanted = |name: &str| admin.site.as_deref().is_none_or(|site| site == name);
    let site = settings.sites.iter().find(|site| wanted(&site.site.name));
    site.map(|site| site.site.origin.as_str()).ok_or_else(|| because("there is no site"))
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;
    use tempfile::TempDir;

    use super::*;
    use crate::adapters::clock::{Clock, SharedClock};
    use crate::adapters::store::sqlite::SqliteStore;
    use crate::app;
    use crate::config::env::Given;
    use crate::config::sample;
    use crate::domain::time::Timestamp;
    use crate::flows::administer::{AdmittedBy, emergency::LinkError};

    const SITES: &str = r#"
[[site]]
name = "library"
url = "https://library.acme.example"
upstream = "http://127.0.0.1:3001"
[[site]]
name = "www"
url = "https://www.acme.example"
upstream = "http://127.0.0.1:3000"
"#;

    struct Later(SignedDuration);

    impl Clock for Later {
        fn now(&self) -> Timestamp {
            SystemClock.now() + self.0
        }
    }

    fn links(settings: &Settings, later: SignedDuration) -> AdminLinks {
        let clock: SharedClock = Arc::new(Later(later));
        AdminLinks::new(app::open_store(&settings.store).unwrap(), clock)
    }

    #[test]
    fn the_link_is_for_the_configured_host_and_works_once_and_for_ten_minutes() {
        let folder = TempDir::new().unwrap();
        let file = folder.path().join("membergate.toml");
        let env = |admin: &str| {
            Given::default()
                .variable("SECRET", "x")
                .variable("SECRET_KEY", "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8")
                .file(&file, &format!("{}{SITES}{admin}", sample::ESSENTIALS))
                .file(folder.path().join("rules.toml"), sample::RULES)
        };
        let asked = |admin: &str| {
            let mut out = Vec::new();
            run(&file, &env(admin), &mut out).map(|()| String::from_utf8(out).unwrap())
        };
        let admin = "[admin]\nroles = [\"staff\"]\nhost = \"www\"\n";
        assert!(asked("").unwrap_err().to_string().contains("no `[admin]` section"));
        assert!(asked(admin).unwrap_err().to_string().contains("start the gateway once"));

        let settings = config::load(&file, &env(admin)).unwrap();
        drop(links(&settings, SignedDuration::ZERO));
        let token = |text: String| {
            let line = text.lines().next().unwrap().to_owned();
            line.strip_prefix("https://www.acme.example/_gate/admin/emergency?token=").unwrap().to_owned()
        };
        let (one, two) = (token(asked(admin).unwrap()), token(asked(admin).unwrap()));
        assert_ne!(one, two);
        let anywhere = asked("[admin]\nroles = [\"staff\"]\n").unwrap();
        assert!(anywhere.starts_with("https://library.acme.example/_gate/admin/emergency?token="));

        runtime().unwrap().block_on(async {
            let here = std::net::Ipv4Addr::LOCALHOST.into();
            let soon = links(&settings, SignedDuration::from_secs(9 * 60));
            let secret = soon.open(&one, here).await.unwrap();
            let actor = soon.actor(&secret.key()).await.unwrap().unwrap();
            assert_eq!(actor.admitted_by, AdmittedBy::BreakGlass);
            assert!(matches!(soon.open(&one, here).await, Err(LinkError::Used)));
            assert!(matches!(
                soon.open(&one.replace(&one[..4], "AAAA"), here).await,
                Err(LinkError::Unknown)
            ));
            assert!(matches!(soon.open("", here).await, Err(LinkError::Unknown)));
            // Guesses are counted by network; a link that was right is not.
            for _ in 2..10 {
                assert!(matches!(soon.open("", here).await, Err(LinkError::Unknown)));
            }
            assert!(matches!(soon.open("", here).await, Err(LinkError::TooMany)));
            let elsewhere = "192.0.2.1".parse().unwrap();
            assert!(matches!(soon.open(&one, elsewhere).await, Err(LinkError::Used)));
            soon.leave(&secret.key()).await.unwrap();
            assert!(soon.actor(&secret.key()).await.unwrap().is_none(), "whoever has left is out");
            let late = links(&settings, SignedDuration::from_secs(11 * 60));
            assert!(matches!(late.open(&two, here).await, Err(LinkError::Expired)));
        });
    }

    #[test]
    fn emergency_access_ends_after_an_hour() {
        let folder = TempDir::new().unwrap();
        let key =
            crate::adapters::keys::secret::SecretKey::parse("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8")
                .unwrap()
                .into();
        let at = |minutes| {
            let store = SqliteStore::open(&folder.path().join("m.sqlite"), &key).unwrap();
            AdminLinks::new(Arc::new(store), Arc::new(Later(SignedDuration::from_mins(minutes))))
        };
        runtime().unwrap().block_on(async {
            let secret = at(0).open(&at(0).make().await.unwrap(), [127, 0, 0, 1].into()).await.unwrap();
            assert!(at(59).actor(&secret.key()).await.unwrap().is_some());
            assert!(at(61).actor(&secret.key()).await.unwrap().is_none());
        });
    }
}
