//! Looks: what is due, by the tables.
//!
//! One rule: a look reads what is, and not what a signal said; whatever keeps one from ending is looked for again. One more thing to
//! look for is a step of [`Dispatch::try_to_look`].

use std::{collections::HashSet, sync::Arc, time::Duration};

use chrono::{DateTime, Utc};
use tokio::time::Instant;

use super::{Dispatch, WORTH_A_PAGE};
use crate::{
    delivery::{Inner, places::Class},
    store,
};

/// What operators do is heeded within this time ...
const OPERATORS: Duration = Duration::from_secs(1);
/// ... and sooner if finding out is quick: it takes a twentieth of our time at most.
const OPERATORS_REST: u32 = 19;
/// Ears on a page at most.
const PAGE: usize = 512;

impl Dispatch {
    /// Finds out what is due. Gives when the next destination has backed off for long enough.
    pub(super) async fn look(&mut self) -> Option<DateTime<Utc>> {
        match self.try_to_look().await {
            Ok(next_try) => next_try,
            Err(error) => {
                tracing::warn!(%error, "cannot see which lanes are due; looking again in a second");
                self.scans.forget();
                None
            }
        }
    }

    async fn try_to_look(&mut self) -> store::Result<Option<DateTime<Utc>>> {
        let delivery = Arc::clone(&self.delivery);
        let store = &delivery.store;
        let shards = (delivery.shards.epoch(), delivery.shards.open());
        if self.shards != shards {
            self.shards = shards;
            self.scans.forget();
            self.places.forget();
        }
        if self.shards.1.is_empty() {
            return Ok(None);
        }
        let (marks, blocks) = store.marks().await?;
        if blocks != self.blocks {
            // In force from the moment at which the command returned.
            self.operators_at = Instant::now();
            self.blocks = blocks;
        }
        self.heed_operators().await?;
        // Letters go before entries: whoever has one is told before it is told of later entries.
        let active: Vec<i64> = self.active.keys().copied().collect();
        if !active.is_empty() {
            self.interrupt(&store.with_letters(&active).await?);
        }
        delivery.runs.grown(&marks);
        self.scans.marked(marks);
        if self.places.free(Class::Prompt) >= WORTH_A_PAGE.min(self.lanes()) {
            self.page().await?;
        }
        self.wake().await?;
        store.next_try(&self.shards.1).await
    }

    /// What operators did since the last time: new blocks, and lanes that they stopped.
    async fn heed_operators(&mut self) -> store::Result<()> {
        let began = Instant::now();
        if began < self.operators_at {
            return Ok(());
        }
        let store = &self.delivery.store;
        let blocked: HashSet<String> = store.blocked_hosts().await?.into_iter().collect();
        if !self.blocked.is_subset(&blocked) {
            // Somebody may be sent to again: what was passed over is looked through once more.
            self.scans.forget();
        }
        self.blocked = blocked;
        let mut stopped = self
            .active
            .iter()
            .filter(|(_, active)| self.keeps_out(&active.host));
        stopped.by_ref().for_each(|(_, active)| active.mail.interrupt());
        let active: Vec<i64> = self.active.keys().copied().collect();
        if !active.is_empty() {
            self.interrupt(&store.interrupted(&active).await?);
        }
        self.operators_at = Instant::now() + (began.elapsed() * OPERATORS_REST).min(OPERATORS);
        Ok(())
    }

    fn interrupt(&self, lanes: &[i64]) {
        for active in lanes.iter().filter_map(|lane| self.active.get(lane)) {
            active.mail.interrupt();
        }
    }

    /// One page of the next group: those of its ears that the log has gone past.
    pub(super) async fn page(&mut self) -> store::Result<()> {
        let most = self.places.free(Class::Prompt).min(PAGE);
        if most == 0 {
            return Ok(());
        }
        let Some(scan) = self.scans.next() else {
            return Ok(());
        };
        let began = Instant::now();
        let limit = i64::try_from(most).unwrap_or(i64::MAX);
        let store = &self.delivery.store;
        let page = store
            .ears_of_group(scan.group, scan.after, &self.shards.1, limit)
            .await;
        let page = match page {
            Ok(page) => page,
            Err(error) => {
                self.scans.looked(scan, Some(scan.after), began.elapsed());
                return Err(error);
            }
        };
        self.scans.looked(scan, page.next, began.elapsed());
        for ear in page.ears {
            match self.active.get(&ear.lane) {
                Some(active) => active.mail.add(ear),
                None => self.start(vec![ear]),
            }
        }
        Ok(())
    }

    /// Lanes that ended with something left, and those for which there was no place.
    pub(super) async fn look_again(&mut self) -> store::Result<()> {
        if self.again.is_empty() || self.places.free(Class::Prompt) == 0 {
            return Ok(());
        }
        let lanes: Vec<i64> = self.again.iter().copied().take(PAGE).collect();
        let ears = self.delivery.store.ears_of_lanes(&lanes).await?;
        for lane in &lanes {
            self.again.remove(lane);
        }
        for ears in ears.chunk_by(|one, other| one.lane == other.lane) {
            if !self.active.contains_key(&ears[0].lane) {
                self.start(ears.to_vec());
            }
        }
        Ok(())
    }

    /// Lanes that wake without an entry of their group.
    async fn wake(&mut self) -> store::Result<()> {
        let now = Instant::now();
        self.again.extend(self.places.stranded());
        let rested = self.resting.extract_if(.., |(_, until)| *until <= now);
        self.again.extend(rested.map(|(lane, _)| lane));
        for class in [Class::Prompt, Class::Doubtful] {
            let resting = self.resting.iter().map(|(lane, _)| *lane);
            // Those who wait for a place of their domain's are not to hide everybody else.
            let waiting = self.places.waiting();
            let except: Vec<i64> = self
                .active
                .keys()
                .copied()
                .chain(resting)
                .chain(waiting)
                .collect();
            let free = i64::try_from(self.places.free(class)).unwrap_or(i64::MAX);
            if free == 0 {
                continue;
            }
            let Inner { store, settings, .. } = self.delivery.as_ref();
            let doubtful = class == Class::Doubtful;
            let woken = store
                .woken(&self.shards.1, &except, doubtful, free, &settings.walls)
                .await?;
            for lane in woken {
                self.start_lane(lane, class, vec![]);
            }
        }
        Ok(())
    }
}
