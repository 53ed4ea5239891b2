//! A simulator's control, from which a person moves it with `curl`.

use reqwest::Client;
use serde_json::Value;

use super::{body_of, client};
use crate::sim::control::{Control, ControlListener, Simulated};

/// A simulator with its control, and what talks to that.
pub struct Desk<W> {
    /// The simulator, and whoever calls it.
    pub world: W,
    /// Its control.
    pub control: ControlListener,
    /// Who asks the control.
    pub http: Client,
}

impl<W> Desk<W> {
    /// Opens the control of a simulator.
    pub async fn at<S: Simulated>(world: W, control: impl Fn(&W) -> &Control<S>) -> Desk<W> {
        let listener = control(&world).listen(([127, 0, 0, 1], 0).into()).await.unwrap();
        Desk { world, control: listener, http: client() }
    }

    /// Status and answer of one request; the body is sent as `curl -d` sends it.
    pub async fn ask(&self, method: &str, path: &str, body: Option<Value>) -> (u16, Value) {
        let method = method.parse().unwrap();
        let mut request = self.http.request(method, format!("{}{path}", self.control.base_url()));
        if let Some(body) = body {
            request =
                request.header("content-type", "application/x-www-form-urlencoded").body(body.to_string());
        }
        body_of(request.send().await.unwrap()).await
    }

    /// The answer of a request that succeeds.
    pub async fn done(&self, method: &str, path: &str, body: Option<Value>) -> Value {
        let (status, answer) = self.ask(method, path, body).await;
        assert!((200..300).contains(&status), "{method} {path}: {status} {answer}");
        answer
    }
}
