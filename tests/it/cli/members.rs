//! Lists of members: let in as a whole, written out again, and all that can be wrong with one.
//!
//! One rule: whoever is imported hears and speaks as if they had joined, and a list that is wrong changes nothing.

use std::io::{BufRead, BufReader, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::Stdio;

use serde_json::{Value, json};
use tempfile::TempDir;

use super::{ground, names};
use crate::support::peer::{Actor, Server};
use crate::support::process::{Program, Ran};

const HEADER: &str = "actor,inbox,shared_inbox,dialect\n";

/// A place for lists.
struct Desk(TempDir);

impl Desk {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn list(&self, text: impl AsRef<[u8]>) -> String {
        let path = self.path("members.csv");
        std::fs::write(&path, text).unwrap();
        path.display().to_string()
    }
}

/// The line of somebody, as their own server describes them.
fn row(who: &Actor, dialect: &str) -> String {
    let document = who.document();
    let inbox = document["inbox"].as_str().unwrap();
    let shared = document["endpoints"]["sharedInbox"].as_str().unwrap_or_default();
    format!("{},{inbox},{shared},{dialect}\n", who.id())
}

/// Somebody who is nowhere.
fn nobody(host: &str, name: &str) -> String {
    format!("http://{host}/u/{name},http://{host}/u/{name}/inbox,http://{host}/inbox,microblog\n")
}

async fn imports(program: &Program, file: &str, options: &[&str]) -> Value {
    let words = [&["group", "import", "garden", file, "--json"][..], options].concat();
    program.run(&words).await.json()
}

async fn exports(program: &Program) -> String {
    program.run(&["group", "export", "garden"]).await.ok().out
}

async fn members(program: &Program) -> Value {
    program.run(&["group", "show", "garden", "--json"]).await.json()["members"].clone()
}

/// What a command came to that was told this on standard input.
async fn told(program: &Program, words: &[&str], text: Vec<u8>) -> Ran {
    let mut command = program.command(words);
    command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let ran = move || {
        let mut child = command.spawn().unwrap();
        let mut stdin = child.stdin.take().unwrap();
        let writing = std::thread::spawn(move || drop(stdin.write_all(&text)));
        let output = child.wait_with_output().unwrap();
        writing.join().unwrap();
        Ran {
            code: output.status.code().unwrap_or(-1),
            out: String::from_utf8(output.stdout).unwrap(),
            err: String::from_utf8(output.stderr).unwrap(),
        }
    };
    tokio::task::spawn_blocking(ran).await.unwrap()
}

/// Beside a server that runs: each hears in their dialect and may post, and the list comes out as it went in.
#[tokio::test]
async fn whoever_is_on_a_list_is_in() {
    let (program, ground, desk) = (Program::new().await, ground(), Desk::new());
    let server = |software| Server::start(software, &ground);
    let ann = server("lemmy").actor("ann");
    let (tom, pia) = (server("lemmy").actor("tom"), server("nodebb").actor("pia"));
    let mastodon = server("mastodon");
    let [mia, max] = ["mia", "max"].map(|name| mastodon.actor(name));
    let joiner = server("joiner");
    let [xia, xen] = ["xia", "xen"].map(|name| joiner.actor(name));
    let serving = program.serve().await;
    let group = program.group("garden", &ann).await;
    let list = [
        HEADER.to_owned(),
        row(&xia, "explainer"),
        row(&mia, ""),
        row(&tom, "threadiverse"),
        row(&ann, ""),
        row(&pia, "nodebb"),
        row(&max, ""),
        row(&xen, "explainer"),
    ]
    .concat();
    let file = desk.list(&list);
    let all = json!({
        "group": "garden", "rows": 7, "imported": 7, "already": 0, "duplicates": 0, "banned": 0, "blocked": 0,
        "left": 0, "gone": 0, "bad": 0, "problems": [],
    });
    assert_eq!(imports(&program, &file, &[]).await, all);

    // Nobody here was ever fetched: ann's key is, now that she signs.
    let post = ann.post(&group, "one").await;
    for who in [&tom, &pia, &mia, &max, &xia, &xen] {
        who.hears_of([&post]).once().await;
    }
    let inboxes = |server: &Server| {
        let mut inboxes: Vec<_> = server.heard().into_iter().map(|heard| heard.inbox).collect();
        inboxes.sort();
        inboxes
    };
    assert_eq!(inboxes(&mastodon), ["/inbox"], "one copy for both");
    assert_eq!(inboxes(&joiner), ["/people/xen/inbox", "/people/xia/inbox"]);
    let reply = tom.replies(&group, &post, "two").await;
    pia.hears_of([&reply]).once().await;

    // A row that names a dialect is not looked up.
    for (who, looked_up) in [(&tom, 0), (&pia, 0), (&xia, 0), (&mia, 1), (&ann, 1)] {
        let asked = who.server().times_fetched("/.well-known/nodeinfo");
        assert_eq!(asked, looked_up, "{}", who.id());
    }
    let peers = program.run(&["peer", "list", "--json"]).await.json();
    let spoken_to = |who: &Actor| {
        let host = who.server().authority();
        let row = peers.as_array().unwrap().iter().find(|row| row["host"] == host);
        row.map(|row| (row["shape"].clone(), row["written_in"].clone()))
    };
    let both = |set: Value, written: &str| Some((set, json!(written)));
    assert_eq!(spoken_to(&pia), both(json!("nodebb"), "nodebb"));
    assert_eq!(spoken_to(&xia), both(json!("explainer"), "explainer"));
    assert_eq!(spoken_to(&mia), both(Value::Null, "microblog"));

    assert_eq!(exports(&program).await, list);
    let again = imports(&program, &file, &[]).await;
    assert_eq!((&again["imported"], &again["already"]), (&json!(0), &json!(7)));
    assert_eq!(exports(&program).await, list);
    let copy = desk.path("copy.csv");
    let answer = program
        .run(&["group", "export", "garden", copy.to_str().unwrap(), "--json"])
        .await
        .json();
    assert_eq!(
        (&answer["group"], &answer["members"]),
        (&json!("garden"), &json!(7))
    );
    assert_eq!(std::fs::read_to_string(&copy).unwrap(), list);
    assert_eq!(copy.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    let left: Vec<_> = std::fs::read_dir(desk.0.path()).unwrap().collect();
    assert_eq!(left.len(), 2, "{left:?}");
    serving.stop().await;
    let servers = [&ann, &tom, &pia, &mia, &xia].map(|who| who.server().complaints());
    assert_eq!(servers.concat(), Vec::<String>::new());
    assert_eq!(ground.failures(), Vec::<String>::new());
}

/// Those who may not come in, and those who are in, are counted and are no errors.
#[tokio::test]
async fn bans_blocks_and_leaving_count_before_a_list() {
    let (program, ground, desk) = (Program::new().await, ground(), Desk::new());
    let owner = Server::start("lemmy", &ground).actor("owner");
    let lemmy = Server::start("lemmy", &ground);
    let [bad, out, waits, reads] = ["bad", "out", "waits", "reads"].map(|name| lemmy.actor(name));
    let serving = program.serve().await;
    let group = program.group("garden", &owner).await;
    let does = async |words: &[&str]| {
        program.run(words).await.ok();
    };
    let join = out.asks(&group).await;
    out.is_accepted(&join).await;
    out.leaves(&group, &join).await;
    does(&["group", "set", "garden", "--follow", "reads"]).await;
    reads.clone().follows(&group).await;
    does(&[
        "group", "set", "garden", "--join", "approval", "--follow", "joins",
    ])
    .await;
    let asked = waits.asks(&group).await;
    does(&["group", "ban", "garden", &bad.id()]).await;
    does(&["group", "ban", "garden", "127.0.0.7"]).await;
    does(&["peer", "block", "127.0.0.8"]).await;
    let list = [
        HEADER.to_owned(),
        row(&bad, ""),
        nobody("127.0.0.7:4000", "a"),
        nobody("127.0.0.8:4000", "b"),
        row(&out, ""),
        row(&waits, ""),
        row(&reads, ""),
        nobody("127.0.0.9:4000", "c"),
        nobody("127.0.0.9:4000", "c"),
        row(&owner, ""),
    ]
    .concat();
    let counted = imports(&program, &desk.list(&list), &[]).await;
    let expected = json!({
        "group": "garden", "rows": 9, "imported": 4, "already": 0, "duplicates": 1, "banned": 2, "blocked": 1,
        "left": 1, "gone": 0, "bad": 0, "problems": [],
    });
    assert_eq!(counted, expected);
    waits.is_accepted(&asked).await;
    let post = owner.post(&group, "one").await;
    for who in [&waits, &reads] {
        who.hears_of([&post]).once().await;
    }
    let mut listed = names(
        &program
            .run(&["group", "members", "garden", "--json"])
            .await
            .json(),
        "actor",
    );
    listed.sort();
    let mut expected = vec![
        waits.id(),
        reads.id(),
        owner.id(),
        "http://127.0.0.9:4000/u/c".to_owned(),
    ];
    expected.sort();
    assert_eq!(listed, expected);
    let text = program
        .run(&["group", "import", "garden", &desk.list(&list)])
        .await
        .ok()
        .out;
    for words in [
        "Let 0 members into garden",
        "4 were in already",
        "1 line names somebody again",
        "2 are banned",
        "1 is of a server that is blocked",
        "1 left before",
    ] {
        assert!(text.contains(words), "no {words:?} in {text}");
    }
    serving.stop().await;
}

/// A wrong line is told by its place and what is wrong; then nothing is imported, or the rest if that is asked for.
#[tokio::test]
async fn what_is_wrong_with_a_list_is_told_by_line_and_column() {
    let (mut program, ground, desk) = (Program::new().await, ground(), Desk::new());
    program.set("FEDERATION__BLOCKED", "walled.example");
    let owner = Server::start("lemmy", &ground).actor("owner");
    program.group("garden", &owner).await;
    let ours = program.base();
    let long = format!("https://a.example/{}", "x".repeat(2_048));
    let a = "https://a.example";
    let good = format!("{a}/u/1,{a}/u/1/inbox,,\n");
    let wrong = [
        (
            format!("{a}/u/2,{a}/u/2/inbox,"),
            "line 3: it has 3 columns, and the header has 4",
        ),
        (format!("{a}/u/2,{a}/u/2/inbox,,,"), "line 3: it has 5 columns"),
        (
            format!("@ann@a.example,{a}/inbox,,"),
            "line 3, column actor: an actor is named by its URL",
        ),
        (format!(",{a}/inbox,,"), "line 3, column actor:"),
        (
            format!("https://A.example/u/2,{a}/inbox,,"),
            "write https://a.example/u/2",
        ),
        (
            format!("{long},{a}/inbox,,"),
            "line 3, column actor: this cannot be an actor's URL: an id is at most 2,048",
        ),
        (
            format!("ftp://a.example/u/2,{a}/inbox,,"),
            "line 3, column actor:",
        ),
        (
            format!("{ours}/c/garden,{ours}/c/garden/inbox,,"),
            "column actor: the address is our own",
        ),
        (format!("{a}/u/2,,,"), "line 3, column inbox: there is none"),
        (
            format!("{a}/u/2,inbox,,"),
            "line 3, column inbox: this cannot be an inbox",
        ),
        (
            format!("{a}/u/2,https://b.example/inbox,,"),
            "column inbox: it is on b.example, and the actor on a.example",
        ),
        (format!("{a}/u/2,https://a.example:8443/inbox,,"), "column inbox:"),
        (
            format!("{a}/u/2,{a}/inbox\0,,"),
            "line 3, column inbox: this cannot be an inbox",
        ),
        (
            format!("{a}/u/2,{a}/u/2/inbox,https://b.example/inbox,"),
            "column shared_inbox: it is on b.example",
        ),
        (
            format!("{a}/u/2,{a}/u/2/inbox,,round"),
            "column dialect: there is no dialect named 'round'; it is one of piefed, threadiverse, nodebb, discourse, \
            microblog, wall, lotide, streams, mobilizon, peertube, explainer",
        ),
        (
            "https://10.0.0.1/u/2,https://10.0.0.1/inbox,,".to_owned(),
            "column actor: the host is, or leads to, an address",
        ),
        (
            format!("\"{a}/u/2,{a}/u/2/inbox,,"),
            "line 3: a quote begins on it",
        ),
        (
            format!("{a}/u/2,{a}/u/2/inbox,,\r{a}"),
            "line 3: there is a carriage return",
        ),
        (
            format!("{a}/u/2,{},,", "x".repeat(10_000)),
            "line 3: it is longer than any line",
        ),
    ];
    for (line, words) in &wrong {
        let text = format!("{HEADER}{good}{line}\n");
        let words = [words, "1 line is wrong, so nothing was imported", "--skip-bad"];
        program
            .run(&["group", "import", "garden", &desk.list(text)])
            .await
            .fails(1, &words);
    }
    let mut bytes = format!("{HEADER}{good}").into_bytes();
    bytes.extend_from_slice(b"https://a.example/\xff,,,\n");
    program
        .run(&["group", "import", "garden", &desk.list(bytes)])
        .await
        .fails(1, &["line 3: it is not text in UTF-8"]);
    assert_eq!(members(&program).await, 0);

    let lines: String = wrong.iter().map(|(line, _)| format!("{line}\n")).collect();
    let other = format!("{a}/u/9,{a}/u/9/inbox,,nodebb\n\n{a}/u/8,{a}/u/8/inbox,,wall\n");
    let file = desk.list(format!("{HEADER}{good}{lines}{other}"));
    let many = [
        "20 lines are wrong",
        "line 3:",
        "line 21:",
        "line 24, column dialect: a.example is nodebb by line 22, and a server speaks one dialect",
    ];
    program
        .run(&["group", "import", "garden", &file])
        .await
        .fails(1, &many);
    let done = imports(&program, &file, &["--skip-bad"]).await;
    assert_eq!(
        (&done["imported"], &done["bad"], &done["rows"]),
        (&json!(2), &json!(20), &json!(22))
    );
    assert_eq!(done["problems"].as_array().unwrap().len(), 20);
    assert_eq!(
        (&done["problems"][8]["line"], &done["problems"][8]["column"]),
        (&json!(11), &json!("inbox"))
    );
    let ran = program
        .run(&["group", "import", "garden", &file, "--skip-bad"])
        .await
        .ok();
    assert!(
        ran.err.contains("left out: line 3: it has 3 columns"),
        "{}",
        ran.err
    );
    assert!(ran.out.contains("20 lines were wrong"), "{}", ran.out);

    // What an operator said of a host stands.
    let file = desk.list(format!("{HEADER}{a}/u/7,{a}/u/7/inbox,,wall\n"));
    let words = [
        "line 2, column dialect: a.example is set to nodebb",
        "peer set a.example",
    ];
    program
        .run(&["group", "import", "garden", &file])
        .await
        .fails(1, &words);
    let done = imports(&program, &file, &["--skip-bad"]).await;
    assert_eq!((&done["imported"], &done["bad"]), (&json!(0), &json!(1)));
}

/// What is no list at all, and groups that take nobody.
#[tokio::test]
async fn what_is_no_list_is_told_in_words() {
    let (mut program, ground, desk) = (Program::new().await, ground(), Desk::new());
    let owner = Server::start("lemmy", &ground).actor("owner");
    program.group("garden", &owner).await;
    program.group("old", &owner).await;
    program.run(&["group", "close", "old"]).await.ok();
    let header = "actor,inbox,shared_inbox,dialect";
    for (text, words) in [
        (&b""[..], "it is empty"),
        (b"\n", "line 1 is ''"),
        (b"actor;inbox;shared_inbox;dialect\n", "line 1 is 'actor;inbox"),
        (b"actor,inbox,shared_inbox\n", "line 1 is"),
        (b"inbox,actor,shared_inbox,dialect\n", "line 1 is"),
        (
            b"https://a.example/u/1,https://a.example/inbox,,\n",
            "line 1 is 'https",
        ),
        (
            b"actor,inbox,shared_inbox,dialect\rhttps://a.example/u/1,,,\r",
            "carriage return",
        ),
        (b"\xff\xfea\0c\0t\0o\0r\0", "UTF-16"),
        (b"\x1b[2J\n", "line 1 is ' [2J'"),
    ] {
        let file = desk.list(text);
        program
            .run(&["group", "import", "garden", &file])
            .await
            .fails(1, &["members.csv is no list of members", words, header]);
    }
    let file = desk.list(format!("{HEADER}{}", nobody("127.0.0.9:4000", "c")));
    let nowhere = desk.path("nothing.csv").display().to_string();
    let a_directory = desk.0.path().display().to_string();
    for (line, code, words) in [
        (["import", "nothing", &file], 1, "no group named 'nothing'"),
        (["import", "old", &file], 1, "old is closed"),
        (["import", "Garden", &file], 2, "write garden"),
        (["import", "garden@else.example", &file], 2, "another server"),
        (["import", "garden", &nowhere], 1, "nothing.csv cannot be read"),
        (["import", "garden", &a_directory], 1, "s a directory"),
        (["export", "nothing", "-"], 1, "no group named nothing"),
        (["export", "garden", &a_directory], 1, "cannot be written"),
        (["export", "garden", "--json"], 2, "name a file"),
    ] {
        let words_of = [&["group"][..], &line].concat();
        program.run(&words_of).await.fails(code, &[words]);
    }
    program.set("DATABASE__URL", "postgres://nobody@127.0.0.1:1/nothing");
    let file = desk.list("actor\n");
    program
        .run(&["group", "import", "garden", &file])
        .await
        .fails(1, &["line 1 is 'actor'"]);
}

/// From standard input, with a mark, other line ends, blanks and quotes; and a line without an end.
#[tokio::test]
async fn a_list_is_read_as_programs_write_it() {
    let (program, ground, desk) = (Program::new().await, ground(), Desk::new());
    let owner = Server::start("lemmy", &ground).actor("owner");
    program.group("garden", &owner).await;
    let words = ["group", "import", "garden", "-", "--json"];
    let h = "http://127.0.0.9:4000";
    let text = format!(
        "\u{feff}actor, inbox,\"shared_inbox\",dialect\r\n{h}/u/1,{h}/u/1/inbox,,\r\n\r\n\
         \"{h}/u/2?a,b\" , {h}/u/2/inbox,{h}/inbox,microblog"
    );
    let done = told(&program, &words, text.into_bytes()).await.json();
    assert_eq!((&done["imported"], &done["rows"]), (&json!(2), &json!(2)));
    // The operator's word is on the server, so it is there for both.
    let list = format!(
        "{HEADER}{h}/u/1,{h}/u/1/inbox,,microblog\n\"{h}/u/2?a,b\",{h}/u/2/inbox,{h}/inbox,microblog\n"
    );
    assert_eq!(exports(&program).await, list);
    let endless = [HEADER.as_bytes(), &vec![b'x'; 64 << 20]].concat();
    told(&program, &words, endless)
        .await
        .fails(1, &["line 2: it is longer than any line"]);
    let only_header = imports(&program, &desk.list(HEADER), &[]).await;
    assert_eq!(only_header["rows"], 0);
    assert_eq!(exports(&program).await, list);
}

/// kill -9 in the middle: the same command does the rest, and nobody is in twice.
#[tokio::test]
async fn an_import_that_was_killed_is_finished_by_the_next() {
    let (program, ground, desk) = (Program::new().await, ground(), Desk::new());
    let owner = Server::start("lemmy", &ground).actor("owner");
    program.group("garden", &owner).await;
    const ALL: u64 = 10_000;
    let rows = (0..ALL).map(|n| nobody(&format!("127.1.{}.{}:4000", n / 250, n % 250), &format!("m{n}")));
    let list = std::iter::once(HEADER.to_owned()).chain(rows).collect::<String>();
    let file = desk.list(&list);
    let mut command = program.command(&["group", "import", "garden", &file]);
    command.stderr(Stdio::piped()).stdout(Stdio::null());
    let killed = move || {
        let mut child = command.spawn().unwrap();
        let mut said = String::new();
        BufReader::new(child.stderr.take().unwrap())
            .read_line(&mut said)
            .unwrap();
        child.kill().unwrap();
        child.wait().unwrap();
        said
    };
    let said = tokio::task::spawn_blocking(killed).await.unwrap();
    assert_eq!(said, "importing 2000 of 10000\n");
    let half = members(&program).await.as_u64().unwrap();
    assert!((2_000..ALL).contains(&half) && half % 2_000 == 0, "{half}");
    let done = imports(&program, &file, &[]).await;
    assert_eq!(
        (&done["imported"], &done["already"]),
        (&json!(ALL - half), &json!(half))
    );
    assert_eq!(members(&program).await, ALL);
    assert!(exports(&program).await == list, "each once, and in order");
}

/// Two at once, a server beside them, and somebody who joins meanwhile: all get in.
#[tokio::test]
async fn imports_do_not_get_into_each_others_way() {
    let (program, ground, desk) = (Program::new().await, ground(), Desk::new());
    let lemmy = Server::start("lemmy", &ground);
    let (owner, tom) = (lemmy.actor("owner"), lemmy.actor("tom"));
    let serving = program.serve().await;
    let group = program.group("garden", &owner).await;
    program.group("orchard", &owner).await;
    let row = |n: usize| nobody(&format!("127.1.0.{}:4000", n % 200), &format!("m{n}"));
    let there: String = (0..4_000).map(row).collect();
    let back: String = (0..4_000).rev().map(row).collect();
    let (one, two) = (desk.path("one.csv"), desk.path("two.csv"));
    std::fs::write(&one, format!("{HEADER}{there}")).unwrap();
    std::fs::write(&two, format!("{HEADER}{back}")).unwrap();
    let import = async |name: &str, file: &PathBuf| {
        let file = file.display().to_string();
        program
            .run(&["group", "import", name, &file, "--json"])
            .await
            .json()["imported"]
            .clone()
    };
    let (garden, orchard, ()) = tokio::join!(import("garden", &one), import("orchard", &two), async {
        tom.clone().follows(&group).await;
    });
    assert_eq!((garden, orchard), (json!(4_000), json!(4_000)));
    assert_eq!(members(&program).await, 4_001);
    let orchard = program.run(&["group", "export", "orchard"]).await.ok().out;
    assert!(
        orchard == format!("{HEADER}{back}"),
        "each group has its own order"
    );
    serving.stop().await;
    assert_eq!(ground.failures(), Vec::<String>::new());
}

/// What was imported is taken for a person, until it is read.
#[tokio::test]
async fn an_imported_group_can_be_followed() {
    let (program, ground, desk) = (Program::new().await, ground(), Desk::new());
    let nodebb = Server::start("piefed", &ground);
    let (owner, cats) = (nodebb.actor("owner"), nodebb.settle("cats", "Group"));
    program.group("garden", &owner).await;
    let list = format!("{HEADER}{}", row(&cats, "nodebb"));
    assert_eq!(imports(&program, &desk.list(list), &[]).await["imported"], 1);
    let asked = program
        .run(&["group", "follow", "garden", &cats.id(), "--json"])
        .await
        .json();
    assert_eq!(
        asked,
        json!({ "group": "garden", "follows": cats.id(), "accepted": false })
    );
}

/// A word on a host that is known already holds for it everywhere: what was to come goes out as it was written.
#[tokio::test]
async fn a_list_says_how_a_known_host_is_spoken_to_from_now_on() {
    let (program, ground, desk) = (Program::new().await, ground(), Desk::new());
    let owner = Server::start("lemmy", &ground).actor("owner");
    let joiner = Server::start("joiner", &ground);
    let [xia, xen] = ["xia", "xen"].map(|name| joiner.actor(name));
    let serving = program.serve().await;
    let group = program.group("garden", &owner).await;
    program
        .run(&[
            "group",
            "import",
            "garden",
            &desk.list(format!("{HEADER}{}", row(&owner, ""))),
        ])
        .await
        .ok();
    // As a microblog, which it is not: so it is not asked what it is.
    let host = joiner.authority();
    program
        .run(&["peer", "set", host, "--shape", "microblog"])
        .await
        .ok();
    let list = format!("{HEADER}{}", row(&xia, ""));
    imports(&program, &desk.list(list), &[]).await;
    let first = owner.post(&group, "one").await;
    joiner
        .hears("a boost", |heard| heard.object_id() == first.post)
        .await;
    program.run(&["peer", "set", host, "--shape", "auto"]).await.ok();
    let list = format!("{HEADER}{}", row(&xen, "explainer"));
    let done = imports(&program, &desk.list(list), &[]).await;
    assert_eq!(done["imported"], 1);
    let second = owner.post(&group, "two").await;
    for who in [&xia, &xen] {
        who.hears_of([&second]).once().await;
    }
    let shared = joiner.heard().into_iter().filter(|heard| heard.inbox == "/inbox");
    for heard in shared {
        assert_eq!(heard.object_id(), first.post, "only what was written before");
    }
    serving.stop().await;
}
