//! The one outgoing HTTP client for calls about identity: to the AMS, to its login, and to clients that hear of a logout.
//!
//! Every call has a time limit and a limit on the body, follows no redirect and uses no proxy of the environment.
//! The proxied sites have a client of their own in `upstream`.

use std::error::Error as _;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::header::{ACCEPT, CONTENT_TYPE};
use http::{HeaderMap, HeaderValue, Method, StatusCode};
use url::Url;

/// How long a call may take and how much it may bring.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HttpLimits {
    /// To a connection, TLS included.
    pub connect: Duration,
    /// From the start of the call to the last byte of the answer.
    pub total: Duration,
    /// Largest answer, in bytes.
    pub body: usize,
}

impl Default for HttpLimits {
    fn default() -> HttpLimits {
        HttpLimits { connect: Duration::from_secs(5), total: Duration::from_secs(10), body: 4 * 1024 * 1024 }
    }
}

/// Why a call brought no answer. No variant holds an address: addresses carry tokens.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum HttpError {
    /// There was no connection, or it broke. The text is the deepest cause that the machine named.
    #[error("no answer: {0}")]
    Broken(String),
    /// The call took longer than its limit.
    #[error("no answer within the time limit")]
    TimedOut,
    /// The answer sends us elsewhere. What we send carries secrets, so it goes only where the configuration says.
    #[error("a redirect, which is not followed")]
    Redirected,
    /// The answer is larger than the limit.
    #[error("an answer of more than {0} bytes")]
    TooLarge(usize),
}

/// A whole answer of any status but a redirect.
#[derive(Debug)]
pub struct HttpAnswer {
    /// Its status.
    pub status: StatusCode,
    /// Its headers.
    pub headers: HeaderMap,
    /// Its body, whole.
    pub body: Bytes,
}

/// The client. Cheap to clone; clones share their connections.
#[derive(Debug, Clone)]
pub struct HttpClient {
    client: reqwest::Client,
    largest: usize,
}

impl HttpClient {
    /// A client with these limits. Fails when the machine's TLS certificate store cannot be opened.
    pub fn new(limits: HttpLimits) -> Result<HttpClient, HttpError> {
        let json = HeaderValue::from_static("application/json");
        let client = reqwest::Client::builder()
            .default_headers(HeaderMap::from_iter([(ACCEPT, json)]))
            .user_agent(concat!("membergate/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(limits.connect)
            .timeout(limits.total)
            .redirect(reqwest::redirect::Policy::none())
            .referer(false)
            .no_proxy()
            .build()
            .map_err(told)?;
        Ok(HttpClient { client, largest: limits.body })
    }

    /// Asks for `url`.
    pub async fn get(&self, url: Url, headers: HeaderMap) -> Result<HttpAnswer, HttpError> {
        self.send(self.client.request(Method::GET, url).headers(headers)).await
    }

    /// Has what stands at `url` removed.
    pub async fn delete(&self, url: Url, headers: HeaderMap) -> Result<HttpAnswer, HttpError> {
        self.send(self.client.request(Method::DELETE, url).headers(headers)).await
    }

    /// Posts a JSON document to `url`.
    pub async fn post_json(
        &self,
        url: Url,
        headers: HeaderMap,
        document: Bytes,
    ) -> Result<HttpAnswer, HttpError> {
        let json = HeaderValue::from_static("application/json");
        let request = self.client.request(Method::POST, url).headers(headers).header(CONTENT_TYPE, json);
        self.send(request.body(document)).await
    }

    /// Posts the fields of a form to `url`.
    pub async fn post_form(&self, url: Url, form: Bytes) -> Result<HttpAnswer, HttpError> {
        self.post_form_with(url, HeaderMap::new(), form).await
    }

    /// Posts the fields of a form to `url`, with headers.
    pub async fn post_form_with(
        &self,
        url: Url,
        headers: HeaderMap,
        form: Bytes,
    ) -> Result<HttpAnswer, HttpError> {
        let kind = HeaderValue::from_static("application/x-www-form-urlencoded");
        let request = self.client.request(Method::POST, url).headers(headers).header(CONTENT_TYPE, kind);
        self.send(request.body(form)).await
    }

    async fn send(&self, request: reqwest::RequestBuilder) -> Result<HttpAnswer, HttpError> {
        let mut response = request.send().await.map_err(told)?;
        if response.status().is_redirection() {
            return Err(HttpError::Redirected);
        }
        let too_large = HttpError::TooLarge(self.largest);
        if response.content_length().is_some_and(|length| length > self.largest as u64) {
            return Err(too_large);
        }
        let mut body = BytesMut::new();
        while let Some(chunk) = response.chunk().await.map_err(told)? {
            if body.len() + chunk.len() > self.largest {
                return Err(too_large);
            }
            body.extend_from_slice(&chunk);
        }
        let (status, headers) = (response.status(), std::mem::take(response.headers_mut()));
        Ok(HttpAnswer { status, headers, body: body.freeze() })
    }
}

/// Keeps of an error what an operator needs, and drops the address.
fn told(error: reqwest::Error) -> HttpError {
    if error.is_timeout() {
        return HttpError::TimedOut;
    }
    let error = error.without_url();
    let mut cause = error.to_string();
    let mut source = error.source();
    while let Some(deeper) = source {
        cause = deeper.to_string();
        source = deeper.source();
    }
    HttpError::Broken(cause)
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::Router;
    use axum::routing::any;

    async fn serve(router: Router) -> Url {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move { axum::serve(listener, router).await });
        Url::parse(&format!("http://{address}/secret-token")).unwrap()
    }

    async fn get(router: Router) -> Result<HttpAnswer, HttpError> {
        get_within(HttpLimits::default().total, router).await
    }

    async fn get_within(total: Duration, router: Router) -> Result<HttpAnswer, HttpError> {
        let limits = HttpLimits { body: 1000, total, ..HttpLimits::default() };
        HttpClient::new(limits).unwrap().get(serve(router).await, HeaderMap::new()).await
    }

    fn answering(body: impl Into<String>) -> Router {
        let body = body.into();
        Router::new().fallback(any(|| async move { body }))
    }

    #[tokio::test]
    async fn a_whole_answer_comes_back_with_its_status_and_headers() {
        let answer = get(answering("yes")).await.unwrap();
        assert_eq!((answer.status.as_u16(), &answer.body[..]), (200, &b"yes"[..]));
        assert!(answer.headers.contains_key(CONTENT_TYPE));
    }

    #[tokio::test]
    async fn an_answer_that_names_a_length_over_the_limit_is_refused() {
        assert_eq!(get(answering("x".repeat(1001))).await.unwrap_err(), HttpError::TooLarge(1000));
        assert!(get(answering("x".repeat(1000))).await.is_ok());
    }

    #[tokio::test]
    async fn an_answer_without_a_length_is_cut_off_at_the_limit() {
        use tokio::io::{AsyncReadExt, AsyncWriteExt};
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = Url::parse(&format!("http://{}/", listener.local_addr().unwrap())).unwrap();
        tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            let _ = stream.read(&mut [0; 1024]).await;
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await;
            while stream.write_all(&[b'x'; 512]).await.is_ok() {}
        });
        let client = HttpClient::new(HttpLimits { body: 1000, ..HttpLimits::default() }).unwrap();
        assert_eq!(client.get(url, HeaderMap::new()).await.unwrap_err(), HttpError::TooLarge(1000));
    }

    #[tokio::test]
    async fn a_redirect_is_an_error_and_is_not_followed() {
        let router = Router::new().fallback(any(|| async { axum::response::Redirect::to("/elsewhere") }));
        assert_eq!(get(router).await.unwrap_err(), HttpError::Redirected);
    }

    #[tokio::test]
    async fn a_call_ends_at_its_time_limit() {
        let router = Router::new().fallback(any(std::future::pending::<String>));
        let outcome = get_within(Duration::from_millis(300), router).await;
        assert_eq!(outcome.unwrap_err(), HttpError::TimedOut);
    }

    #[tokio::test]
    async fn an_error_names_the_cause_and_never_the_address() {
        let client = HttpClient::new(HttpLimits::default()).unwrap();
        let url = Url::parse("http://127.0.0.1:1/secret-token").unwrap();
        let text = client.get(url, HeaderMap::new()).await.unwrap_err().to_string();
        assert!(text.contains("refused") && !text.contains("secret-token"), "{text}");
    }
}
