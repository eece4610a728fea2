// What HubSpot tells of contacts, through nginx: Downtown's account is connected.
import assert from 'node:assert/strict';
import {randomInt} from 'node:crypto';
import {after, before, test} from 'node:test';

import {row, rows} from './lib/database.mjs';
import {env} from './lib/env.mjs';
import {ask, at, call} from './lib/http.mjs';
import {stranger} from './lib/people.mjs';
import {hubspot as signed} from './lib/signed.mjs';
import {waitFor} from './lib/wait.mjs';

const ROUTE = '/api/webhooks/hubspot';
const CONTACTS = `${env.HUBSPOT_BASE_URL}/crm/objects/2026-09/contacts`;
const PORTAL = 62515;
const MINUTE = 60e3;

let contact, customer;

const there = (method, address, properties) =>
    ask(method, address, {token: env.HUBSPOT_ACCESS_TOKEN, body: {properties}});
const rename = (firstname) => there('PATCH', `${CONTACTS}/${contact}`, {firstname});
const name = async () =>
    (await row(`select first_name from customers where id = :'id'`, {id: customer.id})).first_name;

before(async () => {
  contact = (await there('POST', CONTACTS, {firstname: 'Ada', lastname: 'Before'})).id;
  customer = await row(
      `insert into customers (organization_id, phone_number, first_name, hubspot_contact_id)
         select id, :'phone', 'Ada', :'contact' from organizations where slug = 'bici-downtown'
         returning id`,
      {phone: stranger(), contact});
});
after(() => rows(`delete from customers where id = :'id' returning id`, {id: customer.id}));

// A list of one event, signed by the official SDK; the answer is HubSpot's to see.
function tell({portal = PORTAL, secret = env.HUBSPOT_CLIENT_SECRET, age = 0} = {}) {
  const body = JSON.stringify([{
    eventId: randomInt(1, 2 ** 40),
    subscriptionId: 1,
    portalId: portal,
    appId: 1,
    occurredAt: Date.now(),
    subscriptionType: 'contact.propertyChange',
    attemptNumber: 0,
    objectId: Number(contact),
  }]);
  const headers = signed({secret, url: at(ROUTE), body, timestamp: Date.now() - age});
  return call('POST', ROUTE, {body, headers});
}

// An event of an account nobody has; it is taken after the webhooks that were sent before.
async function tellOfNobody() {
  const portal = randomInt(10 ** 8, 10 ** 9);
  assert.equal((await tell({portal})).status, 200);
  await waitFor(
      'the unrouted event',
      () => row(`select key from unrouted_events where kind = 'portal' and key = :'portal'`,
                {portal: String(portal)}));
}

// How many events of the contact were accepted.
const noted = async () => (await row(
    `select count(*)::int as n from webhook_events
      where provider = 'hubspot' and key like '%:' || :'contact'`, {contact})).n;

test('a contact that is renamed there is renamed here', async () => {
  await rename('Augusta');
  assert.equal((await tell()).status, 200);
  await waitFor('the new name', async () => await name() === 'Augusta');
});

test('what another signed, or HubSpot long ago, is refused and changes nothing', async () => {
  const known = await noted();
  assert.equal((await tell({secret: 'another'})).status, 401);
  assert.equal((await tell({age: 6 * MINUTE})).status, 401);
  await tellOfNobody();
  assert.equal(await noted(), known);
});

test('of an account that is no shop\'s nothing is taken over', async () => {
  const known = await noted();
  await tellOfNobody();
  assert.equal(await noted(), known);
});
