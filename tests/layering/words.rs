//! What words give away: names of other software, and queries.

/// Names of other software. What it needs lies in its dialect's file; elsewhere only a comment may cite it.
const SOFTWARE: &str = "
    akkoma bookwyrm castopod discourse fedify firefish flarum friendica funkwhale gancio
    gotosocial guppe hollo hubzilla iceshrimp kbin lemmy lotide mastodon mbin misskey mitra mobilizon
    nodebb owncast peertube piefed pixelfed pleroma sharkey smithereen takahe versia wordpress
    writefreely";

/// How a string begins that is a query.
const SQL: &[&str] = &[
    "select ",
    "insert into ",
    "update ",
    "delete from ",
    "with ",
    "create ",
    "alter ",
    "drop ",
    "listen ",
    "notify ",
];

/// What a statement makes, changes or drops.
const OBJECTS: &[&str] = &[
    "table", "role", "user", "index", "unique", "database", "schema", "type",
];

/// The names in a text or an identifier, `GoToSocial` and `go_to_social` alike; `combine` is not `mbin`.
pub(crate) fn software_in(text: &str) -> Vec<&'static str> {
    let words = words(text);
    let runs = (1..=3).flat_map(|length| words.windows(length).map(|run| run.concat()));
    let runs: Vec<String> = runs.collect();
    let is_named = |name: &str| {
        runs.iter()
            .any(|run| run == name || run.strip_suffix('s') == Some(name))
    };
    SOFTWARE
        .split_whitespace()
        .filter(|name| is_named(name))
        .collect()
}

/// The words of a text, in lower case; a capital after a small letter begins a word.
fn words(text: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut was_small = false;
    for c in text.chars() {
        if !c.is_alphabetic() || (c.is_uppercase() && was_small) {
            words.push(String::new());
        }
        was_small = c.is_lowercase();
        if let Some(word) = words.last_mut().filter(|_| c.is_alphabetic()) {
            word.extend(c.to_lowercase());
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

/// Whether a string is a query. Some of its verbs begin sentences, too; of these the next words must fit.
pub(crate) fn is_sql(text: &str) -> bool {
    let text = text
        .split_whitespace()
        .collect::<Vec<_>>()
        .join(" ")
        .to_lowercase();
    let (verb, rest) = text.split_once(' ').unwrap_or((&text, ""));
    let fits = match verb {
        "update" => rest.contains(" set "),
        "with" => rest.contains(" as ("),
        "create" | "alter" | "drop" => OBJECTS.contains(&rest.split(' ').next().unwrap_or_default()),
        "listen" | "notify" => rest.chars().all(|c| c.is_alphanumeric() || c == '_'),
        _ => true,
    };
    fits && SQL.iter().any(|start| text.starts_with(start))
}
