//! A list of actors that another server says is whole: who of our groups is on it.
//!
//! One rule: a list that is given by pages, or in another form, says nothing; it is never taken for an empty one.

use serde_json::Value;

use crate::dialect::{Here, Local, id_of};

/// More of our groups than this follow nobody.
const MOST: usize = 1_000;

/// Names of our groups on it; `None`: it is not a whole list.
#[must_use]
pub fn our_groups_on(list: &Value, here: &Here) -> Option<Vec<String>> {
    let items = list.get("orderedItems").or_else(|| list.get("items"));
    let items = match items {
        Some(Value::Array(items)) => items.iter().collect(),
        Some(one) if !one.is_null() => vec![one],
        _ if list.get("totalItems").and_then(Value::as_u64) == Some(0) => vec![],
        _ => return None,
    };
    let named = |item: &Value| match here.local(id_of(item)?)? {
        Local::Group { name, part: None } => Some(name.to_owned()),
        _ => None,
    };
    Some(items.into_iter().filter_map(named).take(MOST).collect())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn only_a_whole_list_is_one() {
        let here = Here::new(&"https://g.example".parse().unwrap());
        let on = |list: Value| our_groups_on(&list, &here);
        let garden = json!("https://g.example/c/garden");
        let others =
            json!(["https://a.example/c/garden", garden, "https://g.example/post/1", {"id": garden}]);
        assert_eq!(on(json!({"orderedItems": others})).unwrap(), ["garden", "garden"]);
        assert_eq!(on(json!({"items": garden})).unwrap(), ["garden"]);
        assert_eq!(on(json!({"totalItems": 0})).unwrap(), [""; 0]);
        assert_eq!(on(json!({"orderedItems": []})).unwrap(), [""; 0]);
        for unknown in [
            json!({"totalItems": 3, "first": "https://a.example/1"}),
            json!({}),
            json!({"items": null}),
        ] {
            assert_eq!(on(unknown), None);
        }
    }
}
