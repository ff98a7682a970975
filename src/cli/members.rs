//! `group import`: everybody of a list becomes a member. `group export` writes such a list: `members/export.rs`.
//!
//! One rule: nothing is opened before the list was read, and nothing is written before all of it was checked.

mod export;
mod fields;
mod lines;
mod list;
mod progress;

use std::fs::File;
use std::io::{BufReader, stdin};
use std::path::Path;
use std::sync::Arc;

use anyhow::{anyhow, bail};
use serde::Serialize;
use serde_json::json;

pub(super) use export::export;

use crate::cli::print::{Out, count};
use crate::cli::{Usage, in_house, names};
use crate::config::Settings;
use crate::dialect::Here;
use crate::engine::{Imported, NewMember};
use crate::server::{self, House};
use list::{List, Problem, Reader};
use progress::Progress;

/// Rows of one transaction: it holds the group's turn, so posts wait for it.
const BATCH: usize = 2_000;
/// So many problems are told where nothing is done.
const TOLD: usize = 20;

/// What `group import` was asked.
pub(super) struct Ask<'a> {
    pub(super) name: &'a str,
    /// `-`: standard input.
    pub(super) file: &'a Path,
    pub(super) skip_bad: bool,
}

/// What came of it, for programs.
#[derive(Serialize)]
struct Summary<'a> {
    group: &'a str,
    rows: u64,
    #[serde(flatten)]
    done: Imported,
    duplicates: u64,
    bad: u64,
    problems: &'a [Problem],
}

pub(super) fn import(settings: Arc<Settings>, ask: &Ask<'_>, out: Out) -> anyhow::Result<()> {
    let here = server::here(&settings);
    let name = names::group(ask.name, &here).map_err(Usage)?;
    let list = read(&settings, &here, ask.file)?;
    if !ask.skip_bad {
        refuse_bad(&list)?;
    }
    in_house(settings, async |house| {
        write(house, &name, list, ask.skip_bad, out).await
    })
}

fn read(settings: &Settings, here: &Here, file: &Path) -> anyhow::Result<List> {
    let rules = server::rules(settings, here);
    let reader = Reader { here, rules: &rules };
    let read = if file == Path::new("-") {
        let progress = Progress::through_bytes("reading", None);
        reader.read(stdin().lock(), |bytes| progress.bytes(bytes))
    } else {
        let opened = File::open(file).and_then(|open| Ok((open.metadata()?, open)));
        let (about, open) = opened.map_err(|why| anyhow!("{} cannot be read: {why}", file.display()))?;
        let progress = Progress::through_bytes("reading", about.is_file().then_some(about.len()));
        reader.read(BufReader::with_capacity(1 << 16, open), |bytes| {
            progress.bytes(bytes)
        })
    };
    read.map_err(|why| anyhow!("{} is no list of members: {why}", file.display()))
}

fn refuse_bad(list: &List) -> anyhow::Result<()> {
    if list.bad == 0 {
        return Ok(());
    }
    let told: Vec<String> = list.problems.iter().take(TOLD).map(Problem::to_string).collect();
    let more = match list.bad - told.len() as u64 {
        0 => String::new(),
        more => format!("\nand {more} more"),
    };
    let lines = count(number(list.bad), "line is wrong", "lines are wrong");
    bail!(
        "{lines}, so nothing was imported:\n{}{more}\nCorrect that, or leave out such lines with --skip-bad.",
        told.join("\n")
    )
}

async fn write(house: &House, name: &str, mut list: List, skip_bad: bool, out: Out) -> anyhow::Result<()> {
    let mut import = house.engine.import(name).await?;
    leave_out_contradicted(house, &mut list).await?;
    if !skip_bad {
        refuse_bad(&list)?;
    }
    for problem in &list.problems {
        eprintln!("left out: {problem}");
    }
    let all = list.members.len() as u64;
    let mut progress = Progress::through("importing", all, BATCH as u64);
    let mut written = 0;
    for batch in list.members.chunks(BATCH) {
        let members: Vec<&NewMember> = batch.iter().map(|(_, member)| member).collect();
        if let Err(error) = import.batch(&members).await {
            bail!("{error}. {written} of {all} were dealt with; the same command does the rest");
        }
        written += batch.len() as u64;
        progress.is_at(written);
    }
    drop(progress);
    house.store.count_newcomers().await?;
    let summary = Summary {
        group: name,
        rows: all + list.duplicates + list.bad,
        done: import.done(),
        duplicates: list.duplicates,
        bad: list.bad,
        problems: &list.problems,
    };
    out.answer(&json!(summary), &told(&summary))
}

/// What an operator said of a host with `peer set` stands until an operator takes it back.
async fn leave_out_contradicted(house: &House, list: &mut List) -> anyhow::Result<()> {
    let members = list.members.iter().map(|(_, member)| member);
    let contradicted = house.engine.contradicted(members).await?;
    if contradicted.is_empty() {
        return Ok(());
    }
    let members = std::mem::take(&mut list.members);
    for (at, (line, member)) in members.into_iter().enumerate() {
        let Some(word) = contradicted.get(&at) else {
            list.members.push((line, member));
            continue;
        };
        let host = member.host;
        list.note(Problem {
            line,
            column: Some("dialect"),
            why: format!("{host} is set to {word}; `folkmoot peer set {host} --shape ...` changes that"),
        });
    }
    list.problems.sort_by_key(|problem| problem.line);
    Ok(())
}

/// In words, one line for each thing that is not as it was asked.
fn told(summary: &Summary<'_>) -> String {
    let done = &summary.done;
    let imported = count(number(done.imported), "member", "members");
    let mut text = format!("Let {imported} into {}.", summary.group);
    for (many, one, more) in [
        (done.already, "was in already", "were in already"),
        (
            summary.duplicates,
            "line names somebody again",
            "lines name somebody again",
        ),
        (
            done.banned,
            "is banned from the group",
            "are banned from the group",
        ),
        (
            done.blocked,
            "is of a server that is blocked",
            "are of servers that are blocked",
        ),
        (
            done.left,
            "left before, and may come back by asking",
            "left before, and may come back by asking",
        ),
        (
            done.gone,
            "is gone, as its server says",
            "are gone, as their servers say",
        ),
        (
            summary.bad,
            "line was wrong and left out",
            "lines were wrong and left out",
        ),
    ] {
        if many > 0 {
            text.push_str(&format!("\n{}.", count(number(many), one, more)));
        }
    }
    text
}

fn number(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
