//! `queue`: what waits to be delivered.
//!
//! One rule: whatever waits is shown with the reason why.

use serde_json::json;

use crate::cli::args::Queue;
use crate::cli::print::{Out, Side, count, date, table};
use crate::server::House;
use crate::store::{QueueRow, Walls};

pub(super) async fn run(house: &House, command: Queue, out: Out) -> anyhow::Result<()> {
    match command {
        Queue::Status => status(house, out).await,
        Queue::Retry { host } => retry(house, &host, out).await,
    }
}

async fn status(house: &House, out: Out) -> anyhow::Result<()> {
    let federation = &house.settings.federation;
    let walls = Walls {
        blocked: federation.blocked.clone(),
        allowed_only: federation.allowed_only.clone(),
    };
    let rows = house.store.queue_status(&walls).await?;
    out.answer(&rows, &show(&rows))
}

async fn retry(house: &House, host: &str, out: Out) -> anyhow::Result<()> {
    let destinations = house.store.queue_retry(host).await?;
    if destinations == 0 {
        anyhow::bail!(
            "nothing has ever been delivered to {host}, so there is nothing to retry: see `folkmoot queue status`"
        );
    }
    let inboxes = count(
        i64::try_from(destinations).unwrap_or(i64::MAX),
        "inbox",
        "inboxes",
    );
    out.answer(
        &json!({"host": host, "destinations": destinations}),
        &format!("{inboxes} of {host}: tried again at once."),
    )
}

fn show(rows: &[QueueRow]) -> String {
    if rows.is_empty() {
        return "Nothing waits: nobody elsewhere has anything to do with a group here yet.".to_owned();
    }
    let columns = [
        ("HOST", Side::Left),
        ("INBOX", Side::Left),
        ("SHAPE", Side::Left),
        ("WAITING", Side::Right),
        ("OLDEST", Side::Left),
        ("PARKED", Side::Right),
        ("WITHHELD", Side::Right),
        ("MISSED", Side::Left),
        ("FAILURES", Side::Right),
        ("STATE", Side::Left),
        ("LAST ERROR", Side::Left),
    ];
    let cells: Vec<Vec<String>> = rows
        .iter()
        .map(|row| {
            vec![
                row.host.clone(),
                row.inbox.clone(),
                shape(row),
                (row.entries + row.letters).to_string(),
                row.oldest_waiting.map_or_else(dash, date),
                row.parked_entries.to_string(),
                row.withheld.to_string(),
                missed(row),
                row.failures.to_string(),
                state(row),
                row.last_error.clone().unwrap_or_else(dash),
            ]
        })
        .collect();
    format!("{}\n{}.", table(&columns, &cells), waiting(rows))
}

/// How much waits, and for how many of those that are listed.
fn waiting(rows: &[QueueRow]) -> String {
    let due: Vec<i64> = rows
        .iter()
        .map(|row| row.entries + row.letters)
        .filter(|due| *due > 0)
        .collect();
    let deliveries = count(due.iter().sum(), "delivery waits", "deliveries wait");
    match due.len() {
        0 => deliveries,
        inboxes => format!("{deliveries} for {}", count(inboxes as i64, "inbox", "inboxes")),
    }
}

fn dash() -> String {
    "-".to_owned()
}

fn shape(row: &QueueRow) -> String {
    match (row.shapes.is_empty(), row.undecided > 0) {
        (true, true) => "being looked up".to_owned(),
        (true, false) => dash(),
        (false, _) => row.shapes.join(", "),
    }
}

/// How much was dropped before it was sent there, and when that was written.
fn missed(row: &QueueRow) -> String {
    let gaps = &row.gaps.0;
    let entries: i64 = gaps.iter().map(|gap| gap.entries).sum();
    let from = gaps.iter().map(|gap| gap.from).min();
    let until = gaps.iter().map(|gap| gap.until).max();
    from.zip(until).map_or_else(dash, |(from, until)| {
        format!("{entries}, of {} to {}", date(from), date(until))
    })
}

/// Why nothing is sent there now, the strongest reason first.
fn state(row: &QueueRow) -> String {
    if row.blocked {
        "blocked".to_owned()
    } else if let Some(at) = row.gone_at {
        format!("gone since {}", date(at))
    } else if let Some(at) = row.parked_at {
        format!("given up {}", date(at))
    } else if let Some(at) = row.next_try {
        format!("next try {}", date(at))
    } else if row.entries + row.letters > 0 {
        "sending".to_owned()
    } else {
        "idle".to_owned()
    }
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, TimeDelta, Utc};

    use super::*;
    use crate::store::{Gap, Gaps};

    fn row() -> QueueRow {
        QueueRow {
            host: "b.example".to_owned(),
            inbox: "https://b.example/inbox".to_owned(),
            shapes: vec!["microblog".to_owned()],
            entries: 0,
            letters: 0,
            oldest_waiting: None,
            undecided: 0,
            failures: 0,
            failing_since: None,
            next_try: None,
            parked_at: None,
            parked_entries: 0,
            withheld: 0,
            gaps: Gaps::default(),
            gone_at: None,
            last_error: None,
            last_try: None,
            last_success: None,
            delivered: 0,
            refused: 0,
            blocked: false,
        }
    }

    fn noon() -> Option<DateTime<Utc>> {
        DateTime::from_timestamp(1_800_014_400, 0)
    }

    #[test]
    fn the_strongest_reason_to_wait_is_the_one_that_is_shown() {
        let mut row = row();
        assert_eq!(state(&row), "idle");
        row.letters = 1;
        assert_eq!(state(&row), "sending");
        row.next_try = noon();
        assert_eq!(state(&row), "next try 2027-01-15T12:00:00Z");
        row.parked_at = noon();
        assert_eq!(state(&row), "given up 2027-01-15T12:00:00Z");
        row.gone_at = noon();
        assert_eq!(state(&row), "gone since 2027-01-15T12:00:00Z");
        row.blocked = true;
        assert_eq!(state(&row), "blocked");
    }

    #[test]
    fn what_was_missed_is_shown_with_its_dates() {
        let gap = |entries, day: i64| Gap {
            group: "garden".to_owned(),
            entries,
            from: noon().unwrap() + TimeDelta::days(day),
            until: noon().unwrap() + TimeDelta::days(day + 1),
        };
        let row = QueueRow {
            gaps: Gaps(vec![gap(2, 0), gap(3, 5)]),
            ..row()
        };
        assert_eq!(missed(&row), "5, of 2027-01-15T12:00:00Z to 2027-01-21T12:00:00Z");
        assert!(show(&[row]).contains("5, of 2027-01-15"));
    }

    #[test]
    fn letters_and_entries_are_counted_together() {
        let waiting = QueueRow {
            entries: 2,
            letters: 1,
            ..row()
        };
        assert!(show(&[waiting, row()]).ends_with("3 deliveries wait for 1 inbox."));
    }

    #[test]
    fn inboxes_for_which_nothing_waits_are_listed_and_not_counted() {
        assert!(show(&[row(), row()]).ends_with("\n0 deliveries wait."));
    }

    #[test]
    fn a_class_that_is_not_known_yet_is_said_to_be_looked_up() {
        let undecided = QueueRow {
            shapes: vec![],
            undecided: 1,
            ..row()
        };
        assert_eq!(shape(&undecided), "being looked up");
    }
}
