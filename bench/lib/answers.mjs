// What suites share in which somebody waits for an answer out of Postgres: our candidate and
// Express beside it, with the same rows, role and number of connections.
import { join } from 'node:path';
import { readFileSync } from 'node:fs';
import { redis } from './redis.mjs';
import { start, stop, listening, tree } from './process.mjs';
import { voiceagent, startWorker, TOOLS_SECRET } from './voiceagent.mjs';
import { rate, ratio, us } from './report.mjs';

export const CONNECTIONS = 64;
export const POOL = 8;
export const DATABASE_PORT = 28301;

/** A request as wrk's script reads it. */
export function prepared(path, headers, body) {
  const lines = Object.entries({ host: 'voice.example.test', authorization: `Bearer ${TOOLS_SECRET}`,
    'content-type': 'application/json', 'content-length': body.length, ...headers }).map(([k, v]) => `${k}: ${v}\r\n`);
  const request = `POST ${path} HTTP/1.1\r\n${lines.join('')}\r\n${body}`;
  return `${request.length}\n${request}`;
}

/** check() throws when the candidate does not answer as it should. */
export function ours(context, { name, port, database, fsync, check }) {
  return async (i) => {
    const run = `${name}-${fsync}-${i}`;
    const log = join(context.dir, `${run}.log`);
    const store = await redis({ dir: context.dir, name: `redis-${run}`, fsync });
    const worker = startWorker(context, { store, database, threads: POOL, log });
    const server = await voiceagent(context, { name: run, store, port });
    await check();
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

/** name: of its file in peers/express/, which is given the statements' file. */
export function express(context, { name, port, database, sql, named, check }) {
  return async () => {
    const child = start('0', context.node, [join(context.root, `bench/peers/express/${name}.mjs`)], {
      log: join(context.dir, 'express.log'), env: { PORT: String(port), BENCH_DATABASE: database.url('va_app'),
        BENCH_POOL: String(POOL), BENCH_SECRET: TOOLS_SECRET, BENCH_SQL: sql, BENCH_PREPARED: named ? '1' : '0',
        NODE_ENV: 'production' } });
    await listening(port);
    await check();
    return { pids: () => ({ worker: tree(child.pid), postgres: database.pids() }), stop: () => stop(child) };
  };
}

export function row(r) {
  const cpu = (name) => (r.cpu[name] === undefined ? '' : us(r.cpu[name]));
  return { candidate: r.name, rate: rate(r.rate), p50: `${r.p50.toFixed(2)} ms`, p99: `${r.p99.toFixed(2)} ms`,
    'cpu/request nginx': cpu('nginx'), 'worker or node': cpu('worker'), redis: cpu('redis'),
    postgres: cpu('postgres'), load: cpu('load'), refused: r.refused + (r.poor ?? 0), runs: r.spread };
}

const total = ({ cpu: { load, ...rest } }) => Object.values(rest).reduce((sum, seconds) => sum + seconds, 0);

export function compare(our, peer, targets) {
  ratio(`${our.name} to ${peer.name}, by rate`, our.rate / peer.rate, targets.rate);
  ratio(`${peer.name}'s p99 to ours`, peer.p99 / our.p99, targets.p99);
  ratio(`${peer.name}'s time of all processes a request to ours`, total(peer) / total(our));
}
