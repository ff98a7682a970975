//! The collections of a group, what is in them, and who is what in the group.
//!
//! One rule: as everywhere: newest first, and for those who may look into the group.

use axum::{
    extract::{Path, Query, State},
    response::IntoResponse,
};
use serde_json::Value;

use super::{
    open_group, our_id,
    paging::{Listing, Paging, Place, query},
    people::{read_cursor, write_cursor},
};
use crate::{
    dialect,
    engine::shelf,
    store::ItemView,
    web::{
        Answer, Web,
        answer::Reply,
        asking::Asking,
        error::{self, Problem},
    },
};

/// Items in a page.
const PAGE: usize = 50;

/// `GET /c/NAME/collections`: a collection of collections.
pub(in crate::web) async fn albums(
    State(web): State<Web>,
    Path(name): Path<String>,
    Query(paging): Query<Paging>,
    asking: Asking,
) -> Answer {
    let place = paging.newest_first(|_| None::<i64>)?;
    let group = open_group(&web, &name, &asking.viewer).await?;
    let here = web.engine.here();
    let albums = web.engine.store().albums(group.id).await?;
    let listing = Listing::of_group(here, &name, "collections", albums.len() as u64, &asking.viewer);
    let items: Vec<String> = albums
        .iter()
        .map(|album| without_context(dialect::album_document(&shelf(album), &name, here)))
        .collect();
    Ok(match place {
        Place::Whole => listing.with_items(&items),
        Place::Page(_) => listing.page("page=1", None, &items),
    })
}

/// `GET /c/NAME/collections/UUID`
pub(in crate::web) async fn album(
    State(web): State<Web>,
    Path((name, id)): Path<(String, String)>,
    Query(paging): Query<Paging>,
    asking: Asking,
) -> Answer {
    let place = paging.newest_first(|place| place.parse::<i64>().ok())?;
    let id = our_id(&id)?;
    let group = open_group(&web, &name, &asking.viewer).await?;
    let (store, here) = (web.engine.store(), web.engine.here());
    let album = store.album(group.id, id).await?;
    let album = album.ok_or(Problem::new(error::NOT_FOUND))?;
    let listing = Listing {
        id: here.album(&name, id),
        owner: here.group(&name),
        total: album.items,
        viewer: &asking.viewer,
    };
    let before = match place {
        Place::Whole => {
            let document = dialect::album_document(&shelf(&album), &name, here);
            return Ok(Reply::activity(&document).read_by(&asking.viewer).into_response());
        }
        Place::Page(before) => before,
    };
    let slice = store
        .album_items((group.id, id), &asking.viewer, before, PAGE)
        .await?;
    let next = slice.items.last().filter(|_| slice.more);
    let next = next.map(|last| query("before", Some(last.place)));
    let items: Vec<String> = slice.items.iter().map(item).collect();
    Ok(listing.page(&query("before", before), next, &items))
}

fn item(item: &ItemView) -> String {
    dialect::item(&item.iri, item.object.as_deref(), item.at)
}

fn without_context(mut document: Value) -> String {
    if let Some(fields) = document.as_object_mut() {
        fields.remove("@context");
    }
    document.to_string()
}

/// `GET /c/NAME/affiliations`: who is what in the group, the strongest first (FEP-5219).
pub(in crate::web) async fn affiliations(
    State(web): State<Web>,
    Path(name): Path<String>,
    Query(paging): Query<Paging>,
    asking: Asking,
) -> Answer {
    let place = paging.newest_first(read_cursor)?;
    let group = open_group(&web, &name, &asking.viewer).await?;
    let (store, here) = (web.engine.store(), web.engine.here());
    let figures = store.group_figures(group.id, &asking.viewer).await?;
    let run_it = store.moderators(group.id).await?;
    let members = figures
        .members
        .saturating_sub(store.unlisted(group.id).await?.members)
        .saturating_sub(store.members_who_run_it(group.id).await?);
    let shows_members = figures.shows_members;
    let total = run_it.len() as u64 + if shows_members { members } else { 0 };
    let listing = Listing::of_group(here, &name, "affiliations", total, &asking.viewer);
    let before = match place {
        Place::Whole => return Ok(listing.whole()),
        Place::Page(before) => before,
    };
    let relation = |subject: &str, word: &str| dialect::affiliation(subject, word, &name, here).to_string();
    let mut items = vec![];
    if before.is_none() {
        let owner = group.group.owner.as_str();
        items.extend(run_it.iter().map(|one| {
            let word = if one == owner { "owner" } else { "admin" };
            relation(one, word)
        }));
    }
    let mut next = None;
    if shows_members {
        let people = store.members(group.id, before, PAGE).await?;
        next = people.items.last().filter(|_| people.more).map(|last| {
            let cursor = write_cursor((last.since, last.actor));
            query("before", Some(cursor))
        });
        let others = people.items.iter().filter(|person| !run_it.contains(&person.iri));
        items.extend(others.map(|person| relation(&person.iri, "member")));
    }
    Ok(listing.page(&query("before", before.map(write_cursor)), next, &items))
}
