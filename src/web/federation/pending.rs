//! What waits for an admin: posts, and those who ask to be let in.
//!
//! One rule: for whoever runs the group, and for the server of one who does; to everybody else there is no such thing.

use axum::{
    extract::{Path, Query, State},
    response::Response,
};
use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::{
    any_group,
    paging::{Listing, Paging, Place, query},
};
use crate::{
    dialect::{self, Entry, Here},
    store::{HeldView, held::Queue},
    web::{
        Answer, Web,
        asking::Asking,
        error::{self, Problem},
    },
};

/// Entries in a page.
const PAGE: usize = 20;

/// Where a page starts: when something came, and its id.
type Cursor = (DateTime<Utc>, Uuid);

/// `GET /c/NAME/pendingActivities`
pub(in crate::web) async fn activities(
    State(web): State<Web>,
    Path(name): Path<String>,
    Query(paging): Query<Paging>,
    asking: Asking,
) -> Answer {
    listed(&web, &name, Queue::Activities, &paging, &asking).await
}

/// `GET /c/NAME/pendingMembers`
pub(in crate::web) async fn members(
    State(web): State<Web>,
    Path(name): Path<String>,
    Query(paging): Query<Paging>,
    asking: Asking,
) -> Answer {
    listed(&web, &name, Queue::Members, &paging, &asking).await
}

async fn listed(web: &Web, name: &str, queue: Queue, paging: &Paging, asking: &Asking) -> Answer {
    let (store, here) = (web.engine.store(), web.engine.here());
    let group = any_group(web, name).await?;
    let total = store.pending_total(group.id, queue, &asking.viewer).await?;
    let total = total.ok_or(Problem::new(error::NOT_FOUND))?;
    let part = dialect::queue(queue == Queue::Members);
    let listing = Listing::of_group(here, name, part, total, &asking.viewer);
    let before = match paging.newest_first(read_cursor)? {
        Place::Whole => return Ok(listing.whole()),
        Place::Page(before) => before,
    };
    let slice = store
        .pending(group.id, queue, &asking.viewer, before, PAGE)
        .await?;
    let items: Vec<String> = slice.items.iter().map(|held| written(held, here)).collect();
    let next = slice
        .items
        .last()
        .filter(|_| slice.more)
        .map(|last| query("before", Some(write_cursor((last.at, last.id)))));
    Ok(page(&listing, before, next, &items))
}

fn page(listing: &Listing<'_>, before: Option<Cursor>, next: Option<String>, items: &[String]) -> Response {
    listing.page(&query("before", before.map(write_cursor)), next, items)
}

/// An entry as it stands at its id and in pages.
pub(super) fn written(held: &HeldView, here: &Here) -> String {
    let entry = Entry {
        id: held.id,
        group: &held.group,
        asks_in: held.queue == Queue::Members,
        at: held.at,
        received: &held.received,
    };
    dialect::entry(&entry, here)
}

pub(super) fn write_cursor((at, id): Cursor) -> String {
    format!("{}-{id}", at.timestamp_micros())
}

pub(super) fn read_cursor(text: &str) -> Option<Cursor> {
    let (at, id) = text.split_once('-')?;
    let at = DateTime::from_timestamp_micros(at.parse().ok()?)?;
    // What Postgres can keep: PAR09.
    (at.timestamp() < 32_503_680_000).then_some(())?;
    Some((at, id.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_is_read_as_it_was_written() {
        let at = DateTime::from_timestamp_micros(1_800_000_000_123_456).expect("a date");
        let cursor = (at, Uuid::from_u128(42));
        assert_eq!(read_cursor(&write_cursor(cursor)), Some(cursor));
        for bad in ["", "-", "1", "x-1", "1-x", "9223372036854775807-1"] {
            assert_eq!(read_cursor(bad), None, "{bad}");
        }
    }
}
