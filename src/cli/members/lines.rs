//! A list of members, line by line.
//!
//! One rule: what a line may take of memory is bounded, whatever comes: a line that is too long is passed over as it is
//! read. A line ends as Unix, Windows or the end of the file end it.

use std::io::{self, BufRead, Read};

/// Three ids, a word, and what stands around them.
const LONGEST: usize = 8_192;

/// The mark with which some programs begin a text in UTF-8.
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// One line, without its end.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Line<'a> {
    Text(&'a [u8]),
    TooLong,
}

/// Reads lines, and counts them from 1.
pub(super) struct Lines<R> {
    reader: R,
    buffer: Vec<u8>,
    pub(super) number: u64,
    /// Bytes read so far.
    pub(super) read: u64,
}

impl<R: BufRead> Lines<R> {
    pub(super) fn of(reader: R) -> Self {
        Self {
            reader,
            buffer: Vec::new(),
            number: 0,
            read: 0,
        }
    }

    /// The next line; `None` at the end.
    pub(super) fn next(&mut self) -> io::Result<Option<Line<'_>>> {
        self.buffer.clear();
        // One byte more than fits, and its end.
        let most = LONGEST as u64 + 3;
        let read = self
            .reader
            .by_ref()
            .take(most)
            .read_until(b'\n', &mut self.buffer)?;
        if read == 0 {
            return Ok(None);
        }
        self.number += 1;
        self.read += read as u64;
        let ended = self.buffer.ends_with(b"\n");
        if !ended && self.buffer.len() > LONGEST {
            self.pass_over()?;
        }
        let mut text = self.buffer.as_slice();
        if self.number == 1 {
            text = text.strip_prefix(BYTE_ORDER_MARK).unwrap_or(text);
        }
        text = text.strip_suffix(b"\n").unwrap_or(text);
        text = text.strip_suffix(b"\r").unwrap_or(text);
        if text.len() > LONGEST {
            return Ok(Some(Line::TooLong));
        }
        Ok(Some(Line::Text(text)))
    }

    /// Reads to the end of the line and keeps nothing of it.
    fn pass_over(&mut self) -> io::Result<()> {
        loop {
            let here = match self.reader.fill_buf() {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                read => read?,
            };
            if here.is_empty() {
                return Ok(());
            }
            let end = here.iter().position(|byte| *byte == b'\n');
            let passed = end.map_or(here.len(), |end| end + 1);
            self.reader.consume(passed);
            self.read += passed as u64;
            if end.is_some() {
                return Ok(());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &[u8]) -> Vec<Option<String>> {
        let mut lines = Lines::of(text);
        let mut all = Vec::new();
        while let Some(line) = lines.next().expect("readable") {
            all.push(match line {
                Line::Text(text) => Some(String::from_utf8(text.to_vec()).expect("text")),
                Line::TooLong => None,
            });
        }
        assert_eq!(lines.read, text.len() as u64);
        all
    }

    #[test]
    fn a_line_ends_in_each_of_the_usual_ways() {
        let some = |text: &str| Some(text.to_owned());
        assert_eq!(lines(b""), []);
        assert_eq!(lines(b"a\nb\r\n\nc"), [some("a"), some("b"), some(""), some("c")]);
        assert_eq!(
            lines(b"\xef\xbb\xbfa\n\xef\xbb\xbfb"),
            [some("a"), some("\u{feff}b")]
        );
    }

    #[test]
    fn a_line_that_is_too_long_is_passed_over() {
        for (length, fits) in [
            (LONGEST - 1, true),
            (LONGEST, true),
            (LONGEST + 1, false),
            (LONGEST + 2, false),
            (LONGEST + 3, false),
            (100 * LONGEST, false),
        ] {
            let long = "x".repeat(length);
            let read = fits.then(|| long.clone());
            for end in ["\n", "\r\n"] {
                let text = format!("a{end}{long}{end}b{end}");
                let all = [Some("a".to_owned()), read.clone(), Some("b".to_owned())];
                assert_eq!(lines(text.as_bytes()), all, "{length}");
            }
            assert_eq!(lines(long.as_bytes()), std::slice::from_ref(&read), "{length}");
        }
    }
}
