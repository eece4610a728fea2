// People take a web chat over: the visitor on WebSockets or by plain requests, the person by the
// API and the event stream, through nginx, the workers, Redis and the database.
import assert from 'node:assert/strict';
import {randomUUID} from 'node:crypto';
import {after, afterEach, before, beforeEach, test} from 'node:test';
import {setTimeout as sleep} from 'node:timers/promises';

import {DOWNTOWN, login, UPTOWN} from './lib/account.mjs';
import {closeAll, closed, connect as connectFrom, ORIGIN, SHOP, WAIT_MS, write} from './lib/chats.mjs';
import {row, rows} from './lib/database.mjs';
import {reload} from './lib/doors.mjs';
import {openEvents} from './lib/events.mjs';
import {call} from './lib/http.mjs';
import {takeOver} from './lib/people.mjs';
import {jobProcesses, signal} from './lib/processes.mjs';
import {drained} from './lib/queues.mjs';
import {sim} from './lib/sims.mjs';
import {waitFor} from './lib/wait.mjs';

const STORY = 'once upon a time there was a bicycle in a little shop by the lake';
const KILLS = 4;
const openai = sim('openai');

let token, engines, address, tests = 0;
const use = (chosen) => row(
    `UPDATE organizations SET engines = :'chosen' WHERE slug = 'bici-downtown' RETURNING slug`, {chosen});

before(async () => {
  ({engines} = await row(`SELECT engines::text FROM organizations WHERE slug = 'bici-downtown'`));
  ({token} = await login(DOWNTOWN));
  await use('{receptionist}');
});
beforeEach(() => {
  address = `127.0.3.${++tests}`;
});
afterEach(closeAll);
after(async () => {
  await use(engines);
  await openai.reset();
  await drained(60000);  // what killed workers held is done when its lease is over
});

const connect = () => connectFrom(address);
const post = async (body) => {
  const {status, json, text} = await call('POST', '/api/chat',
      {localAddress: address, headers: {origin: ORIGIN}, body: {...SHOP, ...body}});
  assert.equal(status, 200, text);
  return json;
};
async function does(target, action, body) {
  const answer = await takeOver(token, target, action, body);
  assert.equal(answer.status, 200, answer.text);
  return answer.json;
}
const says = (target, message, id = randomUUID()) => does(target, 'message', {message, id});

// The next answer, which what is pushed may come before or behind.
async function answer(ws) {
  const isAnswer = (h) => h.json.success !== undefined;
  await waitFor('an answer', () => ws.heard.some(isAnswer) || ws.closedWith, WAIT_MS);
  return ws.heard.splice(ws.heard.findIndex(isAnswer), 1)[0].json;
}
const said = (ws, message, members) => {
  write(ws, message, members);
  return answer(ws);
};
const states = (ws) => ws.heard.map((h) => h.json).filter((m) => m.type === 'person').map((m) => m.person);

// What people wrote, as the socket has heard it so far: [number, text].
const pushed = (ws) => ws.heard.map((h) => h.json).filter((m) => m.type === 'message')
    .map((m) => [m.number, m.message]);
const hasHeard = (ws, n) => waitFor(`${n} messages`, () => pushed(ws).length >= n, WAIT_MS);
const given = (answer) => answer.messages.map((m) => [m.number, m.message]);

test('a person joins, speaks with both tabs of a visitor, and gives the chat back', async (t) => {
  const events = await openEvents('/api/stream/organization', token);
  t.after(events.close);
  const one = await connect(), two = await connect();
  const {sessionId, lead} = await said(one, 'What are your hours?');
  assert.equal((await said(two, 'Hi', {sessionId})).person, false);

  assert.equal((await takeOver(token, lead.id, 'message', {message: 'Hello', id: '1'})).status, 409);
  const {chat_id: chat} = await does(lead.id, 'join');
  await events.find('human_agent_joined', (d) => d.sessionId === chat && d.channel === 'chat');
  const held = await said(one, 'Is anybody there?', {sessionId});
  assert.equal(held.reply, null);
  assert.equal(held.person, true);
  assert.equal(held.nextAction, 'wait_for_person');
  await events.find('user_transcript', (d) => d.sessionId === chat && d.transcript === 'Is anybody there?');

  await says(lead.id, 'Yes, I am Dana.', 'one');
  await says(lead.id, 'Yes, I am Dana.', 'one');
  await says(chat, 'How can I help?');
  await events.find('human_agent_message', (d) => d.sessionId === chat && d.message === 'How can I help?');
  const both = [[1, 'Yes, I am Dana.'], [2, 'How can I help?']];
  await Promise.all([hasHeard(one, 2), hasHeard(two, 2)]);
  assert.deepEqual(pushed(one), both);
  assert.deepEqual(pushed(two), both);

  await does(chat, 'resume');
  await events.find('ai_agent_resumed', (d) => d.sessionId === chat);
  for (const ws of [one, two]) {
    await waitFor('the end to be told', () => states(ws).length === 2, WAIT_MS);
    assert.deepEqual(states(ws), [true, false]);
  }
  const back = await said(one, 'What are your hours?', {sessionId});
  assert.equal(back.person, false);
  assert.match(back.reply, /Hours/);
  const {json} = await call('GET', `/api/conversations/${lead.id}`, {token});
  assert.deepEqual(json.messages.map((m) => m.speaker),
      ['customer', 'agent', 'customer', 'agent', 'customer', 'human_agent', 'human_agent', 'customer', 'agent']);
  assert.deepEqual(json.messages.filter((m) => m.speaker === 'human_agent').map((m) => m.status), ['sent', 'sent']);
  const audit = await rows(`SELECT action FROM audit_log WHERE entity_id = :'id' ORDER BY created_at`, {id: lead.id});
  assert.deepEqual(audit.map((a) => a.action),
      ['takeover_join', 'takeover_message', 'takeover_message', 'takeover_resume']);
});

test('a visitor without a socket has each message with one answer', async () => {
  const {sessionId, lead} = await post({message: 'What are your hours?'});
  await does(lead.id, 'join');
  assert.deepEqual(given(await post({sessionId})), []);
  await says(lead.id, 'Hello');
  const first = await post({message: 'Hi', sessionId, messageId: `m-${randomUUID()}`});
  assert.equal(first.reply, null);
  assert.deepEqual(given(first), [[1, 'Hello']]);
  await says(lead.id, 'Are you there?');
  assert.deepEqual(given(await post({sessionId})), [[2, 'Are you there?']]);
  assert.deepEqual(given(await post({sessionId})), []);
  assert.deepEqual(given(await post({sessionId, after: 1})), [[2, 'Are you there?']]);
  const {token: uma} = await login(UPTOWN);
  for (const action of ['join', 'message', 'resume'])
    assert.equal((await takeOver(uma, lead.id, action, {message: 'hello', id: 'x'})).status, 404);
  await does(lead.id, 'resume');
});

test('nginx is reloaded: the page comes back, says how far it is, and misses nothing', async () => {
  const ws = await connect();
  const {sessionId, lead} = await said(ws, 'What are your hours?');
  await does(lead.id, 'join');
  await says(lead.id, 'Hello');
  await hasHeard(ws, 1);
  await reload();
  assert.equal(await closed(ws), 1001);
  await says(lead.id, 'Did I lose you?');
  const again = await connect();
  again.send(JSON.stringify({sessionId, after: 1}));
  assert.equal((await answer(again)).person, true);
  await says(lead.id, 'There you are');
  await hasHeard(again, 2);
  assert.deepEqual(pushed(again), [[2, 'Did I lose you?'], [3, 'There you are']]);
  await does(lead.id, 'resume');
});

// The model has been asked and takes its time: its answer is under way when the join is told.
test('an answer that the agent thinks of does not come behind the join', async (t) => {
  t.after(() => use('{receptionist}'));
  const ws = await connect();
  const {sessionId, lead} = await said(ws, 'What are your hours?');
  await use('{pipeline,receptionist}');
  await openai.post('model', {rules: [{when: 'tell me a story', text: STORY}]});
  await openai.script([{path: 'chat/completions', delay: 8000}]);
  const asked = await openai.last();
  write(ws, 'tell me a story', {sessionId});
  await waitFor('the question', async () => (await openai.requests(asked)).length > 0);
  await does(lead.id, 'join');
  assert.ok(!ws.heard.some((h) => h.json.success), 'the join took longer than the model');
  assert.equal((await answer(ws)).reply, null);
  await says(lead.id, 'Let me tell you one.');
  await hasHeard(ws, 1);
  assert.ok(!JSON.stringify(ws.heard).includes(STORY));
  assert.deepEqual(await rows(`SELECT 1 FROM messages WHERE customer_id = :'id' AND content = :'story'`,
      {id: lead.id, story: STORY}), []);
  await does(lead.id, 'resume');
});

test('workers die while a person writes: each message comes once, in its order', async () => {
  const one = await connect(), two = await connect();
  const {sessionId, lead} = await said(one, 'What are your hours?');
  two.send(JSON.stringify({sessionId}));
  assert.equal((await answer(two)).success, true);
  await does(lead.id, 'join');
  const written = [];
  for (let n = 1; n <= KILLS; n++) {
    const message = {message: `Message ${n}`, id: `m${n}`};
    const first = takeOver(token, lead.id, 'message', message).catch((e) => e);
    await sleep(n * 4);  // somewhere between the request and its answer
    jobProcesses().forEach((pid) => signal(pid, 'SIGKILL'));
    await first;
    await waitFor('the message to be taken', async () =>
        (await takeOver(token, lead.id, 'message', message).catch(() => ({}))).status === 200, 90000);
    written.push([n, message.message]);
  }
  for (const ws of [one, two])
    await waitFor('all messages', () => pushed(ws).length >= KILLS, 90000);
  await says(lead.id, 'The end');
  written.push([KILLS + 1, 'The end']);
  for (const ws of [one, two]) {
    await waitFor('the end', () => pushed(ws).some(([, text]) => text === 'The end'), 90000);
    assert.deepEqual(pushed(ws), written);
  }
  await does(lead.id, 'resume');
});
