// Live calls by the engine "pipeline": who speaks for the shop, and what becomes of a voice that fails.
import assert from 'node:assert/strict';
import {beforeEach, test} from 'node:test';
import {setTimeout as sleep} from 'node:timers/promises';

import {row} from './lib/database.mjs';
import {Call, deepgram, forget, model, openai, SENTENCES, STORY, TRACKING, withPipeline} from './lib/pipeline.mjs';
import {redis} from './lib/redis.mjs';
import {sim} from './lib/sims.mjs';

const elevenlabs = sim('elevenlabs');

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

withPipeline();
beforeEach(forget);

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

test('no voice: the next engine has the call', async () => {
  await deepgram.script([{path: '/v1/speak', status: 500, times: 20}]);
  const call = await new Call().ring();
  await call.caller.ended;
  assert.equal(await redis('HGET', `va:call:{${call.sid}}`, 'next'), 'engine:realtime');
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
  await call.caller.hears(new RegExp(SENTENCES[0].replaceAll('.', '\\.')));
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
