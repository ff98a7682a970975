//! PeerTube hears of Videos, by their ids, as something that the group shares.
//!
//! One rule: nothing else is sent: what is no Video fails there (PeerTube#6400); comments on one come from their authors.
//! Classed here: see `class.rs`; each row has its source.

use crate::{
    dialect::{Here, Said, What, Written, announce::boost},
    domain::Shape,
};

pub(super) const SHAPE: Shape = Shape("peertube");

pub(super) fn write(said: &Said<'_>, here: &Here) -> Option<Written> {
    let is_video = said.what == What::Posted && said.object_kind == "Video" && !said.is_comment;
    (is_video && said.public).then(|| Written::whole(boost(said, here, SHAPE), false))
}
