// Around the call, through nginx: the schedule, figures, and calls the shop makes.
import assert from 'node:assert/strict';
import {before, test} from 'node:test';

import {DOWNTOWN, login} from './lib/account.mjs';
import {rows} from './lib/database.mjs';
import {call} from './lib/http.mjs';

let token;
before(async () => {
  ({token} = await login(DOWNTOWN));
});

test('figures come as JSON by both names, and as a file', async () => {
  for (const path of ['/api/analytics', '/api/admin/analytics']) {
    const {status, json} = await call('GET', path, {token});
    assert.equal(status, 200);
    assert.equal(typeof json.analytics.totals.total_calls, 'number');
  }
  const csv = await call('GET', '/api/analytics.csv', {token});
  assert.equal(csv.status, 200);
  assert.match(csv.headers['content-type'], /^text\/csv/);
  assert.match(csv.headers['content-disposition'], /analytics\.csv/);
  assert.match(csv.text, /^dimension,value,total_calls,/);
  assert.equal((await call('GET', '/api/analytics')).status, 401);
  assert.equal((await call('POST', '/api/analytics', {token, body: {}})).status, 405);
});

test('an appointment is booked, marked and cancelled', async () => {
  const {json: {available_slots: free}} =
      await call('GET', '/api/calendar/availability?service_type=fitting&days_ahead=20', {token});
  const slot = free.at(-1);  // the first may begin before it is booked
  const booked = await call('POST', '/api/appointments', {
    token,
    body: {appointment_datetime: slot.start, service_type: 'fitting', customer_name: 'Ann Around'}
  });
  assert.equal(booked.status, 201, booked.text);
  const path = `/api/appointments/${booked.json.appointment_id}`;
  const marked = await call('PATCH', path, {token, body: {notes: 'brings two bikes'}});
  assert.equal(marked.json.appointment.notes, 'brings two bikes');
  const listed = await call('GET', '/api/appointments?q=ann+around&status=confirmed', {token});
  assert.equal(listed.json.appointments[0].id, booked.json.appointment_id);
  assert.equal((await call('DELETE', path, {token})).status, 200);
  assert.equal((await call('GET', path, {token})).json.appointment.status, 'cancelled');
  assert.equal((await call('PUT', path, {token, body: {}})).status, 405);
});

test('a call is made, or refused with the next moment', async () => {
  const body = {phoneNumber: '+16475550199', callReason: 'follow_up', priority: 'Medium'};
  await rows('update agent_configs set quiet_from = \'00:00\', quiet_until = \'00:00\' returning 1');
  const made = await call('POST', '/api/elevenlabs/outbound-call', {token, body});
  assert.equal(made.status, 200, made.text);
  assert.match(made.json.conversation_id, /^conv_/);
  assert.equal(made.json.call_reason, 'follow_up');
  const found = await rows(
      'select direction, called_number from calls where elevenlabs_conversation_id = :\'id\'',
      {id: made.json.conversation_id});
  assert.deepEqual(found, [{direction: 'outbound', called_number: '+16475550199'}]);
});
