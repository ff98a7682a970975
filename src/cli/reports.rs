//! `group reports` and `reports`: what was reported, and what is handled.
//!
//! One rule: here, and nowhere else, somebody reads who reported.

use anyhow::bail;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::cli::print::{Out, Side, date, table};
use crate::server::House;
use crate::store::ReportRow;

/// Those of a group, or, without one, those that are for the operator alone.
pub(super) async fn run(
    house: &House,
    group: Option<&str>,
    done: Option<Uuid>,
    out: Out,
) -> anyhow::Result<()> {
    if let Some(name) = group
        && !house.store.group_exists(name).await?
    {
        bail!("there is no group named '{name}'; `folkmoot group list` shows all");
    }
    match done {
        Some(id) => handle(house, group, id, out).await,
        None => list(house, group, out).await,
    }
}

async fn list(house: &House, group: Option<&str>, out: Out) -> anyhow::Result<()> {
    let rows = house.store.list_reports(group).await?;
    let answers: Vec<Value> = rows.iter().map(answer).collect();
    if rows.is_empty() {
        return out.answer(&answers, "There are no reports that wait for somebody.");
    }
    let columns = [
        ("ID", Side::Left),
        ("SINCE", Side::Left),
        ("BY", Side::Left),
        ("WHY", Side::Left),
        ("WHAT", Side::Left),
    ];
    let cells: Vec<Vec<String>> = rows
        .iter()
        .map(|row| {
            vec![
                row.id.to_string(),
                date(row.at),
                row.reporter.clone(),
                row.reason.clone().unwrap_or_default(),
                row.objects.join(" "),
            ]
        })
        .collect();
    out.answer(&answers, &table(&columns, &cells))
}

fn answer(row: &ReportRow) -> Value {
    json!({
        "id": row.id,
        "group": row.group,
        "reporter": row.reporter,
        "objects": row.objects,
        "reason": row.reason,
        "at": row.at,
    })
}

async fn handle(house: &House, group: Option<&str>, id: Uuid, out: Out) -> anyhow::Result<()> {
    let rows = house.store.list_reports(group).await?;
    if !rows.iter().any(|row| row.id == id) || !house.store.handle_report(id).await? {
        bail!("no report of this id waits here");
    }
    out.answer(&json!({"id": id, "handled": true}), &format!("{id} is handled."))
}
