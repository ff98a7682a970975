//! HTML that came from somebody else, made safe to show.
//!
//! One rule: a short list of what may stay, and a real parser (`ammonia`) that holds it. `tidy` goes first, so that the
//! parser never meets a document that costs it more than a look.
//! One more tag: a row in `tidy`; one more attribute or class: a row in [`rules`]; each with a test that tries to abuse it.

use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;

use ammonia::{Builder, UrlRelative};

use super::tidy::{KEPT, tidy};

/// Classes that other servers put on mentions, hashtags and shortened links.
const CLASSES: [&str; 4] = ["mention", "hashtag", "invisible", "ellipsis"];
const SCHEMES: [&str; 3] = ["http", "https", "mailto"];
/// Bytes of one text that are looked at; the longest posts seen come to less. The parser's writer takes quadratic time
/// for text that is all `&` (8 s for 1 MiB, 0.2 s for this).
const LONGEST: usize = 150_000;

static RULES: LazyLock<Builder<'static>> = LazyLock::new(rules);

fn rules() -> Builder<'static> {
    let classes: HashSet<&str> = HashSet::from(CLASSES);
    let mut rules = Builder::empty();
    rules
        .tags(HashSet::from(KEPT))
        .clean_content_tags(HashSet::from(["script", "style"]))
        .tag_attributes(HashMap::from([("a", HashSet::from(["href"]))]))
        .allowed_classes(HashMap::from([("a", classes.clone()), ("span", classes)]))
        .url_schemes(HashSet::from(SCHEMES))
        .url_relative(UrlRelative::Deny)
        .link_rel(Some("nofollow noopener noreferrer ugc"));
    rules
}

/// HTML from a peer as HTML that may stand in our pages.
///
/// Text keeps its paragraphs, lists, headings, quotes, code and emphasis; links keep `http`, `https` and `mailto`
/// addresses and get `rel="nofollow noopener noreferrer ugc"`. Pictures, tables, styles, drawings and scripts go.
/// The result is balanced, at most 32 deep, and (below the limit) the same if it is sanitised again. What is longer
/// than 150,000 bytes is cut there.
///
/// ```
/// assert_eq!(folkmoot::text::sanitize("<p onclick=x()>Hello<script>x()</script>"), "<p>Hello</p>");
/// ```
#[must_use]
pub fn sanitize(html: &str) -> String {
    settled(&RULES.clean(&tidy(start(html))).to_string())
}

fn start(html: &str) -> &str {
    let mut end = html.len().min(LONGEST);
    while !html.is_char_boundary(end) {
        end -= 1;
    }
    &html[..end]
}

/// Without what the next parser would read differently: a byte order mark in front, carriage returns, and the line
/// break right after `<pre>`, which a parser eats.
fn settled(html: &str) -> String {
    let html = html
        .trim_start_matches('\u{feff}')
        .replace("\r\n", "\n")
        .replace('\r', "\n");
    let mut parts = html.split("<pre>");
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        out.push_str("<pre>");
        out.push_str(part.trim_start_matches('\n'));
    }
    out
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::text::plain;
    use crate::text::scan::{Piece, pieces};

    /// No tag but the kept ones, no attribute but the known ones, no address but of the three schemes.
    fn is_inert(html: &str) -> bool {
        pieces(html).all(|piece| match piece {
            Piece::Text(text) => !text.contains('<'),
            Piece::Open(tag) => KEPT.contains(&tag.name) && tag.href.is_none_or(is_harmless),
            Piece::Close(name) => KEPT.contains(&name),
        }) && attributes(html)
            .iter()
            .all(|name| ["href", "class", "rel"].contains(&name.as_str()))
    }

    fn is_harmless(href: &str) -> bool {
        SCHEMES
            .iter()
            .any(|scheme| href.to_ascii_lowercase().starts_with(&format!("{scheme}:")))
    }

    /// The attribute names of sanitised HTML, in which every value is quoted and holds no raw `"`.
    fn attributes(html: &str) -> Vec<String> {
        let mut names = Vec::new();
        for tag in html
            .split('<')
            .skip(1)
            .filter_map(|tail| tail.split_once('>'))
            .map(|(tag, _)| tag)
        {
            for part in tag.split('"').step_by(2) {
                names.extend(
                    part.split_whitespace()
                        .filter_map(|word| word.strip_suffix('='))
                        .map(str::to_owned),
                );
            }
        }
        names
    }

    #[test]
    fn a_post_keeps_its_shape() {
        let post = "<h2>Beans</h2><p>Sow <b>deep</b>, <em>late</em> &amp; often.<br>x<sub>1</sub></p>\
                    <ul><li>one</li><li>two</li></ul><blockquote><p>no</p></blockquote><pre><code>a &lt; b</code></pre><hr>";
        assert_eq!(sanitize(post), post);
    }

    #[test]
    fn a_mention_keeps_its_class_and_loses_the_rest() {
        assert_eq!(
            sanitize(
                "<span class=\"h-card\"><a href=\"https://a.test/@b\" class=\"u-url mention\" onclick=\"x\" target=_top>@b</a></span>"
            ),
            "<span class=\"\"><a href=\"https://a.test/@b\" class=\"mention\" rel=\"nofollow noopener noreferrer ugc\">@b</a></span>"
        );
    }

    /// WEB02.
    #[test]
    fn scripts_find_no_way_in() {
        let attacks = [
            "<script>alert(1)</script>",
            "<scr<script>ipt>alert(1)</scr</script>ipt>",
            "<img src=x onerror=alert(1)>",
            "<img src=\"x\" onerror=\"alert(1)\" <b>",
            "<body onload=alert(1)>",
            "<iframe src=\"javascript:alert(1)\"></iframe>",
            "<iframe srcdoc=\"&lt;script&gt;alert(1)&lt;/script&gt;\"></iframe>",
            "<a href=\"x\"onmouseover=\"alert(1)\">x</a>",
            "<a href='https://x/\"onclick=alert(1) \"'>x</a>",
            "<p style=\"background:url(javascript:alert(1))\">x</p>",
            "<form action=https://evil.test><input name=password><button>Log in</button></form>",
            "<base href=https://evil.test/>",
            "<meta http-equiv=refresh content=\"0;url=javascript:alert(1)\">",
            "<link rel=stylesheet href=https://evil.test/x.css>",
            "<object data=javascript:alert(1)></object><embed src=javascript:alert(1)>",
            "<details open ontoggle=alert(1)>x</details>",
            "<video><source onerror=alert(1)></video>",
            "<isindex type=image src=1 onerror=alert(1)>",
            "<a id=location href=https://x.test name=body>x</a>",
            "<<script>alert(1)//<</script>",
            "<p/onclick=alert(1)//x>x</p>",
            "<!--><img src=x onerror=alert(1)>-->",
            "<![CDATA[><img src=x onerror=alert(1)>]]>",
            "<?xml><img src=x onerror=alert(1)>",
            "</p onclick=alert(1)>",
        ];
        for attack in attacks {
            let clean = sanitize(attack);
            assert!(is_inert(&clean), "{attack} became {clean}");
        }
    }

    /// WEB03: what is harmless to one reading and a script to the next.
    #[test]
    fn nothing_mutates_into_a_script() {
        let attacks = [
            "<svg><style><img src=x onerror=alert(1)></style></svg>",
            "<svg></p><style><a id=\"</style><img src=1 onerror=alert(1)>\">",
            "<math><annotation-xml encoding=\"text/html\"><style><img src=x onerror=alert(1)></style></annotation-xml></math>",
            "<svg><animate onbegin=alert(1) attributeName=x dur=1s>",
            "<svg><a><animate attributeName=href values=javascript:alert(1) /><text>x</text></a></svg>",
            "<math><mtext><table><mglyph><style><!--</style><img title=\"--&gt;&lt;img src=1 onerror=alert(1)&gt;\">",
            "<noscript><p title=\"</noscript><img src=x onerror=alert(1)>\"></noscript>",
            "<textarea><a title=\"</textarea><img src=x onerror=alert(1)>\"></textarea>",
            "<title><a title=\"</title><img src=x onerror=alert(1)>\">",
            "<xmp><a title=\"</xmp><img src=x onerror=alert(1)>\">",
            "<template><s><template><s><img src=x onerror=alert(1)>@</s></template></s></template>",
            "<form><math><mtext></form><form><mglyph><style></math><img src onerror=alert(1)>",
            "<svg><foreignobject><p><style><!--</style><a title=\"--><img src=x onerror=alert(1)>\">",
            "<plaintext><img src=x onerror=alert(1)>",
        ];
        for attack in attacks {
            let clean = sanitize(attack);
            assert!(is_inert(&clean), "{attack} became {clean}");
            assert!(
                !clean.contains("alert") || plain(&clean).contains("alert"),
                "{attack} hides in {clean}"
            );
        }
    }

    /// WEB05.
    #[test]
    fn links_lead_to_the_web_or_to_mail() {
        let dropped = [
            "javascript:alert(1)",
            "JaVaScRiPt:alert(1)",
            "&#106;avascript:alert(1)",
            "&#x6A&#x61vascript:alert(1)",
            "java&#10;script:alert(1)",
            "java\tscript:alert(1)",
            "&#1;javascript:alert(1)",
            " javascript:alert(1)",
            "javascript&colon;alert(1)",
            "data:text/html,<script>alert(1)</script>",
            "vbscript:msgbox(1)",
            "file:///etc/passwd",
            "blob:https://x.test/1",
            "//evil.test",
            "/\\evil.test",
            "\\\\evil.test",
            "/local",
            "?next=//evil.test",
            "#here",
            "",
            "https:",
        ];
        for href in dropped {
            for html in [
                format!("<a href=\"{href}\">x</a>"),
                format!("<a href='{href}'>x</a>"),
            ] {
                assert!(
                    !sanitize(&html).contains("href"),
                    "{html} became {}",
                    sanitize(&html)
                );
            }
        }
        for href in [
            "https://a.test/?b=1&amp;c=2#d",
            "http://a.test:8080/",
            "mailto:ann@a.test",
        ] {
            assert!(
                sanitize(&format!("<a href=\"{href}\">x</a>")).contains(&format!("href=\"{href}\"")),
                "{href}"
            );
        }
    }

    #[test]
    fn a_megabyte_of_anything_comes_to_an_end() {
        let size = 1 << 20;
        let numbered = |form: &str| {
            (0..size / form.len())
                .map(|n| form.replace('#', &n.to_string()))
                .collect::<String>()
        };
        let floods = [
            "<a <a".repeat(size / 5),
            "<a ".repeat(size / 3),
            "<".repeat(size),
            "<!--".repeat(size / 4),
            "&".repeat(size / 100),
            "<ul><li>".repeat(size / 8),
            "<b><p>".repeat(size / 6),
            "<svg>".repeat(size / 5),
            "<style></styl".repeat(size / 13),
            "<a href='".repeat(size / 9),
            format!("{}{}", "<span>".repeat(size / 12), "</b>".repeat(size / 8)),
            format!("<a {}>", numbered("x# ")),
            numbered("<b id=#><p>"),
            numbered("<a href=https://x.test/#><p><table><td>"),
        ];
        for flood in floods {
            let clean = sanitize(&flood);
            assert!(
                clean.len() <= flood.len() * 12,
                "{} bytes from {}",
                clean.len(),
                &flood[..20]
            );
            assert!(is_inert(&clean));
        }
    }

    proptest! {
        #[test]
        fn sanitising_twice_is_sanitising_once(html in soup()) {
            let once = sanitize(&html);
            prop_assert!(is_inert(&once), "{}", once);
            prop_assert_eq!(sanitize(&once), once);
        }

        #[test]
        fn any_string_is_survived(html in ".*") {
            let once = sanitize(&html);
            prop_assert!(is_inert(&once));
            prop_assert_eq!(sanitize(&once), once);
        }
    }

    /// Tags, halves of tags and text in any order.
    fn soup() -> impl Strategy<Value = String> {
        let bits = prop::sample::select(vec![
            "<p>",
            "</p>",
            "<b>",
            "</b>",
            "<a href=\"https://x.test/?a=1&b\">",
            "<a>",
            "</a>",
            "<ul>",
            "</ul>",
            "<ol>",
            "<li>",
            "</li>",
            "<pre>",
            "</pre>",
            "<h1>",
            "</h1>",
            "<h2>",
            "<blockquote>",
            "</blockquote>",
            "<br>",
            "<hr>",
            "</br>",
            "<table>",
            "<tr>",
            "<td>",
            "</td>",
            "</table>",
            "<div>",
            "</div>",
            "<span class=\"mention x\">",
            "</span>",
            "<code>",
            "</code>",
            "<svg>",
            "</svg>",
            "<math>",
            "<style>",
            "</style>",
            "<script>",
            "</script>",
            "<!--",
            "-->",
            "<i class=invisible>",
            "</i>",
            "<u>",
            "<sub>",
            "\n",
            "\r",
            "\r\n",
            " ",
            "x",
            "&amp;",
            "&",
            "&lt;",
            "&#13;",
            "&#0;",
            "\0",
            "&nbsp;",
            "\u{a0}",
            "<",
            ">",
            "\"",
            "'",
            "=",
            "/",
            "<img src=x onerror=y>",
            "<form>",
            "<select>",
            "<option>",
            "<a href='javascript:x'>",
            "<textarea>",
            "<button>",
            "é",
            "&am",
            "p;",
            "<title>",
            "<template>",
            "<p",
            " class=",
        ]);
        prop::collection::vec(bits, 0..40).prop_map(|bits| bits.concat())
    }
}
