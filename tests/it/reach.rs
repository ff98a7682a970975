//! Who of one server hears a group: told, asked for, and set right (FEP-8fcf).
//!
//! One rule: whatever happens to memberships, the digest that a server is told is that of the list that it would be given.

use folkmoot::domain::{Iri, Policies};
use folkmoot::signature::{REACH, Reach, Request, Scheme, reach_of, sign_with};
use serde_json::{Value, json};

use crate::support::peer::{Actor, Group, Server, activity_json};
use crate::support::world::World;

/// Servers of whose people the database has another digest than their ids make.
const WRONG: &str = "select count(*) from (
        select m.group_id, a.host,
            coalesce(bit_xor(digest_of(a.iri)) filter (where m.follower), 0::bit(256)) as followers,
            coalesce(bit_xor(digest_of(a.iri)) filter (where m.member), 0::bit(256)) as members,
            count(*) filter (where m.follower) as follower_count, count(*) filter (where m.member) as member_count
        from membership m join actor a on a.id = m.actor_id where m.state <> 'banned'
        group by m.group_id, a.host) is_so
    full join reach r using (group_id, host)
    where (coalesce(is_so.followers, 0::bit(256)), coalesce(is_so.members, 0::bit(256)), coalesce(is_so.follower_count, 0), coalesce(is_so.member_count, 0))
        is distinct from (coalesce(r.followers, 0::bit(256)), coalesce(r.members, 0::bit(256)), coalesce(r.follower_count, 0), coalesce(r.member_count, 0))";

/// What a server was told with the last post that it heard.
async fn told(who: &Actor, group: &Group, by: &Actor, text: &str) -> Reach {
    let post = by.post(group, text).await;
    let heard = who.hears_of([&post]).once().await.remove(0);
    let reach = heard.reach.expect("a header");
    assert_eq!(Reach::read(&reach).unwrap().header(), reach);
    Reach::read(&reach).unwrap()
}

/// What somebody's server is told.
async fn asks(who: &Actor, url: &str) -> Vec<String> {
    let list = who.server().settle("instance", "Application").sees(url).await;
    assert_eq!(list["id"], url, "{list}");
    list["orderedItems"]
        .as_array()
        .unwrap_or_else(|| panic!("{list}"))
        .iter()
        .map(|item| item.as_str().unwrap().to_owned())
        .collect()
}

#[tokio::test]
async fn a_server_is_told_who_of_its_people_follows() {
    let world = World::start().await;
    let group = world.group("garden").await;
    let (here, there) = (world.mastodon(), world.mastodon());
    let mia = here.actor("mia").follows(&group).await;
    let tom = here.actor("tom").follows(&group).await;
    let una = there.actor("una").follows(&group).await;

    let reach = told(&mia, &group, &una, "one").await;
    assert_eq!(reach.collection, group.part("followers"));
    assert_eq!(reach.digest, reach_of([mia.id(), tom.id()]));
    assert_eq!(asks(&mia, &reach.url).await, [mia.id(), tom.id()]);
    assert_eq!(
        asks(&una, &reach.url).await,
        [una.id()],
        "each server its own people"
    );
    let stranger = world.lemmy().actor("stranger");
    assert_eq!(asks(&stranger, &reach.url).await, [""; 0]);
    let unsigned = world.get(&reach.url, "application/activity+json").await;
    assert_eq!(unsigned.status(), 401);

    let join = here.actor("zoe").asks(&group).await;
    let zoe = here.actor("zoe");
    zoe.is_accepted(&join).await;
    let leaves = tom.speaks(|me| {
        json!({
            "id": (me.mint)("leaves"), "type": "Leave", "actor": me.id, "object": group.id,
        })
    });
    tom.sends(&group, &leaves).await.is(202);
    let reach = told(&mia, &group, &una, "two").await;
    assert_eq!(reach.digest, reach_of([mia.id(), zoe.id()]));
    assert_eq!(asks(&mia, &reach.url).await, [mia.id(), zoe.id()]);
    assert_eq!(world.count(WRONG).await, 0);
    world.end().await;
}

/// Banned, let in again, members only, imported: the digest is that of the list.
#[tokio::test]
async fn the_digest_follows_whatever_happens() {
    let world = World::start().await;
    let owner = world.server("onepage.pub").actor("owner");
    let group = world.group_of(&owner, "garden", Policies::default()).await;
    let mia = world.mastodon().actor("mia").follows(&group).await;
    let xia = world.server("onepage.pub").actor("xia").follows(&group).await;
    let block = owner.speaks(|me| json!({
        "id": (me.mint)("blocks"), "type": "Block", "actor": me.id, "object": mia.id(), "target": group.id, "to": [group.id],
    }));
    owner.sends(&group, &block).await.is(202);
    assert_eq!(world.count(WRONG).await, 0);
    let undo = owner.speaks(|me| {
        json!({
            "id": (me.mint)("undoes"), "type": "Undo", "actor": me.id, "object": block, "to": [group.id],
        })
    });
    owner.sends(&group, &undo).await.is(202);
    assert_eq!(world.count(WRONG).await, 0);
    let mia = mia.follows(&group).await;
    let reach = told(&xia, &group, &mia, "three").await;
    let list = asks(&xia, &reach.url).await;
    assert_eq!(reach.digest, reach_of(&list));
    assert!(list.contains(&xia.id()));
    assert_eq!(
        asks(&mia, &group.part("followers_synchronization")).await,
        [mia.id()]
    );
    assert_eq!(world.count(WRONG).await, 0);
    world.end().await;
}

/// A private group tells nobody that it has such lists, but those who are in it.
#[tokio::test]
async fn a_private_group_tells_strangers_nothing() {
    let world = World::start().await;
    let owner = world.server("onepage.pub").actor("owner");
    let group = world.group_of(&owner, "garden", Policies::default()).await;
    let private = owner.speaks(|me| {
        json!({
            "id": (me.mint)("updates"), "type": "Update", "actor": me.id, "to": [group.id],
            "object": { "id": group.id, "type": "Group", "visibility": "private" },
        })
    });
    owner.sends(&group, &private).await.is(202);
    let stranger = world.lemmy().actor("stranger");
    let nowhere = stranger
        .reads(&format!("{}/c/nowhere/followers_synchronization", world.base()))
        .await
        .is(404);
    for part in ["followers_synchronization", "members_synchronization"] {
        let answer = stranger.reads(&group.part(part)).await.is(404);
        assert_eq!(answer.body, nowhere.body);
    }
    world.end().await;
}

/// A group elsewhere that groups of ours follow, and its list of them.
struct Elsewhere {
    group: Actor,
    url: String,
}

impl Elsewhere {
    fn new(world: &World) -> Self {
        let group = world.lemmy().settle("cats", "Group");
        let url = format!(
            "{}_synchronization",
            group.document()["followers"].as_str().unwrap()
        );
        Self { group, url }
    }

    fn lists(&self, names: &[&Group]) {
        let ids: Vec<_> = names.iter().map(|group| group.id.as_str()).collect();
        let list = json!({ "id": self.url, "type": "OrderedCollection", "orderedItems": ids });
        let path = self.group.server().path(&self.url).to_owned();
        self.group.server().serves(&path, activity_json(&list));
    }

    /// Says something with this header; `signed` with it or beside it.
    async fn says(&self, to: &Group, reach: &Reach, signed: bool) {
        let document = self.group.speaks(|me| {
            json!({
                "id": (me.mint)("announce"), "type": "Announce", "actor": me.id, "published": me.now,
                "to": [me.followers], "object": format!("{}/nothing", me.base),
            })
        });
        let (url, body) = (to.inbox().parse().unwrap(), document.to_string());
        let request = Request {
            method: "POST",
            url: &url,
            body: Some(body.as_bytes()),
            content_type: Some("application/activity+json"),
            date: self.group.server().ground().clock().now(),
        };
        let header = reach.header();
        let also = signed.then_some((REACH, header.as_str()));
        let mut headers = sign_with(
            Scheme::Cavage,
            &self.group.key(),
            &self.group.key_id(),
            &request,
            also,
        )
        .unwrap();
        headers.insert(REACH, header.parse().unwrap());
        self.group
            .server()
            .post_raw(&to.inbox(), headers, body)
            .await
            .is(202);
    }

    fn tells(&self, groups: &[&Group]) -> Reach {
        Reach {
            collection: self.group.document()["followers"].as_str().unwrap().to_owned(),
            url: self.url.clone(),
            digest: reach_of(groups.iter().map(|group| &group.id)),
        }
    }

    async fn hears(&self, kind: &str, group: &Group) -> Value {
        let what = format!("{kind} by {}", group.id);
        self.group
            .server()
            .hears(&what, |heard| {
                heard.kind() == kind && heard.document["actor"] == group.id
            })
            .await
            .document
    }

    fn asked(&self) -> usize {
        let path = self.group.server().path(&self.url).to_owned();
        self.group
            .server()
            .fetched()
            .iter()
            .filter(|fetched| **fetched == path)
            .count()
    }
}

async fn follows(world: &World, group: &Group, elsewhere: &Elsewhere) -> Value {
    let whom = Iri::object(&elsewhere.group.id()).unwrap();
    world.house().engine.follow(group.name(), &whom).await.unwrap();
    elsewhere.hears("Follow", group).await
}

/// One whose Accept was lost, one that fell off the list, one that is on it for nothing: each is set right.
#[tokio::test]
async fn what_another_server_lists_is_set_right() {
    let world = World::start().await;
    let (garden, kitchen, cellar) = (
        world.group("garden").await,
        world.group("kitchen").await,
        world.group("cellar").await,
    );
    let elsewhere = Elsewhere::new(&world);
    follows(&world, &garden, &elsewhere).await;
    let asked = follows(&world, &kitchen, &elsewhere).await;
    let accept = elsewhere.group.speaks(
        |me| json!({ "id": (me.mint)("answers"), "type": "Accept", "actor": me.id, "object": asked }),
    );
    elsewhere.group.sends(&kitchen, &accept).await.is(202);

    elsewhere.lists(&[&garden, &cellar]);
    elsewhere
        .says(&garden, &elsewhere.tells(&[&garden, &cellar]), true)
        .await;
    world.until("select count(*) from following f join \"group\" g on g.id = f.group_id where g.name = 'garden' and accepted_at is not null", 1).await;
    let undo = elsewhere.hears("Undo", &cellar).await;
    assert_eq!(undo["object"]["object"], elsewhere.group.id());
    elsewhere.hears("Undo", &kitchen).await;
    let again = elsewhere
        .group
        .server()
        .hears("a second Follow", |heard| {
            heard.kind() == "Follow" && heard.document["actor"] == kitchen.id && heard.id() != asked["id"]
        })
        .await;
    assert_eq!(again.document["object"], elsewhere.group.id());
    world.end().await;
}

/// However many addresses it gives: a group is asked once in a while, and told once what it has wrong.
#[tokio::test]
async fn a_group_with_many_addresses_is_asked_once() {
    let world = World::start().await;
    let garden = world.group("garden").await;
    let mut elsewhere = Elsewhere::new(&world);
    let url = elsewhere.url.clone();
    for n in 0..8 {
        elsewhere.url = format!("{url}/{n}");
        elsewhere.lists(&[&garden]);
        elsewhere.says(&garden, &elsewhere.tells(&[&garden]), true).await;
    }
    elsewhere.hears("Undo", &garden).await;
    world.settles().await;
    let server = elsewhere.group.server();
    let lists = server
        .fetched()
        .iter()
        .filter(|path| path.contains("_synchronization"))
        .count();
    let letters = server
        .heard()
        .iter()
        .filter(|heard| heard.kind() == "Undo")
        .count();
    assert_eq!((lists, letters), (1, 1));
    world.end().await;
}

/// Nothing is asked where nothing differs; nor where the header is not signed, is about another's list, or leads elsewhere.
#[tokio::test]
async fn nobody_is_sent_to_lists_of_others() {
    let world = World::start().await;
    let garden = world.group("garden").await;
    let elsewhere = Elsewhere::new(&world);
    let asked = follows(&world, &garden, &elsewhere).await;
    let accept = elsewhere.group.speaks(
        |me| json!({ "id": (me.mint)("answers"), "type": "Accept", "actor": me.id, "object": asked }),
    );
    elsewhere.group.sends(&garden, &accept).await.is(202);
    elsewhere.lists(&[]);
    let evil: Server = world.lemmy();
    let differs = elsewhere.tells(&[]);
    elsewhere.says(&garden, &elsewhere.tells(&[&garden]), true).await;
    elsewhere.says(&garden, &differs, false).await;
    let elses = Reach {
        collection: format!("{}/followers", evil.base()),
        ..differs.clone()
    };
    elsewhere.says(&garden, &elses, true).await;
    let leads = Reach {
        url: format!("{}/list", evil.base()),
        ..differs.clone()
    };
    elsewhere.says(&garden, &leads, true).await;
    world.settles().await;
    assert_eq!(
        (elsewhere.asked(), evil.fetched().contains(&"/list".to_owned())),
        (0, false)
    );
    elsewhere.says(&garden, &differs, true).await;
    elsewhere.hears("Undo", &garden).await;
    assert_eq!(elsewhere.asked(), 1);
    world.end().await;
}

/// Who says `members` is heeded as who says `followers`, if the group's own document calls the collection so.
#[tokio::test]
async fn a_list_of_members_is_heeded_too() {
    let world = World::start().await;
    let garden = world.group("garden").await;
    let elsewhere = Elsewhere::new(&world);
    let members = format!("{}/members", elsewhere.group.id());
    elsewhere.lists(&[&garden]);
    let told = Reach {
        collection: members.clone(),
        ..elsewhere.tells(&[&garden])
    };
    let other = Elsewhere::new(&world);
    other.lists(&[&garden]);
    let not_its = Reach {
        collection: format!("{}/members", other.group.id()),
        ..other.tells(&[&garden])
    };
    elsewhere
        .group
        .publishes(|document| document["members"] = json!(members));
    elsewhere.says(&garden, &told, true).await;
    let undo = elsewhere.hears("Undo", &garden).await;
    assert_eq!(undo["object"]["object"], elsewhere.group.id());
    other.says(&garden, &not_its, true).await;
    world.settles().await;
    assert_eq!((elsewhere.asked(), other.asked()), (1, 0));
    world.end().await;
}
