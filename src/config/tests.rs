//! What operators write, and what they are told.

use std::fs;
use std::path::{Path, PathBuf};

use super::keys::KEYS;
use super::*;

const USER: Machine = Machine { is_root: false };
const ROOT: Machine = Machine { is_root: true };

/// The settings of a user with a home, from a file's text and some variables.
fn with(file: &str, env: &[(&str, &str)]) -> Result<Settings, Error> {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("config.toml");
    fs::write(&path, file).unwrap();
    load_on(&USER, Some(&path), variables(env))
}

fn variables(env: &[(&str, &str)]) -> Vec<(String, String)> {
    let home = [("HOME", "/home/ann")];
    home.iter()
        .chain(env)
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect()
}

/// What is said about settings that must be refused, one line a problem.
fn complaint(file: &str, env: &[(&str, &str)]) -> String {
    with(file, env).unwrap_err().to_string()
}

#[track_caller]
fn says(complaint: &str, parts: &[&str]) {
    for part in parts {
        assert!(complaint.contains(part), "{part:?} is missing in: {complaint}");
    }
}

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
        let read = with("", &[(&key.variable(), text)]);
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
fn hosts_are_authorities_and_nothing_else() {
    for wrong in [
        "*.evil.example",
        "https://evil.example",
        "evil.example/u",
        "u@evil.example",
        "evil example",
        "",
        ":8443",
        "a..b",
    ] {
        says(
            &complaint(&format!("[federation]\nallowed_only = [{wrong:?}]"), &[]),
            &["`federation.allowed_only` expects"],
        );
    }
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

#[test]
fn the_public_address_is_an_origin() {
    for wrong in [
        "moot.example",
        "https://moot.example/c",
        "https://moot.example/?q",
        "https://moot.example/#f",
        "https://ann@moot.example",
        "https://moot.example.",
        "https://*.moot.example",
        "ftp://moot.example",
        "https://",
    ] {
        says(
            &complaint("", &[("FOLKMOOT__SERVER__PUBLIC_URL", wrong)]),
            &["`server.public_url` expects an address"],
        );
    }
}

#[test]
fn our_authority_has_the_port_only_if_it_is_unusual() {
    for (url, authority) in [
        ("https://Moot.example", "moot.example"),
        ("https://moot.example:443/", "moot.example"),
        ("https://moot.example:8443", "moot.example:8443"),
        ("http://localhost", "localhost"),
        ("http://[::1]:8536", "[::1]:8536"),
    ] {
        assert_eq!(
            with("", &[("FOLKMOOT__SERVER__PUBLIC_URL", url)])
                .unwrap()
                .authority(),
            authority
        );
    }
}

#[test]
fn the_public_address_follows_the_listener() {
    for (listen, url) in [
        ("0.0.0.0:9000", "http://127.0.0.1:9000/"),
        ("[::]:9000", "http://[::1]:9000/"),
        ("127.0.0.2:80", "http://127.0.0.2/"),
    ] {
        let settings = with("", &[("FOLKMOOT__SERVER__LISTEN", listen)]).unwrap();
        assert_eq!(settings.server.public_url.as_str(), url);
    }
    says(
        &complaint("", &[("FOLKMOOT__SERVER__LISTEN", "192.0.2.1:80")]),
        &["`server.public_url` is http://192.0.2.1"],
    );
}

#[test]
fn what_weakens_the_server_is_refused_in_the_open() {
    let open = ("FOLKMOOT__SERVER__PUBLIC_URL", "https://moot.example");
    let http = ("FOLKMOOT__FEDERATION__ALLOW_HTTP", "true");
    let private = ("FOLKMOOT__FEDERATION__ALLOW_PRIVATE_ADDRESSES", "127.0.0.0/8");

    says(
        &complaint("", &[open, http, private]),
        &[
            "ALLOW_HTTP: `federation.allow_http` is only for tests",
            "PRIVATE_ADDRESSES: `federation.allow_private_addresses`",
        ],
    );
    for looks_local in [
        "http://localhost.example",
        "http://127.0.0.1.example",
        "http://10.0.0.1",
        "http://notlocalhost",
    ] {
        let env = [("FOLKMOOT__SERVER__PUBLIC_URL", looks_local)];
        says(
            &complaint("", &env),
            &["plain http is only for this machine itself"],
        );
    }
    for local in [
        "http://localhost:80",
        "http://moot.localhost",
        "http://127.9.9.9",
        "http://2130706433",
        "https://[::1]",
    ] {
        let here = ("FOLKMOOT__SERVER__PUBLIC_URL", local);
        assert!(with("", &[here, http, private]).is_ok(), "{local}");
    }
}

#[test]
fn a_marked_data_directory_is_a_test() {
    let dir = tempfile::tempdir().unwrap();
    let env = [
        ("FOLKMOOT__SERVER__PUBLIC_URL", "http://moot.example"),
        ("FOLKMOOT__FEDERATION__ALLOW_HTTP", "true"),
        ("FOLKMOOT__DATA_DIR", dir.path().to_str().unwrap()),
    ];
    says(
        &complaint("", &env),
        &["put a file named TEST into", dir.path().to_str().unwrap()],
    );
    fs::write(dir.path().join("TEST"), "").unwrap();
    assert!(with("", &env).unwrap().is_marked_as_test());
}

#[test]
fn nobody_believes_everybody() {
    says(
        &complaint("", &[("FOLKMOOT__SERVER__TRUSTED_PROXIES", "10.0.0.1,::/0")]),
        &["holds ::/0, which is everybody"],
    );
    assert!(with("", &[("FOLKMOOT__SERVER__TRUSTED_PROXIES", "10.0.0.1")]).is_ok());
}

#[test]
fn limits_fit_each_other() {
    says(
        &complaint("[limits]\nkey_fetch_seconds = 10", &[]),
        &["line 2: `limits.key_fetch_seconds` is 10"],
    );
    says(
        &complaint("[limits]\nreceived_waiting = 99", &[]),
        &["`limits.received_waiting_per_host` is 100"],
    );
}

#[test]
fn data_belongs_where_the_machine_keeps_it() {
    let dir = |machine: &Machine, env: &[(&str, &str)]| {
        let env = env
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        load_on(machine, None, env).map(|settings| settings.data_dir.display().to_string())
    };
    let home = ("HOME", "/home/ann");
    assert_eq!(dir(&ROOT, &[home]).unwrap(), "/var/lib/folkmoot");
    assert_eq!(
        dir(&USER, &[home, ("XDG_DATA_HOME", "/xdg")]).unwrap(),
        "/xdg/folkmoot"
    );
    assert_eq!(
        dir(&USER, &[home, ("XDG_DATA_HOME", "xdg")]).unwrap(),
        "/home/ann/.local/share/folkmoot"
    );
    says(
        &dir(&USER, &[]).unwrap_err().to_string(),
        &["set `data_dir` or FOLKMOOT__DATA_DIR"],
    );
    assert!(Path::new(&dir(&USER, &[("FOLKMOOT__DATA_DIR", "data")]).unwrap()).is_absolute());
}
