//! The settings as text: `config print`, and the example.
//!
//! One rule: passwords are not printed. Both texts follow the table in `keys.rs`, in its order.

use std::fmt::Write;

use serde::Serializer;
use toml::{Table, Value};
use url::Url;

use super::keys::{self, KEYS, Key, SECTIONS};
use super::settings::Settings;

const HIDDEN: &str = "hidden";
const WIDTH: usize = 100;

impl Settings {
    /// All settings as TOML, as they are in force; passwords are replaced. What is unset stands as a comment.
    #[must_use]
    pub fn to_toml(&self) -> String {
        // Every field is a plain value, a list or a section of those: there is nothing that could fail.
        let table = Table::try_from(self).unwrap_or_default();
        lay_out(|key| {
            let (section, name) = key.parts();
            let section = if section.is_empty() {
                Some(&table)
            } else {
                table.get(section).and_then(Value::as_table)
            };
            match section.and_then(|section| section.get(name)) {
                Some(value) => format!("{name} = {value}\n"),
                None => format!("# {name} is not set\n"),
            }
        })
    }
}

/// The text of `config.example.toml`: every setting with its meaning and its default.
#[must_use]
pub fn example() -> String {
    let mut text = comment(
        "The settings of Folkmoot, all of them, with their defaults. None needs to be set; to try the server out, no file \
         is needed at all. Read from the file of --config, else from /etc/folkmoot/config.toml. A variable such as \
         FOLKMOOT__SERVER__LISTEN (lists comma-separated) wins over the file; with _FILE at its end it names a file that \
         holds the value. Unknown settings are errors. `folkmoot config check` says what is wrong, `folkmoot config print` \
         what is in force.",
    );
    text.push('\n');
    text.push_str(&lay_out(|key| {
        let name = key.parts().1;
        let setting = match key.default {
            keys::Value::Is(text) => format!("{name} = {}\n", key.kind.parse(text)),
            keys::Value::Unset(sample) => format!("#{name} = {}\n", key.kind.parse(sample)),
        };
        format!("{}{setting}", comment(key.about))
    }));
    text
}

/// A password in a database's address is replaced; an address that cannot be taken apart is replaced as a whole.
pub(super) fn hide_password(url: &str) -> String {
    let Ok(mut url) = Url::parse(url) else {
        return HIDDEN.to_owned();
    };
    if url.password().is_some() && url.set_password(Some(HIDDEN)).is_err() {
        return HIDDEN.to_owned();
    }
    if url.query().is_some() {
        let pairs: Vec<(String, String)> = url.query_pairs().into_owned().collect();
        let shown = pairs
            .iter()
            .map(|(name, value)| (name, if name == "password" { HIDDEN } else { value }));
        url.query_pairs_mut().clear().extend_pairs(shown);
    }
    url.into()
}

/// For serde: see [`hide_password`].
pub(super) fn without_password<S: Serializer>(url: &Option<String>, out: S) -> Result<S::Ok, S::Error> {
    match url {
        Some(url) => out.serialize_some(&hide_password(url)),
        None => out.serialize_none(),
    }
}

/// What has no section first, then section by section.
fn lay_out(setting: impl Fn(&Key) -> String) -> String {
    let mut text = String::new();
    let of = |section: &'static str| {
        KEYS.iter()
            .filter(move |key| key.parts().0 == section)
            .map(&setting)
    };
    text.extend(of(""));
    for (section, about) in SECTIONS {
        let _ = write!(text, "\n{}[{section}]\n", comment(about));
        text.extend(of(section));
    }
    text
}

fn comment(about: &str) -> String {
    let mut text = String::new();
    let mut line = "#".to_owned();
    for word in about.split_whitespace() {
        if line.len() + 1 + word.len() > WIDTH {
            let _ = writeln!(text, "{line}");
            "#".clone_into(&mut line);
        }
        let _ = write!(line, " {word}");
    }
    let _ = writeln!(text, "{line}");
    text
}
