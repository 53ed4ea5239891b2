//! An AMS that misbehaves: pages instead of data, half answers, silence, redirects, failures, limits.

use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::*;

/// What redeeming gives when `FindBySsoToken` answers so, and how often it was asked.
async fn check(answer: fn() -> Response, expect: fn(&AmsError) -> bool, calls: usize) {
    let world = World::start(move |call: &Seen| call.is("FindBySsoToken").then(answer)).await;
    let error = world.redeem(nothing()).await.unwrap_err();
    assert!(expect(&error), "{error:?}");
    assert_eq!(world.calls("FindBySsoToken"), calls, "{error:?}");
    assert_eq!(world.ams.status().last_failure, Some((world.clock.now(), error)));
}

#[tokio::test]
async fn an_answer_that_is_not_what_was_asked_for_is_unreadable() {
    let unreadable = |error: &AmsError| matches!(error, AmsError::Unreadable(_));
    check(|| axum::response::Html("<h1>Welcome</h1>").into_response(), unreadable, 1).await;
    check(|| "{\"pageNumber\":1,\"dataList\":[{\"id\":\"b3a1".into_response(), unreadable, 1).await;
    check(|| ok(json!("Your session has ended")), unreadable, 1).await;
    check(|| ok(json!(true)), unreadable, 1).await;
    check(|| ok(envelope(json!([{}]))), unreadable, 1).await;
    check(|| ok(envelope(json!([person("not a guid")]))), unreadable, 1).await;
    check(|| ok(envelope(json!([person(USER), person(SSO)]))), unreadable, 1).await;
    check(|| axum::response::Redirect::to("/account/login.aspx").into_response(), unreadable, 1).await;
    check(|| "x".repeat(5 * 1024 * 1024).into_response(), unreadable, 1).await;
}

#[tokio::test]
async fn a_failure_is_tried_once_more_and_then_told() {
    check(|| status(500), |error| *error == AmsError::Failed(500), 2).await;
    check(|| status(503), |error| *error == AmsError::Failed(503), 2).await;
    check(|| status(418), |error| *error == AmsError::Failed(418), 1).await;
}

#[tokio::test]
async fn a_failure_that_passes_is_not_noticed() {
    let world =
        World::start(|call: &Seen| (call.is("FindBySsoToken") && call.nth == 1).then(|| status(502))).await;
    assert!(world.redeem(nothing()).await.is_ok());
}

/// An AMS whose API is a bare socket that writes this and closes; with nothing to write it stays silent.
async fn redeem_from_socket(bytes: &'static [u8]) -> AmsError {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}/api/v1", listener.local_addr().unwrap());
    tokio::spawn(async move {
        let mut silent = Vec::new();
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            let _ = stream.read(&mut [0; 4096]).await;
            let _ = stream.write_all(bytes).await;
            if bytes.is_empty() {
                silent.push(stream);
            }
        }
    });
    let hurry = HttpLimits { total: Duration::from_millis(400), ..HttpLimits::default() };
    let script = move |call: &Seen| call.is("authenticate").then(|| authenticated(&base, 1));
    let world = World::start_with(Rate::new(1_000, 10_000), hurry, script).await;
    world.redeem(nothing()).await.unwrap_err()
}

#[tokio::test]
async fn a_connection_that_breaks_or_stays_silent_is_unreachable() {
    let answers: [&[u8]; 4] = [
        b"",
        b"HTTP/1.1 200 OK\r\nContent-Le",
        b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{\"pageNumber\":1,",
        b"SSH-2.0-OpenSSH_9.6\r\n",
    ];
    for bytes in answers {
        let error = redeem_from_socket(bytes).await;
        assert!(matches!(error, AmsError::Unreachable(_)), "{error:?}");
        assert!(!error.to_string().contains(SSO) && !error.to_string().contains("http://"), "{error}");
    }
}

#[tokio::test]
async fn an_ams_that_is_down_is_unreachable() {
    let world = World::start(|_: &Seen| None).await;
    let down = ReMembers::new(
        environment("http://127.0.0.1:1"),
        HttpClient::new(HttpLimits::default()).unwrap(),
        Arc::new(Budget::new(RATE, Arc::<MemoryLedger>::default(), Arc::new(SystemClock))),
        Arc::clone(&world.clock) as SharedClock,
    );
    assert!(matches!(down.probe().await, Err(AmsError::Unreachable(_))));
}

fn limited(seconds: &'static str) -> Response {
    (StatusCode::TOO_MANY_REQUESTS, [("retry-after", seconds)], "\"slow down\"").into_response()
}

#[tokio::test]
async fn a_short_wait_that_the_ams_asks_for_is_sat_out() {
    let world =
        World::start(|call: &Seen| (call.is("FindBySsoToken") && call.nth == 1).then(|| limited("0"))).await;
    assert!(world.redeem(nothing()).await.is_ok());
    check(|| limited("0"), |error| matches!(error, AmsError::RateLimited { .. }), 2).await;
}

#[tokio::test]
async fn a_long_wait_is_told_and_holds_everyone() {
    let world = World::start(|call: &Seen| call.is("FindBySsoToken").then(|| limited("60"))).await;
    let wait = AmsError::RateLimited { retry_after: Some(Duration::from_secs(60)) };
    assert_eq!(world.redeem(nothing()).await, Err(wait));
    assert_eq!(
        world.redeem(nothing()).await,
        Err(AmsError::Busy),
        "a visitor is not kept waiting for a minute"
    );
    assert_eq!(world.calls("FindBySsoToken"), 1);
}

#[tokio::test]
async fn calls_keep_to_the_budget() {
    let begin = std::time::Instant::now();
    let world = World::start_with(RATE, HttpLimits::default(), |_: &Seen| None).await;
    for _ in 0..2 {
        world.read().await.unwrap();
    }
    assert_eq!(world.calls(""), 4, "two of the handshake, two of ours");
    assert!(begin.elapsed() >= Duration::from_secs(1), "the fourth call waited for its second");
}
