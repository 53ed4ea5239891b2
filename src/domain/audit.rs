//! The audit log: who did what as an administrator, when, and how things stood before and after.
//!
//! Shapes and filters only. Keeping entries, sealed and for good, is the store's business.

use serde::{Deserialize, Serialize};

use super::record::IndividualId;
use super::time::Timestamp;

/// What lets an administrator in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AdmittedBy {
    /// A signed-in person who holds a role that lets in.
    Role,
    /// A link that an operator made at the machine itself.
    BreakGlass,
    /// Nobody: the gateway did it by itself, or an operator on the command line.
    Operator,
}

/// Who acts as an administrator.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Actor {
    /// The person. `None`: came in by a link, or is the operator.
    pub id: Option<IndividualId>,
    /// The name for people.
    pub name: String,
    /// How this person came in.
    pub admitted_by: AdmittedBy,
}

impl Actor {
    /// The operator of the machine, who needs no page.
    pub fn operator() -> Actor {
        Actor { id: None, name: "Operator".to_owned(), admitted_by: AdmittedBy::Operator }
    }

    /// Whoever opened a link that the operator made.
    pub fn break_glass() -> Actor {
        Actor { id: None, name: "Emergency access".to_owned(), admitted_by: AdmittedBy::BreakGlass }
    }
}

/// Declares the actions once: variant, stable name in stored entries and downloads, words for people.
macro_rules! actions {
    ($( $variant:ident $name:literal $words:literal, )*) => {
        /// What was done.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        pub enum Action {
            $( #[doc = $words] #[serde(rename = $name)] $variant, )*
        }

        impl Action {
            /// Every action, in the order in which a page offers them.
            pub const ALL: &[Action] = &[ $( Action::$variant ),* ];

            /// The stable name, as in downloads and in the address of a filtered page.
            pub fn name(self) -> &'static str {
                match self { $( Action::$variant => $name, )* }
            }

            /// The action in words.
            pub fn words(self) -> &'static str {
                match self { $( Action::$variant => $words, )* }
            }

            /// The action of a stable name.
            pub fn parse(name: &str) -> Option<Action> {
                Action::ALL.iter().copied().find(|action| action.name() == name)
            }
        }
    };
}

actions! {
    RulesFileTaken "rules_file_taken" "Took the rules file as the first version",
    DraftSaved "draft_saved" "Saved the draft",
    DraftImported "draft_imported" "Imported a rules file into the draft",
    DraftDiscarded "draft_discarded" "Discarded the draft",
    PublicationAwaited "publication_awaited" "Asked for the draft to come into force once everybody signed in is read for it",
    PublicationWithdrawn "publication_withdrawn" "Kept the draft from coming into force by itself",
    Published "published" "Published the role mapping",
    Restored "restored" "Restored a version of the role mapping",
    CommunityFileTaken "community_file_taken" "Took the community file as the first version",
    CommunityDraftSaved "community_draft_saved" "Saved the draft of the community mapping",
    CommunityDraftDiscarded "community_draft_discarded" "Discarded the draft of the community mapping",
    CommunityVersionTaken "community_version_taken" "Took a version of the community mapping into the draft",
    CommunityPublished "community_published" "Published the community mapping",
    RolesReleased "roles_released" "Stopped managing roles",
    LinkMade "link_made" "Made an emergency link",
    LinkOpened "link_opened" "Opened an emergency link",
    LeftEmergency "left_emergency" "Ended emergency access",
    SessionEnded "session_ended" "Ended a session",
    SessionsOfPersonEnded "sessions_of_person_ended" "Ended every session of a person",
    ViewAsBegun "view_as_begun" "Began to view the site as somebody else",
    ViewAsEnded "view_as_ended" "Stopped viewing the site as somebody else",
    CatalogueRefreshed "catalogue_refreshed" "Refreshed the AMS data",
    AbsencesReleased "absences_released" "Let held absences count",
    ClientAdded "client_added" "Added an OpenID client",
    ClientChanged "client_changed" "Changed an OpenID client",
    ClientSecretMade "client_secret_made" "Made a new secret for an OpenID client",
    ClientSecretEnded "client_secret_ended" "Ended the old secrets of an OpenID client",
    ClientRemoved "client_removed" "Removed an OpenID client",
    DeliveriesStopped "deliveries_stopped" "Stopped the deliveries to a site",
    DeliveriesResumed "deliveries_resumed" "Let the deliveries to a site go on",
    DeliveriesSentAgain "deliveries_sent_again" "Sent deliveries again",
    PersonForgotten "person_forgotten" "Forgot a person",
    EnvironmentSwitched "environment_switched" "Switched the AMS environment",
    RecordLookedUp "record_looked_up" "Looked up a person",
    AuditDownloaded "audit_downloaded" "Downloaded the audit log",
}

/// One entry, as it is written down.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// When.
    pub at: Timestamp,
    /// Who.
    pub actor: Actor,
    /// What.
    pub action: Action,
    /// On what, in words: `version 3`, a person's name.
    pub about: String,
    /// How it stood before. Of a mapping: its file.
    pub before: Option<String>,
    /// How it stands after.
    pub after: Option<String>,
}

/// An entry with its place in the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    /// Counts up from 1 without a gap.
    pub number: u64,
    /// The entry.
    pub entry: Entry,
}

/// Which entries are wanted. What is `None` leaves out nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    /// Only this action.
    pub action: Option<Action>,
    /// Only actors whose name contains this text, without regard to case.
    pub actor: Option<String>,
    /// Only entries that mention this text anywhere, without regard to case.
    pub text: Option<String>,
    /// Only from this instant on.
    pub since: Option<Timestamp>,
    /// Only before this instant.
    pub until: Option<Timestamp>,
}

impl Filter {
    /// Whether an entry is wanted.
    pub fn wants(&self, entry: &Entry) -> bool {
        let contains = |text: &str, part: &str| text.to_lowercase().contains(&part.trim().to_lowercase());
        let mentions = |part: &str| {
            let texts =
                [Some(&entry.actor.name), Some(&entry.about), entry.before.as_ref(), entry.after.as_ref()];
            contains(entry.action.words(), part)
                || texts.into_iter().flatten().any(|text| contains(text, part))
        };
        self.action.is_none_or(|action| action == entry.action)
            && self.actor.as_deref().is_none_or(|part| contains(&entry.actor.name, part))
            && self.text.as_deref().is_none_or(mentions)
            && self.since.is_none_or(|since| since <= entry.at)
            && self.until.is_none_or(|until| entry.at < until)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry() -> Entry {
        Entry {
            at: "2026-03-01T09:30:00Z".parse().unwrap(),
            actor: Actor {
                id: IndividualId::parse("a1"),
                name: "Dana Reyes".to_owned(),
                admitted_by: AdmittedBy::Role,
            },
            action: Action::Published,
            about: "version 3".to_owned(),
            before: Some("everyone = \"guest\"".to_owned()),
            after: None,
        }
    }

    #[test]
    fn a_filter_wants_what_it_names_and_nothing_else() {
        let at = |text: &str| Some(text.parse::<Timestamp>().unwrap());
        let text = |text: &str| Some(text.to_owned());
        let cases = [
            (Filter::default(), true),
            (Filter { action: Some(Action::Published), ..Filter::default() }, true),
            (Filter { action: Some(Action::Restored), ..Filter::default() }, false),
            (Filter { actor: text(" REYES "), ..Filter::default() }, true),
            (Filter { actor: text("omar"), ..Filter::default() }, false),
            (Filter { text: text("Version 3"), ..Filter::default() }, true),
            (Filter { text: text("guest"), ..Filter::default() }, true),
            (Filter { text: text("role mapping"), ..Filter::default() }, true),
            (Filter { text: text("version 4"), ..Filter::default() }, false),
            (Filter { since: at("2026-03-01T09:30:00Z"), ..Filter::default() }, true),
            (Filter { since: at("2026-03-01T09:30:01Z"), ..Filter::default() }, false),
            (Filter { until: at("2026-03-01T09:30:01Z"), ..Filter::default() }, true),
            (Filter { until: at("2026-03-01T09:30:00Z"), ..Filter::default() }, false),
        ];
        for (filter, wanted) in cases {
            assert_eq!(filter.wants(&entry()), wanted, "{filter:?}");
        }
    }

    #[test]
    fn the_name_of_an_action_leads_back_to_it_and_is_how_it_is_stored() {
        for action in Action::ALL {
            assert_eq!(Action::parse(action.name()), Some(*action));
            assert_eq!(serde_json::to_value(action).unwrap(), action.name());
        }
        assert_eq!(Action::parse("unknown"), None);
    }
}
