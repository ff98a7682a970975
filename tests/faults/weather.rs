//! A third of the servers around us are hung, slow, endless, redirecting, lying or gone.
//!
//! One rule: the others get everything, once and in order, meanwhile; and whoever comes back gets what it missed.

mod raw;

use std::time::Duration;

use tokio::time::{Instant, sleep};

use crate::counts::Counts;
use crate::kills::spread;
use crate::run::Run;
use crate::square::Square;
use crate::support::peer::Mood;

use raw::{Evil, Raw};

const HEALTHY: [&str; 7] = [
    "lemmy",
    "mastodon",
    "onepage.pub",
    "mbin",
    "gotosocial",
    "misskey",
    "mitra",
];

/// What some of them do, by row of the attack catalogue; and whether what they miss is refused for good.
fn weather(canary: &str) -> Vec<(&'static str, Mood, bool)> {
    let moved = |path: &str| Mood::Moved(format!("{canary}{path}"));
    vec![
        ("QUE01 hangs", Mood::Hangs, false),
        ("QUE03 redirects", moved("/inbox"), false),
        ("QUE05 400", Mood::Says(400), true),
        ("QUE05 403", Mood::Says(403), true),
        ("QUE05 404", Mood::Says(404), true),
        ("QUE05 413", Mood::Says(413), true),
        ("QUE05 422", Mood::Says(422), true),
        ("QUE06 401", Mood::Says(401), false),
        ("QUE07 after a while", Mood::Later(429, "120"), false),
        ("QUE07 in ten years", Mood::Later(503, "315360000"), false),
        ("QUE07 yesterday", Mood::Later(503, "-1"), false),
        ("QUE07 garbage", Mood::Later(429, "soon"), false),
        ("QUE09 gone", Mood::Gone, false),
        ("500", Mood::Says(500), false),
    ]
}

/// The answers that no server gives.
const EVIL: [Evil; 3] = [Evil::Trickles, Evil::EndlessHeaders, Evil::EndlessBody];

pub async fn who_is_well_hears_everything_in_any_weather(run: Run) -> Counts {
    // Three healthy ones for each that is not.
    let rounds = if run.is_whole() { 8 } else { 1 };
    let posts = run.share(200, 15);
    let kinds = weather("").len();
    let healthy: Vec<&str> = HEALTHY
        .into_iter()
        .cycle()
        .take(rounds * 3 * (kinds + EVIL.len()))
        .collect();
    let ill = std::iter::repeat_n("lemmy", rounds * kinds);
    let servers: Vec<&str> = healthy.iter().copied().chain(ill).collect();
    let square = Square::open(&[("LIMITS__OUTBOUND_SECONDS", "2")], &servers).await;
    let canary = square.world.lemmy();
    let evil = EVIL.map(|evil| Raw::start(evil, square.world.ground()));
    for evil in &evil {
        evil.follows(&square.group).await;
    }

    let calm = tell(&square, posts, healthy.len(), &[]).await;
    let mut refusing = Vec::new();
    for (number, member) in square.members[healthy.len()..].iter().enumerate() {
        let (_, mood, refuses) = &weather(canary.base())[number % kinds];
        if *refuses {
            refusing.push(healthy.len() + number);
        }
        member.server().is(mood.clone());
    }
    let stormy = tell(&square, posts, healthy.len(), &refusing).await;
    let reached = canary.heard().len() + canary.fetched().len();
    for member in &square.members[healthy.len()..] {
        member.server().comes_back();
    }
    square.catches_up().await;
    for evil in &evil {
        evil.leaves(&square.group).await;
        give_up(&square, evil).await;
    }

    let mut counts = square.ends(0, &["refused"]).await;
    if reached > 0 {
        counts
            .wrong
            .push(format!("a redirect was followed {reached} times"));
    }
    counts.cycles = 1;
    let (well, all) = (healthy.len(), servers.len() + EVIL.len());
    counts.note(&format!("{well} of {all} are well"));
    counts.note(&spread("until all who are well had heard a post, in calm", calm));
    counts.note(&spread("in bad weather", stormy));
    counts
}

/// What waits for them is given up: the answer to their Follow.
async fn give_up(square: &Square, evil: &Raw) {
    let letters = "update letter set parked_at = at from destination d
        where d.id = destination_id and d.host = $1 and sent_at is null";
    let mut look = square.world.database.connect().await;
    sqlx::query(letters)
        .bind(evil.authority())
        .execute(&mut look)
        .await
        .unwrap();
}

/// Posts one after the other; how long it took until all of the first ears had heard each.
async fn tell(square: &Square, posts: usize, healthy: usize, refusing: &[usize]) -> Vec<Duration> {
    let mut times = Vec::new();
    for _ in 0..posts {
        let begun = Instant::now();
        square.posts("whatever the weather", refusing).await;
        let limit = crate::support::peer::LIMIT;
        while square.ledger.collect() > 0 || square.ledger.outstanding_at(healthy) > 0 {
            assert!(
                begun.elapsed() < limit,
                "those who are well do not hear of a post"
            );
            sleep(Duration::from_millis(1)).await;
        }
        times.push(begun.elapsed());
    }
    times
}
