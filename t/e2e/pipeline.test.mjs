/*
 * Live calls by the engine "pipeline": the simulated Deepgram hears, the simulated chat
 * completions answer, and Deepgram, ElevenLabs or OpenAI speaks. What was said is judged by the
 * sound that was played.
 */
import assert from 'node:assert/strict';
import {after, before, beforeEach, test} from 'node:test';
import {setTimeout as sleep} from 'node:timers/promises';

import {DOWNTOWN, JOHN, login} from './lib/account.mjs';
import {cancelAppointments} from './lib/appointments.mjs';
import {row} from './lib/database.mjs';
import {MediaCall, withEngines} from './lib/media.mjs';
import {jobProcesses, whileStopped} from './lib/processes.mjs';
import {redis} from './lib/redis.mjs';
import {sim} from './lib/sims.mjs';
import {waitFor} from './lib/wait.mjs';
import {assertOrdered, assertSeen, counted, latencyOf} from './lib/waterfall.mjs';

const SPOKEN = ['first_token', 'first_sound', 'written', 'heard'];  // the last stages of a turn
const TRACKING = '1Z999AA10123456784';  // of order 1042
const SENTENCES = [
  'Once upon a time there was a bicycle in a little shop by the lake.',
  'It waited for somebody who would ride it all around the water.',
  'Then the evening came over the hills and the lights went on.'
];
const STORY = SENTENCES.join(' ');
const openai = sim('openai'), deepgram = sim('deepgram'), elevenlabs = sim('elevenlabs');

class Call extends MediaCall {
  async greeted() {
    await this.ring();
    await this.caller.hears(/John/i);
    await this.caller.quiet();
    return this;
  }

  // What the model was told for its last answer behind these words of the caller's.
  async told(words) {
    const asked = (await openai.requests()).filter((r) => r.path === '/v1/chat/completions');
    return asked.map((r) => r.body.messages)
        .filter((messages) => messages.some((m) => m.role === 'user' && m.content === words)).at(-1);
  }

  ears = async () => (await deepgram.get('listen')).at(-1);
}

const model = (rules) => openai.post('model', {rules});
const modelDown = (how) => openai.script([{path: '/v1/chat/completions', times: 20, ...how}]);

// The shop is spoken for by somebody else, while act() runs.
async function spokenBy(speech, act) {
  const set = (by, voices) => row(
      `UPDATE agent_configs SET speech = nullif(:'by', ''), voices = :'voices'
        WHERE organization_id = (SELECT id FROM organizations WHERE slug = 'bici-downtown')
       RETURNING agent_name`, {by, voices: JSON.stringify(voices)});
  const {voices} = await row(
      `SELECT voices FROM agent_configs WHERE organization_id = (SELECT id FROM organizations WHERE slug = 'bici-downtown')`);
  await set(speech, VOICES[speech] ?? {});
  try {
    await act();
  } finally {
    await set('', voices);
  }
}

const VOICES = {elevenlabs: {en: 'voice_of_the_shop'}, openai: {en: 'nova'}};
const sentencesOf = async (service, path) => (await service.requests()).filter((r) => r.method === 'POST' && path.test(r.path));

let putBack;
before(async () => {
  putBack = await withEngines('{pipeline,realtime,receptionist}');
});
beforeEach(() => Promise.all([openai.reset(), deepgram.reset()]));
after(async () => {
  await MediaCall.endAll();
  await putBack();
  await Promise.all([openai.reset(), deepgram.reset()]);
});

test('a whole call: greeting, order 1042, the end', async () => {
  await model([
    {when: TRACKING, text: `It has been shipped. The tracking number is ${TRACKING}. Anything else?`},
    {when: 'where is my order', text: 'Let me see.', tool_calls: [{name: 'lookup_order', arguments: {order_number: '1042'}}]},
    {when: '^goodbye$', tool_calls: [{name: 'end_call', arguments: {reason: 'done'}}]},
    {when: '"success":true', text: 'Thank you and bye.'},
  ]);
  const call = await new Call().greeted();
  await call.say('where is my order 1042');
  await call.caller.hears(new RegExp(`Let me see\\. It has been shipped\\. The tracking number is ${TRACKING}\\. Anything else`));
  await call.caller.quiet();
  await call.say('goodbye');
  await call.caller.ended;
  assert.match(call.caller.heard(), /and bye/);
  assert.equal(call.caller.closed, 1000);
  assert.equal(await redis('HGET', `va:call:{${call.sid}}`, 'next'), 'hangup');

  const ears = await call.ears();
  assert.deepEqual(ears.transcripts, ['where is my order 1042', 'goodbye']);
  assert.deepEqual(ears.errors, []);
  assert.equal(ears.controls.at(-1), 'CloseStream');
  assert.equal(ears.closed, 1000);
  const refused = (await openai.requests()).filter((r) => r.answer?.status >= 400);
  assert.deepEqual(refused, []);
  const turns = await waitFor('the turns', async () => {
    const found = await call.turns();
    return found.some((t) => t.content === 'goodbye') && found;
  });
  assert.deepEqual(turns.filter((t) => t.speaker === 'customer').map((t) => t.content),
                   ['where is my order 1042', 'goodbye']);
  assert.ok(turns.some((t) => t.speaker === 'agent' && t.content.includes(TRACKING)));
});

test('where the seconds of a turn go is kept with it: the words beside a tool, and those behind it', async () => {
  await model([
    {when: TRACKING, text: 'It has been shipped.'},
    {when: 'where is my order', text: 'Let me see.', tool_calls: [{name: 'lookup_order', arguments: {order_number: '1042'}}]},
  ]);
  const {token} = await login(DOWNTOWN);
  const before_ = await counted('pipeline', 'response');
  const call = await new Call().greeted();
  await call.say('where is my order');
  await call.caller.hears(/been shipped/);

  const first = await latencyOf(call.sid, token, /Let me see/);
  assert.equal(first.engine, 'pipeline');
  assert.equal(first.reported, true);
  assertOrdered(first, ['caller_ended', 'end_detected', 'asked', ...SPOKEN]);
  assertSeen(first, call.caller, 'Let');
  const second = await latencyOf(call.sid, token, /been shipped/);
  assertOrdered(second, ['tool_called', 'tool_answered', 'asked', ...SPOKEN]);
  assert.ok(second.tool_called_ms >= first.first_token_ms && second.written_ms > first.written_ms);
  await waitFor('the metrics', async () => await counted('pipeline', 'response') > before_);
  call.caller.hangUp();
});

test('who is interrupted falls silent, and the model is told what was heard', async () => {
  await model([{when: 'tell me a story', text: STORY}, {when: 'please stop now', text: 'As you like.'}]);
  const call = await new Call().greeted();
  await call.say('tell me a story');
  await call.caller.hears(/a bicycle/);
  const at = call.caller.arrived.length;
  await call.say('please stop now');
  await call.caller.hears(/As you like/);

  const clear = call.caller.arrived.slice(at).find((m) => m.event === 'clear');
  assert.ok(clear, 'the carrier was told to clear');
  const late = call.caller.heardSince(clear.ms + 1);
  assert.match(late, /^As you like\.$/);
  const told = await call.told('please stop now');
  const story = told.find((m) => m.role === 'assistant' && m.content?.startsWith('Once upon')).content.trim();
  assert.ok(STORY.startsWith(story) && story.length < STORY.length, story);
  const heard = call.caller.words.filter((w) => w.ms <= clear.ms).map((w) => w.word);
  const of = heard.length - heard.indexOf('Once');
  const remembered = story.split(' ').length;
  assert.ok(Math.abs(remembered - of) <= 3, `remembered ${remembered} words, heard were ${of}`);
  const cut = await waitFor('the cut turn', async () => (await call.turns()).find((t) => t.interrupted));
  assert.equal(cut.content.trim(), story);
  call.caller.hangUp();
});

test('words that only say "I am listening" do not end a story', async () => {
  await model([{when: 'tell me a story', text: STORY}]);
  const call = await new Call().greeted();
  await call.say('tell me a story');
  await call.caller.hears(/a bicycle/);
  call.caller.say('yeah');
  await call.caller.hears(/lights went on/, 40000);
  assert.ok(call.caller.arrived.some((m) => m.event === 'clear'), 'he was listened to all the same');
  assert.equal((await call.turns()).some((t) => t.interrupted), false);
  call.caller.hangUp();
});

test('a tool that takes its time: a few words in between, once, and its answer', async () => {
  await model([
    {when: TRACKING, text: 'It has been shipped.'},
    {when: 'where is my order', tool_calls: [{name: 'lookup_order', arguments: {order_number: '1042'}}]},
  ]);
  const call = await new Call().greeted();
  await whileStopped(jobProcesses(), async () => {
    await call.say('where is my order');
    await call.caller.hears(/One moment/);
  });
  await call.caller.hears(/has been shipped/);
  assert.equal(call.caller.heard().match(/One moment/g).length, 1);
  assert.equal((await call.turns()).some((t) => /One moment/.test(t.content)), false);
  call.caller.hangUp();
});

test('"yeah" beside a tool that runs: the turn is timed from the question', async () => {
  await model([
    {when: '^yeah$', text: 'It has been shipped.'},
    {when: 'where is my order', tool_calls: [{name: 'lookup_order', arguments: {order_number: '1042'}}]},
  ]);
  const {token} = await login(DOWNTOWN);
  const call = await new Call().greeted();
  let asked;
  await whileStopped(jobProcesses(), async () => {
    await call.say('where is my order');
    asked = call.caller.spokeUntil;
    await call.caller.hears(/One moment/);
    await call.caller.quiet();
    await call.say('yeah');
    await waitFor('the yeah', async () => (await call.ears()).transcripts.includes('yeah'));
  });
  await call.caller.hears(/been shipped/);
  const fall = await latencyOf(call.sid, token, /been shipped/);
  assertOrdered(fall, ['caller_ended', 'end_detected', 'tool_called', 'tool_answered', 'asked', ...SPOKEN]);
  assert.ok(fall.caller_ended_ms <= asked + 500, `${fall.caller_ended_ms}, asked until ${asked}`);
  call.caller.hangUp();
});

test('what was said 48 utterances ago is known', async () => {
  await model([{when: 'my name is Zoe', text: 'Hello Zoe.'}, {when: 'next', text: 'Yes.'}]);
  const call = await new Call().greeted();
  await call.say('my name is Zoe');
  await call.caller.hears(/Hello Zoe/);
  for (let i = 0; i < 25; i++) {
    const before = call.caller.words.length;
    await call.caller.quiet();
    await call.say(`next ${i}`);
    await waitFor('an answer', () => call.caller.words.slice(before).some(({word}) => word === 'Yes.'));
  }
  const told = await call.told('next 24');
  const earlier = told.find((m) => m.role === 'user' && /^Earlier in this call:/.test(m.content));
  assert.match(earlier.content, /user: my name is Zoe/);
  call.caller.hangUp();
});

test('a card number said in two breaths is known to nobody, the model neither', async () => {
  await model([{when: '\\*', text: 'Go on.'}]);
  const call = await new Call().greeted();
  for (const times of [1, 2]) {
    await call.say('4242 4242');
    await call.caller.hears(new RegExp(Array(times).fill('Go on').join('.*')));
    await call.caller.quiet();
  }
  const asked = (await openai.requests()).filter((r) => r.path === '/v1/chat/completions');
  assert.deepEqual(asked.map((r) => r.body.messages.at(-1).content), ['**** ****', '**** ****']);
  call.caller.hangUp();
  const said = await waitFor('both turns', async () => {
    const found = (await call.turns()).filter((turn) => turn.speaker === 'customer');
    return found.length === 2 && found.map((turn) => turn.content);
  });
  assert.deepEqual(said, ['**** ****', '**** ****']);
});

test('while the model is down the receptionist answers: an order, and a booked tune-up', async () => {
  await modelDown({status: 503});
  const call = await new Call().greeted();
  await call.say('where is my order 1042');
  await call.caller.hears(new RegExp(`1042.*${TRACKING}`));
  await call.caller.quiet();
  const {day} = await row(
      `SELECT trim(to_char(now() + interval '2 days' + CASE extract(isodow FROM now() + interval '2 days')
                            WHEN 7 THEN interval '1 day' ELSE interval '0' END, 'Day')) AS day`);
  await call.say(`I would like to book a tune-up on ${day}`);
  await call.caller.hears(/Which one would you like/, 40000);
  await call.caller.quiet();
  await call.say('the first one please');
  await call.caller.hears(/[Bb]ooked/, 40000);
  const booked = await row(
      `SELECT count(*) AS n FROM appointments WHERE call_id = (SELECT id FROM calls WHERE twilio_call_sid = :'sid')`,
      {sid: call.sid});
  assert.equal(booked.n, 1);
  await cancelAppointments(JOHN);
  assert.equal(call.caller.closed, null);
  // A model that failed is left alone for a while: one question went there.
  const asked = (await openai.requests()).filter((r) => r.path === '/v1/chat/completions');
  assert.equal(asked.length, 1);
  call.caller.hangUp();
});

test('a model that takes the question and never answers: the receptionist does', async () => {
  await modelDown({half_open: true});
  const call = await new Call().greeted();
  await call.say('where is my order 1042');
  await call.caller.hears(new RegExp(TRACKING), 40000);
  call.caller.hangUp();
});

// How long the ears need to be opened again: the answer comes behind that, or before.
for (const delay of [0, 4000]) {
  test(`the receptionist answers when its engine is gone: the next one, there in ${delay} ms, says it`, async () => {
    await modelDown({status: 503});
    const call = await new Call().greeted();
    await whileStopped(jobProcesses(), async () => {
      await call.say('where is my order 1042');
      await waitFor('the question', async () => (await redis('LRANGE', 'va:{realtime}:in', 0, -1)).some((job) => job.includes('media.answer')));
      if (delay > 0) await deepgram.script([{method: 'WEBSOCKET', path: '/v1/listen', delay}]);
      await deepgram.post('listen/end');
      if (delay === 0) await call.caller.hears(/cut off/);
    });
    await call.caller.hears(new RegExp(`cut off.*Where were we.*1042.*${TRACKING}`), 40000);
    call.caller.hangUp();
  });
}

test('who wants a person is put through, without a model too', async () => {
  await modelDown({status: 500});
  const call = await new Call().greeted();
  await call.say('can I talk to a human');
  await call.caller.ended;
  assert.equal(await redis('HGET', `va:call:{${call.sid}}`, 'next'), 'dial');
  assert.match(await call.resume(), /<Dial/);
});

// Resolves when the question of that many words of his stands in the queue.
const questions = (times) => waitFor(`question ${times}`, async () => (await redis('LRANGE', 'va:{realtime}:in', 0, -1))
    .filter((job) => job.includes('media.answer')).length >= times);

test('who wants a person, and says "please" before there is an answer, is put through', async () => {
  await modelDown({status: 500});
  const call = await new Call().greeted();
  await whileStopped(jobProcesses(), async () => {
    await call.say('can I talk to a human');
    await questions(1);
    await call.say('please');
    await questions(2);
  });
  await call.caller.ended;
  assert.equal(await redis('HGET', `va:call:{${call.sid}}`, 'next'), 'dial');
});

test('who says goodbye, and then something more before there is an answer, is not hung up on', async () => {
  await modelDown({status: 503});
  const call = await new Call().greeted();
  await whileStopped(jobProcesses(), async () => {
    await call.say('goodbye');
    await questions(1);
    await call.say('wait where is my order 1042');
    await questions(2);
  });
  await call.caller.hears(new RegExp(TRACKING));
  await call.caller.quiet();
  await call.say('where is my order 1042');
  await call.caller.hears(new RegExp(`${TRACKING}.*${TRACKING}`));
  assert.doesNotMatch(call.caller.heard(), /[Gg]oodbye/);
  call.caller.hangUp();
});

test('what is to be said of an emergency is cut before its first sound: it is said next, and once', async () => {
  await model([{when: 'This sounds urgent', text: 'Tell me.'}]);
  const call = await new Call().greeted();
  await deepgram.script([{path: '/v1/speak', delay: 2000}]);
  await call.say('help the battery is on fire right now in my house');
  await sleep(1000);
  await call.say('please');
  await call.caller.hears(/Is everybody out.*call 911.*Tell me/);
  await call.caller.quiet();
  await call.say('yes we are');
  await call.caller.hears(/I heard: yes we are/i);
  assert.equal(call.caller.heard().match(/Is everybody out/g).length, 1);
  call.caller.hangUp();
});

test('the voice fails at what is to be said of an emergency: the next engine says it', async () => {
  const call = await new Call().greeted();
  await deepgram.script([{path: '/v1/speak', status: 500}]);
  await call.say('help the battery is on fire right now in my house');
  await call.caller.hears(/cut off.*Is everybody out/);
  call.caller.hangUp();
});

test('an emergency without a model: the words for it are said', async () => {
  await modelDown({status: 503});
  const call = await new Call().greeted();
  await call.say('help the battery is on fire right now in my house');
  await call.caller.hears(/911|emergency services/i);
  call.caller.hangUp();
});

test('who hangs up right behind his words: they are kept, and people hear of an emergency in them', async () => {
  const call = await new Call().greeted();
  await call.say('tell them the battery is on fire');
  await sleep(150);  // less than the silence that ends them
  call.caller.hangUp();
  await call.isKept('tell them the battery is on fire');
  await call.isPaged();
});

test('ears that cannot be had: the next engine has the call, and is heard', async () => {
  await deepgram.script([{method: 'WEBSOCKET', path: '/v1/listen', status: 429, times: 5}]);
  const call = await new Call().ring();
  await call.caller.ended;
  assert.equal(await redis('HGET', `va:call:{${call.sid}}`, 'next'), 'engine:realtime');
  await call.connect(await call.resume());
  await call.caller.hears(/John/i);
  await call.caller.quiet();
  await call.say('hello there');
  await call.caller.hears(/I heard: hello there/);
  call.caller.hangUp();
});

test('ears that never answer: the next engine has the call', async () => {
  await deepgram.script([{method: 'WEBSOCKET', path: '/v1/listen', half_open: true, times: 5}]);
  const call = await new Call().ring();
  await call.caller.ended;
  assert.equal(await redis('HGET', `va:call:{${call.sid}}`, 'next'), 'engine:realtime');
});

test('ears that take everything and say nothing, or nonsense: they are given up, twice', async () => {
  await deepgram.post('listen', {garbage: true});
  const call = await new Call().greeted();
  await call.say('is anybody there');
  await call.caller.hears(/cut off/, 40000);
  await deepgram.post('listen', {garbage: false, mute: true});
  await call.caller.ended;
  assert.equal(await redis('HGET', `va:call:{${call.sid}}`, 'next'), 'engine:realtime');
});

test('no voice: the next engine has the call', async () => {
  await deepgram.script([{path: '/v1/speak', status: 500, times: 20}]);
  const call = await new Call().ring();
  await call.caller.ended;
  assert.equal(await redis('HGET', `va:call:{${call.sid}}`, 'next'), 'engine:realtime');
});

test('the ears end in the middle of a call: it goes on, with what was said', async () => {
  await model([{when: 'blue bicycle', text: 'We have blue ones.'}, {when: 'which color', text: 'Blue it was.'}]);
  const call = await new Call().greeted();
  await call.say('do you have a blue bicycle');
  await call.caller.hears(/blue ones/);
  await call.caller.quiet();
  await deepgram.post('listen/end');
  await call.caller.hears(/cut off/);
  await call.caller.quiet();
  await call.say('which color');
  await call.caller.hears(/Blue it was/);
  const told = await call.told('which color');
  assert.ok(told.some((m) => m.role === 'assistant' && /blue ones/.test(m.content)));
  assert.ok(told.some((m) => m.role === 'user' && m.content === 'do you have a blue bicycle'));
  call.caller.hangUp();
});

test('the ears end in the middle of his words: they are kept, and people hear of an emergency in them', async () => {
  const call = await new Call().greeted();
  await call.say('tell them the battery is on fire');
  await sleep(150);  // less than the silence that ends them
  await deepgram.post('listen/end');
  await call.isKept('tell them the battery is on fire');
  await call.isPaged();
  call.caller.hangUp();
});

test('what is said behind new ears is not taken for what was said before them', async () => {
  const call = await new Call().greeted();
  await deepgram.post('listen/end');
  await call.caller.hears(/cut off/);
  await call.say('please stop now');
  await call.caller.hears(/I heard: please stop now/i);
  call.caller.hangUp();
  const [greeting, resumed] = await waitFor('the turn that was cut', async () => {
    const turns = await call.turns();
    return turns.some((t) => t.interrupted) && turns;
  });
  assert.match(greeting.content, /John.*\?$/);
  assert.equal(greeting.interrupted, false);
  assert.match(resumed.content, /^Sorry, we were/);
  assert.equal(resumed.interrupted, true);
});

for (const [speech, service, path] of [['elevenlabs', elevenlabs, /text-to-speech/], ['openai', openai, /audio\/speech/]]) {
  test(`${speech} speaks, with the shop's voice: an order, and a story that is cut short`, () => spokenBy(speech, async () => {
    await elevenlabs.reset();
    await openai.post('speech', {gap_ms: 20});
    await model([
      {when: TRACKING, text: `It has been shipped. The tracking number is ${TRACKING}.`},
      {when: 'where is my order', tool_calls: [{name: 'lookup_order', arguments: {order_number: '1042'}}]},
      {when: 'tell me a story', text: STORY}, {when: 'please stop now', text: 'As you like.'},
    ]);
    const call = await new Call().greeted();
    await call.say('where is my order 1042');
    await call.caller.hears(new RegExp(`It has been shipped\\. The tracking number is ${TRACKING}\\.`));
    await call.caller.quiet();
    await call.say('tell me a story');
    await call.caller.hears(/a bicycle/);
    await call.say('please stop now');
    await call.caller.hears(/As you like/);
    assert.doesNotMatch(call.caller.heard(), /lights went on/);
    call.caller.hangUp();

    const asked = await sentencesOf(service, path);
    assert.ok(asked.length > 3, `${asked.length} sentences`);
    assert.deepEqual(asked.filter((r) => r.answer.status !== 200), []);
    assert.ok(asked.every((r) => JSON.stringify([r.path, r.body]).includes(VOICES[speech].en)));
    assert.deepEqual(await sentencesOf(deepgram, /speak/), []);
  }));
}

test('a speaker nobody knows: the next engine has the call', () => spokenBy('nobody', async () => {
  const call = await new Call().ring();
  await call.caller.ended;
  assert.equal(await redis('HGET', `va:call:{${call.sid}}`, 'next'), 'engine:realtime');
}));

test('OpenAI takes no more sentences (429): the next engine has the call', () => spokenBy('openai', async () => {
  await openai.script([{path: '/v1/audio/speech', status: 429, times: 20}]);
  const call = await new Call().ring();
  await call.caller.ended;
  assert.equal(await redis('HGET', `va:call:{${call.sid}}`, 'next'), 'engine:realtime');
}));

test('OpenAI speaks slower than it is listened to: all of it is heard', () => spokenBy('openai', async () => {
  await model([{when: 'tell me a story', text: SENTENCES[0]}]);
  const call = await new Call().greeted();
  await openai.post('speech', {gap_ms: 300});
  await call.say('tell me a story');
  await call.caller.hears(new RegExp(SENTENCES[0].replaceAll('.', '\\.')), 40000);
  call.caller.hangUp();
}));

test('OpenAI breaks off in a sentence: the engine is opened once more, with what was said', () => spokenBy('openai', async () => {
  await model([{when: 'blue bicycle', text: 'We have blue ones in the window.'}, {when: 'which color', text: 'Blue it was.'}]);
  const call = await new Call().greeted();
  await openai.post('speech', {cut: 3});
  await call.say('do you have a blue bicycle');
  await call.caller.hears(/We.*cut off/);
  await call.caller.quiet();
  await call.say('which color');
  await call.caller.hears(/Blue it was/);
  assert.ok((await call.told('which color')).some((m) => m.role === 'user' && m.content === 'do you have a blue bicycle'));
  call.caller.hangUp();
}));
