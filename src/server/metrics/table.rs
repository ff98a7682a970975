//! The table of figures: their names, and what they mean.
//!
//! One rule: a figure is a row here; `/metrics` explains it with these words, and so does `docs/operations.md`.
//! `UPDATE_DOCS=1 cargo test --lib metrics::` writes the table into that page anew.

use metrics::{describe_counter, describe_gauge, describe_histogram};
use metrics_exporter_prometheus::{BuildError, Matcher, PrometheusBuilder};

use crate::delivery::figures::{ANSWERS, DELIVERIES, LANES, SIGNING};
use crate::engine::figures::TURN;
use crate::web::figures::{INBOX, INBOX_SECONDS};

pub(super) const WAITING: &str = "folkmoot_waiting";
pub(super) const LAG_ENTRIES: &str = "folkmoot_lag_entries";
pub(super) const LAG_SECONDS: &str = "folkmoot_lag_seconds";
pub(super) const PARKED: &str = "folkmoot_parked";
pub(super) const MISSED: &str = "folkmoot_missed";
pub(super) const RECEIVED: &str = "folkmoot_received_waiting";
pub(super) const SAMPLED: &str = "folkmoot_sampled_timestamp_seconds";
pub(super) const DATABASE_UP: &str = "folkmoot_database_up";
pub(super) const POOL: &str = "folkmoot_pool_connections";
pub(super) const POOL_LIMIT: &str = "folkmoot_pool_limit";
pub(super) const INFO: &str = "folkmoot_info";
pub(super) const CPU: &str = "process_cpu_seconds_total";
pub(super) const MEMORY: &str = "process_resident_memory_bytes";
pub(super) const FILES: &str = "process_open_fds";

enum Kind {
    Counter,
    Gauge,
    /// The upper edges of its buckets.
    Histogram(&'static [f64]),
}

use Kind::{Counter, Gauge, Histogram};

struct Figure {
    name: &'static str,
    kind: Kind,
    /// With what they may be.
    labels: &'static str,
    help: &'static str,
}

/// Around 0.4 ms, an RSA-2048 signature; Ed25519 takes 0.015 ms.
const OF_SIGNING: &[f64] = &[
    0.000_02, 0.000_05, 0.000_1, 0.000_2, 0.000_3, 0.000_4, 0.000_5, 0.000_75, 0.001, 0.002, 0.005, 0.01,
    0.05,
];
/// From a neighbour to the end of our patience.
const OF_ANSWERS: &[f64] = &[0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 5.0, 10.0];
const OF_INBOX: &[f64] = &[
    0.001, 0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0,
];
const OF_TURNS: &[f64] = &[1.0, 2.0, 4.0, 8.0, 16.0, 32.0];

const TABLE: &[Figure] = &[
    figure(
        DELIVERIES,
        Counter,
        "outcome: delivered, refused, later, parked; shape, or letter",
        "Attempts to deliver one entry or letter, by how they ended.",
    ),
    figure(
        ANSWERS,
        Histogram(OF_ANSWERS),
        "",
        "Seconds from the beginning of a delivery's request to its answer, or to the end of our patience.",
    ),
    figure(
        SIGNING,
        Histogram(OF_SIGNING),
        "",
        "Seconds that it took to sign one request.",
    ),
    figure(
        LANES,
        Gauge,
        "state: running (of this process), waiting, backing_off, given_up, paused, blocked (of all)",
        "Destinations by what they are doing. Whoever waits has something due, whatever holds it up.",
    ),
    figure(
        WAITING,
        Gauge,
        "what: entries, letters",
        "Deliveries that are due, of all destinations together.",
    ),
    figure(
        LAG_ENTRIES,
        Gauge,
        "lanes: all, healthy",
        "Deliveries that are due to the destination that has most; healthy leaves out those that are held up.",
    ),
    figure(
        LAG_SECONDS,
        Gauge,
        "lanes: all, healthy",
        "Seconds for which the oldest delivery has been due; healthy leaves out destinations that are held up.",
    ),
    figure(
        PARKED,
        Gauge,
        "",
        "Entries and letters that were put aside one by one, until an operator retries or drops them.",
    ),
    figure(
        MISSED,
        Gauge,
        "",
        "Entries that destinations missed for good: dropped after 30 days, or by an operator.",
    ),
    figure(
        INBOX,
        Counter,
        "status; code: accepted, or the name of the problem",
        "Requests to inboxes, by how they were answered.",
    ),
    figure(
        INBOX_SECONDS,
        Histogram(OF_INBOX),
        "",
        "Seconds that it took to answer a request to an inbox.",
    ),
    figure(
        TURN,
        Histogram(OF_TURNS),
        "",
        "Activities that one transaction took in.",
    ),
    figure(
        RECEIVED,
        Gauge,
        "",
        "Documents that were received and wait for something to be fetched.",
    ),
    figure(
        POOL,
        Gauge,
        "state: busy, idle",
        "Connections of this process to the database.",
    ),
    figure(
        POOL_LIMIT,
        Gauge,
        "",
        "Connections that this process may open: database.connections.",
    ),
    figure(
        DATABASE_UP,
        Gauge,
        "",
        "Whether the database answered when it was last asked.",
    ),
    figure(
        SAMPLED,
        Gauge,
        "",
        "When the figures of the queue were last taken, in seconds since 1970.",
    ),
    figure(INFO, Gauge, "version; role", "Always 1: what runs here."),
    figure(
        CPU,
        Counter,
        "",
        "Seconds of processor time that this process has used.",
    ),
    figure(MEMORY, Gauge, "", "Bytes of memory that this process holds."),
    figure(
        FILES,
        Gauge,
        "",
        "Files and connections that this process has open.",
    ),
];

const fn figure(name: &'static str, kind: Kind, labels: &'static str, help: &'static str) -> Figure {
    Figure {
        name,
        kind,
        labels,
        help,
    }
}

/// A recorder that knows the buckets.
pub(super) fn builder() -> Result<PrometheusBuilder, BuildError> {
    TABLE
        .iter()
        .try_fold(PrometheusBuilder::new(), |builder, figure| match figure.kind {
            Histogram(buckets) => {
                builder.set_buckets_for_metric(Matcher::Full(figure.name.to_owned()), buckets)
            }
            Counter | Gauge => Ok(builder),
        })
}

/// Tells the recorder what the figures mean.
pub(super) fn describe() {
    for figure in TABLE {
        let (name, help) = (figure.name, figure.in_words());
        match figure.kind {
            Counter => describe_counter!(name, help),
            Gauge => describe_gauge!(name, help),
            Histogram(_) => describe_histogram!(name, help),
        }
    }
}

impl Figure {
    fn in_words(&self) -> String {
        if self.labels.is_empty() {
            self.help.to_owned()
        } else {
            format!("{} Labels: {}.", self.help, self.labels)
        }
    }
}

/// What a figure means.
pub(super) fn help(name: &str) -> &'static str {
    let row = TABLE.iter().find(|figure| figure.name == name);
    row.map_or("", |figure| figure.help)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;
    use std::fs;
    use std::path::Path;

    use super::*;

    const BEGIN: &str = "<!-- metrics: written by `UPDATE_DOCS=1 cargo test --lib metrics::` -->\n";
    const END: &str = "<!-- end of metrics -->";

    fn page() -> String {
        let mut text = "| name | kind | labels | what it says |\n|---|---|---|---|\n".to_owned();
        for figure in TABLE {
            let kind = match figure.kind {
                Counter => "counter",
                Gauge => "gauge",
                Histogram(_) => "histogram",
            };
            let (name, labels, help) = (figure.name, figure.labels, figure.help);
            text.push_str(&format!("| `{name}` | {kind} | {labels} | {help} |\n"));
        }
        text
    }

    #[test]
    fn the_manual_holds_the_table() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/operations.md");
        let manual = fs::read_to_string(&path).expect("the manual");
        let (before, rest) = manual.split_once(BEGIN).expect("where the table begins");
        let (table, after) = rest.split_once(END).expect("where it ends");
        if std::env::var_os("UPDATE_DOCS").is_some() {
            fs::write(&path, format!("{before}{BEGIN}{}{END}{after}", page())).expect("written");
            return;
        }
        assert_eq!(
            table,
            page(),
            "docs/operations.md is not what the table says; UPDATE_DOCS=1 cargo test --lib metrics:: writes it"
        );
    }

    #[test]
    fn names_are_as_prometheus_wants_them() {
        let names: HashSet<_> = TABLE.iter().map(|figure| figure.name).collect();
        assert_eq!(names.len(), TABLE.len(), "one row each");
        for figure in TABLE {
            let counts = matches!(figure.kind, Counter);
            assert_eq!(figure.name.ends_with("_total"), counts, "{}", figure.name);
            assert!(figure.help.ends_with('.'), "{}", figure.name);
            if let Histogram(buckets) = figure.kind {
                assert!(buckets.is_sorted(), "{}", figure.name);
            }
        }
    }
}
