//! A post's page: a thread with its comments, or one comment.
//!
//! One rule: texts were sanitised when they came and stand here as they are stored: reading must not cost what taking costs.

use askama::Template;
use uuid::Uuid;

use super::{
    page,
    words::{Author, Date, how_many, title, web_link},
};
use crate::{
    store::{CommentView, PostView, Slice, Viewer},
    web::{
        Answer, Web,
        error::{self, Problem},
    },
};

/// Comments on a page.
const PAGE: usize = 100;

#[derive(Template)]
#[template(path = "post.html", config = "src/web/pages/askama.toml")]
struct PostPage<'a> {
    id: Uuid,
    group: &'a str,
    group_title: &'a str,
    title: String,
    author: Author,
    host: &'a str,
    date: Date,
    edited: bool,
    public: bool,
    locked: bool,
    likes: String,
    content: &'a str,
    /// Where people read it, and the document, both at its origin.
    origin: String,
    document: String,
    /// The thread that a comment belongs to.
    thread: Option<Uuid>,
    comments: Vec<Comment>,
    next: Option<Uuid>,
}

struct Comment {
    id: Uuid,
    deleted: bool,
    author: Author,
    link: String,
    date: Date,
    answers: Option<Uuid>,
    likes: String,
    content: String,
    /// Too long to stand here: it has a page of its own.
    long: bool,
}

/// `GET /post/UUID`, as a page.
pub(in crate::web) async fn post(web: &Web, post: &PostView, after: Option<Uuid>, viewer: &Viewer) -> Answer {
    if post.deleted.is_some() {
        return Err(Problem::because(error::GONE, "This post was deleted."));
    }
    let thread = post.parent.map(|_| post.thread);
    let slice = match thread {
        Some(_) => Slice {
            items: vec![],
            more: false,
        },
        None => {
            let store = web.engine.store();
            store
                .comments(post.group_id, post.id, viewer, after, PAGE)
                .await?
        }
    };
    let html = PostPage {
        id: post.id,
        group: &post.group,
        group_title: &post.group_title,
        title: title(post.title.as_deref(), post.content.as_deref()),
        author: Author::of(&post.author),
        host: &post.author.host,
        date: Date::of(post.published),
        edited: post.updated.is_some(),
        public: post.public,
        locked: post.locked,
        likes: how_many(post.likes, "like", "likes"),
        content: post.content.as_deref().unwrap_or_default(),
        document: web_link(&[&post.iri]),
        origin: web_link(&[post.url.as_deref().unwrap_or_default(), &post.iri]),
        thread,
        next: slice.items.last().filter(|_| slice.more).map(|last| last.id),
        comments: slice
            .items
            .iter()
            .map(|comment| Comment::of(comment, post.id))
            .collect(),
    };
    page(&html, viewer)
}

impl Comment {
    fn of(comment: &CommentView, thread: Uuid) -> Self {
        Self {
            id: comment.id,
            deleted: comment.deleted,
            author: Author::of(&comment.author),
            link: web_link(&[&comment.iri]),
            date: Date::of(comment.published),
            answers: comment.parent.filter(|parent| *parent != thread),
            likes: how_many(comment.likes, "like", "likes"),
            content: comment.content.clone().unwrap_or_default(),
            long: comment.long,
        }
    }
}
