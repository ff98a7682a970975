//! What somebody passes on: a group that a group of ours follows, or a forum that brings what its people wrote.
//!
//! One rule: it is believed only as its author has proven it (FEP-8b32), or as its own origin tells it (ANN01). Whoever passes it
//! on only says where to look.

use std::{collections::BTreeSet, sync::Arc};

use serde_json::Value;

use crate::{
    dialect::{self, Activity, Addressed, Ask},
    domain::{Iri, Vote},
    engine::{
        Engine,
        amended::{Word, is_amendment},
        case::{Case, Shown, Warrant},
        inbox::read,
        matter::Matter,
        turn::Trouble,
        waiting::{End, after, answers},
    },
    store::{Actor, Tx, following, received::Waiting},
};

/// How what somebody announced comes to a group of ours, by its name.
#[derive(Clone, Copy)]
enum Bearing<'a> {
    /// The group follows whoever announced it, or they are in it: their people need not be.
    Relays(&'a str),
    /// It is as if its author had sent it: it is for the group if it says so itself, or answers what is there.
    Brings,
}

impl Bearing<'_> {
    fn relayed(self) -> Option<String> {
        match self {
            Self::Relays(group) => Some(group.to_owned()),
            Self::Brings => None,
        }
    }
}

impl Engine {
    /// Announce: by a group that a group of ours follows it is a submission; so it is by a program or group that addresses a
    /// group of ours with it (NodeBB's own actor brings what its people wrote for us; 4.15.1, 2026-08-22); of something that we
    /// have it is counted.
    pub(super) async fn announce(&self, tx: &mut Tx, case: &Case, objects: &[Iri]) -> Result<(), Trouble> {
        let following = following::followers_of(tx, case.actor.id).await?;
        let mut followers: BTreeSet<&String> = following.iter().collect();
        if case.actor.kind != "Person" {
            followers.extend(case.activity.addressed.groups());
        }
        let mut shared = BTreeSet::new();
        for object in objects {
            // Our own announcement coming back is a share at most, never a post (ANN06).
            if followers.is_empty() || self.here().owns(object) {
                shared.insert(self.post_meant(tx, object).await?);
                continue;
            }
            if following.is_empty() {
                self.has_room(tx, &case.actor).await?;
            } else {
                self.host_has_room(tx, &case.actor).await?;
            }
            for name in &followers {
                let key = format!("{object} {name}");
                // Whoever is not followed cannot make others wait for what they say they bring.
                let brings = following
                    .contains(name)
                    .then(|| dialect::post_carried(&case.raw, object));
                let brings = brings.flatten();
                self.keep(tx, case, &key, object.as_str(), Some(name), brings.as_ref())
                    .await?;
            }
        }
        let shares: Vec<Ask> = shared
            .into_iter()
            .map(|object| Ask::Vote {
                vote: Vote::Share,
                object,
            })
            .collect();
        let matters: Vec<_> = shares.iter().map(|ask| Matter::of_seen(case, ask)).collect();
        self.decide_now(tx, &matters).await
    }

    /// What a followed group announced is believed only as its author's own server tells it (ANN01).
    pub(super) async fn try_announced(&self, waiting: &Waiting, via: &str, announcer: &Actor) -> End {
        if announcer.iri.as_str() != waiting.actor_iri {
            return End::Never("its announcer has another id now".into());
        }
        if let Ok(document) = serde_json::from_str::<Value>(&waiting.raw)
            && document.get("id").and_then(Value::as_str) == Some(waiting.needs.as_str())
            && let Ok(activity) = read(&document, self)
        {
            // A group of this server passed it on: it was verified when it came.
            let ours = Bearing::Relays(via);
            return self.end_via(waiting, activity, &waiting.raw, None, ours).await;
        }
        let relays = match self.store().relays(via, announcer).await {
            Ok(relays) => relays,
            Err(error) => return End::Failed(error),
        };
        let via = if relays {
            Bearing::Relays(via)
        } else {
            Bearing::Brings
        };
        let Ok(needs) = Iri::activity(&waiting.needs) else {
            return End::Never("what it needs has no id".into());
        };
        if let Some((text, document)) = dialect::carried(&waiting.raw, needs.as_str())
            && let Some(activity) = self.announced_by_author(&document, &needs)
            && self.prover(&document, &activity).await.is_ok()
        {
            return self.end_proven(waiting, via, activity, text, &document).await;
        }
        let (text, document) = match self.peers().document(&needs).await {
            Ok(found) => found,
            Err(error) => {
                return match after(&error) {
                    End::Never(why) => self.try_hearsay(waiting, via, &needs, why).await,
                    end => end,
                };
            }
        };
        if document.get("actor").is_some() {
            return match read(&document, self) {
                Ok(activity) if activity.id == needs && activity.id.same_origin(&activity.actor) => {
                    self.end_said(waiting, via, activity, Word::Origins(&text)).await
                }
                Ok(_) => End::Never("the activity is not on the server of its actor".into()),
                Err(refused) => End::Never(format!("{refused:?}")),
            };
        }
        self.end_object(waiting, via, &document, &needs).await
    }

    /// What an Announce carries, an activity or a bare post, if it has the id under which its author could have said it.
    fn announced_by_author(&self, document: &Value, id: &Iri) -> Option<Activity> {
        if document.get("actor").is_none() {
            return self.as_post(document, id);
        }
        let activity = read(document, self).ok()?;
        (activity.id == *id && id.same_origin(&activity.actor)).then_some(activity)
    }

    /// Its author has proved it (FEP-8b32): nobody needs to be asked.
    async fn end_proven(
        &self,
        waiting: &Waiting,
        via: Bearing<'_>,
        activity: Activity,
        text: &str,
        document: &Value,
    ) -> End {
        if document.get("actor").is_some() {
            return self.end_said(waiting, via, activity, Word::Proven(text)).await;
        }
        let fetched = Some(document.to_string());
        self.end_via(waiting, activity, "", fetched, via).await
    }

    /// An activity that is its author's: a post comes by way of whoever passed it on; what a group that is followed says of posts
    /// that are here is looked into.
    async fn end_said(&self, waiting: &Waiting, via: Bearing<'_>, activity: Activity, word: Word<'_>) -> End {
        match via {
            Bearing::Relays(group) if is_amendment(&activity.ask) => {
                self.end_amended(group, activity, word).await
            }
            _ => self.end_via(waiting, activity, word.text(), None, via).await,
        }
    }

    /// The activity is not to be had (ids of fragments never are): what it is about may be.
    async fn try_hearsay(&self, waiting: &Waiting, via: Bearing<'_>, id: &Iri, why: String) -> End {
        let carried = dialect::carried(&waiting.raw, id.as_str());
        let said = carried.and_then(|(_, document)| read(&document, self).ok());
        match (via, said, inner_object(&waiting.raw, id)) {
            (Bearing::Relays(group), Some(said), _) if is_amendment(&said.ask) => {
                self.end_amended(group, said, Word::Hearsay).await
            }
            (_, Some(said), _) if !matches!(said.ask, Ask::Post(_) | Ask::Fetch { edit: false, .. }) => {
                End::Never(why)
            }
            (.., Some(object)) => self.try_object(waiting, via, &object).await,
            (.., None) => End::Never(why),
        }
    }

    async fn try_object(&self, waiting: &Waiting, via: Bearing<'_>, object: &Iri) -> End {
        match self.peers().document(object).await {
            Ok((_, document)) => self.end_object(waiting, via, &document, object).await,
            Err(error) => after(&error),
        }
    }

    async fn end_object(&self, waiting: &Waiting, via: Bearing<'_>, document: &Value, id: &Iri) -> End {
        match self.as_post(document, id) {
            Some(activity) => {
                self.end_via(waiting, activity, "", Some(document.to_string()), via)
                    .await
            }
            None => End::Never("what was announced is not a post that names its author".into()),
        }
    }

    /// A bare object as if its author had sent it.
    pub(super) fn as_post(&self, document: &Value, id: &Iri) -> Option<Activity> {
        let actor = dialect::author_of(document, id)?;
        let wrapped = serde_json::json!({
            "id": id.as_str(), "type": "Create", "actor": actor.as_str(), "object": document,
            "to": document.get("to"), "cc": document.get("cc"),
        });
        let activity = dialect::read(&wrapped, self.here()).ok()?;
        Some(Activity {
            actor,
            addressed: Addressed::read(&wrapped, self.here()),
            ..activity
        })
    }

    async fn end_via(
        &self,
        waiting: &Waiting,
        activity: Activity,
        raw: &str,
        fetched: Option<String>,
        via: Bearing<'_>,
    ) -> End {
        if !matches!(activity.ask, Ask::Post(_)) {
            return End::Never("it is no post, and nothing that is done to one by its author".into());
        }
        let author = match self.peers().actor(&activity.actor).await {
            Ok(author) => author,
            Err(error) => return after(&error),
        };
        if let Err(refused) = self.check_origin(&activity, &author).await {
            return End::Never(format!("{refused:?}"));
        }
        if let Bearing::Relays(group) = via
            && let Err(end) = self.recover_relayed(&activity, group).await
        {
            return end;
        }
        let sought = answers(&activity, &waiting.needs);
        self.close(Case {
            shown: Shown::of(&activity.ask),
            activity,
            raw: raw.trim().to_owned(),
            actor: Arc::new(author),
            remembered: false,
            inbox: None,
            via: via.relayed(),
            waited: Some(waiting.id),
            sought,
            fetched,
            original: None,
            warrant: Warrant::Own,
        })
        .await
    }
}

/// The object inside of what an Announce carries under this id.
fn inner_object(announce: &str, id: &Iri) -> Option<Iri> {
    let announce = serde_json::from_str::<Value>(announce).ok()?;
    let inner = announce.get("object")?;
    let inner = inner.as_array().map_or(inner, |all| {
        all.iter()
            .find(|one| dialect::id_of(one) == Some(id.as_str()))
            .unwrap_or(&Value::Null)
    });
    let object = inner.get("object").and_then(dialect::id_of)?;
    Iri::object(object).ok().filter(|object| object.same_origin(id))
}
