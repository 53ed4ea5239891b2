//! The store, as `check` looks at it: whether it opens and can be written.

use std::fs::{self, File};
use std::path::Path;

use tokio::runtime::Runtime;

use super::database;
use super::finding::Finding;
use super::secret_keys::secret_keys;
use crate::adapters::store::StoreError;
use crate::adapters::store::mappings::Mappings;
use crate::app;
use crate::config::Settings;
use crate::config::settings::{StorePlace, StoreSettings};
use crate::domain::community::CommunityText;
use crate::domain::rule::Rules;

/// Looks at the store; makes none.
pub(super) fn check(runtime: &Runtime, settings: &StoreSettings) -> Vec<Finding> {
    match &settings.place {
        StorePlace::File(path) => file(runtime, settings, path),
        StorePlace::Server(server) => database::check(runtime, settings, server),
    }
}

fn file(runtime: &Runtime, settings: &StoreSettings, path: &Path) -> Vec<Finding> {
    let what = "store";
    if !path.exists() {
        return vec![not_there_yet(path)];
    }
    let opened = app::open_store(settings).and_then(|store| {
        runtime.block_on(store.ping())?;
        Ok(store)
    });
    match opened {
        Ok(store) => {
            let fine = Finding::fine(what, format!("{} opens, answers and can be written", path.display()));
            std::iter::once(fine).chain(secret_keys(runtime, &*store, &settings.secret_keys)).collect()
        }
        Err(error) => vec![Finding::failed(what, format!("{}: {error}", path.display()), remedy(&error))],
    }
}

fn remedy(error: &StoreError) -> &'static str {
    match error {
        StoreError::WrongKey => {
            "Put the key with which it was made into `store.secret_keys`, or name another file"
        }
        StoreError::Newer => {
            "Run the release that wrote it, or put the backup from before the upgrade in its place"
        }
        StoreError::Older => "Back it up, stop the gateway, and run `membergate store upgrade`",
        StoreError::File(fault) => fault.remedy(),
        StoreError::InUse(_) | StoreError::Superseded => "Stop the other gateway, or name another file",
        StoreError::Unavailable(_)
        | StoreError::Damaged(_)
        | StoreError::Busy
        | StoreError::Missing(_)
        | StoreError::NotEmpty(_)
        | StoreError::Differs(_) => {
            "See whether the gateway's user may read and write the file, and whether the disk is full"
        }
    }
}

fn not_there_yet(path: &Path) -> Finding {
    let what = "store";
    // Relative to the present folder, an empty parent is that folder.
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    if !folder.is_dir() {
        let trouble = format!("there is no folder {}", folder.display());
        return Finding::failed(what, trouble, "Make it, and let the gateway's user write there");
    }
    match try_to_make_a_file(folder) {
        Ok(()) => Finding::fine(what, format!("{} will be made on the first start", path.display())),
        Err(error) => {
            let trouble = format!("no file can be made in {}: {error}", folder.display());
            Finding::failed(
                what,
                trouble,
                "Let the gateway's user write there, and run this check as that user",
            )
        }
    }
}

/// The role mapping that the store has in force. `None`: the rules file counts, or the store cannot be read, which is told elsewhere.
pub(super) fn rules_in_force(runtime: &Runtime, settings: &Settings) -> Option<Rules> {
    settings.admin.as_ref()?;
    let store = app::open_existing_store(&settings.store).ok()??;
    Some(runtime.block_on(Mappings::<Rules>::latest(&*store)).ok()??.rules)
}

/// The number and the text of the community's mapping that the store has in force. `None`: as for [`rules_in_force`].
pub(super) fn community_in_force(runtime: &Runtime, settings: &Settings) -> Option<(u64, CommunityText)> {
    settings.admin.as_ref()?;
    let store = app::open_existing_store(&settings.store).ok()??;
    let version = runtime.block_on(Mappings::<CommunityText>::latest(&*store)).ok()??;
    Some((version.head.number, version.rules))
}

/// Makes a file as the store would, and takes it away again.
fn try_to_make_a_file(folder: &Path) -> std::io::Result<()> {
    let file = folder.join(format!(".membergate-check-{}", std::process::id()));
    File::create_new(&file)?;
    fs::remove_file(&file)
}
