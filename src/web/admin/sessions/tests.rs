//! Samples of the page, and the keys in its forms.

use super::page::*;
use super::*;
use crate::web::admin::tests::{check, samples};

#[test]
fn every_sample_renders() {
    let line = |n: u8, name: &str, device: &str, viewer: &str| SessionLine {
        key: hex(&SessionKey([n; 32])),
        id: format!("b3a1c0de-{n}"),
        name: name.to_owned(),
        email: "someone@people.example".to_owned(),
        device: device.to_owned(),
        host: "library.harbour.example".to_owned(),
        since: "4 March 2026, 09:00".to_owned(),
        seen: "4 March 2026, 10:42".to_owned(),
        roles: vec!["member".to_owned(), "education".to_owned()],
        viewer: viewer.to_owned(),
        own: n == 1,
    };
    let page = |lines: Vec<SessionLine>, person: Option<&str>, mend: Option<&str>| SessionsPage {
        shell: samples::shell(menu::SESSIONS).status(match mend {
            Some(_) => StatusCode::UNPROCESSABLE_ENTITY,
            None => StatusCode::OK,
        }),
        of: Field::text("of", "Whose", "").mend(mend.map(str::to_owned)),
        person: person.map(|name| (name.to_owned(), "b3a1c0de-1".to_owned())),
        choices: Vec::new(),
        older: (lines.len() > 1).then(|| "of=&after=1-2".to_owned()),
        lines,
    };
    let lines = vec![
        line(1, "Jane Marlowe", "Firefox on Windows", ""),
        line(2, "Zoë <b>O’Hara</b>", "Safari on iPhone", ""),
        line(3, "Nils Frost", "Chrome on macOS", "Jane Marlowe"),
    ];
    let names = samples::names();
    let several = SessionsPage { choices: choices(&names), ..page(Vec::new(), None, None) };
    check(vec![
        ("sessions_choose", several),
        ("sessions_empty", page(Vec::new(), None, None)),
        ("sessions_full", page(lines.clone(), None, None)),
        ("sessions_of_one", page(lines[..1].to_vec(), Some("Jane Marlowe"), None)),
        ("sessions_error", page(Vec::new(), None, Some("Nobody by that is on file here."))),
    ]);
}

#[test]
fn a_key_survives_the_form() {
    let some = SessionKey(std::array::from_fn(|at| u8::try_from(at * 7).unwrap()));
    assert_eq!(key(&hex(&some)), Some(some));
    for wrong in ["", "zz", &"g".repeat(64), &"é".repeat(32)] {
        assert_eq!(key(wrong), None);
    }
    let at = Timestamp::from_nanosecond(-5).unwrap();
    assert_eq!(place(&format!("-5-{}", hex(&some))), Some((at, some)));
}
