//! JSON from strangers.
//!
//! One rule: what two readers could read differently is refused: duplicate keys (ORG18), NUL (PAR05), and documents
//! deeper or larger than any honest one (PAR02, PAR03). Where that is, is said by a name of ours: a peer's key is never
//! repeated.

use std::{cell::Cell, fmt};

use serde::de::{DeserializeSeed, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

use crate::dialect::Unreadable;

/// How much of a document we read.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Objects and arrays inside one another.
    pub depth: usize,
    /// Values in all.
    pub nodes: usize,
}

/// Reads one JSON object.
///
/// # Errors
/// If it is not UTF-8, not one JSON object, deeper or larger than `limits`, repeats a key, or contains NUL.
pub fn parse(body: &[u8], limits: Limits) -> Result<(&str, Value), Unreadable> {
    let text = std::str::from_utf8(body).map_err(|_| Unreadable::new(WHOLE, "The body is not UTF-8."))?;
    let (left, within) = (Cell::new(limits.nodes), Cell::new(WHOLE));
    let mut reader = serde_json::Deserializer::from_str(text);
    let seed = Seed {
        depth: limits.depth,
        left: &left,
        outermost: Some(&within),
    };
    let value = seed
        .deserialize(&mut reader)
        .and_then(|value| reader.end().map(|()| value))
        .map_err(|error| {
            let known = [TOO_DEEP, TOO_MANY, REPEATED, NUL]
                .into_iter()
                .find(|why| error.to_string().starts_with(why));
            Unreadable::new(
                known.map_or(WHOLE, |_| within.get()),
                known.map_or_else(
                    || {
                        format!(
                            "The body is not valid JSON (line {}, column {}).",
                            error.line(),
                            error.column()
                        )
                    },
                    ToOwned::to_owned,
                ),
            )
        })?;
    if value.is_object() {
        Ok((text, value))
    } else {
        Err(Unreadable::new(WHOLE, "The body is not a JSON object."))
    }
}

/// The field, where it is none that we know.
const WHOLE: &str = "body";
/// Fields of an activity that a problem may name.
const FIELDS: [&str; 17] = [
    "@context",
    "id",
    "type",
    "actor",
    "object",
    "target",
    "origin",
    "to",
    "cc",
    "bto",
    "bcc",
    "audience",
    "name",
    "summary",
    "content",
    "published",
    "signature",
];

const TOO_DEEP: &str = "The document is nested too deeply.";
const TOO_MANY: &str = "The document has too many values.";
const REPEATED: &str = "The document names a key twice in one object.";
const NUL: &str = "The document contains the character NUL.";

#[derive(Clone, Copy)]
struct Seed<'a> {
    depth: usize,
    left: &'a Cell<usize>,
    /// Of the document itself: the field that is read. `None` inside of it.
    outermost: Option<&'a Cell<&'static str>>,
}

impl Seed<'_> {
    fn deeper<E: serde::de::Error>(self) -> Result<Self, E> {
        let depth = self.depth.checked_sub(1).ok_or_else(|| E::custom(TOO_DEEP))?;
        Ok(Self {
            depth,
            outermost: None,
            ..self
        })
    }
}

impl<'de> DeserializeSeed<'de> for Seed<'_> {
    type Value = Value;

    fn deserialize<D: serde::Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        let left = self
            .left
            .get()
            .checked_sub(1)
            .ok_or_else(|| D::Error::custom(TOO_MANY))?;
        self.left.set(left);
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Seed<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(Number::from_f64(value).map_or(Value::Null, Value::Number))
    }

    fn visit_str<E: serde::de::Error>(self, value: &str) -> Result<Value, E> {
        if value.contains('\0') {
            Err(E::custom(NUL))
        } else {
            Ok(Value::String(value.to_owned()))
        }
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let inner = self.deeper()?;
        let mut list = Vec::new();
        while let Some(item) = items.next_element_seed(inner)? {
            list.push(item);
        }
        Ok(Value::Array(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<Value, A::Error> {
        let inner = self.deeper()?;
        let mut map = Map::new();
        while let Some(key) = fields.next_key::<String>()? {
            if let Some(within) = self.outermost {
                let known = FIELDS.into_iter().find(|field| *field == key);
                within.set(known.unwrap_or(WHOLE));
            }
            if key.contains('\0') {
                return Err(A::Error::custom(NUL));
            }
            if map.contains_key(&key) {
                return Err(A::Error::custom(REPEATED));
            }
            let value = fields.next_value_seed(inner)?;
            map.insert(key, value);
        }
        Ok(Value::Object(map))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMITS: Limits = Limits {
        depth: 32,
        nodes: 10_000,
    };

    /// Named by our own words alone.
    #[test]
    fn what_is_wrong_is_somewhere() {
        let field = |body: &str| parse(body.as_bytes(), LIMITS).expect_err("refused").field;
        assert_eq!(field(r#"{"id": 1, "content": "a\u0000b"}"#), "content");
        assert_eq!(field(r#"{"to": [], "object": {"a": 1, "a": 2}}"#), "object");
        assert_eq!(field(&format!(r#"{{"to": {}}}"#, "[".repeat(40))), "to");
        assert_eq!(field(r#"{"id": 1, "id": 2}"#), "id");
        assert_eq!(field(r#"{"mine": 1, "mine": 2}"#), "body");
        assert_eq!(field("{"), "body");
        assert_eq!(field("[]"), "body");
    }

    fn why(body: &[u8]) -> String {
        parse(body, LIMITS).expect_err("refused").why
    }

    #[test]
    fn an_honest_document_is_read_as_it_is() {
        let (text, value) = parse(br#"{"a":[1,-2,3.5,null,true],"b":"\u00e4"}"#, LIMITS).expect("read");
        assert_eq!(serde_json::from_str::<Value>(text).expect("JSON"), value);
    }

    #[test]
    fn what_two_readers_could_read_differently_is_refused() {
        assert_eq!(why(br#"{"id":"a","id":"b"}"#), REPEATED);
        assert_eq!(why(br#"{"x":{"id":"a","\u0069d":"b"}}"#), REPEATED);
        assert_eq!(why(br#"{"name":"a\u0000b"}"#), NUL);
        assert_eq!(why(b"[]"), "The body is not a JSON object.");
        assert_eq!(why(b"\xff{}"), "The body is not UTF-8.");
        for bad in [
            &b"{\"a\":1e400}"[..],
            b"{\"a\":NaN}",
            b"{\"a\":\"\\ud800\"}",
            b"{} {}",
            b"\xef\xbb\xbf{}",
            b"",
        ] {
            assert!(why(bad).starts_with("The body is not valid JSON"), "{bad:?}");
        }
    }

    #[test]
    fn depth_and_size_are_bounded() {
        let nested = |n: usize| format!("{}1{}", "{\"a\":".repeat(n), "}".repeat(n));
        assert!(parse(nested(32).as_bytes(), LIMITS).is_ok());
        assert_eq!(why(nested(33).as_bytes()), TOO_DEEP);
        assert_eq!(
            why(format!("{{\"a\":{}", "[".repeat(100_000)).as_bytes()),
            TOO_DEEP
        );
        let many = format!("{{\"a\":[{}1]}}", "1,".repeat(9_997));
        assert!(parse(many.as_bytes(), LIMITS).is_ok());
        let more = format!("{{\"a\":[{}1]}}", "1,".repeat(10_000));
        assert_eq!(why(more.as_bytes()), TOO_MANY);
    }
}
