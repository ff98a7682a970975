//! How names, dates and counts read on a page.
//!
//! One rule: a link that a peer gave is followed only if it leads to the web.

use chrono::{DateTime, SecondsFormat, Utc};
use url::Url;

use crate::{
    store::AuthorView,
    text::{plain, tidy_name, truncate},
};

/// Longest title that is made from a text, in characters.
const TITLE: usize = 80;
/// How much of a text is looked at for one: it may be a megabyte.
const LOOKED_AT: usize = 1_000;

/// A date, for programs and for people.
pub(super) struct Date {
    pub(super) machine: String,
    pub(super) words: String,
}

impl Date {
    pub(super) fn of(at: DateTime<Utc>) -> Self {
        Self {
            machine: at.to_rfc3339_opts(SecondsFormat::Secs, true),
            words: at.format("%-d %B %Y, %H:%M UTC").to_string(),
        }
    }
}

/// Who wrote something.
pub(super) struct Author {
    pub(super) name: String,
    /// `@name@host`, or only the host.
    pub(super) handle: String,
    pub(super) link: String,
}

impl Author {
    pub(super) fn of(author: &AuthorView) -> Self {
        let username = author.username.as_deref().map(tidy_name).unwrap_or_default();
        let name = author.name.as_deref().map(tidy_name).unwrap_or_default();
        let handle = match username.as_str() {
            "" => author.host.clone(),
            username => format!("@{username}@{}", author.host),
        };
        let name = [name, username].into_iter().find(|name| !name.is_empty());
        Self {
            name: name.unwrap_or_else(|| "Somebody".to_owned()),
            handle,
            link: web_link(&[&author.iri]),
        }
    }
}

/// The first of these that leads to the web; `#` if none does.
pub(super) fn web_link(candidates: &[&str]) -> String {
    let leads_to_web = |text: &&&str| {
        Url::parse(text).is_ok_and(|url| matches!(url.scheme(), "http" | "https") && url.has_host())
    };
    let link = candidates.iter().find(leads_to_web).unwrap_or(&"#");
    (*link).to_owned()
}

/// A title, or the beginning of the text, or at least something to click on.
pub(super) fn title(title: Option<&str>, content: Option<&str>) -> String {
    let given = title.map(|title| tidy_name(&plain(title))).unwrap_or_default();
    if !given.is_empty() {
        return given;
    }
    let start = content.map(|content| plain(truncate(content, LOOKED_AT)));
    let text = tidy_name(&start.unwrap_or_default());
    match truncate(&text, TITLE) {
        "" => "(without text)".to_owned(),
        short if short.len() < text.len() => format!("{}…", short.trim_end()),
        short => short.to_owned(),
    }
}

/// `1 member`, `2 members`.
pub(super) fn how_many(count: u64, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_lead_to_the_web_or_nowhere() {
        assert_eq!(
            web_link(&["javascript:alert(1)", "https://a.test/x"]),
            "https://a.test/x"
        );
        for bad in [
            "javascript:alert(1)",
            "data:text/html,x",
            "//evil.test",
            "/x",
            "",
            "https:",
        ] {
            assert_eq!(web_link(&[bad]), "#", "{bad}");
        }
    }

    #[test]
    fn a_post_without_a_title_is_called_by_its_first_words() {
        assert_eq!(title(Some("Beans"), Some("<p>Sow</p>")), "Beans");
        assert_eq!(title(None, Some("<p>Sow <b>deep</b></p>")), "Sow deep");
        assert_eq!(title(Some("  "), None), "(without text)");
        let long = "x ".repeat(200);
        let short = title(None, Some(&long));
        assert!(
            short.ends_with("x…") && short.chars().count() <= TITLE + 1,
            "{short}"
        );
    }

    #[test]
    fn a_name_cannot_turn_the_line_around() {
        let author = Author::of(&AuthorView {
            iri: "javascript:alert(1)".to_owned(),
            host: "a.test".to_owned(),
            username: Some("ann\u{202e}".to_owned()),
            name: None,
        });
        assert_eq!(author.name, "ann");
        assert_eq!(author.handle, "@ann@a.test");
        assert_eq!(author.link, "#");
    }
}
