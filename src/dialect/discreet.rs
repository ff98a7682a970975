//! Which programs keep what a private group says among its members.
//!
//! One rule: whoever is not on the list does not. A microblog boosts it or shows it as pending for ever, Discourse and NodeBB take
//! only what is public, Mbin drops the rest (spec of the dialects, 6.5, read 2026-08).

/// Programs of the threadiverse that have private groups, and since which major version.
const PRIVATE: [(&str, u64); 4] = [("lemmy", 1), ("mitra", 0), ("plamenu", 0), ("friendica", 0)];

/// Classes of which every program does.
const CLASSES: [&str; 4] = ["explainer", "streams", "wall", "mobilizon"];

/// Whether a host of this class (or by the operator's word) and software keeps what is private.
#[must_use]
pub fn keeps_private(class: &str, software: Option<&str>, version: Option<&str>) -> bool {
    if CLASSES.contains(&class) {
        return true;
    }
    let major = version
        .and_then(|version| version.trim_start_matches('v').split(['.', '-', '+']).next())
        .and_then(|major| major.parse::<u64>().ok());
    class == "threadiverse"
        && software.is_some_and(|name| {
            PRIVATE.iter().any(|(known, since)| {
                known.eq_ignore_ascii_case(name) && (*since == 0 || major >= Some(*since))
            })
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_known_to_keep_it_is_trusted() {
        for (class, software, version, keeps) in [
            ("explainer", Some("onepage.pub"), None, true),
            ("explainer", None, None, true),
            ("threadiverse", Some("lemmy"), Some("0.19.20"), false),
            ("threadiverse", Some("lemmy"), Some("1.0.0-beta.1"), true),
            ("threadiverse", Some("Mitra"), Some("4.9.0"), true),
            ("threadiverse", Some("mbin"), Some("1.8.4"), false),
            ("threadiverse", None, None, false),
            ("nodebb", Some("nodebb"), Some("4.15.1"), false),
            ("discourse", Some("discourse"), None, false),
            ("microblog", Some("mastodon"), Some("4.5.3"), false),
            ("unknown", None, None, false),
        ] {
            assert_eq!(
                keeps_private(class, software, version),
                keeps,
                "{class} {software:?}"
            );
        }
    }
}
