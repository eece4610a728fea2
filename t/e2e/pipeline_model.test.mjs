// Live calls by the engine "pipeline": what the model is asked and calls, and who answers when it is down.
import assert from 'node:assert/strict';
import {beforeEach, test} from 'node:test';

import {DOWNTOWN, JOHN, login} from './lib/account.mjs';
import {cancelAppointments} from './lib/appointments.mjs';
import {row} from './lib/database.mjs';
import {stranger} from './lib/people.mjs';
import {Call, deepgram, forget, model, openai, SPOKEN, TRACKING, withPipeline} from './lib/pipeline.mjs';
import {jobProcesses, whileStopped} from './lib/processes.mjs';
import {redis} from './lib/redis.mjs';
import {waitFor} from './lib/wait.mjs';
import {assertOrdered, assertSeen, counted, latencyOf} from './lib/waterfall.mjs';

const modelDown = (how) => openai.script([{path: '/v1/chat/completions', times: 20, ...how}]);

withPipeline();
beforeEach(forget);

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

test('a card number said in two breaths is known to nobody, the model neither', async () => {
  await model([{when: '\\*', text: 'Go on.'}]);
  const call = await new Call(stranger()).greeted();
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
  await call.caller.hears(/Which one would you like/);
  await call.caller.quiet();
  await call.say('the first one please');
  await call.caller.hears(/[Bb]ooked/);
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
  await call.caller.hears(new RegExp(TRACKING));
  call.caller.hangUp();
});

// How long the ears need to be opened again: the answer comes behind that, or before.
for (const delay of [0, 2000]) {
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
    await call.caller.hears(new RegExp(`cut off.*Where were we.*1042.*${TRACKING}`));
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

test('an emergency without a model: the words for it are said', async () => {
  await modelDown({status: 503});
  const call = await new Call().greeted();
  await call.say('help the battery is on fire right now in my house');
  await call.caller.hears(/911|emergency services/i);
  call.caller.hangUp();
});
