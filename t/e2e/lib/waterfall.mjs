// Where the time of a call's turns went, as GET /api/calls/{id} gives it with each of them.
import assert from 'node:assert/strict';

import {row} from './database.mjs';
import {env} from './env.mjs';
import {ask, call} from './http.mjs';
import {waitFor} from './wait.mjs';

export const STAGES = [
  'received', 'caller_ended', 'end_detected', 'tool_called', 'tool_answered', 'asked', 'first_token',
  'first_sound', 'written', 'heard'
];

// The agent's turns of a call, oldest first.
export async function agentTurns(sid, token) {
  const {id} = await row(`SELECT id FROM calls WHERE twilio_call_sid = :'sid'`, {sid});
  const {turns} = await ask('GET', `/api/calls/${id}`, {token});
  return turns.filter((t) => t.speaker === 'agent').sort((a, b) => a.timestamp < b.timestamp ? -1 : 1);
}

// The latency of the turn in which the agent said that, once all of it is known.
export const latencyOf = (sid, token, words) => waitFor(`the latency of ${words}`, async () => {
  const turn = (await agentTurns(sid, token)).find((t) => words.test(t.content));
  return turn?.latency.heard_ms !== undefined && turn.latency;
});

// The stages that are there, in the order of their time.
export function assertOrdered(latency, expected) {
  const there = STAGES.filter((s) => latency[`${s}_ms`] !== undefined);
  assert.deepEqual(there, expected, JSON.stringify(latency));
  const times = there.map((s) => latency[`${s}_ms`]);
  assert.deepEqual(times, [...times].sort((a, b) => a - b), JSON.stringify(latency));
}

/*
 * What the caller has seen of it: where he said his last word, by the timestamps of his own sound,
 * and that he heard the answer, whose first word is given, no earlier than it was sent. The
 * stream's clock may be ahead of his by a frame: he stamps each with its end.
 */
export function assertSeen(latency, caller, word) {
  const ended = caller.spokeUntil;
  const heard = caller.words.find((w) => w.ms > ended && w.word === word);
  if (latency.reported) assert.equal(latency.caller_ended_ms, ended);
  else assert.ok(latency.caller_ended_ms >= ended, `${latency.caller_ended_ms} < ${ended}`);
  assert.ok(latency.written_ms <= heard.ms + 20, `written at ${latency.written_ms}, heard at ${heard.ms}`);
}

// What /metrics counts of one stage.
export async function counted(engine, stage) {
  const {text} = await call('GET', '/metrics', {token: env.METRICS_TOKEN});
  const name = `voiceagent_turn_seconds_count{engine="${engine}",stage="${stage}"} `;
  return Number(text.split('\n').find((line) => line.startsWith(name))?.slice(name.length) ?? 0);
}

// A turn's stages as the ms each took since the one before it.
function steps(latency) {
  let before;
  const took = {};
  for (const stage of STAGES) {
    const at = latency[`${stage}_ms`];
    if (at === undefined) continue;
    if (before !== undefined) took[stage] = at - before;
    before = at;
  }
  return took;
}

const COLUMNS = {
  end_detected: 'end told', tool_called: 'to tool', tool_answered: 'tool', asked: 'asked',
  first_token: '1st token', first_sound: '1st sound', written: 'sent', heard: 'heard'
};

// The turns as lines of a table: ms of each stage, and from the caller's last sound to the answer.
export function waterfall(turns) {
  const line = (cells, all, words) =>
      cells.map((c) => String(c ?? '').padStart(9)).join(' ') + String(all ?? '').padStart(8) + '  ' + words;
  const lines = [line(Object.values(COLUMNS), 'in all', 'what the agent said')];
  for (const {latency, content} of turns) {
    const took = steps(latency);
    const origin = latency.caller_ended_ms ?? latency.received_ms;
    const all = latency.written_ms !== undefined && origin !== undefined ? latency.written_ms - origin : undefined;
    lines.push(line(Object.keys(COLUMNS).map((s) => took[s]), all, content.replace(/\s+/g, ' ').slice(0, 48)));
  }
  return lines;
}
