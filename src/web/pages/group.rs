//! A group's page: what it is, how to join, what is new.

use askama::Template;

use super::{
    Before, page,
    words::{Author, Date, how_many, title},
};
use crate::{
    dialect::domains::{Faces, faces_of_group},
    domain::{JoinPolicy, PostPolicy},
    store::{GroupView, ThreadView, Viewer},
    text::markdown,
    web::{Answer, Web},
};

/// Threads on a page.
const PAGE: usize = 25;

#[derive(Template)]
#[template(path = "group.html", config = "src/web/pages/askama.toml")]
struct GroupPage<'a> {
    id: String,
    name: &'a str,
    authority: &'a str,
    title: &'a str,
    summary: String,
    members: String,
    followers: String,
    /// How it is called where groups are named by reference, if anywhere.
    faces: Option<Faces>,
    who_joins: &'static str,
    who_posts: &'static str,
    is_first: bool,
    threads: Vec<Line>,
    next: Option<i64>,
}

struct Line {
    id: String,
    title: String,
    author: Author,
    date: Date,
    comments: String,
}

/// `GET /c/NAME`, as a page.
pub(in crate::web) async fn group(
    web: &Web,
    group: &GroupView,
    Before(before): &Before,
    viewer: &Viewer,
) -> Answer {
    let (store, here) = (web.engine.store(), web.engine.here());
    let figures = store.group_figures(group.id, viewer).await?;
    let slice = store.threads(group.id, viewer, *before, PAGE).await?;
    let name = &group.group.name;
    let html = GroupPage {
        id: here.group(name),
        name,
        authority: here.authority(),
        title: &group.title,
        summary: markdown(&group.summary),
        members: how_many(figures.members, "member", "members"),
        followers: how_many(figures.followers, "follower", "followers"),
        faces: faces_of_group(name, here),
        who_joins: who_joins(group.group.policies.join),
        who_posts: who_posts(group.group.policies.post),
        is_first: before.is_none(),
        next: slice.items.last().filter(|_| slice.more).map(|last| last.seq),
        threads: slice.items.iter().map(Line::of).collect(),
    };
    page(&html, viewer)
}

impl Line {
    fn of(thread: &ThreadView) -> Self {
        Self {
            id: thread.id.to_string(),
            title: title(thread.title.as_deref(), thread.content.as_deref()),
            author: Author::of(&thread.author),
            date: Date::of(thread.published),
            comments: how_many(thread.comments, "comment", "comments"),
        }
    }
}

const fn who_joins(policy: JoinPolicy) -> &'static str {
    match policy {
        JoinPolicy::Open => "Everybody may become a member.",
        JoinPolicy::Approval => "An admin decides who becomes a member.",
        JoinPolicy::Invite => "Whoever is invited becomes a member.",
        JoinPolicy::Closed => "The group takes no new members; you may still follow it.",
    }
}

const fn who_posts(policy: PostPolicy) -> &'static str {
    match policy {
        PostPolicy::Anyone => "Everybody may post.",
        PostPolicy::Followers => "Followers and members may post.",
        PostPolicy::Members => "Members may post.",
        PostPolicy::Admins => "Admins start threads; members comment.",
    }
}
