//! Sites that do to their connections what one test says.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use super::plane::{Plane, endpoint, limits};

/// Serves each connection by `talk`, in the order in which they come.
pub async fn site<F, T>(talk: F) -> SocketAddr
where
    F: Fn(TcpStream) -> T + Send + 'static,
    T: Future<Output = std::io::Result<()>> + Send + 'static,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(talk(stream));
        }
    });
    address
}

/// A site that answers as the test says, and remembers what it was asked.
pub struct ScriptedSite {
    pub address: SocketAddr,
    heads: Arc<Mutex<Vec<String>>>,
}

impl ScriptedSite {
    /// `answer` gives the header lines, each with its CRLF, and the body for the head of a request. The status is 200 unless the
    /// lines begin with another.
    pub async fn start(answer: impl Fn(&str) -> (String, String) + Send + Sync + 'static) -> ScriptedSite {
        let (heads, answer) = (Arc::<Mutex<Vec<String>>>::default(), Arc::new(answer));
        let seen = Arc::clone(&heads);
        let talk = move |mut stream: TcpStream| {
            let (seen, answer) = (Arc::clone(&seen), Arc::clone(&answer));
            async move {
                let Some(head) = head(&mut stream).await else { return Ok(()) };
                let (lines, body) = answer(&head);
                seen.lock().unwrap().push(head);
                let length = body.len();
                let text = format!(
                    "HTTP/1.1 200 OK\r\n{lines}Content-Length: {length}\r\nConnection: close\r\n\r\n{body}"
                );
                stream.write_all(text.as_bytes()).await
            }
        };
        ScriptedSite { address: site(talk).await, heads }
    }

    /// The heads of all requests so far.
    pub fn heads(&self) -> Vec<String> {
        self.heads.lock().unwrap().clone()
    }
}

/// A gateway in front of the site at `address`.
pub async fn before(address: SocketAddr) -> Plane {
    Plane::with(|snapshot| snapshot.endpoints = [("library".into(), endpoint(address, limits()))].into())
        .await
}

/// The next request head on a connection. `None`: the gateway has closed it.
pub async fn head(stream: &mut TcpStream) -> Option<String> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.ok()?);
    }
    String::from_utf8(head).ok()
}

/// The body that follows this head, its chunks joined.
pub async fn body(stream: &mut TcpStream, head: &str) -> std::io::Result<Vec<u8>> {
    let lower = head.to_ascii_lowercase();
    let mut whole = Vec::new();
    if lower.contains("transfer-encoding: chunked") {
        loop {
            let mut line = Vec::new();
            while !line.ends_with(b"\r\n") {
                line.push(stream.read_u8().await?);
            }
            let size = String::from_utf8_lossy(&line);
            let size = usize::from_str_radix(size.trim(), 16).map_err(std::io::Error::other)?;
            let mut chunk = vec![0; size + 2];
            stream.read_exact(&mut chunk).await?;
            if size == 0 {
                return Ok(whole);
            }
            whole.extend_from_slice(&chunk[..size]);
        }
    }
    let length = lower.lines().find_map(|line| line.strip_prefix("content-length: ")?.trim().parse().ok());
    whole.resize(length.unwrap_or(0), 0);
    stream.read_exact(&mut whole).await?;
    Ok(whole)
}

/// An answer without a body.
pub async fn fine(stream: &mut TcpStream) -> std::io::Result<()> {
    stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n").await
}
