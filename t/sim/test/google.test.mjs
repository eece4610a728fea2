import {calendar} from '@googleapis/calendar';
import assert from 'node:assert/strict';
import {createHash, generateKeyPairSync, sign} from 'node:crypto';
import {test} from 'node:test';

import {google} from '../google.mjs';
import {request} from '../lib/client.mjs';

import {application, control, start, until} from './support.mjs';

const clientId = '1032-test';
const clientSecret = 'GOCSPX-test';
const OWNER = 'owner@downtown.example';
const OTHER = 'owner@uptown.example';
const ZONE = 'America/Toronto';
const BACK = 'https://shop.example/oauth/google';

async function setUp() {
  const base = await start(google({
    clientId,
    clientSecret,
    redirects: ['https://shop.example'],
    accounts: {[OWNER]: {timeZone: ZONE, refresh_token: '1//seed'}, [OTHER]: {timeZone: ZONE}}
  }));
  const ctl = control(base);
  const of = async (account, scopes) => {
    const {access_token} = (await ctl.post('/_sim/grant', {account, scopes})).body;
    return client(base, access_token);
  };
  const {events, channels, freebusy, calendars, calendarList} = await of (OWNER);
  return {base, ctl, of, events, channels, freebusy, calendars, calendarList};
}

// The official client, with a token of ours.
const client = (base, token) => calendar({
  version: 'v3',
  rootUrl: `${base}/`,
  headers: {authorization: `Bearer ${token}`},
  retry: false
});

const form = async (url, fields) => {
  const res = await request(url, {
    method: 'POST',
    headers: {'content-type': 'application/x-www-form-urlencoded'},
    body: new URLSearchParams(fields).toString()
  });
  return {status: res.status, body: JSON.parse(res.body)};
};
const refresh = (base, refresh_token, fields = {}) => form(`${base}/token`, {
  grant_type: 'refresh_token',
  client_id: clientId,
  client_secret: clientSecret,
  refresh_token,
  ...fields
});

async function refusedWith(status, reason, promise) {
  await assert.rejects(promise, (e) => {
    const {error} = e.response.data;
    assert.deepEqual([error.code, error.errors[0].reason], [status, reason], error.message);
    return true;
  });
}

const at = (hour, day = '2026-12-01') => ({dateTime: `${day}T${hour}:00-05:00`});
const slot = (from, to, fields = {}) => ({
  calendarId: 'primary',
  requestBody: {summary: 'Tune-up', start: at(from), end: at(to), ...fields}
});

test('a booking is made once: its id is ours, and a second one is a duplicate', async () => {
  const {events} = await setUp();
  const id = createHash('sha256').update('booking:42').digest('hex');
  const booking = slot('10:00', '11:00', {
    id,
    attendees: [{email: 'john@customer.example'}],
    reminders: {useDefault: false, overrides: [{method: 'email', minutes: 1440}]},
    extendedProperties: {private: {booking: '42'}}
  });
  const {data} = await events.insert(booking);
  assert.deepEqual([data.id, data.status, data.sequence], [id, 'confirmed', 0]);
  assert.equal(data.attendees[0].responseStatus, 'needsAction');
  await refusedWith(409, 'duplicate', events.insert(booking));
  const key = {calendarId: 'primary', eventId: id};
  await events.delete(key);
  assert.equal((await events.get(key)).data.status, 'cancelled');
  await refusedWith(410, 'deleted', events.delete(key));
  await refusedWith(409, 'duplicate', events.insert(booking));
  const revived = await events.patch({...key, requestBody: {status: 'confirmed'}});
  assert.equal(revived.data.summary, 'Tune-up');
  const found = await events.list({calendarId: 'primary', privateExtendedProperty: ['booking=42']});
  assert.equal(found.data.items.length, 1);
});

test('a patch replaces lists whole, takes away what is null, and minds the etag', async () => {
  const {events} = await setUp();
  const {data} = await events.insert(slot('10:00', '11:00', {description: 'x', location: 'y'}));
  const key = {calendarId: 'primary', eventId: data.id};
  const patch = (requestBody, etag) =>
      events.patch({...key, requestBody}, etag && {headers: {'if-match': etag}});
  const moved =
      (await patch({start: at('12:00'), end: at('13:00'), location: null}, data.etag)).data;
  assert.deepEqual([moved.sequence, moved.description, moved.location], [1, 'x', undefined]);
  await refusedWith(412, 'conditionNotMet', patch({summary: 'late'}, data.etag));
  await refusedWith(400, 'timeRangeEmpty', patch({end: at('11:00')}));
  assert.equal((await events.get(key)).data.etag, moved.etag, 'nothing changed');
});

test('events are refused with the reasons of the real service', async () => {
  const {events, of} = await setUp();
  const insert = (fields) => events.insert(slot('10:00', '11:00', fields));
  await refusedWith(400, 'required', insert({end: undefined}));
  await refusedWith(400, 'required', insert({start: {dateTime: '2026-12-01T10:00:00'}}));
  await refusedWith(
      400, 'invalid', insert({start: {dateTime: '2026-12-01T10:00:00', timeZone: 'Toronto'}}));
  await refusedWith(400, 'invalid', insert({start: {date: '2026-12-01'}}));
  await refusedWith(400, 'timeRangeEmpty', insert({end: at('09:00')}));
  await refusedWith(400, 'invalid', insert({id: 'UPPER-42'}));
  await refusedWith(400, 'invalid', insert({attendees: [{email: 'John'}]}));
  await refusedWith(
      400, 'invalid',
      insert({reminders: {useDefault: false, overrides: [{method: 'sms', minutes: 1}]}}));
  await refusedWith(404, 'notFound', events.get({calendarId: 'primary', eventId: 'nothing0'}));
  await refusedWith(404, 'notFound', events.list({calendarId: OTHER}));
  const reader = await of (OWNER, ['https://www.googleapis.com/auth/calendar.freebusy']);
  await refusedWith(403, 'insufficientPermissions', reader.events.list({calendarId: 'primary'}));
  const stranger = client((await setUp()).base, 'ya29.stranger');
  await refusedWith(401, 'authError', stranger.events.list({calendarId: 'primary'}));
});

test('busy times are merged, whatever zone they came in; a stranger\'s are an error', async () => {
  const {events, freebusy} = await setUp();
  await events.insert(slot('10:00', '11:00'));
  await events.insert(slot('10:30', '12:00'));
  await events.insert(slot('13:00', '14:00', {transparency: 'transparent'}));
  const local = (time) => ({dateTime: `2026-12-01T${time}:00`, timeZone: 'Europe/Paris'});
  await events.insert(slot('00:00', '00:00', {start: local('21:00'), end: local('22:00')}));
  const query = (fields) => freebusy.query({
    requestBody: {
      timeMin: '2026-12-01T11:30:00-05:00',
      timeMax: '2026-12-02T00:00:00-05:00',
      timeZone: ZONE,
      items: [{id: 'primary'}, {id: OTHER}],
      ...fields
    }
  });
  const {calendars} = (await query()).data;
  assert.deepEqual(calendars.primary.busy, [
    {start: '2026-12-01T11:30:00-05:00', end: '2026-12-01T12:00:00-05:00'},
    {start: '2026-12-01T15:00:00-05:00', end: '2026-12-01T16:00:00-05:00'},
  ]);
  assert.equal(calendars[OTHER].errors[0].reason, 'notFound');
  const july = await query({timeMin: '2026-07-01T00:00:00Z', timeMax: '2026-07-02T00:00:00Z'});
  assert.deepEqual(july.data.calendars.primary.busy, []);
  await refusedWith(400, 'timeRangeEmpty', query({timeMax: '2026-11-01T00:00:00Z'}));
  await refusedWith(400, 'required', query({timeMin: undefined}));
});

test(
    'what has changed is told since a token; deleted ones by their id; 410 begins anew',
    async () => {
      const {events, ctl} = await setUp();
      const all = {calendarId: 'primary', singleEvents: true};
      const ids = [];
      for (const hour of ['10', '11', '12'])
        ids.push((await events.insert(slot(`${hour}:00`, `${hour}:30`))).data.id);
      const first = (await events.list({...all, maxResults: 2})).data;
      assert.deepEqual([first.items.length, first.nextSyncToken], [2, undefined]);
      const meanwhile = (await events.insert(slot('15:00', '16:00'))).data.id;
      const last =
          (await events.list({...all, maxResults: 2, pageToken: first.nextPageToken})).data;
      await events.delete({calendarId: 'primary', eventId: ids[0]});
      const changes = (await events.list({...all, syncToken: last.nextSyncToken})).data;
      assert.deepEqual(
          changes.items.map((e) => [e.id, e.status, e.summary]),
          [[meanwhile, 'confirmed', 'Tune-up'], [ids[0], 'cancelled', undefined]]);
      const none = (await events.list({...all, syncToken: changes.nextSyncToken})).data;
      assert.deepEqual(none.items, []);
      await refusedWith(
          400, 'invalid', events.list({...all, syncToken: none.nextSyncToken, q: 'Tune'}));
      await ctl.post('/_sim/forget-sync');
      await refusedWith(
          410, 'fullSyncRequired', events.list({...all, syncToken: none.nextSyncToken}));
      assert.equal((await events.list(all)).data.items.length, 3);
    });

test('a list is bounded by ends and starts, and ordered when asked', async () => {
  const {events} = await setUp();
  await events.insert(slot('12:00', '13:00', {summary: 'late'}));
  await events.insert(slot('10:00', '11:00', {summary: 'early'}));
  const list = async (fields) => (await events.list({
                                   calendarId: 'primary',
                                   timeMin: at('11:00').dateTime,
                                   timeMax: at('20:00').dateTime,
                                   singleEvents: true,
                                   ...fields
                                 })).data.items.map((e) => e.summary);
  assert.deepEqual(await list(), ['late']);
  assert.deepEqual(
      await list({timeMin: at('09:00').dateTime, orderBy: 'startTime'}), ['early', 'late']);
  assert.deepEqual(await list({timeMin: undefined, q: 'EARLY'}), ['early']);
  await refusedWith(400, 'badRequest', list({orderBy: 'startTime', singleEvents: false}));
  await refusedWith(400, 'timeRangeEmpty', list({timeMax: at('09:00').dateTime}));
});

test('other calendars of an account', async () => {
  const {calendars, calendarList, events, of} = await setUp();
  const made = (await calendars.insert({requestBody: {summary: 'Workshop', timeZone: ZONE}})).data;
  await events.insert({...slot('10:00', '11:00'), calendarId: made.id});
  const listed = (await calendarList.list()).data.items;
  assert.deepEqual(listed.map((c) => c.summary), [OWNER, 'Workshop']);
  const other = await of (OTHER);
  await refusedWith(404, 'notFound', other.calendars.get({calendarId: made.id}));
});

test(
    'a channel tells of every change until it is stopped, with its secret, never twice the same number',
    async () => {
      const {app, watch, events, channels} = await watched();
      const {data} = await watch();
      await until('sync', () => app.received.length === 1);
      const [sync] = app.received;
      assert.equal(sync.body, '');
      assert.equal(sync.headers['x-goog-resource-state'], 'sync');
      assert.equal(sync.headers['x-goog-message-number'], '1');
      assert.equal(sync.headers['x-goog-channel-token'], 'secret');
      assert.equal(sync.headers['x-goog-resource-id'], data.resourceId);
      assert.ok(Date.parse(sync.headers['x-goog-channel-expiration']) <= Number(data.expiration));
      await events.insert(slot('10:00', '11:00'));
      await until('exists', () => app.received.length === 2);
      assert.equal(app.received[1].headers['x-goog-resource-state'], 'exists');
      assert.ok(Number(app.received[1].headers['x-goog-message-number']) > 1);
      await refusedWith(
          404, 'notFound', channels.stop({requestBody: {id: 'channel-1', resourceId: 'wrong'}}));
      await channels.stop({requestBody: {id: 'channel-1', resourceId: data.resourceId}});
      await watch({id: 'channel-2'});
      await events.insert(slot('12:00', '13:00'));
      await until('the second channel', () => app.received.length === 4);
      const second = app.received.slice(2).map((r) => r.headers['x-goog-channel-id']);
      assert.deepEqual(second, ['channel-2', 'channel-2']);
    });

test('a channel ends at its time; a failed message comes again', async () => {
  const {app, watch, ctl} = await watched();
  const answers = [503, 200];
  app.answer = () => ({status: answers.shift() ?? 200});
  await watch();
  await until('a second attempt', () => app.received.length === 2);
  assert.equal(
      app.received[0].headers['x-goog-message-number'],
      app.received[1].headers['x-goog-message-number']);
  await ctl.post('/_sim/settings', {channel_ms: 1000});
  await watch({id: 'short', expiration: String(Date.now() + 86400000)});
  await until('its end', async () => (await ctl.get('/_sim/channels')).body.length === 1);
  await watch({id: 'short'});
});

test('channels are refused with the reasons of the real service', async () => {
  const {watch} = await watched();
  await refusedWith(400, 'webhookUrlNotHttps', watch({address: 'http://shop.example/x'}));
  await refusedWith(400, 'required', watch({id: undefined}));
  await refusedWith(400, 'invalid', watch({id: 'a b'}));
  await refusedWith(400, 'invalid', watch({type: 'email'}));
  await refusedWith(400, 'invalid', watch({token: 'x'.repeat(257)}));
  await watch();
  await refusedWith(400, 'channelIdNotUnique', watch());
});

async function watched() {
  const app = await application();
  // The public address is reached at the application's own.
  Object.assign(process.env, {VA_PUBLIC_URL: 'https://shop.example', VA_URL: app.url});
  const {events, channels, ctl} = await setUp();
  const requestBody =
      {id: 'channel-1', type: 'web_hook', address: 'https://shop.example/sync', token: 'secret'};
  const watch = (fields) =>
      events.watch({calendarId: 'primary', requestBody: {...requestBody, ...fields}});
  return {app, watch, events, channels, ctl};
}

async function authorize(base, fields) {
  const query = new URLSearchParams({
    client_id: clientId,
    redirect_uri: BACK,
    response_type: 'code',
    scope: 'https://www.googleapis.com/auth/calendar',
    state: 's1',
    ...fields
  });
  const res = await request(`${base}/o/oauth2/v2/auth?${query}`);
  return {status: res.status, back: res.headers.location && new URL(res.headers.location)};
}

test('consent, exchange and refresh', async () => {
  const {base} = await setUp();
  const verifier = 'v'.repeat(43);
  const challenge = createHash('sha256').update(verifier).digest('base64url');
  const {status, back} = await authorize(base, {
    access_type: 'offline',
    login_hint: OTHER,
    code_challenge: challenge,
    code_challenge_method: 'S256'
  });
  assert.deepEqual([status, back.searchParams.get('state')], [302, 's1']);
  const exchange = (fields) => form(`${base}/token`, {
    grant_type: 'authorization_code',
    client_id: clientId,
    client_secret: clientSecret,
    code: back.searchParams.get('code'),
    redirect_uri: BACK,
    code_verifier: verifier,
    ...fields
  });
  const {body} = await exchange();
  assert.deepEqual([body.token_type, body.expires_in], ['Bearer', 3599]);
  assert.equal((await exchange()).body.error, 'invalid_grant', 'a code is good once');
  const next = (await refresh(base, body.refresh_token)).body;
  assert.equal(next.refresh_token, undefined);
  const mine = client(base, next.access_token);
  const {data} = await mine.calendarList.list();
  assert.deepEqual(data.items.map((c) => c.id), [OTHER]);
});

test('consent that is refused, asked wrongly, or given again without prompt', async () => {
  const {base, ctl} = await setUp();
  await ctl.post('/_sim/consent', {deny: true});
  const denied = await authorize(base);
  assert.equal(denied.back.searchParams.get('error'), 'access_denied');
  assert.equal((await authorize(base, {redirect_uri: 'https://shop.example.evil/'})).status, 400);
  assert.equal((await authorize(base, {client_id: 'nobody'})).status, 401);
  assert.equal((await authorize(base, {response_type: 'token'})).status, 400);
  const exchange = async (fields, proof) => {
    const code = (await authorize(base, fields)).back.searchParams.get('code');
    return (await form(`${base}/token`, {
             grant_type: 'authorization_code',
             client_id: clientId,
             client_secret: clientSecret,
             code,
             redirect_uri: BACK,
             ...proof
           }))
        .body;
  };
  const again = {access_type: 'offline', login_hint: OWNER};
  assert.equal((await exchange(again)).refresh_token, undefined);
  assert.ok((await exchange({...again, prompt: 'consent'})).refresh_token);
  assert.equal(
      (await exchange({code_challenge: 'x'}, {code_verifier: 'y'})).error, 'invalid_grant');
  assert.equal((await exchange({}, {redirect_uri: `${BACK}/x`})).error, 'redirect_uri_mismatch');
  assert.equal((await exchange({}, {client_secret: 'x'})).error, 'invalid_client');
});

test('tokens end: by time, by the owner, by us', async () => {
  const {base, ctl} = await setUp();
  const living = client(base, (await refresh(base, '1//seed')).body.access_token);
  await living.events.list({calendarId: 'primary'});
  await ctl.post('/_sim/settings', {token_seconds: 1});
  const {events} = client(base, (await refresh(base, '1//seed')).body.access_token);
  await until(
      'the token has expired',
      () => events.list({calendarId: 'primary'}).then(() => false, () => true));
  await refusedWith(401, 'authError', events.list({calendarId: 'primary'}));
  await living.events.list({calendarId: 'primary'});
  await ctl.post('/_sim/revoke', {account: OWNER});
  await refusedWith(401, 'authError', living.events.list({calendarId: 'primary'}));
  const dead = await refresh(base, '1//seed');
  assert.deepEqual([dead.status, dead.body.error], [400, 'invalid_grant']);
  const {refresh_token} = (await ctl.post('/_sim/grant', {account: OWNER})).body;
  assert.equal((await form(`${base}/revoke`, {token: refresh_token})).status, 200);
  assert.equal((await refresh(base, refresh_token)).body.error, 'invalid_grant');
  assert.equal((await form(`${base}/revoke`, {token: refresh_token})).body.error, 'invalid_token');
});

test('a service account\'s signed claim', async () => {
  const {base, ctl} = await setUp();
  const {publicKey, privateKey} = generateKeyPairSync('rsa', {modulusLength: 2048});
  const email = 'bot@project.iam.gserviceaccount.com';
  const register = (delegated) => ctl.post(
      '/_sim/service-account',
      {email, public_key: publicKey.export({type: 'spki', format: 'pem'}), delegated});
  await register(true);
  const now = Math.floor(Date.now() / 1000);
  const ask = (claims) => {
    const part = (v) => Buffer.from(JSON.stringify(v)).toString('base64url');
    const text = `${part({alg: 'RS256'})}.${part({
      iss: email,
      scope: 'https://www.googleapis.com/auth/calendar',
      aud: 'https://oauth2.googleapis.com/token',
      iat: now,
      exp: now + 3600,
      sub: OWNER,
      ...claims
    })}`;
    const signature = sign('RSA-SHA256', text, privateKey).toString('base64url');
    return form(`${base}/token`, {
      grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer',
      assertion: `${text}.${signature}`
    });
  };
  const {events} = client(base, (await ask()).body.access_token);
  await events.insert(slot('10:00', '11:00', {attendees: [{email: 'a@b.example'}]}));
  assert.equal((await ask({exp: now + 7200})).body.error, 'invalid_grant');
  assert.equal((await ask({iat: now - 7200, exp: now - 3600})).body.error, 'invalid_grant');
  assert.equal((await ask({aud: 'https://elsewhere.example/token'})).body.error, 'invalid_grant');
  assert.equal((await ask({iss: 'nobody@x.example'})).body.error, 'invalid_grant');
  await register(false);
  assert.equal((await ask()).body.error, 'unauthorized_client');
});
