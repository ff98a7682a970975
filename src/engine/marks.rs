//! Locked and pinned: what those who run a group make of its posts.
//!
//! One rule: whoever does not run the group hears that, and nothing else: not whether there is the post that they name.

use crate::{
    dialect::{Ask, What},
    domain::{Command, Event, Iri, Mark, Refusal, Subject},
    engine::{
        AdminError, Engine, Refused,
        book::Deed,
        content::{At, Decided, Halt},
        matter::Matter,
        places::{Answered, is_meant},
        removal::is_public,
    },
    store::{facts::Turned, mark::Marked, post::Stored},
};

impl Engine {
    /// A mark is put on a post, or taken off, in the groups that are meant.
    pub(super) fn mark<'a>(
        &self,
        at: &At<'a>,
        matter: &Matter<'a>,
        mark: Mark,
        object: &Iri,
        wanted: bool,
    ) -> Decided<'a> {
        let Some(stored) = self.to_be_marked(at, matter, object)? else {
            return Err(self.nothing_to_mark(at, matter, mark, wanted)?.into());
        };
        let command = |subject| Command::Mark(mark, subject, wanted);
        let Answered { taken, letters } = self.each_place(at, matter, stored, false, command)?;
        let mut deeds = letters;
        for (group, _, events) in taken {
            deeds.push(Deed::Mark(Marked {
                post: stored.id,
                group: group.in_turn.id,
                mark,
                wanted,
                iri: &matter.case.activity.id,
            }));
            let kind = events.iter().find_map(Event::announced_as);
            let entry = kind.and_then(|kind| self.entry(at, matter, group, stored, kind, None));
            deeds.extend(entry.map(|entry| Deed::Say(group, entry, None)));
        }
        Ok(deeds)
    }

    /// The post, if it is in a group that is meant.
    fn to_be_marked<'a>(
        &self,
        at: &At<'a>,
        matter: &Matter<'_>,
        object: &Iri,
    ) -> Result<Option<&'a Stored>, Halt> {
        let Some(stored) = at
            .post(matter.case, object.as_str())
            .filter(|stored| !stored.deleted)
        else {
            return Ok(None);
        };
        for place in &stored.places {
            if is_meant(matter, at.group(place.group)?, stored) {
                return Ok(Some(stored));
            }
        }
        Ok(None)
    }

    /// There is no such post: only whoever runs a group that they name hears so.
    fn nothing_to_mark(
        &self,
        at: &At<'_>,
        matter: &Matter<'_>,
        mark: Mark,
        wanted: bool,
    ) -> Result<Refused, Halt> {
        let mut why = Refusal::DoesNotRunIt;
        for group in self.groups_named(at, matter)? {
            match at.decide(group, matter, &Command::Mark(mark, Subject::default(), wanted))? {
                Ok(_) => return Ok(Refused::NotFound),
                Err(refusal) => why = refusal,
            }
        }
        Ok(why.into())
    }

    fn groups_named<'a>(&self, at: &At<'a>, matter: &Matter<'_>) -> Result<Vec<&'a Turned>, Halt> {
        let said = match matter.ask {
            Ask::Mark { group, .. } => group.as_deref(),
            _ => None,
        };
        let names = self.groups_meant(matter.case, said);
        at.all_named(names.iter().map(String::as_str))
    }

    /// The post that an activity of this id has locked, and the name of the group.
    pub(super) async fn locked_by(&self, iri: &Iri) -> Result<Option<(Iri, String)>, Refused> {
        let locked = self.store().locked_by(iri.as_str()).await?;
        Ok(locked.and_then(|(post, group)| Some((Iri::object(&post).ok()?, group))))
    }

    /// Puts a mark on a post of a group, or takes it off, on the operator's word; false: it was so already.
    ///
    /// # Errors
    /// If there is no such group, or the post is not in it.
    pub async fn mark_post(
        &self,
        name: &str,
        post: &Iri,
        mark: Mark,
        wanted: bool,
    ) -> Result<bool, AdminError> {
        let mut tx = self.store().begin().await?;
        let (object, group, placed) = self.post_named(&mut tx, name, post).await?;
        if group.group.closed {
            return Err(Refusal::Closed.into());
        }
        let ask = Ask::Mark {
            mark,
            object,
            group: Some(name.to_owned()),
            wanted,
        };
        let what = What::Marked(mark, wanted);
        self.act_as_group(&mut tx, name, what, ask, (None, is_public(&group, &placed)))
            .await?;
        self.commit(tx).await?;
        Ok(placed.marks.has(mark) != wanted)
    }
}
