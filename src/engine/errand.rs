//! An errand for one activity: what is missing of its thread is looked for at the servers where it was written.
//!
//! One rule: nobody can make us ask without end, and each post is believed only as its own origin tells it.
//!
//! What is taken, and why:
//! - What a post answers, and what that answers, until something that is here. If the way leads nowhere (a ring, what is no post, too
//!   far), nothing is taken.
//! - The collection of a thread (FEP-f228) on the server of the post that names it may tell several of these at once, where it
//!   carries them whole. Nothing else of it is taken for a reply that somebody sent us: for a stranger's post nobody here vouches,
//!   and what members say comes by itself, in their own words; by its id it would come in the place of these.
//! - For a group that ours follows, the collection that this group has of the thread says what was said in it before; that is
//!   taken as if the group had announced it. What is newer it announces itself, word for word.

use std::collections::{BTreeSet, HashMap, HashSet, VecDeque};

use chrono::{DateTime, Utc};
use serde_json::Value;

use crate::{
    dialect::{self, Activity, Ask, Listed, Listing, PostDocument},
    domain::Iri,
    engine::{
        Engine,
        inbox::read,
        waiting::{End, after},
    },
};

/// What is fetched for one activity, at most, and how many posts may come with it.
pub(super) const MOST: usize = 20;

/// Of a thread's collection so many pages are read, and of so many collections.
const PAGES: usize = 5;
const COLLECTIONS: usize = 2;
/// So many of a thread's posts are looked at, to find those that are not here.
const LISTED: usize = 200;

/// For whom something is looked for.
#[derive(Clone, Copy)]
pub(super) enum Wanted<'a> {
    /// Somebody who may post in these groups answers it.
    Answered(&'a BTreeSet<String>),
    /// A group of this name hears of it from one that it follows.
    Relayed(&'a str),
}

/// A post as its origin tells it.
pub(super) struct Found {
    /// As if its author had just sent it.
    pub(super) activity: Activity,
    /// Word for word; empty: only the post is known.
    pub(super) raw: String,
    pub(super) fetched: Option<String>,
}

impl Found {
    fn document(&self) -> Option<&PostDocument> {
        match &self.activity.ask {
            Ask::Post(post) => Some(post),
            _ => None,
        }
    }

    pub(super) fn post(&self) -> &Iri {
        self.document().map_or(&self.activity.id, |post| &post.id)
    }

    fn parent(&self) -> Option<&Iri> {
        self.document()?.in_reply_to.as_ref()
    }

    fn published(&self) -> Option<DateTime<Utc>> {
        self.document()?.published
    }
}

pub(super) struct Errand<'a> {
    engine: &'a Engine,
    wanted: Wanted<'a>,
    /// How often somebody may still be asked.
    left: usize,
    /// Collections that were read.
    read: HashSet<Iri>,
    /// Posts that they told whole.
    told: HashMap<Iri, Found>,
    /// What a followed group says is in the thread.
    listed: VecDeque<Iri>,
}

impl<'a> Errand<'a> {
    pub(super) fn new(engine: &'a Engine, wanted: Wanted<'a>, most: usize) -> Self {
        Self {
            engine,
            wanted,
            left: most,
            read: HashSet::new(),
            told: HashMap::new(),
            listed: VecDeque::new(),
        }
    }

    /// What is missing of the thread of a post, the oldest first; nothing, if what it answers is not to be had.
    pub(super) async fn missing(mut self, post: &PostDocument) -> Result<Vec<Found>, End> {
        let Some(mut found) = self.ancestors(post).await? else {
            return Ok(vec![]);
        };
        self.add_others(post, &mut found).await?;
        Ok(oldest_first(found))
    }

    /// What a post answers, and what that answers, until one that is here. `None`: the way up leads nowhere.
    async fn ancestors(&mut self, post: &PostDocument) -> Result<Option<Vec<Found>>, End> {
        let mut seen = HashSet::from([post.id.clone()]);
        let mut found: Vec<Found> = vec![];
        let mut next = post.in_reply_to.clone();
        if matches!(self.wanted, Wanted::Relayed(_)) {
            self.read_threads(post).await?;
        }
        while let Some(id) = next {
            if self.is_there(&id).await? {
                break;
            }
            if found.len() == MOST || !seen.insert(id.clone()) || self.engine.here().owns(&id) {
                return Ok(None);
            }
            let Some(one) = self.have(&id).await? else {
                return Ok(None);
            };
            next = one.parent().cloned();
            let is_last = match &next {
                Some(next) => self.told.contains_key(next) || self.is_there(next).await?,
                None => true,
            };
            if (!is_last || matches!(self.wanted, Wanted::Relayed(_)))
                && let Some(document) = one.document()
            {
                self.read_threads(document).await?;
            }
            found.push(one);
        }
        Ok(Some(found))
    }

    /// What a followed group has in the thread that was said before this, as far as there is room.
    async fn add_others(&mut self, post: &PostDocument, found: &mut Vec<Found>) -> Result<(), End> {
        while let Some(id) = self.listed.pop_front()
            && found.len() < MOST
        {
            let can_be_had = self.left > 0 || self.told.contains_key(&id);
            if !can_be_had || self.is_taken_care_of(&id, post, found).await? {
                continue;
            }
            let one = match self.have(&id).await {
                Ok(Some(one)) => one,
                Err(End::Failed(error)) => return Err(End::Failed(error)),
                // One that is not to be had holds up none of the others.
                Ok(None) | Err(_) => continue,
            };
            let is_before = one
                .published()
                .is_some_and(|at| post.published.is_some_and(|now| at <= now));
            let is_other = *one.post() != id;
            if is_before && !(is_other && self.is_taken_care_of(one.post(), post, found).await?) {
                found.push(one);
            }
        }
        Ok(())
    }

    async fn is_taken_care_of(&self, id: &Iri, post: &PostDocument, found: &[Found]) -> Result<bool, End> {
        let is_found = *id == post.id || found.iter().any(|one| one.post() == id);
        let store = self.engine.store();
        Ok(is_found
            || self.engine.here().owns(id)
            || self.is_there(id).await?
            || store.is_on_its_way(id).await.map_err(End::Failed)?)
    }

    async fn is_there(&self, post: &Iri) -> Result<bool, End> {
        let store = self.engine.store();
        let known = match self.wanted {
            Wanted::Answered(_) => store.has_post(post).await,
            Wanted::Relayed(group) => store.is_known_in(post, group).await,
        };
        known.map_err(End::Failed)
    }

    /// A post, or what made it, by its id: as a collection told it, else as its origin does.
    async fn have(&mut self, id: &Iri) -> Result<Option<Found>, End> {
        if let Some(told) = self.told.remove(id) {
            return Ok(Some(told));
        }
        let Some((text, document)) = self.ask(id).await? else {
            return Ok(None);
        };
        Ok(self.engine.as_found(id, &text, &document))
    }

    /// `None`: it is not to be had, or enough was asked for.
    async fn ask(&mut self, id: &Iri) -> Result<Option<(String, Value)>, End> {
        let Some(left) = self.left.checked_sub(1) else {
            return Ok(None);
        };
        self.left = left;
        match self.engine.peers().document(id).await {
            Ok(found) => Ok(Some(found)),
            Err(error) => match after(&error) {
                End::Never(_) => Ok(None),
                end => Err(end),
            },
        }
    }

    /// Reads the first of the collections that a post names which can be read.
    async fn read_threads(&mut self, post: &PostDocument) -> Result<(), End> {
        for thread in &post.conversations {
            if self.read.contains(thread) {
                return Ok(());
            }
            if self.read.len() < COLLECTIONS
                && !self.engine.here().owns(thread)
                && self.read_thread(thread, &post.id).await?
            {
                return Ok(());
            }
        }
        Ok(())
    }

    /// Whether it is a collection that counts here. One that is not to be had now is none: each post can be had without.
    async fn read_thread(&mut self, thread: &Iri, of: &Iri) -> Result<bool, End> {
        self.read.insert(thread.clone());
        let mut is_groups = None;
        let mut next = Some(thread.clone());
        let mut pages = HashSet::new();
        while let Some(page) = next.take()
            && pages.len() < PAGES
            && pages.insert(page.clone())
        {
            let Ok(Some((text, _))) = self.ask(&page).await else {
                break;
            };
            let Some(listing) = dialect::listing(&text) else {
                break;
            };
            let is_groups = match is_groups {
                Some(known) => known,
                None => match self.counts(thread, of, &listing).await? {
                    Some(is) => *is_groups.insert(is),
                    None => return Ok(false),
                },
            };
            next = listing.next.clone().filter(|next| next.same_origin(thread));
            // Ids alone do not say what answers what.
            let says_nothing =
                !listing.items.is_empty() && listing.items.iter().all(|item| item.whole.is_none());
            if says_nothing && !is_groups {
                break;
            }
            for item in listing.items {
                self.note(item, &page, is_groups);
            }
        }
        Ok(is_groups.is_some())
    }

    /// Whose collection it is: a followed group's, which says what belongs to the thread, or only one that the post's own server has;
    /// `None`: it counts for nothing.
    async fn counts(&self, thread: &Iri, of: &Iri, listing: &Listing<'_>) -> Result<Option<bool>, End> {
        let Some(owner) = &listing.owner else {
            return Ok(thread.same_origin(of).then_some(false));
        };
        if !owner.same_origin(thread) {
            return Ok(None);
        }
        if let Wanted::Relayed(group) = self.wanted {
            let store = self.engine.store();
            let known = store.actor(owner).await.map_err(End::Failed)?;
            if let Some(owner) = known
                && store.relays(group, &owner).await.map_err(End::Failed)?
            {
                return Ok(Some(true));
            }
        }
        Ok(thread.same_origin(of).then_some(false))
    }

    /// Keeps what is told whole by the server that it is of; of a followed group's collection also where to ask for the rest.
    fn note(&mut self, item: Listed<'_>, page: &Iri, is_groups: bool) {
        let whole = item.whole.filter(|_| item.id.same_origin(page));
        let told = whole.and_then(|(text, document)| self.engine.as_found(&item.id, text, &document));
        let id = told.as_ref().map_or(item.id, |told| told.post().clone());
        if let Some(told) = told {
            self.told.entry(id.clone()).or_insert(told);
        }
        if is_groups && self.listed.len() < LISTED {
            self.listed.push_back(id);
        }
    }
}

impl Engine {
    /// A document of this id, as the server of the id tells it: a post, or the activity that made it.
    fn as_found(&self, id: &Iri, text: &str, document: &Value) -> Option<Found> {
        if document.get("actor").is_none() {
            return Some(Found {
                activity: self.as_post(document, id)?,
                raw: String::new(),
                fetched: Some(text.to_owned()),
            });
        }
        let activity = read(document, self).ok()?;
        let is_theirs = activity.id == *id && id.same_origin(&activity.actor);
        (is_theirs && matches!(activity.ask, Ask::Post(_))).then(|| Found {
            activity,
            raw: text.to_owned(),
            fetched: None,
        })
    }
}

/// By their dates, but none before what it answers; a ring is left out.
fn oldest_first(mut rest: Vec<Found>) -> Vec<Found> {
    rest.sort_by_key(Found::published);
    let mut ordered = vec![];
    while let Some(place) = rest.iter().position(|one| {
        let parent = one.parent();
        !rest.iter().any(|other| parent == Some(other.post()))
    }) {
        ordered.push(rest.remove(place));
    }
    ordered
}
