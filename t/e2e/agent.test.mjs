/*
 * Live calls with an agent at ElevenLabs: over its WebSocket, its sound carried by a voice
 * process; and handed to the platform by register-call. The platform is simulated
 * (t/sim/elevenlabs/live.mjs); what was said is judged by the sound that was played.
 */
import assert from 'node:assert/strict';
import {after, before, beforeEach, test} from 'node:test';

import {DOWNTOWN, JOHN, login} from './lib/account.mjs';
import {cancelAppointments} from './lib/appointments.mjs';
import {row, rows} from './lib/database.mjs';
import {workingDay} from './lib/days.mjs';
import {env} from './lib/env.mjs';
import {call as http} from './lib/http.mjs';
import {MediaCall, streamOf, withEngines} from './lib/media.mjs';
import {redis} from './lib/redis.mjs';
import {sim} from './lib/sims.mjs';
import {waitFor} from './lib/wait.mjs';
import {assertOrdered, assertSeen, counted, latencyOf} from './lib/waterfall.mjs';

const STORY = 'once upon a time there was a bicycle in a little shop by the lake and it waited ' +
    'for somebody who would ride it all around the water until the evening came over the hills';
const elevenlabs = sim('elevenlabs');

class Call extends MediaCall {
  // The conversation at the platform that heard these words of his last.
  conversation = async () => (await elevenlabs.get('agent'))
      .filter((c) => c.turns.some((t) => t.role === 'user' && t.message === this.last)).at(-1);

  next = () => redis('HGET', `va:call:{${this.sid}}`, 'next');
}

const model = (rules) => elevenlabs.post('agent-model', {rules});
const told = (conversation, type) => conversation.told.filter((m) => m.type === type);

let putBack;
before(async () => putBack = await withEngines('{elevenlabs,receptionist}'));
// A first free time may be any, midnight too: no test is told of what one before it has booked.
beforeEach(() => Promise.all([elevenlabs.reset(), cancelAppointments(JOHN)]));
after(async () => {
  await MediaCall.endAll();
  await cancelAppointments(JOHN);
  await putBack();
  await elevenlabs.reset();
});

test('a whole call: greeting, an order, an appointment, the end', async () => {
  const {date: preferred_date} = workingDay(3);
  await model([
    {when: 'shipped', text: 'it has been shipped'},
    {when: 'where is my order', tool_calls: [{name: 'lookup_order', arguments: {order_number: '1042'}}]},
    {
      when: '"available_slots":\\[\\{"start":"([^"]+)"',
      tool_calls: [{name: 'book_appointment', arguments: {service_type: 'tune_up', appointment_datetime: '$1'}}]
    },
    {when: '"success":true', text: 'it is booked'},
    {when: 'book a tune-up', tool_calls: [{name: 'check_availability', arguments: {service_type: 'tune_up', preferred_date}}]},
    {when: 'goodbye', text: 'see you soon', tool_calls: [{name: 'end_call', arguments: {reason: 'done'}}]},
  ]);
  const before_ = await row(`SELECT count(*)::int AS n FROM appointments`);
  const call = await new Call().ring();
  await call.caller.hears(/John/i);  // before anybody else has said a word
  await call.caller.quiet();
  await call.say('where is my order');
  await call.caller.hears(/has been shipped/);
  await call.caller.quiet();
  await call.say('please book a tune-up');
  await call.caller.hears(/it is booked/);
  await call.caller.quiet();
  await call.say('goodbye');
  await call.caller.ended;
  assert.match(call.caller.heard(), /see you soon/);
  assert.equal(call.caller.closed, 1000);
  assert.equal(await call.next(), 'hangup');
  assert.match(await call.resume(), /<Hangup\/>/);

  const conversation = await call.conversation();
  assert.deepEqual(conversation.errors, []);
  assert.equal(told(conversation, 'conversation_initiation_client_data').length, 1);
  assert.match(told(conversation, 'client_tool_result')[0].result, /1042/);
  assert.ok(conversation.pings.length > 1 && conversation.pings.slice(0, -1).every((p) => p.answered));
  assert.equal((await row(`SELECT count(*)::int AS n FROM appointments`)).n, before_.n + 1);

  const turns = await waitFor('the turns', async () => {
    const found = await call.turns();
    return found.some((t) => t.content === 'see you soon') && found;
  });
  assert.deepEqual(turns.filter((t) => t.speaker === 'customer').map((t) => t.content),
                   ['where is my order', 'please book a tune-up', 'goodbye']);
  assert.match(turns[0].content, /John/);

  // The platform's report, which knows no CallSid, finds the call, and tells nothing twice.
  const {conversation_id} = conversation;
  await waitFor('the name of the talk', () => row(
      `SELECT 1 FROM calls WHERE twilio_call_sid = :'sid' AND elevenlabs_conversation_id = :'id'`,
      {sid: call.sid, id: conversation_id}));
  await elevenlabs.post('post-call', {conversation_id, agent_id: 'agent_downtown', duration: 20,
                                      summary: 'He asked and booked.', turns: conversation.turns.filter((t) => t.message)});
  await waitFor('the report', () => row(
      `SELECT 1 FROM calls WHERE twilio_call_sid = :'sid' AND summary = 'He asked and booked.'`, {sid: call.sid}));
  assert.equal((await call.turns()).length, turns.length);
});

test('a connection that goes black: the next engine has the call in a few seconds', async () => {
  const call = await new Call().ring();
  await call.caller.hears(/John/i);
  await call.caller.quiet();
  await elevenlabs.post('black');
  const at = call.caller.now();
  await call.caller.ended;
  console.log(`# ${(call.caller.now() - at).toFixed(0)} ms`);
  assert.equal(await call.next(), 'engine:receptionist');
});

test('an agent whose socket alone lives: the next engine has the call before long', async () => {
  const call = await new Call().ring();
  await call.caller.hears(/John/i);
  await waitFor('pings', async () => (await elevenlabs.get('agent')).at(-1).pings.length >= 3);
  await elevenlabs.post('agent-deaden');
  const at = call.caller.now();
  await call.say('is anybody there');
  await call.caller.ended;
  console.log(`# ${(call.caller.now() - at).toFixed(0)} ms`);
  assert.equal(await call.next(), 'engine:receptionist');
});

test('where the seconds of a turn go is kept with it, as far as the platform tells', async () => {
  for (const words_late of [false, true]) {
    await elevenlabs.post('agent', {words_late});
    await model([
      {when: 'shipped', text: 'your parcel has been shipped'},
      {when: 'where is my order', tool_calls: [{name: 'lookup_order', arguments: {order_number: '1042'}}]},
    ]);
    const {token} = await login(DOWNTOWN);
    const before_ = await counted('elevenlabs', 'response');
    const call = await new Call().ring();
    await call.caller.hears(/John/i);
    await call.caller.quiet();
    await call.say('where is my order');
    await call.caller.hears(/been shipped/);
    const latency = await latencyOf(call.sid, token, /been shipped/);
    assert.equal(latency.engine, 'elevenlabs');
    assert.equal(latency.reported, false);
    assertOrdered(latency, ['caller_ended', 'end_detected', 'tool_called', 'tool_answered', 'first_token',
                            'first_sound', 'written', 'heard']);
    assertSeen(latency, call.caller, 'parcel');
    await waitFor('the metrics', async () => await counted('elevenlabs', 'response') > before_);
    call.caller.hangUp();
  }
});

test('who is interrupted falls silent at once, and what was heard is what is kept', async () => {
  await elevenlabs.post('agent', {stale: 3});
  await model([{when: 'tell me a story', text: STORY}]);
  const call = await new Call().ring();
  await call.caller.hears(/John/i);
  // To its end for the platform too, which interrupts by its own clock: what is heard may have gaps.
  await waitFor('the greeting\'s end', async () => {
    const [{turns: [greeting], speaking}] = await elevenlabs.get('agent');
    return !speaking && call.caller.heard() === greeting.message;
  });
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
  const behind = call.caller.words.filter((w) => w.ms > since[clear].ms).map((w) => w.word);
  assert.equal(behind[0], 'I', behind.join(' '));
  assert.ok(!call.caller.heard().includes('stale'), 'sound of before the interruption came late');

  const {turns, errors} = await call.conversation();
  assert.deepEqual(errors, []);
  const said = turns.filter((t) => t.role === 'agent');
  assert.deepEqual(said.map((t) => t.interrupted ?? false), [false, true, false], JSON.stringify(turns));
  const [, corrected] = said;
  assert.ok(STORY.startsWith(corrected.message) && corrected.message.length < STORY.length,
            JSON.stringify(turns));
  const cut = await waitFor('the cut turn', async () => (await call.turns()).find(
      (t) => t.interrupted && t.content === corrected.message));
  assert.equal(cut.speaker, 'agent');
  call.caller.hangUp();
});

test('a tool has one effect, however often its call is repeated', async () => {
  const call = new Call();
  const words = `my brakes squeal like ${call.sid.slice(-8)}`;
  await model([
    {when: 'squeal', tool_calls: Array(2).fill({name: 'take_message', arguments: {message: words}})},
    {when: '"success": ?true', text: 'I told them'},
  ]);
  await call.ring();
  await call.caller.hears(/John/i);
  await call.caller.quiet();
  await call.say(words);
  await call.caller.hears(/I told them/);
  const conversation = await call.conversation();
  assert.equal(told(conversation, 'client_tool_result').length, 2);
  assert.deepEqual(conversation.errors, []);
  const tasks = await rows(
      `SELECT 1 FROM tasks WHERE kind = 'message' AND body LIKE '%' || :'words' || '%'`, {words});
  assert.equal(tasks.length, 1);
  call.caller.hangUp();
});

test('0 calls a person: the agent keeps silent, and the call is put through', async () => {
  const call = await new Call().ring();
  await call.caller.hears(/John/i);
  await call.caller.quiet();
  await call.say('hello there');
  await call.caller.hears(/I heard/);
  await call.caller.quiet();
  call.caller.press('0');
  await call.caller.ended;
  assert.equal(await call.next(), 'dial');
  assert.match(await call.resume(), /<Dial/);
  assert.equal(told(await call.conversation(), 'user_activity').length, 1);
});

test('what the agent claims and did not do is told to it, and an alarm', async () => {
  await model([{when: 'book a tune-up', text: 'you are booked for midnight'}]);
  const call = await new Call().ring();
  await call.caller.hears(/John/i);
  await call.caller.quiet();
  await call.say('please book a tune-up');
  await call.caller.hears(/booked for midnight/);
  await waitFor('the agent to be told', async () => told(await call.conversation(), 'contextual_update')
      .some((m) => /Nothing new is booked yet/.test(m.text)));
  const tasks = await rows(`SELECT 1 FROM tasks WHERE kind = 'alarm' AND key LIKE :'key'`, {key: `said:${call.sid}:%`});
  assert.equal(tasks.length, 1);
  call.caller.hangUp();
});

test('the longest call: the agent knows that it ends, and the carrier says that it has', async () => {
  const call = new Call();
  const twiml = await call.answer();
  await row(`UPDATE calls SET started_at = now() - interval '29 minutes 35 seconds' WHERE twilio_call_sid = :'sid' RETURNING id`,
            {sid: call.sid});
  await call.connect(twiml);
  await call.caller.hears(/John/i);
  await call.caller.quiet();
  await call.say('hello there');
  await call.caller.hears(/I heard/);
  await call.caller.ended;
  assert.ok(told(await call.conversation(), 'contextual_update').some((m) => /one more minute/.test(m.text)));
  assert.match(await call.resume(), /Our time for this call is over[^<]*<\/Say><Hangup\/>/);
  assert.equal((await row(`SELECT end_reason FROM calls WHERE twilio_call_sid = :'sid'`, {sid: call.sid})).end_reason, 'limit');
});

test('an emergency is heard while it is spoken: people are told once, and so is the agent', async () => {
  const call = await new Call().ring();
  await call.caller.hears(/John/i);
  await call.caller.quiet();
  await call.say('help the battery is on fire right now in my house');
  const tasks = await waitFor('the task', async () => {
    const found = await rows(`SELECT key, priority FROM tasks WHERE key = :'key'`, {key: `emergency:${call.sid}`});
    return found.length > 0 && found;
  });
  assert.deepEqual(tasks.map((t) => t.priority), ['urgent']);
  await waitFor('the agent to be told', async () => told(await call.conversation() ?? {told: []}, 'contextual_update')
      .some((m) => /emergency/.test(m.text)));
  call.caller.hangUp();
});

test('a call in French is switched, and goes on', async (t) => {
  t.after(() => row(
      `UPDATE customers SET preferred_language = 'en', conversation_language = NULL
        WHERE phone_number = :'phone' RETURNING id`, {phone: JOHN}));
  await model([
    {when: '"language":"fr"', text: 'bien sûr'},
    {when: 'en français', tool_calls: [{name: 'switch_language', arguments: {language: 'fr'}}]},
  ]);
  const call = await new Call().ring();
  await call.caller.hears(/John/i);
  await call.caller.quiet();
  await call.say('en français');
  await call.caller.hears(/bien sûr/);
  await call.caller.quiet();
  await call.say('merci beaucoup');
  await waitFor('a turn in French', () => row(
      `SELECT 1 FROM messages WHERE content = 'merci beaucoup' AND language = 'fr'
          AND call_id = (SELECT id FROM calls WHERE twilio_call_sid = :'sid')`, {sid: call.sid}));
  call.caller.hangUp();
});

async function speaking(conversation_config) {
  const patched = await http('PATCH', `${env.ELEVENLABS_BASE_URL}/v1/convai/agents/agent_downtown`, {
    headers: {'xi-api-key': env.ELEVENLABS_API_KEY},
    body: {conversation_config}
  });
  assert.equal(patched.status, 200, patched.text);
}

test('an agent that speaks PCM is heard, and hears', async () => {
  await speaking({
    tts: {agent_output_audio_format: 'pcm_16000'},
    asr: {user_input_audio_format: 'pcm_16000'}
  });
  const call = await new Call().ring();
  await call.caller.hears(/John/i);
  const greeting = (await elevenlabs.get('agent')).at(-1).turns[0].message;
  await call.caller.quiet();
  const played = call.caller.played.reduce((n, f) => n + f.sound.length / 8, 0);
  const said = greeting.split(/\s+/).length * 200;
  assert.ok(Math.abs(played - said) < 100, `${played} ms were played of ${said}`);
  const before_ = (await elevenlabs.get('agent')).at(-1);
  await waitFor('two seconds to be heard', async () =>
      (await elevenlabs.get('agent')).at(-1).heard_ms > before_.heard_ms + 2000);
  call.caller.hangUp();
});

test('who interrupts PCM in the middle of a sample hears what follows', async () => {
  await speaking({tts: {agent_output_audio_format: 'pcm_16000'}});
  await elevenlabs.post('agent', {half_samples: true});
  await model([{when: 'tell me a story', text: STORY}]);
  const call = await new Call().ring();
  await call.caller.hears(/John/i);
  await call.caller.quiet();
  await call.say('tell me a story');
  await call.caller.hears(/a bicycle/);
  await call.say('please stop now');
  await call.caller.hears(/I heard:.*stop/);
  call.caller.hangUp();
});

test('an agent that cannot be had gives way to the next engine', async () => {
  for (const fault of [{refuse: 403}, {signed_ms: -1}]) {
    await elevenlabs.post('agent', fault);
    const call = await new Call().ring();
    await call.caller.ended;
    assert.equal(await call.next(), 'engine:receptionist');
    assert.match(await call.resume(), /<Gather/);
    await elevenlabs.reset();
  }
});

test('no signed address: the next engine has the call', async () => {
  await elevenlabs.script([{path: 'get-signed-url', status: 401, body: {detail: {status: 'invalid_api_key', message: ''}}}]);
  const call = await new Call().ring();
  await call.caller.ended;
  assert.equal(await call.next(), 'engine:receptionist');
});

test('an agent that breaks off, or fails, in the middle of a call gives way to the next engine', async () => {
  for (const fault of [{}, {code: 1011}]) {
    const call = await new Call().ring();
    await call.caller.hears(/John/i);
    await elevenlabs.post('agent-close', fault);
    await call.caller.ended;
    assert.equal(await call.next(), 'engine:receptionist');
    assert.match(await call.resume(), /<Gather/);
  }
});

test('a stream that broke: the talk goes on with the agent, which says so', async () => {
  const call = await new Call().ring();
  await call.caller.hears(/John/i);
  await call.caller.quiet();
  await call.say('do you have red bicycles');
  await call.caller.hears(/I heard/);
  await waitFor('the turn', async () => (await call.turns()).some((t) => /I heard/.test(t.content)));
  call.caller.die();
  await call.connect(await call.resume());
  await call.caller.hears(/cut off/);
  const [first] = told((await elevenlabs.get('agent')).at(-1), 'conversation_initiation_client_data');
  assert.match(first.dynamic_variables.conversation_context, /red bicycles/);
  call.caller.hangUp();
});

test('a call that is handed to the platform, whose agent ends it', async (t) => {
  t.after(await withEngines('{elevenlabs,receptionist}', true));
  await model([{when: 'goodbye', text: 'talk to you soon', tool_calls: [{name: 'end_call'}]}]);
  const call = await new Call().ring();  // its stream goes straight to the platform
  await call.caller.hears(/John/i);
  await call.caller.quiet();
  await call.say('goodbye');
  await call.caller.hears(/talk to you soon/);
  await call.caller.ended;
  const conversation = await call.conversation();
  assert.equal(conversation.call_sid, call.sid);
  assert.deepEqual(conversation.registered.direction, 'inbound');
  assert.equal(conversation.registered.data.type, 'conversation_initiation_client_data');
  assert.match(await call.resume(), /<Hangup\/>/);
});

test('a call that is handed to the platform, which loses it: it has the call again, and says so', async (t) => {
  t.after(await withEngines('{elevenlabs,receptionist}', true));
  const call = await new Call().ring();
  await call.caller.hears(/John/i);
  call.caller.die();
  const twiml = await call.resume();
  assert.match(streamOf(twiml).url, /\/v1\/convai\/twilio\/stream\//);
  await call.connect(twiml);
  await call.caller.hears(/cut off/);
  call.caller.hangUp();
});

test('the platform does not take a call: the next engine answers at once', async (t) => {
  t.after(await withEngines('{elevenlabs,receptionist}', true));
  await elevenlabs.script([{path: 'register-call', status: 500}]);
  const call = new Call();
  assert.match(await call.answer(), /<Gather/);
});
