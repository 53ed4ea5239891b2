//! Where a site is told of people.

use super::{SMALL, load_text, problems};

const ADDRESS: &str = "people_endpoint = \"https://www.acme.example/wp-json/membergate/v1/people\"\n";

#[test]
fn a_site_is_told_of_people_over_https_or_on_this_machine() {
    let settings = load_text(&format!("{SMALL}{ADDRESS}create = true\n")).unwrap();
    let people = settings.sites[0].people.as_ref().unwrap();
    assert!(people.create && people.url.path() == "/wp-json/membergate/v1/people");
    let here = load_text(&format!("{SMALL}people_endpoint = \"http://127.0.0.1:8000/people\"\n")).unwrap();
    assert!(here.sites[0].people.as_ref().is_some_and(|people| !people.create));
    assert!(load_text(SMALL).unwrap().sites[0].people.is_none());
    for (address, told) in [
        ("http://www.acme.example/people", "is not protected"),
        ("https://www.acme.example/people#a", "has no `#`"),
        ("people", "people"),
    ] {
        let told_of = problems(&format!("{SMALL}people_endpoint = \"{address}\"\n"));
        assert!(told_of.contains(told), "{told_of}");
    }
}

#[test]
fn nobody_is_told_of_people_who_are_erased_because_they_do_not_sign_in() {
    let told = problems(&format!("{SMALL}{ADDRESS}[directory]\npeople = \"signed_in\"\n"));
    assert!(told.contains("does not sign in is erased") && told.contains("signed_in"), "{told}");
}

#[test]
fn nobody_is_told_of_people_who_are_not_kept_in_step() {
    let told = problems(&format!("{SMALL}{ADDRESS}[directory]\nin_step = false\n"));
    assert!(told.contains("not kept in step") && told.contains("people_endpoint"), "{told}");
}
