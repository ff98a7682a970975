//! HTML put together again with few tags, little depth and no open ends.
//!
//! One rule: the result is linear in the input, and a real HTML parser reads it in linear time. Left alone, such a
//! parser turns 64 kB of `<b id=1><p><b id=2><p>...` into 79 MB, and 10,000 nested lists take it seconds.
//! It decides nothing about safety; `html` does. One more tag that may be shown: a row in [`KEPT`].

use super::scan::{Piece, Tag, pieces};

/// Tags that may be shown.
#[rustfmt::skip]
pub(super) const KEPT: [&str; 26] = [
    "a", "b", "blockquote", "br", "code", "del", "em", "h1", "h2", "h3", "h4", "h5", "h6", "hr",
    "i", "li", "ol", "p", "pre", "s", "span", "strong", "sub", "sup", "u", "ul",
];

/// Dropped tags that stood between words, and leave a space there.
#[rustfmt::skip]
const APART: [&str; 14] = [
    "article", "dd", "details", "div", "dt", "figcaption", "figure", "footer", "header", "section",
    "summary", "td", "th", "tr",
];

/// Tags that end an open paragraph.
#[rustfmt::skip]
const BLOCKS: [&str; 12] = ["blockquote", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "ol", "p", "pre", "ul"];

const HEADINGS: [&str; 6] = ["h1", "h2", "h3", "h4", "h5", "h6"];
const LISTS: [&str; 2] = ["ol", "ul"];

/// Deeper than this, a tag is dropped and its text stays.
const DEPTH: usize = 32;

/// More characters than this that are, or must be, written as references (`&lt;`) are dropped: the parser takes time
/// that grows with the square of their number, 15 s for 50,000 ampersands.
const REFERENCES: usize = 2_000;

/// The same text under balanced tags from [`KEPT`], with `href` on links and `class` on links and spans.
pub(super) fn tidy(html: &str) -> String {
    let mut page = Page {
        out: String::with_capacity(html.len()),
        open: Vec::new(),
        references: 0,
    };
    for piece in pieces(html) {
        match piece {
            Piece::Text(text) => page.text(text),
            Piece::Open(tag) => page.open(&tag),
            Piece::Close(name) => page.close(name),
        }
    }
    page.close_to(0);
    page.out
}

struct Page {
    out: String,
    open: Vec<&'static str>,
    /// How many references were written.
    references: usize,
}

impl Page {
    fn text(&mut self, text: &str) {
        for c in text.chars() {
            self.letter(c);
        }
    }

    fn open(&mut self, tag: &Tag<'_>) {
        let Some(name) = find(&KEPT, tag.name) else {
            return self.space(tag.name);
        };
        self.make_room(name);
        if self.open.len() >= DEPTH {
            return;
        }
        self.out.push('<');
        self.out.push_str(name);
        self.attribute("href", tag.href.filter(|_| name == "a"));
        self.attribute("class", tag.class.filter(|_| matches!(name, "a" | "span")));
        self.out.push('>');
        if !matches!(name, "br" | "hr") {
            self.open.push(name);
        }
    }

    fn close(&mut self, name: &str) {
        match find(&KEPT, name) {
            Some(name) => self.close_last(&[name]),
            None => self.space(name),
        }
    }

    /// Closes what may not hold `name`, as an HTML parser would.
    fn make_room(&mut self, name: &str) {
        if BLOCKS.contains(&name) {
            self.close_last(&["p"]);
        }
        if HEADINGS.contains(&name) {
            self.close_last(&HEADINGS);
        }
        match name {
            "a" => self.close_last(&["a"]),
            "li" => {
                let list = self
                    .open
                    .iter()
                    .rposition(|open| LISTS.contains(open))
                    .map_or(0, |at| at + 1);
                if let Some(item) = self.open[list..].iter().position(|open| *open == "li") {
                    self.close_to(list + item);
                }
                self.close_last(&["p"]);
            }
            _ => {}
        }
    }

    /// Closes the innermost of `names`, and all that is open within it.
    fn close_last(&mut self, names: &[&str]) {
        if let Some(at) = self.open.iter().rposition(|open| names.contains(open)) {
            self.close_to(at);
        }
    }

    fn close_to(&mut self, depth: usize) {
        for name in self.open.drain(depth..).rev() {
            self.out.push_str("</");
            self.out.push_str(name);
            self.out.push('>');
        }
    }

    fn attribute(&mut self, name: &str, value: Option<&str>) {
        if let Some(value) = value {
            self.out.push(' ');
            self.out.push_str(name);
            self.out.push_str("=\"");
            for c in value.chars() {
                match c {
                    '"' => self.out.push_str("&quot;"),
                    c => self.letter(c),
                }
            }
            self.out.push('"');
        }
    }

    /// Ampersands stay: what they stand for is for the parser to say.
    fn letter(&mut self, c: char) {
        if matches!(c, '<' | '>' | '&') {
            self.references += 1;
            if self.references > REFERENCES {
                return;
            }
        }
        match c {
            '<' => self.out.push_str("&lt;"),
            '>' => self.out.push_str("&gt;"),
            _ => self.out.push(c),
        }
    }

    fn space(&mut self, dropped: &str) {
        if find(&APART, dropped).is_some() {
            self.out.push(' ');
        }
    }
}

fn find(names: &[&'static str], name: &str) -> Option<&'static str> {
    names
        .iter()
        .copied()
        .find(|known| known.eq_ignore_ascii_case(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_tag_is_closed_and_no_stranger_stays() {
        assert_eq!(tidy("<B>x<i>y</b>z</i> </p>"), "<b>x<i>y</i></b>z ");
        assert_eq!(
            tidy("<table><tr><td>a</td><td>b</td></tr></table>")
                .split_whitespace()
                .count(),
            2
        );
    }

    #[test]
    fn a_paragraph_ends_where_a_block_begins() {
        assert_eq!(
            tidy("<p>a<p>b<ul><li>c<li>d</ul>"),
            "<p>a</p><p>b</p><ul><li>c</li><li>d</li></ul>"
        );
        assert_eq!(tidy("<h1>a<h2>b"), "<h1>a</h1><h2>b</h2>");
    }

    #[test]
    fn a_list_in_a_list_keeps_its_outer_item() {
        let nested = "<ul><li>a<ul><li>b</li></ul></li></ul>";
        assert_eq!(tidy(nested), nested);
    }

    #[test]
    fn depth_ends_somewhere_and_the_text_goes_on() {
        let deep = tidy(&format!("{}x", "<span>".repeat(1_000)));
        assert_eq!(deep.matches("<span>").count(), DEPTH);
        assert!(deep.contains('x'));
    }

    #[test]
    fn references_end_somewhere_and_the_text_goes_on() {
        let hostile = tidy(&format!("{}x", "&#>".repeat(50_000)));
        assert_eq!(hostile.matches('&').count(), REFERENCES);
        assert!(hostile.ends_with('x'));
    }

    #[test]
    fn only_links_and_spans_carry_anything() {
        assert_eq!(
            tidy("<a id=1 href='\"x' onclick=y class=mention>z</a><b class=w>v"),
            "<a href=\"&quot;x\" class=\"mention\">z</a><b>v</b>"
        );
    }
}
