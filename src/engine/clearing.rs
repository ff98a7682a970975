//! What the banned wrote goes out of the group, where whoever banned them says so: `removeData` (lemmy.md 3.5).
//!
//! One rule: each post is taken out by the group's own word, as if the operator had asked for it, and told to each class as any removal
//! is; some posts a transaction, so that nobody waits for long behind somebody who wrote much.

use crate::{
    dialect::{self, Ask, What},
    domain::Iri,
    engine::{Engine, case::Case, matter::Matter, turn::Trouble},
    store::{
        self,
        clearing::{self, ToClear},
        departed::Remains,
    },
};

/// People whose posts are taken out at a time, and posts of one in one transaction.
const PEOPLE: i64 = 20;
const POSTS: i64 = 20;

impl Engine {
    /// Takes out what the banned have said, where that was asked for. What does not work now is tried again.
    pub(super) async fn clear_the_banned(&self) -> Result<(), store::Error> {
        for what in self.store().to_clear(PEOPLE).await? {
            if let Err(trouble) = self.clear_banned(&what).await {
                tracing::warn!(
                    ?trouble,
                    actor = what.actor.0,
                    group = what.group.0,
                    "what a banned actor said is not taken out yet"
                );
            }
        }
        Ok(())
    }

    /// Whoever banned somebody wants what they wrote gone, too: it begins once this is said.
    pub(super) async fn clears(
        &self,
        tx: &mut store::Tx,
        case: &Case,
        group: Option<&str>,
        whom: &Iri,
    ) -> Result<(), Trouble> {
        let Some(banned) = store::actor_in(&mut **tx, whom).await? else {
            return Ok(());
        };
        let names = self.groups_meant(case, group);
        for group in self.take(tx, &names).await? {
            clearing::begin(tx, group.id, banned.id, self.clock().now()).await?;
        }
        Ok(())
    }

    async fn clear_banned(&self, what: &ToClear) -> Result<(), Trouble> {
        loop {
            let left = self.store().left_to_clear(what, POSTS).await?;
            let mut tx = self.store().begin().await?;
            if left.is_empty() {
                clearing::end(&mut tx, what).await?;
                return Ok(tx.commit().await.map_err(store::Error::from)?);
            }
            let mut cases: Vec<Case> = vec![];
            for post in &left {
                cases.push(self.removal_of(&mut tx, post).await?);
            }
            let matters: Vec<_> = cases
                .iter()
                .map(|case| Matter::of_seen(case, &case.activity.ask))
                .collect();
            self.decide_now(&mut tx, &matters).await?;
            tx.commit().await.map_err(store::Error::from)?;
            self.store().ring();
        }
    }

    async fn removal_of(&self, tx: &mut store::Tx, post: &Remains) -> Result<Case, Trouble> {
        let unnamed = |_| Trouble::Down("a post of a banned actor cannot be named".to_owned());
        let object = Iri::object(&post.post).map_err(unnamed)?;
        let deed = dialect::Deed {
            id: self.clock().uuid(),
            group: &post.group,
            what: What::Removed,
            object: &post.post,
            reason: Some("Its author is banned from the group."),
            until: None,
            public: post.public,
            at: self.clock().now(),
        };
        let document = dialect::deed(&deed, self.here());
        let mut case = self.own_case(tx, &post.group, &document).await?;
        case.activity.ask = Ask::Delete { object };
        Ok(case)
    }
}
