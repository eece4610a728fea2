// The simulated caller follows TwiML as Twilio does, and refuses what Twilio refuses.
import assert from 'node:assert/strict';
import {once} from 'node:events';
import {after, test} from 'node:test';

import {WebSocketServer} from 'ws';

import {twilioClient, verifiesAsTwilio} from '../../e2e/lib/twilio.mjs';
import {Caller} from '../lib/caller.mjs';
import {speak, WORD_MS} from '../lib/speech.mjs';
import {livekit} from '../livekit.mjs';
import {twilio} from '../twilio.mjs';

import {application, control, start, until} from './support.mjs';

const accountSid = `AC${'0123456789abcdef'.repeat(2)}`;
const authToken = 'a1b2c3d4e5f60718293a4b5c6d7e8f90';
const OURS = '+14165550001';
const CALLER = '+14165559876';
const PERSON = '+14165550010';

const form = (req) => Object.fromEntries(new URLSearchParams(req.body));
const respond = (verbs) => ({
  headers: {'content-type': 'text/xml'},
  body: `<?xml version="1.0" encoding="UTF-8"?><Response>${verbs}</Response>`,
});

// documents: path to verbs, or to a function of the form.
async function setUp(documents) {
  const app = await application((req) => {
    const verbs = documents[new URL(req.path, 'http://x').pathname];
    if (verbs === undefined) return {status: 204};
    return respond(typeof verbs === 'function' ? verbs(form(req)) : verbs);
  });
  const sim = twilio({
    account: accountSid,
    token: authToken,
    numbers: [{
      PhoneNumber: OURS,
      VoiceUrl: `${app.url}/voice`,
      VoiceFallbackUrl: `${app.url}/fallback`,
      StatusCallback: `${app.url}/status`,
    }],
  });
  const base = await start(sim);
  const ctl = control(base);
  const over = async (sid) => (await until('the end', async () => {
    const call = await ctl.get(`/_sim/call/${sid}`);
    return call.body.over && call;
  })).body;
  const place = async (script, more) =>
      (await ctl.post('/_sim/call', {from: CALLER, to: OURS, script, ...more})).body.sid;
  return {app, base, ctl, place, over, call: async (script, more) => over(await place(script, more))};
}

const requestsTo = (app, path) => app.received.filter((r) => r.path.startsWith(path)).map(form);
const spoken = (call) => call.log.filter((e) => e.who === 'agent' && e.text).map((e) => e.text);

test('verbs in turn, what is said and pressed to the action, a redirect, the end', async () => {
  const {app, call} = await setUp({
    '/voice': '<Say language="en-US">Hello</Say>' +
        '<Gather input="speech dtmf" action="/heard?n=1" actionOnEmptyResult="true"><Say>Yes?</Say></Gather>',
    '/heard': ({SpeechResult}) => (SpeechResult ?
        `<Say>You said ${SpeechResult}</Say><Gather numDigits="1" action="/keys"/><Redirect>/bye</Redirect>` :
        '<Hangup/>'),
    '/keys': '<Redirect method="POST">/bye</Redirect>',
    '/bye': '<Say>Bye</Say><Hangup/>',
  });
  const done = await call([{say: 'tea'}, {press: '42'}]);
  assert.deepEqual(spoken(done), ['Hello', 'Yes?', 'You said tea', 'Bye']);
  assert.equal(done.status, 'completed');
  const [heard] = requestsTo(app, '/heard');
  assert.equal(heard.SpeechResult, 'tea');
  assert.equal(heard.StirVerstat, 'TN-Validation-Passed-A');
  assert.equal(requestsTo(app, '/keys')[0].Digits, '4', 'numDigits ends it');
  app.received.forEach((r) => assert.ok(verifiesAsTwilio({
    authToken,
    signature: r.headers['x-twilio-signature'],
    url: app.url + r.path,
    params: form(r),
  })));
  await until('the status', () => requestsTo(app, '/status').length > 0);
  assert.equal(requestsTo(app, '/status')[0].CallStatus, 'completed');
});

test('silence falls through to the next verb, or is an empty result', async () => {
  const {app, call} = await setUp({
    '/voice': '<Gather action="/never"/><Say>Still here</Say>' +
        '<Gather input="speech" action="/empty" actionOnEmptyResult="true"/>',
    '/empty': '<Hangup/>',
  });
  const done = await call([{silent: true}, {silent: true}]);
  assert.deepEqual(spoken(done), ['Still here']);
  assert.equal(requestsTo(app, '/never').length, 0);
  assert.equal(requestsTo(app, '/empty')[0].SpeechResult, '');
});

test('a document Twilio would refuse goes to the fallback address, with its error', async () => {
  for (const [verbs, code] of [
         ['<Shout>hi</Shout>', '12200'], ['<Say>unclosed', '12100'],
         ['<Gather input="telepathy"/>', '12200'], ['<Hangup loud="true"/>', '12200'],
         ['<Connect><Stream url="wss://x.example/a?b=c"/></Connect>', '12200'],
         ['<Dial><Sip>+14165550010</Sip></Dial>', '12200'],
         ['<Dial><Sip>sip:a@h.example;transport=pigeon</Sip></Dial>', '12200'],
         ['<Dial><Sip>sip:a@h.example</Sip><Number>+14165550010</Number></Dial>', '12200'],
         ['<Say><Hangup/></Say>', '12200'], ['<Redirect></Redirect>', '12200'],
  ]) {
    const {app, call} = await setUp({'/voice': verbs, '/fallback': '<Say>Sorry</Say><Hangup/>'});
    const done = await call([]);
    assert.deepEqual(spoken(done), ['Sorry'], verbs);
    assert.equal(requestsTo(app, '/fallback')[0].ErrorCode, code, verbs);
  }
});

const TRANSFER = {
  '/voice': '<Dial action="/after" timeout="10" callerId="+14165550001" answerOnBridge="true">' +
      `<Number url="/whisper">${PERSON}</Number></Dial>`,
  '/whisper': '<Gather numDigits="1" action="/accept"><Say>A call</Say></Gather><Hangup/>',
  '/accept': '<Say>Connected</Say>',
  '/after': '<Hangup/>',
};

test('a person hears the whisper, and is connected when he takes the call', async () => {
  for (const [person, status, bridged] of [
         [{}, 'completed', true], [{machine: true}, 'no-answer', false],
         [{call: 'busy'}, 'busy', false], [{call: 'no-answer'}, 'no-answer', false],
  ]) {
    const {app, ctl, call} = await setUp(TRANSFER);
    await ctl.post('/_sim/handset', {number: PERSON, talk_ms: 10, ...person});
    const done = await call([]);
    const [after] = requestsTo(app, '/after');
    assert.equal(after.DialCallStatus, status, JSON.stringify(person));
    assert.equal(after.DialBridged, String(bridged));
    assert.equal(done.log.some((e) => e.bridged === PERSON), bridged);
    const [whisper] = requestsTo(app, '/whisper');
    assert.equal(whisper?.ParentCallSid, whisper && after.CallSid);
  }
});

test('a live call is sent elsewhere by the API, and ended', async () => {
  const {base, ctl, place, over} = await setUp({
    ...TRANSFER,
    '/elsewhere': `<Say>Here now</Say><Dial><Number>${PERSON}</Number></Dial>`,
  });
  const client = twilioClient({accountSid, authToken, baseUrl: base});
  await ctl.post('/_sim/handset', {number: PERSON, ring_ms: 3600000});
  const sid = await place([]);
  const rings = (n) => until('the ringing', async () => (await ctl.get(`/_sim/call/${sid}`)).body.log
                                                            .filter((e) => e.dial).length === n);
  await rings(1);
  await client.calls(sid).update({twiml: '<Response><Say>Here now</Say><Pause length="1"/></Response>'});
  const done = await over(sid);
  assert.deepEqual(spoken(done), ['Here now']);
  await refused(client.calls(sid).update({status: 'completed'}), 21220);
});

async function refused(promise, code) {
  await assert.rejects(promise, (e) => e.code === code);
}

test('a stream that nobody carries is told as an error, and the call goes on', async () => {
  const {app, call} = await setUp({
    '/voice': '<Connect><Stream url="wss://voice.example/s" statusCallback="/stream">' +
        '<Parameter name="a" value="b"/></Stream></Connect><Redirect>/resume</Redirect>',
    '/resume': '<Say>Again</Say><Hangup/>',
  });
  const done = await call([]);
  assert.deepEqual(done.log.find((e) => e.stream).parameters, {a: 'b'});
  assert.deepEqual(spoken(done), ['Again']);
  assert.equal(requestsTo(app, '/stream')[0].StreamEvent, 'stream-error');
});

test('a platform at a SIP address may refuse a call, be busy, or let it ring', async () => {
  const room = livekit({
    apiKey: 'APIkey0001', apiSecret: 'secret', agents: [], trunk: {username: 'u', password: 'p'}
  });
  const at = await start(room), ctl = control(at);
  const uri = `sip:meeting@${new URL(at).host};transport=tls`;
  const dialled = (attributes) => ({
    '/voice': `<Dial action="/after" timeout="5"><Sip ${attributes}>${uri}</Sip></Dial>`,
    '/after': ({DialCallStatus, DialSipResponseCode}) => `<Say>${DialCallStatus} ${DialSipResponseCode}</Say>`,
  });

  const stranger = await setUp(dialled('username="u" password="x"'));
  assert.deepEqual(spoken(await stranger.call([])), ['failed 407']);

  await ctl.post('/_sim/script', {path: '/sip/invite', status: 486, body: {}});
  const known = await setUp(dialled('username="u" password="p"'));
  assert.deepEqual(spoken(await known.call([])), ['busy 486']);
  assert.deepEqual(spoken(await known.call([])), ['no-answer 487'], 'nobody is in the room');
  assert.deepEqual((await ctl.get('/_sim/rooms')).body[0].participants, [], 'and the caller has left it');
});

test('a caller that is malformed is refused', async () => {
  const {ctl} = await setUp({});
  assert.equal((await ctl.post('/_sim/call', {from: CALLER, to: '+14165559999'})).status, 400);
  assert.equal((await ctl.post('/_sim/call', {to: OURS, mood: 'bad'})).status, 400);
  assert.equal((await ctl.get('/_sim/call/CA0')).status, 404);
});

test('who waits with his words until it is quiet has heard all sound for as long as it lasts', async () => {
  const server = new WebSocketServer({port: 0, host: '127.0.0.1'});
  after(() => server.close());
  await once(server, 'listening');
  const caller = new Caller();
  const dialled = caller.dial(`ws://127.0.0.1:${server.address().port}`);
  const [platform] = await once(server, 'connection');
  await dialled;
  for (let i = 0; i < 12; i++) {
    platform.send(JSON.stringify(
        {event: 'media', streamSid: caller.stream, media: {payload: speak(`n${i}`).toString('base64')}}));
    await caller.hears(new RegExp(`n${i}$`));
    await caller.quiet();
    const took = caller.now() - caller.arrived.at(-1).ms;
    assert.ok(took >= WORD_MS, `the sound of word ${i} ended ${took} ms behind its arrival`);
  }
  caller.die();
});
