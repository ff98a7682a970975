//! A lane to which only public entries go, in their order: no look at the tables between two requests.
//!
//! One rule: a cursor moves when it is written down, with those of other lanes; the answer says whether the subscription
//! is still as it was. Whatever is out of the ordinary ends the run, and the tables are asked.

mod landing;

use std::{pin::Pin, sync::Arc, time::Duration};

use futures_util::{StreamExt, stream::FuturesUnordered};
use tokio::{sync::watch, time::Instant};

use super::{Ended, Run, TURN};
use crate::{
    delivery::{
        flush::Flushed,
        judge::Later,
        knock::{Envelope, Sent},
        reach::Told,
        runs::{Cut, Next},
        window::Window,
    },
    net::Width,
    store::{Due, Ear, Item},
};

/// What the last page or flush said of a subscription holds for this long.
const FRESH: Duration = Duration::from_millis(900);
/// A destination that is so far away, and lags, is sent more at a time ...
const FAR: Duration = Duration::from_millis(300);
/// ... unless it is we who are slow.
const WE_ARE_QUICK: Duration = Duration::from_millis(20);
/// So many entries behind is lagging.
const LAGS: i64 = 16;

/// One subscription of the lane.
struct Listener {
    ear: Ear,
    window: Window,
    inbox: Arc<str>,
    scheme: Arc<str>,
    key: Arc<str>,
    /// Who there hears it.
    reach: Option<Arc<Told>>,
    /// A cursor is on its way into the table.
    flushing: bool,
    /// When the tables last said that it is as it was.
    looked: Instant,
}

/// What ends under way.
enum Landed {
    Sent {
        listener: usize,
        cut: Arc<Cut>,
        sent: Result<Sent, Ended>,
    },
    Flushed {
        listener: usize,
        upto: i64,
        flushed: Flushed,
    },
}

/// Why nothing more is started.
enum Leaving {
    /// The tables are to be asked.
    Look,
    Yield,
    Soon,
    Failed {
        due: Due,
        later: Box<Later>,
        slow: bool,
    },
    Ended(Ended),
}

type UnderWay = FuturesUnordered<Pin<Box<dyn Future<Output = Landed> + Send>>>;

/// The run of a plain lane.
struct Plain<'r> {
    run: &'r mut Run,
    listeners: Vec<Listener>,
    under_way: UnderWay,
    leaving: Option<Leaving>,
    wakes: watch::Receiver<u64>,
    /// How many had been heard when it looked for more to send.
    rings: u64,
}

impl Run {
    /// Sends what the log holds for these ears; `None`: the tables are to be asked.
    pub(super) async fn plainly(&mut self, ears: Vec<Ear>) -> Result<Option<Ended>, Ended> {
        let mut plain = Plain {
            wakes: self.caller.delivery.store.wakes(),
            rings: 0,
            run: self,
            listeners: vec![],
            under_way: FuturesUnordered::new(),
            leaving: None,
        };
        for ear in ears {
            plain.hear(ear);
        }
        plain.fly().await;
        plain.keep_early().await?;
        match plain.leaving {
            None => Ok(Some(Ended::Idle(plain.rings))),
            Some(Leaving::Look) => Ok(None),
            Some(Leaving::Yield) => Ok(Some(Ended::Yielded)),
            Some(Leaving::Soon) => self.soon().await.map(|()| None),
            Some(Leaving::Failed { due, later, slow }) => self.later(&due, &later, slow).await.map(|()| None),
            Some(Leaving::Ended(ended)) => Err(ended),
        }
    }
}

impl Plain<'_> {
    /// Until nothing is under way and nothing more is to be started.
    async fn fly(&mut self) {
        loop {
            self.rings = *self.wakes.borrow();
            if self.leaving.is_none() {
                for ear in self.run.mail.take() {
                    self.hear(ear);
                }
                if self.run.mail.is_interrupted() {
                    self.leave(Leaving::Look);
                }
            }
            while self.leaving.is_none() && self.start_one().await {}
            let Some(landed) = self.under_way.next().await else {
                if self.leaving.is_some() || !self.run.mail.is_unread() {
                    return;
                }
                continue;
            };
            match landed {
                Landed::Sent { listener, cut, sent } => self.sent(listener, &cut, sent).await,
                Landed::Flushed {
                    listener,
                    upto,
                    flushed,
                } => self.flushed(listener, upto, flushed),
            }
        }
    }

    fn hear(&mut self, ear: Ear) {
        if self
            .listeners
            .iter()
            .any(|known| known.ear.subscription == ear.subscription)
        {
            return;
        }
        if !ear.plain {
            return self.leave(Leaving::Look);
        }
        self.listeners.push(Listener {
            window: Window::new(ear.cursor),
            inbox: ear.inbox.as_str().into(),
            scheme: ear.scheme.as_str().into(),
            key: format!("group:{}", ear.group_name).into(),
            reach: Told::of(&ear),
            flushing: false,
            looked: Instant::now(),
            ear,
        });
    }

    fn leave(&mut self, leaving: Leaving) {
        if self.leaving.is_none() {
            self.leaving = Some(leaving);
        }
    }

    /// Starts what comes next: of those who have not had their turn, the oldest entry first. Gives whether there may be
    /// more to start.
    async fn start_one(&mut self) -> bool {
        // Of all groups together: a kill costs the destination as many repeats as its widest window, and no more.
        let ahead: usize = self
            .listeners
            .iter()
            .map(|listener| listener.window.ahead())
            .sum();
        let widest = self
            .listeners
            .iter()
            .map(|listener| listener.window.width())
            .max();
        if ahead > 0 && ahead >= widest.unwrap_or(1) {
            return false;
        }
        let mut best: Option<(bool, usize, Arc<Cut>)> = None;
        for number in 0..self.listeners.len() {
            let Some(cut) = self.next_of(number).await else {
                continue;
            };
            if !cut.piece.public {
                if self.listeners[number].window.is_empty() {
                    self.leave(Leaving::Look);
                    return false;
                }
                continue;
            }
            if !self.listeners[number].window.admits(&cut.piece) {
                continue;
            }
            let served = self.run.served.contains(&self.listeners[number].ear.subscription);
            let older = best
                .as_ref()
                .is_none_or(|(other, _, best)| (served, cut.piece.at) < (*other, best.piece.at));
            if older {
                best = Some((served, number, cut));
            }
        }
        let Some((_, number, cut)) = best else {
            return false;
        };
        // A wide lane is far away and behind: a turn of so few would be over before it is under way.
        if self.run.posts() >= TURN * widest.unwrap_or(1) {
            self.leave(Leaving::Yield);
            return false;
        }
        if let Err(ended) = self.run.caller.may_send() {
            self.leave(Leaving::Ended(ended));
            return false;
        }
        self.start(number, cut);
        true
    }

    /// What comes next for a listener. Where nothing does, its cursor follows the log.
    async fn next_of(&mut self, number: usize) -> Option<Arc<Cut>> {
        let Listener { ear, window, key, .. } = &self.listeners[number];
        let runs = &self.run.caller.delivery.runs;
        match runs.next(ear, key, window.reached()).await {
            Ok(Next::Cut(cut)) => return Some(cut),
            Ok(Next::Nothing(upto)) if upto > window.cursor() && window.is_empty() => {
                self.flush(number, upto, 0, None);
            }
            Ok(Next::Nothing(_)) => {}
            Err(error) => self.leave(Leaving::Ended(Ended::Trouble(error.to_string()))),
        }
        None
    }

    fn start(&mut self, number: usize, cut: Arc<Cut>) {
        let listener = &mut self.listeners[number];
        listener.window.start(&cut.piece);
        self.run.serve(listener.ear.subscription);
        let caller = self.run.caller.clone();
        let envelope = Envelope {
            item: entry(&listener.ear, cut.piece.seq),
            inbox: Arc::clone(&listener.inbox),
            scheme: Arc::clone(&listener.scheme),
            key: Arc::clone(&listener.key),
            body: cut.body.clone(),
            reach: listener.reach.clone(),
            width: match listener.window.width() {
                1 => Width::One,
                _ => Width::Wide,
            },
            fresh_until: listener.looked + FRESH,
            urgent: false,
        };
        self.under_way.push(Box::pin(async move {
            let sent = caller.knock(&envelope).await;
            Landed::Sent {
                listener: number,
                cut,
                sent,
            }
        }));
    }
}

fn entry(ear: &Ear, seq: i64) -> Item {
    Item::Entry {
        subscription: ear.subscription,
        group: ear.group,
        seq,
    }
}
