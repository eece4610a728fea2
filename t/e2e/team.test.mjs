// /api/team and /api/plan through nginx: who is let in, and a person who comes, changes and goes.
import assert from 'node:assert/strict';
import {randomUUID} from 'node:crypto';
import {after, before, test} from 'node:test';

import {DOWNTOWN, UPTOWN, login} from './lib/account.mjs';
import {row, rows} from './lib/database.mjs';
import {call} from './lib/http.mjs';
import {accessToken} from './lib/token.mjs';

const email = () => `${randomUUID()}@e2e.example`;
const tokens = {};

before(async () => {
  const {token, user} = await login(DOWNTOWN);
  tokens.admin = token;
  tokens.uptown = (await login(UPTOWN)).token;
  for (const role of ['manager', 'staff', 'service_tech']) {
    const {id: userId} = await row(
        `insert into users (organization_id, email, role) values (:'organizationId', :'email', :'role')
         returning id`,
        {organizationId: user.organization_id, email: email(), role});
    tokens[role] = await accessToken({userId, organizationId: user.organization_id, role});
  }
});
after(() => rows(`delete from users where email like '%@e2e.example' returning id`));

const as = (who, method, path, body) => call(method, path, {token: tokens[who], body});
const NEW = {name: 'Ada van Dam', role: 'staff', password: 'a-long-password'};

test('nobody is let in without a token, or without the role', async () => {
  const asked = [['GET', '/api/team'], ['POST', '/api/team', {...NEW, email: email()}],
    ['PATCH', `/api/team/${randomUUID()}`, {active: false}], ['DELETE', `/api/team/${randomUUID()}`], ['GET', '/api/plan']];
  for (const [method, path, body] of asked) {
    assert.equal((await call(method, path, {body})).status, 401, `${method} ${path}`);
    for (const who of ['manager', 'staff', 'service_tech'])
      assert.equal((await as(who, method, path, body)).status, 403, `${who}: ${method} ${path}`);
  }
  assert.equal((await as('admin', 'PUT', '/api/team', NEW)).status, 405);
  assert.equal((await as('admin', 'POST', '/api/plan', {})).status, 405);
});

test('who is added signs in, is changed by his own shop only, and is out when he goes', async () => {
  const ada = {email: email(), password: NEW.password};
  const added = await as('admin', 'POST', '/api/team', {...NEW, ...ada});
  assert.equal(added.status, 201);
  const path = `/api/team/${added.json.member.id}`;
  const session = await login(ada);
  assert.equal(session.user.role, 'staff');

  assert.equal((await as('uptown', 'PATCH', path, {role: 'manager'})).status, 404);
  assert.equal((await as('uptown', 'DELETE', path)).status, 404);
  assert.equal((await as('uptown', 'POST', '/api/team', {...NEW, ...ada})).status, 409);
  const changed = await as('admin', 'PATCH', path, {role: 'manager'});
  assert.equal(changed.json.member.role, 'manager');

  const token = await accessToken({
    userId: added.json.member.id, organizationId: session.user.organization_id, role: 'manager'});
  const settings = () => call('GET', '/api/settings', {token});
  assert.equal((await settings()).status, 200);
  assert.equal((await as('admin', 'DELETE', path)).status, 200);
  assert.equal((await settings()).status, 403);
  const refresh = await call('POST', '/api/auth/refresh', {body: {refresh_token: session.refresh_token}});
  assert.equal(refresh.status, 401);
  assert.equal((await call('POST', '/api/auth/login', {body: ada})).status, 401);

  const {json} = await as('admin', 'GET', '/api/team?status=inactive&limit=100');
  assert.deepEqual(json.team.filter((m) => m.email === ada.email).map((m) => [m.name, m.active]), [['Ada van Dam', false]]);
});

test('each shop sees its own plan', async () => {
  const pro = (await as('admin', 'GET', '/api/plan')).json.plan;
  assert.equal(pro.tier, 'PRO');
  assert.equal(pro.includes.voice_settings, true);
  const basic = (await as('uptown', 'GET', '/api/plan')).json.plan;
  assert.equal(basic.tier, 'BASIC');
  assert.deepEqual([basic.includes.knowledge, basic.includes.voice_settings], [true, false]);
  assert.match(basic.upgradeUrl, /\/admin\/upgrade$/);
});
