//! What the tests of every simulator ask of its switches.

use crate::sim::switches::{Switch, SwitchLine, SwitchSet, set};

fn named<S: SwitchSet>(name: &str) -> Option<&'static Switch<S>> {
    S::table().iter().find(|known| known.name == name)
}

/// Every switch that the tables of a document name exists, and those that are written with a value have that value. There are more
/// than `least` of them.
pub fn documented<S: SwitchSet>(document: &str, least: usize) {
    // The tables whose last column says the switch.
    let mut is_about_switches = false;
    let rows = document.lines().filter(|line| {
        is_about_switches = line.starts_with('|') && (is_about_switches || line.ends_with("| switch |"));
        is_about_switches
    });
    let of_rows: String = rows.filter_map(|row| row.trim_end_matches(" |").rsplit('|').next()).collect();
    let written: Vec<&str> = of_rows.split('`').skip(1).step_by(2).collect();
    assert!(written.len() > least, "{written:?}");
    for switch in written {
        let name = switch.split('=').next();
        assert!(name.and_then(named::<S>).is_some(), "{switch}");
        if switch.contains('=') {
            assert_eq!(set(S::table(), &mut S::default(), switch), Ok(()));
        }
    }
}

/// Every switch takes back what it shows.
pub fn shown_and_read<S: SwitchSet + PartialEq + std::fmt::Debug>() {
    let mut switches = S::default();
    for switch in S::table() {
        let shown = (switch.show)(&switches);
        assert_eq!(set(S::table(), &mut switches, &format!("{}={shown}", switch.name)), Ok(()), "{shown}");
    }
    assert_eq!(switches, S::default());
}

/// Every switch is moved by one of these stories.
pub fn moved(switches: &[SwitchLine], stories: &[&str]) {
    let stories = stories.concat();
    for line in switches {
        assert!(stories.contains(&format!("\"{}=", line.name)), "no story moves {}", line.name);
    }
}
