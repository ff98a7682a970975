//! Markdown, as people here write it, as HTML.
//!
//! One rule: whatever comes out has been through [`sanitize`], so Markdown can do no more than HTML from a peer.
//! One more extension of Markdown: a flag in [`markdown`], if the tags that it makes are kept.

use pulldown_cmark::{CowStr, Event, LinkType, Options, Parser, Tag, TagEnd, html};

use super::sanitize;

/// Markdown (CommonMark, and `~~struck~~`) as safe HTML. A picture becomes a link to it, named by its description.
///
/// ```
/// assert_eq!(folkmoot::text::markdown("*Hi*"), "<p><em>Hi</em></p>\n");
/// ```
#[must_use]
pub fn markdown(source: &str) -> String {
    let mut page = String::new();
    html::push_html(
        &mut page,
        Parser::new_ext(source, Options::ENABLE_STRIKETHROUGH).map(without_pictures),
    );
    sanitize(&page)
}

fn without_pictures(event: Event<'_>) -> Event<'_> {
    match event {
        Event::Start(Tag::Image { dest_url, .. }) => Event::Start(Tag::Link {
            link_type: LinkType::Inline,
            dest_url,
            title: CowStr::Borrowed(""),
            id: CowStr::Borrowed(""),
        }),
        Event::End(TagEnd::Image) => Event::End(TagEnd::Link),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_usual_marks_work() {
        let page =
            markdown("# Beans\n\nSow **deep** and ~~early~~ late:\n\n1. soak\n2. plant\n\n> `why`\n\n---\n");
        for part in [
            "<h1>Beans</h1>",
            "<strong>deep</strong>",
            "<del>early</del>",
            "<ol>\n<li>soak</li>",
            "<code>why</code>",
            "<hr>",
        ] {
            assert!(page.contains(part), "{part} is not in {page}");
        }
    }

    #[test]
    fn a_picture_becomes_a_link_with_its_description() {
        let page = markdown("![A **bean**](https://a.test/b.png \"t\")");
        assert!(page.contains("<a href=\"https://a.test/b.png\""), "{page}");
        assert!(page.contains(">A <strong>bean</strong></a>"), "{page}");
    }

    #[test]
    fn markdown_is_no_way_around_the_rules() {
        for attack in [
            "[x](javascript:alert(1))",
            "[x](<java\tscript:alert(1)>)",
            "<javascript:alert(1)>",
            "![x](data:text/html,x)",
            "<script>alert(1)</script>",
            "[x]: javascript:alert(1)\n\n[x]",
            "<div onclick=alert(1)>x</div>",
        ] {
            let page = markdown(attack);
            assert!(
                !page.contains("href") && !page.contains("<script") && !page.contains("<div"),
                "{attack} became {page}"
            );
        }
    }

    #[test]
    fn a_megabyte_of_marks_comes_to_an_end() {
        for mark in [
            "[", ">", "*a ", "_*a", "[a](", "- ", "`", "![[]()", "<!--", "\\", "1. ", "<a ",
        ] {
            let page = markdown(&mark.repeat((1 << 20) / mark.len()));
            assert!(page.len() < 64 << 20, "{mark}");
        }
    }
}
