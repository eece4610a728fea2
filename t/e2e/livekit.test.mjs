// Calls that go to a room of LiveKit's by SIP: dialled in by the carrier, told of by signed
// webhooks, taken out by a person or because nobody is there.
import assert from 'node:assert/strict';
import {randomBytes} from 'node:crypto';
import {after, before, test} from 'node:test';

import {DOWNTOWN, login} from './lib/account.mjs';
import {row} from './lib/database.mjs';
import {ALWAYS} from './lib/days.mjs';
import {env} from './lib/env.mjs';
import {call as http} from './lib/http.mjs';
import {stranger, takeOver} from './lib/people.mjs';
import {dial, doing, heard, over, problems, said} from './lib/phone.mjs';
import {livekit as signed} from './lib/signed.mjs';
import {sim} from './lib/sims.mjs';
import {waitFor} from './lib/wait.mjs';

const livekit = sim('livekit');
const FROM = stranger();

let token, kept;
const change = ({engines, calls, hours}) => row(
    `UPDATE organizations SET engines = :'engines', max_concurrent_calls = :'calls', hours = :'hours'
      WHERE slug = 'bici-downtown' RETURNING slug`, {engines, calls, hours});

before(async () => {
  kept = await row(`SELECT engines::text, max_concurrent_calls AS calls, hours::text FROM organizations
                     WHERE slug = 'bici-downtown'`);
  ({token} = await login(DOWNTOWN));
  await livekit.reset();
  await change({engines: '{livekit,receptionist}', calls: 50, hours: ALWAYS});
});
after(async () => {
  await change(kept);
  await livekit.reset();
});

const ring = (script = [{say: 'When are you open?'}, {say: 'bye'}]) =>
    dial({from: FROM, to: DOWNTOWN.number, script});
const roomsOf = async (sid) =>
    (await livekit.get('rooms')).filter(({name}) => name.startsWith(`call-${sid}-`));
const callersIn = (room) => room.participants.filter(({kind}) => kind === 'SIP');

// The room the caller is in.
const roomWith = (sid) => waitFor(`the caller of ${sid} in a room`, async () =>
    (await roomsOf(sid)).find((room) => callersIn(room).length > 0));

async function tell(event, room, kind = 'STANDARD') {
  const body = JSON.stringify({
    event,
    room: {sid: 'RM_1', name: room},
    participant: {identity: `sip_${FROM}`, kind},
    id: `EV_${randomBytes(6).toString('hex')}`,
    createdAt: '1789000001',
  });
  const headers = await signed({key: env.LIVEKIT_API_KEY, secret: env.LIVEKIT_API_SECRET, body});
  assert.equal((await http('POST', '/api/webhooks/livekit', {body, headers})).status, 200);
}

test('a call is dialled into its room, where the agent is, and ends with it', async () => {
  const sid = await ring();
  const room = await roomWith(sid);
  const {agents: [agent]} = room, [caller] = callersIn(room);
  assert.equal(agent.agentName, env.LIVEKIT_AGENT);
  assert.equal(agent.metadata.call, sid);
  assert.equal(caller.identity, `sip_${FROM}`);
  assert.equal(caller.attributes['sip.twilio.callSid'], sid);
  await tell('participant_joined', room.name, 'SIP');
  assert.equal((await heard(sid)).over, false);

  await tell('room_finished', room.name);
  await livekit.post('finish', {room: room.name});
  const call = await over(sid);
  assert.deepEqual(problems(call), []);
  assert.deepEqual(said(call), [], 'the agent of the room alone has spoken');
  assert.ok(call.log.at(-1).hangup && call.log.at(-1).who === 'agent');
  const stored = await row('select engine from calls where twilio_call_sid = :\'sid\'', {sid});
  assert.equal(stored.engine, 'livekit');
});

test('a room that does not take the call gives way to the next engine', async () => {
  for (const status of [407, 486, 503]) {
    await livekit.script([{path: '/sip/invite', status, body: {}}]);
    const call = await over(await ring());
    assert.deepEqual(problems(call), []);
    assert.match(said(call).join(' '), /open/, `after ${status}`);
  }
});

test('a caller whom no agent joins does not hear it ring for ever', async () => {
  await livekit.post('agents', {names: []});
  try {
    const sid = await ring();
    await tell('participant_joined', (await roomWith(sid)).name, 'SIP');
    const call = await over(sid);
    assert.deepEqual(problems(call), []);
    assert.ok(!call.log.some((e) => e.bridged), 'it only rang');
    assert.match(said(call).join(' '), /open/);
    assert.deepEqual((await roomsOf(sid)).flatMap(callersIn), []);
  } finally {
    await livekit.post('agents', {names: [env.LIVEKIT_AGENT]});
  }
});

test('a person takes the caller out of the room, and gives him back to a new one', async () => {
  const sid = await ring(Array.from({length: 60}, () => ({silent: true, ms: 300})));
  const first = await roomWith(sid);
  assert.equal((await takeOver(token, sid, 'join')).status, 200);
  await waitFor('the caller outside', async () => (await roomsOf(sid)).flatMap(callersIn).length === 0);
  const message = {message: 'This is Robin from the shop.', id: 'm1'};
  assert.equal((await takeOver(token, sid, 'message', message)).status, 200);
  await waitFor('the words', async () => said(await heard(sid)).includes(message.message));

  // What its old room becomes means nothing to a call that has left it.
  await tell('room_finished', first.name);
  await doing(sid, [{hangup: true, ms: 60000}]);
  assert.equal((await takeOver(token, sid, 'resume')).status, 200);
  const second = await roomWith(sid);
  assert.notEqual(second.name, first.name);
  assert.equal(second.agents[0].metadata.call, sid);
  await livekit.post('finish', {room: second.name});
  assert.deepEqual(problems(await over(sid)), []);
});
