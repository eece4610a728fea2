// The phone rings and ElevenLabs asks who calls: nginx, queue, worker and Postgres,
// beside Express and pg with the same statements, role, rows and number of connections.
import { join } from 'node:path';
import { writeFileSync } from 'node:fs';
import { postgres } from '../lib/postgres.mjs';
import { measure } from '../lib/measure.mjs';
import { CONNECTIONS, DATABASE_PORT, POOL, compare, express, ours, prepared, row } from '../lib/answers.mjs';
import { statement, TOOLS_SECRET } from '../lib/voiceagent.mjs';
import { table } from '../lib/report.mjs';

const PORT = 28300;
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
      requests += prepared(PATH, {}, JSON.stringify(question(shop, customer)));
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

export async function personalization(context) {
  const { dir, root } = context;
  const requests = join(dir, 'questions');
  const sql = join(dir, 'personalization.sql');
  writeQuestions(requests);
  writeFileSync(sql, statement(context, 'personalization'));
  const database = await postgres({ dir, root, port: DATABASE_PORT, cores: '0,1' });
  const candidate = { name: 'personalization', port: PORT, database, sql, check: expectAnswer };
  const load = { url: `http://127.0.0.1:${PORT}${PATH}`, script: join(root, 'bench/load/replay.lua'),
    warm: requests, requests, connections: CONNECTIONS };
  const rows = [];
  for (const fsync of context.fsyncs) {
    const name = fsync === 'everysec' ? 'voiceagent' : `voiceagent, appendfsync ${fsync}`;
    rows.push(await measure(context, name, ours(context, { ...candidate, fsync }), load));
  }
  const plain = await measure(context, 'express + pg', express(context, candidate), load);
  const named = await measure(context, 'express + pg, prepared', express(context, { ...candidate, named: true }), load);
  await database.stop();
  table(`Personalization, ${CONNECTIONS} connections, pool of ${POOL}, median of ${context.runs}`,
    [...rows, plain, named].map(row));
  compare(rows[0], plain, { rate: 4, p99: 1 });
  compare(rows[0], named, {});
}
