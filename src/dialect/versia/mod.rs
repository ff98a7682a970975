//! Versia 0.6: the same groups in a protocol that is not ActivityPub.
//!
//! One rule: in here every user and note of Versia is its mirror on our own host, an id like all others ([`Here::mirror`]);
//! what comes is translated into the activity that says the same, and what goes is written from it. Nobody else knows a
//! reference. To read one more entity: an arm in `read.rs`; to say one more thing: an arm in `shape.rs`.

mod address;
mod collection;
pub mod entity;
mod found;
mod person;
mod read;
mod reference;

pub use address::{Kind, Part, Wanted};
pub use collection::collection;
pub use found::{TYPE, link_of_user, links_of_group, protocols};
pub use person::{PersonDocument, mirror_name, original, person, said_note};
pub use read::{Known, Names, Translated, names, read};
pub use reference::{Mirrored, Ours, Reference};
