//! The accounting: what was accepted, whom it was due to, and what arrived there.
//!
//! One rule: it believes the sinks and the 202s. What the server's own log says is asked at the end only, and then both
//! must agree. What else may arrive is an arm of [`telling_of`].

use std::collections::{HashMap, HashSet};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::{Mutex, MutexGuard};

use crate::counts::Counts;
use crate::log::Log;
use crate::own::{is_own, own_word};
use crate::support::peer::manners::Shape;
use crate::support::peer::{Actor, Group, Heard, Mood, Said, Server};

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
    pub fn of(said: &Said, group: &Group, members: &[Actor]) -> Self {
        let heard_by = |member: &Actor| {
            let shape = member.server().software().manners.hears(said)?;
            let is_own = said.author().starts_with(&format!("{}/", member.server().base()));
            (!is_own || hears_its_own(shape, member.server())).then(|| telling(&group.id, shape, said))
        };
        let tellings = members.iter().enumerate();
        Self {
            group: group.id.clone(),
            activity: said.id().to_owned(),
            tellings: tellings
                .filter_map(|(ear, member)| Some((ear, heard_by(member)?)))
                .collect(),
            logged: true,
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

fn digest(text: &str) -> u64 {
    let mut digest = DefaultHasher::new();
    text.hash(&mut digest);
    digest.finish()
}

/// Who heard what.
pub struct Ledger(Mutex<Book>);

struct Book {
    ears: Vec<Ear>,
    /// What may arrive anywhere.
    tellings: HashMap<String, usize>,
    /// Of each telling the group and the activity, as the log has them.
    origins: Vec<(String, String)>,
    /// And whether the log must have it: letters are not there.
    accepted: HashMap<(String, String), bool>,
    arrivals: usize,
    unexpected: Vec<String>,
}

/// One server, and what it hears.
struct Ear {
    server: Server,
    told: HashMap<usize, Told>,
    /// First arrivals, in order.
    order: Vec<usize>,
    lost_answers: usize,
    since_lost: usize,
    wrong: Vec<String>,
    /// Every so many arrivals the answer to one is lost.
    loses_every: Option<usize>,
}

/// One thing that one ear may or must hear.
#[derive(Default)]
struct Told {
    due: bool,
    refused: bool,
    times: usize,
    /// Of the first: its id and its bytes.
    id: u64,
    bytes: u64,
    last: Option<Last>,
}

/// How it came last. If it was refused in one scheme, it comes once more in the other: that is one attempt.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Last {
    refused: bool,
    rfc9421: bool,
}

impl Ledger {
    pub fn new(ears: impl IntoIterator<Item = Server>) -> Self {
        let ear = |server| Ear {
            server,
            told: HashMap::new(),
            order: Vec::new(),
            lost_answers: 0,
            since_lost: 0,
            wrong: Vec::new(),
            loses_every: None,
        };
        Self(Mutex::new(Book {
            ears: ears.into_iter().map(ear).collect(),
            tellings: HashMap::new(),
            origins: Vec::new(),
            accepted: HashMap::new(),
            arrivals: 0,
            unexpected: Vec::new(),
        }))
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
            let heard = std::mem::take(&mut *book.ears[ear].server.0.record.heard.lock().unwrap());
            arrivals += heard.len();
            for heard in &heard {
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
        let book = self.book();
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

impl Ear {
    fn outstanding(&self) -> usize {
        let due = self.told.values().filter(|told| told.due && told.times == 0);
        due.count()
    }
}

impl Book {
    fn number(&mut self, telling: &str, deed: &Deed) -> usize {
        if let Some(known) = self.tellings.get(telling) {
            return *known;
        }
        self.origins.push((deed.group.clone(), deed.activity.clone()));
        self.tellings.insert(telling.to_owned(), self.origins.len() - 1);
        self.origins.len() - 1
    }

    /// Whether it was due, the log says.
    fn may_hear(&mut self, ear: usize, telling: &str, origin: (String, String)) {
        let known = self.tellings.get(telling).copied();
        let number = known.unwrap_or_else(|| {
            self.origins.push(origin);
            self.origins.len() - 1
        });
        self.tellings.insert(telling.to_owned(), number);
        self.ears[ear].told.entry(number).or_default();
    }

    fn hears(&mut self, ear: usize, heard: &Heard) {
        let telling = telling_of(heard);
        if let Some(origin) = own_word(heard) {
            self.may_hear(ear, &telling, origin);
        }
        let number = self.tellings.get(&telling).copied();
        let ear = &mut self.ears[ear];
        if let Some(complaint) = &heard.complaint
            && !heard.is_shrugged_at
            && complaint != "it came again"
            // The second knock, by the other scheme, where the group's key could not be had: we were away.
            && !complaint.contains("the signature names no algorithm")
        {
            ear.wrong.push(format!(
                "{} complains: {complaint}: {telling}",
                ear.server.authority()
            ));
        }
        // What is refused for no fault of ours was told all the same.
        if !heard.taken && !heard.repeat && !heard.is_shrugged_at {
            return;
        }
        if heard.status.is_none() {
            ear.lost_answers += 1;
        }
        if is_receipt(heard) {
            return;
        }
        let Some((number, told)) = number.and_then(|number| Some((number, ear.told.get_mut(&number)?)))
        else {
            self.unexpected
                .push(format!("{telling}, at {}", ear.server.authority()));
            return;
        };
        let (id, bytes) = (digest(heard.id()), digest(&heard.text));
        let now = Last {
            refused: matches!(heard.status, Some(400 | 401)),
            rfc9421: heard.rfc9421,
        };
        let second_knock = told
            .last
            .is_some_and(|last| last.refused && last.rfc9421 != now.rfc9421);
        told.last = Some(now);
        if told.times == 0 {
            (told.id, told.bytes) = (id, bytes);
            ear.order.push(number);
        } else if told.id != id && matches!(heard.kind(), "Accept" | "Reject") {
            return; // whoever asks again is answered again
        } else if told.bytes != bytes {
            ear.wrong.push(format!("came again in other words: {telling}"));
        }
        told.times += usize::from(!second_knock);
        ear.since_lost += 1;
        if ear.loses_every.is_some_and(|every| ear.since_lost >= every) {
            ear.since_lost = 0;
            ear.server.is_next([Mood::LosesAnswers]);
        }
    }

    fn count(&self, ear: &Ear, log: &Log, causes: usize, counts: &mut Counts) {
        let host = ear.server.authority();
        let heard: HashSet<_> = ear.order.iter().map(|number| &self.origins[*number]).collect();
        let due = ear.told.iter().filter(|(_, told)| told.due);
        let due: HashSet<_> = due.map(|(number, _)| &self.origins[*number]).collect();
        let refused = ear.told.iter().filter(|(_, told)| told.refused);
        let refused: HashSet<_> = refused.map(|(number, _)| &self.origins[*number]).collect();
        let by_log: HashSet<_> = log
            .due_at(host)
            .filter(|origin| !refused.contains(origin))
            .collect();
        let mut lost: Vec<_> = due
            .union(&by_log)
            .filter(|origin| !heard.contains(*origin) && !log.is_parked(host, origin))
            .collect();
        lost.sort();
        counts.due += due.len();
        counts.lost += lost.len();
        let shown = lost.into_iter().take(SHOWN);
        counts
            .wrong
            .extend(shown.map(|(group, activity)| format!("lost: {activity} of {group}, at {host}")));
        let duplicates: usize = ear.told.values().map(|told| told.times.saturating_sub(1)).sum();
        let allowed = causes.saturating_add(ear.lost_answers);
        counts.duplicates += duplicates;
        counts.causes = counts.causes.saturating_add(allowed);
        counts.excess += duplicates.saturating_sub(allowed);
        counts.inversions += self.inversions(ear, log);
        counts.wrong.extend(ear.wrong.iter().take(SHOWN).cloned());
    }

    /// First arrivals that stand behind one of the same group with a higher place in the log.
    fn inversions(&self, ear: &Ear, log: &Log) -> usize {
        let mut highest: HashMap<&str, i64> = HashMap::new();
        let mut inversions = 0;
        for number in &ear.order {
            let origin = &self.origins[*number];
            let Some(seq) = log.seqs.get(origin) else { continue }; // a letter
            let highest = highest.entry(origin.0.as_str()).or_insert(*seq);
            inversions += usize::from(seq < highest);
            *highest = (*highest).max(*seq);
        }
        inversions
    }
}

/// What an author hears of their own post is a letter beside the log.
fn is_receipt(heard: &Heard) -> bool {
    let of = heard.document["object"]["type"].as_str();
    matches!(heard.kind(), "Accept" | "Reject") && matches!(of, Some("Create" | "Update" | "Delete"))
}
