//! Votes of people from elsewhere as things of their own, and lists of votes.
//!
//! One rule: a vote is there while it counts and both whoever votes and the post may be seen; whoever it is of gets their mirror here.

use serde_json::{Value, json};
use uuid::Uuid;

use super::entities::note_at;
use crate::{
    dialect::versia::{self, Kind, Ours, VoteEntity, Votes},
    domain::Vote,
    store::{Face, MirroredVote, VotesListed, Window},
    web::{
        Web,
        error::{self, Problem},
    },
};

/// The vote of this id, if it is of this type.
pub(super) async fn cast(web: &Web, id: Uuid, of: Kind) -> Result<MirroredVote, Problem> {
    let there = web.engine.here().mirrors();
    let vote = web.engine.store().mirrored_vote(id, &there).await?;
    let vote = vote.filter(|vote| versia::kind_of_vote(&vote.raw) == Some(of));
    vote.ok_or(Problem::new(error::NOT_FOUND))
}

pub(super) async fn written(web: &Web, id: Uuid, cast: &MirroredVote) -> Result<Option<Value>, Problem> {
    let mirrors = web.engine.mirrors(std::slice::from_ref(&cast.voter)).await?;
    let note = note_at(web, (cast.post, &cast.iri), &cast.group);
    let voter = mirrors.get(&cast.voter);
    let (Some(voter), Some(note)) = (voter, note) else {
        return Ok(None);
    };
    let of = VoteEntity {
        id,
        at: cast.at,
        voter: voter.id,
        note: &note,
        raw: &cast.raw,
    };
    Ok(versia::vote(&of, web.engine.here()))
}

/// What was thought of a post from elsewhere in a group.
pub(super) async fn on(
    web: &Web,
    (post, group): (Uuid, &str),
    votes: Votes,
    window: Window,
) -> Result<(u64, Vec<Value>), Problem> {
    let (here, store) = (web.engine.here(), web.engine.store());
    let Some(listed) = listed(votes) else {
        let share = store.share_of(post, group).await?;
        let share = share.and_then(|id| here.reference(&Ours::Id(id)));
        let items = share.iter().filter(|_| window.offset == 0);
        let items = items.map(|share| json!(share.to_string())).collect();
        return Ok((share.iter().count() as u64, items));
    };
    let (total, votes) = store
        .votes_on((post, group), &here.mirrors(), listed, window)
        .await?;
    let references = votes
        .iter()
        .filter_map(|(id, iri, voter)| here.reference_of_vote(*id, iri, voter));
    Ok((total, references.map(|vote| json!(vote.to_string())).collect()))
}

/// What somebody from elsewhere thought something of.
pub(super) async fn by(
    web: &Web,
    face: &Face,
    votes: Votes,
    window: Window,
) -> Result<(u64, Vec<Value>), Problem> {
    let Some(listed) = listed(votes) else {
        return Ok((0, vec![]));
    };
    let (store, there) = (web.engine.store(), web.engine.here().mirrors());
    let (total, posts) = store.voted_on_by(face.actor, &there, listed, window).await?;
    let references = posts
        .iter()
        .filter_map(|(id, iri, group)| note_at(web, (*id, iri), group));
    Ok((total, references.map(|note| json!(note)).collect()))
}

/// How the store has them; `None`: shares, of which none are kept but the groups' own.
const fn listed(votes: Votes) -> Option<VotesListed<'static>> {
    let (vote, reactions) = match votes {
        Votes::Likes => (Vote::Like, false),
        Votes::Dislikes => (Vote::Dislike, false),
        Votes::Reactions => (Vote::Like, true),
        Votes::Shares => return None,
    };
    Some(VotesListed {
        vote,
        reactions,
        reacts: versia::REACTS,
    })
}
