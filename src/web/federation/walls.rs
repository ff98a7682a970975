//! A group's walls: ids of the posts that their authors put there and the group took (FEP-400e).
//!
//! One rule: as any list of posts, it holds what this viewer may see, and so does its total.

use axum::extract::{Path, Query, State};

use super::{
    group_to_read,
    paging::{Listing, Paging, Place, ids, query},
};
use crate::{
    dialect,
    web::{Answer, Web, asking::Asking},
};

/// Ids in a page.
const PAGE: usize = 50;

/// `GET /c/NAME/wall`: threads, the last one first.
pub(in crate::web) async fn wall(
    State(web): State<Web>,
    Path(name): Path<String>,
    Query(paging): Query<Paging>,
    asking: Asking,
) -> Answer {
    listed(&web, &name, dialect::WALL, &paging, &asking).await
}

/// `GET /c/NAME/wall-comments`: answers, the last one first.
pub(in crate::web) async fn comments(
    State(web): State<Web>,
    Path(name): Path<String>,
    Query(paging): Query<Paging>,
    asking: Asking,
) -> Answer {
    listed(&web, &name, dialect::COMMENTS, &paging, &asking).await
}

async fn listed(web: &Web, name: &str, part: &str, paging: &Paging, asking: &Asking) -> Answer {
    let place = paging.newest_first(|seq| seq.parse::<i64>().ok())?;
    let group = group_to_read(web, name, &asking.viewer).await?;
    let (store, here, viewer) = (web.engine.store(), web.engine.here(), &asking.viewer);
    let wall = here.part(name, part);
    let total = store.on_wall_total(group.id, &wall, viewer).await?;
    let listing = Listing::of_group(here, name, part, total, viewer);
    let before = match place {
        Place::Whole => return Ok(listing.whole()),
        Place::Page(before) => before,
    };
    let slice = store.on_wall(group.id, &wall, viewer, before, PAGE).await?;
    let last = slice.items.last().filter(|_| slice.more).map(|(seq, _)| *seq);
    let next = last.map(|seq| query("before", Some(seq)));
    let items = ids(slice.items.into_iter().map(|(_, iri)| iri));
    Ok(listing.page(&query("before", before), next, &items))
}
