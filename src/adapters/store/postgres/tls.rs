//! TLS to the server by our rustls: the certificate must be good for the name of the server. What is trusted is in `server`.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use rustls::ClientConfig;
use rustls::pki_types::{InvalidDnsNameError, ServerName};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_postgres::Socket;
use tokio_postgres::tls::{ChannelBinding, MakeTlsConnect, TlsConnect, TlsStream};
use tokio_rustls::TlsConnector;

use crate::adapters::BoxFuture;

/// Makes TLS connections. `None`: none is ever asked for.
#[derive(Clone)]
pub(super) struct ServerTls(pub(super) Option<Arc<ClientConfig>>);

impl MakeTlsConnect<Socket> for ServerTls {
    type Stream = SecureSocket;
    type TlsConnect = TlsHandshake;
    type Error = InvalidDnsNameError;

    fn make_tls_connect(&mut self, name: &str) -> Result<TlsHandshake, InvalidDnsNameError> {
        let Some(config) = &self.0 else { return Ok(TlsHandshake(None)) };
        let name = ServerName::try_from(name.to_owned())?;
        Ok(TlsHandshake(Some((TlsConnector::from(Arc::clone(config)), name))))
    }
}

/// One handshake, before it begins.
pub(super) struct TlsHandshake(Option<(TlsConnector, ServerName<'static>)>);

impl TlsConnect<Socket> for TlsHandshake {
    type Stream = SecureSocket;
    type Error = std::io::Error;
    type Future = BoxFuture<'static, std::io::Result<SecureSocket>>;

    fn connect(self, socket: Socket) -> Self::Future {
        Box::pin(async move {
            let (connector, name) =
                self.0.ok_or_else(|| std::io::Error::other("TLS is not configured for this server"))?;
            Ok(SecureSocket(connector.connect(name, socket).await?))
        })
    }
}

/// A connection within TLS.
pub(super) struct SecureSocket(tokio_rustls::client::TlsStream<Socket>);

impl TlsStream for SecureSocket {
    /// None: the certificate is verified against the name, which is what a binding would guard.
    fn channel_binding(&self) -> ChannelBinding {
        ChannelBinding::none()
    }
}

impl AsyncRead for SecureSocket {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.0).poll_read(context, buffer)
    }
}

impl AsyncWrite for SecureSocket {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<std::io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(context)
    }
}
