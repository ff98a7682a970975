//! The accounting: what was accepted, whom it was due to, and what arrived there.
//!
//! One rule: it believes the sinks and the 202s. What the server's own log says is asked at the end only, and then both
//! must agree. What else may arrive is an arm of [`telling_of`], or in `named.rs` what an entity of Versia tells.

mod book;

use std::collections::HashSet;
use std::sync::{Mutex, MutexGuard};

use crate::counts::Counts;
use crate::log::Log;
use crate::neighbours::Neighbour;
use crate::own::{is_own, own_word};
use crate::support::peer::manners::Shape;
use crate::support::peer::{Actor, Group, Heard, Said, Server};

pub use book::Listener;
use book::{Book, Ear};

/// Of what is wrong this much is shown.
const SHOWN: usize = 5;

/// An activity, who may hear of it and in which words. Ears are numbered as they were handed in.
#[derive(Clone, Debug)]
pub struct Deed {
    pub group: String,
    pub activity: String,
    pub tellings: Vec<(usize, String)>,
    /// It is in the group's log then.
    pub logged: bool,
}

impl Deed {
    /// What everybody in a group is to hear of what one of them said.
    pub fn of(said: &Said, group: &Group, members: &[Actor], neighbours: &[Neighbour]) -> Self {
        let heard_by = |member: &Actor| {
            let shape = member.server().software().manners.hears(said)?;
            let is_own = said.author().starts_with(&format!("{}/", member.server().base()));
            (!is_own || hears_its_own(shape, member.server())).then(|| telling(&group.id, shape, said))
        };
        let tellings = members.iter().enumerate();
        let tellings = tellings.filter_map(|(ear, member)| Some((ear, heard_by(member)?)));
        let beside = neighbours
            .iter()
            .filter_map(|who| Some((who.ear, entity(&group.id, who.way.hears(said)?, said.id()))));
        Self {
            group: group.id.clone(),
            activity: said.id().to_owned(),
            tellings: tellings.chain(beside).collect(),
            logged: true,
        }
    }

    /// The same to somebody of a domain of Versia who asked to be let in.
    pub fn answer(user: &str, group: &Group, ear: usize) -> Self {
        Self {
            group: group.id.clone(),
            activity: format!("Subscribe of {user}"),
            tellings: vec![(ear, entity(&group.id, "Accept", user))],
            logged: false,
        }
    }

    /// A letter of the group to one of them: `Accept` or `Reject`, of what was asked.
    pub fn letter(kind: &str, asked: &Said, group: &Group, ear: usize) -> Self {
        Self {
            group: group.id.clone(),
            activity: asked.id().to_owned(),
            tellings: vec![(ear, format!("{} {kind} {}", group.id, asked.id()))],
            logged: false,
        }
    }
}

/// The threadiverse has its own already, and nobody is sent back what they said; microblogs and the explainer hear of it.
fn hears_its_own(shape: Shape, server: &Server) -> bool {
    match shape {
        Shape::Wrapped => matches!(server.software().name, "onepage.pub" | "joiner"),
        shape => shape != Shape::Forwarded,
    }
}

fn telling(group: &str, shape: Shape, said: &Said) -> String {
    let (kind, object) = shape.telling(said);
    if shape == Shape::Forwarded {
        // As it came: two edits of one post are two.
        return format!("{} {kind} {}", said.author(), said.id());
    }
    format!("{group} {kind} {object}")
}

/// What an entity of Versia tells, of an activity or of somebody who asked.
pub fn entity(group: &str, kind: &str, about: &str) -> String {
    format!("{group} {kind} {about}")
}

/// What a document tells, in the same words.
fn telling_of(heard: &Heard) -> String {
    let group = heard.document["actor"].as_str().unwrap_or_default();
    if let Some((group, activity)) = own_word(heard) {
        return format!("{group} {activity}");
    }
    if !group.contains("/c/") {
        return format!("{group} {} {}", heard.kind(), heard.id());
    }
    let object = match heard.kind() {
        "Undo" => heard.document["object"]["object"].as_str().unwrap_or_default(),
        _ => heard.object_id(),
    };
    format!("{group} {} {object}", heard.kind())
}

/// Who heard what.
pub struct Ledger(Mutex<Book>);

impl Ledger {
    pub fn new(ears: impl IntoIterator<Item = Listener>) -> Self {
        Self(Mutex::new(Book::new(ears)))
    }

    /// From now on this ear takes one thing in so many and hangs up without an answer; nobody waits for it.
    pub fn loses_answers(&self, ear: usize, every: Option<usize>) {
        self.book().ears[ear].loses_every = every;
    }

    /// It is being said, so it may arrive.
    pub fn begins(&self, deed: &Deed) {
        let mut book = self.book();
        for (ear, telling) in &deed.tellings {
            let number = book.number(telling, deed);
            book.ears[*ear].told.entry(number).or_default();
        }
    }

    /// It was answered 202, so it must arrive.
    pub fn accepted(&self, deed: &Deed) {
        self.begins(deed);
        let mut book = self.book();
        for (ear, telling) in &deed.tellings {
            let number = book.tellings[telling];
            book.ears[*ear].told.entry(number).or_default().due = true;
        }
        let origin = (deed.group.clone(), deed.activity.clone());
        book.accepted.insert(origin, deed.logged);
    }

    /// As [`Ledger::accepted`], but these ears refuse it for good.
    pub fn accepted_but_by(&self, deed: &Deed, refusing: &[usize]) {
        self.accepted(deed);
        let mut book = self.book();
        for (ear, telling) in deed.tellings.iter().filter(|(ear, _)| refusing.contains(ear)) {
            let number = book.tellings[telling];
            let told = book.ears[*ear].told.entry(number).or_default();
            (told.due, told.refused) = (false, true);
        }
    }

    /// Takes in what the servers were sent since the last time. Gives how much there was.
    pub fn collect(&self) -> usize {
        let mut book = self.book();
        let mut arrivals = 0;
        for ear in 0..book.ears.len() {
            let heard = book.ears[ear].listener.takes();
            arrivals += heard.len();
            for heard in heard {
                book.hears(ear, heard);
            }
        }
        book.arrivals += arrivals;
        arrivals
    }

    /// How much is due and not there, but for ears that lose answers.
    pub fn outstanding(&self) -> usize {
        let book = self.book();
        let steady = book.ears.iter().filter(|ear| ear.loses_every.is_none());
        steady.map(Ear::outstanding).sum()
    }

    /// The same at so many of the first ears.
    pub fn outstanding_at(&self, first: usize) -> usize {
        self.book().ears[..first].iter().map(Ear::outstanding).sum()
    }

    /// How often anything arrived anywhere.
    pub fn arrivals(&self) -> usize {
        self.book().arrivals
    }

    /// Reckons up. `causes`: how many duplicates each destination may have had, lost answers aside.
    pub fn counts(&self, log: &Log, causes: usize) -> Counts {
        let mut book = self.book();
        book.reads(&log.named);
        let mut counts = Counts {
            accepted: book.accepted.len(),
            ..Counts::default()
        };
        for ear in &book.ears {
            book.count(ear, log, causes, &mut counts);
        }
        let missing = book
            .accepted
            .iter()
            .filter(|(origin, logged)| **logged && !log.seqs.contains_key(*origin));
        counts.wrong.extend(
            missing
                .take(SHOWN)
                .map(|((group, activity), _)| format!("accepted, and not in the log of {group}: {activity}")),
        );
        let known: HashSet<_> = book.origins.iter().collect();
        let never_said = log
            .seqs
            .keys()
            .filter(|origin| !known.contains(origin) && !is_own(&origin.1));
        let unexpected: Vec<_> = never_said
            .map(|(group, activity)| format!("{activity}, in the log of {group}"))
            .chain(book.unexpected.iter().cloned())
            .collect();
        counts.unexpected += unexpected.len();
        let shown = unexpected.into_iter().take(SHOWN);
        counts
            .wrong
            .extend(shown.map(|what| format!("unexpected: {what}")));
        counts
    }

    fn book(&self) -> MutexGuard<'_, Book> {
        self.0.lock().unwrap()
    }
}
