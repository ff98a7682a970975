//! What was found, as a table.
//!
//! One rule: a test that broke is a row as well, and every row that is wrong says why below.

use std::process::ExitCode;
use std::time::Duration;

use tokio::task::JoinError;

use crate::counts::Counts;

/// One test.
pub struct Row {
    pub id: &'static str,
    pub name: &'static str,
    pub took: Duration,
    /// Or how it broke.
    pub came_to: Result<Counts, String>,
}

impl Row {
    fn holds(&self) -> bool {
        self.came_to.as_ref().is_ok_and(Counts::hold)
    }

    /// In one line.
    pub fn line(&self) -> String {
        let verdict = if self.holds() { "ok" } else { "FAILED" };
        format!("{} {} {verdict} ({} s)", self.id, self.name, self.took.as_secs())
    }

    fn cells(&self) -> [String; 9] {
        let seconds = format!("{} s", self.took.as_secs());
        let Ok(counts) = &self.came_to else {
            let mut cells = <[String; 9]>::default();
            cells[0] = self.id.to_owned();
            cells[7] = "broke".to_owned();
            cells[8] = seconds;
            return cells;
        };
        [
            self.id.to_owned(),
            counts.cycles.to_string(),
            counts.accepted.to_string(),
            counts.due.to_string(),
            counts.lost.to_string(),
            counts.unexpected.to_string(),
            match counts.is_control {
                true => counts.duplicates.to_string(),
                false => format!("{} <= {}", counts.duplicates, counts.causes),
            },
            counts.inversions.to_string(),
            seconds,
        ]
    }
}

const HEAD: [&str; 9] = [
    "test",
    "cycles",
    "accepted",
    "due",
    "LOST",
    "unexpected",
    "duplicates",
    "inversions",
    "took",
];

/// Prints everything; gives what the program ends with.
pub fn print(rows: &[Row]) -> ExitCode {
    let mut cells = vec![HEAD.map(str::to_owned)];
    cells.extend(rows.iter().map(Row::cells));
    let widths: Vec<usize> = (0..HEAD.len())
        .map(|column| {
            cells
                .iter()
                .map(|row| row[column].len())
                .max()
                .unwrap_or_default()
        })
        .collect();
    println!();
    for (row, line) in cells.iter().enumerate() {
        let padded = line
            .iter()
            .zip(&widths)
            .map(|(cell, width)| format!("{cell:>width$}"));
        let name = row.checked_sub(1).map_or("", |row| rows[row].name);
        println!("{}  {name}", padded.collect::<Vec<_>>().join("  "));
    }
    println!();
    for row in rows {
        match &row.came_to {
            Ok(counts) if !counts.notes.is_empty() => println!("{}: {}", row.id, counts.notes),
            _ => {}
        }
    }
    for row in rows.iter().filter(|row| !row.holds()) {
        println!("\n{} {}", row.id, row.name);
        match &row.came_to {
            Ok(counts) => {
                if counts.excess > 0 {
                    println!("  {} duplicates without a cause", counts.excess);
                }
                for what in counts.wrong.iter().take(30) {
                    println!("  {what}");
                }
            }
            Err(why) => println!("  {why}"),
        }
    }
    let failed = rows.iter().filter(|row| !row.holds()).count();
    println!("\n{} passed, {failed} failed", rows.len() - failed);
    if failed == 0 && !rows.is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

/// What a broken test said last.
pub fn words_of(broken: JoinError) -> String {
    if !broken.is_panic() {
        return broken.to_string();
    }
    let said = broken.into_panic();
    let text = said.downcast_ref::<String>().cloned();
    text.or_else(|| said.downcast_ref::<&str>().map(|text| (*text).to_owned()))
        .unwrap_or_else(|| "it panicked".to_owned())
}
