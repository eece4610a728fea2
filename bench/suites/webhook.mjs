// A signed Twilio webhook: verified, deduplicated, pushed, acknowledged. Beside the
// same in Lua, in Express with BullMQ, and beside nginx that only reads the body.
import { join } from 'node:path';
import { readFileSync, writeFileSync, mkdirSync } from 'node:fs';
import { nginx } from '../lib/nginx.mjs';
import { redis } from '../lib/redis.mjs';
import { wrk } from '../lib/wrk.mjs';
import { start, stop, cpuOf, listening, tree } from '../lib/process.mjs';
import { writeRequests, TOKEN, ORIGIN, PATH } from '../lib/twilio.mjs';
import { voiceagent } from '../lib/voiceagent.mjs';
import { table, ratio, rate, us } from '../lib/report.mjs';

const CONNECTIONS = 64;
const PORT = 28100;

/** Runs a candidate `runs` times, each on its own Redis and its own requests; the median counts. */
async function measure(context, { name, fsync, url, script, begin, noRedis }) {
  const results = [];
  for (let i = 0; i < context.runs; i += 1) {
    const store = noRedis ? null : await redis({ dir: context.dir, name: `redis-${name}-${fsync}-${i}`, fsync });
    const candidate = await begin(store, i);
    const pids = { server: tree(candidate.pid), redis: store ? [store.pid] : [] };
    await wrk({ core: '1', url, connections: 8, seconds: 1, script, args: [context.warm] });
    const before = Object.fromEntries(Object.entries(pids).map(([key, list]) => [key, cpuOf(list)]));
    const result = await wrk({
      core: '1', url, connections: CONNECTIONS, seconds: context.seconds, script, args: [context.requests],
    });
    for (const [key, list] of Object.entries(pids)) {
      const after = cpuOf(list);
      result[key] = (after.user + after.system - before[key].user - before[key].system) / result.requests;
    }
    result.jobs = candidate.jobs ? candidate.jobs() : null;
    await candidate.stop();
    if (store) await store.stop();
    results.push(result);
  }
  results.sort((a, b) => a.rate - b.rate);
  const middle = results[Math.floor(results.length / 2)];
  return { name, ...middle, spread: `${rate(results[0].rate)} .. ${rate(results.at(-1).rate)}` };
}

function candidates(context) {
  const { modules, root, dir, node } = context;
  const file = (name) => join(root, 'bench/peers', name);
  const url = `http://127.0.0.1:${PORT}${PATH}`;
  const script = join(root, 'bench/load/replay.lua');
  const jobs = (store) => () => Number(store.command('LLEN', 'va:{default}:in'));
  return {
    'return 200': { noRedis: true, url: `http://127.0.0.1:${PORT}/return`, begin: () => nginx({
      dir, name: 'return', modules: [modules.body], conf: file('body.conf'), values: {}, port: PORT }) },
    'read body': { noRedis: true, url, script, begin: () => nginx({
      dir, name: 'body', modules: [modules.body], conf: file('body.conf'), values: {}, port: PORT }) },
    voiceagent: { url, script, begin: async (store, i) => (
      { ...await voiceagent(context, { name: `voiceagent-${i}`, store, port: PORT }), jobs: jobs(store) }) },
    lua: { url, script, begin: async (store, i) => {
      const sha = store.load(join(root, 'core/scripts/push.lua'));
      const peers = join(dir, `lua-${i}`, 'bench/peers');
      mkdirSync(peers, { recursive: true });
      writeFileSync(join(peers, 'webhook.lua'), readFileSync(file('webhook.lua'), 'utf8')
        .replace('@REDIS@', store.socket).replace('@SHA@', sha));
      return { ...await nginx({ dir, name: `lua-nginx-${i}`, modules: [modules.ndk, modules.lua],
        conf: file('lua.conf'), values: { ROOT: join(dir, `lua-${i}`) }, port: PORT }), jobs: jobs(store) };
    } },
    'express + bullmq': { url, script, begin: async (store) => {
      const child = start('0', node, [file('express/webhook.mjs')], { log: join(dir, 'express.log'),
        env: { PORT: String(PORT), BENCH_REDIS: store.socket, BENCH_TOKEN: TOKEN, BENCH_URL: ORIGIN + PATH,
          NODE_ENV: 'production' } });
      await listening(PORT);
      return { pid: child.pid, stop: () => stop(child),
        jobs: () => Number(store.command('LLEN', 'bull:sms:wait')) };
    } },
  };
}

export async function webhook(context) {
  context.requests = join(context.dir, 'requests');
  context.warm = join(context.dir, 'warm');
  await writeRequests(context.warm, 2000);
  // The measured ones are others than those the warm-up has sent.
  await writeRequests(context.requests, context.count, 2001);
  for (const fsync of context.fsyncs) {
    const rows = {};
    for (const [name, candidate] of Object.entries(candidates(context))) {
      if (fsync !== 'everysec' && !['voiceagent', 'lua', 'express + bullmq'].includes(name)) continue;
      rows[name] = await measure(context, { name, fsync, ...candidate });
    }
    table(`Signed Twilio webhook, ${CONNECTIONS} connections, Redis appendfsync ${fsync}, median of ${context.runs}`,
      Object.values(rows).map((r) => ({
        candidate: r.name, rate: rate(r.rate), p50: `${r.p50.toFixed(2)} ms`, p99: `${r.p99.toFixed(2)} ms`,
        'cpu/request server': us(r.server), 'cpu/request redis': r.redis ? us(r.redis) : '', refused: r.refused,
        jobs: r.jobs ?? '', runs: r.spread })));
    if (rows['read body']) ratio('voiceagent to nginx that reads the body', rows.voiceagent.rate / rows['read body'].rate, 0.4);
    ratio('voiceagent to lua', rows.voiceagent.rate / rows.lua.rate, fsync === 'everysec' ? 2 : undefined);
    ratio('voiceagent to express + bullmq', rows.voiceagent.rate / rows['express + bullmq'].rate, fsync === 'everysec' ? 12 : undefined);
  }
}
