// The webhooks of OpenAI and LiveKit, signed by the official libraries, through nginx.
import assert from 'node:assert/strict';
import {randomBytes} from 'node:crypto';
import {test} from 'node:test';

import {row} from './lib/database.mjs';
import {env} from './lib/env.mjs';
import {call} from './lib/http.mjs';
import {livekit, standardWebhook} from './lib/signed.mjs';
import {sim} from './lib/sims.mjs';
import {waitFor} from './lib/wait.mjs';

const OPENAI = '/api/webhooks/openai';
const LIVEKIT = '/api/webhooks/livekit';
const MINUTE = 60e3;

const newId = (prefix) => prefix + randomBytes(8).toString('hex');
const noted = async (kind, key) =>
    (await row(
         `select count(*)::int as n from unrouted_events where kind = :'kind' and key = :'key'`,
         {kind, key}))
        .n;

// ---------------------------------------------------------------- OpenAI

const incoming = (callId) => JSON.stringify({
  object: 'event',
  id: newId('evt_'),
  type: 'realtime.call.incoming',
  created_at: Math.floor(Date.now() / 1000),
  data: {call_id: callId, sip_headers: [{name: 'From', value: 'sip:+14165559876@sip.invalid'}]},
});

function offer(callId, {id = newId('wh_'), secret = env.OPENAI_WEBHOOK_SECRET, age = 0} = {}) {
  const body = incoming(callId);
  const date = new Date(Date.now() - age);
  return call('POST', OPENAI, {body, headers: standardWebhook({secret, id, body, date})});
}

const declined = async (id) =>
    (await sim('openai').get('offers')).find((o) => o.id === id)?.declined ?? null;

test('a call that reaches OpenAI over SIP is declined once, and noted', async () => {
  const callId = newId('rtc_');
  const id = newId('wh_');
  await sim('openai').post('offer', {id: callId});
  for (let i = 0; i < 2; i++) assert.equal((await offer(callId, {id})).status, 200);
  await waitFor('the note', async () => await noted('openai_call', callId) > 0);
  assert.equal(await declined(callId), 603);
  assert.equal(await noted('openai_call', callId), 1);
});

test('what another signed, or OpenAI long ago, is refused and declines nothing', async () => {
  const callId = newId('rtc_');
  const last = newId('rtc_');
  const secret = `whsec_${randomBytes(32).toString('base64')}`;
  await sim('openai').post('offer', {id: callId});
  assert.equal((await offer(callId, {secret})).status, 401);
  assert.equal((await offer(callId, {age: 6 * MINUTE})).status, 401);
  assert.equal((await call('POST', OPENAI, {body: incoming(callId)})).status, 401);
  assert.equal((await offer(last)).status, 200);
  await waitFor('a later one', async () => await noted('openai_call', last) > 0);
  assert.equal(await declined(callId), null);
});

// ---------------------------------------------------------------- LiveKit

const finished = (room) => JSON.stringify({
  event: 'room_finished',
  room: {sid: 'RM_1', name: room},
  id: newId('EV_'),
  createdAt: '1789000001'
});

async function tell(body, {signed = body, secret = env.LIVEKIT_API_SECRET, prefix = ''} = {}) {
  const headers = await livekit({key: env.LIVEKIT_API_KEY, secret, body: signed});
  headers.authorization = prefix + headers.authorization;
  return call('POST', LIVEKIT, {body, headers});
}

test('what LiveKit tells of a room that is no call\'s is noted, once', async () => {
  const room = newId('meeting-');
  const later = newId('meeting-');
  const body = finished(room);
  for (let i = 0; i < 2; i++) assert.equal((await tell(body)).status, 200);
  assert.equal((await tell(finished(later))).status, 200);
  await waitFor(
      'the notes', async () => await noted('room', later) + await noted('room', room) > 1);
  assert.equal(await noted('room', room), 1);
});

test('what LiveKit did not sign as it is is refused', async () => {
  const room = newId('meeting-');
  const later = newId('meeting-');
  const body = finished(room);
  assert.equal((await tell(body, {signed: finished(later)})).status, 401);
  assert.equal((await tell(body, {secret: randomBytes(24).toString('hex')})).status, 401);
  assert.equal((await tell(body, {prefix: 'Bearer '})).status, 401);
  assert.equal((await call('POST', LIVEKIT, {body})).status, 401);
  assert.equal((await tell(finished(later))).status, 200);
  await waitFor('a later one', async () => await noted('room', later) > 0);
  assert.equal(await noted('room', room), 0);
});
