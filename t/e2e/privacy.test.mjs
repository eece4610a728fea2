// What a shop keeps and forgets: a person who has texted is erased on an admin's request, here
// and at the carrier, and has still refused texts when he comes back; words go when their time is
// over.
import assert from 'node:assert/strict';
import {randomUUID} from 'node:crypto';
import {after, before, test} from 'node:test';

import {DOWNTOWN, UPTOWN, login} from './lib/account.mjs';
import {row, rows} from './lib/database.mjs';
import {ask, call} from './lib/http.mjs';
import {stranger as number} from './lib/people.mjs';
import {sentTo, sim} from './lib/sims.mjs';
import {accessToken} from './lib/token.mjs';
import {waitFor} from './lib/wait.mjs';

const SETTINGS = '/api/privacy/settings';
let admin, uptown, manager, shop;

before(async () => {
  const {token, user} = await login(DOWNTOWN);
  admin = token;
  shop = user.organization_id;
  uptown = (await login(UPTOWN)).token;
  const {id: userId} = await row(
      `insert into users (organization_id, email, role) values (:'shop', :'email', 'manager') returning id`,
      {shop, email: `${randomUUID()}@e2e.example`});
  manager = await accessToken({userId, organizationId: shop, role: 'manager'});
});
after(async () => {
  await rows(`update privacy_settings set transcript_retention_days = 90, zero_retention = false
              returning organization_id`);
  await rows(`delete from users where email like '%@e2e.example' returning id`);
});


async function text(from, body) {
  const since = await sim('twilio').last();
  await sim('twilio').post('sms', {from, to: DOWNTOWN.number, body});
  await waitFor(`an answer to "${body}"`, async () => (await sentTo(from, since)).length > 0);
}

const known = async (phone) => row(
    `select (select count(*) from customers where phone_number = :'phone')
          + (select count(*) from messages where :'phone' in (from_number, to_number))
          + (select count(*) from effects where request::text like '%' || :'phone' || '%')
          + (select count(*) from consents where address = :'phone') as n`, {phone});

test('a person is erased here and at the carrier, once, and the receipt stays', async () => {
  const phone = number();
  await text(phone, 'What are your hours?');
  const refused = {phone, shop};
  await rows(`insert into consents (organization_id, channel, address, granted, source)
              values (:'shop', 'sms', :'phone', false, 'staff') returning id`, refused);
  const {id: customerId} = await row(
      `select id from customers where phone_number = :'phone'`, {phone});
  const body = {customerId};

  assert.equal((await call('POST', '/api/privacy/deletion', {body})).status, 401);
  assert.equal((await call('POST', '/api/privacy/deletion', {body, token: manager})).status, 403);
  assert.equal((await call('POST', '/api/privacy/deletion', {body, token: uptown})).status, 404);
  assert.equal((await call('POST', '/api/privacy/deletion', {body: {}, token: admin})).status, 400);
  assert.ok((await known(phone)).n > 0);

  const asked = await call('POST', '/api/privacy/deletion', {body, token: admin});
  assert.equal(asked.status, 202, asked.text);
  const path = `/api/privacy/deletion/${asked.json.erasure.id}`;
  const receipt = await waitFor('the receipt', async () => {
    const {erasure} = await ask('GET', path, {token: admin});
    return erasure.state === 'done' && erasure;
  }, 120000);
  assert.equal((await known(phone)).n, 0);
  assert.equal(receipt.counts.customers, 1);
  assert.ok(receipt.counts.messages >= 2);
  assert.ok(receipt.vendors.twilio.done >= 1);
  assert.deepEqual(receipt.open, []);
  assert.ok(!JSON.stringify(receipt).includes(phone));
  assert.equal((await call('GET', path, {token: uptown})).status, 404);
  const deleted = (await sim('twilio').requests(0)).filter((r) => r.method === 'DELETE');
  assert.ok(deleted.length >= 1);

  // He texts again by himself: somebody new, who has still refused to be texted.
  await sim('twilio').post('sms', {from: phone, to: DOWNTOWN.number, body: 'What are your hours?'});
  const again = await waitFor('his refusal', () => row(
      `select s.granted from consent_states s where s.address = :'phone' and s.channel = 'sms'`,
      {phone}));
  assert.deepEqual(again, {granted: false});
});

test('words go when their time is over, and only an admin says when that is', async () => {
  const phone = number();
  await text(phone, 'What are your hours?');
  await rows(`update messages set occurred_at = now() - interval '40 days'
              where from_number = :'phone' returning id`, {phone});
  const body = {transcript_retention_days: 30};
  assert.equal((await call('PUT', SETTINGS, {body, token: manager})).status, 403);
  assert.equal((await call('PUT', SETTINGS, {body: {transcript_retention_days: -1}, token: admin})).status, 400);
  assert.equal((await ask('GET', SETTINGS, {token: manager})).settings.transcript_retention_days, 90);
  await ask('PUT', SETTINGS, {body, token: admin});
  assert.equal((await ask('GET', SETTINGS, {token: uptown})).settings.transcript_retention_days, 90);
  const left = () => rows(
      `select direction from messages where :'phone' in (from_number, to_number)`, {phone});
  await waitFor('the sweep', async () => (await left()).every((m) => m.direction === 'outbound'), 180000);
  assert.equal((await left()).length, 1);
});
