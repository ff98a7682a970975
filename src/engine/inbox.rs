//! One activity, from the door to the log.

use std::sync::Arc;

use serde_json::Value;

use crate::{
    dialect::{self, Activity, Ask, Evidence},
    domain::Iri,
    engine::{
        Arrival, Engine, Refused,
        case::{Case, Shown, Warrant, is_about_content},
        sender::Sender,
        turns::Turned,
    },
    signature::Claim,
    store::Actor,
};

impl Engine {
    /// Takes an activity in; `Ok` means that it is decided, or received durably.
    ///
    /// # Errors
    /// [`Refused`]: then nothing has changed.
    pub async fn receive(&self, arrival: Arrival<'_>) -> Result<(), Refused> {
        let claims = self
            .claims("POST", arrival.target, arrival.headers, &arrival.body)
            .map_err(|why| Refused::Unsigned(why.to_string()))?;
        let (raw, document) = dialect::parse(&arrival.body, self.json_limits())?;
        let activity = read(&document, self)?;
        if matches!(activity.ask, Ask::ActorGone { .. })
            && self.store().actor(&activity.actor).await?.is_none()
        {
            // A Delete of somebody whom we never met costs no fetch (ORD06).
            return Ok(());
        }
        let sender = self.sender(&claims, &activity, &document).await?;
        self.hosts().count(&sender.who().host)?;
        let shown = dialect::evidence_of(&document, &sender.who().kind);
        self.learn(sender.who(), shown, sender.remembered).await?;
        self.heed_reach(arrival.headers, &claims, sender.who());
        // Its author did not choose the inbox that somebody else brought it to, nor how often they bring it.
        let inbox = arrival.inbox.filter(|_| sender.bearer.is_none());
        let brought = sender.bearer.is_some();
        let counted = sender.who().id;
        let Sender {
            actor, remembered, ..
        } = sender;
        if brought && self.store().has_seen(&activity.id).await? {
            return Ok(());
        }
        self.check_origin(&activity, &actor).await?;
        if let Some(name) = arrival.inbox
            && !is_about_content(&activity.ask)
            && !self.store().group_exists(name).await?
        {
            return Err(Refused::NotFound);
        }
        if matches!(activity.ask, Ask::Report { .. }) {
            self.reporters().count(&counted)?;
        }
        if self.is_counted(&activity.ask, &actor).await? {
            self.speakers().count(&counted)?;
        }
        self.look_at_joiner(&activity, &actor).await?;
        fail::fail_point!("in::verified", |_| std::process::abort());
        let case = Case {
            shown: Shown::of(&activity.ask),
            activity,
            raw: raw.trim().to_owned(),
            actor,
            remembered,
            inbox: inbox.map(ToOwned::to_owned),
            via: None,
            waited: None,
            sought: false,
            fetched: None,
            original: None,
            warrant: Warrant::Own,
        };
        // It may wait; what it was made from need not.
        drop((arrival, document));
        if let Ask::Found(founding) = &case.activity.ask {
            return self.found(&case, founding).await;
        }
        let invited = self.invited_by(&case.activity);
        match self.turn(case).await? {
            Turned::Done => {}
            Turned::Stale(case) => self.receive_anew(&claims, *case).await?,
        }
        if let Some((whom, by)) = invited {
            self.look_for_invited(whom, by);
        }
        Ok(())
    }

    /// As if this process had never met the actor.
    async fn receive_anew(&self, claims: &[Claim], case: Case) -> Result<(), Refused> {
        self.peers().forget(&case.activity.actor).await;
        let actor = self.signer(claims, Some(&case.activity.actor)).await?;
        let case = Case {
            actor: Arc::new(actor),
            remembered: false,
            ..case
        };
        match self.turn(case).await? {
            Turned::Done => Ok(()),
            Turned::Stale(_) => Err(Refused::Busy { retry_after: 1 }),
        }
    }

    /// What a document shows of the program that sent it, and that its host is there to be delivered to again. The turn of
    /// an actor that is remembered sees to the latter.
    pub(super) async fn learn(
        &self,
        actor: &Actor,
        shown: Option<Evidence>,
        remembered: bool,
    ) -> Result<(), Refused> {
        if let Some(shown) = shown
            && self.peers().evidence(&actor.host, shown).await?
        {
            self.settle_host(&actor.host).await?;
        }
        if !remembered {
            self.store().signed_traffic_from(&actor.host).await?;
        }
        Ok(())
    }

    /// Everything that an activity says must come from where its actor is, and nothing of ours may be claimed.
    pub(super) async fn check_origin(&self, activity: &Activity, actor: &Actor) -> Result<(), Refused> {
        if activity.id.authority() != activity.actor.authority() {
            let why = "The activity's id is not on the server of its actor.";
            return Err(Refused::forbidden("foreign-id", "id", why));
        }
        if activity.addressed.blind {
            return Err(blind());
        }
        // Of what means nothing here (a Move, whose target is no group) nothing needs to agree.
        if activity.ask != Ask::Nothing && !activity.addressed.agrees() {
            let why = "The fields that name groups do not agree: to and cc name one that audience or target does not.";
            return Err(Refused::forbidden("groups-disagree", "audience", why));
        }
        let object = match &activity.ask {
            Ask::Post(post) | Ask::Edit(post) => Some(&post.id),
            Ask::Fetch { object, .. } => Some(object),
            _ => None,
        };
        if object.is_some_and(|object| self.here().owns(object)) {
            let why = "The object's id is on this server, which did not mint it for this actor.";
            return Err(Refused::forbidden("foreign-id", "object.id", why));
        }
        if let Ask::Fetch { object, .. } = &activity.ask
            && !object.same_origin(&actor.iri)
        {
            let why = "The object is on another server than its actor, so nothing shows that it is theirs.";
            return Err(Refused::forbidden("foreign-id", "object.id", why));
        }
        if let Ask::Post(post) | Ask::Edit(post) = &activity.ask {
            for other in &post.others {
                self.check_co_author(activity, actor, other).await?;
            }
        }
        Ok(())
    }

    /// Beside the signer `attributedTo` may name the group that it is for, or a group of the signer's own server
    /// (PeerTube's channels, Mobilizon's groups; ORG02), and nobody else.
    async fn check_co_author(&self, activity: &Activity, actor: &Actor, other: &Iri) -> Result<(), Refused> {
        if self
            .here()
            .group_meant(other.as_str())
            .is_some_and(|name| activity.addressed.groups().contains(name))
        {
            return Ok(());
        }
        let same_server = other.authority() == actor.host;
        if same_server
            && self
                .peers()
                .actor(other)
                .await
                .is_ok_and(|other| other.kind == "Group")
        {
            return Ok(());
        }
        Err(Refused::forbidden(
            "not-the-author",
            "object.attributedTo",
            "attributedTo names somebody else than the signer.",
        ))
    }
}

/// Whoever is named blindly would be named to everybody.
pub(super) fn blind() -> Refused {
    let why = "What names somebody in bto or bcc cannot be passed on word for word.".to_owned();
    Refused::Unreadable { why, field: "bto" }
}

/// Reads an activity; an Undo of what another did is not unreadable but forbidden.
pub(super) fn read(document: &Value, engine: &Engine) -> Result<Activity, Refused> {
    dialect::read(document, engine.here()).map_err(|unreadable| {
        if unreadable.is_forbidden() {
            Refused::forbidden("not-the-author", unreadable.field, &unreadable.why)
        } else {
            unreadable.into()
        }
    })
}
