//! What the process itself takes, by the names that Prometheus' own libraries give it.
//!
//! One rule: what this system does not tell is left out.

use std::fmt::Write as _;
use std::fs;

use nix::sys::resource::{UsageWho, getrusage};

use super::table::{CPU, FILES, MEMORY};

/// The figures, as text behind the others: counters of the recorder have no fractions.
pub(super) fn figures() -> String {
    let mut text = String::new();
    for (name, kind, value) in [
        (CPU, "counter", cpu_seconds()),
        (MEMORY, "gauge", resident_bytes()),
        (FILES, "gauge", open_files()),
    ] {
        if let Some(value) = value {
            let _ = writeln!(
                text,
                "# HELP {name} {}\n# TYPE {name} {kind}\n{name} {value}\n",
                super::table::help(name)
            );
        }
    }
    text
}

fn cpu_seconds() -> Option<f64> {
    let usage = getrusage(UsageWho::RUSAGE_SELF).ok()?;
    let used = [usage.user_time(), usage.system_time()];
    let seconds = |time: &nix::sys::time::TimeVal| time.tv_sec() as f64 + time.tv_usec() as f64 / 1_000_000.0;
    Some(used.iter().map(seconds).sum())
}

/// Linux only.
fn resident_bytes() -> Option<f64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kilobytes: f64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kilobytes * 1024.0)
}

/// Linux only.
fn open_files() -> Option<f64> {
    let files = fs::read_dir("/proc/self/fd").ok()?.count();
    u32::try_from(files).ok().map(f64::from)
}
