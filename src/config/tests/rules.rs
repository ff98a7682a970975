//! What must hold of a setting, and between settings.

use std::fs;
use std::path::Path;

use super::*;

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
fn the_domain_is_our_host_unless_that_leads_nowhere() {
    for (url, domain) in [
        ("https://Moot.example", Some("moot.example")),
        ("https://moot.example:443/", Some("moot.example")),
        ("https://moot.example:8443", None),
        ("https://192.0.2.1", None),
        ("http://localhost", None),
        ("http://[::1]:8536", None),
    ] {
        let settings = with("", &[("FOLKMOOT__SERVER__PUBLIC_URL", url)]).unwrap();
        assert_eq!(settings.domain().as_deref(), domain, "{url}");
    }
    let set = with(
        "[server]\npublic_url = \"https://moot.example\"\n[versia]\ndomain = \"Other.example\"",
        &[],
    );
    assert_eq!(set.unwrap().domain().as_deref(), Some("other.example"));
    for wrong in [
        "moot.example:443",
        "https://moot.example",
        "127.0.0.1",
        "moot",
        "a b.example",
        "moot.example.",
    ] {
        says(
            &complaint("", &[("FOLKMOOT__VERSIA__DOMAIN", wrong)]),
            &["`versia.domain` expects a domain"],
        );
    }
    let unreachable = with("", &[("FOLKMOOT__VERSIA__DOMAIN", "moot.example")]).unwrap();
    assert_eq!(unreachable.domain(), None, "nobody could find us by it");
    says(
        &unreachable.why_no_domain(),
        &["is off, though `versia.domain` is set", "is an address"],
    );
    for (url, reason) in [
        ("https://moot.example:8443", "has a port"),
        ("http://localhost", "has a name without a dot"),
        ("https://192.0.2.1:1", "is an address"),
    ] {
        let settings = with("", &[("FOLKMOOT__SERVER__PUBLIC_URL", url)]).unwrap();
        says(&settings.why_no_domain(), &["Versia is off: ", reason]);
    }
}

#[test]
fn only_a_test_plays_other_servers() {
    let file =
        "[versia]\ndomain = \"g.test\"\n[versia.dev_resolve]\n\"b.test\" = \"http://127.0.0.1:4101\"\n";
    let settings = with(file, &[]).unwrap();
    assert_eq!(settings.domain().as_deref(), Some("g.test"));
    assert_eq!(settings.origins()["b.test"].as_str(), "http://127.0.0.1:4101/");
    let variables = [
        ("FOLKMOOT__VERSIA__DOMAIN", "g.test"),
        ("FOLKMOOT__VERSIA__DEV_RESOLVE", "b.test=http://127.0.0.1:4101"),
    ];
    assert_eq!(with("", &variables).unwrap(), settings);
    assert_eq!(
        with(&settings.to_toml(), &[]).unwrap(),
        settings,
        "what is printed is read back"
    );
    says(
        &complaint(file, &[("FOLKMOOT__SERVER__PUBLIC_URL", "https://moot.example")]),
        &["`versia.dev_resolve` is only for tests", "https://moot.example"],
    );
    for wrong in [
        "b.test",
        "b.test=https://127.0.0.1:4101",
        "b.test=http://192.0.2.1",
        "b.test=http://c.test",
        "b.test:1=http://127.0.0.1:4101",
    ] {
        says(
            &complaint("", &[("FOLKMOOT__VERSIA__DEV_RESOLVE", wrong)]),
            &["`versia.dev_resolve` expects a table"],
        );
    }
}
