// Live calls with the engine "realtime": an emergency is heard, whatever fails meanwhile.
import assert from 'node:assert/strict';
import {beforeEach, test} from 'node:test';
import {setTimeout as sleep} from 'node:timers/promises';

import {row, rows} from './lib/database.mjs';
import {Call, killed, model, openai, STORY, withRealtime} from './lib/realtime.mjs';
import {redis} from './lib/redis.mjs';
import {waitFor} from './lib/wait.mjs';

withRealtime();
beforeEach(() => openai.reset());

// The engine is to say what is to be said of an emergency.
const isTold = (e) => e.type === 'response.create' && /This is an emergency/.test(e.response?.instructions);

test('an emergency is heard, and people are told once', async () => {
  const call = await new Call().greeted();
  await call.say('help the battery is on fire right now in my house');
  const tasks = await waitFor('the task', async () => {
    const found = await rows(`SELECT key, priority FROM tasks WHERE key = :'key'`, {key: `emergency:${call.sid}`});
    return found.length > 0 && found;
  });
  assert.deepEqual(tasks.map((t) => t.priority), ['urgent']);
  await waitFor('the engine to be told', async () => (await call.session())?.events.some(isTold));
  call.caller.hangUp();
});

// The words of the caller come later than the end of his speech: an answer is asked for already.
async function reportsFire() {
  const call = await new Call().greeted();
  await openai.post('realtime', {transcription_ms: 600});
  return call;
}

test('what is to be said of an emergency is said without another word of the caller\'s', async () => {
  const call = await reportsFire();
  await call.say('help the battery is on fire');
  await call.caller.hears(/Is everybody out/);
  call.caller.hangUp();
});

test('who cuts off the answer before what is to be said of an emergency hears that next, and once', async () => {
  await model([{when: 'battery is on fire', text: STORY}]);
  const call = await reportsFire();
  await call.say('help the battery is on fire');
  await call.caller.hears(/a bicycle/);
  const {id} = await waitFor('the words behind it', async () => {
    const session = await call.session();
    return session.items.some((i) => /Is everybody out/.test(i.text) && i.ms === 200 * i.text.split(' ').length) && session;
  });
  await call.say('stop');
  await call.caller.hears(/Is everybody out.*call 911/);
  await call.caller.quiet();
  await call.say('yes we are');
  await call.caller.hears(/I heard: yes we are/);
  assert.equal(call.caller.heard().match(/Is everybody out/g).length, 1);
  assert.equal((await call.living()).id, id);
  call.caller.hangUp();
});

// The silence behind which what somebody says is over.
const endsBehind = (ms) => row(
    `UPDATE agent_configs SET silence_ms = :'ms'
      WHERE organization_id = (SELECT id FROM organizations WHERE slug = 'bici-downtown') RETURNING silence_ms`, {ms});

// The end of what he says is known, and he is being answered; or not yet.
for (const answered of [true, false]) {
  test(`who hangs up ${answered ? 'when he is answered' : 'right behind his words'}, before they are known: they are kept, and people hear of an emergency in them`, async (t) => {
    t.after(() => endsBehind(500));
    await endsBehind(answered ? 500 : 1500);
    await model([{when: 'battery is on fire', text: STORY}]);
    const call = await reportsFire();
    const {id} = await call.living();
    await openai.post('realtime', {transcription_ms: answered ? 1000 : 600, gap_ms: 200});
    await call.say('help the battery is on fire');
    await (answered ? call.asked(id, 2) : sleep(150));
    call.caller.hangUp();
    await call.isKept('help the battery is on fire');
    await call.isPaged();
    const {events, errors, closed} = await waitFor('the end', async () => {
      const session = await call.session();
      return session.closed !== null && session;
    });
    const asked = events.filter((e) => e.type === 'response.create').length;
    assert.equal(asked, answered ? 2 : 1, 'the greeting, and what he has heard of');
    assert.equal(events.filter((e) => e.type === 'response.cancel').length, asked - 1, 'nothing is made for nobody');
    assert.deepEqual(errors, []);
    assert.equal(closed, 1000);
  });
}

test('words that never come are waited for a moment; who has said nothing more is not', async () => {
  const both = await Promise.all(['yes please', 'no thank you'].map(async (words) => {
    const call = await new Call().greeted();
    await call.say(words);
    await call.caller.hears(new RegExp(`I heard: ${words}`));
    await call.caller.quiet();
    return call;
  }));
  const [waits, silent] = both;
  const ids = await Promise.all(both.map(async (call) => (await call.session()).id));
  const closed = async () => {
    const sessions = await openai.get('realtime');
    return ids.map((id) => sessions.find((s) => s.id === id).closed);
  };
  await openai.post('realtime', {transcription_ms: 600000});
  await waits.say('the battery is on fire');
  await sleep(700);
  waits.caller.hangUp();
  silent.caller.hangUp();
  const ends = await waitFor('the end of the second', async () => {
    const found = await closed();
    return found[1] !== null && found;
  });
  assert.deepEqual(ends, [null, 1000]);
  await waitFor('the end of the first', async () => (await closed())[0] !== null);
});

test('the engine is lost before it has said what is to be said of an emergency: the next one does', async () => {
  const call = await reportsFire();
  const {id} = await call.living();
  await openai.post('realtime', {answers: false});
  await call.say('help the battery is on fire');
  await call.isPaged();
  await openai.post('realtime', {answers: true});
  await openai.post('realtime/lose', {id});
  await call.caller.hears(/Is everybody out/);
  call.caller.hangUp();
});

const due = (call) => redis('HGET', `va:call:{${call.sid}}`, 'due');

// Resolves when they are known, and cannot be heard.
async function owesWords() {
  const call = await reportsFire();
  await openai.post('realtime', {answers: false});
  await call.say('help the battery is on fire');
  await waitFor('the words for it', async () => /Is everybody out/.test(await due(call)));
  return call;
}

test('the process is killed before it has said what is to be said of an emergency: who has the call next says it, once', async () => {
  const call = await owesWords();
  const owner = await redis('HGET', `va:call:{${call.sid}}`, 'owner');
  await openai.post('realtime', {answers: true});
  await call.connect(await killed(call, owner));
  await call.caller.hears(/Is everybody out.*call 911/);
  await waitFor('it to be heard', async () => await due(call) === '');
  await call.caller.quiet();
  await call.say('yes we are');
  await call.caller.hears(/I heard: yes we are/);
  assert.equal(call.caller.heard().match(/Is everybody out/g).length, 1);
  call.caller.hangUp();
});

test('no engine can be had any more to say what is to be said of an emergency: the receptionist says it', async () => {
  const call = await owesWords();
  const {id} = await call.living();
  await openai.post('realtime', {refuse: 503});
  await openai.post('realtime/lose', {id});
  await call.caller.ended;
  assert.match(await call.resume(), /<Gather.*Where were we\? .*Is everybody out/s);
});
