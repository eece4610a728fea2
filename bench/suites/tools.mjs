// An agent asks while a customer waits: is it in stock (from the cache of the shop's products),
// when is there time. nginx, queue, worker and Postgres and back, beside Express and pg with
// the same statements, role, rows and number of connections.
import { join } from 'node:path';
import { writeFileSync } from 'node:fs';
import { postgres } from '../lib/postgres.mjs';
import { measure } from '../lib/measure.mjs';
import { CONNECTIONS, DATABASE_PORT, POOL, compare, express, ours, prepared, row } from '../lib/answers.mjs';
import { statement, TOOLS_SECRET } from '../lib/voiceagent.mjs';
import { table } from '../lib/report.mjs';

const PORT = 28310;
const SHOPS = 16;
const PRODUCTS = 500;
const STATEMENTS = ['call_caller', 'shop_products_due', 'products_find', 'calendars_to_ask', 'service', 'slots'];

const pathOf = (tool) => `/api/elevenlabs/tools/${tool}`;

/** What is asked of a tool, and when its answer is the right one. */
const TOOLS = {
  check_inventory: { args: (n) => ({ product_id: `SKU-${1 + n % PRODUCTS}` }),
    isRight: (answer) => answer.product_title === 'Product 2' && answer.total_available === 2 },
  check_availability: { args: () => ({ service_type: 'tune_up' }),
    isRight: (answer) => answer.available_slots.length === 20 && answer.total_slots >= 20 },
};

/** Products of all shops in turn. */
export function writeCalls(file, tool) {
  let requests = '';
  for (let n = 0; n < PRODUCTS; n += 1) {
    for (let shop = 1; shop <= SHOPS; shop += 1) {
      requests += prepared(pathOf(tool), { 'x-va-agent': `agent_${shop}` }, JSON.stringify(TOOLS[tool].args(n)));
    }
  }
  writeFileSync(file, requests);
}

export async function expectAnswer(tool, port) {
  const answer = await fetch(`http://127.0.0.1:${port}${pathOf(tool)}`, { method: 'POST',
    headers: { authorization: `Bearer ${TOOLS_SECRET}`, 'content-type': 'application/json', 'x-va-agent': 'agent_3' },
    body: JSON.stringify(TOOLS[tool].args(1)) });
  const text = await answer.text();
  if (answer.status !== 200 || !TOOLS[tool].isRight(JSON.parse(text))) {
    throw new Error(`not the answer of ${tool}: ${answer.status} ${text.slice(0, 300)}`);
  }
}

export async function tools(context) {
  const { dir, root } = context;
  const sql = join(dir, 'tools.json');
  writeFileSync(sql, JSON.stringify(Object.fromEntries(STATEMENTS.map((name) => [name, statement(context, name)]))));
  const database = await postgres({ dir, root, port: DATABASE_PORT, cores: '0,1' });
  for (const tool of Object.keys(TOOLS)) {
    const requests = join(dir, tool);
    writeCalls(requests, tool);
    const candidate = { name: 'tools', port: PORT, database, sql, fsync: 'everysec',
      check: () => expectAnswer(tool, PORT) };
    const load = { url: `http://127.0.0.1:${PORT}${pathOf(tool)}`, script: join(root, 'bench/load/replay.lua'),
      warm: requests, requests, connections: CONNECTIONS };
    const our = await measure(context, 'voiceagent', ours(context, { ...candidate, name: tool }), load);
    const plain = await measure(context, 'express + pg', express(context, candidate), load);
    const named = await measure(context, 'express + pg, prepared', express(context, { ...candidate, named: true }), load);
    table(`${tool}, ${CONNECTIONS} connections, pool of ${POOL}, median of ${context.runs}`, [our, plain, named].map(row));
    compare(our, plain, { rate: 3 });
    compare(our, named, {});
  }
  await database.stop();
}
