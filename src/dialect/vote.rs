//! Words for votes: what each counts as, and which of them all programs know.
//!
//! One rule: a word is said only to those who know it: Lemmy answers 400 to any other (0.19.20, measured 2026-08). One more word: a
//! row of [`WORDS`], and who reads it, in `class.rs`.

use serde_json::Value;
use uuid::Uuid;

use crate::{
    dialect::{
        Said, What,
        fields::{embedded, kind_of},
    },
    domain::{Shape, Vote},
};

/// What each counts as. A reaction of PieFed and Pleroma is the Like that others send; `PollVote` is PieFed's word for a vote in
/// a poll, `ChooseAnswer` for the reply that answers a question (pyfedi `app/activitypub/routes.py`, 2026-03-05).
const WORDS: [(&str, Vote); 5] = [
    ("Like", Vote::Like),
    ("Dislike", Vote::Dislike),
    ("EmojiReact", Vote::Like),
    ("PollVote", Vote::Answer),
    (CHOICE, Vote::Answer),
];

/// Its object is the reply, and the vote is in the question of that thread.
pub(super) const CHOICE: &str = "ChooseAnswer";

/// Words that whoever hears of votes knows.
const COMMON: [&str; 2] = ["Like", "Dislike"];

/// What a type of activity counts as.
pub(super) fn vote_of(kind: &str) -> Option<Vote> {
    WORDS
        .iter()
        .find(|(word, _)| *word == kind)
        .map(|(_, vote)| *vote)
}

/// What a vote is told by, where it is an entity of its own.
#[derive(Clone, Copy, Debug)]
pub struct VoteSaid<'a> {
    /// The second face of whoever votes, if they have one.
    pub voter: Option<Uuid>,
    /// The vote that ends by it.
    pub ends: Option<VoteTold<'a>>,
}

/// A vote as it was told.
#[derive(Clone, Copy, Debug)]
pub struct VoteTold<'a> {
    /// Our id of that.
    pub id: Uuid,
    /// The activity's own text.
    pub raw: &'a str,
    /// The names of the shapes that it was told in, as long as that is kept.
    pub shapes: Option<&'a [String]>,
}

impl Said<'_> {
    /// Whether it may be told in this shape though that takes it over the bridge. A vote is taken back wherever it was told.
    #[must_use]
    pub fn may_cross(&self, shape: Shape) -> bool {
        let is_end = matches!(self.what, What::Unvoted | What::Outvoted);
        match self.vote.and_then(|vote| vote.ends).filter(|_| is_end) {
            Some(VoteTold {
                shapes: Some(shapes), ..
            }) => shapes.iter().any(|told| told == shape.0),
            Some(_) => true,
            None => self.bridged,
        }
    }

    /// Whether it is a vote, or one taken back, in words that only some know: a reaction, a vote in a poll (a Note without content
    /// is no comment, either), the choice of an answer, and an Undo that does not say of what.
    #[must_use]
    pub fn is_in_odd_words(&self) -> bool {
        match self.what {
            What::Answered => true,
            What::Voted | What::Unvoted => {
                let document: Value = serde_json::from_str(self.raw).unwrap_or_default();
                let vote = match self.what {
                    What::Unvoted => document.get("object").and_then(embedded),
                    _ => Some(&document),
                };
                vote.is_none_or(|vote| kind_of(vote, &COMMON).is_none())
            }
            _ => false,
        }
    }
}
