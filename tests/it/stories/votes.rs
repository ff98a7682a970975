//! Whose votes count.

use folkmoot::domain::{Policies, VotePolicy};

use crate::support::world::World;

/// Where votes are for members, a stranger's is refused in words; what they vote on is not touched by it.
#[tokio::test]
async fn votes_count_by_policy() {
    let world = World::start().await;
    let [ann, bob, stranger] = ["ann", "bob", "stranger"].map(|name| world.lemmy().actor(name));
    for (vote, counts) in [(VotePolicy::Anyone, 2), (VotePolicy::Members, 1)] {
        let policies = Policies {
            vote,
            ..Policies::default()
        };
        let group = world.group_with(vote.word(), policies).await;
        for member in [&ann, &bob] {
            let asked = member.asks(&group).await;
            member.is_accepted(&asked).await;
        }
        let post = ann.post(&group, "hello").await;
        bob.likes(&group, &post).await;
        let like = stranger.speaks(|me| stranger.server().software().manners.like(me, &group, &post));
        let answer = stranger.sends(&group, &like).await;
        if vote == VotePolicy::Members {
            let problem = answer.problem(403);
            let code = problem["type"].as_str().unwrap();
            assert!(code.ends_with("#votes-are-for-members"), "{problem}");
        } else {
            answer.is(202);
        }
        let votes = "select count(*) from vote v join post_group g on g.post_id = v.post_id
                     where g.group_id = (select max(id) from \"group\")";
        assert_eq!(world.count(votes).await, counts);
    }
    world.end().await;
}
