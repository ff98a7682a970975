//! For programs or for people: what `Accept` asks for.
//!
//! One rule: whoever names an ActivityPub type gets the document, everybody else the page. Peers always name one;
//! browsers name `text/html`; `*/*` alone is somebody with curl.

use http::{HeaderMap, header};

const PAGE: [&str; 2] = ["text/html", "application/xhtml+xml"];

/// Which of the two forms of a thing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    Document,
    Page,
}

/// The form that is preferred: by `q`, and by order where these are equal.
pub(super) fn form(headers: &HeaderMap) -> Form {
    let mut best = (0, Form::Page);
    for (kind, weight) in weighed(headers) {
        let form = match kind.as_str() {
            // Whatever the profile: each of these programs asks for one and the same document.
            "application/activity+json" | "application/ld+json" | "application/json" => Form::Document,
            kind if PAGE.contains(&kind) => Form::Page,
            _ => continue,
        };
        if weight > best.0 {
            best = (weight, form);
        }
    }
    best.1
}

/// Whether a page is wanted more than anything else, `*/*` included: where a document is what there is for everybody else.
pub(super) fn prefers_page(headers: &HeaderMap) -> bool {
    let (mut page, mut other) = (0, 0);
    for (kind, weight) in weighed(headers) {
        let best = if PAGE.contains(&kind.as_str()) {
            &mut page
        } else {
            &mut other
        };
        *best = weight.max(*best);
    }
    page > other
}

/// The media types of the header, in small letters, each with its `q` in thousandths.
fn weighed(headers: &HeaderMap) -> impl Iterator<Item = (String, u32)> {
    let values = headers.get_all(header::ACCEPT).into_iter();
    let ranges = values.flat_map(|value| ranges(value.to_str().unwrap_or_default()));
    ranges.map(|range| {
        let (kind, params) = range.split_once(';').unwrap_or((range, ""));
        (kind.trim().to_ascii_lowercase(), weight(params))
    })
}

/// The media ranges of the header; a comma inside quotes is part of a profile.
fn ranges(value: &str) -> impl Iterator<Item = &str> {
    let mut quoted = false;
    value.split(move |c| {
        quoted ^= c == '"';
        c == ',' && !quoted
    })
}

/// `q` in thousandths; 1,000 if there is none, 0 if it cannot be read.
fn weight(params: &str) -> u32 {
    let q = params.split(';').find_map(|param| {
        let (name, value) = param.split_once('=')?;
        name.trim().eq_ignore_ascii_case("q").then_some(value.trim())
    });
    let Some(q) = q else { return 1_000 };
    let (whole, part) = q.split_once('.').unwrap_or((q, ""));
    let thousandths = format!("{whole}{part:0<3}");
    match thousandths.parse() {
        Ok(weight) if part.len() <= 3 && weight <= 1_000 => weight,
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::signature::DOMAIN_TYPE;

    fn asked(accept: &[&str]) -> Form {
        let mut headers = HeaderMap::new();
        for value in accept {
            headers.append(header::ACCEPT, value.parse().expect("a header"));
        }
        form(&headers)
    }

    #[test]
    fn a_page_is_preferred_to_everything_else_or_not_at_all() {
        let prefers = |accept: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::ACCEPT, accept.parse().expect("a header"));
            prefers_page(&headers)
        };
        assert!(prefers(
            "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
        ));
        assert!(!prefers_page(&HeaderMap::new()));
        for accept in [
            "*/*",
            DOMAIN_TYPE,
            "application/json, text/html;q=0.1",
            "*/*, text/html;q=0.5",
            &format!("text/html, {DOMAIN_TYPE}"),
            "text/html;q=0",
        ] {
            assert!(!prefers(accept), "{accept}");
        }
    }

    #[test]
    fn peers_get_the_document() {
        for accept in [
            "application/activity+json",
            "application/activity+json, application/ld+json",
            "application/ld+json; profile=\"https://www.w3.org/ns/activitystreams\"",
            "application/ld+json; profile=\"https://a.test/x,text/html https://b.test/y\"",
            "application/ld+json",
            "APPLICATION/ACTIVITY+JSON; charset=utf-8",
            "application/json",
            "application/activity+json, text/html;q=0.1",
            "text/html;q=0.5, application/activity+json;q=0.9",
            "application/activity+json, text/html",
            "text/html;q=0, application/json;q=0.001",
        ] {
            assert_eq!(asked(&[accept]), Form::Document, "{accept}");
        }
        assert_eq!(asked(&["image/png", "application/activity+json"]), Form::Document);
    }

    #[test]
    fn people_get_the_page() {
        for accept in [
            "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
            "*/*",
            "",
            "image/png",
            "text/html, application/activity+json",
            "application/activity+json;q=0",
            "application/activity+json;q=0.3, text/html;q=0.31",
            "application/activity+json;q=2",
            "application/activity+json;q=x",
            ";;;,,,\"",
        ] {
            assert_eq!(asked(&[accept]), Form::Page, "{accept}");
        }
        assert_eq!(asked(&[]), Form::Page);
    }
}
