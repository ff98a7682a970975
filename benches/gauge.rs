//! What a process has used: CPU time and memory. And what time it is, for all processes alike.
//!
//! One rule: a figure of the kernel's, read at the two ends of what is measured; nothing is estimated.

use std::collections::HashMap;
use std::fs;
use std::io::Write as _;
use std::os::unix::fs::FileExt as _;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use nix::time::{ClockId, clock_gettime};
use nix::unistd::{SysconfVar, sysconf};

/// How often the disk is asked.
const SYNCS: usize = 60;

/// Nanoseconds on the clock that never jumps; the same in every process of this machine.
pub(crate) fn monotonic() -> anyhow::Result<u64> {
    nanoseconds(ClockId::CLOCK_MONOTONIC)
}

/// CPU time of this process, user and system, in nanoseconds.
pub(crate) fn own_cpu() -> anyhow::Result<u64> {
    nanoseconds(ClockId::CLOCK_PROCESS_CPUTIME_ID)
}

/// CPU time of a process with all its threads, those that ended included, in nanoseconds.
#[cfg(target_os = "linux")]
pub(crate) fn cpu(pid: i32) -> anyhow::Result<u64> {
    let clock = nix::time::clock_getcpuclockid(nix::unistd::Pid::from_raw(pid));
    nanoseconds(clock.with_context(|| format!("process {pid} is gone"))?)
}

#[cfg(not(target_os = "linux"))]
pub(crate) fn cpu(_: i32) -> anyhow::Result<u64> {
    anyhow::bail!("the benches run on Linux only: other systems have one loopback address")
}

fn nanoseconds(clock: ClockId) -> anyhow::Result<u64> {
    let time = clock_gettime(clock)?;
    Ok(u64::try_from(time.tv_sec())? * 1_000_000_000 + u64::try_from(time.tv_nsec())?)
}

/// CPU time of a process and all its children, also of those that ended, but for the child `except`, in nanoseconds.
///
/// Who lives is read to the nanosecond; who ended is in its parent's account, in ticks of 10 ms.
pub(crate) fn family_cpu(parent: i32, except: i32) -> anyhow::Result<u64> {
    let ended = ticks(parent)?.ended;
    let mut total = cpu(parent)? + ended * tick()?;
    for child in children(parent)? {
        if child != except {
            // It may have ended just now; then it is in the account at the next look.
            total += cpu(child).unwrap_or_default();
        }
    }
    Ok(total)
}

/// The children of a process that live.
fn children(parent: i32) -> anyhow::Result<Vec<i32>> {
    let mut found = Vec::new();
    for entry in fs::read_dir("/proc")? {
        let name = entry?.file_name();
        let Some(pid) = name.to_str().and_then(|name| name.parse().ok()) else {
            continue;
        };
        if ticks(pid).is_ok_and(|ticks| ticks.parent == parent) {
            found.push(pid);
        }
    }
    Ok(found)
}

/// Of /proc/PID/stat: whose child it is, and the ticks of its own children that ended.
struct Ticks {
    parent: i32,
    ended: u64,
}

fn ticks(pid: i32) -> anyhow::Result<Ticks> {
    let text = fs::read_to_string(format!("/proc/{pid}/stat"))?;
    // The name may hold blanks and parentheses: what follows the last one is regular.
    let fields: Vec<&str> = text
        .rsplit_once(") ")
        .context("/proc/PID/stat is not as it should be")?
        .1
        .split(' ')
        .collect();
    let field = |number: usize| fields.get(number - 3).copied().unwrap_or_default();
    Ok(Ticks {
        parent: field(4).parse()?,
        ended: field(16).parse::<u64>()? + field(17).parse::<u64>()?,
    })
}

fn tick() -> anyhow::Result<u64> {
    let per_second = sysconf(SysconfVar::CLK_TCK)?.context("no tick")?;
    Ok(1_000_000_000 / u64::try_from(per_second)?)
}

/// Memory of a process in KiB: the most that it ever held.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Memory {
    peak: u64,
}

impl Memory {
    pub(crate) fn peak_mb(self) -> f64 {
        mb(self.peak)
    }
}

#[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
fn mb(kib: u64) -> f64 {
    kib as f64 / 1024.0
}

pub(crate) fn memory(pid: i32) -> anyhow::Result<Memory> {
    let text = fs::read_to_string(format!("/proc/{pid}/status"))?;
    let lines: HashMap<&str, &str> = text.lines().filter_map(|line| line.split_once(':')).collect();
    let of = |name: &str| -> anyhow::Result<u64> {
        let line = lines.get(name).context("no such line in /proc/PID/status")?;
        Ok(line.trim().trim_end_matches(" kB").parse()?)
    };
    Ok(Memory { peak: of("VmHWM")? })
}

/// How long the disk takes to make 8 KiB durable, in milliseconds: the median.
pub(crate) fn fdatasync(dir: &Path) -> anyhow::Result<f64> {
    let path = dir.join("fdatasync");
    let mut file = fs::File::create(&path)?;
    file.write_all(&vec![0; 8192 * SYNCS])?;
    file.sync_all()?;
    let mut times = Vec::new();
    for at in 0..SYNCS as u64 {
        let began = Instant::now();
        file.write_all_at(&[1; 8192], at * 8192)?;
        file.sync_data()?;
        times.push(milliseconds(began.elapsed()));
    }
    fs::remove_file(&path)?;
    Ok(crate::numbers::median(&times))
}

pub(crate) fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}
