//! The groups that a stored post is in, and what each of them makes of what is asked about it.
//!
//! One rule: one answer per activity. It is taken if any group takes it; then the others say no by letter.

use crate::{
    dialect::Ask,
    domain::{Command, Event, Iri, Refusal, Subject},
    engine::{
        Engine, Refused,
        book::Deed,
        case::Case,
        content::{At, Halt},
        matter::Matter,
    },
    store::{
        facts::Turned,
        post::{Place, Stored},
    },
};

/// What one group made of it.
pub(super) type Outcome<'a> = (&'a Turned, Result<Vec<Event>, Refusal>);

/// A group in which something happens, the post's place in it, and what.
pub(super) type Happening<'a> = (&'a Turned, &'a Place, Vec<Event>);

/// The groups in which something happens, and the letters of the others.
pub(super) struct Answered<'a, T> {
    pub(super) taken: Vec<T>,
    pub(super) letters: Vec<Deed<'a>>,
}

/// Fields that bind it to a group name another than the post's own.
pub(super) fn not_its_group(why: &str) -> Halt {
    Refused::forbidden("groups-disagree", "audience", why).into()
}

impl Engine {
    /// The post that something is about. Where it names groups, they must be the post's own (GRP23).
    pub(super) fn about<'a>(
        &self,
        at: &At<'a>,
        matter: &Matter<'_>,
        object: &Iri,
    ) -> Result<Option<&'a Stored>, Halt> {
        let Some(stored) = at.post(matter.case, object.as_str()) else {
            return Ok(None);
        };
        let bound = &matter.case.activity.addressed.bound;
        // It was in groups that removed it: there is nothing to agree with.
        let mut agrees = bound.is_empty() || (stored.places.is_empty() && !stored.removed.is_empty());
        for place in at.places(matter.case, stored) {
            agrees |= bound.contains(&at.group(place.group)?.in_turn.group.name);
        }
        if agrees {
            return Ok(Some(stored));
        }
        Err(not_its_group(
            "The post is not in the group that audience or target names.",
        ))
    }

    /// Whether it would hide what everybody could read. One that names nobody leaves its audience as it was.
    pub(super) fn narrows(&self, case: &Case, stored: Option<&Stored>) -> bool {
        let addressed = &case.activity.addressed;
        stored.is_some_and(|stored| stored.public) && addressed.somebody && !addressed.public
    }

    /// Decides in every group where a post is.
    pub(super) fn each_place<'a>(
        &self,
        at: &At<'a>,
        matter: &Matter<'_>,
        stored: &'a Stored,
        voted: bool,
        command: impl Fn(Subject) -> Command,
    ) -> Result<Answered<'a, Happening<'a>>, Halt> {
        let mark = match matter.ask {
            Ask::Mark { mark, .. } => Some(*mark),
            _ => None,
        };
        let mut outcomes = vec![];
        for place in at.places(matter.case, stored) {
            let group = at.group(place.group)?;
            if !is_meant(matter, group, stored) {
                continue;
            }
            let subject = Subject {
                is_here: true,
                is_mine: stored.author == matter.case.actor.id || matter.case.warrant.is_for_the_gone(),
                widens: !stored.public && matter.case.activity.addressed.opens,
                deleted: stored.deleted,
                was_public: self.narrows(matter.case, Some(stored)),
                names_public: matter.case.activity.addressed.public,
                voted,
                marked: mark.is_some_and(|mark| place.marks.has(mark)),
                approved: matter.case.warrant.is_review(),
            };
            outcomes.push((group, at.decide(group, matter, &command(subject))?));
        }
        let Answered { taken, letters } = self.one_answer(matter.case, outcomes)?;
        let place_in = |group: &Turned| stored.places.iter().find(|place| place.group == group.in_turn.id);
        let taken = taken
            .into_iter()
            .filter(|(_, events)| !events.is_empty())
            .filter_map(|(group, events)| Some((group, place_in(group)?, events)))
            .collect();
        Ok(Answered { taken, letters })
    }

    /// One answer per activity: it is taken if any group takes it, and the others that it names say no by letter. A group
    /// that only has the thread, by following the group that was written to, has nothing to say to the author.
    pub(super) fn one_answer<'a>(
        &self,
        case: &Case,
        outcomes: Vec<Outcome<'a>>,
    ) -> Result<Answered<'a, (&'a Turned, Vec<Event>)>, Halt> {
        let any_takes_it = outcomes.iter().any(|(_, decided)| decided.is_ok());
        let named = case.activity.addressed.groups();
        let mut answered = Answered {
            taken: vec![],
            letters: vec![],
        };
        for (group, decided) in outcomes {
            match decided {
                Ok(events) => answered.taken.push((group, events)),
                Err(refusal) if case.waited.is_none() && !any_takes_it => return Err(refusal.into()),
                Err(refusal)
                    if case.via.is_none() && (!any_takes_it || named.contains(&group.in_turn.group.name)) =>
                {
                    answered.letters.push(Deed::Reject(group, refusal));
                }
                Err(_) => {}
            }
        }
        Ok(answered)
    }
}

/// Whether this group is to decide: what an admin let through, and what those who run a group do to its posts, is about their
/// group alone.
pub(super) fn is_meant(matter: &Matter<'_>, group: &Turned, stored: &Stored) -> bool {
    let name = &group.in_turn.group.name;
    let bound = &matter.case.activity.addressed.bound;
    if let Some(only) = matter.case.warrant.group() {
        return only == name;
    }
    match matter.ask {
        Ask::Mark {
            group: Some(only), ..
        } => only == name,
        Ask::Mark { group: None, .. } => bound.is_empty() || bound.contains(name),
        Ask::Delete { .. } if stored.author != matter.case.actor.id => {
            bound.is_empty() || bound.contains(name)
        }
        _ => true,
    }
}
