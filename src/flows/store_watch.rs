//! Whether the store answers, so that signed-in people are believed from memory for a while only.
//!
//! Memory knows who is signed in, so a store that gives no answer disturbs nobody at first. But a session that was ended elsewhere is
//! learned of through the store alone: after `session.store_gone` without an answer nobody is believed any more.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use arc_swap::ArcSwapOption;
use tokio::time::{Instant, MissedTickBehavior, timeout};
use tokio_util::sync::CancellationToken;

use crate::adapters::store::{Store, StoreError, StoreFuture};

/// How often the store is asked.
const PERIOD: Duration = Duration::from_secs(1);

/// A store that needs longer does not answer. Frozen servers and half-open connections show only in this.
const PATIENCE: Duration = Duration::from_secs(3);

/// While it lasts, the log says so this often.
const LOG_EVERY: Duration = Duration::from_secs(60);

/// Watches the store. Readers pay for one flag.
#[derive(Debug, Default)]
pub struct StoreWatch {
    is_gone: AtomicBool,
    /// Since when there has been no answer. `None`: the last one came.
    silent_since: ArcSwapOption<Instant>,
}

impl StoreWatch {
    /// Fails once the store has been silent for too long.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`]
    pub fn believe_memory(&self) -> Result<(), StoreError> {
        if self.is_gone.load(Ordering::Relaxed) {
            return Err(StoreError::Unavailable(
                "it has given no answer for longer than `session.store_gone`".to_owned(),
            ));
        }
        Ok(())
    }

    /// For how long the store has given no answer.
    pub fn silent_for(&self) -> Option<Duration> {
        self.silent_since.load().as_deref().map(Instant::elapsed)
    }

    /// Asks the store until `stop`. `limit` is the longest silence for which memory is believed; a reload may change it.
    pub async fn run(
        self: Arc<Self>,
        store: Arc<dyn Store>,
        limit: impl Fn() -> Duration + Send,
        stop: CancellationToken,
    ) {
        let ask = || -> StoreFuture<'_, ()> {
            Box::pin(async {
                store.in_place().await?;
                store.answers().await
            })
        };
        self.watch(ask, limit, stop).await;
    }

    async fn watch<'a>(
        &self,
        ask: impl Fn() -> StoreFuture<'a, ()> + Send,
        limit: impl Fn() -> Duration + Send,
        stop: CancellationToken,
    ) {
        let mut ticks = tokio::time::interval(PERIOD);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut logged: Option<Instant> = None;
        while stop.run_until_cancelled(ticks.tick()).await.is_some() {
            let asked = Instant::now();
            let answer = timeout(PATIENCE, ask()).await;
            let error = match answer {
                Ok(Ok(())) => {
                    self.heard(logged.take().is_some());
                    continue;
                }
                Ok(Err(error)) => error,
                Err(_) => StoreError::Unavailable("it does not answer in time".to_owned()),
            };
            let since = self.silent_since.load_full().map_or(asked, |since| *since);
            self.silent_since.store(Some(Arc::new(since)));
            self.is_gone.store(since.elapsed() >= limit(), Ordering::Relaxed);
            if logged.is_none_or(|logged| logged.elapsed() >= LOG_EVERY) {
                let silent = since.elapsed().as_secs();
                tracing::error!(%error, seconds = silent, "The store gives no answer");
                logged = Some(Instant::now());
            }
        }
    }

    fn heard(&self, was_logged: bool) {
        let silent = self.silent_since.swap(None);
        self.is_gone.store(false, Ordering::Relaxed);
        if let Some(since) = silent.filter(|_| was_logged) {
            tracing::info!(seconds = since.elapsed().as_secs(), "The store answers again");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMIT: Duration = Duration::from_secs(60);

    /// What the store does when it is asked.
    #[derive(Debug, Clone, Copy, PartialEq)]
    enum Does {
        Answer,
        Fail,
        Freeze,
    }

    #[tokio::test(start_paused = true)]
    async fn memory_is_believed_while_the_store_is_silent_for_less_than_the_limit() {
        for silence in [Does::Fail, Does::Freeze] {
            let (watch, stop) = (Arc::new(StoreWatch::default()), CancellationToken::new());
            let does = Arc::new(std::sync::Mutex::new(Does::Answer));
            let (asked, told, ends) = (Arc::clone(&watch), Arc::clone(&does), stop.clone());
            let task = tokio::spawn(async move {
                let ask = move || -> StoreFuture<'static, ()> {
                    let does = *told.lock().unwrap();
                    Box::pin(async move {
                        match does {
                            Does::Answer => Ok(()),
                            Does::Fail => Err(StoreError::Unavailable("connection refused".to_owned())),
                            Does::Freeze => std::future::pending().await,
                        }
                    })
                };
                asked.watch(ask, || LIMIT, ends).await;
            });
            let after = async |seconds| {
                tokio::time::sleep(Duration::from_secs(seconds)).await;
                (watch.believe_memory().is_ok(), watch.silent_for().is_some())
            };
            assert_eq!(after(10).await, (true, false), "{silence:?}");
            *does.lock().unwrap() = silence;
            assert_eq!(after(55).await, (true, true), "{silence:?}: not yet for a minute");
            assert_eq!(after(10).await, (false, true), "{silence:?}");
            *does.lock().unwrap() = Does::Answer;
            assert_eq!(after(5).await, (true, false), "{silence:?}: one answer is enough");
            stop.cancel();
            task.await.unwrap();
        }
    }
}
