//! Broken configurations and what the operator is told; the samples.

mod higher_logic;
mod people;
pub(crate) mod reference;

use std::path::Path;

use super::env::Given;
use super::*;
use crate::adapters::ams::kinds::AmsSettings;

/// The smallest configuration that works.
const SMALL: &str = r#"
[association]
name = "Acme Society"
[ams.production]
portal = "https://members.acme.example"
app_name = "acmeGatewayLIVE"
app_key = { env = "APP_KEY" }
user_email = "gateway@acme.example"
user_password = { file = "/run/secrets/user_password" }
[store]
path = "membergate.sqlite"
secret_keys = [{ env = "MEMBERGATE_SECRET_KEY" }]
[[site]]
name = "www"
url = "https://www.acme.example"
upstream = "http://127.0.0.1:3000"
"#;

/// 32 zero bytes.
const SECRET_KEY: &str = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

fn machine() -> Given {
    Given::default()
        .variable("APP_KEY", "k3yK3yK3yK3yK3yK")
        .variable("MEMBERGATE_SECRET_KEY", SECRET_KEY)
        .variable("EMPTY", "")
        .file("/run/secrets/user_password", "correct horse\n")
        .file("etc/rules.toml", sample::RULES)
        .file("etc/community.toml", sample::COMMUNITY)
}

#[track_caller]
fn load_text(text: &str) -> Result<Settings, Vec<Problem>> {
    load(Path::new("etc/gate.toml"), &machine().file("etc/gate.toml", text))
}

fn problems(text: &str) -> String {
    let problems = load_text(text).expect_err("there must be problems");
    problems.iter().map(|problem| format!("{problem}\n")).collect()
}

/// The small configuration with one line changed, or several.
fn with(from: &str, to: &str) -> String {
    assert!(SMALL.contains(from), "{from}");
    SMALL.replace(from, to)
}

#[test]
fn the_smallest_configuration_works_and_has_its_defaults() {
    let settings = load_text(SMALL).unwrap_or_else(|problems| panic!("{problems:#?}"));
    let Settings { listen, session, log, ams, sites, .. } = &settings;
    insta::assert_snapshot!(format!("{listen:?}\n{session:?}\n{log:?}\n{:?}\n{sites:#?}", ams.rate));
    assert_eq!(settings.store.place.to_string(), "etc/membergate.sqlite");
    assert_eq!(settings.rules_file, Path::new("etc/rules.toml"));
    let AmsSettings::ReMembers(live) = &ams.live else { panic!("another AMS") };
    assert_eq!(live.discovery_url.as_str(), "https://public.remembers-ams.com/Api/v1/WebApiUrl");
    assert_eq!((ams.live.name(), ams.standby.is_some()), ("production", false));
}

#[test]
fn no_secret_shows_when_settings_are_printed() {
    let settings = load_text(SMALL).unwrap_or_else(|problems| panic!("{problems:#?}"));
    let printed = format!("{settings:?}");
    for secret in ["k3yK3yK3yK3yK3yK", "correct horse", "gateway@acme.example", SECRET_KEY] {
        assert!(!printed.contains(secret), "{secret}");
    }
}

#[test]
fn every_problem_is_told_at_once_with_place_and_remedy() {
    insta::assert_snapshot!(problems(
        r#"
rule = "rules.toml"
[association]
name = " "
contact = "nobody"
renew_url = "members.acme.example"
[listen]
address = "localhost:8080"
operations = 9090
tls_certificate = "tls.pem"
trusted_proxies = ["10.0.0.0/8", "10.0.0.1/8", "inside"]
workers = 0
max_connections = "many"
header_timeout = "10"
idel_timeout = "2m"
drain_timeout = "-5s"
[ams]
kind = "remember"
live = "stagging"
[ams.production]
portal = "http://members.acme.example"
allowed_hosts = ["members.acme.example", "https://api.acme.example"]
app_name = { env = "APP_NAME" }
app_key = "k3yK3yK3yK3yK3yK"
user_email = { environment = "A" }
user_password = { env = "EMPTY" }
[session]
idle = "48h"
refresh_after = "2d"
[store]
secret_keys = [{ file = "/run/secrets/none" }]
[log]
level = "loud"
format = "yaml"
[web]
[[site]]
name = "The library"
url = "http://www.acme.example"
upstream = "http://127.0.0.1:3000/app"
home = "welcome"
preserve_host = "yes"
[[site.access]]
require = "member"
[[site.access]]
path = "/members"
"#
    ));
}

#[test]
fn sites_and_their_rules_do_not_get_in_each_others_way() {
    insta::assert_snapshot!(problems(&format!(
        "{SMALL}{}",
        r#"
[[site.access]]
path = "/_gate/admin"
require = "public"
[[site.access]]
path = "members"
require = "signed_in"
[[site.access]]
path = "/news"
methods = ["get", "", "HEAD"]
any_of = []
[[site.access]]
path = "/a"
require = "public"
any_of = ["member"]
[[site.access]]
path = "/below"
exact = true
any_of = ["member"]
[[site.access]]
path = "/"
require = "public"
[[site.access]]
path = "/board"
all_of = ["member", "bord", "Board"]
[[site]]
name = "www"
url = "https://WWW.acme.example/"
upstream = "http://127.0.0.1:3001"
[[site]]
name = "port"
url = "https://www.acme.example:8443/x"
upstream = "http://127.0.0.1:3001"
[[site]]
name = "ours"
url = "https://www.acme.example/_GATE"
upstream = "ftp://127.0.0.1"
[[site]]
name = "library"
url = "https://www.acme.example/library"
upstream = "https://user@library.example"
[[site.access]]
path = "/books"
require = "public"
[[site.access]]
path = "/library/books"
any_of = ["member"]
"#
    )));
}

#[test]
fn broken_toml_is_told_with_its_place_and_the_rest_is_still_checked() {
    insta::assert_snapshot!(problems(&with("name = \"Acme Society\"", "name = \"Acme Society\ncontact = 7")));
    insta::assert_snapshot!(problems("[[store]]\n[listen\nsite = 3\nassociation = \"Acme\""));
    insta::assert_snapshot!(problems(""));
}

#[test]
fn a_problem_of_one_value_is_told_exactly() {
    #[track_caller]
    fn check(from: &str, to: &str, expect: &str) {
        assert_eq!(problems(&with(from, to)), format!("etc/gate.toml:{expect}.\n"));
    }
    let key = "secret_keys = [{ env = \"MEMBERGATE_SECRET_KEY\" }]";
    check(
        key,
        &format!("secret_keys = [\"{SECRET_KEY}\"]"),
        "12:16: a secret is written in the configuration file. Move it out, and write { env = \"NAME\" } or \
         { file = \"/path\" } in its place",
    );
    check(
        key,
        "secret_keys = [{ env = \"APP_KEY\" }]",
        "12:24: the environment variable `APP_KEY` holds no secret key: the secret key must have 43 characters, not 16; \
         `membergate keys secret` makes one. Put there what `membergate keys secret` prints",
    );
    check(
        key,
        "",
        "10:1: `store.secret_keys` is missing. Write `secret_keys = [{ env = \"MEMBERGATE_SECRET_KEY\" }]` below `[store]`",
    );
    check(
        key,
        "secret_keys = [{ env = \"A\", file = \"B\" }]",
        "12:16: this source names both a variable and a file. Write { env = \"NAME\" } or { file = \"/path\" }",
    );
    check(
        key,
        "secret_keys = []",
        "10:1: `store.secret_keys` names 0 keys. Name the key that seals, and after it those that still open; at most eight",
    );
    check(
        "[ams.production]",
        "[ams]\nlive = \"staging\"\n[ams.production]",
        "4:1: `[ams.staging]` is missing, and it is the environment that is live. Add `[ams.staging]`, or change `ams.live`",
    );
    check(
        "[association]",
        "rules = \"nowhere.toml\"\n[association]",
        "2:9: the file etc/nowhere.toml cannot be read: there is no such file. Create it, correct the path, or let the \
         gateway's user read it",
    );
    check(
        "3000\"\n",
        "3000\"\n[[site.access]]\npath = \"/\"\nrequire = \"public\"\n[[site.access]]\npath = \"/board\"\n\
         any_of = [\"board\"]\n",
        "21:8: this rule never decides: `/` above it is for all of `/board`. The first rule that fits decides; put the \
         narrower one first",
    );
    check(
        "3000\"\n",
        "3000\"\nupstream_ca = \"ca.pem\"\n",
        "17:15: the file etc/ca.pem cannot be read: there is no such file. Create it, correct the path, or let the \
         gateway's user read it",
    );
    check(
        "[association]",
        "[listen]\naddress = \"[::]:9090\"\noperations = \"[::]:9090\"\n[association]",
        "4:14: visitors and operations have the same address. Give `listen.operations` a port of its own",
    );
}

#[test]
fn administration_is_checked_and_then_the_rules_file_is_not_the_last_word() {
    let admin = |text: &str| load_text(&SMALL.replace("[[site]]", &format!("[admin]\n{text}\n[[site]]")));
    let settings = admin("roles = [\"staff\"]").unwrap_or_else(|problems| panic!("{problems:#?}"));
    let said = settings.admin.map(|admin| (admin.roles.len(), admin.site, admin.view_as));
    assert_eq!(said, Some((1, None, false)));
    let settings = admin("roles = [\"staff\"]\nhost = \"www\"\nview_as = true").unwrap();
    assert!(settings.admin.is_some_and(|admin| admin.site.as_deref() == Some("www") && admin.view_as));
    for (text, told) in [
        ("", "`admin.roles` is missing"),
        ("roles = []", "a list of no roles lets nobody in"),
        ("roles = [\"Staff!\"]", "`Staff!` is not a role"),
        ("roles = [\"staff\"]\nhost = \"ww\"", "there is no site `ww`. Did you mean `www`"),
        ("roles = [\"staff\"]\nhosts = \"www\"", "unknown key `hosts`"),
    ] {
        let problems = admin(text).unwrap_err();
        assert!(problems.iter().any(|problem| problem.to_string().contains(told)), "{text}: {problems:#?}");
    }
    let role = "\n[[site.access]]\npath = \"/deep\"\nany_of = [\"not_in_the_file\"]\n";
    assert!(load_text(&format!("{SMALL}{role}")).is_err());
    assert!(load_text(&format!("{SMALL}{role}[admin]\nroles = [\"staff\"]\n")).is_ok());
}

#[test]
fn a_site_without_an_upstream_needs_a_server_that_asks() {
    let upstream = "upstream = \"http://127.0.0.1:3000\"\n";
    let listen = |askers: &str| format!("[listen]\nforward_auth_proxies = {askers}\n{}", with(upstream, ""));
    let settings = load_text(&listen("[\"127.0.0.1\", \"10.0.0.0/8\"]")).unwrap();
    assert!(settings.sites[0].upstream.is_none() && settings.sites[0].endpoint().is_none());
    assert_eq!(settings.listen.forward_auth_proxies.len(), 2);
    for (text, expect) in [
        (
            with(upstream, ""),
            "13:1: `site.upstream` is missing. Write `upstream = \"http://127.0.0.1:3000\"`. Or, if the site's own web server asks \
             at `/_gate/verify`, name that server in `listen.forward_auth_proxies`.",
        ),
        (
            listen("[\"10.0.0.1/8\"]"),
            "2:25: `10.0.0.1/8` is not a network. Correct it: the address has bits set beyond its length of 8.",
        ),
        (
            listen("[\"127.0.0.1\", \"::/0\"]"),
            "2:38: everybody could say what a visitor has asked for. Name the addresses of your own web servers, such as \"127.0.0.1\".",
        ),
    ] {
        assert_eq!(problems(&text), format!("etc/gate.toml:{expect}\n"));
    }
}

#[test]
fn a_configuration_that_is_not_there_is_one_problem() {
    let problems = load(Path::new("etc/none.toml"), &machine()).unwrap_err();
    let told: Vec<String> = problems.iter().map(Problem::to_string).collect();
    assert_eq!(
        told,
        [
            "etc/none.toml:1:1: the configuration cannot be read: there is no such file. Name another file with `--config`, or \
          begin with what `membergate check --print-sample` prints."
        ]
    );
}

#[test]
fn plain_http_is_for_this_machine_only() {
    for (from, to, fine) in [
        ("https://www.acme.example", "http://localhost:8080", true),
        ("https://www.acme.example", "http://127.0.0.1:8080", true),
        ("https://www.acme.example", "http://localhost.acme.example", false),
        ("https://members.acme.example", "http://localhost:8081", true),
        ("https://members.acme.example", "http://members.acme.example", false),
        // Nor is anything else an address: a script, or a label that only says that it is encoded (RUSTSEC-2024-0421).
        ("https://www.acme.example", "javascript:alert(1)", false),
        ("https://www.acme.example", "https://xn--example-.org", false),
        ("\"Acme Society\"", "\"A\"\nrenew_url = \"https://acme.example\"", true),
        ("\"Acme Society\"", "\"A\"\nrenew_url = \"javascript:alert(1)\"", false),
    ] {
        assert_eq!(load_text(&with(from, to)).is_ok(), fine, "{to}");
    }
}

/// What the sample's secrets are, in a test.
fn sample_machine(configuration: &str) -> Given {
    let names = "AMS_APP_NAME AMS_APP_KEY AMS_APP_ID AMS_APP_PASSWORD AMS_USER_EMAIL AMS_USER_PASSWORD HIGHER_LOGIC_KEY";
    let names = names.split(' ').map(|name| format!("MEMBERGATE_{name}"));
    let machine = names.fold(machine(), |machine, name| machine.variable(&name, "x"));
    machine
        .variable("MEMBERGATE_WIKI_SECRET", "a-secret-of-32-characters-or-more")
        .variable("MEMBERGATE_HOOK_SECRET", "a-secret-of-32-characters-or-more")
        .file("etc/gate.toml", configuration)
        .file("/etc/membergate/tls.pem", "")
        .file("/etc/membergate/site-ca.pem", "")
        .file("/etc/membergate/tls.key", "")
        .file("/run/secrets/staging_app_key", "x")
        .file("/run/secrets/staging_user_password", "x")
}

#[test]
fn the_sample_works_as_it_is_and_with_every_key_that_it_shows() {
    let load_it = |text: &str| load(Path::new("etc/gate.toml"), &sample_machine(text));
    assert!(load_it(sample::CONFIGURATION).is_ok());
    let is_key = |line: &str| {
        line.split_once(" = ")
            .is_some_and(|(key, _)| key.bytes().all(|b| b.is_ascii_lowercase() || b == b'_'))
    };
    let uncommented: Vec<&str> = sample::CONFIGURATION
        .lines()
        .map(|line| match line.strip_prefix("# ") {
            Some(said) if is_key(said) || said.starts_with('[') => said,
            _ => line,
        })
        .collect();
    let with_every_key = load_it(&uncommented.join("\n"));
    assert!(with_every_key.is_ok_and(|it| it.ams.standby.is_some() && it.higher_logic.is_some()));
}

#[test]
fn the_sample_shows_every_key() {
    for (section, key) in reference::keys() {
        let key = key.name;
        let shown = sample::CONFIGURATION.lines().any(|line| {
            let line = line.strip_prefix("# ").unwrap_or(line);
            line.starts_with(&format!("{key} ="))
                // What goes only in place of another key is named.
                || line.contains(&format!("`{key}`"))
                || line.trim_matches(['[', ']']).rsplit('.').next() == Some(key)
        });
        assert!(shown, "{section} {key}");
    }
}

#[test]
fn the_sample_shows_the_defaults() {
    let defaults = load_text(SMALL).unwrap_or_else(|problems| panic!("{problems:#?}"));
    let sample = load(Path::new("etc/gate.toml"), &sample_machine(sample::CONFIGURATION));
    let sample = sample.unwrap_or_else(|problems| panic!("{problems:#?}"));
    assert_eq!(
        format!("{:?}{:?}", sample.listen, sample.session),
        format!("{:?}{:?}", defaults.listen, defaults.session)
    );
}
