//! How requests to a host are signed: `peer.scheme`.
//!
//! One rule: what a host says of itself never outweighs what it answered. Ed25519 that it refused is tried again after a
//! while, or when it runs another version (`note_look_up`), and then only if it still says that it takes it.
//! One more: a word in the check of `peer.scheme`, and in `delivery/seal.rs`.

use chrono::TimeDelta;

use crate::store::{Result, Store};

/// For so long a host that refused Ed25519 is not believed when it says that it takes it.
const REFUSAL_HOLDS: TimeDelta = TimeDelta::days(30);

impl Store {
    /// The signature scheme that a host took last, or said that it takes: `cavage`, `rfc9421` or `ed25519`.
    ///
    /// # Errors
    /// If the database does not answer.
    pub async fn peer_scheme(&self, host: &str) -> Result<Option<String>> {
        let scheme = sqlx::query_scalar!("select scheme from peer where host = $1", host)
            .fetch_optional(&self.pool)
            .await?;
        Ok(scheme)
    }

    /// A host took a request that was signed with RSA in this scheme; the next one is signed in it at once. That says
    /// nothing of Ed25519: where that is in use, it stays.
    ///
    /// # Errors
    /// If the database does not answer, or the scheme is none of those that `peer` knows.
    pub async fn remember_scheme(&self, host: &str, scheme: &str) -> Result<()> {
        sqlx::query!(
            "insert into peer (host, scheme) values ($1, $2)
             on conflict (host) do update set scheme = $2 where peer.scheme <> 'ed25519'",
            host,
            scheme,
        )
        .execute(&self.pool)
        .await?;
        Ok(())
    }

    /// A host says that it takes RFC 9421 with Ed25519; false if it is signed for in that already, or refused it lately.
    ///
    /// # Errors
    /// If the database does not answer.
    pub async fn note_ed25519_offered(&self, host: &str) -> Result<bool> {
        let done = sqlx::query!(
            "insert into peer (host, scheme) values ($1, 'ed25519')
             on conflict (host) do update set scheme = 'ed25519'
             where peer.scheme <> 'ed25519' and coalesce(peer.ed25519_refused_at <= $2, true)",
            host,
            self.now() - REFUSAL_HOLDS,
        )
        .execute(&self.pool)
        .await?;
        Ok(done.rows_affected() > 0)
    }

    /// A host refused a request that was signed with Ed25519, and took it with RSA in this scheme.
    ///
    /// # Errors
    /// If the database does not answer, or the scheme is none of those that `peer` knows.
    pub async fn note_ed25519_refused(&self, host: &str, taken: &str) -> Result<()> {
        sqlx::query!(
            "insert into peer (host, scheme, ed25519_refused_at) values ($1, $2, $3)
             on conflict (host) do update set scheme = $2, ed25519_refused_at = $3",
            host,
            taken,
            self.now(),
        )
        .execute(&self.pool)
        .await?;
        Ok(())
    }
}
