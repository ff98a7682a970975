//! Structured fields (RFC 8941), as far as signatures and digests need them.
//!
//! One rule: what is not exactly in the grammar is `None`, and a name given twice is too (RFC 8941 lets the last one
//! win; here that would be a way to show two readers two things). A new type of value is a [`Bare`] and an arm in `bare`.

use base64::Engine;
use base64::alphabet::STANDARD as ALPHABET;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

/// Base64 with or without padding (RFC 8941 §4.2.7 asks readers to take both).
pub(super) const BASE64: GeneralPurpose = GeneralPurpose::new(
    &ALPHABET,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// Most members, items or parameters of one field: every name is compared with all others.
pub(super) const MAX_MEMBERS: usize = 32;

/// A value without parameters.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Bare<'a> {
    Integer(i64),
    String(String),
    Token(&'a str),
    Bytes(Vec<u8>),
    Boolean(bool),
}

/// `("a" "b");created=1;keyid="k"`: strings without parameters of their own, then parameters.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct List<'a> {
    /// As received: what was signed as `@signature-params`.
    pub(super) raw: &'a str,
    pub(super) items: Vec<String>,
    pub(super) parameters: Vec<(&'a str, Bare<'a>)>,
}

impl List<'_> {
    pub(super) fn parameter(&self, name: &str) -> Option<&Bare<'_>> {
        self.parameters
            .iter()
            .find(|(known, _)| *known == name)
            .map(|(_, value)| value)
    }
}

/// A dictionary of lists: `Signature-Input`.
pub(super) fn lists(text: &str) -> Option<Vec<(&str, List<'_>)>> {
    dictionary(text, Reader::list)
}

/// A dictionary of byte sequences: `Signature`, `Content-Digest`. Their parameters mean nothing and are dropped.
pub(super) fn byte_sequences(text: &str) -> Option<Vec<(&str, Vec<u8>)>> {
    dictionary(text, |reader| {
        let Bare::Bytes(bytes) = reader.bare()? else {
            return None;
        };
        reader.parameters()?;
        Some(bytes)
    })
}

/// A string that is quoted as structured fields and draft-cavage both read it; `None` if it would need escapes.
pub(super) fn quote(text: &str) -> Option<String> {
    let plain = text
        .bytes()
        .all(|byte| matches!(byte, b'!'..=b'~') && byte != b'"' && byte != b'\\');
    plain.then(|| format!("\"{text}\""))
}

fn dictionary<'a, T>(
    text: &'a str,
    value: impl Fn(&mut Reader<'a>) -> Option<T>,
) -> Option<Vec<(&'a str, T)>> {
    let mut reader = Reader {
        rest: text.trim_matches(' '),
    };
    let mut members: Vec<(&str, T)> = Vec::new();
    while !reader.rest.is_empty() {
        if !members.is_empty() {
            reader.separator()?;
        }
        let name = reader.key()?;
        reader.expect('=')?;
        let value = value(&mut reader)?;
        insert(&mut members, name, value)?;
    }
    Some(members)
}

fn insert<'a, T>(members: &mut Vec<(&'a str, T)>, name: &'a str, value: T) -> Option<()> {
    if members.len() >= MAX_MEMBERS || members.iter().any(|(known, _)| *known == name) {
        return None;
    }
    members.push((name, value));
    Some(())
}

/// What is left to read. Each method takes one thing off the front, or says `None`.
struct Reader<'a> {
    rest: &'a str,
}

impl<'a> Reader<'a> {
    fn list(&mut self) -> Option<List<'a>> {
        let start = self.rest;
        let mut items = Vec::new();
        self.expect('(')?;
        loop {
            self.take(|byte| byte == b' ');
            if self.expect(')').is_some() {
                break;
            }
            items.push(self.string()?);
            if items.len() > MAX_MEMBERS || !self.rest.starts_with([' ', ')']) {
                return None;
            }
        }
        let parameters = self.parameters()?;
        let raw = &start[..start.len() - self.rest.len()];
        Some(List {
            raw,
            items,
            parameters,
        })
    }

    fn parameters(&mut self) -> Option<Vec<(&'a str, Bare<'a>)>> {
        let mut parameters = Vec::new();
        while self.expect(';').is_some() {
            self.take(|byte| byte == b' ');
            let name = self.key()?;
            let value = if self.expect('=').is_some() {
                self.bare()?
            } else {
                Bare::Boolean(true)
            };
            insert(&mut parameters, name, value)?;
        }
        Some(parameters)
    }

    fn bare(&mut self) -> Option<Bare<'a>> {
        match self.rest.bytes().next()? {
            b'"' => self.string().map(Bare::String),
            b':' => self.bytes().map(Bare::Bytes),
            b'?' => self.boolean().map(Bare::Boolean),
            b'-' | b'0'..=b'9' => self.integer().map(Bare::Integer),
            b'*' | b'a'..=b'z' | b'A'..=b'Z' => Some(Bare::Token(self.take(is_token_byte))),
            _ => None,
        }
    }

    fn key(&mut self) -> Option<&'a str> {
        self.rest
            .starts_with(|c: char| c.is_ascii_lowercase() || c == '*')
            .then_some(())?;
        Some(self.take(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"_-.*".contains(&byte)))
    }

    fn string(&mut self) -> Option<String> {
        self.expect('"')?;
        let mut text = String::new();
        loop {
            text.push_str(self.take(|byte| matches!(byte, b' '..=b'~') && byte != b'"' && byte != b'\\'));
            if self.expect('"').is_some() {
                return Some(text);
            }
            self.expect('\\')?;
            let escaped = self.rest.chars().next().filter(|c| matches!(c, '"' | '\\'))?;
            self.expect(escaped)?;
            text.push(escaped);
        }
    }

    fn bytes(&mut self) -> Option<Vec<u8>> {
        self.expect(':')?;
        let encoded = self.take(|byte| byte != b':');
        self.expect(':')?;
        BASE64.decode(encoded).ok()
    }

    fn boolean(&mut self) -> Option<bool> {
        self.expect('?')?;
        if self.expect('1').is_some() {
            return Some(true);
        }
        self.expect('0').map(|()| false)
    }

    /// At most 15 digits. Decimals have no meaning in any field that is read here.
    fn integer(&mut self) -> Option<i64> {
        let sign = if self.expect('-').is_some() { -1 } else { 1 };
        let digits = self.take(|byte| byte.is_ascii_digit());
        if digits.len() > 15 || self.rest.starts_with('.') {
            return None;
        }
        digits.parse::<i64>().ok().map(|number| sign * number)
    }

    /// A comma with blanks around it, and something after it.
    fn separator(&mut self) -> Option<()> {
        self.take(is_blank);
        self.expect(',')?;
        self.take(is_blank);
        (!self.rest.is_empty()).then_some(())
    }

    fn expect(&mut self, wanted: char) -> Option<()> {
        self.rest = self.rest.strip_prefix(wanted)?;
        Some(())
    }

    /// The longest run of such ASCII bytes; it may be empty.
    fn take(&mut self, fits: impl Fn(u8) -> bool) -> &'a str {
        let end = self.rest.bytes().position(|byte| !byte.is_ascii() || !fits(byte));
        let (run, rest) = self.rest.split_at(end.unwrap_or(self.rest.len()));
        self.rest = rest;
        run
    }
}

fn is_blank(byte: u8) -> bool {
    byte == b' ' || byte == b'\t'
}

fn is_token_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~:/".contains(&byte)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_signature_input_is_read_whole() {
        let text =
            r#"sig1=("@method" "content-digest");created=1618884473;keyid="a\"b\\";x;y=?0;z=tok/en, b=()"#;
        let read = lists(text).unwrap();
        assert_eq!(read.len(), 2);
        let (label, list) = &read[0];
        assert_eq!(*label, "sig1");
        assert_eq!(list.items, ["@method", "content-digest"]);
        assert_eq!(list.parameter("created"), Some(&Bare::Integer(1_618_884_473)));
        assert_eq!(list.parameter("keyid"), Some(&Bare::String(r#"a"b\"#.to_owned())));
        assert_eq!(list.parameter("x"), Some(&Bare::Boolean(true)));
        assert_eq!(list.parameter("y"), Some(&Bare::Boolean(false)));
        assert_eq!(list.parameter("z"), Some(&Bare::Token("tok/en")));
        assert_eq!(list.parameter("alg"), None);
        assert_eq!(format!("sig1={}, b={}", list.raw, read[1].1.raw), text);
    }

    #[test]
    fn byte_sequences_are_decoded_with_or_without_padding() {
        let expected = Some(vec![("a", b"hello".to_vec()), ("b", vec![])]);
        assert_eq!(byte_sequences("a=:aGVsbG8=:, b=::"), expected);
        assert_eq!(byte_sequences(" a=:aGVsbG8:;q=1 \t,\t b=:: "), expected);
    }

    #[test]
    fn an_empty_field_is_an_empty_dictionary() {
        assert_eq!(lists(""), Some(vec![]));
        assert_eq!(byte_sequences("  "), Some(vec![]));
    }

    #[test]
    fn what_is_outside_the_grammar_is_refused() {
        for text in [
            "sig1",
            "sig1=",
            "sig1=(",
            "sig1=(\"a\"",
            "sig1=(\"a\"\"b\")",
            "sig1=(a)",
            "sig1=(\"a\";sf)",
            "sig1=(),",
            "sig1=() b=()",
            "Sig1=()",
            "=()",
            "sig1=();created=1.5",
            "sig1=();created=-",
            "sig1=();created=1234567890123456",
            "sig1=();keyid=\"a",
            "sig1=();keyid=\"\\n\"",
            "sig1=();",
            "sig1=();x=@1",
            "sig1=();x=é",
            "sig1=();a=1;a=2",
            "a=(), a=()",
            "sig1=();keyid=\"é\"",
        ] {
            assert_eq!(lists(text), None, "{text}");
        }
        for text in [
            "a=:b",
            "a=:%%:",
            "a=\"b\"",
            "a=1",
            "a=:YQ==:, a=:YQ==:",
            "a=:YR==:",
            "a=:Y Q==:",
        ] {
            assert_eq!(byte_sequences(text), None, "{text}");
        }
    }

    #[test]
    fn a_field_has_at_most_32_members_items_and_parameters() {
        for (count, fits) in [(MAX_MEMBERS, true), (MAX_MEMBERS + 1, false)] {
            let joined = |one: &str, between: &str| {
                (0..count)
                    .map(|n| one.replace('N', &n.to_string()))
                    .collect::<Vec<_>>()
                    .join(between)
            };
            assert_eq!(byte_sequences(&joined("aN=::", ", ")).is_some(), fits);
            assert_eq!(lists(&format!("a=({})", joined("\"bN\"", " "))).is_some(), fits);
            assert_eq!(lists(&format!("a=();{}", joined("cN", ";"))).is_some(), fits);
        }
    }

    #[test]
    fn only_plain_text_is_quoted() {
        assert_eq!(
            quote("https://a.example/#k").as_deref(),
            Some("\"https://a.example/#k\"")
        );
        for text in ["a\"b", "a\\b", "a b", "a\nb", "é"] {
            assert_eq!(quote(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn no_text_makes_the_reader_stumble(text in ".{0,80}", near in "[a-c=(\");:,? 0-9.\\\\-]{0,40}") {
            for text in [text, near] {
                if let Some(read) = lists(&text) {
                    prop_assert!(read.iter().all(|(_, list)| text.contains(list.raw)));
                }
                let _ = byte_sequences(&text);
            }
        }
    }
}
