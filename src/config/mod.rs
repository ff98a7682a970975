//! The settings: what an operator may decide, from a TOML file and the environment.
//!
//! One rule: every setting is one row of the table in `keys.rs`; its name, default, kind and meaning are written
//! there once, and the file, the environment, `config print` and `config.example.toml` all follow it.
//! To add a setting: a row in `keys.rs`, a field in `settings.rs`, and
//! `UPDATE_EXAMPLE=1 cargo test --lib config::` to write it into the example.
//!
//! Where a value comes from, the strongest first:
//! 1. `FOLKMOOT__SECTION__KEY` (`FOLKMOOT__DATA_DIR` for the one key without a section; lists are comma-separated),
//!    or `FOLKMOOT__SECTION__KEY_FILE`, which names a file that holds the value: for secrets.
//! 2. The file of `--config`, else `/etc/folkmoot/config.toml` if there is one. No other place is looked at.
//! 3. The default.

mod error;
mod gather;
mod keys;
mod kind;
mod print;
mod rules;
mod settings;

use std::path::Path;

pub use error::{Error, Problem};
pub use print::example;
pub use settings::{
    Database, Federation, Format, Founders, Groups, Limits, Log, Metrics, Server, Settings, Versia,
};

use gather::{Gathered, Machine};

/// Where the settings are read from when no file is named.
pub const DEFAULT_FILE: &str = "/etc/folkmoot/config.toml";

/// Reads, merges and checks all settings.
///
/// `file` is what `--config` named: it must exist. `env` is the whole environment; other variables than `FOLKMOOT_...`,
/// `HOME` and `XDG_DATA_HOME` are passed over.
///
/// # Errors
/// Everything that is wrong, in one [`Error`]: unknown keys, values of a wrong kind, files that cannot be read, and
/// settings that do not go together.
pub fn load(file: Option<&Path>, env: impl IntoIterator<Item = (String, String)>) -> Result<Settings, Error> {
    let fallback = Path::new(DEFAULT_FILE);
    let file = file.or_else(|| fallback.exists().then_some(fallback));
    load_on(&Machine::this(), file, env)
}

fn load_on(
    machine: &Machine,
    file: Option<&Path>,
    env: impl IntoIterator<Item = (String, String)>,
) -> Result<Settings, Error> {
    let mut gathered = Gathered::default();
    if let Some(file) = file {
        gathered.read_file(file);
    }
    gathered.read_environment(env);
    gathered.fill_in(machine);
    let settings = gathered.settings()?;
    rules::check(&settings, &gathered)?;
    Ok(settings)
}

#[cfg(test)]
mod tests;
