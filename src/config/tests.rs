//! Broken configurations and what the operator is told; the samples.

use std::path::Path;

use super::env::Given;
use super::*;

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
secret_key = { env = "MEMBERGATE_SECRET_KEY" }
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
    insta::assert_debug_snapshot!(settings.listen);
    insta::assert_debug_snapshot!(settings.session);
    assert_eq!(settings.store.path, Path::new("etc/membergate.sqlite"));
}
