//! The parameters of a draft-cavage `Signature` header.
//!
//! One rule: a text that another reader might take apart otherwise (a name twice, an escaped quote) is refused. A new
//! form of a value is a branch in `first`.

use super::Refused;
use super::structured::MAX_MEMBERS;

/// `name="value"` or `name=value`, separated by commas. Unknown names are kept and not looked at.
pub(super) struct Parameters<'a>(Vec<(&'a str, &'a str)>);

impl<'a> Parameters<'a> {
    pub(super) fn parse(text: &'a str) -> Result<Self, Refused> {
        let mut found: Vec<(&str, &str)> = Vec::new();
        let mut rest = text.trim();
        loop {
            let (name, value, after) = Self::first(rest).ok_or(Refused::Malformed("Signature"))?;
            if found.iter().any(|(known, _)| *known == name) {
                return Err(Refused::Duplicate("Signature"));
            }
            if found.len() >= MAX_MEMBERS {
                return Err(Refused::Malformed("Signature"));
            }
            found.push((name, value));
            match after {
                None => return Ok(Self(found)),
                Some(after) => rest = after,
            }
        }
    }

    /// Name, value, and what stands after the comma if there is one.
    fn first(text: &str) -> Option<(&str, &str, Option<&str>)> {
        let (name, rest) = text.split_once('=')?;
        if name.is_empty()
            || !name
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
        {
            return None;
        }
        let Some(quoted) = rest.strip_prefix('"') else {
            let (value, after) = rest
                .split_once(',')
                .map_or((rest, None), |(value, after)| (value, Some(after)));
            let bare = !value.contains(['"', '\\']);
            return bare.then_some((name, value.trim(), after.map(str::trim)));
        };
        let (value, after) = quoted.split_once('"')?;
        // An escaped quote would end the value somewhere else for another reader.
        if value.contains('\\') {
            return None;
        }
        match after.trim() {
            "" => Some((name, value, None)),
            after => after
                .strip_prefix(',')
                .map(|after| (name, value, Some(after.trim()))),
        }
    }

    pub(super) fn get(&self, name: &str) -> Option<&'a str> {
        self.0
            .iter()
            .find(|(known, _)| *known == name)
            .map(|(_, value)| *value)
    }

    pub(super) fn required(&self, name: &'static str) -> Result<&'a str, Refused> {
        self.get(name).ok_or(Refused::MissingParameter(name))
    }

    /// A time in whole seconds since 1970.
    pub(super) fn seconds(&self, name: &'static str) -> Result<Option<i64>, Refused> {
        self.get(name)
            .map(|digits| {
                let plain = digits.bytes().all(|byte| byte.is_ascii_digit());
                digits
                    .parse()
                    .ok()
                    .filter(|_| plain)
                    .ok_or(Refused::BadParameter(name))
            })
            .transpose()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Option<Vec<(&str, &str)>> {
        Parameters::parse(text).ok().map(|parameters| parameters.0)
    }

    #[test]
    fn values_may_be_quoted_or_bare_and_blanks_may_follow_commas() {
        let expected = vec![
            ("keyId", "k,=1"),
            ("created", "1402170695"),
            ("headers", ""),
            ("x", "y"),
        ];
        assert_eq!(
            parse(r#"keyId="k,=1",created=1402170695,headers="",x=y"#),
            Some(expected.clone())
        );
        assert_eq!(
            parse(r#" keyId="k,=1" , created="1402170695",  headers="", x=y "#),
            Some(expected)
        );
    }

    #[test]
    fn what_is_not_a_list_of_parameters_is_refused() {
        for text in [
            "",
            "keyId",
            "keyId=\"a",
            "keyId=\"a\"b=\"c\"",
            "keyId=\"a\",",
            "=\"a\"",
            "key id=\"a\"",
            "keyId=\"a\\\"b\"",
            "keyId=a\"b",
            ",keyId=\"a\"",
            "keyId=\"a\",,x=y",
        ] {
            assert_eq!(
                Parameters::parse(text).err(),
                Some(Refused::Malformed("Signature")),
                "{text}"
            );
        }
        let twice = Parameters::parse("keyId=\"a\",keyId=\"a\"");
        assert_eq!(twice.err(), Some(Refused::Duplicate("Signature")));
    }

    #[test]
    fn times_are_whole_seconds() {
        for text in [
            "created=\"\"",
            "created=1.5",
            "created=-1",
            "created=+1",
            "created=99999999999999999999",
        ] {
            let parameters = Parameters::parse(text).unwrap();
            assert_eq!(
                parameters.seconds("created"),
                Err(Refused::BadParameter("created")),
                "{text}"
            );
        }
        assert_eq!(
            Parameters::parse("created=12").unwrap().seconds("created"),
            Ok(Some(12))
        );
        assert_eq!(Parameters::parse("x=12").unwrap().seconds("created"), Ok(None));
    }

    #[test]
    fn there_are_at_most_32_of_them() {
        for (count, fits) in [(MAX_MEMBERS, true), (MAX_MEMBERS + 1, false)] {
            let text = (0..count)
                .map(|n| format!("x{n}=1"))
                .collect::<Vec<_>>()
                .join(",");
            assert_eq!(Parameters::parse(&text).is_ok(), fits);
        }
    }
}
