import {Client, Signature} from '@hubspot/api-client';
import assert from 'node:assert/strict';
import http from 'node:http';
import {test} from 'node:test';

import {hubspot} from '../hubspot.mjs';
import {request} from '../lib/client.mjs';

import {application, control, start, until} from './support.mjs';

// Of a connection that is kept the client's node-fetch, on newer versions of Node, reads no answer
// in chunks to its end: it takes Node's guard of idle connections for somebody who still waits.
// The client passes on no agent of its own.
http.globalAgent = new http.Agent({keepAlive: false});

const token = 'pat-na1-0123456789abcdef';
const clientSecret = 'client-secret';
const JOHN = {
  email: 'john@customer.example',
  firstname: 'John',
  lastname: 'Tremblay',
  phone: '(416) 555-9876'
};

async function setUp({seeds = [], answer} = {}) {
  const app = await application(answer);
  const webhookUrl = `${app.url}/api/webhooks/hubspot`;
  const base = await start(hubspot({token, clientSecret, webhookUrl, seeds}));
  const ctl = control(base);
  await ctl.post('/_sim/settings', {search: 1000});
  const {crm} = new Client({accessToken: token, basePath: base, numberOfApiCallRetries: 0});
  const dated = async (method, path, body) => {
    const res = await request(`${base}/crm/objects/2026-09${path}`, {
      method,
      headers: {authorization: `Bearer ${token}`, 'content-type': 'application/json'},
      body: body && JSON.stringify(body)
    });
    return {
      status: res.status,
      headers: res.headers,
      body: JSON.parse(res.body.toString() || 'null')
    };
  };
  return {app, base, crm, dated, webhookUrl, ctl};
}

async function refusedWith(status, category, promise) {
  await assert.rejects(promise, (e) => {
    assert.deepEqual([e.code, e.body.category], [status, category], e.body.message);
    return true;
  });
}

const eq = (propertyName, value, operator = 'EQ') => ({filters: [{propertyName, operator, value}]});
const find = (crm, filterGroups, fields) => crm.contacts.searchApi.doSearch(
    {filterGroups, properties: ['phone', 'email'], limit: 10, after: '0', sorts: [], ...fields});

test('an account tells its number to who has a token of it', async () => {
  const {base} = await setUp();
  for (const version of ['2026-09', 'v3']) {
    const url = `${base}/account-info/${version}/details`;
    const told = await request(url, {method: 'GET', headers: {authorization: `Bearer ${token}`}});
    assert.equal(JSON.parse(told.body.toString()).portalId, 62515);
    const stranger = await request(url, {method: 'GET', headers: {authorization: 'Bearer pat-x'}});
    assert.equal(stranger.status, 401);
  }
});

test('a contact is made, found, changed and archived; by both kinds of path', async () => {
  const {crm, dated} = await setUp();
  const made = await crm.contacts.basicApi.create({properties: JOHN, associations: []});
  assert.equal(made.properties.firstname, 'John');
  assert.ok(made.createdAt instanceof Date);
  const found = (await dated('GET', `/contacts/${made.id}?properties=phone`)).body;
  assert.deepEqual([found.properties.phone, found.properties.hs_object_id], [JOHN.phone, made.id]);
  await crm.contacts.basicApi.update(made.id, {properties: {lastname: 'Roy'}});
  const byEmail = await crm.contacts.basicApi.getById(
      JOHN.email, ['lastname'], undefined, undefined, undefined, 'email');
  assert.equal(byEmail.properties.lastname, 'Roy');
  await crm.contacts.basicApi.archive(made.id);
  await refusedWith(404, 'OBJECT_NOT_FOUND', crm.contacts.basicApi.getById(made.id));
});

test('an address is one contact\'s: a second one is told the first one\'s id', async () => {
  const {crm, dated} = await setUp({seeds: [JOHN]});
  const again =
      await dated('POST', '/contacts', {properties: {...JOHN, email: JOHN.email.toUpperCase()}});
  assert.deepEqual(
      [again.status, again.body.category, again.body.message],
      [409, 'CONFLICT', 'Contact already exists. Existing ID: 512']);
  const other =
      await crm.contacts.basicApi.create({properties: {email: 'x@y.example'}, associations: []});
  await refusedWith(
      409, 'CONFLICT', crm.contacts.basicApi.update(other.id, {properties: {email: JOHN.email}}));
});

test('a number is found as it was typed, or by its digits', async () => {
  const {crm} = await setUp({seeds: [JOHN, {email: 's@c.example', phone: '+14165559877'}]});
  const ids = async (...groups) => (await find(crm, groups)).results.map((r) => r.id);
  assert.deepEqual(await ids(eq('phone', '+14165559876')), []);
  const digits = eq('hs_searchable_calculated_phone_number', '4165559876', 'CONTAINS_TOKEN');
  assert.deepEqual(await ids(eq('phone', '+14165559876'), digits), ['512']);
  assert.deepEqual(await ids(eq('phone', '*9877', 'CONTAINS_TOKEN')), ['513']);
  assert.deepEqual(
      await ids({filters: [...eq('email', JOHN.email).filters, ...eq('phone', 'x').filters]}), []);
  assert.deepEqual(await ids(eq('lastname', undefined, 'NOT_HAS_PROPERTY')), ['513']);
  const page = await find(crm, [], {limit: 1, sorts: ['email']});
  assert.deepEqual([page.total, page.paging.next.after], [2, '1']);
});

test('a search learns late of what is new', async () => {
  const {crm, ctl} = await setUp();
  await ctl.post('/_sim/settings', {index_ms: 600000});
  const {id} = await crm.contacts.basicApi.create({properties: JOHN, associations: []});
  assert.equal((await find(crm, [eq('email', JOHN.email)])).total, 0);
  assert.equal((await crm.contacts.basicApi.getById(id)).id, id);
  await ctl.post('/_sim/settings', {index_ms: 0});
  assert.equal((await find(crm, [eq('email', JOHN.email)])).total, 1);
});

test('upserts go by what is unique, and all or none', async () => {
  const {crm} = await setUp({seeds: [JOHN]});
  const property = {
    name: 'phone_e164',
    label: 'Phone',
    groupName: 'contactinformation',
    type: 'string',
    fieldType: 'text',
    hasUniqueValue: true
  };
  await crm.properties.coreApi.create('contacts', property);
  const upsert = (...inputs) => crm.contacts.batchApi.upsert({inputs});
  const input = (id, idProperty, properties) => ({id, idProperty, properties});
  const {results} = await upsert(
      input(JOHN.email, 'email', {lastname: 'Roy'}),
      input('+14165559877', 'phone_e164', {firstname: 'Sarah'}));
  assert.deepEqual(results.map((r) => [r.id, r._new]), [['512', false], ['513', true]]);
  const again = await upsert(input('+14165559877', 'phone_e164', {lastname: 'Chen'}));
  assert.deepEqual(again.results.map((r) => [r.id, r.properties.firstname]), [['513', 'Sarah']]);
  await refusedWith(400, 'VALIDATION_ERROR', upsert(input('x', 'phone', {})));
  await refusedWith(
      400, 'VALIDATION_ERROR',
      upsert(input('new@x.example', 'email', {}), input('y@x.example', 'email', {colour: 'red'})));
  assert.equal((await find(crm, [])).total, 2);
  await refusedWith(
      409, 'OBJECT_ALREADY_EXISTS', crm.properties.coreApi.create('contacts', property));
});

const call = (fields) => ({
  hs_timestamp: '2026-11-01T10:00:00Z',
  hs_call_title: 'Order status',
  hs_call_direction: 'INBOUND',
  hs_call_duration: '61000',
  hs_call_status: 'COMPLETED',
  ...fields
});
const to = (id, associationTypeId) =>
    [{to: {id}, types: [{associationCategory: 'HUBSPOT_DEFINED', associationTypeId}]}];

test('calls and notes belong to a contact', async () => {
  const {crm} = await setUp({seeds: [JOHN]});
  const {calls, notes} = crm.objects;
  const made = await calls.basicApi.create({properties: call(), associations: to('512', 194)});
  const read = await calls.basicApi.getById(made.id, ['hs_call_title'], undefined, ['contacts']);
  assert.equal(read.properties.hs_call_title, 'Order status');
  assert.deepEqual(
      read.associations.contacts.results.map((r) => [r.id, r.type]), [['512', 'call_to_contact']]);
  const note = (hs_note_body) => notes.basicApi.create(
      {properties: {hs_timestamp: String(Date.now()), hs_note_body}, associations: to('512', 202)});
  await note('Wants a helmet');
  await refusedWith(400, 'VALIDATION_ERROR', note('x'.repeat(65537)));
  const create = (properties, associations = []) =>
      calls.basicApi.create({properties, associations});
  await refusedWith(400, 'VALIDATION_ERROR', create(call({hs_timestamp: ''})));
  await refusedWith(400, 'VALIDATION_ERROR', create(call({hs_call_direction: 'in'})));
  await refusedWith(400, 'VALIDATION_ERROR', create(call({hs_call_duration: 'a minute'})));
  await refusedWith(400, 'VALIDATION_ERROR', create(call(), to('512', 202)));
  await refusedWith(400, 'VALIDATION_ERROR', create(call(), to('9999', 194)));
});

test('what cannot be asked', async () => {
  const {base, crm, dated} = await setUp();
  const stranger = new Client({accessToken: 'pat-wrong', basePath: base}).crm;
  await refusedWith(401, 'INVALID_AUTHENTICATION', stranger.contacts.basicApi.getPage());
  const create = (properties) => dated('POST', '/contacts', {properties});
  assert.match((await create({colour: 'red'})).body.message, /PROPERTY_DOESNT_EXIST/);
  assert.match((await create({email: 'john'})).body.message, /INVALID_EMAIL/);
  assert.match((await create({createdate: '1'})).body.message, /READ_ONLY_VALUE/);
  assert.equal((await dated('POST', '/bikes', {properties: {}})).status, 400);
  await refusedWith(400, 'VALIDATION_ERROR', find(crm, [eq('colour', 'red')]));
  await refusedWith(400, 'VALIDATION_ERROR', find(crm, Array(6).fill(eq('phone', '1'))));
  await refusedWith(400, 'VALIDATION_ERROR', find(crm, [], {limit: 201}));
  await refusedWith(400, 'VALIDATION_ERROR', find(crm, [eq('phone', undefined)]));
  assert.equal((await dated('PUT', '/contacts/1', {})).status, 405);
});

test('limits of ten seconds, of a search, of a day', async () => {
  const {crm, ctl, dated} = await setUp();
  await ctl.post('/_sim/settings', {burst: 3});
  const {headers} = await dated('GET', '/contacts');
  assert.deepEqual(
      [headers['x-hubspot-ratelimit-max'], headers['x-hubspot-ratelimit-remaining']], ['3', '2']);
  const policy = (promise, name) => assert.rejects(promise, (e) => {
    assert.deepEqual([e.code, e.body.policyName], [429, name]);
    return true;
  });
  await ctl.post('/_sim/settings', {search: 0});
  await policy(find(crm, []), 'SECONDLY');
  await crm.contacts.basicApi.getPage();
  await ctl.post('/_sim/settings', {burst: 0});
  await policy(crm.contacts.basicApi.getPage(), 'TEN_SECONDLY_ROLLING');
  await ctl.post('/_sim/settings', {burst: 100, daily: 0});
  await policy(crm.contacts.basicApi.getPage(), 'DAILY');
  assert.equal((await ctl.post('/_sim/settings', {speed: 1})).status, 400);
});

test('events come in a list, signed, and again when they are not taken', async () => {
  const answers = [{status: 503}, {status: 200}];
  const {app, ctl, webhookUrl} = await setUp({answer: () => answers.shift()});
  const event = {
    subscriptionType: 'contact.propertyChange',
    objectId: 512,
    propertyName: 'phone',
    propertyValue: '+1'
  };
  await ctl.post(
      '/_sim/webhook', {events: [event, {subscriptionType: 'contact.creation', objectId: 513}]});
  await until('a second attempt', () => app.received.length === 2);
  for (const [attempt, {body, headers}] of app.received.entries()) {
    assert.ok(Signature.isValid({
      signatureVersion: 'v3',
      method: 'POST',
      clientSecret,
      url: webhookUrl,
      requestBody: body,
      signature: headers['x-hubspot-signature-v3'],
      timestamp: Number(headers['x-hubspot-request-timestamp'])
    }));
    const events = JSON.parse(body);
    assert.deepEqual(events.map((e) => e.attemptNumber), [attempt, attempt]);
    assert.deepEqual(events.map((e) => e.objectId), [512, 513]);
  }
  assert.equal((await ctl.post('/_sim/webhook', {events: []})).status, 400);
});
