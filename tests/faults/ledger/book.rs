//! The pages of the accounting: one for each ear.
//!
//! One rule: an arrival is a telling that somebody was to hear, or it is unexpected; how often it came is counted there.

use std::collections::{HashMap, HashSet};
use std::hash::{DefaultHasher, Hash, Hasher};

use super::{Deed, SHOWN, telling_of};
use crate::counts::Counts;
use crate::log::Log;
use crate::named::{NOTE, Named};
use crate::own::own_word;
use crate::support::peer::{Heard, Mood, Server};
use crate::support::versia::Domain;

/// Who hears: a server of ActivityPub, or a domain of Versia.
#[derive(Clone)]
pub enum Listener {
    Server(Server),
    Domain(Domain),
}

impl Listener {
    /// As the log calls it.
    fn host(&self) -> &str {
        match self {
            Self::Server(server) => server.authority(),
            Self::Domain(domain) => domain.name(),
        }
    }

    /// Everything that it heard since the last time.
    pub(super) fn takes(&self) -> Vec<Heard> {
        let record = match self {
            Self::Server(server) => &server.0.record,
            Self::Domain(domain) => &domain.0.record,
        };
        std::mem::take(&mut *record.heard.lock().unwrap())
    }

    /// What it disliked, beside what stands at what it heard.
    fn complaints(&self) -> Vec<String> {
        match self {
            Self::Server(_) => Vec::new(),
            Self::Domain(domain) => domain.complaints(),
        }
    }

    fn loses_the_next_answer(&self) {
        match self {
            Self::Server(server) => server.is_next([Mood::LosesAnswers]),
            Self::Domain(domain) => domain.is_next([Mood::LosesAnswers]),
        }
    }
}

fn digest(text: &str) -> u64 {
    let mut digest = DefaultHasher::new();
    text.hash(&mut digest);
    digest.finish()
}

pub(super) struct Book {
    pub(super) ears: Vec<Ear>,
    /// What may arrive anywhere.
    pub(super) tellings: HashMap<String, usize>,
    /// Of each telling the group and the activity, as the log has them.
    pub(super) origins: Vec<(String, String)>,
    /// And whether the log must have it: letters are not there.
    pub(super) accepted: HashMap<(String, String), bool>,
    pub(super) arrivals: usize,
    pub(super) unexpected: Vec<String>,
}

/// One listener, and what it hears.
pub(super) struct Ear {
    pub(super) listener: Listener,
    pub(super) told: HashMap<usize, Told>,
    /// First arrivals, in order.
    order: Vec<usize>,
    lost_answers: usize,
    since_lost: usize,
    wrong: Vec<String>,
    /// Every so many arrivals the answer to one is lost.
    pub(super) loses_every: Option<usize>,
    /// What a domain heard, until the log is there.
    unread: Vec<Heard>,
    /// What of that was taken, by its bytes.
    unread_taken: HashSet<u64>,
}

/// One thing that one ear may or must hear.
#[derive(Default)]
pub(super) struct Told {
    pub(super) due: bool,
    pub(super) refused: bool,
    pub(super) times: usize,
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

impl Ear {
    fn new(listener: Listener) -> Self {
        Self {
            listener,
            told: HashMap::new(),
            order: Vec::new(),
            lost_answers: 0,
            since_lost: 0,
            wrong: Vec::new(),
            loses_every: None,
            unread: Vec::new(),
            unread_taken: HashSet::new(),
        }
    }

    fn loses_some(&mut self) {
        self.since_lost += 1;
        if self.loses_every.is_some_and(|every| self.since_lost >= every) {
            self.since_lost = 0;
            self.listener.loses_the_next_answer();
        }
    }

    pub(super) fn outstanding(&self) -> usize {
        let due = self.told.values().filter(|told| told.due && told.times == 0);
        due.count().saturating_sub(self.unread_taken.len())
    }
}

impl Book {
    pub(super) fn new(ears: impl IntoIterator<Item = Listener>) -> Self {
        Self {
            ears: ears.into_iter().map(Ear::new).collect(),
            tellings: HashMap::new(),
            origins: Vec::new(),
            accepted: HashMap::new(),
            arrivals: 0,
            unexpected: Vec::new(),
        }
    }

    pub(super) fn number(&mut self, telling: &str, deed: &Deed) -> usize {
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

    /// What a domain is sent names a note, and no activity: which one it tells of, the log says at the end.
    pub(super) fn hears(&mut self, ear: usize, heard: Heard) {
        let page = &mut self.ears[ear];
        if matches!(page.listener, Listener::Domain(_)) {
            if heard.taken {
                page.unread_taken.insert(digest(&heard.text));
                page.loses_some();
            }
            page.unread.push(heard);
            return;
        }
        let telling = telling_of(&heard);
        if let Some(origin) = own_word(&heard) {
            self.may_hear(ear, &telling, origin);
        }
        self.is_told(ear, &telling, &heard);
    }

    /// Takes up what domains heard. Of several activities that look alike, the first that was not told yet is meant.
    pub(super) fn reads(&mut self, named: &Named) {
        for ear in 0..self.ears.len() {
            self.ears[ear].unread_taken.clear();
            for heard in std::mem::take(&mut self.ears[ear].unread) {
                let tellings = named.tellings(&heard.document);
                let told = |telling: &String| {
                    let number = self.tellings.get(telling);
                    number.and_then(|number| self.ears[ear].told.get(number))
                };
                let bytes = digest(&heard.text);
                let is_again = |telling: &&String| {
                    told(telling).is_some_and(|told| told.times > 0 && told.bytes == bytes)
                };
                let is_new = |telling: &&String| told(telling).is_some_and(|told| told.times == 0);
                // A note says no time at which it was edited, and no two edits are the same bytes; of all else the time chose.
                let again = tellings
                    .iter()
                    .find(is_again)
                    .filter(|_| heard.document["type"] == NOTE);
                let telling = again.or(tellings.iter().find(is_new));
                let telling = telling.or(tellings.last().filter(|telling| told(telling).is_some()));
                if let (None, Some(origin)) = (telling, named.beside(&heard.document)) {
                    let telling = format!("{} {}", origin.0, origin.1);
                    self.may_hear(ear, &telling, origin);
                    self.is_told(ear, &telling, &heard);
                    continue;
                }
                let telling = telling.or(tellings.last()).unwrap_or(&heard.text).clone();
                self.is_told(ear, &telling, &heard);
            }
        }
    }

    fn is_told(&mut self, ear: usize, telling: &str, heard: &Heard) {
        let number = self.tellings.get(telling).copied();
        let ear = &mut self.ears[ear];
        let is_shrugged_at = heard.is_shrugged_at || could_not_be_had(heard);
        if let Some(complaint) = &heard.complaint
            && !is_shrugged_at
            && complaint != "it came again"
            // The second knock, by the other scheme, where the group's key could not be had: we were away.
            && !complaint.contains("the signature names no algorithm")
        {
            ear.wrong.push(format!(
                "{} complains: {complaint}: {telling}",
                ear.listener.host()
            ));
        }
        // What is refused for no fault of ours was told all the same.
        if !heard.taken && !heard.repeat && !is_shrugged_at {
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
                .push(format!("{telling}, at {}", ear.listener.host()));
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
        } else if is_another_answer(heard, told.id != id, told.bytes != bytes) {
            return; // whoever asks again is answered again
        } else if told.bytes != bytes {
            ear.wrong.push(format!("came again in other words: {telling}"));
        }
        told.times += usize::from(!second_knock);
        if matches!(ear.listener, Listener::Server(_)) {
            ear.loses_some();
        }
    }

    pub(super) fn count(&self, ear: &Ear, log: &Log, causes: usize, counts: &mut Counts) {
        let host = ear.listener.host();
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
        if duplicates > allowed {
            counts.excess += duplicates - allowed;
            let again = self.tellings.iter().filter(|(_, number)| {
                let told = ear.told.get(*number);
                told.is_some_and(|told| told.times > 1)
            });
            let again = again.map(|(telling, _)| format!("came again: {telling}, at {host}"));
            counts.wrong.extend(again.take(SHOWN));
        }
        counts.inversions += self.inversions(ear, log);
        let complaints = ear.listener.complaints();
        let wrong = ear.wrong.iter().chain(&complaints);
        counts.wrong.extend(wrong.take(SHOWN).cloned());
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

/// A boost of a note of Versia, which is to be had from us and from nobody else: it may be deleted before the boost is read, and
/// we may be away.
fn could_not_be_had(heard: &Heard) -> bool {
    const WHY: [&str; 4] = [
        "answers 410 Gone",
        "answers 503",
        "error sending request",
        "error decoding response body",
    ];
    let complaint = heard.complaint.as_deref().unwrap_or_default();
    heard.object_id().contains("/bridge/versia/") && WHY.iter().any(|why| complaint.contains(why))
}

fn is_another_answer(heard: &Heard, by_id: bool, by_bytes: bool) -> bool {
    match heard.kind() {
        "Accept" | "Reject" => by_id,
        "pub.versia:groups/SubscribeAccept" => by_bytes,
        _ => false,
    }
}

/// What an author hears of their own post is a letter beside the log.
fn is_receipt(heard: &Heard) -> bool {
    let of = heard.document["object"]["type"].as_str();
    matches!(heard.kind(), "Accept" | "Reject") && matches!(of, Some("Create" | "Update" | "Delete"))
}
