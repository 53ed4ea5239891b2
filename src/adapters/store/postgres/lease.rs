//! One gateway on one store: a row that says which one and until when, by the server's clock.
//!
//! Every gateway gets a number. The transactions of a gateway hold the row while they last (`engine`), so whoever takes it over waits for
//! them, and writes of the one before are refused from then on. It is no lock of a session, which a pooler would lose.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use tokio::time::{MissedTickBehavior, interval, timeout};
use tokio_util::sync::CancellationToken;

use super::clock::{Measured, ServerClock};
use super::engine::{Engine, Shared};
use super::statement::{QueryConnection, QueryResult, column, only, values};
use crate::adapters::store::error::StoreError;

/// How often the lease is renewed. It lasts three times as long.
const BEAT: Duration = Duration::from_secs(2);

/// How long the end of another gateway is waited for: longer than the lease of one that was killed lasts.
const PATIENCE: Duration = Duration::from_secs(10);

/// The server's clock, in nanoseconds since 1970.
const CLOCK: &str = "SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint * 1000";

/// The right to run a gateway on a store. Dropping it gives it up.
#[derive(Debug)]
pub(crate) struct GatewayLease {
    given_up: CancellationToken,
    lost: CancellationToken,
}

impl GatewayLease {
    /// Waits until another gateway has taken over, so that this one must end.
    pub(crate) async fn lost(&self) {
        self.lost.cancelled().await;
    }
}

impl Drop for GatewayLease {
    fn drop(&mut self) {
        self.given_up.cancel();
    }
}

/// Who holds the lease instead.
struct HeldBy(String);

/// Takes the lease, renews it until it is dropped, and follows the server's clock meanwhile. Blocks while another gateway holds it.
///
/// # Errors
/// [`StoreError::InUse`] if the other one does not end.
pub(super) fn take(engine: &Engine, shown: &str) -> Result<(GatewayLease, Arc<ServerClock>), StoreError> {
    let began = Instant::now();
    let me = format!("process {} on {}", std::process::id(), machine());
    let mut told = false;
    let (number, measured) = loop {
        let tried = engine.wait_for(me.clone(), |connection, me| Box::pin(try_to_take(connection, me)))?;
        let HeldBy(holder) = match tried {
            Ok(taken) => break taken,
            Err(held) => held,
        };
        if began.elapsed() > PATIENCE {
            return Err(StoreError::InUse(format!("{shown} ({holder})")));
        }
        if !told {
            tracing::warn!(holder, "Another gateway runs on the store; waiting for it to end");
            told = true;
        }
        std::thread::sleep(Duration::from_millis(300));
    };
    let shared = Arc::clone(engine.shared());
    shared.fence.store(number, Ordering::Release);
    let clock = Arc::new(ServerClock::new(&measured));
    let lease = GatewayLease { given_up: CancellationToken::new(), lost: CancellationToken::new() };
    let (given_up, lost) = (lease.given_up.clone(), lease.lost.clone());
    let (stop, followed) = (engine.stop().clone(), Arc::clone(&clock));
    engine.spawn(async move {
        tokio::select! {
            () = keep(&shared, number, &followed) => lost.cancel(),
            () = given_up.cancelled() => give_up(&shared, number).await,
            () = stop.cancelled() => give_up(&shared, number).await,
        }
    });
    Ok((lease, clock))
}

/// The number under which the gateway runs from now on, and the server's time.
async fn try_to_take(
    connection: &QueryConnection<'_>,
    me: &str,
) -> QueryResult<Result<(i64, Measured), HeldBy>> {
    // Waits for the writers of the gateway before.
    let select = "SELECT number, holder, until <= clock_timestamp() FROM gateway_lease FOR UPDATE";
    let read = |row: &tokio_postgres::Row| Ok((column(row, 0)?, column(row, 1)?, column(row, 2)?));
    let found: Option<(i64, String, bool)> = connection.first(select, &[], read).await?;
    let (number, holder, is_over) = found.ok_or(StoreError::Damaged("lease of the gateway"))?;
    if !is_over {
        return Ok(Err(HeldBy(holder)));
    }
    let take =
        "UPDATE gateway_lease SET number = $1, holder = $2, until = clock_timestamp() + interval '6 s'";
    connection.change(take, values![number + 1, me]).await?;
    Ok(Ok((number + 1, measure(connection).await?)))
}

/// Renews the lease, until another gateway has taken over.
async fn keep(shared: &Shared, number: i64, clock: &ServerClock) {
    let mut beats = interval(BEAT);
    beats.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut is_answered = true;
    loop {
        beats.tick().await;
        match shared.write(&number, |connection, number| Box::pin(renew(connection, *number))).await {
            Ok(measured) => {
                clock.follow(&measured);
                shared.note_round_trip(measured.took());
                if !is_answered {
                    tracing::info!("The store answers again");
                }
                is_answered = true;
            }
            Err(error @ StoreError::Superseded) => {
                tracing::error!(%error, "The gateway has lost the store and ends");
                return;
            }
            Err(error) => {
                if is_answered {
                    tracing::error!(%error, "The store does not answer");
                }
                is_answered = false;
            }
        }
    }
}

async fn renew(connection: &QueryConnection<'_>, number: i64) -> QueryResult<Measured> {
    let measured = measure(connection).await?;
    let renew = "UPDATE gateway_lease SET until = clock_timestamp() + interval '6 s' WHERE number = $1";
    connection.change(renew, values![number]).await?;
    Ok(measured)
}

/// Another gateway need not wait.
async fn give_up(shared: &Shared, number: i64) {
    let giving_up = shared.write(&number, |connection, number| {
        Box::pin(async move {
            let end = "UPDATE gateway_lease SET until = '-infinity', holder = '' WHERE number = $1";
            connection.change(end, values![*number]).await.map(drop)
        })
    });
    if let Ok(Err(error)) = timeout(BEAT, giving_up).await {
        tracing::warn!(%error, "The store could not be given up; the next gateway waits a few seconds");
    }
}

/// Asks the server for its time.
pub(super) async fn measure(connection: &QueryConnection<'_>) -> QueryResult<Measured> {
    let before = Instant::now();
    let time: Option<i64> = connection.first(CLOCK, &[], only).await?;
    let time = time.ok_or(StoreError::Damaged("time"))?;
    Ok(Measured { before, after: Instant::now(), time })
}

/// The name of this machine.
fn machine() -> String {
    let name = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    if name.trim().is_empty() { "an unnamed machine".to_owned() } else { name.trim().to_owned() }
}
