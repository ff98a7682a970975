//! Sending what is signed.
//!
//! One rule: who waits for a connection waits on the server's time, so a late answer makes those behind it late, too.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use anyhow::Context as _;
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until, timeout};

use super::deck::Deck;
use super::{Sent, Tally};
use crate::gauge;
use crate::gauge::milliseconds;
use crate::wire::Incoming;

/// The longest that an answer is waited for.
const PATIENCE: Duration = Duration::from_secs(20);

struct Connection {
    stream: TcpStream,
    incoming: Incoming,
}

impl Connection {
    async fn open(server: &str) -> io::Result<Self> {
        let stream = TcpStream::connect(server).await?;
        stream.set_nodelay(true)?;
        Ok(Self {
            stream,
            incoming: Incoming::default(),
        })
    }

    async fn exchange(&mut self, request: &[u8]) -> io::Result<u16> {
        self.stream.write_all(request).await?;
        let answer = self.incoming.next(&mut self.stream).await?;
        Ok(answer.and_then(|answer| answer.status()).unwrap_or_default())
    }
}

/// A connection that is opened when it is needed, and again when it broke.
#[derive(Default)]
struct Line(Option<Connection>);

impl Line {
    /// The status of the answer; 0 if there is none.
    async fn send(&mut self, server: &str, request: &[u8]) -> u16 {
        let sent = timeout(PATIENCE, self.try_send(server, request)).await;
        match sent {
            Ok(Ok(status)) if status != 0 => status,
            _ => {
                self.0 = None;
                0
            }
        }
    }

    async fn try_send(&mut self, server: &str, request: &[u8]) -> io::Result<u16> {
        if self.0.is_none() {
            self.0 = Some(Connection::open(server).await?);
        }
        match &mut self.0 {
            Some(connection) => connection.exchange(request).await,
            None => Ok(0),
        }
    }
}

/// The next one.
pub(super) async fn one(deck: &Deck) -> anyhow::Result<Sent> {
    let (_, request) = deck.draw().context("nothing is left to be sent")?;
    // Opened first: what is measured is the server, not a handshake.
    let connection = Connection::open(&deck.server).await?;
    let mut line = Line(Some(connection));
    let began = Instant::now();
    let status = line.send(&deck.server, request).await;
    Ok(Sent {
        status,
        answered: gauge::monotonic()?,
        took: milliseconds(began.elapsed()),
    })
}

pub(super) async fn closed(deck: &Deck, connections: usize, seconds: f64) -> anyhow::Result<Tally> {
    let end = Instant::now() + Duration::from_secs_f64(seconds);
    work(deck, connections, move |_| {
        (Instant::now() < end).then(Instant::now)
    })
    .await
}

pub(super) async fn open(deck: &Deck, rate: f64, connections: usize, seconds: f64) -> anyhow::Result<Tally> {
    let start = Instant::now() + Duration::from_millis(20);
    let due = Arc::new(AtomicUsize::new(0));
    let limit = Duration::from_secs_f64(seconds);
    work(deck, connections, move |_| {
        let place = crate::numbers::count(due.fetch_add(1, Ordering::Relaxed));
        let after = Duration::from_secs_f64(place / rate);
        (after < limit).then(|| start + after)
    })
    .await
}

/// So many hands; each asks when its next request should go out, until there is none.
async fn work<W>(deck: &Deck, hands: usize, when: W) -> anyhow::Result<Tally>
where
    W: Fn(usize) -> Option<Instant> + Clone + Send + Sync + 'static,
{
    let began = gauge::monotonic()?;
    let mut working = JoinSet::new();
    for hand in 0..hands {
        let (deck, when) = (deck.clone(), when.clone());
        working.spawn(async move { sends(&deck, || when(hand)).await });
    }
    let mut tally = Tally {
        began,
        ..Tally::default()
    };
    while let Some(sent) = working.join_next().await {
        for sent in sent? {
            *tally.statuses.entry(sent.status).or_default() += 1;
            tally.ended = tally.ended.max(sent.answered);
            if sent.status == 202 {
                tally.accepted.push((sent.answered, sent.took));
            }
        }
    }
    Ok(tally)
}

async fn sends(deck: &Deck, when: impl Fn() -> Option<Instant>) -> Vec<Sent> {
    let mut line = Line::default();
    let mut all = Vec::new();
    while let Some(due) = when() {
        // Whoever had time to wait begins when it wakes: how late a timer is, is not the server's doing.
        let due = if due > Instant::now() {
            sleep_until(due).await;
            Instant::now()
        } else {
            due
        };
        let Some((_, request)) = deck.draw() else { break };
        let status = line.send(&deck.server, request).await;
        all.push(Sent {
            status,
            answered: gauge::monotonic().unwrap_or_default(),
            took: milliseconds(due.elapsed()),
        });
    }
    all
}
