//! Who cleans up when the bench is gone, however it ended.
//!
//! One rule: a process is ended only if the bench named it and it still speaks of the world's own directory.

use std::fs;
use std::io::{BufRead as _, Write as _};
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

/// How long Postgres may take to stop before it is not asked any more.
const PATIENCE: Duration = Duration::from_secs(20);

/// The parent's end. Dropping it sets the warden to work.
pub(crate) struct Warden {
    child: Child,
    line: Option<ChildStdin>,
}

impl Warden {
    pub(crate) fn start(dir: &Path) -> anyhow::Result<Self> {
        let mut command = Command::new(std::env::current_exe()?);
        // A group of its own: Ctrl-C is for the bench.
        command
            .arg("warden")
            .arg(dir)
            .stdin(Stdio::piped())
            .process_group(0);
        let mut child = command.spawn()?;
        let line = child.stdin.take();
        Ok(Self { child, line })
    }

    /// Names a process that must not outlive the bench.
    pub(crate) fn watch(&mut self, pid: i32) -> anyhow::Result<()> {
        let line = self.line.as_mut().context("the warden is gone")?;
        Ok(writeln!(line, "{pid}")?)
    }
}

impl Drop for Warden {
    fn drop(&mut self) {
        drop(self.line.take());
        let _ = self.child.wait();
    }
}

/// The warden's end: waits until the bench is gone.
pub(crate) fn run(dir: &Path) -> anyhow::Result<()> {
    let mut named = Vec::new();
    for line in std::io::stdin().lock().lines() {
        named.push(line?.trim().parse::<i32>()?);
    }
    for pid in named {
        if speaks_of(pid, dir) {
            let _ = kill(Pid::from_raw(pid), Signal::SIGKILL);
        }
    }
    stop_postgres(dir);
    fs::remove_dir_all(dir).context("the world's directory")
}

fn speaks_of(pid: i32, dir: &Path) -> bool {
    let line = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
    String::from_utf8_lossy(&line).contains(&*dir.to_string_lossy())
}

fn stop_postgres(dir: &Path) {
    for signal in [Signal::SIGINT, Signal::SIGQUIT] {
        let begun = Instant::now();
        while let Some(pid) = postmaster(dir)
            && begun.elapsed() < PATIENCE
        {
            let _ = kill(Pid::from_raw(pid), signal);
            sleep(Duration::from_millis(200));
        }
    }
}

/// The private Postgres of this world, if it runs.
pub(crate) fn postmaster(dir: &Path) -> Option<i32> {
    let file = dir.join("data/postgres/postmaster.pid");
    let pid = fs::read_to_string(file).ok()?.lines().next()?.parse().ok()?;
    speaks_of(pid, dir).then_some(pid)
}
