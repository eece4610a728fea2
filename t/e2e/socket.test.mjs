// The chat of a shop's web site over a WebSocket, as a browser would speak it: the official
// client, nginx, the worker and the database. What is said is answered as if it were posted.
import assert from 'node:assert/strict';
import {randomUUID} from 'node:crypto';
import {once} from 'node:events';
import {afterEach, beforeEach, test} from 'node:test';

import {closeAll, closed, connect as connectFrom, dial as dialFrom, heard, ORIGIN, said, SHOP, WAIT_MS,
  write} from './lib/chats.mjs';
import {rows} from './lib/database.mjs';
import {workingDay} from './lib/days.mjs';
import {reload} from './lib/doors.mjs';
import {call} from './lib/http.mjs';
import {alive} from './lib/processes.mjs';
import {redis} from './lib/redis.mjs';
import {waitFor} from './lib/wait.mjs';

// Not today: a first free time of today may have begun before it is chosen.
const WISH = `I would like to book a tune-up on ${workingDay(3).weekday}`;

// Visitors are counted by address: those of one test come from one of its own.
let address, tests = 0;
beforeEach(() => {
  address = `127.0.2.${++tests}`;
});
afterEach(closeAll);

const dial = (options) => dialFrom(address, options);
const connect = (options) => connectFrom(address, options);

// The status of a handshake, 101 where it is opened; it does not stay open.
function handshake(options) {
  const ws = dial(options);
  return new Promise((resolve, reject) => {
    ws.once('unexpected-response', (_, res) => resolve(res.resume().statusCode));
    ws.once('open', () => resolve(101));
    ws.once('error', reject);
  }).finally(() => ws.terminate());
}

// Redis' channel of a connection that is opened meanwhile.
const channels = () => redis('PUBSUB', 'CHANNELS', 'va:ws:*');
async function connectNamed() {
  const before = await channels();
  const ws = await connect();
  const [name] = await waitFor('its channel', async () => {
    const made = (await channels()).filter((c) => !before.includes(c));
    return made.length > 0 && made;
  });
  return {ws, name};
}

test('what is written is answered as if it were posted', async () => {
  const ws = await connect({protocols: ['chat']});
  assert.equal(ws.protocol, 'chat');
  assert.equal(ws.extensions, '');
  const answer = await said(ws, 'What are your hours?');
  const {json} = await call('POST', '/api/chat', {
    localAddress: address, headers: {origin: ORIGIN}, body: {...SHOP, message: 'What are your hours?'}});
  assert.equal(answer.success, true);
  assert.equal(answer.reply, json.reply);
  assert.deepEqual(Object.keys(answer).sort(), Object.keys(json).sort());
  assert.equal((await said(ws, 'Hi', {sessionId: answer.sessionId})).sessionId, answer.sessionId);
  const turns = await rows(
      `select content from messages where customer_id = :'id' and channel = 'chat'`, {id: answer.lead.id});
  assert.equal(turns.length, 4);

  assert.equal((await said(ws, ' ')).error.code, 'bad_request');
  assert.equal((await said(ws, 'Hi', {sessionId: 'x'.repeat(43)})).error.code, 'not_found');
  ws.send('no JSON');
  assert.equal((await heard(ws)).error.code, 'bad_request');
  ws.close(1000);
  assert.equal(await closed(ws), 1000);
});

test('two sockets of one talk are answered one after the other, and go on where it stands', async () => {
  const [one, two] = await Promise.all([connect(), connect()]);
  const {sessionId, lead} = await said(one, WISH, {name: 'Zoe', phone: '+14165553101'});
  const chosen = await said(two, '1', {sessionId});
  assert.match(chosen.reply, /booked: /i);
  write(one, 'What are your hours?', {sessionId});
  write(two, 'Where are you?', {sessionId});
  const both = await Promise.all([heard(one), heard(two)]);
  for (const answer of both) assert.equal(answer.sessionId, sessionId);
  const turns = await rows(`
      select speaker from messages where customer_id = :'id' and channel = 'chat' order by created_at, id`,
      {id: lead.id});
  assert.equal(turns.length, 8);
  const booked = await rows(`select id from appointments where customer_id = :'id'`, {id: lead.id});
  assert.equal(booked.length, 1);
});

test('a message with a name is answered once, over whichever way it comes again', async () => {
  const messageId = randomUUID();
  const ws = await connect();
  const first = await said(ws, 'I want to talk to an agent', {messageId, name: 'Ida'});
  assert.deepEqual(await said(ws, 'I want to talk to an agent', {messageId, name: 'Ida'}), first);
  const later = await connect();
  assert.deepEqual(await said(later, 'I want to talk to an agent', {messageId, name: 'Ida'}), first);
  const {json} = await call('POST', '/api/chat', {localAddress: address, headers: {origin: ORIGIN},
    body: {...SHOP, message: 'I want to talk to an agent', messageId, name: 'Ida'}});
  assert.deepEqual(json, first);
  const tasks = await rows(`select kind from tasks where customer_id = :'id'`, {id: first.lead.id});
  assert.deepEqual(tasks, [{kind: 'callback'}]);
});

test('a foreign page, a wrong key and another shop are refused before it is opened', async () => {
  assert.equal(await handshake({origin: 'https://evil.example'}), 403);
  assert.equal(await handshake({origin: 'null'}), 403);
  assert.equal(await handshake({key: 'x'}), 401);
  assert.equal(await handshake({businessId: 'bici-uptown'}), 401);
  assert.equal(await handshake({businessId: 'nobody'}), 401);
  const plain = await call('GET', '/api/chat/socket?' + new URLSearchParams(SHOP),
      {localAddress: address, headers: {origin: ORIGIN}});
  assert.equal(plain.status, 400);
  assert.equal(plain.json.error.code, 'bad_request');
  await connect();
});

test('a key that has ended closes what it has opened', async () => {
  const ws = await connect();
  const end = (at) => rows(`
      update widget_keys set expires_at = ${at} where key_sha256 = encode(sha256('wk_demo_downtown'), 'hex')
      returning key_sha256`);
  const ended = await end(`now() - interval '1 second'`);
  try {
    assert.equal(ended.length, 1);
    write(ws, 'Hi');
    assert.equal(await closed(ws), 1008);
    assert.equal(ws.heard[0].json.error.code, 'unauthorized');
  } finally {
    await end('null');
  }
});

test('what breaks the rules closes the socket, and says why', async () => {
  const large = await connect();
  write(large, 'x'.repeat(20000));
  assert.equal(await closed(large), 1009);
  const pieces = await connect();
  for (let n = 0; n < 5; n++) pieces.send('x'.repeat(5000), {fin: false});
  assert.equal(await closed(pieces), 1009);
  const binary = await connect();
  binary.send(Buffer.from(JSON.stringify({message: 'Hi'})), {binary: true});
  assert.equal(await closed(binary), 1003);
  const bytes = await connect();
  bytes.send(Buffer.from([0x7b, 0xff, 0x7d]), {binary: false});
  assert.equal(await closed(bytes), 1007);
});

test('a message in fragments is one message, and a ping between them is answered', async () => {
  const ws = await connect();
  const text = JSON.stringify({message: 'Bonjour, quelles sont vos heures d’ouverture? 🚲'});
  ws.send(text.slice(0, 20), {fin: false});
  ws.ping('still here');
  const [pong] = await once(ws, 'pong', {signal: AbortSignal.timeout(WAIT_MS)});
  assert.equal(pong.toString(), 'still here');
  ws.send(text.slice(20, 40), {fin: false});
  ws.send(text.slice(40), {fin: true});
  assert.match((await heard(ws)).reply, /Heures/);
});

test('who writes faster than people do is told so, and may write again', async () => {
  const ws = await connect();
  for (let n = 0; n < 40; n++) write(ws, ' ');
  const codes = [];
  for (let n = 0; n < 40; n++) codes.push((await heard(ws)).error.code);
  assert.ok(codes.includes('bad_request') && codes.includes('too_many_requests'), String(codes));
  // A place comes free every three seconds, which a slow handshake may be given.
  await waitFor('a refusal', async () => await handshake() === 429, WAIT_MS);
  await waitFor('a place', async () => (await said(ws, ' ')).error.code === 'bad_request', WAIT_MS);
});

test('what is published for a connection is sent to it, and to no other', async () => {
  const {ws, name} = await connectNamed();
  const other = await connect();
  assert.equal(await redis('PUBLISH', name, '{"type":"agent_response","response":"Hello from a person"}'), 1);
  assert.deepEqual(await heard(ws), {type: 'agent_response', response: 'Hello from a person'});
  assert.equal((await said(other, 'Hi')).success, true);
  assert.equal(other.heard.length, 0);
});

test('a client that never reads is closed, and leaves nothing behind', async () => {
  const {ws, name} = await connectNamed();
  ws.pause();
  const text = JSON.stringify({type: 'note', text: 'x'.repeat(60000)});
  await waitFor('the end of it', async () => await redis('PUBLISH', name, text) === 0, 60000);
  assert.ok(!(await channels()).includes(name));
});

test('nginx is reloaded: the client is told to come back, and goes on', async () => {
  const ws = await connect();
  const {sessionId} = await said(ws, 'Hi');
  const old = await reload();
  assert.equal(await closed(ws), 1001);
  const again = await connect();
  assert.equal((await said(again, 'Hello again', {sessionId})).sessionId, sessionId);
  again.close(1000);
  assert.equal(await closed(again), 1000);
  await waitFor('the old workers to leave', () => !old.some(alive), 60000);
});
