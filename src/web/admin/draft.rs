//! What every page about the draft says: how it stands, who was faster, why a change was refused, which mapping is meant.

use std::fmt;

use super::menu;
use super::state::Admin;
use super::words::{changed, sentence, when};
use crate::adapters::store::StoreError;
use crate::domain::faults::MappingFault;
use crate::domain::mapping::{Draft, Edit, VersionHead};
use crate::flows::administer::mapping::{ChangeError, Which};

/// The bar that says how the draft stands.
#[derive(Clone, Debug, Default)]
pub struct DraftBar {
    /// The revision that forms name.
    pub revision: u64,
    /// "Version 7, published by Jane on 3 March".
    pub published: String,
    /// Who changed the draft last, and when. `None`: it is what is published.
    pub edited: Option<String>,
    /// Where it is looked at and thrown away.
    pub pages: DraftPages,
}

/// Where a draft is looked at and thrown away.
#[derive(Clone, Copy, Debug)]
pub struct DraftPages {
    /// The preview.
    pub preview: &'static str,
    /// Takes the form that throws it away.
    pub discard: &'static str,
}

impl Default for DraftPages {
    /// Of the role mapping.
    fn default() -> DraftPages {
        DraftPages { preview: menu::PREVIEW.path, discard: "/_gate/admin/mapping/discard" }
    }
}

/// How the draft of the role mapping stands.
pub async fn bar(admin: &Admin, draft: &Draft) -> Result<DraftBar, StoreError> {
    let versions = admin.administer.mapping.versions().await?;
    Ok(bar_of(admin, draft, &versions, DraftPages::default()))
}

/// How a draft stands beside these versions of it, newest first.
pub fn bar_of<Content>(
    admin: &Admin,
    draft: &Draft<Content>,
    versions: &[VersionHead],
    pages: DraftPages,
) -> DraftBar {
    let zone = admin.zone();
    let published = versions.first().map_or_else(String::new, |head| {
        format!(
            "Version {}, by {} on {}",
            head.number,
            head.published.by.name,
            when(head.published.at, &zone)
        )
    });
    let edited =
        draft.edited.as_ref().map(|edit| format!("{} changed it on {}", edit.by.name, when(edit.at, &zone)));
    DraftBar { revision: draft.revision, published, edited, pages }
}

/// Why a change was refused, in sentences.
pub fn told<Content: fmt::Debug>(error: &ChangeError<Content>) -> String {
    match error {
        ChangeError::Refused(problems) => {
            let sentences =
                problems.iter().map(|problem| format!("{}. {}.", sentence(&problem.what), problem.remedy));
            sentences.collect::<Vec<_>>().join(" ")
        }
        ChangeError::Unsound(faults) => faults.iter().map(told_fault).collect::<Vec<_>>().join(" "),
        ChangeError::LockOut => {
            "Nobody on file could enter the administration any more, so nothing was done.".to_owned()
        }
        ChangeError::Unchanged => "Nothing differs from what is published.".to_owned(),
        other => format!("{}.", sentence(&other.to_string())),
    }
}

/// A fault of the mapping, in sentences.
pub fn told_fault(fault: &MappingFault) -> String {
    format!("{}. {}.", sentence(&fault.what), fault.remedy)
}

/// "Sam changed the draft at 10:42".
pub fn who_was_faster(admin: &Admin, last: Option<&Edit>) -> String {
    changed(last, admin.gate.clock.now(), &admin.zone())
}

/// The rules of what a query names: `draft`, `published`, or the number of a version.
pub fn which(name: &str) -> Option<Which> {
    match name {
        "draft" => Some(Which::Draft),
        "published" => Some(Which::Published),
        number => number.parse().ok().map(Which::Version),
    }
}

/// What it is called in a sentence.
pub fn name(which: Which) -> String {
    match which {
        Which::Draft => "the draft".to_owned(),
        Which::Published => "what is in force".to_owned(),
        Which::Version(number) => format!("version {number}"),
    }
}
