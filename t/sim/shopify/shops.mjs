// The shops: what they sell, to whom, and what was ordered.
import {randomBytes} from 'node:crypto';

import {json} from '../lib/server.mjs';

import {checkoutPayload, orderPayload} from './payload.mjs';

// Members of an order that tests may change; the rest follows from them.
const CHANGES = [
  'cancelledAt', 'cancelReason', 'closedAt', 'displayFinancialStatus', 'displayFulfillmentStatus',
  'returnStatus', 'fulfillments', 'email', 'phone'
];

class Shop {
  constructor(domain, {token, about, location, customers, products, orders, checkouts}) {
    Object.assign(this, {domain, token, about, location, customers, products, orders, checkouts});
    this.drafts = [];
    this.products.forEach((p) => p.variants.forEach((v) => Object.assign(v, {product: p})));
    this.variants = this.products.flatMap((p) => p.variants);
  }

  addDraft({customerId = null, email = null, phone = null}, lines) {
    const n = this.drafts.length + 1;
    const draft = {
      id: `gid://shopify/DraftOrder/${9000 + n}`,
      name: `#D${n}`,
      status: 'OPEN',
      invoiceUrl: `https://${this.domain}/invoices/${randomBytes(16).toString('hex')}`,
      createdAt: new Date().toISOString(),
      email,
      phone,
      customerId,
      total: total(lines),
      lines,
    };
    this.drafts.push(draft);
    return draft;
  }

  // How many of a variant are ordered and not shipped.
  committed(sku) {
    const open =
        this.orders.filter((o) => !o.cancelledAt && o.displayFulfillmentStatus === 'UNFULFILLED');
    return open.flatMap((o) => o.lines)
        .filter((l) => l.sku === sku)
        .reduce((n, l) => n + l.quantity, 0);
  }
}

const total = (lines) => lines.reduce((sum, l) => sum + Number(l.price) * l.quantity, 0).toFixed(2);

export class Shops {
  #seeds;
  #all;

  constructor(seeds) {
    this.#seeds = seeds;
    this.reset();
  }

  reset() {
    this.#all =
        Object.entries(structuredClone(this.#seeds)).map(([domain,
                                                           told]) => new Shop(domain, told));
  }

  domains = () => this.#all.map((s) => s.domain);
  byToken = (token) => this.#all.find((s) => s.token === token);
  byDomain = (domain) => this.#all.find((s) => s.domain === domain);

  // GET /cart/VARIANT:QUANTITY,…: a permalink fills a cart and leads to the checkout.
  cart(req) {
    const shop = this.byDomain(req.headers.host?.split(':')[0]) ?? this.#all[0];
    const lines = req.params.lines.split(',').map((l) => /^(\d+):([1-9]\d*)$/.exec(l));
    const known = (id) => shop.variants.some((v) => v.id === `gid://shopify/ProductVariant/${id}`);
    if (!lines.every((l) => l && known(l[1])))
      return {status: 404, body: 'Not Found', headers: {'content-type': 'text/plain'}};
    const location = `https://${shop.domain}/checkouts/cn/${randomBytes(12).toString('hex')}`;
    return {status: 302, body: '', headers: {location}};
  }

  // POST /_sim/order {shop, name, changes, topic}
  changeOrder(req, webhooks) {
    const {shop: domain, name, changes = {}, topic} = req.body ?? {};
    const shop = this.byDomain(domain);
    const order = shop?.orders.find((o) => o.name === name);
    if (!order) return json(400, {error: `no order ${name} at ${domain}`});
    const odd = Object.keys(changes).find((k) => !CHANGES.includes(k));
    if (odd) return json(400, {error: `an order's ${odd} cannot be changed`});
    Object.assign(order, changes, {updatedAt: new Date().toISOString()});
    if (topic) webhooks.send(shop, topic, orderPayload(shop, order));
    return json(200, order);
  }

  // POST /_sim/checkout {shop, changes, topic}
  leaveCart(req, webhooks) {
    const {shop: domain, changes = {}, topic} = req.body ?? {};
    const shop = this.byDomain(domain);
    if (!shop) return json(400, {error: `no shop ${domain}`});
    const checkout = {...leftCart(shop), ...changes};
    checkout.total = total(checkout.lines);
    shop.checkouts.push(checkout);
    if (topic) webhooks.send(shop, topic, checkoutPayload(shop, checkout));
    return json(200, checkout);
  }
}

function leftCart(shop) {
  const n = 7000 + shop.checkouts.length + 1;
  const {title, variants: [variant]} = shop.products[0];
  const now = new Date().toISOString();
  return {
    id: `gid://shopify/AbandonedCheckout/${n}`,
    name: `#${n}`,
    createdAt: now,
    updatedAt: now,
    completedAt: null,
    abandonedCheckoutUrl:
        `https://${shop.domain}/checkouts/ac/${randomBytes(12).toString('hex')}/recover`,
    customerId: shop.customers[0].id,
    lines:
        [{title, variantTitle: variant.title, sku: variant.sku, price: variant.price, quantity: 1}],
  };
}
