/*
 * Live calls outlive what carries them. What a caller hears shows whether a sound was lost, and
 * the number of his order whether the agent knows what was said before. A line for each call:
 *   SURVIVAL_CALLS (10), SURVIVAL_RELOADS (3)    through reloads of nginx, an upgrade, new workers
 *   SURVIVAL_KILLED (10), SURVIVAL_RUNS (1)      calls of a process that is killed, how often
 *   SURVIVAL_CAP_S (6), SURVIVAL_TALK_S (14)     how old an engine's session grows, how long a call
 */
import assert from 'node:assert/strict';
import {after, before, beforeEach, test} from 'node:test';
import {setTimeout as sleep} from 'node:timers/promises';

import {rows} from './lib/database.mjs';
import {killNginx, reload, secondNginx, upgrade} from './lib/doors.mjs';
import {env} from './lib/env.mjs';
import {all, Listener, useStories} from './lib/listeners.mjs';
import {withEngines} from './lib/media.mjs';
import {reachedBy, wordsOf} from './lib/phone.mjs';
import {alive, jobProcesses, pidOf, signal, startAgain, voiceProcesses} from './lib/processes.mjs';
import {redis} from './lib/redis.mjs';
import {sim} from './lib/sims.mjs';
import {waitFor} from './lib/wait.mjs';

const number = (name, usual) => Number(process.env[name] ?? usual);
const CALLS = number('SURVIVAL_CALLS', 10), RELOADS = number('SURVIVAL_RELOADS', 3);
const KILLED = number('SURVIVAL_KILLED', 10), RUNS = number('SURVIVAL_RUNS', 1);
const CAP_S = number('SURVIVAL_CAP_S', 6), TALK_S = number('SURVIVAL_TALK_S', 14);
const CAPPED = 3;         // calls whose engine's sessions do not live long
const BETWEEN_MS = 1000;  // two reloads
const GONE_MS = 60000;    // for processes that have nothing left to do

const openai = sim('openai');
let putBack;
before(async () => {
  putBack = await withEngines('{realtime,receptionist}');
  await awaken();
});
beforeEach(async () => {
  await sim('twilio').reset();
  await openai.reset();
  await useStories();
});
after(async () => {
  await putBack();
  await openai.reset();
});

const say = (line) => console.log(`# ${line}`);
const pidIn = (name) => Number(name.split(':')[1]);

// The simulated engine reads its description when it is used first, which may take it seconds.
async function awaken() {
  const [first] = await Listener.ring(1);
  await waitFor('the engine', async () => (await openai.get('realtime')).some((s) => s.events.length > 1));
  await first.hangUp();
}

async function listening(n) {
  const calls = await Listener.ring(n);
  await all('the story', calls, (call) => call.hears('s3'));
  return calls;
}

async function hungUp(calls) {
  await all('the end of the calls', calls, (call) => call.isOver());
  await waitFor('free slots', async () => await slotsOf(calls) === 0);
}

const slotsOf = async (calls) =>
    (await redis('ZMSCORE', 'va:voice:media', ...calls.map((c) => c.sid))).filter(Boolean).length;

// ------------------------------------------------------------------ what is done on purpose

// New workers beside the old ones; gives these.
async function newGeneration() {
  const old = [...jobProcesses(), ...voiceProcesses()];
  const known = await redis('ZRANGE', 'va:voice:processes', 0, -1);
  signal(pidOf('worker'), 'SIGHUP');
  await waitFor('a new voice process', async () =>
      (await redis('ZRANGE', 'va:voice:processes', 0, -1)).some((name) => !known.includes(name)));
  return old;
}

test(`${CALLS} calls, ${RELOADS} reloads, an upgrade of nginx, new workers: nobody hears of it`, async () => {
  const calls = await listening(CALLS);
  const old = [];
  for (let i = 0; i < RELOADS; i++) {
    old.push(...await reload());
    await sleep(BETWEEN_MS);
  }
  old.push(...await upgrade(), ...await newGeneration());
  await sleep(BETWEEN_MS);
  say(`${new Set(old.filter(alive)).size} old processes while their calls go on`);
  for (const call of calls) await call.end();
  await all('the end of the calls', calls, (call) => call.isOver());

  const sounds = await Promise.all(calls.map((call) => call.sound()));
  for (const [i, s] of sounds.entries())
    say(`${calls[i].order}: ${s.streams} stream, longest gap ${s.gap} ms, ${s.missing} words missing, order told ${s.told}`);
  say(`longest gap ${Math.max(...sounds.map((s) => s.gap))} ms; over 60 ms in ${
      sounds.filter((s) => s.gap > 60).length} of ${CALLS} calls`);
  assert.deepEqual(sounds.map(({streams, missing, told}) => ({streams, missing, told})),
                   sounds.map(() => ({streams: 1, missing: 0, told: [1]})));
  await waitFor('the end of the old processes', () => !old.some(alive), GONE_MS);
  const left = await redis('ZRANGE', 'va:voice:leases', 0, -1);
  assert.deepEqual(left.filter((name) => old.includes(pidIn(name))), [], 'no lease has to run out');
});

// ------------------------------------------------------------------ deaths

/*
 * Calls that lost what carried them at that moment: each talks again with what was said before,
 * none has fallen to another engine, and none has two slots or none.
 */
async function talkAgain(calls, moment, seconds) {
  await all('the order', calls, async (call) => (await call.after(moment)).told !== undefined);
  const lines = await Promise.all(calls.map((call) => call.after(moment)));
  for (const [i, l] of lines.entries())
    say(`${calls[i].order}: silent for ${l.gap} ms, sound after ${l.again} ms, order told after ${l.told} ms, stream ${l.streams}`);
  const within = lines.filter((l) => l.told <= seconds * 1000).length;
  const told = lines.map((l) => l.told).sort((a, b) => a - b);
  say(`${within} of ${calls.length} (${(100 * within / calls.length).toFixed(0)} %) within ${seconds} s; median ${
      told[told.length >> 1]} ms, last ${told.at(-1)} ms`);
  assert.deepEqual(await Promise.all(calls.map((call) => call.engine())), calls.map(() => 'realtime'));
  assert.equal(await slotsOf(calls), calls.length);
}

// The voice process with most of them, and those.
async function holder(calls) {
  const owners = await Promise.all(calls.map((call) => call.owner()));
  const count = (name) => owners.filter((o) => o === name).length;
  const name = owners.reduce((best, o) => (count(o) > count(best) ? o : best));
  return {name, held: calls.filter((_, i) => owners[i] === name)};
}

async function forgotten(name, moment) {
  await waitFor(`nothing of ${name}`, async () => await redis('EXISTS', `va:voice:calls:${name}`) === 0 &&
      !(await redis('ZRANGE', 'va:voice:leases', 0, -1)).includes(name));
  say(`its counters were right after ${Date.now() - moment} ms`);
}

for (let run = 1; run <= RUNS; run++) {
  test(`a voice process with ${KILLED} calls is killed, run ${run}: they talk on`, async () => {
    const calls = await listening(KILLED);
    const {name, held} = await holder(calls);
    say(`${held.length} calls in one of ${voiceProcesses().length} voice processes`);
    const moment = Date.now();
    signal(pidIn(name), 'SIGKILL');
    await talkAgain(held, moment, 3);
    await forgotten(name, moment);
    for (const call of calls) await call.hangUp();
    await hungUp(calls);
  });
}

test(`a voice process with ${KILLED} calls falls silent: they talk on`, async (t) => {
  const calls = await listening(KILLED);
  await newGeneration();
  const {name, held} = await holder(calls);
  t.after(() => signal(pidIn(name), 'SIGKILL'));
  const moment = Date.now();
  signal(pidIn(name), 'SIGSTOP');
  await talkAgain(held, moment, 6);
  await forgotten(name, moment);
  assert.ok(alive(pidIn(name)), 'nobody ended the silent process');
  for (const call of calls) await call.hangUp();
  await hungUp(calls);
});

test(`nginx is killed with ${KILLED} calls: they talk on through a second one`, async (t) => {
  const second = await secondNginx();
  t.after(async () => {
    await startAgain('nginx');
    await reachedBy();
    await second.stop();
  });
  await reachedBy([env.VA_URL, second.url]);
  const calls = await listening(KILLED);
  const moment = Date.now();
  await killNginx();
  await talkAgain(calls, moment, 3);
  for (const call of calls) await call.hangUp();
  await hungUp(calls);
});

// ------------------------------------------------------------------ sessions that end

// Of one call: how long its caller waited for the agent's next word at most, and what was said.
async function talkOf(call) {
  const words = (await wordsOf(call.sid)).flat();
  const said = await rows(
      `SELECT speaker, content FROM messages
        WHERE call_id = (SELECT id FROM calls WHERE twilio_call_sid = :'sid')`, {sid: call.sid});
  const count = (speaker, text) => said.filter((m) => m.speaker === speaker && m.content.includes(text)).length;
  return {
    pause: Math.round(Math.max(...words.slice(1).map((w, i) => w.ms - words[i].ms))),
    asked: count('customer', 'which order'),
    told: count('agent', `it is ${call.order}`),
    unknown: count('agent', 'I heard'),
  };
}

test(`an engine whose sessions live ${CAP_S} s: a call of ${TALK_S} s goes on, and no fact is lost`, async () => {
  await openai.post('realtime', {cap_ms: CAP_S * 1000});
  const script = Array.from({length: TALK_S}, () => ({say: 'which order', ms: 2500}));
  const calls = await Listener.ring(CAPPED, script);
  await all('the order', calls, (call) => call.hears(call.order));
  await sleep(TALK_S * 1000);
  const streams = await Promise.all(calls.map((call) => wordsOf(call.sid)));
  for (const call of calls) await call.hangUp();
  await hungUp(calls);
  const sessions = (await openai.get('realtime')).length;
  const talks = await Promise.all(calls.map(talkOf));
  for (const [i, t] of talks.entries())
    say(`${calls[i].order}: asked ${t.asked} times, told ${t.told} times, longest pause ${t.pause} ms`);
  say(`${sessions} sessions of the engine for ${CAPPED} calls`);
  assert.ok(sessions > CAPPED, 'sessions were followed by others');
  assert.deepEqual(streams.map((s) => s.length), calls.map(() => 1));
  for (const t of talks) assert.ok(t.unknown === 0 && t.told > 0 && t.told >= t.asked - 1, JSON.stringify(t));
});
