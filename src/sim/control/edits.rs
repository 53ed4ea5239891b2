//! Changes to an entry as JSON: a merge patch, and one more or one fewer in one of its lists.

use serde_json::Value;

use super::Refusal;

/// Changes `target` as a JSON Merge Patch says (RFC 7396 §2): members are replaced, and null takes one away.
pub(super) fn merge(target: &mut Value, patch: Value) {
    let Value::Object(patch) = patch else {
        *target = patch;
        return;
    };
    if !target.is_object() {
        *target = Value::Object(serde_json::Map::new());
    }
    let Some(members) = target.as_object_mut() else { return };
    for (name, value) in patch {
        if value.is_null() {
            members.remove(&name);
        } else {
            merge(members.entry(name).or_insert(Value::Null), value);
        }
    }
}

/// Adds an item to a list of an entry.
pub(super) fn add(entry: &mut Value, list: &str, item: Value) -> Result<(), Refusal> {
    items(entry, list)?.push(item);
    Ok(())
}

/// Takes items out of a list of an entry: the one at a place counted from 0, or those that have this code or name.
pub(super) fn take(entry: &mut Value, list: &str, which: &str) -> Result<(), Refusal> {
    let items = items(entry, list)?;
    let before = items.len();
    match which.parse::<usize>() {
        Ok(place) if place < before => {
            items.remove(place);
        }
        _ => items.retain(|item| !is_called(item, which)),
    }
    if items.len() == before { Err(Refusal::Unknown(format!("{which} in {list}"))) } else { Ok(()) }
}

fn items<'a>(entry: &'a mut Value, list: &str) -> Result<&'a mut Vec<Value>, Refusal> {
    entry
        .get_mut(list)
        .and_then(Value::as_array_mut)
        .ok_or_else(|| Refusal::Unknown(format!("list {list} in this entry")))
}

/// The members by which an item of a list is known.
const NAMES: [&str; 6] = ["code", "committee", "event", "productCode", "organization", "name"];

fn is_called(item: &Value, name: &str) -> bool {
    let says =
        |value: Option<&Value>| value.and_then(Value::as_str).is_some_and(|it| it.eq_ignore_ascii_case(name));
    says(Some(item)) || NAMES.iter().any(|member| says(item.get(*member)))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_patch_replaces_adds_and_takes_away() {
        let mut entry = json!({ "a": 1, "user": { "isApproved": true, "password": "x" }, "list": [1, 2] });
        merge(
            &mut entry,
            json!({ "user": { "isApproved": false }, "a": null, "b": { "c": [null] }, "list": [3] }),
        );
        let expected =
            json!({ "user": { "isApproved": false, "password": "x" }, "b": { "c": [null] }, "list": [3] });
        assert_eq!(entry, expected);
    }

    #[test]
    fn an_item_is_taken_by_its_place_or_its_name() {
        let mut entry =
            json!({ "committees": [{ "committee": "EDU" }, { "committee": "FIN" }], "roles": ["Staff"] });
        add(&mut entry, "committees", json!({ "committee": "edu" })).unwrap();
        take(&mut entry, "committees", "1").unwrap();
        assert_eq!(entry["committees"].as_array().unwrap().len(), 2);
        take(&mut entry, "committees", "EDU").unwrap();
        take(&mut entry, "roles", "staff").unwrap();
        assert_eq!(entry, json!({ "committees": [], "roles": [] }));
        let missing =
            [take(&mut entry, "roles", "0"), take(&mut entry, "seats", "0"), add(&mut entry, "x", json!(1))];
        assert!(missing.iter().all(|it| matches!(it, Err(Refusal::Unknown(_)))), "{missing:?}");
    }
}
