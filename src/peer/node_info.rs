//! Which software a host runs, by its NodeInfo.
//!
//! One rule: only the host itself is asked, wherever its answer points (FET19), and a look-up always ends with a row: what
//! was read, or why nothing could be.
//!
//! Source: NodeInfo 2.1, <https://nodeinfo.diaspora.software/protocol>. Asked unsigned: it is public everywhere.

use serde_json::Value;
use url::Url;

use crate::{
    dialect::{self, class_of, text_of},
    domain::authority_of,
    net::{Error, Fetched},
    peer::{Peers, class, media_type},
    store::{self, LookedUp},
};

const ACCEPT: &str = "application/json";
/// How the relations end that we read, the newest first; hosts write what stands before with http and https.
const RELATIONS: [&str; 2] = ["/ns/schema/2.1", "/ns/schema/2.0"];
/// Of names and versions we keep so many characters.
const LONGEST: usize = 64;

/// What a host says that it runs.
#[derive(Debug, PartialEq, Eq)]
struct Software {
    name: String,
    version: Option<String>,
}

impl Peers {
    /// Asks a host for its software, and writes down that, the class that follows, and why; also if it does not say.
    ///
    /// # Errors
    /// If the database does not answer. That the host does not is no error.
    pub async fn look_up(&self, host: &str) -> Result<(), store::Error> {
        let found = if host == self.0.here.authority() {
            Err("it is this server".to_owned())
        } else if self.is_blocked(host).await? {
            Err("the host is blocked".to_owned())
        } else {
            self.ask_software(host).await
        };
        for _ in 0..class::TRIES {
            if self.note_software(host, &found).await? {
                break;
            }
        }
        Ok(())
    }

    /// False if the host has shown something new meanwhile.
    async fn note_software(
        &self,
        host: &str,
        found: &Result<Software, String>,
    ) -> Result<bool, store::Error> {
        let known = self.0.store.peer_class(host).await?.unwrap_or_default();
        let evidence = known.evidence.as_deref().and_then(class::evidence_named);
        // What was read before counts until something else is read.
        let name = found
            .as_ref()
            .map_or(known.software.as_deref(), |found| Some(&found.name));
        let version = found
            .as_ref()
            .map_or(known.version.as_deref(), |found| found.version.as_deref());
        let class = class_of(name, evidence);
        let reason = match found {
            Ok(_) => class.reason(),
            Err(why) => format!("{}; NodeInfo was not read: {why}", class.reason()),
        };
        let looked_up = LookedUp {
            host,
            software: name,
            version,
            class: class.name,
            class_shape: class.shape.0,
            reason: &reason,
            evidence: known.evidence.as_deref(),
        };
        self.0.store.note_look_up(&looked_up).await
    }

    async fn ask_software(&self, host: &str) -> Result<Software, String> {
        let (base, links) = self.ask_links(host).await?;
        let href = link(&links)
            .and_then(|href| base.join(href).ok())
            .ok_or("it names no NodeInfo document")?;
        if !is_of(&href, host) {
            return Err("its NodeInfo is on another server".to_owned());
        }
        let answer = self.ask_json(&href).await.map_err(|error| error.to_string())?;
        let document = self.read(&answer, host)?;
        software(&document).ok_or_else(|| "it does not name its software".to_owned())
    }

    /// The document that names the NodeInfo documents. Where plain http is allowed, which is in tests, that comes first.
    async fn ask_links(&self, host: &str) -> Result<(Url, Value), String> {
        let schemes: &[&str] = if self.0.client.rules().allow_http {
            &["http", "https"]
        } else {
            &["https"]
        };
        let mut why = String::new();
        for scheme in schemes {
            let Ok(url) = Url::parse(&format!("{scheme}://{host}/.well-known/nodeinfo")) else {
                return Err("the host makes no URL".to_owned());
            };
            if !is_of(&url, host) {
                return Err("the host is not written as an authority".to_owned());
            }
            match self.ask_json(&url).await {
                Ok(answer) => {
                    let links = self.read(&answer, host)?;
                    return Ok((answer.url, links));
                }
                Err(error) => why = error.to_string(),
            }
        }
        Err(why)
    }

    async fn ask_json(&self, url: &Url) -> Result<Fetched, Error> {
        self.0.client.get(url, ACCEPT, None).await
    }

    fn read(&self, answer: &Fetched, host: &str) -> Result<Value, String> {
        if answer.status != 200 {
            return Err(format!("it answers {}", answer.status));
        }
        if !is_of(&answer.url, host) {
            return Err("it redirects to another server".to_owned());
        }
        if !media_type::is_json(answer.content_type.as_deref()) {
            return Err("the answer is not JSON".to_owned());
        }
        let (_, value) =
            dialect::parse(&answer.body, self.0.json).map_err(|_| "the answer is not readable JSON")?;
        Ok(value)
    }
}

fn is_of(url: &Url, host: &str) -> bool {
    matches!(url.scheme(), "http" | "https") && authority_of(url) == host
}

/// The address of the newest NodeInfo that we can read.
fn link(links: &Value) -> Option<&str> {
    let links = links.get("links")?.as_array()?;
    RELATIONS.iter().find_map(|relation| {
        let of = |link: &&Value| text_of(link, "rel").is_some_and(|rel| rel.ends_with(relation));
        links.iter().find(of).and_then(|link| text_of(link, "href"))
    })
}

/// A name is a plain word; more is shown to operators in no form.
fn software(document: &Value) -> Option<Software> {
    let software = document.get("software")?;
    let name = text_of(software, "name")?.to_lowercase();
    let is_word = |text: &str| text.len() <= LONGEST && text.chars().all(|c| c.is_ascii_graphic());
    is_word(&name).then(|| Software {
        version: text_of(software, "version").map(printable),
        name,
    })
}

fn printable(text: &str) -> String {
    let visible = |c: &char| c.is_ascii_graphic() || *c == ' ';
    text.chars().filter(visible).take(LONGEST).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_newest_relation_that_we_read_is_followed() {
        let links = |relations: &[&str]| {
            let links: Vec<Value> = relations
                .iter()
                .map(|version| {
                    json!({"rel": format!("http://schemas.example/ns/schema/{version}"),
                        "href": format!("https://a.example/{version}")})
                })
                .collect();
            json!({ "links": links })
        };
        assert_eq!(
            link(&links(&["1.0", "2.0", "2.1"])),
            Some("https://a.example/2.1")
        );
        assert_eq!(link(&links(&["2.0"])), Some("https://a.example/2.0"));
        assert_eq!(link(&links(&["1.0"])), None);
        assert_eq!(link(&json!({"links": "x"})), None);
    }

    #[test]
    fn only_the_host_itself_is_followed() {
        let at = |text: &str| is_of(&Url::parse(text).expect("a URL"), "a.example");
        assert!(at("https://a.example/nodeinfo/2.1"));
        for bad in [
            "https://b.example/nodeinfo/2.1",
            "https://a.example.b.example/",
            "https://a.example:8443/",
            "data:application/json,{}",
            "file://a.example/etc/passwd",
            "https://127.0.0.1/",
        ] {
            assert!(!at(bad), "{bad}");
        }
    }

    #[test]
    fn a_name_is_a_word_in_lower_case() {
        let named =
            |name: &str| software(&json!({"software": {"name": name, "version": "1.0\u{1b}[31m\n(x)"}}));
        let read = named("Garden").expect("read");
        assert_eq!(
            (read.name.as_str(), read.version.as_deref()),
            ("garden", Some("1.0[31m(x)"))
        );
        for bad in ["", "a b", "\u{1b}[31m", "ä", &"x".repeat(65)] {
            assert_eq!(named(bad), None, "{bad}");
        }
        assert_eq!(software(&json!({"software": "x"})), None);
    }
}
