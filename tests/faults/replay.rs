//! Everything comes three times.
//!
//! One rule: what follows from three copies over three connections is what follows from one.

use futures_util::future::join_all;
use serde_json::Value;

use crate::chance::Chance;
use crate::counts::Counts;
use crate::ledger::Deed;
use crate::neighbours::BOTH;
use crate::run::Run;
use crate::square::Square;
use crate::support::peer::{Actor, Said};

const SERVERS: &[&str] = &["lemmy", "mastodon", "onepage.pub", "mbin", "gotosocial"];
/// What came of it all, by kind.
const FIGURES: &str = "
    select concat_ws(', ',
        (select count(*) from post) || ' posts', (select count(*) from post where deleted_at is not null) || ' deleted',
        (select count(*) from post where updated_at is not null) || ' edited',
        (select count(*) from vote) || ' votes', (select count(*) from membership where member) || ' members',
        (select count(*) from membership where state = 'out') || ' left',
        (select string_agg(kind || ' ' || count, ', ' order by kind)
             from (select kind, count(*) from activity where kind not in ('listed', 'unlisted') group by kind) by_kind))";

/// Each activity once; and each three times, shuffled, over three connections.
pub async fn three_copies_are_as_one(run: Run) -> Counts {
    let threads = run.share(200, 20);
    let (once, _) = play(&run, threads, 1).await;
    let (thrice, mut counts) = play(&run, threads, 3).await;
    if once != thrice {
        counts
            .wrong
            .push(format!("of one copy came {once}; of three {thrice}"));
    }
    counts.note(&once);
    counts.cycles = 1;
    counts
}

/// The same story, each line of it sent so many times.
async fn play(run: &Run, threads: usize, copies: usize) -> (String, Counts) {
    let square = Square::open_to(&[], SERVERS, BOTH).await;
    let mut chance = Chance::new(run.seed, copies as u64);
    let mut posts = Vec::new();
    for number in 0..threads {
        posts.push(create(&square, &square.members[number % SERVERS.len()], None));
    }
    tell(&square, &mut chance, copies, &posts).await;
    let mut acts = Vec::new();
    for (number, (author, post)) in posts.iter().enumerate() {
        let manners = author.server().software().manners;
        acts.push(match number % 4 {
            0 => create(&square, author, Some(post)),
            1 => about(
                author,
                post,
                author.speaks(|me| manners.like(me, &square.group, post)),
            ),
            2 => about(
                author,
                post,
                author.speaks(|me| manners.edit(me, &square.group, post, "better")),
            ),
            _ => about(
                author,
                post,
                author.speaks(|me| manners.delete(me, &square.group, post)),
            ),
        });
    }
    tell(&square, &mut chance, copies, &acts).await;
    square.world.settles().await;
    let figures = square.world.text(FIGURES).await;
    (figures, square.ends(0, &[]).await)
}

fn create(square: &Square, author: &Actor, to: Option<&Said>) -> (Actor, Said) {
    let manners = author.server().software().manners;
    let create = author.speaks(|me| match to {
        Some(post) => manners.reply(me, &square.group, post, "and more"),
        None => manners.post(me, &square.group, "something new"),
    });
    let post = create["object"]["id"].as_str().unwrap().to_owned();
    author.server().publishes(&create["object"]);
    (author.clone(), author.would_say(create, post, to.is_some()))
}

fn about(author: &Actor, post: &Said, document: Value) -> (Actor, Said) {
    let said = author.would_say(document, post.post.clone(), post.is_comment);
    (author.clone(), said)
}

/// Sends all of it so many times, over as many connections, in as many orders.
async fn tell(square: &Square, chance: &mut Chance, copies: usize, all: &[(Actor, Said)]) {
    for (_, said) in all {
        square.ledger.begins(&Deed::of(
            said,
            &square.group,
            &square.members,
            &square.neighbours,
        ));
    }
    let orders: Vec<Vec<&(Actor, Said)>> = (0..copies).map(|_| chance.shuffled(all)).collect();
    let connections = orders.iter().map(|order| async move {
        for (author, said) in order {
            author.sends_to(&square.group.inbox(), &said.text).await.is(202);
        }
    });
    join_all(connections).await;
    for (_, said) in all {
        square.ledger.accepted(&Deed::of(
            said,
            &square.group,
            &square.members,
            &square.neighbours,
        ));
    }
}
