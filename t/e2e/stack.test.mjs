// The private stack itself: what `make up` promises about it.
import assert from 'node:assert/strict';
import {readFileSync, statSync} from 'node:fs';
import {test} from 'node:test';

import {DOWNTOWN, login, UPTOWN} from './lib/account.mjs';
import {run} from './lib/command.mjs';
import {row} from './lib/database.mjs';
import {env, RUN_DIR} from './lib/env.mjs';
import {openEvents} from './lib/events.mjs';
import {call, request} from './lib/http.mjs';
import {redis} from './lib/redis.mjs';
import {sim} from './lib/sims.mjs';
import {waitFor} from './lib/wait.mjs';

const up = () => run(`${env.VA_ROOT}/t/stack/up.sh`, []);
const pid = (name) => Number(readFileSync(`${RUN_DIR}/pids/${name}.pid`, 'utf8').split('\n')[0]);

// contract.md, ".run/env"
const NAMES = [
  'VA_URL',
  'VA_HTTP_URL',
  'VA_CA_FILE',
  'VA_PUBLIC_URL',
  'REDIS_URL',
  'DATABASE_URL',
  'APP_DATABASE_URL',
  'JWT_SECRET',
  'ENCRYPTION_KEY',
  'TWILIO_ACCOUNT_SID',
  'TWILIO_AUTH_TOKEN',
  'ELEVENLABS_API_KEY',
  'ELEVENLABS_WEBHOOK_SECRET',
  'TOOLS_SECRET',
  'OPENAI_API_KEY',
  'DEEPGRAM_API_KEY',
  'SHOPIFY_WEBHOOK_SECRET',
  'SHOPIFY_ACCESS_TOKEN',
  'GOOGLE_CHANNEL_TOKEN',
  'HUBSPOT_ACCESS_TOKEN',
  'LIVEKIT_API_KEY',
  'LIVEKIT_API_SECRET',
  'METRICS_TOKEN',
  'TWILIO_BASE_URL',
  'ELEVENLABS_BASE_URL',
  'OPENAI_BASE_URL',
  'OPENAI_REALTIME_URL',
  'DEEPGRAM_BASE_URL',
  'SHOPIFY_BASE_URL',
  'GOOGLE_BASE_URL',
  'HUBSPOT_BASE_URL',
  'LIVEKIT_URL',
  'SMTP_URL',
  'HUBSPOT_CLIENT_SECRET',
  'OPENAI_WEBHOOK_SECRET',
  'GOOGLE_CLIENT_ID',
  'GOOGLE_CLIENT_SECRET',
  'ELEVENLABS_AGENT_ID',
  'ELEVENLABS_PHONE_NUMBER_ID',
  'OPENAI_REALTIME_MODEL',
  'OPENAI_EMBEDDING_MODEL',
  'SKIP_ELEVENLABS_PROVISIONING',
  'SKIP_TWILIO_PROVISIONING'
];

test('every name is there, for our reader and for a shell, and for nobody else', async () => {
  assert.deepEqual(NAMES.filter((name) => !env[name]), []);
  const shell = await run('bash', [
    '-c', `. "$1"; for n in ${NAMES.join(' ')}; do printf '%s\\0' "\${!n}"; done`, '-',
    `${RUN_DIR}/env`
  ]);
  assert.deepEqual(shell.split('\0').slice(0, -1), NAMES.map((name) => env[name]));
  assert.equal(statSync(`${RUN_DIR}/env`).mode & 0o077, 0);
});

test('the system is alive and ready, with TLS and without', async () => {
  for (const base of [env.VA_URL, env.VA_HTTP_URL]) {
    assert.equal((await request(`${base}/ready`)).status, 200);
    assert.equal((await request(`${base}/health`)).status, 200);
  }
});

test('the database has both shops, and Redis does not lose what it accepted', async () => {
  const {n} = await row(
      'select count(*)::int as n from organizations where slug in (\'bici-downtown\', \'bici-uptown\')');
  assert.equal(n, 2);
  const settings = await redis('CONFIG', 'GET', 'append*');
  assert.deepEqual([settings.appendonly, settings.appendfsync], ['yes', 'always']);
  assert.equal(
      (await redis('CONFIG', 'GET', 'maxmemory-policy'))['maxmemory-policy'], 'noeviction');
});

test('both owners log in, and hear their shop live', async () => {
  for (const owner of [DOWNTOWN, UPTOWN]) {
    const {token, user} = await login(owner);
    assert.equal(user.email, owner.email);
    const events = await openEvents('/api/stream/organization', token);
    events.close();
  }
  assert.equal(
      (await call('POST', '/api/auth/login', {body: {...DOWNTOWN, password: 'wrong'}})).status,
      401);
});

test('the simulated providers say who they are', async () => {
  for (const name of ['twilio', 'elevenlabs']) assert.equal((await sim(name).about()).name, name);
});

test('a second make up leaves everything running as it is', async () => {
  const names = ['postgres', 'redis', 'sim-twilio', 'sim-elevenlabs', 'worker', 'nginx'];
  const before = names.map(pid);
  await up();
  assert.deepEqual(names.map(pid), before);
});

test('what died is started again, the rest is not touched', async () => {
  const others = ['postgres', 'redis', 'worker'].map(pid);
  for (const name of ['nginx', 'sim-twilio']) {
    const old = pid(name);
    process.kill(old, 'SIGKILL');
    await up();
    assert.notEqual(pid(name), old);
  }
  assert.deepEqual(['postgres', 'redis', 'worker'].map(pid), others);
  await waitFor('/ready', async () => (await request(`${env.VA_URL}/ready`)).status === 200);
});
