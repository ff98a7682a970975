//! Answers: tables and sentences for people, JSON for programs.
//!
//! One rule: what other servers call themselves reaches no terminal as it came. A name can hold escape sequences, and
//! signs that turn a line around.

use std::fmt::Write as _;
use std::io::{self, ErrorKind, Write as _};

use chrono::{DateTime, SecondsFormat, Utc};
use serde::Serialize;

/// Where a command's answer goes, and in which form.
#[derive(Clone, Copy, Debug)]
pub(super) struct Out {
    pub(super) json: bool,
}

impl Out {
    /// Answers with `value` for a program, or with `text` for people. Whoever stops listening is not told off.
    ///
    /// # Errors
    /// If standard output cannot be written to.
    pub(super) fn answer(self, value: &impl Serialize, text: &str) -> anyhow::Result<()> {
        if self.json {
            say(&serde_json::to_string_pretty(value)?)
        } else {
            say(text)
        }
    }

    /// As [`Out::answer`], the JSON in one line: for a program that reads on while we work.
    ///
    /// # Errors
    /// If standard output cannot be written to.
    pub(super) fn announce(self, value: &impl Serialize, text: &str) -> anyhow::Result<()> {
        if self.json {
            say(&serde_json::to_string(value)?)
        } else {
            say(text)
        }
    }

    /// Says on standard error what went wrong.
    pub(super) fn error(self, said: &str) {
        let said = said.trim_end();
        if self.json {
            eprintln!("{}", serde_json::json!({"error": said}));
        } else {
            eprintln!("folkmoot: {said}");
        }
    }
}

fn say(text: &str) -> anyhow::Result<()> {
    let mut out = io::stdout().lock();
    match writeln!(out, "{}", text.trim_end_matches('\n')).and_then(|()| out.flush()) {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        written => Ok(written?),
    }
}

/// Which side of its column a cell keeps to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Side {
    Left,
    /// Numbers.
    Right,
}

/// Columns with headings, aligned; two spaces between them, none at the end of a line.
pub(super) fn table(columns: &[(&str, Side)], rows: &[Vec<String>]) -> String {
    let rows: Vec<Vec<String>> = rows
        .iter()
        .map(|row| row.iter().map(|cell| plain(cell)).collect())
        .collect();
    let widths: Vec<usize> = columns
        .iter()
        .enumerate()
        .map(|(n, (heading, _))| {
            let cells = rows.iter().filter_map(|row| row.get(n)).map(|cell| width(cell));
            cells.chain([width(heading)]).max().unwrap_or_default()
        })
        .collect();
    let headings: Vec<String> = columns.iter().map(|(heading, _)| (*heading).to_owned()).collect();
    let mut text = String::new();
    for row in std::iter::once(&headings).chain(&rows) {
        let mut line = String::new();
        for ((cell, width_there), (_, side)) in row.iter().zip(&widths).zip(columns) {
            let gap = " ".repeat(width_there.saturating_sub(width(cell)));
            let _ = match side {
                Side::Left => write!(line, "{cell}{gap}  "),
                Side::Right => write!(line, "{gap}{cell}  "),
            };
        }
        let _ = writeln!(text, "{}", line.trim_end());
    }
    text
}

/// Names and values, one a line, the values in one column. What has no value is left out.
pub(super) fn sheet(lines: &[(&str, Option<String>)]) -> String {
    let widest = lines
        .iter()
        .map(|(name, _)| width(name))
        .max()
        .unwrap_or_default();
    let mut text = String::new();
    for (name, value) in lines {
        if let Some(value) = value {
            let gap = " ".repeat(widest - width(name));
            let _ = writeln!(text, "{name}{gap}  {}", plain(value));
        }
    }
    text
}

/// To the second, in UTC: `2026-01-31T12:00:00Z`.
pub(super) fn date(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Secs, true)
}

/// `1 member`, `2 members`.
pub(super) fn count(number: i64, one: &str, many: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { many })
}

/// The text without anything that a terminal would obey.
pub(super) fn plain(text: &str) -> String {
    text.chars()
        .map(|c| {
            let turns_around =
                matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
            if c.is_control() || turns_around { ' ' } else { c }
        })
        .collect()
}

fn width(text: &str) -> usize {
    text.chars().count()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(cells: &[&str]) -> Vec<String> {
        cells.iter().map(|cell| (*cell).to_owned()).collect()
    }

    #[test]
    fn columns_are_as_wide_as_their_widest_cell() {
        let columns = [
            ("NAME", Side::Left),
            ("MEMBERS", Side::Right),
            ("TITLE", Side::Left),
        ];
        let rows = [row(&["garden", "12", "Gärten"]), row(&["x", "1000000000", ""])];
        assert_eq!(
            table(&columns, &rows),
            "NAME       MEMBERS  TITLE\n\
             garden          12  Gärten\n\
             x       1000000000\n"
        );
    }

    #[test]
    fn a_sheet_leaves_out_what_is_not_there() {
        let lines = [
            ("name", Some("garden".to_owned())),
            ("closed", None),
            ("members", Some("3".to_owned())),
        ];
        assert_eq!(sheet(&lines), "name     garden\nmembers  3\n");
    }

    #[test]
    fn a_name_from_elsewhere_moves_no_cursor_and_makes_no_line() {
        let evil = "a\u{1b}[2Jb\nc\u{9b}d\u{202e}e";
        let shown = table(&[("NAME", Side::Left)], &[row(&[evil])]);
        assert_eq!(shown, "NAME\na [2Jb c d e\n");
        assert!(!sheet(&[("name", Some(evil.to_owned()))]).contains('\u{1b}'));
    }

    #[test]
    fn dates_are_utc_to_the_second() {
        let at = DateTime::from_timestamp(1_800_000_000, 123_000_000).expect("a date");
        assert_eq!(date(at), "2027-01-15T08:00:00Z");
    }
}
