//! What a reply answers, where that is not here: looked for (`errand.rs`), and decided about, before the reply.
//!
//! One rule: somebody vouches for it: whoever may post in a group, for what they answer; a group that ours follows, for the thread of
//! what it passes on. Everything else that a group asks of a post, it asks of these too. They are decided oldest first, then the
//! reply; if the way up leads nowhere, none of them is kept.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use crate::{
    dialect::{Activity, Ask, PostDocument},
    domain::Iri,
    engine::{
        Engine, Refused,
        case::{Case, Shown, Warrant},
        errand::{Errand, Found, MOST, Wanted},
        inbox::read,
        turns::Turned,
        waiting::{End, after},
    },
    store::{Actor, received::Waiting},
};

/// Of what is fetched for one activity, this is the reply itself, where it was given by its id: once to see that it is one, once
/// more when it is its turn. What was announced is asked for by the activity's id, and then by the post's.
const ITSELF: usize = 2;

/// A try that takes longer is put off: less than a document is claimed for.
const LONGEST: Duration = Duration::from_secs(45);

/// How long something else that waits is waited for: it would be a minute until the next try.
const MOMENT: Duration = Duration::from_millis(100);
const MOMENTS: u32 = 20;

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
        match tokio::time::timeout(LONGEST, self.recover(post, Wanted::Answered(&groups), most)).await {
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

    /// What a comment answers that a group hears of from one that it follows, if it has not got that.
    pub(super) async fn recover_relayed(&self, activity: &Activity, group: &str) -> Result<(), End> {
        let Ask::Post(post) = &activity.ask else {
            return Ok(());
        };
        let Some(parent) = post.in_reply_to.as_ref().filter(|_| activity.addressed.public) else {
            return Ok(());
        };
        if self
            .store()
            .is_known_in(parent, group)
            .await
            .map_err(End::Failed)?
        {
            return Ok(());
        }
        let work = self.recover(post, Wanted::Relayed(group), MOST - ITSELF);
        let done = tokio::time::timeout(LONGEST, work).await;
        done.unwrap_or(Err(End::Later))
    }

    /// Takes what a post answers into the groups, as far as it belongs there.
    async fn recover(&self, reply: &PostDocument, wanted: Wanted<'_>, most: usize) -> Result<(), End> {
        let missing = Errand::new(self, wanted, most).missing(reply).await?;
        for found in &missing {
            // Its author has sent it, or a group announces it, and it waits itself: their own word goes first.
            if self.is_still_on_its_way(found.post()).await? {
                return Err(End::Later);
            }
        }
        for found in missing {
            self.take_in(found, wanted).await?;
        }
        Ok(())
    }

    /// Whether a document that waits brings this post. What is being worked on now takes a moment: that is waited for here.
    pub(super) async fn is_still_on_its_way(&self, post: &Iri) -> Result<bool, End> {
        for _ in 0..MOMENTS {
            if !self.store().is_on_its_way(post).await.map_err(End::Failed)? {
                return Ok(false);
            }
            tokio::time::sleep(MOMENT).await;
        }
        Ok(true)
    }

    /// The groups decide on a post that somebody there answers. What they make of it shows in what becomes of the reply.
    async fn take_in(&self, found: Found, wanted: Wanted<'_>) -> Result<(), End> {
        let (via, warrant) = match wanted {
            Wanted::Relayed(group) => (Some(group.to_owned()), Warrant::Own),
            Wanted::Answered(groups) => {
                let mut groups = groups.clone();
                let rejected = self.store().groups_that_rejected(found.post().as_str()).await;
                for group in rejected.map_err(End::Failed)? {
                    groups.remove(&group);
                }
                (None, Warrant::Vouched { groups })
            }
        };
        let Found {
            activity,
            raw,
            fetched,
            ..
        } = found;
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
        let case = Case {
            shown: Shown::of(&activity.ask),
            activity,
            raw,
            actor: Arc::new(author),
            remembered: false,
            inbox: None,
            via,
            waited: None,
            sought: true,
            fetched,
            original: None,
            warrant,
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
