//! PeerTube hears of Videos, by their ids, as something that the group shares.
//!
//! One rule: nothing else is sent: what is no Video fails there (PeerTube#6400); comments on one come from their authors.
//! Classed here: see `class.rs`; each row has its source.

use serde_json::{Value, json};

use crate::{
    dialect::{Here, Said, What, Written, announce::boost},
    domain::Shape,
};

pub(super) const SHAPE: Shape = Shape("peertube");

pub(super) fn write(said: &Said<'_>, here: &Here) -> Option<Written> {
    let is_video = said.what == What::Posted && said.object_kind == "Video" && !said.is_comment;
    (is_video && said.public).then(|| Written::whole(boost(said, here, SHAPE), false))
}

/// A group as this program reads it: it throws unless a person of the group's own server stands in `attributedTo`
/// (PeerTube#6400, #6401). Anybody else reads the moderators there.
#[must_use]
pub fn as_channel(mut group: Value, name: &str, shape: &str, here: &Here) -> Value {
    if shape == SHAPE.0 {
        group["attributedTo"] = json!([{"type": "Person", "id": here.steward(name)}]);
    }
    group
}
