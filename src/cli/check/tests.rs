//! Whole checks against real sockets and a real file.

use super::*;
use crate::config::env::Given;

/// A configuration whose site is at `upstream` and whose store is `store`.
pub(super) fn machine(upstream: &str, store: &str) -> Given {
    let text = format!(
        r#"
[association]
name = "Acme Society"
[ams.production]
portal = "https://members.acme.example"
app_name = "acmeGatewayLIVE"
app_key = {{ env = "KEY" }}
user_email = "gateway@acme.example"
user_password = {{ env = "KEY" }}
[store]
path = "{store}"
secret_key = {{ env = "KEY" }}
[[site]]
name = "www"
url = "https://www.acme.example"
upstream = "{upstream}"
[[site]]
name = "library"
url = "https://library.acme.example"
upstream = "{upstream}"
"#
    );
    Given::default()
        .variable("KEY", &"A".repeat(43))
        .file("gate.toml", &text)
        .file("rules.toml", sample::RULES)
}

fn checked(machine: &Given, ams: Result<(), AmsError>) -> (String, Result<(), Failure>) {
    let mut out = Vec::new();
    let ended = check(Path::new("gate.toml"), machine, async |_| ams.clone(), &mut out);
    (String::from_utf8(out).unwrap(), ended)
}

#[test]
fn a_sound_installation_gets_one_line_for_each_check() {
    let site = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let upstream = format!("http://{}", site.local_addr().unwrap());
    let folder = tempfile::tempdir().unwrap();
    let store = folder.path().join("gate.sqlite");
    let machine = machine(&upstream, &store.display().to_string());
    let (out, ended) = checked(&machine, Ok(()));
    assert!(ended.is_ok(), "{out}");
    let expect = format!(
        "ok      gate.toml: 2 sites and 9 rules in rules.toml.\n\
         ok      ams.production: signed in, and one call was answered.\n\
         ok      store: {} will be made on the first start.\n\
         ok      site `www`: {upstream} accepts connections.\n\
         ok      site `library`: {upstream} accepts connections.\n",
        store.display()
    );
    assert_eq!(out, expect);
    assert!(!store.exists(), "a check makes nothing");
}

#[test]
fn everything_that_fails_is_told_and_not_only_the_first() {
    // A port that was free a moment ago and has no listener now.
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let machine = machine(&format!("http://{free}"), "/nowhere/at/all/gate.sqlite");
    let (out, ended) = checked(&machine, Err(AmsError::CredentialsRefused));
    let failed: Vec<&str> = out.lines().filter(|line| line.starts_with("failed")).collect();
    assert_eq!(failed.len(), 4, "{out}");
    assert!(
        failed.iter().any(|line| line.contains("Compare the credentials below `[ams.production]`")),
        "{out}"
    );
    assert!(failed.iter().any(|line| line.contains("there is no folder /nowhere/at/all")), "{out}");
    assert!(failed.iter().all(|line| line.ends_with('.')), "{out}");
    assert_eq!(ended.unwrap_err().to_string(), "4 checks failed");
}

#[test]
fn a_store_of_another_key_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("gate.sqlite");
    let machine = machine("http://127.0.0.1:9", &path.display().to_string());
    let settings =
        config::load(Path::new("gate.toml"), &machine).unwrap_or_else(|problems| panic!("{problems:#?}"));
    drop(crate::adapters::store::SqliteStore::open(&path, &settings.store.secret_key).unwrap());
    let store_line =
        |out: String| out.lines().find(|line| line.contains("store:")).map(str::to_owned).unwrap();
    let (out, _) = checked(&machine, Ok(()));
    assert!(store_line(out).ends_with("opens and answers."));
    // The last of 43 characters holds two bits beyond the 32 bytes, which have to be zero.
    let other_key = format!("{}A", "B".repeat(42));
    let (out, _) = checked(&machine.variable("KEY", &other_key), Ok(()));
    let line = store_line(out);
    assert!(line.starts_with("failed") && line.contains("another secret key"), "{line}");
}

#[test]
fn a_broken_configuration_is_told_whole_and_nothing_is_tried() {
    let machine = Given::default().file("gate.toml", "[listen]\naddress = 1\n[web]");
    let (out, ended) = checked(&machine, Ok(()));
    assert!(out.lines().count() >= 2 && out.lines().all(|line| line.starts_with("gate.toml:")), "{out}");
    assert!(
        ended.unwrap_err().to_string().ends_with("problems in the configuration; nothing else was tried")
    );
}

#[test]
fn the_samples_are_printed_as_they_are_committed() {
    for (which, file) in
        [(Sample::Configuration, "config/membergate.toml"), (Sample::Rules, "config/rules.toml")]
    {
        let mut out = Vec::new();
        run(&Arguments { print_sample: Some(which) }, Path::new(""), &Given::default(), &mut out).unwrap();
        let committed = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(file)).unwrap();
        assert!(String::from_utf8(out).unwrap() == committed, "{file}");
    }
}
