//! The rows SIG of the attack catalogue, the round trips beside them, and signatures that other software made.
//!
//! One rule: each attack starts from a request that is accepted, and one thing about it is changed. A new row is a test
//! in the file of its kind.

mod accepted;
mod coverage;
mod several;
mod times;

use std::fmt::Write;
use std::sync::LazyLock;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, TimeDelta, Utc};
use http::{HeaderMap, HeaderName, HeaderValue};
use proptest::prelude::*;
use url::Url;

use super::*;
use crate::signature::vectors;

static RSA: LazyLock<PrivateKey> = LazyLock::new(|| PrivateKey::generate_rsa().unwrap());
static ED25519: LazyLock<PrivateKey> = LazyLock::new(|| PrivateKey::generate_ed25519().unwrap());

const KEY_ID: &str = "https://there.example/u/ann#main-key";
const SCHEMES: [Scheme; 2] = [Scheme::Cavage, Scheme::Rfc9421];
/// 1 January 2026, midnight.
const NOW: i64 = 1_767_225_600;
const POST: &str = "(request-target) host date digest";

fn time(seconds: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(seconds, 0).unwrap()
}

/// A request at our door.
#[derive(Clone)]
struct Knock {
    method: &'static str,
    target: String,
    headers: HeaderMap,
    body: Vec<u8>,
}

impl Knock {
    /// A POST as our own sender signs it.
    fn post(scheme: Scheme, key: &PrivateKey) -> Self {
        Self::signed(scheme, key, "POST", Some(vectors::BODY.as_bytes()))
    }

    fn signed(scheme: Scheme, key: &PrivateKey, method: &'static str, body: Option<&[u8]>) -> Self {
        let url = Url::parse(&format!("https://here.example{}", vectors::TARGET)).unwrap();
        let content_type = Some("application/activity+json");
        let request = Request {
            method,
            url: &url,
            body,
            content_type,
            date: time(NOW),
        };
        let headers = sign(scheme, key, KEY_ID, &request).unwrap();
        let body = body.unwrap_or_default().to_vec();
        Self {
            method,
            target: vectors::TARGET.to_owned(),
            headers,
            body,
        }
    }

    /// A POST with everything but a signature.
    fn unsigned() -> Self {
        let mut knock = Self::post(Scheme::Cavage, &ED25519);
        knock.headers.remove("signature");
        let digest = content_digest_header(&knock.body);
        knock.with("content-digest", &digest)
    }

    fn with(mut self, name: &str, value: &str) -> Self {
        let name = HeaderName::from_bytes(name.as_bytes()).unwrap();
        self.headers.insert(name, HeaderValue::from_str(value).unwrap());
        self
    }

    fn and(mut self, name: &'static str, value: &str) -> Self {
        self.headers.append(name, HeaderValue::from_str(value).unwrap());
        self
    }

    fn without(mut self, name: &str) -> Self {
        self.headers.remove(name).unwrap();
        self
    }

    fn header(&self, name: &str) -> String {
        self.headers[name].to_str().unwrap().to_owned()
    }

    /// Signs by hand, with any parameters and coverage. Times in the signing string are `NOW` and 300 s later.
    fn cavage(self, key: &PrivateKey, parameters: &str, covered: &str) -> Self {
        let mut base = String::new();
        for name in covered.split(' ') {
            let value = match name {
                "(request-target)" => format!("{} {}", self.method.to_lowercase(), self.target),
                "(created)" => NOW.to_string(),
                "(expires)" => (NOW + 300).to_string(),
                _ => self.header(name),
            };
            let separator = if base.is_empty() { "" } else { "\n" };
            write!(base, "{separator}{name}: {value}").unwrap();
        }
        let signature = STANDARD.encode(key.sign(base.as_bytes()).unwrap());
        let comma = if parameters.is_empty() { "" } else { "," };
        self.with(
            "signature",
            &format!(r#"keyId="{KEY_ID}",headers="{covered}",signature="{signature}"{comma}{parameters}"#),
        )
    }

    /// Signs by hand after RFC 9421, as one more label.
    fn rfc9421(self, key: &PrivateKey, label: &str, covered: &str, parameters: &str) -> Self {
        let mut base = String::new();
        for name in covered.split_whitespace() {
            let value = match name {
                "@method" => self.method.to_owned(),
                "@target-uri" => format!("https://here.example{}", self.target),
                "@authority" => "here.example".to_owned(),
                "@path" => self.target.split('?').next().unwrap().to_owned(),
                "@query" => format!("?{}", self.target.split('?').nth(1).unwrap()),
                _ => self.header(name),
            };
            writeln!(base, "\"{name}\": {value}").unwrap();
        }
        let names: Vec<_> = covered
            .split_whitespace()
            .map(|name| format!("\"{name}\""))
            .collect();
        let input = format!("({}){parameters}", names.join(" "));
        write!(base, "\"@signature-params\": {input}").unwrap();
        let signature = STANDARD.encode(key.sign(base.as_bytes()).unwrap());
        self.and("signature-input", &format!("{label}={input}"))
            .and("signature", &format!("{label}=:{signature}:"))
    }

    fn claims(&self, now: DateTime<Utc>) -> Result<Vec<Claim>, Refused> {
        let received = Received {
            method: self.method,
            authority: "here.example",
            scheme: "https",
            target: &self.target,
            headers: &self.headers,
            body: &self.body,
        };
        claims(&received, now)
    }

    /// Accepted if every claim verifies with this key.
    fn judge(&self, key: &PublicKey) -> Result<(), Refused> {
        self.judge_at(key, time(NOW))
    }

    fn judge_at(&self, key: &PublicKey, now: DateTime<Utc>) -> Result<(), Refused> {
        self.claims(now)?.iter().try_for_each(|claim| claim.verify(key))
    }
}

/// The parameters of RFC 9421 that every good signature here has.
fn created_and_keyid() -> String {
    format!(";created={NOW};keyid=\"{KEY_ID}\"")
}
