//! What a reply answers, where that is not here: read at its origin, up to a post that is.
//!
//! One rule: somebody who may post in a group vouches for what they answer; everything else that a group asks of a post, it
//! asks of these too. They are decided oldest first, then the reply; if the way up leads nowhere, none of them is kept.

use std::{
    collections::{BTreeSet, HashSet},
    sync::Arc,
    time::Duration,
};

use crate::{
    dialect::{Activity, Ask, PostDocument},
    domain::Iri,
    engine::{
        Engine, Refused,
        case::{Case, Shown, Warrant},
        inbox::read,
        turns::Turned,
        waiting::{End, after},
    },
    store::{Actor, received::Waiting},
};

/// What is fetched for one activity, at most: what a reply answers, and before that the reply, if it was given by its id.
const MOST: usize = 20;
const ITSELF: usize = 2; // once to see that it is a reply, once more when it is its turn

/// A try that takes longer is put off: less than a document is claimed for.
const LONGEST: Duration = Duration::from_secs(45);

/// A post as its origin tells it: as if its author had just sent it, and the text.
struct Found {
    activity: Activity,
    text: String,
}

impl Engine {
    /// A reply that waits for what it answers, or behind another that does.
    pub(super) async fn try_reply(
        &self,
        waiting: &Waiting,
        reply: Activity,
        actor: &Actor,
        fetched: Option<String>,
    ) -> End {
        let Ask::Post(post) = &reply.ask else {
            return End::Never("it is no reply".into());
        };
        let parent = post.in_reply_to.as_ref();
        if parent.is_none_or(|parent| parent.as_str() != waiting.needs) {
            let parent = parent.cloned();
            return self
                .end_behind(waiting, (reply, fetched), actor, parent.as_ref())
                .await;
        }
        let groups = meant(waiting, &reply);
        let most = if fetched.is_some() { MOST - ITSELF } else { MOST };
        match tokio::time::timeout(LONGEST, self.recover(post, &groups, most)).await {
            Ok(Ok(())) => self.end(waiting, reply, actor, fetched).await,
            Ok(Err(end)) => end,
            Err(_) => End::Later,
        }
    }

    /// Decides what waits behind another document, once nothing is awaited under this id any more.
    pub(super) async fn end_behind(
        &self,
        waiting: &Waiting,
        (activity, fetched): (Activity, Option<String>),
        actor: &Actor,
        other: Option<&Iri>,
    ) -> End {
        match self.store().is_being_fetched(other).await {
            Ok(true) => End::Later,
            Ok(false) => self.end(waiting, activity, actor, fetched).await,
            Err(error) => End::Failed(error),
        }
    }

    /// It has waited for too long: its group says what it says of a reply to nothing, by letter.
    pub(super) async fn give_up_reply(&self, waiting: &Waiting) {
        let sender = Iri::object(&waiting.actor_iri).ok();
        let document = serde_json::from_str(&waiting.raw).ok();
        let (Some(sender), Some(document)) = (sender, document) else {
            return;
        };
        if let Ok(reply) = read(&document, self)
            && matches!(reply.ask, Ask::Post(_))
            && let Ok(actor) = self.peers().actor(&sender).await
            && let End::Failed(error) = self.end(waiting, reply, &actor, None).await
        {
            tracing::warn!(%error, "nobody was told that a reply was dropped");
        }
    }

    /// Takes what a post answers into the groups, as far as it belongs there.
    async fn recover(&self, reply: &PostDocument, groups: &BTreeSet<String>, most: usize) -> Result<(), End> {
        let ancestors = self.ancestors(reply, most).await?;
        for found in &ancestors {
            // Its author has sent it, and it waits itself: their own word goes first.
            let on_its_way = self.store().is_on_its_way(&found.activity.id).await;
            if on_its_way.map_err(End::Failed)? {
                return Err(End::Later);
            }
        }
        for found in ancestors.into_iter().rev() {
            self.take_in(found, groups).await?;
        }
        Ok(())
    }

    /// What a post answers, and what that answers, until one that is here; the nearest first. None of them, if the way leads
    /// nowhere: in a ring, to something that is no post, or too far.
    async fn ancestors(&self, reply: &PostDocument, most: usize) -> Result<Vec<Found>, End> {
        let mut seen = HashSet::from([reply.id.clone()]);
        let mut found = vec![];
        let mut next = reply.in_reply_to.clone();
        while let Some(id) = next {
            if self.store().has_post(&id).await.map_err(End::Failed)? {
                break;
            }
            if found.len() == most || !seen.insert(id.clone()) || self.here().owns(&id) {
                return Ok(vec![]);
            }
            let document = match self.peers().document(&id).await {
                Ok((_, document)) => document,
                Err(error) => match after(&error) {
                    End::Never(_) => return Ok(vec![]),
                    end => return Err(end),
                },
            };
            let Some(activity) = self.as_post(&document, &id) else {
                return Ok(vec![]);
            };
            next = match &activity.ask {
                Ask::Post(post) => post.in_reply_to.clone(),
                _ => return Ok(vec![]),
            };
            found.push(Found {
                activity,
                text: document.to_string(),
            });
        }
        Ok(found)
    }

    /// The groups decide on a post that somebody there answers. What they make of it shows in what becomes of the reply.
    async fn take_in(&self, found: Found, groups: &BTreeSet<String>) -> Result<(), End> {
        let Found { activity, text } = found;
        let author = match self.peers().actor(&activity.actor).await {
            Ok(author) if author.gone => return Ok(()),
            Ok(author) => author,
            Err(error) => match after(&error) {
                End::Never(_) => return Ok(()),
                end => return Err(end),
            },
        };
        match self.check_origin(&activity, &author).await {
            Ok(()) => {}
            Err(Refused::Busy { .. } | Refused::Unavailable(_)) => return Err(End::Later),
            Err(_) => return Ok(()),
        }
        let mut groups = groups.clone();
        let rejected = self.store().groups_that_rejected(activity.id.as_str()).await;
        for group in rejected.map_err(End::Failed)? {
            groups.remove(&group);
        }
        let case = Case {
            shown: Shown::of(&activity.ask),
            activity,
            raw: String::new(),
            actor: Arc::new(author),
            remembered: false,
            inbox: None,
            via: None,
            waited: None,
            sought: false,
            fetched: Some(text),
            warrant: Warrant::Vouched { groups },
        };
        match self.turn(case).await {
            Ok(Turned::Stale(_)) | Err(Refused::Busy { .. } | Refused::Unavailable(_)) => Err(End::Later),
            Ok(Turned::Done) | Err(_) => Ok(()),
        }
    }
}

/// The groups that a reply names, or the one to whose inbox it came.
fn meant(waiting: &Waiting, reply: &Activity) -> BTreeSet<String> {
    let addressed = &reply.addressed;
    let mut groups = addressed.groups().clone();
    if groups.is_empty() && addressed.speaks_to_inbox() {
        groups.extend(waiting.inbox.clone());
    }
    groups
}
