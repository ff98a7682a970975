//! Runs initdb, and starts and stops the server.
//!
//! One rule: a cluster appears whole or not at all. initdb works on a draft, which is renamed when it is done.
//!
//! A new server setting is a line in [`settings`].

use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{ErrorKind, Read, Seek, SeekFrom};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::Path;
use std::process::{ChildStdin, Stdio};
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tokio::process::Child;
use tokio::time::{Instant, sleep};

use super::binaries::Binaries;
use super::place::Place;
use super::probe::{self, Answer};
use super::{Error, LOOK, USER, at, processes};

/// How long a server may take to stop: it writes what it holds in memory to disk first.
const STOPPING: Duration = Duration::from_secs(60);
/// A log that has grown beyond this is moved to `postgres.log.old` at the next start.
const LOG_LIMIT: u64 = 16 * 1024 * 1024;
/// How much of the log an error shows.
const TAIL: u64 = 1500;

/// Makes the cluster: UTF-8, checksums, names compared by their bytes, nobody let in but through the socket.
pub(super) async fn init(place: &Place, binaries: &Binaries, throwaway: bool) -> Result<(), Error> {
    tracing::info!(dir = %place.data.display(), version = binaries.major, "making the private Postgres");
    // `C.UTF-8` knows which letters are letters; where it is missing, plain `C` works.
    let first = draft(place, binaries, throwaway, "C.UTF-8").await;
    if let Err(Error::Init { output, .. }) = &first
        && output.contains("locale")
    {
        draft(place, binaries, throwaway, "C").await?;
    } else {
        first?;
    }
    std::fs::rename(place.draft(), &place.data).map_err(at(&place.data))?;
    if !throwaway {
        File::open(&place.data_dir)
            .and_then(|dir| dir.sync_all())
            .map_err(at(&place.data_dir))?;
    }
    Ok(())
}

async fn draft(place: &Place, binaries: &Binaries, throwaway: bool, letters: &str) -> Result<(), Error> {
    let draft = place.draft();
    match std::fs::remove_dir_all(&draft) {
        Err(e) if e.kind() != ErrorKind::NotFound => return Err(at(&draft)(e)),
        _ => {}
    }
    DirBuilder::new().mode(0o700).create(&draft).map_err(at(&draft))?;
    place.runner.give(&draft)?;

    let initdb = binaries.initdb();
    let mut command = place.runner.command(&initdb);
    command.current_dir(&draft).kill_on_drop(true);
    command
        .arg("--pgdata")
        .arg(&draft)
        .args(["--username", USER, "--encoding=UTF8", "--data-checksums"]);
    command.args(["--locale=C", &format!("--lc-ctype={letters}")]);
    command.args(["--auth-local=trust", "--auth-host=reject", "--no-instructions"]);
    if throwaway {
        command.arg("--no-sync");
    }
    let output = command.output().await.map_err(at(&initdb))?;
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr).trim().to_owned();
    Err(Error::Init {
        dir: place.data.clone(),
        output: said,
    })
}

/// A server that we started and that has not answered yet. When dropped it goes on: it is to outlive us.
pub(super) struct Server<'a> {
    child: Child,
    place: &'a Place,
}

impl<'a> Server<'a> {
    /// Starts it in a process group of its own, so that Ctrl-C at our terminal does not stop it before us.
    pub(super) fn start(place: &'a Place, binaries: &Binaries, throwaway: bool) -> Result<Self, Error> {
        let log = open_log(&place.log)?;
        let postgres = binaries.postgres();
        let mut command = place.runner.command(&postgres);
        command.arg("-D").arg(&place.data).current_dir(&place.data);
        for setting in settings(place, throwaway) {
            command.arg("-c").arg(setting);
        }
        command
            .stdout(log.try_clone().map_err(at(&place.log))?)
            .stderr(log)
            .process_group(0);
        let child = command.spawn().map_err(at(&postgres))?;
        tracing::info!(dir = %place.data.display(), version = binaries.major, "started the private Postgres");
        Ok(Self { child, place })
    }

    /// Fails, with the end of the log, if it has ended.
    pub(super) fn check_alive(&mut self) -> Result<(), Error> {
        let log = &self.place.log;
        match self.child.try_wait().map_err(at(log))? {
            None => Ok(()),
            Some(status) => Err(Error::Died {
                status: status.to_string(),
                log: log.clone(),
                tail: tail(log),
            }),
        }
    }
}

/// `name=value` for the command line, where they overrule what the directory's own files say.
fn settings(place: &Place, throwaway: bool) -> Vec<String> {
    let socket_dir = place.socket_dir.display().to_string().replace('"', "\"\"");
    let mut settings = vec![
        "listen_addresses=".to_owned(),
        format!("unix_socket_directories=\"{socket_dir}\""),
        "unix_socket_permissions=0700".to_owned(),
        "port=5432".to_owned(), // names the socket, and nothing else
        format!("cluster_name={}", processes::tag(&place.data).unwrap_or_default()),
        "shared_buffers=128MB".to_owned(),
        "max_wal_size=1GB".to_owned(),
        "wal_compression=on".to_owned(),
        "jit=off".to_owned(), // many short queries: compiling them costs more than it saves
        "timezone=UTC".to_owned(),
        "log_timezone=UTC".to_owned(),
        "log_checkpoints=off".to_owned(),
        "logging_collector=off".to_owned(), // our file is its standard error
    ];
    let durable = [
        "fsync=on",
        "full_page_writes=on",
        "synchronous_commit=on",
        "max_connections=100",
    ];
    let careless = [
        "fsync=off",
        "full_page_writes=off",
        "synchronous_commit=off",
        "max_connections=400",
    ];
    settings.extend(if throwaway { careless } else { durable }.map(str::to_owned));
    settings
}

/// Stops the server, if it runs, and waits until it is gone. The caller holds both locks alone.
pub(super) async fn stop(place: &Place) -> Result<(), Error> {
    let Some(pid) = postmaster(place)? else {
        return match probe::ask(&place.socket()).await? {
            Answer::Nobody => Ok(()),
            _ => Err(not_stopped(
                place,
                "it answers, but no process of it can be seen from here".into(),
            )),
        };
    };
    tracing::info!(dir = %place.data.display(), "stopping the private Postgres");
    // A fast shutdown: open transactions are rolled back, what is committed is written out.
    kill(Pid::from_raw(pid), Signal::SIGINT).map_err(|e| not_stopped(place, e.to_string()))?;
    let begun = Instant::now();
    while processes::on(place).contains(&pid) {
        if begun.elapsed() > STOPPING {
            return Err(not_stopped(
                place,
                format!("process {pid} is still at work after {STOPPING:?}"),
            ));
        }
        sleep(LOOK).await;
    }
    place.clear_socket_dir();
    Ok(())
}

/// The server's pid: what its pid file says, if that is a process at work on this directory.
fn postmaster(place: &Place) -> Result<Option<i32>, Error> {
    let running = processes::on(place);
    let Some(pid) = recorded_pid(place) else {
        return match running.is_empty() {
            true => Ok(None),
            false => Err(not_stopped(
                place,
                "it is running, but its pid file is gone".into(),
            )),
        };
    };
    // Not ours to see: ended, or in a container that shares our files but not our processes.
    Ok(running.contains(&pid).then_some(pid))
}

fn recorded_pid(place: &Place) -> Option<i32> {
    std::fs::read_to_string(place.pid_file())
        .ok()?
        .lines()
        .next()?
        .trim()
        .parse()
        .ok()
}

/// A shell that waits for our end of a pipe to close, however that comes about, and then clears up.
pub(super) fn warden(place: &Place) -> Result<Option<ChildStdin>, Error> {
    const SCRIPT: &str = r#"
        cat >/dev/null; kill -INT "$1"; i=0
        while kill -0 "$1" && [ $i -lt 100 ]; do sleep 0.1; i=$((i + 1)); done
        rm -rf "$2""#;
    use std::os::unix::process::CommandExt;
    let Some(pid) = postmaster(place)? else {
        return Ok(None);
    };
    let mut shell = std::process::Command::new("/bin/sh");
    shell
        .args(["-c", SCRIPT, "warden", &pid.to_string()])
        .arg(&place.data_dir)
        .current_dir("/");
    shell
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .process_group(0);
    let mut child = shell.spawn().map_err(at(Path::new("/bin/sh")))?;
    Ok(child.stdin.take())
}

fn open_log(log: &Path) -> Result<File, Error> {
    if log.metadata().is_ok_and(|found| found.len() > LOG_LIMIT) {
        std::fs::rename(log, log.with_extension("log.old")).map_err(at(log))?;
    }
    OpenOptions::new()
        .append(true)
        .create(true)
        .mode(0o600)
        .open(log)
        .map_err(at(log))
}

/// The end of the log, as far as it can be read.
fn tail(log: &Path) -> String {
    let read = || -> std::io::Result<String> {
        let mut file = File::open(log)?;
        let length = file.metadata()?.len();
        file.seek(SeekFrom::Start(length.saturating_sub(TAIL)))?;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes)?;
        Ok(String::from_utf8_lossy(&bytes).trim().to_owned())
    };
    read().unwrap_or_default()
}

fn not_stopped(place: &Place, why: String) -> Error {
    Error::NotStopped {
        dir: place.data.clone(),
        why,
    }
}
