//! `queue status`: a head line of sums, and a line for each inbox that has something to tell.
//!
//! One rule: the sums are always of everybody, whoever is listed. A new column is a row of [`COLUMNS`], a cell in
//! [`cells`], and a line in `docs/operations.md`.

use chrono::{DateTime, Utc};
use serde::Serialize;

use super::totals::Totals;
use super::{dash, in_words};
use crate::cli::group::posts::{self, Untold};
use crate::cli::print::{Out, Side, count, date, table};
use crate::server::House;
use crate::store::{LaneState, QueueRow};

const COLUMNS: [(&str, Side); 12] = [
    ("HOST", Side::Left),
    ("INBOX", Side::Left),
    ("SHAPE", Side::Left),
    ("WAITING", Side::Right),
    ("LAG", Side::Right),
    ("PARKED", Side::Right),
    ("WITHHELD", Side::Right),
    ("MISSED", Side::Left),
    ("FAILURES", Side::Right),
    ("STATE", Side::Left),
    ("NEXT TRY", Side::Left),
    ("LAST ERROR", Side::Left),
];

pub(super) async fn run(house: &House, all: bool, only_totals: bool, out: Out) -> anyhow::Result<()> {
    let mut rows = house.store.queue_status(&house.walls()).await?;
    let now = house.store.now();
    let totals = Totals::of(&rows, now);
    let untold = posts::untold(house).await?;
    if only_totals {
        let text = format!("{}{}", totals.in_words(), in_lines(&untold));
        let answer = Sums {
            totals: &totals,
            cannot_be_notified: &untold,
        };
        return out.answer(&answer, &text);
    }
    let everybody = rows.len();
    rows.retain(|row| all || row.has_something_to_tell());
    let listed: Vec<Listed<'_>> = rows.iter().map(|row| Listed::of(row, now)).collect();
    let text = show(&totals, &listed, everybody);
    out.answer(&listed, &format!("{}{}", text.trim_end(), in_lines(&untold)))
}

/// The sums, as programs read them.
#[derive(Serialize)]
struct Sums<'a> {
    #[serde(flatten)]
    totals: &'a Totals,
    cannot_be_notified: &'a [Untold],
}

/// A line for each group in which something waits of which somebody who runs it cannot be told.
fn in_lines(untold: &[Untold]) -> String {
    untold
        .iter()
        .map(|group| format!("\n{}", group.in_words()))
        .collect()
}

/// A row, as programs read it.
#[derive(Serialize)]
pub(super) struct Listed<'a> {
    pub(super) state: LaneState,
    #[serde(flatten)]
    pub(super) row: &'a QueueRow,
}

impl<'a> Listed<'a> {
    pub(super) fn of(row: &'a QueueRow, now: DateTime<Utc>) -> Self {
        let state = row.state(now);
        Self { state, row }
    }
}

fn show(totals: &Totals, listed: &[Listed<'_>], everybody: usize) -> String {
    if everybody == 0 {
        return "Nothing waits: nobody elsewhere has anything to do with a group here yet.".to_owned();
    }
    let mut text = format!("{}\n", totals.in_words());
    if !listed.is_empty() {
        let cells: Vec<Vec<String>> = listed.iter().map(cells).collect();
        text.push_str(&format!("\n{}", table(&COLUMNS, &cells)));
    }
    let others = everybody - listed.len();
    if others > 0 {
        let others = i64::try_from(others).unwrap_or(i64::MAX);
        text.push_str(&format!(
            "\nNothing to tell of {}: `folkmoot queue status --all` lists them, too.",
            count(others, "other inbox", "other inboxes")
        ));
    }
    text
}

fn cells(listed: &Listed<'_>) -> Vec<String> {
    let row = listed.row;
    let backs_off = listed.state == LaneState::BackingOff;
    vec![
        row.host.clone(),
        row.inbox.clone(),
        shape(row),
        row.waiting().to_string(),
        row.lag_seconds
            .map_or_else(dash, |seconds| format!("{seconds} s")),
        row.parked_entries.to_string(),
        row.withheld.to_string(),
        missed(row),
        row.failures.to_string(),
        in_words(listed.state).to_owned(),
        row.next_try.filter(|_| backs_off).map_or_else(dash, date),
        row.last_error.clone().unwrap_or_else(dash),
    ]
}

pub(super) fn shape(row: &QueueRow) -> String {
    match (row.shapes.is_empty(), row.undecided > 0) {
        (true, true) => "being looked up".to_owned(),
        (true, false) => dash(),
        (false, _) => row.shapes.join(", "),
    }
}

/// How much was dropped before it was sent there, and when that was written.
fn missed(row: &QueueRow) -> String {
    let gaps = &row.gaps.0;
    let from = gaps.iter().map(|gap| gap.from).min();
    let until = gaps.iter().map(|gap| gap.until).max();
    from.zip(until).map_or_else(dash, |(from, until)| {
        format!("{}, of {} to {}", row.missed(), date(from), date(until))
    })
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

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
            lag_seconds: None,
            undecided: 0,
            failures: 0,
            failing_since: None,
            next_try: None,
            parked_at: None,
            paused_at: None,
            parked_entries: 0,
            withheld: 0,
            gaps: Gaps::default(),
            gone_at: None,
            redirected_at: None,
            slow: false,
            last_error: None,
            last_try: None,
            last_success: None,
            delivered: 0,
            refused: 0,
            blocked: false,
        }
    }

    fn noon() -> DateTime<Utc> {
        DateTime::from_timestamp(1_800_014_400, 0).expect("a date")
    }

    fn shown(rows: &[QueueRow], everybody: usize) -> String {
        let listed: Vec<_> = rows.iter().map(|row| Listed::of(row, noon())).collect();
        show(&Totals::of(rows, noon()), &listed, everybody)
    }

    #[test]
    fn the_strongest_reason_to_wait_is_the_one_that_is_shown() {
        let mut row = row();
        let mut said = |change: fn(&mut QueueRow)| {
            change(&mut row);
            in_words(row.state(noon()))
        };
        assert_eq!(said(|_| ()), "idle");
        assert_eq!(said(|row| row.undecided = 1), "looking up");
        assert_eq!(said(|row| row.letters = 1), "sending");
        assert_eq!(said(|row| row.next_try = Some(noon())), "sending", "that is now");
        let later = |row: &mut QueueRow| row.next_try = Some(noon() + TimeDelta::seconds(1));
        assert_eq!(said(later), "backing off");
        assert_eq!(said(|row| row.parked_at = Some(noon())), "given up");
        assert_eq!(said(|row| row.gone_at = Some(noon())), "gone");
        assert_eq!(said(|row| row.paused_at = Some(noon())), "paused");
        assert_eq!(said(|row| row.blocked = true), "blocked");
    }

    #[test]
    fn whoever_has_something_to_tell_is_listed() {
        assert!(!row().has_something_to_tell());
        let reasons: [fn(&mut QueueRow); 8] = [
            |row| row.entries = 1,
            |row| row.letters = 1,
            |row| row.undecided = 1,
            |row| row.failures = 1,
            |row| row.parked_entries = 1,
            |row| row.parked_at = Some(noon()),
            |row| row.paused_at = Some(noon()),
            |row| row.gone_at = Some(noon()),
        ];
        for (number, reason) in reasons.into_iter().enumerate() {
            let mut row = row();
            reason(&mut row);
            assert!(row.has_something_to_tell(), "reason {number}");
        }
    }

    #[test]
    fn what_was_missed_is_shown_with_its_dates() {
        let gap = |entries, day: i64| Gap {
            group: "garden".to_owned(),
            entries,
            from: noon() + TimeDelta::days(day),
            until: noon() + TimeDelta::days(day + 1),
        };
        let row = QueueRow {
            gaps: Gaps(vec![gap(2, 0), gap(3, 5)]),
            ..row()
        };
        assert!(row.has_something_to_tell());
        assert_eq!(missed(&row), "5, of 2027-01-15T12:00:00Z to 2027-01-21T12:00:00Z");
        assert!(shown(&[row], 1).contains("5, of 2027-01-15"));
    }

    #[test]
    fn letters_and_entries_are_counted_together() {
        let waiting = QueueRow {
            entries: 2,
            letters: 1,
            lag_seconds: Some(75),
            ..row()
        };
        let text = shown(&[waiting, row()], 2);
        assert!(
            text.starts_with("3 deliveries wait for 1 inbox, the oldest for 75 s; 0 parked"),
            "{text}"
        );
        assert!(
            text.contains("\n2 inboxes of 1 host: 1 sending, 1 idle.\n"),
            "{text}"
        );
    }

    #[test]
    fn who_is_not_listed_is_counted() {
        assert!(shown(&[], 0).starts_with("Nothing waits: nobody"));
        let nobody = Totals::of(&[], noon()).in_words();
        assert!(nobody.ends_with("\n0 inboxes of 0 hosts."), "{nobody}");
        let text = shown(&[], 3);
        assert!(text.starts_with("0 deliveries wait; 0 parked"), "{text}");
        assert!(
            text.contains("of 3 other inboxes") && text.contains("--all"),
            "{text}"
        );
        assert!(!shown(&[row()], 1).contains("--all"));
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

    /// Who reads the manual finds what is on the screen.
    #[test]
    fn every_column_and_every_state_is_in_the_manual() {
        let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/operations.md");
        let manual = std::fs::read_to_string(path).expect("the manual");
        for (heading, _) in COLUMNS {
            assert!(manual.contains(&format!("| `{heading}` |")), "{heading}");
        }
        for state in [
            LaneState::Blocked,
            LaneState::Paused,
            LaneState::Gone,
            LaneState::GivenUp,
            LaneState::BackingOff,
            LaneState::Sending,
            LaneState::LookingUp,
            LaneState::Idle,
        ] {
            let word = in_words(state);
            assert!(manual.contains(&format!("| *{word}* |")), "{word}");
        }
    }
}
