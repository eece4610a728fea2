// Live calls with the engine "realtime": who speaks, or hangs up, while the agent does.
import assert from 'node:assert/strict';
import {beforeEach, test} from 'node:test';

import {Call, model, openai, STORY, withRealtime} from './lib/realtime.mjs';
import {waitFor} from './lib/wait.mjs';

withRealtime();
beforeEach(() => openai.reset());

// The second one sends its words as slowly as they are spoken: they are not all there.
for (const gap_ms of [20, 400]) {
  test(`who hangs up in the middle of a sentence: what was heard is kept (pieces ${gap_ms} ms apart)`, async () => {
    await model([{when: 'tell me a story', text: STORY}]);
    const call = await new Call().greeted();
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

test('the error of a cancel that came too late is not the end of the next answer', async () => {
  await model([{when: 'tell me a story', text: STORY}]);
  const call = await new Call().greeted();
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
  const call = await new Call().greeted();
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
  const call = await new Call().greeted();
  await openai.post('realtime', {gap_ms: 1500, cancel_ms: 60000});
  await call.say('tell me a story');
  await call.caller.hears(/once/);
  await call.say('please stop');
  await call.caller.hears(/line was bad/);
  call.caller.hangUp();
});

test('words of what he said before decide nothing about what he is saying', async () => {
  await model([{when: '^yes$', text: STORY}]);
  const call = await new Call().greeted();
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
  const call = await new Call().greeted();
  await call.say('tell me a story');
  await call.caller.hears(/a bicycle/);
  await openai.post('realtime', {transcription_ms: 600});
  await call.say('no wait');
  // The end of that is known, and its words are not.
  await waitFor('the end of it', async () => (await call.living()).items.some((i) => i.text === 'no wait'));
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

test('an answer that was cut before it began is not taken for the next one', async () => {
  await model([{when: 'tell me a story', text: STORY}]);
  const call = await new Call().greeted();
  const {id} = await call.living();
  await openai.post('realtime', {begin_ms: 2500});
  await call.say('tell me a story');
  await call.asked(id, 2);
  await call.say('please stop now');
  await call.asked(id, 3);
  await call.caller.hears(/I heard:.*stop/);
  assert.doesNotMatch(call.caller.heard(), /once upon/);
  call.caller.hangUp();
});
