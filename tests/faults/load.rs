//! People who post, reply, like, edit and delete without a pause, and who repeat whatever was not answered.
//!
//! One rule: what was begun is repeated under the same id, byte for byte, until it is answered 202. An answer that no
//! repetition would change is a failure of the run.

use std::sync::Arc;
use std::time::Duration;

use folkmoot::signature::{Request, Scheme, sign};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};
use url::{Position, Url};

use crate::chance::Chance;
use crate::ledger::{Deed, Ledger};
use crate::neighbours::{Correspondent, Neighbour};
use crate::scene::Scene;
use crate::support::peer::{Actor, Group, Said};

/// Nobody says more while this much is due and not there.
const OUTSTANDING: usize = 300;
/// Between tries.
const AGAIN: Duration = Duration::from_millis(20);
/// An answer takes no longer, or there is none.
pub const SOON: Duration = Duration::from_secs(12);
/// So long something is repeated. On a machine that has much else to do, a server that is killed within half a second may take
/// nothing of somebody's for a minute and more.
const PATIENCE: Duration = Duration::from_secs(240);
/// How many of their own posts people remember.
const REMEMBERED: usize = 6;

/// Those who post.
pub struct Load {
    stop: watch::Sender<bool>,
    tasks: JoinSet<()>,
    only_posts: bool,
}

/// Somebody, and what they have said in one group.
pub struct Sender {
    pub me: Actor,
    members: Vec<Actor>,
    neighbours: Vec<Neighbour>,
    pub group: Group,
    ledger: Arc<Ledger>,
    chance: Chance,
    posts: Vec<Said>,
    /// Another process of the same installation, to which it is sent.
    door: Option<String>,
}

impl Load {
    /// So many of the members begin to post, and do what one does with posts, each in one group; and so do those who speak
    /// Versia.
    pub fn begin(scene: &Scene, senders: usize, seed: u64) -> Self {
        let mut load = Self::of(scene, senders, seed, false);
        for number in 0..scene.neighbours.len() {
            load.corresponds(Correspondent::new(scene, number, seed), &scene.ledger);
        }
        load
    }

    /// They post and do nothing else: where posts get lost, whatever is about them is refused.
    pub fn of_posts(scene: &Scene, senders: usize, seed: u64) -> Self {
        Self::of(scene, senders, seed, true)
    }

    fn of(scene: &Scene, senders: usize, seed: u64, only_posts: bool) -> Self {
        let mut load = Self {
            stop: watch::Sender::new(false),
            tasks: JoinSet::new(),
            only_posts,
        };
        for number in 0..senders {
            load.spawn(Sender::new(scene, number, seed));
        }
        load
    }

    fn spawn(&mut self, mut sender: Sender) {
        let (stopped, only_posts) = (self.stop.subscribe(), self.only_posts);
        self.tasks.spawn(async move {
            while !*stopped.borrow() {
                if sender.ledger.outstanding() > OUTSTANDING {
                    sleep(Duration::from_millis(5)).await;
                } else if only_posts {
                    sender.posts().await;
                } else {
                    sender.says_something().await;
                }
            }
        });
    }

    fn corresponds(&mut self, mut sender: Correspondent, ledger: &Arc<Ledger>) {
        let (stopped, ledger) = (self.stop.subscribe(), Arc::clone(ledger));
        self.tasks.spawn(async move {
            while !*stopped.borrow() {
                if ledger.outstanding() > OUTSTANDING {
                    sleep(Duration::from_millis(5)).await;
                } else {
                    sender.says_something().await;
                }
            }
        });
    }

    /// They finish what they began.
    ///
    /// # Panics
    /// If one of them met with something that must not be.
    pub async fn end(mut self) {
        self.stop.send_replace(true);
        while let Some(ended) = self.tasks.join_next().await {
            if let Err(broken) = ended {
                std::panic::resume_unwind(broken.into_panic());
            }
        }
    }
}

impl Sender {
    pub fn new(scene: &Scene, number: usize, seed: u64) -> Self {
        Self {
            me: scene.members[number % scene.members.len()].clone(),
            members: scene.members.clone(),
            neighbours: scene.neighbours.clone(),
            group: scene.groups[number % scene.groups.len()].clone(),
            ledger: Arc::clone(&scene.ledger),
            chance: Chance::new(seed, number as u64),
            posts: Vec::new(),
            door: None,
        }
    }

    async fn says_something(&mut self) {
        let choice = self.chance.below(10);
        let known = self.chance.of(&self.posts).cloned();
        match (choice, known) {
            (0..=1, Some(post)) => self.replies(&post).await,
            (2..=3, Some(post)) => self.likes(&post).await,
            (4, Some(post)) => self.edits(&post).await,
            (5, Some(post)) => self.deletes(&post).await,
            _ => {
                self.posts().await;
            }
        }
    }

    pub async fn posts(&mut self) -> Said {
        let manners = self.me.server().software().manners;
        let create = self
            .me
            .speaks(|me| manners.post(me, &self.group, "something new"));
        let said = self.says_new(create, false).await;
        self.posts.push(said.clone());
        if self.posts.len() > REMEMBERED {
            self.posts.remove(0);
        }
        said
    }

    async fn replies(&self, to: &Said) {
        let manners = self.me.server().software().manners;
        let create = self
            .me
            .speaks(|me| manners.reply(me, &self.group, to, "and more"));
        self.says_new(create, true).await;
    }

    async fn likes(&mut self, post: &Said) {
        let manners = self.me.server().software().manners;
        let like = self.me.speaks(|me| manners.like(me, &self.group, post));
        // A second Like of one post would be taken and told to nobody.
        self.posts.retain(|known| known.id() != post.id());
        self.says(like, post).await;
    }

    async fn edits(&mut self, post: &Said) {
        let manners = self.me.server().software().manners;
        // No two edits are the same bytes.
        let text = format!("better by {}", self.chance.below(1_000_000_000));
        let update = self.me.speaks(|me| manners.edit(me, &self.group, post, &text));
        self.says(update, post).await;
    }

    pub async fn deletes(&mut self, post: &Said) {
        let manners = self.me.server().software().manners;
        let delete = self.me.speaks(|me| manners.delete(me, &self.group, post));
        self.posts.retain(|known| known.id() != post.id());
        self.says(delete, post).await;
    }

    async fn says_new(&self, create: serde_json::Value, is_comment: bool) -> Said {
        let post = create["object"]["id"].as_str().unwrap().to_owned();
        self.me.server().publishes(&create["object"]);
        let said = self.me.would_say(create, post, is_comment);
        self.insists(&said).await;
        said
    }

    async fn says(&self, document: serde_json::Value, about: &Said) {
        let said = self.me.would_say(document, about.post.clone(), about.is_comment);
        self.insists(&said).await;
    }

    /// Says it until it is answered 202, and has it written into the book.
    pub async fn insists(&self, said: &Said) {
        let deed = Deed::of(said, &self.group, &self.members, &self.neighbours);
        self.ledger.begins(&deed);
        insist_at(self.door.as_deref(), &self.me, &self.group.inbox(), &said.text).await;
        self.ledger.accepted(&deed);
    }
}

/// Sends something until it is answered 202.
///
/// # Panics
/// If it is answered anything that is neither 202 nor a wish for another try, or if that takes too long.
pub async fn insist(who: &Actor, inbox: &str, text: &str) {
    insist_at(None, who, inbox, text).await;
}

/// As [`insist`]; first at this process of the installation, then wherever it is at home.
async fn insist_at(mut door: Option<&str>, who: &Actor, inbox: &str, text: &str) {
    let mut insisting = Insisting::on(text);
    loop {
        let answer = knock(door, who, inbox, text).await;
        if answer.is_err() {
            door = None;
        }
        if insisting.is_done(answer).await {
            return;
        }
    }
}

/// Something that is said again and again until it is answered 202.
pub struct Insisting<'a> {
    text: &'a str,
    begun: Instant,
    /// What came of it last.
    last: String,
}

impl<'a> Insisting<'a> {
    pub fn on(text: &'a str) -> Self {
        Self {
            text,
            begun: Instant::now(),
            last: String::new(),
        }
    }

    /// Whether it was taken; if not, waits until it may be said again.
    ///
    /// # Panics
    /// As [`insist`].
    pub async fn is_done(&mut self, answer: reqwest::Result<(u16, String)>) -> bool {
        let text = self.text;
        self.last = match answer {
            Ok((202, _)) => return true,
            Ok((status @ (503 | 429), body)) => format!("answered {status} {body}"),
            Err(why) => why.to_string(),
            Ok((status, body)) => panic!("answered {status} {body}\nto {text}"),
        };
        let patient = self.begun.elapsed() < PATIENCE;
        assert!(patient, "not answered in {PATIENCE:?} but {}: {text}", self.last);
        sleep(AGAIN).await;
        false
    }
}

/// Sends something once, signed anew. Gives the status and the body.
///
/// # Errors
/// If there is no answer.
async fn knock(door: Option<&str>, who: &Actor, inbox: &str, text: &str) -> reqwest::Result<(u16, String)> {
    let ground = who.server().ground();
    let url: Url = inbox.parse().unwrap();
    let request = Request {
        method: "POST",
        url: &url,
        body: Some(text.as_bytes()),
        content_type: Some("application/activity+json"),
        date: ground.clock().now(),
    };
    let headers = sign(Scheme::Cavage, &who.key(), &who.key_id(), &request).unwrap();
    let door = door.map_or_else(
        || url.to_string(),
        |door| format!("{door}{}", &url[Position::BeforePath..]),
    );
    let request = ground.client().post(door).headers(headers).body(text.to_owned());
    let answer = request.timeout(SOON).send().await?;
    ground.note(inbox, &answer);
    Ok((answer.status().as_u16(), answer.text().await?))
}
