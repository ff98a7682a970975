//! What is asked about an entity, and what comes of it.
//!
//! One rule: plain data, filled by whoever may look things up; it is read in the files beside this one.

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, Utc};
use serde_json::Value;
use uuid::Uuid;

use crate::dialect::versia::reference::Reference;

/// What an entity names, before anything is looked up for it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Names {
    /// By field: what must be on the domain that signed it. The first is whose word it is. Nothing: it has no meaning here.
    pub claims: Vec<(&'static str, Reference)>,
    /// What of ours it names by an id of which only the database knows what it stands for: a post, or somebody's mirror.
    pub ours: Vec<Uuid>,
    /// The note that it brings, or deletes: the id of its mirror.
    pub note: Option<String>,
    /// What it takes back that is no note: the id of the mirror of whoever said it, and of the activity that said it.
    pub undone: Option<(String, String)>,
    /// Groups of ours whose sharing users a note mentions: perhaps there are none of these names.
    pub mentioned: Vec<String>,
    /// The note elsewhere that it answers.
    pub answers: Option<Reference>,
    /// The group of ours that it is for, by name, if it names one.
    pub group: Option<String>,
    /// Fields that must be there, are not, and were taken as empty or false.
    pub left_out: Vec<&'static str>,
}

/// A note that is here, or that waits for an admin, or did.
#[derive(Clone, Debug, Default)]
pub struct Version {
    /// Who wrote it: the id of the mirror.
    pub author: String,
    /// It is in a group, or was: what comes is its next version, and no new note.
    pub is_posted: bool,
    /// A version of it waits for an admin.
    pub waits: bool,
    /// The activity as which it was read last.
    pub id: Option<String>,
    /// [`super::hash_of`] what was signed then.
    pub hash: Option<String>,
}

/// What was looked up for it.
#[derive(Clone, Debug, Default)]
pub struct Known {
    /// What our uuids stand for ([`Names::ours`]): the id of the post, or of the actor that is mirrored. What is missing is not
    /// there, or not the sender's to see.
    pub ids: HashMap<Uuid, String>,
    /// What people among them are called, `@name@host`.
    pub handles: HashMap<Uuid, String>,
    /// The note ([`Names::note`]), as its author has said it last.
    pub note: Option<Version>,
    /// When a note that is here came again: the entity itself does not say when it was edited.
    pub edited_at: Option<DateTime<Utc>>,
    /// What is taken back ([`Names::undone`]), if it still counts: the post that it is about, and its activity's text where that was
    /// told.
    pub undone: Option<(String, Option<String>)>,
    /// Groups of ours that are private, by name.
    pub private: HashSet<String>,
    /// Of those mentioned ([`Names::mentioned`]): which there are.
    pub groups: HashSet<String>,
}

/// An entity in other words.
#[derive(Clone, Debug, PartialEq)]
pub struct Translated {
    /// Who says it; `None`: the domain itself.
    pub actor: Option<Reference>,
    /// The group of ours that it is for, by name, if it names one.
    pub group: Option<String>,
    /// What they say. Its text is what others get to see: take [`Value::to_string`] of it.
    pub activity: Value,
}
