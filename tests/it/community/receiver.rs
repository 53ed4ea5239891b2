//! A Higher Logic that takes people by both versions of its Push API, with faults. It shares no type with ours and reads by names of its own.

use std::collections::{BTreeMap, VecDeque};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Response};
use axum::routing::post;
use serde_json::{Value, json};

/// How a request is answered that went well.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Way {
    /// Version 2: 200 and no body; what is wrong with one record is a 400 for all.
    #[default]
    Empty,
    /// Version 2: 200 and a result for each record.
    EachRecord,
    /// Version 1: one verdict.
    Verdict,
}

/// What becomes of the next request.
#[derive(Debug, Clone, Copy)]
pub enum Trouble {
    /// Nothing is stored.
    Status(u16),
    /// Nothing is stored, and it wants to be left alone for a second.
    TooMany,
    /// All is stored, and the answer is lost.
    Lost,
    /// Half is stored, and the answer is an error.
    Half,
    /// Nothing is stored, and a page says 200.
    Page,
    /// It goes well.
    Fine,
}

/// A line of a person in a group.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Place {
    pub role: String,
    pub kind: String,
    pub name: String,
    pub begin: String,
    pub end: String,
}

/// Somebody there.
#[derive(Debug, Clone, Default)]
pub struct Contact {
    pub first_name: String,
    pub last_name: String,
    pub is_member: bool,
    pub is_removed: bool,
    pub places: BTreeMap<String, Place>,
}

/// An entry of the calendar.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Entry {
    pub title: String,
    pub begin: String,
    pub end: String,
    pub zone: String,
    pub kind: String,
    pub is_removed: bool,
}

#[derive(Default)]
struct Tenant {
    way: Way,
    entries: BTreeMap<String, Entry>,
    /// Entries that were taken out, each time.
    withdrawn: Vec<String>,
    event_troubles: VecDeque<Trouble>,
    event_requests: usize,
    contacts: BTreeMap<String, Contact>,
    troubles: VecDeque<Trouble>,
    bad: Option<String>,
    requests: usize,
}

#[derive(Clone, Default)]
pub struct Receiver {
    tenant: Arc<Mutex<Tenant>>,
    address: Option<SocketAddr>,
}

impl Receiver {
    pub async fn start(way: Way) -> Receiver {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().ok();
        let tenant = Arc::new(Mutex::new(Tenant { way, ..Tenant::default() }));
        let receiver = Receiver { tenant, address };
        let router = Router::new()
            .route("/v2/contactinfo", post(take))
            .route("/push/v1/members", post(take))
            .route("/v2/meeting", post(take_events))
            .route("/push/v1/events", post(take_events))
            .with_state(receiver.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        receiver
    }

    /// `[higher_logic]` as an operator writes it.
    pub fn configuration(&self) -> String {
        let address = self.address.unwrap();
        let of_way = match self.tenant.lock().unwrap().way {
            Way::Verdict => format!("api = \"v1\"\nurl = \"http://{address}/push/v1\"\n"),
            Way::Empty | Way::EachRecord => format!("url = \"http://{address}/v2\"\n"),
        };
        format!("[higher_logic]\n{of_way}tenant_code = \"ACME\"\napi_key = {{ env = \"PUSH_KEY\" }}\n")
    }

    /// No trouble is left.
    pub fn calm(&self) {
        self.tenant.lock().unwrap().troubles.clear();
    }

    pub fn contacts(&self) -> usize {
        self.tenant.lock().unwrap().contacts.len()
    }

    /// These, in place of those that were to come.
    pub fn only_trouble(&self, troubles: &[Trouble]) {
        self.tenant.lock().unwrap().troubles = troubles.iter().copied().collect();
    }

    pub fn trouble(&self, troubles: &[Trouble]) {
        self.tenant.lock().unwrap().troubles.extend(troubles);
    }

    /// The same for requests about events.
    pub fn event_trouble(&self, troubles: &[Trouble]) {
        self.tenant.lock().unwrap().event_troubles.extend(troubles);
    }

    /// An entry that stands in the calendar, or was taken out.
    pub fn entry(&self, id: &str) -> Option<Entry> {
        self.tenant.lock().unwrap().entries.get(id).cloned()
    }

    /// An entry that stands in the calendar.
    pub fn shown(&self, id: &str) -> Option<Entry> {
        self.entry(id).filter(|entry| !entry.is_removed)
    }

    /// All that was ever taken out.
    pub fn withdrawn(&self) -> Vec<String> {
        self.tenant.lock().unwrap().withdrawn.clone()
    }

    pub fn event_requests(&self) -> usize {
        self.tenant.lock().unwrap().event_requests
    }

    /// A record of this person or event cannot be borne; `None`: all can.
    pub fn spoil(&self, id: Option<&str>) {
        self.tenant.lock().unwrap().bad = id.map(str::to_owned);
    }

    pub fn contact(&self, id: &str) -> Option<Contact> {
        self.tenant.lock().unwrap().contacts.get(id).cloned()
    }

    /// Whether somebody is there as a member.
    pub fn has_member(&self, id: &str) -> bool {
        self.contact(id).is_some_and(|contact| contact.is_member && !contact.is_removed)
    }

    pub fn place(&self, id: &str, group: &str) -> Option<Place> {
        self.contact(id)?.places.get(group).cloned()
    }

    pub fn requests(&self) -> usize {
        self.tenant.lock().unwrap().requests
    }
}

async fn take(State(receiver): State<Receiver>, headers: HeaderMap, body: Bytes) -> Response {
    let mut tenant = receiver.tenant.lock().unwrap();
    tenant.requests += 1;
    let is_v1 = tenant.way == Way::Verdict;
    let key = headers.get(if is_v1 { "x-api-key" } else { "ApiKey" });
    assert_eq!(key.and_then(|key| key.to_str().ok()), Some("push-key-of-acme"));
    assert_eq!(headers["content-type"], "application/json");
    let said: Value = serde_json::from_slice(&body).unwrap();
    let records = match is_v1 {
        true => {
            assert_eq!(said["TenantCode"], "ACME");
            said["Items"].as_array().unwrap().clone()
        }
        false => said.as_array().unwrap().clone(),
    };
    assert!(records.len() <= 100, "fifty people and their companies at most");
    let trouble = tenant.troubles.pop_front().filter(|trouble| !matches!(trouble, Trouble::Fine));
    let bad = tenant.bad.clone();
    let is_bad = |record: &Value| bad.as_deref().is_some_and(|bad| id_of(record, is_v1) == bad);
    match trouble {
        Some(Trouble::Status(status)) => return StatusCode::from_u16(status).unwrap().into_response(),
        Some(Trouble::TooMany) => {
            return (StatusCode::TOO_MANY_REQUESTS, [("retry-after", "1")]).into_response();
        }
        Some(Trouble::Page) => return axum::response::Html("<html>Maintenance</html>").into_response(),
        _ => {}
    }
    if tenant.way != Way::EachRecord && records.iter().any(is_bad) {
        return match is_v1 {
            true => {
                axum::Json(json!({ "success": false, "count": 0, "errorMessage": "Email" })).into_response()
            }
            false => (StatusCode::BAD_REQUEST, "Email").into_response(),
        };
    }
    let stored = if matches!(trouble, Some(Trouble::Half)) { records.len() / 2 } else { records.len() };
    let mut results = Vec::new();
    for record in records.iter().take(stored) {
        let id = id_of(record, is_v1);
        let fine = !is_bad(record);
        if fine {
            let contact = if is_v1 { of_v1(record) } else { of_v2(record) };
            tenant.contacts.insert(id.clone(), contact);
        }
        results.push(json!({ "ContactId": id, "Success": fine, "Error": if fine { "" } else { "Email" } }));
    }
    match (trouble, tenant.way) {
        (Some(_), _) => StatusCode::BAD_GATEWAY.into_response(),
        (None, Way::Empty) => StatusCode::OK.into_response(),
        (None, Way::EachRecord) => axum::Json(json!({ "Results": results })).into_response(),
        (None, Way::Verdict) => {
            axum::Json(json!({ "success": true, "count": stored, "errorMessage": "" })).into_response()
        }
    }
}

async fn take_events(State(receiver): State<Receiver>, headers: HeaderMap, body: Bytes) -> Response {
    let mut tenant = receiver.tenant.lock().unwrap();
    tenant.event_requests += 1;
    let is_v1 = tenant.way == Way::Verdict;
    let key = headers.get(if is_v1 { "x-api-key" } else { "ApiKey" });
    assert_eq!(key.and_then(|key| key.to_str().ok()), Some("push-key-of-acme"));
    let said: Value = serde_json::from_slice(&body).unwrap();
    let records = if is_v1 { &said["Items"] } else { &said }.as_array().unwrap().clone();
    assert!(!records.is_empty());
    match tenant.event_troubles.pop_front() {
        Some(Trouble::Status(status)) => return StatusCode::from_u16(status).unwrap().into_response(),
        Some(Trouble::Page) => return axum::response::Html("<html>Maintenance</html>").into_response(),
        Some(other) => panic!("{other:?} is for people"),
        None => {}
    }
    let id_of = |record: &Value| text(&record[if is_v1 { "EventKey" } else { "MeetingId" }]);
    let bad = tenant.bad.clone();
    if records.iter().any(|record| Some(id_of(record)) == bad) {
        return match is_v1 {
            true => axum::Json(json!({ "success": false, "errorMessage": "Title" })).into_response(),
            false => (StatusCode::BAD_REQUEST, "Title").into_response(),
        };
    }
    for record in &records {
        let is_removed =
            if is_v1 { record["IsActive"] == json!(false) } else { record["IsDeleted"] == json!(true) };
        let entry = Entry {
            title: text(&record["Title"]),
            begin: text(&record["BeginDate"]),
            end: text(&record["EndDate"]),
            zone: text(&record["TimeZone"]),
            kind: text(&record[if is_v1 { "EventType" } else { "MeetingType" }]),
            is_removed,
        };
        if is_removed {
            tenant.withdrawn.push(id_of(record));
        }
        tenant.entries.insert(id_of(record), entry);
    }
    match is_v1 {
        true => {
            axum::Json(json!({ "success": true, "count": records.len(), "errorMessage": "" })).into_response()
        }
        false => StatusCode::OK.into_response(),
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn id_of(record: &Value, is_v1: bool) -> String {
    match is_v1 {
        true => text(&record["MemberDetails"]["LegacyContactKey"]),
        false => text(&record["ContactDetails"]["ContactId"]),
    }
}

fn of_v2(record: &Value) -> Contact {
    let details = &record["ContactDetails"];
    let places = record["Groups"].as_array().cloned().unwrap_or_default().into_iter().map(|line| {
        let place = Place {
            role: text(&line["Role"]),
            kind: text(&line["GroupType"]),
            name: text(&line["GroupName"]),
            begin: text(&line["BeginDate"]),
            end: text(&line["EndDate"]),
        };
        (text(&line["GroupId"]), place)
    });
    Contact {
        first_name: text(&details["FirstName"]),
        last_name: text(&details["LastName"]),
        is_member: details["IsMember"] == json!(true),
        is_removed: details["IsDeleted"] == json!(true),
        places: places.collect(),
    }
}

fn of_v1(record: &Value) -> Contact {
    let details = &record["MemberDetails"];
    let lists = ["SecurityGroups", "CommunityGroups"];
    let lines = lists.iter().flat_map(|list| record[list].as_array().cloned().unwrap_or_default());
    let places = lines.map(|line| {
        let place = Place {
            role: text(&line["RoleDescription"]),
            kind: text(&line["GroupType"]),
            name: text(&line["GroupName"]),
            begin: text(&line["BeginDate"]),
            end: text(&line["EndDate"]),
        };
        (text(&line["GroupKey"]), place)
    });
    Contact {
        first_name: text(&details["FirstName"]),
        last_name: text(&details["LastName"]),
        is_member: details["IsMember"] == json!(true),
        is_removed: details["IsActive"] == json!(false),
        places: places.collect(),
    }
}
