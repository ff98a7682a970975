//! Membership as a record that is written: by POST or PUT to `members`, signed by whoever joins.
//!
//! One rule: a record is a request in another form. It waits until its actor confirms it by a Join, or an admin lets them
//! in; a refusal is said at once, for whoever writes a record waits for the answer.

use bytes::Bytes;
use http::HeaderMap;
use serde_json::Value;
use uuid::Uuid;

use crate::{
    dialect::{self, Evidence, Local},
    domain::{Command, Event, Iri, Way, decide},
    engine::{Engine, Refused, case::Case, inbox::blind, turn::Trouble},
    store::{
        self, Actor, ActorId, Tx, Viewer,
        asked::{self, NewAsking},
        membership::{self, Written},
        record,
    },
};

/// A record, as it arrived.
#[derive(Clone, Debug)]
pub struct Enrolment<'a> {
    /// Name of the group.
    pub group: &'a str,
    pub method: &'a str,
    /// Path and query, as received.
    pub target: &'a str,
    pub headers: &'a HeaderMap,
    pub body: Bytes,
}

impl Engine {
    /// Writes a record down; gives its id, and whose it is.
    ///
    /// # Errors
    /// [`Refused`]: then nothing has changed.
    pub async fn enrol(&self, arrival: Enrolment<'_>) -> Result<(Uuid, Viewer), Refused> {
        let claims = self
            .claims(arrival.method, arrival.target, arrival.headers, &arrival.body)
            .map_err(|why| Refused::Unsigned(why.to_string()))?;
        let (raw, document) = dialect::parse(&arrival.body, self.json_limits())?;
        if dialect::names_blindly(&document) {
            return Err(blind());
        }
        let who = self.joiner(&document, arrival.group)?;
        let actor = self.signer(&claims, Some(&who)).await?;
        self.hosts().count(&actor.host)?;
        self.learn(&actor, Some(Evidence::Joins), false).await?;
        self.look_at_joiner_of(arrival.group, &actor).await?;
        let id = self.in_place(self.enrol_now(arrival.group, &actor, raw)).await?;
        self.store().ring();
        Ok((id, Viewer::Actor(actor.id)))
    }

    async fn enrol_now(&self, group: &str, actor: &Actor, raw: &str) -> Result<Uuid, Trouble> {
        let mut tx = self.store().begin().await?;
        let id = self.try_enrol(&mut tx, group, actor, raw).await?;
        tx.commit().await.map_err(store::Error::from)?;
        Ok(id)
    }

    /// Whom a record names: `actor` in the draft of the task force, `subject` in FEP-5219.
    fn joiner(&self, document: &Value, group: &str) -> Result<Iri, Refused> {
        let said = |fields: [&'static str; 2]| {
            let mut found = fields
                .into_iter()
                .filter_map(|field| Some((field, dialect::id_of(document.get(field)?)?)));
            found.next()
        };
        if let Some((field, iri)) = said(["group", "object"])
            && self.here().local(iri)
                != Some(Local::Group {
                    name: group,
                    part: None,
                })
        {
            return Err(Refused::forbidden(
                "differs",
                field,
                "The record is about another group.",
            ));
        }
        let (field, iri) = said(["actor", "subject"]).ok_or(Refused::Unreadable {
            why: "The record does not say whose it is.".to_owned(),
            field: "actor",
        })?;
        Iri::object(iri).map_err(|why| Refused::Unreadable {
            why: format!("The id of whoever joins is refused: {why}."),
            field,
        })
    }

    async fn try_enrol(&self, tx: &mut Tx, group: &str, actor: &Actor, raw: &str) -> Result<Uuid, Trouble> {
        let group = self.one(tx, group).await?;
        self.admits(tx, &group.group, actor, Way::Join).await??;
        let before = self.standing(tx, &group, actor).await?;
        let now = self.clock().now();
        let events = decide(&group.group, &before, &Command::Join(Way::Join), now)?;
        if !before.member && !before.waiting {
            let (destination, _) = membership::heard_at(tx, group.id, actor.id).await?;
            let written = Written {
                follower: before.follower,
                member: false,
                state: "pending",
                request: None,
                destination,
            };
            membership::write(tx, group.id, actor.id, &written, now).await?;
        }
        let id = record::id_of(tx, group.id, actor.id)
            .await?
            .ok_or(Refused::NotFound)?;
        if events.contains(&Event::MembershipRequested) && !before.waiting {
            let iri = self.here().membership(&group.group.name, id);
            let new = NewAsking {
                id: self.clock().uuid(),
                group: group.id,
                actor: actor.id,
                kind: "Join",
                iri: &iri,
                raw: raw.trim(),
            };
            asked::write(tx, &new, now).await?;
        }
        Ok(id)
    }

    /// Whoever a record is about leaves by deleting it.
    ///
    /// # Errors
    /// [`Refused`]: then nothing has changed.
    pub async fn unenrol(&self, group: &str, actor: ActorId) -> Result<(), Refused> {
        self.in_place(self.unenrol_now(group, actor)).await?;
        self.store().ring();
        Ok(())
    }

    async fn unenrol_now(&self, group: &str, actor: ActorId) -> Result<(), Trouble> {
        let mut tx = self.store().begin().await?;
        let group = self.one(&mut tx, group).await?;
        self.leave_group(&mut tx, &group, actor).await?;
        tx.commit().await.map_err(store::Error::from)?;
        Ok(())
    }

    /// Somebody leaves, by the word for a way in.
    pub(super) async fn leave_by_name(
        &self,
        tx: &mut Tx,
        case: &Case,
        name: &str,
        way: Way,
    ) -> Result<(), Trouble> {
        match self.take(tx, &[name.to_owned()]).await?.pop() {
            Some(group) if self.has_two_ways(&case.actor) => {
                self.leave_way(tx, &group, &case.actor, way).await
            }
            Some(group) => self.leave_group(tx, &group, case.actor.id).await,
            None => Ok(()),
        }
    }
}
