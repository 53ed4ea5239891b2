//! The least of RFC 6455 that a test of a proxy needs: the handshake, and an echo of short frames.
//!
//! Kept out: fragments, extensions, and payloads above 125 bytes; they are answered with a close.

use aws_lc_rs::digest;
use base64::{Engine, prelude::BASE64_STANDARD};
use http::{HeaderMap, HeaderValue, Response, StatusCode, header};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

/// RFC 6455 section 1.3.
const MAGIC: &[u8] = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

/// Opcodes, RFC 6455 section 5.2, each with the bit that says "last fragment".
const TEXT: u8 = 0x81;
const CLOSE: u8 = 0x88;
const PING: u8 = 0x89;
const PONG: u8 = 0x8a;

/// Close codes, RFC 6455 section 7.4.1.
const PROTOCOL_ERROR: [u8; 2] = 1002u16.to_be_bytes();

/// The `101 Switching Protocols` answer to a handshake; nothing when the request is not one.
pub(super) fn accept(headers: &HeaderMap) -> Option<Response<axum::body::Body>> {
    let wants = |name, token: &str| {
        headers
            .get_all(name)
            .iter()
            .filter_map(|value| value.to_str().ok())
            .any(|value: &str| value.split(',').any(|part| part.trim().eq_ignore_ascii_case(token)))
    };
    let version = headers.get(header::SEC_WEBSOCKET_VERSION)?;
    if !wants(header::UPGRADE, "websocket") || !wants(header::CONNECTION, "upgrade") || version != "13" {
        return None;
    }
    let accepted = accept_value(headers.get(header::SEC_WEBSOCKET_KEY)?.as_bytes());
    let mut response = Response::new(axum::body::Body::empty());
    *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
    let answer = response.headers_mut();
    answer.insert(header::UPGRADE, HeaderValue::from_static("websocket"));
    answer.insert(header::CONNECTION, HeaderValue::from_static("Upgrade"));
    answer.insert(header::SEC_WEBSOCKET_ACCEPT, HeaderValue::from_str(&accepted).ok()?);
    Some(response)
}

fn accept_value(key: &[u8]) -> String {
    let mut context = digest::Context::new(&digest::SHA1_FOR_LEGACY_USE_ONLY);
    context.update(key);
    context.update(MAGIC);
    BASE64_STANDARD.encode(context.finish())
}

/// Repeats text frames, answers pings, and returns when the other side closes or breaks the protocol.
pub(super) async fn echo<S: AsyncRead + AsyncWrite + Unpin>(mut stream: S) {
    loop {
        let Ok(frame) = read(&mut stream).await else { return };
        let sent = match frame {
            Some((TEXT, payload)) => write(&mut stream, TEXT, &payload).await,
            Some((PING, payload)) => write(&mut stream, PONG, &payload).await,
            Some((PONG, _)) => Ok(()),
            Some((CLOSE, payload)) => {
                let _ = write(&mut stream, CLOSE, &payload).await;
                return;
            }
            _ => {
                let _ = write(&mut stream, CLOSE, &PROTOCOL_ERROR).await;
                return;
            }
        };
        if sent.is_err() {
            return;
        }
    }
}

/// One client frame, unmasked; `None` for one that we do not speak.
async fn read<S: AsyncRead + Unpin>(stream: &mut S) -> std::io::Result<Option<(u8, Vec<u8>)>> {
    let mut head = [0; 2];
    stream.read_exact(&mut head).await?;
    let [opcode, length] = head;
    // Clients must mask (RFC 6455 section 5.1); 126 and 127 announce longer payloads.
    if length & 0x80 == 0 || length & 0x7f > 125 {
        return Ok(None);
    }
    let mut mask = [0; 4];
    stream.read_exact(&mut mask).await?;
    let mut payload = vec![0; usize::from(length & 0x7f)];
    stream.read_exact(&mut payload).await?;
    payload.iter_mut().zip(mask.iter().cycle()).for_each(|(byte, mask)| *byte ^= mask);
    Ok(Some((opcode, payload)))
}

async fn write<S: AsyncWrite + Unpin>(stream: &mut S, opcode: u8, payload: &[u8]) -> std::io::Result<()> {
    // `read` lets nothing above 125 bytes through; servers do not mask.
    let mut frame = vec![opcode, u8::try_from(payload.len()).unwrap_or(0)];
    frame.extend_from_slice(payload);
    stream.write_all(&frame).await?;
    stream.flush().await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_accept_value_is_that_of_rfc_6455_section_1_3() {
        assert_eq!(accept_value(b"dGhlIHNhbXBsZSBub25jZQ=="), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
    }

    /// What the echo answers to these bytes from a client that then goes away.
    async fn check(sent: &[u8], expected: &[u8]) {
        let (mut client, server) = tokio::io::duplex(1024);
        let serving = tokio::spawn(echo(server));
        client.write_all(sent).await.unwrap();
        client.shutdown().await.unwrap();
        let mut answer = Vec::new();
        client.read_to_end(&mut answer).await.unwrap();
        assert_eq!(answer, expected);
        serving.await.unwrap();
    }

    #[tokio::test]
    async fn frames_are_answered_as_the_protocol_asks() {
        // The masked "Hello" of RFC 6455 section 5.7, then a ping.
        let hello = [0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58];
        check(&hello, b"\x81\x05Hello").await;
        check(b"\x89\x81\0\0\0\0p", b"\x8a\x01p").await;
        check(b"\x88\x82\0\0\0\0\x03\xe8", b"\x88\x02\x03\xe8").await;
        // Unmasked, too long, and a first fragment.
        check(b"\x81\x05Hello", b"\x88\x02\x03\xea").await;
        check(b"\x81\xfe\0\xff", b"\x88\x02\x03\xea").await;
        check(b"\x01\x81\0\0\0\0p", b"\x88\x02\x03\xea").await;
    }
}
