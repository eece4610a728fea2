// The helpers that sign webhooks in the end-to-end tests are held to the official SDKs.
import '@shopify/shopify-api/adapters/node';

import {Signature} from '@hubspot/api-client';
import {shopifyApi} from '@shopify/shopify-api';
import {WebhookReceiver} from 'livekit-server-sdk';
import assert from 'node:assert/strict';
import {test} from 'node:test';
import OpenAI from 'openai';
import {Webhook} from 'standardwebhooks';

import {hubspot, livekit, shopify, standardWebhook} from '../../e2e/lib/signed.mjs';

const body = '{"id":820982911946154508,"name":"é"}';

test('Shopify', async () => {
  const secret = 'hush';
  const api = shopifyApi({
    apiKey: 'key',
    apiSecretKey: secret,
    scopes: ['read_orders'],
    hostName: 'app.example',
    apiVersion: '2025-07',
    isEmbeddedApp: false
  });
  const headers =
      shopify({secret, body, topic: 'orders/create', shop: 'bici.myshopify.com', id: 'w1'});
  const check = (rawBody) => api.webhooks.validate(
      {rawBody, rawRequest: {method: 'POST', url: '/x', headers}, rawResponse: {}});
  const good = await check(body);
  assert.equal(good.valid, true, JSON.stringify(good));
  assert.equal(good.domain, 'bici.myshopify.com');
  assert.equal((await check(`${body} `)).valid, false);
});

test('HubSpot', () => {
  const secret = 'client-secret';
  const url = 'https://agent.example/api/webhooks/hubspot';
  const headers = hubspot({secret, url, body});
  const check = (requestBody) => Signature.isValid({
    signatureVersion: 'v3',
    method: 'POST',
    clientSecret: secret,
    url,
    requestBody,
    signature: headers['x-hubspot-signature-v3'],
    timestamp: Number(headers['x-hubspot-request-timestamp'])
  });
  assert.equal(check(body), true);
  assert.equal(check(`${body} `), false);
});

test('Standard Webhooks, by its own library and by the OpenAI SDK', async () => {
  const secret = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
  const headers = standardWebhook({secret, id: 'wh_1', body});
  assert.equal(new Webhook(secret).verify(body, headers).name, 'é');
  assert.throws(() => new Webhook(secret).verify(`${body} `, headers));
  const client = new OpenAI({apiKey: 'unused', webhookSecret: secret});
  assert.equal((await client.webhooks.unwrap(body, headers)).name, 'é');
  await assert.rejects(client.webhooks.unwrap(`${body} `, headers));
});

test('LiveKit', async () => {
  const key = 'APIkey';
  const secret = 'x'.repeat(48);
  const event = '{"event":"room_started","room":{"name":"call"}}';
  const {authorization} = await livekit({key, secret, body: event});
  const receiver = new WebhookReceiver(key, secret);
  assert.equal((await receiver.receive(event, authorization)).event, 'room_started');
  await assert.rejects(receiver.receive(`${event} `, authorization));
});
