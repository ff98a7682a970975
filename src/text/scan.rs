//! HTML cut into text, opening tags and closing tags, the way a tokenizer sees it.
//!
//! One rule: one pass, no look back, and whatever is unfinished at the end is dropped. It decides nothing about safety.
//! An attribute that somebody needs: a field of [`Tag`], filled in [`Pieces::attribute`].

/// Elements whose content goes with them: it is code, a drawing, or text for another reader.
const HIDDEN: [&str; 15] = [
    "audio",
    "iframe",
    "math",
    "noembed",
    "noframes",
    "noscript",
    "object",
    "plaintext",
    "script",
    "style",
    "svg",
    "template",
    "textarea",
    "title",
    "xmp",
];

/// A run of HTML. Text and attribute values are as written, character references and all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Piece<'a> {
    Text(&'a str),
    Open(Tag<'a>),
    Close(&'a str),
}

/// An opening tag. Its name is in whatever case it came.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Tag<'a> {
    pub name: &'a str,
    pub href: Option<&'a str>,
    pub class: Option<&'a str>,
}

/// Cuts HTML into pieces. Comments, doctypes and hidden elements are not among them.
pub(super) fn pieces(html: &str) -> Pieces<'_> {
    Pieces { rest: html }
}

pub(super) struct Pieces<'a> {
    rest: &'a str,
}

impl<'a> Iterator for Pieces<'a> {
    type Item = Piece<'a>;

    fn next(&mut self) -> Option<Piece<'a>> {
        loop {
            let Some(tail) = self.rest.strip_prefix('<') else {
                return self.text(0);
            };
            if tail.starts_with(|c: char| c.is_ascii_alphabetic()) {
                let tag = self.open()?;
                if !HIDDEN.iter().any(|name| tag.name.eq_ignore_ascii_case(name)) {
                    return Some(Piece::Open(tag));
                }
            } else if let Some(name) = tail.strip_prefix('/') {
                if name.starts_with(|c: char| c.is_ascii_alphabetic()) {
                    self.rest = name;
                    return self.close();
                }
                self.skip_past(">");
            } else if tail.starts_with("!--") {
                self.rest = &tail["!".len()..]; // `<!-->` is a whole comment
                self.skip_past("-->");
            } else if tail.starts_with(['!', '?']) {
                self.skip_past(">");
            } else {
                return self.text(1);
            }
        }
    }
}

impl<'a> Pieces<'a> {
    /// Everything up to the next `<`, the first `skip` bytes unseen.
    fn text(&mut self, skip: usize) -> Option<Piece<'a>> {
        let end = self.rest[skip..]
            .find('<')
            .map_or(self.rest.len(), |at| at + skip);
        let (text, rest) = self.rest.split_at(end);
        self.rest = rest;
        (!text.is_empty()).then_some(Piece::Text(text))
    }

    fn close(&mut self) -> Option<Piece<'a>> {
        let name = self.take_until(|c| c.is_ascii_whitespace() || c == '/' || c == '>');
        self.skip_past(">");
        Some(Piece::Close(name))
    }

    /// An opening tag, and for a hidden element all of its content. `None` if the tag never ends.
    fn open(&mut self) -> Option<Tag<'a>> {
        self.rest = &self.rest["<".len()..];
        let name = self.take_until(|c| c.is_ascii_whitespace() || c == '/' || c == '>');
        let mut tag = Tag {
            name,
            ..Tag::default()
        };
        let mut empty = false;
        loop {
            let gap = self.take_until(|c| !c.is_ascii_whitespace() && c != '/');
            empty = gap.ends_with('/') || (empty && gap.is_empty());
            match self.rest.chars().next() {
                None => return None,
                Some('>') => break self.rest = &self.rest[">".len()..],
                Some(_) => self.attribute(&mut tag),
            }
        }
        let drawing = ["svg", "math"]
            .iter()
            .any(|drawn| name.eq_ignore_ascii_case(drawn));
        if HIDDEN.iter().any(|hidden| name.eq_ignore_ascii_case(hidden)) && !(drawing && empty) {
            self.skip_content(name);
        }
        Some(tag)
    }

    fn attribute(&mut self, tag: &mut Tag<'a>) {
        let start = self.rest;
        self.rest = &start[start.chars().next().map_or(0, char::len_utf8)..]; // a leading `=` belongs to the name
        self.take_until(|c| c.is_ascii_whitespace() || matches!(c, '/' | '>' | '='));
        let name = &start[..start.len() - self.rest.len()];
        let after = self.rest.trim_ascii_start();
        let value = match after.strip_prefix('=') {
            Some(value) => {
                self.rest = value.trim_ascii_start();
                self.value()
            }
            None => "",
        };
        if name.eq_ignore_ascii_case("href") {
            tag.href.get_or_insert(value);
        } else if name.eq_ignore_ascii_case("class") {
            tag.class.get_or_insert(value);
        }
    }

    fn value(&mut self) -> &'a str {
        for quote in ['"', '\''] {
            if let Some(quoted) = self.rest.strip_prefix(quote) {
                self.rest = quoted;
                let value = self.take_until(|c| c == quote);
                self.rest = self.rest.get(1..).unwrap_or_default();
                return value;
            }
        }
        self.take_until(|c| c.is_ascii_whitespace() || c == '>')
    }

    /// Leaves the closing tag of `name` as the next thing to read, or nothing at all.
    fn skip_content(&mut self, name: &str) {
        loop {
            self.take_until(|c| c == '<');
            let Some(tail) = self.rest.strip_prefix('<') else {
                return;
            };
            let end = tail
                .strip_prefix('/')
                .and_then(|close| close.split_at_checked(name.len()));
            if end.is_some_and(|(close, after)| {
                close.eq_ignore_ascii_case(name)
                    && after.starts_with(|c: char| c.is_ascii_whitespace() || c == '/' || c == '>')
            }) {
                return;
            }
            self.rest = tail;
        }
    }

    fn take_until(&mut self, stop: impl Fn(char) -> bool) -> &'a str {
        let (taken, rest) = self
            .rest
            .split_at(self.rest.find(stop).unwrap_or(self.rest.len()));
        self.rest = rest;
        taken
    }

    fn skip_past(&mut self, end: &str) {
        self.rest = self.rest.find(end).map_or("", |at| &self.rest[at + end.len()..]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cut(html: &str) -> Vec<Piece<'_>> {
        pieces(html).collect()
    }

    fn link<'a>(href: &'a str) -> Piece<'a> {
        Piece::Open(Tag {
            name: "a",
            href: Some(href),
            class: None,
        })
    }

    #[test]
    fn text_and_tags_alternate() {
        assert_eq!(
            cut("1 < 2<b class=x>bold</B >"),
            [
                Piece::Text("1 "),
                Piece::Text("< 2"),
                Piece::Open(Tag {
                    name: "b",
                    href: None,
                    class: Some("x")
                }),
                Piece::Text("bold"),
                Piece::Close("B"),
            ]
        );
    }

    #[test]
    fn an_attribute_is_read_in_every_way_of_writing_it() {
        for html in [
            "<a href=/x>",
            "<a\nHREF = '/x' href=/y>",
            "<a title='>' href=\"/x\" />",
            "<a/href=/x/>",
        ] {
            let want = if html.ends_with("/x/>") { "/x/" } else { "/x" };
            assert_eq!(cut(html), [link(want)], "{html}");
        }
    }

    #[test]
    fn what_never_ends_is_dropped() {
        for html in [
            "<a",
            "<a href",
            "<a href='x>y",
            "<!-- <b>",
            "<!doctype",
            "<script>x</scripty>",
            "</",
            "<svg><p>",
        ] {
            assert!(
                !cut(html)
                    .iter()
                    .any(|piece| matches!(piece, Piece::Open(tag) if tag.name != "script")),
                "{html}"
            );
        }
    }

    #[test]
    fn comments_and_hidden_elements_leave_nothing() {
        assert_eq!(cut("<!--><b>--></b>").len(), 3);
        assert_eq!(cut("a<!-- <b> -->c"), [Piece::Text("a"), Piece::Text("c")]);
        assert_eq!(
            cut("<style><b></style >c"),
            [Piece::Close("style"), Piece::Text("c")]
        );
        assert_eq!(cut("<svg/>c"), [Piece::Text("c")]);
    }
}
