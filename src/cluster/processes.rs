//! Which Postgres processes are at work on a data directory.
//!
//! One rule: never ask by pid alone. The server is started with a `cluster_name` made of the directory's device and
//! inode, which every one of its processes carries in its title; that shows without any privilege, also to root in
//! a container that may not look into other users' processes. The working directory is looked at where it can be.

use std::os::unix::fs::MetadataExt;
use std::path::Path;

use super::place::Place;

/// The name that all processes of this cluster carry. It stays when the directory is renamed.
pub(super) fn tag(data: &Path) -> Option<String> {
    let found = data.metadata().ok()?;
    Some(format!("folkmoot-{:x}-{:x}", found.dev(), found.ino()))
}

/// The pids of all Postgres processes at work on the place, those that are about to end included.
pub(super) fn on(place: &Place) -> Vec<i32> {
    tag(&place.data).map_or_else(Vec::new, |tag| listed(&place.data, &tag))
}

#[cfg(target_os = "linux")]
fn listed(data: &Path, tag: &str) -> Vec<i32> {
    let here = identity(data);
    let Ok(entries) = std::fs::read_dir("/proc") else {
        return Vec::new();
    };
    let pids = entries
        .flatten()
        .filter_map(|entry| entry.file_name().to_str()?.parse::<i32>().ok());
    pids.filter(|pid| {
        let proc = Path::new("/proc").join(pid.to_string());
        // Most processes are none of Postgres, and are passed over after one short read.
        std::fs::read(proc.join("comm")).is_ok_and(|name| name.starts_with(b"post"))
            && (here.is_some() && identity(&proc.join("cwd")) == here || is_titled(&proc, data, tag))
    })
    .collect()
}

#[cfg(target_os = "linux")]
fn identity(dir: &Path) -> Option<(u64, u64)> {
    dir.metadata().ok().map(|found| (found.dev(), found.ino()))
}

/// A process that has ended and waits to be reaped has no title any more, and does not count.
#[cfg(target_os = "linux")]
fn is_titled(proc: &Path, data: &Path, tag: &str) -> bool {
    std::fs::read(proc.join("cmdline")).is_ok_and(|title| {
        let words = String::from_utf8_lossy(&title).replace('\0', " ");
        speaks_of(&words, data, tag)
    })
}

#[cfg(not(target_os = "linux"))]
fn listed(data: &Path, tag: &str) -> Vec<i32> {
    let output = std::process::Command::new("ps")
        .args(["-axww", "-o", "pid=,command="])
        .output();
    let text = output
        .map(|out| String::from_utf8_lossy(&out.stdout).into_owned())
        .unwrap_or_default();
    let rows = text.lines().filter_map(|line| line.trim_start().split_once(' '));
    let ours = rows.filter(|(_, words)| words.contains("postgres") && speaks_of(words, data, tag));
    ours.filter_map(|(pid, _)| pid.parse().ok()).collect()
}

/// Whether a process title is of our server, or of one that somebody started on the directory by hand.
fn speaks_of(words: &str, data: &Path, tag: &str) -> bool {
    let by_hand = format!("-D {} ", data.display());
    words.contains(tag) || format!("{words} ").contains(&by_hand)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn titles_of_our_server_and_of_one_started_by_hand_are_known() {
        let data = Path::new("/srv/a/postgres");
        assert!(speaks_of(
            "postgres: folkmoot-1-2: checkpointer",
            data,
            "folkmoot-1-2"
        ));
        assert!(speaks_of(
            "/usr/bin/postgres -D /srv/a/postgres",
            data,
            "folkmoot-1-2"
        ));
        assert!(!speaks_of(
            "/usr/bin/postgres -D /srv/a/postgres2",
            data,
            "folkmoot-1-2"
        ));
        assert!(!speaks_of(
            "postgres: folkmoot-1-3: checkpointer",
            data,
            "folkmoot-1-2"
        ));
    }

    #[test]
    fn a_bystander_in_the_directory_is_not_a_server() {
        let dir = tempfile::tempdir().unwrap();
        let mut bystander = std::process::Command::new("sleep")
            .arg("60")
            .current_dir(dir.path())
            .spawn()
            .unwrap();
        let found = listed(dir.path(), &tag(dir.path()).unwrap());
        bystander.kill().unwrap();
        bystander.wait().unwrap();
        assert!(found.is_empty());
    }
}
