// Two shops on one system: from outside, neither learns that the other's customers, calls
// and talks exist; and nobody does more than his role, or anything once he is gone.
import assert from 'node:assert/strict';
import {randomBytes, randomInt, randomUUID} from 'node:crypto';
import {test} from 'node:test';

import {DOWNTOWN, JOHN, SARAH, UPTOWN} from './lib/account.mjs';
import {row, rows} from './lib/database.mjs';
import {env} from './lib/env.mjs';
import {call, fetchSystem, at} from './lib/http.mjs';
import {accessToken} from './lib/token.mjs';
import {sentTo, sim} from './lib/sims.mjs';
import {waitFor} from './lib/wait.mjs';

const DOWNTOWN_ID = 'd0000000-0000-4000-8000-000000000001';
const UPTOWN_ID = 'd0000000-0000-4000-8000-000000000002';

async function newOrganization() {
  const slug = `shop-${randomBytes(6).toString('hex')}`;
  const {id} = await row(
      `insert into organizations (name, slug, business_type, timezone)
       values (:'slug', :'slug', 'bike_shop', 'America/Toronto') returning id`,
      {slug});
  return id;
}

// A user with a row of the database, and a token.
async function newUser(organizationId, role) {
  const email = `${randomBytes(6).toString('hex')}@shop.example`;
  const {id: userId} = await row(
      `insert into users (organization_id, email, role) values (:'organizationId', :'email', :'role')
       returning id`,
      {organizationId, email, role});
  return {userId, token: await accessToken({userId, organizationId, role})};
}

const newCustomer = async (organizationId) => (await row(
    `insert into customers (organization_id, phone_number, first_name, last_name)
     values (:'organizationId', :'phone', 'Ann', 'Example') returning id`,
    {organizationId, phone: `+1343${randomInt(2000000, 9999999)}`})).id;

const newCall = async (organizationId, customerId) => (await row(
    `insert into calls (organization_id, customer_id, direction, twilio_call_sid)
     values (:'organizationId', :'customerId', 'inbound', :'sid') returning id`,
    {organizationId, customerId, sid: `CA${randomBytes(16).toString('hex')}`})).id;

// The head of an answer: of a stream that opens, nothing more is read.
async function head(path, token) {
  const stop = new AbortController();
  try {
    const res = await fetchSystem(
        at(path), {headers: {authorization: `Bearer ${token}`}, signal: stop.signal});
    return {status: res.status, text: res.status === 200 ? '' : await res.text()};
  } finally {
    stop.abort();
  }
}

const ring = (caller, called, agent) => call('POST', '/api/webhooks/elevenlabs/conversation-initiation', {
  token: env.TOOLS_SECRET,
  body: {caller_id: caller, called_number: called, agent_id: agent}
});

test('a customer of Downtown is unknown to Uptown, whichever number he dials', async () => {
  const known = await ring(JOHN, DOWNTOWN.number, 'agent_downtown');
  assert.equal(known.json.dynamic_variables.customer_name, 'John Tremblay');
  const unknown = await ring(JOHN, UPTOWN.number, 'agent_uptown');
  assert.equal(unknown.status, 200);
  assert.equal(unknown.json.dynamic_variables.store_name, 'Bici Uptown');
  assert.doesNotMatch(unknown.text, /John|Tremblay|1Z999|Downtown/);
  const other = await ring(SARAH, DOWNTOWN.number, 'agent_downtown');
  assert.doesNotMatch(other.text, /Sarah|Chen|2042|Uptown/);
});

test('the number that is dialled decides, not the agent that asks', async () => {
  const answer = await ring(JOHN, UPTOWN.number, 'agent_downtown');
  assert.equal(answer.json.dynamic_variables.store_name, 'Bici Uptown');
  assert.doesNotMatch(answer.text, /John|Tremblay|1Z999/);
});

test('his order is not told when he asks Uptown for it', async () => {
  const since = await sim('twilio').last();
  await sim('twilio').post('sms', {from: JOHN, to: UPTOWN.number, body: 'Where is my order 1042?'});
  const answer = await waitFor('Uptown\'s answer', async () => (await sentTo(JOHN, since))[0]);
  assert.equal(answer.from, UPTOWN.number);
  assert.doesNotMatch(answer.body, /1Z999AA10123456784|John|shipped/i);
  const {n} = await row(
      `select count(*)::int as n from messages
        where organization_id = :'shop' and from_number = :'number' and content like '%1042%'`,
      {shop: UPTOWN_ID, number: JOHN});
  assert.ok(n >= 1);
});

test('what is another shop\'s answers as what does not exist', async () => {
  const {token} = await newUser(DOWNTOWN_ID, 'admin');
  const customer = await newCustomer(UPTOWN_ID);
  const theirs = {customer, call: await newCall(UPTOWN_ID, customer)};
  const {sid} = await row('select twilio_call_sid as sid from calls where id = :\'call\'', theirs);
  const paths = {
    customer: [
      '/api/leads/', '/api/customers/', '/api/conversations/', '/api/stream/conversation/',
      '/api/sse/conversation/'
    ],
    call: ['/api/calls/', '/api/stream/call/']
  };
  for (const [kind, list] of Object.entries(paths)) {
    for (const path of list) {
      const foreign = await head(path + theirs[kind], token);
      const unknown = await head(path + randomUUID(), token);
      const senseless = await head(`${path}not-an-id`, token);
      assert.deepEqual(foreign, unknown, path);
      assert.deepEqual(senseless, unknown, path);
      assert.equal(foreign.status, 404, path);
      assert.deepEqual(await head(path + sid, token), unknown, path);
    }
  }
});

test('one\'s own are found by the same paths', async () => {
  const {token} = await newUser(UPTOWN_ID, 'admin');
  const customer = await newCustomer(UPTOWN_ID);
  const mine = await newCall(UPTOWN_ID, customer);
  for (const path of [`/api/leads/${customer}`, `/api/conversations/${customer}`,
                      `/api/stream/conversation/${customer}`, `/api/calls/${mine}`,
                      `/api/stream/call/${mine}`]) {
    assert.equal((await head(path, token)).status, 200, path);
  }
});

test('lists and searches hold the own shop\'s only', async () => {
  const {token} = await newUser(UPTOWN_ID, 'admin');
  const customer = await newCustomer(DOWNTOWN_ID);
  const theirs = await newCall(DOWNTOWN_ID, customer);
  for (const path of ['/api/leads?limit=100', '/api/leads?q=Tremblay', '/api/leads?q=9876',
                      '/api/customers?limit=100', '/api/calls?limit=100']) {
    const answer = await call('GET', path, {token});
    assert.equal(answer.status, 200, path);
    assert.doesNotMatch(answer.text, new RegExp(`${customer}|${theirs}|Tremblay|${DOWNTOWN_ID}`), path);
  }
});

const LOOKS = ['/api/leads', '/api/calls'];
// nginx keeps a worker's word about a stream for a minute: these are not opened before.
const STREAM = '/api/stream/organization';

test('a user who is switched off is refused at once, with the token he holds', async () => {
  const {userId, token} = await newUser(DOWNTOWN_ID, 'admin');
  const streams = [STREAM, `/api/stream/conversation/${await newCustomer(DOWNTOWN_ID)}`];
  for (const path of LOOKS) assert.equal((await head(path, token)).status, 200, path);
  await rows('update users set is_active = false where id = :\'userId\' returning id', {userId});
  for (const path of [...LOOKS, ...streams])
    assert.equal((await head(path, token)).status, 403, path);
  assert.equal((await call('POST', '/api/auth/ticket', {token})).status, 403);
});

test('so is everybody of an organization that is switched off', async () => {
  const shop = await newOrganization();
  const {token} = await newUser(shop, 'admin');
  for (const path of LOOKS) assert.equal((await head(path, token)).status, 200, path);
  await rows('update organizations set is_active = false where id = :\'shop\' returning id', {shop});
  for (const path of [...LOOKS, STREAM])
    assert.equal((await head(path, token)).status, 403, path);
});

test('a role is the database\'s, not the token\'s, and an unknown one is refused', async () => {
  const {userId} = await newUser(DOWNTOWN_ID, 'service_tech');
  const raised = await accessToken({userId, organizationId: DOWNTOWN_ID, role: 'admin'});
  assert.equal((await call('GET', '/api/calls', {token: raised})).status, 403);
  for (const role of ['owner', 'ADMIN', '', undefined, 'admin,manager']) {
    const token = await accessToken({userId: randomUUID(), organizationId: DOWNTOWN_ID, role});
    for (const [method, path] of [['GET', '/api/leads'], ['GET', `/api/jobs/${userId}`], ['POST', '/api/auth/ticket']])
      assert.equal((await call(method, path, {token})).status, 403, `${path} ${role}`);
  }
});

test('manager and staff read; a technician sees the customers with an appointment only', async () => {
  const shop = await newOrganization();
  const [booked, other] = [await newCustomer(shop), await newCustomer(shop)];
  await rows(
      `insert into appointments (organization_id, customer_id, appointment_type, status, starts_at, ends_at)
       values (:'shop', :'booked', 'tune_up', 'confirmed', now() + interval '1 day', now() + interval '25 hours')
       returning id`,
      {shop, booked});
  for (const role of ['manager', 'staff']) {
    const {token} = await newUser(shop, role);
    for (const path of [...LOOKS, STREAM, `/api/leads/${other}`, `/api/conversations/${other}`])
      assert.equal((await head(path, token)).status, 200, `${role} ${path}`);
  }
  const {token} = await newUser(shop, 'service_tech');
  const {json} = await call('GET', '/api/leads', {token});
  assert.deepEqual(json.leads.map((l) => l.id), [booked]);
  assert.equal((await head(`/api/leads/${booked}`, token)).status, 200);
  assert.equal((await head(`/api/leads/${other}`, token)).status, 404);
  for (const path of ['/api/calls', `/api/conversations/${booked}`, '/api/stream/organization',
                      `/api/stream/conversation/${booked}`])
    assert.equal((await head(path, token)).status, 403, path);
});

test('only a super_admin looks into another shop, into one at a time, and it is noted there', async () => {
  const customer = await newCustomer(UPTOWN_ID);
  const headers = {'x-va-organization': UPTOWN_ID};
  for (const role of ['admin', 'manager', 'staff', 'service_tech']) {
    const {token} = await newUser(DOWNTOWN_ID, role);
    assert.equal((await call('GET', `/api/leads/${customer}`, {token, headers})).status, 403, role);
  }
  const {userId, token} = await newUser(DOWNTOWN_ID, 'super_admin');
  const noted = async () => (await row(
      `select count(*)::int as n from audit_log
        where organization_id = :'shop' and user_id = :'userId' and action = 'organization_switched'`,
      {shop: UPTOWN_ID, userId})).n;
  assert.equal((await call('GET', `/api/leads/${customer}`, {token})).status, 404);
  assert.equal(await noted(), 0);
  assert.equal((await call('GET', `/api/leads/${customer}`, {token, headers})).status, 200);
  assert.equal(await noted(), 1);
  for (const wrong of [randomUUID(), 'x', `${UPTOWN_ID},${DOWNTOWN_ID}`]) {
    const answer = await call('GET', '/api/leads', {token, headers: {'x-va-organization': wrong}});
    assert.equal(answer.status, 404, wrong);
  }
});
