//! What is wrong with the settings: where it stands, what it is, what to do.
//!
//! One rule: all that is wrong is told at once, and no secret is repeated.

use std::fmt;
use std::path::PathBuf;

/// Settings that cannot be used. Its `Display` is one line a problem.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error(pub(super) Vec<Problem>);

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    pub(super) place: Place,
    pub(super) what: String,
}

/// Where a value was given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// The line counts from 1.
    File {
        path: PathBuf,
        line: Option<usize>,
    },
    Variable(String),
    /// Nobody gave it: the default.
    Default,
}

impl Error {
    /// All that is wrong, in the order in which it was found; never empty.
    #[must_use]
    pub fn problems(&self) -> &[Problem] {
        &self.0
    }
}

impl std::error::Error for Error {}

impl fmt::Display for Error {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (n, problem) in self.0.iter().enumerate() {
            if n > 0 {
                writeln!(out)?;
            }
            write!(out, "{problem}")?;
        }
        Ok(())
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.place {
            Place::Default => write!(out, "{}", self.what),
            place => write!(out, "{place}: {}", self.what),
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File {
                path,
                line: Some(line),
            } => write!(out, "{}, line {line}", path.display()),
            Self::File { path, line: None } => write!(out, "{}", path.display()),
            Self::Variable(name) => write!(out, "{name}"),
            Self::Default => write!(out, "the default"),
        }
    }
}
