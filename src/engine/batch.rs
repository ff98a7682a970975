//! A batch: cases that are decided in one transaction.
//!
//! One rule: each case gets an answer of its own, after the commit. What goes wrong with one is no other's trouble: a
//! refusal writes nothing, and a batch that fails is decided again, one by one.

use crate::{
    engine::{
        Engine, Refused,
        case::{Case, is_about_content},
        content::{Ending, Matter, Sitting},
        figures,
        turn::{TRIES, Trouble},
        turns::{Turned, Waiting},
    },
    store::{self, turn::Patience},
};

/// The database cannot be reached, and why.
struct Down(String);

impl Engine {
    /// Decides a batch and tells everybody how it ended for them.
    pub(super) async fn decide_together(&self, batch: Vec<Waiting>, patience: Patience) {
        let (together, alone): (Vec<_>, Vec<_>) = batch
            .into_iter()
            .partition(|waiting| is_about_content(&waiting.case.activity.ask));
        if let Ok(left) = self.answer(together, patience).await {
            self.answer_one_by_one(left).await;
        }
        for waiting in alone {
            let decided = self.decide_alone(&waiting.case).await;
            waiting.hears(decided.map(|()| Turned::Done));
        }
    }

    async fn answer_one_by_one(&self, left: Vec<Waiting>) {
        for waiting in left {
            match self.answer(vec![waiting], Patience::Waits).await {
                Ok(left) => left.into_iter().for_each(|waiting| waiting.hears(busy())),
                // Those that are left hear that their turn broke off.
                Err(Down(_)) => return,
            }
        }
    }

    /// Decides cases, of which none depends on another, and answers; gives back those that are to be decided by themselves.
    async fn answer(&self, waiting: Vec<Waiting>, patience: Patience) -> Result<Vec<Waiting>, Down> {
        if waiting.is_empty() {
            return Ok(waiting);
        }
        let cases: Vec<&Case> = waiting.iter().map(|waiting| &waiting.case).collect();
        let endings = match self.endings(&cases, patience).await {
            Ok(endings) => endings,
            Err(Down(why)) => {
                for waiting in waiting {
                    waiting.hears(Err(Refused::Unavailable(why.clone())));
                }
                return Err(Down(why));
            }
        };
        let mut left = vec![];
        for (waiting, ending) in waiting.into_iter().zip(endings) {
            match ending {
                Ending::Taken => waiting.hears(Ok(Turned::Done)),
                Ending::Refused(refused) => waiting.hears(Err(refused)),
                Ending::Stale => waiting.hears_that_it_is_stale(),
                Ending::NotInTurn => left.push(waiting),
            }
        }
        Ok(left)
    }

    /// How it ends for each.
    async fn endings(&self, cases: &[&Case], patience: Patience) -> Result<Vec<Ending>, Down> {
        for _ in 0..TRIES {
            match self.try_together(cases, patience).await {
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

    async fn try_together(&self, cases: &[&Case], patience: Patience) -> Result<Vec<Ending>, Trouble> {
        let mut tx = self.store().begin_turn().await?;
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

fn busy() -> Result<Turned, Refused> {
    Err(Refused::Busy { retry_after: 1 })
}
