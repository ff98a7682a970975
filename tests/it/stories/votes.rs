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

/// Lemmy's Undo of a Dislike may carry a Like (dialects 6.7): whichever there is is taken back, and the Undo passed on as it came.
#[tokio::test]
async fn an_undo_takes_back_whichever_vote_there_is() {
    let world = World::start().await;
    let group = world.group("garden").await;
    let ann = world.lemmy().actor("ann").follows(&group).await;
    let bob = world.lemmy().actor("bob").follows(&group).await;
    let post = ann.post(&group, "hello").await;
    let manners = bob.server().software().manners;
    for cast in ["dislike", "like"] {
        let (like, dislike) = (
            bob.speaks(|me| manners.like(me, &group, &post)),
            bob.speaks(|me| manners.dislike(me, &group, &post).unwrap()),
        );
        let (voted, undone) = match cast {
            "like" => (like, dislike),
            _ => (dislike, like),
        };
        bob.sends(&group, &voted).await.is(202);
        world.until("select count(*) from vote", 1).await;
        let undo = bob.speaks(|me| manners.undo(me, &group, &undone));
        let undo = bob.would_say(undo, post.post.clone(), false);
        bob.sends_to(&group.inbox(), &undo.text).await.is(202);
        ann.hears_of([&undo]).once().await;
        assert_eq!(world.count("select count(*) from vote").await, 0, "{cast}");
    }
    world.end().await;
}
