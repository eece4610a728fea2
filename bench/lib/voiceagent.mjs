// Our candidate: nginx with the module, its keys, its Redis; a worker; the statements it asks.
import { createHmac } from 'node:crypto';
import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { nginx } from './nginx.mjs';
import { start } from './process.mjs';
import { ACCOUNT, ORIGIN, TOKEN } from './twilio.mjs';

export const TOOLS_SECRET = 'bench-tools-secret-0123456789';
const JWT_SECRET = 'bench-secret-bench-secret-bench-secret';

/** A staff member's token for an organization. */
export function token(organization) {
  const b64 = (text) => Buffer.from(text).toString('base64url');
  const text = `${b64('{"alg":"HS256"}')}.${b64(JSON.stringify({ organizationId: organization, userId: 'u',
    role: 'staff', exp: Math.floor(Date.now() / 1000) + 3600 }))}`;
  return `${text}.${createHmac('sha256', JWT_SECRET).update(text).digest('base64url')}`;
}

/** conf: of bench/peers; values: what it names beside the port, the keys' folder and Redis. */
export function voiceagent(context, { name, store, port, conf = 'voiceagent.conf', values = {} }) {
  const { dir, root, modules } = context;
  writeFileSync(join(dir, 'twilio.key'), `${ACCOUNT} ${TOKEN}\n`);
  writeFileSync(join(dir, 'tools.key'), `${TOOLS_SECRET}\n`);
  writeFileSync(join(dir, 'jwt.key'), `${JWT_SECRET}\n`);
  return nginx({ dir, name, modules: [modules.voiceagent], conf: join(root, 'bench/peers', conf),
    values: { REDIS: store.socket, ...values }, port });
}

/** A folder with all that conf/ holds, for this machine: each key is the tokens' secret. change: {file: [what, into]}. */
export function shipped({ root, dir }, name, change) {
  const home = join(dir, name);
  const conf = join(root, 'conf');
  cpSync(conf, home, { recursive: true });
  for (const [file, [what, into]] of Object.entries(change)) {
    const text = readFileSync(join(conf, file), 'utf8');
    if (!text.includes(what)) throw new Error(`${file} does not say ${what}`);
    writeFileSync(join(home, file), text.replaceAll(what, into));
  }
  mkdirSync(join(home, 'voiceagent/keys'), { recursive: true });
  cpSync(join(conf, 'fallback'), join(home, 'voiceagent/fallback'), { recursive: true });
  for (const [, key] of readFileSync(join(conf, 'http.conf'), 'utf8').matchAll(/file=voiceagent\/keys\/([\w-]+)/g)) {
    writeFileSync(join(home, 'voiceagent/keys', key), `${JWT_SECRET}\n`);
  }
  return home;
}

/** A worker process on core 0, or on `cores`; env: settings beside those that all have. */
export function startWorker({ root, dir }, { store, database, threads, log, cores = '0', env = {} }) {
  const config = join(dir, 'worker.conf');
  writeFileSync(config, '; the environment says everything\n');
  return start(cores, join(root, 'build/voiceagent-worker'), ['-c', config, 'run'], { log, env: {
    REDIS_URL: `unix:${store.socket}`, APP_DATABASE_URL: database.url('va_app'), LOG_LEVEL: 'warn',
    VA_WORKERS: '1', VA_THREADS: String(threads), VA_MESSAGES_DIR: join(root, 'conf/messages'),
    JWT_SECRET: 'j'.repeat(32), VA_INTERNAL_SECRET: 'i'.repeat(32),
    ENCRYPTION_KEY: `k1:${Buffer.alloc(32).toString('base64')}`, VA_PUBLIC_URL: ORIGIN, ...env } });
}

/** The text of a statement of our worker's. */
export function statement({ root }, name) {
  return execFileSync(join(root, 'build/bench/statement'), [name]).toString();
}
