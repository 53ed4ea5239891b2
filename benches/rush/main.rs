//! How long people wait when many sign in at once, in real time, against a simulated re:Members with its limits (3 calls a second,
//! 60 a minute). The gateway is the built program.
//!
//! `cargo bench --bench rush --profile dev -- MODE…` runs the modes that are named; without a name it lists them. Most take minutes.

#![expect(clippy::unwrap_used, clippy::panic, clippy::print_stdout, reason = "a benchmark")]
#![expect(unreachable_pub, reason = "nothing is published from here")]

mod crowd;
mod memory;
mod stage;

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use crowd::{Journey, summary};
use membergate::sim::people::{Purchase, Registration};
use serde_json::{Value, json};
use stage::{Rules, Stage, Usage, address};

const MODES: &[(&str, &str)] = &[
    ("300-warm", "300 people within 10 s, no rule that needs a list, the gateway has its tokens"),
    ("300-cold", "the same, the gateway has just started"),
    ("60-warm", "60 people in the same second"),
    ("60-cold", "the same, the gateway has just started"),
    ("300-committee", "300 people within 10 s, one rule about a committee"),
    ("lone", "a sign-in that comes alone while 2,000 sessions are read again: 100 times"),
    ("whale", "a person with 1,500 purchases and 500 registrations among 20 others, filters looked at"),
    ("whale-unfiltered", "the same, filters not looked at"),
    ("10000", "10,000 browsers come within two minutes, an AMS that takes 400 calls a minute"),
    ("memory", "100,000 people on file, and as many live sessions: bytes for each"),
    ("flood-1", "forged returns from one network beside 60 honest people"),
    ("flood-1000", "forged returns from 1,000 networks beside 60 honest people"),
];

fn main() {
    let asked: Vec<String> = std::env::args().skip(1).filter(|it| !it.starts_with("--")).collect();
    if asked.is_empty() {
        println!("Modes:");
        for (name, what) in MODES {
            println!("  {name:<17} {what}");
        }
        return;
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    for mode in asked {
        let what = MODES.iter().find(|(name, _)| *name == mode).unwrap_or_else(|| panic!("no mode {mode}")).1;
        println!("\n== {mode}: {what}");
        runtime.block_on(run(&mode));
    }
}

async fn run(mode: &str) {
    let ten = Duration::from_secs(10);
    let second = Duration::from_millis(500);
    match mode {
        "300-warm" => rush(Rules::Plain, 300, ten, true).await,
        "300-cold" => rush(Rules::Plain, 300, ten, false).await,
        "60-warm" => rush(Rules::Plain, 60, second, true).await,
        "60-cold" => rush(Rules::Plain, 60, second, false).await,
        "300-committee" => rush(Rules::Committee, 300, ten, true).await,
        "lone" => lone().await,
        "whale" => whale("honored").await,
        "whale-unfiltered" => whale("ignored").await,
        "10000" => waiting_room().await,
        "memory" => memory::memory().await,
        "flood-1" => flood(1).await,
        _ => flood(1000).await,
    }
}

async fn rush(rules: Rules, people: usize, within: Duration, is_warm: bool) {
    let stage = Stage::set(rules, people, "").await;
    if is_warm {
        stage.warm_up(true).await;
    }
    let patience = Duration::from_secs(if rules == Rules::Plain { 600 } else { 1500 });
    let journeys = stage.rush(people, within, patience).await;
    print(&journeys);
    calls(&stage, people).await;
}

fn print(journeys: &[Journey]) {
    println!("{}", summary(journeys));
    let mut errors: BTreeMap<&str, usize> = BTreeMap::new();
    for error in journeys.iter().flat_map(|journey| &journey.errors) {
        *errors.entry(error).or_default() += 1;
    }
    for (error, times) in errors {
        println!("  {times} × {error}");
    }
}

/// The calls that the AMS got, by kind and for each sign-in, and how evenly they came.
async fn calls(stage: &Stage, people: usize) {
    let report = stage.told("GET", "/calls?limit=10000", json!({})).await;
    let kinds = report["kinds"].as_object().unwrap();
    for (kind, count) in kinds.iter().filter(|(kind, _)| *kind != "login") {
        let calls = count["calls"].as_f64().unwrap();
        println!("  {kind:<20} {calls:>5}  {:.2} a sign-in", calls / people as f64);
    }
    println!("  all {} ({} refused by the limit)", report["calls"], report["refused"]);
    let mut at: Vec<f64> =
        report["latest"].as_array().unwrap().iter().filter(|it| it["portal"] == false).map(instant).collect();
    at.sort_by(f64::total_cmp);
    println!("  most in one second: {}, in one minute: {}", most_within(&at, 1.0), most_within(&at, 60.0));
}

fn instant(call: &Value) -> f64 {
    let at: jiff::Timestamp = call["at"].as_str().unwrap().parse().unwrap();
    at.as_millisecond() as f64 / 1000.0
}

fn most_within(at: &[f64], seconds: f64) -> usize {
    at.iter()
        .map(|from| at.iter().filter(|it| **it >= *from && **it < from + seconds).count())
        .max()
        .unwrap_or(0)
}

/// 2,000 sessions that ask again and again, so that their records are read again; and now and then a stranger who signs in.
async fn lone() {
    const SESSIONS: usize = 2_000;
    let mut stage = Stage::set(Rules::Plain, SESSIONS + 100, "refresh_after = \"60s\"").await;
    // To have that many sessions, the limits are off for a while.
    stage.close();
    stage.configure("refresh_after = \"60s\"", "calls_per_second = 1000\ncalls_per_minute = 100000");
    stage.told("PATCH", "/switches", json!({ "rate_limit": "off" })).await;
    stage.open().await;
    let begun = Instant::now();
    let mut sessions = Vec::new();
    for chunk in (0..SESSIONS).collect::<Vec<_>>().chunks(50) {
        let mut signing_in = tokio::task::JoinSet::new();
        for n in chunk.iter().copied() {
            let (email, password) = stage.people[n].clone();
            let (mut browser, wanted) = (stage.browser(Some(address(n))), stage.url("/members"));
            signing_in.spawn(async move {
                let journey = browser
                    .sign_in(&wanted, (&email, &password), Instant::now(), Duration::from_secs(60))
                    .await;
                (journey, browser)
            });
        }
        sessions.extend(
            signing_in.join_all().await.into_iter().filter(|(it, _)| it.entered.is_some()).map(|(_, it)| it),
        );
    }
    println!("  {} sessions after {:.0} s", sessions.len(), begun.elapsed().as_secs_f64());
    stage.close();
    stage.configure("refresh_after = \"60s\"", "");
    stage.told("PATCH", "/switches", json!({ "rate_limit": "on" })).await;
    stage.open().await;
    let members = stage.url("/members");
    let visiting = tokio::spawn({
        let members = members.clone();
        async move {
            loop {
                for browser in &mut sessions {
                    let _ = browser.ask(reqwest::Method::GET, &members, None).await;
                    tokio::time::sleep(Duration::from_millis(5)).await;
                }
            }
        }
    });
    tokio::time::sleep(Duration::from_secs(90)).await;
    stage.told("DELETE", "/calls", json!({})).await;
    let mut took = Vec::new();
    let mut failed = 0;
    for (email, password) in &stage.people[SESSIONS..] {
        let mut browser = stage.browser(Some("198.51.100.7".to_owned()));
        let begun = Instant::now();
        let back = browser.reach_the_callback(&members, email, password).await.unwrap();
        let arrived = Instant::now();
        let journey = browser.finish(back, &members, begun, Duration::from_secs(60)).await;
        if journey.entered.is_some() {
            took.push(arrived.elapsed().as_secs_f64())
        } else {
            failed += 1
        }
        tokio::time::sleep(Duration::from_secs(3)).await;
    }
    visiting.abort();
    took.sort_by(f64::total_cmp);
    let within = took.iter().filter(|it| **it < 1.0).count();
    println!(
        "  {within} of {} within 1 s from the AMS's answer to the page, {failed} failed; longest {:.2} s",
        took.len() + failed,
        took.last().unwrap_or(&0.0)
    );
    calls(&stage, took.len()).await;
}

async fn whale(filters: &str) {
    let stage = Stage::set(Rules::Lists, 21, "").await;
    let (email, password) = stage.people[0].clone();
    stage.told("PATCH", "/switches", json!({ "list_filters": filters })).await;
    stage.ams.control().edit_person(&email, |person| {
        let purchase = |n: usize| Purchase {
            product_code: if n == 1499 { "YEARBOOK".to_owned() } else { format!("BOOK-{n}") },
            order_number: format!("O-{n}"),
            purchase_date: Some("2020-01-01T00:00:00".to_owned()),
            ..Purchase::default()
        };
        person.purchases = (0..1500).map(purchase).collect();
        let registration = |n: usize| Registration {
            event: if n == 499 { "SUMMIT26".to_owned() } else { format!("EVENT-{n}") },
            registration_date: Some("2020-01-01T00:00:00".to_owned()),
            registration_number: format!("R-{n}"),
            ..Registration::default()
        };
        person.registrations = (0..500).map(registration).collect();
    });
    stage.warm_up(true).await;
    let (begun, members) = (Instant::now(), stage.url("/members"));
    let mut browser = stage.browser(Some(address(0)));
    let journey = browser.sign_in(&members, (&email, &password), begun, Duration::from_secs(600)).await;
    println!("  in after {:.1} s", journey.entered.unwrap_or_default().as_secs_f64());
    calls(&stage, 1).await;
    let me = async |browser: &mut crowd::Browser| -> Value {
        let answer = browser.ask(reqwest::Method::GET, &stage.url("/_gate/me"), None).await.unwrap();
        serde_json::from_str(&answer.text).unwrap_or(Value::Null)
    };
    println!("  still being read: {}", me(&mut browser).await["still_reading"]);
    let others = Instant::now();
    let mut took = Vec::new();
    for (n, (email, password)) in stage.people.iter().enumerate().skip(1) {
        let mut browser = stage.browser(Some(address(n)));
        let back = browser.reach_the_callback(&members, email, password).await.unwrap();
        let arrived = Instant::now();
        let journey = browser.finish(back, &members, others, Duration::from_secs(300)).await;
        took.push(if journey.entered.is_some() { arrived.elapsed().as_secs_f64() } else { f64::INFINITY });
        tokio::time::sleep(Duration::from_secs(6)).await;
    }
    println!("  20 others, one each 6 s: {took:.1?} s");
    while me(&mut browser).await["still_reading"] != json!([]) {
        assert!(begun.elapsed() < Duration::from_secs(1800), "never read whole");
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    let me = me(&mut browser).await;
    let roles: Vec<&Value> = me["roles"].as_array().unwrap().iter().map(|it| &it["role"]).collect();
    println!("  whole after {:.0} s: {roles:?}", begun.elapsed().as_secs_f64());
}

async fn waiting_room() {
    const BROWSERS: usize = 10_000;
    const LOOK: Duration = Duration::from_secs(60);
    let mut stage = Stage::set(Rules::Plain, 2_000, "").await;
    // So many places are given only while nobody waits for more than half an hour.
    stage.close();
    stage.configure("", "calls_per_second = 8\ncalls_per_minute = 400");
    stage
        .told("PATCH", "/switches", json!({ "rate_limit_per_second": 8, "rate_limit_per_minute": 400 }))
        .await;
    stage.open().await;
    let before = stage.usage();
    let begun = Instant::now();
    let mut waiting = tokio::task::JoinSet::new();
    for n in 0..BROWSERS {
        let (email, password) = stage.people[n % stage.people.len()].clone();
        let (mut browser, wanted) = (stage.browser(Some(address(n))), stage.url("/members"));
        waiting.spawn(async move {
            tokio::time::sleep(Duration::from_secs(120) * n as u32 / BROWSERS as u32).await;
            browser.sign_in(&wanted, (&email, &password), begun, Duration::from_secs(300)).await
        });
    }
    tokio::time::sleep(Duration::from_secs(180)).await;
    let first = stage.usage();
    tokio::time::sleep(LOOK).await;
    let second = stage.usage();
    rate("the gateway while they wait", first, second, LOOK);
    println!("  memory: {} MiB before, {} MiB with all of them", before.memory, second.memory);
    print(&waiting.join_all().await);
}

fn rate(what: &str, first: Usage, second: Usage, span: Duration) {
    let seconds = span.as_secs_f64();
    println!(
        "  {what}: {:.0} % of a processor, {:.0} writes a second (sockets too), {:.0} KiB a second to the disk",
        (second.processor - first.processor) / seconds * 100.0,
        (second.writes - first.writes) as f64 / seconds,
        (second.written - first.written) as f64 / seconds
    );
}

/// Forged returns, 20 a second, each with a state of its own; and 60 honest people in the same second.
async fn flood(networks: usize) {
    let stage = Stage::set(Rules::Plain, 60, "").await;
    stage.warm_up(true).await;
    let undisturbed = stage.rush(60, Duration::from_millis(500), Duration::from_secs(600)).await;
    print(&undisturbed);
    drop(stage);

    let stage = Stage::set(Rules::Plain, 60, "").await;
    stage.warm_up(true).await;
    let forging = {
        let (client, wanted) = (stage.client.clone(), stage.url("/members"));
        tokio::spawn(async move {
            let mut forgers = tokio::task::JoinSet::new();
            for n in 0.. {
                let address = format!("172.16.{}.{}", n % networks / 250, n % networks % 250 + 1);
                let (client, wanted) = (client.clone(), wanted.clone());
                forgers.spawn(async move {
                    let mut browser = crowd::Browser::new(client, Some(address));
                    if let Some(back) = forged(&mut browser, &wanted).await {
                        browser.finish(back, &wanted, Instant::now(), Duration::from_secs(120)).await;
                    }
                });
                tokio::time::sleep(Duration::from_millis(50)).await;
                while forgers.try_join_next().is_some() {}
            }
        })
    };
    tokio::time::sleep(Duration::from_secs(10)).await;
    println!("  with the flood:");
    let journeys = stage.rush(60, Duration::from_millis(500), Duration::from_secs(900)).await;
    forging.abort();
    print(&journeys);
    calls(&stage, 60).await;
    let (alone, beside) = (summary(&undisturbed).last, summary(&journeys).last);
    println!("  {:.1} times the undisturbed time", beside.as_secs_f64() / alone.as_secs_f64().max(0.001));
}

/// The return address of a login that was begun, with an invented person and token.
async fn forged(browser: &mut crowd::Browser, wanted: &url::Url) -> Option<url::Url> {
    let form = browser.open(wanted).await.ok()?;
    let (_, back) = form.url.query_pairs().find(|(name, _)| name == "RedirectUrl")?;
    let mut back = url::Url::parse(&back).ok()?;
    let invented = format!("{:08x}-0000-4000-8000-{:012x}", rand(), rand());
    back.query_pairs_mut()
        .append_pair("UserId", "b3a1c0de-0001-4222-8333-444455550001")
        .append_pair("sso", &invented);
    Some(back)
}

/// Different each time; nothing rests on more.
fn rand() -> u32 {
    static NEXT: std::sync::atomic::AtomicU32 = std::sync::atomic::AtomicU32::new(1);
    NEXT.fetch_add(0x9e37_79b9, std::sync::atomic::Ordering::Relaxed)
}
