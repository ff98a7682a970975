//! Giving people their second faces.
//!
//! One rule: a mirror is made when it is first shown, and is called the same from then on, whatever its original is called later.

use std::collections::HashMap;

use crate::{
    dialect,
    engine::Engine,
    store::{self, Face, Mirror},
};

/// Names that are tried for one mirror before it is called by its id.
const TRIES: u32 = 9;

impl Engine {
    /// The mirrors of those actors whom we know and who may be shown, by their ids.
    ///
    /// # Errors
    /// If the store does not answer.
    pub async fn mirrors(&self, iris: &[String]) -> Result<HashMap<String, Mirror>, store::Error> {
        let known = self.store().faces(iris).await?;
        let (made, missing): (Vec<Face>, Vec<Face>) = known
            .into_iter()
            .filter(|face| face.may_be_shown)
            .partition(|face| face.mirror.is_some());
        let mut faces = made;
        if !missing.is_empty() {
            for face in &missing {
                self.make_mirror(face).await?;
            }
            let iris: Vec<String> = missing.into_iter().map(|face| face.iri).collect();
            faces.extend(self.store().faces(&iris).await?);
        }
        let mirrors = faces
            .into_iter()
            .filter_map(|face| Some((face.iri, face.mirror?)));
        Ok(mirrors.collect())
    }

    async fn make_mirror(&self, face: &Face) -> Result<(), store::Error> {
        let (store, id) = (self.store(), self.clock().uuid());
        let name = dialect::mirror_name(face.username.as_deref(), &face.host);
        if store.make_mirror(face.actor, id, &name).await? {
            return Ok(());
        }
        for number in 2..=TRIES {
            let numbered = format!("{name}_{number}");
            if store.make_mirror(face.actor, id, &numbered).await? {
                return Ok(());
            }
        }
        store.make_mirror(face.actor, id, &id.to_string()).await?;
        Ok(())
    }
}
