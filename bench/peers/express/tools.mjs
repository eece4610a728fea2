// An agent's tools as most teams would write them: Express, a pg pool, one transaction in which
// row level security holds, with the statements our worker asks. BENCH_PREPARED=1 names them.
import { timingSafeEqual } from 'node:crypto';
import { readFileSync } from 'node:fs';
import express from 'express';
import pg from 'pg';

const pool = new pg.Pool({ connectionString: process.env.BENCH_DATABASE, max: Number(process.env.BENCH_POOL) });
const secret = Buffer.from(`Bearer ${process.env.BENCH_SECRET}`);
const statements = JSON.parse(readFileSync(process.env.BENCH_SQL, 'utf8'));
const prepares = process.env.BENCH_PREPARED === '1';
const TENANT = "SELECT set_config('app.current_organization_id', coalesce(organization_by('agent', $1)::text, ''), true),"
  + " set_config('statement_timeout', $2, true)";

async function ask(client, name, ...values) {
  const { rows } = await client.query({ name: prepares ? name : undefined, text: statements[name], values });
  return rows;
}

async function stock(client, { product_id: product }) {
  await ask(client, 'shop_products_due', product); // the rows would be asked for there when they are old
  const rows = await ask(client, 'products_find', product, null, '20');
  const total = rows.reduce((sum, row) => sum + Math.max(row.available, 0), 0);
  return { product_title: rows[0]?.title, inventory: rows, total_available: total,
    message: total > 0 ? `Yes, we have ${rows[0].title} in stock.` : 'It is not in stock.' };
}

async function slots(client, { service_type: type }) {
  await ask(client, 'calendars_to_ask', null, null, '7');
  const [service] = await ask(client, 'service', type);
  const rows = await ask(client, 'slots', type, null, null, '7', '20', null, null, null, null);
  return { available_slots: rows, total_slots: Number(rows[0]?.total ?? 0), duration_minutes: service.minutes,
    message: `The next free times: ${rows.slice(0, 3).map((row) => row.starts).join(', ')}` };
}

const tools = { check_inventory: stock, check_availability: slots };

async function run(tool, agent, args) {
  const client = await pool.connect();
  try {
    await client.query('BEGIN');
    await client.query(TENANT, [agent, '5000']);
    await ask(client, 'call_caller', null, null);
    const answer = await tool(client, args);
    await client.query('COMMIT');
    return answer;
  } catch (error) {
    await client.query('ROLLBACK');
    throw error;
  } finally {
    client.release();
  }
}

function authorized(req) {
  const given = Buffer.from(req.get('authorization') ?? '');
  return given.length === secret.length && timingSafeEqual(given, secret);
}

const app = express();
app.post('/api/elevenlabs/tools/:tool', express.json(), async (req, res) => {
  if (!authorized(req)) {
    res.status(403).end();
    return;
  }
  res.json({ success: true, ...await run(tools[req.params.tool], req.get('x-va-agent'), req.body) });
});

app.listen(Number(process.env.PORT), '127.0.0.1');
