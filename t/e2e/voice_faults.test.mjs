// Live calls with the engine "realtime" while processes of ours end and Redis is gone or full, and many at once.
import assert from 'node:assert/strict';
import {readdirSync, readFileSync} from 'node:fs';
import {beforeEach, test} from 'node:test';
import {setTimeout as sleep} from 'node:timers/promises';

import {run} from './lib/command.mjs';
import {env} from './lib/env.mjs';
import {pidOf, signal} from './lib/processes.mjs';
import {Call, killed, model, openai, withRealtime} from './lib/realtime.mjs';
import {callsOf, redis} from './lib/redis.mjs';
import {waitFor} from './lib/wait.mjs';

// At once. The voice process has to renew its lease meanwhile (1.5 s).
const CALLS = Number(process.env.VOICE_CALLS ?? 50);

withRealtime();
beforeEach(() => openai.reset());

test('a voice process that is killed: the call goes on in another, with what was said', async () => {
  await model([{when: 'red bicycle', text: 'we have red ones'}]);
  const call = await new Call().greeted();
  await call.say('do you have a red bicycle');
  await call.caller.hears(/red ones/);
  const owner = await redis('HGET', `va:call:{${call.sid}}`, 'owner');
  await waitFor('the turn', async () => (await call.turns()).some((t) => /red ones/.test(t.content)));
  await call.connect(await killed(call, owner));
  await call.caller.hears(/line was bad/);
  const sessions = await openai.get('realtime');
  const told = sessions.at(-1).items.map((i) => i.text);
  assert.ok(told.includes('do you have a red bicycle') && told.includes('we have red ones'), told);
  call.caller.hangUp();
  await waitFor('the dead one to be given no more calls', async () =>
      !(await redis('ZRANGE', 'va:voice:processes', '0', '-1')).includes(owner));
});

test('new voice processes: who calls meanwhile is answered', async () => {
  const worker = pidOf('worker');
  const calls = [];
  for (let i = 0; i < 40; i++) {
    if (i === 10) signal(worker, 'SIGHUP');
    calls.push(new Call().ring());
    await sleep(50);
  }
  const rung = await Promise.all(calls);
  await Promise.all(rung.map(({caller}) => caller.hears(/John/i)));
  rung.forEach(({caller}) => caller.hangUp());
});

// Redis closes the voice process' connections again and again, for less than its lease.
async function withoutRedis(ms) {
  for (const end = Date.now() + ms; Date.now() < end;) {
    const clients = await run('redis-cli', ['-u', env.REDIS_URL, 'CLIENT', 'LIST']);
    for (const [, id] of clients.matchAll(/^id=(\d+) .* name=voiceagent-voice /gm))
      await redis('CLIENT', 'KILL', 'ID', id).catch(() => {});  // it may be gone
  }
}

test('Redis is lost for a moment: what is said meanwhile is kept, once and in its order', async () => {
  await model([{when: 'where is the shop', text: 'by the lake'}, {when: 'thank you', text: 'you are welcome'}]);
  const call = await new Call().greeted();
  await Promise.all([call.say('where is the shop'), withoutRedis(500)]);
  await call.caller.hears(/lake/);
  await call.caller.quiet();
  await call.say('thank you');
  await call.caller.hears(/welcome/);
  call.caller.hangUp();
  const turns = await waitFor('the turns', async () => {
    const found = await call.turns();
    return found.some((t) => t.content === 'thank you') && found;
  });
  assert.deepEqual(turns.slice(1, 4).map((t) => t.content), ['where is the shop', 'by the lake', 'thank you']);
});

// As in a failover: it is a copy of a server that is not there, and writes nothing.
async function whileRedisOnlyReads(ms) {
  await redis('REPLICAOF', '127.0.0.1', '1');
  await sleep(ms);
  await redis('REPLICAOF', 'NO', 'ONE');
}

test('Redis writes nothing for a moment while somebody is put through: he is', async () => {
  await model([
    {when: '"status":"transferring"', text: 'connecting now'},
    {when: 'the manager', tool_calls: [{name: 'transfer_to_human', arguments: {reason: 'wants the manager'}}]},
  ]);
  const call = await new Call().greeted();
  await call.say('I want the manager');
  await call.caller.hears(/connecting/);
  await Promise.all([call.caller.ended, whileRedisOnlyReads(800)]);
  assert.equal(await redis('HGET', `va:call:{${call.sid}}`, 'next'), 'dial');
});

// It takes no new jobs meanwhile.
async function whileRedisIsFull(work) {
  const {maxmemory: usual} = await redis('CONFIG', 'GET', 'maxmemory');
  await redis('CONFIG', 'SET', 'maxmemory', '1');
  try {
    await work();
  } finally {
    await redis('CONFIG', 'SET', 'maxmemory', usual);
  }
}

test('an emergency that Redis does not take at once: people are told all the same', async () => {
  const call = await new Call().greeted();
  await whileRedisIsFull(async () => {
    await call.say('help the battery is on fire right now in my house');
    await waitFor('the end of it', () => call.session());
    await sleep(1500);  // it is written by then
  });
  await call.isPaged();
  call.caller.hangUp();
});

test('what is told while Redis is full comes in later, and does not storm it meanwhile', async () => {
  const call = await new Call().greeted();
  // Only voice processes send a script as its text.
  const scripts = () => callsOf('eval');
  const said = ['I have one bicycle', 'and then another one', 'both are quite old'];
  let meanwhile;
  await whileRedisIsFull(async () => {
    for (const words of said) {
      await call.say(words);
      await call.caller.hears(new RegExp(`I heard: ${words}`));
      await call.caller.quiet();
    }
    const before_ = await scripts();
    await sleep(3000);
    meanwhile = await scripts() - before_;
  });
  assert.ok(meanwhile < 60, `${meanwhile} scripts in three seconds`);
  const both = said.flatMap((words) => [words, `I heard: ${words}`]);
  await waitFor('all turns', async () => {
    const found = (await call.turns()).map((t) => t.content).slice(1);
    return JSON.stringify(found) === JSON.stringify(both);
  });
  call.caller.hangUp();
});

test('a tool that Redis does not take at once is done, and not said to be under way', async () => {
  await model([
    {when: '1Z999', text: 'it has been shipped'},
    {when: 'where is my order', tool_calls: [{name: 'lookup_order', arguments: {order_number: '1042'}}]},
  ]);
  const call = await new Call().greeted();
  await whileRedisIsFull(async () => {
    await call.say('where is my order');
    await waitFor('the tool', async () => (await call.session())?.items.some((i) => i.type === 'function_call'));
  });
  await call.caller.hears(/has been shipped/);
  const {items} = await call.session();
  assert.equal(items.filter((i) => i.type === 'function_call_output').length, 1);
  assert.doesNotMatch(JSON.stringify(items), /still being confirmed/);
  call.caller.hangUp();
});

test(`${CALLS} calls at once, each of its own`, async () => {
  const calls = await Promise.all(Array.from({length: CALLS}, () => new Call().ring()));
  await Promise.all(calls.map(({caller}) => caller.hears(/John/i)));
  await Promise.all(calls.map(({caller}) => caller.quiet()));
  await Promise.all(calls.map(async (call, i) => {
    await call.say(`my number is n${i}x`);
    await call.caller.hears(new RegExp(`I heard: my number is n${i}x`));
  }));
  calls.forEach(({caller}, i) => {
    const others = caller.words.filter((w) => /^n\d+x$/.test(w.word) && w.word !== `n${i}x`);
    assert.deepEqual(others, []);
  });
  const owner = await redis('HGET', `va:call:{${calls[0].sid}}`, 'owner');
  const process_ = `/proc/${owner.split(':')[1]}`;
  assert.ok(readdirSync(`${process_}/task`).length > 16, 'names are looked up beside one another');
  const status = readFileSync(`${process_}/status`, 'utf8');
  console.log(`# the voice process with ${CALLS} calls: ${/VmRSS:\s+(.*)/.exec(status)[1]}`);
  for (const {caller} of calls) caller.hangUp();
});
