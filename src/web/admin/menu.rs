//! The menu: each page that has an entry, with its name, its address and its icon.

use crate::web::paths;

/// A page of the menu.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MenuItem {
    /// As the menu calls it.
    pub name: &'static str,
    /// Its address.
    pub path: &'static str,
    /// The path of a line drawing on a field of 24 by 24.
    pub icon: &'static str,
}

/// Where one lands.
pub const OVERVIEW: MenuItem =
    MenuItem { name: "Overview", path: paths::ADMIN, icon: "M4 11l8-7 8 7v9h-5v-6H9v6H4z" };
/// The draft of the role mapping.
pub const MAPPING: MenuItem = MenuItem {
    name: "Role mapping",
    path: "/_gate/admin/mapping",
    icon: "M4 7h9M17 7h3M4 17h3M11 17h9M15 5v4M9 15v4",
};
/// Who is affected by the draft.
pub const PREVIEW: MenuItem = MenuItem {
    name: "Preview and publish",
    path: "/_gate/admin/preview",
    icon: "M2.5 12S6 5.5 12 5.5 21.5 12 21.5 12 18 18.500 12 18.500 2.500 12 2.500 12zM12 9.300a2.700 2.700 0 100 5.400 2.700 2.700 0 000-5.400z",
};
/// What was in force, and when.
pub const VERSIONS: MenuItem = MenuItem {
    name: "Versions",
    path: "/_gate/admin/versions",
    icon: "M12 7v5l3.500 2M4.500 9A8 8 0 114 13M4 5v4h4",
};
/// The mapping as a file.
pub const FILES: MenuItem = MenuItem {
    name: "Import and export",
    path: "/_gate/admin/files",
    icon: "M12 15V4M8 8l4-4 4 4M4 15v5h16v-5",
};
/// Today’s WordPress users beside the mapping.
pub const MIGRATE: MenuItem = MenuItem {
    name: "Migrate from WordPress",
    path: "/_gate/admin/migrate",
    icon: "M4 8h14l-4-4M20 16H6l4 4",
};
/// Who would this person be, and why.
pub const PEOPLE: MenuItem = MenuItem {
    name: "People",
    path: "/_gate/admin/people",
    icon: "M10.500 4a6.500 6.500 0 100 13 6.500 6.500 0 000-13zM15.500 15.500L20.500 20.500",
};
/// Who is signed in.
pub const SESSIONS: MenuItem = MenuItem {
    name: "Sessions",
    path: "/_gate/admin/sessions",
    icon: "M9 11a3.500 3.500 0 100-7 3.500 3.500 0 000 7zM2.500 20c0-4 3-6 6.500-6s6.500 2 6.500 6M16 4.300a3.500 3.500 0 010 6.500M18 14.500c2 .8 3.500 2.500 3.500 5.500",
};
/// Is everything in order.
pub const STATUS: MenuItem =
    MenuItem { name: "Status", path: "/_gate/admin/status", icon: "M3 12h4l3-7 4 14 3-7h4" };
/// What sites are told of people.
pub const DELIVERIES: MenuItem = MenuItem {
    name: "Deliveries",
    path: "/_gate/admin/deliveries",
    icon: "M3 6h12v10H3zM15 10h4l2 3v3h-6zM7 19a2 2 0 100-4 2 2 0 000 4zM17 19a2 2 0 100-4 2 2 0 000 4z",
};
/// How the community at Higher Logic stands; only where there is one.
pub const COMMUNITY: MenuItem = MenuItem {
    name: "Community",
    path: "/_gate/admin/community",
    icon: "M12 10a3 3 0 100-6 3 3 0 000 6zM5 20a3 3 0 100-6 3 3 0 000 6zM19 20a3 3 0 100-6 3 3 0 000 6zM10.500 9.700L6.500 14.300M13.500 9.700l4 4.600M8 17h8",
};
/// What the community is told of people.
pub const COMMUNITY_MAPPING: MenuItem = MenuItem {
    name: "Community mapping",
    path: "/_gate/admin/community/mapping",
    icon: "M4 5h6v5H4zM14 14h6v5h-6zM14 5h6v5h-6zM10 7.500h4M17 10v4M4 14h6v5H4zM7 10v4",
};
/// Sites that sign people in by OpenID Connect.
pub const CLIENTS: MenuItem = MenuItem {
    name: "OpenID clients",
    path: "/_gate/admin/clients",
    icon: "M4 5h7v6H4zM13 13h7v6h-7zM11 8h5v5M8 11v5h5",
};
/// Addresses to copy.
pub const LINKS: MenuItem = MenuItem {
    name: "Important links",
    path: "/_gate/admin/links",
    icon: "M10 14a4 4 0 005.700 0l3-3A4 4 0 0013 5.300l-1 1M14 10a4 4 0 00-5.700 0l-3 3a4 4 0 005.700 5.700l1-1",
};
/// Who changed what.
pub const AUDIT: MenuItem =
    MenuItem { name: "Audit log", path: "/_gate/admin/audit", icon: "M6 3h9l4 4v14H6zM9 11h7M9 15h7M9 7h3" };

/// Pages that are there only with a community.
const OF_COMMUNITY: [MenuItem; 2] = [COMMUNITY, COMMUNITY_MAPPING];

/// The menu, by what one comes for.
pub const MENU: [(&str, &[MenuItem]); 5] = [
    ("", &[OVERVIEW]),
    ("Roles", &[MAPPING, PREVIEW, VERSIONS, FILES, MIGRATE]),
    ("Members", &[PEOPLE, SESSIONS]),
    ("Community", &[COMMUNITY, COMMUNITY_MAPPING]),
    ("Gateway", &[STATUS, DELIVERIES, CLIENTS, LINKS, AUDIT]),
];

/// The menu of a gateway with a community, or without one.
pub fn shown(has_community: bool) -> impl Iterator<Item = (&'static str, Vec<MenuItem>)> {
    MENU.into_iter().filter_map(move |(heading, items)| {
        let is_there = |item: &&MenuItem| has_community || !OF_COMMUNITY.contains(item);
        let items: Vec<MenuItem> = items.iter().filter(is_there).copied().collect();
        (!items.is_empty()).then_some((heading, items))
    })
}
