// A private PostgreSQL with our schema and rows: the same for every candidate.
import { mkdtempSync, chownSync, chmodSync, readdirSync, openSync } from 'node:fs';
import { execFileSync, spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { start, stop, tree } from './process.mjs';

const BIN = readdirSync('/usr/lib/postgresql').sort((a, b) => Number(b) - Number(a))
  .map((version) => `/usr/lib/postgresql/${version}/bin`)[0];

/** PostgreSQL refuses to run as root. */
function account() {
  if (process.getuid() !== 0) return {};
  const id = (what) => Number(execFileSync('id', [what, 'postgres']).toString());
  return { uid: id('-u'), gid: id('-g') };
}

function makeHome(dir, owner) {
  const home = mkdtempSync(join(dir, 'postgres-'));
  if (owner.uid !== undefined) {
    chmodSync(dir, 0o711);
    chownSync(home, owner.uid, owner.gid);
  }
  return home;
}

/** It listens before it lets anybody in. */
async function ready(port, ms = 15000) {
  const ask = () => spawnSync(join(BIN, 'pg_isready'), ['-q', '-h', '127.0.0.1', '-p', String(port)]).status;
  for (const end = Date.now() + ms; ask() !== 0; await sleep(50)) {
    if (Date.now() > end) throw new Error('PostgreSQL does not start');
  }
}

/** Migrated and filled from load/shops.sql; `url(role)` is where a role logs in. */
export async function postgres({ dir, root, port, cores }) {
  const owner = account();
  const home = makeHome(dir, owner);
  const log = join(dir, 'postgres.log');
  const out = openSync(log, 'a');
  const url = (role) => `postgresql://${role}:bench@127.0.0.1:${port}/voiceagent`;
  const run = (command, args, env) => execFileSync(command, args,
    { stdio: ['ignore', out, out], env: { ...process.env, ...env }, cwd: '/' });
  execFileSync(join(BIN, 'initdb'), ['-D', join(home, 'data'), '--username=postgres', '--auth=trust',
    '--encoding=UTF8', '--locale=C.UTF-8'], { ...owner, stdio: ['ignore', out, out], cwd: '/' });
  const child = start(cores, join(BIN, 'postgres'), ['-D', join(home, 'data'), '-p', String(port),
    '-c', 'listen_addresses=127.0.0.1', '-c', `unix_socket_directories=${home}`,
    '-c', 'shared_buffers=256MB', '-c', 'max_connections=100'], { log, cwd: '/', ...owner });
  await ready(port);
  run(join(BIN, 'createdb'), ['-h', '127.0.0.1', '-p', String(port), '-U', 'postgres', 'voiceagent']);
  run(join(root, 'build/voiceagent-worker'), ['migrate'], { DATABASE_URL: url('postgres'),
    APP_DATABASE_URL: url('va_app'), VA_SQL_DIR: join(root, 'sql') });
  run(join(BIN, 'psql'), ['-X', '-q', '-v', 'ON_ERROR_STOP=1', '-f', join(root, 'bench/load/shops.sql'), url('postgres')]);
  /** One value that a statement answers, as superuser. */
  const ask = (sql) => execFileSync(join(BIN, 'psql'), ['-X', '-A', '-t', '-q', '-v', 'ON_ERROR_STOP=1', '-c', sql,
    url('postgres')], { cwd: '/' }).toString().trim();
  return { url, ask, pids: () => tree(child.pid), stop: () => stop(child, 'SIGINT') };
}
