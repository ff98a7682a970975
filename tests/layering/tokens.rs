//! Rust source as tokens: enough to see names, paths and strings, and to leave comments out.

/// What the checks look at. Numbers, characters and lifetimes are left out.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Token {
    Ident(String),
    /// `::`, or one character.
    Punct(&'static str),
    /// What a string holds, escapes as they are written.
    Text(String),
}

const PUNCTUATION: &[&str] = &[
    "::", "{", "}", "(", ")", "[", "]", "<", ">", "#", "!", ",", ";", "*", "$", ".", "&", "=", "|", ":", "?",
    "-", "+",
];

/// The tokens of a source file, each with its line, which counts from 1.
pub(crate) fn read(source: &str) -> Vec<(usize, Token)> {
    let mut reader = Reader {
        rest: source,
        line: 1,
        tokens: Vec::new(),
    };
    while !reader.rest.is_empty() {
        reader.step();
    }
    reader.tokens
}

struct Reader<'a> {
    rest: &'a str,
    line: usize,
    tokens: Vec<(usize, Token)>,
}

impl<'a> Reader<'a> {
    fn step(&mut self) {
        let rest = self.rest;
        if rest.starts_with("//") {
            self.take(rest.find('\n').unwrap_or(rest.len()));
        } else if rest.starts_with("/*") {
            self.take(comment_length(rest));
        } else if let Some((start, hashes)) = raw_string(rest) {
            let close = format!("\"{}", "#".repeat(hashes));
            let length = rest[start..].find(&close).unwrap_or(rest.len() - start);
            self.string(start, length, close.len());
        } else if let Some(start) = ["\"", "b\"", "c\""].iter().find(|open| rest.starts_with(**open)) {
            self.string(start.len(), string_length(&rest[start.len()..]), 1);
        } else if rest.starts_with('\'') {
            self.take(quote_length(rest));
        } else if let Some(length) = ident_length(rest) {
            let name = self.take(length).trim_start_matches("r#").to_owned();
            // A number is no name.
            if !name.starts_with(|c: char| c.is_ascii_digit()) {
                self.tokens.push((self.line, Token::Ident(name)));
            }
        } else if let Some(mark) = PUNCTUATION.iter().find(|mark| rest.starts_with(**mark)) {
            self.take(mark.len());
            self.tokens.push((self.line, Token::Punct(mark)));
        } else {
            self.take(rest.chars().next().map_or(1, char::len_utf8));
        }
    }

    fn string(&mut self, start: usize, length: usize, close: usize) {
        let line = self.line;
        self.take(start);
        let text = self.take(length).to_owned();
        self.take(close);
        self.tokens.push((line, Token::Text(text)));
    }

    fn take(&mut self, length: usize) -> &'a str {
        let (taken, rest) = self.rest.split_at(length.min(self.rest.len()));
        self.line += taken.matches('\n').count();
        self.rest = rest;
        taken
    }
}

/// Block comments nest.
fn comment_length(text: &str) -> usize {
    let mut depth = 0;
    let mut at = 0;
    while at < text.len() {
        match &text.as_bytes()[at..] {
            [b'/', b'*', ..] => (depth, at) = (depth + 1, at + 2),
            [b'*', b'/', ..] => (depth, at) = (depth - 1, at + 2),
            _ => at += 1,
        }
        if depth == 0 {
            break;
        }
    }
    at
}

/// Where the text of `r#"..."#` begins, and with how many hashes.
fn raw_string(text: &str) -> Option<(usize, usize)> {
    let prefix = ["r", "br", "cr"].iter().find(|prefix| {
        text.strip_prefix(**prefix)
            .is_some_and(|rest| rest.trim_start_matches('#').starts_with('"'))
    })?;
    let after = &text[prefix.len()..];
    let hashes = after.len() - after.trim_start_matches('#').len();
    Some((prefix.len() + hashes + 1, hashes))
}

fn string_length(text: &str) -> usize {
    let mut escaped = false;
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => return at,
            _ => {}
        }
    }
    text.len()
}

/// `'a'` and `'\n'` to their end; of a lifetime only the quote.
fn quote_length(text: &str) -> usize {
    let mut chars = text.char_indices().skip(1);
    match chars.next() {
        Some((_, '\\')) => {
            chars.next();
            chars
                .find(|(_, c)| *c == '\'')
                .map_or(text.len(), |(end, _)| end + 1)
        }
        Some(_) => chars
            .next()
            .filter(|(_, c)| *c == '\'')
            .map_or(1, |(end, _)| end + 1),
        None => 1,
    }
}

fn ident_length(text: &str) -> Option<usize> {
    let raw = if text.starts_with("r#") { 2 } else { 0 };
    let length = text[raw..]
        .find(|c: char| !c.is_alphanumeric() && c != '_')
        .unwrap_or(text.len() - raw);
    (length > 0).then_some(raw + length)
}
