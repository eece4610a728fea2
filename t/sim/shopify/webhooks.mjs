// Webhooks: to the app's own address and to those subscribed, signed with the app's secret,
// and sent again until they are taken.
import {createHmac, randomUUID} from 'node:crypto';

import {deliver} from '../lib/delivery.mjs';
import {json} from '../lib/server.mjs';

const VERSION = '2026-10';
const DEADLINE = 5000;
const PAUSES = [200, 400, 800, 1600, 3200, 6400, 12800, 25600];  // ms; the real ones last 4 hours

export class Webhooks {
  constructor({sim, secret, webhookUrl}) {
    Object.assign(this, {sim, secret, webhookUrl});
    this.reset();
  }

  reset() {
    this.all = [];
  }

  subscriptions = (shop) => this.all.filter((s) => s.domain === shop.domain);

  subscribe(shop, {topic, webhookSubscription: {uri, format = 'JSON'}}) {
    const refused = (message) => ({
      webhookSubscription: null,
      userErrors: [{field: ['webhookSubscription', 'uri'], message}]
    });
    if (!/^https:\/\/[^/]+/.test(uri ?? ''))
      return refused('Address protocol http:// is not supported');
    if (this.subscriptions(shop).some((s) => s.topic === topic && s.uri === uri))
      return refused('Address for this topic has already been taken');
    const webhookSubscription = {
      id: `gid://shopify/WebhookSubscription/${this.all.length + 1}`,
      domain: shop.domain,
      topic,
      uri,
      format,
      createdAt: new Date().toISOString(),
    };
    this.all.push(webhookSubscription);
    return {webhookSubscription, userErrors: []};
  }

  unsubscribe(shop, id) {
    const i = this.all.findIndex((s) => s.domain === shop.domain && s.id === id);
    if (i < 0) {
      const message = 'Webhook subscription does not exist';
      return {deletedWebhookSubscriptionId: null, userErrors: [{field: ['id'], message}]};
    }
    this.all.splice(i, 1);
    return {deletedWebhookSubscriptionId: id, userErrors: []};
  }

  // POST /_sim/webhook {shop, topic, body, id, copies, secret}; body: a value or the very text.
  order(req, shops) {
    const {shop: domain, topic, body, id, copies = 1, secret} = req.body ?? {};
    const shop = shops.byDomain(domain);
    if (!shop || !/^[a-z_]+\/[a-z_]+$/.test(topic ?? '') || body === undefined)
      return json(400, {error: 'a webhook needs shop, topic ("orders/create") and body'});
    const records = this.send(shop, topic, body, {id, copies, secret});
    return json(200, {deliveries: records.map((r) => r.n)});
  }

  // One delivery to each address, `copies` times at once.
  send(shop, topic, body, {id = randomUUID(), copies = 1, secret = this.secret} = {}) {
    const text = typeof body === 'string' ? body : JSON.stringify(body);
    const wanted = topic.toUpperCase().replace('/', '_');
    const subscribed = this.subscriptions(shop).filter((s) => s.topic === wanted).map((s) => s.uri);
    const addresses = [...new Set([this.webhookUrl, ...subscribed])];
    const event = randomUUID();
    return addresses.flatMap((url, i) => {
      const headers = {
        'content-type': 'application/json',
        'x-shopify-hmac-sha256': createHmac('sha256', secret).update(text).digest('base64'),
        'x-shopify-topic': topic,
        'x-shopify-shop-domain': shop.domain,
        'x-shopify-api-version': VERSION,
        'x-shopify-webhook-id': i === 0 ? id : randomUUID(),
        'x-shopify-event-id': event,
        'x-shopify-triggered-at': new Date().toISOString(),
      };
      const limits = {connectMs: 1000, readMs: DEADLINE, totalMs: DEADLINE};
      const make = () => ({headers, body: text});
      return Array.from(
          {length: copies},
          () => deliver(this.sim, {kind: topic, url, make, pauses: PAUSES, limits}));
    });
  }
}
