//! What holds when nobody says anything, and how the settings are written down.

use std::fs;
use std::path::{Path, PathBuf};

use super::*;
use crate::config::keys::KEYS;

#[test]
fn nothing_needs_to_be_set() {
    let settings = load_on(&USER, None, variables(&[])).unwrap();
    assert_eq!(settings.server.listen.to_string(), "127.0.0.1:8536");
    assert_eq!(settings.server.public_url.as_str(), "http://127.0.0.1:8536/");
    assert_eq!(
        settings.data_dir,
        PathBuf::from("/home/ann/.local/share/folkmoot")
    );
    assert_eq!(
        settings.database,
        Database {
            url: None,
            binaries: None,
            connections: 20
        }
    );
    assert_eq!(settings.limits.body_bytes, 1 << 20);
    assert_eq!(settings.log.format, Format::Text);
    let metrics = settings.metrics.bind.map(|bind| bind.to_string());
    assert_eq!(metrics.as_deref(), Some("127.0.0.1:8537"));
    assert!(!settings.federation.allow_http);
    assert!(settings.is_loopback());
}

#[test]
fn the_example_holds_the_defaults() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("config.example.toml");
    if std::env::var_os("UPDATE_EXAMPLE").is_some() {
        fs::write(&path, example()).unwrap();
    }
    let text = fs::read_to_string(&path).unwrap();
    assert_eq!(
        text,
        example(),
        "config.example.toml is not what keys.rs says; UPDATE_EXAMPLE=1 cargo test --lib config:: writes it"
    );
    assert_eq!(with(&text, &[]), with("", &[]), "the example as it stands");
}

#[test]
fn the_example_names_every_setting_and_its_samples_are_good() {
    let samples = example().replace("\n#", "\n").replace("\n ", "\n# ");
    let samples = samples.strip_prefix("# ").unwrap();
    let table: toml::Table = format!("# {samples}").parse().unwrap();
    for key in KEYS {
        let (section, name) = key.parts();
        let section = if section.is_empty() {
            &table
        } else {
            table[section].as_table().unwrap()
        };
        let value = section
            .get(name)
            .unwrap_or_else(|| panic!("{} is not in the example", key.name));
        assert!(key.kind.read(value).is_ok(), "{} = {value}", key.name);
        assert!(key.about.ends_with('.'), "{} has no sentence about it", key.name);
    }
}

#[test]
fn every_unit_is_in_the_name_and_in_the_comment() {
    for key in KEYS.iter().filter(|key| key.parts().0 == "limits") {
        for (ending, word) in [
            ("_seconds", "seconds"),
            ("_bytes", "bytes"),
            ("_per_minute", "per minute"),
        ] {
            assert!(
                !key.name.ends_with(ending) || key.about.contains(word),
                "{}: {}",
                key.name,
                key.about
            );
        }
    }
}

#[test]
fn a_password_is_never_shown() {
    for url in [
        "postgres://moot:s3cret@db/moot",
        "postgres://moot@db/moot?password=s3cret&sslmode=require",
        "postgres://moot:s3cret@%2Frun%2Fpg/moot",
    ] {
        let settings = with("", &[("FOLKMOOT__DATABASE__URL", url)]).unwrap();
        let json = serde_json::to_string(&settings).unwrap();
        for text in [settings.to_toml(), format!("{settings:?}"), json] {
            assert!(!text.contains("s3cret"), "{text}");
            assert!(text.contains("hidden"), "{text}");
        }
    }
    for wrong in [
        "[database]\nurl = \"mysql://a:s3cret@b/c\"",
        "[database]\nurl = \"postgres://a:s3cret@b/c",
    ] {
        let complaint = complaint(wrong, &[]);
        assert!(!complaint.contains("s3cret"), "{complaint}");
    }
}

#[test]
fn what_is_printed_is_read_back_as_the_same() {
    let file =
        "[server]\npublic_url = \"https://Moot.example:443\"\n[federation]\nblocked = [\"a.example\"]\n";
    let settings = with(file, &[("FOLKMOOT__DATABASE__BINARIES", "/opt/pg/bin")]).unwrap();
    assert_eq!(with(&settings.to_toml(), &[]).unwrap(), settings);
}

#[test]
fn metrics_have_an_address_or_none() {
    for off in ["[metrics]\nbind = \"\"", ""] {
        let settings = with(off, &[("FOLKMOOT__METRICS__BIND", "")]).unwrap();
        assert_eq!(settings.metrics.bind, None);
        assert_eq!(with(&settings.to_toml(), &[]).unwrap(), settings);
    }
    says(
        &complaint("[metrics]\nbind = \"9000\"", &[]),
        &["line 2", "`metrics.bind` expects", "or \"\" for none"],
    );
}
