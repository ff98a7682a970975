//! `docs/dialects.md`: the matrix as it was heard, and the table of programs as the code has it; in FEDERATION.md that of classes.
//!
//! One rule: nothing stands between its marks that was not heard or read from the code.

use std::collections::BTreeSet;
use std::fmt::Write;
use std::fs;
use std::path::Path;

use folkmoot::dialect::{HEARS, class_of, programs};

use super::{Cell, excuses};

const BY: &str = "written by `UPDATE_DOCS=1 cargo test --test it matrix`";

const VERBS: [(&str, &str); 7] = [
    ("post", "A new thread"),
    ("reply", "An answer to it"),
    ("edit", "An edit of the first post, by its author"),
    ("like", "A Like"),
    ("delete", "A deletion of the first post, by its author"),
    ("removal", "A removal of another's post, by a moderator"),
    ("ban", "A ban of that author, by the same moderator"),
];

/// A table for each verb, a row for each sender, a column for each receiver; then the excuses of what is empty.
pub fn matrix(programs: &[&str], cells: &[(Cell<'_>, Vec<String>)]) -> String {
    let mut text = String::new();
    let mut reasons: Vec<&str> = vec![];
    for (verb, title) in VERBS {
        let rows = cells.iter().filter(|(cell, _)| cell.deed.verb == verb);
        let mut rows = rows.peekable();
        writeln!(text, "### {title}\n").unwrap();
        writeln!(text, "| from \\ to | {} |", programs.join(" | ")).unwrap();
        writeln!(text, "|---{}|", "|---".repeat(programs.len())).unwrap();
        while let Some((first, _)) = rows.peek() {
            let by = first.deed.by;
            write!(text, "| **{by}** |").unwrap();
            while let Some((cell, told)) = rows.next_if(|(cell, _)| cell.deed.by == by) {
                write!(text, " {} |", shown(cell, told, &mut reasons)).unwrap();
            }
            text.push('\n');
        }
        text.push('\n');
    }
    text.push_str("### Why a cell is empty\n\n");
    for (number, why) in reasons.iter().enumerate() {
        writeln!(text, "{}. {why}.", number + 1).unwrap();
    }
    text
}

fn shown(cell: &Cell<'_>, told: &[String], reasons: &mut Vec<&str>) -> String {
    if !told.is_empty() {
        return told.join(" + ");
    }
    let Some(why) = excuses::of(cell) else {
        return "**?**".to_owned();
    };
    let number = reasons.iter().position(|known| *known == why).unwrap_or_else(|| {
        reasons.push(why);
        reasons.len() - 1
    });
    format!("– ({})", number + 1)
}

fn classes() -> String {
    let mut text =
        "### Programs\n\n| program | class | what decides that | read |\n|---|---|---|---|\n".to_owned();
    for (name, class) in programs() {
        let read = match (class.source, class.date) {
            ("", date) => date.to_owned(),
            (source, date) => format!("[{date}]({source})"),
        };
        writeln!(text, "| {name} | {} | {} | {read} |", class.name, class.why).unwrap();
    }
    let classes: BTreeSet<&str> = programs().map(|(_, class)| class.name).collect();
    assert_eq!(classes.len(), 10, "every class has a program");
    text
}

/// A row a class: who is of it, and what it hears.
fn hearing() -> String {
    let mut text =
        "| class | programs | post | comment | edit | delete | votes and their undoing |\n|---|---|---|---|---|---|---|\n"
            .to_owned();
    for hears in HEARS {
        let of_class = programs().filter(|(_, class)| class.name == hears.class);
        let names: Vec<&str> = of_class.map(|(name, _)| name).collect();
        let told = [hears.post, hears.comment, hears.edit, hears.delete, hears.votes].join(" | ");
        writeln!(text, "| {} | {} | {told} |", hears.class, names.join(", ")).unwrap();
    }
    let unknown = class_of(None, None);
    writeln!(
        text,
        "| {} | anything else | as {} | | | | |",
        unknown.name, unknown.shape.0
    )
    .unwrap();
    text
}

/// # Panics
/// If a page says something else.
pub fn are_up_to_date(matrix: &str) {
    is_up_to_date(
        "docs/dialects.md",
        "dialects",
        &format!("\n{matrix}\n{}\n", classes()),
    );
    is_up_to_date("FEDERATION.md", "classes", &hearing());
}

/// What stands between the marks of this name.
fn is_up_to_date(page: &str, name: &str, written: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(page);
    let (begin, end) = (
        format!("<!-- {name}: {BY} -->\n"),
        format!("<!-- end of {name} -->"),
    );
    let text = fs::read_to_string(&path).unwrap();
    let (before, rest) = text.split_once(&begin).unwrap();
    let (_, after) = rest.split_once(&end).unwrap();
    let written = format!("{before}{begin}{written}{end}{after}");
    if std::env::var_os("UPDATE_DOCS").is_some() {
        fs::write(&path, written).unwrap();
    } else {
        assert!(
            text == written,
            "{page} says something else: UPDATE_DOCS=1 cargo test --test it matrix"
        );
    }
}
