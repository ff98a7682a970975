//! Many at once: what waits for the same turn is decided together, and each as if it had come by itself.

use std::time::Duration;

use folkmoot::clock::Clock;
use folkmoot::store::{Origin, Store};
use futures_util::future::join_all;
use serde_json::{Value, json};
use sqlx::{Connection, PgConnection};

use crate::support::forge::Forgery;
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

/// Posts, votes and repeats of them, all in flight together: each is taken once.
#[tokio::test]
async fn a_crowd_is_decided_as_if_one_by_one() {
    let world = World::start().await;
    let group = world.group("garden").await;
    let members = members(&world, &group, 6).await;
    let posts = members[0].posts(&group, ["one", "two", "three"]).await;
    let mut all = vec![];
    for member in &members {
        for post in &posts {
            let body = like(member, post);
            // Again under the same id, as after a lost answer, and again under another.
            all.extend([
                (member, body.clone()),
                (member, body),
                (member, like(member, post)),
            ]);
        }
        all.push((member, create(member, &[&group], None).0));
        all.push((member, create(member, &[&group], Some(&posts[0].post)).0));
    }
    for answer in at_once(&world, &all).await {
        answer.is(202);
    }
    assert_eq!(world.count("select count(*) from vote").await, 18);
    assert_eq!(
        world
            .count("select count(*) from activity where kind = 'voted'")
            .await,
        18
    );
    assert_eq!(world.count("select count(*) from post").await, 3 + 12);
    the_logs_are_whole(&world).await;
    world.end().await;
}

/// A Create, a reply to it, a vote on it, an edit and its Delete, in whatever order they are decided.
#[tokio::test]
async fn what_depends_on_each_other_is_decided_one_after_the_other() {
    let world = World::start().await;
    let group = world.group("garden").await;
    let members = members(&world, &group, 2).await;
    let (ann, bob) = (&members[0], &members[1]);
    for _ in 0..8 {
        let (post, id) = create(ann, &[&group], None);
        let (reply, _) = create(bob, &[&group], Some(&id));
        let edit =
            json!({"id": id, "type": "Note", "attributedTo": ann.id(), "content": "new", "to": [PUBLIC]});
        let all = [
            (ann, post),
            (bob, reply),
            (bob, activity(bob, "Like", &json!(id))),
            (ann, activity(ann, "Update", &edit)),
            (ann, activity(ann, "Delete", &json!(id))),
        ];
        let answers = at_once(&world, &all).await;
        for (number, answer) in answers.into_iter().enumerate() {
            // A reply to what is not there, or gone, has no place.
            assert!(
                answer.status == 202 || (number == 1 && answer.status == 403),
                "{answer:?}"
            );
        }
    }
    let left = "select count(*) from post where parent_id is null and deleted_at is null";
    assert_eq!(world.count(left).await, 0);
    let after_the_end = "select count(*) from activity a join entry ae on ae.activity_id = a.id
        join activity d on d.post_id = a.post_id and d.kind = 'deleted' join entry de on de.activity_id = d.id
        where ae.seq > de.seq";
    assert_eq!(world.count(after_the_end).await, 0);
    the_logs_are_whole(&world).await;
    world.end().await;
}

/// A ban that is committed while a batch waits for the group holds for all of the batch, and for nobody else.
#[tokio::test]
async fn a_ban_holds_for_whoever_waits_already() {
    let world = World::start().await;
    let group = world.group("garden").await;
    let members = members(&world, &group, 4).await;
    let posts = members[0].posts(&group, ["one", "two"]).await;
    let mut in_the_way = InTheWay::of(&world, "garden").await;
    let mut all = vec![];
    for member in &members {
        all.push((member.clone(), like(member, &posts[0])));
        all.push((member.clone(), create(member, &[&group], None).0));
    }
    let sent = sending(&world, all);
    in_the_way.is_waited_for().await;
    in_the_way.bans(&members[2]).await;
    in_the_way.goes().await;
    assert_eq!(statuses(sent).await, [202, 202, 202, 202, 403, 403, 202, 202]);
    assert_eq!(world.count("select count(*) from vote").await, 3);
    the_logs_are_whole(&world).await;
    world.end().await;
}

/// Who hangs up takes nobody along, and leaves nothing half done.
#[tokio::test]
async fn whoever_hangs_up_holds_up_nobody() {
    let world = World::start().await;
    let group = world.group("garden").await;
    let members = members(&world, &group, 5).await;
    let posts = members[0].posts(&group, ["one"]).await;
    let mut in_the_way = InTheWay::of(&world, "garden").await;
    let first = sending(&world, vec![(members[0].clone(), like(&members[0], &posts[0]))]);
    in_the_way.is_waited_for().await;
    let rest = members[1..]
        .iter()
        .map(|member| (member.clone(), like(member, &posts[0])));
    let mut rest = sending(&world, rest.collect());
    first[0].abort();
    rest.swap_remove(1).abort();
    // Behind those: it is answered once they are through.
    in_the_way.goes().await;
    assert_eq!(statuses(rest).await, [202, 202, 202]);
    // The first was being decided when it hung up; the other may have been seen to be gone, or not.
    let votes = world.count("select count(*) from vote").await;
    assert!((4..=5).contains(&votes), "{votes}");
    assert_eq!(
        world
            .count("select count(*) from activity where kind = 'voted'")
            .await,
        votes
    );
    assert_eq!(world.count("select seq from group_seq").await, 1 + votes);
    the_logs_are_whole(&world).await;
    world.end().await;
}

/// A stranger among members is refused, and the others are not; the refusal leaves nothing behind.
#[tokio::test]
async fn a_refusal_is_one_s_own() {
    let world = World::start().await;
    let group = world.group("garden").await;
    let members = members(&world, &group, 3).await;
    let stranger = world.lemmy().actor("stranger");
    // Known, so that nothing has to be fetched in between.
    let (too_early, _) = create(&stranger, &[&group], None);
    stranger
        .sends(&group, &serde_json::from_str(&too_early).unwrap())
        .await
        .is(403);
    let mut in_the_way = InTheWay::of(&world, "garden").await;
    let mut all: Vec<_> = members
        .iter()
        .map(|member| (member.clone(), create(member, &[&group], None).0))
        .collect();
    all.insert(1, (stranger.clone(), too_early.clone()));
    let sent = sending(&world, all);
    in_the_way.is_waited_for().await;
    in_the_way.goes().await;
    assert_eq!(statuses(sent).await, [202, 403, 202, 202]);
    assert_eq!(world.count("select count(*) from post").await, 3);
    let stranger = stranger.follows(&group).await;
    stranger
        .sends(&group, &serde_json::from_str(&too_early).unwrap())
        .await
        .is(202);
    assert_eq!(world.count("select count(*) from post").await, 4);
    the_logs_are_whole(&world).await;
    world.end().await;
}

/// Crossposts, and votes on them, beside what is for one group only.
#[tokio::test]
async fn batches_of_several_groups_keep_every_log() {
    let world = World::start().await;
    let (garden, wood) = (world.group("garden").await, world.group("wood").await);
    let both = members(&world, &garden, 3).await;
    for member in &both {
        member.clone().follows(&wood).await;
    }
    let outsider = members(&world, &garden, 1).await.remove(0);
    let crosspost = create(&both[0], &[&garden, &wood], None);
    at_once(&world, &[(&both[0], crosspost.0)])
        .await
        .remove(0)
        .is(202);
    let mut all = vec![];
    for member in &both {
        all.push((member, activity(member, "Like", &json!(crosspost.1))));
        all.push((member, create(member, &[&garden], None).0));
        all.push((member, create(member, &[&wood], None).0));
        all.push((member, create(member, &[&garden, &wood], None).0));
        all.push((member, create(member, &[&wood], Some(&crosspost.1)).0));
    }
    all.push((&outsider, create(&outsider, &[&garden, &wood], None).0));
    for answer in at_once(&world, &all).await {
        answer.is(202);
    }
    let told = "select count(*) from activity where kind = 'voted'";
    assert_eq!(world.count(told).await, 6, "in both groups");
    // What is for both, the crosspost and its replies too, what is for one, and what the outsider could say in one only.
    let in_group = [
        (
            "select seq from group_seq q join \"group\" g on g.id = q.group_id where g.name = 'garden'",
            1 + 3 * 4 + 1,
        ),
        (
            "select seq from group_seq q join \"group\" g on g.id = q.group_id where g.name = 'wood'",
            1 + 3 * 4,
        ),
    ];
    for (seq, entries) in in_group {
        assert_eq!(world.count(seq).await, entries, "{seq}");
    }
    let rejected = "select count(*) from letter where kind = 'Reject'";
    assert_eq!(world.count(rejected).await, 1, "the wood says no to the outsider");
    the_logs_are_whole(&world).await;
    world.end().await;
}

/// Who waits for one group of two gets both, also if somebody said something there meanwhile.
#[tokio::test]
async fn a_crosspost_waits_for_all_of_its_groups() {
    let world = World::start().await;
    let (garden, wood) = (world.group("garden").await, world.group("wood").await);
    let ann = world
        .lemmy()
        .actor("ann")
        .follows(&garden)
        .await
        .follows(&wood)
        .await;
    for held_up in ["garden", "wood"] {
        let mut in_the_way = InTheWay::of(&world, held_up).await;
        let sent = sending(
            &world,
            vec![(ann.clone(), create(&ann, &[&garden, &wood], None).0)],
        );
        in_the_way.is_waited_for().await;
        in_the_way.goes().await;
        assert_eq!(statuses(sent).await, [202]);
    }
    assert_eq!(world.count("select count(*) from post").await, 2);
    assert_eq!(world.count("select count(*) from post_group").await, 4);
    world.end().await;
}

/// One group that is held up holds up no other.
#[tokio::test]
async fn a_group_that_is_held_up_holds_up_no_other() {
    let world = World::start().await;
    let (garden, wood) = (world.group("garden").await, world.group("wood").await);
    let members = members(&world, &garden, 3).await;
    for member in &members {
        member.clone().follows(&wood).await;
    }
    let (here, there) = (
        members[0].post(&garden, "one").await,
        members[0].post(&wood, "two").await,
    );
    let mut in_the_way = InTheWay::of(&world, "garden").await;
    let waits = members.iter().map(|member| (member.clone(), like(member, &here)));
    let waits = sending(&world, waits.collect());
    in_the_way.is_waited_for().await;
    let goes: Vec<_> = members
        .iter()
        .map(|member| (member, like(member, &there)))
        .collect();
    for answer in at_once(&world, &goes).await {
        answer.is(202);
    }
    assert!(waits.iter().all(|waits| !waits.is_finished()));
    in_the_way.goes().await;
    assert_eq!(statuses(waits).await, [202, 202, 202]);
    the_logs_are_whole(&world).await;
    world.end().await;
}

/// Another process on the same database.
async fn neighbour(world: &World) -> Store {
    Store::connect(&Origin::Url(&world.database_url()), 2, Clock::system())
        .await
        .unwrap()
}

/// What this process remembers of a signer is not believed once another process knows better.
#[tokio::test]
async fn what_is_remembered_of_a_signer_is_looked_up_again() {
    let world = World::start().await;
    let group = world.group("garden").await;
    let ann = world.lemmy().actor("ann").follows(&group).await;
    let bob = world.lemmy().actor("bob").follows(&group).await;
    let posts = ann.posts(&group, ["one", "two"]).await;
    let remembered = format!("{}/inbox", world.base());
    bob.sends_to(&remembered, &like(&bob, &posts[0])).await.is(202);
    let neighbour = neighbour(&world).await;
    neighbour.block_host(bob.server().authority()).await.unwrap();
    let refused = bob
        .sends_to(&remembered, &like(&bob, &posts[1]))
        .await
        .problem(403);
    assert!(
        refused["type"].as_str().unwrap().ends_with("#blocked"),
        "{refused}"
    );
    neighbour.unblock_host(bob.server().authority()).await.unwrap();
    bob.sends_to(&remembered, &like(&bob, &posts[1])).await.is(202);
    // The key was changed, and the other process has heard of it: the old one counts no more.
    let old = bob.key();
    bob.rotates_key();
    let mut behind = world.behind().await;
    let read_again = "with read as (update actor set fetched_at = fetched_at + interval '1 minute' where iri = $1 returning id)
                      update actor_key k set pem = $2 from read where k.actor_id = read.id";
    sqlx::query(read_again)
        .bind(bob.id())
        .bind(bob.key().public().to_pem())
        .execute(&mut behind)
        .await
        .unwrap();
    let late = create(&bob, &[&group], None).0;
    let stale = Forgery::new(&bob, &remembered, &late).with(|forgery| forgery.key = old);
    stale.send().await.problem(401);
    bob.sends_to(&remembered, &late).await.is(202);
    neighbour.close().await;
    world.end().await;
}
