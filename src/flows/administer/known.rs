//! Everybody who is on file, as they are believed, read on threads apart from those of visitors.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use tokio::task::JoinSet;

use crate::adapters::store::StoreError;
use crate::adapters::store::directory::{Directory, SealedPage};
use crate::domain::catalogue::Catalogue;
use crate::domain::record::Record;
use crate::domain::supplied::Supplied;
use crate::domain::time::Timestamp;
use crate::flows::directory::Beliefs;

/// Records that one piece of work opens. A few milliseconds: so long does stopping take, and a sign-in wait for the store.
const PAGE: u16 = 500;

/// The known people of one AMS environment.
#[derive(Clone)]
pub struct Known {
    directory: Arc<dyn Directory>,
    environment: Arc<str>,
    beliefs: Arc<Beliefs>,
    supplied: Supplied,
}

/// What is done with each record, or with one that cannot be opened; what it finds is gathered in `T`.
pub type Look<T> = dyn Fn(Result<Record, StoreError>, &mut T) -> ControlFlow<()> + Send + Sync;

impl Known {
    /// The people of this environment.
    pub fn new(
        directory: Arc<dyn Directory>,
        environment: &str,
        beliefs: Arc<Beliefs>,
        supplied: Supplied,
    ) -> Known {
        Known { directory, environment: environment.into(), beliefs, supplied }
    }

    /// What the AMS can be asked for.
    pub fn supplied(&self) -> Supplied {
        self.supplied
    }

    /// What is believed of people.
    pub(super) fn beliefs(&self) -> &Beliefs {
        &self.beliefs
    }

    /// What the AMS lists, as last read.
    pub async fn catalogue(&self) -> Result<Option<Catalogue>, StoreError> {
        self.directory.catalogue(&self.environment).await
    }

    /// How many there are.
    pub async fn count(&self) -> Result<usize, StoreError> {
        self.directory.count_records(&self.environment).await
    }

    /// Looks at every record as it is believed at `now`, in no order, until one look says that it is enough. `done` counts along. What each thread found
    /// comes back on its own. Dropping the future stops the work.
    pub async fn scan<T: Default + Send + 'static>(
        &self,
        look: Arc<Look<T>>,
        done: Arc<AtomicUsize>,
        now: Timestamp,
    ) -> Result<Vec<T>, StoreError> {
        let reading = Arc::new(RecordWalk {
            people: self.clone(),
            next: tokio::sync::Mutex::new(0),
            enough: AtomicBool::new(false),
            done,
            now,
        });
        let mut workers = JoinSet::new();
        for _ in 0..workers_beside_visitors() {
            workers.spawn(work(Arc::clone(&reading), Arc::clone(&look)));
        }
        let mut found = Vec::new();
        while let Some(ended) = workers.join_next().await {
            found.push(ended.unwrap_or_else(|_| Err(cut_short()))?);
        }
        Ok(found)
    }
}

/// Half of the machine; the other half goes on serving visitors.
fn workers_beside_visitors() -> usize {
    std::thread::available_parallelism().map_or(1, |cores| cores.get().div_ceil(2))
}

fn cut_short() -> StoreError {
    StoreError::Unavailable("reading the known people was cut short".to_owned())
}

/// One walk through the records, shared by its workers.
struct RecordWalk {
    people: Known,
    next: tokio::sync::Mutex<i64>,
    enough: AtomicBool,
    done: Arc<AtomicUsize>,
    now: Timestamp,
}

impl RecordWalk {
    async fn page(&self) -> Result<Option<SealedPage>, StoreError> {
        let mut next = self.next.lock().await;
        if self.enough.load(Ordering::Acquire) {
            return Ok(None);
        }
        let page = self.people.directory.records(&self.people.environment, *next, PAGE).await?;
        *next = page.last;
        Ok((page.len > 0).then_some(page))
    }
}

async fn work<T: Default + Send + 'static>(
    reading: Arc<RecordWalk>,
    look: Arc<Look<T>>,
) -> Result<T, StoreError> {
    let mut found = T::default();
    while let Some(page) = reading.page().await? {
        let (look, mut so_far, len) = (Arc::clone(&look), found, page.len);
        let (beliefs, now) = (Arc::clone(&reading.people.beliefs), reading.now);
        let looking = tokio::task::spawn_blocking(move || {
            let believed = |record: Result<Record, _>| record.map(|record| beliefs.believed(record, now));
            let enough = page.open().any(|record| look(believed(record), &mut so_far).is_break());
            (so_far, enough)
        });
        let enough;
        (found, enough) = looking.await.map_err(|_| cut_short())?;
        reading.done.fetch_add(len, Ordering::Relaxed);
        if enough {
            reading.enough.store(true, Ordering::Release);
        }
    }
    Ok(found)
}
