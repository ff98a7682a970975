//! Asks whether a server answers on its socket.
//!
//! One rule: a connection is not an answer. The kernel accepts for a server that is still replaying its log, so
//! we say hello as a client would and read the first word back (protocol 3.0, "Start-up").

use std::io::{Error as IoError, ErrorKind};
use std::path::Path;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::UnixStream;
use tokio::time::timeout;

use super::{DATABASE, Error, USER, at};

/// `cannot_connect_now`: starting up, shutting down or in recovery.
const CANNOT_CONNECT_NOW: &[u8] = b"C57P03\0";
/// Longer first words than this are not from Postgres.
const LONGEST: u32 = 64 * 1024;
/// A server that is busy starting may be slow to say so.
const PATIENCE: Duration = Duration::from_secs(5);

/// What came back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Answer {
    /// No server listens.
    Nobody,
    /// A server listens, but takes no clients yet, or no longer.
    Starting,
    /// It takes clients, or has none to spare for us now.
    Ready,
}

/// Says hello at `socket`.
pub(super) async fn ask(socket: &Path) -> Result<Answer, Error> {
    let stream = match UnixStream::connect(socket).await {
        Ok(stream) => stream,
        Err(e) if matches!(e.kind(), ErrorKind::NotFound | ErrorKind::ConnectionRefused) => {
            return Ok(Answer::Nobody);
        }
        // Its queue is full: somebody is there.
        Err(e) if e.kind() == ErrorKind::WouldBlock => return Ok(Answer::Starting),
        Err(e) => return Err(at(socket)(e)),
    };
    // Silence, or a server that hangs up in the middle, is one that is coming or going.
    Ok(timeout(PATIENCE, converse(stream))
        .await
        .ok()
        .and_then(Result::ok)
        .unwrap_or(Answer::Starting))
}

async fn converse(mut stream: UnixStream) -> Result<Answer, IoError> {
    stream.write_all(&hello()).await?;
    let kind = stream.read_u8().await?;
    let length = stream.read_u32().await?;
    if !(4..=LONGEST).contains(&length) {
        return Err(ErrorKind::InvalidData.into());
    }
    let mut body = vec![0; length as usize - 4];
    stream.read_exact(&mut body).await?;
    // A goodbye keeps the server's log free of broken connections; it may have hung up already.
    let _ = stream.write_all(b"X\0\0\0\x04").await;
    Ok(judge(kind, &body))
}

fn hello() -> Vec<u8> {
    let mut body = 196_608_u32.to_be_bytes().to_vec();
    for word in ["user", USER, "database", DATABASE] {
        body.extend_from_slice(word.as_bytes());
        body.push(0);
    }
    body.push(0);
    let length = u32::try_from(body.len() + 4).unwrap_or(0);
    [&length.to_be_bytes(), body.as_slice()].concat()
}

fn judge(kind: u8, body: &[u8]) -> Answer {
    let cannot_yet = body
        .windows(CANNOT_CONNECT_NOW.len())
        .any(|field| field == CANNOT_CONNECT_NOW);
    if kind == b'E' && cannot_yet {
        Answer::Starting
    } else {
        Answer::Ready
    }
}

#[cfg(test)]
mod tests {
    use tokio::net::UnixListener;

    use super::*;

    #[test]
    fn an_error_that_says_not_now_is_not_ready() {
        assert_eq!(judge(b'E', b"SFATAL\0C57P03\0Mstarting up\0\0"), Answer::Starting);
        assert_eq!(
            judge(b'E', b"SFATAL\0C53300\0Mtoo many clients\0\0"),
            Answer::Ready
        );
        assert_eq!(judge(b'R', &[0, 0, 0, 0]), Answer::Ready);
    }

    #[tokio::test]
    async fn no_socket_and_a_dead_socket_are_nobody() {
        let dir = tempfile::tempdir().unwrap();
        let socket = dir.path().join("s");
        assert_eq!(ask(&socket).await.unwrap(), Answer::Nobody);
        drop(UnixListener::bind(&socket).unwrap());
        assert_eq!(ask(&socket).await.unwrap(), Answer::Nobody);
    }

    #[tokio::test]
    async fn one_that_accepts_and_hangs_up_is_not_ready() {
        let dir = tempfile::tempdir().unwrap();
        let socket = dir.path().join("s");
        let listener = UnixListener::bind(&socket).unwrap();
        let (answer, accepted) = tokio::join!(ask(&socket), async { drop(listener.accept().await.unwrap()) });
        let () = accepted;
        assert_eq!(answer.unwrap(), Answer::Starting);
    }

    #[tokio::test]
    async fn nonsense_from_a_stranger_is_not_ready() {
        let dir = tempfile::tempdir().unwrap();
        let socket = dir.path().join("s");
        let listener = UnixListener::bind(&socket).unwrap();
        let stranger = async {
            listener
                .accept()
                .await
                .unwrap()
                .0
                .write_all(b"HTTP/1.1 400 Bad\r\n")
                .await
                .unwrap()
        };
        let (answer, ()) = tokio::join!(ask(&socket), stranger);
        assert_eq!(answer.unwrap(), Answer::Starting);
    }
}
