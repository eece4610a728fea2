// Signing in and the dashboard's API, through nginx as a browser and a script use them.
import {exportJWK, generateKeyPair, jwtVerify, SignJWT} from 'jose';
import assert from 'node:assert/strict';
import {createHash, randomBytes, randomUUID} from 'node:crypto';
import {mkdirSync, renameSync, rmSync, writeFileSync} from 'node:fs';
import {test} from 'node:test';
import {setTimeout as sleep} from 'node:timers/promises';

import {DOWNTOWN, JOHN, login, SARAH, ticket, UPTOWN} from './lib/account.mjs';
import {row} from './lib/database.mjs';
import {env, RUN_DIR} from './lib/env.mjs';
import {ask, at, call, fetchSystem} from './lib/http.mjs';
import {waitFor} from './lib/wait.mjs';

const secret = new TextEncoder().encode(env.JWT_SECRET);
const UPTOWN_ID = 'd0000000-0000-4000-8000-000000000002';
const NOBODY = '00000000-0000-4000-8000-000000000000';

// One login a shop where it does not matter which: nginx limits them.
const logins = new Map();
function session(owner) {
  if (!logins.has(owner)) logins.set(owner, login(owner));
  return logins.get(owner);
}

// The cookies an answer sets, by name: {value, attributes}.
function cookies(answer) {
  const set = [answer.headers['set-cookie'] ?? []].flat();
  return Object.fromEntries(set.map((line) => {
    const [, name, value, attributes] = /^([^=]+)=([^;]*); (.*)$/.exec(line);
    return [name, {value, attributes: attributes.split('; ')}];
  }));
}

// A POST as a page of this origin sends it.
const fromPage = (path, cookie, origin = env.VA_PUBLIC_URL) =>
    call('POST', path, {headers: {cookie, ...(origin && {origin})}});

async function leadOf(token) {
  const {leads} = await ask('GET', '/api/leads?limit=1&q=customer.example', {token});
  return leads[0];
}

// The events of a stream up to the first of that type.
async function eventsUntil(type, path, headers = {}) {
  const stop = new AbortController();
  const res = await fetchSystem(at(path), {headers, signal: stop.signal});
  assert.equal(res.status, 200);
  let text = '';
  try {
    for await (const piece of res.body) {
      text += Buffer.from(piece).toString();
      if (text.includes(`event: ${type}\n`) && text.endsWith('\n\n')) break;
    }
  } finally {
    stop.abort();
  }
  return text.split('\n\n').filter(Boolean).map((event) => ({
                                                  type: /^event: (.*)$/m.exec(event)[1],
                                                  id: /^id: (.*)$/m.exec(event)?.[1],
                                                  data: JSON.parse(/^data: (.*)$/m.exec(event)[1]),
                                                }));
}

test('a login gives a token that its secret verifies', async () => {
  const answer = await session(DOWNTOWN);
  const {payload} = await jwtVerify(answer.token, secret, {algorithms: ['HS256']});
  assert.equal(payload.userId, answer.user.id);
  assert.equal(payload.organizationId, answer.user.organization_id);
  assert.equal(payload.role, 'admin');
  assert.equal(payload.exp - payload.iat, answer.expires_in);
});

test('a token of the same claims made elsewhere is as good', async () => {
  const {user} = await session(DOWNTOWN);
  const claims = {userId: user.id, organizationId: user.organization_id, role: 'admin'};
  const token = await new SignJWT(claims)
                    .setProtectedHeader({alg: 'HS256'})
                    .setExpirationTime('5m')
                    .sign(secret);
  assert.equal((await leadOf(token)).phone_number, JOHN);
  const forged = await new SignJWT(claims)
                     .setProtectedHeader({alg: 'HS256'})
                     .setExpirationTime('5m')
                     .sign(new TextEncoder().encode('x'.repeat(64)));
  for (const bad of [forged, 'invalid.jwt.token', '']) {
    assert.equal((await call('GET', '/api/leads', {token: bad})).status, 401);
  }
});

test('each shop sees its own customers, and of the other not even that they are', async () => {
  const downtown = (await session(DOWNTOWN)).token;
  const uptown = (await session(UPTOWN)).token;
  const john = await leadOf(downtown);
  const sarah = await leadOf(uptown);
  assert.deepEqual([john.phone_number, sarah.phone_number], [JOHN, SARAH]);
  for (const path
           of ['/api/leads/', '/api/customers/', '/api/conversations/', '/api/stream/conversation/',
               '/api/sse/conversation/']) {
    const foreign = await call('GET', path + john.id, {token: uptown});
    const unknown = await call('GET', path + NOBODY, {token: uptown});
    assert.deepEqual([foreign.status, foreign.text], [404, unknown.text], path);
  }
  const one = await ask('GET', `/api/leads/${john.id}`, {token: downtown});
  assert.equal(one.lead.customer_name, 'John Tremblay');
  const talk = await ask('GET', `/api/conversations/${john.id}`, {token: downtown});
  assert.equal(talk.conversation.phone_number, JOHN);
});

test('a browser stays signed in by cookies, and signs out', async () => {
  const {email, password} = DOWNTOWN;
  const first = cookies(await call('POST', '/api/auth/login', {body: {email, password}}));
  for (const name of ['__Host-va', '__Host-va-refresh']) {
    const {attributes} = first[name];
    for (const a of ['Path=/', 'Secure', 'HttpOnly', 'SameSite=Strict']) {
      assert.ok(attributes.includes(a), `${name} ${a}`);
    }
  }
  const access = {cookie: `__Host-va=${first['__Host-va'].value}`};
  assert.equal((await call('GET', '/api/calls', {headers: access})).status, 200);

  const refresh = `__Host-va-refresh=${first['__Host-va-refresh'].value}`;
  for (const origin of ['https://evil.example', null]) {
    assert.equal((await fromPage('/api/auth/refresh', refresh, origin)).status, 403);
  }
  const renewed = await fromPage('/api/auth/refresh', refresh);
  assert.equal(renewed.status, 200, renewed.text);
  assert.equal(renewed.json.refresh_token, undefined);
  const second = cookies(renewed);
  assert.notEqual(second['__Host-va-refresh'].value, first['__Host-va-refresh'].value);

  const out =
      await fromPage('/api/auth/logout', `__Host-va-refresh=${second['__Host-va-refresh'].value}`);
  assert.equal(out.status, 200);
  assert.equal(cookies(out)['__Host-va'].value, '');
  const late =
      await fromPage('/api/auth/refresh', `__Host-va-refresh=${second['__Host-va-refresh'].value}`);
  assert.equal(late.status, 401);
});

test('a refresh token counts once, and a second use ends its family', async () => {
  const {refresh_token} = await login(UPTOWN);
  const refresh = (token) => call('POST', '/api/auth/refresh', {body: {refresh_token: token}});
  const next = await refresh(refresh_token);
  assert.equal(next.status, 200);
  assert.equal(next.json.user.email, UPTOWN.email);
  assert.equal((await refresh(refresh_token)).status, 401);
  assert.equal((await refresh(next.json.refresh_token)).status, 401);
  const token_hash = createHash('sha256').update(next.json.refresh_token).digest('hex');
  const {revoked} = await row(
      `select bool_and(revoked_at is not null) as revoked from sessions
        where family = (select family from sessions where token_hash = :'token_hash')`,
      {token_hash});
  assert.equal(revoked, true);
});

// Who signs tokens elsewhere, its public keys where nginx reads them: sign() makes one.
async function identityProvider(t) {
  const {privateKey, publicKey} = await generateKeyPair('ES256');
  const folder = `${RUN_DIR}/voiceagent/jwks`;
  const set = JSON.stringify({keys: [{...await exportJWK(publicKey), kid: 'k1'}]});
  mkdirSync(folder);
  t.after(() => rmSync(folder, {recursive: true}));
  writeFileSync(`${folder}/new`, set);
  renameSync(`${folder}/new`, `${folder}/keys.json`);
  return {
    sign: (claims) => new SignJWT(claims)
                          .setProtectedHeader({alg: 'ES256', kid: 'k1'})
                          .setExpirationTime('5m')
                          .sign(privateKey)
  };
}

test('a token that names no shop is exchanged for one that does', async (t) => {
  const {user} = await session(DOWNTOWN);
  const subject = randomUUID();
  const link = (value) => row(
      `update users set auth_user_id = nullif(:'value', '')::uuid where id = :'id' returning id`,
      {value, id: user.id});
  const exchange = (token) => call('POST', '/api/auth/exchange', {token});
  await link(subject);
  t.after(() => link(''));
  const provider = await identityProvider(t);
  const claims = {sub: subject, aud: 'authenticated', role: 'authenticated'};
  const theirs = await provider.sign(claims);
  // nginx limits exchanges as it does logins: asked more often nothing is left for the other tests.
  const answer = await waitFor('the new key set', async () => {
    await sleep(1000);
    const tried = await exchange(theirs);
    return tried.status === 200 && tried;
  }, 60000);
  assert.equal(answer.json.user.id, user.id);
  assert.equal((await leadOf(answer.json.token)).phone_number, JOHN);
  assert.equal((await call('GET', '/api/leads', {token: theirs})).status, 401);
  const others = [
    [403, {...claims, sub: randomUUID()}], [401, {...claims, aud: 'another'}],
    [401, {aud: claims.aud, email: DOWNTOWN.email}]
  ];
  for (const [status, bad] of others) {
    assert.equal((await exchange(await provider.sign(bad))).status, status, JSON.stringify(bad));
  }
  assert.equal((await exchange(answer.json.token)).status, 401);
  assert.equal((await exchange()).status, 401);
});

test('what is wrong about a login is not told', async () => {
  const bodies = [
    {email: 'nobody@downtown.example', password: 'x'},
    {email: '\' or 1=1 --@downtown.example', password: '\' or \'1\'=\'1'},
    {email: UPTOWN.email, password: 'wrong-password'},
  ];
  const answers = await Promise.all(bodies.map((body) => call('POST', '/api/auth/login', {body})));
  for (const answer of answers) {
    assert.deepEqual([answer.status, answer.text], [401, answers[0].text]);
    assert.equal(answer.headers['set-cookie'], undefined);
  }
  await login(UPTOWN);  // and the count of failures begins anew
});

test('a ticket opens one stream, which begins with what stands', async () => {
  const {token, user} = await session(DOWNTOWN);
  const john = await leadOf(token);
  const path = `/api/stream/conversation/${john.id}?ticket=${await ticket(token)}`;
  const events = await eventsUntil('active_call', path);
  assert.deepEqual(
      events.map((e) => e.type),
      ['connected', 'conversation_history', 'lead_status', 'active_call']);
  for (const {type, data} of events) {
    assert.deepEqual(
        [data.type, data.organizationId, data.leadId], [type, user.organization_id, john.id]);
    assert.ok(!Number.isNaN(Date.parse(data.timestamp)));
  }
  // Who breaks off before it is whole is given it again.
  assert.ok(events.every((e) => e.id === undefined));
  assert.equal(events[2].data.lead.lead_status, john.lead_status);
  assert.equal((await call('GET', path)).status, 401);
});

test('a call\'s stream is opened by any of its names, and has its events', async () => {
  const {token, user} = await session(DOWNTOWN);
  const sid = `CA${randomBytes(16).toString('hex')}`;
  const {id} = await row(
      `insert into calls (organization_id, direction, twilio_call_sid)
       values (:'shop', 'inbound', :'sid') returning id`,
      {shop: user.organization_id, sid});
  for (const name of [id, sid]) {
    const events = await eventsUntil(
        'active_call', `/api/stream/call/${name}`, {authorization: `Bearer ${token}`});
    assert.deepEqual(events.map((e) => [e.type, e.data.callId]), [
      ['connected', id], ['conversation_history', id], ['active_call', id]
    ]);
  }
});

test('the shop\'s own stream begins with its calls', async () => {
  const {token} = await session(DOWNTOWN);
  const events = await eventsUntil(
      'active_calls', '/api/stream/organization', {authorization: `Bearer ${token}`});
  assert.deepEqual(events.map((e) => e.type), ['connected', 'active_calls']);
  assert.ok(Array.isArray(events[1].data.calls));
});

test('lists page and filter', async () => {
  const {token} = await session(DOWNTOWN);
  for (const path
           of ['/api/leads?limit=0', '/api/leads?limit=101', '/api/calls?cursor=x',
               '/api/leads?status=%27', '/api/calls?from=yesterday', '/api/leads?q=%ff']) {
    const answer = await call('GET', path, {token});
    assert.equal(answer.status, 400, path);
    assert.equal(answer.json.success, false);
  }
  const {leads} = await ask('GET', '/api/leads?q=416-555-9876', {token});
  assert.deepEqual(leads.map((l) => l.phone_number), [JOHN]);
});

test('a super_admin looks into a named shop, which is noted there', async () => {
  const {token, user} = await session(DOWNTOWN);
  const john = await leadOf(token);
  const look = async (role) => {
    const mine = await new SignJWT({userId: NOBODY, organizationId: UPTOWN_ID, role})
                     .setProtectedHeader({alg: 'HS256'})
                     .setExpirationTime('5m')
                     .sign(secret);
    const headers = {'x-va-organization': user.organization_id};
    return (await call('GET', `/api/leads/${john.id}`, {token: mine, headers})).status;
  };
  assert.equal(await look('admin'), 403);
  assert.equal(await look('super_admin'), 200);
  const {n} = await row(
      `select count(*)::int as n from audit_log where action = 'organization_switched'
          and organization_id = :'shop' and user_id = :'who' and data ->> 'path' like :'path'`,
      {shop: user.organization_id, who: NOBODY, path: `%${john.id}`});
  assert.ok(n >= 1);
});

test('nobody learns of a job that is not his', async () => {
  const {token} = await session(DOWNTOWN);
  assert.equal((await call('GET', `/api/jobs/${NOBODY}`, {token})).status, 404);
  assert.equal((await call('GET', `/api/jobs/${NOBODY}`, {token: env.TOOLS_SECRET})).status, 404);
  assert.equal((await call('GET', `/api/jobs/${NOBODY}`)).status, 401);
});
