// The simulated Google: Calendar v3 and the OAuth endpoints, on one address. The owner of
// an account consents at once, unless POST /_sim/consent said otherwise.
//
//   POST /_sim/grant     {account, scopes}   tokens of an account, as if it had consented
//   POST /_sim/consent   {deny, account, scopes}   how the next authorization request ends
//   POST /_sim/revoke    {account}   the owner withdraws the consent
//   POST /_sim/service-account  {email, public_key, delegated}
//   POST /_sim/settings  {channel_ms, token_seconds}   the longest life of a channel, a token
//   POST /_sim/forget-sync      no sync token given so far is good any more (410)
//   GET  /_sim/channels  the watch channels that live
import {Calendars} from './google/calendars.mjs';
import {Channels} from './google/channels.mjs';
import {Events} from './google/events.mjs';
import {freeBusy} from './google/freebusy.mjs';
import {Grants} from './google/grants.mjs';
import {OAuth} from './google/oauth.mjs';
import {refuse} from './google/resource.mjs';
import {isProgram, run, setting} from './lib/main.mjs';
import {json, Sim} from './lib/server.mjs';

// A time needs no offset where a time zone stands beside it (checked in google/time.mjs).
const AMENDMENTS = {
  EventDateTime: {
    properties: {
      date: {type: 'string', format: 'date'},
      dateTime: {type: 'string'},
      timeZone: {type: 'string'},
    }
  },
};

const SCOPE = 'https://www.googleapis.com/auth/calendar';
const MAY = {
  events: [SCOPE, `${SCOPE}.events`, `${SCOPE}.events.owned`],
  read: [
    SCOPE, `${SCOPE}.readonly`, `${SCOPE}.events`, `${SCOPE}.events.readonly`,
    `${SCOPE}.events.owned`
  ],
  freeBusy: [SCOPE, `${SCOPE}.readonly`, `${SCOPE}.freebusy`, `${SCOPE}.events.freebusy`],
  list: [SCOPE, `${SCOPE}.readonly`, `${SCOPE}.calendarlist`, `${SCOPE}.calendarlist.readonly`],
  calendars: [SCOPE, `${SCOPE}.app.created`, `${SCOPE}.calendars`],
};

/*
 * accounts: {email: {timeZone, refresh_token}}; redirects: the redirect addresses registered
 * for the client begin with one of these.
 */
export function google({clientId, clientSecret, redirects, accounts}) {
  const sim = new Sim('google', 'google.calendar.v3.json', AMENDMENTS);
  const grants = new Grants(accounts);
  const oauth = new OAuth({grants, clientId, clientSecret, redirects});
  const calendars = new Calendars(accounts);
  const channels = new Channels(sim, calendars);
  const events = new Events(calendars);
  const at = '/calendar/v3';
  const allowed = (scopes, work) => (req) =>
      (grants.allows(req.grant, scopes) ?
           work(req) :
           refuse(
               403, 'insufficientPermissions', 'Request had insufficient authentication scopes.'));
  const own = (method, path, may, work) => [method, at + path, allowed(MAY[may], work)];
  sim.define({
    routes: [
      own('GET', '/calendars/:calendar/events', 'read', (req) => events.list(req)),
      own('POST', '/calendars/:calendar/events', 'events', (req) => events.insert(req)),
      own('POST', '/calendars/:calendar/events/watch', 'read', (req) => channels.watch(req)),
      own('GET', '/calendars/:calendar/events/:event', 'read', (req) => events.get(req)),
      own('PATCH', '/calendars/:calendar/events/:event', 'events', (req) => events.patch(req)),
      own('PUT', '/calendars/:calendar/events/:event', 'events', (req) => events.update(req)),
      own('DELETE', '/calendars/:calendar/events/:event', 'events', (req) => events.remove(req)),
      own('POST', '/channels/stop', 'read', (req) => channels.stop(req)),
      own('POST', '/freeBusy', 'freeBusy', (req) => freeBusy(calendars, req)),
      own('GET', '/users/me/calendarList', 'list', (req) => calendars.list(req)),
      own('GET', '/calendars/:calendar', 'list', (req) => calendars.get(req)),
      own('POST', '/calendars', 'calendars', (req) => calendars.insert(req)),
      ['GET', '/o/oauth2/v2/auth', (req) => oauth.authorize(req), {open: true}],
      ['POST', '/token', (req) => oauth.token(req), {open: true}],
      ['POST', '/revoke', (req) => oauth.revoke(req), {open: true}],
    ],
    control: [
      ['POST', '/_sim/grant', (req) => oauth.grant(req)],
      ['POST', '/_sim/consent', (req) => oauth.consent(req)],
      ['POST', '/_sim/revoke', (req) => oauth.withdraw(req)],
      ['POST', '/_sim/service-account', (req) => oauth.serviceAccount(req)],
      ['POST', '/_sim/settings', (req) => settings(req, {grants, channels})],
      ['POST', '/_sim/forget-sync', () => json(200, calendars.forgetSync())],
      ['GET', '/_sim/channels', () => json(200, channels.shown())],
    ],
    admit: (req) => admit(req, grants),
    invalid: (problems) => invalid(problems),
    tolerated: takesAway,
    missing: () => refuse(404, 'notFound', 'Not Found'),
    reset: () => [grants, oauth, calendars, channels].forEach((part) => part.reset()),
  });
  return sim;
}

function settings(req, {grants, channels}) {
  const {channel_ms, token_seconds, ...odd} = req.body ?? {};
  const [name] = Object.keys(odd);
  if (name) return json(400, {error: `there is no setting ${name}`});
  if (channel_ms) channels.longest = channel_ms;
  if (token_seconds) grants.seconds = token_seconds;
  return json(200, {channel_ms: channels.longest, token_seconds: grants.seconds});
}

// Puts the token's grant into the request, or refuses.
function admit(req, grants) {
  const token = /^Bearer (.+)$/.exec(req.headers.authorization ?? '')?.[1];
  req.grant = grants.of(token);
  if (req.grant) return undefined;
  const where = {location: 'Authorization', locationType: 'header'};
  return token === undefined ? refuse(401, 'required', 'Login Required.', where) :
                               refuse(401, 'authError', 'Invalid Credentials', where);
}

// A patch takes a member away with null, which the description does not know.
function takesAway({path}, req) {
  const value = path.reduce((node, k) => node?.[k], req.body);
  return req.method === 'PATCH' && path.length > 0 && value === null;
}

const invalid = ([wrong]) =>
    refuse(400, 'invalid', `Invalid value for: ${wrong.path.join('.')}: ${wrong.message}`);

// The demo organizations' owners; what the calendars hold begins empty.
const demoAccounts = {
  'owner@downtown.example': {timeZone: 'America/Toronto', refresh_token: '1//sim-downtown'},
  'owner@uptown.example': {timeZone: 'America/Toronto', refresh_token: '1//sim-uptown'},
};

if (isProgram(import.meta)) {
  const sim = google({
    clientId: setting('GOOGLE_CLIENT_ID'),
    clientSecret: setting('GOOGLE_CLIENT_SECRET'),
    redirects: [setting('VA_PUBLIC_URL')],
    accounts: demoAccounts,
  });
  await run(sim, setting('GOOGLE_BASE_URL'));
}
