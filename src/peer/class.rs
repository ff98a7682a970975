//! How a host speaks: by its software, by what it has shown, or by the operator's word.
//!
//! One rule: a host whose software is in the table is never classed by what it shows; what it shows is kept all the same.

use crate::{
    dialect::{Evidence, class_of, written_in},
    domain::Shape,
    peer::Peers,
    store,
};

/// Both a look-up and evidence decide the class anew; who loses a race decides again.
pub(super) const TRIES: usize = 3;

impl Peers {
    /// A host has shown something of how it speaks; true if that changed its class.
    ///
    /// Who ever sent a Join is of the explainer's kind, whatever else it sends: no other program that we have not named
    /// does.
    ///
    /// # Errors
    /// If the database does not answer.
    pub async fn evidence(&self, host: &str, shown: Evidence) -> Result<bool, store::Error> {
        if host == self.0.here.authority() {
            return Ok(false);
        }
        if stronger(self.0.shown.get(host).await, shown).is_none() {
            return Ok(false);
        }
        for _ in 0..TRIES {
            let known = self.0.store.peer_class(host).await?.unwrap_or_default();
            let before = known.evidence.as_deref().and_then(evidence_named);
            let Some(evidence) = stronger(before, shown) else {
                self.remember_shown(host, before).await;
                return Ok(false);
            };
            let class = class_of(known.software.as_deref(), Some(evidence));
            let software = known.software.as_deref();
            let reason = class.reason();
            let told = (class.name, class.shape.0, reason.as_str());
            let written = self
                .0
                .store
                .note_evidence(host, name_of(evidence), software, told);
            if written.await? {
                self.remember_shown(host, Some(evidence)).await;
                return Ok(class.name != known.class);
            }
        }
        Ok(false)
    }

    async fn remember_shown(&self, host: &str, shown: Option<Evidence>) {
        if let Some(shown) = shown {
            self.0.shown.insert(host.to_owned(), shown).await;
        }
    }

    /// The shape in which a host is written to: the operator's word, else its class's; nothing before its look-up.
    ///
    /// # Errors
    /// If the database does not answer.
    pub async fn shape_of(&self, host: &str) -> Result<Option<Shape>, store::Error> {
        let name = self.0.store.shape_of_host(host).await?;
        Ok(name.as_deref().map(written_in))
    }
}

/// What counts from now on, if that is something new.
fn stronger(before: Option<Evidence>, shown: Evidence) -> Option<Evidence> {
    match (before, shown) {
        (None, shown) => Some(shown),
        (Some(Evidence::Wraps), Evidence::Joins) => Some(Evidence::Joins),
        // How its actors are spoken to is worth more than that it has others.
        (Some(Evidence::Signs), Evidence::Wraps | Evidence::Joins) => Some(shown),
        _ => None,
    }
}

pub(super) fn evidence_named(name: &str) -> Option<Evidence> {
    match name {
        "wraps" => Some(Evidence::Wraps),
        "joins" => Some(Evidence::Joins),
        "signs" => Some(Evidence::Signs),
        _ => None,
    }
}

fn name_of(evidence: Evidence) -> &'static str {
    match evidence {
        Evidence::Wraps => "wraps",
        Evidence::Joins => "joins",
        Evidence::Signs => "signs",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_join_is_the_last_word() {
        use Evidence::{Joins, Signs, Wraps};
        assert_eq!(stronger(None, Wraps), Some(Wraps));
        assert_eq!(stronger(Some(Wraps), Joins), Some(Joins));
        assert_eq!(stronger(Some(Signs), Wraps), Some(Wraps));
        for (before, shown) in [
            (Wraps, Wraps),
            (Joins, Joins),
            (Joins, Wraps),
            (Joins, Signs),
            (Wraps, Signs),
        ] {
            assert_eq!(stronger(Some(before), shown), None);
        }
    }

    #[test]
    fn evidence_is_named_both_ways() {
        for evidence in [Evidence::Wraps, Evidence::Joins, Evidence::Signs] {
            assert_eq!(evidence_named(name_of(evidence)), Some(evidence));
        }
        assert_eq!(evidence_named("other"), None);
    }
}
