// Headers of signed webhooks of the providers whose simulators do not send them, made
// with their official SDKs, or held to the SDK's verdict by lib.test.mjs.
import {Signature} from '@hubspot/api-client';
import {AccessToken} from 'livekit-server-sdk';
import {createHash, createHmac, webcrypto} from 'node:crypto';
import {Webhook} from 'standardwebhooks';

globalThis.crypto ??= webcrypto;  // Node 18 has it, but not by that name; the SDKs look there

// Shopify: base64 HMAC-SHA256 of the raw body. topic "orders/create"; id: of the delivery.
export function shopify({secret, body, topic, shop, id, version = '2026-10'}) {
  return {
    'content-type': 'application/json',
    'x-shopify-hmac-sha256': createHmac('sha256', secret).update(body).digest('base64'),
    'x-shopify-topic': topic,
    'x-shopify-shop-domain': shop,
    'x-shopify-api-version': version,
    'x-shopify-webhook-id': id,
  };
}

// HubSpot, signature version 3, over method, public URL, body and time (milliseconds).
export function hubspot({secret, url, body, method = 'POST', timestamp = Date.now()}) {
  return {
    'content-type': 'application/json',
    'x-hubspot-request-timestamp': String(timestamp),
    'x-hubspot-signature-v3': Signature.getSignature(
        method, 'v3', {clientSecret: secret, requestBody: body, url, method, timestamp}),
  };
}

// Standard Webhooks (OpenAI).
export function standardWebhook({secret, id, body, date = new Date()}) {
  return {
    'content-type': 'application/json',
    'webhook-id': id,
    'webhook-timestamp': String(Math.floor(date.getTime() / 1000)),
    'webhook-signature': new Webhook(secret).sign(id, date, body),
  };
}

// LiveKit: a token without "Bearer" that carries the body's digest.
export async function livekit({key, secret, body}) {
  const token = new AccessToken(key, secret);
  token.sha256 = createHash('sha256').update(body).digest('base64');
  return {'content-type': 'application/webhook+json', authorization: await token.toJwt()};
}

// Google Calendar: a push message has headers only.
export function googleChannel({token, channel, resource, number, state = 'exists'}) {
  return {
    'x-goog-channel-token': token,
    'x-goog-channel-id': channel,
    'x-goog-resource-id': resource,
    'x-goog-message-number': String(number),
    'x-goog-resource-state': state,
  };
}
