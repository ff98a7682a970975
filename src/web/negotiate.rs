//! For programs or for people: what `Accept` asks for.
//!
//! One rule: whoever names an ActivityPub type gets the document, everybody else the page. Peers always name one;
//! browsers name `text/html`; `*/*` alone is somebody with curl.

use http::{HeaderMap, header};

/// Which of the two forms of a thing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    Document,
    Page,
}

/// The form that is preferred: by `q`, and by order where these are equal.
pub(super) fn form(headers: &HeaderMap) -> Form {
    let mut best = (0, Form::Page);
    for value in headers.get_all(header::ACCEPT) {
        for range in ranges(value.to_str().unwrap_or_default()) {
            let (kind, params) = range.split_once(';').unwrap_or((range, ""));
            let form = match kind.trim().to_ascii_lowercase().as_str() {
                // Whatever the profile: each of these programs asks for one and the same document.
                "application/activity+json" | "application/ld+json" | "application/json" => Form::Document,
                "text/html" | "application/xhtml+xml" => Form::Page,
                _ => continue,
            };
            let weight = weight(params);
            if weight > best.0 {
                best = (weight, form);
            }
        }
    }
    best.1
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

    fn asked(accept: &[&str]) -> Form {
        let mut headers = HeaderMap::new();
        for value in accept {
            headers.append(header::ACCEPT, value.parse().expect("a header"));
        }
        form(&headers)
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
