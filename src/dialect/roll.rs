//! A list of actors that another server says is whole: who of our groups is on it.
//!
//! One rule: a list that is given by pages, or in another form, says nothing; it is never taken for an empty one.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::dialect::{Here, Local, id_of};

/// What comes after so many is not looked at.
const MOST: usize = 1_000;

/// Names of our groups on it, each once; `None`: it is not a whole list.
#[must_use]
pub fn our_groups_on(list: &Value, here: &Here) -> Option<BTreeSet<String>> {
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
    Some(items.into_iter().take(MOST).filter_map(named).collect())
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
        let names = |list: Value| on(list).unwrap().into_iter().collect::<Vec<_>>();
        assert_eq!(names(json!({"orderedItems": others})), ["garden"]);
        assert_eq!(names(json!({"items": garden})), ["garden"]);
        assert_eq!(names(json!({"totalItems": 0})), [""; 0]);
        assert_eq!(names(json!({"orderedItems": []})), [""; 0]);
        for unknown in [
            json!({"totalItems": 3, "first": "https://a.example/1"}),
            json!({}),
            json!({"items": null}),
        ] {
            assert_eq!(on(unknown), None);
        }
    }
}
