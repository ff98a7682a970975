//! What a group has announced, newest first, whole.
//!
//! One rule: entries are those of `/activities/UUID/SHAPE`, byte for byte.

use axum::extract::{Path, Query, State};

use super::{
    activity::written,
    group_to_read,
    paging::{Listing, Paging, query},
};
use crate::web::{Answer, Web, asking::Asking};

/// Entries in a page.
const PAGE: i64 = 20;

/// `GET /c/NAME/outbox`
pub(in crate::web) async fn outbox(
    State(web): State<Web>,
    Path(name): Path<String>,
    Query(paging): Query<Paging>,
    asking: Asking,
) -> Answer {
    let place = paging.newest_first(|seq| seq.parse::<i64>().ok())?;
    let group = group_to_read(&web, &name, &asking.viewer).await?;
    let (store, here, viewer) = (web.engine.store(), web.engine.here(), &asking.viewer);
    let there = here.mirrors();
    let total = store.outbox_total(group.id, viewer, &there).await?;
    let listing = Listing::of_group(here, &name, "outbox", total, viewer);

    let is_whole = place.is_whole();
    let before = place.cursor();
    let slice = store.outbox(group.id, viewer, &there, before, PAGE).await?;
    let items: Vec<_> = slice
        .items
        .iter()
        .filter_map(|(_, view)| written(view, here))
        .collect();
    if is_whole {
        return Ok(listing.with_items(&items));
    }
    let last = slice.items.last().filter(|_| slice.more).map(|(seq, _)| *seq);
    let next = last.map(|seq| query("before", Some(seq)));
    Ok(listing.page(&query("before", before), next, &items))
}
