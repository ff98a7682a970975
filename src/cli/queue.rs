//! `queue`: what waits to be delivered, and what is to become of it. What is seen of all: `status.rs`; of one: `show.rs`.
//!
//! One rule: whatever waits is shown with the reason why, and nothing is given up that was not counted first.

mod show;
mod status;
mod totals;

use serde_json::json;

use crate::cli::args::Queue;
use crate::cli::print::{Out, count};
use crate::server::House;
use crate::store::{GivenUp, LaneState, QueueRow};

pub(super) async fn run(house: &House, command: Queue, out: Out) -> anyhow::Result<()> {
    match command {
        Queue::Status { all, totals } => status::run(house, all, totals, out).await,
        Queue::Show { host } => show::run(house, &host, out).await,
        Queue::Retry { host } => retry(house, &host, out).await,
        Queue::Pause { host } => pause(house, &host, out).await,
        Queue::Resume { host } => resume(house, &host, out).await,
        Queue::Drop { host, yes } => drop(house, &host, yes, out).await,
    }
}

async fn retry(house: &House, host: &str, out: Out) -> anyhow::Result<()> {
    let rows = known(house, host).await?;
    if rows.iter().all(|row| row.blocked) {
        anyhow::bail!(
            "{host} is blocked, so nothing is sent there: `folkmoot peer unblock {host}` ends that, unless the settings say so"
        );
    }
    if rows.iter().all(|row| row.paused_at.is_some()) {
        anyhow::bail!("{host} is paused, so nothing is sent there: `folkmoot queue resume {host}` ends that");
    }
    let destinations = house.store.queue_retry(host).await?;
    out.answer(
        &json!({"host": host, "destinations": destinations}),
        &format!("{} of {host}: tried again at once.", inboxes(destinations)),
    )
}

async fn pause(house: &House, host: &str, out: Out) -> anyhow::Result<()> {
    known(house, host).await?;
    let destinations = house.store.queue_pause(host).await?;
    out.answer(
        &json!({"host": host, "destinations": destinations, "paused": true}),
        &format!(
            "{} of {host}: nothing is sent until `folkmoot queue resume {host}`. What is said meanwhile waits, for 30 days at \
             most.",
            inboxes(destinations)
        ),
    )
}

async fn resume(house: &House, host: &str, out: Out) -> anyhow::Result<()> {
    let rows = known(house, host).await?;
    let waiting = rows.iter().map(QueueRow::waiting).sum();
    let destinations = house.store.queue_resume(host).await?;
    let text = match destinations {
        0 => format!("{host} was not paused."),
        _ => format!(
            "{} of {host}: sent to again, beginning with what waited ({}).",
            inboxes(destinations),
            count(waiting, "delivery", "deliveries")
        ),
    };
    out.answer(
        &json!({"host": host, "destinations": destinations, "paused": false}),
        &text,
    )
}

async fn drop(house: &House, host: &str, yes: bool, out: Out) -> anyhow::Result<()> {
    known(house, host).await?;
    let given_up = house.store.queue_drop(host, yes).await?;
    if given_up.all() == 0 {
        let text = format!("Nothing waits for {host}, so nothing is dropped.");
        return out.answer(&dropped(host, given_up), &text);
    }
    if !yes {
        anyhow::bail!(
            "{} would be lost for {host}, for good. Nothing is dropped yet: say --yes to do it",
            how_much(given_up)
        );
    }
    let text = format!(
        "Dropped for {host}: {}. `folkmoot queue show {host}` shows what it missed.",
        how_much(given_up)
    );
    out.answer(&dropped(host, given_up), &text)
}

fn dropped(host: &str, given_up: GivenUp) -> serde_json::Value {
    json!({
        "host": host, "entries": given_up.entries, "letters": given_up.letters, "parked": given_up.parked,
    })
}

fn how_much(given_up: GivenUp) -> String {
    let parts = [
        (given_up.entries, count(given_up.entries, "entry", "entries")),
        (given_up.letters, count(given_up.letters, "letter", "letters")),
        (given_up.parked, format!("{} put aside", given_up.parked)),
    ];
    let parts: Vec<String> = parts
        .into_iter()
        .filter_map(|(number, words)| (number > 0).then_some(words))
        .collect();
    parts.join(", ")
}

fn inboxes(destinations: u64) -> String {
    count(
        i64::try_from(destinations).unwrap_or(i64::MAX),
        "inbox",
        "inboxes",
    )
}

/// The inboxes of a host.
///
/// # Errors
/// If nothing was ever to be sent there: then with the host that may have been meant.
async fn known(house: &House, host: &str) -> anyhow::Result<Vec<QueueRow>> {
    let rows = house.store.queue_of(Some(host), &house.walls()).await?;
    if rows.is_empty() {
        let hosts = house.store.hosts_sent_to().await?;
        match nearest(host, &hosts) {
            Some(near) => anyhow::bail!(
                "nothing was ever to be sent to {host}. The nearest host that we send to is {near}; \
                 `folkmoot queue status --all` lists them"
            ),
            None => anyhow::bail!("nothing was ever to be sent to {host}, nor to anybody else"),
        }
    }
    Ok(rows)
}

fn nearest<'a>(host: &str, hosts: &'a [String]) -> Option<&'a String> {
    let likeness = |known: &String| strsim::normalized_damerau_levenshtein(known, host);
    hosts
        .iter()
        .max_by(|one, other| likeness(one).total_cmp(&likeness(other)))
}

/// What an operator reads; programs read the name of the variant.
const fn in_words(state: LaneState) -> &'static str {
    match state {
        LaneState::Blocked => "blocked",
        LaneState::Paused => "paused",
        LaneState::Gone => "gone",
        LaneState::GivenUp => "given up",
        LaneState::BackingOff => "backing off",
        LaneState::Sending => "sending",
        LaneState::LookingUp => "looking up",
        LaneState::Idle => "idle",
    }
}

fn dash() -> String {
    "-".to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_host_that_was_meant_is_named() {
        let hosts = ["forum.example", "social.example", "127.0.0.1:4001"].map(str::to_owned);
        let near = |host| nearest(host, &hosts).map(String::as_str);
        assert_eq!(near("forun.example"), Some("forum.example"));
        assert_eq!(near("127.0.0.1:401"), Some("127.0.0.1:4001"));
        assert_eq!(nearest("forum.example", &[]), None);
    }

    #[test]
    fn only_what_there_is_is_said_to_be_lost() {
        let given_up = GivenUp {
            entries: 1,
            letters: 0,
            parked: 2,
        };
        assert_eq!(how_much(given_up), "1 entry, 2 put aside");
    }
}
