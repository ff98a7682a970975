//! Reports: kept for those who run the group, told to those of them who are elsewhere, with the reporter hidden.
//!
//! One rule: nobody judges themselves. What is about a group, or about somebody who runs it, is for the operator alone, and so
//! is what is addressed to the server.

use std::collections::BTreeSet;

use crate::{
    dialect,
    domain::{Command, Iri},
    engine::{Engine, book::original, case::Case, turn::Trouble},
    store::{
        self, GroupId, Tx,
        group::InTurn,
        original,
        post::{self, Reported},
        report::{self, NewReport},
    },
    text,
};

/// Things in one report.
const MOST: usize = 100;
/// Longest reason, in characters.
const LONGEST_REASON: usize = 10_000;

/// What is reported: of what, and why.
type Told<'a> = (&'a [String], Option<&'a str>);

impl Engine {
    /// A Flag.
    pub(super) async fn report(
        &self,
        tx: &mut Tx,
        case: &Case,
        (objects, reason): (&[Iri], Option<&str>),
        to_server: bool,
    ) -> Result<(), Trouble> {
        let mut meant = BTreeSet::new();
        for object in objects.iter().take(MOST) {
            meant.insert(self.post_meant(tx, object).await?.to_string());
        }
        let meant: Vec<String> = meant.into_iter().collect();
        let reason = reason.map(|reason| text::truncate(reason, LONGEST_REASON));
        let names = if to_server && case.activity.addressed.groups().is_empty() {
            vec![]
        } else {
            self.groups_reported(tx, case, &meant).await?
        };
        let mut for_operator = to_server || names.is_empty();
        let (mut refused, mut is_kept) = (None, false);
        let groups = self.take(tx, &names).await?;
        let posts = post::reported(tx, &meant).await?;
        let in_sight = post::groups_of(tx, &meant, Some(case.actor.id)).await?;
        for group in groups {
            if let Err(why) = self.decide(tx, &group, &case.actor, &Command::Report).await? {
                // They need not know of a group that is not named, nor of what is in it for its members.
                if in_sight.contains(&group.group.name) || self.is_named(case, &group, &meant) {
                    refused = Some(why);
                } else {
                    for_operator = true;
                }
                continue;
            }
            let meant = of_group(&meant, &posts, &group);
            let run_it = report::who_runs_it(tx, group.id).await?;
            if self.is_about_those_who_run_it(&group, &run_it, &meant, &posts) {
                for_operator = true;
                continue;
            }
            is_kept = true;
            if self
                .keep_report(tx, case, Some(group.id), (&meant, reason))
                .await?
            {
                self.relay(tx, &group, &run_it, (&meant, reason)).await?;
            }
        }
        if for_operator {
            self.keep_report(tx, case, None, (&meant, reason)).await?;
        }
        match refused {
            // One group's word is no other's: what the others took counts.
            Some(why) if !for_operator && !is_kept => Err(why.into()),
            _ => Ok(()),
        }
    }

    /// Whether somebody says by themselves that a report is for this group.
    fn is_named(&self, case: &Case, group: &InTurn, meant: &[String]) -> bool {
        let name = &group.group.name;
        case.activity.addressed.groups().contains(name)
            || case.inbox.as_ref() == Some(name)
            || meant
                .iter()
                .any(|object| self.here().group_meant(object) == Some(name.as_str()))
    }

    /// Whether it is about the group, about somebody who runs it, or about what they wrote there.
    fn is_about_those_who_run_it(
        &self,
        group: &InTurn,
        run_it: &[String],
        meant: &[String],
        posts: &[Reported],
    ) -> bool {
        let id = self.here().group(&group.group.name);
        let by_them = |object: &String| {
            let mut written = posts.iter().filter(|post| post.iri == *object);
            written.any(|post| run_it.contains(&post.author))
        };
        meant
            .iter()
            .any(|object| *object == id || run_it.contains(object) || by_them(object))
    }

    /// The groups that a report is about, by what it names and by whom it is addressed to.
    async fn groups_reported(
        &self,
        tx: &mut Tx,
        case: &Case,
        objects: &[String],
    ) -> Result<Vec<String>, Trouble> {
        let named = objects
            .iter()
            .filter_map(|object| self.here().group_meant(object));
        let mut names: BTreeSet<String> = named.map(ToOwned::to_owned).collect();
        names.extend(case.activity.addressed.groups().iter().cloned());
        names.extend(post::groups_of(tx, objects, None).await?);
        if names.is_empty() {
            names.extend(case.inbox.clone());
        }
        Ok(names.into_iter().collect())
    }

    /// Keeps it, unless the same one said the same before; true if nobody has said so before.
    async fn keep_report(
        &self,
        tx: &mut Tx,
        case: &Case,
        group: Option<GroupId>,
        (objects, reason): Told<'_>,
    ) -> Result<bool, Trouble> {
        let before = report::before(tx, group, case.actor.id, objects).await?;
        if before.same {
            return Ok(false);
        }
        let new = NewReport {
            id: self.clock().uuid(),
            iri: &case.activity.id,
            group,
            reporter: case.actor.id,
            objects,
            reason,
            raw: &case.raw,
            at: self.clock().now(),
        };
        report::keep(tx, &new).await?;
        let originals: Vec<_> = original(case).into_iter().collect();
        original::keep(tx, &originals, new.at).await?;
        Ok(!before.known)
    }

    /// Tells those who run the group and are elsewhere.
    async fn relay(
        &self,
        tx: &mut Tx,
        group: &InTurn,
        run_it: &[String],
        (objects, reason): Told<'_>,
    ) -> Result<(), Trouble> {
        for iri in run_it {
            let Ok(iri) = Iri::object(iri) else { continue };
            let Some(actor) = store::actor_in(&mut **tx, &iri).await? else {
                continue;
            };
            let (id, now) = (self.clock().uuid(), self.clock().now());
            let name = &group.group.name;
            let body = dialect::report(id, name, iri.as_str(), objects, reason, now, self.here());
            self.send(tx, group, &actor, "Flag", id, &body).await?;
        }
        Ok(())
    }
}

/// What of it is about this group: everything but the posts that are in others alone.
fn of_group(meant: &[String], posts: &[Reported], group: &InTurn) -> Vec<String> {
    let is_elsewhere = |object: &String| {
        let mut places = posts.iter().filter(|post| post.iri == *object).peekable();
        places.peek().is_some() && places.all(|post| post.group != group.group.name)
    };
    let kept = meant.iter().filter(|object| !is_elsewhere(object));
    kept.cloned().collect()
}
