//! One connection: requests in, answers out.
//!
//! One rule: which host is spoken to is the address that was connected to, never what a header says.

use std::path::Path;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::sleep;

use super::papers::Papers;
use super::record::{Arrival, Record};
use super::tls::Certificates;
use super::{Handshakes, Kind, Manners};
use crate::gauge;
use crate::hosts::{self, Ports};
use crate::load::MARK;
use crate::wire::{Incoming, Message};

pub(super) struct Sink {
    pub(super) record: Record,
    papers: Papers,
    certificates: Certificates,
    manners: RwLock<Arc<Manners>>,
}

/// What happens after a request.
enum Then {
    Answer(Vec<u8>),
    Hang,
}

impl Sink {
    pub(super) fn new(dir: &Path, ports: Ports) -> anyhow::Result<Self> {
        Ok(Self {
            record: Record::default(),
            papers: Papers::new(dir, ports)?,
            certificates: Certificates::new(dir)?,
            manners: RwLock::default(),
        })
    }

    pub(super) fn behave(&self, manners: Manners) -> anyhow::Result<()> {
        *self.manners.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(manners);
        Ok(())
    }

    pub(super) fn forget(&self) -> anyhow::Result<()> {
        self.record.forget();
        self.certificates.forget();
        Ok(())
    }

    pub(super) fn handshakes(&self) -> Handshakes {
        self.certificates.handshakes()
    }

    fn manners(&self) -> Arc<Manners> {
        Arc::clone(&self.manners.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn mood(&self, host: u32) -> Option<Kind> {
        let manners = self.manners();
        let mood = manners
            .moods
            .iter()
            .find(|mood| (mood.from..mood.to).contains(&host));
        mood.map(|mood| mood.kind)
    }

    pub(super) async fn welcome(&self, stream: TcpStream) {
        let Some(host) = host_of(&stream) else { return };
        if let Some(Kind::Far(round_trip)) = self.mood(host) {
            // The handshake of TCP is a round trip, too.
            sleep(Duration::from_millis(round_trip)).await;
        }
        // A connection that breaks is the other side's to mend.
        let _ = self.converse(host, stream, false).await;
    }

    pub(super) async fn welcome_encrypted(&self, stream: TcpStream) {
        let Some(host) = host_of(&stream) else { return };
        if let Some(stream) = self.certificates.accept(host, stream).await {
            let _ = self.converse(host, stream, true).await;
        }
    }

    async fn converse<S>(&self, host: u32, mut stream: S, secure: bool) -> std::io::Result<()>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        let mut incoming = Incoming::default();
        while let Some(message) = incoming.next(&mut stream).await? {
            let closes = self.manners().closes;
            let then = match message.request() {
                Some(("POST", _)) => self.take(host, &message),
                Some(("GET", path)) => Then::Answer(self.papers.get(host, path, secure, &self.manners())),
                _ => return Ok(()),
            };
            let Then::Answer(answer) = then else {
                return std::future::pending().await;
            };
            if let Some(Kind::Far(round_trip)) = self.mood(host) {
                sleep(Duration::from_millis(round_trip)).await;
            }
            stream.write_all(&answer).await?;
            if closes {
                return stream.shutdown().await;
            }
        }
        Ok(())
    }

    /// A POST: written down, then answered.
    fn take(&self, host: u32, message: &Message<'_>) -> Then {
        let (status, line) = match self.mood(host) {
            Some(Kind::Hangs) => (0, ""),
            Some(Kind::Fails) => (503, "503 Service Unavailable"),
            _ => (202, "202 Accepted"),
        };
        let input = message.header("signature-input").unwrap_or_default();
        self.record.keep_sample(message.body);
        self.record.note(Arrival {
            host,
            post: number(message.body),
            at: gauge::monotonic().unwrap_or_default(),
            status,
            ed25519: contains(input, b"ed25519"),
        });
        if status == 0 {
            return Then::Hang;
        }
        let mut answer = format!("HTTP/1.1 {line}\r\ncontent-length: 0\r\n");
        let manners = self.manners();
        if manners.takes_ed25519 {
            answer += super::papers::ACCEPT_SIGNATURE;
        }
        if manners.closes {
            answer += "connection: close\r\n";
        }
        answer += "\r\n";
        Then::Answer(answer.into_bytes())
    }
}

/// The host that was connected to, by somebody of this machine.
fn host_of(stream: &TcpStream) -> Option<u32> {
    let _ = stream.set_nodelay(true);
    if !stream.peer_addr().ok()?.ip().is_loopback() {
        return None;
    }
    hosts::number(stream.local_addr().ok()?)
}

/// The number of the post that a document is about; the largest of all if it says none.
fn number(body: &[u8]) -> u32 {
    let Some(at) = body.windows(MARK.len()).position(|here| here == MARK.as_bytes()) else {
        return u32::MAX;
    };
    let digits = body[at + MARK.len()..]
        .iter()
        .take_while(|byte| byte.is_ascii_digit());
    digits.fold(0u32, |number, digit| {
        number.wrapping_mul(10).wrapping_add(u32::from(digit - b'0'))
    })
}

fn contains(text: &[u8], part: &[u8]) -> bool {
    text.windows(part.len()).any(|here| here == part)
}
