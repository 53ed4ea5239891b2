//! Entries on file as JSON, and back.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::Refusal;

/// The entries in which a text occurs; all for an empty text.
pub fn with<'a, T: Serialize + 'a>(all: impl IntoIterator<Item = &'a T>, text: &str) -> Vec<Value> {
    let text = text.trim().to_lowercase();
    let fits = |entry: &Value| text.is_empty() || entry.to_string().to_lowercase().contains(&text);
    all.into_iter().map(|entry| json!(entry)).filter(fits).collect()
}

/// An entry from JSON.
pub fn read<T: for<'a> Deserialize<'a>>(entry: Value) -> Result<T, Refusal> {
    serde_json::from_value(entry).map_err(|error| Refusal::Wrong(error.to_string()))
}

/// Puts an entry in the place of the one that it is, or adds it. True: it is new.
pub fn replace<T>(all: &mut Vec<T>, entry: T, is_it: impl Fn(&T) -> bool) -> bool {
    match all.iter_mut().find(|it| is_it(it)) {
        Some(place) => {
            *place = entry;
            false
        }
        None => {
            all.push(entry);
            true
        }
    }
}

/// Takes entries off a list. False: there was none.
pub fn take<T>(all: &mut Vec<T>, is_it: impl Fn(&T) -> bool) -> bool {
    let before = all.len();
    all.retain(|it| !is_it(it));
    all.len() < before
}

/// The kinds of tokens that a name stands for in the table of a simulator; all of them without a name.
pub fn kinds_called<K: Copy>(table: &[(&str, &[K])], name: Option<&str>) -> Vec<K> {
    let called = table.iter().filter(|(known, _)| name.is_none_or(|name| name == *known));
    called.flat_map(|(_, kinds)| *kinds).copied().collect()
}
