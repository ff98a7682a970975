//! Reports: kept for those who run the group, told to those of them who are elsewhere, with the reporter hidden.
//!
//! One rule: nobody judges themselves. What is about a group, or about somebody who runs it, is for the operator alone, and so
//! is what is addressed to the server.

use std::collections::BTreeSet;

use crate::{
    dialect,
    domain::{Command, Iri},
    engine::{Engine, case::Case, turn::Trouble},
    store::{
        GroupId, Tx,
        group::InTurn,
        post,
        report::{self, NewReport},
    },
    text,
};

/// Things in one report.
const MOST: usize = 100;
/// Longest reason, in characters.
const LONGEST_REASON: usize = 10_000;

/// What is reported: of what, and why.
type Reported<'a> = (&'a [String], Option<&'a str>);

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
        for group in self.take(tx, &names).await? {
            self.decide(tx, &group, &case.actor, &Command::Report).await??;
            let run_it = report::who_runs_it(tx, group.id).await?;
            let id = self.here().group(&group.group.name);
            if meant
                .iter()
                .any(|object| *object == id || run_it.contains(object))
            {
                for_operator = true;
            } else if self
                .keep_report(tx, case, Some(group.id), (&meant, reason))
                .await?
            {
                self.relay(tx, &group, &run_it, (&meant, reason)).await?;
            }
        }
        if for_operator {
            self.keep_report(tx, case, None, (&meant, reason)).await?;
        }
        Ok(())
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
        names.extend(post::groups_of(tx, objects).await?);
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
        (objects, reason): Reported<'_>,
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
        Ok(!before.known)
    }

    /// Tells those who run the group and are elsewhere.
    async fn relay(
        &self,
        tx: &mut Tx,
        group: &InTurn,
        run_it: &[String],
        (objects, reason): Reported<'_>,
    ) -> Result<(), Trouble> {
        for iri in run_it {
            let Ok(iri) = Iri::object(iri) else { continue };
            let Some(actor) = self.store().actor(&iri).await? else {
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
