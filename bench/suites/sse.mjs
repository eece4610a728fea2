// Live events to ten thousand clients of one nginx worker, beside nchan: memory a
// client, and how late the last of a burst of deliveries is.
import { spawn } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { request } from 'node:http';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { nginx } from '../lib/nginx.mjs';
import { redis } from '../lib/redis.mjs';
import { voiceagent, shipped, token } from '../lib/voiceagent.mjs';
import { quickWorker } from '../lib/quick_worker.mjs';
import { pss } from '../lib/process.mjs';
import { table, ratio, atMost } from '../lib/report.mjs';

const CLIENTS = 10000;
const EVENTS = 50;
const PORT = 28200;

/** Connects all clients, lets `publish(data)` send the events, answers the clients' figures. */
async function deliver(context, server, requestText, publish) {
  const file = join(context.dir, 'sse-request');
  writeFileSync(file, requestText);
  const empty = pss(server.pid);
  const clients = spawn('taskset', ['-c', '1', join(context.root, 'build/bench/sse_clients'),
    String(PORT), String(CLIENTS), file, String(EVENTS)], { stdio: ['ignore', 'pipe', 'inherit'] });
  const lines = createInterface({ input: clients.stdout });
  const [first] = await once(lines, 'line');
  if (first !== 'connected') throw new Error(`the clients did not connect: ${first}`);
  await sleep(1000);
  const full = pss(server.pid);
  const result = once(lines, 'line');
  for (let n = 0; n < EVENTS; n += 1) {
    await publish(JSON.stringify({ at: Number(process.hrtime.bigint()), n, text: 'x'.repeat(120) }));
    await sleep(400);
  }
  return { ...JSON.parse((await result)[0]), memory: (full - empty) / CLIENTS };
}

function post(body) {
  return new Promise((done, failed) => {
    const req = request({ port: PORT, path: '/publish', method: 'POST' }, (res) => res.resume().on('end', done));
    req.on('error', failed).end(body);
  });
}

/** `of`: what voiceagent() is to run, and where the streams are. */
async function ours(context, { candidate, path, of }) {
  const store = await redis({ dir: context.dir, name: 'redis-sse' });
  const server = await voiceagent(context, { store, port: PORT, ...of(store) });
  const worker = quickWorker(store.socket, () => ({}));
  const sha = store.load(join(context.root, 'worker/scripts/publish.lua'));
  let n = 0;
  const result = await deliver(context, server,
    `GET ${path} HTTP/1.1\r\nHost: bench\r\nAuthorization: Bearer ${token('bench')}\r\nAccept: text/event-stream\r\n\r\n`,
    (data) => store.command('EVALSHA', sha, '1', 'va:events:{bench}', String(n += 1), 'user_transcript', '', '', data));
  await server.stop();
  await worker.stop();
  await store.stop();
  return { candidate, ...result };
}

const alone = () => ({ name: 'sse', conf: 'events.conf' });

/** With the rest of conf/, where who opens a stream is judged by a worker, which tells first how things are. */
function asShipped(context, store) {
  const home = shipped(context, 'shipped', {
    'site.conf': ['unix:/run/redis/redis-server.sock', `unix:${store.socket}`],
    'locations/events.conf': ['voiceagent_streams 100', `voiceagent_streams ${CLIENTS}`],
  });
  const pools = readFileSync(join(context.root, 'conf/nginx.conf'), 'utf8').match(/^ *\w+_pool_size .*$/gm).join('\n');
  return { name: 'shipped', conf: 'shipped.conf', values: { HOME: home, CONF: join(context.root, 'conf'), POOLS: pools } };
}

async function nchan(context) {
  const server = await nginx({ dir: context.dir, name: 'nchan', modules: [context.modules.nchan],
    conf: join(context.root, 'bench/peers/nchan.conf'), values: {}, port: PORT });
  const result = await deliver(context, server,
    'GET /events HTTP/1.1\r\nHost: bench\r\nAccept: text/event-stream\r\n\r\n', post);
  await server.stop();
  return { candidate: 'nchan', ...result };
}

export async function sse(context) {
  const rows = [
    await ours(context, { candidate: 'voiceagent', path: '/events', of: alone }),
    await nchan(context),
    await ours(context, { candidate: 'voiceagent, conf/', path: '/api/stream/organization', of: (store) => asShipped(context, store) }),
  ];
  table(`${CLIENTS} event-stream clients, ${EVENTS} events`, rows.map((r) => ({
    candidate: r.candidate, 'memory/client': `${(r.memory / 1024).toFixed(1)} KB`, p50: `${r.p50} ms`, p99: `${r.p99} ms`,
    max: `${r.max} ms`, delivered: `${r.delivered} of ${r.expected}` })));
  atMost('memory a client in nginx', rows[0].memory / 1024, 'KB', 8);
  atMost('memory a client with all of conf/', rows[2].memory / 1024, 'KB', 8);
  ratio("nchan's p99 delivery to ours", rows[1].p99 / rows[0].p99, 1);
}
