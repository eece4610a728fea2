// Live calls with the engine "realtime": its tools, and what the caller hears while they run.
import assert from 'node:assert/strict';
import {beforeEach, test} from 'node:test';

import {DOWNTOWN, login} from './lib/account.mjs';
import {openEvents} from './lib/events.mjs';
import {alive, jobProcesses, signal, voiceProcesses, whileStopped} from './lib/processes.mjs';
import {drained} from './lib/queues.mjs';
import {Call, model, openai, withRealtime} from './lib/realtime.mjs';
import {redis} from './lib/redis.mjs';
import {waitFor} from './lib/wait.mjs';
import {assertOrdered, assertSeen, counted, latencyOf} from './lib/waterfall.mjs';

withRealtime();
beforeEach(() => openai.reset());

test('where the seconds of a turn go is kept with it, told live, and counted', async (t) => {
  await model([
    {when: '"success":true', text: 'your parcel has been shipped'},
    {when: 'where is my order', tool_calls: [{name: 'lookup_order', arguments: {order_number: '1042'}}]},
  ]);
  const {token} = await login(DOWNTOWN);
  const events = await openEvents('/api/stream/organization', token);
  t.after(() => events.close());
  const before_ = await counted('realtime', 'response');
  const call = await new Call().greeted();
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

test('a tool that takes its time: a few words in between, and its answer', async () => {
  await model([
    {when: '"success":true', text: 'it has been shipped'},
    {when: 'where is my order', tool_calls: [{name: 'lookup_order', arguments: {order_number: '1042'}}]},
  ]);
  const call = await new Call().greeted();
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

test('a tool that takes half a minute: the caller is spoken to meanwhile, and hears its answer', async () => {
  await model([
    {when: '1Z999', text: 'it has been shipped'},
    {when: 'still being confirmed', text: 'I am still waiting for it'},
    {when: 'where is my order', tool_calls: [{name: 'lookup_order', arguments: {order_number: '1042'}}]},
    {when: 'it takes a moment', text: 'one moment'},
  ]);
  const call = await new Call().greeted();
  await whileStopped(jobProcesses(), async () => {
    await call.say('where is my order');
    await call.caller.hears(/one moment.*one moment.*still waiting/);
  });
  await call.caller.hears(/been shipped/);
  call.caller.hangUp();
});

test('who has hung up is no call any more, whatever tool of his still runs', async () => {
  await model([{when: 'where is my order', tool_calls: [{name: 'lookup_order', arguments: {order_number: '1042'}}]}]);
  const call = await new Call().greeted();
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

test('the engine is lost while a tool runs: the next one is told what it said', async () => {
  await model([{when: 'where is my order', tool_calls: [{name: 'lookup_order', arguments: {order_number: '1042'}}]}]);
  const call = await new Call().greeted();
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
  const call = await new Call().greeted();
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
  const call = await new Call().greeted();
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
