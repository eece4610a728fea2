// Webhooks: to the app's own address and to those subscribed, signed with the app's secret,
// and sent again until they are taken.
import {createHmac, randomUUID} from 'node:crypto';

import {request} from '../lib/client.mjs';
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
      return Array.from({length: copies}, () => this.#start(url, headers, text));
    });
  }

  #start(url, headers, body) {
    const record =
        this.sim.delivery({kind: headers['x-shopify-topic'], url, headers, body, attempts: []});
    this.sim.later(0, () => this.#deliver(url, headers, body, record));
    return record;
  }

  async #deliver(url, headers, body, record) {
    const limits = {connectMs: 1000, readMs: DEADLINE, totalMs: DEADLINE};
    const attempt = await request(url, {method: 'POST', headers, body, ...limits})
                        .then(({status}) => ({status}), (e) => ({error: e.message}));
    record.attempts.push(attempt);
    record.ok = attempt.status >= 200 && attempt.status < 300;
    const pause = PAUSES[record.attempts.length - 1];
    if (!record.ok && pause !== undefined)
      this.sim.later(pause, () => this.#deliver(url, headers, body, record));
  }
}
