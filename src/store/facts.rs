//! Everything that a batch of decisions needs to know, in one question.
//!
//! One rule: it is asked (`facts/gather.rs`) once the batch holds what it decides about ([`turn::take`](super::turn::take)), so nothing of it
//! changes until the transaction ends. One more fact is a field of [`Asked`], a column of the query, and a field of
//! [`Facts`] with a function that says what it means.

mod gather;

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::{
    domain::{Iri, Rule, Standing, Vote},
    store::{Actor, ActorId, GroupId, Result, group::InTurn, hash, held::Pending, membership, post::Stored},
};

pub use gather::gather;

/// What is asked, for all activities of a batch.
#[derive(Clone, Debug, Default)]
pub struct Asked<'a> {
    /// Names of groups.
    pub names: Vec<&'a str>,
    /// Ids of activities.
    pub ids: Vec<&'a Iri>,
    /// Ids of posts.
    pub posts: Vec<&'a str>,
    /// Who voted on which post?
    pub votes: Vec<(&'a str, ActorId)>,
    /// Ids of posts of which all that they say may be told in the other protocol, and of those whom they mention.
    pub edited: Vec<&'a str>,
    pub mentioned: Vec<String>,
    /// How the ids of what came from there begin.
    pub there: &'a str,
    /// Who may not read which post?
    pub readers: Vec<(&'a str, ActorId)>,
    /// Who took back which post before we saw it?
    pub graves: Vec<(&'a Iri, ActorId)>,
    /// Ids that something may wait for.
    pub awaited: Vec<&'a str>,
    /// Whoever asks.
    pub actors: Vec<&'a Actor>,
    /// Names of their hosts: those of a ban or a block.
    pub hosts: Vec<String>,
    /// Every shape that we write.
    pub shapes: Vec<&'static str>,
    /// What stands before a group's name in its id; `None`: nothing is posted, nobody need be told of it.
    pub group_base: Option<&'a str>,
}

/// A group whose turn it is, with those who hear it.
#[derive(Clone, Debug)]
pub struct Turned {
    pub in_turn: InTurn,
    /// Shapes that its entries are to be written in.
    pub heard: Vec<String>,
    /// Somebody hears it of whom we do not know yet in which shape.
    pub undecided: bool,
    /// What is said in it in one protocol is told in others, as far as it is public.
    pub is_bridged: bool,
    /// Names of groups of this server that follow it.
    pub followed_by: Vec<String>,
}

/// A vote that counts, as a group told of it.
#[derive(Clone, Debug)]
pub struct ToldVote {
    pub group: GroupId,
    /// Our id of that.
    pub id: Uuid,
    /// The activity, as it arrived.
    pub raw: String,
    /// The names of the shapes that it was told in, as long as that is kept.
    pub shapes: Option<Vec<String>>,
}

/// What is known.
#[derive(Clone, Debug, Default)]
pub struct Facts {
    groups: Vec<Turned>,
    not_in_turn: Vec<String>,
    posts: HashMap<String, Stored>,
    pending: HashMap<String, Vec<Pending>>,
    members: HashMap<(GroupId, ActorId), membership::Row>,
    /// Of groups that hold the first posts of an author: how many were accepted.
    accepted: HashMap<(GroupId, ActorId), i64>,
    bans: HashSet<(GroupId, String)>,
    /// Of the same people under other ids.
    other_bans: HashMap<(GroupId, ActorId), membership::OtherBan>,
    votes: HashSet<(Uuid, ActorId, String)>,
    hidden: HashSet<(Uuid, GroupId, ActorId)>,
    seen: HashSet<Vec<u8>>,
    graves: HashSet<(Vec<u8>, ActorId)>,
    awaited: HashSet<String>,
    actors: HashMap<ActorId, (DateTime<Utc>, bool)>,
    unbridged: HashSet<ActorId>,
    faces: HashMap<ActorId, Uuid>,
    answered: HashMap<(Uuid, GroupId), (Uuid, String)>,
    mentioned: HashMap<String, Uuid>,
    told: HashMap<(Uuid, ActorId, String), Vec<ToldVote>>,
    blocked: HashSet<String>,
    waited_for: HashSet<String>,
    dialects: HashMap<String, String>,
}

impl Facts {
    /// The groups of a batch, in the order of their ids.
    #[must_use]
    pub fn groups(&self) -> &[Turned] {
        &self.groups
    }

    /// A group, if it is this one's turn.
    #[must_use]
    pub fn group(&self, id: GroupId) -> Option<&Turned> {
        self.groups.iter().find(|group| group.in_turn.id == id)
    }

    /// Whether there is a group of this name whose turn it is not.
    #[must_use]
    pub fn is_not_in_turn(&self, name: &str) -> bool {
        self.not_in_turn.iter().any(|other| other == name)
    }

    /// A post by its id, with every group that it is in. Deleted ones too.
    #[must_use]
    pub fn post(&self, iri: &str) -> Option<&Stored> {
        self.posts.get(iri)
    }

    /// Versions of a post that wait for an admin, one at most in each group.
    #[must_use]
    pub fn pending(&self, iri: &str) -> &[Pending] {
        self.pending.get(iri).map_or(&[], Vec::as_slice)
    }

    /// How a sender's host speaks, where that is known.
    #[must_use]
    pub fn dialect_of(&self, host: &str) -> Option<&str> {
        self.dialects.get(host).map(String::as_str)
    }

    /// All posts that were found.
    pub fn posts(&self) -> impl Iterator<Item = &Stored> {
        self.posts.values()
    }

    /// What an actor is to a group.
    ///
    /// # Errors
    /// If the row makes no sense.
    pub fn standing(&self, group: &InTurn, actor: &Actor, hosts: &[String]) -> Result<Standing> {
        let row = self.members.get(&(group.id, actor.id));
        let banned = !self.bans.is_empty()
            && hosts
                .iter()
                .any(|host| self.bans.contains(&(group.id, host.clone())));
        let owns = group.owner == actor.id && group.group.rule == Rule::Owned;
        let standing = membership::standing_of(row, actor.id, owns, banned)?;
        let other = self.other_bans.get(&(group.id, actor.id)).cloned();
        let mut standing = membership::also_banned(standing, other);
        let accepted = self.accepted.get(&(group.id, actor.id));
        standing.accepted = accepted.map_or(0, |posts| u32::try_from(*posts).unwrap_or(u32::MAX));
        Ok(standing)
    }

    /// Whether this actor voted so.
    #[must_use]
    pub fn has_voted(&self, post: Uuid, actor: ActorId, vote: Vote) -> bool {
        self.votes.contains(&(post, actor, vote.word().to_owned()))
    }

    /// How a group told of the vote that this actor has cast so.
    #[must_use]
    pub fn told_of(&self, post: Uuid, actor: ActorId, vote: Vote, group: GroupId) -> Option<&ToldVote> {
        let told = self.told.get(&(post, actor, vote.word().to_owned()))?;
        told.iter().find(|told| told.group == group)
    }

    /// Whether this actor may not read a post in a group that it is in.
    #[must_use]
    pub fn is_hidden(&self, post: Uuid, group: GroupId, from: ActorId) -> bool {
        !self.hidden.is_empty() && self.hidden.contains(&(post, group, from))
    }

    /// Whether an activity of this id was decided about.
    #[must_use]
    pub fn has_seen(&self, id: &Iri) -> bool {
        !self.seen.is_empty() && self.seen.contains(&hash(id.as_str()))
    }

    /// Whether this actor deleted it before we saw it.
    #[must_use]
    pub fn is_buried(&self, post: &Iri, actor: ActorId) -> bool {
        !self.graves.is_empty() && self.graves.contains(&(hash(post.as_str()), actor))
    }

    /// Whether something waits for a document of this id.
    #[must_use]
    pub fn is_awaited(&self, iri: &str) -> bool {
        self.awaited.contains(iri)
    }

    /// The second face of somebody who asks, if they have one.
    #[must_use]
    pub fn face(&self, actor: ActorId) -> Option<Uuid> {
        self.faces.get(&actor).copied()
    }

    /// The second face of somebody who is mentioned, if they have one and may be shown.
    #[must_use]
    pub fn face_of_mentioned(&self, iri: &str) -> Option<Uuid> {
        self.mentioned.get(iri).copied()
    }

    /// What an edited post answers in a group, if that is shown in the other protocol, too: here, and at its origin.
    #[must_use]
    pub fn answered(&self, post: Uuid, group: GroupId) -> Option<(Uuid, &str)> {
        let (id, iri) = self.answered.get(&(post, group))?;
        Some((*id, iri))
    }

    /// Whether somebody who asks, or wrote what is asked about, may be shown in the protocol that is not theirs.
    #[must_use]
    pub fn may_be_bridged(&self, actor: ActorId) -> bool {
        !self.unbridged.contains(&actor)
    }

    /// Whether an actor is still as it was when it was read: its keys may have changed, or it may be gone.
    #[must_use]
    pub fn is_as_read(&self, actor: &Actor) -> bool {
        self.actors.get(&actor.id) == Some(&(actor.read_at, false))
    }

    /// Whether the operator blocked any of these.
    #[must_use]
    pub fn is_blocked(&self, hosts: &[String]) -> bool {
        hosts.iter().any(|host| self.blocked.contains(host))
    }

    /// Those of the hosts that we could not deliver to the last time.
    #[must_use]
    pub fn waited_for(&self) -> &HashSet<String> {
        &self.waited_for
    }
}
