//! What comes of what a plain lane sent: how far its cursors may go, and whether it goes on.
//!
//! One rule: a cursor is handed in for every entry that was taken or refused for good, and for nothing else.

use std::sync::Arc;

use tokio::time::Instant;

use super::{super::Ended, FAR, LAGS, Landed, Leaving, Listener, Plain, WE_ARE_QUICK, entry};
use crate::{
    delivery::{
        figures,
        flush::Flushed,
        judge::{Verdict, judge},
        knock::Sent,
        record::Record,
        runs::Cut,
        window::{Done, Step},
    },
    store::{Due, Failing, Fate, Reached, Settled},
};

impl Plain<'_> {
    pub(super) async fn sent(&mut self, number: usize, cut: &Cut, sent: Result<Sent, Ended>) {
        let sent = match sent {
            Ok(sent) => sent,
            Err(ended) => return self.leave(Leaving::Ended(ended)),
        };
        let now = self.run.caller.delivery.store.now();
        let verdict = judge(&sent.outcome, cut.piece.activity, &Failing::default(), now);
        if let Some(end) = verdict.end() {
            figures::sent(&self.listeners[number].ear.shape, end);
        }
        match verdict {
            Verdict::Delivered => self.delivered(number, cut, &sent).await,
            Verdict::Refused { why, gone } => self.refused(number, cut, why, gone, sent.slow).await,
            Verdict::Soon => self.leave(Leaving::Soon),
            Verdict::Later(later) => {
                let due = self.due(number, cut);
                let later = Box::new(later);
                let slow = sent.slow;
                self.leave(Leaving::Failed { due, later, slow });
            }
        }
    }

    async fn delivered(&mut self, number: usize, cut: &Cut, sent: &Sent) {
        self.listeners[number].window.done(cut.piece.seq, Done::Delivered);
        if sent.slow {
            self.leave(Leaving::Look);
            return self.settle_first(number, cut, Fate::Delivered).await;
        }
        let end = self
            .run
            .caller
            .delivery
            .runs
            .end(self.listeners[number].ear.group);
        let window = &mut self.listeners[number].window;
        if end - window.cursor() < LAGS {
            window.narrow();
        } else if sent.round_trip > FAR && sent.waited < WE_ARE_QUICK {
            window.widen();
        }
        self.flush_done(number);
    }

    /// A slow answer is written down with the destination, where everything before it is.
    async fn settle_first(&mut self, number: usize, cut: &Cut, fate: Fate) {
        let listener = &self.listeners[number];
        if listener.flushing || !listener.window.is_first(cut.piece.seq) {
            return self.flush_done(number);
        }
        let item = self.due(number, cut).item;
        match self.run.settle(vec![(item, fate)], None, true).await {
            Ok(()) => self.listeners[number].window.flushed(cut.piece.seq),
            Err(ended) => self.leave(Leaving::Ended(ended)),
        }
    }

    /// A refusal is counted and shown at once; where something before it is still under way, it is kept beside the cursor.
    async fn refused(&mut self, number: usize, cut: &Cut, why: String, gone: bool, slow: bool) {
        let due = self.due(number, cut);
        let listener = &self.listeners[number];
        let first = !listener.flushing && listener.window.is_first(cut.piece.seq);
        let fate = if first { Fate::Refused } else { Fate::RefusedEarly };
        self.listeners[number].window.done(cut.piece.seq, Done::Refused);
        match self.run.refused(&due, fate, why, gone, slow).await {
            Ok(()) if first => self.listeners[number].window.flushed(cut.piece.seq),
            Ok(()) => {}
            Err(ended) => return self.leave(Leaving::Ended(ended)),
        }
        self.flush_done(number);
    }

    /// Hands the cursor in, as far as it can go, unless it is on its way.
    fn flush_done(&mut self, number: usize) {
        if let Some(Step {
            upto,
            delivered,
            told,
        }) = self.listeners[number].window.step()
        {
            self.flush(number, upto, delivered, told);
        }
    }

    pub(super) fn flush(&mut self, number: usize, upto: i64, delivered: i64, told: Option<i64>) {
        let listener = &mut self.listeners[number];
        if listener.flushing {
            return;
        }
        listener.flushing = true;
        let reached = Reached {
            subscription: listener.ear.subscription,
            seq: upto,
            delivered,
            told,
        };
        let (flusher, hold) = (
            self.run.caller.delivery.flusher.clone(),
            Arc::clone(&self.run.caller.hold),
        );
        self.under_way.push(Box::pin(async move {
            let flushed = flusher.flush(reached, &hold).await;
            Landed::Flushed {
                listener: number,
                upto,
                flushed,
            }
        }));
    }

    pub(super) fn flushed(&mut self, number: usize, upto: i64, flushed: Flushed) {
        let listener = &mut self.listeners[number];
        listener.flushing = false;
        match flushed {
            Flushed::Open => {
                listener.window.flushed(upto);
                listener.looked = Instant::now();
            }
            Flushed::Changed => {
                listener.window.flushed(upto);
                self.leave(Leaving::Look);
            }
            Flushed::NotOurs => return self.leave(Leaving::Ended(Ended::Stopped)),
            Flushed::Trouble => {
                let why = "a cursor could not be written down".to_owned();
                return self.leave(Leaving::Ended(Ended::Trouble(why)));
            }
        }
        self.flush_done(number);
    }

    /// What was delivered beyond an entry that is still to be tried is kept beside the cursor; refusals are already.
    pub(super) async fn keep_early(&mut self) -> Result<(), Ended> {
        let mut fates = vec![];
        for listener in &self.listeners {
            for (seq, done) in listener.window.early() {
                if done == Done::Delivered {
                    fates.push((entry(&listener.ear, seq), Fate::DeliveredEarly));
                }
            }
        }
        if fates.is_empty() {
            return Ok(());
        }
        let settled = Settled {
            fates,
            error: None,
            gone: false,
            slow: false,
            still_failing: true,
        };
        self.run.record(Record::Settled(settled)).await
    }

    fn due(&self, number: usize, cut: &Cut) -> Due {
        let Listener { ear, key, .. } = &self.listeners[number];
        Due {
            item: entry(ear, cut.piece.seq),
            activity: cut.piece.activity,
            object: cut.piece.object,
            shape: Some(ear.shape.clone()),
            key: key.to_string(),
            head: String::new(),
            raw: None,
            tail: None,
            follows_parked: false,
        }
    }
}
