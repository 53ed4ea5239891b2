//! What may trouble gateways on a server although it answers, for `membergate check`.

use std::future::poll_fn;
use std::time::Duration;

use tokio::time::timeout;
use tokio_postgres::AsyncMessage;

use super::engine::Shared;
use super::lease::measure;
use super::server::Server;
use super::statement::told;
use crate::adapters::store::StoreDoubt;
use crate::adapters::store::error::StoreError;
use crate::adapters::store::sealed::from_column;
use crate::domain::time::Timestamp;

/// How far the clocks may be apart.
const SKEW: jiff::SignedDuration = jiff::SignedDuration::from_secs(2);

/// How long a notification is waited for.
const PATIENCE: Duration = Duration::from_secs(3);

/// The channel of this question.
const CHANNEL: &str = "membergate_check";

/// Looks at the server's clock and at its notifications. `now`: by this machine's clock.
pub(super) async fn of(
    shared: &Shared,
    server: &Server,
    now: Timestamp,
) -> Result<Vec<StoreDoubt>, StoreError> {
    let began = std::time::Instant::now();
    let measured = shared.write(&(), |connection, ()| Box::pin(measure(connection))).await?;
    let waited = measured.after.saturating_duration_since(began) - measured.took() / 2;
    let ours = now.checked_add(waited).unwrap_or(now);
    let skew = from_column(measured.time).duration_since(ours);
    let mut doubts = Vec::new();
    if skew.abs() > SKEW {
        doubts.push(StoreDoubt::Skew(skew));
    }
    if !hears_notifications(shared, server).await? {
        doubts.push(StoreDoubt::NoNotifications);
    }
    Ok(doubts)
}

/// Whether a notification from one session reaches another that listens.
async fn hears_notifications(shared: &Shared, server: &Server) -> Result<bool, StoreError> {
    let unavailable = |error: super::server::ServerFault| StoreError::Unavailable(error.to_string());
    let tls = server.tls().map_err(unavailable)?;
    let (client, mut connection) = server.config().connect(tls).await.map_err(|error| told(&error))?;
    let heard = async {
        loop {
            match poll_fn(|context| connection.poll_message(context)).await {
                Some(Ok(AsyncMessage::Notification(said))) if said.channel() == CHANNEL => return true,
                Some(Ok(_)) => {}
                Some(Err(_)) | None => return false,
            }
        }
    };
    let asked = async {
        let listening = client.batch_execute(&format!("LISTEN {CHANNEL}")).await.is_ok();
        listening && shared.notify(CHANNEL).await.is_ok()
    };
    let both = async {
        let mut heard = std::pin::pin!(heard);
        // The connection is driven while it is asked; an early end of it is a no.
        tokio::select! {
            early = &mut heard => return early,
            asked = asked => if !asked { return false },
        }
        heard.await
    };
    Ok(timeout(PATIENCE, both).await.unwrap_or(false))
}
