//! What stands on the terminal.
//!
//! One rule: a shape is read off the document that arrived, never off what was hoped for; colours only where a terminal
//! shows them.

use std::io::IsTerminal as _;
use std::time::Duration;

use serde_json::Value;

use crate::tally::{Count, Member};

const BOLD: &str = "1";
const DIM: &str = "2";
const RED: &str = "31";
const GREEN: &str = "32";
const YELLOW: &str = "33";

/// A paragraph that says what comes.
pub(crate) fn chapter(text: &str) {
    println!("\n{}", paint(BOLD, text));
}

/// A line in the margin of the story.
pub(crate) fn aside(text: &str) {
    println!("{}", format!("  {text}").trim_end());
}

/// A command as one would type it, and what it printed.
pub(crate) fn command(line: &str, output: &str) {
    println!("\n  {}", paint(BOLD, &format!("$ {line}")));
    for line in output.lines() {
        println!("  {line}");
    }
}

/// Who does what, and how their server said it.
pub(crate) fn deed(member: &Member, words: &str, document: &Value) {
    let deed = format!("{} {words}", member.name);
    println!(
        "\n  {} {} → 202",
        paint(BOLD, &format!("{deed:<50}")),
        shape(document)
    );
}

/// What arrived.
pub(crate) fn received(member: &Member, document: &Value, note: &str) {
    row(
        GREEN,
        "←",
        member,
        &format!("{:<26}{}", shape(document), paint(DIM, note)),
    );
}

/// Nothing is due, and why.
pub(crate) fn nothing(member: &Member, why: &str) {
    row(DIM, "·", member, &paint(DIM, &format!("nothing: {why}")));
}

/// Due later.
pub(crate) fn waits(member: &Member, why: &str) {
    row(YELLOW, "…", member, &paint(YELLOW, why));
}

/// Due, and not there.
pub(crate) fn missing(member: &Member, what: &str) {
    row(RED, "✗", member, &paint(RED, &format!("never came: {what}")));
}

/// The count, and what is wrong.
pub(crate) fn end(count: &Count, took: Duration) {
    chapter("The count");
    println!(
        "  {} activities sent, each signed by its author and answered 202",
        count.sent
    );
    println!(
        "  {} of {} deliveries that were due arrived, each once",
        count.arrived, count.due
    );
    for (number, what) in [
        (count.extra as u64, "that were not due"),
        (count.waiting, "still waiting to be sent"),
        (
            count.complaints.len() as u64,
            "complaints of the peers, who verified every signature",
        ),
    ] {
        println!(
            "  {}",
            paint(if number == 0 { "" } else { RED }, &format!("{number} {what}"))
        );
    }
    for complaint in &count.complaints {
        println!("    {}", paint(RED, complaint));
    }
    let verdict = if count.is_right() {
        paint(GREEN, "All is well")
    } else {
        paint(RED, "Something is wrong")
    };
    println!("\n{verdict}, after {:.1} s.", took.as_secs_f64());
}

/// `Announce{Create{Note}}`: types from the outside in, `id` where an object is given by its id alone.
pub(crate) fn shape(document: &Value) -> String {
    let kind = document["type"].as_str().unwrap_or("?");
    let carries = matches!(
        kind,
        "Announce" | "Accept" | "Reject" | "Undo" | "Create" | "Update"
    );
    match &document["object"] {
        inner if !carries || inner.is_null() => kind.to_owned(),
        Value::String(_) => format!("{kind}{{id}}"),
        inner => format!("{kind}{{{}}}", shape(inner)),
    }
}

fn row(colour: &str, mark: &str, member: &Member, text: &str) {
    let who = format!("{} · {}", member.name, member.program);
    println!("    {} {who:<17}{text}", paint(colour, mark));
}

fn paint(colour: &str, text: &str) -> String {
    let plain = !std::io::stdout().is_terminal()
        || std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    if plain {
        text.to_owned()
    } else {
        format!("\x1b[{colour}m{text}\x1b[0m")
    }
}
