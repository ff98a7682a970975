//! `/metrics`: figures for Prometheus, on an address of their own. What each means: `metrics/table.rs`.
//!
//! One rule: whoever asks often costs nothing. The database is asked one question, at most once in [`SAMPLE_EVERY`],
//! and only if somebody wants to know. What happens is counted where it happens, by the rooms.

mod process;
mod table;

use std::net::SocketAddr;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use axum::extract::State;
use axum::http::header;
use axum::response::IntoResponse;
use axum::{Router, routing::get};
use metrics::gauge;
use metrics_exporter_prometheus::{BuildError, PrometheusHandle};
use tokio::net::TcpListener;
use tokio::sync::Mutex;
use tokio::time::{Instant, timeout};

use crate::config::Settings;
use crate::delivery::figures::LANES;
use crate::store::{Sample, Store, Walls};
use crate::web;

use super::{Role, Stop};

const SAMPLE_EVERY: Duration = Duration::from_secs(15);
/// A scrape does not wait longer than this for the database.
const SAMPLE_WITHIN: Duration = Duration::from_secs(3);
/// How often what was measured is put into its buckets; until then each value takes room.
const UPKEEP_EVERY: Duration = Duration::from_secs(5);
/// Prometheus' text format (exposition formats, version 0.0.4).
const TEXT: &str = "text/plain; version=0.0.4; charset=utf-8";

/// What is watched.
pub(super) struct Watched {
    recorder: PrometheusHandle,
    store: Store,
    walls: Walls,
    /// When the database was last asked.
    sampled: Mutex<Option<Instant>>,
}

/// Takes the address and begins to count. Without either, the server goes on uncounted: a figure is not worth a post.
pub(super) async fn begin(
    bind: SocketAddr,
    role: Role,
    store: &Store,
    walls: Walls,
) -> Option<(TcpListener, Watched)> {
    let listener = match TcpListener::bind(bind).await {
        Ok(listener) => listener,
        Err(error) => {
            tracing::warn!(
                %error,
                "there is no /metrics: {bind} (`metrics.bind`) cannot be had. Another server may have it: give this one another \
                 port, or \"\" for none"
            );
            return None;
        }
    };
    let recorder = match recorder() {
        Ok(recorder) => recorder.clone(),
        Err(error) => {
            tracing::warn!(%error, "there is no /metrics: nothing can be counted");
            return None;
        }
    };
    let role = match role {
        Role::All => "all",
        Role::Web => "web",
        Role::Delivery => "delivery",
    };
    gauge!(table::INFO, "version" => env!("CARGO_PKG_VERSION"), "role" => role).set(1);
    tracing::info!("figures for Prometheus at http://{bind}/metrics");
    let watched = Watched {
        recorder,
        store: store.clone(),
        walls,
        sampled: Mutex::default(),
    };
    Some((listener, watched))
}

/// One for the process: whatever is counted by then or later is in it.
fn recorder() -> Result<&'static PrometheusHandle, BuildError> {
    static RECORDER: OnceLock<PrometheusHandle> = OnceLock::new();
    if let Some(recorder) = RECORDER.get() {
        return Ok(recorder);
    }
    let installed = table::builder()?.install_recorder()?;
    table::describe();
    Ok(RECORDER.get_or_init(|| installed))
}

/// Answers until it is stopped.
///
/// # Errors
/// If the listener has no address any more.
pub(super) async fn serve(
    listener: TcpListener,
    watched: Watched,
    settings: &Settings,
    stopped: impl Stop,
) -> anyhow::Result<()> {
    let recorder = watched.recorder.clone();
    let app = Router::new()
        .route("/metrics", get(scrape))
        .with_state(Arc::new(watched));
    let upkeep = async {
        loop {
            tokio::time::sleep(UPKEEP_EVERY).await;
            recorder.run_upkeep();
        }
    };
    tokio::select! {
        served = web::serve(listener, app, settings, stopped) => Ok(served?),
        () = upkeep => Ok(()),
    }
}

async fn scrape(State(watched): State<Arc<Watched>>) -> impl IntoResponse {
    watched.sample().await;
    let text = watched.recorder.render() + &process::figures();
    ([(header::CONTENT_TYPE, TEXT)], text)
}

impl Watched {
    /// Asks the database how things stand, if that was long ago. Whoever comes meanwhile waits for the same answer.
    async fn sample(&self) {
        let mut sampled = self.sampled.lock().await;
        if sampled.is_none_or(|at| at.elapsed() >= SAMPLE_EVERY) {
            let answer = timeout(SAMPLE_WITHIN, self.store.queue_sample(&self.walls)).await;
            match &answer {
                Ok(Ok(sample)) => self.note(sample),
                Ok(Err(error)) => tracing::warn!(%error, "the queue could not be sampled for /metrics"),
                Err(_) => tracing::warn!("the queue could not be sampled for /metrics in time"),
            }
            let is_up = matches!(answer, Ok(Ok(_)));
            gauge!(table::DATABASE_UP).set(u8::from(is_up));
            *sampled = Some(Instant::now());
        }
        let (open, idle, most) = self.store.connections();
        let idle = u32::try_from(idle).unwrap_or(u32::MAX).min(open);
        gauge!(table::POOL, "state" => "busy").set(open - idle);
        gauge!(table::POOL, "state" => "idle").set(idle);
        gauge!(table::POOL_LIMIT).set(most);
    }

    fn note(&self, sample: &Sample) {
        let labelled = [
            (table::WAITING, "what", "entries", sample.entries),
            (table::WAITING, "what", "letters", sample.letters),
            (table::LAG_ENTRIES, "lanes", "all", sample.most_entries),
            (
                table::LAG_ENTRIES,
                "lanes",
                "healthy",
                sample.most_entries_healthy,
            ),
            (table::LAG_SECONDS, "lanes", "all", sample.longest),
            (table::LAG_SECONDS, "lanes", "healthy", sample.longest_healthy),
            (LANES, "state", "waiting", sample.waiting),
            (LANES, "state", "backing_off", sample.backing_off),
            (LANES, "state", "given_up", sample.given_up),
            (LANES, "state", "paused", sample.paused),
            (LANES, "state", "blocked", sample.blocked),
        ];
        for (name, label, value, figure) in labelled {
            gauge!(name, label => value).set(as_float(figure));
        }
        gauge!(table::PARKED).set(as_float(sample.parked));
        gauge!(table::MISSED).set(as_float(sample.missed));
        gauge!(table::RECEIVED).set(as_float(sample.received));
        gauge!(table::SAMPLED).set(as_float(self.store.now().timestamp()));
    }
}

/// What is counted stays far below the 53 bits that a float holds.
#[expect(clippy::cast_precision_loss, reason = "fewer than 2^53 of anything")]
const fn as_float(figure: i64) -> f64 {
    figure as f64
}
