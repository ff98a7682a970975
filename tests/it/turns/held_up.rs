//! What is certainly decided together: it waits for a group that somebody else has.

use super::{InTheWay, at_once, create, like, members, sending, statuses, the_logs_are_whole};
use crate::support::world::World;

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

/// Connections that the database has ended while they were idle are replaced, and nobody hears of it.
#[tokio::test]
async fn a_lost_connection_is_replaced() {
    let world = World::start().await;
    let group = world.group("garden").await;
    let members = members(&world, &group, 2).await;
    let posts = members[0].posts(&group, ["one", "two", "three"]).await;
    for post in &posts {
        let ended = "select count(pg_terminate_backend(pid)) from pg_stat_activity
                     where datname = current_database() and pid <> pg_backend_pid() and state = 'idle'
                       and query in ('COMMIT', 'ROLLBACK')";
        assert!(world.count(ended).await >= 1);
        let likes: Vec<_> = members
            .iter()
            .map(|member| (member, like(member, post)))
            .collect();
        for answer in at_once(&world, &likes).await {
            answer.is(202);
        }
    }
    assert_eq!(world.count("select count(*) from vote").await, 6);
    world.end().await;
}
