//! What waits for an admin, and what becomes of it.
//!
//! One rule: the owner of these groups is on a server of their own, and works by signed activities alone.

mod command_line;
mod decisions;
mod queue;
mod receipts;
mod removal;
mod submissions;

use folkmoot::domain::{Policies, PostPolicy, Review};
use serde_json::{Value, json};

use crate::support::peer::{Actor, Answer, Group, Said};
use crate::support::world::World;

/// A group that is reviewed, its owner elsewhere, and two members of servers that say what they hear.
struct Garden {
    world: World,
    group: Group,
    olga: Actor,
    ann: Actor,
    tom: Actor,
}

impl Garden {
    async fn new(review: Review) -> Self {
        Self::with(Policies {
            review,
            ..Policies::default()
        })
        .await
    }

    async fn with(policies: Policies) -> Self {
        let world = World::start().await;
        let olga = world.explainer().actor("olga");
        let group = world.group_of(&olga, "garden", policies).await;
        Self {
            ann: world.lemmy().actor("ann").follows(&group).await,
            tom: world.lemmy().actor("tom").follows(&group).await,
            world,
            group,
            olga,
        }
    }

    async fn all() -> Self {
        Self::new(Review::All).await
    }

    /// Makes somebody an admin.
    async fn appoints(&self, actor: &Actor) {
        let mut behind = self.world.behind().await;
        let done = sqlx::query(
            "update membership set role = 'admin' where actor_id = (select id from actor where iri = $1)",
        )
        .bind(actor.id())
        .execute(&mut behind)
        .await
        .unwrap();
        assert_eq!(done.rows_affected(), 1, "{} is a member", actor.id());
    }

    /// The entries that wait, newest first, as the owner reads them.
    async fn entries(&self) -> Vec<Value> {
        entries(&self.olga, &self.group.part("pendingActivities")).await
    }

    /// What waits, which is one thing.
    async fn entry(&self) -> Value {
        let mut entries = self.entries().await;
        assert_eq!(entries.len(), 1, "{entries:?}");
        entries.remove(0)
    }

    async fn until_held(&self, number: i64) {
        self.world
            .until("select count(*) from held where decided_at is null", number)
            .await;
    }
}

/// What a queue holds.
async fn entries(reader: &Actor, queue: &str) -> Vec<Value> {
    let page = reader.reads(&format!("{queue}?page=1")).await.is(200);
    let page: Value = serde_json::from_str(&page.body).unwrap();
    page["orderedItems"].as_array().unwrap().clone()
}

/// Accept or Reject, of this.
fn answer(who: &Actor, group: &Group, kind: &str, object: &Value) -> Value {
    who.speaks(|me| {
        json!({
            "@context": "https://www.w3.org/ns/activitystreams", "id": (me.mint)("activities"), "type": kind,
            "actor": me.id, "to": [group.id], "target": group.id, "object": object,
        })
    })
}

async fn answers(who: &Actor, group: &Group, kind: &str, object: &Value) -> Answer {
    who.sends(group, &answer(who, group, kind, object)).await
}

/// Whether a post is in what everybody may read.
async fn is_shown(world: &World, group: &Group, said: &Said) -> bool {
    let outbox = world.document(&group.part("outbox")).await;
    outbox["orderedItems"].to_string().contains(&said.post)
}

const ANYBODY: Policies = Policies {
    post: PostPolicy::Anyone,
    ..DEFAULT
};
const DEFAULT: Policies = Policies {
    join: folkmoot::domain::JoinPolicy::Open,
    post: PostPolicy::Members,
    follow: folkmoot::domain::FollowMeans::Joins,
    visibility: folkmoot::domain::Visibility::Public,
    members_list: folkmoot::domain::ListPolicy::Public,
    invite: folkmoot::domain::InvitePolicy::Members,
    info: folkmoot::domain::InfoPolicy::Owner,
    review: Review::None,
    review_count: 1,
    admins_appoint: false,
    vote: folkmoot::domain::VotePolicy::Anyone,
};
