//! `peer`: other servers, how they are spoken to, and who is not.
//!
//! One rule: a block in the settings is the settings' business; what is done here is kept in the database.

use serde_json::{Value, json};

use crate::cli::args::{AUTO, Peer};
use crate::cli::print::{Out, Side, date, table};
use crate::dialect::written_in;
use crate::server::House;
use crate::store::PeerRow;

pub(super) async fn run(house: &House, command: Peer, out: Out) -> anyhow::Result<()> {
    let engine = &house.engine;
    match command {
        Peer::List => {
            let rows = house.store.list_peers().await?;
            let answers: Vec<Value> = rows.iter().map(answer).collect::<Result<_, _>>()?;
            out.answer(&answers, &show(&rows))
        }
        Peer::Set { host, shape } => {
            let shape = (shape != AUTO).then_some(shape);
            engine.set_shape(&host, shape.as_deref()).await?;
            let text = match shape.as_deref() {
                Some(name) => format!("{host} is spoken to in the shape {name} from now on."),
                None => format!("{host} is spoken to as it says of itself from now on."),
            };
            let written = shape.as_deref().map(|name| written_in(name).0);
            let mut answer = json!({"host": host, "shape": shape, "written_in": written});
            let mut text = text;
            // Asked for by each of them, and none of the host's.
            if house.store.hears_apart(&host).await? {
                answer["hears_versia"] = json!(true);
                text.push_str("\nThat is of ActivityPub: who subscribed or follows there in Versia goes on hearing in Versia.");
            }
            out.answer(&answer, &text)
        }
        Peer::Block { host } => {
            engine.set_blocked(&host, true).await?;
            let text = format!(
                "{host} and its sub-domains are blocked: nothing is taken from them or sent to them."
            );
            out.answer(&json!({"host": host, "blocked": true}), &text)
        }
        Peer::Unblock { host } => {
            engine.set_blocked(&host, false).await?;
            let still = still_blocked(house, &host).await?;
            let text = match &still {
                None => format!("{host} is not blocked any more."),
                Some(why) => format!("{host} has no block of its own any more, but {why}."),
            };
            out.answer(&json!({"host": host, "blocked": still.is_some()}), &text)
        }
    }
}

/// What else keeps a host out: the settings, or the block of a parent domain.
async fn still_blocked(house: &House, host: &str) -> anyhow::Result<Option<String>> {
    let names = crate::domain::host_and_parents(host);
    let federation = &house.settings.federation;
    if let Some(name) = names.iter().find(|name| federation.blocked.contains(name)) {
        return Ok(Some(format!("`federation.blocked` in the settings names {name}")));
    }
    if !federation.allowed_only.is_empty() && !names.iter().any(|name| federation.allowed_only.contains(name))
    {
        return Ok(Some(
            "`federation.allowed_only` in the settings leaves it out".to_owned(),
        ));
    }
    let blocked = house.store.list_peers().await?;
    let parent = blocked
        .iter()
        .find(|peer| peer.blocked_at.is_some() && names.contains(&peer.host));
    Ok(parent.map(|peer| format!("{} is blocked, which covers it", peer.host)))
}

/// A server for programs: the row, and the shape in which it is written to now, if that is known.
fn answer(row: &PeerRow) -> Result<Value, serde_json::Error> {
    let mut answer = serde_json::to_value(row)?;
    answer["written_in"] = row.known_as.as_deref().map(|name| written_in(name).0).into();
    Ok(answer)
}

fn show(rows: &[PeerRow]) -> String {
    if rows.is_empty() {
        return "No other server is known yet.".to_owned();
    }
    let columns = [
        ("HOST", Side::Left),
        ("SOFTWARE", Side::Left),
        ("CLASS", Side::Left),
        ("SHAPE", Side::Left),
        ("WRITTEN IN", Side::Left),
        ("SCHEME", Side::Left),
        ("LOOKED UP", Side::Left),
        ("BLOCKED", Side::Left),
        ("WHY", Side::Left),
    ];
    let dash = || "-".to_owned();
    let cells: Vec<Vec<String>> = rows
        .iter()
        .map(|row| {
            let software = [row.software.as_deref(), row.version.as_deref()];
            let software: Vec<&str> = software.into_iter().flatten().collect();
            vec![
                row.host.clone(),
                if software.is_empty() {
                    dash()
                } else {
                    software.join(" ")
                },
                row.class.clone(),
                row.shape
                    .as_ref()
                    .map_or_else(|| AUTO.to_owned(), |shape| format!("{shape} (set)")),
                row.known_as
                    .as_deref()
                    .map_or_else(dash, |name| written_in(name).0.to_owned()),
                row.scheme.clone(),
                row.looked_up_at.map_or_else(dash, date),
                row.blocked_at.map_or_else(dash, date),
                row.class_reason.clone(),
            ]
        })
        .collect();
    table(&columns, &cells)
}
