// The simulated Shopify: the Admin API (GraphQL), cart permalinks, and signed webhooks.
// Which shop is asked is told by the access token; a Host of *.myshopify.com must agree.
//
//   POST /_sim/order    {shop, name, changes, topic}   an order becomes what changes say (in
//                       the API's words); a topic tells the application
//   POST /_sim/checkout {shop, changes, topic}         a cart is left behind
//   POST /_sim/webhook  {shop, topic, body, id, copies, secret}   any webhook
//   POST /_sim/bucket   {maximum, available, restore}  the points of the cost limit
import {isProgram, run, setting} from './lib/main.mjs';
import {json, Sim} from './lib/server.mjs';
import {Admin} from './shopify/admin.mjs';
import {Bucket} from './shopify/bucket.mjs';
import {demoShops} from './shopify/demo.mjs';
import {Shops} from './shopify/shops.mjs';
import {Webhooks} from './shopify/webhooks.mjs';

export const VERSIONS = ['2025-10', '2026-01', '2026-04', '2026-07', '2026-10', 'unstable'];

const BAD_TOKEN = '[API] Invalid API key or access token (unrecognized login or wrong password)';

// shops: {domain: {token, …}} as demoShops makes them; webhookUrl: the app's own address.
export function shopify({secret, webhookUrl, shops: seeds}) {
  const sim = new Sim('shopify');
  const shops = new Shops(seeds);
  const webhooks = new Webhooks({sim, secret, webhookUrl});
  const buckets = new Map();
  const bucketOf = (shop) => {
    if (!buckets.has(shop.domain)) buckets.set(shop.domain, new Bucket());
    return buckets.get(shop.domain);
  };
  const admin = new Admin({webhooks, bucketOf});
  sim.define({
    routes: [
      ['POST', '/admin/api/:version/graphql.json', (req) => admin.answer(req)],
      ['GET', '/cart/:lines', (req) => shops.cart(req), {open: true}],
    ],
    control: [
      ['POST', '/_sim/order', (req) => shops.changeOrder(req, webhooks)],
      ['POST', '/_sim/checkout', (req) => shops.leaveCart(req, webhooks)],
      ['POST', '/_sim/webhook', (req) => webhooks.order(req, shops)],
      ['POST', '/_sim/bucket', (req) => setBuckets(req, shops, buckets)],
    ],
    admit: (req) => admit(req, shops),
    missing: () => json(404, {errors: 'Not Found'}),
    reset: () => {
      shops.reset();
      webhooks.reset();
      buckets.clear();
    },
  });
  return sim;
}

// Puts the shop and the version served into the request, or refuses.
function admit(req, shops) {
  req.shop = shops.byToken(req.headers['x-shopify-access-token']);
  const host = req.headers.host?.split(':')[0];
  if (!req.shop || (/\.myshopify\.com$/.test(host) && host !== req.shop.domain))
    return json(401, {errors: BAD_TOKEN});
  req.version = served(req.params.version);
  return req.version ? undefined : json(404, {errors: 'Not Found'});
}

// A version that has ended is answered by the oldest that lives.
function served(version) {
  if (VERSIONS.includes(version)) return version;
  return /^20\d\d-(01|04|07|10)$/.test(version) && version < VERSIONS[0] ? VERSIONS[0] : undefined;
}

function setBuckets(req, shops, buckets) {
  for (const domain of shops.domains()) buckets.set(domain, new Bucket(req.body));
  return json(200, req.body);
}

if (isProgram(import.meta)) {
  const sim = shopify({
    secret: setting('SHOPIFY_WEBHOOK_SECRET'),
    webhookUrl: `${setting('VA_PUBLIC_URL')}/api/webhooks/shopify`,
    shops: demoShops(setting('SHOPIFY_ACCESS_TOKEN')),
  });
  await run(sim, setting('SHOPIFY_BASE_URL'));
}
