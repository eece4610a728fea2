/*
 * Live calls with sound: a caller (t/sim/lib/caller.mjs) at nginx, the voice process, the
 * simulated Realtime API behind it. What was said is judged by the sound that was played.
 * Here is what a call is like while nothing fails. Each caller but John, who is known, is another
 * person; those whose session is looked for say words of their own.
 */
import assert from 'node:assert/strict';

import {DOWNTOWN, login} from './lib/account.mjs';
import {rows} from './lib/database.mjs';
import {openEvents} from './lib/events.mjs';
import {stranger} from './lib/people.mjs';
import {Call, ringLate, STORY, withRealtime} from './lib/realtime.mjs';
import {redis} from './lib/redis.mjs';
import {together} from './lib/together.mjs';
import {waitFor} from './lib/wait.mjs';

withRealtime([
  {when: '"success":true', recall: '^goodbye$', text: 'thank you and bye'},
  {when: '"success": ?true', recall: 'my brakes squeal', text: 'I passed that on to the team'},
  {when: '1Z999', text: 'it has been shipped'},
  {when: 'where is my order', tool_calls: [{name: 'lookup_order', arguments: {order_number: '1042'}}]},
  {when: '^goodbye$', tool_calls: [{name: 'end_call', arguments: {reason: 'done'}}]},
  {when: 'squeal', text: 'I will text you', tool_calls: [{name: 'take_message', arguments: {message: 'brakes squeal'}}]},
  {when: 'book a tune-up', text: 'You are booked for midnight'},
  {when: 'tell me an?(other)? story', text: STORY},
  {when: 'all you know', text: Array(4).fill(STORY).join(' ')},
  {when: '4242', text: 'go on'},
]);

const alarms = (call) =>
    rows(`SELECT body FROM tasks WHERE kind = 'alarm' AND key LIKE :'key' ORDER BY created_at`,
        {key: `said:${call.sid}:%`});

together({
  'a whole call: greeting, an order, the end': async () => {
    const call = await new Call().ring();
    await call.caller.hears(/John/i);  // before anybody else has said a word
    await call.caller.quiet();
    await call.say('where is my order');
    await call.caller.hears(/been shipped/);
    await call.caller.quiet();
    await call.say('goodbye');
    await call.caller.ended;
    assert.match(call.caller.heard(), /thank you and bye/);
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
  },

  'a stranger is greeted too': async () => {
    const call = await new Call(stranger()).ring();
    await call.caller.hears(/Bici Downtown/);
    call.caller.hangUp();
  },

  'who is interrupted falls silent at once, and the engine knows what was heard': async () => {
    const call = await new Call(stranger()).greeted();
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
  },

  'words that only say "I am listening" do not end a story': async () => {
    const call = await new Call(stranger()).greeted();
    await call.say('tell me another story');
    await call.caller.hears(/a bicycle/);
    call.caller.say('yeah');
    await call.caller.hears(/over the hills/);
    const story = (await call.session()).items.find((i) => i.text === STORY);
    assert.equal(story.truncated_ms, undefined);
    assert.ok(call.caller.arrived.some((m) => m.event === 'clear'), 'he was listened to all the same');
    call.caller.hangUp();
  },

  '0 calls a person: the call is put through': async () => {
    const call = await new Call(stranger()).greeted();
    call.caller.press('0');
    await call.caller.ended;
    const state = await redis('HGET', `va:call:{${call.sid}}`, 'next');
    assert.equal(state, 'dial');
  },

  'nobody says a word: he is asked twice, and told why the call ends': async () => {
    const call = await new Call(stranger()).ring();
    await call.caller.hears(/Nobody has said anything.*Nobody has said anything/);
    await call.caller.ended;
    assert.equal(await redis('HGET', `va:call:{${call.sid}}`, 'next'), 'hangup');
    assert.match(await call.resume(), /<Say[^>]*>I cannot hear you[^<]*<\/Say><Hangup\/>/);
  },

  'what the agent claims and did not do is put right in the call, and an alarm': async () => {
    const call = await new Call(stranger()).greeted();
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
  },

  'who hangs up behind a claim leaves an alarm': async () => {
    const call = await new Call(stranger()).greeted();
    await call.say('please book a tune-up');
    await call.caller.hears(/booked for/);
    call.caller.hangUp();
    await waitFor('the alarm', async () => (await alarms(call)).length === 1);
  },

  'the longest call: the caller is told once that it ends soon, and when it has ended': async () => {
    const call = await ringLate(1800 - 25, stranger());
    await call.caller.hears(/Bici Downtown/);
    await call.caller.hears(/one more minute/);
    call.caller.die();
    await call.connect(await call.resume());
    await call.caller.hears(/line was bad/);
    await call.caller.hears(/Our time for this call is over.*Goodbye/);
    await call.caller.ended;
    assert.equal(call.caller.closed, 1000);
    assert.doesNotMatch(call.caller.heard(), /one more minute/);
    assert.match(await call.resume(), /<Response><Hangup\/>/);
    const [{end_reason}] = await rows(`SELECT end_reason FROM calls WHERE twilio_call_sid = :'sid'`, {sid: call.sid});
    assert.equal(end_reason, 'limit');
  },

  'the longest call ends even when somebody speaks all the time: the carrier says so': async () => {
    const call = await ringLate(1800 - 14, stranger());
    await call.caller.hears(/one more minute/);
    await call.caller.quiet();
    await call.say('tell me all you know');
    await call.caller.hears(/a bicycle/);
    await call.caller.ended;
    assert.match(await call.resume(), /Our time for this call is over[^<]*<\/Say><Hangup\/>/);
  },

  'a card number said in two breaths is kept and shown by nobody, whatever the call before was of': async () => {
    const {token} = await login(DOWNTOWN);
    const events = await openEvents('/api/stream/organization', token);
    const number = stranger();
    const earlier = await new Call(number).greeted();
    await earlier.say('my order number is');
    await waitFor('its turn', async () => (await earlier.turns()).some((turn) => turn.speaker === 'customer'));
    earlier.caller.hangUp();
    try {
      const call = await new Call(number).ring();
      await call.caller.hears(/Bici Downtown/);
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
    } finally {
      events.close();
    }
  },
});
