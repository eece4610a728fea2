// Live calls: the carrier's media streams on one side, an engine that says what it hears on the
// other, 50 frames a second each way. Our voice process beside a Node.js bridge, both behind the
// same nginx. Ours is all of it: the webhook of each call, its job, the stream's token, the
// claim, the briefing by a worker; the engine is load/engine.c, the telephones are load/callers.c.
import { execFileSync, spawn } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { once } from 'node:events';
import { join } from 'node:path';
import { POOL } from '../lib/answers.mjs';
import { collectGarbage } from '../lib/garbage.mjs';
import { nginx } from '../lib/nginx.mjs';
import { postgres } from '../lib/postgres.mjs';
import { cpu, listening, pss, start, stop, tree } from '../lib/process.mjs';
import { redis } from '../lib/redis.mjs';
import { atMost, table, us, worst } from '../lib/report.mjs';
import { ACCOUNT, ORIGIN, TOKEN, signature } from '../lib/twilio.mjs';
import { startWorker } from '../lib/voiceagent.mjs';

const PORT = 28330;
const BRIDGE_PORT = 28331;
const ENGINE_PORT = 28332;
const TLS_PORT = 28333;
const DATABASE_PORT = 28334;
const SHOPS = 16;
const RINGING = 8; // webhooks at once
const FRAMES = 50; // a second, of a call, in each direction
const LATE_MS = 20; // a p99 beyond a frame's length: the ramp's knee

const READY_FOR_CALLS = `UPDATE voiceagent.organizations SET engines = '{realtime,receptionist}', max_concurrent_calls = 1000`;

const callSid = (n) => `CA${n.toString(16).padStart(32, '0')}`;

// ------------------------------------------------------------------ the candidates

/** A phone rings; the stream that the answer names. */
async function ring(n) {
  const params = { CallSid: callSid(n), AccountSid: ACCOUNT, ApiVersion: '2010-04-01', CallStatus: 'ringing',
    Direction: 'inbound', From: `+1416555${String(n % 10000).padStart(4, '0')}`,
    To: `+1604${String(1 + n % SHOPS).padStart(7, '0')}` };
  const answer = await fetch(`http://127.0.0.1:${PORT}/api/voice/incoming`, { method: 'POST',
    headers: { 'x-twilio-signature': signature(`${ORIGIN}/api/voice/incoming`, params) },
    body: new URLSearchParams(params) });
  const twiml = await answer.text();
  const path = /<Stream[^>]* url="wss:\/\/[^/]+([^"]+)"/.exec(twiml)?.[1];
  const token = /name="token" value="([^"]+)"/.exec(twiml)?.[1];
  if (!path || !token) throw new Error(`no stream for a call: ${answer.status} ${twiml}`);
  return `${path} ${params.CallSid} ${token}\n`;
}

async function ringAll(calls) {
  const lines = [];
  let next = 0;
  await Promise.all(Array.from({ length: RINGING }, async () => {
    while (next < calls) lines.push(await ring(next++));
  }));
  return lines.join('');
}

const named = (pids, name) => pids.find((pid) => readFileSync(`/proc/${pid}/comm`, 'utf8').trim() === name);

function door(context, name, store) {
  const { dir, root, modules } = context;
  return nginx({ dir, name, modules: [modules.voiceagent], conf: join(root, 'bench/peers/voice.conf'),
    values: { ROOT: root, REDIS: store?.socket ?? '/nowhere', BRIDGE: BRIDGE_PORT }, port: PORT });
}

async function ours(context, name, database, engine) {
  const store = await redis({ dir: context.dir, name: `redis-${name}` });
  const sockets = join(context.dir, `${name}-sockets`);
  mkdirSync(sockets);
  const worker = startWorker(context, { store, database, threads: POOL, cores: '0,1', log: join(context.dir, `${name}.log`),
    env: { VA_VOICE_PROCESSES: '1', VA_VOICE_LISTEN: sockets, VA_VOICE_MAX_CALLS: '2000', VA_VOICE_DRAIN_MS: '0',
      VA_CA_FILE: engine.ca, OPENAI_API_KEY: 'bench', OPENAI_REALTIME_URL: engine.url } });
  const server = await door(context, name, store);
  await untilVoice(store);
  return {
    lines: ringAll,
    bridge: () => named(tree(worker.pid), 'voice'),
    all: () => [...tree(worker.pid), server.pid],
    stop: async () => {
      await server.stop();
      await stop(worker);
      await store.stop();
    },
  };
}

async function untilVoice(store) {
  for (let i = 0; store.command('ZCARD', 'va:voice:processes') === '0'; i += 1) {
    if (i > 100) throw new Error('no voice process');
    await new Promise((done) => setTimeout(done, 100));
  }
}

async function peer(context, name, engine) {
  const store = await redis({ dir: context.dir, name: `redis-${name}` });
  const child = start('0,1', context.node, [join(context.root, 'bench/peers/media_bridge.mjs')], {
    log: join(context.dir, `${name}.log`), env: { PORT: String(BRIDGE_PORT), BENCH_ENGINE: engine.url,
      NODE_EXTRA_CA_CERTS: engine.ca, NODE_ENV: 'production' } });
  await listening(BRIDGE_PORT);
  const server = await door(context, name, store);
  return {
    lines: async (calls) => Array.from({ length: calls }, (_, n) => `/media-stream ${callSid(n)} none\n`).join(''),
    bridge: () => child.pid,
    all: () => [child.pid, server.pid],
    stop: async () => {
      await server.stop();
      await stop(child);
      await store.stop();
    },
  };
}

// ------------------------------------------------------------------ one measured run

const memory = (pids) => pids.reduce((sum, pid) => sum + pss(pid), 0);

async function call(context, candidate, calls) {
  const file = join(context.dir, 'calls');
  writeFileSync(file, await candidate.lines(calls));
  collectGarbage();
  const generator = spawn('taskset', ['-c', '0,1', join(context.root, 'build/bench/callers'), String(PORT), file,
    String(context.seconds)], { stdio: ['ignore', 'pipe', 'inherit'] });
  const result = {};
  for await (const line of createInterface({ input: generator.stdout })) {
    if (line === 'measuring') result.before = cpu(candidate.bridge());
    else if (line === 'measured') Object.assign(result, { after: cpu(candidate.bridge()), bridge: pss(candidate.bridge()),
      all: memory(candidate.all()) });
    else Object.assign(result, JSON.parse(line));
  }
  if (generator.exitCode === null && generator.signalCode === null) await once(generator, 'exit');
  if (result.sent === undefined) throw new Error(`the telephones failed: ${generator.exitCode ?? generator.signalCode}`);
  return result;
}

async function measured(context, name, calls, begin) {
  const candidate = await begin(`${name.replaceAll(/\W+/g, '-')}-${calls}`);
  try {
    const r = await call(context, candidate, calls);
    const each = (what) => (r.after[what] - r.before[what]) / calls / context.seconds;
    const figures = { ...r, name, calls, user: each('user'), system: each('system') };
    console.log(JSON.stringify(row(figures)));
    return figures;
  } finally {
    await candidate.stop();
  }
}

// ------------------------------------------------------------------ the report

const KB = 1024;
const aCall = (few, many, what) => (many[what] - few[what]) / (many.calls - few.calls) / KB;

const row = (r) => ({ calls: r.calls, bridge: r.name, frames: r.sent, lost: r.lost, 'calls ended': r.broken, p50: `${r.p50.toFixed(2)} ms`,
  p99: `${r.p99.toFixed(2)} ms`, 'generator late, p99': `${r.late99.toFixed(2)} ms`, user: us(r.user / FRAMES),
  system: us(r.system / FRAMES), 'of a core': `${((r.user + r.system) * r.calls * 100).toFixed(0)} %`,
  memory: `${(r.bridge / KB / KB).toFixed(1)} MB` });

function compareCpu(our, node, what) {
  const total = (r) => r.user + r.system;
  worst(`${what}: time of our voice process a call to Node.js'`, total(our) / total(node), what === 'TLS' ? 1 : 0.5);
  if (what !== 'TLS') worst(`${what}: user time`, our.user / node.user, 0.2);
}

function compare(our, node) {
  const what = `${our.calls} calls`;
  atMost(`${what}: calls of ours that ended`, our.broken, 'calls', 0);
  if (our.broken || node.broken) return; // what is left says nothing
  atMost(`${what}: frames lost`, our.lost, 'frames', 0);
  atMost(`${what}: p99 beyond Node.js'`, our.p99 - node.p99, 'ms', 0.5);
  if (our.calls === 300) atMost(`${what}: p99`, our.p99, 'ms', 3);
  compareCpu(our, node, what);
}

/** Few and many calls: what one costs. */
function compareMemory(runs) {
  const [few, many] = [50, 300].map((calls) => runs.find((r) => r.calls === calls && r.broken === 0));
  if (!few || !many) return;
  atMost('memory of a call in the voice process', aCall(few, many, 'bridge'), 'KB', 48);
  atMost('memory of a call in all processes', aCall(few, many, 'all'), 'KB', 64);
}

function knee(name, runs) {
  const held = (r) => r.broken === 0 && r.lost === 0 && r.p99 <= LATE_MS;
  const holds = runs.filter(held).map((r) => r.calls);
  const not = runs.filter((r) => !held(r)).map((r) => r.calls);
  console.log(`knee   ${name}: ${holds.length ? Math.max(...holds) : 0} calls without a lost frame, p99 within ${LATE_MS} ms`
    + `${not.length ? `; not ${Math.min(...not)}` : '; the ramp ends there'}`);
}

// ------------------------------------------------------------------ the suite

/** For an address of this machine, as an engine's is for the outside. */
function makeCertificate(dir) {
  execFileSync('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes',
    '-keyout', join(dir, 'engine.pem'), '-out', join(dir, 'engine.crt'), '-days', '2', '-subj', '/CN=localhost',
    '-addext', 'subjectAltName=DNS:localhost'], { stdio: 'ignore' });
}

async function both(context, database, engine, calls) {
  return {
    our: await measured(context, 'voiceagent', calls, (name) => ours(context, `${engine.name}-${name}`, database, engine)),
    node: await measured(context, 'Node.js ws', calls, (name) => peer(context, `${engine.name}-${name}`, engine)),
  };
}

async function withTls(context, database, calls) {
  const { dir, root } = context;
  const front = await nginx({ dir, name: 'engine-tls', modules: [], conf: join(root, 'bench/peers/engine_tls.conf'),
    values: { ENGINE: ENGINE_PORT }, port: TLS_PORT });
  const engine = { name: 'tls', url: `wss://localhost:${TLS_PORT}/v1/realtime`, ca: join(dir, 'engine.crt') };
  const { our, node } = await both(context, database, engine, calls);
  await front.stop();
  table(`${calls} calls, TLS towards the engine`, [row(our), row(node)]);
  compareCpu(our, node, 'TLS');
}

export async function voice(context) {
  const { dir, root } = context;
  const levels = (process.env.BENCH_CALLS ?? '50 150 300 500').split(/\s+/).map(Number);
  writeFileSync(join(dir, 'twilio.key'), `${ACCOUNT} ${TOKEN}\n`);
  writeFileSync(join(dir, 'internal.key'), `${'i'.repeat(32)}\n`);
  makeCertificate(dir);
  const database = await postgres({ dir, root, port: DATABASE_PORT, cores: '0,1' });
  database.ask(READY_FOR_CALLS);
  start('0,1', join(root, 'build/bench/engine'), [String(ENGINE_PORT)], { log: join(dir, 'engine.log') });
  await listening(ENGINE_PORT);
  const engine = { name: 'plain', url: `ws://127.0.0.1:${ENGINE_PORT}/v1/realtime`, ca: join(dir, 'engine.crt') };
  const runs = [];
  for (const calls of levels) runs.push(await both(context, database, engine, calls));
  table(`live calls, ${FRAMES} frames a second each way, ${context.seconds} s; time of the bridge a frame each way`,
    runs.flatMap(({ our, node }) => [row(our), row(node)]));
  runs.forEach(({ our, node }) => compare(our, node));
  compareMemory(runs.map(({ our }) => our));
  knee('voiceagent', runs.map(({ our }) => our));
  knee('Node.js ws', runs.map(({ node }) => node));
  if (process.env.BENCH_TLS !== '0') await withTls(context, database, levels.includes(300) ? 300 : levels[0]);
  await database.stop();
}
