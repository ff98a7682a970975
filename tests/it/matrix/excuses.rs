//! Why a program hears nothing of something: the rule, and where it was read.
//!
//! One rule: an excuse is as narrow as its reason. The first that fits counts; a cell that none fits fails the test.

use super::Cell;

type Row = (
    &'static [&'static str],
    &'static [&'static str],
    fn(&Cell<'_>) -> bool,
    &'static str,
);

const ALL: &[&str] = &[];
const MICROBLOGS: &[&str] = &["microblog", "unknown"];

/// Classes (none: all), verbs (none: all), when, and why.
const EXCUSES: &[Row] = &[
    (
        &["threadiverse", "nodebb", "discourse"],
        &["post", "reply", "edit", "like", "delete", "removal"],
        is_own,
        "The author's own server has it: Mbin does not send it there either, Lemmy ignores its own (Mbin, 2026-08-05)",
    ),
    (
        MICROBLOGS,
        &["reply"],
        always,
        "Comments would flood home feeds (mastodon#18069, lemmy#2224)",
    ),
    (
        MICROBLOGS,
        &["edit"],
        is_unsigned,
        "Nothing in it shows there that its author wrote it: no proof, no Linked Data Signature; the author's server tells its own followers",
    ),
    (
        &["microblog", "unknown", "wall", "lotide", "mobilizon", "streams"],
        &["like"],
        always,
        "A vote goes from the voter's server to the author's; a group passes none on there (Smithereen 1.0.3, 2026-07-26; FEP-171b)",
    ),
    (
        &["discourse"],
        &["edit", "delete", "like"],
        always,
        "Only a Create inside is honoured; the rest is dropped (discourse-activity-pub#337, 2026-08-31)",
    ),
    (
        &["wall"],
        ALL,
        is_off_the_wall,
        "What does not name the wall as its target never lands there (FEP-400e; Smithereen AddNoteHandler 1.0.3, 2026-07-26)",
    ),
    (
        &["wall"],
        &["edit"],
        is_unsigned,
        "In the absence of a valid LD-signature, HTTP signature must be made by the activity actor (Smithereen 1.0.3, 2026-07-26)",
    ),
    (
        &["lotide"],
        &["edit"],
        always,
        "It has no edits (lotide apub_util/ingest.rs, 2024-08-20)",
    ),
    (
        &["peertube"],
        ALL,
        is_no_video,
        "Announces of Videos only; comments come from their authors (PeerTube#6400)",
    ),
    (
        &["microblog", "unknown", "wall", "lotide", "mobilizon"],
        &["reply", "edit", "delete"],
        is_own,
        "What is passed on as it came is not sent back to where it came from",
    ),
    (
        &["versia", "versia-share"],
        &["like"],
        always,
        "Votes are counted here; nothing is said there in the name of those who cast them",
    ),
    (
        &["versia"],
        &["delete"],
        is_by_another_domain,
        "What another domain hosts is that domain's to take back; it is not among the group's notes any more",
    ),
    (
        &["versia-share"],
        &["edit"],
        always,
        "A Share names the note, which is read where it is, as it is then",
    ),
    (
        ALL,
        &["ban"],
        always,
        "Who is put out hears it by letter, and nobody else does",
    ),
];

/// The reason for an empty cell, if there is one.
pub fn of(cell: &Cell<'_>) -> Option<&'static str> {
    let fits = |list: &[&str], word: &str| list.is_empty() || list.contains(&word);
    let row = EXCUSES.iter().find(|(classes, verbs, when, _)| {
        fits(classes, cell.class) && fits(verbs, cell.deed.verb) && when(cell)
    });
    row.map(|(.., why)| *why)
}

fn is_own(cell: &Cell<'_>) -> bool {
    cell.is_own()
}

const fn always(_: &Cell<'_>) -> bool {
    true
}

fn is_by_another_domain(cell: &Cell<'_>) -> bool {
    cell.deed.by.starts_with("versia")
}

fn is_unsigned(cell: &Cell<'_>) -> bool {
    let document = &cell.deed.said.document;
    !document["signature"].is_object() && !document["proof"].is_object()
}

fn is_off_the_wall(cell: &Cell<'_>) -> bool {
    let target = cell.deed.post["target"]["id"].as_str().unwrap_or_default();
    !(target.ends_with("/wall") || target.ends_with("/wall-comments"))
}

fn is_no_video(cell: &Cell<'_>) -> bool {
    cell.deed.verb != "post" || cell.deed.post["type"] != "Video"
}
