// GET and PUT of /api/settings, and the agent's configuration, through nginx: who may, what a bad value changes, and that each
// shop sees and changes its own.
import assert from 'node:assert/strict';
import {randomUUID} from 'node:crypto';
import {after, before, test} from 'node:test';

import {DOWNTOWN, UPTOWN, login} from './lib/account.mjs';
import {row, rows} from './lib/database.mjs';
import {call} from './lib/http.mjs';
import {accessToken} from './lib/token.mjs';

const tokens = {};
let shop, stored;

async function newUser(organizationId, role) {
  const {id: userId} = await row(
      `insert into users (organization_id, email, role) values (:'organizationId', :'email', :'role')
       returning id`,
      {organizationId, email: `${randomUUID()}@e2e.example`, role});
  return accessToken({userId, organizationId, role});
}

before(async () => {
  const {token, user} = await login(DOWNTOWN);
  shop = user.organization_id;
  tokens.admin = token;
  tokens.uptown = (await login(UPTOWN)).token;
  for (const role of ['manager', 'staff', 'service_tech']) tokens[role] = await newUser(shop, role);
  stored = await state();
});
after(async () => {
  for (const {which, is} of stored.filter(({what}) => what === 'origins'))
    await rows(`update organizations set widget_origins = :'is' where id = :'which' returning id`, {which, is});
  await rows(`update campaigns set is_active = false where name = 'abandoned_cart' returning id`);
  await rows(`delete from users where email like '%@e2e.example' returning id`);
});

// All that settings write, of all shops.
const state = () => rows(
    `select 'campaign' as what, organization_id::text || name as which,
            concat(is_active, delay_seconds, conditions) as "is" from campaigns
     union all select 'origins', id::text, widget_origins::text from organizations
     union all select 'key', organization_id::text, concat(key_sha256, expires_at) from widget_keys
     union all select 'hubspot', organization_id::text, concat(access_token, account_id, status)
       from integrations where service = 'hubspot'
     union all select 'audit', id::text, '' from audit_log where action = 'settings_changed'
     order by 1, 2, 3`);

const get = (who) => call('GET', '/api/settings', {token: tokens[who]});
const put = (who, body) => call('PUT', '/api/settings', {token: tokens[who], body});
const cart = (settings) => settings.campaigns.find((c) => c.name === 'abandoned_cart');
const CAMPAIGN = {campaigns: [{name: 'abandoned_cart', is_active: true, delay_seconds: 3600}]};
const ORIGINS = {chat: {origins: ['https://shop.example']}};

test('nobody is let in without a token, or without the role', async () => {
  assert.equal((await call('GET', '/api/settings')).status, 401);
  assert.equal((await call('PUT', '/api/settings', {body: CAMPAIGN})).status, 401);
  for (const who of ['staff', 'service_tech']) {
    assert.equal((await get(who)).status, 403, who);
    assert.equal((await put(who, CAMPAIGN)).status, 403, who);
  }
  for (const body of [ORIGINS, {hubspot: {token: 'pat-x', portal: '1'}}]) {
    const {status, json} = await put('manager', body);
    assert.equal(status, 403);
    assert.equal(json.error.code, 'role');
  }
  assert.equal((await call('POST', '/api/settings', {token: tokens.admin, body: {}})).status, 405);
  assert.deepEqual(await state(), stored);
});

test('what is wrong changes nothing, be the rest of it right', async () => {
  const wrong = [
    '', '{', '[]', {}, {colour: 'red'},
    {...CAMPAIGN, colour: 'red'},
    {campaigns: [...CAMPAIGN.campaigns, {name: 'no_such_campaign'}]},
    {campaigns: [{...CAMPAIGN.campaigns[0], delay_seconds: -1}]},
    {campaigns: [{...CAMPAIGN.campaigns[0], conditions: {odd: 1}}]},
    {...CAMPAIGN, chat: {origins: ['https://shop.example/page']}},
    {...CAMPAIGN, chat: {origins: 'https://shop.example'}},
    {...ORIGINS, hubspot: {token: 'pat-x', portal: 'one'}},
    {chat: {rotate_key: true, grace_hours: 1000}},
  ];
  for (const body of wrong) {
    const {status, json} = await put('admin', body);
    assert.ok(status === 400 || status === 415, `${status} ${JSON.stringify(body)}`);
    assert.equal(json.success, false);
  }
  const large = {campaigns: [{name: 'x'.repeat(70000)}]};
  assert.equal((await put('admin', large)).status, 413);
  assert.deepEqual(await state(), stored);
});

test('a manager changes campaigns, an admin the chat, and both see it', async () => {
  const changed = await put('manager', CAMPAIGN);
  assert.equal(changed.status, 200);
  assert.equal(cart(changed.json.settings).delay_seconds, 3600);
  assert.equal((await put('admin', ORIGINS)).status, 200);
  for (const who of ['admin', 'manager']) {
    const {status, json} = await get(who);
    assert.equal(status, 200);
    assert.equal(cart(json.settings).is_active, true);
    assert.deepEqual(json.settings.chat.origins, ['https://shop.example']);
  }
});

test('a shop sees its own settings and changes no other\'s', async () => {
  const before = await get('uptown');
  assert.equal(cart(before.json.settings).is_active, false);
  assert.ok(!before.json.settings.chat.origins.includes('https://shop.example'));
  const named = await call('PUT', '/api/settings', {
    token: tokens.uptown,
    headers: {'X-VA-Organization': shop},
    body: {chat: {origins: ['https://uptown.example']}},
  });
  assert.ok([200, 403].includes(named.status), String(named.status));
  assert.deepEqual((await get('admin')).json.settings.chat.origins, ['https://shop.example']);
});

test('a key is told once, and opens that shop\'s chat alone', async () => {
  const {status, json} = await put('admin', {chat: {rotate_key: true, grace_hours: 1}});
  assert.equal(status, 200);
  const key = json.chat_key;
  const chat = (businessId) => call('POST', '/api/chat', {
    localAddress: '127.0.0.200',
    body: {businessId, key, message: 'Hi'},
  });
  assert.ok(!(await get('admin')).text.includes(key));
  assert.equal((await chat('bici-downtown')).status, 200);
  assert.equal((await chat('bici-uptown')).status, 401);
  await rows(`update widget_keys set expires_at = null where organization_id = :'shop'
              returning key_sha256`, {shop});
});

test('the agent and its voice: who may, by which method, and one shop alone', async () => {
  const [AGENT, VOICE] = ['/api/config', '/api/admin/config/voice'];
  const token = tokens.manager;
  for (const path of [AGENT, VOICE]) {
    assert.equal((await call('GET', path)).status, 401);
    assert.equal((await call('GET', path, {token: tokens.staff})).status, 403);
    assert.equal((await call('DELETE', path, {token})).status, 405);
    assert.equal((await call('POST', path, {token, body: {colour: 'red'}})).status, 400);
  }
  assert.equal((await call('PUT', VOICE, {token, body: {}})).status, 405);

  const {agent_name: name} = (await call('GET', AGENT, {token})).json.config;
  for (const [method, other] of [['PUT', 'Lina'], ['POST', name]]) {
    const {status, json} = await call(method, AGENT, {token, body: {agent_name: other}});
    assert.equal(status, 200);
    assert.equal(json.config.agent_name, other);
  }
  const uptown = await call('GET', AGENT, {token: tokens.uptown});
  assert.equal(uptown.json.config.agent_name, 'Bici');

  const voices = (await call('GET', VOICE, {token})).json.voice.voices;
  const changed = await call('POST', VOICE, {token, body: {voices: {en: 'aura-2-thalia-en'}}});
  assert.deepEqual(changed.json.voice.voices, {en: 'aura-2-thalia-en'});
  assert.equal((await call('POST', VOICE, {token, body: {voices}})).status, 200);
  const basic = await call('GET', VOICE, {token: tokens.uptown});
  assert.equal(basic.status, 403);
  assert.equal(basic.json.requiredPlan, 'PRO');
});
