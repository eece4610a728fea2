// A signed Twilio webhook: verified, deduplicated, pushed, acknowledged. Beside the
// same in Lua, in Express with BullMQ, and beside nginx that only reads the body.
import { join } from 'node:path';
import { readFileSync, writeFileSync, mkdirSync } from 'node:fs';
import { nginx } from '../lib/nginx.mjs';
import { redis } from '../lib/redis.mjs';
import { measure } from '../lib/measure.mjs';
import { start, stop, listening, tree } from '../lib/process.mjs';
import { writeRequests, TOKEN, ORIGIN, PATH } from '../lib/twilio.mjs';
import { voiceagent } from '../lib/voiceagent.mjs';
import { table, ratio, rate, us } from '../lib/report.mjs';

const CONNECTIONS = 64;
const PORT = 28100;
const WARM = 50000; // messages; those measured are others

/** A candidate beside a Redis of its own; every answered request must have pushed its job. */
async function withRedis(context, { name, fsync, list }, begin) {
  const store = await redis({ dir: context.dir, name: `redis-${name}`, fsync });
  const server = await begin(store);
  return {
    pids: () => ({ server: tree(server.pid), redis: [store.pid] }),
    result: ({ requests }) => {
      const jobs = Number(store.command('LLEN', list));
      if (jobs < requests) throw new Error(`${name}: ${requests} answers, but ${jobs} jobs`);
      return { jobs };
    },
    stop: async () => {
      await server.stop();
      await store.stop();
    },
  };
}

async function withoutRedis(context, name) {
  const { dir, root, modules } = context;
  const server = await nginx({ dir, name, modules: [modules.body], conf: join(root, 'bench/peers/body.conf'),
    values: {}, port: PORT });
  return { pids: () => ({ server: [server.pid] }), stop: server.stop };
}

function lua({ dir, root, modules }, name, store) {
  const home = join(dir, `${name}-lua`);
  const peers = join(home, 'bench/peers');
  mkdirSync(peers, { recursive: true });
  writeFileSync(join(peers, 'webhook.lua'), readFileSync(join(root, 'bench/peers/webhook.lua'), 'utf8')
    .replace('@REDIS@', store.socket)
    .replace('@SHA@', store.load(join(root, 'core/scripts/push.lua'))));
  return nginx({ dir, name, modules: [modules.ndk, modules.lua], conf: join(root, 'bench/peers/lua.conf'),
    values: { ROOT: home }, port: PORT });
}

async function express({ dir, root, node }, store) {
  const child = start('0', node, [join(root, 'bench/peers/express/webhook.mjs')], { log: join(dir, 'express.log'),
    env: { PORT: String(PORT), BENCH_REDIS: store.socket, BENCH_TOKEN: TOKEN, BENCH_URL: ORIGIN + PATH,
      NODE_ENV: 'production' } });
  await listening(PORT);
  return { pid: child.pid, stop: () => stop(child) };
}

/** Name to what begins a run of it. */
function candidates(context, fsync) {
  const ours = 'va:{default}:in';
  const name = (what, i) => `${what}-${fsync}-${i}`;
  const withoutQueue = {
    'nginx, return 200': (i) => withoutRedis(context, name('return', i)),
    'nginx, read body': (i) => withoutRedis(context, name('body', i)),
  };
  return {
    ...(fsync === 'everysec' ? withoutQueue : {}),
    voiceagent: (i) => withRedis(context, { name: name('voiceagent', i), fsync, list: ours },
      (store) => voiceagent(context, { name: name('voiceagent', i), store, port: PORT })),
    lua: (i) => withRedis(context, { name: name('lua', i), fsync, list: ours },
      (store) => lua(context, name('lua', i), store)),
    'express + bullmq': (i) => withRedis(context, { name: name('express', i), fsync, list: 'bull:sms:wait' },
      (store) => express(context, store)),
  };
}

function row(r) {
  return { candidate: r.name, rate: rate(r.rate), p50: `${r.p50.toFixed(2)} ms`, p99: `${r.p99.toFixed(2)} ms`,
    'cpu/request server': us(r.cpu.server), redis: r.cpu.redis ? us(r.cpu.redis) : '', load: us(r.cpu.load), refused: r.refused,
    jobs: r.jobs ?? '', runs: r.spread };
}

/** By answers a second; and by the server's time, which the load and Redis beside it do not blur. */
function compare(ours, peer, target) {
  ratio(`voiceagent to ${peer.name}, by rate`, ours.rate / peer.rate, target);
  ratio(`voiceagent to ${peer.name}, by the server's time a request`, peer.cpu.server / ours.cpu.server, target);
}

async function compared(context, fsync) {
  const rows = {};
  for (const [name, begin] of Object.entries(candidates(context, fsync))) {
    const returns = name === 'nginx, return 200';
    rows[name] = await measure(context, name, begin, {
      url: `http://127.0.0.1:${PORT}${returns ? '/return' : PATH}`,
      script: returns ? undefined : join(context.root, 'bench/load/replay.lua'),
      warm: context.warm, requests: context.requests, connections: CONNECTIONS });
  }
  table(`Signed Twilio webhook, ${CONNECTIONS} connections, Redis appendfsync ${fsync}, median of ${context.runs}`,
    Object.values(rows).map(row));
  return rows;
}

export async function webhook(context) {
  context.requests = join(context.dir, 'requests');
  context.warm = join(context.dir, 'warm');
  await writeRequests(context.warm, WARM);
  await writeRequests(context.requests, context.count, WARM + 1);
  for (const fsync of context.fsyncs) {
    const rows = await compared(context, fsync);
    const judged = fsync === 'everysec'; // the targets are those of this setting
    if (judged) compare(rows.voiceagent, rows['nginx, read body'], 0.4);
    compare(rows.voiceagent, rows.lua, judged ? 2 : undefined);
    compare(rows.voiceagent, rows['express + bullmq'], judged ? 12 : undefined);
  }
}
