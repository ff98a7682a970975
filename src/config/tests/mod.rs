//! What operators write, and what they are told.

mod defaults;
mod reading;
mod rules;

use std::fs;

use super::*;

const USER: Machine = Machine { is_root: false };
const ROOT: Machine = Machine { is_root: true };

/// The settings of a user with a home, from a file's text and some variables.
fn with(file: &str, env: &[(&str, &str)]) -> Result<Settings, Error> {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("config.toml");
    fs::write(&path, file).unwrap();
    load_on(&USER, Some(&path), variables(env))
}

fn variables(env: &[(&str, &str)]) -> Vec<(String, String)> {
    let home = [("HOME", "/home/ann")];
    home.iter()
        .chain(env)
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect()
}

/// What is said about settings that must be refused, one line a problem.
fn complaint(file: &str, env: &[(&str, &str)]) -> String {
    with(file, env).unwrap_err().to_string()
}

#[track_caller]
fn says(complaint: &str, parts: &[&str]) {
    for part in parts {
        assert!(complaint.contains(part), "{part:?} is missing in: {complaint}");
    }
}
