//! A response body that is fed piece by piece from a task, with back-pressure. Knows nothing of what it carries.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Body, Frame};
use tokio::sync::mpsc;

/// What travels to the client: a piece, trailers, or an error that cuts the connection.
pub(super) type Piece = Result<Frame<Bytes>, io::Error>;

/// The receiving half. When the client goes away it is dropped, and the sender's next `send` fails.
pub(super) struct Fed(mpsc::Receiver<Piece>);

/// A body and its feeder. One piece waits at most.
pub(super) fn fed() -> (mpsc::Sender<Piece>, Fed) {
    let (sender, receiver) = mpsc::channel(1);
    (sender, Fed(receiver))
}

/// A piece of data.
pub(super) fn data(bytes: impl Into<Bytes>) -> Piece {
    Ok(Frame::data(bytes.into()))
}

impl Body for Fed {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Piece>> {
        self.0.poll_recv(context)
    }
}
