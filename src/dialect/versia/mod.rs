//! Versia 0.6: the same groups in a protocol that is not ActivityPub.
//!
//! One rule: in here every user and note of Versia is its mirror on our own host, an id like all others ([`Here::mirror`]);
//! what comes is translated into the activity that says the same, and what goes is written from it. Nobody else knows a
//! reference. To read one more entity: an arm in `read.rs`; to say one more thing: an arm in `shape.rs`.

mod content;
mod kind;
mod letter;
mod older;
mod read;
mod reference;
mod shape;

pub use letter::letter;
pub use read::{Known, Names, Translated, names, read};
pub use reference::{Mirrored, Ours, Reference};
pub(super) use shape::{SHAPES, crosses, federates, shares};
pub use shape::{Ear, ear, inbox_of, shape_at};
