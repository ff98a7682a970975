//! What a group says in its own name, into its log.
//!
//! One rule: what is said of a private group goes to its members; strangers are told no more than its stub says.

use crate::{
    dialect::{self, News, Tidings},
    domain::{Audience, Visibility},
    engine::{Engine, saying::written_in, turn::Trouble},
    store::{
        self, Tx,
        group::InTurn,
        news::{self, NewNews},
    },
};

impl Engine {
    /// The group has changed: it says so with its whole document, as it is in this transaction. One that has just become
    /// private says no more to anybody than strangers may see: members read the rest where it is.
    pub(super) async fn say_described(&self, tx: &mut Tx, before: &InTurn) -> Result<(), Trouble> {
        let name = &before.group.name;
        let Some(view) = store::group_face(&mut **tx, name).await? else {
            return Ok(());
        };
        let is_private = view.group.policies.visibility == Visibility::Private;
        let was_private = before.group.policies.visibility == Visibility::Private;
        let turned_private = is_private && !was_private;
        let face = self.face(view);
        let document = if turned_private {
            dialect::group_stub(&face, self.here())
        } else {
            dialect::group_document(&face, self.here())
        };
        let public = !is_private || turned_private;
        let tidings = Tidings::Described {
            document: &document,
            face: &face,
        };
        self.say_news(tx, before, public, tidings).await
    }

    /// The group is closed.
    pub(super) async fn say_closed(&self, tx: &mut Tx, group: &InTurn) -> Result<(), Trouble> {
        let public = group.group.policies.visibility == Visibility::Public;
        self.say_news(tx, group, public, Tidings::Closed).await
    }

    async fn say_news(
        &self,
        tx: &mut Tx,
        group: &InTurn,
        public: bool,
        tidings: Tidings<'_>,
    ) -> Result<(), Trouble> {
        let (id, at) = (self.clock().uuid(), self.clock().now());
        let kind = tidings.what().word();
        let news = News {
            id,
            group: &group.group.name,
            public,
            at,
            tidings,
        };
        let text = dialect::news(&news, self.here());
        let told = dialect::told(&news, &text, self.here());
        let shapes = told
            .into_iter()
            .map(|(shape, written)| written_in(shape, written));
        let new = NewNews {
            group: group.id,
            id,
            iri: None,
            kind,
            actor: None,
            author_host: None,
            audience: if public {
                Audience::Public
            } else {
                Audience::Members
            },
            raw: &text,
            shapes: shapes.collect(),
            at,
        };
        Ok(news::say(tx, &new).await?)
    }
}
