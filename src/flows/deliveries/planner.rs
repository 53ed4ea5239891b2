//! What each subscriber should know: of people who have changed, of those whose date has come, and now and then of everybody.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;
use std::time::Duration;

use jiff::SignedDuration;
use tokio_util::sync::CancellationToken;

use super::look::{LookedAt, Looking};
use super::pass_memory::PassMemory;
use super::right::PlanningRight;
use super::{Deliverer, cut_short};
use crate::adapters::store::StoreError;
use crate::adapters::subscribers::PeopleSubscriber;
use crate::domain::deliveries::row::{Delivery, Plan};
use crate::domain::deliveries::subscriber::{MappingPair, PassDone, PassUnderWay};
use crate::domain::record::{IndividualId, Record};
use crate::domain::time::Timestamp;
use crate::flows::changed_people::ChangedSince;

/// It is looked again this often, for dates that have come and a mapping that was published.
const LOOK: Duration = Duration::from_secs(1);

/// Everybody is gone through this often, in case a hint was lost.
const EVERYBODY_EVERY: SignedDuration = SignedDuration::from_hours(6);

/// So many people are planned in one transaction.
const AT_ONCE: u16 = 250;

/// So many batches of people whose date has come, and pages of everybody, before others are looked at again.
const BATCHES: usize = 40;
const PAGES: usize = 4;

/// So many people who are no longer on file are removed in one pass.
const MOST_ERASED: u16 = u16::MAX;

/// One subscriber in one look, by whoever has the right to plan for it.
pub(super) struct Planning<'a> {
    pub(super) right: PlanningRight<'a>,
    pub(super) subscriber: &'a Arc<dyn PeopleSubscriber>,
}

/// What is done with people who would lose something.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Losers {
    /// They are planned, unless they are too many.
    Weighed,
    /// They wait for the end of the pass.
    Wait,
    /// It was weighed before.
    Planned,
}

impl Deliverer {
    pub(super) async fn plan_until(self: Arc<Self>, stop: CancellationToken) {
        let changed = Arc::clone(self.parts.beliefs.changed_people());
        loop {
            if self.parts.beliefs.grounds().lacks_kept_rosters() {
                if stop.run_until_cancelled(tokio::time::sleep(LOOK)).await.is_none() {
                    return;
                }
                continue;
            }
            let news = changed.take();
            let mut is_more = false;
            let mut has_failed = false;
            for subscriber in &self.parts.subscribers {
                match self.look(subscriber, &news).await {
                    Ok(more) => is_more |= more,
                    Err(error) => {
                        has_failed = true;
                        tracing::warn!(subscriber = %subscriber.name(), %error, "What a subscriber should know could not be found out; it is tried again");
                    }
                }
            }
            if has_failed {
                changed.put_back(news);
            }
            self.planned.notify_waiters();
            let rest = async {
                if has_failed {
                    tokio::time::sleep(LOOK).await;
                } else if !is_more {
                    let _woken = tokio::time::timeout(LOOK, changed.noted()).await;
                }
            };
            if stop.run_until_cancelled(rest).await.is_none() || stop.is_cancelled() {
                return;
            }
        }
    }

    /// Whether there is more to do at once.
    async fn look(
        &self,
        subscriber: &Arc<dyn PeopleSubscriber>,
        news: &ChangedSince,
    ) -> Result<bool, StoreError> {
        if news.everybody {
            self.passes().entry(subscriber.name().clone()).or_default().is_wanted = true;
        }
        // Somebody else plans. Their passes find what is new here.
        let Some(right) = self.right(subscriber.name()).await? else { return Ok(false) };
        let planning = Planning { right, subscriber };
        planning.right.tell_of_here().await?;
        let people: Vec<(IndividualId, Option<Timestamp>)> =
            news.people.iter().map(|(id, gone)| (id.clone(), *gone)).collect();
        planning.plan_people(people, Losers::Weighed).await?;
        planning.plan_by_date().await?;
        let is_more = planning.go_through().await?;
        planning.note_first_run().await?;
        Ok(is_more)
    }
}

impl Planning<'_> {
    fn deliverer(&self) -> &Deliverer {
        self.right.deliverer
    }

    /// The first run is over when everybody has been listed and looked at, and nobody waits.
    async fn note_first_run(&self) -> Result<(), StoreError> {
        let parts = &self.deliverer().parts;
        if !parts.beliefs.has_read_everybody()
            || !self.right.state().await?.first_run_only_sends(&parts.environment)
        {
            return Ok(());
        }
        let now = self.right.now();
        let counts = parts.store.count_deliveries(self.right.rows(), now).await?;
        if counts.pending == 0 {
            self.right.end_first_run(now).await?;
        }
        Ok(())
    }

    async fn plan_by_date(&self) -> Result<(), StoreError> {
        let parts = &self.deliverer().parts;
        for _ in 0..BATCHES {
            let of = self.right.rows();
            let due = parts.store.due_by_date(of, self.right.now(), AT_ONCE).await?;
            let is_last = due.len() < usize::from(AT_ONCE);
            self.plan_people(due.into_iter().map(|id| (id, None)).collect(), Losers::Weighed).await?;
            if is_last {
                break;
            }
        }
        Ok(())
    }

    /// Looks at these people, and puts into the store what should be known of them.
    pub(super) async fn plan_people(
        &self,
        people: Vec<(IndividualId, Option<Timestamp>)>,
        losers: Losers,
    ) -> Result<(), StoreError> {
        let parts = &self.deliverer().parts;
        let mut people = people.into_iter().peekable();
        while people.peek().is_some() {
            let batch: Vec<_> = people.by_ref().take(AT_ONCE.into()).collect();
            let mut found = Vec::with_capacity(batch.len());
            for (id, gone) in batch {
                let record = parts.directory.record(&parts.environment, &id).await?;
                found.push((id, record, gone));
            }
            self.plan_found(found, losers).await?;
        }
        Ok(())
    }

    async fn plan_found(
        &self,
        found: Vec<(IndividualId, Option<Record>, Option<Timestamp>)>,
        losers: Losers,
    ) -> Result<(), StoreError> {
        let parts = &self.deliverer().parts;
        let of = self.right.rows();
        let ids: Vec<IndividualId> = found.iter().map(|(id, ..)| id.clone()).collect();
        let rows = parts.store.delivery_rows(of, &ids).await?;
        let now = self.right.now();
        let (mut plans, lose) = self.look_at(found, rows, now).await?;
        if losers == Losers::Wait {
            plans.retain(|plan| !lose.contains(&plan.individual));
            let mut passes = self.deliverer().passes();
            passes.entry(self.subscriber.name().clone()).or_default().losers.extend(lose);
        } else if losers == Losers::Weighed && !lose.is_empty() {
            self.right.weigh(lose.len(), now).await?;
        }
        self.right.plan(plans, now).await
    }

    /// The plans, and whoever would lose something by them that no known date takes away.
    async fn look_at(
        &self,
        found: Vec<(IndividualId, Option<Record>, Option<Timestamp>)>,
        rows: Vec<Delivery>,
        now: Timestamp,
    ) -> Result<(Vec<Plan>, BTreeSet<IndividualId>), StoreError> {
        let parts = &self.deliverer().parts;
        let looking = Looking {
            subscriber: Arc::clone(self.subscriber),
            beliefs: Arc::clone(&parts.beliefs),
            published: parts.rules.load_full(),
            now,
        };
        let work = tokio::task::spawn_blocking(move || {
            let mut rows: HashMap<IndividualId, Delivery> =
                rows.into_iter().map(|row| (row.individual.clone(), row)).collect();
            let mut plans = Vec::with_capacity(found.len());
            let mut losers = BTreeSet::new();
            for (id, record, gone) in found {
                let row = rows.remove(&id);
                let person = LookedAt { id, record, row, gone };
                let Some(plan) = looking.plan(&person) else { continue };
                if plan.takes_away(person.row.as_ref(), now) {
                    losers.insert(person.id);
                }
                plans.push(plan);
            }
            (plans, losers)
        });
        work.await.map_err(|_| cut_short())
    }

    /// Goes on with the pass over everybody, or begins one if it is time. Whether there is more to do.
    async fn go_through(&self) -> Result<bool, StoreError> {
        let Some(mut pass) = self.pass_to_go_on_with().await? else { return Ok(false) };
        let parts = &self.deliverer().parts;
        for _ in 0..PAGES {
            let page = parts.directory.records(&parts.environment, pass.after, AT_ONCE).await?;
            if page.len == 0 {
                return self.finish(&pass).await.map(|()| false);
            }
            (pass.after, pass.seen) = (page.last, pass.seen + page.len as u64);
            let opening = tokio::task::spawn_blocking(move || page.open().filter_map(Result::ok).collect());
            let records: Vec<Record> = opening.await.map_err(|_| cut_short())?;
            let found = records.into_iter().map(|record| (record.id.clone(), Some(record), None)).collect();
            self.plan_found(found, Losers::Wait).await?;
            self.right.note_pass(Some(pass.clone()), None).await?;
            self.deliverer().planned.notify_waiters();
        }
        Ok(true)
    }

    async fn pass_to_go_on_with(&self) -> Result<Option<PassUnderWay>, StoreError> {
        let parts = &self.deliverer().parts;
        let (state, now) = (self.right.state().await?, self.right.now());
        let mapping = self.mappings();
        let is_here = |environment: &str| *environment == *parts.environment;
        let mut passes = self.deliverer().passes();
        let memory = passes.entry(self.subscriber.name().clone()).or_default();
        let is_present = |pass: &PassUnderWay| {
            // Of a first one nobody waits at its end, so it goes on after a restart.
            pass.mapping == mapping && is_here(&pass.environment) && (memory.is_ours || pass.is_first)
        };
        if let Some(pass) = state.pass.filter(is_present).filter(|_| !memory.is_wanted) {
            memory.is_ours = true;
            return Ok(Some(pass));
        }
        let done = state.done.filter(|done| is_here(&done.environment));
        let is_fresh = |done: &PassDone| {
            let age = now.duration_since(done.at);
            done.mapping == mapping && !age.is_negative() && age < EVERYBODY_EVERY
        };
        // What happened while nobody ran, such as another rules file, is not known.
        let is_due = memory.is_wanted || !memory.has_ended || !done.as_ref().is_some_and(is_fresh);
        if !is_due {
            return Ok(None);
        }
        let has_ended = memory.has_ended;
        *memory = PassMemory { is_ours: true, has_ended, ..PassMemory::default() };
        let environment = parts.environment.to_string();
        let is_first = done.is_none();
        Ok(Some(PassUnderWay { began: now, environment, mapping, after: 0, seen: 0, is_first }))
    }

    /// How many of these people hold something at the subscriber.
    async fn holding(&self, people: &[IndividualId]) -> Result<usize, StoreError> {
        let of = self.right.rows();
        let mut holding = 0;
        for batch in people.chunks(AT_ONCE.into()) {
            let rows = self.deliverer().parts.store.delivery_rows(of, batch).await?;
            holding += rows.iter().filter(|row| row.desired.holds_something()).count();
        }
        Ok(holding)
    }

    /// The mappings in force.
    fn mappings(&self) -> MappingPair {
        MappingPair { roles: self.deliverer().parts.rules.load().version, own: self.subscriber.mapping() }
    }

    /// Everybody has been seen: those who would lose something are weighed together with those who are on file no longer.
    async fn finish(&self, pass: &PassUnderWay) -> Result<(), StoreError> {
        if pass.mapping != self.mappings() {
            // Some were seen by another one, whose pass sees all.
            return Ok(());
        }
        let parts = &self.deliverer().parts;
        let of = self.right.rows();
        let erased = parts.store.without_record(of, MOST_ERASED).await?;
        let losers = {
            let mut passes = self.deliverer().passes();
            passes.entry(self.subscriber.name().clone()).or_default().losers.clone()
        };
        let erased: Vec<IndividualId> = erased.into_iter().filter(|id| !losers.contains(id)).collect();
        let lose = losers.len() + self.holding(&erased).await?;
        let people: BTreeMap<IndividualId, Option<Timestamp>> =
            losers.into_iter().chain(erased).map(|id| (id, None)).collect();
        if !people.is_empty() {
            self.right.weigh(lose, self.right.now()).await?;
            self.plan_people(people.into_iter().collect(), Losers::Planned).await?;
        }
        let PassUnderWay { environment, mapping, seen, .. } = pass.clone();
        self.right
            .note_pass(None, Some(PassDone { at: self.right.now(), environment, mapping, seen }))
            .await?;
        let mut passes = self.deliverer().passes();
        let memory = passes.entry(self.subscriber.name().clone()).or_default();
        // Only now: where the store fails before, they are planned the next time.
        memory.losers.clear();
        (memory.has_ended, memory.is_ours) = (true, false);
        Ok(())
    }
}
