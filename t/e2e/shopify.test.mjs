// The shop's system: orders and stock that are asked for when the cache does not know, webhooks
// in any order, and what happens when it does not answer. Downtown is connected.
import assert from 'node:assert/strict';
import {randomBytes, randomInt} from 'node:crypto';
import {before, beforeEach, test} from 'node:test';

import {DOWNTOWN, JOHN, login} from './lib/account.mjs';
import {row, rows} from './lib/database.mjs';
import {env} from './lib/env.mjs';
import {call} from './lib/http.mjs';
import {drained} from './lib/queues.mjs';
import {shopify as signed} from './lib/signed.mjs';
import {sim} from './lib/sims.mjs';
import {waitFor} from './lib/wait.mjs';

const SHOP = 'bici-downtown.myshopify.com';
const OTHER = 'bici-uptown.myshopify.com';
const ROUTE = '/api/webhooks/shopify';
const HOUR = 3600e3;
const shopify = sim('shopify');
const iso = (ms = 0) => new Date(Date.now() + ms).toISOString();

let token;
before(async () => {
  ({token} = await login(DOWNTOWN));
});
beforeEach(() => shopify.reset());

const staff = (number) => call('GET', `/api/shopify/orders/lookup?order_number=${number}`, {token});
const stock = (what) => call('GET', `/api/shopify/inventory/${encodeURIComponent(what)}`, {token});

// What the database holds changes as its owner changes it.
const set = (sql, values) => rows(`${sql} returning 1`, values);
const forget = (number) => set('delete from orders where order_number = :\'number\'', {number});
const age = (number, by) => set(
    'update orders set synced_at = now() - :\'by\'::interval where order_number = :\'number\'',
    {number, by});
const order = (number) => row(
    `select status, tracking_number, total_amount::text as total, o.slug, r.provider_updated_at as updated
       from orders r join organizations o on o.id = r.organization_id where order_number = :'number'`,
    {number});
const asked = async () =>
    (await shopify.requests()).filter((r) => r.path.endsWith('/graphql.json'));

// A webhook as Shopify signs it, sent by the test itself, so that it knows the answer.
function tell(topic, body, {shop = SHOP, secret = env.SHOPIFY_WEBHOOK_SECRET} = {}) {
  const text = JSON.stringify(body);
  const id = randomBytes(8).toString('hex');
  return call('POST', ROUTE, {body: text, headers: signed({secret, body: text, topic, shop, id})});
}

const payload = (number, changes = {}) => ({
  id: randomInt(2 ** 40, 2 ** 45),
  name: `#${number}`,
  email: 'rider@customer.example',
  phone: '+14165550444',
  financial_status: 'paid',
  fulfillment_status: null,
  total_price: '120.00',
  currency: 'CAD',
  created_at: iso(-HOUR),
  updated_at: iso(),
  line_items: [{id: 1, title: 'Bell', quantity: 1, sku: 'BELL', price: '120.00'}],
  fulfillments: [],
  ...changes
});
const fresh = () => String(randomInt(100000, 999999));


test('an order the cache does not know is asked for, and kept', async () => {
  await forget('1042');
  const answer = await staff('%231042');
  assert.equal(answer.json.orders[0].status, 'shipped', answer.text);
  assert.equal(answer.json.orders[0].tracking_number, '1Z999AA10123456784');
  assert.equal(answer.json.stale, undefined);
  const [question] = await asked();
  assert.match(question.path, /^\/admin\/api\/20\d\d-(01|04|07|10)\/graphql\.json$/);
  assert.equal(question.answer.body.errors, undefined, 'the schema has all that is asked for');
  await staff('1042');
  assert.equal((await asked()).length, 1, 'a fresh order is not asked for again');
});

test('an order older than an hour is asked for again', async () => {
  await shopify.post('order', {
    shop: SHOP,
    name: '#1042',
    changes: {fulfillments: [{
                id: 'gid://shopify/Fulfillment/1',
                status: 'SUCCESS',
                displayStatus: 'DELIVERED',
                createdAt: iso(-HOUR),
                updatedAt: iso(),
                deliveredAt: iso(),
                tracking: []
              }]}
  });
  await age('1042', '59 minutes');
  assert.equal((await staff('1042')).json.orders[0].status, 'shipped');
  await age('1042', '61 minutes');
  assert.equal((await staff('1042')).json.orders[0].status, 'delivered');
});

test('what a caller says is compared, not believed by the search', async () => {
  for (const number of ['10*', '" OR name:"#1042', '104'])
    assert.equal((await staff(encodeURIComponent(number))).status, 404, number);
  assert.ok((await asked()).length > 0);
  const [{body}] = (await asked()).filter((r) => r.body.variables.q.includes('OR name:\\"'));
  assert.match(body.variables.q, /^name:"#\\" OR name:\\"#1042" OR name:"\\" OR name:\\"#1042"$/);
});

test('a stranger without proof does not keep the shop busy', async () => {
  const answer = await call('POST', '/api/elevenlabs/tools/lookup_order', {
    token: env.TOOLS_SECRET,
    headers: {'x-va-agent': 'agent_downtown', 'x-va-called': DOWNTOWN.number},
    body: {order_number: '777777'}
  });
  assert.equal(answer.json.error.code, 'verification_needed');
  assert.equal((await asked()).length, 0);
});

test('without an answer the cache is told, with its age; an unknown order is not denied', async () => {
  const faults = {
    '429': {status: 429, headers: {'retry-after': '30'}, body: {errors: 'Throttled'}},
    '500': {status: 500, body: 'oops'},
    'a reset': {drop: true},
    'a truncated answer': {status: 200, headers: {'content-type': 'application/json'}, body: '{"data":{"sh'},
    'silence': {half_open: true},
    'half an answer': {half_open: 'partial'},
    'a token that is refused': {status: 401, body: {errors: '[API] Invalid API key'}},
  };
  for (const [name, fault] of Object.entries(faults)) {
    await age('1042', '3 hours');
    await shopify.script([{...fault, times: 2}]);
    const answer = await staff('1042');
    assert.equal(answer.status, 200, `${name}: ${answer.text}`);
    assert.equal(answer.json.stale, true, name);
    assert.equal(answer.json.orders[0].order_number, '1042');
    assert.match(answer.json.message, /does not answer at the moment/);
    const unknown = await staff('555555');
    assert.equal(unknown.status, 503, `${name}: ${unknown.text}`);
    await shopify.reset();
  }
  const {n} = await row('select count(*)::int as n from orders where order_number = \'1042\'');
  assert.equal(n, 1);
});

test('the cost limit is waited for when it is short, and else the cache is told', async () => {
  await age('1042', '3 hours');
  const throttleStatus = {maximumAvailable: 1000, currentlyAvailable: 10, restoreRate: 1000};
  await shopify.script([{
    status: 200,
    headers: {'content-type': 'application/json'},
    body: {
      errors: [{message: 'Throttled', extensions: {code: 'THROTTLED'}}],
      extensions: {cost: {requestedQueryCost: 200, actualQueryCost: null, throttleStatus}}
    }
  }]);
  const short = await staff('1042');
  assert.equal(short.json.stale, undefined, short.text);
  assert.equal((await asked()).length, 2, 'the second was answered');
  await age('1042', '3 hours');
  await shopify.post('bucket', {maximum: 1000, available: -1000, restore: 1});
  assert.equal((await staff('1042')).json.stale, true);
});

test('an attested caller finds his orders by his number', async () => {
  await forget('1042');
  const sid = `CA${randomBytes(16).toString('hex')}`;
  const {id} = await row('select id from organizations where slug = \'bici-downtown\'');
  await set(
      `insert into calls (organization_id, twilio_call_sid, caller_number, called_number, stir_verstat)
       values (:'id', :'sid', :'from', :'called', 'TN-Validation-Passed-A')`,
      {id, sid, from: JOHN, called: DOWNTOWN.number});
  const {json} = await call('POST', '/api/elevenlabs/tools/lookup_order', {
    token: env.TOOLS_SECRET,
    headers: {
      'x-va-agent': 'agent_downtown', 'x-va-called': DOWNTOWN.number, 'x-va-call': sid,
      'x-va-caller': JOHN
    },
    body: {}
  });
  assert.equal(json.orders?.[0].order_number, '1042', JSON.stringify(json));
});

test('stock is asked for after five minutes, by SKU, id and words', async () => {
  const old = (by) => set('update products set available = 99, synced_at = now() - :\'by\'::interval,'
                              + ' provider_updated_at = null where sku = \'RB-T29-M\'', {by});
  await old('4 minutes');
  assert.equal((await stock('RB-T29-M')).json.total_available, 99);
  for (const what of ['RB-T29-M', '1', 'ridgeback trail']) {
    await old('6 minutes');
    const {json} = await stock(what);
    assert.equal(json.inventory?.find((v) => v.sku === 'RB-T29-M')?.available, 4, what);
  }
  const {n} = await row('select count(*)::int as n from products where sku = \'RB-T29-M\'');
  assert.equal(n, 1);
  await old('6 minutes');
  await shopify.script([{status: 503, body: ''}]);
  const away = await stock('RB-T29-M');
  assert.equal(away.json.stale, true);
  assert.equal(away.json.total_available, 99);
});

test('only what the shop signed is let in', async () => {
  const number = fresh();
  assert.equal((await tell('orders/create', payload(number), {secret: 'another'})).status, 401);
  assert.equal((await call('POST', ROUTE, {body: payload(number)})).status, 401);
  await drained();
  assert.equal(await order(number), undefined);
});

test('the simulated shop\'s own webhook is taken, and twice is once', async () => {
  await shopify.post('order', {
    shop: SHOP,
    name: '#1042',
    changes: {displayFinancialStatus: 'REFUNDED'},
    topic: 'orders/updated'
  });
  await waitFor('the refund', async () => (await order('1042')).status === 'refunded');
  const number = fresh(), body = payload(number);
  await shopify.post('webhook', {shop: SHOP, topic: 'orders/create', body, copies: 5});
  await waitFor('the order', () => order(number));
  await drained();
  const {n} = await row(
      'select count(*)::int as n from webhook_events where provider = \'shopify\' and type = \'orders/create\'' +
      ' and received_at > now() - interval \'1 minute\' and key = encode(sha256(convert_to(:\'body\', \'UTF8\')), \'hex\')',
      {body: JSON.stringify(body)});
  assert.equal(n, 1);
});

test('an older state never overwrites a newer one', async () => {
  const number = fresh();
  const body = payload(number);
  const states = [
    {fulfillment_status: 'fulfilled', updated_at: iso(3000)},
    {financial_status: 'pending', updated_at: iso(1000)},
    {fulfillment_status: 'partial', updated_at: iso(2000)},
  ];
  for (const changes of states)
    assert.equal((await tell('orders/updated', {...body, ...changes})).status, 200);
  await drained();
  assert.equal((await order(number)).status, 'shipped');
});

test('a shipment has the order asked for anew', async () => {
  await set('update orders set status = \'processing\', provider_updated_at = null where order_number = \'1042\'');
  const body = {id: randomInt(1e9), order_id: 1042, status: 'success', shipment_status: 'in_transit'};
  assert.equal((await tell('fulfillments/update', body)).status, 200);
  await waitFor('the order', async () => (await order('1042')).status === 'shipped');
  assert.match((await asked())[0].body.query, /order\(id:\$q\)/);
});

test('another shop\'s webhook touches that shop alone, an unknown one nobody', async () => {
  const number = fresh();
  await tell('orders/create', payload(number), {shop: OTHER});
  assert.equal((await waitFor('the order', () => order(number))).slug, 'bici-uptown');
  const gone = fresh(), shop = `nobody-${gone}.myshopify.com`;
  await tell('orders/create', payload(gone), {shop});
  await waitFor('the note', () => row('select 1 as n from unrouted_events where key = :\'shop\'', {shop}));
  await tell('orders/create', payload(gone, {total_price: '1.00'}), {shop: 'evil.example/.myshopify.com'});
  await drained();
  assert.equal(await order(gone), undefined);
});

test('products change, and a change of stock is asked for', async () => {
  const id = randomInt(1e9, 2e9), sku = `SKU-${id}`;
  const product = (changes) => ({
    id, title: `Lamp ${id}`, vendor: 'Bici', product_type: 'accessory', status: 'active',
    updated_at: iso(),
    variants: [{id: id + 1, sku, title: 'Default Title', price: '19.00', inventory_quantity: 7,
                inventory_item_id: id + 2, inventory_management: 'shopify'}],
    ...changes
  });
  const known = () => row('select title, available, is_active as active, variant_title,' +
                          ' synced_at < now() - interval \'5 minutes\' as stale from products where sku = :\'sku\'', {sku});
  await tell('products/update', product());
  assert.deepEqual(await waitFor('the product', known),
                   {title: `Lamp ${id}`, available: 7, active: true, variant_title: null, stale: false});
  await tell('products/update', product({title: 'Older', updated_at: iso(-HOUR)}));
  await tell('inventory_levels/update', {inventory_item_id: id + 2, location_id: 1, available: 3, updated_at: iso()});
  await waitFor('the mark', async () => (await known()).stale);
  assert.equal((await known()).title, `Lamp ${id}`);
  await tell('products/update', product({status: 'archived', updated_at: iso(1000)}));
  await waitFor('the archive', async () => !(await known()).active);
});

test('a cart left behind is followed up once, and not after it was bought', async () => {
  const name = `cart_${fresh()}`;
  const {id: org} = await row('select id from organizations where slug = \'bici-downtown\'');
  await set(`insert into campaigns (organization_id, name, trigger, channel, delay_seconds, conditions, is_active)
             values (:'org', :'name', 'cart_abandoned', 'sms', 7200, '{"cart_over": 100}', true)`, {org, name});
  const cart = (changes = {}) => ({
    id: randomInt(1e9, 2e9), email: 'john.tremblay@customer.example', phone: JOHN, total_price: '250.00',
    currency: 'CAD', abandoned_checkout_url: 'https://bici-downtown.myshopify.com/checkouts/ac/x/recover',
    updated_at: iso(), completed_at: null, line_items: [{title: 'Bell'}], ...changes
  });
  const runs = (c) => rows('select state, c.phone_number as phone from campaign_runs r join customers c' +
                           ' on c.id = r.customer_id where data ->> \'cart\' = :\'c\'', {c: String(c.id)});
  await set('update campaigns set is_active = false where name like \'cart\\_%\' and name <> :\'name\'', {name});
  const left = cart(), cheap = cart({total_price: '99.99'}), bought = cart();
  await tell('checkouts/create', left);
  await tell('checkouts/update', {...left, total_price: '260.00', updated_at: iso(1000)});
  await tell('checkouts/create', cheap);
  await tell('checkouts/update', {...bought, completed_at: iso(), updated_at: iso(1000)});
  await tell('checkouts/create', bought);
  await drained();
  assert.deepEqual(await waitFor('the run', async () => (await runs(left)).length && runs(left)),
                   [{state: 'scheduled', phone: JOHN}]);
  assert.deepEqual(await runs(cheap), []);
  assert.ok((await runs(bought)).every((r) => r.state === 'cancelled'), 'whichever is handled first');
  await tell('orders/create', payload(fresh(), {checkout_id: left.id}));
  await waitFor('the cancellation', async () => (await runs(left))[0].state === 'cancelled');
  await set('update campaigns set is_active = false where name = :\'name\'', {name});
});

test('a new caller is looked up in the shop, once', async () => {
  await set('update customers set looked_up_at = null, shopify_customer_id = null, first_name = \'\',' +
            ' last_name = \'\', tier = \'regular\', total_spent = 0 where phone_number = :\'JOHN\'', {JOHN});
  for (let i = 0; i < 2; i++) {
    const answer = await call('POST', '/api/webhooks/elevenlabs/twilio-personalization', {
      token: env.TOOLS_SECRET,
      body: {caller_id: JOHN, called_number: DOWNTOWN.number, agent_id: 'agent_downtown',
             call_sid: `CA${randomBytes(16).toString('hex')}`}
    });
    assert.equal(answer.status, 200);
  }
  const found = await waitFor('the customer', () => row(
      'select name, tier, total_spent::text as spent, purchase_history -> 0 ->> \'order_number\' as bought,' +
      ' shopify_customer_id as id from customers where phone_number = :\'JOHN\' and looked_up_at is not null', {JOHN}));
  assert.deepEqual(found, {name: 'John Tremblay', tier: 'vip', spent: '2485.94', bought: '1042',
                           id: 'gid://shopify/Customer/31'});
  assert.equal((await asked()).filter((r) => /customerByIdentifier/.test(r.body.query)).length, 1);
});

test('privacy requests: a task for the shop, and what came from it is forgotten', async () => {
  const number = fresh(), body = payload(number), request = randomInt(1e9);
  await tell('orders/create', body);
  await waitFor('the order', () => order(number));
  const customer = {id: randomInt(1e9), email: 'rider@customer.example', phone: '+14165550444'};
  await tell('customers/data_request', {shop_id: 1, shop_domain: SHOP, customer, orders_requested: [body.id],
                                        data_request: {id: request}});
  await waitFor('the task', () => row('select 1 as n from tasks where key = :\'key\'', {key: `shopify:data:${request}`}));
  await tell('customers/redact', {shop_id: 1, shop_domain: OTHER, customer, orders_to_redact: [body.id]});
  await drained();
  assert.ok(await order(number), 'a body that names another shop forgets nothing');
  await tell('customers/redact', {shop_id: 1, shop_domain: SHOP, customer, orders_to_redact: [body.id]});
  await waitFor('the order to go', async () => !(await order(number)));
  await waitFor('the person to go', () => row(
      'select 1 as n from (select * from erasures where reason = \'shop_redact\' order by requested_at desc limit 1) e' +
      ' where state = \'done\' and phone_number is null'));
});

// It ends the connection, which is put back.
test('an uninstalled app asks no more', async () => {
  await tell('app/uninstalled', {id: randomInt(1e9), myshopify_domain: SHOP});
  const status = () => row('select status from integrations where account_id = :\'SHOP\'', {SHOP});
  await waitFor('the end', async () => (await status()).status === 'disconnected');
  try {
    await age('1042', '3 hours');
    assert.equal((await staff('1042')).json.stale, undefined);
    assert.equal((await asked()).length, 0);
  } finally {
    await set('update integrations set status = \'connected\' where account_id = :\'SHOP\'', {SHOP});
  }
});

test('shop/redact: what came from that shop goes, and from no other', async () => {
  const name = `gone-${fresh()}`, shop = `${name}.myshopify.com`, number = fresh();
  await set('insert into organizations (name, slug) values (:\'name\', :\'name\')', {name});
  await set('insert into integrations (organization_id, service, account_id)' +
            ' select id, \'shopify\', :\'shop\' from organizations where slug = :\'name\'', {shop, name});
  await tell('orders/create', payload(number), {shop});
  assert.equal((await waitFor('the order', () => order(number))).slug, name);
  await tell('shop/redact', {shop_id: randomInt(1e9), shop_domain: shop}, {shop});
  await waitFor('the order to go', async () => !(await order(number)));
  assert.ok(await order('1042'), 'the other shop keeps its own');
});
