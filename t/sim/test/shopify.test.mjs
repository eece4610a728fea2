import '@shopify/shopify-api/adapters/node';

import {Session, shopifyApi} from '@shopify/shopify-api';
import {setAbstractFetchFunc} from '@shopify/shopify-api/runtime';
import assert from 'node:assert/strict';
import {test} from 'node:test';

import {request} from '../lib/client.mjs';
import {shopify} from '../shopify.mjs';
import {demoShops} from '../shopify/demo.mjs';

import {application, control, start, until} from './support.mjs';

const secret = 'hush-shopify-client-secret';
const token = 'shpat_0123456789abcdef';
const DOWNTOWN = 'bici-downtown.myshopify.com';
const UPTOWN = 'bici-uptown.myshopify.com';

const sdk = shopifyApi({
  apiKey: 'key',
  apiSecretKey: secret,
  scopes: ['read_orders'],
  hostName: 'app.example',
  apiVersion: '2025-10',
  isEmbeddedApp: false,
  logger: {log: () => {}}
});

// The SDK asks https://{shop}; that is reached at the simulator.
let reachedAt;
setAbstractFetchFunc(async (target, {method, headers, body}) => {
  const url = new URL(target);
  const res = await request(
      reachedAt + url.pathname,
      {method, headers: {...Object.fromEntries(new Headers(headers)), host: url.host}, body});
  return new Response(res.body, {status: res.status, headers: res.headers});
});

async function setUp(answer) {
  const app = await application(answer);
  const base =
      await start(shopify({secret, webhookUrl: `${app.url}/hook`, shops: demoShops(token)}));
  reachedAt = base;
  const ask = async (query, variables, shop = DOWNTOWN, accessToken = token) => {
    const session = new Session({id: 's', shop, state: '', isOnline: false, accessToken});
    return new sdk.clients.Graphql({session}).request(query, {variables});
  };
  return {app, base, ask, ctl: control(base)};
}

const raw = (base, body, headers = {}, version = '2026-10') =>
    request(`${base}/admin/api/${version}/graphql.json`, {
      method: 'POST',
      headers: {'content-type': 'application/json', 'x-shopify-access-token': token, ...headers},
      body: JSON.stringify(body)
    }).then((res) => ({status: res.status, headers: res.headers, body: JSON.parse(res.body)}));

const ORDERS = `query($q:String!){orders(first:5,query:$q,sortKey:CREATED_AT,reverse:true){nodes{
 id name email phone createdAt cancelledAt cancelReason closedAt statusPageUrl
 displayFinancialStatus displayFulfillmentStatus returnStatus
 totalPriceSet{shopMoney{amount currencyCode}}
 customer{id displayName}
 lineItems(first:20){nodes{title quantity sku variantTitle}}
 fulfillments(first:10){id status displayStatus createdAt inTransitAt estimatedDeliveryAt deliveredAt
  trackingInfo(first:5){company number url}}}}}`;
const CUSTOMER = `query($p:String!){customerByIdentifier(identifier:{phoneNumber:$p}){id displayName
 defaultPhoneNumber{phoneNumber} defaultEmailAddress{emailAddress} numberOfOrders
 orders(first:5,sortKey:CREATED_AT,reverse:true){nodes{id name displayFulfillmentStatus}}}}`;
const STOCK =
    `query($q:String!){productVariants(first:10,query:$q){nodes{id sku title price availableForSale inventoryQuantity
 product{id title status onlineStoreUrl}
 inventoryItem{id tracked inventoryLevels(first:20){nodes{location{id name} quantities(names:["available","on_hand","committed"]){name quantity}}}}}}}`;
const CHECKOUTS =
    `query($q:String){abandonedCheckouts(first:20,query:$q,sortKey:CREATED_AT,reverse:true){nodes{
 id name createdAt updatedAt completedAt abandonedCheckoutUrl customer{id displayName}
 totalPriceSet{shopMoney{amount currencyCode}} lineItems(first:10){nodes{title quantity}}}}}`;

test('an order with its parcel, found by name', async () => {
  const {ask} = await setUp();
  const {data, extensions} = await ask(ORDERS, {q: 'name:"#1042"'});
  const [order] = data.orders.nodes;
  assert.equal(order.displayFulfillmentStatus, 'FULFILLED');
  assert.equal(order.customer.displayName, 'John Tremblay');
  assert.deepEqual(order.totalPriceSet.shopMoney, {amount: '2485.94', currencyCode: 'CAD'});
  assert.equal(order.lineItems.nodes[1].sku, 'HLM-COM-M');
  assert.equal(order.fulfillments[0].displayStatus, 'CONFIRMED');
  assert.equal(order.fulfillments[0].trackingInfo[0].number, '1Z999AA10123456784');
  assert.ok(extensions.cost.actualQueryCost <= extensions.cost.requestedQueryCost);
});

test('searches: each filter, what they leave out, and that an unknown one is ignored', async () => {
  const {ask} = await setUp();
  const names = async (q) => (await ask(ORDERS, {q})).data.orders.nodes.map((o) => o.name);
  const found = [
    'name:1042', 'email:john.tremblay@customer.example', 'customer_id:31',
    'financial_status:paid fulfillment_status:shipped', 'sku:"RB-T29-M"', 'created_at:>=2020-01-01',
    'name:9 OR status:open', '-status:cancelled', 'colour:red'
  ];
  for (const q of found) assert.deepEqual(await names(q), ['#1042'], q);
  for (const q of ['name:"#2042"', 'status:cancelled', 'created_at:<2020-01-01', '"10\\"42"'])
    assert.deepEqual(await names(q), [], q);
});

test('a customer by his number, in his own shop only', async () => {
  const {ask} = await setUp();
  const john = (await ask(CUSTOMER, {p: '+14165559876'})).data.customerByIdentifier;
  assert.deepEqual(
      [john.displayName, john.numberOfOrders, john.orders.nodes[0].name],
      ['John Tremblay', '1', '#1042']);
  const elsewhere = await ask(CUSTOMER, {p: '+14165559876'}, UPTOWN, `${token}_uptown`);
  assert.equal(elsewhere.data.customerByIdentifier, null);
});

test('stock: what is available, and what is promised', async () => {
  const {ask} = await setUp();
  const {data} = await ask(STOCK, {q: 'sku:"JR-24"'}, UPTOWN, `${token}_uptown`);
  const [variant] = data.productVariants.nodes;
  assert.deepEqual(
      [variant.product.title, variant.price, variant.availableForSale],
      ['Junior 24', '606.00', true]);
  const [level] = variant.inventoryItem.inventoryLevels.nodes;
  assert.deepEqual(
      Object.fromEntries(level.quantities.map((q) => [q.name, q.quantity])),
      {available: 6, on_hand: 7, committed: 1});
  const bike = (await ask(STOCK, {q: 'title:sprinter'})).data.productVariants.nodes[0];
  assert.equal(bike.availableForSale, false);
});

test('a cart that is left behind, told by a webhook the SDK verifies', async () => {
  const {app, ask, ctl} = await setUp();
  await ctl.post('/_sim/checkout', {shop: DOWNTOWN, topic: 'checkouts/create'});
  const [cart] = (await ask(CHECKOUTS, {q: 'status:open'})).data.abandonedCheckouts.nodes;
  assert.deepEqual([cart.completedAt, cart.customer.displayName], [null, 'John Tremblay']);
  const hook = await until('the webhook', () => app.received[0]);
  const check = await sdk.webhooks.validate({
    rawBody: hook.body,
    rawRequest: {method: 'POST', url: '/hook', headers: hook.headers},
    rawResponse: {}
  });
  assert.deepEqual([check.valid, check.topic, check.domain], [true, 'CHECKOUTS_CREATE', DOWNTOWN]);
  assert.equal(JSON.parse(hook.body).abandoned_checkout_url, cart.abandonedCheckoutUrl);
});

test('an order that changes is told in the webhook\'s own words', async () => {
  const {app, ask, ctl} = await setUp();
  const changes = {
    cancelledAt: '2026-11-01T10:00:00Z',
    displayFinancialStatus: 'PARTIALLY_REFUNDED'
  };
  await ctl.post('/_sim/order', {shop: DOWNTOWN, name: '#1042', changes, topic: 'orders/updated'});
  const hook = JSON.parse((await until('the webhook', () => app.received[0])).body);
  assert.deepEqual(
      [hook.id, hook.name, hook.financial_status, hook.fulfillment_status, hook.cancelled_at],
      [1042, '#1042', 'partially_refunded', 'fulfilled', changes.cancelledAt]);
  assert.equal(hook.fulfillments[0].tracking_numbers[0], '1Z999AA10123456784');
  const {nodes} = (await ask(ORDERS, {q: 'status:cancelled'})).data.orders;
  assert.equal(nodes.length, 1);
  const odd = await ctl.post('/_sim/order', {shop: DOWNTOWN, name: '#1042', changes: {x: 1}});
  assert.equal(odd.status, 400);
});

test('a webhook that is not taken comes again under the same id; copies come at once', async () => {
  const answers = [500, 200];
  const {app, ctl} = await setUp(() => ({status: answers.shift() ?? 200}));
  const send = (fields) => ctl.post('/_sim/webhook', {
    shop: DOWNTOWN,
    topic: 'customers/redact',
    body: {shop_id: 1, customer: {id: 31}},
    ...fields
  });
  await send({id: 'delivery-1'});
  await until('a second attempt', () => app.received.length === 2);
  assert.deepEqual(
      app.received.map((r) => r.headers['x-shopify-webhook-id']), ['delivery-1', 'delivery-1']);
  await until('the end', async () => (await ctl.deliveries())[0].ok);
  await send({copies: 3});
  await until('three', () => app.received.length === 5);
  assert.equal((await send({topic: 'nonsense'})).status, 400);
});

test('subscriptions get what they asked for', async () => {
  const {ask} = await setUp();
  const create = `mutation($uri:String!){webhookSubscriptionCreate(topic:ORDERS_UPDATED,
      webhookSubscription:{uri:$uri}){webhookSubscription{id topic uri} userErrors{field message}}}`;
  const made =
      (await ask(create, {uri: 'https://shop.example/hook'})).data.webhookSubscriptionCreate;
  assert.deepEqual(made.userErrors, []);
  const again =
      (await ask(create, {uri: 'https://shop.example/hook'})).data.webhookSubscriptionCreate;
  assert.match(again.userErrors[0].message, /already been taken/);
  const plain =
      (await ask(create, {uri: 'http://shop.example/hook'})).data.webhookSubscriptionCreate;
  assert.equal(plain.webhookSubscription, null);
  const listed = await ask('{webhookSubscriptions(first:5){edges{node{id}}}}');
  assert.equal(listed.data.webhookSubscriptions.edges.length, 1);
  const remove =
      'mutation($id:ID!){webhookSubscriptionDelete(id:$id){deletedWebhookSubscriptionId}}';
  await ask(remove, {id: made.webhookSubscription.id});
  assert.equal(
      (await ask('{webhookSubscriptions(first:5){nodes{id}}}'))
          .data.webhookSubscriptions.nodes.length,
      0);
});

test('a draft order has an invoice; a cart permalink leads to the checkout', async () => {
  const {base, ask} = await setUp();
  const create = `mutation($input:DraftOrderInput!){draftOrderCreate(input:$input){
      draftOrder{id name status invoiceUrl totalPriceSet{shopMoney{amount}}} userErrors{message}}}`;
  const lineItems = [{variantId: 'gid://shopify/ProductVariant/4', quantity: 2}];
  const {draftOrder} = (await ask(create, {input: {lineItems}})).data.draftOrderCreate;
  assert.equal(draftOrder.totalPriceSet.shopMoney.amount, '99.92');
  assert.match(draftOrder.invoiceUrl, /^https:\/\/bici-downtown/);
  const none = (await ask(create, {input: {lineItems: []}})).data.draftOrderCreate;
  assert.deepEqual([none.draftOrder, none.userErrors.length], [null, 1]);
  const cart = await request(`${base}/cart/4:2,1:1`, {headers: {host: DOWNTOWN}});
  assert.match(cart.headers.location, /^https:\/\/bici-downtown.myshopify.com\/checkouts\//);
  assert.equal((await request(`${base}/cart/99:1`)).status, 404);
});

test('pages follow each other', async () => {
  const {ask} = await setUp();
  const query =
      'query($a:String){products(first:3,after:$a,sortKey:TITLE){nodes{title} pageInfo{hasNextPage endCursor}}}';
  const first = (await ask(query)).data.products;
  assert.deepEqual(
      first.nodes.map((n) => n.title), ['Commuter helmet', 'Ridgeback Trail 29', 'Sprinter Road']);
  const second = (await ask(query, {a: first.pageInfo.endCursor})).data.products;
  assert.deepEqual([second.nodes.length, second.pageInfo.hasNextPage], [1, false]);
});

test('who may not ask, and what cannot be asked', async () => {
  const {base} = await setUp();
  const ping = {query: '{shop{name}}'};
  assert.equal((await raw(base, ping)).body.data.shop.name, 'Bici Downtown');
  assert.equal((await raw(base, ping, {'x-shopify-access-token': 'x'})).status, 401);
  assert.equal((await raw(base, ping, {host: UPTOWN})).status, 401);
  assert.equal((await raw(base, ping, {}, '2031-01')).status, 404);
  assert.equal((await raw(base, ping, {}, '2024-04')).headers['x-shopify-api-version'], '2025-10');
  assert.equal((await raw(base, {})).status, 400);
  assert.equal((await raw(base, ping, {'content-type': 'text/plain'})).status, 400);
  const wrong = async (query) => (await raw(base, {query})).body.errors[0];
  assert.equal((await wrong('{shop{colour}}')).extensions.code, 'undefinedField');
  assert.match((await wrong('{orders{nodes{id}}}')).message, /first or last/);
  assert.match((await wrong('{orders(first:251){nodes{id}}}')).message, /exceed/);
  assert.match((await wrong('{shop{')).message, /Syntax Error/);
  assert.ok(await wrong(
      'query($p:String!){customerByIdentifier(identifier:{phoneNumber:$p,emailAddress:"x"}){id}}'));
});

test('the bucket runs dry and fills up; one query can be too dear', async () => {
  const {base, ctl} = await setUp();
  const query = {query: ORDERS, variables: {q: 'name:1042'}};
  const {cost} = (await raw(base, query)).body.extensions;
  await ctl.post('/_sim/bucket', {maximum: 2000, available: cost.requestedQueryCost, restore: 1});
  assert.ok((await raw(base, query)).body.data);
  await ctl.post('/_sim/bucket', {maximum: 2000, available: 0, restore: 1});
  const dry = await raw(base, query);
  assert.equal(dry.status, 200);
  assert.equal(dry.body.errors[0].extensions.code, 'THROTTLED');
  assert.equal(dry.body.data, undefined);
  assert.deepEqual(
      [
        dry.body.extensions.cost.actualQueryCost,
        dry.body.extensions.cost.throttleStatus.restoreRate
      ],
      [null, 1]);
  await ctl.post('/_sim/bucket', {maximum: 2000, available: 0, restore: 1000});
  await until('the bucket has filled', async () => (await raw(base, query)).body.data);
  const dear = '{orders(first:250){nodes{lineItems(first:250){nodes{id}}}}}';
  assert.equal(
      (await raw(base, {query: dear})).body.errors[0].extensions.code, 'MAX_COST_EXCEEDED');
});
