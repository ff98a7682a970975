//! Many at once: what waits for the same turn is decided together, and each as if it had come by itself.

mod held_up;
mod places;
mod signers;
mod together;

use std::time::Duration;

use futures_util::future::join_all;
use serde_json::{Value, json};
use sqlx::{Connection, PgConnection};

use crate::support::peer::{Actor, Answer, Group, Said};
use crate::support::world::World;

const PUBLIC: &str = "https://www.w3.org/ns/activitystreams#Public";

/// Members of a group, on two servers.
async fn members(world: &World, group: &Group, count: usize) -> Vec<Actor> {
    let servers = [world.lemmy(), world.lemmy()];
    let names = (0..count).map(|number| format!("member{number}"));
    let joining = names.zip(servers.iter().cycle()).map(|(name, server)| {
        let member = server.actor(&name);
        member.follows(group)
    });
    join_all(joining).await
}

fn activity(actor: &Actor, kind: &str, object: &Value) -> String {
    let document = actor.speaks(|me| {
        json!({"id": (me.mint)("activity"), "type": kind, "actor": me.id, "object": object, "to": [PUBLIC]})
    });
    document.to_string()
}

fn like(actor: &Actor, post: &Said) -> String {
    activity(actor, "Like", &json!(post.post))
}

/// A Create for these groups, and the id of its post.
fn create(actor: &Actor, groups: &[&Group], parent: Option<&str>) -> (String, String) {
    let cc: Vec<&str> = groups.iter().map(|group| group.id.as_str()).collect();
    let document = actor.speaks(|me| {
        json!({"id": (me.mint)("activity"), "type": "Create", "actor": me.id, "to": [PUBLIC], "cc": cc, "object": {
            "id": (me.mint)("post"), "type": "Note", "attributedTo": me.id, "content": "one", "inReplyTo": parent,
            "to": [PUBLIC], "cc": cc}})
    });
    let post = document["object"]["id"].as_str().unwrap().to_owned();
    (document.to_string(), post)
}

/// Sends all at once to the shared inbox.
async fn at_once(world: &World, all: &[(&Actor, String)]) -> Vec<Answer> {
    let inbox = format!("{}/inbox", world.base());
    join_all(all.iter().map(|(actor, body)| actor.sends_to(&inbox, body))).await
}

/// Everybody's request of the server, begun and not answered yet.
fn sending(world: &World, all: Vec<(Actor, String)>) -> Vec<tokio::task::JoinHandle<Answer>> {
    let inbox = format!("{}/inbox", world.base());
    let one = |(actor, body): (Actor, String)| {
        let inbox = inbox.clone();
        tokio::spawn(async move { actor.sends_to(&inbox, &body).await })
    };
    all.into_iter().map(one).collect()
}

async fn statuses(sent: Vec<tokio::task::JoinHandle<Answer>>) -> Vec<u16> {
    join_all(sent)
        .await
        .into_iter()
        .map(|answer| answer.unwrap().status)
        .collect()
}

/// Somebody behind the door who has a group's turn, until they commit.
struct InTheWay {
    connection: PgConnection,
    group: String,
}

impl InTheWay {
    async fn of(world: &World, group: &str) -> Self {
        let mut this = Self {
            connection: world.behind().await,
            group: group.to_owned(),
        };
        sqlx::raw_sql("begin")
            .execute(&mut this.connection)
            .await
            .unwrap();
        this.changes("update group_seq set touched = touched + 1 from \"group\" g where g.id = group_id and g.name = $1")
            .await;
        this
    }

    async fn changes(&mut self, statement: &'static str) {
        let done = sqlx::query(statement)
            .bind(&self.group)
            .execute(&mut self.connection);
        assert_eq!(done.await.unwrap().rows_affected(), 1, "{statement}");
    }

    /// Waits until somebody waits for it.
    async fn is_waited_for(&mut self) {
        let waits = "select exists(select from pg_locks l
                     where not l.granted and pg_backend_pid() = any(pg_blocking_pids(l.pid)))";
        for _ in 0..1_000 {
            let waits = sqlx::query_scalar(waits).fetch_one(&mut self.connection);
            if waits.await.unwrap() {
                return;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("nobody waits");
    }

    async fn bans(&mut self, actor: &Actor) {
        let ban = "update membership set member = false, follower = false, state = 'banned', destination_id = null
                   from actor a, \"group\" g where a.id = actor_id and a.iri = $2 and g.id = group_id and g.name = $1";
        let ban = sqlx::query(ban).bind(&self.group).bind(actor.id());
        ban.execute(&mut self.connection).await.unwrap();
    }

    async fn goes(mut self) {
        sqlx::raw_sql("commit")
            .execute(&mut self.connection)
            .await
            .unwrap();
        self.connection.close().await.unwrap();
    }
}

/// No place in a log is missing, and each announcement is of something that was kept.
async fn the_logs_are_whole(world: &World) {
    for broken in [
        "select count(*) from group_seq q where q.seq <> (select count(*) from entry e where e.group_id = q.group_id)
            or q.seq <> (select coalesce(max(seq), 0) from entry e where e.group_id = q.group_id)",
        "select count(*) from entry e where not exists (select from activity v where v.id = e.activity_id)",
        "select count(*) from post p where not exists (select from post_group pg where pg.post_id = p.id)",
        "select count(*) from vote v where v.kind <> 'share'
            and not exists (select from activity a where a.post_id = v.post_id and a.actor_id = v.actor_id)",
    ] {
        assert_eq!(world.count(broken).await, 0, "{broken}");
    }
}
