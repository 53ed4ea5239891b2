//! What rules can name: the AMS's lists, kept and read again on demand, and what was seen on the records that we hold.

use std::sync::{Arc, Mutex, PoisonError};

use arc_swap::{ArcSwap, ArcSwapOption};

use crate::adapters::ams::AmsError;
use crate::adapters::ams::catalogue::AmsCatalogue;
use crate::adapters::budget::Priority;
use crate::adapters::clock::SharedClock;
use crate::adapters::store::StoreError;
use crate::adapters::store::directory::Directory;
use crate::domain::catalogue::{Catalogue, Seen};
use crate::domain::names::ListedNames;
use crate::domain::supplied::{AmsPlaces, Supplied};
use crate::domain::time::Timestamp;
use crate::flows::grounds::Grounds;

/// Records opened at one go.
const PAGE: u16 = 500;

/// What there is to choose from.
#[derive(Debug, Clone)]
pub struct Offered {
    /// The AMS's lists, as last read. `None`: never yet.
    pub catalogue: Option<Arc<Catalogue>>,
    /// What was seen on records.
    pub seen: Arc<Seen>,
    /// How the last reading failed, if it did: what is offered is then older.
    pub failed: Option<(Timestamp, AmsError)>,
    /// What the AMS can be asked for.
    pub supplied: Supplied,
}

/// Why the lists could not be read again. What was known stays.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RefreshFailed {
    /// The AMS gave no lists. Upstream's fault.
    #[error(transparent)]
    Ams(#[from] AmsError),
    /// The store. Our fault.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Keeps what there is to choose from.
pub struct Catalogues {
    ams: Arc<dyn AmsCatalogue>,
    directory: Arc<dyn Directory>,
    environment: Arc<str>,
    clock: SharedClock,
    /// Reasons call things by the names of the lists.
    grounds: Arc<Grounds>,
    listed: ArcSwapOption<Catalogue>,
    seen: ArcSwap<Seen>,
    failed: Mutex<Option<(Timestamp, AmsError)>>,
    /// Held by the one who reads; a second press of the button waits for the first.
    reading: tokio::sync::Mutex<()>,
}

impl Catalogues {
    /// Nothing is read yet; see [`Catalogues::load`].
    pub fn new(
        ams: Arc<dyn AmsCatalogue>,
        directory: Arc<dyn Directory>,
        environment: Arc<str>,
        clock: SharedClock,
        grounds: Arc<Grounds>,
    ) -> Catalogues {
        Catalogues {
            ams,
            directory,
            environment,
            clock,
            grounds,
            listed: ArcSwapOption::empty(),
            seen: ArcSwap::default(),
            failed: Mutex::default(),
            reading: tokio::sync::Mutex::default(),
        }
    }

    /// Takes over what the store has: the lists as last read, and what stands on the records. Asks no AMS.
    pub async fn load(&self) -> Result<(), StoreError> {
        let _one = self.reading.lock().await;
        if let Some(kept) = self.directory.catalogue(&self.environment).await? {
            self.take(Arc::new(kept));
        }
        self.look_at_records().await
    }

    /// What there is to choose from; never waits.
    pub fn offered(&self) -> Offered {
        Offered {
            catalogue: self.listed.load_full(),
            seen: self.seen.load_full(),
            failed: self.failed.lock().unwrap_or_else(PoisonError::into_inner).clone(),
            supplied: self.ams.supplied(),
        }
    }

    /// What people call the things on the lists; never waits.
    pub fn names(&self) -> Arc<ListedNames> {
        self.grounds.names()
    }

    fn take(&self, listed: Arc<Catalogue>) {
        self.grounds.set_names(ListedNames::from(&*listed));
        self.listed.store(Some(listed));
    }

    /// Where the AMS's administrators enter our addresses and find our credentials.
    pub fn places(&self) -> AmsPlaces {
        self.ams.places()
    }

    /// Reads the AMS's lists again, and what stands on the records. What fails leaves what was known.
    pub async fn refresh(&self) -> Result<(), RefreshFailed> {
        let asked = self.clock.now();
        let _one = self.reading.lock().await;
        // Somebody else pressed the button while we waited.
        if self.listed.load().as_ref().is_some_and(|listed| listed.as_of > asked) {
            return Ok(());
        }
        self.look_at_records().await?;
        match self.ams.catalogue(Priority::Catalogue).await {
            Ok(catalogue) => {
                self.note_failure(None);
                let catalogue = Arc::new(catalogue);
                self.take(Arc::clone(&catalogue));
                Ok(self.directory.put_catalogue(&self.environment, &catalogue).await?)
            }
            Err(error) => {
                self.note_failure(Some((self.clock.now(), error.clone())));
                Err(error.into())
            }
        }
    }

    async fn look_at_records(&self) -> Result<(), StoreError> {
        let (mut seen, mut after) = (Seen::default(), 0);
        loop {
            let page = self.directory.records(&self.environment, after, PAGE).await?;
            if page.len == 0 {
                break;
            }
            after = page.last;
            // Opening is work for a processor, so it is kept off the threads that answer.
            let looking = tokio::task::spawn_blocking(move || {
                page.open().try_for_each(|record| record.map(|record| seen.note(&record))).map(|()| seen)
            });
            let cut_short = |_| StoreError::Unavailable("looking at records was cut short".to_owned());
            seen = looking.await.map_err(cut_short)??;
        }
        self.seen.store(Arc::new(seen));
        Ok(())
    }

    fn note_failure(&self, failed: Option<(Timestamp, AmsError)>) {
        *self.failed.lock().unwrap_or_else(PoisonError::into_inner) = failed;
    }
}
