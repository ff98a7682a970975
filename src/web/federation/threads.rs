//! Threads as collections: a group's threads, one thread's posts and what was said about them, one post's answers, what is
//! featured.
//!
//! One rule: each list holds what this viewer may see, and so does its total.

use axum::extract::{Path, Query, State};
use uuid::Uuid;

use super::{
    activity::written,
    group_to_read, our_id,
    paging::{Listing, Paging, Place, ids, query},
    pending::{read_cursor, write_cursor},
    people::few,
};
use crate::{
    dialect,
    store::{Slice, ThreadView, Viewer},
    web::{
        Answer, Web,
        asking::Asking,
        error::{self, Problem},
    },
};

/// Ids in a page.
const PAGE: usize = 50;
/// Whole entries in a page.
const ENTRIES: i64 = 20;
/// Posts that a group can feature and we show.
const FEATURED: i64 = 50;

/// `GET /c/NAME/featured`
pub(in crate::web) async fn featured(
    State(web): State<Web>,
    Path(name): Path<String>,
    Query(paging): Query<Paging>,
    asking: Asking,
) -> Answer {
    let group = group_to_read(&web, &name, &asking.viewer).await?;
    let store = web.engine.store();
    let featured = store.featured_ids(group.id, &asking.viewer, FEATURED).await?;
    few(&web, &name, "featured", featured, &paging, &asking)
}

/// `GET /c/NAME/threads`: the ids of their first posts, newest first.
pub(in crate::web) async fn threads(
    State(web): State<Web>,
    Path(name): Path<String>,
    Query(paging): Query<Paging>,
    asking: Asking,
) -> Answer {
    all(&web, (&name, "threads"), &paging, &asking, |thread| thread.iri).await
}

/// `GET /c/NAME/contexts`: the same threads as collections of ours: a first post names the context that its author's server made.
pub(in crate::web) async fn contexts(
    State(web): State<Web>,
    Path(name): Path<String>,
    Query(paging): Query<Paging>,
    asking: Asking,
) -> Answer {
    let id = |thread: ThreadView| web.engine.here().thread(&name, thread.id);
    all(&web, (&name, "contexts"), &paging, &asking, id).await
}

async fn all(
    web: &Web,
    (name, part): (&str, &str),
    paging: &Paging,
    asking: &Asking,
    id: impl Fn(ThreadView) -> String,
) -> Answer {
    let place = paging.newest_first(|seq| seq.parse::<i64>().ok())?;
    let group = group_to_read(web, name, &asking.viewer).await?;
    let (store, viewer) = (web.engine.store(), &asking.viewer);
    let total = store.threads_total(group.id, viewer).await?;
    let listing = Listing::of_group(web.engine.here(), name, part, total, viewer);
    let before = match place {
        Place::Whole => return Ok(listing.whole()),
        Place::Page(before) => before,
    };
    let slice = store.threads(group.id, viewer, before, PAGE).await?;
    let last = slice.items.last().filter(|_| slice.more).map(|thread| thread.seq);
    let next = last.map(|seq| query("before", Some(seq)));
    let items = ids(slice.items.into_iter().map(id));
    Ok(listing.page(&query("before", before), next, &items))
}

/// `GET /c/NAME/threads/UUID`: the ids of a thread's posts, oldest first (FEP-f228).
pub(in crate::web) async fn context(
    State(web): State<Web>,
    Path((name, id)): Path<(String, String)>,
    Query(paging): Query<Paging>,
    asking: Asking,
) -> Answer {
    let place = paging.oldest_first(read_id)?;
    let thread = our_id(&id)?;
    let group = group_to_read(&web, &name, &asking.viewer).await?;
    let (store, here, viewer) = (web.engine.store(), web.engine.here(), &asking.viewer);
    let total = store.thread_total(group.id, thread, viewer).await?;
    let listing = of_thread(here.thread(&name, thread), here.group(&name), total, viewer)?;
    let is_whole = place.is_whole();
    let after = place.cursor();
    let slice = store.thread_ids(group.id, thread, viewer, after, PAGE).await?;
    if is_whole {
        let document = dialect::thread(thread, &name, total, here);
        return Ok(listing.with_items_in(document, &ids(slice.items.into_iter().map(|(_, iri)| iri))));
    }
    Ok(page(&listing, after, slice))
}

/// `GET /c/NAME/threads/UUID/history`: what the group said about a thread, oldest first and whole (FEP-f228).
pub(in crate::web) async fn history(
    State(web): State<Web>,
    Path((name, id)): Path<(String, String)>,
    Query(paging): Query<Paging>,
    asking: Asking,
) -> Answer {
    let place = paging.oldest_first(read_cursor)?;
    let thread = our_id(&id)?;
    let group = group_to_read(&web, &name, &asking.viewer).await?;
    let (store, here, viewer) = (web.engine.store(), web.engine.here(), &asking.viewer);
    let there = here.mirrors();
    let total = store
        .thread_history_total(group.id, thread, viewer, &there)
        .await?;
    let listing = of_thread(
        here.thread_history(&name, thread),
        here.group(&name),
        total,
        viewer,
    )?;
    let after = match place {
        Place::Whole => return Ok(listing.whole()),
        Place::Page(after) => after,
    };
    let slice = store
        .thread_history(group.id, thread, viewer, &there, after, ENTRIES)
        .await?;
    let last = slice.items.last().filter(|_| slice.more);
    let next = last.map(|view| query("after", Some(write_cursor((view.at, view.id)))));
    let items: Vec<_> = slice
        .items
        .iter()
        .filter_map(|view| written(view, here))
        .collect();
    Ok(listing.page(&query("after", after.map(write_cursor)), next, &items))
}

/// `GET /post/UUID/replies`: the ids of its direct answers, oldest first.
pub(in crate::web) async fn replies(
    State(web): State<Web>,
    Path(id): Path<String>,
    Query(paging): Query<Paging>,
    asking: Asking,
) -> Answer {
    let place = paging.oldest_first(read_id)?;
    let (store, here, viewer) = (web.engine.store(), web.engine.here(), &asking.viewer);
    let post = store.post_view(our_id(&id)?, viewer).await?;
    let post = post.ok_or(Problem::new(error::NOT_FOUND))?;
    let total = store.reply_total(post.group_id, post.id, viewer).await?;
    let listing = Listing {
        id: format!("{}/post/{}/replies", here.base(), post.id),
        owner: here.group(&post.group),
        total,
        viewer,
    };
    let after = match place {
        Place::Whole => return Ok(listing.whole()),
        Place::Page(after) => after,
    };
    let slice = store
        .reply_ids(post.group_id, post.id, viewer, after, PAGE)
        .await?;
    Ok(page(&listing, after, slice))
}

/// A thread of which there is nothing for this viewer to see is not there.
fn of_thread(id: String, owner: String, total: u64, viewer: &Viewer) -> Result<Listing<'_>, Problem> {
    if total == 0 {
        return Err(Problem::new(error::NOT_FOUND));
    }
    Ok(Listing {
        id,
        owner,
        total,
        viewer,
    })
}

fn page(
    listing: &Listing<'_>,
    after: Option<Uuid>,
    slice: Slice<(Uuid, String)>,
) -> axum::response::Response {
    let last = slice.items.last().filter(|_| slice.more).map(|(id, _)| *id);
    let next = last.map(|id| query("after", Some(id)));
    let items = ids(slice.items.into_iter().map(|(_, iri)| iri));
    listing.page(&query("after", after), next, &items)
}

fn read_id(text: &str) -> Option<Uuid> {
    our_id(text).ok()
}
