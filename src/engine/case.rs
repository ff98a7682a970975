//! What arrived, on its way to a decision.
//!
//! One rule: a case owns all that its decision needs. Whoever sent it may hang up meanwhile; it is decided all the same,
//! with others that wait for the same turn.

use std::{borrow::Cow, collections::BTreeSet, sync::Arc};

use serde_json::json;
use uuid::Uuid;

use crate::{
    dialect::{Activity, Ask, Local, PostDocument},
    domain::{Iri, Mark, Vote},
    engine::{Engine, Refused, turn::Trouble},
    store::{Actor, Tx, post, turn::key_of},
    text,
};

/// An activity to be decided, and how it came.
#[derive(Clone, Debug)]
pub(super) struct Case {
    pub(super) activity: Activity,
    /// Word for word, as it arrived. Empty: only the object is known.
    pub(super) raw: String,
    pub(super) actor: Arc<Actor>,
    /// Its signature was checked by what this process remembers of its actor: whoever decides looks whether that holds.
    pub(super) remembered: bool,
    /// Name of the group whose inbox it came to.
    pub(super) inbox: Option<String>,
    /// Name of the group that follows whoever announced it.
    pub(super) via: Option<String>,
    /// The row in which it waited: its id has been seen. The row ends with the turn.
    pub(super) waited: Option<Uuid>,
    /// What it answers was looked for at its origin already.
    pub(super) sought: bool,
    /// The object as its origin told it, where `raw` does not carry it.
    pub(super) fetched: Option<String>,
    /// What was signed, byte for byte, where `raw` says it in other words.
    pub(super) original: Option<String>,
    pub(super) warrant: Warrant,
    /// Of a post or an edit: title and text as we show them. What the author sent is passed on as it is.
    pub(super) shown: Shown,
}

/// By whose word it is decided.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) enum Warrant {
    /// Their own.
    #[default]
    Own,
    /// An admin of this group has let it through, as a post for everybody or not. It is about this group alone.
    Reviewed { group: String, public: bool },
    /// It is the group itself: its admin asked for it, or the operator.
    Group { group: String },
    /// It is this group, because the author of what it takes back is no more: as the author's own word.
    Gone { group: String },
    /// Somebody who may post in these groups answers it. It was read at its origin, and is about no other group.
    Vouched { groups: BTreeSet<String> },
}

impl Warrant {
    /// The one group that it is about, whatever it names.
    pub(super) fn group(&self) -> Option<&str> {
        match self {
            Self::Own | Self::Vouched { .. } => None,
            Self::Reviewed { group, .. } | Self::Group { group } | Self::Gone { group } => Some(group),
        }
    }

    /// The groups in which somebody answers it, if that is why it is here.
    pub(super) const fn vouched_in(&self) -> Option<&BTreeSet<String>> {
        match self {
            Self::Vouched { groups } => Some(groups),
            _ => None,
        }
    }

    pub(super) const fn is_for_the_gone(&self) -> bool {
        matches!(self, Self::Gone { .. })
    }

    pub(super) const fn is_review(&self) -> bool {
        matches!(self, Self::Reviewed { .. })
    }
}

/// A post as we show it.
#[derive(Clone, Debug, Default)]
pub(super) struct Shown {
    pub(super) title: Option<String>,
    pub(super) content: Option<String>,
}

impl Shown {
    /// Takes its time over hostile text: not to be done while others wait for the turn.
    pub(super) fn of(ask: &Ask) -> Self {
        match ask {
            Ask::Post(document) | Ask::Edit(document) => Self::of_post(document),
            _ => Self::default(),
        }
    }

    fn of_post(document: &PostDocument) -> Self {
        let title = document.name.as_deref().map(text::tidy_name);
        Self {
            title: title.filter(|title| !title.is_empty()),
            content: document.content.as_deref().map(text::sanitize),
        }
    }
}

/// Whether something is asked about the content of a group: such cases are decided many at a time. Everything else is
/// decided alone.
pub(super) const fn is_about_content(ask: &Ask) -> bool {
    matches!(
        ask,
        Ask::Post(_) | Ask::Edit(_) | Ask::Delete { .. } | Ask::Vote { .. } | Ask::Unvote { .. }
    )
}

/// What a case is about. Two of which one touches exclusively what the other touches depend on each other.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Touches {
    pub(super) exclusive: Vec<i64>,
    pub(super) shared: Vec<i64>,
}

impl Case {
    /// What a group says by itself, as if it had come.
    pub(super) fn of_group(activity: Activity, raw: String, group: Actor, warrant: Warrant) -> Self {
        Self {
            activity,
            raw,
            actor: Arc::new(group),
            remembered: false,
            inbox: None,
            via: None,
            waited: None,
            sought: false,
            fetched: None,
            original: None,
            warrant,
            shown: Shown::default(),
        }
    }

    /// For an answer to it: word for word, or where only the object is known, as if its author had sent that.
    pub(super) fn said(&self) -> Cow<'_, str> {
        if self.raw.is_empty() {
            let Activity { id, actor, .. } = &self.activity;
            let create = json!({ "id": id.as_str(), "type": "Create", "actor": actor.as_str(), "object": id.as_str() });
            Cow::Owned(create.to_string())
        } else {
            Cow::Borrowed(&self.raw)
        }
    }

    /// Whether everybody may read what it brings. What an admin has seen is for whom it was then.
    pub(super) const fn is_public(&self) -> bool {
        match self.warrant {
            Warrant::Reviewed { public, .. } => public,
            _ => self.activity.addressed.public,
        }
    }

    /// What it is about: the activity's own id, and posts.
    pub(super) fn touches(&self) -> Touches {
        let mut touches = Touches {
            exclusive: vec![key_of(self.activity.id.as_str())],
            shared: vec![],
        };
        match &self.activity.ask {
            Ask::Post(document) => {
                touches.exclusive.push(key_of(document.id.as_str()));
                let parent = document.in_reply_to.as_ref();
                touches.shared.extend(parent.map(|iri| key_of(iri.as_str())));
            }
            Ask::Edit(document) => touches.exclusive.push(key_of(document.id.as_str())),
            Ask::Delete { object } => touches.exclusive.push(key_of(object.as_str())),
            Ask::Vote { object, .. } | Ask::Unvote { object, .. } => {
                touches.shared.push(key_of(object.as_str()));
                let voter = format!("{object} {}", self.actor.id.0);
                touches.exclusive.push(key_of(&voter));
            }
            _ => {}
        }
        touches
    }

    /// The post that it is about, or that it answers: where that is, its group is.
    pub(super) fn near(&self) -> Option<&str> {
        match &self.activity.ask {
            Ask::Post(document) => document.in_reply_to.as_ref().map(Iri::as_str),
            Ask::Edit(document) => Some(document.id.as_str()),
            Ask::Delete { object }
            | Ask::Mark { object, .. }
            | Ask::Vote { object, .. }
            | Ask::Unvote { object, .. } => Some(object.as_str()),
            _ => None,
        }
    }
}

impl Engine {
    /// What is given by an id of ours, or by the id of an earlier activity, is looked up before the turn: neither ever comes
    /// to mean something else.
    pub(super) async fn look_up_ids(&self, mut case: Case) -> Result<Case, Refused> {
        if let Ask::Undo { object } = &case.activity.ask
            && let Some((object, vote)) = self.store().vote_by(case.actor.id, object.as_str()).await?
        {
            // Undo of a vote by its id, by whoever cast it (ORG11).
            case.activity.ask = Ask::Unvote { vote, object };
        }
        if let Ask::Choose { object, wanted } = &case.activity.ask
            && let Some(object) = self.store().question_of(object).await?
        {
            let vote = Vote::Answer;
            case.activity.ask = if *wanted {
                Ask::Vote { vote, object }
            } else {
                Ask::Unvote { vote, object }
            };
        }
        if let Ask::Undo { object } = &case.activity.ask
            && let Some((object, group)) = self.locked_by(object).await?
        {
            case.activity.ask = Ask::Mark {
                mark: Mark::Locked,
                object,
                group: Some(group),
                wanted: false,
            };
        }
        if let Ask::Delete { object }
        | Ask::Mark { object, .. }
        | Ask::Vote { object, .. }
        | Ask::Unvote { object, .. } = &mut case.activity.ask
            && let Some(post) = self.post_announced(object).await?
        {
            *object = post;
        }
        Ok(case)
    }

    /// The post that an announcement of ours is about: Mastodon users like what was boosted.
    async fn post_announced(&self, iri: &Iri) -> Result<Option<Iri>, Refused> {
        let Some(Local::Activity(id, _)) = self.here().local(iri.as_str()) else {
            return Ok(None);
        };
        let post = self.store().iri_announced(id).await?;
        Ok(post.and_then(|post| Iri::object(&post).ok()))
    }

    /// The same, for whoever is in a transaction; any other id as it is.
    pub(super) async fn post_meant(&self, tx: &mut Tx, iri: &Iri) -> Result<Iri, Trouble> {
        let post = match self.here().local(iri.as_str()) {
            Some(Local::Activity(id, _)) => post::iri_announced(tx, id).await?,
            // A thread's `context`, by which NodeBB means its first post.
            Some(
                Local::Post(id)
                | Local::Within {
                    part: "threads", id, ..
                },
            ) => post::iri_of(tx, id).await?,
            _ => None,
        };
        Ok(post
            .and_then(|post| Iri::object(&post).ok())
            .unwrap_or_else(|| iri.clone()))
    }
}

#[cfg(test)]
mod tests;
