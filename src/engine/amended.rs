//! What a group that a group of ours follows says about posts that are here: that one was changed, or taken back.
//!
//! One rule: it only says that it is worth asking (ANN02). An edit is what its author has proven (FEP-8b32), or what the post's own
//! server shows now. A post is gone if its own server says so: 404, 410, or a Tombstone. Then it is as if its author had told us, in
//! all groups here. One more such word is a variant of [`Ask`] in [`is_amendment`], and who is asked about it.

use std::sync::Arc;

use crate::{
    dialect::{self, Activity, Ask, What},
    domain::Iri,
    engine::{
        Engine, Refused,
        case::{Case, Shown, Warrant},
        matter::Matter,
        turn::{TRIES, Trouble},
        waiting::{End, after},
    },
    peer::FetchError,
    store::{self, post::Whereabouts},
};

/// Why members hear of a deletion whose author's own words we do not have.
const GONE: &str = "It is not there any more where it was written.";

/// How we know what somebody said.
#[derive(Clone, Copy)]
pub(super) enum Word<'a> {
    /// Nobody says so but whoever passed it on.
    Hearsay,
    /// Word for word, as its author's server tells it.
    Origins(&'a str),
    /// Word for word; its author has proven it.
    Proven(&'a str),
}

impl<'a> Word<'a> {
    /// What may be passed on.
    pub(super) const fn text(self) -> &'a str {
        match self {
            Self::Hearsay => "",
            Self::Origins(text) | Self::Proven(text) => text,
        }
    }
}

/// Whether it changes a post or takes it back.
pub(super) const fn is_amendment(ask: &Ask) -> bool {
    matches!(
        ask,
        Ask::Edit(_) | Ask::Fetch { edit: true, .. } | Ask::Delete { .. }
    )
}

/// The same post as a newer version of itself.
pub(super) fn edited(activity: Activity) -> Activity {
    let ask = match activity.ask {
        Ask::Post(post) => Ask::Edit(post),
        ask => ask,
    };
    Activity { ask, ..activity }
}

impl Engine {
    /// Looks into what is said of a post in this group.
    pub(super) async fn end_amended(&self, group: &str, activity: Activity, word: Word<'_>) -> End {
        let post = match &activity.ask {
            Ask::Edit(post) => post.id.clone(),
            Ask::Fetch { object, .. } | Ask::Delete { object } => object.clone(),
            _ => return End::Never("it changes no post".into()),
        };
        // What is announced at once is worked on at once: the post goes first.
        match self.is_still_on_its_way(&post).await {
            Ok(false) => {}
            Ok(true) => return End::Later,
            Err(end) => return end,
        }
        match self.store().is_known_in(&post, group).await {
            Ok(true) => {}
            Ok(false) => return End::Never("the group has no such post".into()),
            Err(error) => return End::Failed(error),
        }
        match &activity.ask {
            Ask::Delete { .. } => self.end_deleted(group, &post, activity, word).await,
            _ => self.end_edited(group, &post, activity, word).await,
        }
    }

    async fn end_edited(&self, group: &str, post: &Iri, activity: Activity, word: Word<'_>) -> End {
        let (activity, raw, fetched) = match (word, &activity.ask) {
            (Word::Proven(text), Ask::Edit(_)) => (activity, text, None),
            _ => match self.as_it_is_now(post, activity, word).await {
                Ok((activity, raw, fetched)) => (activity, raw, Some(fetched)),
                Err(end) => return end,
            },
        };
        self.end_as_theirs(group, activity, raw, fetched).await
    }

    /// The post as its own server shows it. Its author's words about it are passed on only if they say the same.
    async fn as_it_is_now<'w>(
        &self,
        id: &Iri,
        said: Activity,
        word: Word<'w>,
    ) -> Result<(Activity, &'w str, String), End> {
        let document = match self.peers().document(id).await {
            Ok((_, document)) => document,
            Err(error) => return Err(after(&error)),
        };
        let nobodys = || End::Never("what was changed is not a post that names its author".into());
        let now = edited(self.as_post(&document, id).ok_or_else(nobodys)?);
        if now.actor != said.actor {
            return Err(End::Never("only whoever wrote it may change it".into()));
        }
        let says_the_same = match &said.ask {
            Ask::Fetch { .. } => true, // it names the post, and no more
            ask => *ask == now.ask,
        };
        let fetched = document.to_string();
        if says_the_same && !word.text().is_empty() {
            let activity = Activity { ask: now.ask, ..said };
            return Ok((activity, word.text(), fetched));
        }
        // Its id is not to be believed either: it may be that of something else.
        let own = format!("{id}#updates/{}", self.clock().uuid());
        let own = Iri::activity(&own).map_err(|why| End::Never(why.to_string()))?;
        Ok((Activity { id: own, ..now }, "", fetched))
    }

    /// Its author's server is asked, whoever says that it was deleted: an admin elsewhere takes nothing out here.
    async fn end_deleted(&self, group: &str, post: &Iri, activity: Activity, word: Word<'_>) -> End {
        match self.peers().document(post).await {
            Ok(_) => return End::Never("what is said to be deleted is still there".into()),
            Err(FetchError::NotFound | FetchError::Gone) => {}
            Err(error) => return after(&error),
        }
        let places = match self.store().whereabouts(post).await {
            Ok(places) => places,
            Err(error) => return End::Failed(error),
        };
        let is_authors = places.iter().all(|place| place.author == activity.actor.as_str());
        if is_authors && !word.text().is_empty() {
            return self.end_as_theirs(group, activity, word.text(), None).await;
        }
        self.take_out(post, &places).await
    }

    /// As if its author had sent it. They did not ask us anything, so they get no answer.
    async fn end_as_theirs(
        &self,
        group: &str,
        activity: Activity,
        raw: &str,
        fetched: Option<String>,
    ) -> End {
        let author = match self.store().actor(&activity.actor).await {
            Ok(Some(author)) => author,
            Ok(None) => return End::Never("nobody here knows its author".into()),
            Err(error) => return End::Failed(error),
        };
        if let Err(refused) = self.check_origin(&activity, &author).await {
            return End::Never(format!("{refused:?}"));
        }
        self.close(Case {
            shown: Shown::of(&activity.ask),
            activity,
            raw: raw.trim().to_owned(),
            actor: Arc::new(author),
            remembered: false,
            inbox: None,
            via: Some(group.to_owned()),
            // Its own id is remembered, and decides whether it was heard of already: its author may have sent it, too.
            waited: None,
            sought: false,
            fetched,
            original: None,
            warrant: Warrant::Own,
        })
        .await
    }

    /// The groups say that a post is gone, each for itself: we do not have its author's words.
    async fn take_out(&self, post: &Iri, places: &[Whereabouts]) -> End {
        for _ in 0..TRIES {
            match self.in_place(self.try_take_out(post, places)).await {
                Ok(()) => return End::Done,
                Err(Trouble::Conflict) => {}
                Err(Trouble::Refused(Refused::Busy { .. } | Refused::Unavailable(_)) | Trouble::Down(_)) => {
                    return End::Later;
                }
                Err(Trouble::Refused(why)) => return End::Never(format!("{why:?}")),
            }
        }
        End::Later
    }

    async fn try_take_out(&self, post: &Iri, places: &[Whereabouts]) -> Result<(), Trouble> {
        let mut tx = self.store().begin().await?;
        let mut cases = vec![];
        for place in places {
            let deed = dialect::Deed {
                id: self.clock().uuid(),
                group: &place.group,
                what: What::Removed,
                object: post.as_str(),
                reason: Some(GONE),
                until: None,
                public: place.public,
                at: self.clock().now(),
            };
            let document = dialect::deed(&deed, self.here());
            let mut case = self.own_case(&mut tx, &place.group, &document).await?;
            case.activity.ask = Ask::Delete { object: post.clone() };
            case.warrant = Warrant::Gone {
                group: place.group.clone(),
            };
            cases.push(case);
        }
        let matters: Vec<_> = cases
            .iter()
            .map(|case| Matter::of_seen(case, &case.activity.ask))
            .collect();
        self.decide_now(&mut tx, &matters).await?;
        tx.commit().await.map_err(store::Error::from)?;
        self.store().ring();
        Ok(())
    }
}
