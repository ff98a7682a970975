//! One group that all of the fediverse's group software is a member of: who hears of whom, in which shape.
//!
//! One rule: a cell is what arrived and was taken by a peer that refuses what that program refuses; one that stays empty has its
//! excuse in `excuses.rs`, or the test fails. `UPDATE_DOCS=1 cargo test --test it matrix` writes `docs/dialects.md` anew.

mod excuses;
mod page;
mod versia;

use std::collections::BTreeMap;

use folkmoot::dialect::{HEARS, class_of};
use serde_json::{Value, json};

use crate::support::peer::manners::Shape;
use crate::support::peer::{Actor, Group, Heard, Said, tellings};
use crate::support::versia::{Domain, world_of};
use crate::support::world::World;

/// Each on a host of its own. `newcomer` is a program that nobody knows.
const PROGRAMS: [&str; 17] = [
    "mastodon",
    "misskey",
    "gotosocial",
    "lemmy",
    "mbin",
    "piefed",
    "mitra",
    "friendica",
    "nodebb",
    "discourse",
    "smithereen",
    "lotide",
    "streams",
    "mobilizon",
    "peertube",
    "onepage.pub",
    "newcomer",
];
/// Who runs the group, and whose post goes in the end.
const MODERATOR: &str = "lemmy";
const VICTIM: &str = "smithereen";

/// Something that somebody did, and what it is about.
pub struct Deed {
    pub verb: &'static str,
    pub by: &'static str,
    pub said: Said,
    /// The post as its author wrote it.
    pub post: Value,
}

/// What one program heard of one deed.
pub struct Cell<'a> {
    pub deed: &'a Deed,
    pub class: &'static str,
    pub software: &'static str,
}

impl Cell<'_> {
    pub fn is_own(&self) -> bool {
        self.deed.by == self.software
    }
}

struct Table {
    group: Group,
    people: BTreeMap<&'static str, Actor>,
    /// Whoever is there in Versia, by how.
    domains: BTreeMap<&'static str, Domain>,
    deeds: Vec<Deed>,
}

#[tokio::test]
async fn everybody_hears_of_everybody() {
    let domains = [Domain::start("v.test").await, Domain::start("w.test").await];
    let world = world_of(&domains.each_ref(), &[]).await;
    let mut table = Table::set(&world, domains).await;
    for program in PROGRAMS {
        table.says_things(program).await;
    }
    for way in versia::WAYS {
        table.says_things_there(&world, way).await;
    }
    world.settles().await;
    table.everything_dereferences().await;
    for program in PROGRAMS {
        table.deletes(program).await;
    }
    for way in versia::WAYS {
        table.deletes_there(&world, way).await;
    }
    world.settles().await;
    table.moderates(&world).await;
    world.settles().await;

    table.is_classed(&world).await;
    let notes = versia::notes(&world).await;
    let cells = table.cells(&notes);
    let columns: Vec<_> = PROGRAMS.into_iter().chain(versia::WAYS).collect();
    let text = page::matrix(&columns, &cells);
    println!("{text}");
    let empty: Vec<String> = cells
        .iter()
        .filter(|(cell, told)| told.is_empty() && excuses::of(cell).is_none())
        .map(|(cell, _)| format!("{} of {} to {}", cell.deed.verb, cell.deed.by, cell.software))
        .collect();
    assert_eq!(
        empty,
        Vec::<String>::new(),
        "nothing came, and nothing excuses it"
    );
    says_what_is_heard(&cells);
    page::are_up_to_date(&text);
    table.domains.values().for_each(Domain::is_content);
    world.end().await;
}

/// The table of classes says "–" where nobody of the class heard anything, and nowhere else; what is passed on as it came
/// a second wall would hear.
fn says_what_is_heard(cells: &[(Cell<'_>, Vec<String>)]) {
    for hears in HEARS {
        for verb in ["post", "reply", "edit", "delete", "like"] {
            let of_class = cells
                .iter()
                .filter(|(cell, _)| cell.class == hears.class && cell.deed.verb == verb);
            let is_heard = of_class.clone().any(|(_, told)| !told.is_empty());
            let is_alone = hears.class == "wall" && matches!(verb, "edit" | "delete");
            assert_eq!(
                hears.of(verb) != Some("–"),
                is_heard || is_alone,
                "{} of {verb}",
                hears.class
            );
        }
    }
}

impl Table {
    async fn set(world: &World, domains: [Domain; 2]) -> Self {
        let people: BTreeMap<_, _> = PROGRAMS
            .iter()
            .map(|program| (*program, world.server(program).actor("ann")))
            .collect();
        let group = world
            .group_of(
                &people[MODERATOR],
                "garden",
                folkmoot::domain::Policies::default(),
            )
            .await;
        for program in PROGRAMS {
            people[program].clone().follows(&group).await;
        }
        Self {
            group,
            people,
            domains: versia::let_in(domains).await,
            deeds: vec![],
        }
    }

    fn keep(&mut self, verb: &'static str, by: &'static str, said: Said, post: &Value) {
        self.deeds.push(Deed {
            verb,
            by,
            said,
            post: post.clone(),
        });
    }

    async fn says_things(&mut self, program: &'static str) {
        let (who, group) = (self.people[program].clone(), self.group.clone());
        let post = who.post(&group, program).await;
        let reply = who.replies(&group, &post, "an answer").await;
        let edit = who.edits(&group, &post, "another text").await;
        // The post of whoever came first, which everybody has.
        let first = self.deeds.first().map_or(&post, |deed| &deed.said).clone();
        let like = who.likes(&group, &first).await;
        let (object, answer) = (post.document["object"].clone(), reply.document["object"].clone());
        self.keep("post", program, post, &object);
        self.keep("reply", program, reply, &answer);
        self.keep("edit", program, edit, &object);
        self.keep("like", program, like, &first.document["object"]);
    }

    async fn deletes(&mut self, program: &'static str) {
        let who = self.people[program].clone();
        let posts = |deed: &&Deed| deed.verb == "post" && deed.by == program;
        let deed = self.deeds.iter().find(posts).unwrap();
        let (post, object) = (deed.said.clone(), deed.post.clone());
        let delete = who.deletes(&self.group, &post).await;
        self.keep("delete", program, delete, &object);
    }

    /// A moderator elsewhere takes a post out and puts its author out.
    /// One after the other: who is put out before a post came to them hears nothing of its end.
    async fn moderates(&mut self, world: &World) {
        let (moderator, victim) = (self.people[MODERATOR].clone(), self.people[VICTIM].clone());
        let group = self.group.clone();
        let post = victim.post(&group, "a last one").await;
        world.settles().await;
        let object = post.document["object"].clone();
        let mut removal =
            moderator.speaks(|me| moderator.server().software().manners.delete(me, &group, &post));
        removal["summary"] = json!("Not here.");
        let removal = moderator.would_say(removal, post.post.clone(), false);
        moderator.sends_to(&group.inbox(), &removal.text).await.is(202);
        world.settles().await;
        let ban = moderator.speaks(|me| {
            json!({
                "@context": "https://www.w3.org/ns/activitystreams",
                "id": (me.mint)("activities/block"),
                "type": "Block",
                "actor": me.id,
                "to": ["https://www.w3.org/ns/activitystreams#Public"],
                "cc": [group.id],
                "object": victim.id(),
                "target": group.id,
                "summary": "Not any more.",
                "audience": group.id,
            })
        });
        let ban = moderator.would_say(ban, victim.id(), false);
        moderator.sends_to(&group.inbox(), &ban.text).await.is(202);
        self.keep("removal", MODERATOR, removal, &object);
        self.keep("ban", MODERATOR, ban, &object);
    }

    /// Whatever the group said has an id that leads whoever heard it to it.
    async fn everything_dereferences(&self) {
        let mut seen = BTreeMap::new();
        for who in self.people.values() {
            let said = who
                .heard()
                .into_iter()
                .filter(|heard| heard.document["actor"] == *self.group.id);
            seen.extend(said.map(|heard| (heard.id().to_owned(), (who.clone(), heard.document))));
        }
        assert!(seen.len() > PROGRAMS.len() * 20, "{} documents", seen.len());
        for (id, (who, document)) in seen {
            assert_eq!(who.sees(&id).await, document, "{id}");
        }
    }

    /// As `peer list` shows it: each host's class, and why.
    async fn is_classed(&self, world: &World) {
        let peers = world.house().store.list_peers().await.unwrap();
        for (software, who) in &self.people {
            let peer = peers.iter().find(|peer| peer.host == who.server().authority());
            let peer = peer.unwrap();
            let class = class_of(Some(software), None);
            assert_eq!(
                (peer.class.as_str(), &peer.class_reason),
                (class.name, &class.reason())
            );
        }
        for domain in self.domains.values() {
            let peer = peers.iter().find(|peer| peer.host == domain.name()).unwrap();
            assert_eq!(peer.class, "versia");
        }
    }

    fn cells(&self, notes: &BTreeMap<String, String>) -> Vec<(Cell<'_>, Vec<String>)> {
        let heard: BTreeMap<_, Vec<Heard>> = self
            .people
            .iter()
            .map(|(name, who)| (*name, who.heard()))
            .collect();
        let mut cells = vec![];
        for deed in &self.deeds {
            for software in PROGRAMS {
                let shapes = tellings(&heard[software], &deed.said);
                let mut told: Vec<String> = shapes.into_iter().map(|shape| label(shape).to_owned()).collect();
                if deed.verb == "ban" {
                    told.extend(self.expulsions(&heard[software]));
                }
                let class = class_of(Some(software), None).name;
                cells.push((
                    Cell {
                        deed,
                        class,
                        software,
                    },
                    told,
                ));
            }
            for way in versia::WAYS {
                let cell = Cell {
                    deed,
                    class: way,
                    software: way,
                };
                let told = versia::told(way, &self.domains[way], deed, notes);
                cells.push((cell, told));
            }
        }
        cells
    }
}

impl Table {
    /// In which other words it was told that the victim is out: by letter, or of the list of members.
    fn expulsions(&self, heard: &[Heard]) -> Vec<String> {
        let victim = self.people[VICTIM].id();
        let is_rejected =
            |heard: &&Heard| heard.kind() == "Reject" && heard.document["object"]["actor"] == victim.as_str();
        let is_unlisted = |heard: &&Heard| {
            let target = &heard.document["target"];
            let list = target.as_str().or_else(|| target["id"].as_str());
            heard.kind() == "Remove"
                && heard.object_id() == victim
                && list == Some(self.group.part("members").as_str())
        };
        let taken = || heard.iter().filter(|heard| heard.taken);
        let rejects = taken().filter(is_rejected).map(|_| "Reject".to_owned());
        let removes = taken().filter(is_unlisted).map(|_| "Remove".to_owned());
        rejects.chain(removes).collect()
    }
}

/// A shape in the page's shorthand.
const fn label(shape: Shape) -> &'static str {
    match shape {
        Shape::Wrapped => "act",
        Shape::Boosted => "id",
        Shape::Embedded => "obj",
        Shape::Added => "Add",
        Shape::Contained => "Add(act)",
        Shape::Forwarded => "raw",
        Shape::Unboosted => "Undo",
        Shape::Unadded => "Undo(Add)",
        Shape::Deleted => "Delete",
        Shape::TakenOut => "Remove",
        Shape::DeletedByGroup => "Delete",
    }
}
