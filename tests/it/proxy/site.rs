//! A site made by hand over bare TCP, so that it sees exactly the bytes that are sent and can misbehave at will.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;

#[derive(Default)]
pub struct Seen {
    /// Every request head, in order of arrival.
    pub heads: Mutex<Vec<String>>,
    pub connections: AtomicUsize,
    /// Lets `/events` send its second event.
    pub next_event: Notify,
    /// The gate has closed a connection on which something was still under way.
    pub hung_up: Notify,
}

pub struct FakeSite {
    pub address: SocketAddr,
    pub seen: Arc<Seen>,
}

pub const MEBIBYTE: usize = 1024 * 1024;
pub const LARGE: usize = 64 * MEBIBYTE;

impl FakeSite {
    pub async fn start() -> FakeSite {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let seen = Arc::new(Seen::default());
        let shared = seen.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                shared.connections.fetch_add(1, Ordering::SeqCst);
                let seen = shared.clone();
                tokio::spawn(async move { drop(talk(stream, &seen).await) });
            }
        });
        FakeSite { address, seen }
    }

    pub fn heads(&self) -> Vec<String> {
        self.seen.heads.lock().unwrap().clone()
    }

    pub fn connections(&self) -> usize {
        self.seen.connections.load(Ordering::SeqCst)
    }
}

async fn talk(stream: TcpStream, seen: &Seen) -> std::io::Result<()> {
    let mut stream = BufReader::new(stream);
    loop {
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            if stream.read_line(&mut head).await? == 0 {
                return Ok(());
            }
        }
        seen.heads.lock().unwrap().push(head.clone());
        let target = head.split(' ').nth(1).unwrap_or_default().to_owned();
        let path = target.split('?').next().unwrap_or_default().trim_start_matches("/members").to_owned();
        match path.as_str() {
            "/refuses-body" => {
                stream.write_all(b"HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\n\r\n").await?;
                continue;
            }
            "/refuses-and-closes" => {
                return stream.write_all(b"HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\n\r\n").await;
            }
            "/refuses-and-reads-nothing" => {
                stream.write_all(b"HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\n\r\n").await?;
                tokio::time::sleep(std::time::Duration::from_secs(60)).await;
                return Ok(());
            }
            "/silent" => {
                let mut byte = [0];
                while stream.read(&mut byte).await? > 0 {}
                seen.hung_up.notify_one();
                return Ok(());
            }
            "/socket" => return socket(stream, seen).await,
            _ => {}
        }
        if path == "/reads-late" {
            tokio::time::sleep(std::time::Duration::from_secs(6)).await;
        }
        let body = read_body(&mut stream, &head).await?;
        match path.as_str() {
            "/broken" => return Ok(()),
            "/garbage" => return stream.write_all(b"SSH-2.0-something\r\n\r\n").await,
            "/short" => {
                return stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort").await;
            }
            "/upgrades-unasked" => {
                stream
                    .write_all(
                        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\nConnection: upgrade\r\n\r\n",
                    )
                    .await?;
            }
            "/events" => return events(stream, seen).await,
            "/large" => {
                let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {LARGE}\r\n\r\n");
                stream.write_all(head.as_bytes()).await?;
                let part = vec![b'x'; MEBIBYTE];
                for _ in 0..LARGE / MEBIBYTE {
                    stream.write_all(&part).await?;
                }
            }
            "/page" => {
                let page = "<!doctype html><title>A page</title><body>A page";
                let head = "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length";
                stream.write_all(format!("{head}: {}\r\n\r\n{page}", page.len()).as_bytes()).await?;
            }
            "/trailers" => {
                let answer = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: x-sum\r\n\r\n5\r\nhello\r\n0\r\nx-sum: 42\r\n\r\n";
                stream.write_all(answer.as_bytes()).await?;
            }
            "/cookies" => {
                let answer = "HTTP/1.1 200 OK\r\nSet-Cookie: theme=dark\r\nSet-Cookie: membergate=evil; Path=/\r\n\
                              Keep-Alive: timeout=5\r\nConnection: X-Hop\r\nX-Hop: 1\r\nContent-Length: 0\r\n\r\n";
                stream.write_all(answer.as_bytes()).await?;
            }
            _ => {
                let text = format!("{head}[{} bytes]", body);
                let answer = format!(
                    "HTTP/1.1 200 OK\r\nX-Site: fake\r\nContent-Length: {}\r\n\r\n{text}",
                    text.len()
                );
                let bytes = if head.starts_with("HEAD") {
                    answer.split_inclusive("\r\n\r\n").next().unwrap_or_default()
                } else {
                    &answer
                };
                stream.write_all(bytes.as_bytes()).await?;
            }
        }
    }
}

/// Reads a body and counts its bytes.
async fn read_body(stream: &mut BufReader<TcpStream>, head: &str) -> std::io::Result<usize> {
    let lower = head.to_ascii_lowercase();
    let field = |name: &str| lower.lines().find_map(|line| line.strip_prefix(name)).map(str::trim);
    if field("transfer-encoding:").is_some() {
        let mut total = 0;
        loop {
            let mut line = String::new();
            stream.read_line(&mut line).await?;
            let size = usize::from_str_radix(line.trim(), 16).map_err(std::io::Error::other)?;
            if size == 0 {
                while line != "\r\n" {
                    line.clear();
                    stream.read_line(&mut line).await?;
                }
                return Ok(total);
            }
            discard(stream, size + 2).await?;
            total += size;
        }
    }
    let length = field("content-length:").and_then(|length| length.parse().ok()).unwrap_or(0);
    discard(stream, length).await?;
    Ok(length)
}

async fn discard(stream: &mut BufReader<TcpStream>, bytes: usize) -> std::io::Result<()> {
    tokio::io::copy(&mut stream.take(bytes as u64), &mut tokio::io::sink()).await.map(drop)
}

async fn events(mut stream: BufReader<TcpStream>, seen: &Seen) -> std::io::Result<()> {
    let head = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n";
    stream.write_all(head.as_bytes()).await?;
    stream.write_all(b"d\r\ndata: first\n\n\r\n").await?;
    let mut byte = [0];
    tokio::select! {
        () = seen.next_event.notified() => {
            stream.write_all(b"e\r\ndata: second\n\n\r\n0\r\n\r\n").await?;
        }
        _ = stream.read(&mut byte) => seen.hung_up.notify_one(),
    }
    Ok(())
}

/// Says 101 once it has heard the word, then echoes.
async fn socket(mut stream: BufReader<TcpStream>, seen: &Seen) -> std::io::Result<()> {
    let answer = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: x\r\n\r\n";
    stream.write_all(answer.as_bytes()).await?;
    let mut buffer = [0; 1024];
    loop {
        match stream.read(&mut buffer).await {
            Ok(read) if read > 0 => stream.write_all(&buffer[..read]).await?,
            _ => {
                seen.hung_up.notify_one();
                return Ok(());
            }
        }
    }
}
