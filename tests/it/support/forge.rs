//! Requests whose every header is in our hands: what an attacker sends.
//!
//! One rule: untouched, a forgery is a right request by its actor; a test spoils one thing at a time.

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{RSA_PKCS1_SHA256, RsaKeyPair};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use folkmoot::signature::{PrivateKey, content_digest_header, digest_header};
use http::{HeaderMap, HeaderName, HeaderValue};
use url::{Position, Url};

use super::peer::{Actor, Answer, Server};

/// A POST, before it is signed by draft-cavage.
#[derive(Clone)]
pub struct Forgery {
    server: Server,
    pub inbox: String,
    pub body: String,
    pub key: PrivateKey,
    pub key_id: String,
    pub algorithm: Option<&'static str>,
    /// Names of what is signed, in order.
    pub signed: Vec<&'static str>,
    /// The request target that is signed, if it is not the real one.
    pub signed_target: Option<String>,
    pub date: Option<String>,
    pub digest: Option<String>,
    pub content_type: Option<&'static str>,
    pub created: Option<i64>,
    pub expires: Option<i64>,
    /// Sent, and not signed.
    pub also: Vec<(&'static str, String)>,
}

impl Forgery {
    /// A right request.
    pub fn new(actor: &Actor, inbox: &str, body: &str) -> Self {
        let now = actor.server().ground().clock().now();
        Self {
            server: actor.server().clone(),
            inbox: inbox.to_owned(),
            body: body.to_owned(),
            key: actor.key(),
            key_id: actor.key_id(),
            algorithm: Some("rsa-sha256"),
            signed: vec!["(request-target)", "host", "date", "digest"],
            signed_target: None,
            date: Some(http_date(now)),
            digest: Some(digest_header(body.as_bytes())),
            content_type: Some("application/activity+json"),
            created: None,
            expires: None,
            also: Vec::new(),
        }
    }

    /// The same, spoilt.
    pub fn with(mut self, spoil: impl FnOnce(&mut Self)) -> Self {
        spoil(&mut self);
        self
    }

    pub async fn send(&self) -> Answer {
        self.send_with(self.headers()).await
    }

    /// With these headers, however they were made.
    pub async fn send_with(&self, headers: HeaderMap) -> Answer {
        self.server
            .post_raw(&self.inbox, headers, self.body.clone())
            .await
    }

    /// Everything that is sent, signature included.
    pub fn headers(&self) -> HeaderMap {
        let mut headers = self.bare_headers();
        let base = self.base(&headers);
        let signature = STANDARD.encode(sign(&self.key, base.as_bytes()));
        put(&mut headers, "signature", &self.parameters(&signature));
        headers
    }

    /// Everything but the signature.
    pub fn bare_headers(&self) -> HeaderMap {
        let mut headers = HeaderMap::new();
        let url = self.url();
        put(
            &mut headers,
            "host",
            &url[Position::BeforeHost..Position::AfterPort],
        );
        for (name, value) in [("date", &self.date), ("digest", &self.digest)] {
            if let Some(value) = value {
                put(&mut headers, name, value);
            }
        }
        if let Some(kind) = self.content_type {
            put(&mut headers, "content-type", kind);
        }
        for (name, value) in &self.also {
            put(&mut headers, name, value);
        }
        headers
    }

    /// The value of `Signature` around this signature.
    pub fn parameters(&self, signature: &str) -> String {
        let mut text = format!("keyId=\"{}\"", self.key_id);
        if let Some(algorithm) = self.algorithm {
            text += &format!(",algorithm=\"{algorithm}\"");
        }
        for (name, value) in [("created", self.created), ("expires", self.expires)] {
            if let Some(value) = value {
                text += &format!(",{name}={value}");
            }
        }
        text + &format!(",headers=\"{}\",signature=\"{signature}\"", self.signed.join(" "))
    }

    /// What is signed.
    pub fn base(&self, headers: &HeaderMap) -> String {
        let url = self.url();
        let target = self
            .signed_target
            .as_deref()
            .unwrap_or(&url[Position::BeforePath..Position::AfterQuery]);
        let line = |name: &&str| match *name {
            "(request-target)" => format!("(request-target): post {target}"),
            "(created)" => format!("(created): {}", self.created.unwrap_or_default()),
            "(expires)" => format!("(expires): {}", self.expires.unwrap_or_default()),
            name => format!(
                "{name}: {}",
                headers
                    .get(name)
                    .and_then(|value| value.to_str().ok())
                    .unwrap_or_default()
            ),
        };
        self.signed.iter().map(line).collect::<Vec<_>>().join("\n")
    }

    /// RFC 9421 over these components, with these parameters: headers to send.
    pub fn rfc9421(&self, components: &[&str], created: Option<i64>) -> HeaderMap {
        let mut headers = self.bare_headers();
        headers.remove("digest");
        put(
            &mut headers,
            "content-digest",
            &content_digest_header(self.body.as_bytes()),
        );
        let quoted: Vec<String> = components.iter().map(|name| format!("\"{name}\"")).collect();
        let created = created
            .map(|created| format!(";created={created}"))
            .unwrap_or_default();
        let input = format!(
            "({}){created};keyid=\"{}\";alg=\"rsa-v1_5-sha256\"",
            quoted.join(" "),
            self.key_id
        );
        let url = self.url();
        let line = |name: &&str| match *name {
            "@method" => "\"@method\": POST\n".to_owned(),
            "@target-uri" => format!("\"@target-uri\": {url}\n"),
            name => format!("\"{name}\": {}\n", headers[name].to_str().unwrap_or_default()),
        };
        let base: String = components.iter().map(line).collect();
        let base = format!("{base}\"@signature-params\": {input}");
        let signature = STANDARD.encode(sign(&self.key, base.as_bytes()));
        put(&mut headers, "signature-input", &format!("sig1={input}"));
        put(&mut headers, "signature", &format!("sig1=:{signature}:"));
        headers
    }

    fn url(&self) -> Url {
        self.inbox.parse().unwrap()
    }
}

/// An HTTP date (RFC 9110 §5.6.7).
pub fn http_date(at: chrono::DateTime<chrono::Utc>) -> String {
    at.format("%a, %d %b %Y %H:%M:%S GMT").to_string()
}

/// RSASSA-PKCS1-v1_5 with SHA-256, of anything.
fn sign(key: &PrivateKey, message: &[u8]) -> Vec<u8> {
    let pair = RsaKeyPair::from_pkcs8(&key.to_pkcs8()).unwrap();
    let mut signature = vec![0; pair.public_modulus_len()];
    pair.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), message, &mut signature)
        .unwrap();
    signature
}

fn put(headers: &mut HeaderMap, name: &str, value: &str) {
    let name: HeaderName = name.parse().unwrap();
    headers.append(name, HeaderValue::from_bytes(value.as_bytes()).unwrap());
}
