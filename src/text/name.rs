//! Names: of groups, of people as they are shown, and cut-down titles.
//!
//! One rule: what others chose is shown tidied, never trusted to be tidy; what is chosen here is checked, in words.
//! One more rule for group names: an arm in [`BadName`], so that its message is written down.

use unicode_normalization::UnicodeNormalization;

/// A display name is kept up to this many bytes (PAR10).
const NAME_BYTES: usize = 2_048;
/// Group names are at most this long, in characters.
const GROUP_CHARS: usize = 64;
/// Slugs are at most this long, in characters.
const SLUG_CHARS: usize = 40;

/// Why a text cannot be the name of a group.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadName {
    /// Nothing was written.
    #[error("a group needs a name")]
    Empty,
    /// It is longer than 64 characters.
    #[error("a name has at most {GROUP_CHARS} characters, this one has {0}")]
    TooLong(usize),
    /// It holds something other than `a` to `z`, `0` to `9` and `_`.
    #[error("a name is made of the letters a to z, digits and _, but this one has {0:?}")]
    Character(char),
}

/// The text itself, if it can be the name of a local group: `[a-z0-9_]{1,64}`. Lower-casing is the caller's.
///
/// # Errors
/// [`BadName`] says what is wrong, in a sentence for the one who chose it.
pub fn group_name(text: &str) -> Result<&str, BadName> {
    if text.is_empty() {
        return Err(BadName::Empty);
    }
    if let Some(odd) = text.chars().find(|c| !matches!(c, 'a'..='z' | '0'..='9' | '_')) {
        return Err(BadName::Character(odd));
    }
    if text.len() > GROUP_CHARS {
        return Err(BadName::TooLong(text.len()));
    }
    Ok(text)
}

/// A name for a group, made from its title: `[a-z0-9_]{1,40}`, accents folded. `None` if no letter or digit is left.
///
/// ```
/// assert_eq!(folkmoot::text::slug("Les Bêtes & la Forêt").as_deref(), Some("les_betes_la_foret"));
/// ```
#[must_use]
pub fn slug(text: &str) -> Option<String> {
    let mut slug = String::new();
    for c in text.nfkd().filter(|c| !is_mark(*c)).take(NAME_BYTES) {
        match ascii(c) {
            Some(letters) => slug.push_str(letters),
            None if c.is_ascii_alphanumeric() => slug.push(c.to_ascii_lowercase()),
            None if slug.is_empty() || slug.ends_with('_') => {}
            None => slug.push('_'),
        }
    }
    let slug = truncate(&slug, SLUG_CHARS).trim_end_matches('_');
    (!slug.is_empty()).then(|| slug.to_owned())
}

/// Letters that do not come apart into a plain letter and an accent.
fn ascii(c: char) -> Option<&'static str> {
    Some(match c {
        'ß' | 'ẞ' => "ss",
        'æ' | 'Æ' => "ae",
        'œ' | 'Œ' => "oe",
        'ø' | 'Ø' => "o",
        'ł' | 'Ł' => "l",
        'đ' | 'Đ' | 'ð' | 'Ð' => "d",
        'þ' | 'Þ' => "th",
        'ı' => "i",
        '\'' | '’' => "",
        _ => return None,
    })
}

fn is_mark(c: char) -> bool {
    unicode_normalization::char::is_combining_mark(c)
}

/// A display name fit to stand in a line of ours (PAR10).
///
/// Control characters, direction overrides and invisible padding go, white space is folded, and the rest is cut to
/// 2,048 bytes. Joiners stay: emoji and several scripts need them. Whoever shows it isolates it (`<bdi>`).
#[must_use]
pub fn tidy_name(text: &str) -> String {
    let mut name = String::new();
    for c in text.chars() {
        if c.is_whitespace() {
            if !name.is_empty() && !name.ends_with(' ') {
                name.push(' ');
            }
        } else if !is_invisible(c) {
            if name.len() + c.len_utf8() > NAME_BYTES {
                break;
            }
            name.push(c);
        }
    }
    name.truncate(name.trim_end().len());
    name
}

/// Controls, direction overrides and isolates, zero-width padding, annotation and byte order marks.
fn is_invisible(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{61c}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}')
}

/// The first `chars` characters of a text, or all of it.
#[must_use]
pub fn truncate(text: &str, chars: usize) -> &str {
    text.char_indices()
        .nth(chars)
        .map_or(text, |(end, _)| &text[..end])
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_group_name_is_letters_digits_and_underscores() {
        for good in ["garden", "a", "7", "_", "rust_lang_2", &"x".repeat(64)] {
            assert_eq!(group_name(good), Ok(good));
        }
    }

    #[test]
    fn a_bad_group_name_is_told_what_is_wrong() {
        assert_eq!(group_name(""), Err(BadName::Empty));
        assert_eq!(group_name(&"x".repeat(65)), Err(BadName::TooLong(65)));
        for (bad, odd) in [
            ("Garden", 'G'),
            ("a-b", '-'),
            ("a b", ' '),
            ("gаrden", 'а'),
            ("a\0", '\0'),
            ("a/../b", '/'),
        ] {
            assert_eq!(group_name(bad), Err(BadName::Character(odd)));
        }
        assert!(
            BadName::Character('\u{202e}').to_string().contains("\\u{202e}"),
            "the message shows it, harmless"
        );
    }

    #[test]
    fn a_title_becomes_a_name() {
        for (title, name) in [
            ("Garden", "garden"),
            ("  The  Rust-lang (2nd) ", "the_rust_lang_2nd"),
            ("Ærøskøbing & Straße", "aeroskobing_strasse"),
            ("ﬁne １２", "fine_12"),
            ("Ann's beans", "anns_beans"),
        ] {
            assert_eq!(slug(title).as_deref(), Some(name));
        }
        assert_eq!(slug("庭園 !!"), None);
        assert_eq!(slug(""), None);
    }

    /// PAR10.
    #[test]
    fn a_display_name_cannot_reach_beyond_itself() {
        assert_eq!(
            tidy_name("\u{202e}nna\u{202c}\0 \n\n the\u{200b}\u{feff} \u{7f}First\u{2069} "),
            "nna the First"
        );
        assert_eq!(
            tidy_name("👩\u{200d}🌾 می\u{200c}خواهم"),
            "👩\u{200d}🌾 می\u{200c}خواهم"
        );
        let zalgo = tidy_name(&"a\u{301}".repeat(10_000));
        assert!(zalgo.len() <= NAME_BYTES && zalgo.len() > NAME_BYTES - 4);
        assert_eq!(tidy_name(&"\u{200b}".repeat(1_000_000)), "");
    }

    #[test]
    fn truncating_counts_characters() {
        assert_eq!(truncate("äöü", 2), "äö");
        assert_eq!(truncate("äöü", 3), "äöü");
        assert_eq!(truncate("äöü", 99), "äöü");
        assert_eq!(truncate("äöü", 0), "");
    }

    proptest! {
        #[test]
        fn a_slug_is_a_group_name(title in ".*") {
            if let Some(slug) = slug(&title) {
                prop_assert!(slug.chars().count() <= SLUG_CHARS);
                prop_assert_eq!(group_name(&slug), Ok(slug.as_str()));
            }
        }

        #[test]
        fn a_tidy_name_stays_tidy(name in ".*") {
            let tidy = tidy_name(&name);
            prop_assert_eq!(tidy_name(&tidy), tidy);
        }
    }
}
