//! What moderators and voters of Lemmy, Mbin, PieFed and NodeBB send beside the words that all share.

use serde_json::{Value, json};

use crate::support::peer::{Actor, Group, Said};
use crate::support::world::World;

const PUBLIC: &str = "https://www.w3.org/ns/activitystreams#Public";

fn act(who: &Actor, group: &Group, more: &Value) -> Said {
    let mut act = who.speaks(|me| {
        json!({ "id": (me.mint)("activities"), "actor": me.id, "to": [PUBLIC], "cc": [group.id], "audience": group.id })
    });
    for (field, value) in more.as_object().unwrap() {
        act[field] = value.clone();
    }
    who.would_say(act, String::new(), false)
}

async fn does(who: &Actor, group: &Group, more: Value) -> Said {
    let said = act(who, group, &more);
    who.sends_to(&group.inbox(), &said.text).await.is(202);
    said
}

/// A question of somebody's.
async fn asks(who: &Actor, group: &Group) -> Said {
    let create = who.speaks(|me| {
        json!({
            "id": (me.mint)("activities"), "type": "Create", "actor": me.id, "to": [PUBLIC], "cc": [group.id],
            "object": { "id": (me.mint)("post"), "type": "Question", "name": "Beans or peas?", "attributedTo": me.id,
                "to": [PUBLIC, group.id], "cc": [], "oneOf": [{"type": "Note", "name": "Beans"}, {"type": "Note", "name": "Peas"}] },
        })
    });
    who.server().publishes(&create["object"]);
    let post = create["object"]["id"].as_str().unwrap().to_owned();
    let said = who.would_say(create, post, false);
    who.sends_to(&group.inbox(), &said.text).await.is(202);
    said
}

/// Received, and nothing comes of it: where it means nothing here, no field needs to agree.
#[tokio::test]
async fn what_means_nothing_here_is_received() {
    let world = World::start().await;
    let owner = world.lemmy().actor("owner");
    let group = world.group_of(&owner, "garden", Default::default()).await;
    let ann = world.lemmy().actor("ann").follows(&group).await;
    let post = ann.post(&group, "one").await;
    world.settles().await;
    let before = world.state(&[]).await;
    for more in [
        json!({"type": "Resolve", "object": {"type": "Flag", "id": "https://a.example/f", "actor": owner.id(), "object": post.post}}),
        json!({"type": "Warn", "object": post.post, "summary": "do not", "target": ann.id()}),
        json!({"type": "Move", "object": group.part("threads/019e830e-1a00-70ff-93db-32518e8466c9"),
            "origin": group.id, "target": "https://nodebb.example/category/2", "audience": "https://nodebb.example/category/2"}),
    ] {
        does(&owner, &group, more).await;
    }
    assert_eq!(world.state(&[]).await, before);
    world.end().await;
}

/// NodeBB takes a thread out by its `context`; Mbin deletes a Tombstone, and names no audience.
#[tokio::test]
async fn threads_are_taken_out_in_other_words() {
    let world = World::start().await;
    let owner = world.server("mbin").actor("owner");
    let group = world.group_of(&owner, "garden", Default::default()).await;
    let ann = world.lemmy().actor("ann").follows(&group).await;
    let posts = ann.posts(&group, ["one", "two"]).await;
    let id = world
        .text("select thread_id::text from post order by received_at, id limit 1")
        .await;
    let context = group.part(&format!("threads/{id}"));
    let remove = json!({"type": "Remove", "object": context, "target": group.id});
    let stranger = world.lemmy().actor("sid");
    let said = act(&stranger, &group, &remove);
    stranger.sends_to(&group.inbox(), &said.text).await.problem(403);
    does(&owner, &group, remove).await;
    let delete = owner.speaks(|me| {
        json!({ "id": (me.mint)("activities"), "type": "Delete", "actor": me.id, "to": [PUBLIC], "cc": [],
            "object": { "type": "Tombstone", "id": posts[1].post }, "summary": "Off topic" })
    });
    let shared = format!("{}/inbox", group.base());
    let text = owner.server().software().write(&delete);
    owner.sends_to(&shared, &text).await.is(202);
    let outbox = world.document(&group.part("outbox")).await;
    assert_eq!(outbox["totalItems"], 0);
    world.end().await;
}

/// Members whose programs do not know PieFed's words.
async fn strangers_to_piefed(world: &World, group: &Group) -> Vec<Actor> {
    let mut strangers = vec![];
    for software in ["lemmy", "mbin", "mitra", "nodebb", "mastodon", "onepage.pub"] {
        strangers.push(world.server(software).actor("ann").follows(group).await);
    }
    strangers
}

/// None of them was told anything in these words.
fn never_see(strangers: &[Actor], words: &[&str]) {
    for who in strangers {
        for heard in who.heard() {
            let odd = words.iter().find(|word| heard.text.contains(**word));
            assert_eq!(odd, None, "{} heard {}", who.id(), heard.text);
        }
    }
}

/// PieFed's reaction is a Like to us: one per actor, with the Likes of others. Only PieFed knows the word.
#[tokio::test]
async fn a_reaction_counts_as_a_like() {
    let world = World::start().await;
    let group = world.group("garden").await;
    let pia = world.server("piefed").actor("pia").follows(&group).await;
    let pol = world.server("piefed").actor("pol").follows(&group).await;
    let strangers = strangers_to_piefed(&world, &group).await;
    let post = pia.post(&group, "one").await;
    let react = json!({"type": "EmojiReact", "object": post.post, "content": "🫘"});
    let first = does(&pol, &group, react.clone()).await;
    does(&pol, &group, react).await;
    does(&pol, &group, json!({"type": "Like", "object": post.post})).await;
    pia.hears_of([&first]).once().await;
    let likes = "select count(*) from vote where kind = 'like'";
    assert_eq!(world.count(likes).await, 1);
    let undo = does(&pol, &group, json!({"type": "Undo", "object": first.document})).await;
    assert_eq!(world.count(likes).await, 0);
    pia.hears_of([&undo]).once().await;
    let like = does(&pol, &group, json!({"type": "Like", "object": post.post})).await;
    world.settles().await;
    strangers[0].hears_of([&like]).once().await;
    never_see(&strangers, &["EmojiReact"]);
    world.end().await;
}

/// A vote in a poll, in each of its words, is one per actor and Question, is no comment, and goes to PieFed alone.
#[tokio::test]
async fn an_answer_to_a_question_is_a_vote() {
    let world = World::start().await;
    let group = world.group("garden").await;
    let pia = world.server("piefed").actor("pia").follows(&group).await;
    let pol = world.server("piefed").actor("pol").follows(&group).await;
    let mia = world.mastodon().actor("mia").follows(&group).await;
    let strangers = strangers_to_piefed(&world, &group).await;
    let question = asks(&pia, &group).await;
    let thread = pia.post(&group, "no question").await;
    let vote = json!({"type": "PollVote", "object": question.post, "choice_text": "Beans"});
    let first = does(&pol, &group, vote.clone()).await;
    does(&pol, &group, vote).await;
    pia.hears_of([&first]).once().await;
    // Mastodon: to whoever asked alone, so nobody else is told.
    let note = |to: &str| {
        mia.speaks(|me| {
            json!({
                "id": (me.mint)("votes"), "type": "Create", "actor": me.id, "to": [pia.id()],
                "object": { "id": (me.mint)("vote"), "type": "Note", "name": "Peas", "inReplyTo": to, "attributedTo": me.id,
                    "to": [pia.id()] },
            })
        })
    };
    for _ in 0..2 {
        mia.sends(&group, &note(&question.post)).await.is(202);
    }
    // Of what asks nothing: neither a vote nor a comment.
    mia.sends(&group, &note(&thread.post)).await.is(202);
    does(
        &pol,
        &group,
        json!({"type": "ChooseAnswer", "object": question.post}),
    )
    .await;
    world.settles().await;
    assert_eq!(
        world
            .count("select count(*) from vote where kind = 'answer'")
            .await,
        2
    );
    assert_eq!(world.count("select count(*) from post").await, 2);
    never_see(&strangers, &["PollVote", "ChooseAnswer"]);
    assert!(
        pia.heard()
            .iter()
            .all(|heard| !heard.text.contains("Peas\",\"inReplyTo"))
    );
    world.end().await;
}

/// A public vote in a poll in everybody's word is a Note without content: no comment to anybody, so PieFed alone hears of it.
#[tokio::test]
async fn a_polls_note_is_told_to_piefed_alone() {
    let world = World::start().await;
    let group = world.group("garden").await;
    let pia = world.server("piefed").actor("pia").follows(&group).await;
    let mia = world.mastodon().actor("mia").follows(&group).await;
    let strangers = strangers_to_piefed(&world, &group).await;
    let question = asks(&pia, &group).await;
    let vote = json!({"type": "Create", "object": { "id": mia.server().mint("vote"), "type": "Note", "name": "Peas",
        "inReplyTo": question.post, "attributedTo": mia.id(), "to": [PUBLIC] }});
    let vote = does(&mia, &group, vote).await;
    pia.hears_of([&vote]).once().await;
    world.settles().await;
    never_see(&strangers, &["\"Peas\",\"inReplyTo"]);
    world.end().await;
}

/// PieFed names the reply that answers a question. It is a vote in that question, and can be taken back; who may not read the reply
/// chooses nothing, nor does anybody in a thread that asks nothing.
#[tokio::test]
async fn a_choice_is_a_vote_in_its_question() {
    let world = World::start().await;
    let group = world.group("garden").await;
    let pia = world.server("piefed").actor("pia").follows(&group).await;
    let pol = world.server("piefed").actor("pol").follows(&group).await;
    let strangers = strangers_to_piefed(&world, &group).await;
    let question = asks(&pia, &group).await;
    let reply = pol.replies(&group, &question, "Beans, of course").await;
    let deeper = pol.replies(&group, &reply, "Green ones").await;
    let thread = pia.post(&group, "no question").await;
    let other = pol.replies(&group, &thread, "Well").await;
    let voted = "select count(*) from vote v join post p on p.id = v.post_id where v.kind = 'answer' and p.kind = 'Question'";
    let choice = does(
        &pia,
        &group,
        json!({"type": "ChooseAnswer", "object": deeper.post}),
    )
    .await;
    pol.hears_of([&choice]).once().await;
    does(
        &pia,
        &group,
        json!({"type": "ChooseAnswer", "object": reply.post}),
    )
    .await;
    assert_eq!(world.count(voted).await, 1);
    let undo = does(&pia, &group, json!({"type": "Undo", "object": choice.document})).await;
    pol.hears_of([&undo]).once().await;
    assert_eq!(world.count(voted).await, 0);
    let deleted = pol.deletes(&group, &reply).await;
    pia.hears_of([&deleted]).once().await;
    for nothing in [
        other.post.as_str(),
        thread.post.as_str(),
        reply.post.as_str(),
        "https://a.example/nothing",
    ] {
        does(&pia, &group, json!({"type": "ChooseAnswer", "object": nothing})).await;
    }
    world.settles().await;
    assert_eq!(
        world
            .count("select count(*) from vote where kind = 'answer'")
            .await,
        0
    );
    never_see(&strangers, &["ChooseAnswer"]);
    world.end().await;
}
