//! What was acknowledged survives: the gateway, or the database server, is killed (SIGKILL) while people sign in and out and an
//! administrator publishes, and is started again.
//!
//! An answer that the browser has seen is a promise: a sign-in goes on, a sign-out stays, a published version is there, the audit log
//! has no gap. What was under way may have happened or not. `MEMBERGATE_CRASHES=30` kills that often; the default is small.

use std::process::Command;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use tokio::task::JoinSet;

use crate::admin::{MAPPING, add_committee, publish, sam};
use crate::process::Gateway;
use crate::world::postgres::PostgresServer;
use crate::world::{CHAIR, NON_MEMBER, Plan, SECOND_MEMBERSHIP, Visitor, World};

/// What browsers have been told.
#[derive(Default, Clone)]
struct Acknowledged {
    signed_in: Vec<Visitor>,
    /// With the cookie of the session that was ended.
    signed_out: Vec<Visitor>,
    /// Roles whose rule was published.
    published: Vec<String>,
}

impl Acknowledged {
    fn counts(&self) -> [usize; 3] {
        [self.signed_in.len(), self.signed_out.len(), self.published.len()]
    }
}

type Told = Arc<Mutex<Acknowledged>>;

#[expect(clippy::disallowed_methods, reason = "whoever runs the tests says how often")]
fn crashes() -> usize {
    std::env::var("MEMBERGATE_CRASHES").ok().and_then(|text| text.parse().ok()).unwrap_or(2)
}

/// Signs in, and every other time out again, until the gateway is gone.
async fn comes_and_goes(world: Arc<World>, told: Told, email: &'static str) {
    for round in 0.. {
        let mut visitor = world.visitor();
        visitor.sign_in(email, world.url("/members")).await;
        visitor.get(world.url("/_gate/me")).await.expect(200);
        if round % 2 == 0 {
            told.lock().unwrap().signed_in.push(visitor);
            continue;
        }
        let old = visitor.clone();
        visitor.get(world.url("/_gate/slo")).await.expect(303);
        told.lock().unwrap().signed_out.push(old);
    }
}

/// Publishes one rule after the other, until the gateway is gone.
async fn publishes(world: Arc<World>, told: Told, crash: usize) {
    let mut sam = sam(&world).await;
    for n in 0.. {
        let role = format!("chosen_{crash}_{n}");
        let page = sam.get(world.url(MAPPING)).await.expect(200);
        add_committee(&world, &mut sam, &page, "EDU", &role).await.expect(303);
        publish(&world, &mut sam).await.expect(303);
        told.lock().unwrap().published.push(role);
    }
}

/// Everything that was acknowledged is there.
async fn nothing_is_lost(world: &World, told: &Told) {
    let told = told.lock().unwrap().clone();
    for mut visitor in told.signed_in.iter().cloned() {
        visitor.get(world.url("/_gate/me")).await.expect(200);
    }
    for mut visitor in told.signed_out.iter().cloned() {
        visitor.get(world.url("/_gate/me")).await.expect(401);
    }
    let mut sam = sam(world).await;
    let mapping = sam.get(world.url("/_gate/admin/files/export?which=published")).await.expect(200).text;
    for role in &told.published {
        assert!(mapping.contains(role), "{role} was published and is lost");
    }
    let log = sam.get(world.url("/_gate/admin/audit/download")).await.expect(200).text;
    let entries: Vec<csv::StringRecord> =
        csv::Reader::from_reader(log.as_bytes()).records().collect::<Result<_, _>>().unwrap();
    let publications = entries.iter().filter(|entry| &entry[5] == "published").count();
    assert!(publications >= told.published.len(), "{publications} of {}: {log}", told.published.len());
    let numbers: Vec<u64> = entries.iter().map(|entry| entry[0].parse().unwrap()).collect();
    assert!(numbers.windows(2).all(|pair| pair[0] == pair[1] + 1), "the audit log has a gap: {numbers:?}");
}

/// Load on the gateway for a moment; then `kill` ends something. Those whose answer did not come are told nothing.
async fn until_killed(world: &Arc<World>, told: &Told, crash: usize, kill: impl FnOnce()) {
    let mut load = JoinSet::new();
    for email in [CHAIR, SECOND_MEMBERSHIP, NON_MEMBER] {
        load.spawn(comes_and_goes(Arc::clone(world), Arc::clone(told), email));
    }
    load.spawn(publishes(Arc::clone(world), Arc::clone(told), crash));
    // Something of each kind was acknowledged; and not always at the same point of whatever is under way.
    let before = told.lock().unwrap().counts();
    let deadline = Instant::now() + Duration::from_secs(30);
    while told.lock().unwrap().counts().iter().zip(before).any(|(now, before)| *now == before) {
        assert!(Instant::now() < deadline, "nothing is acknowledged: {before:?}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    tokio::time::sleep(Duration::from_millis(37 * (crash as u64 % 11))).await;
    kill();
    // An answer that does not come ends a person's task by a panic: no promise was made.
    let ended =
        tokio::time::timeout(Duration::from_secs(20), async { while load.join_next().await.is_some() {} });
    let _still_waiting = ended.await;
    load.abort_all();
}

fn plan() -> Plan {
    Plan { more: "[admin]\nroles = [\"staff\"]\n".to_owned(), ..Plan::default() }
}

/// With a PostgreSQL server that nobody else uses.
async fn on_a_server_of_its_own() -> (World, PostgresServer) {
    let server = PostgresServer::start("");
    let database = Some(server.url(&server.database()));
    (World::planned(Plan { database, ..plan() }).await, server)
}

fn signal(server: &PostgresServer, name: &str) {
    let sent = Command::new("kill").args(["-s", name, &server.process()]).status().unwrap();
    assert!(sent.success());
}

/// A server whose every process stands still, until it is dropped.
struct Frozen<'a>(&'a PostgresServer);

impl Frozen<'_> {
    fn signal(&self, name: &str) {
        let pid = self.0.process();
        let all = format!("kill -s {name} {pid} $(cat /proc/{pid}/task/{pid}/children)");
        assert!(Command::new("sh").args(["-c", &all]).status().unwrap().success());
    }
}

impl Drop for Frozen<'_> {
    fn drop(&mut self) {
        self.signal("CONT");
    }
}

/// Kills gateway after gateway.
async fn gateways_are_killed(mut world: World) {
    world.close_gate().await;
    let (world, told) = (Arc::new(world), Told::default());
    for crash in 0..crashes() {
        let gateway = Gateway::start(&world);
        nothing_is_lost(&world, &told).await;
        until_killed(&world, &told, crash, || drop(gateway)).await;
    }
    let _gateway = Gateway::start(&world);
    nothing_is_lost(&world, &told).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gateway_that_is_killed_has_lost_nothing_that_it_acknowledged() {
    gateways_are_killed(World::planned(plan()).await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gateway_on_postgresql_that_is_killed_has_lost_nothing_either() {
    let (world, _server) = on_a_server_of_its_own().await;
    gateways_are_killed(world).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_server_that_is_killed_has_lost_nothing_that_was_acknowledged() {
    let (world, mut server) = on_a_server_of_its_own().await;
    let (world, told) = (Arc::new(world), Told::default());
    for crash in 0..crashes() {
        until_killed(&world, &told, crash, || signal(&server, "KILL")).await;
        server.start_again();
        answers_again(&world).await;
        nothing_is_lost(&world, &told).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn connections_that_are_cut_lose_nothing_that_was_acknowledged() {
    let (world, server) = on_a_server_of_its_own().await;
    let (world, told) = (Arc::new(world), Told::default());
    let cut = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
               WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()";
    for crash in 0..crashes() {
        until_killed(&world, &told, crash, || {
            for _ in 0..20 {
                server.run("postgres", cut);
                std::thread::sleep(Duration::from_millis(50));
            }
        })
        .await;
        answers_again(&world).await;
        nothing_is_lost(&world, &told).await;
    }
}

/// The gateway has met its store again.
async fn answers_again(world: &World) {
    let deadline = Instant::now() + Duration::from_secs(30);
    let ready = format!("http://{}/readyz", world.gate().operations());
    while reqwest::get(&ready).await.is_ok_and(|answer| answer.status() != 200) {
        assert!(Instant::now() < deadline, "the gateway is not ready again");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_frozen_leaves_people_signed_in_for_a_while_and_then_a_page_says_so() {
    let server = PostgresServer::start("");
    let database = Some(server.url(&server.database()));
    let session = "store_gone = \"2s\"".to_owned();
    let mut world = World::planned(Plan { database, session, ..plan() }).await;
    let (mut jane, mut tomas) = (world.visitor(), world.visitor());
    jane.sign_in(CHAIR, world.url("/education")).await.expect(200);
    tomas.sign_in(SECOND_MEMBERSHIP, world.url("/members")).await.expect(200);
    let old = jane.clone();

    let frozen = Frozen(&server);
    frozen.signal("STOP");
    jane.get(world.url("/education")).await.expect(200);
    let deadline = Instant::now() + Duration::from_secs(30);
    let told = loop {
        let page = tomas.get(world.url("/members")).await;
        if page.status != 200 {
            break page.expect(503);
        }
        assert!(Instant::now() < deadline, "memory is believed for ever");
        tokio::time::sleep(Duration::from_millis(100)).await;
    };
    assert!(told.text.contains("We cannot look that up just now"), "{}", told.text);
    assert!(told.text.contains("http-equiv=\"refresh\""), "it tries again by itself: {}", told.text);
    world.visitor().get(world.url("/")).await.expect(200);
    tomas.fetch(world.url("/_gate/me")).await.expect(503);
    // Whoever signs out is signed out here, and is told that nobody else knows yet.
    let left = jane.get(world.url("/_gate/logout")).await.expect(503);
    assert!(left.text.contains("You are signed out of this site"), "{}", left.text);
    assert!(jane.cookie("localhost", "membergate").is_none());

    drop(frozen);
    answers_again(&world).await;
    let deadline = Instant::now() + Duration::from_secs(30);
    while tomas.get(world.url("/members")).await.status != 200 {
        assert!(Instant::now() < deadline, "nobody is believed again");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    old.clone().get(world.url("/_gate/me")).await.expect(401);
    world.close_gate().await;
    world.open_gate().await;
    old.clone().get(world.url("/_gate/me")).await.expect(401);
    tomas.get(world.url("/members")).await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_with_too_many_connections_says_so_and_lets_people_in_when_there_is_room() {
    let server = PostgresServer::start("-c max_connections=24 -c superuser_reserved_connections=3");
    let name = server.database();
    let world = World::planned(Plan { database: Some(server.url(&name)), ..plan() }).await;
    let mut jane = world.visitor();
    jane.sign_in(CHAIR, world.url("/education")).await.expect(200);
    let mut others = Vec::new();
    while let Ok((client, connection)) =
        tokio_postgres::connect(&server.url(&name), tokio_postgres::NoTls).await
    {
        others.push((client, tokio::spawn(connection)));
        assert!(others.len() < 100, "the limit holds");
    }
    // Ours are cut, so that they have to be made again.
    let (last, _) = others.last().unwrap();
    let ours = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE '%gateway_lease%' AND pid <> pg_backend_pid()";
    last.simple_query(ours).await.unwrap();
    while let Ok((client, connection)) =
        tokio_postgres::connect(&server.url(&name), tokio_postgres::NoTls).await
    {
        others.push((client, tokio::spawn(connection)));
    }
    jane.get(world.url("/education")).await.expect(200);
    drop(others);
    answers_again(&world).await;
    world.visitor().sign_in(CHAIR, world.url("/education")).await.expect(200);
}
