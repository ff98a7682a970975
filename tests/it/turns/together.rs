//! A crowd, decided in whatever batches it happens to fall into.

use serde_json::json;

use super::PUBLIC;
use super::{activity, at_once, create, like, members, the_logs_are_whole};
use crate::support::world::World;

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
