// Live calls with the engine "realtime": how its sessions begin, are renewed and are lost.
import assert from 'node:assert/strict';
import {beforeEach, test} from 'node:test';
import {setTimeout as sleep} from 'node:timers/promises';

import {DOWNTOWN, JOHN, login} from './lib/account.mjs';
import {row} from './lib/database.mjs';
import {call as http} from './lib/http.mjs';
import {jobProcesses, whileStopped} from './lib/processes.mjs';
import {Call, model, openai, STORY, withRealtime} from './lib/realtime.mjs';
import {redis} from './lib/redis.mjs';
import {waitFor} from './lib/wait.mjs';

withRealtime();
beforeEach(() => openai.reset());

test('the talk goes over to another language: the engine is told, hears any, and so does the next one', async (t) => {
  t.after(() => row(
      `UPDATE customers SET preferred_language = 'en', conversation_language = NULL
        WHERE phone_number = :'phone' RETURNING id`, {phone: JOHN}));
  await model([{when: 'parlez vous', tool_calls: [{name: 'switch_language', arguments: {language: 'fr'}}]}]);
  const call = await new Call().greeted();
  const {id} = await call.living();
  await call.say('parlez vous francais');
  const told = (of) => waitFor('the engine to be told', async () => {
    const session = (await openai.get('realtime')).find((s) => s.id === of);
    return session.items.some((i) => i.role === 'system' && /speak and write in this language: fr/.test(i.text)) && session;
  });
  assert.equal((await told(id)).session.audio.input.transcription.language, undefined);
  await openai.post('realtime/lose', {id});
  const next = await call.another([id]);
  assert.equal((await told(next.id)).session.audio.input.transcription.language, undefined);
  call.caller.hangUp();
});

test('what is speech, and when it is over, is for the shop to say', async (t) => {
  const {token} = await login(DOWNTOWN);
  const set = async (vad_threshold, prefix_padding_ms, silence_ms) => {
    const body = {voice: {vad_threshold, prefix_padding_ms, silence_ms}};
    assert.equal((await http('PUT', '/api/settings', {token, body})).status, 200);
  };
  t.after(() => set(0.5, 500, 500));
  await set(0.7, 250, 800);
  const call = await new Call().greeted();
  await call.say('hello there');
  await call.caller.hears(/I heard/);
  const {session, errors} = await call.session();
  const {threshold, prefix_padding_ms, silence_duration_ms} = session.audio.input.turn_detection;
  assert.deepEqual({threshold, prefix_padding_ms, silence_duration_ms},
                   {threshold: 0.7, prefix_padding_ms: 250, silence_duration_ms: 800});
  assert.deepEqual(errors, []);
  call.caller.hangUp();
});

test('0 is heard before there is an engine', async () => {
  await openai.post('realtime', {hold_updates: true});
  const call = await new Call().ring();
  await waitFor('the engine', () => call.living());
  call.caller.press('0');
  await call.caller.ended;
  assert.equal(await redis('HGET', `va:call:{${call.sid}}`, 'next'), 'dial');

  const other = new Call();
  const twiml = await other.answer();
  await whileStopped(jobProcesses(), async () => {
    await other.connect(twiml);  // nobody says which engine that is
    other.caller.press('0');
    await sleep(300);
  });
  await other.caller.ended;
  assert.equal(await redis('HGET', `va:call:{${other.sid}}`, 'next'), 'dial');
});

test('a number that is typed is answered as if he had said it, and a 0 in it calls nobody', async () => {
  await model([{when: '^1042$', text: 'that one has been shipped'}, {when: 'where is my order', text: 'please type its number'}]);
  const call = await new Call().greeted();
  const {id} = await call.living();
  await call.say('where is my order');
  await call.caller.hears(/type its number/);
  await call.caller.quiet();
  for (const key of '1042') call.caller.press(key);
  await call.caller.hears(/has been shipped/);
  await waitFor('the turn', async () => (await call.turns()).some((t) => t.speaker === 'customer' && t.content === '1042'));
  const {items} = (await openai.get('realtime')).find((s) => s.id === id);
  assert.equal(items.some((i) => i.type === 'function_call'), false);
  assert.equal(call.caller.closed, null);
  call.caller.hangUp();
});

test('0 before there is an engine, where nobody can be had: he is told so behind the greeting', async (t) => {
  const hours = (to) => row(`UPDATE organizations SET hours = :'to' WHERE slug = 'bici-downtown' RETURNING slug`, {to});
  const callbacks = async () => (await row(`SELECT count(*) AS n FROM tasks WHERE kind = 'callback'`)).n;
  const {usual} = await row(`SELECT hours::text AS usual FROM organizations WHERE slug = 'bici-downtown'`);
  t.after(() => hours(usual));
  await hours('{}');
  await model([{when: 'John', recall: '"status":"callback"', text: 'somebody will call you back'}]);
  await openai.post('realtime', {hold_updates: true});
  const known = await callbacks();
  const call = await new Call().ring();
  await waitFor('the engine', () => call.living());
  call.caller.press('0');
  await waitFor('the task', async () => await callbacks() > known);
  await openai.post('realtime', {hold_updates: false});
  await call.caller.hears(/John.*somebody will call you back/);
  call.caller.hangUp();
});

test('the engine ends the session in the middle of a call: another one knows what was said', async () => {
  await model([{when: 'blue bicycle', text: 'we have blue ones'}, {when: 'which color', text: 'blue it was'}]);
  await openai.post('realtime', {cap_ms: 20000, tells_end: false});
  const call = await new Call().greeted();
  await call.say('do you have a blue bicycle');
  await call.caller.hears(/blue ones/);
  await openai.post('realtime', {cap_ms: 600000});
  const first = (await call.session()).id;
  const next = await waitFor('another session', async () => (await openai.get('realtime')).find(
      (s) => s.id !== first && s.items.some((i) => i.text === 'do you have a blue bicycle')));
  assert.ok(next.items.some((i) => i.text === 'we have blue ones' && i.role === 'assistant'));
  await call.caller.hears(/line was bad/);
  await call.caller.quiet();
  await call.say('which color');
  await call.caller.hears(/blue it was/);
  assert.equal(call.caller.closed, null);
  call.caller.hangUp();
});

test('the engine is lost while the next session opens: the call has the one that follows', async () => {
  await model([{when: 'green bicycle', text: 'we have green ones'}]);
  await openai.post('realtime', {told_ms: 8000});
  const call = await new Call().ring();
  await call.caller.hears(/John/i);
  const first = await call.living();
  await openai.post('realtime', {told_ms: 0, hold_updates: true});
  const renewal = await call.another([first.id]);
  await openai.post('realtime/lose', {id: first.id});
  await call.another([first.id, renewal.id]);
  await openai.post('realtime', {hold_updates: false});
  await call.caller.hears(/line was bad/);
  await call.caller.quiet();
  await call.say('do you have a green bicycle');
  await call.caller.hears(/green ones/);
  call.caller.hangUp();
});

for (const [when, begin] of [
  ['when he has spoken', async (call) => {
    await openai.post('black');
    await call.say('which color');
  }],
  ['when he waits for the answer', async (call) => {
    await openai.post('realtime', {answers: false});
    const {id} = await call.living();
    await call.say('which color');
    await call.asked(id, 3);
    await openai.post('black');
    await openai.post('realtime', {answers: true});
  }],
]) {
  test(`a connection that goes black ${when}: another one has the call in a few seconds`, async () => {
    await model([{when: 'blue bicycle', text: 'we have blue ones'}, {when: 'which color', text: 'blue it was'}]);
    const call = await new Call().greeted();
    await call.say('do you have a blue bicycle');
    await call.caller.hears(/blue ones/);
    await call.caller.quiet();
    await begin(call);
    const at = call.caller.now();
    await call.caller.hears(/line was bad/);
    console.log(`# ${(call.caller.now() - at).toFixed(0)} ms`);
    assert.equal(call.caller.closed, null);
    call.caller.hangUp();
  });
}

const asked = async (id) => (await openai.get('realtime')).find((s) => s.id === id)
    .events.filter((e) => e.type === 'response.create').length;

test('a service that answers pings alone hears nothing: another one has the call before anybody asks whether he is there', async () => {
  const call = await new Call().greeted();
  const {id} = await call.living();
  const before_ = await asked(id);
  await openai.post('realtime/deaden');
  await call.say('do you have a blue bicycle');
  const at = call.caller.now();
  await call.caller.hears(/line was bad/);
  console.log(`# ${(call.caller.now() - at).toFixed(0)} ms`);
  assert.equal(await asked(id), before_);
  await call.caller.quiet();
  await call.say('hello again');
  await call.caller.hears(/I heard: hello again/);
  call.caller.hangUp();
});

test('a service that answers pings alone answers nothing: another one has the call in a few seconds', async () => {
  const call = await new Call().greeted();
  const {id} = await call.living();
  await openai.post('realtime', {answers: false});
  await call.say('do you have a blue bicycle');
  await call.asked(id, 2);
  await Promise.all([openai.post('realtime/deaden'), openai.post('realtime', {answers: true})]);
  const at = call.caller.now();
  await call.caller.hears(/line was bad/);
  console.log(`# ${(call.caller.now() - at).toFixed(0)} ms`);
  call.caller.hangUp();
});

test('what is loud and no speech is no reason to take another service', async () => {
  const call = await new Call().greeted();
  const {id} = await call.living();
  await openai.post('realtime', {vad: false});
  const updates = async () => (await call.living()).events.filter((e) => e.type === 'session.update').length;
  const before_ = await updates();
  for (let i = 0; i < 4; i++) {
    await call.say('a train goes by here');
    await sleep(1500);
  }
  assert.ok(await updates() > before_, 'it was asked whether it hears');
  assert.deepEqual((await openai.get('realtime')).map((s) => s.id), [id]);
  call.caller.hangUp();
});

test('a connection on which nothing is said is left alone', async () => {
  await model([{when: 'one moment', tool_calls: [{name: 'skip_turn', arguments: {}}]}]);
  const call = await new Call().greeted();
  const {id} = await call.living();
  await call.say('one moment please');
  await call.caller.quiet();
  await sleep(9000);
  assert.deepEqual((await openai.get('realtime')).map((s) => s.id), [id]);
  call.caller.hangUp();
});

test('a session that never gets ready gives way to the next engine of the shop', async () => {
  await openai.post('realtime', {hold_updates: true});
  const call = await new Call().ring();
  await call.caller.ended;
  assert.equal(await redis('HGET', `va:call:{${call.sid}}`, 'next'), 'engine:receptionist');
});

test('a renewal that never gets ready is tried again', async () => {
  await openai.post('realtime', {told_ms: 8000});
  const call = await new Call().ring();
  await call.caller.hears(/John/i);
  const first = await call.living();
  await openai.post('realtime', {told_ms: 0, hold_updates: true});
  const renewal = await call.another([first.id]);
  const next = await call.another([first.id, renewal.id]);
  await openai.post('realtime', {hold_updates: false});
  await waitFor('the end of the first', async () => (await call.living()).id === next.id);
  call.caller.hangUp();
});

test('a service that refuses renewals is asked less and less often', async () => {
  await openai.post('realtime', {told_ms: 6000});
  const call = await new Call().ring();
  await call.caller.hears(/John/i);
  await openai.post('realtime', {told_ms: 0, refuse: 429});
  const dials = async () => (await openai.requests()).filter((r) => r.method === 'WEBSOCKET').length - 1;
  await waitFor('renewals', async () => await dials() >= 1);
  await sleep(10000);
  const meanwhile = await dials();
  assert.ok(meanwhile <= 5, `${meanwhile} in ten seconds`);
  await waitFor('another one', async () => await dials() >= 2);
  await openai.post('realtime', {refuse: 0});
  call.caller.hangUp();
});

test('what a lost engine had made is heard while the next one is opened', async () => {
  await model([{when: 'tell me a story', text: STORY}]);
  const call = await new Call().greeted();
  await call.say('tell me a story');
  await call.caller.hears(/once/);
  const {id} = await waitFor('the whole story', async () => {
    const session = await call.session();
    return session.items.some((i) => i.text === STORY && i.ms === 200 * STORY.split(' ').length) && session;
  });
  await openai.post('realtime', {hold_updates: true});
  await openai.post('realtime/lose', {id});
  const next = await call.another([id]);
  await call.caller.hears(/the lake and/);
  assert.equal((await call.living()).id, next.id);  // which hears nothing yet
  await openai.post('realtime', {hold_updates: false});
  await call.caller.hears(/over the hills.*line was bad/);
  call.caller.hangUp();
});

test('an engine that cannot be had gives way to the next of the shop', async () => {
  await openai.post('realtime', {refuse: 503});
  const call = await new Call().ring();
  await call.caller.ended;
  assert.equal(await redis('HGET', `va:call:{${call.sid}}`, 'next'), 'engine:receptionist');
  assert.match(await call.resume(), /<Gather/);
});
