//! The thread on which all connections live, the pool in front of them, and how work is done: within a transaction, again where others
//! were in the way, within a time limit.
//!
//! Work is a task of that thread. Whoever asked may go away; the work is done all the same, and no connection goes back into the pool in
//! the middle of a transaction. What the work is, is not known here.

use std::ops::Deref;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::Duration;

use deadpool_postgres::{
    Client as Pooled, Manager, ManagerConfig, Object, Pool, PoolError, RecyclingMethod, Runtime, TimeoutType,
};
use tokio::runtime::Handle;
use tokio::sync::{Notify, Semaphore};
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::server::{Server, ServerFault};
use super::statement::{QueryConnection, QueryError, QueryFuture, QueryResult, told, values};
use crate::adapters::store::StoreLoad;
use crate::adapters::store::error::StoreError;

/// How many pieces of work may wait or run at once.
const QUEUE: usize = 1024;

/// How often work is begun at most, when others were in the way.
const ATTEMPTS: u32 = 6;

/// How long one attempt may take, the way to the server included.
const ATTEMPT: Duration = Duration::from_secs(15);

/// How long the end of a store waits for the work that is under way.
const LAST_WORK: Duration = Duration::from_secs(5);

/// Begins a transaction. The limits hold for it alone, so that they mean the same through a pooler.
const BEGIN: &str = "BEGIN;
  SET LOCAL statement_timeout = '10s';
  SET LOCAL lock_timeout = '5s';
  SET LOCAL idle_in_transaction_session_timeout = '10s'";

/// Work with what it needs; it may be done more than once.
pub(super) type StoreWork<A, T> = for<'a> fn(&'a QueryConnection<'a>, &'a A) -> QueryFuture<'a, T>;

/// A running thread with its connections. Dropping it lets the work under way finish, and joins the thread.
pub(super) struct Engine {
    shared: Arc<Shared>,
    runtime: Handle,
    tasks: TaskTracker,
    stop: CancellationToken,
    thread: Option<std::thread::JoinHandle<()>>,
}

/// What every piece of work needs.
pub(super) struct Shared {
    pub(super) pool: Pool,
    queue: Arc<Semaphore>,
    failures: AtomicU64,
    /// The number under which the gateway of this process runs on the store; 0: a tool, which needs none.
    pub(super) fence: AtomicI64,
    /// Something was committed that is in the change log.
    pub(super) changed: Notify,
    /// How long the server took to answer last, in microseconds; 0: it was not asked.
    round_trip: AtomicU64,
}

impl Engine {
    /// Starts the thread. Nothing is connected yet.
    pub(super) fn start(server: &Server) -> Result<Engine, StoreError> {
        let unavailable = |what: &str| StoreError::Unavailable(what.to_owned());
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(|error| unavailable(&format!("no runtime: {error}")))?;
        let pool = pool(server).map_err(|fault| unavailable(&fault.to_string()))?;
        let shared = Arc::new(Shared {
            pool,
            queue: Arc::new(Semaphore::new(QUEUE)),
            failures: AtomicU64::new(0),
            fence: AtomicI64::new(0),
            changed: Notify::new(),
            round_trip: AtomicU64::new(0),
        });
        let (handle, tasks, stop) = (runtime.handle().clone(), TaskTracker::new(), CancellationToken::new());
        let (running, stopped, pool) = (tasks.clone(), stop.clone(), shared.pool.clone());
        let thread = std::thread::Builder::new().name("store-postgres".to_owned()).spawn(move || {
            runtime.block_on(async {
                stopped.cancelled().await;
                running.close();
                if timeout(LAST_WORK, running.wait()).await.is_err() {
                    tracing::error!("Work on the store was cut short");
                }
                pool.close();
            });
        });
        let thread = thread.map_err(|error| unavailable(&format!("no thread: {error}")))?;
        Ok(Engine { shared, runtime: handle, tasks, stop, thread: Some(thread) })
    }

    /// How many transactions have failed so far.
    pub(super) fn failures(&self) -> u64 {
        self.shared.failures.load(Ordering::Relaxed)
    }

    /// What every piece of work needs.
    pub(super) fn shared(&self) -> &Arc<Shared> {
        &self.shared
    }

    /// Ends with the store.
    pub(super) fn stop(&self) -> &CancellationToken {
        &self.stop
    }

    /// Has a task done on the thread.
    pub(super) fn spawn<T: Send + 'static>(
        &self,
        task: impl Future<Output = T> + Send + 'static,
    ) -> tokio::task::JoinHandle<T> {
        self.tasks.spawn_on(task, &self.runtime)
    }

    /// Has `work` done within a transaction, and blocks until it is. For the start, where failures are not counted.
    pub(super) fn wait_for<A: Send + Sync + 'static, T: Send + 'static>(
        &self,
        needs: A,
        work: StoreWork<A, T>,
    ) -> Result<T, StoreError> {
        let (tell, told) = std::sync::mpsc::sync_channel(1);
        let shared = Arc::clone(&self.shared);
        self.spawn(async move {
            // A failed send means that nobody waits.
            let _gone = tell.send(shared.work(Mode::Write, &needs, work).await);
        });
        let stopped = |_| StoreError::Unavailable("the store has stopped".to_owned());
        told.recv().map_err(stopped)?
    }

    /// Has `work` done that reads: by one statement, or by several that need not agree.
    pub(super) async fn read<A: Send + Sync + 'static, T: Send + 'static>(
        &self,
        needs: A,
        work: StoreWork<A, T>,
    ) -> Result<T, StoreError> {
        self.run(Mode::Read, needs, work).await
    }

    /// Has `work` done within a transaction: all of it or nothing. It is done even if nobody waits for the answer.
    ///
    /// # Errors
    /// After an error it may have been done all the same, if the answer to the commit was lost.
    pub(super) async fn write<A: Send + Sync + 'static, T: Send + 'static>(
        &self,
        needs: A,
        work: StoreWork<A, T>,
    ) -> Result<T, StoreError> {
        self.run(Mode::Write, needs, work).await
    }

    async fn run<A: Send + Sync + 'static, T: Send + 'static>(
        &self,
        mode: Mode,
        needs: A,
        work: StoreWork<A, T>,
    ) -> Result<T, StoreError> {
        let permit = Arc::clone(&self.shared.queue).try_acquire_owned().map_err(|_| StoreError::Busy)?;
        let shared = Arc::clone(&self.shared);
        let task = self.spawn(async move {
            let _held = permit;
            let done = shared.work(mode, &needs, work).await;
            if let (Mode::Write, Err(error)) = (mode, &done) {
                shared.failures.fetch_add(1, Ordering::Relaxed);
                tracing::error!(%error, "the store cannot write");
            }
            done
        });
        task.await.unwrap_or_else(|_| Err(StoreError::Unavailable("the store has stopped".to_owned())))
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        self.stop.cancel();
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::error!("a thread of the store ended by a panic");
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mode {
    Read,
    Write,
}

/// How far an attempt came.
enum AttemptEnd<T> {
    Done(T),
    /// Nothing was kept, and the same work may come to another end.
    MayPass(StoreError),
    Failed(StoreError),
}

impl Shared {
    async fn work<A: Sync, T>(&self, mode: Mode, needs: &A, work: StoreWork<A, T>) -> Result<T, StoreError> {
        let mut left = ATTEMPTS;
        loop {
            left -= 1;
            let attempt = timeout(ATTEMPT, self.attempt(mode, needs, work)).await;
            let attempt = attempt.unwrap_or_else(|_| {
                AttemptEnd::Failed(StoreError::Unavailable("no answer within 15 seconds".to_owned()))
            });
            match attempt {
                AttemptEnd::Done(value) => return Ok(value),
                AttemptEnd::MayPass(_) if left > 0 => {
                    // Those who were in each other's way do not meet again at the same instant.
                    let step = ATTEMPTS - left;
                    sleep(Duration::from_millis(u64::from(step * step) + jitter())).await;
                }
                AttemptEnd::MayPass(error) | AttemptEnd::Failed(error) => return Err(error),
            }
        }
    }

    async fn attempt<A: Sync, T>(&self, mode: Mode, needs: &A, work: StoreWork<A, T>) -> AttemptEnd<T> {
        let lent = match self.lend().await {
            Ok(lent) => lent,
            Err(error) => return AttemptEnd::Failed(error),
        };
        let Some(client) = lent.client() else { return AttemptEnd::Failed(StoreError::Busy) };
        let connection = QueryConnection::new(client);
        let done = match mode {
            Mode::Read => work(&connection, needs).await,
            Mode::Write => match self.begin(client).await {
                Ok(()) => work(&connection, needs).await,
                Err(error) => Err(error),
            },
        };
        let failed = match (done, mode) {
            (Ok(value), Mode::Read) => {
                lent.give_back();
                return AttemptEnd::Done(value);
            }
            (Ok(value), Mode::Write) => match client.batch_execute("COMMIT").await {
                Ok(()) => {
                    if connection.has_changes() {
                        self.changed.notify_one();
                    }
                    lent.give_back();
                    return AttemptEnd::Done(value);
                }
                // The server may have committed; only it knows.
                Err(error) if error.as_db_error().is_none() => {
                    let error = StoreError::Unavailable(format!("the answer to a commit was lost: {error}"));
                    return AttemptEnd::Failed(error);
                }
                Err(error) => QueryError::Server(error),
            },
            (Err(error), _) => error,
        };
        let undone = mode == Mode::Read || client.batch_execute("ROLLBACK").await.is_ok();
        if failed.leaves_connection() && undone {
            lent.give_back();
        }
        if failed.may_pass() { AttemptEnd::MayPass(failed.into()) } else { AttemptEnd::Failed(failed.into()) }
    }

    /// Begins a transaction, and holds the place of the gateway that runs on the store until it ends: whoever takes that place
    /// waits for those who write, and whoever has lost it writes nothing.
    async fn begin(&self, client: &tokio_postgres::Client) -> QueryResult<()> {
        let fence = self.fence.load(Ordering::Acquire);
        if fence == 0 {
            return Ok(client.batch_execute(BEGIN).await?);
        }
        let connection = QueryConnection::new(client);
        let arguments = values![fence];
        let held = connection.change("SELECT FROM gateway_lease WHERE number = $1 FOR KEY SHARE", arguments);
        // Sent together, in this order: one way to the server and back.
        let (begun, held) = tokio::join!(biased; client.batch_execute(BEGIN), held);
        begun?;
        if held? == 1 { Ok(()) } else { Err(StoreError::Superseded.into()) }
    }

    /// Does `work` within a transaction, on the thread of the connections.
    pub(super) async fn write<A: Sync, T>(&self, needs: &A, work: StoreWork<A, T>) -> Result<T, StoreError> {
        self.work(Mode::Write, needs, work).await
    }

    /// Wakes whoever listens on this channel.
    pub(super) async fn notify(&self, channel: &'static str) -> Result<(), StoreError> {
        self.work(Mode::Read, &channel, |connection, channel| {
            Box::pin(async move { connection.batch(&format!("NOTIFY {channel}")).await })
        })
        .await
    }

    /// The server has answered after this long.
    pub(super) fn note_round_trip(&self, took: Duration) {
        self.round_trip.store(u64::try_from(took.as_micros()).unwrap_or(u64::MAX), Ordering::Relaxed);
    }

    /// How busy the connections are.
    pub(super) fn load(&self) -> StoreLoad {
        let status = self.pool.status();
        let round_trip = self.round_trip.load(Ordering::Relaxed);
        StoreLoad {
            connections: status.size,
            in_use: status.size.saturating_sub(status.available),
            waiting: status.waiting,
            round_trip: (round_trip > 0).then(|| Duration::from_micros(round_trip)),
        }
    }

    pub(super) async fn lend(&self) -> Result<Lent, StoreError> {
        match self.pool.get().await {
            Ok(pooled) => Ok(Lent(Some(pooled))),
            Err(PoolError::Timeout(TimeoutType::Wait)) => Err(StoreError::Busy),
            Err(PoolError::Timeout(_)) => {
                Err(StoreError::Unavailable("the server does not answer".to_owned()))
            }
            Err(PoolError::Backend(error)) => Err(told(&error)),
            Err(error) => Err(StoreError::Unavailable(error.to_string())),
        }
    }
}

/// A connection that is in use. Unless it is given back, it is closed, and the server undoes what was begun on it.
pub(super) struct Lent(Option<Pooled>);

impl Lent {
    /// `None`: it was given back.
    pub(super) fn client(&self) -> Option<&tokio_postgres::Client> {
        self.0.as_deref().map(Deref::deref)
    }

    /// It is at rest: no transaction is open, no answer is awaited.
    pub(super) fn give_back(mut self) {
        drop(self.0.take());
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        if let Some(pooled) = self.0.take() {
            drop(Object::take(pooled));
        }
    }
}

fn pool(server: &Server) -> Result<Pool, ServerFault> {
    // No question before each use: a connection that has ended is known, and work on one that ends meanwhile is begun again.
    let recycling = ManagerConfig { recycling_method: RecyclingMethod::Fast };
    let manager = Manager::from_config(server.config(), server.tls()?, recycling);
    Pool::builder(manager)
        .max_size(server.connections)
        .wait_timeout(Some(server.acquire))
        .create_timeout(Some(server.connect))
        .recycle_timeout(Some(server.connect))
        .runtime(Runtime::Tokio1)
        .build()
        .map_err(|error| ServerFault::Pool(error.to_string()))
}

/// A few milliseconds that differ from task to task.
fn jitter() -> u64 {
    use std::hash::{BuildHasher as _, RandomState};
    RandomState::new().hash_one(0_u8) % 8
}
