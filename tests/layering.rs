//! The house plan, held row by row: which room may know which, and what belongs in one room only.
//!
//! One rule: a room knows the rooms that its row names, `config` if it stands above the ground floor, and no other.
//! A new room is a row in `ROOMS`, a line in `src/lib.rs`, and a row in `docs/architecture.md`.
//!
//! The sources are read as tokens (`layering/tokens.rs`), so comments and strings do not mislead.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "layering/catches.rs"]
mod catches;
#[path = "layering/paths.rs"]
mod paths;
#[path = "layering/tokens.rs"]
mod tokens;
#[path = "layering/words.rs"]
mod words;

use std::fs;
use std::path::Path;

use paths::{Named, named_paths};
use tokens::{Token, read};
use words::{is_sql, software_in};

/// One row of the plan.
struct Room {
    floor: u8,
    name: &'static str,
    may_know: &'static [&'static str],
}

/// From the ground floor up, in the order of `src/lib.rs`.
const ROOMS: &[Room] = &[
    room(0, "domain", &[]),
    room(0, "config", &[]),
    room(0, "clock", &[]),
    room(0, "signature", &[]),
    room(0, "text", &[]),
    room(1, "dialect", &["domain", "text"]),
    room(1, "cluster", &[]),
    room(1, "store", &["domain", "clock"]),
    room(1, "net", &["signature", "clock"]),
    room(
        2,
        "peer",
        &["domain", "dialect", "store", "net", "signature", "clock"],
    ),
    room(
        3,
        "engine",
        &[
            "domain",
            "dialect",
            "store",
            "net",
            "peer",
            "signature",
            "text",
            "clock",
        ],
    ),
    room(3, "delivery", &["store", "net", "peer", "signature", "clock"]),
    room(
        4,
        "web",
        &["engine", "store", "dialect", "domain", "text", "signature"],
    ),
    room(5, "server", BELOW),
    room(5, "cli", &["*", "server"]),
];

/// Every room of a lower floor.
const BELOW: &[&str] = &["*"];

/// What the tests inside any room may use besides.
const FOR_TESTS: &[&str] = &["config", "clock"];

const fn room(floor: u8, name: &'static str, may_know: &'static [&'static str]) -> Room {
    Room {
        floor,
        name,
        may_know,
    }
}

impl Room {
    fn named(name: &str) -> Option<&'static Self> {
        ROOMS.iter().find(|room| room.name == name)
    }

    fn knows(&self, other: &str) -> bool {
        let below = || Self::named(other).is_some_and(|other| other.floor < self.floor);
        self.name == other
            || self.may_know.contains(&other)
            || (self.floor > 0 && other == "config")
            || (self.may_know.contains(&"*") && below())
    }

    fn known(&self) -> String {
        let known: Vec<_> = ROOMS
            .iter()
            .map(|room| room.name)
            .filter(|name| *name != self.name && self.knows(name))
            .collect();
        if known.is_empty() {
            "no other room".to_owned()
        } else {
            known.join(", ")
        }
    }
}

/// A source file: its path below `src`, with `/`, and its text.
struct Source {
    path: String,
    text: String,
}

impl Source {
    /// The modules that lead to this file: `web/federation/inbox.rs` is `[web, federation, inbox]`.
    fn modules(&self) -> Vec<&str> {
        let mut modules: Vec<_> = self.path.trim_end_matches(".rs").split('/').collect();
        if matches!(modules.last(), Some(&("mod" | "lib" | "main"))) {
            modules.pop();
        }
        modules
    }

    fn is_test(&self) -> bool {
        self.modules().contains(&"tests")
    }

    fn at(&self, line: usize, what: &str) -> String {
        format!("src/{}:{line}: {what}", self.path)
    }
}

/// Imports that the row of the file's room does not name.
fn wrong_imports(source: &Source) -> Vec<String> {
    let modules = source.modules();
    // `lib.rs` and `main.rs` stand outside of the rooms; each has a rule of its own below.
    let Some(room) = modules.first() else {
        return Vec::new();
    };
    let Some(room) = Room::named(room) else {
        return vec![source.at(1, "this file is in no room of the plan")];
    };
    let mut wrong = Vec::new();
    for path in named_paths(&read(&source.text)) {
        let Some(reached) = path.reaches(modules.len()) else {
            continue;
        };
        let in_test = path.in_test || source.is_test();
        match reached {
            Named::Room(other) if room.knows(&other) => {}
            Named::Room(other) if in_test && FOR_TESTS.contains(&other.as_str()) => {}
            Named::Room(other) => wrong.push(source.at(
                path.line,
                &format!(
                    "`{}` may not know `{other}`; its row allows {}",
                    room.name,
                    room.known()
                ),
            )),
            Named::Everything => wrong.push(source.at(
                path.line,
                &format!(
                    "`{}` takes the whole crate; name the rooms. Its row allows {}",
                    room.name,
                    room.known()
                ),
            )),
        }
    }
    wrong
}

/// Names of other software outside of where they belong.
fn strange_names(source: &Source) -> Vec<String> {
    let path = source.path.as_str();
    // An operator turns it on and off by its name.
    let homes = [
        "dialect/",
        "signature/versia",
        "web/federation/versia",
        "config/",
        "cli/",
        "server.rs",
    ];
    if homes.iter().any(|home| path.starts_with(home)) {
        return Vec::new();
    }
    // The parents of the two Versia files must name their child.
    let child = matches!(path, "signature/mod.rs" | "web/federation/mod.rs").then_some("versia");
    let tokens = read(&source.text);
    let named = tokens.iter().flat_map(|(line, token)| {
        let text = match token {
            Token::Ident(text) | Token::Text(text) => text.as_str(),
            Token::Punct(_) => "",
        };
        software_in(text).into_iter().map(move |name| (*line, name))
    });
    named
        .filter(|(_, name)| Some(*name) != child)
        .map(|(line, name)| source.at(line, &format!("{name} is named; that belongs in src/dialect/")))
        .collect()
}

/// Queries outside of `store`.
fn stray_sql(source: &Source) -> Vec<String> {
    // The tests of `cluster` ask the database that they started what it is.
    if ["store/", "store.rs", "cluster/tests"]
        .iter()
        .any(|home| source.path.starts_with(home))
    {
        return Vec::new();
    }
    let tokens = read(&source.text);
    let asks = |name: &str| name.starts_with("query") || matches!(name, "raw_sql" | "QueryBuilder" | "*");
    let calls = named_paths(&tokens).into_iter().filter(|path| {
        path.segments.first().is_some_and(|first| first == "sqlx")
            && path.segments.iter().any(|name| asks(name))
    });
    let mut lines: Vec<usize> = calls.map(|path| path.line).collect();
    for (line, token) in &tokens {
        if let Token::Text(text) = token
            && is_sql(text)
        {
            lines.push(*line);
        }
    }
    lines
        .into_iter()
        .map(|line| source.at(line, "SQL belongs in src/store/"))
        .collect()
}

/// Places where work was left undone.
fn unfinished(source: &Source) -> Vec<String> {
    let tokens = read(&source.text);
    let macros = tokens.windows(2).filter_map(|pair| match pair {
        [(line, Token::Ident(name)), (_, Token::Punct("!"))] if name == "todo" || name == "unimplemented" => {
            Some(source.at(*line, &format!("`{name}!` is not finished")))
        }
        _ => None,
    });
    macros.collect()
}

/// Files that are too long to read in one go, and the house as a whole if long files are common in it.
fn too_long(sources: &[Source]) -> Vec<String> {
    let length = |source: &Source| source.text.lines().count();
    let mut wrong: Vec<_> = sources
        .iter()
        .filter(|source| length(source) > 500)
        .map(|source| source.at(length(source), "more than 500 lines"))
        .collect();
    let long: Vec<_> = sources
        .iter()
        .filter(|source| length(source) > 400)
        .map(|source| source.path.as_str())
        .collect();
    if long.len() * 10 > sources.len() {
        wrong.push(format!(
            "nine files in ten have at most 400 lines; these have more: {}",
            long.join(", ")
        ));
    }
    wrong
}

/// `lib.rs` names the rooms from the ground floor up, one line each, and does nothing else.
fn is_not_the_plan(lib: &str) -> Vec<String> {
    let mut wrong = Vec::new();
    if lib.lines().count() > 18 {
        wrong.push("src/lib.rs has more than 18 lines".to_owned());
    }
    let code = lib
        .lines()
        .map(|line| line.split("//").next().unwrap_or_default().trim());
    let rooms: Vec<_> = code.filter(|line| !line.is_empty()).collect();
    let plan: Vec<_> = ROOMS
        .iter()
        .map(|room| format!("pub mod {};", room.name))
        .collect();
    if rooms != plan {
        wrong.push(format!("src/lib.rs is not the plan: {rooms:?}"));
    }
    wrong
}

fn sources() -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut sources = Vec::new();
    let mut waiting = vec![root.clone()];
    while let Some(dir) = waiting.pop() {
        for entry in fs::read_dir(dir).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                waiting.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = fs::read_to_string(&path).unwrap();
                let path = path
                    .strip_prefix(&root)
                    .unwrap()
                    .to_str()
                    .unwrap()
                    .replace('\\', "/");
                sources.push(Source { path, text });
            }
        }
    }
    sources.sort_by(|a, b| a.path.cmp(&b.path));
    assert!(sources.len() > ROOMS.len(), "the sources were not found");
    sources
}

#[track_caller]
fn nothing(wrong: &[String]) {
    assert!(wrong.is_empty(), "\n{}\n", wrong.join("\n"));
}

#[track_caller]
fn nothing_in_any(check: fn(&Source) -> Vec<String>) {
    nothing(&sources().iter().flat_map(check).collect::<Vec<_>>());
}

#[test]
fn a_room_knows_only_what_its_row_names() {
    nothing_in_any(wrong_imports);
}

#[test]
fn other_software_is_named_in_its_dialect_only() {
    nothing_in_any(strange_names);
}

#[test]
fn all_sql_is_in_the_store() {
    nothing_in_any(stray_sql);
}

#[test]
fn nothing_is_left_undone() {
    nothing_in_any(unfinished);
}

#[test]
fn files_can_be_read_in_one_go() {
    nothing(&too_long(&sources()));
}

#[test]
fn lib_lists_the_rooms_and_main_is_thin() {
    let text = |path: &str| {
        sources()
            .into_iter()
            .find(|source| source.path == path)
            .unwrap()
            .text
    };
    nothing(&is_not_the_plan(&text("lib.rs")));
    assert!(
        text("main.rs").lines().count() < 30,
        "src/main.rs has 30 lines or more"
    );
}
