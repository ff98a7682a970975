//! What is remembered of those who sign.

use folkmoot::clock::Clock;
use folkmoot::store::{Origin, Store};

use super::{create, like};
use crate::support::forge::Forgery;
use crate::support::world::World;

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
