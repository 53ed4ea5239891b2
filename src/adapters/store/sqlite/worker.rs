//! A thread that owns one connection, and the bounded queue in front of it.
//!
//! SQLite blocks, so no asynchronous task ever touches a connection. What the work is, is not known here.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::thread::JoinHandle;

use rusqlite::Connection;
use tokio::sync::oneshot;

use super::statement::SqlResult;
use crate::adapters::store::error::StoreError;

/// How many pieces of work one transaction takes at most, so that nobody waits long for their commit.
const GROUP: usize = 256;

/// Tells the asker, once it is known whether the work is on the disk.
type OnCommit = Box<dyn FnOnce(&Result<(), StoreError>) + Send>;

/// A piece of work. `Err`: it failed and must leave no trace.
type Work = Box<dyn FnOnce(&Connection) -> Result<OnCommit, OnCommit> + Send>;

/// A running thread. Dropping it finishes what is queued (at most the length of the queue), then ends and joins the thread.
pub(super) struct StoreWorker {
    queue: Option<SyncSender<Work>>,
    thread: Option<JoinHandle<()>>,
    failures: Arc<AtomicU64>,
}

impl StoreWorker {
    /// A thread for reading. Each piece of work sees everything that was committed before it began.
    pub(super) fn reading(connection: Connection, length: usize) -> Result<StoreWorker, StoreError> {
        StoreWorker::start("store-read", length, move |queue, _| read_all(&connection, &queue))
    }

    /// A thread for writing. What is queued together is committed together, and answered after the commit.
    ///
    /// `in_place` says whether the file is the one that was opened. It is asked before each commit, so that nothing more goes into a
    /// file that nobody finds again, and once more before the answers, so that nothing that did is taken for kept.
    pub(super) fn writing(
        connection: Connection,
        length: usize,
        in_place: impl Fn() -> Result<(), StoreError> + Send + 'static,
    ) -> Result<StoreWorker, StoreError> {
        StoreWorker::start("store-write", length, move |queue, failures| {
            write_all(&connection, &queue, &failures, in_place)
        })
    }

    fn start(
        name: &str,
        length: usize,
        body: impl FnOnce(Receiver<Work>, Arc<AtomicU64>) + Send + 'static,
    ) -> Result<StoreWorker, StoreError> {
        let (queue, receiver) = sync_channel(length);
        let failures = Arc::new(AtomicU64::new(0));
        let counted = Arc::clone(&failures);
        let thread = std::thread::Builder::new()
            .name(name.to_owned())
            .spawn(move || body(receiver, counted))
            .map_err(|error| StoreError::Unavailable(format!("no thread: {error}")))?;
        Ok(StoreWorker { queue: Some(queue), thread: Some(thread), failures })
    }

    /// How many transactions have failed so far.
    pub(super) fn failures(&self) -> u64 {
        self.failures.load(Ordering::Relaxed)
    }

    /// Has `work` done on the thread. It is done even if nobody waits for the answer.
    pub(super) async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Connection) -> SqlResult<T> + Send + 'static,
    ) -> Result<T, StoreError> {
        let (reply, answer) = oneshot::channel();
        let work: Work = Box::new(move |connection| match work(connection) {
            Ok(value) => Ok(Box::new(move |committed| {
                // A failed send means that the asker has gone.
                let _gone = reply.send(committed.clone().map(|()| value));
            })),
            Err(error) => Err(Box::new(move |_| {
                let _gone = reply.send(Err(error.into()));
            })),
        });
        let unavailable = |why: &str| StoreError::Unavailable(why.to_owned());
        match self.queue.as_ref().map(|queue| queue.try_send(work)) {
            // Work that could not even begin is dropped with its reply; its cause is in the log.
            Some(Ok(())) => answer.await.unwrap_or_else(|_| Err(unavailable("the work could not begin"))),
            Some(Err(TrySendError::Full(_))) => Err(StoreError::Busy),
            Some(Err(TrySendError::Disconnected(_))) | None => Err(unavailable("the store has stopped")),
        }
    }
}

impl Drop for StoreWorker {
    fn drop(&mut self) {
        // The thread ends when its queue has no sender left.
        self.queue = None;
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::error!("a thread of the store ended by a panic");
        }
    }
}

fn read_all(connection: &Connection, queue: &Receiver<Work>) {
    // No transaction around several: it would answer with a state that is older than the question.
    for work in queue {
        let (Ok(answer) | Err(answer)) = work(connection);
        answer(&Ok(()));
    }
}

fn write_all(
    connection: &Connection,
    queue: &Receiver<Work>,
    failures: &AtomicU64,
    in_place: impl Fn() -> Result<(), StoreError>,
) {
    while let Ok(first) = queue.recv() {
        let mut group = vec![first];
        group.extend(queue.try_iter().take(GROUP - 1));
        let mut answers = Vec::new();
        let committed = commit_together(connection, group, &mut answers, &in_place).map_err(StoreError::from);
        if let Err(error) = &committed {
            failures.fetch_add(1, Ordering::Relaxed);
            // Who watches the file says it once a minute, and not for each write.
            if !matches!(error, StoreError::File(_)) {
                tracing::error!(%error, "the store cannot write");
            }
            // Nothing to undo if the transaction did not begin.
            let _none = connection.execute_batch("ROLLBACK");
        }
        for answer in answers {
            answer(&committed);
        }
    }
}

/// Does the group in one transaction. Work that fails is undone alone.
fn commit_together(
    connection: &Connection,
    group: Vec<Work>,
    answers: &mut Vec<OnCommit>,
    in_place: &impl Fn() -> Result<(), StoreError>,
) -> SqlResult<()> {
    connection.execute_batch("BEGIN IMMEDIATE")?;
    for work in group {
        connection.prepare_cached("SAVEPOINT work")?.execute([])?;
        match work(connection) {
            Ok(answer) => answers.push(answer),
            Err(answer) => {
                answers.push(answer);
                connection.prepare_cached("ROLLBACK TO work")?.execute([])?;
            }
        }
        connection.prepare_cached("RELEASE work")?.execute([])?;
    }
    in_place()?;
    connection.execute_batch("COMMIT")?;
    Ok(in_place()?)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::mpsc::channel;

    use super::*;

    fn table() -> Connection {
        let connection = Connection::open_in_memory().unwrap();
        connection.execute_batch("CREATE TABLE t (n INTEGER PRIMARY KEY) STRICT").unwrap();
        connection
    }

    fn insert(n: i64) -> impl FnOnce(&Connection) -> SqlResult<()> + Send + 'static {
        move |connection| {
            connection.execute("INSERT INTO t VALUES (?1)", [n])?;
            Ok(())
        }
    }

    fn count(connection: &Connection) -> SqlResult<i64> {
        Ok(connection.query_row("SELECT count(*) FROM t", [], |row| row.get(0))?)
    }

    #[tokio::test]
    async fn a_full_queue_says_so_at_once() {
        let worker = Arc::new(StoreWorker::writing(table(), 1, || Ok(())).unwrap());
        let (begun, has_begun) = channel();
        let (go_on, may_go_on) = channel::<()>();
        let blocker = worker.run(move |_| {
            begun.send(()).unwrap();
            may_go_on.recv().unwrap();
            Ok(())
        });
        let story = async {
            has_begun.recv().unwrap();
            let waiting = worker.run(insert(1));
            let refused = async {
                assert_eq!(worker.run(insert(2)).await, Err(StoreError::Busy));
                go_on.send(()).unwrap();
            };
            tokio::join!(biased; waiting, refused).0
        };
        let (blocked, waited) = tokio::join!(biased; blocker, story);
        assert_eq!((blocked, waited), (Ok(()), Ok(())));
        assert_eq!(worker.run(count).await, Ok(1), "what was refused was not done");
    }

    #[tokio::test]
    async fn work_that_fails_is_undone_alone() {
        let worker = StoreWorker::writing(table(), 8, || Ok(())).unwrap();
        let half = |connection: &Connection| {
            insert(2)(connection)?;
            insert(1)(connection)
        };
        let (first, second, third) = tokio::join!(
            biased;
            worker.run(insert(1)),
            worker.run(half),
            worker.run(insert(3)),
        );
        assert_eq!(first, Ok(()));
        assert!(matches!(second, Err(StoreError::Unavailable(_))));
        assert_eq!(third, Ok(()));
        assert_eq!(worker.run(count).await, Ok(2));
    }

    #[tokio::test]
    async fn a_commit_that_fails_is_told_to_everyone_in_it_and_the_next_one_works() {
        let worker = StoreWorker::writing(table(), 8, || Ok(())).unwrap();
        let spoil = |connection: &Connection| {
            insert(1)(connection)?;
            Ok(connection.execute_batch("ROLLBACK")?)
        };
        assert!(matches!(worker.run(spoil).await, Err(StoreError::Unavailable(_))));
        assert_eq!(worker.run(insert(2)).await, Ok(()));
        assert_eq!(worker.run(count).await, Ok(1));
        assert_eq!(worker.failures(), 1, "and counted");
    }

    #[tokio::test]
    async fn dropping_the_worker_finishes_what_was_queued() {
        let worker = StoreWorker::writing(table(), 8, || Ok(())).unwrap();
        let (done, was_done) = channel();
        let (go_on, may_go_on) = channel::<()>();
        {
            // Polled once, so that both are queued; nobody waits for the answers.
            let first = worker.run(move |_| {
                may_go_on.recv().unwrap();
                Ok(())
            });
            let second = worker.run(move |_| {
                done.send(()).unwrap();
                Ok(())
            });
            tokio::select! { biased; _ = first => {}, _ = second => {}, () = async {} => {} }
        }
        go_on.send(()).unwrap();
        drop(worker);
        assert_eq!(was_done.try_recv(), Ok(()));
    }
}
