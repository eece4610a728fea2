/*
 * Live calls by the engine "pipeline": the simulated Deepgram hears, the simulated chat
 * completions answer, and Deepgram speaks. What was said is judged by the sound that was played.
 * Here is what a call is like while nothing fails; each caller is another person, and says words
 * of his own.
 */
import assert from 'node:assert/strict';

import {stranger} from './lib/people.mjs';
import {Call, openai, STORY, TRACKING, withPipeline} from './lib/pipeline.mjs';
import {redis} from './lib/redis.mjs';
import {together} from './lib/together.mjs';
import {waitFor} from './lib/wait.mjs';

withPipeline([
  {when: TRACKING, text: `It has been shipped. The tracking number is ${TRACKING}. Anything else?`},
  {when: 'where is my order', text: 'Let me see.', tool_calls: [{name: 'lookup_order', arguments: {order_number: '1042'}}]},
  {when: '^goodbye$', tool_calls: [{name: 'end_call', arguments: {reason: 'done'}}]},
  {when: '"success":true', text: 'Thank you and bye.'},
  {when: 'tell me an?(other)? story', text: STORY},
  {when: 'please stop now', text: 'As you like.'},
  {when: 'my name is Zoe', text: 'Hello Zoe.'},
  {when: 'next', text: 'Yes.'},
]);

together({
  'what was said 48 utterances ago is known': async () => {
    const call = await new Call(stranger()).greeted();
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
  },

  'a whole call: greeting, order 1042, the end': async () => {
    const call = await new Call().greeted();
    await call.say('where is my order 1042');
    await call.caller.hears(new RegExp(`Let me see\\. It has been shipped\\. The tracking number is ${TRACKING}\\. Anything else`));
    await call.caller.quiet();
    await call.say('goodbye');
    await call.caller.ended;
    assert.match(call.caller.heard(), /and bye/);
    assert.equal(call.caller.closed, 1000);
    assert.equal(await redis('HGET', `va:call:{${call.sid}}`, 'next'), 'hangup');

    const ears = await call.ears('goodbye');
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
  },

  'who is interrupted falls silent, and the model is told what was heard': async () => {
    const call = await new Call(stranger()).greeted();
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
  },

  'words that only say "I am listening" do not end a story': async () => {
    const call = await new Call(stranger()).greeted();
    await call.say('tell me another story');
    await call.caller.hears(/a bicycle/);
    call.caller.say('yeah');
    await call.caller.hears(/lights went on/);
    assert.ok(call.caller.arrived.some((m) => m.event === 'clear'), 'he was listened to all the same');
    assert.equal((await call.turns()).some((t) => t.interrupted), false);
    call.caller.hangUp();
  },
});
