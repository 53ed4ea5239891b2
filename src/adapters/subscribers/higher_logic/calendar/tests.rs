//! What Higher Logic is sent of events, in both versions, and what comes of its answers.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use arc_swap::ArcSwap;
use axum::Router;
use axum::body::Bytes;
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::{Html, IntoResponse as _, Response};
use secrecy::SecretString;
use url::Url;

use super::*;
use crate::adapters::community_file;
use crate::domain::calendar::{CalendarEvent, CalendarMapping, EventPlace};
use crate::domain::community::{CommunityInForce, CommunityText};
use crate::domain::record::IndividualId;
use crate::domain::time::{AmsDate, TimeZone};

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn mapping() -> CalendarMapping {
    CalendarMapping {
        only_codes: Vec::new(),
        kind: Some("Conference".to_owned()),
        past: false,
        time_zone: TimeZone::get("America/New_York").unwrap(),
    }
}

fn calendar(api: PushApi, base: &str) -> HigherLogicCalendar {
    let settings = PushSettings {
        api,
        url: Url::parse(&format!("{base}/push")).unwrap(),
        api_key: SecretString::from("the key"),
        key_header: "ApiKey".parse().unwrap(),
        tenant_code: Some("ACME".to_owned()),
        batch: 8,
    };
    let limits = HttpLimits { total: Duration::from_millis(400), ..LIMITS };
    let mut told = community_file::parse("time_zone = \"UTC\"").unwrap();
    told.calendar = Some(mapping());
    let text = CommunityText { text: String::new() };
    let in_force = CommunityInForce { version: 1, text, mapping: Arc::new(told) };
    HigherLogicCalendar::within(limits, settings, Arc::new(ArcSwap::from_pointee(in_force))).unwrap()
}

fn annual() -> CalendarEvent {
    let some = |text: &str| Some(text.to_owned());
    CalendarEvent {
        code: "ANNUAL26".to_owned(),
        name: some("Annual Meeting"),
        description: some("<p>Come!</p>"),
        begin: AmsDate::Local("2026-05-21T08:00:00".parse().unwrap()),
        end: AmsDate::Day("2026-05-23".parse().unwrap()),
        registration_opens: AmsDate::Day("2026-01-05".parse().unwrap()),
        registration_closes: AmsDate::Day("2026-05-01".parse().unwrap()),
        place: EventPlace {
            name: some("Harbor Hall"),
            address: some("1 Quay"),
            city: some("Portland"),
            state: some("ME"),
            postal_code: some("04101"),
            country: some("US"),
        },
        link: some("https://events.example/annual?a=1&b=2"),
        price: some("250 USD"),
        is_public: Some(true),
        ..CalendarEvent::default()
    }
}

fn desired_of(event: Option<&CalendarEvent>, before: Option<&State>, is_untold: bool, now: &str) -> Desired {
    let about = AboutEvent { event, before, is_untold, now: at(now) };
    calendar(PushApi::V2, "http://127.0.0.1:1").desired_of_event(&about)
}

fn present_state() -> State {
    desired_of(Some(&annual()), None, true, "2026-03-01T12:00:00Z").state.unwrap()
}

#[test]
fn an_event_in_the_words_of_both_versions() {
    let record = EventRecord::of(&present_state());
    assert_eq!(
        record.written(PushApi::V2),
        Some(json!({
            "MeetingId": "ANNUAL26", "Title": "Annual Meeting",
            "Description": "<p>Come!</p><p><a href=\"https://events.example/annual?a=1&amp;b=2\">https://events.example/annual?a=1&amp;b=2</a></p>",
            "MeetingType": "Conference", "BeginDate": "2026-05-21T12:00:00.000Z", "EndDate": "2026-05-24T03:59:59.999Z",
            "TimeZone": "America/New_York", "RegistrationOpenDate": "2026-01-05T05:00:00.000Z",
            "RegistrationCloseDate": "2026-05-02T03:59:59.999Z", "Price": "250 USD", "LocationName": "Harbor Hall",
            "AddressLine1": "1 Quay", "City": "Portland", "State": "ME", "PostalCode": "04101", "Country": "US", "IsDeleted": false,
        }))
    );
    assert_eq!(
        record.written(PushApi::V1),
        Some(json!({
            "EventKey": "ANNUAL26", "Title": "Annual Meeting", "Description": "<p>Come!</p>", "EventType": "Conference",
            "EventURL": "https://events.example/annual?a=1&b=2", "BeginDate": "2026-05-21T12:00:00.000Z",
            "EndDate": "2026-05-24T03:59:59.999Z", "TimeZone": "America/New_York", "Address1": "1 Quay",
            "LocationName": "Harbor Hall", "City": "Portland", "State": "ME", "PostalCode": "04101", "Country": "US", "IsActive": true,
        }))
    );
}

#[test]
fn an_event_that_is_taken_out_is_named_alone() {
    let private = CalendarEvent { is_public: Some(false), ..annual() };
    for event in [Some(&private), None] {
        let state = desired_of(event, Some(&present_state()), false, "2026-03-01T12:00:00Z").state.unwrap();
        let record = EventRecord::of(&state);
        assert_eq!(record.written(PushApi::V2), Some(json!({ "MeetingId": "ANNUAL26", "IsDeleted": true })));
        assert_eq!(
            record.written(PushApi::V1),
            Some(json!({ "EventKey": "ANNUAL26", "Title": "Annual Meeting", "IsActive": false }))
        );
        let untold = desired_of(event, Some(&present_state()), true, "2026-03-01T12:00:00Z").state;
        assert_eq!(untold, Some(State::Removed), "nothing is to be taken away there");
    }
}

#[test]
fn an_event_holds_its_entry_until_it_is_over_and_then_stays_as_it_is() {
    let (ahead, over) = ("2026-05-24T03:59:59Z", "2026-05-24T03:59:59.999Z");
    let desired = desired_of(Some(&annual()), None, true, ahead);
    assert!(desired.state.as_ref().unwrap().holds_something());
    assert_eq!(desired.holds_until, Some(at(over)));
    let told = present_state();
    let private = CalendarEvent { is_public: Some(false), ..annual() };
    for event in [Some(&annual()), Some(&private), None] {
        let desired = desired_of(event, Some(&told), false, over);
        let state = desired.state.unwrap();
        assert!(state.says_as(&told) && !state.holds_something());
        assert!(!told.loses_to(&state, at(over)), "by a known date");
        assert_eq!(desired.holds_until, None);
    }
    // What is not known stays, and so does the date at which it is over.
    let silent = CalendarEvent { is_public: None, ..annual() };
    let desired = desired_of(Some(&silent), Some(&told), false, ahead);
    assert_eq!((desired.state.as_ref(), desired.holds_until), (Some(&told), Some(at(over))));
    assert_eq!(desired_of(Some(&silent), None, true, ahead).state, None);
}

type Answering = fn() -> Response;

/// What was asked for.
#[derive(Default)]
struct Endpoint {
    seen: Mutex<Vec<(String, HeaderMap, Value)>>,
}

async fn serve(answer: impl Fn() -> Response + Clone + Send + Sync + 'static) -> (String, Arc<Endpoint>) {
    let endpoint = Arc::<Endpoint>::default();
    let seen = Arc::clone(&endpoint);
    let router = Router::new().fallback(move |uri: Uri, headers: HeaderMap, body: Bytes| {
        let body = serde_json::from_slice(&body).unwrap();
        seen.seen.lock().unwrap().push((uri.path().to_owned(), headers, body));
        let answer = answer();
        async move { answer }
    });
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, router).await });
    (base, endpoint)
}

fn flight(state: State) -> Flight {
    Flight { individual: IndividualId::parse("event:annual26").unwrap(), fence: 1, version: 1, state }
}

#[tokio::test]
async fn events_go_to_a_place_of_their_own() {
    let unreadable = State::Present { said: "?".to_owned(), holds: Holdings::new() };
    let flights = [flight(State::Removed), flight(unreadable), flight(present_state())];
    let verdict = || axum::Json(json!({ "success": true, "count": 1 })).into_response();
    for (api, path) in [(PushApi::V2, "/push/meeting"), (PushApi::V1, "/push/events")] {
        let (base, endpoint) = serve(verdict).await;
        let ends = calendar(api, &base).send(&flights, at("2026-03-01T12:00:00Z")).await.unwrap();
        assert_eq!(
            ends,
            [
                FlightEnd::Confirmed("never_told"),
                FlightEnd::NotNow("unreadable_here".to_owned()),
                FlightEnd::Confirmed("accepted"),
            ]
        );
        let seen = endpoint.seen.lock().unwrap();
        let [(at, headers, body)] = seen.as_slice() else { panic!("{seen:?}") };
        assert_eq!((at.as_str(), headers["ApiKey"].to_str().unwrap()), (path, "the key"));
        let records = if api == PushApi::V1 { &body["Items"] } else { body };
        assert_eq!(records.as_array().unwrap().len(), 1);
    }
}

#[tokio::test]
async fn an_answer_for_an_event_is_read_as_one_for_a_person() {
    let answers: [(Answering, &str); 6] = [
        (|| StatusCode::OK.into_response(), "confirmed"),
        (
            || {
                axum::Json(json!({ "Meetings": [{ "MeetingId": "ANNUAL26", "Success": true }] }))
                    .into_response()
            },
            "confirmed",
        ),
        (
            || {
                let results =
                    json!([{ "MeetingId": "ANNUAL26", "Success": false, "Error": "Unknown TimeZone" }]);
                axum::Json(json!({ "Results": results })).into_response()
            },
            "refused refused_time_zone",
        ),
        (|| (StatusCode::BAD_REQUEST, "Title").into_response(), "refused refused_title"),
        (|| Html("<html>Maintenance</html>").into_response(), "failed"),
        (|| StatusCode::INTERNAL_SERVER_ERROR.into_response(), "failed"),
    ];
    for (answer, means) in answers {
        let (base, _) = serve(answer).await;
        let ends =
            calendar(PushApi::V2, &base).send(&[flight(present_state())], at("2026-03-01T12:00:00Z")).await;
        let said = match ends.as_deref() {
            Ok([FlightEnd::Confirmed(_)]) => "confirmed".to_owned(),
            Ok([FlightEnd::Refused(word)]) => format!("refused {word}"),
            Ok(other) => format!("{other:?}"),
            Err(_) => "failed".to_owned(),
        };
        assert_eq!(said, means);
    }
}
