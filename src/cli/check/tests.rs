//! Whole checks against real sockets and a real file.

use super::*;
use crate::config::env::Given;
use crate::domain::catalogue::Catalogue;

/// A configuration whose site is at `upstream` and whose store is `store`.
pub(super) fn machine(upstream: &str, store: &str) -> Given {
    let text = format!(
        r#"
[association]
name = "Acme Society"
[listen]
trusted_proxies = ["127.0.0.1"]
[ams.production]
portal = "https://members.acme.example"
app_name = "acmeGatewayLIVE"
app_key = {{ env = "KEY" }}
user_email = "gateway@acme.example"
user_password = {{ env = "KEY" }}
[store]
path = "{store}"
secret_keys = [{{ env = "KEY" }}]
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

fn checked(machine: &Given, ams: Result<(), AmsError>) -> (String, Result<(), CommandFailure>) {
    checked_by_lists(machine, ams.map(|()| None))
}

fn checked_by_lists(
    machine: &Given,
    lists: Result<Option<Catalogue>, AmsError>,
) -> (String, Result<(), CommandFailure>) {
    let mut out = Vec::new();
    let tried = lists.map(|lists| Tried { is_found: true, lists, ..Tried::default() });
    let ended = check(Path::new("gate.toml"), machine, async |_| tried.clone(), &mut out);
    (String::from_utf8(out).unwrap(), ended)
}

#[test]
fn a_calendar_is_told_to_be_in_vain_where_the_ams_tells_of_no_events() {
    let folder = tempfile::tempdir().unwrap();
    let store = folder.path().join("gate.sqlite").display().to_string();
    let text = sample::GROWTHZONE.replace("gate.sqlite", &store);
    let text = format!("{text}\n[higher_logic]\napi_key = {{ env = \"KEY\" }}\n");
    let said = |calendar: &str| {
        let machine = Given::default()
            .variable("SECRET", "secret")
            .variable("KEY", "key")
            .variable("STORE", &"A".repeat(43))
            .file("gate.toml", &text)
            .file("rules.toml", "time_zone = \"UTC\"\nmember = \"member\"\n")
            .file("community.toml", &format!("time_zone = \"UTC\"\n{calendar}"));
        checked(&machine, Ok(())).0
    };
    let told = "`calendar.events` is on, and GrowthZone does not say which events are public";
    assert!(said("[calendar]\nevents = true\n").contains(told));
    assert!(!said("[calendar]\nevents = false\n").contains("calendar"));
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
        "ok      gate.toml: 2 sites and 11 rules in rules.toml.\n\
         ok      ams.production: signed in, and one call was answered.\n\
         ok      store: {} will be made on the first start.\n\
         ok      site `www`: {upstream} accepts connections.\n\
         ok      site `library`: {upstream} accepts connections.\n",
        store.display()
    );
    assert_eq!(out, expect);
    assert_eq!(folder.path().read_dir().unwrap().count(), 0, "a check makes nothing");
}

#[test]
fn somebody_who_is_there_and_is_not_found_gets_a_warning() {
    let folder = tempfile::tempdir().unwrap();
    let machine = machine("http://127.0.0.1:9", &folder.path().join("gate.sqlite").display().to_string());
    let mut out = Vec::new();
    let _ = check(Path::new("gate.toml"), &machine, async |_| Ok(Tried::default()), &mut out);
    let out = String::from_utf8(out).unwrap();
    assert!(out.contains("warning ams.production.canary: the AMS does not find this person"), "{out}");
}

#[test]
fn https_sites_behind_a_server_that_is_not_named_get_a_warning() {
    let machine = |listen: &str| {
        let text = format!(
            r#"
[association]
name = "Acme Society"
[listen]
{listen}
[ams.production]
portal = "https://members.acme.example"
app_name = "acmeGatewayLIVE"
app_key = {{ env = "KEY" }}
user_email = "gateway@acme.example"
user_password = {{ env = "KEY" }}
[store]
path = "/nowhere/gate.sqlite"
secret_keys = [{{ env = "KEY" }}]
[[site]]
name = "www"
url = "https://www.acme.example"
upstream = "http://127.0.0.1:1"
"#
        );
        let given = Given::default().variable("KEY", &"A".repeat(43)).file("gate.toml", &text);
        checked(&given.file("rules.toml", sample::RULES), Ok(())).0
    };
    let warned = machine("");
    assert!(
        warned.contains("warning listen.trusted_proxies: ") && warned.contains("share one address"),
        "{warned}"
    );
    assert!(!machine("trusted_proxies = [\"127.0.0.1\"]").contains("warning"));
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
fn a_committee_that_fits_two_of_the_ams_is_a_warning() {
    let choice =
        |code: &str, label: &str| crate::domain::catalogue::Choice { code: code.into(), label: label.into() };
    let lists = Catalogue {
        as_of: crate::domain::time::Timestamp::UNIX_EPOCH,
        committees: vec![
            choice("BOARD", "Directors"),
            choice("B2", "Board"),
            choice("EDU", "Education"),
            choice("CH-A B", "One chapter"),
            choice("CH-A-B", "Another"),
        ],
        events: Vec::new(),
        custom_fields: Vec::new(),
        relationships: Vec::new(),
        ..Catalogue::default()
    };
    let machine = machine("http://127.0.0.1:9", "/tmp/none.sqlite");
    let (out, _) = checked_by_lists(&machine, Ok(Some(lists)));
    let warnings: Vec<&str> = out.lines().filter(|line| line.starts_with("warning")).collect();
    let expect = "warning rules.toml: `committee = \"BOARD\"` fits two committees of the AMS; a code goes before a name. \
                  Write the code of the committee that is meant.";
    assert_eq!(warnings, [expect]);
    let collide = "failed  rules.toml: `CH-A B` and `CH-A-B` of the AMS would both give the role `chapter_a-b`. \
                   Change one of the codes in the AMS, or write a rule for each.";
    assert!(out.contains(collide), "{out}");
}

#[test]
fn a_store_of_another_key_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("gate.sqlite");
    let machine = machine("http://127.0.0.1:9", &path.display().to_string());
    let settings =
        config::load(Path::new("gate.toml"), &machine).unwrap_or_else(|problems| panic!("{problems:#?}"));
    drop(crate::adapters::store::sqlite::SqliteStore::open(&path, &settings.store.secret_keys).unwrap());
    assert!(store_line(&path).ends_with("opens, answers and can be written."));
    // The last of 43 characters holds two bits beyond the 32 bytes, which have to be zero.
    let other_key = format!("{}A", "B".repeat(42));
    let (out, _) = checked(&machine.variable("KEY", &other_key), Ok(()));
    let line = out.lines().find(|line| line.contains("store:")).unwrap();
    assert!(line.starts_with("failed") && line.contains("another secret key"), "{line}");
}

/// The line about the store at this path.
fn store_line(path: &Path) -> String {
    let (out, _) = checked(&machine("http://127.0.0.1:9", &path.display().to_string()), Ok(()));
    out.lines().find(|line| line.contains("store:")).map(str::to_owned).unwrap()
}

/// In `/proc` nobody may make a file, not even the superuser as whom tests may run.
#[cfg(target_os = "linux")]
#[test]
fn a_folder_in_which_no_file_can_be_made_is_found_before_the_first_start() {
    let line = store_line(Path::new("/proc/gate.sqlite"));
    assert!(line.starts_with("failed  store: no file can be made in /proc: "), "{line}");
    assert!(line.ends_with("Let the gateway's user write there, and run this check as that user."), "{line}");
}

#[test]
fn a_store_that_cannot_be_used_gets_the_remedy_for_its_trouble() {
    let folder = tempfile::tempdir().unwrap();
    let key = crate::adapters::keys::secret::SecretKey::parse(&"A".repeat(43)).unwrap().into();
    for (name, edit, trouble, remedy) in [
        (
            "newer",
            "PRAGMA user_version = 99",
            "the store was written by a newer release",
            "Run the release that wrote it, or put the backup from before the upgrade in its place.",
        ),
        (
            // As the disk answers when it is full.
            "full",
            "CREATE TRIGGER full BEFORE INSERT ON uses BEGIN SELECT RAISE(ABORT, 'database or disk is full'); END",
            "database or disk is full",
            "See whether the gateway's user may read and write the file, and whether the disk is full.",
        ),
    ] {
        let path = folder.path().join(name);
        drop(crate::adapters::store::sqlite::SqliteStore::open(&path, &key).unwrap());
        rusqlite::Connection::open(&path).unwrap().execute_batch(edit).unwrap();
        let line = store_line(&path);
        assert!(line.starts_with("failed  store: ") && line.contains(trouble), "{line}");
        assert!(line.ends_with(remedy), "{line}");
    }
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
        run(&CheckArguments { print_sample: Some(which) }, Path::new(""), &Given::default(), &mut out)
            .unwrap();
        let committed = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(file)).unwrap();
        assert!(String::from_utf8(out).unwrap() == committed, "{file}");
    }
}

#[test]
fn a_mapping_that_can_give_one_person_too_many_roles_is_a_warning() {
    let site = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let upstream = format!("http://{}", site.local_addr().unwrap());
    let folder = tempfile::tempdir().unwrap();
    let store = folder.path().join("gate.sqlite").display().to_string();
    let rules = |count: usize| {
        let rule =
            |n| format!("[[rule]]\nrole = \"committee-{n:04}\"\nwhen = [{{ committee = \"C{n}\" }}]\n");
        format!("time_zone = \"UTC\"\n{}", (0..count).map(rule).collect::<String>())
    };
    for (count, says) in [(100, None), (200, Some("proxy_buffer_size")), (600, Some("more than 8 KB"))] {
        let machine = machine(&upstream, &store).file("rules.toml", &rules(count));
        let (out, ended) = checked(&machine, Ok(()));
        assert!(ended.is_ok(), "{out}");
        assert_eq!(out.contains("warning rules.toml"), says.is_some(), "{out}");
        assert!(says.is_none_or(|says| out.contains(says)), "{out}");
    }
}

#[test]
fn a_rule_that_asks_novi_for_what_it_does_not_have_fails_the_check() {
    let text = r#"
[association]
name = "Acme Society"
[ams]
kind = "novi"
[ams.production]
site = "https://www.acme.example"
client_id = "0c1d9e64-7c1a-4b3f-9a53-3f3a5a3b2d10"
client_secret = { env = "KEY" }
api_key = { env = "KEY" }
[store]
path = "/nowhere/gate.sqlite"
secret_keys = [{ env = "KEY" }]
[[site]]
name = "www"
url = "https://www.acme.example"
upstream = "http://127.0.0.1:1"
"#;
    let checked_with = |condition: &str| {
        let rules = format!("time_zone = \"UTC\"\n[[rule]]\nrole = \"press\"\nwhen = [{{ {condition} }}]\n");
        let given = Given::default().variable("KEY", &"A".repeat(43)).file("gate.toml", text);
        checked(&given.file("rules.toml", &rules), Ok(())).0
    };
    let out = checked_with("security_role = \"Press\"");
    assert!(out.contains("`security_role` asks for security roles, and Novi has none"), "{out}");
    let out = checked_with("group = \"Press\"");
    assert!(!out.contains("has none"), "{out}");
}
