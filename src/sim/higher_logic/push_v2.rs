//! Push API v2: a bare JSON array of records, each of them whole.

use http::StatusCode;
use serde_json::{Map, Value, json};

use super::fields::{CONTACT, DETAILS, LINE, MEETING, PRODUCT, Version};
use super::model::Item;
use super::push::{Batch, admitted, duplicates, journaled, named, within_edition};
use super::reading::Reader;
use super::record::{Change, Line, ListChange, ListMode, Record};
use super::state::State;
use super::switches::{BatchAnswer, BeyondTier, Switches, Tier};
use crate::sim::serving::{Answer, Call, Handled};

/// Reads one record.
type ReadRecord = fn(&mut Reader<'_>, &Switches, &Map<String, Value>) -> Result<Change, String>;

pub(super) fn contact_info(state: &mut State, call: &Call) -> Handled {
    journaled(state, call, |state, number| batch(state, call, number, contact))
}

pub(super) fn meeting(state: &mut State, call: &Call) -> Handled {
    journaled(state, call, |state, number| {
        beyond_edition(state)?;
        batch(state, call, number, |reader, _, it| {
            item(reader, it, "MeetingId", MEETING).map(Change::Meeting)
        })
    })
}

pub(super) fn product(state: &mut State, call: &Call) -> Handled {
    journaled(state, call, |state, number| {
        beyond_edition(state)?;
        batch(state, call, number, |reader, _, it| {
            item(reader, it, "ProductId", PRODUCT).map(Change::Product)
        })
    })
}

pub(super) fn list(state: &mut State, call: &Call) -> Handled {
    journaled(state, call, |state, number| {
        beyond_edition(state)?;
        batch(state, call, number, |reader, _, it| list_change(reader, it).map(Change::List))
    })
}

/// The early way out of calls that the smaller edition does not have.
fn beyond_edition(state: &State) -> Result<(), Answer> {
    match (state.switches.tier, state.switches.beyond_tier) {
        (Tier::Full, _) => Ok(()),
        (Tier::Essentials, BeyondTier::Ignored) => Err(Answer::nothing(StatusCode::OK)),
        (Tier::Essentials, BeyondTier::Refused) => {
            Err(Answer::error(StatusCode::FORBIDDEN, "This edition does not take these."))
        }
    }
}

fn batch(state: &mut State, call: &Call, number: u64, read: ReadRecord) -> Handled {
    let Value::Array(items) = call.json()? else {
        return Err(Answer::error(StatusCode::BAD_REQUEST, "The body is no JSON array."));
    };
    admitted(state, items.len())?;
    let switches = state.switches.clone();
    let mut batch = Batch::default();
    for item in &items {
        let mut reader = Reader {
            version: Version::V2,
            zone: &switches.time_zone,
            unknown: switches.unknown_fields,
            notes: Vec::new(),
        };
        let object = item.as_object().ok_or_else(|| "the record is no object".to_owned());
        let read = object.and_then(|object| read(&mut reader, &switches, object));
        batch.take_in(id_of(item), read, reader.notes);
    }
    duplicates(&mut batch, switches.duplicate_id);
    let refused = batch.refused();
    if switches.answer == BatchAnswer::Batch && !refused.is_empty() {
        state.note(number, batch.notes());
        return Err(Answer::error(StatusCode::BAD_REQUEST, &refused.join("; ")));
    }
    state.note(number, batch.notes());
    let answer = match switches.answer {
        BatchAnswer::Items => Answer::json(
            batch.results(|id, why| json!({ "Id": id, "Success": why.is_none(), "ErrorMessage": why })),
        ),
        BatchAnswer::Empty | BatchAnswer::Batch => Answer::nothing(StatusCode::OK),
    };
    state.stage(number, call.fault, batch.changes());
    Ok(answer)
}

/// The id of a record that may be wrong in any way.
fn id_of(item: &Value) -> Option<String> {
    let inside = item.get("ContactDetails").unwrap_or(item);
    let ids = ["ContactId", "MeetingId", "ProductId", "ListId"];
    ids.iter().find_map(|name| inside.get(*name)?.as_str()).map(str::to_owned)
}

fn contact(reader: &mut Reader<'_>, switches: &Switches, it: &Map<String, Value>) -> Result<Change, String> {
    const DETAILS_NAME: &str = "ContactDetails";
    let details = it.get(DETAILS_NAME).and_then(Value::as_object);
    let details = details.ok_or_else(|| format!("{DETAILS_NAME} is required"))?;
    let mut record = Record {
        contact_id: reader.key(DETAILS_NAME, details, "ContactId")?,
        deleted: reader.flag(details, "IsDeleted")?,
        raw: Value::Object(it.clone()),
        ..Record::default()
    };
    if record.deleted {
        return Ok(Change::Contact(Box::new(record)));
    }
    let lists: Vec<&str> = DETAILS.iter().map(|list| list.key).collect();
    reader.only("record", it, &[&[DETAILS_NAME, "Groups"], lists.as_slice()].concat())?;
    record.profile = reader.fields(DETAILS_NAME, details, CONTACT, &["ContactId", "IsDeleted"])?;
    named(&record)?;
    for line in reader.objects(it, "Groups")? {
        reader.key("Groups", line, "GroupId")?;
        reader.key("Groups", line, "GroupType")?;
        record.lines.push(Line::of(&reader.fields("Groups", line, LINE, &[])?, None));
    }
    for list in DETAILS {
        let rows = reader.objects(it, list.key)?.into_iter();
        let rows = rows.map(|row| reader.fields(list.key, row, list.fields, &[]).map(|it| json!(it)));
        let rows: Vec<Value> = rows.collect::<Result<_, String>>()?;
        if !rows.is_empty() {
            record.details.insert(list.name.to_owned(), rows);
        }
    }
    within_edition(&record, switches)?;
    Ok(Change::Contact(Box::new(record)))
}

fn item(
    reader: &mut Reader<'_>,
    it: &Map<String, Value>,
    key: &str,
    table: &[super::fields::Field],
) -> Result<Item, String> {
    let id = reader.key("record", it, key)?;
    if reader.flag(it, "IsDeleted")? {
        return Ok(Item { id, is_deleted: true, ..Item::default() });
    }
    let fields = reader.fields("record", it, table, &[key, "IsDeleted"])?;
    // Its first field is its name.
    let name = table.first().map_or("", |field| field.name);
    if !fields.contains_key(name) {
        return Err(format!("{name} is required"));
    }
    Ok(Item { id, fields, ..Item::default() })
}

fn list_change(reader: &mut Reader<'_>, it: &Map<String, Value>) -> Result<ListChange, String> {
    reader.only("record", it, &["ListId", "ListName", "Mode", "ContactIds"])?;
    let id = reader.key("record", it, "ListId")?;
    let mode = match it.get("Mode").and_then(Value::as_str) {
        Some("Replace") => ListMode::Replace,
        Some("Add") => ListMode::Add,
        Some("Remove") => ListMode::Remove,
        _ => return Err("Mode is Replace, Add or Remove".to_owned()),
    };
    let contacts = it.get("ContactIds").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let contacts = contacts.iter().map(|it| it.as_str().map(str::to_owned)).collect::<Option<Vec<String>>>();
    let contacts = contacts.ok_or_else(|| "ContactIds holds no texts".to_owned())?;
    let name = it.get("ListName").and_then(Value::as_str).map(str::to_owned);
    Ok(ListChange { id, name, mode, contacts })
}
