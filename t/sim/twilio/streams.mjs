/*
 * Calls whose document connects them to a media stream: the caller at its other end (lib/
 * caller.mjs) says the steps of the call's script, each when the agent has been quiet for its
 * `ms` (500), the first when he has been answered; behind the last one he stays on the line and
 * listens.
 */
import {performance} from 'node:perf_hooks';
import {setTimeout as sleep} from 'node:timers/promises';

import {Caller} from '../lib/caller.mjs';
import {whereItAnswers} from '../lib/client.mjs';

const FIRST_MS = 5000;

const epochMs = (caller, ms) => (ms === null ? null : performance.timeOrigin + caller.began + ms);

export class Streams {
  // Resolves when the stream is over; the call's next verb has its turn then.
  async carry({call, stream, sid, account, tell}) {
    const who = {call: call.sid, account, parameters: stream.parameters, stream: sid, keepSound: false};
    let caller;
    try {
      caller = await dial(new URL(stream.url), who);
    } catch (e) {
      return tell('stream-error', `31920: ${e.message}`);
    }
    call.streams.push(caller);
    tell('stream-started');
    const place = call.streams.length - 1;
    speak(caller, call.talk, place).catch(() => undefined);  // the stream ended meanwhile
    await caller.ended;
    return tell('stream-stopped');
  }
}

function dial(url, who) {
  const page = new URL(url.href.replace(/^ws/, 'http'));
  return whereItAnswers(page, ({host, port, path, servername, ca}) => {
    const at = host.includes(':') ? `[${host}]` : host;
    return new Caller(who).dial(`${url.protocol}//${at}:${port}${path}`, {servername, ca});
  });
}

// The call's script, which may be replaced meanwhile (`talk`), on the stream at this place.
async function speak(caller, talk, place) {
  await firstSound(caller);
  while (caller.closed === null) {
    const step = talk.script[0];
    if (!step || (step.stream ?? 0) > place) {
      await sleep(20);
      continue;
    }
    await quietFor(caller, step.ms ?? 500);
    if (caller.closed !== null) return;
    if (talk.script[0] !== step) continue;
    talk.script.shift();
    if (step.say) await caller.say(step.say);
    if (step.press) caller.press(step.press);
    if (step.hangup) talk.leave();
  }
}

// Who called waits for somebody to answer, but not for long.
async function firstSound(caller) {
  const patience = performance.now() + FIRST_MS;
  while (caller.frames === 0 && caller.closed === null && performance.now() < patience) await sleep(20);
}

async function quietFor(caller, ms) {
  for (let since = performance.now(); performance.now() - since < ms && caller.closed === null;) {
    await sleep(20);
    if (caller.bufferedMs() > 0) since = performance.now();
  }
}

// As GET /_sim/call/:sid tells it: when the first and the last of the agent's sound were played.
export const shownStream = (caller) => ({
  open: caller.closed === null,
  frames: caller.frames,
  first_ms: epochMs(caller, caller.firstMs),
  last_ms: epochMs(caller, caller.lastMs),
  clears: caller.arrived.filter((m) => m.event === 'clear').length,
  heard: caller.heard(),
});

// As GET /_sim/words/:sid tells it.
export const shownWords = (caller) =>
    caller.words.map(({at, word}) => ({ms: epochMs(caller, at), word}));
