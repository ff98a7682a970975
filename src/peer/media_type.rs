//! Content types that a document is believed in.
//!
//! One rule: the type says that the server means it as a document: a file that somebody uploaded there comes as what it
//! is. Case and parameters do not matter (FET05).

/// `application/activity+json`, or `application/ld+json` with whatever profile.
pub(super) fn is_activity(content_type: Option<&str>) -> bool {
    matches!(
        essence(content_type).as_str(),
        "application/activity+json" | "application/ld+json"
    )
}

/// Any JSON: what NodeInfo comes in.
pub(super) fn is_json(content_type: Option<&str>) -> bool {
    let essence = essence(content_type);
    essence == "application/json" || (essence.starts_with("application/") && essence.ends_with("+json"))
}

fn essence(content_type: Option<&str>) -> String {
    let text = content_type.unwrap_or_default();
    text.split(';')
        .next()
        .unwrap_or_default()
        .trim()
        .to_ascii_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn case_and_parameters_do_not_matter() {
        for good in [
            "application/activity+json",
            "application/activity+json; charset=utf-8",
            "Application/Activity+JSON;charset=UTF-8",
            r#"application/ld+json; profile="https://www.w3.org/ns/activitystreams""#,
            r#"application/ld+json; profile="https://a.example/x https://www.w3.org/ns/activitystreams""#,
        ] {
            assert!(is_activity(Some(good)), "{good}");
        }
    }

    #[test]
    fn a_page_or_an_upload_is_no_document() {
        for bad in [
            "text/html",
            "application/json",
            "application/octet-stream",
            "text/plain; application/activity+json",
            "application/activity+jsonx",
            "",
        ] {
            assert!(!is_activity(Some(bad)), "{bad}");
        }
        assert!(!is_activity(None));
        assert!(is_json(Some("application/json; profile=\"x\"")) && is_json(Some("application/jrd+json")));
        assert!(!is_json(Some("text/html")) && !is_json(Some("image/svg+json")));
    }
}
