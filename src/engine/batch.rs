//! A batch: cases that are decided in one transaction.
//!
//! One rule: each case gets an answer of its own, after the commit. What goes wrong with one is no other's trouble: a
//! refusal writes nothing, and those of a batch that fails are decided again, each by itself.

use crate::{
    engine::{
        Engine, Refused,
        case::Case,
        content::{Ending, Sitting},
        figures,
        matter::Matter,
        turn::{TRIES, Trouble},
        turns::{Turned, Waiting},
    },
    store::{self, turn::Patience},
};

/// The database cannot be reached, and why.
struct Down(String);

impl Engine {
    /// Decides a batch and tells everybody how it ended for them; gives back those who are to be decided by themselves.
    pub(super) async fn decide_together(&self, batch: Vec<Waiting>, patience: Patience) -> Vec<Waiting> {
        let cases: Vec<&Case> = batch.iter().map(Waiting::case).collect();
        let are_apart = batch.iter().all(Waiting::is_apart);
        let endings = match self.endings(&cases, patience, are_apart).await {
            Ok(endings) => endings,
            Err(Down(why)) => {
                for waiting in batch {
                    waiting.hears(Err(Refused::Unavailable(why.clone())));
                }
                return vec![];
            }
        };
        let mut left = vec![];
        for (waiting, ending) in batch.into_iter().zip(endings) {
            match ending {
                Ending::Taken => waiting.hears(Ok(Turned::Done)),
                Ending::Refused(refused) => waiting.hears(Err(refused)),
                Ending::Stale => waiting.hears_that_it_is_stale(),
                Ending::NotInTurn if waiting.is_apart() => {
                    waiting.hears(Err(Refused::Busy { retry_after: 1 }));
                }
                Ending::NotInTurn => left.push(waiting.apart()),
            }
        }
        left
    }

    /// How it ends for each.
    async fn endings(
        &self,
        cases: &[&Case],
        patience: Patience,
        are_apart: bool,
    ) -> Result<Vec<Ending>, Down> {
        for _ in 0..TRIES {
            match self.try_together(cases, patience, are_apart).await {
                // Its post has come to another group meanwhile.
                Ok(endings) if matches!(endings[..], [Ending::NotInTurn]) && patience == Patience::Waits => {}
                Ok(endings) => return Ok(endings),
                Err(Trouble::Conflict) => {}
                Err(Trouble::Down(why)) => return Err(Down(why)),
                Err(Trouble::Refused(refused)) if cases.len() == 1 => {
                    return Ok(vec![Ending::Refused(refused)]);
                }
                Err(Trouble::Refused(_)) => break,
            }
        }
        Ok(cases.iter().map(|_| Ending::NotInTurn).collect())
    }

    async fn try_together(
        &self,
        cases: &[&Case],
        patience: Patience,
        are_apart: bool,
    ) -> Result<Vec<Ending>, Trouble> {
        // Those who are apart may wait for long, and not on the few connections that are for batches.
        let mut tx = if are_apart {
            self.store().begin().await?
        } else {
            self.store().begin_turn().await?
        };
        fail::fail_point!("in::begun", |_| std::process::abort());
        let matters: Vec<_> = cases.iter().map(|case| Matter::of(case)).collect();
        let sitting = self.decide_all(&mut tx, &matters, patience).await?;
        if sitting.wrote {
            fail::fail_point!("in::before-commit", |_| std::process::abort());
            tx.commit().await.map_err(store::Error::from)?;
            figures::turn(u32::try_from(cases.len()).unwrap_or(u32::MAX));
            fail::fail_point!("in::committed", |_| std::process::abort());
        } else {
            tx.rollback().await.map_err(store::Error::from)?;
        }
        Ok(self.after(sitting).await)
    }

    /// What others are told of, and what is remembered.
    async fn after(&self, sitting: Sitting) -> Vec<Ending> {
        if sitting.to_tell {
            self.store().ring();
        }
        for (post, group) in &sitting.places {
            self.turns().remember(post, group).await;
        }
        if !sitting.back.is_empty() {
            let engine = self.clone();
            tokio::spawn(async move { engine.are_back(sitting.back).await });
        }
        sitting.endings
    }

    /// Hosts that we waited for are there: what is due to them is sent.
    async fn are_back(&self, hosts: Vec<String>) {
        for host in hosts {
            if let Err(error) = self.store().signed_traffic_from(&host).await {
                tracing::warn!(%error, "a host that is back waits for its next try all the same");
            }
        }
    }
}
