//! `config check`, `config print`, and where the settings of every command come from.
//!
//! One rule: passwords are not printed; a variable is shown by its name only.

use std::path::Path;
use std::sync::Arc;

use anyhow::anyhow;
use serde_json::json;

use crate::cli::args::Config;
use crate::cli::print::Out;
use crate::config::{self, Settings};

/// Reads the settings: `--config`, the environment, the defaults.
///
/// # Errors
/// All that is wrong with them, a line each.
pub(super) fn load(file: Option<&Path>) -> anyhow::Result<Arc<Settings>> {
    match config::load(file, environment()) {
        Ok(settings) => Ok(Arc::new(settings)),
        Err(error) if error.problems().len() == 1 => Err(error.into()),
        Err(error) => Err(anyhow!("the settings cannot be used:\n{error}")),
    }
}

pub(super) fn run(
    settings: &Settings,
    file: Option<&Path>,
    command: &Config,
    out: Out,
) -> anyhow::Result<()> {
    match command {
        Config::Check => check(&Sources::of(file), out),
        Config::Print => print(settings, out),
    }
}

fn check(sources: &Sources, out: Out) -> anyhow::Result<()> {
    let answer = json!({"ok": true, "file": sources.file, "variables": sources.variables});
    out.answer(&answer, &format!("ok\n{}", sources.describe()))
}

fn print(settings: &Settings, out: Out) -> anyhow::Result<()> {
    // The serialisation hides what must not be shown, as the text does.
    out.answer(settings, &settings.to_toml())
}

/// Where values were given.
pub(super) struct Sources {
    pub(super) file: Option<String>,
    pub(super) variables: Vec<String>,
}

impl Sources {
    pub(super) fn of(file: Option<&Path>) -> Self {
        let fallback = Path::new(config::DEFAULT_FILE);
        let file = file.or_else(|| fallback.exists().then_some(fallback));
        Self::given(file, environment())
    }

    fn given(file: Option<&Path>, env: impl Iterator<Item = (String, String)>) -> Self {
        let mut variables: Vec<String> = env
            .map(|(name, _)| name)
            .filter(|name| name.starts_with("FOLKMOOT__"))
            .collect();
        variables.sort();
        Self {
            file: file.map(|file| file.display().to_string()),
            variables,
        }
    }

    /// A sentence: which file, which variables, and that all else is as it comes.
    pub(super) fn describe(&self) -> String {
        let variables = self.variables.join(", ");
        match (&self.file, self.variables.is_empty()) {
            (None, true) => "All settings have their defaults: there is no file and no variable.".to_owned(),
            (None, false) => format!("From variables: {variables}. All else has its default."),
            (Some(file), true) => format!("From {file}. All else has its default."),
            (Some(file), false) => {
                format!("From {file}, and over it variables: {variables}. All else has its default.")
            }
        }
    }
}

/// The environment, without what is not text: none of ours is that.
fn environment() -> impl Iterator<Item = (String, String)> {
    std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sources_name_variables_and_never_show_what_is_in_them() {
        let env = [
            ("PATH", "/bin"),
            ("FOLKMOOT__DATABASE__URL", "postgres://me:secret@db/x"),
            ("FOLKMOOT__DATA_DIR", "/srv"),
        ];
        let env = env
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value.to_owned()));
        let said = Sources::given(Some(Path::new("/etc/f.toml")), env).describe();
        assert_eq!(
            said,
            "From /etc/f.toml, and over it variables: FOLKMOOT__DATABASE__URL, FOLKMOOT__DATA_DIR. All else has its default."
        );
    }
}
