// The tools as an MCP client sees them: the official SDK over Streamable HTTP.
import {Client} from '@modelcontextprotocol/sdk/client/index.js';
import {StreamableHTTPClientTransport} from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import assert from 'node:assert/strict';
import {after, before, test} from 'node:test';

import {DOWNTOWN, login} from './lib/account.mjs';
import {row} from './lib/database.mjs';
import {at, call, fetchSystem} from './lib/http.mjs';

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

test('without a token there is nothing, and other methods are refused', async () => {
  assert.equal((await call('POST', '/mcp', {body: {jsonrpc: '2.0', id: 1, method: 'ping'}})).status, 401);
  assert.equal((await call('GET', '/mcp')).status, 405);
});
