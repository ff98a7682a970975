//! The attack catalogue, row by row, and what must hold after each of them.
//!
//! One rule: every row ends with the oracle: no 5xx, nothing of the groups changed, nothing was delivered, and the next
//! honest activity is taken. A new row is a function in the file of its family and its name in that family's list.

mod ann;
mod deeds;
mod fet;
mod grp;
mod key;
mod ord;
mod org;
mod par;
mod prv;
mod que;
mod raw;
mod sig;
mod ssr;

use std::collections::BTreeMap;
use std::pin::Pin;
use std::sync::Mutex;

use folkmoot::domain::Policies;
use serde_json::{Value, json};

use crate::stories::people::activity;
use crate::support::forge::Forgery;
use crate::support::peer::{Actor, Answer, Group, Server};
use crate::support::world::World;

/// A group, people who mean well, and somebody who does not.
pub struct Scene {
    pub world: World,
    pub group: Group,
    /// On a server that hears everything.
    pub owner: Actor,
    /// A member, on a good server.
    pub alice: Actor,
    /// A member elsewhere, who hears what the group says.
    pub bob: Actor,
    /// A member as well, on a server that will serve anything.
    pub mallory: Actor,
    before: Mutex<Calm>,
}

/// What must not change.
#[derive(Clone, Default, PartialEq)]
struct Calm {
    state: BTreeMap<String, String>,
    heard: usize,
}

/// One row of the catalogue.
type Row = (
    &'static str,
    for<'a> fn(&'a Scene) -> Pin<Box<dyn Future<Output = ()> + Send + 'a>>,
);

/// `rows![sig01, sig02]`: names and functions.
macro_rules! rows {
    ($($row:ident),* $(,)?) => {
        &[$((stringify!($row), |scene| Box::pin($row(scene)))),*]
    };
}
use rows;

/// Runs the rows of one family, each followed by the oracle.
async fn run(rows: &[Row]) {
    run_in(Scene::set().await, rows).await;
}

async fn run_in(scene: Scene, rows: &[Row]) {
    let mut failed = Vec::new();
    for (name, row) in rows {
        println!("{name}"); // shown if it panics
        scene.calms_down().await;
        row(&scene).await;
        if let Err(why) = scene.oracle().await {
            failed.push(format!("{name}: {why}"));
        }
    }
    assert!(failed.is_empty(), "{}", failed.join("\n"));
    // What is passed on word for word keeps the odd form that its sender gave it.
    scene
        .world
        .ends_loudly(&[
            "newcomer answers", // mallory's own server, which speaks one way and asks for another
            "\"type\":[\"Create\",\"Delete\"]",
            "\"type\":[\"Delete\",\"Create\"]",
        ])
        .await;
}

impl Scene {
    async fn set() -> Self {
        Self::set_in(World::start().await).await
    }

    /// In a world that waits for nobody's answer for long.
    async fn impatient() -> Self {
        Self::set_in(World::start_with(&[("LIMITS__OUTBOUND_SECONDS", "2")]).await).await
    }

    async fn set_in(world: World) -> Self {
        let owner = world.explainer().actor("owner");
        let group = world.group_of(&owner, "garden", Policies::default()).await;
        let alice = world.mastodon().actor("alice").follows(&group).await;
        let bob = world.lemmy().actor("bob").follows(&group).await;
        let mallory = world.server("newcomer").actor("mallory").follows(&group).await;
        Self {
            world,
            group,
            owner,
            alice,
            bob,
            mallory,
            before: Mutex::default(),
        }
    }

    /// What is so now must be so when the row ends.
    async fn calms_down(&self) {
        let calm = self.calm().await;
        *self.before.lock().unwrap() = calm;
    }

    async fn calm(&self) -> Calm {
        self.world.settles().await;
        let mut state = self.world.state(&[self.evil().authority()]).await;
        state.retain(|_, rows| !rows.is_empty());
        Calm {
            state,
            heard: self.alice.server().heard().len() + self.bob.server().heard().len(),
        }
    }

    /// In which one actor may send few things in a minute, and few reports in an hour.
    async fn limited() -> Self {
        let limits = [
            ("LIMITS__INBOX_PER_MINUTE_PER_ACTOR", "20"),
            ("GROUPS__REPORTS_PER_HOUR", "3"),
        ];
        Self::set_in(World::start_with(&limits).await).await
    }

    async fn oracle(&self) -> Result<(), String> {
        self.is_calm().await?;
        let honest = self.alice.post(&self.group, "an honest word").await;
        self.bob.hears_of([&honest]).once().await;
        Ok(())
    }

    /// Nothing has changed and nobody was told anything since all was calm.
    async fn is_calm(&self) -> Result<(), String> {
        let before = self.before.lock().unwrap().clone();
        let after = self.calm().await;
        if before.heard != after.heard {
            return Err(format!("{} deliveries", after.heard - before.heard));
        }
        for (table, rows) in &after.state {
            let known = before.state.get(table).map(String::as_str).unwrap_or_default();
            if known != rows {
                return Err(format!("{table} changed\nfrom {known}\nto   {rows}"));
            }
        }
        if !self.world.ground().failures().is_empty() {
            return Err(format!("{:?}", self.world.ground().failures()));
        }
        Ok(())
    }

    /// Where anything may be served.
    fn evil(&self) -> &Server {
        self.mallory.server()
    }

    /// A new post by somebody, published and not sent.
    fn post(&self, by: &Actor) -> Value {
        self.post_to(by, &self.group)
    }

    /// As [`Scene::post`], to another group.
    fn post_to(&self, by: &Actor, group: &Group) -> Value {
        let create = by.speaks(|me| by.server().software().manners.post(me, group, "a word"));
        by.server().publishes(&create["object"]);
        create
    }

    /// Somebody on the evil server who is in a group.
    async fn member(&self, name: &str, group: &Group) -> Actor {
        self.evil().actor(name).follows(group).await
    }

    /// A group of the owner's with other policies.
    async fn another(&self, name: &str, policies: Policies) -> Group {
        self.world.group_of(&self.owner, name, policies).await
    }

    /// It is sent, and refused with one of these statuses.
    async fn tries(
        &self,
        what: &str,
        who: &Actor,
        group: &Group,
        (kind, more): (&str, Value),
        statuses: &[u16],
    ) {
        let document = activity(who, group, kind, &more);
        let answer = who.sends(group, &document).await;
        refused(
            &format!("{what} {kind} by {}: {more}", who.name()),
            answer,
            statuses,
        );
    }

    /// A right request of alice's, to be spoilt.
    fn forge(&self) -> Forgery {
        Forgery::new(
            &self.alice,
            &self.group.inbox(),
            &self.post(&self.alice).to_string(),
        )
    }

    /// A Create by mallory around this object.
    fn create(&self, object: &Value) -> Value {
        self.mallory.speaks(|me| {
            json!({
                "id": (me.mint)("creates"), "type": "Create", "actor": me.id,
                "to": ["https://www.w3.org/ns/activitystreams#Public"], "cc": [self.group.id], "object": object,
            })
        })
    }

    /// A note of mallory's, published and not sent.
    fn note(&self) -> Value {
        let note = self.mallory.speaks(|me| {
            json!({
                "id": (me.mint)("notes"), "type": "Note", "content": "a word", "attributedTo": me.id,
                "to": ["https://www.w3.org/ns/activitystreams#Public"], "cc": [self.group.id],
            })
        });
        self.evil().publishes(&note);
        note
    }

    /// Mallory sends a document, rightly signed.
    async fn sends(&self, document: &Value) -> Answer {
        self.mallory.sends(&self.group, document).await
    }

    /// The document is taken, and whatever it brought about is over; from here on all must be calm.
    async fn accepted(&self, answer: Answer) {
        answer.is(202);
        self.calms_down().await;
    }
}

/// The answer is a problem document of one of these statuses, and repeats nothing of what was sent.
#[track_caller]
fn refused(what: &str, answer: Answer, statuses: &[u16]) {
    assert!(
        statuses.contains(&answer.status),
        "{what}: {} {}\nto {}",
        answer.status,
        answer.body,
        answer.sent
    );
    let status = answer.status;
    answer.problem(status);
}

/// Every row of the catalogue's families is here, or says where it is held.
#[test]
fn the_catalogue_is_covered() {
    let here = [
        sig::ROWS,
        key::ROWS,
        org::ROWS,
        deeds::ROWS,
        fet::ROWS,
        ssr::ROWS,
        par::ROWS,
        grp::ROWS,
        grp::LIMITED,
        prv::ROWS,
        ann::ROWS,
        ann::LIMITED,
        que::ANSWERING,
        que::AWAY,
    ]
    .concat();
    let covered = |id: &str| {
        let id = id.to_lowercase();
        here.iter()
            .any(|(name, _)| name.split('_').any(|part| part == id))
            || ELSEWHERE.iter().any(|(row, _)| row.to_lowercase() == id)
    };
    let missing: Vec<_> = CATALOGUE.iter().filter(|id| !covered(id)).collect();
    assert!(missing.is_empty(), "{missing:?}");
}

const CATALOGUE: [&str; 150] = [
    "SIG01", "SIG02", "SIG03", "SIG05", "SIG06", "SIG07", "SIG09", "SIG10", "SIG11", "SIG13", "SIG14",
    "SIG15", "SIG17", "SIG18", "SIG19", "SIG21", "SIG22", "SIG23", "KEY01", "KEY02", "KEY03", "KEY05",
    "KEY06", "KEY07", "KEY09", "KEY10", "KEY11", "KEY13", "KEY14", "KEY15", "ORG01", "ORG02", "ORG03",
    "ORG05", "ORG06", "ORG07", "ORG09", "ORG10", "ORG11", "ORG13", "ORG14", "ORG15", "ORG17", "ORG18",
    "ORG19", "ORG21", "ORG22", "FET01", "FET02", "FET03", "FET05", "FET06", "FET07", "FET09", "FET10",
    "FET11", "FET13", "FET14", "FET15", "FET17", "FET18", "FET19", "FET21", "FET22", "SSR01", "SSR02",
    "SSR03", "SSR05", "SSR06", "SSR07", "SSR09", "SSR10", "SSR11", "SSR13", "PAR01", "PAR02", "PAR03",
    "PAR05", "PAR06", "PAR07", "PAR09", "PAR10", "PAR13", "PAR14", "PAR11", "PAR15", "PAR17", "PAR18",
    "PAR19", "SSR14", "SSR15", "QUE01", "QUE02", "QUE03", "QUE05", "QUE06", "QUE07", "QUE09", "QUE10",
    "QUE11", "QUE13", "QUE14", "QUE15", "QUE17", "QUE18", "GRP01", "GRP02", "GRP03", "GRP05", "GRP06",
    "GRP07", "GRP09", "GRP10", "GRP11", "GRP13", "GRP14", "GRP15", "GRP17", "GRP18", "GRP19", "GRP21",
    "GRP22", "GRP23", "GRP25", "GRP26", "GRP27", "GRP29", "GRP30", "GRP31", "ANN01", "ANN02", "ANN03",
    "ANN05", "ANN06", "ANN07", "ANN09", "ANN10", "ANN11", "PRV01", "PRV02", "PRV03", "PRV05", "PRV06",
    "PRV07", "PRV09", "PRV10", "PRV11", "PRV13", "PRV14", "PRV15",
];

/// Rows that are held by another test: because they need what only one room can play (DNS answers, TLS, millions of
/// tries), or because a story elsewhere shows them.
const ELSEWHERE: &[(&str, &str)] = &[
    ("SIG22", "limits below: a world with tight limits"),
    ("SIG23", "limits below: a world with tight limits"),
    ("FET13", "net/tests/tls.rs"),
    ("FET15", "no collection of a peer is ever walked"),
    ("SSR05", "net/tests/names.rs"),
    ("SSR06", "net/tests/names.rs"),
    ("SSR11", "net/tests/names.rs"),
    ("SSR14", "we proxy no media"),
    ("SSR15", "no address of a peer becomes a parameter of a request"),
    ("PAR18", "the server speaks HTTP/1.1 only"),
    ("PAR19", "fixtures/bad.rs"),
    ("QUE01", "patience.rs, fanout.rs: one that never answers"),
    ("QUE14", "fanout.rs: a lost answer"),
];

#[tokio::test]
async fn signatures_and_digests() {
    run(sig::ROWS).await;
}

#[tokio::test]
async fn keys_and_their_owners() {
    run(key::ROWS).await;
}

#[tokio::test]
async fn origins_and_embedded_objects() {
    run(org::ROWS).await;
}

#[tokio::test]
async fn what_is_somebody_elses() {
    run(deeds::ROWS).await;
}

#[tokio::test]
async fn fetched_documents() {
    run(fet::ROWS).await;
}

#[tokio::test]
async fn addresses_that_lead_inside() {
    run(ssr::ROWS).await;
}

#[tokio::test]
async fn documents_that_hurt_to_read() {
    run(par::ROWS).await;
}

#[tokio::test]
async fn membership_and_roles() {
    run(grp::ROWS).await;
}

#[tokio::test]
async fn announces_and_loops() {
    run(ann::ROWS).await;
}

#[tokio::test]
async fn what_is_private() {
    run(prv::ROWS).await;
}

#[tokio::test]
async fn floods() {
    run_in(Scene::limited().await, grp::LIMITED).await;
    run_in(Scene::limited().await, ann::LIMITED).await;
}

#[tokio::test]
async fn inboxes_that_answer_in_odd_ways() {
    run_in(Scene::impatient().await, que::ANSWERING).await;
}

#[tokio::test]
async fn inboxes_that_are_slow_or_away() {
    run_in(Scene::impatient().await, que::AWAY).await;
}

/// SIG22: 200 bad signatures, each naming another key: soon 429, and few of them are looked for.
#[tokio::test]
async fn bad_signatures_are_limited() {
    let world = World::start_with(&[("LIMITS__BAD_SIGNATURES_PER_MINUTE", "60")]).await;
    let scene = Scene::set_in(world).await;
    let mut statuses = BTreeMap::new();
    for n in 0..200 {
        let forgery = scene.forge().with(|forgery| {
            forgery.key = scene.mallory.key();
            forgery.key_id = format!("{}/keys/{n}", scene.evil().base());
        });
        let answer = forgery.send().await;
        if answer.status == 429 {
            assert!(answer.headers.contains_key("retry-after"));
        }
        *statuses.entry(answer.status).or_insert(0) += 1;
    }
    assert!(
        statuses.get(&429).is_some_and(|count| *count >= 100),
        "{statuses:?}"
    );
    let asked = scene
        .evil()
        .fetched()
        .iter()
        .filter(|path| path.starts_with("/keys/"))
        .count();
    assert!(asked <= 100, "{asked} keys were looked for");
    scene.world.end().await;
}

/// SIG23: a key that cannot be had is asked for once, however often it is named.
#[tokio::test]
async fn a_missing_key_is_asked_for_once() {
    let scene = Scene::set().await;
    let forgery = scene
        .forge()
        .with(|forgery| forgery.key_id = format!("{}/keys/x", scene.evil().base()));
    for _ in 0..100 {
        refused("SIG23", forgery.send().await, &[401]);
    }
    assert_eq!(scene.evil().times_fetched("/keys/x"), 1);
    scene.world.end().await;
}

/// PRV06: whoever reads page after page is told to stop.
#[tokio::test]
async fn a_scrape_of_the_members_is_limited() {
    let world = World::start_with(&[("LIMITS__REQUESTS_PER_MINUTE", "40")]).await;
    let group = world.group("garden").await;
    let mut statuses = BTreeMap::new();
    for page in 0..100 {
        let url = format!("{}?page={page}", group.part("members"));
        let answer = world.get(&url, "application/activity+json").await;
        if answer.status() == 429 {
            assert!(answer.headers().contains_key("retry-after"));
        }
        *statuses.entry(answer.status().as_u16()).or_insert(0) += 1;
    }
    assert!(
        statuses.get(&429).is_some_and(|count| *count >= 50),
        "{statuses:?}"
    );
    world.end().await;
}
