//! The sweep over everybody: a page at a time, and who is missing at its end.

use std::collections::BTreeSet;
use std::hash::{DefaultHasher, Hash, Hasher};

use super::beliefs::AFTER_CHANGE;
use super::{DirectoryUpdater, HeldReading, Hitch};
use crate::adapters::budget::Priority;
use crate::domain::directory::plan::WhyRead;
use crate::domain::directory::sweep::{MemberSweep, SweepStep};
use crate::domain::parts::Part;
use crate::domain::record::{IndividualId, Record};
use crate::domain::time::Timestamp;

/// If more people than this are overdue, none of them is read alone.
const MOST_OVERDUE: usize = 20;

impl DirectoryUpdater {
    pub(super) async fn sweep_page(&self, priority: Priority) -> Result<(), Hitch> {
        let now = self.parts.clock.now();
        let page = {
            let mut state = self.parts.beliefs.state();
            state.sweep.get_or_insert_with(|| MemberSweep::first(now)).progress().0
        };
        let answer = self.parts.ams.everybody(page, priority).await?;
        let count = answer.people.len();
        self.take_page(&answer.people, &answer.brings, now).await?;
        let step = {
            let mut state = self.parts.beliefs.state();
            state.sweep.as_mut().map(|sweep| sweep.take_page(count, answer.is_last, None, now))
        };
        match step {
            Some(SweepStep::AtEnd) => self.finish_sweep(now),
            Some(SweepStep::NextPage) => self.ask_about_overdue(now),
            Some(SweepStep::ReadAgain(_)) | None => {}
        }
        Ok(self.keep_sweep().await?)
    }

    /// Has people read alone who should have been on a page by now, without waiting for the end of the sweep. If they are many, the order of the
    /// pages has changed, or the AMS is not well: then the end decides, with the brake.
    fn ask_about_overdue(&self, now: Timestamp) {
        let Some(sweep) = self.parts.beliefs.state().sweep.clone() else { return };
        let overdue = self.index().overdue(sweep.started(), |listed| sweep.expected(listed));
        if overdue.len() > MOST_OVERDUE {
            return;
        }
        let mut state = self.parts.beliefs.state();
        overdue.iter().for_each(|id| state.want(id, WhyRead::Changed, now, AFTER_CHANGE));
    }

    /// Keeps what is new on a page, and confirms the rest.
    async fn take_page(&self, people: &[Record], brings: &[Part], now: Timestamp) -> Result<(), Hitch> {
        let (mut new, mut as_before) = (Vec::new(), Vec::new());
        let mut held = BTreeSet::new();
        let still_kept = now.checked_sub(self.parts.settings.forget_after / 2).unwrap_or(now);
        {
            let index = self.index();
            for record in people {
                // A row that lacks a part says nothing about it.
                let has_all = brings.iter().all(|part| record.confirmed.of(*part).is_some());
                if has_all && index.was_listed_as(&record.id, said(record), still_kept) {
                    as_before.push(record.id.clone());
                } else {
                    new.push(record.clone());
                }
            }
        }
        if !as_before.is_empty() {
            self.parts.store.confirm_records(self.environment(), &as_before, brings, now).await?;
            self.parts.visits.confirm(&as_before, brings, now);
        }
        if !new.is_empty() {
            for record in &new {
                self.note_if_changed(record, brings, now).await?;
            }
            (new, held) = self.hold_back(new).await?;
            let kept = self.parts.store.put_records(self.environment(), &new, now).await?;
            self.parts.beliefs.changed_people().note(kept.iter().map(|record| &record.id));
            for record in &kept {
                self.parts.visits.take_in(record).await?;
                self.put_in_index(record);
            }
        }
        // Only now: what was not kept is new the next time too, and so is what was not believed.
        let mut index = self.index();
        for record in people {
            let said = if held.contains(&record.id) { !said(record) } else { said(record) };
            index.list(&record.id, said, now);
        }
        Ok(())
    }

    /// Rows of people on file that lack a membership which was there are held until the person alone was read.
    async fn hold_back(&self, rows: Vec<Record>) -> Result<(Vec<Record>, BTreeSet<IndividualId>), Hitch> {
        let (mut believed, mut held) = (Vec::with_capacity(rows.len()), BTreeSet::new());
        for row in rows {
            if !self.index().has(&row.id) {
                believed.push(row);
                continue;
            }
            let HeldReading { record, is_held } =
                self.parts.refresh.held_back(self.environment(), row).await?;
            if is_held {
                held.insert(record.id.clone());
            }
            believed.push(record);
        }
        Ok((believed, held))
    }

    /// Where the feed should have told of a change, and has not, it is not believed to tell of such any longer.
    async fn note_if_changed(&self, record: &Record, brings: &[Part], now: Timestamp) -> Result<(), Hitch> {
        let settings = self.parts.beliefs.feed_settings();
        let covers = |part: &Part| self.parts.beliefs.state().feed.covers(settings, *part);
        if !brings.iter().any(covers) {
            return Ok(());
        }
        let Some(known) = self.parts.store.record(self.environment(), &record.id).await? else {
            return Ok(());
        };
        for part in brings.iter().filter(|part| record.confirmed.of(**part).is_some()) {
            let Some(before) = known.confirmed.of(*part) else { continue };
            let differs = match part {
                Part::Profile => {
                    let is_told = known.contact.is_some() && record.contact.is_some();
                    known.profile != record.profile
                        || (is_told && known.contact != record.contact)
                        || known.is_approved != record.is_approved
                        || known.is_deceased != record.is_deceased
                }
                Part::Memberships => known.memberships != record.memberships,
                Part::CustomFields => known.custom_fields != record.custom_fields,
                _ => false,
            };
            if differs {
                self.parts.beliefs.state().feed.note_change(settings, &record.id, *part, before, now);
            }
        }
        Ok(())
    }

    fn finish_sweep(&self, now: Timestamp) {
        let times = {
            let state = self.parts.beliefs.state();
            state.sweep.as_ref().map(|sweep| (sweep.before().map(|(started, _)| started), sweep.started()))
        };
        let Some((before, started)) = times else { return };
        let (asked, absent) = self.index().listed_since(before.unwrap_or(started), started);
        let mut state = self.parts.beliefs.state();
        let Some(sweep) = &mut state.sweep else { return };
        let gone = sweep.finish(asked, &absent, now);
        let held_since = sweep.absentees().held_since();
        state.is_sweep_urgent = false;
        if held_since == Some(now) {
            tracing::warn!(
                people = absent.len(),
                of = asked,
                "Very many people are missing from the AMS's list; each is asked about"
            );
        }
        let gone: Vec<IndividualId> = gone.into_keys().collect();
        gone.iter().for_each(|id| state.want(id, WhyRead::Missing, now, AFTER_CHANGE));
    }
}

/// What a page says of somebody, as a number, whenever it says so.
fn said(record: &Record) -> u64 {
    let mut hasher = DefaultHasher::new();
    // Debug writes every field; the instants do not belong to what is said.
    let Record { profile, contact, is_approved, is_deceased, memberships, custom_fields, .. } = record;
    format!("{profile:?}{contact:?}{is_approved:?}{is_deceased}{memberships:?}{custom_fields:?}")
        .hash(&mut hasher);
    hasher.finish()
}
