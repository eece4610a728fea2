// The phone rings and ElevenLabs asks who calls: nginx, queue, worker and Postgres,
// beside Express and pg with the same statements, role, rows and number of connections.
import { join } from 'node:path';
import { writeFileSync, readFileSync } from 'node:fs';
import { execFileSync } from 'node:child_process';
import { redis } from '../lib/redis.mjs';
import { postgres } from '../lib/postgres.mjs';
import { measure } from '../lib/measure.mjs';
import { start, stop, listening, tree } from '../lib/process.mjs';
import { voiceagent, TOOLS_SECRET } from '../lib/voiceagent.mjs';
import { ORIGIN } from '../lib/twilio.mjs';
import { table, ratio, rate, us } from '../lib/report.mjs';

const CONNECTIONS = 64;
const POOL = 8;
const PORT = 28300;
const DATABASE_PORT = 28301;
const PATH = '/api/webhooks/elevenlabs/conversation-initiation';
const SHOPS = 16;
const CUSTOMERS = 64; // of a shop; one more calls who is not known

const number = (area, n) => `+1${area}${String(n).padStart(7, '0')}`;

function question(shop, customer) {
  return { caller_id: number(778, shop * 1000 + customer), called_number: number(604, shop),
    agent_id: 'agent_bench', conversation_id: `conv_${shop}_${customer}` };
}

/** Every customer of every shop once, and one stranger a shop; neighbours call other shops. */
function writeQuestions(file) {
  let requests = '';
  for (let customer = 1; customer <= CUSTOMERS + 1; customer += 1) {
    for (let shop = 1; shop <= SHOPS; shop += 1) {
      const body = JSON.stringify(question(shop, customer));
      const request = `POST ${PATH} HTTP/1.1\r\nHost: voice.example.test\r\nAuthorization: Bearer ${TOOLS_SECRET}\r\n`
        + `Content-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
      requests += `${request.length}\n${request}`;
    }
  }
  writeFileSync(file, requests);
}

/** A candidate that does not know the customer would be fast for nothing. */
async function expectAnswer() {
  const answer = await fetch(`http://127.0.0.1:${PORT}${PATH}`, { method: 'POST',
    headers: { authorization: `Bearer ${TOOLS_SECRET}`, 'content-type': 'application/json' },
    body: JSON.stringify(question(3, 5)) });
  const text = await answer.text();
  if (answer.status !== 200 || JSON.parse(text).dynamic_variables.customer_name !== 'Buyer No 5') {
    throw new Error(`not the customer's facts: ${answer.status} ${text.slice(0, 300)}`);
  }
}

function startWorker({ root, dir }, store, database, log) {
  const config = join(dir, 'worker.conf');
  writeFileSync(config, '; the environment says everything\n');
  return start('0', join(root, 'build/voiceagent-worker'), ['-c', config, 'run'], { log, env: {
    REDIS_URL: `unix:${store.socket}`, APP_DATABASE_URL: database.url('va_app'), LOG_LEVEL: 'warn',
    VA_WORKERS: '1', VA_THREADS: String(POOL), VA_MESSAGES_DIR: join(root, 'conf/messages'),
    JWT_SECRET: 'j'.repeat(32), VA_INTERNAL_SECRET: 'i'.repeat(32),
    ENCRYPTION_KEY: `k1:${Buffer.alloc(32).toString('base64')}`, VA_PUBLIC_URL: ORIGIN } });
}

function ours(context, database, fsync) {
  return async (i) => {
    const name = `personalization-${fsync}-${i}`;
    const log = join(context.dir, `${name}.log`);
    const store = await redis({ dir: context.dir, name: `redis-${name}`, fsync });
    const worker = startWorker(context, store, database, log);
    const server = await voiceagent(context, { name, store, port: PORT });
    await expectAnswer();
    return {
      pids: () => ({ nginx: [server.pid], worker: tree(worker.pid), redis: [store.pid], postgres: database.pids() }),
      // Whatever fails, the caller gets an answer: the log tells how many were poor ones.
      result: () => ({ poor: readFileSync(log, 'utf8').split('without its context').length - 1 }),
      stop: async () => {
        await server.stop();
        await stop(worker);
        await store.stop();
      },
    };
  };
}

function express(context, database, sql, prepared) {
  return async () => {
    const child = start('0', context.node, [join(context.root, 'bench/peers/express/personalization.mjs')], {
      log: join(context.dir, 'express.log'), env: { PORT: String(PORT), BENCH_DATABASE: database.url('va_app'),
        BENCH_POOL: String(POOL), BENCH_SECRET: TOOLS_SECRET, BENCH_SQL: sql, BENCH_PREPARED: prepared ? '1' : '0',
        NODE_ENV: 'production' } });
    await listening(PORT);
    await expectAnswer();
    return { pids: () => ({ worker: tree(child.pid), postgres: database.pids() }), stop: () => stop(child) };
  };
}

function row(r) {
  const cpu = (name) => (r.cpu[name] === undefined ? '' : us(r.cpu[name]));
  return { candidate: r.name, rate: rate(r.rate), p50: `${r.p50.toFixed(2)} ms`, p99: `${r.p99.toFixed(2)} ms`,
    'cpu/request nginx': cpu('nginx'), 'worker or node': cpu('worker'), redis: cpu('redis'),
    postgres: cpu('postgres'), load: cpu('load'), refused: r.refused + (r.poor ?? 0), runs: r.spread };
}

const total = ({ cpu: { load, ...rest } }) => Object.values(rest).reduce((sum, seconds) => sum + seconds, 0);

function compare(ours, peer, targets) {
  ratio(`voiceagent to ${peer.name}, by rate`, ours.rate / peer.rate, targets.rate);
  ratio(`${peer.name}'s p99 to ours`, peer.p99 / ours.p99, targets.p99);
  ratio(`${peer.name}'s time of all processes a request to ours`, total(peer) / total(ours));
}

export async function personalization(context) {
  const { dir, root } = context;
  const requests = join(dir, 'questions');
  const sql = join(dir, 'personalization.sql');
  writeQuestions(requests);
  writeFileSync(sql, execFileSync(join(root, 'build/bench/personalization_sql')));
  const database = await postgres({ dir, root, port: DATABASE_PORT, cores: '0,1' });
  const load = { url: `http://127.0.0.1:${PORT}${PATH}`, script: join(root, 'bench/load/replay.lua'),
    warm: requests, requests, connections: CONNECTIONS };
  const rows = [];
  for (const fsync of context.fsyncs) {
    const name = fsync === 'everysec' ? 'voiceagent' : `voiceagent, appendfsync ${fsync}`;
    rows.push(await measure(context, name, ours(context, database, fsync), load));
  }
  const plain = await measure(context, 'express + pg', express(context, database, sql, false), load);
  const prepared = await measure(context, 'express + pg, prepared', express(context, database, sql, true), load);
  await database.stop();
  table(`Personalization, ${CONNECTIONS} connections, pool of ${POOL}, median of ${context.runs}`,
    [...rows, plain, prepared].map(row));
  compare(rows[0], plain, { rate: 4, p99: 1 });
  compare(rows[0], prepared, {});
}
