//! As much of HTTP/1.1 as the sink and the load need, and not a byte more: their CPU is not measured, but it is shared.
//!
//! One rule: a message is a head and as many bytes as its `content-length` says; nothing else occurs here.

use std::io;

use tokio::io::{AsyncRead, AsyncReadExt as _};

/// Larger messages are a mistake.
const LARGEST: usize = 1 << 20;

/// What was read and not used yet.
#[derive(Default)]
pub(crate) struct Incoming {
    bytes: Vec<u8>,
    used: usize,
}

/// One request or response.
pub(crate) struct Message<'a> {
    head: &'a [u8],
    pub(crate) body: &'a [u8],
}

impl Incoming {
    /// The next message; none at the end of the stream.
    pub(crate) async fn next<S: AsyncRead + Unpin>(
        &mut self,
        stream: &mut S,
    ) -> io::Result<Option<Message<'_>>> {
        self.bytes.drain(..self.used);
        self.used = 0;
        let mut needed = None;
        loop {
            if needed.is_none() {
                needed = whole(&self.bytes)?;
            }
            if let Some((head, all)) = needed
                && self.bytes.len() >= all
            {
                self.used = all;
                let (head, rest) = self.bytes.split_at(head);
                let body = &rest[..all - head.len()];
                return Ok(Some(Message { head, body }));
            }
            if stream.read_buf(&mut self.bytes).await? == 0 {
                return Ok(None);
            }
        }
    }
}

impl Message<'_> {
    /// `POST /inbox` of a request.
    pub(crate) fn request(&self) -> Option<(&str, &str)> {
        let mut words = std::str::from_utf8(self.line()).ok()?.split(' ');
        Some((words.next()?, words.next()?))
    }

    /// The status of a response.
    pub(crate) fn status(&self) -> Option<u16> {
        std::str::from_utf8(self.line())
            .ok()?
            .split(' ')
            .nth(1)?
            .parse()
            .ok()
    }

    /// The value of a header.
    pub(crate) fn header(&self, name: &str) -> Option<&[u8]> {
        header(self.head, name)
    }

    fn line(&self) -> &[u8] {
        self.head.split(|byte| *byte == b'\r').next().unwrap_or_default()
    }
}

/// Where the head ends and where the message does, once the head is there.
fn whole(bytes: &[u8]) -> io::Result<Option<(usize, usize)>> {
    let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") else {
        return Ok(None);
    };
    let head = end + 4;
    let length = header(&bytes[..head], "content-length");
    let length: Option<usize> = match length {
        None => Some(0),
        Some(text) => std::str::from_utf8(text).ok().and_then(|text| text.parse().ok()),
    };
    match length {
        Some(length) if length <= LARGEST => Ok(Some((head, head + length))),
        _ => Err(io::Error::new(
            io::ErrorKind::InvalidData,
            "no length that we take",
        )),
    }
}

fn header<'a>(head: &'a [u8], name: &str) -> Option<&'a [u8]> {
    head.split(|byte| *byte == b'\n').skip(1).find_map(|line| {
        let (key, value) = line.split_at_checked(name.len())?;
        let value = value.strip_prefix(b":")?;
        key.eq_ignore_ascii_case(name.as_bytes())
            .then(|| value.trim_ascii())
    })
}
