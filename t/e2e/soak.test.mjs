/*
 * Calls come and go: nothing grows with them. Each has its story and the number of its order.
 *   SOAK_SECONDS (15), SOAK_CALLS (5)   how long, and how many at once
 */
import assert from 'node:assert/strict';
import {after, before, test} from 'node:test';
import {setTimeout as sleep} from 'node:timers/promises';

import {Listener, useStories} from './lib/listeners.mjs';
import {withEngines} from './lib/media.mjs';
import {childrenOf, descriptors, jobProcesses, nginxWorkers, pidOf, pss, voiceProcesses} from './lib/processes.mjs';
import {redis} from './lib/redis.mjs';
import {sim} from './lib/sims.mjs';
import {waitFor} from './lib/wait.mjs';

const SECONDS = Number(process.env.SOAK_SECONDS ?? 15), CALLS = Number(process.env.SOAK_CALLS ?? 5);
const SAMPLES = 12;
const KINDS = ['nginx', 'voice', 'jobs', 'scheduler'];
const SPARE = 4;  // descriptors: connections that a thread opens when first it needs them
const MB = 1 << 20;
const [twilio, openai] = [sim('twilio'), sim('openai')];

let putBack;
before(async () => {
  putBack = await withEngines('{realtime,receptionist}');
  await twilio.reset();
  await openai.reset();
  await useStories();
});
after(async () => {
  await putBack();
  await openai.reset();
});

// One caller after another, until it is time; resolves with how many there were.
async function line(end) {
  let n = 0;
  for (; Date.now() < end; n++) {
    const seconds = 5 + (n * 7) % 20;  // of each call: some short, some long
    const [call] = await Listener.ring(1);
    await sleep(seconds * 1000);
    await call.hangUp();
    await waitFor('the end of a call', () => call.isOver());
  }
  return n;
}

const sum = (pids, of) => pids.reduce((n, pid) => n + of(pid), 0);

// Memory and descriptors of all processes of a kind; keys in Redis.
async function sample() {
  const kinds = {nginx: nginxWorkers(), voice: voiceProcesses(), jobs: jobProcesses(),
                 scheduler: childrenOf(pidOf('worker'), /^scheduler/)};
  const of = Object.fromEntries(Object.entries(kinds).map(
      ([kind, pids]) => [kind, {pids, memory: sum(pids, pss), files: sum(pids, descriptors)}]));
  return {...of, calls: await redis('ZCARD', 'va:voice:media'), keys: await redis('DBSIZE'),
          voice_keys: (await redis('KEYS', 'va:voice:*')).length};
}

function shown(at, s) {
  const kinds = KINDS.map(
      (kind) => `${kind} ${(s[kind].memory / MB).toFixed(1)} MB ${s[kind].files} files`);
  return `# ${at} s: ${s.calls} calls; ${kinds.join('; ')}; Redis ${s.keys} keys, ${s.voice_keys} of them va:voice:`;
}

test(`${CALLS} calls at once for ${SECONDS} s, coming and going: nothing grows`, async () => {
  const before_ = await sample();
  console.log(shown(0, before_));
  const began = Date.now(), end = began + SECONDS * 1000;
  const lines = Array.from({length: CALLS}, async (_, i) => {
    await sleep(i * 100);
    return line(end);
  });
  const samples = [];
  for (let i = 1; i <= SAMPLES; i++) {
    await sleep(Math.max(0, began + i * SECONDS * 1000 / SAMPLES - Date.now()));
    samples.push(await sample());
    console.log(shown(Math.round((Date.now() - began) / 1000), samples.at(-1)));
  }
  const calls = (await Promise.all(lines)).reduce((n, m) => n + m, 0);
  await waitFor('free slots', async () => await redis('ZCARD', 'va:voice:media') === 0);
  const after_ = await waitFor('closed descriptors', async () => {
    const now = await sample();
    return now.voice.files <= before_.voice.files + 2 && now;
  });
  console.log(shown('behind', after_));
  console.log(`# ${calls} calls`);
  assert.ok(after_.voice_keys <= before_.voice_keys, `${after_.voice_keys} keys of the voice are left`);
  for (const kind of KINDS) {
    assert.deepEqual(after_[kind].pids, before_[kind].pids, `a process of ${kind} has died`);
    const most = Math.max(...samples.slice(0, SAMPLES * 2 / 3).map((s) => s[kind].files));
    assert.ok(after_[kind].files <= most + SPARE, `${kind} kept ${after_[kind].files} descriptors, once ${most}`);
    // Once all has been used, what is used again is no growth.
    const [middle, late] = [samples.slice(SAMPLES / 3, SAMPLES * 2 / 3), samples.slice(SAMPLES * 2 / 3)].map(
        (part) => part.reduce((n, s) => n + s[kind].memory, 0) / part.length);
    assert.ok(late < middle * 1.2 + 4 * MB, `${kind} grew from ${middle / MB} to ${late / MB} MB`);
  }
});
