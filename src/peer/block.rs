//! With whom we have nothing to do.
//!
//! One rule: a block covers a host, its ports and its sub-domains; our own host is never blocked.

use crate::{domain::host_and_parents, peer::Peers, store};

impl Peers {
    /// Whether the operator blocked this host (an authority), in the settings or on the command line, or allowed others
    /// only.
    ///
    /// # Errors
    /// If the database does not answer.
    pub async fn is_blocked(&self, host: &str) -> Result<bool, store::Error> {
        if host == self.0.here.authority() {
            return Ok(false);
        }
        let names = host_and_parents(host);
        let named = |list: &std::collections::HashSet<String>| names.iter().any(|name| list.contains(name));
        if named(&self.0.blocked) || !(self.0.allowed_only.is_empty() || named(&self.0.allowed_only)) {
            return Ok(true);
        }
        self.0.store.any_blocked(&names).await
    }
}
