//! Whose fault is it that an item is not taken: the item's, or the host's?
//!
//! One rule: whatever is answered for good is written down, however the probe ends; nothing is posted to find out twice.
//! What ends a probe is an arm of [`Run::try_the_next`].

use super::{Ended, Run, count, park_behind};
use crate::{
    delivery::{
        figures::End,
        judge::{Verdict, judge},
    },
    store::{Due, Fate, Item, Settled},
};

/// Requests after the one for the item that is stuck.
const PROBES: usize = 8;
/// Items looked at, so that one that many speak about ends some time.
const LOOKS: usize = 64;

/// What a probe has found out so far.
struct Probe<'d> {
    stuck: &'d Due,
    /// The stuck item first, then in the lane's order.
    fates: Vec<(Item, Fate)>,
    gone: bool,
}

impl Run {
    /// The host answers, but has not taken `stuck` for long. If it takes another item, the fault is not the host's:
    /// `stuck` is parked, later entries on its object with it, and the lane goes on. Else the host backs off, as is
    /// written down already, and only what it refused for good is done with.
    pub(super) async fn probe(&mut self, stuck: &Due, why: &str) -> Result<(), Ended> {
        let mut probe = Probe {
            stuck,
            fates: vec![(stuck.item, Fate::Parked(why.to_owned()))],
            gone: false,
        };
        match self.try_the_next(&mut probe).await {
            Ok(Some(slow)) => {
                tracing::warn!(
                    lane = self.lane().id, host = self.lane().host, activity = %stuck.activity, why,
                    "parked an entry that is not taken; the next one was"
                );
                count(stuck, End::Parked);
                let error = format!("an entry is parked: {why}");
                self.settle(probe.fates, Some(error), slow).await
            }
            Ok(None) => {
                self.keep_refusals(probe).await?;
                Err(Ended::Shut)
            }
            Err(ended) => {
                self.keep_refusals(probe).await?;
                Err(ended)
            }
        }
    }

    /// Sends what comes after the stuck item until one is taken; gives whether that was slow. `None`: none is.
    async fn try_the_next(&mut self, probe: &mut Probe<'_>) -> Result<Option<bool>, Ended> {
        let until = self.posts() + PROBES;
        for _ in 0..LOOKS {
            let taken = probe.fates.iter().map(|(item, _)| *item).collect();
            let sight = self.look(taken, true).await?;
            let Some(due) = sight.due.as_ref().filter(|_| !sight.shut) else {
                break;
            };
            // What is retried goes alone, and it would be loaded again and again: its own turn comes first next time.
            if self.posts() >= until || matches!(due.item, Item::Retried { .. }) {
                break;
            }
            if due.follows_parked || speaks_of_the_same(due, probe.stuck) {
                probe.fates.push((due.item, park_behind()));
                continue;
            }
            let sent = self.send(&sight, due).await?;
            let now = self.caller.delivery.store.now();
            match judge(&sent.outcome, due.activity, &sight.failing, now) {
                Verdict::Delivered => {
                    count(due, End::Delivered);
                    probe.fates.push((due.item, Fate::Delivered));
                    return Ok(Some(sent.slow));
                }
                Verdict::Refused { gone, .. } => {
                    count(due, End::Refused);
                    probe.gone |= gone;
                    probe.fates.push((due.item, Fate::Refused));
                }
                Verdict::Later(_) | Verdict::Soon => break,
            }
        }
        Ok(None)
    }

    /// The stuck item is still to be tried, so the cursor stays, and what was refused after it is kept beside it.
    async fn keep_refusals(&self, probe: Probe<'_>) -> Result<(), Ended> {
        let refused: Vec<_> = probe
            .fates
            .into_iter()
            .filter(|(_, fate)| *fate == Fate::Refused)
            .map(|(item, _)| (item, Fate::RefusedEarly))
            .collect();
        if refused.is_empty() {
            return Ok(());
        }
        let settled = Settled {
            fates: refused,
            error: None,
            gone: probe.gone,
            slow: false,
            still_failing: true,
        };
        self.record(super::Record::Settled(settled)).await
    }
}

fn speaks_of_the_same(due: &Due, stuck: &Due) -> bool {
    let group = |item| match item {
        Item::Letter(_) => None,
        Item::Entry { group, .. } | Item::Retried { group, .. } => Some(group),
    };
    due.object.is_some() && due.object == stuck.object && group(due.item) == group(stuck.item)
}
