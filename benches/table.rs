//! Sheets as people read them: in the terminal, and in `docs/performance.md`.
//!
//! One rule: the table in the docs is made from the JSON files beside the plots, so that one bench can be run again
//! without the others; only a full run of the release build writes there.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use serde_json::Value;

use crate::sheet::{Figure, Reach, Sheet};
use crate::world;

const BEGIN: &str = "<!-- the table: begin (made by `make bench`) -->";
const END: &str = "<!-- the table: end -->";

/// Prints the JSON line and the table.
pub(crate) fn print(sheet: &Sheet) {
    println!("{}\n", sheet.json());
    println!("{}: {}", sheet.bench, sheet.work);
    if let Some(facts) = &sheet.facts {
        println!(
            "{} cores, Postgres {}, fdatasync {:.2} ms, {} build",
            facts.cores, facts.postgres, facts.fdatasync, facts.build
        );
    }
    let rows: Vec<[String; 4]> = sheet.figures.iter().map(row).collect();
    let head = ["figure", "value", "to reach", ""].map(str::to_owned);
    let mut widths = [0; 4];
    for row in std::iter::once(&head).chain(&rows) {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.chars().count());
        }
    }
    for row in std::iter::once(&head).chain(&rows) {
        let [what, value, reach, reached] = row;
        let [a, b, c, _] = widths;
        println!("  {what:<a$}  {value:>b$}  {reach:>c$}  {reached}");
    }
    println!();
}

fn row(figure: &Figure) -> [String; 4] {
    let reached = match figure.reached() {
        Some(true) => "reached",
        Some(false) => "MISSED",
        None => "",
    };
    [
        figure.what.clone(),
        with_spread(figure),
        reach(figure.reach, figure.unit),
        reached.to_owned(),
    ]
}

fn with_spread(figure: &Figure) -> String {
    let value = amount(figure.value(), figure.unit);
    match figure.spread() {
        (least, most) if figure.runs() > 1 => format!("{value} ({} to {})", short(least), short(most)),
        _ => value,
    }
}

fn reach(reach: Reach, unit: &str) -> String {
    match reach {
        Reach::AtMost(limit) => format!("<= {}", amount(limit, unit)),
        Reach::AtLeast(limit) => format!(">= {}", amount(limit, unit)),
        Reach::Nothing => String::new(),
    }
}

fn amount(value: f64, unit: &str) -> String {
    format!("{} {unit}", short(value)).trim_end().to_owned()
}

/// Three digits that mean something.
pub(crate) fn short(value: f64) -> String {
    let size = value.abs();
    let text = if size >= 100.0 {
        format!("{value:.0}")
    } else if size >= 10.0 {
        format!("{value:.1}")
    } else if size >= 0.1 || size == 0.0 {
        format!("{value:.2}")
    } else {
        format!("{value:.4}")
    };
    match text.contains('.') {
        true => text.trim_end_matches('0').trim_end_matches('.').to_owned(),
        false => text,
    }
}

/// Where results go: the docs for a full run of the release build, else where nobody takes them for more than they are.
pub(crate) fn place(small: bool) -> PathBuf {
    if small || cfg!(debug_assertions) {
        Path::new(env!("CARGO_TARGET_TMPDIR")).join("bench")
    } else {
        world::docs().join("performance")
    }
}

/// Writes `NAME.json` and `NAME.svg`.
pub(crate) fn write(sheet: &Sheet, dir: &Path) -> anyhow::Result<()> {
    fs::create_dir_all(dir)?;
    fs::write(
        dir.join(format!("{}.json", sheet.bench)),
        format!("{}\n", sheet.json()),
    )?;
    if let Some(plot) = &sheet.plot {
        fs::write(dir.join(format!("{}.svg", sheet.bench)), plot.svg())?;
    }
    Ok(())
}

/// Writes the table of the docs anew, from all results that are there.
pub(crate) fn write_docs(benches: &[&str]) -> anyhow::Result<()> {
    let page = world::docs().join("performance.md");
    let text = fs::read_to_string(&page)?;
    let (before, rest) = text.split_once(BEGIN).context("the docs have no table")?;
    let (_, after) = rest.split_once(END).context("the docs' table has no end")?;
    let mut table = String::from(
        "| bench | figure | median | runs from .. to | to reach | reached |\n|---|---|---:|---:|---:|---|\n",
    );
    let mut machine = String::new();
    for bench in benches {
        let path = world::docs().join(format!("performance/{bench}.json"));
        let Ok(text) = fs::read_to_string(path) else {
            continue;
        };
        let result: Value = serde_json::from_str(&text)?;
        machine = describe(&result);
        for figure in result["figures"].as_array().into_iter().flatten() {
            table += &line(bench, figure);
        }
    }
    fs::write(
        &page,
        format!("{before}{BEGIN}\n{machine}\n\n{table}{END}{after}"),
    )?;
    Ok(())
}

fn describe(result: &Value) -> String {
    let machine = &result["machine"];
    format!(
        "Measured on {} cores with Postgres {}; making 8 KiB durable (`fdatasync`) took {} ms.",
        machine["cores"],
        machine["postgres"].as_str().unwrap_or_default(),
        short(number(&machine["fdatasync"])),
    )
}

fn line(bench: &str, figure: &Value) -> String {
    let unit = figure["unit"].as_str().unwrap_or_default();
    let runs: Vec<f64> = figure["runs"]
        .as_array()
        .into_iter()
        .flatten()
        .map(number)
        .collect();
    let (least, most) = crate::numbers::ends(&runs);
    let spread = match runs.len() {
        0 | 1 => String::new(),
        _ => format!("{} .. {}", short(least), short(most)),
    };
    let reach = match (&figure["reach"]["at_most"], &figure["reach"]["at_least"]) {
        (Value::Number(_), _) => format!("<= {}", amount(number(&figure["reach"]["at_most"]), unit)),
        (_, Value::Number(_)) => format!(">= {}", amount(number(&figure["reach"]["at_least"]), unit)),
        _ => String::new(),
    };
    let reached = match figure["reached"].as_bool() {
        Some(true) => "yes",
        Some(false) => "**missed**",
        None => "",
    };
    let what = figure["what"].as_str().unwrap_or_default();
    let value = amount(number(&figure["value"]), unit);
    format!("| `{bench}` | {what} | {value} | {spread} | {reach} | {reached} |\n")
}

/// What was no number in JSON is none here.
fn number(value: &Value) -> f64 {
    value.as_f64().unwrap_or(f64::NAN)
}
