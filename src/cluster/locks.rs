//! The two lock files of the protocol at the head of this room.
//!
//! One rule: `postgres.lock` changes hands only under the turn; the methods ask to see the turn.

use std::fs::{File, OpenOptions, TryLockError};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use tokio::time::sleep;

use super::{Error, LOOK, at};

/// This process's hold on the cluster.
#[derive(Debug)]
pub(super) struct Locks {
    using: File,
    using_path: PathBuf,
    turn_path: PathBuf,
}

/// The right to make, start, adopt or stop the server; given back when dropped.
#[derive(Debug)]
pub(super) struct Turn(#[expect(dead_code, reason = "closing the file gives the lock back")] File);

impl Locks {
    /// Opens the lock files in `data_dir`; nothing is locked yet.
    pub(super) fn beside(data_dir: &Path) -> Result<Self, Error> {
        let using_path = data_dir.join("postgres.lock");
        let using = open(&using_path)?;
        Ok(Self {
            using,
            using_path,
            turn_path: data_dir.join("postgres.turn"),
        })
    }

    /// Waits for the turn, however long the one before takes: it may be replaying a long log.
    pub(super) async fn turn(&self) -> Result<Turn, Error> {
        let file = open(&self.turn_path)?;
        while !try_lock(&file, &self.turn_path)? {
            sleep(LOOK).await;
        }
        Ok(Turn(file))
    }

    /// Starts to use the cluster. True if nobody else does; the lock is exclusive then until [`Locks::share`].
    pub(super) fn enter(&mut self, turn: &Turn) -> Result<bool, Error> {
        let alone = try_lock(&self.using, &self.using_path)?;
        if !alone {
            self.share(turn)?;
        }
        Ok(alone)
    }

    /// Makes our hold a shared one.
    pub(super) fn share(&mut self, _: &Turn) -> Result<(), Error> {
        self.using.unlock().map_err(at(&self.using_path))?;
        // Exclusive holders have the turn, and we have it: this never waits.
        self.using.lock_shared().map_err(at(&self.using_path))
    }

    /// Stops using the cluster. True if nobody else uses it.
    pub(super) fn leave(&mut self, _: &Turn) -> Result<bool, Error> {
        self.using.unlock().map_err(at(&self.using_path))?;
        try_lock(&self.using, &self.using_path)
    }
}

fn open(path: &Path) -> Result<File, Error> {
    let mut options = OpenOptions::new();
    options
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600);
    options.open(path).map_err(at(path))
}

fn try_lock(file: &File, path: &Path) -> Result<bool, Error> {
    match file.try_lock() {
        Ok(()) => Ok(true),
        Err(TryLockError::WouldBlock) => Ok(false),
        Err(TryLockError::Error(source)) => Err(at(path)(source)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_second_to_enter_is_not_alone_and_the_last_to_leave_is() {
        let dir = tempfile::tempdir().unwrap();
        let (mut ann, mut bob) = (
            Locks::beside(dir.path()).unwrap(),
            Locks::beside(dir.path()).unwrap(),
        );

        let turn = ann.turn().await.unwrap();
        assert!(ann.enter(&turn).unwrap());
        ann.share(&turn).unwrap();
        assert!(!bob.enter(&turn).unwrap());
        assert!(!ann.leave(&turn).unwrap());
        assert!(bob.leave(&turn).unwrap());
    }

    #[tokio::test]
    async fn one_has_the_turn_at_a_time() {
        let dir = tempfile::tempdir().unwrap();
        let (ann, bob) = (
            Locks::beside(dir.path()).unwrap(),
            Locks::beside(dir.path()).unwrap(),
        );

        let turn = ann.turn().await.unwrap();
        assert!(!try_lock(&open(&bob.turn_path).unwrap(), &bob.turn_path).unwrap());
        drop(turn);
        bob.turn().await.unwrap();
    }
}
