// Calls that are recorded where the shop wants it: a notice first, in the caller's language, then
// the carrier records; what it has is fetched, kept encrypted, deleted there, played by ranges to
// those who may, and gone when its time is over or its person is erased.
import assert from 'node:assert/strict';
import {createHash, randomBytes, randomUUID} from 'node:crypto';
import {after, before, test} from 'node:test';

import {chromium} from 'playwright-core';

import {DOWNTOWN, JOHN, UPTOWN, login} from './lib/account.mjs';
import {row, rows} from './lib/database.mjs';
import {ALWAYS} from './lib/days.mjs';
import {env} from './lib/env.mjs';
import {ask, call as http} from './lib/http.mjs';
import {MediaCall} from './lib/media.mjs';
import {stranger} from './lib/people.mjs';
import {answerTo, dial, heard, over, phone, problems, said} from './lib/phone.mjs';
import {sim} from './lib/sims.mjs';
import {accessToken} from './lib/token.mjs';
import {signedForm} from './lib/twilio.mjs';
import {waitFor} from './lib/wait.mjs';

const SETTINGS = '/api/settings';
const TO = DOWNTOWN.number;
const NOTICE = {en: /^This call is recorded/, fr: /^Cet appel est enregistré/};
const twilio = sim('twilio');

let shop, admin, manager, staff, uptown, kept;
const change = (what, value) => row(
    `update organizations set ${what} = :'value' where id = :'shop' returning id`, {value, shop});
const recordCalls = (enabled, token = admin) =>
    http('PUT', SETTINGS, {body: {recording: {enabled}}, token});

async function person(role) {
  const {id: userId} = await row(
      'insert into users (organization_id, email, role) values (:\'shop\', :\'email\', :\'role\') returning id',
      {shop, role, email: `${randomUUID()}@recording.example`});
  return accessToken({userId, organizationId: shop, role});
}

before(async () => {
  const {token, user} = await login(DOWNTOWN);
  admin = token;
  shop = user.organization_id;
  uptown = (await login(UPTOWN)).token;
  manager = await person('manager');
  staff = await person('staff');
  kept = await row(
      'select hours::text, engines::text, max_concurrent_calls from organizations where id = :\'shop\'', {shop});
  await change('hours', ALWAYS);
  await change('engines', '{receptionist}');
  await change('max_concurrent_calls', 50);
  await twilio.post('recording', {});
  assert.equal((await recordCalls(true)).status, 200);
});
after(async () => {
  await recordCalls(false);
  await twilio.post('recording', {});
  await rows('update privacy_settings set audio_retention_days = 30 returning organization_id');
  await MediaCall.endAll();
  for (const [what, value] of Object.entries(kept)) await change(what, value);
  await rows('delete from users where email like \'%@recording.example\' returning id');
});

const recordingOf = (sid) => row(
    `select r.*, c.recording_url from recordings r join calls c on c.id = r.call_id
      where r.twilio_call_sid = :'sid'`, {sid});
const settled = (sid, state) => waitFor(`the recording of ${sid}`, async () => {
  const found = await recordingOf(sid);
  return found?.removed && found.state === state && found;
}, 60000);

// As t/sim/twilio/recordings.mjs makes it.
const block = (recordingSid) => createHash('sha512').update(recordingSid).digest();
const sound = (recordingSid, size) =>
    Buffer.concat(Array(Math.ceil(size / 64)).fill(block(recordingSid))).subarray(0, size);

const play = (id, {token = manager, range, method = 'GET'} = {}) =>
    http(method, `/api/calls/${id}/recording`, {token, headers: range && {range: `bytes=${range}`}});
const plays = (id) => rows(
    `select data ->> 'first' as first, data ->> 'last' as last from audit_log
      where action = 'recording_played' and entity_id = :'id' order by id`, {id});

async function recorded({from = stranger(), to = TO, script = [{say: 'When are you open?'}]} = {}) {
  const call = await phone({from, to, script});
  assert.deepEqual(problems(call), []);
  return {heard: call, ...await settled(call.sid, 'stored')};
}

// ------------------------------------------------------------------ the setting

test('an admin says whether calls are recorded, and it is noted', async () => {
  assert.equal((await recordCalls(false, manager)).status, 403);
  assert.equal((await recordCalls('yes')).status, 400);
  assert.equal((await http('PUT', SETTINGS, {body: {recording: {}}, token: admin})).status, 400);
  assert.equal((await http('PUT', SETTINGS, {body: {recording: {enabled: true, x: 1}}, token: admin})).status, 400);
  const {settings} = await ask('GET', SETTINGS, {token: manager});
  assert.deepEqual(settings.recording, {enabled: true});
  assert.deepEqual((await ask('GET', SETTINGS, {token: uptown})).settings.recording, {enabled: false});
});

test('who is not recorded hears nothing of it', async () => {
  await recordCalls(false);
  const call = await phone({from: stranger(), to: TO, script: []});
  await recordCalls(true);
  assert.ok(!call.log.some((e) => e.record));
  assert.doesNotMatch(said(call).join(' '), /recorded/);
  assert.equal(await recordingOf(call.sid), undefined);
});

// ------------------------------------------------------------------ a call

test('the notice comes first, then the recording; the sound is kept here and nowhere else', async () => {
  const from = stranger();
  const r = await recorded({from});
  const {log} = r.heard;
  const notice = log.findIndex((e) => NOTICE.en.test(e.text ?? ''));
  const begins = log.findIndex((e) => e.record);
  assert.ok(notice >= 0 && notice < begins, 'nobody is recorded who was not told');
  assert.match(said(r.heard)[1], NOTICE.fr, 'in each language of the shop');
  assert.match(said(r.heard)[2], /Bici Downtown/, 'the greeting follows');
  assert.deepEqual(
      await rows(`select channel, granted, source, evidence from consents where address = :'from'`, {from}),
      [{channel: 'recording', granted: true, source: 'call', evidence: r.heard.sid}]);

  assert.ok(!(await twilio.get('recordings')).some((o) => o.call === r.heard.sid), 'deleted at the carrier');
  const whole = await play(r.call_id);
  assert.deepEqual((await play(r.heard.sid)).bytes, whole.bytes, 'a call has names');
  assert.equal(whole.status, 200, whole.text);
  assert.equal(whole.headers['content-type'], 'audio/mpeg');
  assert.equal(whole.headers['accept-ranges'], 'bytes');
  assert.equal(whole.headers['cache-control'], 'no-store');
  assert.deepEqual(whole.bytes, sound(r.recording_sid, Number(r.bytes)));
  const {call} = await ask('GET', `/api/calls/${r.call_id}`, {token: manager});
  assert.equal(call.has_recording, true);
  assert.ok(call.recording_seconds >= 1);
});

test('only those who may hear it, and each time is noted', async () => {
  const {call_id: id, bytes} = await recorded();
  assert.equal((await play(id, {token: null})).status, 401);
  assert.equal((await play(id, {token: staff})).status, 403);
  assert.equal((await play(id, {token: uptown})).status, 404);
  assert.equal((await play(randomUUID())).status, 404);
  assert.equal((await play('nonsense')).status, 404);
  assert.equal((await http('DELETE', `/api/calls/${id}/recording`, {token: admin})).status, 405);
  assert.deepEqual(await plays(id), []);
  assert.equal((await play(id, {token: admin, range: '100-199'})).status, 206);
  assert.equal((await play(id)).status, 200);
  assert.deepEqual(await plays(id), [{first: '100', last: '199'}, {first: '0', last: String(bytes - 1)}]);
});

test('ranges: within, open, from the end, beyond, nonsense, and HEAD', async () => {
  const {call_id: id, bytes: size, recording_sid: sid} = await recorded();
  const all = sound(sid, Number(size));
  const part = async (range, first, last) => {
    const a = await play(id, {range});
    assert.equal(a.status, 206, range);
    assert.equal(a.headers['content-range'], `bytes ${first}-${last}/${size}`, range);
    assert.deepEqual(a.bytes, all.subarray(first, last + 1), range);
  };
  await part('0-0', 0, 0);
  await part('7-', 7, size - 1);
  await part('-5', size - 5, size - 1);
  await part(`10-${size * 2}`, 10, size - 1);
  const beyond = await play(id, {range: `${size}-`});
  assert.equal(beyond.status, 416);
  assert.equal(beyond.headers['content-range'], `bytes */${size}`);
  assert.equal(beyond.bytes.length, 0);
  assert.equal((await play(id, {range: 'x-y'})).status, 200);
  assert.equal((await play(id, {range: '0-1,5-6'})).status, 200);
  const head = await play(id, {method: 'HEAD', range: '0-9'});
  assert.equal(head.status, 206);
  assert.equal(head.headers['content-length'], '10');
  assert.equal(head.bytes.length, 0);
});

test('a long one is stored in encrypted pieces, and played in bounded ones', async () => {
  const size = 1500000;
  await twilio.post('recording', {bytes: size});
  const {id, call_id, recording_sid: sid} = await recorded();
  await twilio.post('recording', {});
  const {n, most, sum, plain} = await row(
      `select count(*)::int as n, max(octet_length(sealed)) as most, sum(length)::int as sum,
              bool_or(position(decode(:'block', 'hex') in sealed) > 0) as plain
         from recording_chunks where recording_id = :'id'`, {id, block: block(sid).toString('hex')});
  assert.deepEqual({n, sum, plain}, {n: Math.ceil(size / 65536), sum: size, plain: false});
  assert.ok(most < 65536 + 400);

  assert.equal((await play(call_id)).status, 400, 'no answer has room for all of it');
  const pieces = [];
  for (let at = 0; at < size;) {
    const a = await play(call_id, {range: `${at}-`});
    assert.equal(a.status, 206);
    assert.ok(a.bytes.length <= 524288);
    assert.equal(a.headers['content-range'], `bytes ${at}-${at + a.bytes.length - 1}/${size}`);
    pieces.push(a.bytes);
    at += a.bytes.length;
  }
  assert.deepEqual(Buffer.concat(pieces), sound(sid, size));
  // Across the border of two pieces.
  const border = await play(call_id, {range: '65530-65545'});
  assert.deepEqual(border.bytes, sound(sid, size).subarray(65530, 65546));
});

// Chromium, as whoever has signed in: the page is of the system's own origin.
async function browse(t, token) {
  const browser = await chromium.launch({
    executablePath: '/usr/bin/chromium',
    args: ['--no-sandbox', '--autoplay-policy=no-user-gesture-required'],
  });
  t.after(() => browser.close());
  const context = await browser.newContext({ignoreHTTPSErrors: true});
  await context.addCookies([{name: '__Host-va', value: token, url: env.VA_URL, secure: true}]);
  const page = await context.newPage();
  await page.goto(`${env.VA_URL}/health`);
  return page;
}

test('the player of a browser plays a long one to its end, piece by piece', async (t) => {
  const size = 1200000;  // 75 s
  await twilio.post('recording', {bytes: size, tone: true});
  const {call_id: id} = await recorded();
  await twilio.post('recording', {});
  const page = await browse(t, manager);
  const played = await page.evaluate((src) => new Promise((resolve) => {
    const player = new Audio(src);
    const tell = (how) => resolve({how, duration: Math.round(player.duration), at: Math.round(player.currentTime)});
    player.onended = () => tell('ended');
    player.onerror = () => tell(`error ${player.error.code} ${player.error.message}`);
    player.playbackRate = 16;
    player.play().catch((e) => tell(String(e)));
  }), `/api/calls/${id}/recording`);
  assert.deepEqual(played, {how: 'ended', duration: 75, at: 75});
  const pieces = await plays(id);
  assert.ok(pieces.length >= 3);
  assert.equal(pieces.at(-1).last, String(size - 1));
});

test('whoever speaks French is told in French first', async () => {
  const from = stranger();
  await rows(`insert into customers (organization_id, phone_number, preferred_language, source)
              values (:'shop', :'from', 'fr', 'call') returning id`, {shop, from});
  const r = await recorded({from});
  assert.match(said(r.heard)[0], NOTICE.fr);
  assert.equal(r.notice_language, 'fr');
});

test('a call with a media stream is told and recorded as well', async (t) => {
  await change('engines', '{realtime,receptionist}');
  t.after(() => change('engines', '{receptionist}'));
  const call = new MediaCall(JOHN);
  const twiml = await call.answer();
  assert.match(twiml, /<Response><Say [^>]*>This call is recorded.*<\/Say><Start><Recording [^>]*\/><\/Start><Connect>/);
  assert.equal((await recordingOf(call.sid)).state, 'begun');
  await call.end();
});

test('a call of the shop\'s is recorded behind the notice', async () => {
  const number = stranger();
  await twilio.post('handset', {number, script: [{say: 'When are you open?'}]});
  const {id} = await row(
      `insert into customers (organization_id, phone_number, source, first_name, contact_preferences)
       values (:'shop', :'number', 'call', 'Ann', '{"call": true}') returning id`, {shop, number});
  await rows(`update agent_configs set quiet_from = '00:00', quiet_until = '00:00'
               where organization_id = :'shop' returning organization_id`, {shop});
  await rows(`update organization_phone_numbers set elevenlabs_phone_number_id = null
               where organization_id = :'shop' returning id`, {shop});
  const asked = await http('POST', '/api/elevenlabs/outbound-call',
                           {token: admin, body: {leadId: id, callReason: 'pickup_ready'}});
  assert.equal(asked.status, 200, asked.text);
  const {sid} = await waitFor('the call', () => row(
      `select twilio_call_sid as sid from calls where called_number = :'number'
        and twilio_call_sid is not null`, {number}));
  assert.ok((await settled(sid, 'stored')).bytes > 0);
});

test('a person to whom the call is put through is told before he takes it', async () => {
  const call = await phone({from: stranger(), to: TO, script: [{press: '0'}]});
  assert.match(call.log.find((e) => e.who === 'whisper').text, /The call is recorded\. Press any key/);
  await recordCalls(false);
  const quiet = await phone({from: stranger(), to: TO, script: [{press: '0'}]});
  await recordCalls(true);
  assert.doesNotMatch(quiet.log.find((e) => e.who === 'whisper').text, /recorded/);
});

// ------------------------------------------------------------------ who does not want it

test('whoever does not want it is not recorded any further, nothing of it is kept, and it stays so', async () => {
  for (const [language, words, stopped] of [
         ['en', 'Please, I do not want to be recorded. Don\'t record me!', /^The recording is stopped/],
         ['fr', 'Ne m\'enregistrez pas, s\'il vous plaît', /^L'enregistrement est arrêté/],
         ['es', 'No me graben, por favor', /^The recording is stopped/],  // which the shop does not speak
       ]) {
    const from = stranger();
    await rows(`insert into customers (organization_id, phone_number, preferred_language, source)
                values (:'shop', :'from', :'language', 'call') returning id`, {shop, from, language});
    const since = await twilio.last();
    const sid = await dial({from, to: TO, script: [{say: words}, {silent: true, ms: 8000}]});
    const requests = async () => (await twilio.requests(since)).filter((r) => r.path.includes(`/Calls/${sid}/Recordings`));
    await waitFor('the end of the recording', async () =>
        (await requests()).some((r) => r.method === 'POST' && r.body.Status === 'stopped' && r.answer.status === 200));
    assert.ok(!(await heard(sid)).over, 'the call goes on');
    const call = await over(sid);
    assert.match(answerTo(call, 1), stopped);
    assert.doesNotMatch(answerTo(call, 1), /understand|compris/);
    const r = await settled(sid, 'declined');
    assert.equal((await play(r.call_id)).status, 404);
    assert.ok(!(await twilio.requests(since)).some((q) => q.path.endsWith('.mp3')), 'nobody heard it');
    assert.ok(!(await twilio.get('recordings')).some((o) => o.call === sid));
    assert.deepEqual(await row(`select granted from consent_states where channel = 'recording' and address = :'from'`, {from}),
                     {granted: false});
    const again = await phone({from, to: TO, script: []});
    assert.ok(!again.log.some((e) => e.record) && !NOTICE.en.test(said(again)[0]), 'nor the next time');
  }
});

test('an agent that speaks is told that the wish is heeded, and it is', async (t) => {
  await change('engines', '{realtime,receptionist}');
  t.after(() => change('engines', '{receptionist}'));
  await sim('openai').post('model', {rules: []});
  const call = await new MediaCall(stranger()).ring();
  t.after(() => call.end());
  await call.caller.hears(/Bici Downtown/);
  await call.caller.quiet();
  const sessions = await sim('openai').get('realtime');
  assert.ok(sessions.some((s) => JSON.stringify(s.events).includes('This call is recorded, and the customer was told')));
  await call.say('do not record me please');
  await waitFor('the refusal', async () => (await recordingOf(call.sid)).state === 'declined');
  call.caller.hangUp();
});

// ------------------------------------------------------------------ what the carrier tells

const told = async (sid, {organization = shop, authToken = env.TWILIO_AUTH_TOKEN} = {}) => {
  const url = new URL(`/api/voice/recording-status?o=${organization}`, env.VA_PUBLIC_URL);
  const params = {
    AccountSid: env.TWILIO_ACCOUNT_SID,
    CallSid: sid,
    RecordingSid: `RE${randomBytes(16).toString('hex')}`,
    RecordingStatus: 'completed',
  };
  const {headers, body} = signedForm({url: url.href, params, authToken});
  return http('POST', url.pathname + url.search, {headers, body});
};

test('what is told again changes nothing, and what others tell is refused', async () => {
  const r = await recorded();
  const before_ = await recordingOf(r.heard.sid);
  assert.equal((await told(r.heard.sid, {authToken: 'another'})).status, 403);
  const requests = await twilio.last();
  assert.equal((await told(r.heard.sid)).status, 204);
  await waitFor('the look', async () => (await twilio.requests(requests)).some(
      (q) => q.path.endsWith(`/Calls/${r.heard.sid}/Recordings.json`)));
  assert.deepEqual({...await recordingOf(r.heard.sid), settle_at: 0, updated_at: 0},
                   {...before_, settle_at: 0, updated_at: 0});
  assert.equal((await play(r.call_id)).status, 200);
});

test('a document that was followed twice leaves one recording, and none at the carrier', async () => {
  await twilio.post('recording', {duplicate: true});
  const r = await recorded();
  await twilio.post('recording', {});
  await waitFor('nothing at the carrier', async () =>
      !(await twilio.get('recordings')).some((o) => o.call === r.heard.sid));
  assert.equal((await play(r.call_id)).status, 200);
});

test('a call of which nothing could be recorded has none', async () => {
  await twilio.post('recording', {absent: true});
  const {sid} = await phone({from: stranger(), to: TO, script: []});
  const r = await settled(sid, 'none');
  await twilio.post('recording', {});
  assert.equal((await play(r.call_id)).status, 404);
});

// ------------------------------------------------------------------ its end

test('it goes when its time is over', async () => {
  const r = await recorded();
  await rows(`update recordings set begun_at = now() - interval '20 days' where id = :'id' returning id`, {id: r.id});
  assert.equal((await play(r.call_id)).status, 200);
  await ask('PUT', '/api/privacy/settings', {token: admin, body: {audio_retention_days: 10}});
  assert.equal((await play(r.call_id)).status, 404, 'at once, whenever the sweep comes');
  await waitFor('the sweep', async () => (await rows(
      `select n from recording_chunks where recording_id = :'id'`, {id: r.id})).length === 0, 180000);
  const {call} = await ask('GET', `/api/calls/${r.call_id}`, {token: manager});
  assert.equal(call.has_recording, false);
});

test('it goes with its person, here and what the carrier still has', async () => {
  const from = stranger();
  const r = await recorded({from});
  await ask('GET', `/api/calls/${r.call_id}`, {token: manager});
  const {sid} = await twilio.post('recording/begin', {
    call: r.heard.sid,
    url: new URL('/nowhere', env.VA_PUBLIC_URL).href
  });
  const asked = await http('POST', '/api/privacy/deletion', {body: {phoneNumber: from}, token: admin});
  assert.equal(asked.status, 202, asked.text);
  await waitFor('the receipt', async () => {
    const {erasure} = await ask('GET', `/api/privacy/deletion/${asked.json.erasure.id}`, {token: admin});
    return erasure.state === 'done';
  }, 120000);
  assert.equal((await rows(`select id from recordings where id = :'id'`, {id: r.id})).length, 0);
  assert.equal((await rows(`select n from recording_chunks where recording_id = :'id'`, {id: r.id})).length, 0);
  assert.ok(!(await twilio.get('recordings')).some((o) => o.sid === sid));
  assert.equal((await play(r.call_id)).status, 404);
});
