//! Who of the asker's own server is in a list of the group (FEP-8fcf).
//!
//! One rule: each server, by its instance actor's key, is told of its own people, and of nobody else, whatever the group's
//! policy for its lists; anybody else is told of themselves.

use axum::extract::{Path, Query, State};

use super::{
    open_group,
    paging::{Paging, ids},
};
use crate::web::{
    Answer, Web,
    asking::Asking,
    error::{self, Problem},
    federation::paging::Listing,
};

/// `GET /c/NAME/followers_synchronization`
pub(in crate::web) async fn followers(
    State(web): State<Web>,
    Path(name): Path<String>,
    Query(_): Query<Paging>,
    asking: Asking,
) -> Answer {
    theirs(&web, &name, "followers_synchronization", &asking).await
}

/// `GET /c/NAME/members_synchronization`
pub(in crate::web) async fn members(
    State(web): State<Web>,
    Path(name): Path<String>,
    Query(_): Query<Paging>,
    asking: Asking,
) -> Answer {
    theirs(&web, &name, "members_synchronization", &asking).await
}

async fn theirs(web: &Web, name: &str, part: &str, asking: &Asking) -> Answer {
    let group = open_group(web, name, &asking.viewer).await?;
    let store = web.engine.store();
    if !asking.viewer.is_known() {
        let why =
            "Only servers are told who of their own people is in this list: the request must be signed.";
        return Err(Problem::because(error::UNSIGNED, why));
    }
    let members = part.starts_with("members");
    let theirs = store.reach_of(group.id, &asking.viewer, members).await?;
    let listing = Listing::of_group(web.engine.here(), name, part, theirs.len() as u64, &asking.viewer);
    Ok(listing.with_all(&ids(theirs)))
}
