// A hundred thousand reminders fall due at once, while agents ask in calls: how late their
// answers are while the bulk queue is full, beside how late they are alone. Twilio is a server
// that takes every text. With BENCH_REMINDERS_ALL=1 it is waited for the last one, and each text
// must have been sent once.
import { join } from 'node:path';
import { redis } from '../lib/redis.mjs';
import { postgres } from '../lib/postgres.mjs';
import { start, stop, listening } from '../lib/process.mjs';
import { voiceagent, startWorker } from '../lib/voiceagent.mjs';
import { wrk } from '../lib/wrk.mjs';
import { DATABASE_PORT, POOL } from '../lib/answers.mjs';
import { table, rate, worst } from '../lib/report.mjs';
import { expectAnswer, writeCalls } from './tools.mjs';
import { setTimeout as sleep } from 'node:timers/promises';

const PORT = 28320;
const CARRIER_PORT = 28321;
const REMINDERS = Number(process.env.BENCH_REMINDERS ?? 100000);
const ALL = process.env.BENCH_REMINDERS_ALL === '1';
const CALLERS = 4; // who wait at once
const FULL = 1000; // texts that wait on the bulk queue
const TOOL = 'check_inventory';
const ROUNDS_MS = 40000; // within which the scheduler looks for what is due
const STALL_MS = ROUNDS_MS; // without a text more: it has come to an end, or to a halt

/** Each of a customer and a place of its own; all in the hour in which the last reminder is due. */
const FALL_DUE = `
  SET search_path = voiceagent, public;
  INSERT INTO appointments (organization_id, customer_phone, resource, starts_at, ends_at)
  SELECT o.id, '+1905' || lpad(n::text, 7, '0'), 'stand-' || n, now() + interval '50 minutes',
         now() + interval '110 minutes'
    FROM generate_series(1, ${REMINDERS}) n
    JOIN organizations o ON o.elevenlabs_agent_id = 'agent_' || 1 + n % 16;
  UPDATE agent_configs SET sms_reminders = true, quiet_from = '00:00', quiet_until = '00:00';
  ANALYZE appointments`;

const waiting = (store) => Number(store.command('LLEN', 'va:{bulk}:in'))
  + Number(store.command('EVAL', "local n = 0; for _, k in ipairs(redis.call('KEYS', 'va:{bulk}:ready:*')) do "
    + "n = n + redis.call('LLEN', k) end; return n", '0'));

async function until(what, test, ms) {
  for (const end = Date.now() + ms; !test(); await sleep(200)) {
    if (Date.now() > end) throw new Error(`in ${ms} ms not: ${what}`);
  }
}

const dealtWith = (database) => Number(database.ask(
  'SELECT count(*) FROM voiceagent.appointments WHERE reminded_1h_at IS NOT NULL'));
const sent = (database) => Number(database.ask(
  "SELECT count(*) FROM voiceagent.messages WHERE provider_message_id IS NOT NULL AND channel = 'sms'"));

/** One row of the table, with what the bulk queue got done meanwhile. */
async function measured(name, context, load, { database, store }) {
  const before = { sent: sent(database), dealt: dealtWith(database), at: performance.now() };
  const result = await wrk(load);
  const seconds = (performance.now() - before.at) / 1000;
  return { name, ...result, waits: waiting(store), texts: (sent(database) - before.sent) / seconds,
    dealt: (dealtWith(database) - before.dealt) / seconds };
}

const row = (r) => ({ 'realtime': r.name, rate: rate(r.rate), p50: `${r.p50.toFixed(2)} ms`,
  p99: `${r.p99.toFixed(2)} ms`, refused: r.refused, 'bulk jobs that wait': r.waits,
  'reminders dealt with': rate(r.dealt), 'texts sent': rate(r.texts) });

/** Until nothing moves any more; how many numbers had how many texts. */
async function toTheLast(database) {
  const begun = performance.now();
  for (let n = -1, moved = begun; n < REMINDERS && performance.now() - moved < STALL_MS; await sleep(1000)) {
    const before = n;
    n = sent(database);
    if (n !== before) moved = performance.now();
  }
  const seconds = (performance.now() - begun) / 1000;
  const texts = await (await fetch(`http://127.0.0.1:${CARRIER_PORT}/_bench/texts`)).json();
  return { seconds, texts, dealt: dealtWith(database) };
}

function judgeAll({ seconds, texts, dealt }, { sent: first }) {
  table('To the last reminder', [{ reminders: REMINDERS, 'dealt with': dealt, 'numbers texted': texts.numbers,
    'texts sent': texts.sent, 'after the measurement': `${seconds.toFixed(0)} s`,
    rate: rate((texts.sent - first) / seconds) }]);
  if (dealt !== REMINDERS || texts.numbers !== REMINDERS || texts.sent !== REMINDERS) {
    throw new Error('not every reminder was sent once');
  }
}

export async function reminders(context) {
  const { dir, root } = context;
  const requests = join(dir, 'calls');
  writeCalls(requests, TOOL);
  const database = await postgres({ dir, root, port: DATABASE_PORT, cores: '0,1' });
  const store = await redis({ dir, name: 'redis-reminders' });
  const carrier = start('1', context.node, [join(root, 'bench/load/carrier.mjs')],
    { log: join(dir, 'carrier.log'), env: { PORT: String(CARRIER_PORT) } });
  await listening(CARRIER_PORT);
  const worker = startWorker(context, { store, database, threads: POOL, cores: '0,1', log: join(dir, 'reminders.log'),
    env: { TWILIO_BASE_URL: `http://127.0.0.1:${CARRIER_PORT}`, TWILIO_ACCOUNT_SID: `AC${'0'.repeat(32)}`,
      TWILIO_AUTH_TOKEN: 'bench' } });
  const server = await voiceagent(context, { name: 'reminders', store, port: PORT });
  await expectAnswer(TOOL, PORT);
  const load = { core: '1', url: `http://127.0.0.1:${PORT}/`, script: join(root, 'bench/load/replay.lua'),
    connections: CALLERS, seconds: context.seconds, args: [requests] };
  await wrk({ ...load, seconds: 1 });
  const alone = await measured('alone', context, load, { database, store });
  database.ask(FALL_DUE);
  await until('a full bulk queue', () => waiting(store) >= FULL, 3 * ROUNDS_MS);
  const full = await measured('while bulk is full', context, load, { database, store });
  const first = { sent: sent(database) };
  const all = ALL ? await toTheLast(database) : undefined;
  await Promise.all([server.stop(), stop(worker), stop(carrier)]);
  await store.stop();
  await database.stop();
  table(`${REMINDERS.toLocaleString('en')} reminders due, ${CALLERS} callers who wait for ${TOOL}`, [alone, full].map(row));
  worst("realtime's p99 while bulk is full to its p99 alone", full.p99 / alone.p99, 1.5);
  if (ALL) judgeAll(all, first);
}
