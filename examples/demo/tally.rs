//! Who is in the group, what is due to them, and what came.
//!
//! One rule: what is due follows from the peer's own manners, the ones that the tests hold the server to.

use std::time::{Duration, Instant};

use futures_util::future::join_all;
use tokio::time::timeout;

use crate::peer::{Actor, Ground, Heard, Mood, Said, Server};
use crate::trace;

/// How long anything due may take. All of it is on one machine.
const PATIENCE: Duration = Duration::from_secs(4);

/// Somebody on another server.
pub(crate) struct Member {
    pub(crate) actor: Actor,
    pub(crate) name: &'static str,
    /// Their server's program, as people call it.
    pub(crate) program: &'static str,
    /// How it speaks, in a few words.
    pub(crate) manner: &'static str,
    /// It knows what its own people say, and takes a second copy for an error.
    wants_no_echo: bool,
    /// It hears that what its people posted was taken.
    has_receipts: bool,
    is_in: bool,
    is_away: bool,
    missed: Vec<Said>,
}

impl Member {
    /// On a server of its own: a row of the peer's `software.rs`, and what people call it.
    pub(crate) fn new(
        ground: &Ground,
        name: &'static str,
        (software, program): (&str, &'static str),
        manner: &'static str,
    ) -> Self {
        let server = Server::start(software, ground);
        Self {
            actor: server.actor(name),
            name,
            program,
            manner,
            wants_no_echo: matches!(software, "lemmy" | "mbin"),
            has_receipts: software == "onepage.pub",
            is_in: false,
            is_away: false,
            missed: Vec::new(),
        }
    }

    /// Why they hear nothing of this, if so.
    fn hears_nothing(&self, said: &Said) -> Option<String> {
        let server: &Server = self.actor.server();
        if self.wants_no_echo && said.author().starts_with(server.base()) {
            return Some(format!("{} has what its own people say", self.program));
        }
        let deaf = server.software().manners.hears(said).is_none();
        deaf.then(|| format!("{} is told of threads only", self.program))
    }
}

/// The figures at the end.
#[derive(Default)]
pub(crate) struct Count {
    /// Activities that were sent to the group.
    pub(crate) sent: usize,
    pub(crate) due: usize,
    pub(crate) arrived: usize,
    /// What came without being due.
    pub(crate) extra: usize,
    /// What the server still wanted to send at the end.
    pub(crate) waiting: u64,
    /// What the peers disliked about what they got.
    pub(crate) complaints: Vec<String>,
}

impl Count {
    pub(crate) fn is_right(&self) -> bool {
        let nothing_else = self.extra == 0 && self.waiting == 0 && self.complaints.is_empty();
        self.due > 0 && self.arrived == self.due && nothing_else
    }
}

/// All of them, and the count so far.
pub(crate) struct Tally {
    members: Vec<Member>,
    count: Count,
}

impl Tally {
    pub(crate) fn new(members: Vec<Member>) -> Self {
        Self {
            members,
            count: Count::default(),
        }
    }

    /// A join: nobody but the joiner hears of it.
    pub(crate) async fn joins(&mut self, words: &str, deed: impl Future<Output = Said>) -> Said {
        let begun = Instant::now();
        let join = deed.await;
        let at = self.done(words, &join);
        self.is_accepted(at, &join, begun).await;
        self.members[at].is_in = true;
        join
    }

    /// The group's Accept of what somebody said is due to them.
    async fn is_accepted(&mut self, at: usize, said: &Said, begun: Instant) {
        let accepted = timeout(PATIENCE, self.members[at].actor.is_accepted(said));
        let accepted = accepted.await.ok();
        self.count.due += 1;
        self.notes(at, said, accepted.map(|heard| (heard, begun.elapsed())));
    }

    /// The last that somebody does: from now on nothing is due to them.
    pub(crate) async fn leaves(&mut self, words: &str, deed: impl Future<Output = Said>) {
        let leave = deed.await;
        let at = self.done(words, &leave);
        self.members[at].is_in = false;
        trace::nothing(&self.members[at], "who left is told no more");
    }

    /// Something that every other member should hear of, as their server understands it.
    pub(crate) async fn says(&mut self, words: &str, deed: impl Future<Output = Said>) -> Said {
        let begun = Instant::now();
        let said = deed.await;
        let author = self.done(words, &said);
        if self.members[author].has_receipts && is_content(&said) {
            self.is_accepted(author, &said, begun).await;
        }
        let there =
            |member: &Member| member.is_in && !member.is_away && member.hears_nothing(&said).is_none();
        let hearing = self
            .members
            .iter()
            .filter(|member| there(member))
            .map(|member| hears(member, &said, begun));
        let mut heard = join_all(hearing).await.into_iter();
        for at in 0..self.members.len() {
            let member = &mut self.members[at];
            if !member.is_in {
                continue;
            }
            if let Some(why) = member.hears_nothing(&said) {
                trace::nothing(member, &why);
                continue;
            }
            self.count.due += 1;
            if member.is_away {
                member.missed.push(said.clone());
                trace::waits(member, "503: the inbox is down, it will come again");
            } else {
                self.notes(at, &said, heard.next().flatten());
            }
        }
        said
    }

    /// From now on their inbox is as the mood says.
    pub(crate) fn goes_away(&mut self, name: &str, mood: Mood) {
        let member = self.member(name);
        member.actor.server().is(mood);
        member.is_away = true;
    }

    /// Their inbox is as it was, from the moment that is given.
    pub(crate) fn comes_back(&mut self, name: &str) -> Instant {
        let member = self.member(name);
        member.actor.server().comes_back();
        member.is_away = false;
        Instant::now()
    }

    /// Everything that was missed arrives, in order.
    pub(crate) async fn catches_up(&mut self, name: &str, back: Instant) {
        let member = self.member(name);
        let missed = std::mem::take(&mut member.missed);
        let hearing = member.actor.hears_of(&missed).once().in_order();
        let heard = timeout(PATIENCE, hearing).await.unwrap_or_default();
        let took = back.elapsed();
        let at = self.place(name);
        trace::aside(&format!("What waited for {name}:"));
        for (n, said) in missed.iter().enumerate() {
            self.notes(at, said, heard.get(n).cloned().map(|heard| (heard, took)));
        }
    }

    /// Nothing more comes, though so many deliveries may still wait: the count.
    pub(crate) fn end(mut self, ground: &Ground, waiting: u64) -> Count {
        let servers = ground.servers();
        let taken = servers
            .iter()
            .flat_map(Server::heard)
            // Who else is in is told while they come in: before anything is due.
            .filter(|heard| heard.taken && !is_about_members(heard))
            .count();
        self.count.waiting = waiting;
        self.count.extra = taken.saturating_sub(self.count.arrived);
        self.count.complaints = servers
            .iter()
            .flat_map(Server::complaints)
            .chain(ground.failures())
            .collect();
        self.count
    }

    /// Notes and prints a deed; who did it.
    fn done(&mut self, words: &str, said: &Said) -> usize {
        self.count.sent += 1;
        let author = self
            .members
            .iter()
            .position(|member| member.actor.id() == said.author());
        let at = author.unwrap_or_else(|| panic!("{} is nobody here", said.author()));
        trace::deed(&self.members[at], words, &said.document);
        at
    }

    fn place(&self, name: &str) -> usize {
        let place = self.members.iter().position(|member| member.name == name);
        place.unwrap_or_else(|| panic!("{name} is nobody here"))
    }

    fn member(&mut self, name: &str) -> &mut Member {
        let place = self.place(name);
        &mut self.members[place]
    }

    /// What came of something that was due.
    fn notes(&mut self, at: usize, said: &Said, heard: Option<(Heard, Duration)>) {
        let member = &self.members[at];
        let Some((heard, took)) = heard else {
            return trace::missing(member, said.id());
        };
        self.count.arrived += 1;
        let inside = if heard.text.contains(&said.text) {
            ", byte for byte"
        } else {
            ""
        };
        trace::received(
            member,
            &heard.document,
            &format!("{} ms{inside}", took.as_millis()),
        );
    }
}

/// Whether it is one of those that have a receipt.
fn is_content(said: &Said) -> bool {
    matches!(
        said.document["type"].as_str(),
        Some("Create" | "Update" | "Delete")
    )
}

async fn hears(member: &Member, said: &Said, begun: Instant) -> Option<(Heard, Duration)> {
    let heard = timeout(PATIENCE, member.actor.hears_of([said]).once())
        .await
        .ok()?;
    Some((heard.into_iter().next()?, begun.elapsed()))
}

/// The group says that somebody is a member now.
fn is_about_members(heard: &Heard) -> bool {
    let list = heard.document["target"].as_str().unwrap_or_default();
    heard.kind() == "Add" && list.ends_with("/members")
}
