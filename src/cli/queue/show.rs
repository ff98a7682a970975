//! `queue show HOST`: each inbox of one host, and what came of the last attempts.
//!
//! One rule: what did not go through is listed with its reason; what did is counted.

use serde::Serialize;
use serde_json::json;

use super::status::{Listed, shape};
use super::{dash, in_words, known};
use crate::cli::print::{Out, Side, count, date, sheet, table};
use crate::server::House;
use crate::store::{Outcome, QueueRow};

pub(super) async fn run(house: &House, host: &str, out: Out) -> anyhow::Result<()> {
    let rows = known(house, host).await?;
    let outcomes = house.store.outcomes_of(host).await?;
    let now = house.store.now();
    let inboxes: Vec<Inbox<'_>> = rows
        .iter()
        .map(|row| Inbox {
            listed: Listed::of(row, now),
            outcomes: outcomes
                .iter()
                .filter(|outcome| outcome.inbox == row.inbox)
                .collect(),
        })
        .collect();
    let text: Vec<String> = inboxes.iter().map(Inbox::in_words).collect();
    out.answer(&json!({"host": host, "inboxes": inboxes}), &text.join("\n"))
}

#[derive(Serialize)]
struct Inbox<'a> {
    #[serde(flatten)]
    listed: Listed<'a>,
    outcomes: Vec<&'a Outcome>,
}

impl Inbox<'_> {
    fn in_words(&self) -> String {
        let row = self.listed.row;
        let number = |number: i64| (number > 0).then(|| number.to_string());
        let head = sheet(&[
            ("  state", Some(self.state())),
            ("  shape", Some(shape(row))),
            ("  waiting", Some(waiting(row))),
            ("  parked", number(row.parked_entries)),
            ("  withheld", number(row.withheld)),
            ("  missed", missed(row)),
            ("  failures", failures(row)),
            ("  last error", row.last_error.clone()),
            ("  last try", row.last_try.map(date)),
            (
                "  last success",
                Some(row.last_success.map_or_else(|| "never".to_owned(), date)),
            ),
            ("  delivered", Some(row.delivered.to_string())),
            ("  refused", Some(row.refused.to_string())),
        ]);
        format!("{}\n{head}{}", row.inbox, self.history())
    }

    fn state(&self) -> String {
        let row = self.listed.row;
        let mut words = in_words(self.listed.state).to_owned();
        let since = [
            ("paused", row.paused_at),
            ("given up", row.parked_at),
            ("gone", row.gone_at),
        ];
        if let Some((_, Some(at))) = since.iter().find(|(state, _)| *state == words) {
            words.push_str(&format!(" since {}", date(*at)));
        }
        if let (crate::store::LaneState::BackingOff, Some(at)) = (self.listed.state, row.next_try) {
            words.push_str(&format!(", next try {}", date(at)));
        }
        if let Some(at) = row.redirected_at {
            words.push_str(&format!(
                "; answered {} that it is somewhere else, so its people are asked",
                date(at)
            ));
        }
        if row.slow {
            words.push_str("; its last answer took over 2 s, or did not come");
        }
        words
    }

    fn history(&self) -> String {
        if self.outcomes.is_empty() {
            return String::new();
        }
        let columns = [
            ("  WHEN", Side::Left),
            ("WHAT", Side::Left),
            ("WHY", Side::Left),
            ("NEXT TRY", Side::Left),
            ("ACTIVITY", Side::Left),
        ];
        let cells: Vec<Vec<String>> = self
            .outcomes
            .iter()
            .map(|outcome| {
                vec![
                    format!("  {}", date(outcome.at)),
                    outcome.what.clone(),
                    outcome.why.clone(),
                    outcome.next_try.map_or_else(dash, date),
                    activity(outcome),
                ]
            })
            .collect();
        format!("\n{}", table(&columns, &cells))
    }
}

fn waiting(row: &QueueRow) -> String {
    let entries = count(row.entries, "entry", "entries");
    let letters = count(row.letters, "letter", "letters");
    match row.lag_seconds {
        None => "nothing".to_owned(),
        Some(seconds) => format!("{entries} and {letters}, the oldest for {seconds} s"),
    }
}

fn missed(row: &QueueRow) -> Option<String> {
    let gaps = row.gaps.0.iter().map(|gap| {
        format!(
            "{} of {}, written {} to {}",
            gap.entries,
            gap.group,
            date(gap.from),
            date(gap.until)
        )
    });
    let gaps: Vec<String> = gaps.collect();
    (!gaps.is_empty()).then(|| gaps.join("; "))
}

fn failures(row: &QueueRow) -> Option<String> {
    let since = row.failing_since?;
    Some(format!("{} in a row, since {}", row.failures, date(since)))
}

fn activity(outcome: &Outcome) -> String {
    let Some(id) = outcome.activity else {
        return dash();
    };
    match (&outcome.kind, &outcome.group) {
        (Some(kind), Some(group)) => format!("{kind} in {group}, /activities/{id}"),
        _ => format!("/activities/{id}"),
    }
}
