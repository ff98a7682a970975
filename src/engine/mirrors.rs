//! Giving people their second faces.
//!
//! One rule: a mirror is made when it is first shown, and is called the same from then on, whatever its original is called later.

use std::{collections::HashMap, iter::once};

use crate::{
    dialect,
    engine::Engine,
    store::{self, ActorId, Face, Mirror, NewMirror},
};

/// How often somebody else may take the name that was just free.
const RACES: u32 = 3;
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
        let new = self.new_mirror(face.actor, face.username.as_deref(), &face.host);
        for _ in 0..RACES {
            if self.store().make_mirror(&new).await? {
                break;
            }
        }
        Ok(())
    }

    /// A second face for somebody, to be kept.
    pub(super) fn new_mirror(&self, actor: ActorId, username: Option<&str>, host: &str) -> NewMirror {
        let id = self.clock().uuid();
        let name = dialect::mirror_name(username, host);
        let numbered = (2..=TRIES).map(|number| format!("{name}_{number}"));
        let names = once(name.clone()).chain(numbered).chain(once(id.to_string()));
        NewMirror {
            actor,
            id,
            names: names.collect(),
        }
    }
}
