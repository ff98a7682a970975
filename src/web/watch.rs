//! A connection that is given up when it falls silent.
//!
//! One rule: whoever is to speak has a time for it: a new caller and a begun header a short one, a caller between two
//! requests a longer one, and a caller that does not take its answer the time of a request (PAR17). While a request is
//! being answered, nobody is waited for here; its body has its own limits, in the inbox.

use std::{
    io,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicU8, Ordering},
    },
    task::{Context, Poll, ready},
    time::Duration,
};

use axum::body::HttpBody;
use bytes::Bytes;
use futures_util::task::AtomicWaker;
use hyper::body::{Frame, SizeHint};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
    time::{Instant, Sleep, sleep},
};

use crate::config::Limits;

/// How long each silence may last.
#[derive(Clone, Copy, Debug)]
pub(super) struct Patience {
    pub(super) header: Duration,
    pub(super) idle: Duration,
    pub(super) answer: Duration,
}

impl Patience {
    pub(super) const fn of(limits: &Limits) -> Self {
        Self {
            header: Duration::from_secs(limits.header_seconds),
            idle: Duration::from_secs(limits.idle_seconds),
            answer: Duration::from_secs(limits.request_seconds),
        }
    }
}

const HEADER: u8 = 0;
const ANSWERING: u8 = 1;
const IDLE: u8 = 2;

/// What a connection is doing, shared between its bytes and its requests. It starts by expecting a header.
#[derive(Clone, Debug, Default)]
pub(super) struct Doing(Arc<State>);

#[derive(Debug, Default)]
struct State {
    phase: AtomicU8,
    /// Whoever began to read while we were answering: from then on its time runs.
    reader: AtomicWaker,
}

impl Doing {
    /// A request is here.
    pub(super) fn begin(&self) {
        self.set(ANSWERING);
    }

    /// Its answer, which frees the connection for the next one when it has been sent.
    pub(super) fn until_sent<B>(&self, body: B) -> Answering<B> {
        Answering {
            body,
            doing: self.clone(),
        }
    }

    fn set(&self, phase: u8) {
        self.0.phase.store(phase, Ordering::Release);
    }

    fn phase(&self) -> u8 {
        self.0.phase.load(Ordering::Acquire)
    }
}

/// The body of an answer.
pub(super) struct Answering<B> {
    body: B,
    doing: Doing,
}

impl<B> Drop for Answering<B> {
    fn drop(&mut self) {
        self.doing.set(IDLE);
        self.doing.0.reader.wake();
    }
}

impl<B: HttpBody<Data = Bytes> + Unpin> HttpBody for Answering<B> {
    type Data = Bytes;
    type Error = B::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, B::Error>>> {
        Pin::new(&mut self.body).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// A stream with a clock beside it.
pub(super) struct Watched<S = TcpStream> {
    stream: S,
    doing: Doing,
    patience: Patience,
    reading: Timer,
    writing: Timer,
    /// For what `reading` runs.
    waits_for: u8,
}

impl<S> Watched<S> {
    pub(super) fn new(stream: S, doing: Doing, patience: Patience) -> Self {
        Self {
            stream,
            doing,
            patience,
            reading: Timer(None),
            writing: Timer(None),
            waits_for: HEADER,
        }
    }
}

/// Runs while somebody is waited for.
struct Timer(Option<Pin<Box<Sleep>>>);

impl Timer {
    fn stop(&mut self) {
        self.0 = None;
    }

    /// Starts if it does not run; ready with an error once the time is over.
    fn poll(&mut self, limit: Duration, cx: &mut Context<'_>) -> Poll<io::Error> {
        let timer = self.0.get_or_insert_with(|| Box::pin(sleep(limit)));
        // Never further off than the limit, whatever was armed before.
        if timer.deadline() > Instant::now() + limit {
            timer.as_mut().reset(Instant::now() + limit);
        }
        ready!(timer.as_mut().poll(cx));
        Poll::Ready(io::ErrorKind::TimedOut.into())
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Watched<S> {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let had = buffer.filled().len();
        let doing = this.doing.phase();
        if doing != this.waits_for {
            this.reading.stop();
            this.waits_for = doing;
        }
        if let Poll::Ready(done) = Pin::new(&mut this.stream).poll_read(cx, buffer) {
            if doing == IDLE && buffer.filled().len() > had {
                this.doing.set(HEADER);
            }
            return Poll::Ready(done);
        }
        let limit = match doing {
            ANSWERING => {
                this.doing.0.reader.register(cx.waker());
                return Poll::Pending;
            }
            IDLE => this.patience.idle,
            _ => this.patience.header,
        };
        this.reading.poll(limit, cx).map(Err)
    }
}

impl<S: AsyncWrite + Unpin> Watched<S> {
    /// A write that goes through stops the clock; one that does not runs it.
    fn timed<T>(&mut self, wrote: Poll<io::Result<T>>, cx: &mut Context<'_>) -> Poll<io::Result<T>> {
        if wrote.is_ready() {
            self.writing.stop();
            return wrote;
        }
        self.writing.poll(self.patience.answer, cx).map(Err)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Watched<S> {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let wrote = Pin::new(&mut this.stream).poll_write(cx, bytes);
        this.timed(wrote, cx)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let wrote = Pin::new(&mut this.stream).poll_write_vectored(cx, bytes);
        this.timed(wrote, cx)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let flushed = Pin::new(&mut this.stream).poll_flush(cx);
        this.timed(flushed, cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};

    use super::*;

    const PATIENCE: Patience = Patience {
        header: Duration::from_secs(5),
        idle: Duration::from_secs(60),
        answer: Duration::from_secs(10),
    };

    async fn waited<T>(what: impl Future<Output = io::Result<T>>) -> Duration {
        let start = Instant::now();
        let kind = what.await.map(|_| ()).expect_err("given up").kind();
        assert_eq!(kind, io::ErrorKind::TimedOut);
        start.elapsed()
    }

    fn about(seconds: u64) -> std::ops::Range<Duration> {
        Duration::from_secs(seconds)..Duration::from_secs(seconds + 1)
    }

    #[tokio::test(start_paused = true)]
    async fn a_caller_that_says_nothing_is_given_up() {
        let (ours, _theirs) = duplex(64);
        let mut ours = Watched::new(ours, Doing::default(), PATIENCE);
        assert!(about(5).contains(&waited(ours.read_u8()).await));
    }

    #[tokio::test(start_paused = true)]
    async fn a_header_that_drips_is_given_up_as_well() {
        let (ours, mut theirs) = duplex(64);
        let mut ours = Watched::new(ours, Doing::default(), PATIENCE);
        let _drip = tokio::spawn(async move {
            loop {
                let _ = theirs.write_all(b"x").await;
                sleep(Duration::from_secs(1)).await;
            }
        });
        let all = async {
            loop {
                ours.read_u8().await?;
            }
            #[expect(unreachable_code, reason = "names the type")]
            Ok(())
        };
        assert!(about(5).contains(&waited(all).await));
    }

    #[tokio::test(start_paused = true)]
    async fn between_requests_there_is_more_time_but_a_begun_header_has_no_more() {
        let (ours, mut theirs) = duplex(64);
        let doing = Doing::default();
        let mut ours = Watched::new(ours, doing.clone(), PATIENCE);
        doing.begin();
        drop(doing.until_sent(()));
        theirs.write_all(b"x").await.expect("written");
        assert!(ours.read_u8().await.is_ok());
        assert!(about(5).contains(&waited(ours.read_u8()).await));

        doing.begin();
        drop(doing.until_sent(()));
        assert!(about(60).contains(&waited(ours.read_u8()).await));
    }

    /// As a server does that watches for the end of the stream.
    #[tokio::test(start_paused = true)]
    async fn time_runs_for_a_read_that_began_during_the_answer() {
        let (ours, _theirs) = duplex(64);
        let doing = Doing::default();
        let mut ours = Watched::new(ours, doing.clone(), PATIENCE);
        doing.begin();
        let answer = doing.until_sent(());
        let reading = tokio::spawn(async move { waited(ours.read_u8()).await });
        sleep(Duration::from_secs(3)).await;
        drop(answer);
        assert!(about(63).contains(&reading.await.expect("no panic")));
    }

    #[tokio::test(start_paused = true)]
    async fn while_we_answer_nobody_is_hurried() {
        let (ours, _theirs) = duplex(64);
        let doing = Doing::default();
        let mut ours = Watched::new(ours, doing.clone(), PATIENCE);
        doing.begin();
        let read = tokio::time::timeout(Duration::from_secs(1_000), ours.read_u8()).await;
        assert!(read.is_err(), "still open");
    }

    #[tokio::test(start_paused = true)]
    async fn an_answer_that_nobody_takes_is_given_up() {
        let (ours, _theirs) = duplex(64);
        let mut ours = Watched::new(ours, Doing::default(), PATIENCE);
        assert!(about(10).contains(&waited(ours.write_all(&[0; 128])).await));
    }
}
