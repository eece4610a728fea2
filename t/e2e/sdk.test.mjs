// The providers' official SDKs sign, or judge, what the locations let in: both must be of
// one mind, about what is right and about what was changed.
import '@shopify/shopify-api/adapters/node';

import {shopifyApi} from '@shopify/shopify-api';
import assert from 'node:assert/strict';
import {randomBytes} from 'node:crypto';
import {readFileSync} from 'node:fs';
import http from 'node:http';
import {after, before, test} from 'node:test';
import twilio from 'twilio';
import WebSocket from 'ws';

import {DOWNTOWN, login} from './lib/account.mjs';
import {row} from './lib/database.mjs';
import {elevenlabsSignature, verifiesAsElevenLabs} from './lib/elevenlabs.mjs';
import {env} from './lib/env.mjs';
import {openEvents} from './lib/events.mjs';
import {openGate} from './lib/gate.mjs';
import {at, request} from './lib/http.mjs';
import {googleChannel, hubspot, shopify, standardWebhook} from './lib/signed.mjs';
import {accessToken} from './lib/token.mjs';
import {signedForm, verifiesAsTwilio} from './lib/twilio.mjs';
import {waitFor} from './lib/wait.mjs';

const ORIGIN = 'https://agent.example.com';
const KEYS = {
  shopify: 'shopify-secret-0123456789',
  hubspot: 'hubspot-secret-0123456789',
  webhooks: `whsec_${randomBytes(32).toString('base64')}`,
  google: 'google-token-0123456789',
};
const BODY = JSON.stringify({id: 1042, note: 'Vélo à 2 149,99 $ — « prêt »', nested: {a: [1, 2]}});

let gate;
before(async () => {
  gate = await openGate({
    keys: KEYS,
    origin: ORIGIN,
    locations: `
      location = /shopify { voiceagent_verify shopify key=shopify; voiceagent_enqueue sdk.shopify; }
      location = /hubspot { voiceagent_verify hubspot key=hubspot; voiceagent_enqueue sdk.hubspot; }
      location = /webhook { voiceagent_verify standard_webhooks key=webhooks;
                            voiceagent_enqueue sdk.webhook dedup=$voiceagent_signed_id; }
      location = /google  { voiceagent_verify google_channel key=google; voiceagent_enqueue sdk.google; }`,
  });
});
after(() => gate?.close());

const post = async (base, path, headers, body) =>
    (await request(base + path, {method: 'POST', headers, body})).status;

// Lets exactly the first through, with the body as it was sent.
async function letsIn(path, type, headers, body, wrong) {
  const before = (await gate.accepted()).length;
  for (const [what, h, b] of wrong)
    assert.equal(await post(gate.url, path, h, b), 401, `${path}: ${what}`);
  assert.equal((await gate.accepted()).length, before);
  // As a sender does: an nginx that has just begun may not have its Redis yet, and takes nothing.
  const status = await waitFor(`${path} to be taken`, async () => {
    const told = await post(gate.url, path, headers, body);
    return told !== 503 && told;
  });
  assert.ok([200, 204].includes(status), `${path}: ${status}`);
  const jobs = await gate.accepted();
  assert.equal(jobs.length, before + 1);
  assert.equal(jobs.at(-1).type, type);
  return jobs.at(-1);
}

// A server with the SDK's own judge; gives its word about one request.
async function judged(judge, headers, body) {
  let verdict;
  const server = http.createServer(async (req, res) => {
    const pieces = [];
    for await (const piece of req) pieces.push(piece);
    verdict = await judge(req, res, Buffer.concat(pieces).toString());
    res.end();
  });
  await new Promise((resolve) => { server.listen(0, '127.0.0.1', resolve); });
  try {
    await post(`http://127.0.0.1:${server.address().port}`, '/', headers, body);
  } finally {
    server.close();
  }
  return verdict;
}

test('Shopify: what @shopify/shopify-api takes for valid, and nothing else', async () => {
  const shop = 'bici.myshopify.com';
  const sdk = shopifyApi({
    apiKey: 'key',
    apiSecretKey: KEYS.shopify,
    hostName: 'agent.example.com',
    apiVersion: '2025-07',
    isEmbeddedApp: false,
    logger: {log: () => {}},
  });
  const valid = async (headers, body) => (await judged(
      (rawRequest, rawResponse, rawBody) => sdk.webhooks.validate({rawBody, rawRequest, rawResponse}),
      headers, body)).valid;
  const sign = (secret) => shopify(
      {secret, body: BODY, topic: 'orders/create', shop, id: 'b54557e4-bdd9-4b37-8a5f-bf7d70bcd043'});
  const right = sign(KEYS.shopify);
  const wrong = [
    ['another secret', sign('x'), BODY],
    ['another body', right, `${BODY} `],
    ['no signature', {...right, 'x-shopify-hmac-sha256': undefined}, BODY],
  ].map(([what, h, b]) => [what, Object.fromEntries(Object.entries(h).filter(([, v]) => v !== undefined)), b]);
  assert.equal(await valid(right, BODY), true);
  for (const [what, h, b] of wrong) assert.equal(await valid(h, b), false, what);
  await letsIn('/shopify', 'sdk.shopify', right, BODY, wrong);
});

test('HubSpot: what @hubspot/api-client signs', async () => {
  const url = `${ORIGIN}/hubspot`;
  const sign = (more) => hubspot({secret: KEYS.hubspot, url, body: BODY, ...more});
  const right = sign();
  await letsIn('/hubspot', 'sdk.hubspot', right, BODY, [
    ['another secret', sign({secret: 'x'}), BODY],
    ['another body', right, `${BODY} `],
    ['another address', sign({url: `${ORIGIN}/other`}), BODY],
    ['another method', sign({method: 'PUT'}), BODY],
    ['too old', sign({timestamp: Date.now() - 301000}), BODY],
  ]);
});

test('Standard Webhooks: what standardwebhooks signs, each delivery once', async () => {
  const sign = (more) => standardWebhook({secret: KEYS.webhooks, id: 'msg_1', body: BODY, ...more});
  const right = sign();
  await letsIn('/webhook', 'sdk.webhook', right, BODY, [
    ['another secret', sign({secret: `whsec_${randomBytes(32).toString('base64')}`}), BODY],
    ['another body', right, `${BODY} `],
    ['another id', {...right, 'webhook-id': 'msg_2'}, BODY],
    ['too old', sign({date: new Date(Date.now() - 301000)}), BODY],
  ]);
  const before = (await gate.accepted()).length;
  await post(gate.url, '/webhook', right, BODY);
  assert.equal((await gate.accepted()).length, before);
});

// The status of what refuses it, or 101.
const upgrade = (path, headers) => new Promise((resolve, reject) => {
  const socket = new WebSocket(`${env.VA_PUBLIC_URL.replace(/^http/, 'ws')}${path}`,
                               {headers, ca: readFileSync(env.VA_CA_FILE)});
  socket.on('open', () => { socket.terminate(); resolve(101); });
  socket.on('unexpected-response', (_, res) => { res.destroy(); resolve(res.statusCode); });
  socket.on('error', reject);
});

test('Twilio: a stream without a token is let in by its signature, at both addresses', async () => {
  for (const path of ['/', '/api/voice/stream']) {
    const url = `${env.VA_PUBLIC_URL.replace(/^http/, 'ws')}${path}`;
    const signed = (authToken) => {
      const {headers} = signedForm({url, params: {}, authToken});
      return {'x-twilio-signature': headers['x-twilio-signature']};
    };
    assert.equal(await upgrade(path, {}), 403, path);
    assert.equal(await upgrade(path, signed('another token')), 403, path);
    assert.equal(await upgrade(path, signed(env.TWILIO_AUTH_TOKEN)), 101, path);
  }
});

test('Google: the channel\'s token', async () => {
  const sign = (token) => googleChannel({token, channel: 'c', resource: 'r', number: 7});
  await letsIn('/google', 'sdk.google', sign(KEYS.google), '', [
    ['another token', sign('x'), ''],
    ['the token with more', sign(`${KEYS.google}x`), ''],
  ]);
});

test('Twilio: what its SDK expects, over the public address', async () => {
  const path = '/api/webhooks/twilio/sms-status';
  const url = env.VA_PUBLIC_URL + path;
  const sid = `SM${randomBytes(16).toString('hex')}`;
  const params = {
    MessageSid: sid,
    MessageStatus: 'delivered',
    From: DOWNTOWN.number,
    To: '+14165550123',
    AccountSid: env.TWILIO_ACCOUNT_SID
  };
  const right = signedForm({url, params, authToken: env.TWILIO_AUTH_TOKEN});
  const accepts = (signature) =>
      verifiesAsTwilio({authToken: env.TWILIO_AUTH_TOKEN, signature, url, params});
  assert.equal(accepts(right.headers['x-twilio-signature']), true);
  const wrong = {
    'another token': signedForm({url, params, authToken: '0'.repeat(32)}),
    'another address': signedForm({url: `${url}?x=1`, params, authToken: env.TWILIO_AUTH_TOKEN}),
    'another value': {...right, body: right.body.replace('delivered', 'failed')},
    'no signature': {...right, headers: {'content-type': right.headers['content-type']}},
  };
  for (const [what, {headers, body}] of Object.entries(wrong))
    assert.equal(await post(env.VA_URL, path, headers, body), 403, what);
  assert.equal(await post(env.VA_URL, path, right.headers, right.body), 204);
  const stored = await waitFor(
      'the delivery in the database',
      () => row('select status from message_status_events where provider_message_id = :\'sid\'', {sid}));
  assert.equal(stored.status, 'delivered');
});

test('ElevenLabs: what its SDK verifies', async () => {
  const path = '/api/webhooks/elevenlabs/conversation-events';
  const secret = env.ELEVENLABS_CONVERSATION_EVENTS_WEBHOOK_SECRET;
  const conversation_id = `conv_${randomBytes(12).toString('hex')}`;
  const body = JSON.stringify({
    type: 'user_transcript',
    event_timestamp: Math.floor(Date.now() / 1000),
    data: {agent_id: 'agent_downtown', conversation_id, event_id: 1, user_transcript: 'Ça va ?'}
  });
  const right = elevenlabsSignature({secret, body});
  const accepts = async (headers, text) => {
    try {
      await verifiesAsElevenLabs({secret, body: text, header: headers['elevenlabs-signature']});
      return true;
    } catch {
      return false;
    }
  };
  const wrong = {
    'another secret': [elevenlabsSignature({secret: 'x', body}), body],
    'another body': [right, `${body} `],
    'too old': [
      elevenlabsSignature({secret, body, timestamp: Math.floor(Date.now() / 1000) - 1801}), body
    ],
  };
  assert.equal(await accepts(right, body), true);
  for (const [what, [headers, text]] of Object.entries(wrong)) {
    assert.equal(await accepts(headers, text), false, what);
    assert.equal(await post(env.VA_URL, path, headers, text), 401, what);
  }
  assert.equal(await post(env.VA_URL, path, right, body), 200);
  await waitFor(
      'the turn in the database',
      () => row('select 1 from messages where provider_message_id = :\'key\'',
                {key: `${conversation_id}:user:1`}));
});

test('jose and eventsource: a token, its ticket, and the shop live', async () => {
  const {user} = await login(DOWNTOWN);
  const token = await accessToken(
      {userId: user.id, organizationId: user.organization_id, role: user.role});
  const events = await openEvents('/api/stream/organization', token);
  try {
    const sid = `SM${randomBytes(16).toString('hex')}`;
    const path = '/api/webhooks/twilio/sms';
    const params = {
      MessageSid: sid,
      From: '+14165559876',
      To: DOWNTOWN.number,
      Body: `Hello ${sid}`,
      NumMedia: '0',
      AccountSid: env.TWILIO_ACCOUNT_SID
    };
    // The SDK's own HTTP client carries it.
    const {headers: {'x-twilio-signature': signature}} =
        signedForm({url: env.VA_PUBLIC_URL + path, params, authToken: env.TWILIO_AUTH_TOKEN});
    const answer = await new twilio.RequestClient().request({
      method: 'post',
      uri: env.VA_HTTP_URL + path,
      headers: {
        'Content-Type': 'application/x-www-form-urlencoded',
        'X-Twilio-Signature': signature,
      },
      data: params
    });
    assert.deepEqual([answer.statusCode, /<Response\/>/.test(answer.body)], [200, true]);
    await events.find('sms_received', (e) => e.message.includes(sid));
  } finally {
    events.close();
  }
  assert.equal((await request(at('/api/stream/organization?ticket=used'))).status, 401);
});
