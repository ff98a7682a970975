//! Pictures by their addresses.
//!
//! One rule: a picture is one by its media type; where none is given, by how its name ends.

/// Media types by which a file's name ends: a picture comes without its type as often as with it.
const ENDINGS: [(&str, &str); 7] = [
    (".png", "image/png"),
    (".jpg", "image/jpeg"),
    (".jpeg", "image/jpeg"),
    (".gif", "image/gif"),
    (".webp", "image/webp"),
    (".avif", "image/avif"),
    (".svg", "image/svg+xml"),
];

/// The media type of a picture on the web; `None`: it is no picture that we can tell to be one.
pub(crate) fn picture_type(given: Option<&str>, address: &str) -> Option<String> {
    if !is_web(address) {
        return None;
    }
    match given {
        Some(kind) => is_media(kind, &["image/"]).then(|| kind.to_owned()),
        None => by_name(address).map(ToOwned::to_owned),
    }
}

/// Whether it is a media type, of one of these kinds, as `image/`.
pub(crate) fn is_media(kind: &str, of: &[&str]) -> bool {
    let is_fine = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"+-.".contains(&byte);
    let is_subtype = |text: &str| !text.is_empty() && text.bytes().all(is_fine);
    of.iter().any(|of| kind.strip_prefix(of).is_some_and(is_subtype))
}

/// Whether it is an address that a browser may be led to.
pub(crate) fn is_web(address: &str) -> bool {
    url::Url::parse(address).is_ok_and(|url| matches!(url.scheme(), "https" | "http"))
}

fn by_name(address: &str) -> Option<&'static str> {
    let path = address.split(['?', '#']).next()?.to_ascii_lowercase();
    ENDINGS
        .iter()
        .find(|(ending, _)| path.ends_with(ending))
        .map(|(_, kind)| *kind)
}
