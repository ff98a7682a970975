//! Groups that follow groups, in rings, and one that says back whatever it hears.
//!
//! One rule: deliveries are members times activities, once each, and then there is silence.

use folkmoot::domain::Iri;
use futures_util::future::join_all;
use serde_json::{Value, json};

use crate::counts::Counts;
use crate::ledger::Deed;
use crate::run::Run;
use crate::square::Square;
use crate::support::peer::{Actor, Group};

const PUBLIC: &str = "https://www.w3.org/ns/activitystreams#Public";
const ACCEPTED: &str = "select count(*) from following where accepted_at is not null";
const MEMBERS: &[&str] = &["lemmy", "mastodon", "onepage.pub"];

/// Two servers whose groups follow each other; then three in a ring, each of which also follows the one behind it.
pub async fn a_ring_of_groups_tells_everybody_once(run: Run) -> Counts {
    let posts = run.share(100, 8);
    let mut counts = ring(2, posts).await;
    counts = counts.and(ring(3, posts).await);
    counts.cycles = 2;
    counts
}

async fn ring(servers: usize, posts: usize) -> Counts {
    let squares = join_all((0..servers).map(|_| Square::open(&[], MEMBERS))).await;
    for (number, square) in squares.iter().enumerate() {
        for other in neighbours(number, servers) {
            let iri = Iri::object(&squares[other].group.id).unwrap();
            square.world.house().engine.follow("garden", &iri).await.unwrap();
        }
    }
    for (number, square) in squares.iter().enumerate() {
        let followed = i64::try_from(neighbours(number, servers).len()).unwrap();
        square.world.until(ACCEPTED, followed).await;
    }
    for number in 0..posts {
        let at = &squares[number % servers];
        let author = &at.members[number % at.members.len()];
        let said = author.post(&at.group, "round and round").await;
        for square in &squares {
            square.ledger.accepted(&Deed::of(
                &said,
                &square.group,
                &square.members,
                &square.neighbours,
            ));
        }
    }
    // What one sends is work for the next.
    for _ in 0..=servers {
        for square in &squares {
            square.world.settles().await;
        }
    }
    let mut counts = Counts::default();
    for square in squares {
        counts = counts.and(square.ends(0, &[]).await);
    }
    counts
}

/// Those before and behind.
fn neighbours(number: usize, servers: usize) -> Vec<usize> {
    let mut neighbours = vec![(number + 1) % servers, (number + servers - 1) % servers];
    neighbours.dedup();
    neighbours
}

/// A group elsewhere that we follow, and that follows us, announces back all that it hears: the announcement, what was
/// announced, and the post.
pub async fn an_echo_dies_away(run: Run) -> Counts {
    let posts = run.share(100, 8);
    let square = Square::open(&[], MEMBERS).await;
    let server = square.world.lemmy();
    let echo = server.settle("echo", "Group").follows(&square.group).await;
    let iri = Iri::object(&echo.id()).unwrap();
    square.world.house().engine.follow("garden", &iri).await.unwrap();
    let follow = server.hears("our Follow", |heard| heard.kind() == "Follow").await;
    says(&echo, &square.group, "Accept", &follow.document).await;
    square.world.until(ACCEPTED, 1).await;
    let mut echoed = 0;
    for number in 0..posts {
        let author = &square.members[number % MEMBERS.len()];
        let said = author.post(&square.group, "is anybody there?").await;
        square.ledger.accepted(&Deed::of(
            &said,
            &square.group,
            &square.members,
            &square.neighbours,
        ));
        square.world.settles().await;
        let announces: Vec<_> = server
            .heard()
            .into_iter()
            .filter(|heard| heard.kind() == "Announce" && heard.came())
            .collect();
        for heard in &announces[echoed..] {
            let inner = &heard.document["object"];
            for object in [&json!(heard.id()), &heard.document, inner, &inner["object"]] {
                says(&echo, &square.group, "Announce", object).await;
            }
        }
        echoed = announces.len();
    }
    square.world.settles().await;
    let heard = server
        .heard()
        .into_iter()
        .filter(|heard| heard.kind() == "Announce" && heard.came())
        .count();
    let mut counts = square.ends(0, &[]).await;
    if heard != posts {
        counts
            .wrong
            .push(format!("the echo heard {heard} times of {posts} posts"));
    }
    counts.note(&format!("{} echoes", 4 * heard));
    counts.cycles = 1;
    counts
}

async fn says(echo: &Actor, group: &Group, kind: &str, object: &Value) {
    let document = echo.speaks(|me| {
        json!({
            "id": (me.mint)("echoes"), "type": kind, "actor": me.id, "published": me.now,
            "to": [PUBLIC], "cc": [me.followers], "object": object,
        })
    });
    echo.sends(group, &document).await.is(202);
}
