//! The page of the draft: the groups in words, and the text itself.

use askama::Template;

use crate::domain::community::{
    CommunityMapping, CommunityText, ContactSwitches, GroupKind, GroupMapping, GroupRole, WhoSyncs,
};
use crate::domain::condition::Condition;
use crate::domain::mapping::Draft;
use crate::domain::names::ListedNames;
use crate::web::admin::draft::DraftBar;
use crate::web::admin::file_problem::FileProblem;
use crate::web::admin::kinds;
use crate::web::admin::shell::{Shell, admin_pages};
use crate::web::admin::words::Difference;

/// A group in the table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupLine {
    /// Its name; with `{name}` in it, the one in the AMS.
    pub name: String,
    /// Its key at the community.
    pub id: String,
    /// What it is there.
    pub kind: String,
    /// All of these must hold.
    pub asks: Vec<String>,
    /// What is sent of the person's role; empty: nothing.
    pub role: String,
    /// Whoever is in it counts as a member.
    pub member: bool,
}

impl GroupLine {
    /// A group in words.
    pub fn of(group: &GroupMapping, names: &ListedNames) -> GroupLine {
        let name = match group.name.as_str() {
            "{name}" => "As the AMS calls it".to_owned(),
            name => name.to_owned(),
        };
        GroupLine {
            name,
            id: group.id.clone(),
            kind: match &group.kind {
                GroupKind::SecurityGroup => "Security group".to_owned(),
                GroupKind::Community(of_type) => format!("Community, {of_type}"),
            },
            asks: lines(&group.when, names),
            role: match &group.role {
                GroupRole::None => String::new(),
                GroupRole::PositionName => "The position by its name".to_owned(),
                GroupRole::PositionCode => "The position by its code".to_owned(),
                GroupRole::Fixed(text) => format!("“{text}”"),
            },
            member: group.member,
        }
    }
}

fn lines(when: &[Condition], names: &ListedNames) -> Vec<String> {
    when.iter().map(|condition| kinds::line(condition, names)).collect()
}

/// Who is sent at all, condition by condition; empty: everybody on file.
pub fn who_in_words(who: &WhoSyncs, names: &ListedNames) -> Vec<String> {
    let active = who.only_active.then(|| "Counts as active in the AMS".to_owned());
    let account = who.only_with_account.then(|| "Has a user account in the AMS".to_owned());
    active.into_iter().chain(account).chain(lines(&who.when, names)).collect()
}

/// What is sent of a profile beside name, e-mail address and record number.
pub fn sent_in_words(mapping: &CommunityMapping) -> Vec<String> {
    let ContactSwitches { names, directory, organization, bio, photo, links, .. } = mapping.contact;
    let ContactSwitches { emails, phones, addresses, .. } = mapping.contact;
    let switches = [
        (names, "Parts of the name and the job title"),
        (directory, "Whether the person is in the member directory"),
        (organization, "The primary organization"),
        (bio, "The biography"),
        (photo, "A picture"),
        (links, "Pages elsewhere"),
        (emails, "More e-mail addresses"),
        (phones, "Telephone numbers"),
        (addresses, "Postal addresses"),
    ];
    let demographics =
        mapping.demographics.iter().map(|one| format!("{}: the field {}", one.name, one.field));
    switches
        .into_iter()
        .filter(|(is_on, _)| *is_on)
        .map(|(_, says)| says.to_owned())
        .chain(demographics)
        .collect()
}

/// The editor.
#[derive(Clone, Debug, Default)]
pub struct TextForm {
    /// The revision of the draft that it was made from.
    pub revision: u64,
    /// The text, as it is or as it was typed.
    pub text: String,
    /// Why it was refused.
    pub wrong: Vec<FileProblem>,
}

impl TextForm {
    /// With the draft in it.
    pub fn of(draft: &Draft<CommunityText>) -> TextForm {
        TextForm { revision: draft.revision, text: draft.rules.text.clone(), wrong: Vec::new() }
    }
}

/// The draft of the community's mapping.
#[derive(Clone, Debug, Template)]
#[template(path = "admin/community_mapping/page.html")]
pub struct CommunityMappingPage {
    /// Around the page.
    pub shell: Shell,
    /// How the draft stands.
    pub draft: DraftBar,
    /// The groups, in the order of the text.
    pub groups: Vec<GroupLine>,
    /// Who is sent; empty: everybody on file.
    pub who: Vec<String>,
    /// What is sent of a profile.
    pub sent: Vec<String>,
    /// What keeps the draft from coming into force.
    pub keeps_back: Vec<FileProblem>,
    /// The editor.
    pub form: TextForm,
    /// Somebody else was faster: who and when, and what saving would change now.
    pub clash: Option<(String, Vec<Difference>)>,
}

admin_pages!(CommunityMappingPage);
