//! What must hold between settings, once each is well-formed by itself.
//!
//! One rule: nothing weakens the server in the open. What is only for tests is refused unless our name means this
//! machine, or the data directory says that it is a test.

use super::error::{Error, Problem};
use super::gather::Gathered;
use super::settings::Settings;

pub(super) fn check(settings: &Settings, gathered: &Gathered) -> Result<(), Error> {
    let broken = [
        identity(settings),
        open_doors(settings),
        domain(settings),
        proxies(settings),
        limits(settings),
    ];
    let problems: Vec<Problem> = broken
        .into_iter()
        .flatten()
        .map(|(key, what)| gathered.problem_at(key, what))
        .collect();
    if problems.is_empty() {
        Ok(())
    } else {
        Err(Error(problems))
    }
}

/// The key to point at, and what is wrong with it.
type Broken = Vec<(&'static str, String)>;

/// Ids carry our address for ever: it must be one, and one that nobody on the way can rewrite.
fn identity(settings: &Settings) -> Broken {
    let url = &settings.server.public_url;
    let port_is_open = url.port() == Some(0) && !settings.is_marked_as_test();
    let broken = if port_is_open {
        "`server.listen` leaves the port to the machine, but ids need one that stays: set `server.public_url`"
            .to_owned()
    } else if url.scheme() == "http" && !settings.may_be_weak() {
        format!(
            "`server.public_url` is {}: plain http is only for this machine itself. Set it to the https address that the \
             world uses{}",
            origin(settings),
            or_mark(settings),
        )
    } else {
        return Vec::new();
    };
    vec![("server.public_url", broken)]
}

fn open_doors(settings: &Settings) -> Broken {
    if settings.may_be_weak() {
        return Vec::new();
    }
    let refusal = |key: &'static str| {
        let what = format!(
            "`{key}` is only for tests, and `server.public_url` is {}. Remove it{}",
            origin(settings),
            or_mark(settings),
        );
        (key, what)
    };
    let federation = &settings.federation;
    let http = federation.allow_http.then(|| refusal("federation.allow_http"));
    let private = (!federation.allow_private_addresses.is_empty())
        .then(|| refusal("federation.allow_private_addresses"));
    http.into_iter().chain(private).collect()
}

/// Nobody else's domain may be played by a program on this machine.
fn domain(settings: &Settings) -> Broken {
    if settings.versia.dev_resolve.is_empty() || settings.is_loopback() {
        return Vec::new();
    }
    let what = format!(
        "`versia.dev_resolve` is only for tests on this machine, and `server.public_url` is {}. Remove it",
        origin(settings),
    );
    vec![("versia.dev_resolve", what)]
}

/// A range of everything would let every caller choose the address that limits are counted by.
fn proxies(settings: &Settings) -> Broken {
    let everybody = settings
        .server
        .trusted_proxies
        .iter()
        .find(|net| net.prefix_len() == 0);
    everybody
        .map(|net| {
            let what = format!(
                "`server.trusted_proxies` holds {net}, which is everybody: any caller could pretend to be another. Name the \
                 addresses of your proxies"
            );
            ("server.trusted_proxies", what)
        })
        .into_iter()
        .collect()
}

fn limits(settings: &Settings) -> Broken {
    let limits = &settings.limits;
    let mut broken = Vec::new();
    if limits.key_fetch_seconds >= limits.request_seconds {
        broken.push((
            "limits.key_fetch_seconds",
            format!(
                "`limits.key_fetch_seconds` is {} and must be less than `limits.request_seconds`, which is {}: a request \
                 would end before its signer's key is there",
                limits.key_fetch_seconds, limits.request_seconds,
            ),
        ));
    }
    if limits.received_waiting_per_host > limits.received_waiting {
        broken.push((
            "limits.received_waiting_per_host",
            format!(
                "`limits.received_waiting_per_host` is {} and must not be more than `limits.received_waiting`, which is {}",
                limits.received_waiting_per_host, limits.received_waiting,
            ),
        ));
    }
    broken
}

fn origin(settings: &Settings) -> String {
    settings.server.public_url.origin().ascii_serialization()
}

fn or_mark(settings: &Settings) -> String {
    format!(
        ", or, if this is a test, put a file named TEST into {}",
        settings.data_dir.display()
    )
}

impl Settings {
    fn may_be_weak(&self) -> bool {
        self.is_loopback() || self.is_marked_as_test()
    }
}
