//! Files and variables: which wins, and what is said about those that are wrong.

use std::fs;
use std::path::{Path, PathBuf};

use super::*;
use crate::config::keys::{self, KEYS};

#[test]
fn the_environment_wins_over_the_file() {
    let file = "[server]\nlisten = \"127.0.0.1:1000\"\n[limits]\njson_depth = 20\n";
    let env = [
        ("FOLKMOOT__SERVER__LISTEN", "127.0.0.1:2000"),
        ("FOLKMOOT__DATA_DIR", "/srv/moot"),
    ];
    let settings = with(file, &env).unwrap();
    assert_eq!(settings.server.listen.port(), 2000);
    assert_eq!(settings.limits.json_depth, 20);
    assert_eq!(settings.data_dir, PathBuf::from("/srv/moot"));
}

#[test]
fn every_setting_can_come_from_the_environment() {
    for key in KEYS {
        let (keys::Value::Is(text) | keys::Value::Unset(text)) = key.default;
        let open = "[server]\npublic_url = \"https://groups.example\"";
        let read = with(open, &[(&key.variable(), text)]);
        assert!(read.is_ok(), "{}={text}: {}", key.variable(), read.unwrap_err());
    }
}

#[test]
fn lists_are_comma_separated_and_put_into_one_spelling() {
    let env = [
        (
            "FOLKMOOT__FEDERATION__BLOCKED",
            "Evil.Example, bücher.example.:8443,,",
        ),
        ("FOLKMOOT__FEDERATION__ALLOW_PORTS", "8443, 9000"),
        ("FOLKMOOT__FEDERATION__ALLOW_PRIVATE_ADDRESSES", "127.1.2.3/8,::1"),
    ];
    let federation = with("", &env).unwrap().federation;
    assert_eq!(federation.blocked, ["evil.example", "xn--bcher-kva.example:8443"]);
    assert_eq!(federation.allow_ports, [8443, 9000]);
    let ranges: Vec<_> = federation
        .allow_private_addresses
        .iter()
        .map(ToString::to_string)
        .collect();
    assert_eq!(ranges, ["127.0.0.0/8", "::1/128"]);
}

#[test]
fn an_empty_variable_empties_a_list_and_unsets_what_is_optional() {
    let file = "[database]\nurl = \"postgres://a/b\"\n[federation]\nblocked = [\"evil.example\"]\n";
    let env = [
        ("FOLKMOOT__DATABASE__URL", ""),
        ("FOLKMOOT__FEDERATION__BLOCKED", ""),
    ];
    let settings = with(file, &env).unwrap();
    assert_eq!(settings.database.url, None);
    assert!(settings.federation.blocked.is_empty());
    says(
        &complaint("", &[("FOLKMOOT__SERVER__LISTEN", "")]),
        &["`server.listen` expects an IP address", r#"not """#],
    );
}

#[test]
fn a_secret_may_lie_in_a_file_of_its_own() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("secret");
    fs::write(&path, "postgres://moot:s3cret@db/moot\n").unwrap();
    let path = path.to_str().unwrap();

    let settings = with("", &[("FOLKMOOT__DATABASE__URL_FILE", path)]).unwrap();
    assert_eq!(
        settings.database.url.as_deref(),
        Some("postgres://moot:s3cret@db/moot")
    );

    let both = [
        ("FOLKMOOT__DATABASE__URL_FILE", path),
        ("FOLKMOOT__DATABASE__URL", "postgres://a/b"),
    ];
    says(
        &complaint("", &both),
        &["FOLKMOOT__DATABASE__URL_FILE: FOLKMOOT__DATABASE__URL is set, too"],
    );
    let gone = [("FOLKMOOT__DATABASE__URL_FILE", "/nowhere/at/all")];
    says(
        &complaint("", &gone),
        &["FOLKMOOT__DATABASE__URL_FILE: cannot read /nowhere/at/all"],
    );
}

#[test]
fn an_unknown_key_names_the_nearest_right_one() {
    for (file, nearest) in [
        (
            "[server]\nlisen = \"127.0.0.1:1\"",
            "line 2: `server.lisen` is not a setting; the nearest is `server.listen`",
        ),
        (
            "[sever]\nlisten = \"127.0.0.1:1\"",
            "the nearest is `server.listen`",
        ),
        ("listen = \"127.0.0.1:1\"", "the nearest is `server.listen`"),
        ("[limits]\nbody_byte = 1", "the nearest is `limits.body_bytes`"),
        ("datadir = \"/srv\"", "the nearest is `data_dir`"),
        (
            "[log]\nfilter.all = \"info\"",
            "`log.filter.all` is not a setting; the nearest is `log.filter`",
        ),
        (
            "[federatoin]",
            "`federatoin` is not a setting; the nearest is `federation.",
        ),
        ("server = 1", "`server` is a section: write [server]"),
        ("[[server]]\nlisten = 1", "`server` is a section"),
    ] {
        says(&complaint(file, &[]), &[nearest]);
    }
}

#[test]
fn an_unknown_variable_names_the_nearest_right_one() {
    for (variable, nearest) in [
        ("FOLKMOOT__SERVER__LISEN", "FOLKMOOT__SERVER__LISTEN"),
        ("FOLKMOOT__SERVER_LISTEN", "FOLKMOOT__SERVER__LISTEN"),
        ("FOLKMOOT_SERVER_LISTEN", "FOLKMOOT__SERVER__LISTEN"),
        ("FOLKMOOT_DATA_DIR", "FOLKMOOT__DATA_DIR"),
        ("FOLKMOOT__DATABASE_URL_FILE", "FOLKMOOT__DATABASE__URL"),
        ("FOLKMOOT__DATABASE__URI_FILE", "FOLKMOOT__DATABASE__URL"),
    ] {
        let expected = format!("{variable}: there is no such setting; the nearest is {nearest}");
        assert_eq!(complaint("", &[(variable, "x")]), expected);
    }
    assert!(
        with(
            "",
            &[("FOLKMOOT_VERSION", "3"), ("DATABASE_URL", "postgres://other")]
        )
        .is_ok()
    );
}

#[test]
fn a_wrong_value_tells_key_line_given_and_expected() {
    for (file, parts) in [
        (
            "[server]\n\nlisten = 8536",
            ["line 3: `server.listen` expects", "not 8536"],
        ),
        (
            "[server]\nlisten = \"localhost:8536\"",
            ["an IP address and a port", "not \"localhost:8536\""],
        ),
        (
            "[limits]\nbody_bytes = \"1 MiB\"",
            ["expects a whole number from 1024 to 67108864", "not \"1 MiB\""],
        ),
        (
            "[limits]\njson_depth = 0",
            ["expects a whole number from 8", "not 0"],
        ),
        ("[limits]\njson_depth = -1", ["expects a whole number", "not -1"]),
        (
            "[federation]\nallow_http = \"yes\"",
            ["expects true or false", "not \"yes\""],
        ),
        (
            "[federation]\nallow_ports = [1, 70000]",
            ["from 1 to 65535", "not 70000"],
        ),
        (
            "[federation]\nblocked = \"evil.example\"",
            ["expects a list of hosts", "not \"evil.example\""],
        ),
        (
            "[federation]\nallow_private_addresses = [\"10/8\"]",
            ["expects a list of address ranges", "not \"10/8\""],
        ),
        (
            "[log]\nformat = \"xml\"",
            ["expects \"text\" or \"json\"", "not \"xml\""],
        ),
        ("[log]\nfilter = \"info,=\"", ["what to log", "not \"info,=\""]),
        (
            "data_dir = \"~/moot\"",
            ["line 1: `data_dir` expects a path", "not \"~/moot\""],
        ),
        (
            "[database]\nurl = \"db.example\"",
            ["`database.url` expects", "not shown"],
        ),
    ] {
        says(&complaint(file, &[]), &parts);
    }
    says(
        &complaint("", &[("FOLKMOOT__LIMITS__JSON_DEPTH", "deep")]),
        &["FOLKMOOT__LIMITS__JSON_DEPTH: `limits.json_depth`"],
    );
    says(
        &complaint("[server\nlisten = 1", &[]),
        &["config.toml, line 1: not TOML"],
    );
}

#[test]
fn all_problems_are_told_at_once() {
    let complaint = complaint(
        "lisen = 1\n[limits]\njson_depth = 0",
        &[("FOLKMOOT__LOG__FORMAT", "xml")],
    );
    assert_eq!(complaint.lines().count(), 3, "{complaint}");
}

#[test]
fn a_named_file_must_exist() {
    let error = load(Some(Path::new("/nowhere/config.toml")), variables(&[])).unwrap_err();
    says(&error.to_string(), &["/nowhere/config.toml: cannot be read"]);
}
