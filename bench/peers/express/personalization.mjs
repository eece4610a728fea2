// The same question as most teams would answer it: Express, a pg pool, one transaction
// in which row level security holds. BENCH_PREPARED=1 gives the long statement a name.
import { timingSafeEqual } from 'node:crypto';
import { readFileSync } from 'node:fs';
import express from 'express';
import pg from 'pg';

const pool = new pg.Pool({ connectionString: process.env.BENCH_DATABASE, max: Number(process.env.BENCH_POOL) });
const secret = Buffer.from(`Bearer ${process.env.BENCH_SECRET}`);
const text = readFileSync(process.env.BENCH_SQL, 'utf8');
const name = process.env.BENCH_PREPARED === '1' ? 'personalization' : undefined;
const TENANT = "SELECT set_config('app.current_organization_id', coalesce(organization_by('number', $1)::text, ''), true),"
  + " set_config('statement_timeout', $2, true)";

async function facts(called, caller) {
  const client = await pool.connect();
  try {
    await client.query('BEGIN');
    await client.query(TENANT, [called, '5000']);
    const { rows } = await client.query({ name, text, values: [caller, null] });
    await client.query('COMMIT');
    return rows[0];
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
app.post('/api/webhooks/elevenlabs/conversation-initiation', express.json(), async (req, res) => {
  if (!authorized(req)) {
    res.status(403).end();
    return;
  }
  const row = await facts(req.body.called_number, req.body.caller_id);
  res.json({
    type: 'conversation_initiation_client_data',
    dynamic_variables: Object.fromEntries(Object.entries(row).map(
      ([key, value]) => [key, value !== null && typeof value === 'object' ? JSON.stringify(value) : value ?? ''])),
  });
});

app.listen(Number(process.env.PORT), '127.0.0.1');
