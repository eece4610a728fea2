// Ends of calls that nobody tells, and calls that nobody ends: the carrier is asked.
import assert from 'node:assert/strict';
import {after, before, test} from 'node:test';

import {DOWNTOWN} from './lib/account.mjs';
import {row} from './lib/database.mjs';
import {env} from './lib/env.mjs';
import {withEngines} from './lib/media.mjs';
import {stranger} from './lib/people.mjs';
import {dial, heard, over, phone} from './lib/phone.mjs';
import {redis} from './lib/redis.mjs';
import {twilioClient} from './lib/twilio.mjs';
import {waitFor} from './lib/wait.mjs';

const twilio = twilioClient({
  accountSid: env.TWILIO_ACCOUNT_SID,
  authToken: env.TWILIO_AUTH_TOKEN,
  baseUrl: env.TWILIO_BASE_URL,
});
const callOf = (sid) => row('select * from calls where twilio_call_sid = :\'sid\'', {sid});
// It began that long ago, and is to be asked about now.
const due = (sid, ago) => row(
    'update calls set started_at = now() - :\'ago\'::interval, look_at = now()' +
        ' where twilio_call_sid = :\'sid\' returning id', {sid, ago});
const ended = (sid) => waitFor(`the end of call ${sid} in the database`, async () => {
  const found = await callOf(sid);
  return found?.ended_at && found;
}, 180000);

let putBack, number;
before(async () => {
  putBack = await withEngines('{receptionist}');
  [number] = await twilio.incomingPhoneNumbers.list({phoneNumber: DOWNTOWN.number});
});
after(() => putBack());

test('an end that nobody told is found, and what follows from it follows', async (t) => {
  const tells = (statusCallback) => twilio.incomingPhoneNumbers(number.sid).update({statusCallback});
  await tells('');
  t.after(() => tells(number.statusCallback));
  const call = await phone({from: stranger(), to: DOWNTOWN.number, script: [{say: 'What are your hours?'}, {hangup: true}]});
  assert.equal((await callOf(call.sid)).status, 'in_progress', 'nobody has told it');
  await due(call.sid, '5 minutes');
  const found = await ended(call.sid);
  assert.deepEqual([found.status, found.look_at], ['completed', null]);
  assert.ok(found.duration_seconds > 0);
  assert.equal(await redis('HGET', `va:call:{${call.sid}}`, 'status'), 'ended');
  await waitFor('its conclusion', async () => (await callOf(call.sid)).concluded_at);
});

test('a call that lives beyond the longest time is ended at the carrier', async () => {
  const sid = await dial({from: stranger(), to: DOWNTOWN.number, script: [{silent: true, ms: 150000}]});
  await waitFor('the greeting', async () => (await heard(sid)).log.some((e) => e.who === 'agent' && e.text));
  await due(sid, '2 hours');
  const found = await ended(sid);
  assert.deepEqual([found.status, found.end_reason, found.look_at], ['completed', 'limit', null]);
  assert.equal((await over(sid)).status, 'completed');
});
