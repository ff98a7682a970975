//! Groups that are made, here or from another server.
//!
//! One rule: what the command line does and what a signed activity does is the same function, asked of the same domain.

use crate::{
    config::Founders,
    dialect::{self, Description, Founding, GroupFace},
    domain::{Group, Iri, Policies, Rule, host_and_parents},
    engine::{
        AdminError, Engine, NewGroup, Refused,
        admin::checked_title,
        case::Case,
        describing::{change_of, not_so, summary_of},
        keys::{new_ed25519, new_key},
        turn::Trouble,
    },
    store::{
        self, Actor, OwnKey, Tx,
        group::{self, Change, InTurn, NewRow},
        received,
    },
    text,
};

/// How many names are tried: `garden`, `garden_2`, ...
const NAMES: u32 = 100;

/// The keys of a group, made before its transaction: they take time.
pub(super) struct Keys {
    rsa: OwnKey,
    ed25519: OwnKey,
}

impl Engine {
    /// Makes the keys of a group of this name.
    pub(super) async fn keys_for(&self, name: &str) -> Result<Keys, AdminError> {
        let id = self.here().group(name);
        Ok(Keys {
            rsa: new_key(format!("{id}#main-key")).await?,
            ed25519: new_ed25519(self.here(), name).map_err(super::keys::NoKey::from)?,
        })
    }

    /// A new group with its keys and its own actor, by whomever it is made.
    pub(super) async fn insert_group(
        &self,
        tx: &mut Tx,
        new: &NewGroup,
        owner: &Actor,
        keys: Keys,
    ) -> Result<(), AdminError> {
        let now = self.clock().now();
        let title = checked_title(&new.title)?;
        let row = NewRow {
            name: &new.name,
            title: &title,
            summary: &new.summary,
            owner: owner.id,
            policies: &new.policies,
            bridge: new.bridge.unwrap_or(true),
        };
        group::insert(tx, &row, now).await?;
        let purpose = store::key_of_group(&new.name);
        store::insert_own_key(tx, &purpose, &keys.rsa, now).await?;
        store::insert_own_key(tx, &store::ed25519_of(&purpose), &keys.ed25519, now).await?;
        let inbox = self.here().part(&new.name, "inbox");
        let id = self.here().group(&new.name);
        let iri = Iri::object(&id).map_err(|why| AdminError::BadName(why.to_string()))?;
        store::insert_own_actor(tx, &iri, "Group", &inbox, now).await?;
        Ok(())
    }

    /// `Create{Group}`: whoever may have groups here gets one, and hears of it by an Accept of the new group.
    ///
    /// The group says so and not the server: the letter is signed with the group's own key, and its actor can be read by
    /// whoever wants to verify it.
    pub(super) async fn found(&self, case: &Case, founding: &Founding) -> Result<(), Refused> {
        if self.store().has_seen(&case.activity.id).await? {
            return Ok(());
        }
        self.may_found(&case.actor).await?;
        let (wanted, title) = self.wanted_of_new(founding, &case.actor)?;
        let name = self.free_name(founding, &title).await?;
        let keys = self.keys_for(&name).await.map_err(failed)?;
        let new = NewGroup {
            summary: summary_of(wanted.summary.as_ref()).unwrap_or_default(),
            policies: wanted.policies.of(Policies::default()),
            owner: case.actor.iri.clone(),
            bridge: None,
            name,
            title,
        };
        self.in_place(self.found_now(case, &new, &wanted, keys)).await?;
        self.store().ring();
        Ok(())
    }

    async fn found_now(
        &self,
        case: &Case,
        new: &NewGroup,
        wanted: &Description,
        keys: Keys,
    ) -> Result<(), Trouble> {
        let mut tx = self.store().begin().await?;
        let now = self.clock().now();
        if !received::see(&mut tx, case.activity.id.as_str(), now).await? {
            return Ok(());
        }
        let owned = group::owned_by(&mut tx, case.actor.id).await?;
        self.has_share_left(owned)?;
        match self.insert_group(&mut tx, new, &case.actor, keys).await {
            Ok(()) => {}
            // Somebody was quicker: the next free name is tried when it comes again.
            Err(AdminError::Store(store::Error::Taken(_))) => return Err(Trouble::Conflict),
            Err(other) => return Err(failed(other).into()),
        }
        let Some(group) = group::take_turns(&mut tx, std::slice::from_ref(&new.name))
            .await?
            .pop()
        else {
            return Err(Trouble::Conflict);
        };
        let change = Change {
            summary: None,
            ..change_of(wanted)
        };
        group::change(&mut tx, group.id, &change, now).await?;
        self.send_founded(&mut tx, case, &group).await?;
        tx.commit().await.map_err(store::Error::from)?;
        Ok(())
    }

    async fn send_founded(&self, tx: &mut Tx, case: &Case, group: &InTurn) -> Result<(), Trouble> {
        let Some(view) = store::group_face(&mut **tx, &group.group.name).await? else {
            return Err(Trouble::Conflict);
        };
        let result = dialect::group_document(&self.face(view), self.here());
        self.send_result(tx, case, group, &result).await
    }

    /// Accept of a Create, with what was made of it.
    pub(super) async fn send_result(
        &self,
        tx: &mut Tx,
        case: &Case,
        group: &InTurn,
        result: &serde_json::Value,
    ) -> Result<(), Trouble> {
        let (id, now) = (self.clock().uuid(), self.clock().now());
        let body = dialect::accept_with_result(
            id,
            &group.group.name,
            case.actor.iri.as_str(),
            &case.raw,
            result,
            now,
            self.here(),
        );
        self.send(tx, group, &case.actor, "Accept", id, &body).await
    }

    /// Whether this actor may have another group here.
    async fn may_found(&self, actor: &Actor) -> Result<(), Refused> {
        let allowed = match &self.settings().groups.create {
            Founders::Nobody => false,
            Founders::Anyone => true,
            Founders::These(list) => {
                let hosts = host_and_parents(&actor.host);
                list.iter()
                    .any(|one| one == actor.iri.as_str() || hosts.contains(one))
            }
        };
        if !allowed {
            let why = "This server does not let this actor make groups; its operator decides who may.";
            return Err(Refused::forbidden("may-not-create", "actor", why));
        }
        self.has_share_left(self.store().groups_owned_by(actor.id).await?)
    }

    fn has_share_left(&self, owned: i64) -> Result<(), Refused> {
        if owned < i64::from(self.settings().groups.create_limit) {
            return Ok(());
        }
        let why = "This actor owns as many groups here as one may make.";
        Err(Refused::forbidden("too-many-groups", "actor", why))
    }

    /// What a new group is to be like, and its title.
    fn wanted_of_new(&self, founding: &Founding, owner: &Actor) -> Result<(Description, String), Refused> {
        let Some(title) = founding.title.as_deref().or(founding.name.as_deref()) else {
            return Err(Refused::Unreadable {
                why: "A new group has a name, or at least a preferredUsername.".to_owned(),
                field: "object.name",
            });
        };
        let blank = GroupFace {
            group: Group {
                name: String::new(),
                owner: owner.iri.clone(),
                policies: Policies::default(),
                rule: Rule::Owned,
                closed: false,
            },
            title: String::new(),
            summary: String::new(),
            source: String::new(),
            icon: None,
            image: None,
            has_rules: false,
            related: vec![],
            published: self.clock().now(),
            updated: self.clock().now(),
            key_id: String::new(),
            public_pem: String::new(),
            multikey: None,
        };
        let wanted = dialect::describe(&founding.rest, &blank, self.here()).map_err(not_so)?;
        let title = checked_title(title).map_err(|why| Refused::Unreadable {
            why: format!("The group cannot be called so: {why}."),
            field: "object.name",
        })?;
        Ok((wanted, title))
    }

    /// `preferredUsername`, else a slug of the title; `_2` and so on where that is taken.
    async fn free_name(&self, founding: &Founding, title: &str) -> Result<String, Refused> {
        let wanted = match founding.name.as_deref() {
            Some(name) => {
                let name = name.to_lowercase();
                text::group_name(&name).map_err(|why| Refused::Unreadable {
                    why: format!("The group cannot have this name: {why}."),
                    field: "object.preferredUsername",
                })?;
                name
            }
            None => text::slug(title).ok_or_else(|| Refused::Unreadable {
                why: "No name can be made of this title: give a preferredUsername.".to_owned(),
                field: "object.preferredUsername",
            })?,
        };
        for n in 1..=NAMES {
            let name = if n == 1 {
                wanted.clone()
            } else {
                let ending = format!("_{n}");
                // Of letters, digits and `_` only: a byte each.
                let fits = wanted.len().min(64 - ending.len());
                format!("{}{ending}", &wanted[..fits])
            };
            // Groups and their stewards have one namespace.
            if dialect::group_of_steward(&name).is_none() && !self.store().group_exists(&name).await? {
                return Ok(name);
            }
        }
        Err(Refused::forbidden(
            "name-taken",
            "object.preferredUsername",
            "There are too many groups of this name here already.",
        ))
    }
}

fn failed(why: AdminError) -> Refused {
    match why {
        AdminError::Store(error) => error.into(),
        other => Refused::Unavailable(other.to_string()),
    }
}
