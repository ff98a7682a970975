//! Who is in a group and who runs it.
//!
//! One rule: the list of members is shown to whom the group says; everybody else gets a count. Followers are listed under
//! the same rule. Those who run a group are always named.

use axum::{
    extract::{Path, Query, State},
    response::Response,
};
use chrono::{DateTime, Utc};

use super::{
    open_group,
    paging::{Listing, Paging, Place, ids, query},
};
use crate::{
    store::{Person, Slice},
    web::{Answer, Web, asking::Asking},
};

/// Ids in a page.
const PAGE: usize = 50;

/// Where a page starts: when somebody came, and their row.
type Cursor = (DateTime<Utc>, i64);

/// Who is listed: both lists are shown to the same people, page in the same way, and differ in who is on them.
#[derive(Clone, Copy)]
enum List {
    Members,
    Followers,
}

/// `GET /c/NAME/members`
pub(in crate::web) async fn members(
    State(web): State<Web>,
    Path(name): Path<String>,
    Query(paging): Query<Paging>,
    asking: Asking,
) -> Answer {
    listed(&web, &name, List::Members, &paging, &asking).await
}

/// `GET /c/NAME/followers`
pub(in crate::web) async fn followers(
    State(web): State<Web>,
    Path(name): Path<String>,
    Query(paging): Query<Paging>,
    asking: Asking,
) -> Answer {
    listed(&web, &name, List::Followers, &paging, &asking).await
}

async fn listed(web: &Web, name: &str, list: List, paging: &Paging, asking: &Asking) -> Answer {
    let place = paging.newest_first(read_cursor)?;
    let group = open_group(web, name, &asking.viewer).await?;
    let store = web.engine.store();
    let figures = store.group_figures(group.id, &asking.viewer).await?;
    let hidden = store.unlisted(group.id).await?;
    let (part, total) = match list {
        List::Members => ("members", figures.members.saturating_sub(hidden.members)),
        List::Followers => ("followers", figures.followers.saturating_sub(hidden.followers)),
    };
    let listing = Listing::of_group(web.engine.here(), name, part, total, &asking.viewer);
    let before = match place {
        _ if !figures.shows_members => {
            // Everybody finds themselves.
            let own = match list {
                List::Members if figures.viewer_is_member => store.iri_of(&asking.viewer).await?,
                _ => None,
            };
            return Ok(match own {
                Some(own) => listing.with_all(&ids([own])),
                None => listing.counted(),
            });
        }
        Place::Whole => return Ok(listing.whole()),
        Place::Page(before) => before,
    };
    let people = match list {
        List::Members => store.members(group.id, before, PAGE).await?,
        List::Followers => store.followers(group.id, before, PAGE).await?,
    };
    Ok(page(&listing, before, &people))
}

/// `GET /c/NAME/admins`: newest first.
pub(in crate::web) async fn admins(
    State(web): State<Web>,
    Path(name): Path<String>,
    Query(paging): Query<Paging>,
    asking: Asking,
) -> Answer {
    let group = open_group(&web, &name, &asking.viewer).await?;
    let admins = web.engine.store().admins(group.id).await?;
    few(&web, &name, "admins", admins, &paging, &asking)
}

/// `GET /c/NAME/moderators`: the owner, then the admins, then the steward, which acts for whoever decides here.
pub(in crate::web) async fn moderators(
    State(web): State<Web>,
    Path(name): Path<String>,
    Query(paging): Query<Paging>,
    asking: Asking,
) -> Answer {
    let group = open_group(&web, &name, &asking.viewer).await?;
    let mut moderators = web.engine.store().moderators(group.id).await?;
    moderators.push(web.engine.here().steward(&name));
    few(&web, &name, "moderators", moderators, &paging, &asking)
}

/// A list that is never long: the collection holds it whole, and so does its one page.
pub(super) fn few(
    web: &Web,
    name: &str,
    part: &str,
    list: Vec<String>,
    paging: &Paging,
    asking: &Asking,
) -> Answer {
    let place = paging.newest_first(|_| None::<i64>)?;
    let total = list.len() as u64;
    let listing = Listing::of_group(web.engine.here(), name, part, total, &asking.viewer);
    let items = ids(list);
    Ok(match place {
        Place::Whole => listing.with_items(&items),
        Place::Page(_) => listing.page("page=1", None, &items),
    })
}

fn page(listing: &Listing<'_>, before: Option<Cursor>, slice: &Slice<Person>) -> Response {
    let next = slice.items.last().filter(|_| slice.more).map(|last| {
        let cursor = write_cursor((last.since, last.actor));
        query("before", Some(cursor))
    });
    let items = ids(slice.items.iter().map(|person| person.iri.clone()));
    listing.page(&query("before", before.map(write_cursor)), next, &items)
}

pub(super) fn write_cursor((since, actor): Cursor) -> String {
    format!("{}-{actor}", since.timestamp_micros())
}

pub(super) fn read_cursor(text: &str) -> Option<Cursor> {
    let (since, actor) = text.split_once('-')?;
    let since = DateTime::from_timestamp_micros(since.parse().ok()?)?;
    // What Postgres can keep: PAR09.
    let is_ours = since.timestamp() < 32_503_680_000;
    is_ours.then_some(())?;
    Some((since, actor.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_is_read_as_it_was_written() {
        let cursor = (
            DateTime::from_timestamp_micros(1_800_000_000_123_456).expect("a date"),
            42,
        );
        assert_eq!(read_cursor(&write_cursor(cursor)), Some(cursor));
        for bad in [
            "",
            "-",
            "1",
            "x-1",
            "1-x",
            "9223372036854775807-1",
            "1-2-3",
            "1-' or 1",
        ] {
            assert_eq!(read_cursor(bad), None, "{bad}");
        }
    }
}
