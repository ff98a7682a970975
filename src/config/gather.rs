//! Collecting the values: file, then environment over it, then defaults into the gaps.
//!
//! One rule: what cannot be used is noted and passed over, so that one run tells of everything that is wrong.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use toml::de::{DeTable, DeValue};
use toml::{Table, Value};

use super::error::{Error, Place, Problem};
use super::keys::{self, KEYS, Key};
use super::kind::Kind;
use super::settings::Settings;

/// What a default depends on besides the other settings.
pub(super) struct Machine {
    pub(super) is_root: bool,
}

/// The values so far, by key, and where each came from.
#[derive(Default)]
pub(super) struct Gathered {
    values: BTreeMap<&'static str, Value>,
    places: BTreeMap<&'static str, Place>,
    problems: Vec<Problem>,
    home: Home,
}

/// What the environment says about where a user's data belongs.
#[derive(Default)]
struct Home {
    home: Option<PathBuf>,
    xdg_data: Option<PathBuf>,
}

impl Machine {
    pub(super) fn this() -> Self {
        Self {
            is_root: nix::unistd::geteuid().is_root(),
        }
    }
}

impl Gathered {
    /// Takes the values of a TOML file.
    pub(super) fn read_file(&mut self, path: &Path) {
        let place = |line| Place::File {
            path: path.to_owned(),
            line,
        };
        let text = match fs::read_to_string(path) {
            Ok(text) => text,
            Err(error) => return self.problem(place(None), format!("cannot be read: {error}")),
        };
        let parsed = text
            .parse::<Table>()
            .and_then(|table| Ok((table, DeTable::parse(&text)?)));
        let (table, spans) = match parsed {
            Ok(both) => both,
            Err(error) => {
                // Not the error's own text: it repeats the line, which may hold a password.
                let line = error.span().map(|span| line_at(&text, span.start));
                return self.problem(place(line), format!("not TOML: {}", error.message()));
            }
        };
        let mut lines = BTreeMap::new();
        find_lines("", spans.get_ref(), &text, &mut lines);
        for (name, value) in leaves("", table) {
            let place = place(lines.get(&name).copied());
            match keys::find(&name) {
                Some(key) => self.take(key, &value, place),
                None => self.unknown_in_file(&name, place),
            }
        }
    }

    /// Takes the values of `FOLKMOOT__...` variables, over those of the file.
    pub(super) fn read_environment(&mut self, env: impl IntoIterator<Item = (String, String)>) {
        let mut env: Vec<_> = env.into_iter().collect();
        env.sort();
        let mut from = BTreeMap::new();
        for (name, text) in env {
            match name.as_str() {
                "HOME" => self.home.home = Some(text.into()),
                "XDG_DATA_HOME" => self.home.xdg_data = Some(text.into()),
                _ if name.starts_with("FOLKMOOT_") => self.read_variable(name, text, &mut from),
                _ => {}
            }
        }
    }

    fn read_variable(&mut self, name: String, text: String, from: &mut BTreeMap<&'static str, String>) {
        let direct = KEYS.iter().find(|key| key.variable() == name);
        let in_file = || {
            KEYS.iter()
                .find(|key| name.strip_suffix("_FILE") == Some(&key.variable()))
        };
        let Some(key) = direct.or_else(in_file) else {
            return self.unknown_variable(name);
        };
        if let Some(other) = from.insert(key.name, name.clone()) {
            return self.problem(
                Place::Variable(name),
                format!("{other} is set, too; keep one of them"),
            );
        }
        let text = if direct.is_some() {
            text
        } else {
            match fs::read_to_string(&text) {
                Ok(held) => held.trim_end_matches(['\r', '\n']).to_owned(),
                Err(error) => {
                    return self.problem(Place::Variable(name), format!("cannot read {text}: {error}"));
                }
            }
        };
        let is_optional = matches!(key.default, keys::Value::Unset(_));
        if text.is_empty() && is_optional {
            // What compose files pass for a variable that is not set: back to the default, whatever the file says.
            self.values.remove(key.name);
            self.places.remove(key.name);
        } else {
            self.take(key, &key.kind.parse(&text), Place::Variable(name));
        }
    }

    /// Fills every gap with its default.
    pub(super) fn fill_in(&mut self, machine: &Machine) {
        for key in KEYS {
            if let (keys::Value::Is(text), false) = (&key.default, self.values.contains_key(key.name)) {
                self.take(key, &key.kind.parse(text), Place::Default);
            }
        }
        self.fill_in_public_url();
        self.fill_in_data_dir(machine);
    }

    /// The settings, if nothing was wrong.
    pub(super) fn settings(&mut self) -> Result<Settings, Error> {
        if !self.problems.is_empty() {
            return Err(Error(std::mem::take(&mut self.problems)));
        }
        let mut table = Table::new();
        for key in KEYS {
            let Some(value) = self.values.get(key.name) else {
                continue;
            };
            let (section, name) = key.parts();
            let section = match section {
                "" => &mut table,
                _ => match table.entry(section).or_insert_with(|| Table::new().into()) {
                    Value::Table(section) => section,
                    _ => continue,
                },
            };
            section.insert(name.to_owned(), value.clone());
        }
        table
            .try_into()
            .map_err(|error: toml::de::Error| self.error_at("", error.message()))
    }

    /// An error about the value of one key, wherever it was given.
    pub(super) fn error_at(&self, name: &str, what: impl Into<String>) -> Error {
        Error(vec![self.problem_at(name, what)])
    }

    /// As [`Self::error_at`], to be told together with others.
    pub(super) fn problem_at(&self, name: &str, what: impl Into<String>) -> Problem {
        let place = self.places.get(name).cloned().unwrap_or(Place::Default);
        Problem {
            place,
            what: what.into(),
        }
    }

    fn take(&mut self, key: &'static Key, value: &Value, place: Place) {
        match key.kind.read(value) {
            Ok(value) => {
                self.values.insert(key.name, value);
                self.places.insert(key.name, place);
            }
            Err(wrong) => {
                let given = if key.kind.is_secret() {
                    "what is given (not shown here)".into()
                } else {
                    shown(&wrong)
                };
                self.problem(
                    place,
                    format!("`{}` expects {}, not {given}", key.name, key.kind.expected()),
                );
                // So that no default hides the gap from the rules about it.
                self.values.insert(key.name, value.clone());
            }
        }
    }

    fn fill_in_public_url(&mut self) {
        if self.values.contains_key("server.public_url") {
            return;
        }
        let listen = self
            .values
            .get("server.listen")
            .and_then(Value::as_str)
            .unwrap_or_default();
        if let Ok(mut address) = listen.parse::<std::net::SocketAddr>() {
            match address {
                _ if !address.ip().is_unspecified() => {}
                std::net::SocketAddr::V4(_) => address.set_ip(std::net::Ipv4Addr::LOCALHOST.into()),
                std::net::SocketAddr::V6(_) => address.set_ip(std::net::Ipv6Addr::LOCALHOST.into()),
            }
            self.values
                .insert("server.public_url", format!("http://{address}").into());
        }
    }

    /// Absolute, so that a later change of directory does not move the data.
    fn fill_in_data_dir(&mut self, machine: &Machine) {
        let given = self
            .values
            .get("data_dir")
            .and_then(Value::as_str)
            .map(PathBuf::from);
        let Some(path) = given.or_else(|| self.home.data_dir(machine)) else {
            return self.problem(
                Place::Default,
                "neither HOME nor XDG_DATA_HOME says where data belongs: set `data_dir` or FOLKMOOT__DATA_DIR".into(),
            );
        };
        match std::path::absolute(&path)
            .map(PathBuf::into_os_string)
            .map(std::ffi::OsString::into_string)
        {
            Ok(Ok(path)) => {
                self.values.insert("data_dir", path.into());
            }
            _ => self.problem(
                Place::Default,
                format!("`data_dir` is no usable path: {}", path.display()),
            ),
        }
    }

    fn unknown_in_file(&mut self, name: &str, place: Place) {
        let what = if keys::SECTIONS.iter().any(|(section, _)| *section == name) {
            format!("`{name}` is a section: write [{name}] and its settings below it")
        } else {
            format!(
                "`{name}` is not a setting; the nearest is `{}`",
                keys::nearest(name).name
            )
        };
        self.problem(place, what);
    }

    /// One underscore too few is the common slip, and would be passed over in silence.
    fn unknown_variable(&mut self, name: String) {
        let letters = |name: &str| name.replace('_', "").to_uppercase();
        let slip = KEYS.iter().find(|key| letters(&key.variable()) == letters(&name));
        let nearest = match (slip, name.strip_prefix("FOLKMOOT__")) {
            (Some(key), _) => key.variable(),
            (None, Some(rest)) => {
                let key = rest
                    .strip_suffix("_FILE")
                    .unwrap_or(rest)
                    .replace("__", ".")
                    .to_lowercase();
                keys::nearest(&key).variable()
            }
            // FOLKMOOT_SOMETHING may belong to whoever wraps us.
            (None, None) => return,
        };
        self.problem(
            Place::Variable(name),
            format!("there is no such setting; the nearest is {nearest}"),
        );
    }

    fn problem(&mut self, place: Place, what: String) {
        self.problems.push(Problem { place, what });
    }
}

impl Home {
    fn data_dir(&self, machine: &Machine) -> Option<PathBuf> {
        if machine.is_root {
            return Some("/var/lib/folkmoot".into());
        }
        // The XDG specification: a relative path is to be ignored.
        let xdg_data = self.xdg_data.as_ref().filter(|path| path.is_absolute());
        let home = self.home.as_ref().filter(|path| !path.as_os_str().is_empty());
        let base = xdg_data.cloned().or_else(|| Some(home?.join(".local/share")))?;
        Some(base.join("folkmoot"))
    }
}

/// Every value that is not a table, or is meant to be one, by its dotted name; an empty table that is no section counts as one.
fn leaves(prefix: &str, table: Table) -> Vec<(String, Value)> {
    let mut found = Vec::new();
    for (key, value) in table {
        let name = dotted(prefix, &key);
        match value {
            value @ Value::Table(_) if keys::find(&name).is_some_and(|key| key.kind == Kind::Origins) => {
                found.push((name, value));
            }
            Value::Table(inner) if !inner.is_empty() => found.extend(leaves(&name, inner)),
            Value::Table(_) if keys::SECTIONS.iter().any(|(section, _)| *section == name) => {}
            value => found.push((name, value)),
        }
    }
    found
}

fn find_lines(prefix: &str, table: &DeTable<'_>, text: &str, lines: &mut BTreeMap<String, usize>) {
    for (key, value) in table {
        let name = dotted(prefix, key.get_ref());
        if let DeValue::Table(inner) = value.get_ref() {
            find_lines(&name, inner, text, lines);
        }
        lines.insert(name, line_at(text, key.span().start));
    }
}

fn dotted(prefix: &str, key: &str) -> String {
    if prefix.is_empty() {
        key.to_owned()
    } else {
        format!("{prefix}.{key}")
    }
}

fn line_at(text: &str, offset: usize) -> usize {
    text.bytes().take(offset).filter(|byte| *byte == b'\n').count() + 1
}

/// A value as it stands in the file, cut to a line's length.
fn shown(value: &Value) -> String {
    let text = value.to_string();
    match text.char_indices().nth(60) {
        Some((end, _)) => format!("{}...", &text[..end]),
        None => text,
    }
}
