//! What an entity says, as the activity that says the same.
//!
//! One rule: it is decided by the rules that hold for every other activity, so nothing is decided here. Everybody and
//! everything in the activity is on our own host, as mirrors. One more: an arm in [`read`].

use std::collections::{HashMap, HashSet};

use serde_json::Value;
use uuid::Uuid;

use crate::dialect::{Here, Unreadable, versia::Reference};

/// What an entity names, before anything is looked up for it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Names {
    /// By field: what must be on the domain that signed it. The first is whose word it is.
    pub claims: Vec<(&'static str, Reference)>,
    /// What of ours it names by an id of which only the database knows what it stands for: a post, or somebody's mirror.
    pub ours: Vec<Uuid>,
    /// The note that it brings, or deletes: the id of its mirror.
    pub note: Option<String>,
    /// The group of ours that it is for, by name, if it names one.
    pub group: Option<String>,
}

/// What was looked up for it.
#[derive(Clone, Debug, Default)]
pub struct Known {
    /// What our uuids stand for ([`Names::ours`]): the id of the post, or of the actor that is mirrored. What is missing is not
    /// there, or not the sender's to see.
    pub ids: HashMap<Uuid, String>,
    /// Who wrote the note ([`Names::note`]) that is here already: the id of the mirror. A note that is here is edited.
    pub author: Option<String>,
    /// Groups of ours that are private, by name.
    pub private: HashSet<String>,
}

/// An entity in other words.
#[derive(Clone, Debug, PartialEq)]
pub struct Translated {
    /// Who says it.
    pub actor: Reference,
    /// The group of ours that it is for, by name, if it names one.
    pub group: Option<String>,
    /// What they say. Its text is what others get to see: take [`Value::to_string`] of it.
    pub activity: Value,
}

/// Reads what an entity names. `signer`: the domain that signed it.
///
/// # Errors
/// Names the field that cannot be read.
pub fn names(_entity: &Value, _signer: &str, _here: &Here) -> Result<Names, Unreadable> {
    Err(Unreadable::new("type", "Nothing is read yet."))
}

/// Reads an entity that passed the gate; `None`: it means nothing to any group of ours. `hash`: SHA-256 of the body, in hex.
///
/// # Errors
/// Names the field that cannot be read.
pub fn read(
    _entity: &Value,
    _signer: &str,
    _hash: &str,
    _known: &Known,
    _here: &Here,
) -> Result<Option<Translated>, Unreadable> {
    Err(Unreadable::new("type", "Nothing is read yet."))
}
