//! Who the database runs as.
//!
//! One rule: never root, and never another user than the one who owns the data.

use std::fs::Metadata;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;

use nix::unistd::{Uid, User, geteuid};
use tokio::process::Command;

use super::{Error, at};

/// The user that initdb and the server run as.
#[derive(Clone, Debug)]
pub(super) struct Runner {
    pub(super) name: String,
    pub(super) uid: u32,
    gid: u32,
    /// We are root and give it up for this user.
    drops: bool,
}

impl Runner {
    /// Ourselves; or, if we are root, the owner of the data, else `postgres`, else `nobody`.
    pub(super) fn for_data(data: &Path) -> Result<Self, Error> {
        if !geteuid().is_root() {
            return Ok(Self::ourselves());
        }
        let owner = data
            .symlink_metadata()
            .ok()
            .map(|m| Uid::from_raw(m.uid()))
            .filter(|uid| !uid.is_root());
        let known = owner.and_then(|uid| User::from_uid(uid).ok().flatten());
        known
            .or_else(|| by_name("postgres"))
            .or_else(|| by_name("nobody"))
            .map(Self::from)
            .ok_or(Error::NoUser)
    }

    fn ourselves() -> Self {
        let uid = geteuid();
        let name = User::from_uid(uid)
            .ok()
            .flatten()
            .map_or_else(|| uid.to_string(), |user| user.name);
        Self {
            name,
            uid: uid.as_raw(),
            gid: nix::unistd::getegid().as_raw(),
            drops: false,
        }
    }

    /// A command that runs as this user, knows nothing of our settings, and reads no terminal.
    pub(super) fn command(&self, program: &Path) -> Command {
        let mut command = Command::new(program);
        if self.drops {
            command.uid(self.uid).gid(self.gid);
        }
        for (name, _) in std::env::vars_os() {
            let text = name.to_string_lossy();
            if text.starts_with("PG") || text.starts_with("FOLKMOOT") {
                command.env_remove(&name);
            }
        }
        command.env("LC_ALL", "C").stdin(std::process::Stdio::null());
        command
    }

    /// Hands a path that we made to this user. Symbolic links are not followed: the user may own what is around it.
    pub(super) fn give(&self, path: &Path) -> Result<(), Error> {
        if self.drops {
            std::os::unix::fs::lchown(path, Some(self.uid), Some(self.gid)).map_err(at(path))?;
        }
        Ok(())
    }

    /// Lets this user pass through a data directory that is ours and shut to others (`mktemp -d` makes such): pass, not look.
    /// What is above it belongs to somebody else, and is left as it is.
    pub(super) fn let_pass(&self, data_dir: &Path) -> Result<(), Error> {
        let found = data_dir.metadata().map_err(at(data_dir))?;
        if self.drops && found.uid() == geteuid().as_raw() && !self.may_pass(&found) {
            let mut open = found.permissions();
            open.set_mode(open.mode() | 0o001);
            std::fs::set_permissions(data_dir, open).map_err(at(data_dir))?;
        }
        Ok(())
    }

    /// Refuses, by name, the first directory on the way to `dir` (itself included) that the user may not pass.
    pub(super) fn check_reaches(&self, dir: &Path) -> Result<(), Error> {
        if !self.drops {
            return Ok(());
        }
        let mut way: Vec<&Path> = dir.ancestors().collect();
        way.reverse();
        for step in way {
            if !self.may_pass(&step.metadata().map_err(at(step))?) {
                return Err(Error::Unreachable {
                    user: self.name.clone(),
                    dir: step.to_owned(),
                });
            }
        }
        Ok(())
    }

    fn may_pass(&self, dir: &Metadata) -> bool {
        let bit = match (dir.uid() == self.uid, dir.gid() == self.gid) {
            (true, _) => 0o100,
            (false, true) => 0o010,
            (false, false) => 0o001,
        };
        dir.mode() & bit != 0
    }
}

impl From<User> for Runner {
    fn from(user: User) -> Self {
        Self {
            name: user.name,
            uid: user.uid.as_raw(),
            gid: user.gid.as_raw(),
            drops: true,
        }
    }
}

fn by_name(name: &str) -> Option<User> {
    User::from_name(name)
        .ok()
        .flatten()
        .filter(|user| !user.uid.is_root())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_database_never_runs_as_root() {
        let dir = tempfile::tempdir().unwrap();
        let runner = Runner::for_data(&dir.path().join("postgres")).unwrap();
        assert_ne!(runner.uid, 0);
    }

    #[test]
    fn a_closed_parent_is_named() {
        let dir = tempfile::tempdir().unwrap();
        let shut = dir.path().join("shut");
        let inside = shut.join("data");
        std::fs::create_dir_all(&inside).unwrap();
        let set =
            |path: &Path, mode| std::fs::set_permissions(path, PermissionsExt::from_mode(mode)).unwrap();
        set(dir.path(), 0o755);
        set(&shut, 0o700);
        let owner = dir.path().metadata().unwrap();
        let other = Runner {
            name: "other".into(),
            uid: owner.uid() + 1,
            gid: owner.gid() + 1,
            drops: true,
        };

        let error = other.check_reaches(&inside).unwrap_err();
        assert!(
            matches!(&error, Error::Unreachable { dir, .. } if *dir == shut),
            "{error}"
        );
        set(&shut, 0o701);
        other.check_reaches(&inside).unwrap();
    }

    #[test]
    fn a_data_directory_of_our_own_is_opened_for_passing_only() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::set_permissions(dir.path(), PermissionsExt::from_mode(0o700)).unwrap();
        let owner = dir.path().metadata().unwrap();
        let other = Runner {
            name: "other".into(),
            uid: owner.uid() + 1,
            gid: owner.gid() + 1,
            drops: true,
        };
        other.let_pass(dir.path()).unwrap();
        other.check_reaches(dir.path()).unwrap();
        assert_eq!(dir.path().metadata().unwrap().mode() & 0o777, 0o701);
    }
}
