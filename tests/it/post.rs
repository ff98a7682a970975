//! What a member says, and how it reaches every other member.

use folkmoot::domain::{Policies, PostPolicy};
use serde_json::json;

use crate::support::peer::{Actor, Group, Said};
use crate::support::world::World;

/// One member on a server of each kind, and one who writes.
struct Members {
    ann: Actor,
    threadiverse: Actor,
    microblog: Actor,
    explainer: Actor,
}

async fn members(world: &World, group: &Group, writes_with: &str) -> Members {
    Members {
        ann: world.server(writes_with).actor("ann").follows(group).await,
        threadiverse: world.lemmy().actor("tom").follows(group).await,
        microblog: world.mastodon().actor("mia").follows(group).await,
        explainer: world.explainer().actor("xia").follows(group).await,
    }
}

impl Members {
    /// Everybody but microblogs, which hear of threads only, and of an edit of one that proves whose it is.
    async fn hear_of_the_activity(&self, world: &World, said: &Said) {
        self.threadiverse.hears_of([said]).once().await;
        self.explainer.hears_of([said]).once().await;
        world.settles().await;
        let about = |heard: &&crate::support::peer::Heard| heard.text.contains(said.id());
        let heard = self.microblog.heard();
        let heard = heard.iter().find(about).map(|heard| &heard.text);
        let hears = self.microblog.server().software().manners.hears(said);
        assert_eq!(heard, hears.map(|_| &said.text));
    }
}

/// The core of the product: one post, three shapes, the author's own bytes inside.
#[tokio::test]
async fn a_post_reaches_every_member_in_the_shape_that_they_understand() {
    for software in ["lemmy", "mbin", "mastodon", "misskey", "onepage.pub"] {
        let world = World::start().await;
        let group = world.group("garden").await;
        let all = members(&world, &group, software).await;
        let posts = all
            .ann
            .posts(&group, ["one <&> \"two\"", "zwei \u{1f331}", "three"])
            .await;
        all.threadiverse.hears_of(&posts).once().in_order().await;
        all.microblog.hears_of(&posts).once().in_order().await;
        all.explainer.hears_of(&posts).once().in_order().await;
        world.end().await;
    }
}

/// What an Announce must carry for everybody, and that its id dereferences to the same document.
#[tokio::test]
async fn an_announcement_is_addressed_and_dereferences() {
    let world = World::start().await;
    let group = world.group("garden").await;
    let all = members(&world, &group, "lemmy").await;
    let post = all.ann.post(&group, "one").await;
    let mut ids = Vec::new();
    for member in [&all.threadiverse, &all.microblog, &all.explainer] {
        let announce = member.hears_of([&post]).once().await.remove(0);
        let document = &announce.document;
        assert_eq!(document["actor"], group.id);
        assert_eq!(document["audience"], group.id);
        assert!(
            document["cc"]
                .as_array()
                .unwrap()
                .contains(&json!(group.part("followers"))),
            "{document}"
        );
        assert!(
            document["cc"].as_array().unwrap().contains(&json!(all.ann.id())),
            "{document}"
        );
        assert_eq!(announce.key_id, Some(format!("{}#main-key", group.id)));
        assert_eq!(world.document(announce.id()).await, *document);
        ids.push(announce.id().to_owned());
    }
    ids.dedup();
    assert_eq!(ids.len(), 3, "each shape has an id of its own");
    world.end().await;
}

/// Lemmy has its own people's posts already; a second copy would be an error to it.
#[tokio::test]
async fn the_authors_own_threadiverse_server_gets_no_echo() {
    let world = World::start().await;
    let group = world.group("garden").await;
    let lemmy = world.lemmy();
    let ann = lemmy.actor("ann").follows(&group).await;
    let amy = lemmy.actor("amy").follows(&group).await;
    let bob = world.lemmy().actor("bob").follows(&group).await;
    let post = ann.post(&group, "one").await;
    bob.hears_of([&post]).once().await;
    world.settles().await;
    amy.hears_of([&post]).nothing();
    world.end().await;
}

/// Many members behind one shared inbox are one delivery; without one, each gets its own.
#[tokio::test]
async fn a_shared_inbox_gets_one_copy() {
    let world = World::start().await;
    let group = world.group("garden").await;
    let ann = world.lemmy().actor("ann").follows(&group).await;
    let (mastodon, gotosocial) = (world.mastodon(), world.server("gotosocial"));
    for name in ["a", "b", "c"] {
        mastodon.actor(name).follows(&group).await;
        gotosocial.actor(name).follows(&group).await;
    }
    let post = ann.post(&group, "one").await;
    mastodon.actor("a").hears_of([&post]).once().await;
    for name in ["a", "b", "c"] {
        gotosocial.actor(name).hears_of([&post]).once().await;
    }
    world.settles().await;
    let boosts = |heard: &crate::support::peer::Heard| heard.kind() == "Announce";
    assert_eq!(mastodon.heard().into_iter().filter(boosts).count(), 1);
    assert_eq!(gotosocial.heard().into_iter().filter(boosts).count(), 3);
    world.end().await;
}

/// Comments, edits and votes go to whom they mean something; a microblog would boost every one of them.
#[tokio::test]
async fn the_life_of_a_thread_reaches_those_who_understand_it() {
    for software in ["lemmy", "mbin", "mastodon", "onepage.pub"] {
        let world = World::start().await;
        let group = world.group("garden").await;
        let all = members(&world, &group, software).await;
        let post = all.ann.post(&group, "one").await;
        all.microblog.hears_of([&post]).once().await;
        let reply = all.ann.replies(&group, &post, "two").await;
        all.hear_of_the_activity(&world, &reply).await;
        for (said, edited) in [(&post, "1"), (&reply, "2")] {
            let edit = all.ann.edits(&group, said, edited).await;
            all.hear_of_the_activity(&world, &edit).await;
        }
        let like = all.ann.likes(&group, &reply).await;
        all.hear_of_the_activity(&world, &like).await;
        let unlike = all.ann.undoes(&group, &like).await;
        all.hear_of_the_activity(&world, &unlike).await;
        let gone = all.ann.deletes(&group, &reply).await;
        all.hear_of_the_activity(&world, &gone).await;
        world.end().await;
    }
}

/// Votes name no group on most microblogs: the stored post says which.
#[tokio::test]
async fn votes_count_once_and_are_told() {
    let world = World::start().await;
    let group = world.group("garden").await;
    let all = members(&world, &group, "lemmy").await;
    let post = all.ann.post(&group, "one").await;
    let like = all.microblog.likes(&group, &post).await;
    let dislike = all.threadiverse.dislikes(&group, &post).await;
    all.explainer.hears_of([&like, &dislike]).once().in_order().await;
    let again = all.microblog.likes(&group, &post).await;
    world.settles().await;
    all.explainer.hears_of([&again]).nothing();
    assert_eq!(world.count("select count(*) from vote").await, 2);
    world.end().await;
}

/// A boost is taken back by the Undo of that very boost; the others see the author's own Delete.
#[tokio::test]
async fn what_is_deleted_is_taken_back_everywhere() {
    for software in ["lemmy", "mastodon", "onepage.pub"] {
        let world = World::start().await;
        let group = world.group("garden").await;
        let all = members(&world, &group, software).await;
        let post = all.ann.post(&group, "one").await;
        let boost = all.microblog.hears_of([&post]).once().await.remove(0);
        let delete = all.ann.deletes(&group, &post).await;
        all.threadiverse.hears_of([&delete]).once().await;
        all.explainer.hears_of([&delete]).once().await;
        let undo = all.microblog.hears_of([&delete]).once().await.remove(0);
        assert_eq!(undo.document["object"]["id"], boost.document["id"]);
        let again = all.ann.deletes(&group, &post).await;
        world.settles().await;
        let told = all
            .explainer
            .heard()
            .iter()
            .filter(|heard| heard.object_id() == again.id())
            .count();
        assert!(told <= 1, "a second Delete is not told");
        world.end().await;
    }
}

/// Each policy lets post whom it names; the refusal is a problem document that says which rule it was.
#[tokio::test]
async fn who_may_not_post_is_told_why() {
    let world = World::start().await;
    let owner = world.lemmy().actor("owner");
    let stranger = world.lemmy().actor("stranger");
    for (policy, name, code) in [
        (PostPolicy::Members, "members", "not-a-member"),
        (PostPolicy::Followers, "followers", "not-a-follower"),
        (PostPolicy::Admins, "admins", "not-an-admin"),
    ] {
        let policies = Policies {
            post: policy,
            ..Policies::default()
        };
        let group = world.group_of(&owner, name, policies).await;
        let post = stranger.speaks(|me| stranger.server().software().manners.post(me, &group, "hello"));
        let problem = stranger.sends(&group, &post).await.problem(403);
        assert!(
            problem["type"].as_str().unwrap().ends_with(&format!("#{code}")),
            "{problem}"
        );
        assert_eq!(world.document(&group.part("outbox")).await["totalItems"], 0);
    }
    let policies = Policies {
        post: PostPolicy::Anyone,
        ..Policies::default()
    };
    let group = world.group_of(&owner, "anyone", policies).await;
    stranger.post(&group, "hello").await;
    world.end().await;
}

/// Where only admins start threads, members comment.
#[tokio::test]
async fn members_comment_where_admins_post() {
    let world = World::start().await;
    let owner = world.lemmy().actor("owner");
    let policies = Policies {
        post: PostPolicy::Admins,
        ..Policies::default()
    };
    let group = world.group_of(&owner, "news", policies).await;
    let ann = world.lemmy().actor("ann").follows(&group).await;
    let post = owner.post(&group, "news").await;
    let reply = ann.replies(&group, &post, "oh").await;
    world.explainer().actor("late").follows(&group).await;
    assert_eq!(world.document(&group.part("outbox")).await["totalItems"], 2);
    assert!(reply.is_comment);
    world.end().await;
}

/// Nobody changes, deletes or un-likes what another did.
#[tokio::test]
async fn what_is_somebody_elses_stays_as_it_is() {
    let world = World::start().await;
    let group = world.group("garden").await;
    let lemmy = world.lemmy();
    let ann = lemmy.actor("ann").follows(&group).await;
    let mallory = lemmy.actor("mallory").follows(&group).await;
    let post = ann.post(&group, "one").await;
    let manners = lemmy.software().manners;
    let mut forged = post.clone();
    forged.document["object"]["attributedTo"] = json!(mallory.id());
    for document in [
        mallory.speaks(|me| manners.edit(me, &group, &post, "mine")),
        mallory.speaks(|me| manners.edit(me, &group, &forged, "mine")),
        mallory.speaks(|me| manners.delete(me, &group, &post)),
        mallory.speaks(|me| manners.undo(me, &group, &post.document)),
    ] {
        mallory.sends(&group, &document).await.problem(403);
    }
    assert_eq!(world.document(&group.part("outbox")).await["totalItems"], 1);
    world.end().await;
}

/// A reply belongs to its parent's group; one to nothing here is refused.
#[tokio::test]
async fn a_reply_belongs_to_its_parents_group() {
    let world = World::start().await;
    let (garden, kitchen) = (world.group("garden").await, world.group("kitchen").await);
    let ann = world
        .mastodon()
        .actor("ann")
        .follows(&garden)
        .await
        .follows(&kitchen)
        .await;
    let bob = world.lemmy().actor("bob").follows(&garden).await;
    let post = ann.post(&garden, "one").await;
    bob.replies(&garden, &post, "two").await;
    world.settles().await;
    assert_eq!(world.document(&garden.part("outbox")).await["totalItems"], 2);
    assert_eq!(world.document(&kitchen.part("outbox")).await["totalItems"], 0);
    let elsewhere = ann.would_say(
        json!({ "id": ann.server().mint("x"), "actor": ann.id() }),
        ann.server().mint("notes"),
        false,
    );
    let reply = bob.replies(&garden, &elsewhere, "two").await;
    bob.is_rejected(&reply).await;
    world.end().await;
}

/// One post, two groups: each decides for itself, and it is one post in both.
#[tokio::test]
async fn a_crosspost_is_one_post_in_two_groups() {
    let world = World::start().await;
    let (garden, kitchen) = (world.group("garden").await, world.group("kitchen").await);
    let ann = world
        .mastodon()
        .actor("ann")
        .follows(&garden)
        .await
        .follows(&kitchen)
        .await;
    let [bob, cleo] = ["bob", "cleo"].map(|name| world.mastodon().actor(name));
    let (bob, cleo) = (bob.follows(&garden).await, cleo.follows(&kitchen).await);
    let mut create = ann.speaks(|me| ann.server().software().manners.post(me, &garden, "both"));
    for place in [&mut create, &mut json!({})] {
        place["cc"] = json!([garden.id, kitchen.id]);
    }
    create["object"]["cc"] = json!([garden.id, kitchen.id]);
    create["object"]["tag"] = json!([]);
    ann.server().publishes(&create["object"]);
    let post = create["object"]["id"].as_str().unwrap().to_owned();
    let said = ann.would_say(create, post, false);
    ann.sends_to(&format!("{}/inbox", world.base()), &said.text)
        .await
        .is(202);
    bob.hears_of([&said]).once().await;
    cleo.hears_of([&said]).once().await;
    assert_eq!(world.count("select count(*) from post").await, 1);
    world.end().await;
}

/// A thread given by its id alone is fetched from its author's server.
#[tokio::test]
async fn a_post_may_be_given_by_its_id() {
    let world = World::start().await;
    let group = world.group("garden").await;
    let ann = world.mastodon().actor("ann").follows(&group).await;
    let bob = world.explainer().actor("bob").follows(&group).await;
    let mut create = ann.speaks(|me| ann.server().software().manners.post(me, &group, "by id"));
    ann.server().publishes(&create["object"]);
    let post = create["object"]["id"].as_str().unwrap().to_owned();
    create["object"] = json!(post);
    let said = ann.would_say(create, post, false);
    ann.sends_to(&group.inbox(), &said.text).await.is(202);
    bob.hears_of([&said]).once().await;
    world.end().await;
}
