// The chat of a shop's web site, asked as a browser asks: through nginx, with its checks before
// and after, by visitors who say of themselves what they like.
import assert from 'node:assert/strict';
import {randomInt, randomUUID} from 'node:crypto';
import {after, afterEach, before, beforeEach, test} from 'node:test';

import {DOWNTOWN, JOHN, login} from './lib/account.mjs';
import {cancelAppointments} from './lib/appointments.mjs';
import {row, rows} from './lib/database.mjs';
import {workingDay} from './lib/days.mjs';
import {openEvents} from './lib/events.mjs';
import {ask, call} from './lib/http.mjs';
import {stranger} from './lib/people.mjs';
import {sentTo, sim} from './lib/sims.mjs';
import {waitFor} from './lib/wait.mjs';

const OWNER = '+14165550010';
const ORIGIN = 'https://localhost';
const SHOP = {businessId: 'bici-downtown', key: 'wk_demo_downtown'};
const openai = sim('openai');
// Not today: a first free time of today may have begun before it is chosen.
const WISH = `I would like to book a tune-up on ${workingDay(3).weekday}`;

let token, engines;
// Visitors are counted by address: those of one test come from one of its own.
let address, tests = 10;
beforeEach(() => {
  address = `127.0.0.${++tests}`;
});
const from = (localAddress, message, {headers = {}, ...members} = {}) => call('POST', '/api/chat', {
  localAddress,
  body: {...SHOP, message, ...members},
  headers: {origin: ORIGIN, ...headers},
});

before(async () => {
  await rows('delete from chat_effects returning id');
  ({token} = await login(DOWNTOWN));
  ({engines} = await row(`select engines::text from organizations where slug = 'bici-downtown'`));
});
const chooseEngines = (list) => row(
    `update organizations set engines = :'list' where slug = 'bici-downtown' returning id`, {list});
afterEach(() => chooseEngines(engines));
after(() => openai.reset());

const chat = (message, members) => from(address, message, members);

async function said(message, members) {
  const answer = await chat(message, members);
  assert.equal(answer.status, 200, answer.text);
  return answer.json;
}

const preflight = (origin) => call('OPTIONS', '/api/chat', {
  localAddress: address,
  headers: {
    origin,
    'access-control-request-method': 'POST',
    'access-control-request-headers': 'content-type,idempotency-key'
  }
});

const allowed = (answer) => answer.headers['access-control-allow-origin'];

test('the key of a chat opens a talk with the shop\'s agent, for its pages alone', async () => {
  const path = '/api/elevenlabs/signed-url';
  const talk = (options) => call('POST', path, {localAddress: address, ...options});
  const told = await talk({body: SHOP, headers: {origin: ORIGIN}});
  assert.equal(told.status, 200, told.text);
  assert.match(told.json.signed_url, /agent_id=agent_downtown/);
  assert.equal(allowed(told), ORIGIN);
  const foreign = await talk({body: SHOP, headers: {origin: 'https://evil.example'}});
  assert.equal(foreign.status, 403);
  assert.equal(allowed(foreign), undefined);
  assert.equal((await talk({body: {...SHOP, key: 'wk_demo_uptown'}})).status, 401);
  assert.equal((await talk({})).status, 401);
  const shops = await talk({token});
  assert.equal(shops.status, 200);
  const asked = await call('OPTIONS', path, {
    localAddress: address,
    headers: {origin: ORIGIN, 'access-control-request-method': 'POST'},
  });
  assert.equal(asked.status, 204, asked.text);
  assert.equal(allowed(asked), ORIGIN);
});

test('a browser is told its own origin, and nobody any other', async () => {
  const asked = await preflight(ORIGIN);
  assert.equal(asked.status, 204);
  assert.equal(allowed(asked), ORIGIN);
  assert.match(asked.headers['access-control-allow-methods'], /POST/);
  assert.match(asked.headers['access-control-allow-headers'], /content-type, idempotency-key/i);
  assert.match(asked.headers.vary, /Origin/);

  const answer = await chat('What are your hours?');
  assert.equal(answer.status, 200);
  assert.equal(allowed(answer), ORIGIN);
  assert.match(answer.headers['cache-control'], /no-store/);

  const foreign = await preflight('https://evil.example');
  assert.equal(foreign.status, 403);
  assert.equal(allowed(foreign), undefined);
  const tried = await chat('Hi', {headers: {origin: 'https://evil.example'}});
  assert.equal(tried.status, 403);
  assert.equal(allowed(tried), undefined);

  // No browser: the key alone.
  const {status, headers} = await call(
      'POST', '/api/chat', {localAddress: address, body: {...SHOP, message: 'Hi'}});
  assert.equal(status, 200);
  assert.equal(headers['access-control-allow-origin'], undefined);
});

test('a wrong key, another shop\'s, another method and too much are refused', async () => {
  for (const wrong of [{key: 'wk_demo_uptown'}, {businessId: 'nobody'}, {key: 'x'}]) {
    const {status, json} = await chat('Hi', wrong);
    assert.equal(status, 401);
    assert.equal(json.error.code, 'unauthorized');
  }
  assert.equal((await chat('x'.repeat(5000))).status, 400);
});

// What nginx refuses before anybody could know the shop.
const assertReadable = (answer, status, code) => {
  assert.equal(answer.status, status);
  assert.equal(answer.json.error.code, code);
  assert.equal(allowed(answer), ORIGIN);
  assert.match(answer.headers.vary, /Origin/);
};

test('what nginx itself refuses can be read by the page', async () => {
  const get = await call('GET', '/api/chat', {localAddress: address, headers: {origin: ORIGIN}});
  assertReadable(get, 405, 'method_not_allowed');
  assertReadable(await chat('x'.repeat(20000)), 413, 'too_large');
  const {status, headers} = await call('GET', '/api/chat', {localAddress: address});
  assert.equal(status, 405);
  assert.equal(headers['access-control-allow-origin'], undefined);
});

test('an address that writes faster than people do is refused, and no other', async () => {
  const answers = await Promise.all(Array.from({length: 60}, () => chat(' ')));
  const refused = answers.filter((a) => a.status === 429);
  assert.ok(answers.some((a) => a.status === 400) && refused.length > 0);
  for (const answer of refused) assertReadable(answer, 429, 'too_many_requests');
  assert.equal((await from('127.0.0.250', ' ')).status, 400);
});

test('for a number that is typed so much is booked in a day, from wherever', async () => {
  const phone = stranger();
  const since = await sim('twilio').last();
  const book = async (n) => {
    const here = `127.0.1.${n}`;
    const {json} = await from(here, WISH, {name: 'Eve', phone});
    return (await from(here, '1', {sessionId: json.sessionId})).json.reply;
  };
  for (let n = 1; n <= 5; n++) assert.match(await book(n), /booked: /i);
  assert.match(await book(6), /No more can be booked/);
  const made = await rows(
      `select id from appointments where customer_phone = :'phone'`, {phone});
  assert.equal(made.length, 5);
  await waitFor('the confirmations', async () => (await sentTo(phone, since)).length === 5);
  await cancelAppointments(phone);
});

test('a session is of its shop', async () => {
  const {sessionId} = await said('Hi');
  const other = await chat(
      'Hi', {sessionId, businessId: 'bici-uptown', key: 'wk_demo_uptown'});
  assert.equal(other.status, 404);
  assert.equal((await said('Hello again', {sessionId})).sessionId, sessionId);
});

test('the same request twice is one message with one answer', async () => {
  const headers = {'idempotency-key': randomUUID()};
  const name = `Ida ${randomInt(1e6)}`;
  const both = await Promise.all(
      [chat('I want to talk to an agent', {headers, name}), chat('I want to talk to an agent', {headers, name})]);
  assert.equal(both[0].status, 200);
  assert.equal(both[0].text, both[1].text);
  const {lead, sessionId, nextAction} = both[0].json;
  assert.equal(nextAction, 'give_number');
  const again = await chat('I want to talk to an agent', {headers, name});
  assert.equal(again.text, both[0].text);

  const messageId = randomUUID();
  const first = await said('What are your hours?', {sessionId, messageId});
  assert.deepEqual(await said('What are your hours?', {sessionId, messageId}), first);
  const {n} = await row(
      `select count(*)::int as n from messages where customer_id = :'id'`, {id: lead.id});
  assert.equal(n, 4);
  const tasks = await rows(`select kind from tasks where customer_id = :'id'`, {id: lead.id});
  assert.deepEqual(tasks, [{kind: 'callback'}]);
});

test('an appointment is booked in the chat and confirmed by text; people see it live', async () => {
  const phone = stranger();
  const since = await sim('twilio').last();
  const events = await openEvents('/api/stream/organization', token);
  const offer = await said(WISH, {name: 'Zoe', phone});
  assert.equal(offer.nextAction, 'choose_time');
  assert.deepEqual({...offer.lead, id: null}, {id: null, name: 'Zoe', email: null, phone});
  const booked = await said('1', {sessionId: offer.sessionId});
  assert.match(booked.reply, /booked/i);
  await waitFor('the confirmation', async () => (await sentTo(phone, since)).length === 1);
  const made = await row(
      `select status, customer_name, source from appointments where customer_id = :'id'`,
      {id: offer.lead.id});
  assert.deepEqual(made, {status: 'confirmed', customer_name: 'Zoe', source: 'web'});

  const mine = (d) => d.leadId === offer.lead.id && d.channel === 'chat';
  await events.find('conversation_started', mine);
  await events.find('user_transcript', (d) => mine(d) && d.transcript === '1');
  await events.find('agent_response', (d) => mine(d) && d.response === booked.reply);
  events.close();

  const {json} = await call('GET', `/api/conversations/${offer.lead.id}`, {token});
  const written = json.messages.find((m) => m.content === '1');
  assert.equal(written.channel, 'chat');
  assert.equal(written.chat.verified, false);
  assert.equal(written.chat.name, 'Zoe');
  await cancelAppointments(phone);
});

test('an order is told with proof, and to no number', async () => {
  await chooseEngines('{pipeline,receptionist}');
  const lookUp = (args) => ({
    rules: [
      {when: '^where is my', tool_calls: [{name: 'lookup_order', arguments: {order_number: '1042', ...args}}]},
      {when: '1Z999', text: 'It is on its way: 1Z999AA10123456784.'},
      {when: '"success":false', text: 'What is the postcode on the order?'}
    ]
  });
  await openai.post('model', lookUp({}));
  const {reply, sessionId} = await said('where is my order', {phone: JOHN});
  assert.equal(reply, 'What is the postcode on the order?');
  await openai.post('model', lookUp({postcode: 'M5C 1E9'}));
  assert.match((await said('where is my bike', {sessionId})).reply, /1Z999AA10123456784/);
  await openai.reset();
});

// An address pages once an hour: what paged in an earlier run is no reason to be silent now.
const forgetPages = () => rows(
    `update effects set key = key || ':' || id where kind = 'sms' and key like 'page:chat:%' returning id`);

test('an emergency pages the owner', async () => {
  await forgetPages();
  const since = await sim('twilio').last();
  const {nextAction, emergencyLevel, lead} = await said('There is a fire in your workshop!');
  assert.equal(emergencyLevel, 'urgent');
  assert.equal(nextAction, 'emergency');
  await waitFor('the page', async () =>
      (await sentTo(OWNER, since)).some((m) => /fire in your workshop/.test(m.body)));
  const {lead: seen} = await ask('GET', `/api/leads/${lead.id}`, {token});
  assert.equal(seen.priority, 'urgent');
});

test('a text afterwards shares the thread with people, and not with the agent', async () => {
  await chooseEngines('{pipeline,receptionist}');
  const number = stranger();
  await openai.post('model', {answers: [{text: 'A fine colour.'}]});
  const {lead} = await said('I like the colour turquoise', {phone: number});

  const asked = await openai.last();
  const since = await sim('twilio').last();
  await openai.post('model', {answers: [{text: 'I cannot know.'}]});
  await sim('twilio').post('sms', {from: number, to: DOWNTOWN.number, body: 'which colour did I say'});
  await waitFor('the answer by text', async () =>
      (await sentTo(number, since)).some((m) => m.body === 'I cannot know.'));
  const told = JSON.stringify((await openai.requests(asked)).map((r) => r.body.messages));
  assert.ok(!told.includes('turquoise'), 'a chat nobody verified is told to who texts');

  const {json} = await call('GET', `/api/conversations/${lead.id}`, {token});
  assert.equal(json.conversation.phone_number, number);
  assert.deepEqual(json.messages.map((m) => m.channel), ['chat', 'chat', 'sms', 'sms']);
  await openai.reset();
});
