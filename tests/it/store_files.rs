//! The file of the store as an operator handles it: backups, restores, another secret key, and what happens to it behind our back.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Output;

use crate::process::{Gateway, asked, write_configuration};
use crate::world::{CHAIR, Plan, SECOND_MEMBERSHIP, World, eventually};

/// Another secret key.
const NEW_KEY: &str = "IiIiIiIiIiIiIiIiIiIiIiIiIiIiIiIiIiIiIiIiIiI";

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

#[track_caller]
fn done(output: &Output) -> String {
    let said = said(output);
    assert!(output.status.success(), "{said}");
    said
}

#[track_caller]
fn refused(output: &Output, why: &str) {
    let said = said(output);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains(why), "`{why}` is not in {said}");
}

/// Everything in the folder whose name begins so.
fn beginning(folder: &Path, name: &str) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.filter(|path| path.file_name().unwrap().to_string_lossy().starts_with(name)).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_is_taken_while_the_gateway_runs_and_a_restore_asks_what_becomes_of_sessions() {
    let mut world = World::start().await;
    world.close_gate().await;
    let configuration = write_configuration(&world);
    let folder = world.folder.path().to_owned();
    let store = |command: &[&str]| {
        let whole: Vec<&str> = ["store"].iter().chain(command).copied().collect();
        asked(&whole, &configuration)
    };
    let backup = folder.join("backup.sqlite").display().to_string();

    let gateway = Gateway::start(&world);
    let mut jane = world.visitor();
    jane.sign_in(CHAIR, world.url("/education")).await.expect(200);
    let cookie = jane.cookie("localhost", "membergate").unwrap().clone();
    let told = done(&store(&["backup", &backup]));
    assert!(
        told.contains("sessions                       1 row\n") && told.contains("is the same"),
        "{told}"
    );
    assert_eq!(fs::metadata(&backup).unwrap().permissions().mode() & 0o777, 0o600);
    refused(&store(&["backup", &backup]), "is not empty");
    jane.get(world.url("/_gate/slo")).await.expect(303);
    refused(&store(&["restore", &backup, "--keep-sessions"]), "another gateway runs on the store");
    gateway.end();

    // What is not a whole backup of ours changes nothing.
    let before = fs::read(folder.join("gate.sqlite")).unwrap();
    let mut bytes = fs::read(&backup).unwrap();
    let name = b"localhost";
    let host = bytes.windows(name.len()).position(|window| window == name).unwrap();
    bytes[host] = b'L';
    let damaged = folder.join("damaged.sqlite");
    fs::write(&damaged, &bytes).unwrap();
    refused(&store(&["restore", damaged.to_str().unwrap(), "--keep-sessions"]), "damaged");
    fs::write(&damaged, &bytes[..bytes.len() / 2]).unwrap();
    refused(&store(&["restore", damaged.to_str().unwrap(), "--keep-sessions"]), "damaged.sqlite");
    refused(&store(&["restore", folder.join("none").to_str().unwrap()]), "holds no store");
    // Nobody is asked on a terminal here.
    let unsaid = store(&["restore", &backup]);
    refused(&unsaid, "--end-sessions or --keep-sessions");
    assert!(said(&unsaid).contains("1 session that has ended since would live again: 1 at localhost."));
    assert!(!said(&unsaid).contains("Jane"), "{}", said(&unsaid));
    assert_eq!(fs::read(folder.join("gate.sqlite")).unwrap(), before);

    for (choice, lives) in [("--end-sessions", false), ("--keep-sessions", true)] {
        done(&store(&["restore", &backup, choice]));
        let gateway = Gateway::start(&world);
        let mut jane = world.visitor();
        jane.plant("localhost", "membergate", &cookie);
        jane.get(world.url("/_gate/me")).await.expect(if lives { 200 } else { 401 });
        gateway.end();
        // The two restores may fall into one second.
        std::thread::sleep(std::time::Duration::from_millis(1100));
    }
    let kept = beginning(&folder, "gate.sqlite.replaced-");
    // Beside a store may lie its log, which goes with it.
    let kept = kept.iter().filter(|file| file.display().to_string().ends_with('Z')).count();
    assert_eq!(kept, 2, "what was there is kept");
    assert!(beginning(&folder, "gate.sqlite.partial").is_empty());

    // A copy is a store: the gateway goes on with it.
    let copy = folder.join("copy.sqlite").display().to_string();
    let from = folder.join("gate.sqlite").display().to_string();
    done(&store(&["copy", "--from", &from, "--to", &copy]));
    refused(&store(&["copy", "--from", &from, "--to", &copy]), "is not empty");
    world.plan.store = Some(copy.into());
    let gateway = Gateway::start(&world);
    let mut jane = world.visitor();
    jane.plant("localhost", "membergate", &cookie);
    jane.get(world.url("/education")).await.expect(200);
    gateway.end();
    assert!(done(&store(&["upgrade"])).contains("there is nothing to do"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_key_is_replaced_and_nobody_is_signed_out() {
    let variables = vec![("NEW_KEY", NEW_KEY)];
    let mut world = World::planned(Plan { variables, ..Plan::default() }).await;
    let mut jane = world.visitor();
    jane.sign_in(CHAIR, world.url("/education")).await.expect(200);
    let mut slow = world.visitor();
    let form = slow.open(world.url("/members")).await;
    for keys in [
        r#"{ env = "SECRET_KEY" }, { env = "NEW_KEY" }"#,
        r#"{ env = "NEW_KEY" }, { env = "SECRET_KEY" }"#,
        r#"{ env = "NEW_KEY" }"#,
    ] {
        world.close_gate().await;
        world.plan.secret_keys = keys;
        world.open_gate().await;
        jane.get(world.url("/education")).await.expect(200);
        eventually("everything is sealed again", async || {
            let metrics =
                reqwest::get(format!("http://{}/metrics", world.gate().operations())).await.unwrap();
            metrics.text().await.unwrap().contains("membergate_store_sealed_with_older_key 0\n").then_some(())
        })
        .await;
    }
    // A login that was begun under the old key ends under the new one.
    let landed = slow.log_in_at_the_ams(SECOND_MEMBERSHIP, &form).await;
    slow.open(&landed).await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn check_says_how_far_a_change_of_the_secret_key_has_come() {
    let mut world = World::start().await;
    world.close_gate().await;
    let configuration = world.configuration();
    let file = write_configuration(&world);
    let new = world.folder.path().join("new.key");
    fs::write(&new, NEW_KEY).unwrap();
    let old = r#"{ env = "SECRET_KEY" }"#;
    let new = format!("{{ file = \"{}\" }}", new.display());
    let write = |keys: &str| {
        fs::write(&file, configuration.replace(&format!("[{old}]"), &format!("[{keys}]"))).unwrap();
    };
    let checked = |keys: &str| {
        write(keys);
        asked(&["check"], &file)
    };
    let (both, turned) = (format!("{old}, {new}"), format!("{new}, {old}"));
    refused(&checked(&turned), "Put it at the end of the list, restart the gateway, and then put it first");
    let early = checked(&both);
    assert!(done(&early).contains("the gateway does not have every key of the list yet"));
    let start = |keys: &str| {
        write(keys);
        Gateway::start_with(&file).end();
    };
    start(&both);
    assert!(done(&checked(&both)).contains("everything is sealed for the first key"));
    assert!(done(&checked(&turned)).contains("the first key seals from the next start on"));
    start(&turned);
    let told = done(&checked(&turned));
    assert!(told.contains("store.secret_keys: "), "{told}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_that_is_taken_away_is_noticed() {
    let world = World::start().await;
    let mut jane = world.visitor();
    jane.sign_in(CHAIR, world.url("/education")).await.expect(200);
    let path = world.folder.path().join("gate.sqlite");
    let operator = async |page: &str| {
        let answer = reqwest::get(format!("http://{}/{page}", world.gate().operations())).await.unwrap();
        (answer.status().as_u16(), answer.text().await.unwrap())
    };
    let away = path.with_extension("away");
    fs::rename(&path, &away).unwrap();
    let (status, text) = operator("readyz").await;
    assert_eq!(status, 503);
    assert!(text.contains("gate.sqlite was deleted while it was in use"), "{text}");
    assert!(operator("metrics").await.1.contains("membergate_store_in_place 0\n"));
    // Who is signed in goes on; nobody is signed in into a file that is gone.
    jane.get(world.url("/education")).await.expect(200);
    let mut omar = world.visitor();
    let form = omar.open(world.url("/members")).await;
    let landed = omar.log_in_at_the_ams(SECOND_MEMBERSHIP, &form).await;
    omar.open(&landed).await.expect(503);
    fs::rename(&away, &path).unwrap();
    assert_eq!(operator("readyz").await.0, 200);
    assert!(operator("metrics").await.1.contains("membergate_store_in_place 1\n"));

    // Another name would have a lock of its own.
    let file = write_configuration(&world);
    fs::hard_link(&path, path.with_extension("twin")).unwrap();
    refused(&asked(&["check"], &file), "has a second name (a hard link)");
    assert!(operator("readyz").await.1.contains("second name"));
}
