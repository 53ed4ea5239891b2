//! Looking at a site through a member's eyes, through the whole gateway: what is seen, what is refused, how it ends.

use std::time::Duration;

use jiff::SignedDuration;
use membergate::domain::session::SessionKey;
use membergate::flows::administer::{Actor, AdmittedBy};
use membergate::sim::re_members::Endpoint;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::world::{CHAIR, Plan, STAFF, Visitor, World};

async fn world() -> World {
    let more = "[admin]\nroles = [\"staff\"]\nview_as = true\n".to_owned();
    World::planned(Plan { more, ..Plan::default() }).await
}

/// Sam of the staff, signed in, with a link to impersonate Jane.
async fn with_link(world: &World) -> (Visitor, String) {
    let desk = world.gate().admin_services().unwrap();
    let mut sam = world.visitor();
    sam.sign_in(STAFF, world.url("/members")).await.expect(200);
    let jane = desk.people.find(CHAIR).await.unwrap().record.id;
    let actor = Actor { id: None, name: "Sam Osei".into(), admitted_by: AdmittedBy::Role };
    let token = desk.view_as.link(&actor, &jane, "localhost").await.unwrap();
    (sam, world.url(&format!("/_gate/view-as?token={token}")))
}

#[tokio::test(flavor = "multi_thread")]
async fn support_sees_what_a_member_sees_marked_on_every_page_and_can_change_nothing() {
    let world = world().await;
    let (mut sam, link) = with_link(&world).await;
    sam.get(world.url("/education")).await.expect(403);
    sam.open(&link).await.expect(200);

    let page = sam.get(world.url("/education")).await.expect(200);
    assert!(page.text.contains("Viewing as <strong>Jane Marlowe</strong>"), "{}", page.text);
    assert_eq!(page.header("membergate-view-as"), Some("Sam Osei"));
    assert_eq!(page.header("cache-control"), Some("no-store"));
    sam.plant("localhost", "wordpress_logged_in", "sam");
    let echo = sam.get(world.url("/echo")).await.expect(200);
    let headers = echo.json()["headers"].to_string();
    assert!(
        headers.contains("\"membergate-view-as\",\"Sam Osei\"") && headers.contains("Jane Marlowe"),
        "{headers}"
    );
    assert!(!headers.contains("wordpress_logged_in") && !headers.contains("\"cookie\""), "{headers}");
    assert!(!echo.text.contains("Stop viewing"), "only pages carry the bar");
    let refused = sam.post(world.url("/members/ask"), &[("question", "x")]).await.expect(403);
    assert!(refused.text.contains("You are only looking"), "{}", refused.text);

    // Our own pages never take Sam for Jane, and the link is spent.
    assert_eq!(sam.get(world.url("/_gate/me")).await.expect(200).json()["name"], "Sam Osei");
    world.visitor().get(&link).await.expect(404);

    sam.open(world.url("/_gate/view-as/end?return_to=%2Fmembers")).await.expect(200);
    assert_eq!(sam.cookie("localhost", "membergate-view"), None);
    let page = sam.get(world.url("/members")).await.expect(200);
    assert!(!page.text.contains("Viewing as"));
    sam.get(world.url("/education")).await.expect(403);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_that_is_refused_to_the_member_is_marked_too() {
    let world = world().await;
    let (mut sam, link) = with_link(&world).await;
    sam.open(&link).await.expect(200);
    world.people().edit_person(CHAIR, |jane| jane.committees.clear());
    world.gate().admin_services().unwrap().people.find(CHAIR).await.unwrap();
    // Her record is renewed in the background once it is due.
    world.forward(SignedDuration::from_mins(1));
    let mut nobody = world.visitor();
    nobody.sign_in(CHAIR, world.url("/members")).await.expect(200);
    let page = sam.get(world.url("/education")).await.expect(403);
    assert!(page.text.contains("Viewing as <strong>Jane Marlowe</strong>"), "{}", page.text);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_look_ends_by_itself_and_nothing_is_sent_in_the_lookers_own_name_by_mistake() {
    let world = world().await;
    let (mut sam, link) = with_link(&world).await;
    sam.open(&link).await.expect(200);
    world.forward(SignedDuration::from_mins(16));
    let late = sam.post(world.url("/members/ask"), &[("question", "x")]).await.expect(403);
    assert!(late.text.contains("You are only looking"), "{}", late.text);
    let page = sam.open(world.url("/members")).await.expect(200);
    assert_eq!(page.url.as_str(), world.url("/members"));
    assert!(!page.text.contains("Viewing as"));
    assert_eq!(sam.cookie("localhost", "membergate-view"), None);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_id_of_a_look_is_worth_nothing_as_a_session() {
    let world = world().await;
    let (mut sam, link) = with_link(&world).await;
    sam.open(&link).await.expect(200);
    let stolen = sam.cookie("localhost", "membergate-view").unwrap().clone();
    let mut thief = world.visitor();
    thief.plant("localhost", "membergate", &stolen);
    thief.get(world.url("/members")).await.expect(302);
    thief.fetch(world.url("/_gate/me")).await.expect(401);
}

#[tokio::test(flavor = "multi_thread")]
async fn ending_all_sessions_of_a_person_ends_open_streams_and_looks_within_two_seconds() {
    let world = world().await;
    let (mut sam, link) = with_link(&world).await;
    sam.open(&link).await.expect(200);
    let mut jane = world.visitor();
    jane.sign_in(CHAIR, world.url("/members")).await.expect(200);
    let desk = world.gate().admin_services().unwrap().clone();
    let id = desk.people.find_known(CHAIR).await.unwrap().record.id;
    let cookie = jane.cookie("localhost", "membergate").unwrap();
    let mut events = TcpStream::connect(world.address()).await.unwrap();
    let request =
        format!("GET /members/events HTTP/1.1\r\nHost: localhost\r\nCookie: membergate={cookie}\r\n\r\n");
    events.write_all(request.as_bytes()).await.unwrap();
    let mut first = [0; 15];
    events.read_exact(&mut first).await.unwrap();
    assert_eq!(&first, b"HTTP/1.1 200 OK");
    assert_eq!(desk.sessions.end_all_of(&id).await.unwrap(), 2);
    let to_the_end = async { tokio::io::copy(&mut events, &mut tokio::io::sink()).await.ok() };
    tokio::time::timeout(Duration::from_secs(2), to_the_end).await.expect("the stream has ended");
    jane.get(world.url("/members")).await.expect(302);
    let page = sam.open(world.url("/members")).await.expect(200);
    assert!(!page.text.contains("Viewing as"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gateway_with_administration_knows_how_it_does() {
    let world = world().await;
    let desk = world.gate().admin_services().unwrap();
    desk.people.find(CHAIR).await.unwrap();
    let status = desk.overview.status().await;
    assert_eq!((&*status.ams.environment, status.standby.as_deref()), ("production", Some("staging")));
    assert!(status.ams.last_success.is_some() && status.store.is_ok());
    assert_eq!(status.known, Some(1));
    assert!(
        status.budget.last_minute.iter().sum::<usize>() >= world.people().calls(Endpoint::Profile) as usize
    );
    assert_eq!(status.certificate_ends, None);
    assert!(!status.directory.in_step && desk.directory.status().rosters.len() == 1);
    let unknown = SessionKey([9; 32]);
    desk.sessions.end(&unknown).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_web_server_that_asks_gets_no_yes_for_a_look_since_it_could_not_mark_the_page() {
    let world = world().await;
    let (mut sam, link) = with_link(&world).await;
    let host = format!("localhost:{}", world.address().port());
    let asked = [
        ("x-forwarded-method", "GET"),
        ("x-forwarded-proto", "http"),
        ("x-forwarded-host", &*host),
        ("x-forwarded-uri", "/members"),
    ];
    let verify = world.url("/_gate/verify");
    let before = sam.request(reqwest::Method::GET, &verify, &asked, None).await.expect(200);
    assert_eq!(before.header("membergate-name"), Some("Sam Osei"));
    sam.open(&link).await.expect(200);
    let looking = sam.request(reqwest::Method::GET, &verify, &asked, None).await.expect(403);
    assert_eq!(looking.json()["error"], "read_only");
    assert_eq!(looking.header("membergate-name"), None);
    // A look that is over, or a cookie that never was one, is not taken for Sam himself either.
    sam.plant("localhost", "membergate-view", "nonsense");
    sam.request(reqwest::Method::GET, &verify, &asked, None).await.expect(403);
    sam.forget("localhost", "membergate-view");
    sam.request(reqwest::Method::GET, &verify, &asked, None).await.expect(200);
}
