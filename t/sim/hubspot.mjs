// The simulated HubSpot: contacts, calls and notes of one account, by the dated paths and
// by those of v3, their properties, the account's details, and signed webhooks.
//
//   POST /_sim/settings {burst, search, daily, index_ms}   requests in ten seconds, searches
//                       in one, requests in a day; how late a search knows of a record
//   POST /_sim/webhook  {events: [{subscriptionType, objectId, …}], copies}
import {Limits} from './hubspot/limits.mjs';
import {Objects} from './hubspot/objects.mjs';
import {Properties} from './hubspot/properties.mjs';
import {invalid, refuse} from './hubspot/resource.mjs';
import {PORTAL, Webhooks} from './hubspot/webhooks.mjs';
import {isProgram, run, setting} from './lib/main.mjs';
import {json, Sim} from './lib/server.mjs';

// The description makes optional members required. That of the contacts is that of the
// calls and notes.
const AMENDMENTS = {
  PublicObjectSearchRequest: {required: []},
  SimplePublicObjectInputForCreate: {required: ['properties']},
};
const DATED = '/crm/objects/2026-09';

// seeds: contacts that are there from the beginning, by their properties.
export function hubspot({token, clientSecret, webhookUrl, seeds = []}) {
  const sim = new Sim('hubspot', 'hubspot.contacts.2026-09.json', AMENDMENTS);
  const limits = new Limits();
  const properties = new Properties();
  const objects = new Objects({properties, seeds});
  const webhooks = new Webhooks({sim, clientSecret, webhookUrl});
  const counted = (work, search) => (req) => limits.within(search, () => work(req));
  const at = (prefix) => [
      ['POST', `${prefix}/:type/search`, counted((req) => objects.search(req), true)],
      ['POST', `${prefix}/:type/batch/upsert`, counted((req) => objects.upsert(req))],
      ['POST', `${prefix}/:type`, counted((req) => objects.create(req))],
      ['GET', `${prefix}/:type`, counted((req) => objects.list(req))],
      ['GET', `${prefix}/:type/:id`, counted((req) => objects.get(req))],
      ['PATCH', `${prefix}/:type/:id`, counted((req) => objects.update(req))],
      ['DELETE', `${prefix}/:type/:id`, counted((req) => objects.remove(req))],
  ];
  const propertiesAt = (prefix) => [
      ['POST', `${prefix}/:type`, counted((req) => properties.create(req))],
      ['GET', `${prefix}/:type`, counted((req) => properties.list(req))],
  ];
  const detailsAt = (version) =>
      ['GET', `/account-info/${version}/details`, counted(() => json(200, ACCOUNT))];
  sim.define({
    routes: [
      ...at(DATED), ...at('/crm/objects/2026-03'), ...at('/crm/v3/objects'),
      ...propertiesAt('/crm/properties/2026-09'), ...propertiesAt('/crm/v3/properties'),
      ...['2026-09', '2026-03', 'v3'].map(detailsAt),
    ],
    control: [
      ['POST', '/_sim/settings', (req) => settings(req, {limits, objects})],
      ['POST', '/_sim/webhook', (req) => webhooks.order(req)],
    ],
    admit: (req) => admit(req, token),
    described: (path) => path.replace(/^\/crm\/(objects\/2026-03|v3\/objects)/, DATED),
    invalid: ([problem]) =>
        invalid(`Invalid input JSON: ${problem.path.join('.') || 'body'} ${problem.message}`),
    missing: (req, known) =>
        (known ? refuse(405, 'METHOD_NOT_ALLOWED', 'HTTP 405 Method Not Allowed') :
                 refuse(404, 'OBJECT_NOT_FOUND', 'resource not found')),
    reset: () => [limits, properties, objects].forEach((part) => part.reset()),
  });
  return sim;
}

const ACCOUNT = {
  portalId: PORTAL,
  accountType: 'STANDARD',
  timeZone: 'America/Toronto',
  companyCurrency: 'CAD',
  additionalCurrencies: [],
  utcOffset: '-05:00',
  utcOffsetMilliseconds: -18000000,
  uiDomain: 'app.hubspot.com',
  dataHostingLocation: 'na1',
};

function admit(req, token) {
  if (req.headers.authorization !== `Bearer ${token}`) {
    return refuse(
        401, 'INVALID_AUTHENTICATION',
        'Authentication credentials not found. This API supports OAuth 2.0 authentication and you can find more details at https://developers.hubspot.com/docs/methods/auth/oauth-overview');
  }
  return ['json', 'none'].includes(req.kind) ? undefined : unreadable(req.kind);
}

const unreadable = (kind) =>
    (kind === 'broken' ? invalid('Invalid input JSON') :
                         refuse(415, 'UNSUPPORTED_MEDIA_TYPE', 'HTTP 415 Unsupported Media Type'));

function settings(req, {limits, objects}) {
  const {index_ms, ...most} = req.body ?? {};
  const odd = limits.configure(most);
  if (odd) return json(400, {error: `there is no setting ${odd}`});
  if (index_ms !== undefined) objects.indexMs = index_ms;
  return json(200, req.body ?? {});
}

// John of the demo organizations, his number as somebody typed it.
const john = {
  email: 'john.tremblay@customer.example',
  firstname: 'John',
  lastname: 'Tremblay',
  phone: '(416) 555-9876',
};

if (isProgram(import.meta)) {
  const sim = hubspot({
    token: setting('HUBSPOT_ACCESS_TOKEN'),
    clientSecret: setting('HUBSPOT_CLIENT_SECRET'),
    webhookUrl: `${setting('VA_PUBLIC_URL')}/api/webhooks/hubspot`,
    seeds: [john],
  });
  await run(sim, setting('HUBSPOT_BASE_URL'));
}
