//! Finds the programs of an installed Postgres.
//!
//! One rule: data that exists decides. Its major version is the only one that can read it; new data is made by the
//! first place that has a version we support.
//!
//! One more place to look is a line in [`Places::usual`].

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::Error;

/// The oldest major version that we support.
pub(super) const LEAST: u32 = 14;

/// One installed version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Binaries {
    dir: PathBuf,
    pub(super) major: u32,
}

/// Where versions may be installed, best first.
struct Places {
    /// Directories of programs.
    dirs: Vec<PathBuf>,
    /// For people: what was searched.
    looked: String,
}

impl Binaries {
    /// The setting's directory if there is one, else the first fit; `data` is the version of what exists.
    pub(super) fn find(setting: Option<&Path>, data: Option<(PathBuf, u32)>) -> Result<Self, Error> {
        match setting {
            Some(dir) => Self::from_setting(dir, data),
            None => Self::from_places(
                &Places::usual(std::env::var_os("PATH").as_deref(), Path::new("/")),
                data,
            ),
        }
    }

    fn from_setting(dir: &Path, data: Option<(PathBuf, u32)>) -> Result<Self, Error> {
        let bad = |why: String| Error::BadBinaries {
            dir: dir.to_owned(),
            why,
        };
        let found = Self::at(dir)
            .ok_or_else(|| bad("there are no working `postgres` and `initdb` in it".to_owned()))?;
        match data {
            Some((_, major)) if major != found.major => Err(bad(format!(
                "it holds PostgreSQL {}, and the data was made by {major}",
                found.major
            ))),
            None if found.major < LEAST => Err(bad(format!(
                "PostgreSQL {} is older than {LEAST}, the oldest supported",
                found.major
            ))),
            _ => Ok(found),
        }
    }

    fn from_places(places: &Places, data: Option<(PathBuf, u32)>) -> Result<Self, Error> {
        let mut found = places.dirs.iter().filter_map(|dir| Self::at(dir));
        match data {
            Some((dir, major)) => found
                .find(|it| it.major == major)
                .ok_or(Error::OtherMajor { dir, major }),
            None => found
                .find(|it| it.major >= LEAST)
                .ok_or_else(|| Error::NoBinaries {
                    looked: places.looked.clone(),
                }),
        }
    }

    /// What is installed in `dir`: both programs must be there, and say what they are.
    fn at(dir: &Path) -> Option<Self> {
        if !dir.join("initdb").is_file() || !dir.join("postgres").is_file() {
            return None;
        }
        let output = Command::new(dir.join("postgres"))
            .arg("--version")
            .output()
            .ok()?;
        let major = major(&String::from_utf8_lossy(&output.stdout))?;
        Some(Self {
            dir: dir.to_owned(),
            major,
        })
    }

    pub(super) fn postgres(&self) -> PathBuf {
        self.dir.join("postgres")
    }

    pub(super) fn initdb(&self) -> PathBuf {
        self.dir.join("initdb")
    }
}

impl Places {
    /// `PATH`, then Debian's directories, Red Hat's, and Homebrew's on either kind of Mac, newest first.
    fn usual(path: Option<&OsStr>, root: &Path) -> Self {
        let mut dirs: Vec<PathBuf> = path
            .map(|path| {
                std::env::split_paths(path)
                    .filter(|dir| dir.is_absolute())
                    .collect()
            })
            .unwrap_or_default();
        let installed = [
            ("usr/lib/postgresql", "", "bin"),
            ("usr", "pgsql-", "bin"),
            ("opt/homebrew/opt", "postgresql@", "bin"),
            ("usr/local/opt", "postgresql@", "bin"),
        ];
        let mut looked = vec!["PATH".to_owned()];
        for (parent, prefix, leaf) in installed {
            dirs.extend(
                versions(&root.join(parent), prefix)
                    .into_iter()
                    .map(|dir| dir.join(leaf)),
            );
            looked.push(format!("/{parent}/{prefix}*/{leaf}"));
        }
        Self {
            dirs,
            looked: looked.join(", "),
        }
    }
}

/// The subdirectories named `prefix` and a number, highest number first.
fn versions(parent: &Path, prefix: &str) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(parent) else {
        return Vec::new();
    };
    let number = |name: &OsStr| name.to_str()?.strip_prefix(prefix)?.parse::<u32>().ok();
    let mut found: Vec<(u32, PathBuf)> = entries
        .flatten()
        .filter_map(|entry| Some((number(&entry.file_name())?, entry.path())))
        .collect();
    found.sort_by_key(|(number, _)| std::cmp::Reverse(*number));
    found.into_iter().map(|(_, dir)| dir).collect()
}

/// From `postgres (PostgreSQL) 17.2 (Debian 17.2-1)` or `postgres (PostgreSQL) 18beta1`.
fn major(version: &str) -> Option<u32> {
    let number = version.split_once("(PostgreSQL) ")?.1;
    let digits = number.split(|c: char| !c.is_ascii_digit()).next()?;
    digits.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An installed version that can only say what it is. A shell writes it: a program that this process had open
    /// for writing could not be run while another test's child still holds a copy of the handle.
    fn install(dir: &Path, major: u32) {
        const SCRIPT: &str = r#"mkdir -p "$1" && cd "$1" && for it in postgres initdb; do
            printf '#!/bin/sh\necho "postgres (PostgreSQL) %s.1"\n' "$2" > $it && chmod 755 $it || exit 1; done"#;
        let mut shell = Command::new("/bin/sh");
        shell
            .args(["-c", SCRIPT, "install"])
            .arg(dir)
            .arg(major.to_string());
        assert!(shell.status().unwrap().success());
    }

    fn search(root: &Path, path: &Path, data: Option<u32>) -> Result<u32, Error> {
        let places = Places::usual(Some(path.as_os_str()), root);
        Binaries::from_places(&places, data.map(|major| ("/data".into(), major))).map(|found| found.major)
    }

    #[test]
    fn path_comes_first_then_the_newest_and_data_decides() {
        let root = tempfile::tempdir().unwrap();
        let path = root.path().join("somewhere");
        let debian = root.path().join("usr/lib/postgresql");
        install(&debian.join("9/bin"), 9);
        install(&debian.join("15/bin"), 15);
        install(&debian.join("17/bin"), 17);
        assert_eq!(search(root.path(), &path, None).unwrap(), 17);

        install(&path, 16);
        assert_eq!(search(root.path(), &path, None).unwrap(), 16);
        assert_eq!(search(root.path(), &path, Some(15)).unwrap(), 15);

        let error = search(root.path(), &path, Some(14)).unwrap_err().to_string();
        assert!(
            error.contains("PostgreSQL 14") && error.contains("/data"),
            "{error}"
        );
    }

    #[test]
    fn none_found_names_the_command_that_installs_it() {
        let root = tempfile::tempdir().unwrap();
        let error = search(root.path(), root.path(), None).unwrap_err().to_string();
        assert!(error.contains(super::super::error::INSTALL), "{error}");
        assert!(error.contains("database.url") && error.contains("14"), "{error}");
    }

    #[test]
    fn one_that_is_too_old_is_passed_over_for_new_data() {
        let root = tempfile::tempdir().unwrap();
        install(&root.path().join("old"), 13);
        assert!(matches!(
            search(root.path(), &root.path().join("old"), None),
            Err(Error::NoBinaries { .. })
        ));
    }

    #[test]
    fn homebrew_is_found() {
        let root = tempfile::tempdir().unwrap();
        install(&root.path().join("opt/homebrew/opt/postgresql@17/bin"), 17);
        assert_eq!(search(root.path(), root.path(), None).unwrap(), 17);
    }

    #[test]
    fn a_setting_that_does_not_serve_says_why() {
        let root = tempfile::tempdir().unwrap();
        let say = |data| Binaries::find(Some(root.path()), data).unwrap_err().to_string();
        assert!(say(None).contains("no working `postgres`"));
        install(root.path(), 13);
        assert!(say(None).contains("older than 14"));
        assert!(say(Some(("/data".into(), 15))).contains("made by 15"));
    }

    #[test]
    fn versions_are_read_as_they_are_printed() {
        assert_eq!(
            major("postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)\n"),
            Some(15)
        );
        assert_eq!(major("postgres (PostgreSQL) 18beta1\n"), Some(18));
        assert_eq!(major("postgres: not found"), None);
    }
}
