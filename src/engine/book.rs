//! What a batch decided, from the decisions to the tables.
//!
//! One rule: a decision is entered whole or not at all, and the places in a group's log are given out here, in the order
//! in which decisions are entered.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::{
    domain::{Iri, Refusal, Vote},
    engine::{Engine, case::Case, content::Ending, turn::Trouble, waiting::brings},
    store::{
        ActorId, GroupId, NewMirror, Tx,
        deeds::{self, Deeds},
        facts::{Facts, Turned},
        held::{NewHeld, Outcome},
        log::NewEntry,
        mark::Marked,
        post::{Cast, Edit, NewPlace, NewPost},
    },
};

/// One thing that follows from a decision.
#[derive(Debug)]
pub(super) enum Deed<'a> {
    /// The activity is decided about.
    See(&'a Iri),
    /// What waited is decided.
    Finish(Uuid),
    Keep(NewPost<'a>),
    Edit(Uuid, Edit<'a>),
    Delete(Uuid),
    /// Out of a group by another's word.
    Remove(Uuid, GroupId),
    Mark(Marked<'a>),
    /// It waits for an admin.
    Hold(NewHeld<'a>),
    /// It does so no longer.
    Unhold(Uuid, Outcome),
    /// It was deleted before it came.
    Bury(&'a Iri, ActorId),
    Cast(Cast<'a>),
    TakeBack(Uuid, ActorId, Vote),
    /// Somebody has a second face from now on.
    Face(NewMirror),
    /// A group tells of it; of its new post, if that is given here, which it has from then on.
    Say(&'a Turned, NewEntry<'a>, Option<NewInGroup>),
    /// A group says no by letter.
    Reject(&'a Turned, Refusal),
    /// A group says by letter that it took it.
    Receipt(&'a Turned),
    /// It is kept until this is there.
    Wait(&'a str),
    /// A group of this server is to hear of the post as what a group says that it follows.
    PassOn {
        post: &'a Iri,
        to: &'a str,
    },
}

/// A post that a group has from now on.
#[derive(Clone, Copy, Debug)]
pub(super) struct NewInGroup {
    pub(super) post: Uuid,
    /// Our id of the entry right before, which tells the post's id alone, if there is one.
    pub(super) named: Option<Uuid>,
}

/// All that was decided.
#[derive(Debug, Default)]
pub(super) struct Book<'a> {
    deeds: Deeds<'a>,
    /// The last place given out in each group's log.
    last: HashMap<GroupId, i64>,
    letters: Vec<(&'a Case, &'a Turned, Refusal)>,
    receipts: Vec<(&'a Case, &'a Turned)>,
    waits: Vec<(&'a Case, &'a str)>,
    passed_on: Vec<(&'a Case, &'a Iri, &'a str)>,
}

impl<'a> Book<'a> {
    fn enter(&mut self, case: &'a Case, deed: Deed<'a>) {
        match deed {
            Deed::See(id) => self.deeds.seen.push(id),
            Deed::Finish(row) => self.deeds.finished.push(row),
            Deed::Keep(post) => self.deeds.posts.push(post),
            Deed::Edit(post, edit) => self.deeds.edits.push((post, edit)),
            Deed::Delete(post) => self.deeds.deletions.push(post),
            Deed::Remove(post, group) => self.deeds.removals.push((post, group)),
            Deed::Mark(marked) => self.deeds.marks.push(marked),
            Deed::Hold(held) => {
                self.deeds.originals.extend(original(case));
                self.deeds.held.push(held);
            }
            Deed::Unhold(id, outcome) => self.deeds.ended.push((id, outcome)),
            Deed::Bury(post, actor) => self.deeds.graves.push((post, actor)),
            Deed::Cast(cast) => self.deeds.casts.push(cast),
            Deed::TakeBack(post, actor, vote) => self.deeds.uncasts.push((post, actor, vote)),
            Deed::Face(face) => self.give(face),
            Deed::Say(group, entry, new_post) => {
                self.deeds.originals.extend(original(case));
                self.say(group, entry, new_post);
            }
            Deed::Reject(group, why) => self.letters.push((case, group, why)),
            Deed::Receipt(group) => self.receipts.push((case, group)),
            Deed::Wait(needs) => self.waits.push((case, needs)),
            Deed::PassOn { post, to } => self.passed_on.push((case, post, to)),
        }
    }

    /// Each of several decisions may need it.
    fn give(&mut self, face: NewMirror) {
        if self.deeds.faces.iter().all(|known| known.actor != face.actor) {
            self.deeds.faces.push(face);
        }
    }

    fn say(&mut self, group: &'a Turned, entry: NewEntry<'a>, new_post: Option<NewInGroup>) {
        let last = self.last.entry(entry.group).or_insert(group.in_turn.seq);
        *last += 1;
        if entry.kind == "edited" && entry.crosses {
            self.deeds.crossed.push((entry.post, entry.group));
        }
        self.deeds
            .places
            .extend(new_post.map(|NewInGroup { post, named }| NewPlace {
                post,
                named,
                group: entry.group,
                seq: *last,
                activity: entry.id,
                crossed: entry.crosses,
            }));
        self.deeds.entries.push(NewEntry { seq: *last, ..entry });
    }

    /// Whether anything is to be written.
    pub(super) fn is_worth_a_commit(&self) -> bool {
        !self.deeds.is_empty() || self.is_of_interest()
    }

    /// Whether lanes or chores have something to do after it.
    pub(super) fn is_of_interest(&self) -> bool {
        !(self.deeds.entries.is_empty()
            && self.deeds.held.is_empty()
            && self.receipts.is_empty()
            && self.letters.is_empty()
            && self.waits.is_empty()
            && self.passed_on.is_empty())
    }

    /// Posts that were found or kept, and a group that each is in.
    pub(super) fn places(&self, facts: &Facts) -> Vec<(String, String)> {
        let name = |id| facts.group(id).map(|group| group.in_turn.group.name.clone());
        let found = facts.posts().filter_map(|post| {
            let place = post.places.first()?;
            Some((post.iri.clone(), name(place.group)?))
        });
        let kept = self.deeds.posts.iter().filter_map(|post| {
            let place = self.deeds.places.iter().find(|place| place.post == post.id)?;
            Some((post.iri.to_string(), name(place.group)?))
        });
        found.chain(kept).collect()
    }
}

/// What was signed, under the id of what is kept of it.
pub(super) fn original(case: &Case) -> Option<(&str, &str)> {
    let original = case.original.as_deref()?;
    Some((case.activity.id.as_str(), original))
}

impl Engine {
    /// Enters what follows from one decision. What is to wait is refused for now if too much waits already.
    pub(super) async fn enter<'a>(
        &self,
        tx: &mut Tx,
        book: &mut Book<'a>,
        case: &'a Case,
        deeds: Vec<Deed<'a>>,
    ) -> Result<Ending, Trouble> {
        if deeds.iter().any(|deed| matches!(deed, Deed::Wait(_))) {
            match self.has_room(tx, &case.actor).await {
                Err(Trouble::Refused(refused)) => return Ok(Ending::Refused(refused)),
                other => other?,
            }
        }
        for deed in deeds {
            book.enter(case, deed);
        }
        Ok(Ending::Taken)
    }

    /// Writes it all.
    pub(super) async fn write_down(
        &self,
        tx: &mut Tx,
        book: Book<'_>,
        now: DateTime<Utc>,
    ) -> Result<(), Trouble> {
        deeds::write(tx, &book.deeds, now).await?;
        fail::fail_point!("in::mid", |_| std::process::abort());
        for (case, group, why) in book.letters {
            self.send_reject(tx, &group.in_turn, &case.actor, &case.said(), why)
                .await?;
        }
        for (case, group) in book.receipts {
            self.send_receipt(tx, &group.in_turn, case).await?;
        }
        for (case, needs) in book.waits {
            let via = case.via.as_deref();
            self.keep(tx, case, case.activity.id.as_str(), needs, via, brings(case))
                .await?;
        }
        for (case, post, to) in book.passed_on {
            let key = format!("{post} {to}");
            let needs = case.activity.id.as_str();
            self.keep(tx, case, &key, needs, Some(to), Some(post)).await?;
        }
        Ok(())
    }
}
