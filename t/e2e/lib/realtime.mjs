// Live calls whose engine is "realtime": the voice process, and the simulated Realtime API behind it.
import {after, before} from 'node:test';

import {JOHN} from './account.mjs';
import {cancelAppointments} from './appointments.mjs';
import {row} from './database.mjs';
import {MediaCall, withEngines} from './media.mjs';
import {redis} from './redis.mjs';
import {sim} from './sims.mjs';
import {waitFor} from './wait.mjs';

export const STORY = 'once upon a time there was a bicycle in a little shop by the lake and it waited ' +
    'for somebody who would ride it all around the water until the evening came over the hills';
export const openai = sim('openai');

export class Call extends MediaCall {
  // The session of the engine that spoke with this caller last.
  session = async () => (await openai.get('realtime'))
      .filter((s) => s.items.some((i) => i.role === 'user' && i.text === this.last)).at(-1);

  // Of a test in which nobody else calls: the session that lives, and one beside those known.
  living = async () => (await openai.get('realtime')).find((s) => s.closed === null);
  another = (known) => waitFor('another session', async () => (await openai.get('realtime')).find(
      (s) => s.closed === null && !known.includes(s.id)));

  // Resolves when a session was asked for that many answers.
  asked = (id, times) => waitFor(`question ${times}`, async () => {
    const {events} = (await openai.get('realtime')).find((s) => s.id === id);
    return events.filter((e) => e.type === 'response.create').length >= times;
  });
}

export const model = (rules) => openai.post('model', {rules});

// The shop has the engine while a file's tests run; the model begins with these rules.
export function withRealtime(rules = []) {
  let putBack;
  before(async () => {
    putBack = await withEngines('{realtime,receptionist}');
    await cancelAppointments(JOHN);  // of none it may be said that it is booked
    await openai.reset();
    await model(rules);
  });
  after(async () => {
    await putBack();
    await openai.reset();
  });
}

// The voice process that has the call is; resolves with the document that leads to another one.
export async function killed(call, owner) {
  process.kill(Number(owner.split(':')[1]), 'SIGKILL');
  await call.caller.ended;
  return waitFor('another process', async () => {
    const living = await redis('ZRANGE', 'va:voice:processes', '0', '-1');
    return living.some((name) => name !== owner) && call.resume();
  });
}

// The document of a call that began so long ago.
export async function ringLate(secondsAgo, from) {
  const call = new Call(from);
  const twiml = await call.answer();
  await row(`UPDATE calls SET started_at = now() - make_interval(secs => :'ago') WHERE twilio_call_sid = :'sid' RETURNING id`,
            {ago: secondsAgo, sid: call.sid});
  await call.connect(twiml);
  return call;
}
