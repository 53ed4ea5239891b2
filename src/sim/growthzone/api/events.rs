//! Events and who attends them.

use serde_json::{Value, json};

use crate::sim::growthzone::paging::{missing, page, whole};
use crate::sim::growthzone::people::{Contact, Event, Registration};
use crate::sim::growthzone::state::State;
use crate::sim::growthzone::wire::{Writer, number};
use crate::sim::serving::{Answer, Call, Handled};

fn shown(writer: Writer<'_>, it: &Event) -> Value {
    json!({
        "EventId": it.event_id, "Name": it.name, "StartDate": writer.date(it.start_date.as_deref()),
        "EndDate": writer.date(it.end_date.as_deref()),
    })
}

pub(in crate::sim::growthzone) fn list(state: &mut State, _: &Call) -> Handled {
    let writer = Writer(state.view());
    whole(&state.switches, &state.directory.events, |it| shown(writer, it))
}

/// Who attends an event. For an event without anybody the real one answers with the bare event.
pub(in crate::sim::growthzone) fn attendees(state: &mut State, call: &Call) -> Handled {
    let id = call.query("eventId").unwrap_or_default();
    let event = state.directory.events.iter().find(|it| id.parse() == Ok(it.event_id));
    let event = event.ok_or_else(|| missing(&state.switches))?;
    let writer = Writer(state.view());
    let contacts = state.directory.contacts.iter();
    let all = contacts.flat_map(|it| it.registrations.iter().map(move |own| (it, own)));
    let rows: Vec<(&Contact, &Registration)> =
        all.filter(|(_, it)| it.event.eq_ignore_ascii_case(&event.name)).collect();
    if rows.is_empty() && state.switches.bare_event {
        let mut bare = shown(writer, event);
        let audit = state.common.calls.of_interface().calls + 1;
        if let Some(bare) = bare.as_object_mut() {
            bare.insert("EventAuditId".to_owned(), json!(70_000 + audit));
            bare.insert("EventDetailAuditId".to_owned(), json!(80_000 + audit));
        }
        return Ok(Answer::json(bare));
    }
    page(&state.switches, call, &rows, |(it, own)| {
        json!({
            "EventId": event.event_id, "ContactId": number(&it.contact_id), "DisplayName": it.full_name(),
            "Email": writer.text(it.email.as_deref().unwrap_or_default()), "Status": writer.text(&own.status),
            "RegistrationDate": writer.date(own.registration_date.as_deref()),
        })
    })
}
