//! The front page: which groups there are.

use askama::Template;
use axum::extract::{Query, State};
use http::HeaderMap;
use serde::Deserialize;

use super::{page, words::how_many};
use crate::{
    store::Viewer,
    text::{markdown, plain, truncate},
    web::{
        Answer, Web,
        error::{self, Problem},
        negotiate::{Form, form},
    },
};

/// Groups on a page.
const PAGE: usize = 100;
/// Characters of a summary.
const ABOUT: usize = 300;

#[derive(Template)]
#[template(path = "home.html", config = "src/web/pages/askama.toml")]
struct Home<'a> {
    authority: &'a str,
    groups: Vec<Card>,
    next: Option<String>,
}

struct Card {
    name: String,
    title: String,
    about: String,
    members: String,
}

#[derive(Deserialize)]
pub(in crate::web) struct Asked {
    #[serde(default)]
    after: String,
}

/// `GET /`
pub(in crate::web) async fn home(
    State(web): State<Web>,
    Query(asked): Query<Asked>,
    headers: HeaderMap,
) -> Answer {
    // Some peers look for an instance actor here and are content with a 404; ours is at /actor.
    if form(&headers) == Form::Document {
        return Err(Problem::because(
            error::NOT_FOUND,
            "The instance actor is at /actor.",
        ));
    }
    if asked.after.contains('\0') {
        return Err(super::no_page("after"));
    }
    let limit = i64::try_from(PAGE + 1).unwrap_or(i64::MAX);
    let mut cards = web.engine.store().group_cards(&asked.after, limit).await?;
    let more = cards.len() > PAGE;
    cards.truncate(PAGE);
    let home = Home {
        authority: web.engine.here().authority(),
        next: cards.last().filter(|_| more).map(|last| last.name.clone()),
        groups: cards
            .into_iter()
            .map(|card| Card {
                about: truncate(&plain(&markdown(&card.summary)), ABOUT).to_owned(),
                members: how_many(card.members, "member", "members"),
                name: card.name,
                title: card.title,
            })
            .collect(),
    };
    page(&home, &Viewer::Anyone)
}
