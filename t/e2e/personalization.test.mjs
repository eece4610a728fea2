// Who calls? The question before a hosted agent picks up: answered with 200 and every
// variable, whatever is broken behind it.
import assert from 'node:assert/strict';
import {randomBytes, randomInt} from 'node:crypto';
import {before, test} from 'node:test';

import {DOWNTOWN, JOHN, UPTOWN} from './lib/account.mjs';
import {cancelAppointments} from './lib/appointments.mjs';
import {row, rows} from './lib/database.mjs';
import {env} from './lib/env.mjs';
import {call} from './lib/http.mjs';
import {alive, childrenOf, jobProcesses, kill, pidOf, signal, startAgain, whileStopped} from './lib/processes.mjs';
import {deadJobs, drained} from './lib/queues.mjs';
import {VARIABLES} from './lib/variables.mjs';
import {waitFor} from './lib/wait.mjs';

const DOWNTOWN_ID = 'd0000000-0000-4000-8000-000000000001';
const PATHS = ['twilio-personalization', 'conversation-initiation'];
const NOT_OURS = '+14165550099';

const newSid = () => `CA${randomBytes(16).toString('hex')}`;
const newNumber = () => `+1438${randomInt(2000000, 9999999)}`;

// What the platform posts when the phone rings.
const ring = (caller, called, more = {}) => ({
  caller_id: caller,
  called_number: called,
  agent_id: called === UPTOWN.number ? 'agent_uptown' : 'agent_downtown',
  call_sid: newSid(),
  conversation_id: `conv_${randomBytes(12).toString('hex')}`,
  ...more,
});

// The variables of an answer that is as every answer must be.
function variablesOf(answer) {
  assert.equal(answer.status, 200, answer.text);
  assert.match(answer.headers['content-type'], /^application\/json/);
  assert.equal(answer.json?.type, 'conversation_initiation_client_data', answer.text);
  const variables = answer.json.dynamic_variables;
  assert.deepEqual(VARIABLES.filter((name) => variables[name] === undefined), []);
  for (const [name, value] of Object.entries(variables)) {
    assert.ok(['string', 'number', 'boolean'].includes(typeof value), `${name} is a scalar`);
  }
  return variables;
}

const post = (path, body, token = env.TOOLS_SECRET) =>
    call('POST', `/api/webhooks/elevenlabs/${path}`, {body, token});

const storedCall = (call_sid) => waitFor(
    `the row of call ${call_sid}`,
    () => row(
        `select c.organization_id, c.caller_number, c.elevenlabs_conversation_id, c.customer_id,
                c.dynamic_variables, k.phone_number
           from calls c left join customers k on k.id = c.customer_id
          where c.twilio_call_sid = :'call_sid'`,
        {call_sid}));

let dead;  // of other tests
before(async () => {
  await cancelAppointments(JOHN);
  dead = await deadJobs();
});

for (const path of PATHS) {
  test(`${path}: a known customer is known, with the order`, async () => {
    const asked = ring(JOHN, DOWNTOWN.number);
    const answer = await post(path, asked);
    const variables = variablesOf(answer);
    assert.equal(variables.customer_name, 'John Tremblay');
    assert.equal(variables.customer_phone, JOHN);
    assert.equal(variables.customer_tier, 'VIP');
    assert.equal(variables.store_name, 'Bici Downtown');
    assert.equal(variables.organization_id, DOWNTOWN_ID);
    assert.match(variables.recent_orders, /1042.*shipped.*1Z999AA10123456784/);
    assert.match(variables.store_greeting, /John.*1042/);
    assert.equal(
        answer.json.conversation_config_override.agent.first_message, variables.store_greeting);
    assert.equal(variables.error, '');
    const stored = await storedCall(asked.call_sid);
    assert.equal(stored.phone_number, JOHN);
    assert.equal(stored.elevenlabs_conversation_id, asked.conversation_id);
    assert.deepEqual(stored.dynamic_variables, variables);
  });

  test(`${path}: an unknown caller hears nobody else's name, and is a lead from now on`, async () => {
    const caller = newNumber();
    const asked = ring(caller, DOWNTOWN.number);
    const answer = await post(path, asked);
    const variables = variablesOf(answer);
    assert.equal(variables.customer_name, 'Valued Customer');
    assert.equal(variables.customer_phone, caller);
    assert.equal(variables.is_returning_customer, false);
    assert.doesNotMatch(answer.text, /John|Tremblay|1042/);
    assert.equal((await storedCall(asked.call_sid)).phone_number, caller);
    const {n} = await row(
        'select count(*)::int as n from customers where phone_number = :\'caller\'', {caller});
    assert.equal(n, 1);
  });

  test(`${path}: what else the platform says, however much, is no reason to answer less`, async () => {
    const answer = await post(path, ring(JOHN, DOWNTOWN.number, {more: 'x'.repeat(200 << 10)}));
    assert.equal(variablesOf(answer).customer_name, 'John Tremblay');
  });

  for (const withheld of ['anonymous', 'Restricted', '+266696687', '', undefined]) {
    test(`${path}: a withheld number (${withheld ?? 'absent'})`, async () => {
      const asked = ring(withheld, DOWNTOWN.number);
      const variables = variablesOf(await post(path, asked));
      assert.equal(variables.customer_name, 'Valued Customer');
      assert.equal(variables.customer_phone, '');
      assert.equal(variables.store_name, 'Bici Downtown');
      const stored = await storedCall(asked.call_sid);
      assert.equal(stored.caller_number, null);
      assert.ok(stored.customer_id, 'a lead without a number');
      assert.equal(stored.phone_number, null);
    });
  }

  test(`${path}: a number that is not ours is found by its agent`, async () => {
    const asked = ring(JOHN, NOT_OURS);
    assert.equal(variablesOf(await post(path, asked)).store_name, 'Bici Downtown');
  });

  test(`${path}: a number and an agent of nobody`, async () => {
    const asked = ring(JOHN, NOT_OURS, {agent_id: `agent_${newSid()}`});
    const answer = await post(path, asked);
    const variables = variablesOf(answer);
    assert.equal(variables.error, 'Organization not found');
    assert.equal(variables.store_name, 'Bici Bike Shop');
    assert.equal(variables.store_status, 'open');
    assert.doesNotMatch(answer.text, /Tremblay|1042|Downtown|Uptown/);
    await drained();
    const {n} = await row(
        'select count(*)::int as n from calls where twilio_call_sid = :\'sid\'',
        {sid: asked.call_sid});
    assert.equal(n, 0);
    const note = await row(
        'select kind from unrouted_events where key = :\'called\' order by id desc limit 1',
        {called: NOT_OURS});
    assert.equal(note.kind, 'number');
  });

  test(`${path}: a customer who speaks French is greeted in French`, async () => {
    const caller = newNumber();
    await rows(
        `insert into customers (organization_id, phone_number, first_name, last_name, preferred_language)
         values (:'shop', :'caller', 'Amélie', 'Gagnon', 'fr') returning id`,
        {shop: DOWNTOWN_ID, caller});
    const answer = await post(path, ring(caller, DOWNTOWN.number));
    const variables = variablesOf(answer);
    for (const name of ['language', 'preferred_language', 'customer_language'])
      assert.equal(variables[name], 'fr', name);
    assert.match(variables.store_greeting, /^Bon(?:jour|soir).*Amélie.*Bici Downtown/);
    assert.match(variables.store_status_text, /^(?:ouvert|fermé)$/);
    const {agent} = answer.json.conversation_config_override;
    assert.deepEqual([agent.language, agent.first_message], ['fr', variables.store_greeting]);
  });

  test(`${path}: without the secret nothing is told`, async () => {
    for (const token of [undefined, '', 'x', `${env.TOOLS_SECRET}x`]) {
      const answer = await post(path, ring(JOHN, DOWNTOWN.number), token ?? '');
      assert.equal(answer.status, 401);
      assert.doesNotMatch(answer.text, /John|dynamic_variables/);
    }
  });

  test(`${path}: a question that cannot be read is answered all the same`, async () => {
    for (const body of ['', '{', '[]', 'null', '{"caller_id":{"a":1},"called_number":7}']) {
      const variables = variablesOf(await post(path, body));
      assert.equal(variables.customer_name, 'Valued Customer', body);
    }
  });
}

/*
 * What nginx or a worker says of itself when nothing is known: every variable with the
 * documents' default texts, and nothing of anybody.
 */
function isFallback(answer) {
  const variables = variablesOf(answer);
  assert.equal(variables.customer_name, 'Valued Customer');
  assert.equal(variables.store_name, 'Bici Bike Shop');
  assert.equal(variables.store_status, 'open');
  assert.equal(variables.caller_type, 'inbound');
  assert.match(variables.current_date, /^\d{4}-\d\d-\d\d$/);
  assert.notEqual(variables.error, '');
  assert.doesNotMatch(answer.text, /Tremblay|1042|Downtown/);
}

async function asksWhileBroken() {
  for (const path of PATHS) isFallback(await post(path, ring(JOHN, DOWNTOWN.number)));
}

async function heals() {
  await waitFor(
      'an answer that knows the customer',
      async () => {
        const answer = await post(PATHS[0], ring(JOHN, DOWNTOWN.number));
        return variablesOf(answer).customer_name === 'John Tremblay';
      },
      60000);
  await drained(60000);
  assert.deepEqual(await deadJobs(), dead);
}

test('Postgres is dead: the fallback; alive again: the customer', async () => {
  await kill(pidOf('postgres'), 'SIGQUIT');  // without a shutdown, but its lock file is gone
  try {
    await asksWhileBroken();
  } finally {
    await startAgain('postgres');
  }
  await heals();
});

test('Postgres hangs: the fallback; it goes on: the customer', async () => {
  const postmaster = pidOf('postgres');
  await whileStopped([postmaster, ...childrenOf(postmaster)], asksWhileBroken);
  await heals();
});

test('the workers hang: the fallback; they go on: the customer', async () => {
  await whileStopped(jobProcesses(), asksWhileBroken);
  await heals();
});

test('no workers at all: the fallback; started: the customer', async () => {
  const supervisor = pidOf('worker');
  signal(supervisor, 'SIGTERM');
  await waitFor('the workers\' end', () => !alive(supervisor), 60000);
  try {
    await asksWhileBroken();
  } finally {
    await startAgain('worker');
  }
  await heals();
});

test('Redis is dead: the fallback; alive again: the customer', async () => {
  await kill(pidOf('redis'));
  try {
    await asksWhileBroken();
  } finally {
    await startAgain('redis');
  }
  await heals();
});
