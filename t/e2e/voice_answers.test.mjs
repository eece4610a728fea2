// Live calls with the engine "realtime": answers that fail or never come, and the last ones of a call.
import assert from 'node:assert/strict';
import {beforeEach, test} from 'node:test';
import {setTimeout as sleep} from 'node:timers/promises';

import {alive, pidOf, whileStopped} from './lib/processes.mjs';
import {Call, model, openai, ringLate, STORY, withRealtime} from './lib/realtime.mjs';
import {redis} from './lib/redis.mjs';
import {waitFor} from './lib/wait.mjs';

withRealtime();
beforeEach(() => openai.reset());

test('an answer that never comes is the loss of the engine', async () => {
  const call = await new Call().greeted();
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

test('an answer that fails, or of which nothing comes, is asked for once more', async () => {
  const call = await new Call().greeted();
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
  const call = await new Call().greeted();
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
  const call = await new Call().greeted();
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

test('the longest call is over, and the words for it fail: they are asked for once more', async () => {
  const call = await ringLate(1800 - 20);
  await call.caller.hears(/one more minute/);
  await openai.post('realtime', {fails: 1});
  await call.caller.hears(/Our time for this call is over.*Goodbye/);
  await call.caller.ended;
  assert.match(await call.resume(), /<Response><Hangup\/>/);
});

test('the engine is lost while it says good-bye: the call ends as was decided', async () => {
  await model([
    {when: '"success":true', text: STORY},
    {when: 'goodbye', tool_calls: [{name: 'end_call', arguments: {reason: 'done'}}]},
  ]);
  const call = await new Call().greeted();
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
  const call = await new Call().greeted();
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
  assert.ok(silent < 6500, `silent for ${silent} ms`);  // the last words may take 15 s in all, and took 7
});

test('the engine is lost while the end of the call is being written: the process lives on', async () => {
  await model([
    {when: '"success":true', text: 'thank you and bye'},
    {when: 'goodbye', tool_calls: [{name: 'end_call', arguments: {reason: 'done'}}]},
  ]);
  const call = await new Call().greeted();
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
