//! The arithmetic of `docs/scaling.md`, done again from the figures that stand in it.
//!
//! One rule: no number is written down that follows from others. A new row is a line in [`rows`].
//! `UPDATE_DOCS=1 cargo test --test scaling` writes the table anew.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::HashMap;
use std::fs;
use std::path::Path;

const BEGIN: &str = "<!-- arithmetic: written by `UPDATE_DOCS=1 cargo test --test scaling` -->\n";
const END: &str = "<!-- end of arithmetic -->";

/// What stands in the first two tables, by name.
struct Given(HashMap<String, f64>);

impl Given {
    fn read(page: &str) -> Self {
        let rows = page.lines().filter_map(|line| line.strip_prefix("| `"));
        let figures = rows.map(|row| {
            let mut cells = row.split(" | ");
            let name = cells.next().unwrap().trim_end_matches('`').to_owned();
            let value = cells.next().unwrap().trim();
            (
                name,
                value.parse().unwrap_or_else(|_| panic!("{value} is no number")),
            )
        });
        Self(figures.collect())
    }

    fn of(&self, name: &str) -> f64 {
        *self
            .0
            .get(name)
            .unwrap_or_else(|| panic!("there is no row `{name}`"))
    }
}

/// What follows: what it is, how it comes about, how much it is.
fn rows(given: &Given) -> Vec<(&'static str, &'static str, String)> {
    let of = |name| given.of(name);
    const DAY: f64 = 86_400.0;
    let said = of("members") * of("said");
    let heard = of("wrapping") + (1.0 - of("wrapping")) * of("threads");
    let deliveries = said * heard * of("servers");
    let second = deliveries / DAY;
    let peak = second * of("peak");
    let handshake = (1.0 - of("cold")) * of("resumed") + of("cold") * of("full");
    let each = of("sign") + of("post") + handshake;
    let busy = peak * each / 1_000.0;
    let process = of("cores") * of("load");
    let processes = (busy / process).ceil();
    let with_ed = peak * (of("ed") + of("post") + handshake) / 1_000.0;
    let turns = said / DAY * of("peak");
    vec![
        ("activities a day", "`members` x `said`", round(said)),
        (
            "deliveries a day",
            "that x (`wrapping` + (1 - `wrapping`) x `threads`) x `servers`",
            round(deliveries),
        ),
        (
            "deliveries a second, average and peak",
            "x `peak`",
            format!("{} and {}", round(second), round(peak)),
        ),
        (
            "one delivery, processor time",
            "`sign` + `post` + handshake, of which `cold` in full",
            format!("{each:.2} ms"),
        ),
        (
            "cores for deliveries, average and peak",
            "deliveries a second x that",
            format!("{:.1} and {:.1}", busy / of("peak"), busy),
        ),
        (
            "delivery processes",
            "peak / (`cores` x `load`), rounded up",
            round(processes),
        ),
        (
            "one post to all servers, by all processes",
            "`servers` x one delivery / cores of all",
            format!(
                "{:.1} s",
                of("servers") * each / 1_000.0 / (processes * of("cores"))
            ),
        ),
        (
            "one post to all servers, by one process",
            "the same on `cores`",
            format!("{:.1} s", of("servers") * each / 1_000.0 / of("cores")),
        ),
        (
            "one post to all servers, after a start",
            "every handshake in full, by all processes",
            format!(
                "{:.1} s",
                of("servers") * (of("sign") + of("post") + of("full")) / 1_000.0 / (processes * of("cores"))
            ),
        ),
        (
            "under way at the peak",
            "deliveries a second x `answer`; there are `places` in each process",
            format!(
                "{} of {}",
                round(peak * of("answer")),
                round(processes * of("places"))
            ),
        ),
        (
            "one destination gets at the peak",
            "a server that hears of everything",
            format!("{:.1} a second", turns),
        ),
        (
            "one destination can take",
            "1 / `answer`, with a window of one",
            format!("{:.1} a second", 1.0 / of("answer")),
        ),
        (
            "cores to take activities in, peak",
            "activities a second x `taken`",
            format!("{:.3}", turns * of("taken") / 1_000.0),
        ),
        (
            "cores of Postgres for deliveries, peak",
            "deliveries a second x `pg_sent`",
            format!("{:.1}", peak * of("pg_sent") / 1_000.0),
        ),
        (
            "WAL for deliveries, peak",
            "deliveries a second x `wal`",
            format!("{:.1} MB a second", peak * of("wal") / 1e6),
        ),
        (
            "the log",
            "activities a day x `raw` x `kept`",
            format!("{:.1} GB", said * of("raw") * of("kept") / 1e6),
        ),
        (
            "memory of all delivery processes",
            "`rss` each, `rss_each` x `servers` among them",
            format!(
                "{} MB",
                round(processes * of("rss") + of("rss_each") * of("servers") / 1_000.0)
            ),
        ),
        (
            "bytes on the wire, average and peak",
            "deliveries a second x `wire`",
            format!(
                "{} and {} Mbit/s",
                round(second * of("wire") * 8.0 / 1_000.0),
                round(peak * of("wire") * 8.0 / 1_000.0)
            ),
        ),
        (
            "cores for deliveries at the peak, if all took Ed25519",
            "with `ed` in place of `sign`",
            format!("{with_ed:.1}"),
        ),
    ]
}

/// With commas, and without the digits that nobody measured.
fn round(value: f64) -> String {
    let digits = format!("{value:.0}");
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place) % 3 == 0 {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

fn table(page: &str) -> String {
    let mut text = "| what | how | how much |\n|---|---|---|\n".to_owned();
    for (what, how, value) in rows(&Given::read(page)) {
        text.push_str(&format!("| {what} | {how} | {value} |\n"));
    }
    text
}

#[test]
fn what_follows_follows() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/scaling.md");
    let page = fs::read_to_string(&path).unwrap();
    let (before, rest) = page.split_once(BEGIN).unwrap();
    let (there, after) = rest.split_once(END).unwrap();
    let table = table(&page);
    if std::env::var_os("UPDATE_DOCS").is_some() {
        fs::write(&path, format!("{before}{BEGIN}{table}{END}{after}")).unwrap();
        return;
    }
    assert_eq!(
        there, table,
        "docs/scaling.md does not follow from its figures; UPDATE_DOCS=1 cargo test --test scaling writes it"
    );
}

#[test]
fn numbers_have_commas() {
    for (value, text) in [(7.0, "7"), (999.6, "1,000"), (420_000_000.0, "420,000,000")] {
        assert_eq!(round(value), text);
    }
}
