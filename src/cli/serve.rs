//! `serve`: the log, the banner, and the server until somebody stops it.
//!
//! One rule: standard output says what an operator needs to go on; what happens from then on goes to the log, on
//! standard error.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::anyhow;
use serde_json::json;
use tracing_subscriber::EnvFilter;

use crate::cli::print::{Out, sheet};
use crate::cli::settings::Sources;
use crate::cli::signals;
use crate::clock::Clock;
use crate::config::{self, Format, Settings};
use crate::server::{self, Role};

const VERSION: &str = env!("CARGO_PKG_VERSION");

pub(super) async fn run(
    settings: Arc<Settings>,
    file: Option<PathBuf>,
    role: Role,
    out: Out,
) -> anyhow::Result<()> {
    log(&settings.log)?;
    server::raise_descriptors();
    let interrupted = signals::first()?;
    let listener = server::bind(&settings, role).await?;
    let house = server::open(Arc::clone(&settings), Clock::system()).await?;
    let banner = Banner {
        listening: listener.as_ref().and_then(|listener| listener.local_addr().ok()),
        sources: Sources::of(file.as_deref()),
        settings: &settings,
        role,
    };
    // Nobody needs to be there to read it.
    let _ = banner.print(out);
    let served = house.serve(role, listener, interrupted).await;
    house.close().await;
    served
}

/// The log goes to standard error, as the settings want it.
fn log(log: &config::Log) -> anyhow::Result<()> {
    let filter = EnvFilter::try_new(&log.filter)?;
    let lines = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr);
    let begun = match log.format {
        Format::Text => lines
            .with_ansi(std::io::IsTerminal::is_terminal(&std::io::stderr()))
            .try_init(),
        Format::Json => lines.json().try_init(),
    };
    begun.map_err(|error| anyhow!("the log cannot begin: {error}"))
}

/// What stands on standard output once the server is there.
struct Banner<'a> {
    listening: Option<SocketAddr>,
    sources: Sources,
    settings: &'a Settings,
    role: Role,
}

impl Banner<'_> {
    fn print(&self, out: Out) -> anyhow::Result<()> {
        let answer = json!({
            "name": "folkmoot",
            "version": VERSION,
            "listening": self.listening.map(|address| format!("http://{address}")),
            "public_url": self.public_url(),
            "data": self.data(),
            "next": self.next(),
        });
        out.announce(&answer, &self.text())
    }

    fn text(&self) -> String {
        let lines = [
            (
                "  listening",
                self.listening.map(|address| format!("http://{address}")),
            ),
            ("  address", Some(self.public_url())),
            ("  data", Some(self.data())),
            ("  settings", Some(self.sources.describe())),
        ];
        let mut text = format!("Folkmoot {VERSION}\n\n{}", sheet(&lines));
        if self.settings.is_loopback() {
            text.push_str(
                "\nOnly this machine reaches this address. To be reached by the world, set `server.public_url` to an https \
                 address whose proxy passes requests on to here.\n",
            );
        }
        if self.role != Role::Delivery {
            let same = if self.sources.variables.is_empty() {
                ""
            } else {
                ", with the same variables set"
            };
            text.push_str(&format!("\nNext{same}:\n  {}\n", self.next()));
        }
        text
    }

    fn public_url(&self) -> String {
        self.settings.server.public_url.origin().ascii_serialization()
    }

    fn data(&self) -> String {
        match self.settings.database.url {
            Some(_) => "in the database of `database.url`".to_owned(),
            None => self.settings.data_dir.display().to_string(),
        }
    }

    /// The command that makes a first group, as this program was called itself.
    fn next(&self) -> String {
        let program = std::env::args().next().unwrap_or_else(|| "folkmoot".to_owned());
        let file = match &self.sources.file {
            Some(file) if file != config::DEFAULT_FILE => format!(" --config {}", quoted(file)),
            _ => String::new(),
        };
        format!(
            "{}{file} group create garden --title \"Garden\" --owner https://your.server/users/you",
            quoted(&program)
        )
    }
}

/// As a shell takes it for one word.
fn quoted(word: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "/._-+".contains(c);
    if !word.is_empty() && word.chars().all(is_plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_suggested_can_be_pasted_into_a_shell() {
        assert_eq!(quoted("target/release/folkmoot"), "target/release/folkmoot");
        assert_eq!(quoted("my server.toml"), "'my server.toml'");
        assert_eq!(quoted("it's; rm -r $HOME"), r"'it'\''s; rm -r $HOME'");
    }
}
