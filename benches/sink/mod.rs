//! Everybody else's servers, as one process: it takes what is posted to any host, and writes down what came when.
//!
//! One rule: it answers at once and checks nothing, so that it leaves the machine to whom we measure; what arrived is
//! judged later, by others. A new way to behave is a [`Mood`] and an arm in `talk.rs`.

mod papers;
mod record;
mod talk;
mod tls;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use serde::{Deserialize, Serialize};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::time::sleep;

use crate::helper::{self, Helper, Questions};
use crate::hosts::Ports;
pub(crate) use record::Arrival;
use talk::Sink;

/// Connections that may wait to be accepted.
const BACKLOG: u32 = 4096;

/// What the sink is asked.
#[derive(Serialize, Deserialize)]
enum Question {
    Ports,
    Behave(Manners),
    Forget,
    Await { accepted: usize, seconds: f64 },
    Arrivals,
    Sample,
    Handshakes,
}

/// How hosts behave. Who is not named here takes everything at once.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Manners {
    pub(crate) moods: Vec<Mood>,
    /// Connections are closed after each answer.
    pub(crate) closes: bool,
    /// Says wherever it can that it takes RFC 9421 with Ed25519.
    pub(crate) takes_ed25519: bool,
}

/// How the hosts from one number up to another behave.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Mood {
    pub(crate) from: u32,
    pub(crate) to: u32,
    pub(crate) kind: Kind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Kind {
    /// Takes the request and never answers.
    Hangs,
    /// Answers 503.
    Fails,
    /// Lies so far away that a round trip takes this many milliseconds.
    Far(u64),
}

/// TLS handshakes that the sink made.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Handshakes {
    pub(crate) full: u32,
    pub(crate) resumed: u32,
}

/// The parent's end.
pub(crate) struct Peers {
    helper: Helper,
    pub(crate) ports: Ports,
}

const QUICK: Duration = Duration::from_secs(20);

impl Peers {
    pub(crate) async fn start(dir: &Path) -> anyhow::Result<Self> {
        let mut helper = Helper::start("sink", dir)?;
        let ports = helper.ask(&Question::Ports, QUICK).await?;
        Ok(Self { helper, ports })
    }

    pub(crate) async fn behave(&mut self, manners: Manners) -> anyhow::Result<()> {
        self.helper.ask(&Question::Behave(manners), QUICK).await
    }

    /// Begins a new record.
    pub(crate) async fn forget(&mut self) -> anyhow::Result<()> {
        self.helper.ask(&Question::Forget, QUICK).await
    }

    /// Waits until so many posts were accepted since the last [`Peers::forget`].
    pub(crate) async fn accepts(&mut self, accepted: usize, limit: Duration) -> anyhow::Result<()> {
        let there = self.within(accepted, limit).await?;
        anyhow::ensure!(
            there >= accepted,
            "of {accepted} posts only {there} arrived within {limit:?}"
        );
        Ok(())
    }

    /// As [`Peers::accepts`], but what is missing is no error: gives how many there are.
    pub(crate) async fn within(&mut self, accepted: usize, limit: Duration) -> anyhow::Result<usize> {
        let seconds = limit.as_secs_f64();
        self.helper
            .ask(&Question::Await { accepted, seconds }, limit + QUICK)
            .await
    }

    /// Everything that was posted since the last [`Peers::forget`], in order.
    pub(crate) async fn arrivals(&mut self) -> anyhow::Result<Vec<Arrival>> {
        self.helper.ask(&Question::Arrivals, QUICK * 3).await
    }

    /// The last body that was posted.
    pub(crate) async fn sample(&mut self) -> anyhow::Result<String> {
        self.helper.ask(&Question::Sample, QUICK).await
    }

    /// Handshakes since the last [`Peers::forget`].
    pub(crate) async fn handshakes(&mut self) -> anyhow::Result<Handshakes> {
        self.helper.ask(&Question::Handshakes, QUICK).await
    }

    pub(crate) async fn end(self) -> anyhow::Result<()> {
        self.helper.end().await
    }
}

/// The sink's end.
pub(crate) async fn run(dir: &Path) -> anyhow::Result<()> {
    folkmoot::server::raise_descriptors();
    let (http, https) = (listen()?, listen()?);
    // Held, and never listened on.
    let refusing = TcpSocket::new_v4()?;
    refusing.bind(([0, 0, 0, 0], 0).into())?;
    let ports = Ports {
        http: http.local_addr()?.port(),
        https: https.local_addr()?.port(),
        refusing: refusing.local_addr()?.port(),
    };
    let sink = Arc::new(Sink::new(dir, ports)?);
    tokio::spawn(plain(Arc::clone(&sink), http));
    tokio::spawn(encrypted(Arc::clone(&sink), https));
    let mut questions = Questions::new();
    while let Some(question) = questions.next().await? {
        match question {
            Question::Ports => helper::answer(Ok(ports))?,
            Question::Behave(manners) => helper::answer(sink.behave(manners))?,
            Question::Forget => helper::answer(sink.forget())?,
            Question::Await { accepted, seconds } => {
                let limit = Duration::from_secs_f64(seconds);
                helper::answer(Ok(sink.record.accepts(accepted, limit).await))?;
            }
            Question::Arrivals => helper::answer(Ok(sink.record.arrivals()))?,
            Question::Sample => {
                let sample = sink.record.sample().context("nothing has arrived yet");
                helper::answer(sample)?;
            }
            Question::Handshakes => helper::answer(Ok(sink.handshakes()))?,
        }
    }
    Ok(())
}

/// On every address, for each of 127.0.0.0/8 is another host; `talk` turns away whoever is not of this machine.
fn listen() -> anyhow::Result<TcpListener> {
    let socket = TcpSocket::new_v4()?;
    socket.bind(([0, 0, 0, 0], 0).into())?;
    Ok(socket.listen(BACKLOG)?)
}

async fn plain(sink: Arc<Sink>, listener: TcpListener) {
    loop {
        let stream = accept(&listener).await;
        let sink = Arc::clone(&sink);
        tokio::spawn(async move { sink.welcome(stream).await });
    }
}

async fn encrypted(sink: Arc<Sink>, listener: TcpListener) {
    loop {
        let stream = accept(&listener).await;
        let sink = Arc::clone(&sink);
        tokio::spawn(async move { sink.welcome_encrypted(stream).await });
    }
}

async fn accept(listener: &TcpListener) -> TcpStream {
    loop {
        match listener.accept().await {
            Ok((stream, _)) => return stream,
            // Out of descriptors: some will be free again soon.
            Err(_) => sleep(Duration::from_millis(5)).await,
        }
    }
}
