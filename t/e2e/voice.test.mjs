/*
 * Live calls with sound: a caller (t/sim/lib/caller.mjs) at nginx, the voice process, the
 * simulated Realtime API behind it. What was said is judged by the sound that was played.
 */
import assert from 'node:assert/strict';
import {readdirSync, readFileSync} from 'node:fs';
import {after, before, beforeEach, test} from 'node:test';
import {setTimeout as sleep} from 'node:timers/promises';

import {DOWNTOWN, JOHN, login} from './lib/account.mjs';
import {cancelAppointments} from './lib/appointments.mjs';
import {run} from './lib/command.mjs';
import {row, rows} from './lib/database.mjs';
import {env} from './lib/env.mjs';
import {openEvents} from './lib/events.mjs';
import {call as http} from './lib/http.mjs';
import {MediaCall, withEngines} from './lib/media.mjs';
import {alive, jobProcesses, pidOf, signal, voiceProcesses, whileStopped} from './lib/processes.mjs';
import {drained} from './lib/queues.mjs';
import {callsOf, redis} from './lib/redis.mjs';
import {sim} from './lib/sims.mjs';
import {waitFor} from './lib/wait.mjs';
import {assertOrdered, assertSeen, counted, latencyOf} from './lib/waterfall.mjs';

const STORY = 'once upon a time there was a bicycle in a little shop by the lake and it waited ' +
    'for somebody who would ride it all around the water until the evening came over the hills';
// At once. The voice process has to renew its lease meanwhile (1.5 s).
const CALLS = Number(process.env.VOICE_CALLS ?? 50);
const openai = sim('openai');

class Call extends MediaCall {
  // The session of the engine that spoke with this caller last.
  session = async () => (await openai.get('realtime'))
      .filter((s) => s.items.some((i) => i.role === 'user' && i.text === this.last)).at(-1);

  // Of a test in which nobody else calls: the session that lives, and one beside those known.
  living = async () => (await openai.get('realtime')).find((s) => s.closed === null);
  another = (known) => waitFor('another session', async () => (await openai.get('realtime')).find(
      (s) => s.closed === null && !known.includes(s.id)));

  // Resolves when a session was asked for that many answers.
  asked = (id, times) => waitFor(`question ${times}`, async () => {
    const {events} = (await openai.get('realtime')).find((s) => s.id === id);
    return events.filter((e) => e.type === 'response.create').length >= times;
  });
}

const model = (rules) => openai.post('model', {rules});

let putBack;
before(async () => {
  putBack = await withEngines('{realtime,receptionist}');
  await cancelAppointments(JOHN);  // of none it may be said that it is booked
});
beforeEach(() => openai.reset());
after(async () => {
  await putBack();
  await openai.reset();
});

// ------------------------------------------------------------------ the tests

test('a whole call: greeting, an order, the end', async () => {
  await model([
    {when: '"success":true', text: 'thank you and bye'},
    {when: 'where is my order', tool_calls: [{name: 'lookup_order', arguments: {order_number: '1042'}}]},
    {when: 'goodbye', tool_calls: [{name: 'end_call', arguments: {reason: 'done'}}]},
  ]);
  const call = await new Call().ring();
  await call.caller.hears(/John/i);  // before anybody else has said a word
  await call.caller.quiet();
  await call.say('where is my order');
  await call.caller.hears(/bye/);
  await call.caller.quiet();
  await call.say('goodbye');
  await call.caller.ended;
  assert.equal(call.caller.closed, 1000);
  assert.equal(await redis('HGET', `va:call:{${call.sid}}`, 'next'), 'hangup');
  assert.match(await call.resume(), /<Hangup\/>/);

  const session = await call.session();
  assert.deepEqual(session.errors, []);
  const tools = session.items.filter((i) => i.type === 'function_call');
  assert.deepEqual(tools.map((t) => t.name), ['lookup_order', 'end_call']);
  const results = session.items.filter((i) => i.type === 'function_call_output');
  assert.match(results[0].text, /1042/);
  assert.match(results[0].text, /"success":true/);
  const turns = await waitFor('the turns', async () => {
    const found = await call.turns();
    return found.some((t) => t.content === 'goodbye') && found;
  });
  assert.deepEqual(turns.filter((t) => t.speaker === 'customer').map((t) => t.content),
                   ['where is my order', 'goodbye']);
  assert.equal(turns[0].speaker, 'agent');
});

test('a stranger is greeted too', async () => {
  const call = await new Call('+16475550143').ring();
  await call.caller.hears(/Bici Downtown/);
  call.caller.hangUp();
});

test('where the seconds of a turn go is kept with it, told live, and counted', async (t) => {
  await model([
    {when: '"success":true', text: 'your parcel has been shipped'},
    {when: 'where is my order', tool_calls: [{name: 'lookup_order', arguments: {order_number: '1042'}}]},
  ]);
  const {token} = await login(DOWNTOWN);
  const events = await openEvents('/api/stream/organization', token);
  t.after(() => events.close());
  const before_ = await counted('realtime', 'response');
  const call = await new Call().ring();
  await call.caller.hears(/John/i);
  await call.caller.quiet();
  await call.say('where is my order');
  await call.caller.hears(/been shipped/);

  const latency = await latencyOf(call.sid, token, /been shipped/);
  assert.equal(latency.engine, 'realtime');
  assert.equal(latency.reported, true);
  assertOrdered(latency, ['caller_ended', 'end_detected', 'tool_called', 'tool_answered', 'asked', 'first_token',
                          'first_sound', 'written', 'heard']);
  assertSeen(latency, call.caller, 'parcel');
  assertOrdered(await latencyOf(call.sid, token, /John/),
                ['asked', 'first_token', 'first_sound', 'written', 'heard']);
  const told = await waitFor('the event', async () => events.all.find(
      (e) => e.type === 'agent_response' && e.data.callSid === call.sid && /shipped/.test(e.data.response)));
  assert.equal(told.data.latency.caller_ended_ms, latency.caller_ended_ms);
  await waitFor('the metrics', async () => await counted('realtime', 'response') > before_);
  call.caller.hangUp();
});

test('who is interrupted falls silent at once, and the engine knows what was heard', async () => {
  await model([{when: 'tell me a story', text: STORY}]);
  const call = await new Call().ring();
  await call.caller.hears(/John/i);
  await call.caller.quiet();
  await call.say('tell me a story');
  await call.caller.hears(/a bicycle/);
  const at = call.caller.arrived.length;
  await call.say('please stop now');
  await call.caller.hears(/I heard:.*stop/);

  // By the order of what arrived: behind the `clear` there is nothing of the story.
  const since = call.caller.arrived.slice(at);
  const clear = since.findIndex((m) => m.event === 'clear');
  assert.ok(clear >= 0, 'the carrier was told to clear');
  const cleared = since[clear].ms;
  const late = call.caller.words.filter((w) => w.ms > cleared && STORY.split(' ').slice(4).includes(w.word) &&
                                        !['heard:', 'a'].includes(w.word));
  assert.deepEqual(late, []);
  const first = since.slice(clear).find((m) => m.event === 'media');
  console.log(`# silent ${(since[clear].ms - since[0].ms).toFixed(0)} ms, next sound ${
      (first.ms - cleared).toFixed(0)} ms behind the clear`);

  const story = (await call.session()).items.find((i) => i.text === STORY);
  const heard = STORY.split(' ').filter((w) => call.caller.words.some((x) => x.ms <= cleared && x.word === w)).length;
  const words = call.caller.words.filter((w) => w.ms <= cleared).map((w) => w.word);
  const of = words.length - words.indexOf('once');
  assert.ok(heard > 0 && story.truncated_ms !== undefined, 'it was truncated');
  assert.ok(story.truncated_ms >= (of - 2) * 200 && story.truncated_ms <= (of + 2) * 200,
            `truncated at ${story.truncated_ms} ms, heard were ${of} words of 200 ms`);
  assert.deepEqual((await call.session()).errors, []);
  const cut = await waitFor('the cut turn', async () => (await call.turns()).find((t) => t.interrupted));
  assert.ok(STORY.startsWith(cut.content.trim()) && cut.content.length < STORY.length);
  call.caller.hangUp();
});

test('the talk goes over to another language: the engine is told, hears any, and so does the next one', async (t) => {
  t.after(() => row(
      `UPDATE customers SET preferred_language = 'en', conversation_language = NULL
        WHERE phone_number = :'phone' RETURNING id`, {phone: JOHN}));
  await model([{when: 'parlez vous', tool_calls: [{name: 'switch_language', arguments: {language: 'fr'}}]}]);
  const call = await new Call().ring();
  await call.caller.hears(/John/i);
  await call.caller.quiet();
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

// The second one sends its words as slowly as they are spoken: they are not all there.
for (const gap_ms of [20, 400]) {
  test(`who hangs up in the middle of a sentence: what was heard is kept (pieces ${gap_ms} ms apart)`, async () => {
    await model([{when: 'tell me a story', text: STORY}]);
    const call = await new Call().ring();
    await call.caller.hears(/John/i);
    await call.caller.quiet();
    await openai.post('realtime', {gap_ms});
    await call.say('tell me a story');
    await call.caller.hears(/a bicycle/);
    call.caller.hangUp();
    const story = await waitFor('what was heard', async () => (await call.turns()).find((t) => /once upon/.test(t.content) && t.interrupted));
    const of = call.caller.words.length - call.caller.words.findIndex(({word}) => word === 'once');
    assert.ok(STORY.startsWith(story.content), story.content);
    const kept = story.content.trim().split(' ').length;
    assert.ok(Math.abs(kept - of) <= 3, `kept ${kept} words, heard were ${of}`);
    assert.equal((await call.turns()).filter((t) => /once upon/.test(t.content)).length, 1);
  });
}

test('words that only say "I am listening" do not end a story', async () => {
  await model([{when: 'tell me a story', text: STORY}]);
  const call = await new Call().ring();
  await call.caller.hears(/John/i);
  await call.caller.quiet();
  await call.say('tell me a story');
  await call.caller.hears(/a bicycle/);
  call.caller.say('yeah');
  await call.caller.hears(/over the hills/, 40000);
  const story = (await call.session()).items.find((i) => i.text === STORY);
  assert.equal(story.truncated_ms, undefined);
  assert.ok(call.caller.arrived.some((m) => m.event === 'clear'), 'he was listened to all the same');
  call.caller.hangUp();
});

test('a tool that takes its time: a few words in between, and its answer', async () => {
  await model([
    {when: '"success":true', text: 'it has been shipped'},
    {when: 'where is my order', tool_calls: [{name: 'lookup_order', arguments: {order_number: '1042'}}]},
  ]);
  const call = await new Call().ring();
  await call.caller.hears(/John/i);
  await call.caller.quiet();
  await whileStopped(jobProcesses(), async () => {
    await call.say('where is my order');
    await call.caller.hears(/takes a moment/);
  });
  await call.caller.hears(/has been shipped/);
  const {items, errors} = await call.session();
  assert.deepEqual(errors, []);
  assert.equal(items.filter((i) => i.type === 'function_call').length, 1);
  call.caller.hangUp();
});

test('0 calls a person: the call is put through', async () => {
  const call = await new Call().ring();
  await call.caller.hears(/John/i);
  await call.caller.quiet();
  call.caller.press('0');
  await call.caller.ended;
  const state = await redis('HGET', `va:call:{${call.sid}}`, 'next');
  assert.equal(state, 'dial');
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

test('nobody says a word: he is asked twice, and told why the call ends', async () => {
  const call = await new Call().ring();
  await call.caller.hears(/Nobody has said anything.*Nobody has said anything/, 60000);
  await call.caller.ended;
  assert.equal(await redis('HGET', `va:call:{${call.sid}}`, 'next'), 'hangup');
  assert.match(await call.resume(), /<Say[^>]*>I cannot hear you[^<]*<\/Say><Hangup\/>/);
});

// Its process is; resolves with the document that leads to another one.
async function killed(call, owner) {
  process.kill(Number(owner.split(':')[1]), 'SIGKILL');
  await call.caller.ended;
  return waitFor('another process', async () => {
    const living = await redis('ZRANGE', 'va:voice:processes', '0', '-1');
    return living.some((name) => name !== owner) && call.resume();
  });
}

test('a voice process that is killed: the call goes on in another, with what was said', async () => {
  await model([{when: 'red bicycle', text: 'we have red ones'}]);
  const call = await new Call().ring();
  await call.caller.hears(/John/i);
  await call.caller.quiet();
  await call.say('do you have a red bicycle');
  await call.caller.hears(/red ones/);
  const owner = await redis('HGET', `va:call:{${call.sid}}`, 'owner');
  await waitFor('the turn', async () => (await call.turns()).some((t) => /red ones/.test(t.content)));
  await call.connect(await killed(call, owner));
  await call.caller.hears(/line was bad/);
  const sessions = await openai.get('realtime');
  const told = sessions.at(-1).items.map((i) => i.text);
  assert.ok(told.includes('do you have a red bicycle') && told.includes('we have red ones'), told);
  call.caller.hangUp();
  await waitFor('the dead one to be given no more calls', async () =>
      !(await redis('ZRANGE', 'va:voice:processes', '0', '-1')).includes(owner));
});

test('the engine ends the session in the middle of a call: another one knows what was said', async () => {
  await model([{when: 'blue bicycle', text: 'we have blue ones'}, {when: 'which color', text: 'blue it was'}]);
  await openai.post('realtime', {cap_ms: 8000, tells_end: false});
  const call = await new Call().ring();
  await call.caller.hears(/John/i);
  await call.caller.quiet();
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
  await openai.post('realtime', {told_ms: 4000});
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

test('a session that never gets ready gives way to the next engine of the shop', async () => {
  await openai.post('realtime', {hold_updates: true});
  const call = await new Call().ring();
  await call.caller.ended;
  assert.equal(await redis('HGET', `va:call:{${call.sid}}`, 'next'), 'engine:receptionist');
});

test('a renewal that never gets ready is tried again', async () => {
  await openai.post('realtime', {told_ms: 4000});
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
  await openai.post('realtime', {told_ms: 3000});
  const call = await new Call().ring();
  await call.caller.hears(/John/i);
  await openai.post('realtime', {told_ms: 0, refuse: 429});
  const dials = async () => (await openai.requests()).filter((r) => r.method === 'WEBSOCKET').length - 1;
  await waitFor('renewals', async () => await dials() >= 1);
  await sleep(10000);
  assert.ok(await dials() >= 2 && await dials() <= 5, `${await dials()} in ten seconds`);
  await openai.post('realtime', {refuse: 0});
  call.caller.hangUp();
});

test('what a lost engine had made is heard while the next one is opened', async () => {
  await model([{when: 'tell me a story', text: STORY}]);
  const call = await new Call().ring();
  await call.caller.hears(/John/i);
  await call.caller.quiet();
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

test('an answer that never comes is the loss of the engine', async () => {
  const call = await new Call().ring();
  await call.caller.hears(/John/i);
  await call.caller.quiet();
  const first = await call.living();
  await openai.post('realtime', {answers: false});
  await call.say('do you have a white bicycle');
  await call.asked(first.id, 2);
  await openai.post('realtime', {answers: true});
  await call.caller.hears(/line was bad/);
  await call.caller.quiet();
  await call.say('are you there');
  await call.caller.hears(/I heard: are you there/);
  call.caller.hangUp();
});

test('the error of a cancel that came too late is not the end of the next answer', async () => {
  await model([{when: 'tell me a story', text: STORY}]);
  const call = await new Call().ring();
  await call.caller.hears(/John/i);
  await call.caller.quiet();
  // As slow as speech: it is still made when it is cut.
  await openai.post('realtime', {gap_ms: 400, cancels_late: true});
  await call.say('tell me a story');
  await call.caller.hears(/a bicycle/);
  await call.say('stop');
  await call.caller.hears(/I heard: stop/);
  const {errors} = await call.session();
  assert.deepEqual(errors.map((e) => e.code), ['response_cancel_not_active']);
  call.caller.hangUp();
});

test('an answer that is cut is still being made: the next one is asked for when it has ended', async () => {
  await model([{when: 'tell me a story', text: STORY}]);
  const call = await new Call().ring();
  await call.caller.hears(/John/i);
  await call.caller.quiet();
  await openai.post('realtime', {gap_ms: 400, cancel_ms: 600});
  await call.say('tell me a story');
  await call.caller.hears(/a bicycle/);
  // His words come behind the end of what he says: it is cut, and he is answered, in one breath.
  await call.say('stop');
  await call.caller.hears(/I heard: stop/);
  assert.deepEqual((await call.session()).errors, []);
  call.caller.hangUp();
});

test('an answer that was cut and does not end is the loss of the engine', async () => {
  await model([{when: 'tell me a story', text: STORY}]);
  const call = await new Call().ring();
  await call.caller.hears(/John/i);
  await call.caller.quiet();
  await openai.post('realtime', {gap_ms: 1500, cancel_ms: 60000});
  await call.say('tell me a story');
  await call.caller.hears(/once/);
  await call.say('please stop');
  await call.caller.hears(/line was bad/);
  call.caller.hangUp();
});

test('words of what he said before decide nothing about what he is saying', async () => {
  await model([{when: '^yes$', text: STORY}]);
  const call = await new Call().ring();
  await call.caller.hears(/John/i);
  await call.caller.quiet();
  await openai.post('realtime', {transcription_ms: 1500});
  await call.say('yes');
  await call.caller.hears(/once/);
  await call.say('but at four');  // the words of "yes", which do not interrupt, come meanwhile
  await call.caller.hears(/I heard: but at four/);
  const {items, errors} = await call.session();
  const story = items.find((i) => i.text === STORY);
  assert.ok(story.truncated_ms < story.ms, `it stopped for good, at ${story.truncated_ms} of ${story.ms} ms`);
  assert.deepEqual(errors, []);
  const turns = await waitFor('the turns', async () => {
    const found = await call.turns();
    return found.some((t) => t.content === 'but at four') && found;
  });
  assert.deepEqual(turns.filter((t) => t.speaker === 'customer').map((t) => t.content), ['yes', 'but at four']);
  assert.equal(turns[1].content, 'yes');  // before the answer to it
  call.caller.hangUp();
});

test('words that interrupted decide so, though he says "okay" before they are known', async () => {
  await model([{when: 'tell me a story', text: STORY}]);
  const call = await new Call().ring();
  await call.caller.hears(/John/i);
  await call.caller.quiet();
  await call.say('tell me a story');
  await call.caller.hears(/a bicycle/);
  await openai.post('realtime', {transcription_ms: 600});
  await call.say('no wait');
  await sleep(700);  // the end of that is known, and its words are not
  await call.say('okay');
  await call.caller.hears(/I heard: okay/);
  assert.doesNotMatch(call.caller.heard(), /over the hills/);
  const turns = await waitFor('the turns', async () => {
    const found = (await call.turns()).filter((t) => t.speaker === 'customer').map((t) => t.content);
    return found.length === 3 && found;
  });
  assert.deepEqual(turns, ['tell me a story', 'no wait', 'okay']);
  call.caller.hangUp();
});

test('an answer that fails, or of which nothing comes, is asked for once more', async () => {
  const call = await new Call().ring();
  await call.caller.hears(/John/i);
  await call.caller.quiet();
  const {id} = await call.living();
  await openai.post('realtime', {fails: 1});
  await call.say('do you have a white bicycle');
  await call.caller.hears(/I heard: do you have a white bicycle/);
  await call.caller.quiet();
  await openai.post('model', {answers: [{when: 'a red one', text: ''}]});
  await call.say('and a red one');
  await call.caller.hears(/I heard: and a red one/);
  assert.equal((await call.living()).id, id);
  call.caller.hangUp();
});

test('an answer that fails in its middle: the rest of it is asked for, and its beginning is said and kept once', async () => {
  await model([{when: 'Go on exactly where you stopped', text: 'and they lived happily'}, {when: 'tell me a story', text: STORY}]);
  const call = await new Call().ring();
  await call.caller.hears(/John/i);
  await call.caller.quiet();
  await openai.post('realtime', {breaks: 1});
  await call.say('tell me a story');
  await call.caller.hears(/once upon.*lived happily/);
  assert.equal(call.caller.heard().match(/once upon/g).length, 1);
  const turns = await waitFor('the turns', async () => {
    const found = (await call.turns()).filter((t) => t.speaker === 'agent').map((t) => t.content);
    return found.length === 3 && found;
  });
  assert.match(turns[1], /^once upon/);
  assert.equal(turns[2], 'and they lived happily');
  call.caller.hangUp();
});

test('an engine whose answers fail gives way to the next of the shop', async () => {
  const call = await new Call().ring();
  await call.caller.hears(/John/i);
  await call.caller.quiet();
  await openai.post('realtime', {fails: 1000});
  await call.say('do you have a white bicycle');
  await call.caller.ended;
  assert.equal(await redis('HGET', `va:call:{${call.sid}}`, 'next'), 'engine:receptionist');
});

test('a greeting that fails is the first thing that the next session says', async () => {
  await openai.post('realtime', {fails: 2});
  const call = await new Call().ring();
  await call.caller.hears(/John/i);
  assert.doesNotMatch(call.caller.heard(), /line was bad/);
  assert.equal((await openai.get('realtime')).length, 2);
  call.caller.hangUp();
});

test('an answer that was cut before it began is not taken for the next one', async () => {
  await model([{when: 'tell me a story', text: STORY}]);
  const call = await new Call().ring();
  await call.caller.hears(/John/i);
  await call.caller.quiet();
  const {id} = await call.living();
  await openai.post('realtime', {begin_ms: 4000});
  await call.say('tell me a story');
  await call.asked(id, 2);
  await call.say('please stop now');
  await call.asked(id, 3);
  await call.caller.hears(/I heard:.*stop/);
  assert.doesNotMatch(call.caller.heard(), /once upon/);
  call.caller.hangUp();
});

test('the engine is lost while a tool runs: the next one is told what it said', async () => {
  await model([{when: 'where is my order', tool_calls: [{name: 'lookup_order', arguments: {order_number: '1042'}}]}]);
  const call = await new Call().ring();
  await call.caller.hears(/John/i);
  await call.caller.quiet();
  const {id} = await call.living();
  await openai.post('realtime', {hold_updates: true});
  await whileStopped(jobProcesses(), async () => {
    await call.say('where is my order');
    await waitFor('the tool', async () => (await call.living()).items.some((i) => i.type === 'function_call'));
    await openai.post('realtime/lose', {id});
    await call.another([id]);
  });
  await drained();
  await openai.post('realtime', {hold_updates: false});
  await call.caller.hears(/line was bad/);
  await waitFor('what it said', async () => (await call.living()).items.some(
      (i) => i.role === 'system' && /"success":true/.test(i.text)));
  await call.caller.quiet();
  await call.say('and now');
  await call.caller.hears(/I heard: and now/);
  call.caller.hangUp();
});

test('the engine is lost before it spoke of a tool: the next one knows what was done', async () => {
  await model([{when: 'tell the mechanic', tool_calls: [{name: 'take_message', arguments: {message: 'brakes squeal'}}]}]);
  const call = await new Call().ring();
  await call.caller.hears(/John/i);
  await call.caller.quiet();
  const {id} = await call.living();
  const of = async (which) => (await openai.get('realtime')).find((s) => s.id === which);
  await whileStopped(jobProcesses(), async () => {
    await call.say('tell the mechanic that my brakes squeal');
    await waitFor('the tool', async () => (await of(id)).items.some((i) => i.type === 'function_call'));
    await openai.post('realtime', {answers: false});
  });
  await waitFor('its answer', async () => (await of(id)).items.some((i) => i.type === 'function_call_output'));
  await openai.post('realtime', {answers: true});
  await openai.post('realtime/lose', {id});
  const next = await call.another([id]);
  await waitFor('what was done', async () => (await of(next.id)).items.some(
      (i) => i.role === 'system' && /"success": ?true/.test(i.text)));
  await call.caller.hears(/line was bad/);
  await call.caller.quiet();
  call.caller.hangUp();
});

test('the engine is lost when it has spoken of a tool: the next one need not hear of it', async () => {
  await model([
    {when: '"success":true', text: 'the mechanic knows'},
    {when: 'tell the mechanic', tool_calls: [{name: 'take_message', arguments: {message: 'brakes squeal'}}]},
  ]);
  const call = await new Call().ring();
  await call.caller.hears(/John/i);
  await call.caller.quiet();
  const {id} = await call.living();
  await call.say('tell the mechanic that my brakes squeal');
  await call.caller.hears(/mechanic knows/);
  await call.caller.quiet();
  await openai.post('realtime/lose', {id});
  const next = await call.another([id]);
  await call.caller.hears(/line was bad/);
  const {items} = (await openai.get('realtime')).find((s) => s.id === next.id);
  assert.ok(!items.some((i) => i.role === 'system' && /"success"/.test(i.text)));
  call.caller.hangUp();
});

test('the engine is lost while it says good-bye: the call ends as was decided', async () => {
  await model([
    {when: '"success":true', text: STORY},
    {when: 'goodbye', tool_calls: [{name: 'end_call', arguments: {reason: 'done'}}]},
  ]);
  const call = await new Call().ring();
  await call.caller.hears(/John/i);
  await call.caller.quiet();
  await call.say('goodbye');
  await call.caller.hears(/a bicycle/);
  const {id} = await call.session();
  await openai.post('realtime', {refuse: 503});
  await openai.post('realtime/lose', {id});
  await call.caller.ended;
  assert.equal(await redis('HGET', `va:call:{${call.sid}}`, 'next'), 'hangup');
});

test('the engine is lost while it says good-bye, and a person is called for behind that: nobody waits for an answer', async () => {
  await model([
    {when: '"success":true', text: STORY},
    {when: 'goodbye', tool_calls: [{name: 'end_call', arguments: {reason: 'done'}}]},
  ]);
  const call = await new Call().ring();
  await call.caller.hears(/John/i);
  await call.caller.quiet();
  await call.say('goodbye');
  await call.caller.hears(/a bicycle/);
  const {id} = await call.session();
  await openai.post('realtime', {refuse: 503});
  await openai.post('realtime/lose', {id});
  await waitFor('the loss', async () => (await openai.get('realtime')).find((s) => s.id === id).closed !== null);
  call.caller.press('0');
  await call.caller.ended;
  assert.equal(await redis('HGET', `va:call:{${call.sid}}`, 'next'), 'dial');
  assert.match(call.caller.heard(), /over the hills/);
  const silent = call.caller.now() - call.caller.lastMs;
  assert.ok(silent < 4000, `silent for ${silent} ms`);  // the last words may take 15 s in all
});

test('the engine is lost while the end of the call is being written: the process lives on', async () => {
  await model([
    {when: '"success":true', text: 'thank you and bye'},
    {when: 'goodbye', tool_calls: [{name: 'end_call', arguments: {reason: 'done'}}]},
  ]);
  const call = await new Call().ring();
  await call.caller.hears(/John/i);
  await call.caller.quiet();
  const owner = await redis('HGET', `va:call:{${call.sid}}`, 'owner');
  await call.say('goodbye');
  await call.caller.hears(/bye/);
  const {id} = await call.session();
  await whileStopped([pidOf('redis')], async () => {
    await sleep(500);  // the last word is over, and what comes next is told to Redis
    await openai.post('realtime/lose', {id});
    await sleep(300);
  });
  await call.caller.ended;
  assert.ok(alive(Number(owner.split(':')[1])), 'the process lives');
});

test('an engine that cannot be had gives way to the next of the shop', async () => {
  await openai.post('realtime', {refuse: 503});
  const call = await new Call().ring();
  await call.caller.ended;
  assert.equal(await redis('HGET', `va:call:{${call.sid}}`, 'next'), 'engine:receptionist');
  assert.match(await call.resume(), /<Gather/);
});

const alarms = (call) =>
    rows(`SELECT body FROM tasks WHERE kind = 'alarm' AND key LIKE :'key'`, {key: `said:${call.sid}:%`});

test('what the agent claims and did not do is put right in the call, and an alarm', async () => {
  await model([
    {when: '"success": ?true', text: 'I passed that on to the team'},
    {when: 'squeal', text: 'I will text you', tool_calls: [{name: 'take_message', arguments: {message: 'brakes squeal'}}]},
    {when: 'book a tune-up', text: 'You are booked for midnight'},
  ]);
  const call = await new Call().ring();
  await call.caller.hears(/John/i);
  await call.caller.quiet();
  await call.say('please book a tune-up');
  await call.caller.hears(/booked for midnight.*Nothing new is booked yet/);
  const told = await waitFor('the alarm', async () => (await alarms(call)).length > 0 && alarms(call));
  assert.match(told[0].body, /booked for midnight/);
  await call.caller.quiet();
  await call.say('my brakes squeal');
  await call.caller.hears(/passed that on to the team.*not sent you any/);
  assert.deepEqual((await alarms(call)).map(({body}) => /text you/.test(body)), [false, true]);
  assert.deepEqual((await call.session()).errors, []);
  call.caller.hangUp();
});

test('who hangs up behind a claim leaves an alarm', async () => {
  await model([{when: 'book a tune-up', text: 'You are booked for midnight'}]);
  const call = await new Call().ring();
  await call.caller.hears(/John/i);
  await call.caller.quiet();
  await call.say('please book a tune-up');
  await call.caller.hears(/booked for/);
  call.caller.hangUp();
  await waitFor('the alarm', async () => (await alarms(call)).length === 1);
});

test('what is speech, and when it is over, is for the shop to say', async (t) => {
  const {token} = await login(DOWNTOWN);
  const set = async (vad_threshold, prefix_padding_ms, silence_ms) => {
    const body = {voice: {vad_threshold, prefix_padding_ms, silence_ms}};
    assert.equal((await http('PUT', '/api/settings', {token, body})).status, 200);
  };
  t.after(() => set(0.5, 500, 500));
  await set(0.7, 250, 800);
  const call = await new Call().ring();
  await call.caller.hears(/John/i);
  await call.caller.quiet();
  await call.say('hello there');
  await call.caller.hears(/I heard/);
  const {session, errors} = await call.session();
  const {threshold, prefix_padding_ms, silence_duration_ms} = session.audio.input.turn_detection;
  assert.deepEqual({threshold, prefix_padding_ms, silence_duration_ms},
                   {threshold: 0.7, prefix_padding_ms: 250, silence_duration_ms: 800});
  assert.deepEqual(errors, []);
  call.caller.hangUp();
});

// The document of a call that began so long ago.
async function ringLate(secondsAgo) {
  const call = new Call();
  const twiml = await call.answer();
  await row(`UPDATE calls SET started_at = now() - make_interval(secs => :'ago') WHERE twilio_call_sid = :'sid' RETURNING id`,
            {ago: secondsAgo, sid: call.sid});
  await call.connect(twiml);
  return call;
}

test('the longest call: the caller is told once that it ends soon, and when it has ended', async () => {
  const call = await ringLate(1800 - 14);
  await call.caller.hears(/John/i);
  await call.caller.hears(/one more minute/);
  call.caller.die();
  await call.connect(await call.resume());
  await call.caller.hears(/line was bad/);
  await call.caller.hears(/Our time for this call is over.*Goodbye/, 30000);
  await call.caller.ended;
  assert.equal(call.caller.closed, 1000);
  assert.doesNotMatch(call.caller.heard(), /one more minute/);
  assert.match(await call.resume(), /<Response><Hangup\/>/);
  const [{end_reason}] = await rows(`SELECT end_reason FROM calls WHERE twilio_call_sid = :'sid'`, {sid: call.sid});
  assert.equal(end_reason, 'limit');
});

test('the longest call is over, and the words for it fail: they are asked for once more', async () => {
  const call = await ringLate(1800 - 10);
  await call.caller.hears(/one more minute/);
  await openai.post('realtime', {fails: 1});
  await call.caller.hears(/Our time for this call is over.*Goodbye/, 30000);
  await call.caller.ended;
  assert.match(await call.resume(), /<Response><Hangup\/>/);
});

test('the longest call ends even when somebody speaks all the time: the carrier says so', async () => {
  await model([{when: 'tell me a story', text: Array(4).fill(STORY).join(' ')}]);
  const call = await ringLate(1800 - 8);
  await call.caller.hears(/one more minute/);
  await call.caller.quiet();
  await call.say('tell me a story');
  await call.caller.hears(/a bicycle/);
  await call.caller.ended;
  assert.match(await call.resume(), /Our time for this call is over[^<]*<\/Say><Hangup\/>/);
});

// Redis closes the voice process' connections again and again, for less than its lease.
async function withoutRedis(ms) {
  for (const end = Date.now() + ms; Date.now() < end;) {
    const clients = await run('redis-cli', ['-u', env.REDIS_URL, 'CLIENT', 'LIST']);
    for (const [, id] of clients.matchAll(/^id=(\d+) .* name=voiceagent-voice /gm))
      await redis('CLIENT', 'KILL', 'ID', id).catch(() => {});  // it may be gone
  }
}

test('Redis is lost for a moment: what is said meanwhile is kept, once and in its order', async () => {
  await model([{when: 'where is the shop', text: 'by the lake'}, {when: 'thank you', text: 'you are welcome'}]);
  const call = await new Call().ring();
  await call.caller.hears(/John/i);
  await call.caller.quiet();
  await Promise.all([call.say('where is the shop'), withoutRedis(500)]);
  await call.caller.hears(/lake/);
  await call.caller.quiet();
  await call.say('thank you');
  await call.caller.hears(/welcome/);
  call.caller.hangUp();
  const turns = await waitFor('the turns', async () => {
    const found = await call.turns();
    return found.some((t) => t.content === 'thank you') && found;
  });
  assert.deepEqual(turns.slice(1, 4).map((t) => t.content), ['where is the shop', 'by the lake', 'thank you']);
});

test('a card number said in two breaths is kept and shown by nobody', async (t) => {
  await model([{when: '4242', text: 'go on'}]);
  const {token} = await login(DOWNTOWN);
  const events = await openEvents('/api/stream/organization', token);
  t.after(() => events.close());
  const call = await new Call().ring();
  await call.caller.hears(/John/i);
  for (const times of [1, 2]) {
    await call.caller.quiet();
    await call.say('4242 4242');
    await call.caller.hears(new RegExp(Array(times).fill('go on').join('.*')));
  }
  const said = await waitFor('both turns', async () => {
    const found = (await call.turns()).filter((turn) => turn.speaker === 'customer');
    return found.length === 2 && found.map((turn) => turn.content);
  });
  call.caller.hangUp();
  const told = await waitFor('both events', () => {
    const found = events.all.filter((e) => e.type === 'user_transcript' && e.data.callSid === call.sid);
    return found.length === 2 && found.map((e) => e.data.transcript);
  });
  assert.deepEqual([...said, ...told], Array(4).fill('**** ****'));
});

// The engine is to say what is to be said of an emergency.
const isTold = (e) => e.type === 'response.create' && /This is an emergency/.test(e.response?.instructions);

test('an emergency is heard, and people are told once', async () => {
  const call = await new Call().ring();
  await call.caller.hears(/John/i);
  await call.caller.quiet();
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
  const call = await new Call().ring();
  await call.caller.hears(/John/i);
  await call.caller.quiet();
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

// How long behind his last word he hangs up: its end is known, and he has been answered; or not yet.
for (const ms of [700, 150]) {
  test(`who hangs up ${ms} ms behind his words, before they are known: they are kept, and people hear of an emergency in them`, async () => {
    await model([{when: 'battery is on fire', text: STORY}]);
    const call = await reportsFire();
    await openai.post('realtime', {transcription_ms: 800, gap_ms: 200});
    await call.say('help the battery is on fire');
    await sleep(ms);
    call.caller.hangUp();
    await call.isKept('help the battery is on fire');
    await call.isPaged();
    const {events, errors, closed} = await waitFor('the end', async () => {
      const session = await call.session();
      return session.closed !== null && session;
    });
    const asked = events.filter((e) => e.type === 'response.create').length;
    assert.equal(asked, ms > 500 ? 2 : 1, 'the greeting, and what he has heard of');
    assert.equal(events.filter((e) => e.type === 'response.cancel').length, asked - 1, 'nothing is made for nobody');
    assert.deepEqual(errors, []);
    assert.equal(closed, 1000);
  });
}

test('words that never come are waited for a moment; who has said nothing more is not', async () => {
  const both = await Promise.all(['yes please', 'no thank you'].map(async (words) => {
    const call = await new Call().ring();
    await call.caller.hears(/John/i);
    await call.caller.quiet();
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
  await waitFor('the end of the second', async () => (await closed())[1] !== null);
  assert.deepEqual(await closed(), [null, 1000]);
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

test('a tool that takes half a minute: the caller is spoken to meanwhile, and hears its answer', async () => {
  await model([
    {when: '1Z999', text: 'it has been shipped'},
    {when: 'still being confirmed', text: 'I am still waiting for it'},
    {when: 'where is my order', tool_calls: [{name: 'lookup_order', arguments: {order_number: '1042'}}]},
    {when: 'it takes a moment', text: 'one moment'},
  ]);
  const call = await new Call().ring();
  await call.caller.hears(/John/i);
  await call.caller.quiet();
  await whileStopped(jobProcesses(), async () => {
    await call.say('where is my order');
    await call.caller.hears(/one moment.*one moment.*still waiting/, 30000);
  });
  await call.caller.hears(/been shipped/);
  call.caller.hangUp();
});

test('new voice processes: who calls meanwhile is answered', async () => {
  const worker = pidOf('worker');
  const calls = [];
  for (let i = 0; i < 40; i++) {
    if (i === 10) signal(worker, 'SIGHUP');
    calls.push(new Call().ring());
    await sleep(50);
  }
  const rung = await Promise.all(calls);
  await Promise.all(rung.map(({caller}) => caller.hears(/John/i, 60000)));
  rung.forEach(({caller}) => caller.hangUp());
});

test('who has hung up is no call any more, whatever tool of his still runs', async () => {
  await model([{when: 'where is my order', tool_calls: [{name: 'lookup_order', arguments: {order_number: '1042'}}]}]);
  const call = await new Call().ring();
  await call.caller.hears(/John/i);
  await call.caller.quiet();
  const [process] = voiceProcesses();
  await whileStopped(jobProcesses(), async () => {
    await call.say('where is my order');
    await waitFor('the tool', async () => (await call.session())?.items.some((i) => i.type === 'function_call'));
    call.caller.hangUp();
    await call.caller.ended;
    signal(process, 'SIGTERM');
    await waitFor('the end of the process', () => !alive(process));
  });
  await waitFor('another process', async () => voiceProcesses().length === 1 &&
      Number(await redis('ZCARD', 'va:voice:processes')) === 1);
});

// It takes no new jobs meanwhile.
async function whileRedisIsFull(work) {
  const {maxmemory: usual} = await redis('CONFIG', 'GET', 'maxmemory');
  await redis('CONFIG', 'SET', 'maxmemory', '1');
  try {
    await work();
  } finally {
    await redis('CONFIG', 'SET', 'maxmemory', usual);
  }
}

test('an emergency that Redis does not take at once: people are told all the same', async () => {
  const call = await new Call().ring();
  await call.caller.hears(/John/i);
  await call.caller.quiet();
  await whileRedisIsFull(async () => {
    await call.say('help the battery is on fire right now in my house');
    await waitFor('the end of it', () => call.session());
    await sleep(1500);  // it is written by then
  });
  await call.isPaged();
  call.caller.hangUp();
});

test('what is told while Redis is full comes in later, and does not storm it meanwhile', async () => {
  const call = await new Call().ring();
  await call.caller.hears(/John/i);
  await call.caller.quiet();
  // Only voice processes send a script as its text.
  const scripts = () => callsOf('eval');
  const said = ['I have one bicycle', 'and then another one', 'both are quite old'];
  let meanwhile;
  await whileRedisIsFull(async () => {
    for (const words of said) {
      await call.say(words);
      await call.caller.hears(new RegExp(`I heard: ${words}`));
      await call.caller.quiet();
    }
    const before_ = await scripts();
    await sleep(3000);
    meanwhile = await scripts() - before_;
  });
  assert.ok(meanwhile < 60, `${meanwhile} scripts in three seconds`);
  const both = said.flatMap((words) => [words, `I heard: ${words}`]);
  await waitFor('all turns', async () => {
    const found = (await call.turns()).map((t) => t.content).slice(1);
    return JSON.stringify(found) === JSON.stringify(both);
  });
  call.caller.hangUp();
});

test('a tool that Redis does not take at once is done, and not said to be under way', async () => {
  await model([
    {when: '1Z999', text: 'it has been shipped'},
    {when: 'where is my order', tool_calls: [{name: 'lookup_order', arguments: {order_number: '1042'}}]},
  ]);
  const call = await new Call().ring();
  await call.caller.hears(/John/i);
  await call.caller.quiet();
  await whileRedisIsFull(async () => {
    await call.say('where is my order');
    await waitFor('the tool', async () => (await call.session())?.items.some((i) => i.type === 'function_call'));
  });
  await call.caller.hears(/has been shipped/);
  const {items} = await call.session();
  assert.equal(items.filter((i) => i.type === 'function_call_output').length, 1);
  assert.doesNotMatch(JSON.stringify(items), /still being confirmed/);
  call.caller.hangUp();
});

test(`${CALLS} calls at once, each of its own`, async () => {
  const calls = await Promise.all(Array.from({length: CALLS}, () => new Call().ring()));
  await Promise.all(calls.map(({caller}) => caller.hears(/John/i, 60000)));
  await Promise.all(calls.map(({caller}) => caller.quiet()));
  await Promise.all(calls.map(async (call, i) => {
    await call.say(`my number is n${i}x`);
    await call.caller.hears(new RegExp(`I heard: my number is n${i}x`), 60000);
  }));
  calls.forEach(({caller}, i) => {
    const others = caller.words.filter((w) => /^n\d+x$/.test(w.word) && w.word !== `n${i}x`);
    assert.deepEqual(others, []);
  });
  const owner = await redis('HGET', `va:call:{${calls[0].sid}}`, 'owner');
  const process_ = `/proc/${owner.split(':')[1]}`;
  assert.ok(readdirSync(`${process_}/task`).length > 16, 'names are looked up beside one another');
  const status = readFileSync(`${process_}/status`, 'utf8');
  console.log(`# the voice process with ${CALLS} calls: ${/VmRSS:\s+(.*)/.exec(status)[1]}`);
  for (const {caller} of calls) caller.hangUp();
});
