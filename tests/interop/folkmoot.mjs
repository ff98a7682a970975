// The server under test: the real binary, as a child process, on a data directory of its own.
//
// One rule: it leaves nothing behind: not the process, not its database, not its files.

import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

/** How long the first start may take, in milliseconds: it makes a database. */
const LIMIT = 60_000;

/** `FOLKMOOT_BIN`, or what `cargo build` made. */
function binary() {
  const path = process.env.FOLKMOOT_BIN ?? fileURLToPath(new URL('../../target/debug/folkmoot', import.meta.url));
  if (!existsSync(path)) throw new Error(`There is no ${path}: run cargo build, or set FOLKMOOT_BIN.`);
  return path;
}

async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  await once(server, 'close');
  return port;
}

/** `settings`: variables without their `FOLKMOOT__`. */
export async function startFolkmoot(settings = {}) {
  const data = await mkdtemp(join(tmpdir(), 'folkmoot-interop-'));
  await chmod(data, 0o755); // run as root, the database drops to another user
  const port = await freePort();
  const base = `http://127.0.0.1:${port}`;
  const env = {
    ...process.env,
    FOLKMOOT__DATA_DIR: data,
    FOLKMOOT__SERVER__LISTEN: `127.0.0.1:${port}`,
    FOLKMOOT__SERVER__PUBLIC_URL: base,
    FOLKMOOT__METRICS__BIND: '',
    FOLKMOOT__FEDERATION__ALLOW_HTTP: 'true',
    FOLKMOOT__FEDERATION__ALLOW_PRIVATE_ADDRESSES: '127.0.0.0/8',
    ...Object.fromEntries(Object.entries(settings).map(([name, value]) => [`FOLKMOOT__${name}`, value])),
  };
  const child = spawn(binary(), ['serve'], { env, stdio: ['ignore', 'ignore', 'pipe'] });
  let log = '';
  child.stderr.on('data', (chunk) => (log += chunk));
  const exited = once(child, 'exit');

  async function stop() {
    if (child.exitCode === null) child.kill('SIGTERM');
    await exited;
    await rm(data, { recursive: true, force: true });
  }

  try {
    await answers(`${base}/.well-known/nodeinfo`, child);
  } catch (error) {
    await stop();
    throw new Error(`${error.message}\n${log}`);
  }
  return {
    base,
    stop,
    log: () => log,
    /** Runs a command of the binary with `--json`, and reads what it prints. */
    async command(...words) {
      const { stdout } = await promisify(execFile)(binary(), [...words, '--json'], { env });
      return stdout.trim() === '' ? null : JSON.parse(stdout);
    },
  };
}

async function answers(url, child) {
  const begun = Date.now();
  while (Date.now() - begun < LIMIT) {
    if (child.exitCode !== null) throw new Error(`The server ended with ${child.exitCode} before it answered.`);
    const answer = await fetch(url).catch(() => null);
    if (answer?.ok) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error('The server never answered.');
}
