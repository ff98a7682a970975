//! Versia 0.6: the same groups in a protocol that is not ActivityPub.
//!
//! One rule: in here every user and note of Versia is its mirror on our own host, an id like all others ([`Here::mirror`]);
//! what comes is translated into the activity that says the same, and what goes is written from it. Nobody else knows a
//! reference. To read one more entity: an arm in `read.rs`; to say one more thing: an arm in `shape.rs`.

mod address;
mod collection;
mod content;
pub mod entity;
mod found;
mod instance;
mod keys;
mod kind;
mod letter;
mod older;
mod person;
mod read;
mod reference;
mod shape;
mod vote;

pub use address::{Kind, Part, Wanted};
pub use collection::collection;
pub use found::{Faces, TYPE, faces_of_group, link_of_user, links_of_group, protocols};
pub use instance::{
    ACCEPT, INBOX, MESSAGING, METADATA, User, at, is_domain, is_mirrored, key_of, metadata, paths_of_note,
    paths_of_user, user, versions,
};
pub use keys::key;
pub use letter::letter;
pub use person::{PersonDocument, mirror_name, original, person, said_note};
pub use read::{Known, Names, Translated, Version, hash_of, is_said_anew, names, read};
pub use reference::{Mirrored, Ours, Reference};
pub use shape::{Ear, ear, request, shape_at, subscribes};
pub(super) use shape::{SHAPES, crosses, described, federates, shares};
pub use vote::{REACTS, VoteEntity, Votes, kind_of_vote, vote};
