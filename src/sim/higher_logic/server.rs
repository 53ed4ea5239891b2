//! What becomes of a request between the socket and its handler, and of the answer after it.

use reqwest::Client;
use tokio::net::TcpListener;

use super::control::Control;
use super::sign_in;
use crate::sim::people::Environment;
use crate::sim::serving::{self, Call};

/// The longest body of a request.
const LARGEST_BODY: usize = 10 * 1024 * 1024;

/// Serves until its task is aborted.
pub(super) async fn run(listener: TcpListener, control: Control, client: Client) {
    let respond = move |request| {
        let (control, client) = (control.clone(), client.clone());
        async move {
            let call = Call::read_up_to(LARGEST_BODY, request, Environment::Production).await;
            let (fault, mut answer) = serving::answer(&control, call).await;
            if let Some(errand) = answer.extensions.remove() {
                answer = sign_in::run(errand, &control, &client).await;
            }
            serving::send(&control, (fault, answer)).await
        }
    };
    serving::run(listener, respond).await;
}
