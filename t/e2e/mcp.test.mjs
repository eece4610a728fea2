// The tools as an MCP client sees them: the official SDK over Streamable HTTP.
import {Client} from '@modelcontextprotocol/sdk/client/index.js';
import {StreamableHTTPClientTransport} from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import assert from 'node:assert/strict';
import {after, before, test} from 'node:test';

import {DOWNTOWN, login} from './lib/account.mjs';
import {row, rows} from './lib/database.mjs';
import {at, call, fetchSystem} from './lib/http.mjs';
import {drained} from './lib/queues.mjs';
import {waitFor} from './lib/wait.mjs';

let client;
before(async () => {
  const {token} = await login(DOWNTOWN);
  client = new Client({name: 'voiceagent-test', version: '1'});
  await client.connect(new StreamableHTTPClientTransport(
      new URL(at('/mcp')),
      {fetch: fetchSystem, requestInit: {headers: {authorization: `Bearer ${token}`}}}));
});
after(() => client?.close());

test('the server says who it is and what it can', () => {
  assert.equal(client.getServerVersion().name, 'voiceagent');
  assert.deepEqual(client.getServerCapabilities(), {tools: {}});
});

test('every tool has a description and a schema', async () => {
  const {tools} = await client.listTools();
  const names = tools.map((t) => t.name);
  for (const name of ['check_availability', 'book_appointment', 'lookup_order', 'check_inventory'])
    assert.ok(names.includes(name), name);
  for (const tool of tools) {
    assert.ok(tool.description.length > 10, tool.name);
    assert.equal(tool.inputSchema.type, 'object');
  }
  assert.equal(tools.find((t) => t.name === 'check_availability').annotations.readOnlyHint, true);
});

test('an appointment is booked as every other one is', async () => {
  const free = await client.callTool(
      {name: 'check_availability', arguments: {service_type: 'warranty', days_ahead: 60}});
  const slot = free.structuredContent.available_slots.at(-1);
  const args = {
    appointment_datetime: slot.start,
    service_type: 'warranty',
    customer_name: 'Mona Client',
    customer_phone: '+14165552211'
  };
  const booked = await client.callTool({name: 'book_appointment', arguments: args});
  assert.equal(booked.isError, false);
  const again = await client.callTool({name: 'book_appointment', arguments: args});
  assert.equal(again.structuredContent.appointment_id, booked.structuredContent.appointment_id);
  assert.deepEqual(
      await row('select customer_name, source from appointments where id = :\'id\'',
                {id: booked.structuredContent.appointment_id}),
      {customer_name: 'Mona Client', source: 'staff'});
});

test('what is wrong is an error of the tool, or of the protocol', async () => {
  const refused = await client.callTool({name: 'book_appointment', arguments: {}});
  assert.equal(refused.isError, true);
  assert.match(refused.content[0].text, /appointment_datetime is missing/);
  await assert.rejects(client.callTool({name: 'make_coffee', arguments: {}}), /no such tool/);
});

// Nothing that refers to the shop's row is written while somebody has it: until he is told to let it go.
const holdShop = () => row(
    `with held as materialized (select o.id from organizations o join organization_phone_numbers n
                                  on n.organization_id = o.id where n.phone_number = :'number' for update of o)
     select pg_sleep(600) from held`, {number: DOWNTOWN.number}).then(() => assert.fail('nobody let it go'), () => {});
const holder = (what) => rows(`select ${what} as pid from pg_stat_activity where wait_event = 'PgSleep'`);
const letGo = () => holder('pg_terminate_backend(pid)');

const told = async (words) =>
    (await row('select count(*)::int as n from tasks where body = :\'words\'', {words})).n;

test('what takes longer is told so in time, goes on, and is done once when it is asked for again', async () => {
  const words = `The wheel is ready, ${Date.now()}`;
  const tell = () => client.callTool({name: 'take_message', arguments: {message: words}});
  const held = holdShop();
  await waitFor('the shop to be held', async () => (await holder('pid')).length > 0);
  const late = await tell().then(() => assert.fail('it was not late'), (e) => e).finally(letGo);
  assert.equal(late.code, -32000, String(late));
  assert.match(late.message, /Make the same call again/);
  await held;
  const again = await tell();
  assert.equal(again.isError, false);
  await drained();
  assert.equal(await told(words), 1);
  const {token} = await login(DOWNTOWN);
  const {status, json} = await call('GET', `/api/jobs/${late.data.job}`, {token});
  assert.deepEqual([status, json.result.structuredContent.success], [200, true]);
});

const message = (members) => ({jsonrpc: '2.0', id: 1, ...members});

test('what is no message is refused, and a message that is wrong says how', async () => {
  const {token} = await login(DOWNTOWN);
  const send = (body, headers = {}) => call('POST', '/mcp', {token, body, headers});
  const broken = [
    {}, message({method: 5}), message({}), message({id: null, method: 'ping'}),
    message({id: {}, method: 'ping'}), {id: 1, method: 'ping'}, {jsonrpc: '1.0', id: 1, method: 'ping'}
  ];
  for (const body of broken) {
    const {status, json} = await send(body);
    assert.deepEqual([status, json.id, json.error.code], [400, null, -32600], JSON.stringify(body));
  }
  const wrong = [
    [{method: 'ping', params: [1]}, -32602], [{method: 'tools/list', params: {cursor: 'x'}}, -32602],
    [{method: 'tools/call', params: {name: 'get_store_hours', arguments: []}}, -32602],
    [{method: 'tools/call', params: {name: 5}}, -32602], [{method: 'brew'}, -32601]
  ];
  for (const [members, code] of wrong) {
    const {status, json} = await send(message(members));
    assert.deepEqual([status, json.id, json.error.code], [200, 1, code], JSON.stringify(members));
  }
  for (const body of [{jsonrpc: '2.0', method: 'notifications/initialized'}, message({result: {}})]) {
    const {status, text} = await send(body);
    assert.deepEqual([status, text], [202, '']);
  }
  const ping = message({id: 'a', method: 'ping'});
  assert.deepEqual((await send(ping, {'mcp-protocol-version': '2025-03-26'})).json, {jsonrpc: '2.0', id: 'a', result: {}});
  const unknown = await send(ping, {'mcp-protocol-version': '1999-01-01'});
  assert.deepEqual([unknown.status, unknown.json.error.code], [400, 'bad_request']);
  assert.equal((await send([ping])).status, 400);
});

test('without a token there is nothing, and other methods are refused', async () => {
  assert.equal((await call('POST', '/mcp', {body: {jsonrpc: '2.0', id: 1, method: 'ping'}})).status, 401);
  assert.equal((await call('GET', '/mcp')).status, 405);
});
