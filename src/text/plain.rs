//! The words of HTML, without the HTML.
//!
//! One rule: only what [`sanitize`] lets through can be read here, so a preview never says more than its page.
//! One more tag that stands within a word: a row in [`INLINE`].

use super::sanitize;
use super::scan::{Piece, pieces};

/// Tags that stand within a word or a line.
const INLINE: [&str; 12] = [
    "a", "b", "code", "del", "em", "i", "s", "span", "strong", "sub", "sup", "u",
];

/// The visible text of HTML from a peer: no tags, no references, white space folded. For titles and previews.
///
/// It is text: whoever puts it into a page escapes it like any other.
///
/// ```
/// assert_eq!(folkmoot::text::plain("<p>Salt &amp; pepper</p><p>and <b>more</b>"), "Salt & pepper and more");
/// ```
#[must_use]
pub fn plain(html: &str) -> String {
    let clean = sanitize(html);
    let mut seen = String::with_capacity(clean.len());
    let mut spans = Vec::new();
    for piece in pieces(&clean) {
        match piece {
            Piece::Text(text) if !spans.contains(&true) => seen.push_str(&decoded(text)),
            Piece::Text(_) => {}
            Piece::Open(tag) if tag.name == "span" => {
                spans.push(
                    tag.class
                        .is_some_and(|class| class.split(' ').any(|one| one == "invisible")),
                );
            }
            Piece::Close("span") => drop(spans.pop()),
            Piece::Open(tag) => seen.push_str(gap(tag.name)),
            Piece::Close(name) => seen.push_str(gap(name)),
        }
    }
    seen.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn gap(tag: &str) -> &'static str {
    if INLINE.contains(&tag) { "" } else { " " }
}

/// Sanitised text knows four references; `&amp;` is the last, so that nothing is decoded twice.
fn decoded(text: &str) -> String {
    text.replace("&nbsp;", " ")
        .replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&amp;", "&")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_text_is_what_a_reader_sees() {
        assert_eq!(
            plain("<p>Hello<br>you</p>\n\n<p>a&nbsp;&lt;b&gt; &amp;lt;</p>"),
            "Hello you a <b> &lt;"
        );
        assert_eq!(
            plain("<ul><li>one</li><li>t<i>w</i>o</li></ul><script>no</script>"),
            "one two"
        );
        assert_eq!(
            plain(
                "<a href='https://x.test/y'><span class='invisible'>https://<span>!</span></span><span class='ellipsis'>x.test</span></a>."
            ),
            "x.test."
        );
        assert_eq!(plain("1 < 2"), "1 < 2");
    }
}
