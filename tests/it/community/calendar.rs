//! Stories of a community's calendar that follows the public events of the AMS.

use jiff::SignedDuration;
use membergate::sim::higher_logic::{Credentials, Settings as HigherLogicSettings, Simulator};
use membergate::sim::people::Event;
use membergate::sim::re_members::{Endpoint, Scope};
use membergate::sim::switches::Fault;

use super::receiver::{Entry, Receiver, Trouble, Way};
use super::{COMMUNITY, start, start_with, told};
use crate::admin::{guards, sam};
use crate::directory::in_step;
use crate::world::{Plan, World};

const ANNUAL: &str = "ANNUAL26";

const CALENDAR: &str = "\n[calendar]\nevents = true\ntype = \"Conference\"\n";

async fn with_calendar(way: Way) -> (World, Receiver) {
    start_with(way, &format!("{COMMUNITY}{CALENDAR}")).await
}

/// An event so many days from now.
fn event(world: &World, code: &str, days: i64) -> Event {
    let day = world.people().today().saturating_add(jiff::Span::new().days(days));
    Event {
        id: format!("id-{code}"),
        code: code.to_owned(),
        name: format!("Event {code}"),
        start_date: Some(format!("{day}T00:00:00")),
        end_date: Some(format!("{day}T00:00:00")),
        public_event: true,
        ..Event::default()
    }
}

fn edit(world: &World, code: &str, change: impl FnOnce(&mut Event)) {
    world.people().edit_events(|events| change(events.iter_mut().find(|event| event.code == code).unwrap()));
}

fn remove(world: &World, code: &str) {
    world.people().edit_events(|events| events.retain(|event| event.code != code));
}

/// Time passes slowly until the answer is there: a call that failed on a busy machine is tried again by the clock of the world.
async fn soon<T>(world: &World, what: &str, mut ask: impl AsyncFnMut() -> Option<T>) -> T {
    for _ in 0..600 {
        if let Some(answer) = ask().await {
            return answer;
        }
        world.forward(SignedDuration::from_secs(1));
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    panic!("not soon: {what}");
}

async fn shown(world: &World, receiver: &Receiver, id: &str) -> Entry {
    soon(world, &format!("{id} stands in the calendar"), async || receiver.shown(id)).await
}

async fn gone(world: &World, receiver: &Receiver, id: &str) {
    let removed = async || receiver.entry(id).filter(|entry| entry.is_removed);
    soon(world, &format!("{id} is taken out"), removed).await;
}

fn calls(world: &World) -> u64 {
    world.people().calls(Endpoint::EventCatalogue)
}

/// An hour passes, and the list is asked for.
async fn an_hour(world: &World) {
    let before = calls(world);
    world.forward(SignedDuration::from_mins(61));
    soon(world, "the list of events is asked for", async || (calls(world) > before).then_some(())).await;
}

/// An hour passes, and what the list then said is planned: an event of it that is new stands in the calendar.
async fn an_hour_that_is_planned(world: &World, receiver: &Receiver, marker: &str) {
    let marker = event(world, marker, 200);
    let code = marker.code.clone();
    world.people().edit_events(|events| events.push(marker));
    an_hour(world).await;
    shown(world, receiver, &code).await;
}

async fn follows(way: Way) {
    let (world, receiver) = with_calendar(way).await;
    let first = shown(&world, &receiver, ANNUAL).await;
    assert_eq!((first.title.as_str(), first.kind.as_str()), ("Annual Meeting", "Conference"));
    assert_eq!(first.zone, "America/Indiana/Indianapolis");
    assert!(first.begin.ends_with(":00:00.000Z") && first.end.ends_with(":00:00.000Z"), "{first:?}");
    assert_eq!(receiver.entry("WEBINAR1"), None, "it is not public");

    let moved = event(&world, ANNUAL, 45);
    edit(&world, ANNUAL, |annual| *annual = moved);
    an_hour(&world).await;
    let second = soon(&world, "it is on another day", async || {
        receiver.shown(ANNUAL).filter(|entry| entry.begin != first.begin)
    })
    .await;
    assert!(second.begin > first.begin && second.title == "Event ANNUAL26");

    edit(&world, ANNUAL, |annual| annual.public_event = false);
    an_hour(&world).await;
    gone(&world, &receiver, ANNUAL).await;
    edit(&world, ANNUAL, |annual| annual.public_event = true);
    an_hour(&world).await;
    assert_eq!(shown(&world, &receiver, ANNUAL).await, second);
    edit(&world, ANNUAL, |annual| annual.status = Some("Cancelled".to_owned()));
    an_hour(&world).await;
    gone(&world, &receiver, ANNUAL).await;
    edit(&world, ANNUAL, |annual| annual.status = None);
    an_hour(&world).await;
    shown(&world, &receiver, ANNUAL).await;

    // What is missing once may come back; the second reading comes soon.
    remove(&world, ANNUAL);
    an_hour_that_is_planned(&world, &receiver, "GALA").await;
    assert!(receiver.shown(ANNUAL).is_some());
    world.forward(SignedDuration::from_mins(11));
    gone(&world, &receiver, ANNUAL).await;

    let requests = receiver.event_requests();
    an_hour(&world).await;
    an_hour(&world).await;
    assert_eq!(receiver.event_requests(), requests, "nothing has changed");
    assert_eq!(receiver.withdrawn(), [ANNUAL; 3]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_calendar_by_version_2_follows_the_ams() {
    follows(Way::Empty).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_calendar_by_version_1_follows_the_ams() {
    follows(Way::Verdict).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_that_is_over_stays_whatever_becomes_of_it_in_the_ams() {
    let (world, receiver) = with_calendar(Way::Empty).await;
    let [soon, private] = [event(&world, "SOON", 2), event(&world, "PRIVATE", 2)];
    world.people().edit_events(|events| events.extend([soon, private]));
    an_hour(&world).await;
    let before = [shown(&world, &receiver, "SOON").await, shown(&world, &receiver, "PRIVATE").await];
    world.forward(SignedDuration::from_hours(24 * 4));
    remove(&world, "SOON");
    edit(&world, "PRIVATE", |event| event.public_event = false);
    for marker in ["M1", "M2", "M3"] {
        an_hour_that_is_planned(&world, &receiver, marker).await;
    }
    assert_eq!([receiver.shown("SOON"), receiver.shown("PRIVATE")], before.map(Some));
    assert_eq!(receiver.withdrawn(), Vec::<String>::new());
    let late = event(&world, "LATE", -1);
    world.people().edit_events(|events| events.push(late));
    an_hour_that_is_planned(&world, &receiver, "M4").await;
    assert_eq!(receiver.entry("LATE"), None, "it was over before it was seen");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_that_fails_lacks_rows_or_is_empty_takes_nothing_out() {
    let (world, receiver) = with_calendar(Way::Empty).await;
    let more: Vec<Event> = (1..8).map(|number| event(&world, &format!("E{number}"), 30 + number)).collect();
    world.people().edit_events(|events| events.extend(more));
    an_hour(&world).await;
    shown(&world, &receiver, ANNUAL).await;
    shown(&world, &receiver, "E7").await;
    let people = world.people();
    let fail = |fault: Fault| {
        people.update_switches(|switches| {
            (switches.fault, switches.fault_on) = (fault, Scope::Only(Endpoint::EventCatalogue));
        });
    };
    for fault in [Fault::ServerError, Fault::HtmlOk, Fault::WrongShape, Fault::TruncatedJson, Fault::HalfRows]
    {
        fail(fault);
        an_hour(&world).await;
        fail(Fault::None);
        an_hour_that_is_planned(&world, &receiver, &format!("{fault:?}")).await;
    }
    let mut all = Vec::new();
    people.edit_events(|events| all = std::mem::take(events));
    for end in ["empty_list", "no_content", "not_found", "bad_request"] {
        people.set_switch(&format!("end_of_list={end}")).unwrap();
        an_hour(&world).await;
        an_hour(&world).await;
    }
    people.edit_events(|events| *events = all);
    an_hour_that_is_planned(&world, &receiver, "BACK").await;
    assert!(receiver.shown(ANNUAL).is_some() && receiver.shown("E1").is_some());
    assert_eq!(receiver.withdrawn(), Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn many_that_vanish_wait_for_an_administrator() {
    let (world, receiver) = with_calendar(Way::Empty).await;
    let more: Vec<Event> = (1..15).map(|number| event(&world, &format!("E{number}"), 30 + number)).collect();
    world.people().edit_events(|events| events.extend(more));
    an_hour(&world).await;
    shown(&world, &receiver, "E14").await;
    world.people().edit_events(|events| events.retain(|event| !event.code.starts_with('E')));
    an_hour_that_is_planned(&world, &receiver, "M1").await;
    an_hour(&world).await;
    let mut sam = sam(&world).await;
    let page = soon(&world, "it waits for an administrator", async || {
        let page = sam.get(world.url("/_gate/admin/deliveries")).await.expect(200);
        page.text.contains("14 of 16 events would be taken out").then_some(page)
    })
    .await;
    assert!(page.text.contains("It is right: take them out"));
    assert_eq!(receiver.withdrawn(), Vec::<String>::new());
    let (token, _) = guards(&page);
    let since = page.attribute("name=\"since\"", "value").unwrap();
    let fields = [
        ("token", &*token),
        ("subscriber", "higher_logic:calendar"),
        ("since", &since),
        ("confirmed", "yes"),
    ];
    sam.post(world.url("/_gate/admin/deliveries/resume"), &fields).await.expect(303);
    for number in 1..15 {
        gone(&world, &receiver, &format!("E{number}")).await;
    }
    assert!(receiver.shown(ANNUAL).is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn one_event_that_it_cannot_bear_is_set_aside_alone() {
    let (world, receiver) = with_calendar(Way::Empty).await;
    receiver.spoil(Some("BAD"));
    receiver.event_trouble(&[Trouble::Status(500), Trouble::Page]);
    let [bad, good] = [event(&world, "BAD", 10), event(&world, "GOOD", 10)];
    world.people().edit_events(|events| events.extend([bad, good]));
    an_hour(&world).await;
    for _ in 0..4 {
        world.forward(SignedDuration::from_mins(2));
        tokio::time::sleep(std::time::Duration::from_millis(300)).await;
    }
    shown(&world, &receiver, "GOOD").await;
    let mut sam = sam(&world).await;
    let page = soon(&world, "it is set aside", async || {
        let page = sam.get(world.url("/_gate/admin/deliveries")).await.expect(200);
        page.text.contains("refused title").then_some(page)
    })
    .await;
    assert!(page.text.contains("event:bad") && page.text.contains("Send all events again"));
    let page = sam.get(world.url("/_gate/admin/deliveries?who=event%3Abad")).await.expect(200);
    assert!(page.text.contains("calendar entry") && !page.text.contains("Forget"), "{}", page.text);
    receiver.spoil(None);
    let (token, _) = guards(&page);
    let fields = [("token", &*token), ("id", "event:bad"), ("confirmed", "yes")];
    sam.post(world.url("/_gate/admin/deliveries/forget"), &fields).await.expect(303);
    let fields = [("token", &*token), ("subscriber", "higher_logic:calendar"), ("id", "event:bad")];
    sam.post(world.url("/_gate/admin/deliveries/again"), &fields).await.expect(303);
    shown(&world, &receiver, "BAD").await;
    let people = sam.get(world.url("/_gate/admin/deliveries?who=event%3Abad")).await.expect(200);
    assert!(!people.text.contains("higher_logic</th>"), "nobody else is told of an event");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gateway_that_starts_again_goes_on_and_sends_nothing_twice() {
    let (mut world, receiver) = with_calendar(Way::Verdict).await;
    let first = shown(&world, &receiver, ANNUAL).await;
    world.close_gate().await;
    let requests = receiver.event_requests();
    let before = calls(&world);
    world.open_gate().await;
    soon(&world, "the list is read", async || (calls(&world) > before + 1).then_some(())).await;
    an_hour(&world).await;
    assert_eq!(receiver.event_requests(), requests);
    world.close_gate().await;
    edit(&world, ANNUAL, |annual| annual.name = "Annual Gathering".to_owned());
    world.open_gate().await;
    soon(&world, "its new name is there", async || {
        receiver.shown(ANNUAL).filter(|entry| entry.title == "Annual Gathering" && entry.begin == first.begin)
    })
    .await;
    assert_eq!(receiver.withdrawn(), Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_calendar_nobody_asks_for_events() {
    let (world, receiver) = start(Way::Empty).await;
    told(&world, &receiver).await;
    assert_eq!((calls(&world), receiver.event_requests()), (0, 0));
}

/// The simulated community refuses every field that it does not know.
async fn by_the_simulator(api: &str, path: &str) {
    let community = Simulator::start(HigherLogicSettings::demo()).await.unwrap();
    community.control().set_switch("unknown_fields=refused").unwrap();
    let credentials = Credentials::demo();
    let key = if api == "v1" { credentials.gateway_key } else { credentials.api_key };
    let more = format!(
        "[higher_logic]\napi = \"{api}\"\nurl = \"{}{path}\"\ntenant_code = \"DEMO\"\napi_key = {{ env = \"PUSH_KEY\" }}\n",
        community.base_url()
    );
    let plan = Plan {
        more,
        variables: vec![("PUSH_KEY", key.leak())],
        files: vec![("/etc/membergate/community.toml", format!("{COMMUNITY}{CALENDAR}"))],
        ..in_step()
    };
    let world = World::planned(plan).await;
    edit(&world, ANNUAL, |annual| {
        annual.description = Some("<p>Come <script>x()</script>all</p>".to_owned());
        annual.external_url = Some("https://events.example/annual".to_owned());
        (annual.location, annual.city) = (Some("Harbor Hall".to_owned()), Some("Portland, ME".to_owned()));
    });
    world.forward(SignedDuration::from_mins(61));
    let mut visitor = world.visitor();
    let admin = format!("{}/admin", community.base_url());
    let page = soon(&world, "the event is in the calendar", async || {
        world.forward(SignedDuration::from_mins(1));
        let page = visitor.get(&admin).await.expect(200).text;
        page.contains("Harbor Hall, Portland, ME").then_some(page)
    })
    .await;
    for part in [
        "Annual Meeting",
        "<code>ANNUAL26</code>",
        "Conference",
        "America/Indiana/Indianapolis",
        "<td>shown</td>",
    ] {
        assert!(page.contains(part), "{part}: {page}");
    }
    edit(&world, ANNUAL, |annual| annual.public_event = false);
    world.forward(SignedDuration::from_mins(61));
    let status = if api == "v1" { "<td>not active</td>" } else { "<td>deleted</td>" };
    soon(&world, "it is taken out", async || {
        world.forward(SignedDuration::from_mins(1));
        visitor.get(&admin).await.expect(200).text.contains(status).then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_simulated_community_knows_every_field_of_an_event() {
    by_the_simulator("v2", "/v2").await;
    by_the_simulator("v1", "/push/v1").await;
}
