/*
 * Calls whose document connects them to a media stream: the caller at its other end (lib/
 * caller.mjs) says the steps of the call's script, each when the agent has been quiet for its
 * `ms` (500); behind the last one he stays on the line and listens.
 */
import {performance} from 'node:perf_hooks';
import {setTimeout as sleep} from 'node:timers/promises';

import {Caller} from '../lib/caller.mjs';
import {connectOptions} from '../lib/client.mjs';

const epochMs = (caller, ms) => performance.timeOrigin + caller.began + ms;

export class Streams {
  // Resolves when the stream is over; the call's next verb has its turn then.
  async carry({call, stream, sid, account, tell}) {
    const caller = new Caller({call: call.sid, account, parameters: stream.parameters, stream: sid});
    const url = new URL(stream.url);
    const {host, port, path, servername, ca} = connectOptions(new URL(stream.url.replace(/^ws/, 'http')));
    const reached = `${url.protocol}//${host.includes(':') ? `[${host}]` : host}:${port}${path}`;
    try {
      await caller.dial(reached, {servername, ca});
    } catch (e) {
      return tell('stream-error', `31920: ${e.message}`);
    }
    call.streams.push(caller);
    tell('stream-started');
    speak(caller, call.talk.script).catch(() => undefined);  // the stream ended meanwhile
    await caller.ended;
    return tell('stream-stopped');
  }
}

async function speak(caller, script) {
  while (script.length > 0 && caller.closed === null) {
    await quietFor(caller, script[0].ms ?? 500);
    if (caller.closed !== null) return;
    const step = script.shift();
    if (step.say) await caller.say(step.say);
    if (step.press) caller.press(step.press);
    if (step.hangup) caller.hangUp();
  }
}

async function quietFor(caller, ms) {
  for (let since = performance.now(); performance.now() - since < ms && caller.closed === null;) {
    await sleep(20);
    if (caller.bufferedMs() > 0) since = performance.now();
  }
}

// As GET /_sim/call/:sid tells it. last_ms: when the last of the agent's sound was played.
export const shownStream = (caller) => ({
  open: caller.closed === null,
  frames: caller.played.length,
  last_ms: caller.played.length > 0 ? epochMs(caller, caller.played.at(-1).ms) : null,
  clears: caller.arrived.filter((m) => m.event === 'clear').length,
  heard: caller.heard(),
});
