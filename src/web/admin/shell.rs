//! What surrounds every page of the administration: who is there, the rooms, what has just been done, what is out of order.

use askama::Template;

use crate::web::arrived::Arrived;

/// A room of the administration, in the order of the menu.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Room {
    /// Where one lands.
    Overview,
    /// The draft of the role mapping.
    Mapping,
    /// Whom the draft would change.
    Preview,
    /// What was in force, and when.
    Versions,
    /// The mapping as a file.
    Files,
    /// Compare with WordPress.
    Migrate,
    /// Who would this person be, and why.
    People,
    /// Who is signed in.
    Sessions,
    /// Is everything in order.
    Status,
    /// Sites that sign people in by OpenID Connect.
    Clients,
    /// Addresses to copy.
    Links,
    /// Who changed what.
    Audit,
}

impl Room {
    /// Rooms by what one comes for.
    pub const MENU: [(&'static str, &'static [Room]); 4] = [
        ("", &[Room::Overview]),
        ("Roles", &[Room::Mapping, Room::Preview, Room::Versions, Room::Files, Room::Migrate]),
        ("Members", &[Room::People, Room::Sessions]),
        ("Gateway", &[Room::Status, Room::Clients, Room::Links, Room::Audit]),
    ];

    /// As the menu calls it.
    pub fn name(self) -> &'static str {
        match self {
            Room::Overview => "Overview",
            Room::Mapping => "Role mapping",
            Room::Preview => "Preview and publish",
            Room::Versions => "Versions",
            Room::Files => "Import and export",
            Room::Migrate => "Migrate from WordPress",
            Room::People => "People",
            Room::Sessions => "Sessions",
            Room::Status => "Status",
            Room::Clients => "OpenID clients",
            Room::Links => "Important links",
            Room::Audit => "Audit log",
        }
    }

    /// Its address.
    pub fn path(self) -> &'static str {
        match self {
            Room::Overview => crate::web::paths::ADMIN,
            Room::Mapping => "/_gate/admin/mapping",
            Room::Preview => "/_gate/admin/preview",
            Room::Versions => "/_gate/admin/versions",
            Room::Files => "/_gate/admin/files",
            Room::Migrate => "/_gate/admin/migrate",
            Room::People => "/_gate/admin/people",
            Room::Sessions => "/_gate/admin/sessions",
            Room::Status => "/_gate/admin/status",
            Room::Clients => "/_gate/admin/clients",
            Room::Links => "/_gate/admin/links",
            Room::Audit => "/_gate/admin/audit",
        }
    }

    /// Its picture: the path of a line drawing on a field of 24 by 24.
    pub fn picture(self) -> &'static str {
        match self {
            Room::Overview => "M4 11l8-7 8 7v9h-5v-6H9v6H4z",
            Room::Mapping => "M4 7h9M17 7h3M4 17h3M11 17h9M15 5v4M9 15v4",
            Room::Preview => {
                "M2.5 12S6 5.5 12 5.5 21.5 12 21.5 12 18 18.500 12 18.500 2.500 12 2.500 12zM12 9.300a2.700 2.700 0 100 5.400 2.700 2.700 0 000-5.400z"
            }
            Room::Versions => "M12 7v5l3.500 2M4.500 9A8 8 0 114 13M4 5v4h4",
            Room::Files => "M12 15V4M8 8l4-4 4 4M4 15v5h16v-5",
            Room::Migrate => "M4 8h14l-4-4M20 16H6l4 4",
            Room::People => {
                "M10.500 4a6.500 6.500 0 100 13 6.500 6.500 0 000-13zM15.500 15.500L20.500 20.500"
            }
            Room::Sessions => {
                "M9 11a3.500 3.500 0 100-7 3.500 3.500 0 000 7zM2.500 20c0-4 3-6 6.500-6s6.500 2 6.500 6M16 4.300a3.500 3.500 0 010 6.500M18 14.500c2 .8 3.500 2.500 3.500 5.500"
            }
            Room::Status => "M3 12h4l3-7 4 14 3-7h4",
            Room::Clients => "M4 5h7v6H4zM13 13h7v6h-7zM11 8h5v5M8 11v5h5",
            Room::Links => {
                "M10 14a4 4 0 005.700 0l3-3A4 4 0 0013 5.300l-1 1M14 10a4 4 0 00-5.700 0l-3 3a4 4 0 005.700 5.700l1-1"
            }
            Room::Audit => "M6 3h9l4 4v14H6zM9 11h7M9 15h7M9 7h3",
        }
    }
}

/// How a note is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    /// It was done.
    Good,
    /// It needs attention.
    Warn,
    /// It was not done.
    Bad,
}

impl Tone {
    /// The class in the style sheet.
    pub fn class(self) -> &'static str {
        match self {
            Tone::Good => "good",
            Tone::Warn => "warn",
            Tone::Bad => "bad",
        }
    }
}

/// A note at the top of a page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    /// How it is meant.
    pub tone: Tone,
    /// What happened, in a sentence or two.
    pub text: String,
}

impl Note {
    /// A note of this tone.
    pub fn new(tone: Tone, text: impl Into<String>) -> Note {
        Note { tone, text: text.into() }
    }
}

/// What surrounds a page.
#[derive(Clone, Debug, Template)]
#[template(path = "admin/shell.html")]
pub struct Shell {
    /// The association.
    pub association: String,
    /// The administrator's name.
    pub who: String,
    /// Came in by an operator's link, not by a role.
    pub break_glass: bool,
    /// The anti-forgery token of this session; stands in every form.
    pub token: String,
    /// Where we are.
    pub room: Room,
    /// What has just happened, and what is out of order.
    pub notes: Vec<Note>,
    /// Names this request in the log.
    pub request_id: String,
}

impl Shell {
    /// A page of this room with a note more.
    #[must_use]
    pub fn with(mut self, note: Option<Note>) -> Shell {
        self.notes.extend(note);
        self
    }

    /// The letter in the badge.
    pub fn initial(&self) -> String {
        self.association
            .chars()
            .find(|c| c.is_alphanumeric())
            .into_iter()
            .flat_map(char::to_uppercase)
            .collect()
    }
}

impl askama::filters::HtmlSafe for Shell {}

/// The shell for a request that was let in.
pub fn shell(arrived: &Arrived, room: Room, who: &str, break_glass: bool, token: &str) -> Shell {
    Shell {
        association: arrived.association.name.clone(),
        who: who.to_owned(),
        break_glass,
        token: token.to_owned(),
        room,
        notes: Vec::new(),
        request_id: arrived.request_id.to_string(),
    }
}
