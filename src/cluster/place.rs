//! Where the cluster and its socket lie on disk.
//!
//! One rule: what root does inside a directory of the database user follows no symbolic link of theirs.

use std::fs::DirBuilder;
use std::io::ErrorKind;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use super::runner::Runner;
use super::{Error, at};

/// What a Unix socket's address holds, less the NUL at its end.
const SOCKET_PATH: usize = if cfg!(target_os = "macos") { 103 } else { 107 };
const SOCKET_NAME: &str = ".s.PGSQL.5432";

/// The paths of one cluster, and who owns them.
#[derive(Clone, Debug)]
pub(super) struct Place {
    /// Ours: the locks and the log. Canonical, so two spellings of one directory are one place.
    pub(super) data_dir: PathBuf,
    /// The database user's.
    pub(super) data: PathBuf,
    pub(super) socket_dir: PathBuf,
    pub(super) log: PathBuf,
    pub(super) runner: Runner,
}

impl Place {
    /// Makes `data_dir` if need be, and checks that the database user will get to it.
    pub(super) fn prepare(data_dir: &Path) -> Result<Self, Error> {
        make(data_dir)?;
        let data_dir = data_dir.canonicalize().map_err(at(data_dir))?;
        let data = data_dir.join("postgres");
        let runner = Runner::for_data(&data)?;
        runner.let_pass(&data_dir)?;
        runner.check_reaches(&data_dir)?;
        let socket_dir = socket_dir(&data);
        let log = data_dir.join("postgres.log");
        let place = Self {
            data_dir,
            data,
            socket_dir,
            log,
            runner,
        };
        place.check_owner()?;
        Ok(place)
    }

    pub(super) fn socket(&self) -> PathBuf {
        self.socket_dir.join(SOCKET_NAME)
    }

    /// Where initdb works until its result is whole.
    pub(super) fn draft(&self) -> PathBuf {
        self.data_dir.join("postgres.new")
    }

    pub(super) fn pid_file(&self) -> PathBuf {
        self.data.join("postmaster.pid")
    }

    /// No cluster has been made here yet.
    pub(super) fn is_new(&self) -> bool {
        !self.data.join("PG_VERSION").exists()
    }

    /// The major version of the data, or none if there is no cluster yet.
    pub(super) fn major(&self) -> Result<Option<(PathBuf, u32)>, Error> {
        let file = self.data.join("PG_VERSION");
        match std::fs::read_to_string(&file) {
            Ok(text) => match text.trim().parse() {
                Ok(major) => Ok(Some((self.data.clone(), major))),
                Err(_) => Err(Error::NotACluster {
                    dir: self.data.clone(),
                }),
            },
            Err(e) if e.kind() == ErrorKind::NotFound => self.check_vacant().map(|()| None),
            Err(e) => Err(at(&file)(e)),
        }
    }

    /// Removes what a killed server left behind. The caller holds both locks alone, and has seen that nobody
    /// answers and no process is at work here: Postgres itself would trust the pid, which may be anybody's by now.
    pub(super) fn clear_stale(&self) -> Result<(), Error> {
        let socket = self.socket();
        let mut socket_lock = socket.clone().into_os_string();
        socket_lock.push(".lock");
        for path in [self.pid_file(), socket, socket_lock.into()] {
            match std::fs::remove_file(&path) {
                Ok(()) => tracing::info!(path = %path.display(), "removed what a dead server left behind"),
                Err(e) if e.kind() == ErrorKind::NotFound => {}
                Err(e) => return Err(at(&path)(e)),
            }
        }
        Ok(())
    }

    /// Removes the socket's directory, once nobody listens, if it is not within the data.
    pub(super) fn clear_socket_dir(&self) {
        if !self.socket_dir.starts_with(&self.data) {
            // Left behind it does no harm: the next start finds it and uses it.
            let _ = std::fs::remove_dir(&self.socket_dir);
        }
    }

    pub(super) fn silent(&self, why: &'static str) -> Error {
        Error::Silent {
            dir: self.data.clone(),
            why,
        }
    }

    /// A directory that only the database user may enter: whoever reaches the socket is the superuser.
    pub(super) fn prepare_socket_dir(&self) -> Result<(), Error> {
        let dir = &self.socket_dir;
        match DirBuilder::new().mode(0o700).create(dir) {
            Ok(()) => self.runner.give(dir)?,
            Err(e) if e.kind() == ErrorKind::AlreadyExists => {}
            Err(e) => return Err(at(dir)(e)),
        }
        let found = dir.symlink_metadata().map_err(at(dir))?;
        if !found.is_dir() {
            return Err(self.not_ours(dir, "it is not a directory".into()));
        }
        if found.uid() != self.runner.uid {
            return Err(self.not_ours(dir, format!("user {} owns it", found.uid())));
        }
        if found.mode() & 0o077 != 0 {
            return Err(self.not_ours(dir, format!("its mode is {:o}", found.mode() & 0o777)));
        }
        Ok(())
    }

    fn check_owner(&self) -> Result<(), Error> {
        match self.data.symlink_metadata() {
            Ok(found) if found.uid() != self.runner.uid && found.uid() != 0 => {
                Err(self.not_ours(&self.data, format!("user {} owns it", found.uid())))
            }
            _ => Ok(()),
        }
    }

    fn check_vacant(&self) -> Result<(), Error> {
        let first = match std::fs::read_dir(&self.data) {
            Ok(mut entries) => entries.next(),
            Err(e) if e.kind() == ErrorKind::NotFound => None,
            Err(e) => return Err(at(&self.data)(e)),
        };
        match first {
            Some(_) => Err(Error::NotACluster {
                dir: self.data.clone(),
            }),
            None => Ok(()),
        }
    }

    fn not_ours(&self, dir: &Path, why: String) -> Error {
        Error::NotOurs {
            dir: dir.to_owned(),
            user: self.runner.name.clone(),
            why,
        }
    }
}

/// A directory that root makes may be passed through by the database user, but not listed.
fn make(dir: &Path) -> Result<(), Error> {
    if dir.is_dir() {
        return Ok(());
    }
    std::fs::create_dir_all(dir).map_err(at(dir))?;
    let mode = if nix::unistd::geteuid().is_root() {
        0o711
    } else {
        0o700
    };
    std::fs::set_permissions(dir, PermissionsExt::from_mode(mode)).map_err(at(dir))
}

/// Within the data, or under `/tmp` when that path is too long for a socket. Not `TMPDIR`: it differs between
/// the processes that should share, and on macOS is long itself.
fn socket_dir(data: &Path) -> PathBuf {
    let within = data.join("run");
    if within.join(SOCKET_NAME).as_os_str().len() <= SOCKET_PATH {
        return within;
    }
    let name: String = Sha256::digest(data.as_os_str().as_bytes())
        .iter()
        .take(8)
        .map(|b| format!("{b:02x}"))
        .collect();
    Path::new("/tmp").join(format!("folkmoot-{name}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_too_long_for_a_socket_gets_a_short_name_that_stays() {
        let short = Path::new("/srv/folkmoot/postgres");
        assert_eq!(socket_dir(short), short.join("run"));

        let long = Path::new("/srv").join("x".repeat(120));
        let dir = socket_dir(&long);
        assert!(dir.join(SOCKET_NAME).as_os_str().len() <= SOCKET_PATH);
        assert_eq!(dir, socket_dir(&long));
        assert_ne!(dir, socket_dir(&long.join("other")));
    }

    #[test]
    fn the_longest_path_that_fits_is_used() {
        let tail = "/run/".len() + SOCKET_NAME.len();
        let fits = format!("/{}", "x".repeat(SOCKET_PATH - tail - 1));
        assert!(socket_dir(Path::new(&fits)).starts_with(&fits));
        assert!(socket_dir(Path::new(&format!("{fits}x"))).starts_with("/tmp"));
    }

    fn place_with(socket_dir: PathBuf, data_dir: &Path) -> Place {
        Place {
            socket_dir,
            ..Place::prepare(data_dir).unwrap()
        }
    }

    fn reachable() -> tempfile::TempDir {
        let dir = tempfile::tempdir().unwrap();
        std::fs::set_permissions(dir.path(), PermissionsExt::from_mode(0o755)).unwrap();
        dir
    }

    #[test]
    fn a_socket_directory_that_others_may_enter_is_refused() {
        let dir = reachable();
        let run = dir.path().join("run");
        let place = place_with(run.clone(), dir.path());
        place.prepare_socket_dir().unwrap();
        std::fs::set_permissions(&run, PermissionsExt::from_mode(0o755)).unwrap();
        assert!(matches!(place.prepare_socket_dir(), Err(Error::NotOurs { .. })));
    }

    #[test]
    fn a_link_planted_in_place_of_the_socket_directory_is_refused() {
        let dir = reachable();
        let run = dir.path().join("run");
        let place = place_with(run.clone(), dir.path());
        std::os::unix::fs::symlink("/var", &run).unwrap();
        assert!(matches!(place.prepare_socket_dir(), Err(Error::NotOurs { .. })));
    }

    #[test]
    fn a_socket_directory_of_another_user_is_refused() {
        let dir = reachable();
        let mut place = place_with(dir.path().join("run"), dir.path());
        place.prepare_socket_dir().unwrap();
        place.runner.uid += 1;
        assert!(matches!(place.prepare_socket_dir(), Err(Error::NotOurs { .. })));
    }

    #[test]
    fn somebody_elses_files_are_not_taken_for_a_cluster() {
        let dir = reachable();
        std::fs::create_dir(dir.path().join("postgres")).unwrap();
        let place = Place::prepare(dir.path()).unwrap();
        assert!(place.major().unwrap().is_none());
        std::fs::write(dir.path().join("postgres/diary.txt"), "dear").unwrap();
        assert!(matches!(place.major(), Err(Error::NotACluster { .. })));
    }
}
