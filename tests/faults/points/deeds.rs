//! What is done while the program waits to stop dead.
//!
//! One rule: whatever is needed first is prepared while all is well; then one thing is done, and written into the book
//! with whom it is due to.

use serde_json::json;
use sqlx::AssertSqlSafe;

use crate::ledger::Deed;
use crate::load::{Sender, insist};
use crate::neighbours::Correspondent;
use crate::scene::Scene;
use crate::support::peer::{Actor, Group, Said};

const PUBLIC: &str = "https://www.w3.org/ns/activitystreams#Public";

/// A kind of thing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Somebody asks to be let in, and is answered.
    Join,
    /// A group elsewhere accepts that one of ours follows it.
    Accept,
    /// A group of ours follows one elsewhere.
    Follow,
    Create,
    /// A group that one of ours follows announces a post.
    Announce,
    /// Somebody asks by Versia to be let in, and is answered.
    Subscribe,
    /// Somebody posts by Versia.
    Note,
    /// Somebody leaves.
    Leave,
    /// An operator puts somebody out.
    Ban,
    Delete,
}

/// One thing, prepared.
pub enum Prepared {
    Join(Actor),
    Accept { group: Actor, follow: String },
    Follow(Actor),
    Create,
    Announce,
    Subscribe(String),
    Note,
    Leave { who: Actor, join: Said },
    Ban { who: Actor, join: Said },
    Delete(Said),
}

/// Who does it.
pub struct Stage {
    /// A member of the group where things are said.
    poster: Sender,
    /// The same by Versia.
    correspondent: Correspondent,
    /// Where people come and go, and nothing is said.
    yard: Group,
    /// A server of people who come and go; its ear.
    inn: Actor,
    inn_ear: usize,
    /// A group elsewhere that the first group follows, somebody who posts there, and their ear.
    cats: Actor,
    carl: Actor,
    cats_ear: usize,
    count: usize,
}

impl Stage {
    pub async fn set(scene: &Scene, seed: u64) -> Self {
        let [inn, elsewhere] = scene.guests.as_slice() else {
            unreachable!("the plan has two guests")
        };
        let ears = scene.members.len();
        let stage = Self {
            poster: Sender::new(scene, 0, seed),
            correspondent: Correspondent::new(scene, 0, seed),
            yard: scene.groups[1].clone(),
            inn: inn.clone(),
            inn_ear: ears,
            cats: elsewhere.server().settle("cats", "Group"),
            carl: elsewhere.clone(),
            cats_ear: ears + 1,
            count: 0,
        };
        let serving = scene.program.serve().await;
        let (cats, garden) = (stage.cats.clone(), stage.poster.group.clone());
        stage.follows(scene, &garden, &cats).await;
        scene.settles().await;
        let follow = follow_of(scene, &cats).await;
        accepts(&cats, &garden, &follow).await;
        serving.stop().await;
        stage
    }

    /// Whatever must be there before.
    pub async fn prepares(&mut self, scene: &Scene, kind: Kind) -> Prepared {
        match kind {
            Kind::Join => Prepared::Join(self.somebody()),
            Kind::Accept => {
                let (group, yard) = (self.some_group(), self.yard.clone());
                self.follows(scene, &yard, &group).await;
                let follow = follow_of(scene, &group).await;
                Prepared::Accept { group, follow }
            }
            Kind::Follow => Prepared::Follow(self.some_group()),
            Kind::Create => Prepared::Create,
            Kind::Announce => Prepared::Announce,
            Kind::Subscribe => {
                self.count += 1;
                Prepared::Subscribe(format!("guest{}", self.count))
            }
            Kind::Note => Prepared::Note,
            Kind::Leave | Kind::Ban => {
                let who = self.somebody();
                let join = self.joins(scene, &who, &self.poster.group.clone()).await;
                match kind {
                    Kind::Leave => Prepared::Leave { who, join },
                    _ => Prepared::Ban { who, join },
                }
            }
            Kind::Delete => Prepared::Delete(self.poster.posts().await),
        }
    }

    /// The thing itself; whoever does it repeats it until it is done.
    pub async fn does(&mut self, scene: &Scene, prepared: Prepared) {
        match prepared {
            Prepared::Join(who) => {
                self.joins(scene, &who, &self.yard.clone()).await;
            }
            Prepared::Accept { group, follow } => {
                accepts(&group, &self.yard, &follow).await;
                let known = of_following(scene, &group, "accepted_at is not null").await;
                assert_eq!(known, "true", "it was answered 202");
            }
            Prepared::Follow(group) => self.follows(scene, &self.yard.clone(), &group).await,
            Prepared::Create => {
                self.poster.posts().await;
            }
            Prepared::Announce => self.announces(scene).await,
            Prepared::Subscribe(user) => {
                let neighbour = &scene.neighbours[0];
                neighbour.brings(&user, &self.yard, &scene.ledger).await;
            }
            Prepared::Note => self.correspondent.posts().await,
            Prepared::Leave { who, join } => {
                let group = &self.poster.group;
                let manners = who.server().software().manners;
                let leave = who.speaks(|me| manners.leave(me, group, &join.document));
                insist(&who, &group.inbox(), &leave.to_string()).await;
            }
            Prepared::Ban { who, join } => {
                let group = &self.poster.group;
                let deed = Deed::letter("Reject", &join, group, self.inn_ear);
                scene.ledger.begins(&deed);
                let words = ["group", "ban", group.name(), &who.id()];
                scene.program.run(&words).await.ok();
                scene.ledger.accepted(&deed);
            }
            Prepared::Delete(post) => self.poster.deletes(&post).await,
        }
    }

    /// Asks to be let in, which is due an Accept.
    async fn joins(&self, scene: &Scene, who: &Actor, group: &Group) -> Said {
        let manners = who.server().software().manners;
        let join = who.would_say(who.speaks(|me| manners.join(me, group)), String::new(), false);
        let deed = Deed::letter("Accept", &join, group, self.inn_ear);
        scene.ledger.begins(&deed);
        insist(who, &group.inbox(), &join.text).await;
        scene.ledger.accepted(&deed);
        join
    }

    /// A group of ours follows one elsewhere, which is due the Follow.
    async fn follows(&self, scene: &Scene, ours: &Group, theirs: &Actor) {
        let deed = Deed {
            group: ours.id.clone(),
            activity: format!("Follow {}", theirs.id()),
            tellings: vec![(self.cats_ear, format!("{} Follow {}", ours.id, theirs.id()))],
            logged: false,
        };
        scene.ledger.begins(&deed);
        let words = ["group", "follow", ours.name(), &theirs.id()];
        scene.program.run(&words).await.ok();
        scene.ledger.accepted(&deed);
    }

    /// Somebody posts in the group elsewhere, which announces it to ours; it is due to all of our members.
    async fn announces(&self, scene: &Scene) {
        let theirs = Group { id: self.cats.id() };
        let ours = &self.poster.group;
        let manners = self.carl.server().software().manners;
        let create = self.carl.speaks(|me| manners.post(me, &theirs, "from elsewhere"));
        self.carl.server().publishes(&create["object"]);
        let post = create["object"]["id"].as_str().unwrap().to_owned();
        let said = self.carl.would_say(create, post, false);
        let announce = self.cats.speaks(|me| {
            json!({
                "id": (me.mint)("announce"), "type": "Announce", "actor": me.id, "published": me.now,
                "to": [PUBLIC], "cc": [me.followers], "object": said.document,
            })
        });
        let deed = Deed::of(&said, ours, &scene.members, &scene.neighbours);
        scene.ledger.begins(&deed);
        insist(&self.cats, &ours.inbox(), &announce.to_string()).await;
        scene.ledger.accepted(&deed);
    }

    /// Somebody new, from the server of those who come and go.
    fn somebody(&mut self) -> Actor {
        self.count += 1;
        let name = format!("guest{}", self.count);
        self.inn.server().twin(&name, &self.inn)
    }

    /// A group that nobody follows yet.
    fn some_group(&mut self) -> Actor {
        self.count += 1;
        let name = format!("cats{}", self.count);
        let group = self.cats.server().twin(&name, &self.cats);
        group.publishes(|document| document["type"] = json!("Group"));
        group
    }
}

/// A group elsewhere says yes to our Follow.
async fn accepts(theirs: &Actor, ours: &Group, follow: &str) {
    let accept = theirs.speaks(
        |me| json!({ "id": (me.mint)("answers"), "type": "Accept", "actor": me.id, "object": follow }),
    );
    insist(theirs, &ours.inbox(), &accept.to_string()).await;
}

/// The id of our Follow of a group elsewhere.
async fn follow_of(scene: &Scene, theirs: &Actor) -> String {
    let id = of_following(scene, theirs, "follow_id").await;
    format!("{}/activities/{id}", scene.program.base())
}

/// Something that we keep of a group elsewhere that we follow.
async fn of_following(scene: &Scene, theirs: &Actor, what: &str) -> String {
    let query =
        format!("select ({what})::text from following f join actor a on a.id = f.actor_id where a.iri = $1");
    let asking = sqlx::query_scalar(AssertSqlSafe(query)).bind(theirs.id());
    asking.fetch_one(&mut scene.look().await).await.unwrap()
}
