//! What of a profile is told.

use super::*;
use crate::domain::contact::{Contact, ContactPhone, PrimaryOrganization};

pub(super) fn contact() -> Contact {
    Contact {
        title: Some("Director".to_owned()),
        bio: Some("Writes.".to_owned()),
        show_in_directory: Some(false),
        phones: vec![ContactPhone { number: "2025550142".to_owned(), ..ContactPhone::default() }],
        organization: Some(PrimaryOrganization { id: "ORG-1".to_owned(), name: "Harbor Labs".to_owned() }),
        has_account: Some(true),
        is_active: Some(true),
        ..Contact::default()
    }
}

#[test]
fn of_a_profile_is_told_what_the_mapping_asks_for() {
    let jane = Record { contact: Some(Box::new(contact())), ..nobody() };
    let usual = desired(&whole("time_zone = \"UTC\""), &jane, None, at(NOW));
    let told = &present(&usual).profile;
    assert_eq!((told.title.as_deref(), told.bio.as_deref(), told.phones.len()), (Some("Director"), None, 0));
    assert_eq!(told.show_in_directory, Some(false));
    assert_eq!(told.organization.as_ref().map(|it| (it.id.as_str(), it.has_record)), Some(("ORG-1", true)));
    let other = whole(
        "time_zone = \"UTC\"\n[contact]\nnames = false\ndirectory = false\norganization = false\nbio = true\nphones = true\n",
    );
    let found = desired(&other, &jane, None, at(NOW));
    let told = &present(&found).profile;
    assert_eq!((told.title.as_deref(), told.bio.as_deref()), (None, Some("Writes.")));
    assert!(
        told.show_in_directory.is_none()
            && told.organization.is_none()
            && told.phones[0].show_in_directory != Some(true)
    );
    // A row of everybody does not say what somebody wants.
    for (is_thin, shown) in [(true, Some(false)), (false, None)] {
        let row = Contact { show_in_directory: None, is_thin, ..contact() };
        let jane = Record { contact: Some(Box::new(row)), ..nobody() };
        let found = desired(&whole("time_zone = \"UTC\""), &jane, None, at(NOW));
        assert_eq!(present(&found).profile.show_in_directory, shown);
    }
    // What was not read is not told for the first time, and stays afterwards.
    let unread = nobody();
    assert_eq!(desired(&other, &unread, None, at(NOW)).state, None);
    assert_eq!(present(&then(&other, &jane, &unread, NOW)).profile, *told);
    assert!(other.looks_at_contact() && !mapping("").looks_at_contact());
}
