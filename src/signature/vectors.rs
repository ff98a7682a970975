//! Keys and signatures made by other hands: with OpenSSL.
//!
//! One rule: nothing here was made by the code that it tests. The request is always [`BODY`] to [`TARGET`] of
//! `here.example`, on 1 January 2026 at midnight; each signature says what it covers.

/// An RSA key of 2,048 bits.
pub(super) const RSA_SPKI: &str = "\
-----BEGIN PUBLIC KEY-----\n\
MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAg4Ccj8x1X/hmXGYsV1sj\n\
DyKOWQDCSyXSGTcJglfgHmG7vss3u7mr78wGhlZ1BSfRE7gsY3APfNf959wBTrpB\n\
wEIWsbfGkVZaLnKLMVAXm2WeliKMBfc3IuaN+p+g02QHgHIv6AXyeJpcPObIq3Y8\n\
zVJrs35XdRCZaMneu2xiSfHVZSf7VbGeV5VQIIGrxc0phu9Oa1mOJsNtORHzZBdJ\n\
4hZmseFXMX360zSM4gWevpO88bt3+8MpqUEExNq9Vsr3iGFVFoGxyPHXAYupGxya\n\
Th5uoE3ttKOOo6FMi+3D0YLLHpbB27/eWXfRb3r8ahX9op6aY+oLEMBukHa2AiTK\n\
ZQIDAQAB\n\
-----END PUBLIC KEY-----\n";

/// The same key as PKCS#1.
pub(super) const RSA_PKCS1: &str = "\
-----BEGIN RSA PUBLIC KEY-----\n\
MIIBCgKCAQEAg4Ccj8x1X/hmXGYsV1sjDyKOWQDCSyXSGTcJglfgHmG7vss3u7mr\n\
78wGhlZ1BSfRE7gsY3APfNf959wBTrpBwEIWsbfGkVZaLnKLMVAXm2WeliKMBfc3\n\
IuaN+p+g02QHgHIv6AXyeJpcPObIq3Y8zVJrs35XdRCZaMneu2xiSfHVZSf7VbGe\n\
V5VQIIGrxc0phu9Oa1mOJsNtORHzZBdJ4hZmseFXMX360zSM4gWevpO88bt3+8Mp\n\
qUEExNq9Vsr3iGFVFoGxyPHXAYupGxyaTh5uoE3ttKOOo6FMi+3D0YLLHpbB27/e\n\
WXfRb3r8ahX9op6aY+oLEMBukHa2AiTKZQIDAQAB\n\
-----END RSA PUBLIC KEY-----\n";

/// The same key as a Multikey.
pub(super) const RSA_MULTIBASE: &str = "\
z4MXj1wBzi9jUstyNHkNWPwj4E27QpavmcJszAiJSyoLK9WBFVYNgmmW5qprFCq6cEA1FwDPAswC3k23K9wYicSHhXvNNjJk\
PVm28CqQvwxefi2uot3N2Efu91arDiXsiFa4RiwQSW1r6QXpowbseREgUP4yGkDngmwdgDL8MDAyisLzihnJDj7goP4U6rYY\
HrgHT4Xrn73cGySLpGu46rPVenc91LUnPfbXM8cSbAaKgLhDSYxdJ3QXx9JsmqurvVtqeVdew2pd3UHbtVmAe1d4AP9iCK85\
9izToAXh39ps1NbhU9XkMB4iSRJSnpMNokdqZ6RU2qPGM5yF6aTzzVGVcvPvyStCrcL6c1DPNDa89LPdCEKAx";

/// An Ed25519 key.
pub(super) const ED25519_SPKI: &str = "\
-----BEGIN PUBLIC KEY-----\n\
MCowBQYDK2VwAyEA6Z3I6865lYa7n2PzxaOWtVYEo3JGx3KrpZw8ZCQwdO8=\n\
-----END PUBLIC KEY-----\n";

/// The same key as a Multikey.
pub(super) const ED25519_MULTIBASE: &str = "\
z6MkvBCasSkMkaZ1muwJzncWNkSp4ArKZ6xUtJMASyUoQd18";

/// A key of a kind that is not supported.
pub(super) const P256_SPKI: &str = "\
-----BEGIN PUBLIC KEY-----\n\
MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEfN1RDm8PsWx25Da11Dnpp7Os3UNb\n\
izXmatVghNM/y2sB5b/WWg9c89Op0ZUfl8LyXHRbFdEMkBLBLch7px5BmA==\n\
-----END PUBLIC KEY-----\n";

/// The body, with a character outside ASCII.
pub(super) const BODY: &str = "\
{\"type\":\"Like\",\"object\":\"é\"}";

/// The path and query.
pub(super) const TARGET: &str = "\
/c/garden/inbox?x=1";

/// `Digest` of the body.
pub(super) const DIGEST: &str = "\
SHA-256=AJw5qGVd066uAVrAs8ncYtYl/cho/1MuqPOiirXtZKQ=";

/// `Content-Digest` of the body.
pub(super) const CONTENT_DIGEST: &str = "\
sha-256=:AJw5qGVd066uAVrAs8ncYtYl/cho/1MuqPOiirXtZKQ=:";

/// Of `(request-target) content-type date digest host`, by the RSA key.
pub(super) const CAVAGE_RSA: &str = "\
XSdVN/9gGxf6iBNiKNDVa5/bp5+l9cYSwPebSNenIT/wKwufAkk5ENIKa1QvdCemDLIO8VVf6HdU7Cb61mg7AmepiqN6Yx8f\
ddo8aWNsE6uuWb9Vz8OfMOjiNQ9QgMVQNbxDplV4wHfWFsDJQZWxBWpFtkX5qIl9+nQi7HFRGjROPDB6iXuw7KGzo55Xevzi\
dRTiA7gzX8EiGKr/pz0HdixKsMFW1otUGpSNS9cDE2ALmwTALC0w3SMs8qE+PYYoV1KusYBih178f1VE/+AB7lj4ItSCNh11\
CHRSF7BfQe4Jk/JolDEIk7qhDJsjip8COvYV9trZuvxyomjRrw1Djg==";

/// Of `host date digest (request-target) (created) (expires)`, expiring after 300 s, by the RSA key.
pub(super) const CAVAGE_CREATED: &str = "\
TLGRiMfd8w7TwiEYXj8Rbba/PzOHjDqkdJok8yzQHtztVA2TsKULY3jOh5xqkaTVWOGXIoKr3oQPAEF0lq0+VNNhSbR884Hq\
xpwRYnPjGKBJhKBPnwC6BUwRT2D6i8CZ0PI/ACrZtSDuFWNTT7A3rXYdnkPb8b8/DCESL/2XGJr2kbyMGvGIV4HF+amXQ3LN\
5tbGoxVLo3SmHEQbY3zFkI6YNlAmef6m623ItrwPEG9w9HTahpyyjIRzgjq4XpkIrF4GzDhfvPWYo/D4bEEI4+LVDB6bocul\
dbuo1bFlGQNuqmgZSYUpdvLy9bMVjys2qDF7fzK6LHZFCYgwbifvMQ==";

/// Of `(request-target) host date` of a GET without its query, by the Ed25519 key.
pub(super) const CAVAGE_GET: &str = "\
6Hn8NAs8yIHSetUbweBG8Nba+3rlJFUyN1DbgbfjaOgdOFB2HJd+iN65XCTImODJDByNYnmEjQGCNIVUDJ5hCg==";

/// The covered components of [`SIGNATURE_RSA`].
pub(super) const INPUT_RSA: &str = "\
(\"@method\" \"@target-uri\" \"content-digest\");created=1767225600;keyid=\"https://there.examp\
le/u/ann#main-key\";alg=\"rsa-v1_5-sha256\"";

/// RFC 9421, by the RSA key.
pub(super) const SIGNATURE_RSA: &str = "\
VPetWSnLNyDyolSmhhuCJnw7bzhuNyBlUYJllwulmOY6gwoqPAAKfCv7T0jFGenDac7fE+jYHbhKCIFjT5cFM2CFWwy4OPQp\
CGehBgBXWY1P8CJOuEv83fGYOJZqiwsNDPJkOoahkY3H/eMIrwdlfknJNuc/zZHuyLlcMyJXnk5XVjUbUDzcGrtSk5zTtXFU\
LcaZCTFcIE8f1KXDVEDiiRFCCU+j3r2S4ZfoLdPWtlJPWbP46W6ywvz5YykE7Jon/iWm+SykJbVysWQ7nf5cZ0W35ei6JF9A\
5mb9pU3H9EhCoplpCh1BsXLIij91r1wluxi4f3U+zeJZvFM9t/sePw==";

/// The covered components of [`SIGNATURE_ED25519`].
pub(super) const INPUT_ED25519: &str = "\
(\"@method\" \"@authority\" \"@path\" \"@query\" \"content-digest\" \"content-type\");created=176722\
5600;expires=1767225900;keyid=\"https://there.example/u/ann#ed25519-key\"";

/// RFC 9421, by the Ed25519 key.
pub(super) const SIGNATURE_ED25519: &str = "\
60R2T6xeDd7Pjd+6+8uF1nVRU5Cyod8wAmRVchuNyE5pFqYgjYlOqoYqZE8s7wRNtUqYnWi2MfwvRA8M2CZECw==";
