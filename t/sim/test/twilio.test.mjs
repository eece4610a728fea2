import assert from 'node:assert/strict';
import {test} from 'node:test';

import {signedForm, twilioClient, verifiesAsTwilio} from '../../e2e/lib/twilio.mjs';
import {request} from '../lib/client.mjs';
import {twilio} from '../twilio.mjs';

import {application, control, start, until} from './support.mjs';

const accountSid = `AC${'0123456789abcdef'.repeat(2)}`;
const authToken = 'a1b2c3d4e5f60718293a4b5c6d7e8f90';
const OURS = '+14165550001';
const THEIRS = '+14165559876';

const EMPTY = {
  headers: {'content-type': 'text/xml'},
  body: '<?xml version="1.0" encoding="UTF-8"?><Response/>'
};

async function setUp(answer = () => EMPTY) {
  const app = await application(answer);
  const seeds = [{PhoneNumber: OURS, SmsUrl: `${app.url}/sms`, VoiceUrl: `${app.url}/voice`}];
  const sim = twilio({account: accountSid, token: authToken, numbers: seeds});
  const base = await start(sim);
  return {
    app,
    sim,
    base,
    seeds,
    ctl: control(base),
    client: twilioClient({accountSid, authToken, baseUrl: base})
  };
}

const form = (req) => Object.fromEntries(new URLSearchParams(req.body));

function assertSigned(app, req) {
  const ok = verifiesAsTwilio({
    authToken,
    signature: req.headers['x-twilio-signature'],
    url: app.url + req.path,
    params: form(req)
  });
  assert.ok(ok, `the SDK verifies the request to ${req.path}`);
}

async function refusedWith(code, promise) {
  await assert.rejects(promise, (e) => {
    assert.equal(e.code, code, e.message);
    assert.equal(e.moreInfo, `https://www.twilio.com/docs/errors/${code}`);
    return true;
  });
}

test('a message goes from queued to delivered, each state told by a signed callback', async () => {
  const {app, client} = await setUp();
  const sent = await client.messages.create(
      {to: THEIRS, from: OURS, body: 'Bonjour é', statusCallback: `${app.url}/status?e=1`});
  assert.match(sent.sid, /^SM[0-9a-f]{32}$/);
  assert.equal(sent.status, 'queued');
  await until('delivered', () => app.received.some((r) => form(r).MessageStatus === 'delivered'));
  const states = app.received.map((r) => form(r).MessageStatus);
  assert.deepEqual(new Set(states), new Set(['queued', 'sent', 'delivered']));
  app.received.forEach((r) => {
    assertSigned(app, r);
    assert.equal(form(r).MessageSid, sent.sid);
    assert.ok(r.headers['i-twilio-idempotency-token']);
  });
  assert.equal((await client.messages(sent.sid).fetch()).status, 'delivered');
});

test('a handset that is away: undelivered with its error code', async () => {
  const {app, client, ctl} = await setUp();
  await ctl.post('/_sim/handset', {number: THEIRS, sms: 'undelivered', error_code: 30005});
  const sent = await client.messages.create(
      {to: THEIRS, from: OURS, body: 'x', statusCallback: `${app.url}/status`});
  const last = await until(
      'undelivered', () => app.received.find((r) => form(r).MessageStatus === 'undelivered'));
  assert.equal(form(last).ErrorCode, '30005');
  assert.equal((await client.messages(sent.sid).fetch()).errorCode, 30005);
});

test('messages are refused with the codes of the real service', async () => {
  const {client} = await setUp();
  const send = (fields) => client.messages.create({to: THEIRS, from: OURS, body: 'x', ...fields});
  await refusedWith(21604, send({to: ''}));
  await refusedWith(21211, send({to: '+1416'}));
  await refusedWith(21211, send({to: '4165559876'}));
  await refusedWith(21603, client.messages.create({to: THEIRS, body: 'x'}));
  await refusedWith(21606, send({from: '+14165550099'}));
  await refusedWith(21212, send({from: 'nobody@example.com'}));
  await refusedWith(21602, send({body: ''}));
  await refusedWith(21617, send({body: 'x'.repeat(1601)}));
  await refusedWith(21609, send({statusCallback: 'https://bad_host.example/x'}));
  await refusedWith(21266, send({to: OURS}));
  await refusedWith(21610, send({to: '+15005550004'}));
  await refusedWith(21614, send({to: '+15005550009'}));
  await refusedWith(20001, send({validityPeriod: 40000}));
  await refusedWith(20404, client.messages(`SM${'0'.repeat(32)}`).fetch());
});

test('a wrong token, a JSON body, an unknown place, a wrong method', async () => {
  const {base, client} = await setUp();
  await refusedWith(
      20003, twilioClient({accountSid, authToken: 'x'.repeat(32), baseUrl: base}).messages.list());
  const basic = `Basic ${Buffer.from(`${accountSid}:${authToken}`).toString('base64')}`;
  const raw = (method, path, type, body) => request(
      `${base}/2010-04-01/Accounts/${accountSid}${path}`,
      {method, headers: {authorization: basic, 'content-type': type}, body});
  const asJson = await raw(
      'POST', '/Messages.json', 'application/json',
      JSON.stringify({To: THEIRS, From: OURS, Body: 'x'}));
  assert.equal(JSON.parse(asJson.body).code, 21604);
  assert.equal(JSON.parse((await raw('GET', '/Nothing.json', 'text/plain')).body).code, 20404);
  assert.equal(JSON.parse((await raw('DELETE', '/Messages.json', 'text/plain')).body).code, 20004);
  await refusedWith(20404, client.api.v2010.accounts(`AC${'f'.repeat(32)}`).messages.list());
});

test('lists filter, and page through the SDK', async () => {
  const {client} = await setUp();
  for (let i = 0; i < 5; i++)
    await client.messages.create(
        {to: i === 3 ? '+14165559877' : THEIRS, from: OURS, body: `m${i}`});
  const all = await client.messages.list({pageSize: 2});
  assert.deepEqual(all.map((m) => m.body), ['m4', 'm3', 'm2', 'm1', 'm0']);
  assert.equal((await client.messages.list({to: '+14165559877'})).length, 1);
  assert.equal((await client.messages.list({from: OURS, limit: 3})).length, 3);
  const hourAgo = new Date(Date.now() - 3600e3);
  assert.equal((await client.messages.list({dateSentAfter: hourAgo})).length, 5);
  assert.equal(
      (await client.messages.list({dateSentBefore: new Date(Date.now() - 2 * 86400e3)})).length, 0);
});

test('a scheduled message can be canceled, another cannot', async () => {
  const {client} = await setUp();
  const scheduled = await client.messages.create({
    to: THEIRS,
    body: 'x',
    messagingServiceSid: `MG${'1'.repeat(32)}`,
    scheduleType: 'fixed',
    sendAt: new Date(Date.now() + 3600e3)
  });
  assert.equal(scheduled.status, 'scheduled');
  assert.equal(
      (await client.messages(scheduled.sid).update({status: 'canceled'})).status, 'canceled');
  const sent = await client.messages.create({to: THEIRS, from: OURS, body: 'x'});
  await refusedWith(30409, client.messages(sent.sid).update({status: 'canceled'}));
  await refusedWith(35118, client.messages.create({
    to: THEIRS,
    from: OURS,
    body: 'x',
    scheduleType: 'fixed',
    sendAt: new Date(Date.now() + 3600e3)
  }));
});

test('what a handset writes reaches the application as Twilio sends it', async () => {
  const reply = '<Response><Message>It is <![CDATA[open]]> &amp; warm</Message></Response>';
  const {app, ctl, client} = await setUp(() => ({...EMPTY, body: reply}));
  const {status, body} =
      await ctl.post('/_sim/sms', {from: THEIRS, to: OURS, body: 'Are you open?'});
  assert.equal(status, 200);
  assert.equal(app.received.length, 1);
  assertSigned(app, app.received[0]);
  const fields = form(app.received[0]);
  assert.equal(fields.Body, 'Are you open?');
  assert.equal(fields.MessageSid, body.message_sid);
  assert.equal(fields.SmsSid, fields.SmsMessageSid);
  assert.deepEqual(
      [fields.FromCity, fields.FromState, fields.FromCountry, fields.NumMedia, fields.SmsStatus],
      ['Toronto', 'ON', 'CA', '0', 'received']);
  assert.equal(body.deliveries[0].ok, true);
  const answer =
      await until('the reply', async () => (await client.messages.list({to: THEIRS}))[0]);
  assert.equal(answer.body, 'It is open & warm');
  assert.equal(answer.direction, 'outbound-reply');
  assert.equal(
      (await ctl.post('/_sim/sms', {from: THEIRS, to: '+14165550055', body: 'x'})).status, 404);
});

test('the same webhook several times at once, for tests of deduplication', async () => {
  const {app, ctl} = await setUp();
  await ctl.post('/_sim/sms', {from: THEIRS, to: OURS, body: 'hi', copies: 3});
  assert.equal(app.received.length, 3);
  assert.equal(new Set(app.received.map((r) => form(r).MessageSid)).size, 1);
});

test('STOP blocks the pair until START, and the application is told of both', async () => {
  const {app, ctl, client} = await setUp();
  assert.equal(
      (await ctl.post('/_sim/sms', {from: THEIRS, to: OURS, body: ' stop '})).body.keyword, 'STOP');
  await refusedWith(21610, client.messages.create({to: THEIRS, from: OURS, body: 'x'}));
  await client.messages.create({to: '+14165559877', from: OURS, body: 'others are not concerned'});
  await ctl.post('/_sim/sms', {from: THEIRS, to: OURS, body: 'please stop it'});
  await refusedWith(21610, client.messages.create({to: THEIRS, from: OURS, body: 'x'}));
  await ctl.post('/_sim/sms', {from: THEIRS, to: OURS, body: 'Unstop'});
  await client.messages.create({to: THEIRS, from: OURS, body: 'x'});
  assert.equal(app.received.length, 3);
  const automatic = await client.messages.list({to: THEIRS});
  assert.equal(automatic.filter((m) => m.direction === 'outbound-reply').length, 2);
});

test(
    'a webhook that fails is repeated as its fragment says, with one idempotency token',
    async () => {
      let answers = [{status: 500}, {drop: true}, EMPTY];
      const {app, ctl, client} = await setUp(() => answers.shift());
      const [number] = await client.incomingPhoneNumbers.list();
      await client.incomingPhoneNumbers(number.sid).update({
        smsUrl: `${app.url}/sms#rc=3&rp=5xx,rt`
      });
      const first = await ctl.post('/_sim/sms', {from: THEIRS, to: OURS, body: 'x'});
      assert.deepEqual(
          first.body.deliveries[0].attempts.map((a) => a.status ?? a.phase), [500, 'read', 200]);
      assert.equal(
          new Set(app.received.map((r) => r.headers['i-twilio-idempotency-token'])).size, 1);
      app.received.forEach((r) => assertSigned(app, r));
      answers = [{status: 404}, EMPTY];
      const second = await ctl.post('/_sim/sms', {from: THEIRS, to: OURS, body: 'y'});
      assert.equal(second.body.deliveries[0].attempts.length, 1, '4xx is not in the policy');
      await client.incomingPhoneNumbers(number.sid)
          .update({smsUrl: `${app.url}/sms`, smsFallbackUrl: `${app.url}/fallback`});
      answers = [{status: 503}, {status: 503}, EMPTY];
      const third = await ctl.post('/_sim/sms', {from: THEIRS, to: OURS, body: 'z'});
      assert.equal(third.body.deliveries[0].kind, 'sms-fallback');
      assert.equal(form(app.received.at(-1)).ErrorCode, '11200');
    });

test('answers that are no TwiML are told apart', async () => {
  const answers = [
    {body: 'hello', headers: {'content-type': 'text/plain'}},
    {body: '<Response><Message>a & b</Message></Response>', headers: {'content-type': 'text/xml'}},
    {body: '<Hello/>', headers: {'content-type': 'text/xml'}}
  ];
  const {ctl} = await setUp(() => answers.shift());
  for (const code of ['12300', '12100', '12100']) {
    const {body} = await ctl.post('/_sim/sms', {from: THEIRS, to: OURS, body: 'x'});
    assert.match(body.deliveries[0].problem, new RegExp(`^${code}`));
  }
});

test('a call rings, is answered, fetches its document and ends', async () => {
  const {app, ctl, client} = await setUp(
      (req) =>
          (req.path.startsWith('/voice') ?
               {...EMPTY, body: '<Response><Say>Hello</Say></Response>'} :
               {status: 204}));
  await ctl.post('/_sim/handset', {number: THEIRS, talk_ms: 50});
  const call = await client.calls.create({
    to: THEIRS,
    from: OURS,
    url: `${app.url}/voice?c=1`,
    statusCallback: `${app.url}/calls`,
    statusCallbackEvent: ['initiated', 'ringing', 'answered', 'completed'],
    machineDetection: 'Enable'
  });
  assert.equal(call.status, 'queued');
  await until('the end', () => app.received.some((r) => form(r).CallStatus === 'completed'));
  const events = app.received.filter((r) => r.path === '/calls')
                     .map(form)
                     .sort((a, b) => a.SequenceNumber - b.SequenceNumber);
  assert.deepEqual(
      events.map((e) => e.CallStatus), ['initiated', 'ringing', 'in-progress', 'completed']);
  assert.deepEqual(events.map((e) => e.SequenceNumber), ['0', '1', '2', '3']);
  assert.ok(Number(events[3].CallDuration) >= 1);
  assert.equal(events[3].CallbackSource, 'call-progress-events');
  app.received.forEach((r) => assertSigned(app, r));
  const document = form(app.received.find((r) => r.path.startsWith('/voice')));
  assert.deepEqual(
      [document.CallSid, document.CallStatus, document.Direction, document.AnsweredBy],
      [call.sid, 'in-progress', 'outbound-api', 'human']);
  const ended = await client.calls(call.sid).fetch();
  assert.equal(ended.status, 'completed');
  assert.equal((await client.calls.list({to: THEIRS, status: 'completed'})).length, 1);
});

test('who answers is told beside the call, or before its document', async () => {
  const say = {...EMPTY, body: '<Response><Say>Hello</Say></Response>'};
  const {app, ctl, client} = await setUp((req) => (req.path === '/voice' ? say : {status: 204}));
  const answeredBy = async (handset, fields) => {
    await ctl.post('/_sim/handset', {number: THEIRS, talk_ms: 60000, greeting_ms: 20, ...handset});
    const {sid} = await client.calls.create({
      to: THEIRS,
      from: OURS,
      url: `${app.url}/voice`,
      asyncAmdStatusCallback: `${app.url}/verdict?o=1`,
      ...fields
    });
    const of = (path) => app.received.find((r) => r.path.startsWith(path) && form(r).CallSid === sid);
    await until('the document', () => of('/voice'));
    if (fields.asyncAmd) await until('the verdict', () => of('/verdict'));
    return {document: form(of('/voice')), verdict: of('/verdict') && form(of('/verdict'))};
  };
  for (const [handset, detect, word] of [
         [{machine: true}, 'DetectMessageEnd', 'machine_end_beep'],
         [{machine: true}, 'Enable', 'machine_start'],
         [{machine: 'fax'}, 'DetectMessageEnd', 'fax'],
         [{machine: false}, 'DetectMessageEnd', 'human'],
  ]) {
    const beside = await answeredBy(handset, {machineDetection: detect, asyncAmd: 'true'});
    assert.equal(beside.document.AnsweredBy, undefined);
    assert.equal(beside.verdict.AnsweredBy, word);
    assert.equal(beside.verdict.From, undefined);
    const before = await answeredBy(handset, {machineDetection: detect});
    assert.equal(before.document.AnsweredBy, word);
    assert.equal(before.verdict, undefined);
  }
  app.received.forEach((r) => assertSigned(app, r));
});

test('calls that come to nothing, are ended, are redirected', async () => {
  const say = {...EMPTY, body: '<Response><Say>Hello</Say></Response>'};
  const {app, ctl, client} = await setUp((req) => (req.path === '/calls' ? {status: 204} : say));
  const place = () => client.calls.create(
      {to: THEIRS, from: OURS, url: `${app.url}/voice`, statusCallback: `${app.url}/calls`});
  const ended = (sid) => until(
      'the end', () => app.received.map(form).find((f) => f.CallSid === sid && f.SequenceNumber));
  for (const outcome of ['busy', 'no-answer', 'failed']) {
    await ctl.post('/_sim/handset', {number: THEIRS, call: outcome});
    assert.equal((await ended((await place()).sid)).CallStatus, outcome);
  }
  await ctl.post('/_sim/handset', {number: THEIRS, ring_ms: 60000});
  const ringing = await place();
  assert.equal((await client.calls(ringing.sid).update({status: 'canceled'})).status, 'canceled');
  await refusedWith(21220, client.calls(ringing.sid).update({twiml: '<Response/>'}));
  await ctl.post('/_sim/handset', {number: THEIRS, ring_ms: 0, talk_ms: 60000});
  const live = await place();
  await until(
      'an answer',
      () => app.received.map(form).some(
          (f) => f.CallSid === live.sid && f.CallStatus === 'in-progress'));
  await client.calls(live.sid).update({url: `${app.url}/elsewhere`});
  await until('the redirect', () => app.received.some((r) => r.path === '/elsewhere'));
  assert.equal((await client.calls(live.sid).update({status: 'completed'})).status, 'completed');
  await refusedWith(20404, client.calls(`CA${'0'.repeat(32)}`).fetch());
});

test('calls are refused with the codes of the real service', async () => {
  const {client} = await setUp();
  const place = (fields) =>
      client.calls.create({to: THEIRS, from: OURS, twiml: '<Response/>', ...fields});
  await refusedWith(21211, place({to: '12'}));
  await refusedWith(21212, place({from: '12'}));
  await refusedWith(21210, place({from: '+14165550099'}));
  await refusedWith(21205, client.calls.create({to: THEIRS, from: OURS}));
  await refusedWith(
      21626, place({statusCallback: 'https://example.com/', statusCallbackEvent: ['ended']}));
});

test('numbers are found, bought once, configured and released', async () => {
  const {client} = await setUp();
  const found = await client.availablePhoneNumbers('CA').local.list(
      {areaCode: 416, smsEnabled: true, limit: 3});
  assert.equal(found.length, 3);
  assert.ok(found.every(
      (n) => /^\+1416/.test(n.phoneNumber) && n.capabilities.SMS && n.locality === 'Toronto'));
  assert.equal((await client.availablePhoneNumbers('CA').local.list({areaCode: 212})).length, 0);
  assert.ok(
      (await client.availablePhoneNumbers('CA').local.list({contains: '51455501**'})).length > 0);
  await refusedWith(20404, client.availablePhoneNumbers('ZZ').local.list());
  const number = await client.incomingPhoneNumbers.create({
    phoneNumber: found[0].phoneNumber,
    friendlyName: 'tenant t1',
    smsUrl: 'https://example.com/sms'
  });
  assert.equal(number.smsUrl, 'https://example.com/sms');
  await refusedWith(21422, client.incomingPhoneNumbers.create({phoneNumber: found[0].phoneNumber}));
  await refusedWith(21421, client.incomingPhoneNumbers.create({phoneNumber: '123'}));
  await refusedWith(21452, client.incomingPhoneNumbers.create({areaCode: '533'}));
  await refusedWith(21402, client.incomingPhoneNumbers(number.sid).update({voiceUrl: 'nowhere'}));
  const again = await client.availablePhoneNumbers('CA').local.list({areaCode: 416});
  assert.ok(
      !again.some((n) => n.phoneNumber === number.phoneNumber),
      'what is bought is no longer offered');
  assert.equal(
      (await client.incomingPhoneNumbers.list({friendlyName: 'tenant t1'}))[0].sid, number.sid);
  assert.equal(
      (await client.incomingPhoneNumbers.list({phoneNumber: number.phoneNumber})).length, 1);
  assert.equal(await client.incomingPhoneNumbers(number.sid).remove(), true);
  await refusedWith(20404, client.incomingPhoneNumbers(number.sid).remove());
  const byArea = await client.incomingPhoneNumbers.create({areaCode: '514'});
  assert.match(byArea.phoneNumber, /^\+1514/);
});

test('an answer can end in its middle, drip, or be a reset', async () => {
  const {client, base, ctl} = await setUp();
  const list = `${base}/2010-04-01/Accounts/${accountSid}/Messages.json`;
  const headers = {
    authorization: `Basic ${Buffer.from(`${accountSid}:${authToken}`).toString('base64')}`
  };
  const whole = (await request(list, {headers})).body.toString();
  await ctl.post('/_sim/script', [{cut: true}, {drip: 1}, {cut: true, status: 503, body: 'oops'}]);
  const cut = await request(list, {headers});
  assert.equal(cut.status, 200);
  assert.equal(cut.body.toString(), whole.slice(0, whole.length / 2));
  assert.equal((await request(list, {headers})).body.toString(), whole, 'late, and whole');
  assert.equal((await request(list, {headers})).body.toString(), 'oo');
  await ctl.post('/_sim/script', {drop: 'reset', effect: true});
  await assert.rejects(client.messages.create({to: THEIRS, from: OURS, body: 'x'}));
  assert.equal((await client.messages.list()).length, 1, 'done, and the answer lost');
});

test('the simulator can be told to misbehave, and says what it received', async () => {
  const {client, ctl} = await setUp();
  await ctl.post('/_sim/script', [
    {
      method: 'POST',
      path: '/Messages',
      status: 429,
      headers: {'retry-after': '1'},
      body: {code: 20429, message: 'Too Many Requests', status: 429}
    },
    {method: 'POST', path: '/Messages', drop: true},
    {method: 'POST', path: '/Messages', drop: true, effect: true},
  ]);
  const send = () => client.messages.create({to: THEIRS, from: OURS, body: 'x'});
  await assert.rejects(send(), (e) => e.code === 20429 && e.status === 429);
  await assert.rejects(send(), (e) => e.status === undefined);
  assert.equal((await client.messages.list()).length, 0, 'refused and dropped: nothing was done');
  await assert.rejects(send(), (e) => e.status === undefined);
  assert.equal((await client.messages.list()).length, 1, 'done, and the answer lost');
  await ctl.post('/_sim/script', {method: 'POST', status: 500, body: 'oops', effect: true});
  await assert.rejects(send(), (e) => e.status === 500);
  assert.equal((await client.messages.list()).length, 2, 'done, and told otherwise');
  const seen = await ctl.requests();
  assert.deepEqual(
      seen.map((r) => r.method), ['POST', 'POST', 'GET', 'POST', 'GET', 'POST', 'GET']);
  assert.deepEqual(seen.map((r) => r.n), [1, 2, 3, 4, 5, 6, 7]);
  assert.equal(seen[0].body.To, THEIRS);
  assert.equal(seen[3].answer.lost, true);
  assert.equal((await ctl.requests(6)).length, 1);
  for (const wrong of [{statuss: 1}, {status: 99}, {path: '('}, {times: 0}, {body: 'x'}, 1]) {
    assert.equal((await ctl.post('/_sim/script', wrong)).status, 400, JSON.stringify(wrong));
  }
  await ctl.post('/_sim/reset');
  assert.equal((await ctl.requests()).length, 0);
  assert.equal((await client.messages.list()).length, 0);
});

test('a half-open answer never ends, and a reset frees it', async () => {
  const {base, ctl} = await setUp();
  await ctl.post('/_sim/script', {half_open: true});
  const waiting = request(`${base}/2010-04-01/x`, {readMs: 200});
  await assert.rejects(waiting, (e) => e.phase === 'read');
  await ctl.post('/_sim/script', {'half-open': 'partial'});
  const partial = request(`${base}/2010-04-01/x`);
  await until('the request', async () => (await ctl.requests()).length === 2);
  await ctl.post('/_sim/reset');
  await assert.rejects(partial, (e) => e.phase === 'read');
});

test('requests with names the description does not have are marked', async (t) => {
  const {base, sim, ctl} = await setUp();
  if (!sim.description) return t.skip('the official description is not at hand');
  const basic = `Basic ${Buffer.from(`${accountSid}:${authToken}`).toString('base64')}`;
  const {body} = signedForm({
    url: 'https://example.com/',
    params: {To: THEIRS, From: OURS, Body: 'x', Bodyy: 'y'},
    authToken
  });
  await request(`${base}/2010-04-01/Accounts/${accountSid}/Messages.json`, {
    method: 'POST',
    headers: {authorization: basic, 'content-type': 'application/x-www-form-urlencoded'},
    body
  });
  assert.deepEqual((await ctl.requests())[0].unknown, ['Bodyy']);
  await ctl.post('/_sim/reset');
  const {body: invalid} = await ctl.get('/_sim/invalid');
  assert.deepEqual(invalid.map((r) => r.unknown), [['Bodyy']], 'and told after a reset');
  return undefined;
});

test('a recording lasts to the end of the call, is told, had with the login alone, and deleted', async () => {
  const {app, base, client, ctl} = await setUp((req) => (/^\/voice/.test(req.path) ? {
    headers: {'content-type': 'text/xml'},
    body: '<?xml version="1.0" encoding="UTF-8"?><Response><Say>You are recorded.</Say><Start>' +
        '<Recording recordingStatusCallback="/told?o=1" recordingStatusCallbackEvent="in-progress completed"/>' +
        '</Start><Pause length="1"/><Hangup/></Response>'
  } : EMPTY));
  await ctl.post('/_sim/recording', {bytes: 1000});
  const {body: {sid}} = await ctl.post('/_sim/call', {from: THEIRS, to: OURS});
  const tellings = () => app.received.filter((r) => r.path === '/told?o=1');
  await until('the first', () => tellings().length === 1);
  const [going] = await client.calls(sid).recordings.list();
  assert.equal(going.status, 'in-progress');
  await refusedWith(20409, client.recordings(going.sid).remove());
  await until('the second', () => tellings().length === 2);
  assertSigned(app, tellings()[1]);
  const told = form(tellings()[1]);
  assert.deepEqual([told.CallSid, told.RecordingSid, told.RecordingStatus], [sid, going.sid, 'completed']);
  assert.equal((await client.recordings(going.sid).fetch()).status, 'completed');

  const url = `${base}/2010-04-01/Accounts/${accountSid}/Recordings/${going.sid}.mp3`;
  const authorization = `Basic ${Buffer.from(`${accountSid}:${authToken}`).toString('base64')}`;
  assert.equal((await request(url)).status, 401);
  const sound = await request(url, {headers: {authorization}});
  assert.equal(sound.body.length, 1000);
  assert.ok(await client.recordings(going.sid).remove());
  assert.deepEqual(await client.calls(sid).recordings.list(), []);
  await refusedWith(20404, client.recordings(going.sid).fetch());
});

test('a recording that is stopped ends there; without one there is nothing to stop', async () => {
  const {client, ctl} = await setUp((req) => (/^\/voice/.test(req.path) ? {
    headers: {'content-type': 'text/xml'},
    body: '<?xml version="1.0" encoding="UTF-8"?><Response><Start><Recording/></Start><Pause length="3"/></Response>'
  } : EMPTY));
  const {body: {sid}} = await ctl.post('/_sim/call', {from: THEIRS, to: OURS});
  const current = client.calls(sid).recordings('Twilio.CURRENT');
  await until('it', async () => (await client.calls(sid).recordings.list()).length === 1);
  assert.equal((await current.update({status: 'stopped'})).status, 'stopped');
  await refusedWith(20404, current.update({status: 'stopped'}));
  await until('its end', async () => (await client.calls(sid).recordings.list())[0].status === 'completed');
});
