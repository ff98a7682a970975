//! Sources that are wrong on purpose, and others that only look so.

use super::*;

fn source(path: &str, text: &str) -> Source {
    Source {
        path: path.to_owned(),
        text: text.to_owned(),
    }
}

/// The lines of `path` in which a wrong import was found.
fn caught(path: &str, text: &str) -> Vec<usize> {
    let wrong = wrong_imports(&source(path, text));
    let line = |wrong: &String| wrong.split(':').nth(1).unwrap().parse().unwrap();
    let mut lines: Vec<usize> = wrong.iter().map(line).collect();
    lines.dedup();
    lines
}

#[test]
fn a_wrong_import_is_told_with_file_line_room_and_row() {
    let wrong = wrong_imports(&source("dialect/microblog.rs", "\nuse crate::store::log;\n"));
    assert_eq!(
        wrong,
        ["src/dialect/microblog.rs:2: `dialect` may not know `store`; its row allows domain, config, text"]
    );
}

#[test]
fn every_way_to_name_a_room_is_seen() {
    for text in [
        "use crate::web::inbox;",
        "pub(crate) use crate::web as pages;",
        "use crate::{domain::Group, web::{self, error}};",
        "use {std::fmt, crate::web};",
        "use crate::{self as all};",
        "use crate as all;",
        "use crate::*;",
        "use folkmoot::web;",
        "use ::folkmoot::web;",
        "use super::super::web;",
        "use super::{super::{web}};",
        "fn f(x: &crate::web::Error) {}",
        "fn f() { let x = crate :: web :: f(); }",
        "fn f() { super::super::web::f() }",
        "fn f() -> <crate::web::A as B>::C {}",
        "type A = Vec<::folkmoot::web::A>;",
        "macro_rules! m { () => { $crate::web::f() } }",
        "mod inner { use super::super::super::web; }",
        "/* a /* nested */ comment */ use crate::web;",
        "const A: char = '\"'; use crate::web; const B: char = '\"';",
        "const A: &str = r#\"\"#; use crate::web;",
        "fn f<'a>(x: &'a str) { crate::web::f(x) }",
        "use r#crate::a; use crate::r#web;",
        "#[cfg(test)] mod tests { use crate::web; }",
        "#[cfg(not(test))] mod a { use crate::clock; }",
        "#[cfg(test)] mod a {} mod b { use crate::clock; }",
        "#[cfg(test)] use crate::clock;",
    ] {
        assert_eq!(caught("dialect/microblog.rs", text), [1], "{text}");
    }
}

#[test]
fn what_only_looks_like_an_import_is_not_one() {
    for text in [
        "// use crate::web;",
        "//! use crate::web;",
        "/* use crate::web; */",
        "const A: &str = \"use crate::web;\";",
        "const A: &str = \"\\\" use crate::web;\";",
        "const A: &str = r#\"a\" use crate::web; \"#;",
        "const A: &[u8] = b\"use crate::web;\";",
        "use super::web;",
        "use self::web::x;",
        "pub(crate) fn f() {}",
        "pub(in crate::dialect) fn f() {}",
        "use crate::{domain, text::slug, config::Settings, dialect::read};",
        "use super::super::domain;",
        "mod inner { use super::super::web; }",
        "use other::crate_::web; fn f() { a.web::<B>() }",
        "#[cfg(test)] mod tests { use super::*; use crate::clock::Clock; }",
        "#[cfg(test)]\n#[expect(clippy::all, reason = \"a\")]\npub(super) mod tests { use crate::clock; }",
    ] {
        assert_eq!(caught("dialect/microblog.rs", text), [0; 0], "{text}");
    }
}

#[test]
fn rooms_on_one_floor_do_not_know_each_other() {
    for (room, other) in [
        ("domain", "config"),
        ("signature", "text"),
        ("config", "clock"),
        ("store", "dialect"),
        ("net", "store"),
        ("engine", "delivery"),
        ("delivery", "engine"),
        ("server", "cli"),
        ("web", "peer"),
        ("web", "clock"),
        ("delivery", "domain"),
        ("cluster", "clock"),
        ("engine", "nowhere"),
    ] {
        let text = format!("use crate::{other}::x;");
        assert_eq!(
            caught(&format!("{room}/mod.rs"), &text),
            [1],
            "{room} knows {other}"
        );
        assert_eq!(caught(&format!("{room}.rs"), &text), [1], "{room} knows {other}");
    }
}

#[test]
fn a_row_allows_what_it_names() {
    for (room, other) in [
        ("cli", "server"),
        ("cli", "domain"),
        ("server", "web"),
        ("server", "delivery"),
        ("web", "config"),
        ("cluster", "config"),
        ("peer", "dialect"),
        ("domain", "domain"),
    ] {
        assert_eq!(
            caught(&format!("{room}/a.rs"), &format!("use crate::{other}::x;")),
            [0; 0],
            "{room} knows {other}"
        );
    }
}

#[test]
fn test_files_may_use_settings_and_clock_and_no_other_room() {
    let text = "use crate::{clock, config};\nuse crate::web;";
    assert_eq!(caught("signature/tests.rs", text), [2]);
    assert_eq!(caught("signature/tests/keys.rs", text), [2]);
    assert_eq!(caught("signature/keys.rs", text), [1, 2]);
}

#[test]
fn a_file_in_no_room_is_caught() {
    assert_eq!(caught("helpers.rs", "fn f() {}"), [1]);
}

#[test]
fn names_of_other_software_are_caught() {
    for text in [
        "fn is_lemmy() {}",
        "\n\"from Mastodon/4.3\"",
        "GoToSocialNote",
        "go_to_social()",
        "Mbin::new()",
        "lemmys",
    ] {
        assert_eq!(strange_names(&source("engine/inbox.rs", text)).len(), 1, "{text}");
    }
    for text in [
        "fn combine() {}",
        "controversial",
        "// lemmy#3203",
        "/// mastodon#18069",
        "f(); // kbin",
        "hollow",
    ] {
        assert_eq!(strange_names(&source("engine/inbox.rs", text)), [""; 0], "{text}");
    }
}

#[test]
fn names_of_other_software_have_homes() {
    let named = |path: &str| !strange_names(&source(path, "mod versia;")).is_empty();
    for path in [
        "dialect/versia.rs",
        "signature/versia.rs",
        "signature/mod.rs",
        "web/federation/versia/inbox.rs",
    ] {
        assert!(!named(path), "{path}");
    }
    for path in ["signature/keys.rs", "web/mod.rs", "engine/mod.rs", "lib.rs"] {
        assert!(named(path), "{path}");
    }
    assert!(!strange_names(&source("signature/mod.rs", "mod lemmy;")).is_empty());
}

#[test]
fn sql_outside_of_the_store_is_caught() {
    for text in [
        "sqlx::query!(\"x\")",
        "use sqlx::{PgPool, query_as};",
        "use sqlx::*;",
        "sqlx::QueryBuilder::new(\"\")",
        "c.execute(\"select 1\")",
        "c.execute(r#\"\n  UPDATE a\n set b = 1\"#)",
        "\"with a as (select 1) select 2\"",
        "\"listen entry\"",
        "\"Create role moot\"",
    ] {
        assert_eq!(stray_sql(&source("engine/a.rs", text)).len(), 1, "{text}");
        assert_eq!(stray_sql(&source("cluster/a.rs", text)).len(), 1, "{text}");
        assert_eq!(stray_sql(&source("store/a.rs", text)), [""; 0], "{text}");
    }
    for text in [
        "use sqlx::PgPool;",
        "\"update of a post\"",
        "\"with care\"",
        "url.query()",
        "// select 1",
    ] {
        assert_eq!(stray_sql(&source("engine/a.rs", text)), [""; 0], "{text}");
    }
}

#[test]
fn unfinished_work_is_caught() {
    assert_eq!(
        unfinished(&source("engine/a.rs", "fn f() {\n    todo!()\n}")).len(),
        1
    );
    assert_eq!(
        unfinished(&source("engine/a.rs", "fn todo() { unimplemented!(\"x\") }")).len(),
        1
    );
    assert_eq!(
        unfinished(&source("engine/a.rs", "fn todo() {} // todo!()")),
        [""; 0]
    );
}

#[test]
fn long_files_are_caught() {
    let house = |lengths: &[usize]| {
        let sources: Vec<_> = lengths
            .iter()
            .map(|lines| source("engine/a.rs", &"\n".repeat(*lines)))
            .collect();
        too_long(&sources).len()
    };
    assert_eq!(house(&[500, 10, 10, 10, 10, 10, 10, 10, 10, 10]), 0);
    assert_eq!(house(&[501, 10, 10, 10, 10, 10, 10, 10, 10, 10]), 1);
    assert_eq!(house(&[401, 401, 10, 10, 10, 10, 10, 10, 10, 10]), 1);
}

#[test]
fn a_lib_that_does_more_than_list_is_caught() {
    let plan: String = ROOMS
        .iter()
        .map(|room| format!("pub mod {}; // what it is\n", room.name))
        .collect();
    assert_eq!(is_not_the_plan(&plan), [""; 0]);
    assert_eq!(is_not_the_plan(&format!("{plan}pub use web::f;\n")).len(), 1);
    assert_eq!(is_not_the_plan(&plan.replace("pub mod web;", "")).len(), 1);
    assert_eq!(is_not_the_plan(&format!("{plan}\n\n\n\n")).len(), 1);
}
