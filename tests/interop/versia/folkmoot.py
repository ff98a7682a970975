"""The server under test: the real binary, as a child process, on a data directory of its own.

One rule: it leaves nothing behind: not the process, not its database, not its files.
"""

import json
import os
import pathlib
import shutil
import socket
import subprocess
import tempfile
import time

import wire

# How long the first start may take, in seconds: it makes a database.
LIMIT = 60


def binary():
    """`FOLKMOOT_BIN`, or what `cargo build` made."""
    built = pathlib.Path(__file__).resolve().parents[3] / "target/debug/folkmoot"
    path = pathlib.Path(os.environ.get("FOLKMOOT_BIN", built))
    if not path.exists():
        raise SystemExit(f"There is no {path}: run cargo build, or set FOLKMOOT_BIN.")
    return path


def free_port():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return taken.getsockname()[1]


class Failed(Exception):
    """A command that did not end well."""


class Folkmoot:
    def __init__(self, **settings):
        """`settings`: variables without their `FOLKMOOT__`."""
        self.data = tempfile.mkdtemp(prefix="folkmoot-versia-")
        os.chmod(self.data, 0o755)  # run as root, the database drops to another user
        port = free_port()
        self.base = f"http://127.0.0.1:{port}"
        self.environment = {
            **os.environ,
            "FOLKMOOT__DATA_DIR": self.data,
            "FOLKMOOT__SERVER__LISTEN": f"127.0.0.1:{port}",
            "FOLKMOOT__SERVER__PUBLIC_URL": self.base,
            "FOLKMOOT__METRICS__BIND": "",
            "FOLKMOOT__FEDERATION__ALLOW_HTTP": "true",
            "FOLKMOOT__FEDERATION__ALLOW_PRIVATE_ADDRESSES": "127.0.0.0/8",
            **{f"FOLKMOOT__{name}": value for name, value in settings.items()},
        }
        self.log_file = open(os.path.join(self.data, "log"), "w+b")
        self.child = subprocess.Popen(
            [binary(), "serve"],
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=self.log_file,
            stderr=self.log_file,
        )
        try:
            self.answers()
        except Exception:
            log = self.log()
            self.stop()
            raise SystemExit(f"The server did not start.\n{log}") from None

    def answers(self):
        end = time.monotonic() + LIMIT
        while True:
            try:
                if wire.send("GET", f"{self.base}/.well-known/nodeinfo").status == 200:
                    return
            except OSError:
                pass
            if self.child.poll() is not None or time.monotonic() > end:
                raise TimeoutError
            time.sleep(0.05)

    def stop(self):
        if self.child.poll() is None:
            self.child.terminate()
        self.child.wait()
        self.log_file.close()
        shutil.rmtree(self.data, ignore_errors=True)

    def log(self):
        return pathlib.Path(self.log_file.name).read_text(errors="replace")

    def command(self, *words):
        """Runs a command of the binary with `--json`, and reads what it prints."""
        done = subprocess.run([binary(), *words, "--json"], env=self.environment, capture_output=True, text=True)
        if done.returncode != 0:
            raise Failed(f"folkmoot {' '.join(words)}: {done.stderr.strip()}")
        return json.loads(done.stdout) if done.stdout.strip() else None
