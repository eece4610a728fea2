// The tools over HTTP: as ElevenLabs' webhook tools, and as REST for staff.
import assert from 'node:assert/strict';
import {randomBytes} from 'node:crypto';
import {after, before, test} from 'node:test';

import {DOWNTOWN, JOHN, login, UPTOWN} from './lib/account.mjs';
import {row, rows} from './lib/database.mjs';
import {closedDay} from './lib/days.mjs';
import {env} from './lib/env.mjs';
import {openEvents} from './lib/events.mjs';
import {ask, call} from './lib/http.mjs';
import {stranger as newNumber} from './lib/people.mjs';
import {sentTo, sim} from './lib/sims.mjs';
import {waitFor} from './lib/wait.mjs';

const secret = env.TOOLS_SECRET;
const shop = {'x-va-agent': 'agent_downtown', 'x-va-called': DOWNTOWN.number};

// A tool as ElevenLabs calls it: the flat arguments, and whose call it is in headers.
const tool = (name, body, headers = {}) =>
    call('POST', `/api/elevenlabs/tools/${name}`, {token: secret, headers: {...shop, ...headers}, body});

let token, events;
before(async () => {
  ({token} = await login(DOWNTOWN));
  events = await openEvents('/api/stream/organization', token);
});
after(() => events.close());

// Free slots from a day that no other test of this file looks at.
async function slots(fromDay, type = 'tune_up') {
  const day = new Date(Date.now() + fromDay * 86400e3).toISOString().slice(0, 10);
  const {available_slots} = await ask(
      'GET', `/api/calendar/availability?service_type=${type}&preferred_date=${day}&days_ahead=7`,
      {token});
  assert.ok(available_slots.length > 3, 'a week has free slots');
  return available_slots;
}

// A call that the carrier vouches for, as its status callback tells of it.
async function attestedCall(from = JOHN, stir = 'TN-Validation-Passed-A') {
  const sid = `CA${randomBytes(16).toString('hex')}`;
  const {organization_id: id} = await row(
      'select organization_id from organization_phone_numbers where phone_number = :\'n\'',
      {n: DOWNTOWN.number});
  await row(
      `insert into calls (organization_id, twilio_call_sid, caller_number, called_number, stir_verstat)
       values (:'id', :'sid', :'from', :'called', :'stir') returning id`,
      {id, sid, from, called: DOWNTOWN.number, stir});
  return {'x-va-call': sid, 'x-va-caller': from};
}

test('without the secret nothing is done, and an unknown tool is named', async () => {
  const body = {service_type: 'tune_up'};
  assert.equal((await call('POST', '/api/elevenlabs/tools/check_availability', {body})).status, 401);
  const answer = await tool('make_coffee', body);
  assert.equal(answer.status, 404);
  assert.equal(answer.json.success, false);
});

test('the tool may also be named in the body, and its arguments may have an envelope', async () => {
  const {json} = await call('POST', '/api/elevenlabs/tools', {
    token: secret,
    headers: shop,
    body: {tool_name: 'check_availability', parameters: {service_type: 'fitting'}}
  });
  assert.equal(json.success, true);
  assert.equal(json.duration_minutes, 90);
  assert.ok(json.total_slots > 0);
});

test('wrong arguments are answered with a sentence', async () => {
  const cases = [
    [{days_ahead: 900}, /days_ahead must be from 1 to 60/],
    [{service_type: 'moon landing'}, /service_type must be one of: tune_up/],
    [{preferred_date: 'some day'}, /preferred_date must be a date/],
  ];
  for (const [body, sentence] of cases) {
    const {status, json} = await tool('check_availability', body);
    assert.equal(status, 200);  // ElevenLabs reads no other body
    assert.equal(json.success, false);
    assert.match(json.error.message, sentence);
  }
});

test('another organization cannot be named, and no header is no customer', async () => {
  const named = await tool('get_store_hours', {organization_id: 'bici-uptown'});
  assert.equal(named.status, 403);
  const alone = await call(
      'POST', '/api/elevenlabs/tools/get_business_info',
      {token: secret, body: {organization: 'bici-uptown'}});
  assert.equal(alone.json.name, 'Bici Uptown');
  const nobody =
      await call('POST', '/api/elevenlabs/tools/get_store_hours', {token: secret, body: {}});
  assert.equal(nobody.status, 403);
});

test('a request that names the shop alone is told of no order, whatever it proves', async () => {
  const proof = {organization: 'bici-downtown', order_number: '1042', postcode: 'M5C 1E9'};
  const bare = (name, body) =>
      call('POST', `/api/elevenlabs/tools/${name}`, {token: secret, body});
  for (const name of ['lookup_order', 'request_return']) {
    const {json, text} = await bare(name, proof);
    assert.equal(json.error?.code, 'verification_needed', text);
    assert.ok(!text.includes('1Z999AA10123456784'));
  }
  const rest = await call(
      'GET', '/api/shopify/orders/lookup?organization=bici-downtown&order_number=1042&postcode=M5C1E9',
      {token: secret});
  assert.equal(rest.status, 403, rest.text);
  const own = await bare('cancel_appointment', {organization: 'bici-downtown'});
  assert.equal(own.json.error.code, 'verification_needed');
});

test('a shop\'s own secret speaks for that shop alone', async () => {
  const by = (token, headers, body = {}) =>
      call('POST', '/api/elevenlabs/tools/get_business_info', {token, headers, body});
  const [downtown, uptown] = [env.TOOLS_SECRET_DOWNTOWN, env.TOOLS_SECRET_UPTOWN];
  assert.equal((await by(downtown, shop)).json.name, 'Bici Downtown');
  assert.equal((await by(downtown)).json.name, 'Bici Downtown');
  assert.equal((await by(uptown)).json.name, 'Bici Uptown');
  for (const answer of [
         await by(uptown, shop),
         await by(uptown, undefined, {organization: 'bici-downtown'}),
         await by(uptown, {'x-va-called': DOWNTOWN.number}),
         await call(
             'GET', '/api/calendar/availability', {token: uptown, headers: {'x-va-agent': 'agent_downtown'}}),
       ]) {
    assert.equal(answer.status, 403, answer.text);
    assert.equal(answer.json.success, false);
  }
});

test('a shop\'s own secret learns nothing of another shop\'s caller', async () => {
  const ring = (token) => ask('POST', '/api/webhooks/elevenlabs/twilio-personalization', {
    token,
    body: {caller_id: JOHN, called_number: DOWNTOWN.number, agent_id: 'agent_downtown', call_sid: ''}
  });
  const {dynamic_variables: known} = await ring(env.TOOLS_SECRET_DOWNTOWN);
  assert.equal(known.organization_name, 'Bici Downtown');
  const {dynamic_variables: foreign} = await ring(env.TOOLS_SECRET_UPTOWN);
  assert.equal(foreign.organization_id, '');
  assert.ok(!JSON.stringify(foreign).includes('Tremblay'));
});

test('strangers do not use up each other\'s tries', async () => {
  const conversation = () => ({'x-va-conversation': `conv_${randomBytes(6).toString('hex')}`});
  const guess = (headers) =>
      tool('lookup_order', {order_number: '1042', email: 'nobody@y.example'}, headers);
  const one = conversation();
  for (let i = 0; i < 5; i++) assert.equal((await guess(one)).json.error.code, 'not_found');
  assert.equal((await guess(one)).json.error.code, 'too_many_tries');
  assert.equal((await guess(conversation())).json.error.code, 'not_found');
  assert.equal((await guess({})).json.error.code, 'not_found', 'an agent that names no talk');
});

test('a slot is booked, confirmed by a text, told live, and taken from then on', async () => {
  const [slot] = await slots(8);
  const from = await sim('twilio').last();
  const headers = await attestedCall();
  const booked = await tool(
      'book_appointment', {appointment_datetime: slot.start, service_type: 'tune_up'}, headers);
  assert.equal(booked.json.success, true, booked.text);
  assert.equal(booked.json.confirmation_sent, true);
  const again = await tool(
      'book_appointment', {appointment_datetime: slot.start, service_type: 'tune_up'}, headers);
  assert.equal(again.json.appointment_id, booked.json.appointment_id, 'the first answer once more');
  const taken = await tool(
      'book_appointment',
      {appointment_datetime: slot.start, service_type: 'tune_up', customer_name: 'Somebody Else'});
  assert.equal(taken.json.success, false);
  assert.equal(taken.json.reason, 'time_conflict');
  assert.equal(taken.json.alternatives.length, 3);
  const texts = await waitFor('the confirmation', async () => {
    const sent = await sentTo(JOHN, from);
    return sent.length > 0 && sent;
  });
  assert.equal(texts.length, 1);
  assert.match(texts[0].body, /Reply C to cancel/);
  const found = await rows(
      'select status from appointments where id = :\'id\'', {id: booked.json.appointment_id});
  assert.deepEqual(found, [{status: 'confirmed'}]);
  await events.find('appointment_changed');
});

test('many at once for one slot: one has it, the others are offered others', async () => {
  const [slot] = await slots(16);
  const answers = await Promise.all(Array.from(
      {length: 20},
      (_, i) => i % 2 ?
          tool('book_appointment', {
            appointment_datetime: slot.start,
            service_type: 'tune_up',
            customer_name: `Caller ${i}`
          }, {'x-va-conversation': `conv_race_${i}`}) :
          call('POST', '/api/calendar/book', {
            token,
            body: {
              appointment_datetime: slot.start,
              service_type: 'tune_up',
              customer_name: `Caller ${i}`,
              customer_phone: `+1416555${String(1000 + i)}`
            }
          })));
  const won = answers.filter((a) => a.json.success);
  assert.equal(won.length, 1, answers.map((a) => a.text).join('\n'));
  for (const lost of answers.filter((a) => !a.json.success)) {
    assert.equal(lost.json.reason, 'time_conflict');
    assert.equal(lost.json.alternatives.length, 3);
  }
  const {n} = await row(
      `select count(*)::int as n from appointments where starts_at = :'at'::timestamptz
          and status in ('held', 'confirmed')`,
      {at: slot.start});
  assert.equal(n, 1);
});

test('an own appointment is moved and cancelled; nobody else\'s is', async () => {
  const [first, second] = await slots(24);
  const headers = await attestedCall();
  const {json: booked} =
      await tool('book_appointment', {appointment_datetime: first.start, service_type: 'repair'}, headers);
  const id = booked.appointment_id;
  const stranger = await attestedCall(newNumber());
  assert.equal((await tool('cancel_appointment', {appointment_id: id}, stranger)).json.error.code,
               'not_found');
  const unattested = await attestedCall(JOHN, 'TN-Validation-Failed-C');
  assert.equal((await tool('cancel_appointment', {appointment_id: id}, unattested)).json.error.code,
               'verification_needed');
  const later = (await slots(26)).at(-1);
  const moved = await tool(
      'reschedule_appointment', {appointment_id: id, appointment_datetime: later.start}, headers);
  assert.equal(moved.json.success, true, moved.text);
  const {json: uptown} = await call('GET', '/api/calendar/availability', {token: (await login(UPTOWN)).token});
  assert.equal(uptown.success, true);
  const cancelled = await tool('cancel_appointment', {appointment_id: id}, headers);
  assert.equal(cancelled.json.success, true);
  assert.equal((await tool('cancel_appointment', {appointment_id: id}, headers)).json.success, true);
  assert.deepEqual(
      await rows('select status, cancelled_by from appointments where id = :\'id\'', {id}),
      [{status: 'cancelled', cancelled_by: 'customer'}]);
  assert.ok(second);
});

test('a time that was given up can be booked again, and is not said to be booked before', async () => {
  const all = await slots(40, 'fitting');
  const [first, second] = [all[0].start, all.at(-1).start];
  const headers = await attestedCall();
  const book = (at, more) => tool(
      'book_appointment', {appointment_datetime: at, service_type: 'fitting', ...more}, headers);
  const held = await book(first, {hold: true});
  assert.equal(held.json.status, 'held');
  assert.equal((await book(first, {hold: true})).json.appointment_id, held.json.appointment_id);
  const booked = await book(first);
  assert.equal(booked.json.status, 'confirmed', booked.text);
  assert.equal((await book(first)).json.appointment_id, booked.json.appointment_id);
  const moved = await tool('reschedule_appointment', {
    appointment_id: booked.json.appointment_id,
    appointment_datetime: second
  }, headers);
  assert.equal(moved.json.success, true, moved.text);
  const again = await book(first);
  assert.notEqual(again.json.appointment_id, booked.json.appointment_id);
  assert.equal(again.json.success, true, again.text);
  await tool('cancel_appointment', {appointment_id: again.json.appointment_id}, headers);
  const third = await book(first);
  assert.notEqual(third.json.appointment_id, again.json.appointment_id);
  assert.equal(third.json.success, true);
});

test('one caller books for two people', async () => {
  const all = await slots(48, 'general');
  const headers = {'x-va-conversation': `conv_${randomBytes(6).toString('hex')}`};
  const book = (at, name) => tool(
      'book_appointment', {appointment_datetime: at, service_type: 'general', customer_name: name},
      headers);
  const one = await book(all[0].start, 'Ann');
  const other = await book(all[0].start, 'Ben');
  assert.equal(one.json.success, true);
  assert.equal(other.json.reason, 'time_conflict');
});

test('REST answers refusals by their status', async () => {
  const closed = await call(
      'POST', '/api/calendar/book',
      {token, body: {appointment_datetime: `${closedDay(2).date}T10:00`, customer_name: 'Sunday Rider'}});
  assert.equal(closed.status, 422);
  assert.equal(closed.json.reason, 'closed');
  const past = await call(
      'POST', '/api/calendar/book',
      {token, body: {appointment_datetime: '2020-01-02T10:00', customer_name: 'Late Rider'}});
  assert.equal(past.json.reason, 'in_the_past');
  const empty = await call('POST', '/api/calendar/book', {token, body: {customer_name: 'No Time'}});
  assert.equal(empty.status, 400);
});

test('a message is passed on once', async () => {
  const headers = {'x-va-conversation': `conv_${randomBytes(6).toString('hex')}`};
  const words = `Please keep the blue one ${randomBytes(4).toString('hex')}`;
  for (let i = 0; i < 2; i++)
    assert.equal((await tool('take_message', {message: words}, headers)).json.success, true);
  const found = await rows('select kind from tasks where body = :\'words\'', {words});
  assert.deepEqual(found, [{kind: 'message'}]);
});

test('an order is told to the number it carries, and to who proves it; tries are counted', async () => {
  const headers = await attestedCall();
  const own = await tool('lookup_order', {}, headers);
  assert.equal(own.json.orders[0].order_number, '1042');
  assert.match(own.json.message, /1042/);
  const byNumber = await tool('lookup_order', {order_number: '#1042'}, headers);
  assert.equal(byNumber.json.total_orders, 1);

  const stranger = await attestedCall(newNumber());
  const nothing = await tool('lookup_order', {order_number: '1042'}, stranger);
  assert.equal(nothing.json.error.code, 'verification_needed');
  const proven = await tool('lookup_order', {order_number: '1042', postcode: 'm5c-1e9'}, stranger);
  assert.equal(proven.json.orders[0].status, 'shipped');

  const wrong = await tool('lookup_order', {order_number: '1042', postcode: 'A1A 1A1'}, stranger);
  const absent = await tool('lookup_order', {order_number: '9999', postcode: 'A1A 1A1'}, stranger);
  assert.equal(wrong.text, absent.text, 'an order of somebody else is not there');
  for (let i = 0; i < 3; i++)
    await tool('lookup_order', {order_number: '1042', email: `x${i}@y.example`}, stranger);
  const locked = await tool('lookup_order', {order_number: '1042', postcode: 'M5C 1E9'}, stranger);
  assert.equal(locked.json.error.code, 'too_many_tries');
  const otherShop = await tool('lookup_order', {order_number: '2042', postcode: 'M4P 1A6'}, headers);
  assert.equal(otherShop.json.error.code, 'not_found');
});

test('a return needs the second factor, and is opened once', async () => {
  const headers = await attestedCall();
  const body = {order_number: '1042', item: 'HLM-COM-M', reason: 'too small'};
  const refused = await tool('request_return', body, headers);
  assert.equal(refused.json.error.code, 'verification_needed');
  const proof = {...body, email: 'John.Tremblay@customer.example'};
  const opened = await tool('request_return', proof, headers);
  assert.match(opened.json.rma, /^RMA-1042-/);
  assert.equal((await tool('request_return', proof, headers)).json.rma, opened.json.rma);
  const {n} = await row(
      'select jsonb_array_length(returns)::int as n from orders where order_number = \'1042\'');
  assert.equal(n, 1);
});

test('stock and recommendations', async () => {
  const found = await ask('GET', '/api/shopify/inventory/RB-T29-M', {token});
  assert.equal(found.inventory[0].title, 'Ridgeback Trail 29 - Medium');
  assert.equal(found.total_available, 4);
  const words = await ask('GET', '/api/shopify/inventory/electric%20bike', {token}).catch((e) => e);
  assert.match(String(words.message ?? ''), /404/);
  const {json} = await call('POST', '/api/recommendations/products', {
    token,
    body: {riding_style: 'trail', budget_max: 2500, experience_level: 'beginner', height_cm: 170.5}
  });
  assert.equal(json.recommendations[0].sku, 'RB-T29-M');
  assert.ok(json.recommendations[0].reasons.length >= 4);
  assert.deepEqual(json.personalization_factors, [
    'riding_style', 'budget_compatibility', 'experience_level', 'physical_fit'
  ]);
  assert.equal(found.product_type, 'mountain_bike');
});

test('an order is told under the names of the bike store guide', async () => {
  const {orders: [order]} = await ask('GET', '/api/shopify/orders/lookup?order_number=1042', {token});
  assert.equal(order.financial_status, 'paid');
  assert.equal(order.total_price, '2485.94');
  assert.match(order.created_at, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
  assert.deepEqual(order.tracking_urls, ['https://www.ups.com/track?tracknum=1Z999AA10123456784']);
  assert.equal(order.tracking_number, '1Z999AA10123456784');
  const {title, quantity, price} = order.line_items[0];
  assert.deepEqual({title, quantity, price},
                   {title: 'Ridgeback Trail 29 mountain bike', quantity: 1, price: '2149.99'});
});
