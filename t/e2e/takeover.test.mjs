/*
 * People take talks over: texts, calls by TwiML, calls with sound. From the answer to a join on
 * nothing of the agent's reaches the customer, at whatever moment it comes:
 *   TAKEOVERS      moments tried (40), most of them in texts, the others in calls with sound
 *   TAKEOVER_SEED  repeats a run's decisions (not the machine's timing)
 */
import assert from 'node:assert/strict';
import {randomInt, randomUUID} from 'node:crypto';
import {after, before, test} from 'node:test';
import {setTimeout as sleep} from 'node:timers/promises';

import {DOWNTOWN, login, UPTOWN} from './lib/account.mjs';
import {row, rows} from './lib/database.mjs';
import {ALWAYS} from './lib/days.mjs';
import {env} from './lib/env.mjs';
import {openEvents} from './lib/events.mjs';
import {stranger, takeOver} from './lib/people.mjs';
import {dial, handset, heard, said} from './lib/phone.mjs';
import {jobProcesses, signal} from './lib/processes.mjs';
import {Random} from './lib/random.mjs';
import {sentTo, sim} from './lib/sims.mjs';
import {twilioClient} from './lib/twilio.mjs';
import {waitFor} from './lib/wait.mjs';

const ROUNDS = Number(process.env.TAKEOVERS ?? 40);
const SEED = Number(process.env.TAKEOVER_SEED ?? randomInt(2 ** 31));
const STORY = 'once upon a time there was a bicycle in a little shop by the lake and it waited ' +
    'for somebody who would ride it all around the water until the evening came over the hills';
const COLLEAGUE = '+14165550177';

const [twilio, openai] = [sim('twilio'), sim('openai')];
const carrier = twilioClient({
  accountSid: env.TWILIO_ACCOUNT_SID, authToken: env.TWILIO_AUTH_TOKEN, baseUrl: env.TWILIO_BASE_URL,
});

const text = (from, body) => twilio.post('sms', {from, to: DOWNTOWN.number, body});
const customerOf = (number) => waitFor(`the customer ${number}`, () => row(
    `SELECT id FROM customers WHERE phone_number = :'number'
        AND organization_id = (SELECT id FROM organizations WHERE slug = 'bici-downtown')`, {number}));
const callOf = (sid) => waitFor(`the call ${sid}`, () => row(
    `SELECT id FROM calls WHERE twilio_call_sid = :'sid'`, {sid}));
// Somebody who never stops asking for it.
const listener = Array.from({length: 200}, () => ({say: 'tell me a story', ms: 2500}));
const silent = (n, ms = 300) => Array.from({length: n}, () => ({silent: true, ms}));
const words = async (sid) => said(await heard(sid));

async function watch(t) {
  const events = await openEvents('/api/stream/organization', token);
  t.after(events.close);
  return events;
}

async function joined(target, body) {
  const answer = await takeOver(token, target, 'join', body);
  assert.equal(answer.status, 200, answer.text);
  return answer.json;
}

// Somebody calls, and stays on the line until all tests are over.
const rung = [];
async function ring(how) {
  rung.push(await dial(how));
  return rung.at(-1);
}

let token, kept;
const change = ({engines, calls, hours}) => row(
    `UPDATE organizations SET engines = :'engines', max_concurrent_calls = :'calls', hours = :'hours'
      WHERE slug = 'bici-downtown' RETURNING slug`, {engines, calls, hours});
const use = (engines) => change({engines, calls: 200, hours: ALWAYS});

before(async () => {
  kept = await row(`SELECT engines::text, max_concurrent_calls AS calls, hours::text FROM organizations
                     WHERE slug = 'bici-downtown'`);
  ({token} = await login(DOWNTOWN));
  await openai.reset();
  await openai.post('model', {rules: [{when: 'tell me a story', text: STORY}]});
});
after(async () => {
  for (const sid of rung) await carrier.calls(sid).update({status: 'completed'}).catch(() => {});  // it may be over
  await change(kept);
  await openai.reset();
});

// ------------------------------------------------------------------ texts

test('texts: a person joins, writes once, and gives them back', async (t) => {
  await use('{receptionist}');
  const events = await watch(t);
  const number = stranger();
  await text(number, 'What are your hours?');
  await waitFor('the answer', async () => (await sentTo(number)).length === 1);
  const {id} = await customerOf(number);
  await joined(id);
  await joined(id);
  await events.find('human_agent_joined', (d) => d.leadId === id && d.by === 'text' && d.agentId);

  await text(number, 'Are you open on Sundays?');
  await events.find('sms_received', (d) => d.leadId === id && /Sundays/.test(d.message));
  const message = {message: 'Yes, for you.', id: 'one'};
  const first = await takeOver(token, id, 'message', message);
  const again = await takeOver(token, id, 'message', message);
  assert.equal(first.status, 200, first.text);
  assert.equal(first.json.message_id, again.json.message_id);
  await events.find('human_agent_message', (d) => d.leadId === id && d.message === message.message);
  await waitFor('the text', async () => (await sentTo(number)).length === 2);

  assert.equal((await takeOver(token, id, 'resume')).status, 200);
  await events.find('ai_agent_resumed', (d) => d.leadId === id);
  await text(number, 'What are your hours?');
  await waitFor('the agent', async () => (await sentTo(number)).length === 3);
  assert.deepEqual((await sentTo(number)).map((m) => m.body === message.message), [false, true, false]);
  assert.equal((await takeOver(token, id, 'resume')).status, 409);
  const audit = await rows(`SELECT action FROM audit_log WHERE entity_id = :'id' ORDER BY created_at`, {id});
  assert.deepEqual(audit.map((a) => a.action), ['takeover_join', 'takeover_message', 'takeover_resume']);
  assert.equal(events.all.filter((e) => e.type === 'human_agent_joined' && e.data.leadId === id).length, 1);
});

test('what is another shop\'s, and what is wrong, is refused', async () => {
  const number = stranger();
  await text(number, 'What are your hours?');
  const {id} = await customerOf(number);
  const {token: uma} = await login(UPTOWN);
  for (const action of ['join', 'message', 'resume'])
    assert.equal((await takeOver(uma, id, action, {message: 'hello', id: 'x'})).status, 404);
  assert.equal((await takeOver(token, randomUUID(), 'join')).status, 404);
  assert.equal((await takeOver(token, id, 'message', {message: 'hello', id: 'x'})).status, 409);
  assert.equal((await takeOver(token, id, 'join', {mode: 'smoke'})).status, 400);
  assert.equal((await takeOver(token, id, 'join', {mode: 'phone', phone: COLLEAGUE})).status, 409);
  assert.equal((await takeOver(undefined, id, 'join')).status, 401);
  assert.deepEqual(await rows(`SELECT 1 FROM takeovers WHERE customer_id = :'id'`, {id}), []);
});

// ------------------------------------------------------------------ calls by TwiML

test('a call: what the person writes is spoken, what the caller says is shown', async (t) => {
  await use('{receptionist}');
  const events = await watch(t);
  const sid = await ring({
    from: stranger(), to: DOWNTOWN.number,
    script: [...silent(1, 1500), {say: 'I talk to a person', ms: 500}, ...silent(20), {say: 'thank you'},
             ...silent(20)],
  });
  await waitFor('the greeting', async () => (await words(sid)).length > 0);
  const {id} = await callOf(sid);
  await joined(id);
  const before = (await words(sid)).length;
  await events.find('user_transcript', (d) => d.transcript === 'I talk to a person');
  for (const n of [1, 2, 2]) {
    const answer = await takeOver(token, sid, 'message', {message: `this is sentence ${n}`, id: `m${n}`});
    assert.equal(answer.status, 200, answer.text);
  }
  await waitFor('the sentences', async () => (await words(sid)).length >= before + 2);
  assert.deepEqual((await words(sid)).slice(before), ['this is sentence 1', 'this is sentence 2']);
  assert.equal((await takeOver(token, id, 'resume')).status, 200);
  await waitFor('the agent', async () => (await words(sid)).some((t) => /anything else I can do/.test(t)));
  await events.find('ai_agent_resumed', (d) => d.callSid === sid);
});

// Nothing of the agent's until the person has put the receiver down; then the caller is not left in silence.
test('a call by phone: the person is rung and talks with the caller, whom the agent has behind it', async (t) => {
  await use('{receptionist}');
  const events = await watch(t);
  await handset(COLLEAGUE, {call: 'answer', press: '1', talk_ms: 300});
  const sid = await ring({from: stranger(), to: DOWNTOWN.number, script: silent(40)});
  await waitFor('the greeting', async () => (await words(sid)).length > 0);
  await joined(sid, {mode: 'phone', phone: COLLEAGUE});
  const at = (await heard(sid)).log.length;
  const log = async () => (await heard(sid)).log.slice(at);
  await waitFor('the agent', async () => (await log()).some((e) => /anything else I can do/.test(e.text)));
  const since = await log();
  const bridged = since.findIndex((e) => e.bridged === COLLEAGUE);
  assert.ok(bridged >= 0);
  assert.deepEqual(since.slice(0, bridged).filter((e) => e.who === 'agent' && e.text), []);
  await events.find('ai_agent_resumed', (d) => d.callSid === sid);
  assert.equal((await takeOver(token, sid, 'resume')).status, 409);
});

test('a call by phone: whom the person does not take hears so, and is called back', async () => {
  await use('{receptionist}');
  await handset(COLLEAGUE, {call: 'no-answer'});
  const number = stranger();
  const sid = await ring({from: number, to: DOWNTOWN.number, script: silent(40)});
  await waitFor('the greeting', async () => (await words(sid)).length > 0);
  await joined(sid, {mode: 'phone', phone: COLLEAGUE});
  await waitFor('the agent', async () => (await words(sid)).some((text) => /nobody can take your call/.test(text)));
  const tasks = await rows(`SELECT kind FROM tasks JOIN customers k ON k.id = customer_id
                             WHERE phone_number = :'number'`, {number});
  assert.deepEqual(tasks.map((task) => task.kind), ['callback']);
});

test('a call with sound: its engine has it behind the person, though every job process dies as he puts it down', async () => {
  await use('{realtime,receptionist}');
  await handset(COLLEAGUE, {call: 'answer', press: '1', talk_ms: 1000});
  const sid = await ring({from: stranger(), to: DOWNTOWN.number, script: listener});
  await waitFor('the greeting', async () => (await heard(sid)).streams.some((s) => s.frames > 50));
  await joined(sid, {mode: 'phone', phone: COLLEAGUE});
  await waitFor('the talk', async () => (await heard(sid)).log.some((e) => e.bridged === COLLEAGUE));
  const {length} = (await heard(sid)).streams;
  await sleep(950);
  jobProcesses().forEach((pid) => signal(pid, 'SIGKILL'));
  await waitFor('the agent', async () => (await heard(sid)).streams.slice(length).some((s) => s.frames > 20));
  assert.equal((await takeOver(token, sid, 'resume')).status, 409);
});

test('the end of a call ends what a person did in it', async () => {
  const number = stranger();
  const sid = await ring({from: number, to: DOWNTOWN.number, script: [...silent(2, 4000), {hangup: true}]});
  const {id} = await callOf(sid);
  await joined(id);
  await waitFor('the end', async () => (await row(
      `SELECT state FROM takeovers WHERE call_id = :'id'`, {id})).state === 'over');
  assert.equal((await takeOver(token, id, 'join')).status, 409);
});

// ------------------------------------------------------------------ at any moment

// A text whose answer may be anywhere: before it is thought of, on its way, or out.
async function momentInTexts(random) {
  const number = stranger();
  const known = random.chance(0.5);
  if (known) await text(number, 'Hello');
  else await text(number, 'What are your hours?');
  const {id} = await customerOf(number);
  if (known) text(number, random.pick(['What are your hours?', 'Where is my order?', 'tell me a story']));
  await sleep(random.below(120));
  await joined(id);
  const acknowledged = Date.now();
  text(number, 'Are you still there?');
  return async () => {
    const late = (await twilio.requests()).filter(
        (r) => r.method === 'POST' && /Messages\.json$/.test(r.path) && r.body?.To === number &&
            Date.parse(r.time) > acknowledged);
    assert.deepEqual(late.map((r) => r.body.Body), [], `a text to ${number} behind the answer`);
  };
}

// A call with sound: ringing, connecting, being greeted, listening, or in the middle of a story.
async function momentInCall(random) {
  const sid = await ring({from: stranger(), to: DOWNTOWN.number, script: listener});
  await callOf(sid);
  await sleep(random.below(7000));
  const {id} = await callOf(sid);
  await joined(id);
  const acknowledged = Date.now();
  const spoken = (await words(sid)).length;
  return async () => {
    const call = await waitFor(`the end of the streams of ${sid}`, async () => {
      const now = await heard(sid);
      return now.streams.every((s) => !s.open) && now;
    });
    const late = call.streams.filter((s) => s.last_ms !== null && s.last_ms > acknowledged);
    assert.deepEqual(late, [], `sound in ${sid} behind the answer`);
    // That somebody writes to him is none of the agent's.
    const behind = (await words(sid)).slice(spoken).filter((w) => !/^A colleague is with you now/.test(w));
    assert.deepEqual(behind, []);
    return call.streams.some((s) => s.frames > 0);
  };
}

test(`${ROUNDS} random moments: behind the answer to a join nothing of the agent is heard`, async () => {
  console.log(`# seed ${SEED} (TAKEOVER_SEED)`);
  const random = new Random(SEED);
  await use('{realtime,receptionist}');
  let [texts, calls, inSound] = [0, 0, 0];
  for (let left = ROUNDS; left > 0;) {
    const batch = Array.from({length: Math.min(left, 10)}, () => random.chance(0.4) ? momentInCall : momentInTexts);
    left -= batch.length;
    const judges = await Promise.all(batch.map((moment) => moment(random)));
    await sleep(1500);  // for what would come late
    for (const [i, judge] of judges.entries()) {
      const sounded = await judge();
      if (batch[i] === momentInCall) [calls, inSound] = [calls + 1, inSound + (sounded ? 1 : 0)];
      else texts++;
    }
  }
  console.log(`# ${texts} in texts, ${calls} in calls, ${inSound} of them after the agent's first sound`);
});
