//! Why a program hears nothing of something: the rule, and where it was read.
//!
//! One rule: an excuse is as narrow as its reason, and ends with where and when that was read. The first that fits counts; a cell
//! that none fits fails the test.

use serde_json::Value;

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
        &["post", "reply", "edit", "like", "delete", "removal", "ban"],
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
        "Nothing in it shows there that its author wrote it: no proof, no Linked Data Signature; the author's server tells its own followers (mastodon `process_collection_service.rb`, 2026-08-08)",
    ),
    (
        &["microblog", "unknown", "wall", "lotide", "mobilizon", "streams"],
        &["like"],
        always,
        "A vote goes from the voter's server to the author's; a group passes none on there (Smithereen 1.0.3, 2026-07-26; FEP-171b)",
    ),
    (
        &["discourse"],
        &["edit", "delete", "like", "ban"],
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
        "What is passed on as it came is for those who would miss it, and its author's server does not (ActivityPub 7.1.2, 2018-01-23)",
    ),
    (
        &["versia", "versia-share"],
        &["like"],
        is_by_another_domain,
        "A vote there is told by the server of whoever votes (versia.pub, extension likes, 2025-12-20)",
    ),
    (
        &["versia-share"],
        &["like"],
        always,
        "A reaction is for the followers of whoever reacts, and a mirror has none; whoever follows the group hears of it where the note is of Versia (versia.pub, extension reactions, 2025-12-20)",
    ),
    (
        &["versia"],
        &["delete"],
        is_by_another_domain,
        "What another domain hosts is that domain's to take back; it is not among the group's notes any more (versia.pub, Delete, 2025-12-20)",
    ),
    (
        &["versia-share"],
        &["edit"],
        is_by_another_domain,
        "A note is sent again by the domain that it is of (versia.pub, Note, 2025-12-20)",
    ),
    (
        &["versia", "versia-share"],
        &["ban"],
        always,
        "There is no word for a ban: who is put out hears it by a SubscribeReject or FollowReject, and nobody else does (versia.pub, 2025-12-20)",
    ),
    (
        &["threadiverse"],
        &["post", "reply", "edit", "delete"],
        is_unread_by_lemmy,
        "What lacks a field that it reads is 400 to it: `cc`, `attributedTo`, `to` as a list of URLs, the group in a post's `to`, `cc` or `audience` (Lemmy 0.19.20, measured; `crates/apub/src/protocol`, 2026-07-21)",
    ),
    (
        &["nodebb"],
        &["edit"],
        is_by_several,
        "An edit of what has several authors is rejected (NodeBB 4.15.1 `inbox.update`, 2026-08-22)",
    ),
    (
        MICROBLOGS,
        &["post"],
        is_by_nobody,
        "A note that does not say whose it is is shown by nobody: `attributedTo` must be its author (MisskeyIO `ApInboxService.ts`, 2026-03-22)",
    ),
    (
        MICROBLOGS,
        &["ban"],
        always,
        "A Block of somebody who lives elsewhere is dropped, and of members they know nothing (mastodon `app/lib/activitypub/activity/block.rb`, 2026-08-08)",
    ),
    (
        &["nodebb"],
        &["ban"],
        always,
        "Of a category only a Create, Update, Delete and Like are read (NodeBB 4.15.1 `inbox.announce`, 2026-08-22)",
    ),
    (
        &["lotide"],
        &["ban"],
        always,
        "It has neither a Block nor a list of members (lotide apub_util/ingest.rs, 2024-08-20)",
    ),
    (
        &["streams"],
        &["ban"],
        always,
        "A container holds what belongs to one conversation, and a ban belongs to none (FEP-171b, 2025-11-06)",
    ),
    (
        &["mobilizon"],
        &["ban"],
        always,
        "It knows a member by a record of its own host's; of ours it has none to remove (Mobilizon 5.1.3, 2025-04)",
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

/// Of what the programs here send: nobody is its author, what should be a URL is an object, or nothing in a post names the group.
fn is_unread_by_lemmy(cell: &Cell<'_>) -> bool {
    let (said, post) = (&cell.deed.said.document, &cell.deed.post);
    let is_urls = |list: &Value| match list {
        Value::Array(all) => all.iter().all(Value::is_string),
        one => one.is_string(),
    };
    let is_nowhere =
        post["inReplyTo"].is_null() && post["attributedTo"].is_array() && post["audience"].is_null();
    let is_written = cell.deed.verb != "delete";
    let lacks =
        !is_urls(&said["to"]) || is_written && (said["cc"].is_null() || is_by_nobody(cell) || is_nowhere);
    cell.software == "lemmy" && lacks
}

fn is_by_nobody(cell: &Cell<'_>) -> bool {
    cell.deed.post["attributedTo"].is_null()
}

fn is_by_several(cell: &Cell<'_>) -> bool {
    cell.deed.post["attributedTo"].is_array()
}

fn is_off_the_wall(cell: &Cell<'_>) -> bool {
    let target = cell.deed.post["target"]["id"].as_str().unwrap_or_default();
    !(target.ends_with("/wall") || target.ends_with("/wall-comments"))
}

fn is_no_video(cell: &Cell<'_>) -> bool {
    cell.deed.verb != "post" || cell.deed.post["type"] != "Video"
}

#[test]
fn every_excuse_says_where_it_was_read() {
    for (.., why) in EXCUSES {
        let source = why.rsplit_once(" (").map(|(_, source)| source);
        assert!(
            source.is_some_and(|source| source.ends_with(')')),
            "{why}: where was that read?"
        );
    }
}
