//! The benches, one file each.
//!
//! One rule: what a file claims to measure it also checks (order, duplicates, handshakes, who signed how), and says so
//! as a figure of its own. A new one is a file, a name in [`ALL`] and an arm in [`run`].

mod both;
mod dead;
mod ed25519;
mod fan;
mod fanout;
mod far;
mod growth;
mod hot;
mod idle;
mod inbox;
mod latency;
mod nodes;
mod stream;
mod tls;
mod town;

use anyhow::Context as _;

use crate::sheet::Sheet;

/// In the order in which they run and are shown.
pub(crate) const ALL: [&str; 13] = [
    "fanout", "growth", "stream", "ed25519", "latency", "inbox", "hot", "both", "dead", "far", "nodes",
    "idle", "tls",
];

/// How much is done.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Scale {
    /// A quick look, in seconds; the figures mean little.
    pub(crate) small: bool,
    runs: Option<usize>,
}

impl Scale {
    /// `BENCH_SIZE` (`small` or `full`) and `BENCH_RUNS`.
    pub(crate) fn from_environment() -> anyhow::Result<Self> {
        let small = match std::env::var("BENCH_SIZE").as_deref() {
            Ok("small") => true,
            Ok("full" | "") | Err(_) => false,
            Ok(other) => anyhow::bail!("BENCH_SIZE is `small` or `full`, not `{other}`"),
        };
        let runs = match std::env::var("BENCH_RUNS") {
            Ok(runs) if !runs.is_empty() => {
                let runs = runs.parse().ok().filter(|runs| *runs > 0);
                Some(runs.context("BENCH_RUNS is a number, at least 1")?)
            }
            _ => None,
        };
        Ok(Self { small, runs })
    }

    pub(crate) fn of<T>(self, full: T, small: T) -> T {
        if self.small { small } else { full }
    }

    /// How often: as asked for, else five times, or once for a quick look.
    pub(crate) fn runs(self) -> usize {
        self.runs.unwrap_or(self.of(5, 1))
    }

    /// The same for what takes minutes.
    pub(crate) fn few_runs(self) -> usize {
        self.runs.unwrap_or(self.of(3, 1))
    }
}

pub(crate) async fn run(name: &str, scale: Scale) -> anyhow::Result<Sheet> {
    match name {
        "fanout" => fanout::run(scale).await,
        "growth" => growth::run(scale).await,
        "stream" => stream::run(scale).await,
        "ed25519" => ed25519::run(scale).await,
        "latency" => latency::run(scale).await,
        "inbox" => inbox::run(scale).await,
        "hot" => hot::run(scale).await,
        "both" => both::run(scale).await,
        "dead" => dead::run(scale).await,
        "far" => far::run(scale).await,
        "nodes" => nodes::run(scale).await,
        "idle" => idle::run(scale).await,
        "tls" => tls::run(scale).await,
        other => anyhow::bail!("there is no bench `{other}`"),
    }
}
