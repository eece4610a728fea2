// Live calls by the engine "pipeline": ears that cannot be had, say nothing, or end in the middle.
import assert from 'node:assert/strict';
import {beforeEach, test} from 'node:test';
import {setTimeout as sleep} from 'node:timers/promises';

import {Call, deepgram, forget, model, withPipeline} from './lib/pipeline.mjs';
import {redis} from './lib/redis.mjs';
import {waitFor} from './lib/wait.mjs';

withPipeline();
beforeEach(forget);

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
  await call.caller.hears(/cut off/);
  await deepgram.post('listen', {garbage: false, mute: true});
  await call.caller.quiet();
  await call.say('is anybody there');
  await call.caller.ended;
  assert.doesNotMatch(call.caller.heard(), /still there/);
  assert.equal(await redis('HGET', `va:call:{${call.sid}}`, 'next'), 'engine:realtime');
});

test('ears that go black: others have their place before anybody asks whether he is there', async () => {
  const call = await new Call().greeted();
  await deepgram.post('black');
  await call.say('is anybody there');
  await call.caller.hears(/cut off/);
  assert.doesNotMatch(call.caller.heard(), /still there/);
  await call.caller.quiet();
  await call.say('hello again');
  await call.caller.hears(/I heard: hello again/i);
  call.caller.hangUp();
});

test('ears that never tell the end of what he says: he is answered all the same', async () => {
  const call = await new Call().greeted();
  await deepgram.post('listen', {endless: true});
  await call.say('is anybody there');
  await call.caller.hears(/I heard: is anybody there/i);
  await call.isKept('is anybody there');
  call.caller.hangUp();
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
