//! A server process that is killed loses nothing that it said 202 to.
//!
//! One rule: it is a real kill -9 of the real program; what was half done shows at the peers.

use folkmoot::clock::Clock;

use crate::support::peer::{Actor, Ground, Mood, Server};
use crate::support::process::Program;

struct Cast {
    ann: Actor,
    tom: Actor,
    mia: Actor,
}

impl Cast {
    fn new() -> Self {
        let ground = Ground::new(Clock::system());
        let actor = |software, name| Server::start(software, &ground).actor(name);
        Self {
            ann: actor("lemmy", "ann"),
            tom: actor("lemmy", "tom"),
            mia: actor("mastodon", "mia"),
        }
    }

    fn others(&self) -> [&Actor; 2] {
        [&self.tom, &self.mia]
    }

    /// Nobody disliked what came, and nobody saw a 5xx.
    fn is_content(&self) {
        for actor in [&self.ann, &self.tom, &self.mia] {
            assert_eq!(actor.server().complaints(), Vec::<String>::new());
        }
        assert_eq!(self.ann.server().ground().failures(), Vec::<String>::new());
    }
}

/// Between the 202 and the delivery: the process that took the posts is gone before anybody could send them.
#[tokio::test]
async fn what_was_accepted_survives_a_kill() {
    let (program, cast) = (Program::new().await, Cast::new());
    let group = program.group("garden", &cast.ann).await;
    let serving = program.serve().await;
    for member in [&cast.ann, &cast.tom, &cast.mia] {
        member.clone().follows(&group).await;
    }
    serving.stop().await;
    let serving = program.serve_as("web").await;
    let mut posts = vec![];
    for text in ["one", "two", "three"] {
        posts.push(cast.ann.post(&group, text).await);
    }
    serving.kill().await;
    for member in cast.others() {
        member.hears_of(&posts).nothing();
    }
    let serving = program.serve().await;
    for member in cast.others() {
        member.hears_of(&posts).once().in_order().await;
    }
    serving.stop().await;
    cast.is_content();
}

/// In the middle of a request: it is sent again under the same id, byte for byte, and the rest follows in order.
#[tokio::test]
async fn what_was_half_sent_comes_again_as_it_was() {
    let (program, cast) = (Program::new().await, Cast::new());
    let group = program.group("garden", &cast.ann).await;
    let serving = program.serve().await;
    for member in [&cast.ann, &cast.tom, &cast.mia] {
        member.clone().follows(&group).await;
    }
    for member in cast.others() {
        member.server().is(Mood::Hangs);
    }
    let posts = cast.ann.posts(&group, ["one", "two"]).await;
    let mut half_sent = vec![];
    for member in cast.others() {
        let heard = member
            .server()
            .hears("the first post", |heard| heard.kind() == "Announce")
            .await;
        assert_eq!((heard.status, heard.taken), (None, false));
        half_sent.push(heard);
    }
    serving.kill().await;
    for member in cast.others() {
        member.server().comes_back();
    }
    let serving = program.serve().await;
    for (member, half_sent) in cast.others().into_iter().zip(half_sent) {
        let told = member.hears_of(&posts).once().in_order().await;
        assert_eq!(told[0].text, half_sent.text);
    }
    serving.stop().await;
    for member in cast.others() {
        let announces = member
            .heard()
            .into_iter()
            .filter(|heard| heard.kind() == "Announce");
        assert_eq!(
            announces.count(),
            3,
            "the first one twice, once for each life of the server"
        );
    }
    cast.is_content();
}
