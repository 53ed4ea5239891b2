//! Push API v1: the tenant in the body, one verdict for the whole batch.

use http::StatusCode;
use serde_json::{Map, Value, json};

use super::fields::{CONTACT, DETAILS, FLAT_IN_V1, LINE, MEETING, Version};
use super::model::{GroupKind, Item};
use super::push::{Batch, admitted, duplicates, journaled, named, within_edition};
use super::reading::Reader;
use super::record::{Change, Line, Record};
use super::state::State;
use super::switches::{FailureStatus, Switches};
use crate::sim::serving::{Answer, Call, Handled};

/// The two lists of groups, each for groups of one kind.
const KINDS: [(&str, GroupKind); 2] =
    [("SecurityGroups", GroupKind::Security), ("CommunityGroups", GroupKind::Community)];

/// Reads one item.
type ReadItem = fn(&mut Reader<'_>, &Switches, &Map<String, Value>) -> Result<Change, String>;

pub(super) fn members(state: &mut State, call: &Call) -> Handled {
    journaled(state, call, |state, number| batch(state, call, number, member))
}

pub(super) fn events(state: &mut State, call: &Call) -> Handled {
    journaled(state, call, |state, number| batch(state, call, number, event))
}

fn verdict(switches: &Switches, taken: Result<usize, String>) -> Answer {
    let status = match (&taken, switches.v1_failure) {
        (Ok(_), _) | (_, FailureStatus::Ok) => StatusCode::OK,
        (Err(_), FailureStatus::BadRequest) => StatusCode::BAD_REQUEST,
    };
    let success = taken.is_ok();
    let (count, why) = taken.map_or_else(|why| (0, Some(why)), |count| (count, None));
    Answer::json_with(status, json!({ "success": success, "count": count, "errorMessage": why }))
}

fn batch(state: &mut State, call: &Call, number: u64, read: ReadItem) -> Handled {
    let switches = state.switches.clone();
    let body = call.json()?;
    if body.get("TenantCode").and_then(Value::as_str) != Some(state.credentials.tenant_code.as_str()) {
        return Err(verdict(&switches, Err("The tenant code is not valid.".to_owned())));
    }
    let Some(items) = body.get("Items").and_then(Value::as_array) else {
        return Err(verdict(&switches, Err("Items is no list.".to_owned())));
    };
    admitted(state, items.len())?;
    let mut batch = Batch::default();
    for item in items {
        let mut reader = Reader {
            version: Version::V1,
            zone: &switches.time_zone,
            unknown: switches.unknown_fields,
            notes: Vec::new(),
        };
        let object = item.as_object().ok_or_else(|| "the item is no object".to_owned());
        let read = object.and_then(|object| read(&mut reader, &switches, object));
        batch.take_in(id_of(item), read, reader.notes);
    }
    duplicates(&mut batch, switches.duplicate_id);
    let refused = batch.refused();
    state.note(number, batch.notes());
    if !refused.is_empty() {
        return Err(verdict(&switches, Err(refused.join("; "))));
    }
    state.stage(number, call.fault, batch.changes());
    Ok(verdict(&switches, Ok(items.len())))
}

fn id_of(item: &Value) -> Option<String> {
    let inside = item.get("MemberDetails").unwrap_or(item);
    ["LegacyContactKey", "EventKey"].iter().find_map(|name| inside.get(*name)?.as_str()).map(str::to_owned)
}

fn member(reader: &mut Reader<'_>, switches: &Switches, it: &Map<String, Value>) -> Result<Change, String> {
    const MEMBER: &str = "MemberDetails";
    let details = it.get(MEMBER).and_then(Value::as_object).ok_or_else(|| format!("{MEMBER} is required"))?;
    let lists: Vec<&str> = DETAILS.iter().filter(|list| list.in_v1).map(|list| list.key).collect();
    let kinds = KINDS.map(|(name, _)| name);
    reader.only("item", it, &[&[MEMBER], kinds.as_slice(), lists.as_slice()].concat())?;
    let besides = [&["LegacyContactKey"], FLAT_IN_V1].concat();
    let mut record = Record {
        contact_id: reader.key(MEMBER, details, "LegacyContactKey")?,
        profile: reader.fields(MEMBER, details, CONTACT, &besides)?,
        raw: Value::Object(it.clone()),
        ..Record::default()
    };
    named(&record)?;
    for (name, kind) in KINDS {
        for line in reader.objects(it, name)? {
            reader.key(name, line, "GroupKey")?;
            record.lines.push(Line::of(&reader.fields(name, line, LINE, &[])?, Some(kind)));
        }
    }
    for list in DETAILS.iter().filter(|list| list.in_v1) {
        let rows = reader.objects(it, list.key)?.into_iter();
        let rows = rows.map(|row| reader.fields(list.key, row, list.fields, &[]).map(|it| json!(it)));
        let rows: Vec<Value> = rows.collect::<Result<_, String>>()?;
        if !rows.is_empty() {
            record.details.insert(list.name.to_owned(), rows);
        }
    }
    flat_details(details, &mut record);
    within_edition(&record, switches)?;
    Ok(Change::Contact(Box::new(record)))
}

/// The address and the phone numbers, which version 1 has among the fields, as version 2 has them.
fn flat_details(details: &Map<String, Value>, record: &mut Record) {
    let text = |name: &str| details.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
    let address: Map<String, Value> = [
        ("AddressLine1", "Address1"),
        ("AddressLine2", "Address2"),
        ("AddressLine3", "Address3"),
        ("City", "City"),
        ("StateProvince", "State"),
        ("PostalCode", "PostalCode"),
        ("CountryCode", "Country"),
    ]
    .into_iter()
    .filter_map(|(to, from)| Some((to.to_owned(), text(from)?.into())))
    .collect();
    if !address.is_empty() {
        record.details.insert("addresses".to_owned(), vec![address.into()]);
    }
    let phone = |place: u8| {
        let number = text(&format!("Phone{place}"))?;
        Some(json!({ "FormattedNumber": number, "PhoneType": text(&format!("Phone{place}Type")) }))
    };
    let phones: Vec<Value> = (1..=4).filter_map(phone).collect();
    if !phones.is_empty() {
        record.details.insert("phoneNumbers".to_owned(), phones);
    }
}

fn event(reader: &mut Reader<'_>, _: &Switches, it: &Map<String, Value>) -> Result<Change, String> {
    let id = reader.key("item", it, "EventKey")?;
    reader.key("item", it, "Title")?;
    let fields = reader.fields("item", it, MEETING, &["EventKey"])?;
    Ok(Change::Meeting(Item { id, fields, ..Item::default() }))
}
