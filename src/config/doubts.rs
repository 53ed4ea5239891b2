//! What a configuration may say and nobody means: it works, and locks people out or sends them nowhere. Warned about by `check` and at the
//! start.

use url::Url;

use super::Settings;
use crate::domain::network::is_loopback;
use crate::domain::rule::Rules;
use crate::domain::unmet::unmet;

/// Something that is probably a mistake.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Doubt {
    /// The key, or the place, that it is about.
    pub about: String,
    /// What is probably wrong, without a full stop.
    pub trouble: String,
    /// What to do, without a full stop.
    pub remedy: String,
}

/// All doubts about these settings, with the role mapping that is in force.
pub fn doubts(settings: &Settings, rules: &Rules) -> Vec<Doubt> {
    let mut doubts = Vec::new();
    if settings.has_one_address_for_all() {
        doubts.push(Doubt {
            about: "listen.trusted_proxies".to_owned(),
            trouble: "a site is https and the listener is not, and no proxy is named: all visitors share one address, and its limits"
                .to_owned(),
            remedy: "Name the server that ends TLS before the gateway, such as `trusted_proxies = [\"127.0.0.1\"]`".to_owned(),
        });
    }
    for environment in std::iter::once(&settings.ams.live).chain(&settings.ams.standby) {
        doubts.extend(environment.doubt().map(|(key, trouble, remedy)| Doubt {
            about: format!("ams.{}.{key}", environment.name()),
            trouble,
            remedy,
        }));
    }
    for site in &settings.sites {
        doubts.extend(port_of_nobody(settings, &site.site.name, &site.site.origin));
    }
    let sites = settings.sites.iter().map(|site| &site.site);
    let clients = settings.oidc.iter().flat_map(|oidc| &oidc.clients);
    let admin = settings.admin.as_ref().map_or(&[][..], |admin| &admin.roles);
    doubts.extend(unmet(sites, clients, admin, rules).into_iter().map(|one| Doubt {
        about: settings.rules_file.display().to_string(),
        trouble: one.says(),
        remedy: one.remedy().to_string(),
    }));
    doubts
}

/// A site whose visitors come straight to us, at a port at which nobody listens. A port that the address does not name may well be that
/// of a server in front.
fn port_of_nobody(settings: &Settings, name: &str, origin: &str) -> Option<Doubt> {
    let url = Url::parse(origin).ok()?;
    let is_here = is_loopback(&url.host()?);
    let listens = settings.listen.address.port();
    // Port 0 takes a free one, which is not known yet.
    let is_wrong = listens != 0 && url.port_or_known_default() != Some(listens);
    (is_wrong && (is_here || url.port().is_some())).then(|| Doubt {
        about: format!("site `{name}`"),
        trouble: format!("its `url` is {origin}, and the gateway listens at port {listens}"),
        remedy: "Write the same port in both, unless a server in front has the one and knows the other"
            .to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::config::env::Given;
    use crate::config::sample;

    const REST: &str = r#"
[admin]
roles = ["staf"]
[listen]
address = "127.0.0.1:8000"
[[site]]
name = "www"
url = "http://localhost:8080"
upstream = "http://127.0.0.1:3000"
[[site.access]]
path = "/members"
any_of = ["members"]
"#;

    /// A configuration that works and is probably not meant so, in four places.
    fn doubtful() -> String {
        let portal = "https://members.acme.example";
        let essentials = sample::ESSENTIALS.replace(portal, &format!("{portal}/account/login.aspx"));
        format!("{essentials}{REST}")
    }

    fn told(file: &str) -> Vec<String> {
        let given = Given::default()
            .file("gate.toml", file)
            .file("rules.toml", "time_zone = \"UTC\"\nmember = \"member\"\n[[rule]]\nrole = \"staff\"\nwhen = [{ member = true }]\n")
            .variable("SECRET", "secret")
            .variable("SECRET_KEY", "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8");
        let settings = crate::config::load(Path::new("gate.toml"), &given).unwrap();
        let doubts = doubts(&settings, &settings.rules);
        doubts.into_iter().map(|one| format!("{}: {}. {}.", one.about, one.trouble, one.remedy)).collect()
    }

    #[test]
    fn what_locks_people_out_is_told_with_what_was_probably_meant() {
        let told = told(&doubtful());
        let expect = [
            ("ams.production.portal", "Did you mean `https://members.acme.example`?"),
            ("site `www`", "listens at port 8000"),
            ("rules.toml", "`/members` asks for the role `members`"),
            ("rules.toml", "the administration asks for the role `staf`"),
        ];
        assert_eq!(told.len(), expect.len(), "{told:#?}");
        for (line, (about, part)) in told.iter().zip(expect) {
            assert!(line.starts_with(about) && line.contains(part), "{line}");
        }
        assert!(
            told[2].contains("Did you mean `member`?") && told[3].contains("Did you mean `staff`?"),
            "{told:#?}"
        );
    }

    #[test]
    fn a_configuration_that_is_meant_so_raises_no_doubt() {
        let meant = doubtful()
            .replace("/account/login.aspx", "")
            .replace("127.0.0.1:8000", "127.0.0.1:8080")
            .replace("\"staf\"", "\"staff\"")
            .replace("\"members\"", "\"member\"");
        assert_eq!(told(&meant), Vec::<String>::new());
        // A server in front has the port of the address, and we are told about its visitors.
        let in_front = meant.replace("http://localhost:8080", "https://www.acme.example").replace(
            "address = \"127.0.0.1:8080\"",
            "address = \"127.0.0.1:8000\"\ntrusted_proxies = [\"127.0.0.1\"]",
        );
        assert_eq!(told(&in_front), Vec::<String>::new());
    }
}
