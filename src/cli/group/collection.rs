//! `group collection`: albums, documents and links of a group.

use anyhow::bail;
use serde_json::{Value, json};

use crate::cli::args::Collection;
use crate::cli::print::{Out, Side, date, table};
use crate::cli::{Usage, names};
use crate::dialect::Album;
use crate::domain::CollectPolicy;
use crate::server::House;

pub(super) async fn run(house: &House, command: Collection, out: Out) -> anyhow::Result<()> {
    let known = |name: &str| names::group(name, &house.here).map_err(Usage);
    match command {
        Collection::List { name } => list(house, &known(&name)?, out).await,
        Collection::Create { name, title, policy } => create(house, &known(&name)?, title, policy, out).await,
        Collection::Delete { name, id } => {
            let name = known(&name)?;
            if !house.engine.delete_album(&name, id).await? {
                bail!("{name} has no collection {id}; `folkmoot group collection list {name}` shows all");
            }
            out.answer(
                &json!({"group": name, "deleted": id}),
                &format!("The collection {id} of {name} is deleted."),
            )
        }
    }
}

async fn create(
    house: &House,
    name: &str,
    title: String,
    policy: CollectPolicy,
    out: Out,
) -> anyhow::Result<()> {
    let wanted = Album {
        name: Some(title),
        summary: None,
        policy: Some(policy),
    };
    let id = house.engine.create_album(name, &wanted).await?;
    let url = house.here.album(name, id);
    out.answer(
        &json!({"group": name, "id": id, "url": url}),
        &format!("Made the collection {id}: {url}"),
    )
}

async fn list(house: &House, name: &str, out: Out) -> anyhow::Result<()> {
    let Some(group) = house.store.group_face(name).await? else {
        bail!("there is no group named '{name}'; `folkmoot group list` shows all");
    };
    let albums = house.store.albums(group.id).await?;
    let answers: Vec<Value> = albums
        .iter()
        .map(|album| {
            json!({
                "id": album.id,
                "url": house.here.album(name, album.id),
                "name": album.name,
                "policy": album.policy.word(),
                "items": album.items,
                "made_at": album.made_at,
            })
        })
        .collect();
    if albums.is_empty() {
        return out.answer(&answers, "The group has no collections.");
    }
    let columns = [
        ("ID", Side::Left),
        ("NAME", Side::Left),
        ("FILLED BY", Side::Left),
        ("ITEMS", Side::Right),
        ("SINCE", Side::Left),
    ];
    let cells: Vec<Vec<String>> = albums
        .iter()
        .map(|album| {
            vec![
                album.id.to_string(),
                album.name.clone(),
                album.policy.to_string(),
                album.items.to_string(),
                date(album.made_at),
            ]
        })
        .collect();
    out.answer(&answers, &table(&columns, &cells))
}
