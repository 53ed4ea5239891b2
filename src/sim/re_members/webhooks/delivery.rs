//! The one task that delivers, and the question before a webhook is registered.

use std::time::Duration;

use http::StatusCode;
use reqwest::Client;
use reqwest::redirect::Policy;
use tokio::time::{Instant, sleep_until};
use url::Url;

use super::super::answer::Answer;
use super::super::control::Control;
use super::outbox::{Delivery, EchoCheck, Next};

/// How long an address may take.
const PATIENCE: Duration = Duration::from_secs(5);
const PAUSE_BEFORE_NEXT_TRY: Duration = Duration::from_secs(1);

/// Delivers until its task is ended.
pub(in super::super) async fn deliver(control: Control, client: Client) {
    let wake = control.lock().outbox.wake();
    loop {
        let next = {
            let mut state = control.lock();
            let last_first = state.switches.hook_reordered;
            state.outbox.next(Instant::now(), last_first)
        };
        match next {
            Next::Wait => wake.notified().await,
            Next::WaitUntil(due) => tokio::select! {
                () = sleep_until(due) => {}
                () = wake.notified() => {}
            },
            Next::Send(delivery) => {
                let arrived = send(&client, &delivery).await;
                let mut state = control.lock();
                let tries = delivery.tries + 1;
                if !arrived && tries < state.switches.hook_tries {
                    let due = Instant::now() + PAUSE_BEFORE_NEXT_TRY;
                    state.outbox.push(Delivery { due, tries, ..delivery });
                }
            }
        }
    }
}

async fn send(client: &Client, delivery: &Delivery) -> bool {
    let request = client.post(&delivery.url).header("content-type", "application/json; charset=utf-8");
    let request = match &delivery.signature {
        Some(signature) => request.header("ms-signature", signature),
        None => request,
    };
    let answer = request.body(delivery.body.clone()).send().await;
    answer.is_ok_and(|answer| answer.status().is_success())
}

/// The client that delivers: no redirects, and nobody waits long for it.
pub(in super::super) fn client() -> reqwest::Result<Client> {
    Client::builder().redirect(Policy::none()).timeout(PATIENCE).no_proxy().build()
}

/// Asks, then registers the webhook and gives the answer that was to be given; or refuses.
pub(in super::super) async fn ask(
    echo: EchoCheck,
    control: &Control,
    client: &Client,
    answer: Answer,
) -> Answer {
    if is_echoed(&echo, client).await {
        return control.lock().add_webhook(echo.hook).map_or_else(|refusal| refusal, |()| answer);
    }
    Answer::error(StatusCode::BAD_REQUEST, "The callback address did not answer the echo.")
}

async fn is_echoed(echo: &EchoCheck, client: &Client) -> bool {
    let Ok(mut url) = Url::parse(&echo.hook.call_back_url) else { return false };
    url.query_pairs_mut().append_pair("echo", &echo.word);
    let Ok(answer) = client.get(url).send().await else { return false };
    answer.status().is_success() && answer.text().await.is_ok_and(|text| text == echo.word)
}
